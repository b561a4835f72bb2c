//! Sockets of the operating system, for the simulator, Linux boards and tests.

mod clock;
mod dial;
mod room;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::string::ToString;

use async_io::Async;
use edge_nal::{AddrType, Dns, TcpConnect, UdpBind};
use edge_nal_std::Stack;
pub use edge_nal_std::{TcpSocket, UdpSocket};
use socket2::{Domain, Protocol, Socket, Type};

pub use clock::HostClock;
pub use dial::{Connection, HostDial};
pub use room::{buffers, keep_last_lines};

use crate::mdns;

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

/// The hops that a multicast DNS packet may take, by which others tell that it comes from their own
/// network (RFC 6762 §11).
const MDNS_TTL: u32 = 255;

/// A datagram socket for multicast DNS on the interface with that address, beside whoever else in
/// the system answers there.
///
/// # Errors
/// What the operating system says: no interface has the address, or somebody has the port alone.
pub fn bind_mdns(interface: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    // Packets of the other side are for the responder there.
    socket.set_multicast_all_v4(false)?;
    socket.set_multicast_if_v4(&interface)?;
    socket.set_multicast_ttl_v4(MDNS_TTL)?;
    socket.set_ttl_v4(MDNS_TTL)?;
    let local = SocketAddr::from((Ipv4Addr::UNSPECIFIED, mdns::PORT));
    socket.bind(&local.into())?;
    Ok(UdpSocket::new(Async::new(socket.into())?))
}

/// Connections of the operating system. Names are looked up on a thread of their own: the system's
/// resolver blocks for as long as a silent name server lets it.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostNet;

impl TcpConnect for HostNet {
    type Error = io::Error;
    type Socket<'a> = TcpSocket;

    async fn connect(&self, remote: SocketAddr) -> io::Result<TcpSocket> {
        let stream = Async::<std::net::TcpStream>::connect(remote).await?;
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
