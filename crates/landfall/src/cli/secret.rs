//! Where a word takes a password from: a file, the environment, a prompt; never from its arguments,
//! which everybody on the machine can read.

use std::io::{BufRead, IsTerminal, stdin};
use std::path::PathBuf;

use clap::Args;
use zeroize::Zeroizing;

use super::Failure;

/// The variable that a password is taken from where no file is named.
const VARIABLE: &str = "LANDFALL_PASSWORD";

/// Where the password is.
#[derive(Debug, Args)]
pub(super) struct PasswordFrom {
    /// Take the password from the first line of this file, `-` for stdin; else from the variable
    /// LANDFALL_PASSWORD, else it is asked for
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl PasswordFrom {
    /// The password. `prompt` asks for it on a terminal; without one its line is read from stdin.
    pub(super) fn read(&self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        let failed = |why: std::io::Error| {
            let help = format!("set {VARIABLE}, or name a file by --password-file");
            Failure::new("password", why, help)
        };
        let read = match &self.password_file {
            Some(path) if path.as_os_str() != "-" => {
                std::fs::read_to_string(path).map(Zeroizing::new)
            }
            Some(_) => first_line(),
            None => match std::env::var(VARIABLE) {
                Ok(password) => Ok(Zeroizing::new(password)),
                Err(_) if stdin().is_terminal() => ask(prompt).map(Zeroizing::new),
                Err(_) => first_line(),
            },
        };
        let text = read.map_err(failed)?;
        let line = text.lines().next().unwrap_or_default();
        Ok(Zeroizing::new(line.to_owned()))
    }
}

fn ask(prompt: &str) -> std::io::Result<String> {
    let asked = dialoguer::Password::new().with_prompt(prompt).interact();
    asked.map_err(|dialoguer::Error::IO(error)| error)
}

/// The first line of stdin, without its end.
pub(super) fn first_line() -> std::io::Result<Zeroizing<String>> {
    let mut line = Zeroizing::new(String::new());
    stdin().lock().read_line(&mut line)?;
    let end = line.trim_end_matches(['\r', '\n']).len();
    line.truncate(end);
    Ok(line)
}
