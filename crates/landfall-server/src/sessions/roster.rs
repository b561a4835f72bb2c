//! Who is enrolled in what a session is held for.

use sqlx::AnyConnection;

use super::courses::Offering;
use crate::database::DatabaseError;

/// A student of the roster. One who was erased has a matric number that nobody has, and no name.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Student {
    pub(crate) matric: String,
    pub(crate) matric_key: String,
    pub(crate) name: String,
}

/// How many are enrolled in the course of that id.
pub(crate) async fn size(
    connection: &mut AnyConnection,
    (course_id, offering): (i64, &Offering),
) -> Result<i64, DatabaseError> {
    let sql = "SELECT COUNT(*) FROM enrolments \
               WHERE course_id = $1 AND session = $2 AND semester = $3";
    let query = sqlx::query_scalar(sql)
        .bind(course_id)
        .bind(&offering.session)
        .bind(&offering.semester);
    Ok(query.fetch_one(connection).await?)
}

/// Everybody who is enrolled.
pub(crate) async fn students(
    connection: &mut AnyConnection,
    (course_id, offering): (i64, &Offering),
) -> Result<Vec<Student>, DatabaseError> {
    let sql = "SELECT matric, matric_key, name FROM enrolments \
               WHERE course_id = $1 AND session = $2 AND semester = $3";
    let query = sqlx::query_as(sql)
        .bind(course_id)
        .bind(&offering.session)
        .bind(&offering.semester);
    Ok(query.fetch_all(connection).await?)
}

/// How many are enrolled of whom nothing was said in that session.
pub(crate) async fn without_entry(
    connection: &mut AnyConnection,
    (course_id, offering): (i64, &Offering),
    session_id: i64,
) -> Result<i64, DatabaseError> {
    let sql = "SELECT COUNT(*) FROM enrolments e \
               WHERE e.course_id = $1 AND e.session = $2 AND e.semester = $3 \
               AND NOT EXISTS (SELECT 1 FROM mark_entries m \
                   WHERE m.session_id = $4 AND m.matric_key = e.matric_key)";
    let query = sqlx::query_scalar(sql)
        .bind(course_id)
        .bind(&offering.session)
        .bind(&offering.semester)
        .bind(session_id);
    Ok(query.fetch_one(connection).await?)
}
