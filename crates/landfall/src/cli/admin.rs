//! `landfall admin`: what an operator does to a fleet's database without its server.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::serve::{DATABASE, hide_password};
use super::{Ended, Failure};

/// Get back in where a password is lost
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall admin reset-password --database sqlite:landfall.db")]
pub(super) struct Admin {
    #[command(subcommand)]
    deed: Deed,
}

#[derive(Debug, Subcommand)]
enum Deed {
    ResetPassword(ResetPassword),
}

/// Give a user a new password, and print it
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  landfall admin reset-password --database sqlite:landfall.db ada"
)]
struct ResetPassword {
    /// The database; its server may run
    #[arg(long, value_name = "URL", default_value = DATABASE)]
    database: String,
    /// Whose
    #[arg(default_value = landfall_server::FIRST_ADMIN)]
    username: String,
}

impl Admin {
    pub(super) fn run(self) -> Ended {
        let Deed::ResetPassword(word) = self.deed;
        super::block_on(word.reset())
    }
}

impl ResetPassword {
    async fn reset(self) -> Ended {
        let Self { database, username } = self;
        let reset = landfall_server::reset_password(&database, &username).await;
        let password = reset.map_err(|error| {
            let what = format!("{} of {}", username, hide_password(&database));
            Failure::new(
                what,
                error,
                "name the server's database and one of its users",
            )
        })?;
        println!("{username} password: {}", *password);
        Ok(ExitCode::SUCCESS)
    }
}
