//! Sockets of the operating system, for the simulator, Linux boards and tests.

use std::io;
use std::net::SocketAddr;

use edge_nal::UdpBind;
use edge_nal_std::Stack;
pub use edge_nal_std::UdpSocket;

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
