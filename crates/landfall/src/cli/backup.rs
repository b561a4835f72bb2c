//! `landfall backup` and `landfall restore`: a fleet's database as one file.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use landfall_server::BackupError;

use super::serve::{DATABASE, hide_password};
use super::{Ended, Failure};

/// Write a fleet's database to a file, while its server runs
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall backup --database sqlite:landfall.db fleet.backup")]
pub(super) struct Backup {
    /// The database
    #[arg(long, value_name = "URL", default_value = DATABASE)]
    database: String,
    /// The file; one that is there is replaced once the new one is whole
    file: PathBuf,
}

/// Make a fleet's database what it was at a backup, of SQLite or PostgreSQL alike
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall restore --database sqlite:new.db fleet.backup")]
pub(super) struct Restore {
    /// The database; stop its server first
    #[arg(long, value_name = "URL", default_value = DATABASE)]
    database: String,
    /// Overwrite a database that is not empty
    #[arg(long)]
    force: bool,
    /// What `landfall backup` wrote
    file: PathBuf,
}

impl Backup {
    pub(super) fn run(self) -> Ended {
        let done = super::block_on(landfall_server::backup(&self.database, &self.file));
        done.map_err(|error| {
            let help = match error {
                BackupError::File(_) => "name a file that can be written",
                BackupError::Open(_)
                | BackupError::Missing
                | BackupError::Rows(_)
                | BackupError::NoBackup
                | BackupError::NotEmpty => "name the server's database",
            };
            Failure::new(
                format!("backup of {}", hide_password(&self.database)),
                error,
                help,
            )
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Restore {
    pub(super) fn run(self) -> Ended {
        let Self {
            database,
            file,
            force,
        } = self;
        let done = super::block_on(landfall_server::restore(&database, &file, force));
        done.map_err(|error| {
            let (what, help) = match error {
                BackupError::File(_) | BackupError::NoBackup | BackupError::Missing => (
                    file.display().to_string(),
                    "name a file that `landfall backup` wrote",
                ),
                BackupError::NotEmpty => (hide_password(&database), "--force overwrites it"),
                BackupError::Open(_) | BackupError::Rows(_) => {
                    (hide_password(&database), "look at --database")
                }
            };
            Failure::new(what, error, help)
        })?;
        Ok(ExitCode::SUCCESS)
    }
}
