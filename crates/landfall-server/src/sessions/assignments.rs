//! Who teaches what: a lecturer sees and starts what is assigned, and nothing else.

use sqlx::AnyConnection;

use super::courses::Offering;
use crate::database::DatabaseError;

/// What a lecturer is told who may not.
pub(crate) const NOT_ASSIGNED: &str =
    "You are not assigned to this course for the specified session/semester.";

/// A lecturer's course in a session and semester.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Assignment {
    pub(crate) id: i64,
    pub(crate) lecturer: String,
    #[sqlx(flatten)]
    pub(crate) offering: Offering,
}

/// What an assignment names is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// No lecturer has that name.
    Lecturer,
    Course,
}

/// Assigns a lecturer. One who is already: [`DatabaseError::Taken`].
pub(crate) async fn create(
    connection: &mut AnyConnection,
    lecturer: &str,
    offering: &Offering,
) -> Result<Result<Assignment, Unknown>, DatabaseError> {
    let lecturers = "SELECT id FROM users WHERE username = $1 AND role = 'lecturer'";
    let user: Option<i64> = sqlx::query_scalar(lecturers)
        .bind(lecturer)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(user) = user else {
        return Ok(Err(Unknown::Lecturer));
    };
    let Some(course) = super::courses::find(connection, &offering.course).await? else {
        return Ok(Err(Unknown::Course));
    };
    let sql = "INSERT INTO assignments (user_id, course_id, session, semester) \
               VALUES ($1, $2, $3, $4) RETURNING id";
    let insert = sqlx::query_scalar(sql)
        .bind(user)
        .bind(course.id)
        .bind(&offering.session)
        .bind(&offering.semester);
    Ok(Ok(Assignment {
        id: insert.fetch_one(connection).await?,
        lecturer: lecturer.to_owned(),
        offering: offering.clone(),
    }))
}

/// Assignments behind that id, by id: all, or one lecturer's.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    lecturer: Option<&str>,
    after: i64,
    limit: i64,
) -> Result<Vec<Assignment>, DatabaseError> {
    let sql = "SELECT a.id, u.username AS lecturer, c.code AS course, a.session, a.semester \
               FROM assignments a JOIN users u ON u.id = a.user_id \
               JOIN courses c ON c.id = a.course_id \
               WHERE a.id > $1 AND ($2 IS NULL OR u.username = $2) ORDER BY a.id LIMIT $3";
    let query = sqlx::query_as(sql).bind(after).bind(lecturer).bind(limit);
    Ok(query.fetch_all(connection).await?)
}

/// Takes an assignment away and returns what it was; nothing where there is none of that id.
pub(crate) async fn delete(
    connection: &mut AnyConnection,
    id: i64,
) -> Result<Option<Assignment>, DatabaseError> {
    let sql = "SELECT a.id, u.username AS lecturer, c.code AS course, a.session, a.semester \
               FROM assignments a JOIN users u ON u.id = a.user_id \
               JOIN courses c ON c.id = a.course_id WHERE a.id = $1";
    let found = sqlx::query_as(sql).bind(id);
    let found = found.fetch_optional(&mut *connection).await?;
    if found.is_some() {
        let delete = sqlx::query("DELETE FROM assignments WHERE id = $1").bind(id);
        delete.execute(connection).await?;
    }
    Ok(found)
}

/// Whether that lecturer is assigned to it.
pub(crate) async fn is_assigned(
    connection: &mut AnyConnection,
    lecturer: &str,
    offering: &Offering,
) -> Result<bool, DatabaseError> {
    let sql = "SELECT COUNT(*) FROM assignments a JOIN users u ON u.id = a.user_id \
               JOIN courses c ON c.id = a.course_id \
               WHERE u.username = $1 AND c.code = $2 AND a.session = $3 AND a.semester = $4";
    let query = sqlx::query_scalar::<_, i64>(sql)
        .bind(lecturer)
        .bind(&offering.course)
        .bind(&offering.session)
        .bind(&offering.semester);
    Ok(query.fetch_one(connection).await? > 0)
}
