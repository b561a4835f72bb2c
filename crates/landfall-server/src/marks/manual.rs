//! Marks by hand: any status, with a reason, for a student of the roster.

use sqlx::AnyConnection;

use super::entries::{self, Entry, NewEntry, Source, Status};
use super::matric::Matric;
use crate::change::Change;
use crate::database::{DatabaseError, Tx};
use crate::sessions::enrolments;
use crate::sessions::store::Session;

/// The student is not in the session's roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotEnrolled;

/// A mark by hand.
#[derive(Clone, Debug)]
pub(crate) struct ManualMark {
    pub(crate) matric: Matric,
    pub(crate) status: Status,
    pub(crate) reason: String,
    /// The username of who says so.
    pub(crate) by: String,
    /// In ms since 1970.
    pub(crate) at: i64,
}

/// Enters a mark by hand, and returns it.
pub(crate) async fn enter(
    tx: &mut Tx,
    session: &Session,
    mark: ManualMark,
) -> Result<Result<Entry, NotEnrolled>, DatabaseError> {
    let offering = &session.offering;
    let class = (
        session.course_id,
        offering.session.as_str(),
        offering.semester.as_str(),
    );
    if !enrolments::is_enrolled(tx, class, &mark.matric.key()).await? {
        return Ok(Err(NotEnrolled));
    }
    let entry = NewEntry {
        session_id: session.id,
        matric: mark.matric,
        status: mark.status,
        marked_at: mark.at,
        recorded_at: mark.at,
        source: Source::Manual {
            by: mark.by,
            reason: mark.reason,
        },
    };
    let id = entries::add(tx, &entry).await?;
    tx.changed(Change::Mark {
        session_id: session.id,
    });
    Ok(Ok(Entry {
        id: id.unwrap_or_default(),
        session_id: session.id,
        matric: entry.matric.as_str().to_owned(),
        matric_key: entry.matric.key(),
        status: entry.status,
        marked_at: entry.marked_at,
        source: entry.source,
    }))
}

/// The student's name in the session's roster.
pub(crate) async fn name_of(
    connection: &mut AnyConnection,
    session: &Session,
    matric_key: &str,
) -> Result<String, DatabaseError> {
    let sql = "SELECT name FROM enrolments WHERE course_id = $1 AND session = $2 \
               AND semester = $3 AND matric_key = $4";
    let query = sqlx::query_scalar(sql)
        .bind(session.course_id)
        .bind(&session.offering.session)
        .bind(&session.offering.semester)
        .bind(matric_key);
    Ok(query.fetch_optional(connection).await?.unwrap_or_default())
}
