//! Who takes what: the roster of a course in a session and semester.

use sqlx::AnyConnection;

use super::courses::Offering;
use super::import::Enrolment;
use crate::database::DatabaseError;

/// An enrolment as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Enrolled {
    pub(crate) id: i64,
    pub(crate) matric: String,
    pub(crate) name: String,
    #[sqlx(flatten)]
    pub(crate) offering: Offering,
}

/// Which enrolments are listed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) course: Option<String>,
    pub(crate) session: Option<String>,
    pub(crate) semester: Option<String>,
    /// Only what that lecturer is assigned to.
    pub(crate) lecturer: Option<String>,
}

/// Enrols a student in a course of that id. One who is: [`DatabaseError::Taken`].
pub(crate) async fn create(
    connection: &mut AnyConnection,
    course_id: i64,
    enrolment: &Enrolment,
) -> Result<Enrolled, DatabaseError> {
    let sql = "INSERT INTO enrolments \
               (matric, matric_key, name, course_id, session, semester, erased) \
               VALUES ($1, $2, $3, $4, $5, $6, 0) RETURNING id";
    let insert = sqlx::query_scalar(sql)
        .bind(enrolment.matric.as_str())
        .bind(enrolment.matric.key())
        .bind(&enrolment.name)
        .bind(course_id)
        .bind(&enrolment.offering.session)
        .bind(&enrolment.offering.semester);
    Ok(Enrolled {
        id: insert.fetch_one(connection).await?,
        matric: enrolment.matric.as_str().to_owned(),
        name: enrolment.name.clone(),
        offering: enrolment.offering.clone(),
    })
}

/// Enrolments behind that id, by id.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<Enrolled>, DatabaseError> {
    let sql = "SELECT e.id, e.matric, e.name, c.code AS course, e.session, e.semester \
               FROM enrolments e JOIN courses c ON c.id = e.course_id \
               WHERE e.erased = 0 AND e.id > $1 AND ($2 IS NULL OR c.code = $2) \
               AND ($3 IS NULL OR e.session = $3) AND ($4 IS NULL OR e.semester = $4) \
               AND ($5 IS NULL OR EXISTS (SELECT 1 FROM assignments a \
                   JOIN users u ON u.id = a.user_id WHERE u.username = $5 \
                   AND a.course_id = e.course_id AND a.session = e.session \
                   AND a.semester = e.semester)) \
               ORDER BY e.id LIMIT $6";
    let query = sqlx::query_as(sql)
        .bind(after)
        .bind(&filter.course)
        .bind(&filter.session)
        .bind(&filter.semester)
        .bind(&filter.lecturer)
        .bind(limit);
    Ok(query.fetch_all(connection).await?)
}

/// Takes an enrolment away; false where there is none of that id.
pub(crate) async fn delete(connection: &mut AnyConnection, id: i64) -> Result<bool, DatabaseError> {
    let delete = sqlx::query("DELETE FROM enrolments WHERE id = $1 AND erased = 0").bind(id);
    Ok(delete.execute(connection).await?.rows_affected() > 0)
}

/// Whether a student takes that.
pub(crate) async fn is_enrolled(
    connection: &mut AnyConnection,
    (course_id, session, semester): (i64, &str, &str),
    matric_key: &str,
) -> Result<bool, DatabaseError> {
    let sql = "SELECT COUNT(*) FROM enrolments WHERE course_id = $1 AND session = $2 \
               AND semester = $3 AND matric_key = $4";
    let query = sqlx::query_scalar::<_, i64>(sql)
        .bind(course_id)
        .bind(session)
        .bind(semester)
        .bind(matric_key);
    Ok(query.fetch_one(connection).await? > 0)
}
