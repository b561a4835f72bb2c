//! A file of enrolments and the database: what that knows while the file is read, and how the file's
//! rows get there.
//!
//! The file is judged beside the writer, and goes through it in parts, so that marks and everything else
//! get their turn between two of them. It is taken whole all the same: where a part is refused, those
//! before it are taken back.

use std::collections::{HashMap, HashSet};

use serde::Serialize;
use sqlx::{AnyConnection, AssertSqlSafe};

use super::{Enrolment, EnrolmentKey, Known, Report, read};
use crate::database::{Database, DatabaseError, Tx, rows};
use crate::sessions::courses::Offering;

/// Rows of one job of the writer: some milliseconds.
const PART: usize = 1_000;

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Plan {
    /// What it came to.
    pub(crate) report: Report,
    /// Its new rows; none where it has a mistake.
    rows: Vec<Row>,
}

/// A row that was added.
#[derive(Clone, Copy, Debug, Serialize, sqlx::FromRow)]
struct Added {
    id: i64,
}

/// A row to be.
#[derive(Debug, Serialize)]
struct Row {
    course_id: i64,
    matric: String,
    matric_key: String,
    name: String,
    session: String,
    semester: String,
}

/// Reads a file of enrolments, and adds nothing.
pub(crate) async fn plan(
    database: &Database,
    file: impl AsRef<[u8]> + Send + 'static,
) -> Result<Plan, DatabaseError> {
    let snapshot = snapshot(&mut *database.read().await?).await?;
    // A large file takes longer than who waits for its turn on this thread should.
    let judged = tokio::task::spawn_blocking(move || judge(file.as_ref(), &snapshot));
    judged.await.map_err(|_| DatabaseError::Defect)
}

fn judge(file: &[u8], snapshot: &Snapshot) -> Plan {
    let mut report = read(file, snapshot);
    let new = std::mem::take(&mut report.new);
    let row = |enrolment: Enrolment| {
        let offering = enrolment.offering;
        Some(Row {
            // The reader refuses a row of another course.
            course_id: *snapshot.courses.get(&offering.course)?,
            matric: enrolment.matric.as_str().to_owned(),
            matric_key: enrolment.matric.key(),
            name: enrolment.name,
            session: offering.session,
            semester: offering.semester,
        })
    };
    let rows = match report.error_count {
        0 => new.into_iter().filter_map(row).collect(),
        _ => Vec::new(),
    };
    Plan { report, rows }
}

/// Adds the rows of a file, all or none; how many were not there yet. To be run to its end: dropped
/// in between, some of the rows stay.
pub(crate) async fn take(database: &Database, plan: &Plan) -> Result<usize, DatabaseError> {
    let mut added = Vec::new();
    for part in plan.rows.chunks(PART) {
        let part = serde_json::to_string(part).unwrap_or_default();
        let job = async move |mut tx: Tx| insert(&mut tx, part).await;
        match database.write(job).await {
            Ok(ids) => added.extend(ids),
            Err(error) => {
                take_back(database, &added).await;
                return Err(error);
            }
        }
    }
    Ok(added.len())
}

/// Takes rows back. A database that is lost keeps them; the file sent again finds them there.
async fn take_back(database: &Database, added: &[Added]) {
    for part in added.chunks(PART) {
        let part = serde_json::to_string(part).unwrap_or_default();
        let job = async move |mut tx: Tx| remove(&mut tx, part).await;
        if let Err(error) = database.write(job).await {
            tracing::warn!(%error, "an import was refused and is not taken back whole");
        }
    }
}

/// Adds rows, given as JSON. A student whom somebody else enrolled meanwhile is let be.
async fn insert(connection: &mut AnyConnection, rows: String) -> Result<Vec<Added>, DatabaseError> {
    let each = rows::each(connection);
    let sql = format!(
        "INSERT INTO enrolments (matric, matric_key, name, course_id, session, semester, erased) \
         SELECT value ->> 'matric', value ->> 'matric_key', value ->> 'name', \
         CAST(value ->> 'course_id' AS BIGINT), value ->> 'session', value ->> 'semester', 0 \
         FROM {each} WHERE 1 = 1 ON CONFLICT DO NOTHING RETURNING id"
    );
    // Made of constants alone.
    let query = sqlx::query_as(AssertSqlSafe(sql)).bind(rows);
    Ok(query.fetch_all(connection).await?)
}

