//! `landfall manual`: the manual pages, one for each word, from the table that parses them.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory};

use super::{Cli, Ended, Failure};

/// Write the manual pages into a folder
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall manual ~/.local/share/man/man1")]
pub(super) struct Manual {
    /// The folder; it is made where it is missing
    folder: PathBuf,
}

impl Manual {
    pub(super) fn run(self) -> Ended {
        fs::create_dir_all(&self.folder)
            .and_then(|()| clap_mangen::generate_to(Cli::command(), &self.folder))
            .map_err(|error| {
                let help = "name a folder that you may write to";
                Failure::new(self.folder.display(), error, help)
            })?;
        Ok(ExitCode::SUCCESS)
    }
}
