//! A student's attendance over all sessions, as the student, a lecturer or an admin may see it.

use sqlx::AnyConnection;

use crate::database::DatabaseError;

/// What a student was in a session.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Attended {
    pub(crate) session_id: i64,
    pub(crate) course: String,
    pub(crate) session: String,
    pub(crate) semester: String,
    /// The word of a status.
    pub(crate) status: String,
    /// In ms since 1970; a derived absence has none.
    pub(crate) marked_at: Option<i64>,
}

/// A student's sessions before that id, the newest first: those with an entry, and closed ones
/// that the student was enrolled for. Of a lecturer's view only what that one is assigned to.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    matric_key: &str,
    lecturer: Option<&str>,
    (before, limit): (i64, i64),
) -> Result<Vec<Attended>, DatabaseError> {
    let sql = "SELECT s.id AS session_id, c.code AS course, s.session, s.semester, \
               COALESCE(m.status, 'absent') AS status, m.marked_at \
               FROM sessions s JOIN courses c ON c.id = s.course_id \
               LEFT JOIN mark_entries m ON m.id = (SELECT MAX(n.id) FROM mark_entries n \
                   WHERE n.session_id = s.id AND n.matric_key = $1) \
               WHERE s.id < $2 AND (m.id IS NOT NULL OR (s.ended_at IS NOT NULL AND EXISTS \
                   (SELECT 1 FROM enrolments e WHERE e.course_id = s.course_id \
                   AND e.session = s.session AND e.semester = s.semester \
                   AND e.matric_key = $1))) \
               AND ($3 IS NULL OR EXISTS (SELECT 1 FROM assignments a \
                   JOIN users u ON u.id = a.user_id WHERE u.username = $3 \
                   AND a.course_id = s.course_id AND a.session = s.session \
                   AND a.semester = s.semester)) \
               ORDER BY s.id DESC LIMIT $4";
    let query = sqlx::query_as(sql)
        .bind(matric_key)
        .bind(before)
        .bind(lecturer)
        .bind(limit);
    Ok(query.fetch_all(connection).await?)
}
