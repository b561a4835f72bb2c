//! How the device's clients, the fleet's and MQTT's, come to a connection: the one thing that a host
//! with TLS does otherwise than a chip.

mod url;

use core::net::{IpAddr, SocketAddr};

use edge_nal::{AddrType, Dns, TcpConnect};
use embedded_io_async::{Read, Write};

pub use url::{HTTP, MQTT, NotAUrl, Schemes, Url};

/// Opens connections to a server.
pub trait Dial {
    /// What bytes go over, sealed by TLS where the URL says so.
    type Connection<'a>: Read + Write
    where
        Self: 'a;

    /// Opens one. It may be dropped while it waits, and has no bound of its own: the caller's is in force.
    ///
    /// # Errors
    /// See [`DialError`].
    fn dial(&self, url: &Url<'_>) -> impl Future<Output = Result<Self::Connection<'_>, DialError>>;
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialError {
    /// The host has no address.
    NoAddress,
    /// Nobody answers there.
    Refused,
    /// The URL wants TLS, which this device does not have: give it one without.
    NoTls,
    /// The server's certificate is not one that the device trusts.
    Untrusted,
}

/// Connections without TLS, over the sockets of the device's network stack.
#[derive(Clone, Copy, Debug)]
pub struct Plain<S>(pub S);

impl<S: TcpConnect + Dns> Dial for Plain<S> {
    type Connection<'a>
        = S::Socket<'a>
    where
        S: 'a;

    async fn dial(&self, url: &Url<'_>) -> Result<S::Socket<'_>, DialError> {
        if url.tls {
            return Err(DialError::NoTls);
        }
        connect(&self.0, url).await
    }
}

/// A socket to where the URL leads, which is looked up where it has a name.
pub(crate) async fn connect<'s, S: TcpConnect + Dns>(
    net: &'s S,
    url: &Url<'_>,
) -> Result<S::Socket<'s>, DialError> {
    let address = match url.host.parse::<IpAddr>() {
        Ok(address) => address,
        Err(_) => {
            let found = net.get_host_by_name(url.host, AddrType::IPv4).await;
            found.map_err(|_| DialError::NoAddress)?
        }
    };
    let remote = SocketAddr::new(address, url.port);
    net.connect(remote).await.map_err(|_| DialError::Refused)
}
