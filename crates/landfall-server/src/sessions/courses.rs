//! Courses, and what holds one: a course in a session and semester.

use sqlx::AnyConnection;

use crate::database::DatabaseError;

/// A course as it is held in one session and semester: what lecturers are assigned to, students
/// enrolled in, and sessions started for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, sqlx::FromRow)]
pub(crate) struct Offering {
    /// The course's code.
    pub(crate) course: String,
    /// The academic session, `2024/2025`.
    pub(crate) session: String,
    pub(crate) semester: String,
}

/// A course.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Course {
    pub(crate) id: i64,
    pub(crate) code: String,
    pub(crate) title: String,
}

/// Makes a course. A code that is taken: [`DatabaseError::Taken`].
pub(crate) async fn create(
    connection: &mut AnyConnection,
    code: &str,
    title: &str,
) -> Result<Course, DatabaseError> {
    let sql = "INSERT INTO courses (code, title) VALUES ($1, $2) RETURNING id, code, title";
    let insert = sqlx::query_as(sql).bind(code).bind(title);
    Ok(insert.fetch_one(connection).await?)
}

/// The course of that code.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    code: &str,
) -> Result<Option<Course>, DatabaseError> {
    let query = sqlx::query_as("SELECT id, code, title FROM courses WHERE code = $1").bind(code);
    Ok(query.fetch_optional(connection).await?)
}

/// Courses behind that id, by id.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    after: i64,
    limit: i64,
) -> Result<Vec<Course>, DatabaseError> {
    let sql = "SELECT id, code, title FROM courses WHERE id > $1 ORDER BY id LIMIT $2";
    let query = sqlx::query_as(sql).bind(after).bind(limit);
    Ok(query.fetch_all(connection).await?)
}

/// Gives a course another code or title.
pub(crate) async fn change(
    connection: &mut AnyConnection,
    course: &Course,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE courses SET code = $1, title = $2 WHERE id = $3";
    let update = sqlx::query(sql)
        .bind(&course.code)
        .bind(&course.title)
        .bind(course.id);
    update.execute(connection).await?;
    Ok(())
}

/// Takes a course away, which nothing may hold on to any more: else [`DatabaseError::Reference`].
pub(crate) async fn delete(connection: &mut AnyConnection, id: i64) -> Result<(), DatabaseError> {
    let delete = sqlx::query("DELETE FROM courses WHERE id = $1").bind(id);
    delete.execute(connection).await?;
    Ok(())
}
