//! The demo's fleet server: in this process, on a database in the demo's folder.

use std::fs;
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use landfall::host::{ServerReady, SimDevice};
use landfall_core::config::Secret;
use landfall_core::console::FleetServer;
use landfall_server::{FIRST_ADMIN, Options, Server, StartError};
use tokio::runtime::Runtime;

use super::sample;
use crate::cli::Failure;
use crate::cli::fleet::client;

/// Where the server listens unless it is said otherwise, and where that is taken.
const LISTEN: SocketAddr = local(8000);
const ANY: SocketAddr = local(0);
/// The database, and beside it the password that its first start made: a demo that is started
/// again says it again.
const DATABASE: &str = "fleet.db";
const PASSWORD: &str = "admin-password";

const fn local(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), port)
}

/// A server that runs.
pub(super) struct DemoServer {
    runtime: Runtime,
    server: Server,
    password: Option<String>,
}

impl DemoServer {
    /// Starts it. A new database gets a course with a roster.
    pub(super) fn start(listen: Option<SocketAddr>, data: &Path) -> Result<Self, Failure> {
        let failed = |e: io::Error| Failure::new("demo", e, "name a folder with --data");
        let runtime = Runtime::new().map_err(failed)?;
        fs::create_dir_all(data).map_err(failed)?;
        let mut server = runtime.block_on(start(listen.unwrap_or(LISTEN), data));
        if let (None, Err(StartError::Listen(_))) = (listen, &server) {
            server = runtime.block_on(start(ANY, data));
        }
        let server =
            server.map_err(|e| Failure::new("fleet server", e, "choose another --listen"))?;
        let path = data.join(PASSWORD);
        let made = server.admin_password().map(str::to_owned);
        if let Some(password) = &made {
            keep(&path, password).map_err(failed)?;
        }
        let password = made.clone().or_else(|| fs::read_to_string(&path).ok());
        let demo = Self {
            runtime,
            server,
            password,
        };
        if made.is_some() {
            sample::fill(&demo.client()?)?;
        }
        Ok(demo)
    }

    /// Gives devices that are not of this server a claim for it.
    pub(super) fn adopt(&self, devices: &[SimDevice]) -> Result<(), Failure> {
        let url = self.server.url();
        let strangers = devices.iter().filter(|device| !device.is_of(&url));
        let strangers: Vec<_> = strangers.collect();
        if strangers.is_empty() {
            return Ok(());
        }
        let client = self.client()?;
        for device in strangers {
            let claim = sample::claim(&client)?;
            device.give_fleet(FleetServer {
                url: url.as_str().try_into().unwrap_or_default(),
                claim: Secret::new(&claim).unwrap_or_default(),
            });
        }
        Ok(())
    }

    /// Somebody who is logged in as its admin.
    fn client(&self) -> Result<client::Client, Failure> {
        let password = self.password.as_deref().unwrap_or_default();
        let mut client = client::Server::ours().stranger(&self.server.url())?;
        client.log_in(FIRST_ADMIN, password).map_err(|failure| {
            let help = "where the admin's password was changed, name another folder with --data";
            Failure::new("demo", failure, help)
        })?;
        Ok(client)
    }

    /// Where it is, for people and programs.
    pub(super) fn ready(&self) -> ServerReady {
        ServerReady {
            url: self.server.url(),
            admin: FIRST_ADMIN.to_owned(),
            password: self.password.clone(),
        }
    }

    /// Ends it well.
    pub(super) fn stop(self) {
        let Self {
            runtime, server, ..
        } = self;
        runtime.block_on(server.stop());
    }
}

async fn start(listen: SocketAddr, data: &Path) -> Result<Server, StartError> {
    let database = format!("sqlite:{}", data.join(DATABASE).display());
    Server::start(Options {
        listen,
        ..Options::new(database)
    })
    .await
}

fn keep(path: &PathBuf, password: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(true).mode(0o600);
    file.open(path)?.write_all(password.as_bytes())
}
