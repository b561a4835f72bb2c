//! `landfall fleet login`: a password for a token, which is kept on this machine.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use clap::Args;
use serde_json::json;
use ureq::http::Method;
use zeroize::Zeroizing;

use super::client::{Saved, Server};
use crate::cli::Failure;
use crate::cli::secret::PasswordFrom;

/// Log in to a server: it gives a token, which is kept for this user of this machine
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall fleet login https://fleet.example --username ada")]
pub(super) struct Login {
    /// Where the server is
    url: String,
    /// Who logs in
    #[arg(long, default_value = "admin")]
    username: String,
    #[command(flatten)]
    password: PasswordFrom,
}

impl Login {
    pub(super) fn run(self, server: &Server) -> Result<(), Failure> {
        let mut client = server.stranger(&self.url)?;
        let password = self
            .password
            .read(&format!("password of {}", self.username))?;
        client.log_in(&self.username, &password)?;
        let name = format!("landfall on {}", host());
        let made = client.json(Method::POST, "/api/v1/tokens", Some(&json!({"name": name})))?;
        let token = made["token"].as_str().unwrap_or_default();
        save(&Saved {
            url: client.url().to_owned(),
            token: Zeroizing::new(token.to_owned()),
        })?;
        // The login itself has done its work.
        client.json(Method::POST, "/api/v1/logout", None)?;
        println!("logged in to {} as {}", client.url(), self.username);
        Ok(())
    }
}

/// What this machine is called; empty where it has no name.
fn host() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

/// Keeps it where this user alone can read it.
fn save(saved: &Saved) -> Result<(), Failure> {
    let path = Saved::path()?;
    let failed = |why: std::io::Error| {
        Failure::new(path.display(), why, "see that this user may write there")
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let text = serde_json::to_string(saved).map_err(|e| failed(e.into()))?;
    let text = Zeroizing::new(text);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}
