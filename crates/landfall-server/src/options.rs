//! What a server is started with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use crate::clock::Clock;

/// The port the server listens on where none is named.
const PORT: u16 = 8000;

/// What a server is started with: the flags of `landfall serve`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where it listens. Port 0 takes a free one: [`Server::address`](crate::Server::address) says which.
    pub listen: SocketAddr,
    /// `sqlite:<file>` (made where it is missing) or `postgres://…`.
    pub database: String,
    /// Heartbeats of the seed's firmware, which has no key, are taken.
    pub allow_legacy_devices: bool,
    /// People may log in over plain HTTP from elsewhere than loopback.
    pub insecure_http: bool,
    /// The server speaks TLS with these, and nothing else.
    pub tls: Option<Tls>,
    /// The time; a test gives one that it moves.
    pub clock: Clock,
}

/// Certificate chain and private key, in PEM.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The chain, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its key: PKCS #8, PKCS #1 or SEC1.
    pub key: PathBuf,
}

impl Options {
    /// The defaults of `landfall serve`, over that database.
    pub fn new(database: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, PORT)),
            database: database.into(),
            allow_legacy_devices: false,
            insecure_http: false,
            tls: None,
            clock: Clock::system(),
        }
    }
}
