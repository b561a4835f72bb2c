//! What goes wrong with a database, sorted by what its caller can do.

use sqlx::error::ErrorKind;

/// Why the database did not do what was asked.
#[derive(Debug)]
pub enum DatabaseError {
    /// A row with that key is there already.
    Taken,
    /// The row names another one that is not there, or another one names it.
    Reference,
    /// The writer's queue is full. Try again in a second.
    Busy,
    /// The database cannot be reached, is full or out of order. Nothing was changed; try again.
    Lost,
    /// The job stopped at a defect of this program. Nothing was changed.
    Defect,
    /// The statement is wrong: a defect of this program.
    Statement(sqlx::Error),
}

/// SQLite's primary result codes for a database that is locked, out of space, or cannot be written.
const SQLITE_OUT_OF_ORDER: [u32; 9] = [
    5,  // BUSY
    6,  // LOCKED
    7,  // NOMEM
    8,  // READONLY
    10, // IOERR
    11, // CORRUPT
    13, // FULL
    14, // CANTOPEN
    26, // NOTADB
];

/// PostgreSQL's classes of SQLSTATE for a lost connection, a transaction in the wrong state, a login or
/// a database that is no more, a transaction that lost against another one, missing resources, an
/// operator's intervention, and a failure of its system.
const POSTGRES_OUT_OF_ORDER: [&str; 8] = ["08", "25", "28", "3D", "40", "53", "57", "58"];

impl From<sqlx::Error> for DatabaseError {
    fn from(error: sqlx::Error) -> Self {
        if let sqlx::Error::Database(inner) = &error {
            let code = inner.code().unwrap_or_default();
            let out_of_order = if code.len() == 5 {
                POSTGRES_OUT_OF_ORDER
                    .iter()
                    .any(|class| code.starts_with(class))
                    || code == "55P03"
            } else {
                // The extended code holds the primary one in its low byte.
                code.parse::<u32>()
                    .is_ok_and(|code| SQLITE_OUT_OF_ORDER.contains(&(code & 0xff)))
            };
            if inner.kind() == ErrorKind::UniqueViolation {
                return Self::Taken;
            }
            if inner.kind() == ErrorKind::ForeignKeyViolation {
                return Self::Reference;
            }
            if out_of_order {
                tracing::warn!(%error, "the database is out of order");
                return Self::Lost;
            }
            return Self::Statement(error);
        }
        if is_lost(&error) {
            tracing::warn!(%error, "the database is lost");
            Self::Lost
        } else {
            Self::Statement(error)
        }
    }
}

/// Whether the connection failed, not the statement.
fn is_lost(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    matches!(
        error,
        E::Io(_)
            | E::Tls(_)
            | E::Protocol(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::BeginFailed
    )
}

impl std::fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Taken => f.write_str("it is there already"),
            Self::Reference => f.write_str("what it names is not there, or it is named elsewhere"),
            Self::Busy => f.write_str("too much waits to be written; try again"),
            Self::Lost => f.write_str("the database cannot be reached or is out of order"),
            Self::Defect => f.write_str("the server has a defect here"),
            Self::Statement(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for DatabaseError {}
