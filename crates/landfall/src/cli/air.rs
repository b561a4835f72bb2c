//! `landfall air`: changes a running air, or asks it.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use clap::error::ErrorKind;
use landfall::host::ask;
use landfall_sim::air::answer::Answer;
use landfall_sim::air::command::{Command, USAGE, line_of};

use super::{Ended, Failure};

/// Change a running air, or ask it
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  landfall air SOCKET list\n  landfall air SOCKET ap home off\n  landfall air SOCKET phone join Landfall-56789A secret",
    long_about = format!("Change a running air, or ask it\n\nCommands: {USAGE}")
)]
pub(super) struct AirWord {
    /// The socket that `landfall sim` and `landfall demo` print
    socket: PathBuf,
    /// The command
    #[arg(required = true, allow_hyphen_values = true, trailing_var_arg = true)]
    command: Vec<String>,
}

impl AirWord {
    pub(super) fn run(self) -> Ended {
        let words: Vec<&str> = self.command.iter().map(String::as_str).collect();
        if let Err(error) = Command::from_words(&words) {
            super::end_as_wrong_usage("air", ErrorKind::InvalidValue, error);
        }
        let help = "name the socket that the running simulation printed";
        let answer = ask(&self.socket, &line_of(&words))
            .map_err(|e| Failure::new(self.socket.display(), e, help))?;
        let answer = Answer::from_wire(&answer)
            .ok_or_else(|| Failure::new(self.socket.display(), "no whole answer", help))?;
        let mut out = std::io::stdout().lock();
        for row in &answer.rows {
            writeln!(out, "{row}").map_err(|e| Failure::new("stdout", e, "keep it open"))?;
        }
        match answer.error {
            None => Ok(ExitCode::SUCCESS),
            Some(error) => Err(Failure::new("air", error, "see `landfall air SOCKET list`")),
        }
    }
}
