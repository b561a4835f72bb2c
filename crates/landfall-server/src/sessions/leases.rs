//! Leases: a device is in one session at a time, whoever asks at once. What decides is a unique
//! constraint of the database; memory, which ranked the devices, may be a moment behind it.

use sqlx::AnyConnection;

use super::fleet;
use super::selection::Candidate;
use super::store::Lease;
use crate::config::template::with_ordinal;
use crate::database::{DatabaseError, Kind, Tx};

/// Devices of which one template's ids are told apart; more than a fleet has.
const ORDINAL_MAX: u32 = 100_000;
/// PostgreSQL's lock for starts of sessions: any number that nothing else here locks.
const STARTS: i64 = 0x6c61_6e64;

/// Why a lease ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeaseEnd {
    /// The session ended.
    Released,
    /// Another device took its place.
    Replaced,
}

impl LeaseEnd {
    fn state(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Replaced => "replaced",
        }
    }
}

/// Has starts of sessions that several processes make at the same time follow one another, until their
/// transactions end: two groups of starts, each of which holds a device that the other one wants, would
/// wait for each other. One process has one writer anyway.
pub(super) async fn take_turns(tx: &mut Tx) -> Result<(), DatabaseError> {
    match tx.kind() {
        Kind::Sqlite => {}
        Kind::Postgres => {
            // Counted, for the lock's own value has a type that no other database knows.
            let sql = "SELECT COUNT(pg_advisory_xact_lock($1))";
            let _: i64 = sqlx::query_scalar(sql)
                .bind(STARTS)
                .fetch_one(&mut **tx)
                .await?;
        }
    }
    Ok(())
}

/// Takes a device into a session under an id made from `base`; nothing where another session was
/// quicker.
pub(super) async fn take(
    tx: &mut Tx,
    session_id: i64,
    device: &Candidate,
    (base, now): (&str, i64),
) -> Result<Option<Lease>, DatabaseError> {
    let sql = "INSERT INTO session_devices \
               (session_id, hardware_id, device_id, state, capacity, held_from) \
               VALUES ($1, $2, '', 'active', $3, $4) ON CONFLICT DO NOTHING RETURNING id";
    let insert = sqlx::query_scalar(sql)
        .bind(session_id)
        .bind(&device.hardware_id)
        .bind(i64::from(device.capacity()))
        .bind(now);
    let Some(fence) = insert.fetch_optional(&mut **tx).await? else {
        return Ok(None);
    };
    let device_id = dynamic_id(tx, base, &device.hardware_id).await?;
    let name = sqlx::query("UPDATE session_devices SET device_id = $1 WHERE id = $2");
    name.bind(&device_id).bind(fence).execute(&mut **tx).await?;
    fleet::refresh(tx, &device.hardware_id).await?;
    Ok(Some(Lease {
        fence,
        hardware_id: device.hardware_id.clone(),
        device_id,
        state: "active".to_owned(),
        capacity: i64::from(device.capacity()),
        held_from: now,
        held_until: None,
    }))
}

/// Lets devices of a session go, all or one, and returns how many those are.
pub(super) async fn let_go(
    tx: &mut Tx,
    session_id: i64,
    hardware_id: Option<&str>,
    (end, at): (LeaseEnd, i64),
) -> Result<usize, DatabaseError> {
    let sql = "UPDATE session_devices SET state = $1, held_until = $2 WHERE session_id = $3 \
               AND held_until IS NULL AND ($4 IS NULL OR hardware_id = $4) RETURNING hardware_id";
    let update = sqlx::query_scalar::<_, String>(sql)
        .bind(end.state())
        .bind(at)
        .bind(session_id)
        .bind(hardware_id);
    let let_go = update.fetch_all(&mut **tx).await?;
    let count = let_go.len();
    for hardware_id in let_go {
        fleet::refresh(tx, &hardware_id).await?;
    }
    Ok(count)
}

/// The id under which a device would go in a session of that base.
pub(super) async fn next_id(
    connection: &mut AnyConnection,
    base: &str,
    hardware_id: &str,
) -> Result<String, DatabaseError> {
    Ok(match find_id(connection, base, hardware_id).await? {
        Found::Had(device_id) => device_id,
        Found::Next(ordinal) => with_ordinal(base, ordinal),
    })
}

/// What is known of a device's id of a base.
enum Found {
    /// It had one before.
    Had(String),
    /// So many went before it, this one included.
    Next(u32),
}

async fn find_id(
    connection: &mut AnyConnection,
    base: &str,
    hardware_id: &str,
) -> Result<Found, DatabaseError> {
    let own = "SELECT device_id FROM dynamic_ids WHERE base = $1 AND hardware_id = $2";
    let had = sqlx::query_scalar(own).bind(base).bind(hardware_id);
    if let Some(device_id) = had.fetch_optional(&mut *connection).await? {
        return Ok(Found::Had(device_id));
    }
    let count = "SELECT COUNT(*) FROM dynamic_ids WHERE base = $1";
    let given: i64 = sqlx::query_scalar(count)
        .bind(base)
        .fetch_one(connection)
        .await?;
    Ok(Found::Next(
        u32::try_from(given)
            .unwrap_or(ORDINAL_MAX)
            .saturating_add(1),
    ))
}

/// The id under which a device goes in sessions of that base: the one it had before, or the first
/// that no device ever had. An id that was handed out leads back to its device for ever.
async fn dynamic_id(
    connection: &mut AnyConnection,
    base: &str,
    hardware_id: &str,
) -> Result<String, DatabaseError> {
    let first = match find_id(connection, base, hardware_id).await? {
        Found::Had(device_id) => return Ok(device_id),
        Found::Next(ordinal) => ordinal,
    };
    for ordinal in first..=ORDINAL_MAX {
        let device_id = with_ordinal(base, ordinal);
        let sql = "INSERT INTO dynamic_ids (device_id, base, hardware_id) VALUES ($1, $2, $3) \
                   ON CONFLICT DO NOTHING";
        let insert = sqlx::query(sql)
            .bind(&device_id)
            .bind(base)
            .bind(hardware_id);
        if insert.execute(&mut *connection).await?.rows_affected() > 0 {
            return Ok(device_id);
        }
    }
    // Nobody has that many devices; the hardware id is no other device's either.
    Ok(hardware_id.to_owned())
}
