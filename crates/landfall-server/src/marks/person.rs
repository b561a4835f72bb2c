//! Everything that is kept about a person: handed out, or erased.
//!
//! Erasing takes the person out and leaves the counts: an enrolment or an entry stays, under a
//! matric number that nobody can have, without name, reason and phone.

use sqlx::AnyConnection;

use super::entries::{self, Entry};
use super::matric::Matric;
use crate::change::Change;
use crate::database::{DatabaseError, Tx};
use crate::people::secret::hex;
use crate::sessions::enrolments::Enrolled;

/// What stands before the random part of an erased person's number. No matric number has a colon.
const ERASED: &str = "erased:";
/// Random bytes of such a number.
const PSEUDONYM_LEN: usize = 8;

/// Everything kept about a person.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) users: Vec<Account>,
    pub(crate) enrolments: Vec<Enrolled>,
    pub(crate) entries: Vec<Entry>,
}

/// A login that is tied to the person.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Account {
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) role: String,
    pub(crate) matric: String,
    pub(crate) created_at: i64,
}

/// How much was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Erased {
    pub(crate) users: u64,
    pub(crate) enrolments: u64,
    pub(crate) entries: u64,
}

/// Why nobody was erased.
#[derive(Debug)]
pub(crate) enum NotErased {
    /// No number could be made.
    Random(getrandom::Error),
    Database(DatabaseError),
}

impl From<DatabaseError> for NotErased {
    fn from(error: DatabaseError) -> Self {
        Self::Database(error)
    }
}

impl From<sqlx::Error> for NotErased {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error.into())
    }
}

/// Reads everything kept about a person.
pub(crate) async fn export(
    connection: &mut AnyConnection,
    matric: &Matric,
) -> Result<Person, DatabaseError> {
    let key = matric.key();
    let users = "SELECT username, name, role, matric, created_at FROM users \
                 WHERE LOWER(TRIM(matric)) = $1 ORDER BY id";
    let enrolments = "SELECT e.id, e.matric, e.name, c.code AS course, e.session, e.semester \
                      FROM enrolments e JOIN courses c ON c.id = e.course_id \
                      WHERE e.matric_key = $1 ORDER BY e.id";
    Ok(Person {
        users: sqlx::query_as(users)
            .bind(&key)
            .fetch_all(&mut *connection)
            .await?,
        enrolments: sqlx::query_as(enrolments)
            .bind(&key)
            .fetch_all(&mut *connection)
            .await?,
        entries: entries::of_student(connection, &key).await?,
    })
}

/// Erases a person. The login of a student goes; one that is more loses its tie to the person.
pub(crate) async fn erase(tx: &mut Tx, matric: &Matric) -> Result<Erased, NotErased> {
    let person = export(tx, matric).await?;
    let pseudonym = pseudonym().map_err(NotErased::Random)?;
    let key = matric.key();
    for sql in [
        "UPDATE enrolments SET matric = $1, matric_key = $1, name = '', erased = 1 \
         WHERE matric_key = $2",
        "UPDATE mark_entries SET matric = $1, matric_key = $1, reason = '', station = NULL \
         WHERE matric_key = $2",
        "UPDATE shared_phones SET matric_key = $1 WHERE matric_key = $2",
    ] {
        sqlx::query(sql)
            .bind(&pseudonym)
            .bind(&key)
            .execute(&mut **tx)
            .await?;
    }
    for sql in [
        "DELETE FROM users WHERE LOWER(TRIM(matric)) = $1 AND role = 'student'",
        "UPDATE users SET matric = NULL WHERE LOWER(TRIM(matric)) = $1",
    ] {
        sqlx::query(sql).bind(&key).execute(&mut **tx).await?;
    }
    forget_answers(tx, &person, &key).await?;
    let mut sessions: Vec<_> = person
        .entries
        .iter()
        .map(|entry| entry.session_id)
        .collect();
    sessions.dedup();
    for session_id in sessions {
        tx.changed(Change::Mark { session_id });
    }
    let count = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
    Ok(Erased {
        users: count(person.users.len()),
        enrolments: count(person.enrolments.len()),
        entries: count(person.entries.len()),
    })
}

/// Forgets the kept answers to creating requests that name the person.
async fn forget_answers(
    connection: &mut AnyConnection,
    person: &Person,
    key: &str,
) -> Result<(), DatabaseError> {
    let rows: Vec<(String, String, String, Vec<u8>)> =
        sqlx::query_as("SELECT owner, path, idempotency_key, answer FROM idempotency")
            .fetch_all(&mut *connection)
            .await?;
    for (owner, path, idempotency_key, answer) in rows {
        let answer = String::from_utf8_lossy(&answer).to_lowercase();
        let named = |account: &Account| answer.contains(&account.username.to_lowercase());
        if answer.contains(key) || person.users.iter().any(named) {
            let sql = "DELETE FROM idempotency \
                       WHERE owner = $1 AND path = $2 AND idempotency_key = $3";
            let delete = sqlx::query(sql)
                .bind(owner)
                .bind(path)
                .bind(idempotency_key);
            delete.execute(&mut *connection).await?;
        }
    }
    Ok(())
}

fn pseudonym() -> Result<String, getrandom::Error> {
    let mut random = [0; PSEUDONYM_LEN];
    getrandom::fill(&mut random)?;
    Ok(format!("{ERASED}{}", hex(&random)))
}
