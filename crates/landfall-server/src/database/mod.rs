//! The database: SQLite in a file, or PostgreSQL, with one set of SQL for both.
//!
//! Readers are a pool. Everything is written by one [writer](Database::write), which commits what
//! waits in one go; what it answered is on disk. Placeholders are `$1`, times BIGINT milliseconds
//! since 1970, booleans BIGINT 0 or 1, JSON is TEXT.

mod backup;
mod copy;
mod error;
mod migrations;
mod notify;
pub(crate) mod rows;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor};

pub use backup::{BackupError, backup, restore};
pub use error::DatabaseError;
pub(crate) use notify::Ear;
pub use writer::Tx;
pub(crate) use writer::Written;

use crate::change::Bus;

/// Connections that read at once. SQLite's readers share the processor; more only wait there.
const READERS_MAX: u32 = 8;
/// How long a reader waits for a free connection, or the server for a database, before it is lost.
const WAIT_MAX: Duration = Duration::from_secs(5);

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file.
    Sqlite,
    /// A server, which several processes may share.
    Postgres,
}

/// An open database. Clones are one.
#[derive(Clone, Debug)]
pub struct Database {
    kind: Kind,
    readers: AnyPool,
    writer: writer::Writer,
}

/// Why a database did not open.
#[derive(Debug)]
pub enum OpenError {
    /// The address is neither `sqlite:<file>` nor `postgres://…`.
    Address,
    /// The file is not there, and was not to be made.
    Missing,
    /// It cannot be reached.
    Connect(sqlx::Error),
    /// It was opened and cannot be read.
    Read(DatabaseError),
    /// Its tables cannot be brought up to date.
    Migrate(sqlx::migrate::MigrateError),
}

impl Kind {
    /// The kind that an address names.
    pub fn of(url: &str) -> Option<Self> {
        let is = |scheme: &str| url.starts_with(scheme);
        if is("sqlite:") && !url.contains(":memory:") {
            Some(Self::Sqlite)
        } else if is("postgres:") || is("postgresql:") {
            Some(Self::Postgres)
        } else {
            None
        }
    }
}

impl Database {
    /// Opens the database, makes it where it is a missing file, and brings its tables up to date.
    pub(crate) async fn open(url: &str, bus: Arc<Bus>) -> Result<Self, OpenError> {
        let kind = Kind::of(url).ok_or(OpenError::Address)?;
        let options = connect_options(kind, url)?;
        let mut connection = connect(kind, &options).await.map_err(OpenError::Connect)?;
        migrations::run(kind, &mut connection)
            .await
            .map_err(OpenError::Migrate)?;
        let readers = AnyPoolOptions::new()
            .max_connections(READERS_MAX)
            .acquire_timeout(WAIT_MAX)
            .after_connect(move |connection, _| Box::pin(set_up(kind, connection)))
            .connect_lazy_with(options.clone());
        let writer = writer::Writer::start(kind, options, connection, bus);
        Ok(Self {
            kind,
            readers,
            writer,
        })
    }

    /// Opens a database that has to be there.
    pub(crate) async fn open_existing(url: &str, bus: Arc<Bus>) -> Result<Self, OpenError> {
        if is_missing(url) {
            return Err(OpenError::Missing);
        }
        Self::open(url, bus).await
    }

    /// Which database it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// A connection to read with. It sees what was committed.
    pub async fn read(&self) -> Result<PoolConnection<Any>, DatabaseError> {
        Ok(self.readers.acquire().await?)
    }

    /// Runs a job in the writer: whole or not at all, and on disk once this returns `Ok`.
    ///
    /// The job gets the transaction and returns its value; with an error nothing of it is kept. It
    /// awaits nothing but the transaction: everybody else's jobs wait for it.
    pub async fn write<T, E, F, Fut>(&self, job: F) -> Result<T, E>
    where
        F: FnOnce(Tx) -> Fut + Send + 'static,
        Fut: Future<Output = Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: From<DatabaseError> + Send + 'static,
    {
        self.writer.write(job).await
    }

    /// What the writer did so far.
    pub(crate) fn written(&self) -> Written {
        self.writer.written()
    }

    /// Whether it answers.
    pub async fn is_ready(&self) -> bool {
        let Ok(mut connection) = self.read().await else {
            return false;
        };
        let query = sqlx::query("SELECT name FROM settings LIMIT 1");
        query.fetch_optional(&mut *connection).await.is_ok()
    }

    /// Waits for what is being written, then closes.
    pub(crate) async fn close(&self) {
        self.writer.close().await;
        self.readers.close().await;
    }
}

/// Whether the address is of a file that is not there.
fn is_missing(url: &str) -> bool {
    Kind::of(url) == Some(Kind::Sqlite) && !sqlite_file(url).is_file()
}

/// The file of a SQLite address.
fn sqlite_file(url: &str) -> std::path::PathBuf {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    path.split('?').next().unwrap_or(path).into()
}

fn connect_options(kind: Kind, url: &str) -> Result<sqlx::any::AnyConnectOptions, OpenError> {
    sqlx::any::install_default_drivers();
    let mut url = url.to_owned();
    if kind == Kind::Sqlite && !url.contains('?') {
        url.push_str("?mode=rwc");
    }
    url.parse().map_err(|_| OpenError::Address)
}

async fn connect(
    kind: Kind,
    options: &sqlx::any::AnyConnectOptions,
) -> Result<AnyConnection, sqlx::Error> {
    if kind == Kind::Sqlite {
        make_private(sqlite_file(options.database_url.as_str()));
    }
    let connecting = AnyConnection::connect_with(options);
    let timed_out = |_| sqlx::Error::PoolTimedOut;
    let mut connection = tokio::time::timeout(WAIT_MAX, connecting)
        .await
        .map_err(timed_out)??;
    set_up(kind, &mut connection).await?;
    Ok(connection)
}

/// Makes the file where it is missing, for its owner alone: it holds the keys of every device. What
/// SQLite puts beside it is made alike. A folder that is missing is for SQLite to complain about.
fn make_private(file: std::path::PathBuf) {
    use std::os::unix::fs::OpenOptionsExt;
    // Escaped in the address, it is called otherwise.
    if file.to_string_lossy().contains('%') {
        return;
    }
    let mut options = std::fs::OpenOptions::new();
    let _ = options.write(true).create_new(true).mode(0o600).open(file);
}

/// What every connection is told. SQLite: what was committed survives power loss, and readers do
/// not wait for the writer. PostgreSQL: nothing waits for ever.
async fn set_up(kind: Kind, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let statements = match kind {
        Kind::Sqlite => {
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
             PRAGMA busy_timeout = 5000; PRAGMA cache_size = -8000"
        }
        Kind::Postgres => "SET statement_timeout = '30s'; SET lock_timeout = '10s'",
    };
    connection.execute(sqlx::raw_sql(statements)).await?;
    Ok(())
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address => f.write_str("it has to be sqlite:<file> or postgres://…"),
            Self::Missing => f.write_str("there is no such file"),
            Self::Read(error) => write!(f, "{error}"),
            Self::Connect(error) => write!(f, "{error}"),
            Self::Migrate(error) => write!(f, "its tables cannot be brought up to date: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}
