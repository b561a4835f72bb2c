//! `landfall fleet`: a fleet server from a terminal, by its API.

pub(super) mod client;
mod devices;
mod login;
mod rollouts;
mod sessions;
mod table;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use self::client::Server;
use self::devices::{Claims, Devices};
use self::rollouts::Rollouts;
use self::sessions::{Courses, Export, Sessions};
use super::Ended;

/// Look after a fleet: devices, claims, sessions, courses, roll-outs
///
/// Tables for people, `--json` for programs: what the server answered.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  landfall fleet login http://127.0.0.1:8000
  landfall fleet devices --presence online
  landfall fleet claims new --room B12
  landfall fleet sessions start CS101 2024/2025 '1st Semester'
  landfall fleet export 12 --format xlsx --to attendance.xlsx")]
pub(super) struct Fleet {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Login(login::Login),
    Devices(Devices),
    Claims(Claims),
    Sessions(Sessions),
    Courses(Courses),
    Rollouts(Rollouts),
    Export(Export),
}

impl Fleet {
    pub(super) fn run(self) -> Ended {
        let Self { server, what } = self;
        match what {
            What::Login(word) => word.run(&server)?,
            What::Devices(word) => word.run(&server)?,
            What::Claims(word) => word.run(&server)?,
            What::Sessions(word) => word.run(&server)?,
            What::Courses(word) => word.run(&server)?,
            What::Rollouts(word) => word.run(&server)?,
            What::Export(word) => word.run(&server)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
