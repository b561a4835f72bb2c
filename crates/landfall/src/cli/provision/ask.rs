//! What people are asked on a terminal, and what programs say on stdin.

use dialoguer::{Password, Select};
use zeroize::Zeroizing;

use super::{Row, Wanted};
use crate::cli::Failure;
use crate::cli::secret::first_line;

/// One of the networks that the device hears.
fn row(rows: &[Row]) -> Result<&Row, Failure> {
    if rows.is_empty() {
        let help = "bring it nearer, or name the network";
        return Err(Failure::new("scan", "the device hears no network", help));
    }
    let picked = Select::new()
        .with_prompt("Network")
        .items(rows)
        .default(0)
        .interact()
        .map_err(|e| Failure::new("terminal", e, "name the network"))?;
    // One of those that were shown.
    rows.get(picked)
        .ok_or_else(|| Failure::new("terminal", "nothing was picked", "name the network"))
}

/// Asks for what is not given: the network, and its password where it has one.
pub(super) fn wanted(ssid: Option<&str>, rows: &[Row]) -> Result<Wanted, Failure> {
    let (ssid, secure) = match ssid {
        Some(ssid) => {
            let row = rows.iter().find(|row| row.ssid == ssid.as_bytes());
            (ssid.as_bytes(), row.is_none_or(|row| row.secure))
        }
        None => {
            let row = row(rows)?;
            (&row.ssid[..], row.secure)
        }
    };
    let password = if secure {
        password()?
    } else {
        Zeroizing::default()
    };
    super::wanted(ssid, password)
}

fn password() -> Result<Zeroizing<String>, Failure> {
    let typed = Password::new()
        .with_prompt("Its password")
        .allow_empty_password(true)
        .interact();
    typed
        .map(Zeroizing::new)
        .map_err(|e| Failure::new("terminal", e, "give the password on stdin"))
}

/// The first line of stdin.
pub(super) fn line_of_stdin() -> Result<Zeroizing<String>, Failure> {
    first_line().map_err(|e| Failure::new("stdin", e, "give it the password"))
}
