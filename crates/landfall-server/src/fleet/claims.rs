//! Claims: codes of one use by which a device enrols over an open wire.

use landfall_protocol::claim::Claim;
use sqlx::AnyConnection;

use crate::database::DatabaseError;
use crate::people::secret;

/// Wrong proofs that end a claim.
pub(crate) const WRONG_MAX: i64 = 5;
/// How long a used claim repeats its answer, in milliseconds.
pub(crate) const REPEAT_MS: i64 = 10 * 60 * 1000;
/// Claims that are open at once.
pub(crate) const OPEN_MAX: i64 = 10_000;
/// How long a claim that is over is still listed, in milliseconds.
const LISTED_MS: i64 = 30 * 24 * 3600 * 1000;

/// A claim as it is kept.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(crate) struct Kept {
    pub(crate) id: String,
    secret: String,
    /// A JSON array of texts.
    labels: String,
    pub(crate) room: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) wrong: i64,
    /// Who used it.
    pub(crate) hardware_id: Option<String>,
    pub(crate) used_at: Option<i64>,
    pub(crate) device_nonce: Option<String>,
    pub(crate) server_nonce: Option<String>,
}

const COLUMNS: &str = "id, secret, labels, room, created_at, expires_at, wrong, hardware_id, \
                       used_at, device_nonce, server_nonce";

/// What a device that uses the claim is to be.
#[derive(Clone, Debug)]
pub(crate) struct Purpose {
    pub(crate) labels: Vec<String>,
    pub(crate) room: Option<String>,
}

impl Kept {
    /// The claim itself; none once its secret is gone.
    pub(crate) fn claim(&self) -> Option<Claim> {
        Claim::of_parts(&self.id, &self.secret).ok()
    }

    /// What its device is to be.
    pub(crate) fn purpose(&self) -> Purpose {
        Purpose {
            labels: serde_json::from_str(&self.labels).unwrap_or_default(),
            room: self.room.clone(),
        }
    }

    /// Whether nobody can use it any more.
    pub(crate) fn is_over(&self, now: i64) -> bool {
        self.wrong >= WRONG_MAX || (self.used_at.is_none() && self.expires_at <= now)
    }
}

/// Makes a claim.
pub(crate) async fn create(
    connection: &mut AnyConnection,
    purpose: &Purpose,
    (now, expires_at): (i64, i64),
) -> Result<Claim, DatabaseError> {
    tidy(connection, now).await?;
    loop {
        let claim = Claim::from_random(&secret::random());
        let sql = "INSERT INTO claims (id, secret, labels, room, created_at, expires_at, wrong) \
                   VALUES ($1, $2, $3, $4, $5, $6, 0) ON CONFLICT DO NOTHING";
        let labels = serde_json::Value::from(purpose.labels.clone()).to_string();
        let insert = sqlx::query(sql)
            .bind(claim.id())
            .bind(claim.expose_secret())
            .bind(labels)
            .bind(&purpose.room)
            .bind(now)
            .bind(expires_at);
        if insert.execute(&mut *connection).await?.rows_affected() > 0 {
            return Ok(claim);
        }
    }
}

/// Forgets secrets that nobody needs any more, and claims that are long over.
async fn tidy(connection: &mut AnyConnection, now: i64) -> Result<(), DatabaseError> {
    let secrets = "UPDATE claims SET secret = '' WHERE secret <> '' AND \
                   (used_at < $1 OR expires_at < $1 OR wrong >= $2)";
    let update = sqlx::query(secrets).bind(now - REPEAT_MS).bind(WRONG_MAX);
    update.execute(&mut *connection).await?;
    let old = "DELETE FROM claims WHERE secret = '' AND expires_at < $1";
    sqlx::query(old)
        .bind(now - LISTED_MS)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many can still be used.
pub(crate) async fn open(connection: &mut AnyConnection, now: i64) -> Result<i64, DatabaseError> {
    let sql =
        "SELECT COUNT(*) FROM claims WHERE used_at IS NULL AND expires_at > $1 AND wrong < $2";
    let query = sqlx::query_scalar(sql).bind(now).bind(WRONG_MAX);
    Ok(query.fetch_one(connection).await?)
}

/// The claim of that id.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<Kept>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM claims WHERE id = $1");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql)).bind(id);
    Ok(query.fetch_optional(connection).await?)
}

/// Claims in the order of their ids, behind one.
pub(crate) async fn list(
    connection: &mut AnyConnection,
    after: &str,
    limit: i64,
) -> Result<Vec<Kept>, DatabaseError> {
    let sql = format!("SELECT {COLUMNS} FROM claims WHERE id > $1 ORDER BY id LIMIT $2");
    let query = sqlx::query_as(sqlx::AssertSqlSafe(sql))
        .bind(after)
        .bind(limit);
    Ok(query.fetch_all(connection).await?)
}

/// Forgets a claim; false where there is none.
pub(crate) async fn remove(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<bool, DatabaseError> {
    let delete = sqlx::query("DELETE FROM claims WHERE id = $1").bind(id);
    Ok(delete.execute(connection).await?.rows_affected() > 0)
}

/// Counts a wrong proof.
pub(crate) async fn count_wrong(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<(), DatabaseError> {
    let update = sqlx::query("UPDATE claims SET wrong = wrong + 1 WHERE id = $1").bind(id);
    update.execute(connection).await?;
    Ok(())
}

/// Notes who used a claim.
pub(crate) async fn use_up(
    connection: &mut AnyConnection,
    id: &str,
    hardware_id: &str,
    (device_nonce, server_nonce): (&str, &str),
    now: i64,
) -> Result<(), DatabaseError> {
    let sql = "UPDATE claims SET hardware_id = $1, used_at = $2, device_nonce = $3, \
               server_nonce = $4 WHERE id = $5";
    let update = sqlx::query(sql)
        .bind(hardware_id)
        .bind(now)
        .bind(device_nonce)
        .bind(server_nonce)
        .bind(id);
    update.execute(connection).await?;
    Ok(())
}
