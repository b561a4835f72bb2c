//! The way out: connections to servers, and the names of those.

use core::fmt;
use core::net::{IpAddr, SocketAddr};

use edge_nal::{AddrType, Dns, TcpConnect};
use embassy_net::Stack;
use embassy_net::dns::{self, DnsQueryType};
use embedded_io_async::ErrorKind;

use crate::tcp::{Connection, Room, Sockets, TcpError};

/// What a client on the station's side goes out by, `N` connections at a time.
pub struct Outward<'d, const N: usize> {
    stack: Stack<'d>,
    sockets: Sockets<'d, N>,
}

impl<'d, const N: usize> Outward<'d, N> {
    /// Over that stack.
    pub fn new(stack: Stack<'d>, room: &'d mut Room<N>) -> Self {
        Self {
            stack,
            sockets: Sockets::new(stack, room),
        }
    }
}

impl<'d, const N: usize> TcpConnect for Outward<'d, N> {
    type Error = TcpError;
    type Socket<'a>
        = Connection<'a, 'd>
    where
        Self: 'a;

    async fn connect(&self, remote: SocketAddr) -> Result<Connection<'_, 'd>, TcpError> {
        self.sockets.connect(remote).await
    }
}

impl<const N: usize> Dns for Outward<'_, N> {
    type Error = NameError;

    async fn get_host_by_name(&self, host: &str, wanted: AddrType) -> Result<IpAddr, NameError> {
        match wanted {
            AddrType::IPv4 | AddrType::Either => {}
            AddrType::IPv6 => return Err(NameError::NoAddress),
        }
        let found = self.stack.dns_query(host, DnsQueryType::A).await;
        let found = found.map_err(NameError::Dns)?;
        let first = found.first().copied().map(IpAddr::from);
        first.ok_or(NameError::NoAddress)
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, NameError> {
        Err(NameError::NoAddress)
    }
}

/// Why a name has no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameError {
    /// The name servers did not say.
    Dns(dns::Error),
    /// There is none of that kind.
    NoAddress,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(error) => write!(f, "name server: {error:?}"),
            Self::NoAddress => f.write_str("no address of that kind"),
        }
    }
}

impl core::error::Error for NameError {}

impl embedded_io_async::Error for NameError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::NotFound
    }
}
