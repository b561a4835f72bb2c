//! How the client comes to a connection: the one thing that a host with TLS does otherwise.

use core::net::{IpAddr, SocketAddr};

use edge_nal::{AddrType, Dns, TcpConnect};
use embedded_io_async::{Read, Write};

use super::Url;

/// Opens connections to the server.
pub trait Dial {
    /// What bytes go over, sealed by TLS where the URL says so.
    type Connection<'a>: Read + Write
    where
        Self: 'a;

    /// Opens one. May be dropped while it waits.
    fn dial(&self, url: &Url<'_>) -> impl Future<Output = Result<Self::Connection<'_>, DialError>>;
}

/// Why there is no connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialError {
    /// The host has no address.
    NoAddress,
    /// Nobody answers there.
    Refused,
    /// The URL wants TLS, which this device does not have: give it an `http` URL, over which it seals
    /// what it sends.
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
        let address = match url.host.parse::<IpAddr>() {
            Ok(address) => address,
            Err(_) => {
                let found = self.0.get_host_by_name(url.host, AddrType::IPv4).await;
                found.map_err(|_| DialError::NoAddress)?
            }
        };
        let remote = SocketAddr::new(address, url.port);
        self.0.connect(remote).await.map_err(|_| DialError::Refused)
    }
}
