//! Backup and restore. A backup is a SQLite file with the database's tables, whichever kind the
//! database is: so it also carries a fleet from SQLite to PostgreSQL and back.

use std::path::{Path, PathBuf};

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

use super::copy::copy;
use super::{Kind, OpenError, connect, connect_options, is_missing, migrations};

/// Why a backup was not made or not restored.
#[derive(Debug)]
pub enum BackupError {
    /// The database, or the backup as one.
    Open(OpenError),
    /// There is no such database.
    Missing,
    /// Reading or writing rows failed.
    Rows(sqlx::Error),
    /// The backup's file cannot be read or written.
    File(std::io::Error),
    /// The file is no backup of ours.
    NoBackup,
    /// The database is not empty, and was not to be overwritten.
    NotEmpty,
}

/// Writes a backup of the database to `file`, whole or not at all, as it is at one moment. A server may
/// run meanwhile.
///
/// # Errors
///
/// Where the database is not there or the file cannot be written.
pub async fn backup(url: &str, file: &Path) -> Result<(), BackupError> {
    let kind = Kind::of(url).ok_or(BackupError::Open(OpenError::Address))?;
    if is_missing(url) {
        return Err(BackupError::Missing);
    }
    let unfinished = beside(file)?;
    let written = write(kind, url, &unfinished).await;
    if written.is_err() {
        let _ = std::fs::remove_file(&unfinished);
    }
    written?;
    let finish = || {
        std::fs::File::open(&unfinished)?.sync_all()?;
        std::fs::rename(&unfinished, file)
    };
    finish().map_err(BackupError::File)
}

async fn write(kind: Kind, url: &str, file: &Path) -> Result<(), BackupError> {
    let mut from = open(kind, url).await?;
    if is_new(kind, &mut from).await? {
        return Err(BackupError::Missing);
    }
    match kind {
        Kind::Sqlite => {
            let sql = "VACUUM INTO $1";
            let vacuum = sqlx::query(sql).bind(file.to_string_lossy().into_owned());
            vacuum.execute(&mut from).await?;
        }
        Kind::Postgres => {
            let mut to = open(Kind::Sqlite, &sqlite_url(file)).await?;
            migrations::run(Kind::Sqlite, &mut to)
                .await
                .map_err(OpenError::Migrate)?;
            from.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                .await?;
            to.execute("BEGIN").await?;
            copy((&mut from, &mut to), (kind, Kind::Sqlite)).await?;
            to.execute("COMMIT").await?;
            // One file: nothing of it is left in a log beside it.
            to.execute(sqlx::raw_sql("PRAGMA journal_mode = DELETE"))
                .await?;
            to.close().await?;
        }
    }
    from.close().await?;
    Ok(())
}

/// Makes the database what it was at the backup, whole or not at all.
///
/// # Errors
///
/// Where the file is no backup, or the database is not empty and `force` is not set.
pub async fn restore(url: &str, file: &Path, force: bool) -> Result<(), BackupError> {
    let kind = Kind::of(url).ok_or(BackupError::Open(OpenError::Address))?;
    // The backup may be of an older version: a copy of it is brought up to date, never itself.
    let copied = beside(&std::env::temp_dir().join(file.file_name().unwrap_or_default()))?;
    std::fs::copy(file, &copied).map_err(BackupError::File)?;
    let restored = restore_from(kind, url, &copied, force).await;
    for end in ["", "-wal", "-shm"] {
        let mut name = copied.clone().into_os_string();
        name.push(end);
        let _ = std::fs::remove_file(name);
    }
    restored
}

async fn restore_from(kind: Kind, url: &str, file: &Path, force: bool) -> Result<(), BackupError> {
    let mut from = open(Kind::Sqlite, &sqlite_url(file))
        .await
        .map_err(|_| BackupError::NoBackup)?;
    if is_new(Kind::Sqlite, &mut from).await.unwrap_or(true) {
        return Err(BackupError::NoBackup);
    }
    migrations::run(Kind::Sqlite, &mut from)
        .await
        .map_err(OpenError::Migrate)?;
    let mut to = open(kind, url).await?;
    if !force && has_rows(kind, &mut to).await? {
        return Err(BackupError::NotEmpty);
    }
    if kind == Kind::Sqlite {
        // Tables that name each other cannot be dropped one by one otherwise.
        to.execute("PRAGMA foreign_keys = OFF").await?;
    }
    let mut tx = to.begin().await?;
    drop_all(kind, &mut tx).await?;
    migrations::run(kind, &mut tx)
        .await
        .map_err(OpenError::Migrate)?;
    copy((&mut from, &mut tx), (Kind::Sqlite, kind)).await?;
    tx.commit().await?;
    to.close().await?;
    from.close().await?;
    Ok(())
}

async fn open(kind: Kind, url: &str) -> Result<AnyConnection, BackupError> {
    let options = connect_options(kind, url)?;
    Ok(connect(kind, &options).await.map_err(OpenError::Connect)?)
}

/// The names of the tables.
async fn table_names(
    kind: Kind,
    connection: &mut AnyConnection,
) -> Result<Vec<String>, sqlx::Error> {
    let sql = match kind {
        Kind::Sqlite => {
            "SELECT name FROM sqlite_master WHERE type = 'table' \
             AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        }
        Kind::Postgres => {
            "SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = current_schema()"
        }
    };
    sqlx::query_scalar(sql).fetch_all(connection).await
}

/// Whether no server ever ran on it.
async fn is_new(kind: Kind, connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    let names = table_names(kind, connection).await?;
    Ok(!names.iter().any(|name| name == "users"))
}

async fn has_rows(kind: Kind, connection: &mut AnyConnection) -> Result<bool, sqlx::Error> {
    for name in table_names(kind, &mut *connection).await? {
        let sql = AssertSqlSafe(format!("SELECT 1 FROM \"{name}\" LIMIT 1"));
        let is_ours = name != "_sqlx_migrations";
        if is_ours
            && sqlx::query(sql)
                .fetch_optional(&mut *connection)
                .await?
                .is_some()
        {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn drop_all(kind: Kind, connection: &mut AnyConnection) -> Result<(), sqlx::Error> {
    for name in table_names(kind, &mut *connection).await? {
        let cascade = match kind {
            Kind::Sqlite => "",
            Kind::Postgres => " CASCADE",
        };
        let sql = AssertSqlSafe(format!("DROP TABLE \"{name}\"{cascade}"));
        connection.execute(sqlx::raw_sql(sql)).await?;
    }
    Ok(())
}

fn sqlite_url(file: &Path) -> String {
    format!("sqlite:{}", file.display())
}

/// A new file beside that one, which nobody else reads: a backup holds the keys of every device.
fn beside(file: &Path) -> Result<PathBuf, BackupError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut name = file.as_os_str().to_owned();
    name.push(format!(".{}.unfinished", std::process::id()));
    let path = PathBuf::from(name);
    let _ = std::fs::remove_file(&path);
    let mut options = std::fs::OpenOptions::new();
    let made = options.write(true).create_new(true).mode(0o600).open(&path);
    made.map_err(BackupError::File)?;
    Ok(path)
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Rows(error)
    }
}

impl From<OpenError> for BackupError {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl std::fmt::Display for BackupError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(error) => write!(f, "{error}"),
            Self::Missing => f.write_str("there is no fleet in that database"),
            Self::Rows(error) => write!(f, "{error}"),
            Self::File(error) => write!(f, "{error}"),
            Self::NoBackup => f.write_str("the file is no backup that `landfall backup` made"),
            Self::NotEmpty => f.write_str("the database is not empty"),
        }
    }
}

impl std::error::Error for BackupError {}
