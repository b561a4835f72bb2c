//! Sockets of the operating system, for the simulator, Linux boards and tests.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::string::ToString;

use edge_nal::{AddrType, Dns, TcpConnect, UdpBind};
use edge_nal_std::Stack;
pub use edge_nal_std::{TcpSocket, UdpSocket};

/// A datagram socket bound to `local` (port 0: a free one), and the address it got. Driven by the
/// reactor of `async-io`.
///
/// # Errors
/// What the operating system says: the port is taken, or not for us.
pub async fn bind_udp(local: SocketAddr) -> io::Result<(UdpSocket, SocketAddr)> {
    let socket = Stack::new().bind(local).await?;
    let bound = socket.get_ref().local_addr()?;
    Ok((socket, bound))
}

/// Connections of the operating system. Names are looked up on a thread of their own: the system's
/// resolver blocks for as long as a silent name server lets it.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostNet;

impl TcpConnect for HostNet {
    type Error = io::Error;
    type Socket<'a> = TcpSocket;

    async fn connect(&self, remote: SocketAddr) -> io::Result<TcpSocket> {
        let stream = async_io::Async::<std::net::TcpStream>::connect(remote).await?;
        // Messages are written whole; waiting for more of them only delays the last piece.
        stream.get_ref().set_nodelay(true)?;
        Ok(TcpSocket::new(stream))
    }
}

impl Dns for HostNet {
    type Error = io::Error;

    async fn get_host_by_name(&self, host: &str, wanted: AddrType) -> io::Result<IpAddr> {
        let host = host.to_string();
        let found = blocking::unblock(move || {
            let addresses = (host.as_str(), 0).to_socket_addrs()?;
            let mut addresses = addresses.map(|address| address.ip());
            Ok::<_, io::Error>(addresses.find(|ip| match wanted {
                AddrType::IPv4 => ip.is_ipv4(),
                AddrType::IPv6 => ip.is_ipv6(),
                AddrType::Either => true,
            }))
        });
        found.await?.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
