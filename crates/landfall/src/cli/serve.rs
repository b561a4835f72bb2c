//! `landfall serve`: the fleet server, until it is told to end.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use landfall_server::{Options, Server, StartError, Tls};
use tokio::signal::unix::{SignalKind, signal};

use super::{Ended, Failure};

/// The database where none is named.
pub(super) const DATABASE: &str = "sqlite:landfall.db";

/// Run the fleet server
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall serve
  landfall serve --listen 0.0.0.0:8443 --tls-cert fleet.pem --tls-key fleet.key
  landfall serve --database postgres://landfall@db/landfall")]
pub(super) struct Serve {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// The database: sqlite:FILE, made where it is missing, or postgres://USER@HOST/NAME
    #[arg(long, value_name = "URL", default_value = DATABASE)]
    database: String,
    /// Take heartbeats of firmware that has no key, and enable such devices at once
    #[arg(long)]
    allow_legacy_devices: bool,
    /// Let people log in over plain HTTP from elsewhere than this machine
    #[arg(long)]
    insecure_http: bool,
    /// The certificate chain in PEM: the server then speaks TLS alone
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Its private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
}

impl Serve {
    pub(super) fn run(self) -> Ended {
        super::block_on(self.serve())
    }

    async fn serve(self) -> Ended {
        let tls = self.tls_cert.zip(self.tls_key);
        let options = Options {
            listen: self.listen,
            allow_legacy_devices: self.allow_legacy_devices,
            insecure_http: self.insecure_http,
            tls: tls.map(|(certificate, key)| Tls { certificate, key }),
            ..Options::new(self.database)
        };
        // Before the server says that it listens: who reads that may end it.
        let (mut interrupted, mut ended) = signals()?;
        let server = Server::start(options.clone()).await;
        let server = server.map_err(|error| not_started(&options, &error))?;
        tell(&server);
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = ended.recv() => {}
        }
        tracing::info!("stopping");
        server.stop().await;
        Ok(ExitCode::SUCCESS)
    }
}

fn signals() -> Result<(tokio::signal::unix::Signal, tokio::signal::unix::Signal), Failure> {
    let failed = |e| Failure::new("signals", e, "report it");
    let interrupted = signal(SignalKind::interrupt()).map_err(failed)?;
    let ended = signal(SignalKind::terminate()).map_err(failed)?;
    Ok((interrupted, ended))
}

/// Says where the server is, and once in a database's life how to get in.
fn tell(server: &Server) {
    let mut out = std::io::stdout().lock();
    // Nobody reading is no reason not to serve.
    if let Some(password) = server.admin_password() {
        let _ = writeln!(out, "admin password: {password}");
    }
    let _ = writeln!(out, "listening on {}", server.url());
    let _ = out.flush();
}

fn not_started(options: &Options, error: &StartError) -> Failure {
    let help = match error {
        StartError::Listen(_) => "choose another address with --listen",
        StartError::Tls(_) => "name a certificate and its key, in PEM",
        StartError::Database(_) => "look at --database",
    };
    let what = match error {
        StartError::Listen(_) => options.listen.to_string(),
        StartError::Tls(_) => options
            .tls
            .as_ref()
            .map_or_else(String::new, |tls| tls.certificate.display().to_string()),
        StartError::Database(_) => hide_password(&options.database),
    };
    Failure::new(what, error, help)
}

/// A database's address without the password in it.
pub(super) fn hide_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.split_once('@') {
        Some((user, host)) => {
            let name = user.split(':').next().unwrap_or_default();
            format!("{scheme}://{name}@{host}")
        }
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::hide_password;

    #[test]
    fn a_password_in_an_address_is_not_printed() {
        assert_eq!(
            hide_password("postgres://me:secret@db/fleet"),
            "postgres://me@db/fleet"
        );
        assert_eq!(
            hide_password("postgres://me@db/fleet"),
            "postgres://me@db/fleet"
        );
        assert_eq!(hide_password("sqlite:fleet.db"), "sqlite:fleet.db");
    }
}