/// Removes rows, given as JSON.
async fn remove(connection: &mut AnyConnection, added: String) -> Result<(), DatabaseError> {
    let each = rows::each(connection);
    let sql = format!(
        "DELETE FROM enrolments WHERE id IN (SELECT CAST(value ->> 'id' AS BIGINT) FROM {each})"
    );
    // Made of constants alone.
    let query = sqlx::query(AssertSqlSafe(sql)).bind(added);
    query.execute(connection).await?;
    Ok(())
}

/// What the database knows while a file is read.
#[derive(Debug)]
struct Snapshot {
    /// The id of every course, by its code.
    courses: HashMap<String, i64>,
    enrolled: HashSet<EnrolmentKey>,
}

impl Known for Snapshot {
    fn course(&self, code: &str) -> bool {
        self.courses.contains_key(code)
    }

    fn enrolled(&self, key: &EnrolmentKey) -> bool {
        self.enrolled.contains(key)
    }
}

async fn snapshot(connection: &mut AnyConnection) -> Result<Snapshot, DatabaseError> {
    let courses: Vec<(String, i64)> = sqlx::query_as("SELECT code, id FROM courses")
        .fetch_all(&mut *connection)
        .await?;
    let columns = "e.matric_key, c.code, e.session, e.semester";
    let from = "enrolments e JOIN courses c ON c.id = e.course_id";
    let sql = rows::select(connection, columns, from);
    let text: String = sqlx::query_scalar(sql).fetch_one(connection).await?;
    let enrolled: Vec<(String, String, String, String)> = rows::parse(&text)?;
    let key = |(matric_key, course, session, semester)| EnrolmentKey {
        matric_key,
        offering: Offering {
            course,
            session,
            semester,
        },
    };
    Ok(Snapshot {
        courses: courses.into_iter().collect(),
        enrolled: enrolled.into_iter().map(key).collect(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{PART, Plan, Row, plan, take};
    use crate::change::Bus;
    use crate::database::{Database, DatabaseError};
    use crate::sessions::courses;
    use crate::sessions::import::Report;

    async fn database(folder: &std::path::Path) -> Database {
        let url = format!("sqlite:{}", folder.join("fleet.db").display());
        let database = Database::open(&url, Arc::new(Bus::new())).await.unwrap();
        let job = async |mut tx: crate::database::Tx| {
            courses::create(&mut tx, "CS101", "Computers")
                .await
                .map(|_| ())
        };
        database.write(job).await.unwrap();
        database
    }

    fn row(number: usize, course_id: i64) -> Row {
        Row {
            course_id,
            matric: format!("A/{number:05}"),
            matric_key: format!("a/{number:05}"),
            name: "Ada".to_owned(),
            session: "s".to_owned(),
            semester: "1st".to_owned(),
        }
    }

    #[tokio::test]
    async fn a_file_that_fails_in_a_later_part_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path()).await;
        let mut rows: Vec<Row> = (0..2 * PART).map(|number| row(number, 1)).collect();
        // A course that is gone by the time that its part comes.
        rows.push(row(2 * PART, 999));
        let report = Report::default();
        let refused = take(&database, &Plan { report, rows }).await;
        assert!(matches!(refused, Err(DatabaseError::Reference)));
        let sql = "SELECT COUNT(*) FROM enrolments";
        let mut connection = database.read().await.unwrap();
        let left: i64 = sqlx::query_scalar(sql)
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(left, 0);
    }

    #[tokio::test]
    async fn a_large_file_leaves_turns_for_others() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path()).await;
        let rows: Vec<String> = (0..=2 * PART)
            .map(|number| format!("A/{number:05},Ada,CS101,s,1st"))
            .collect();
        let file = format!("matric,name,course,session,semester\n{}", rows.join("\n"));
        let before = database.written().jobs;
        let first = plan(&database, file.clone()).await.unwrap();
        assert_eq!(take(&database, &first).await.unwrap(), 2 * PART + 1);
        assert_eq!(database.written().jobs - before, 3);
        let again = plan(&database, file).await.unwrap();
        assert_eq!(again.report.unchanged, 2 * PART as u64 + 1);
        assert_eq!(take(&database, &again).await.unwrap(), 0);
        // Read before somebody else sent the same file.
        assert_eq!(take(&database, &first).await.unwrap(), 0);
    }
}
