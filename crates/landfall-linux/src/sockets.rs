//! Sockets bound to one interface: what comes in over another one does not reach them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};

use async_io::Async;
use edge_nal::{AddrType, Dns, TcpAccept, TcpConnect};
use edge_nal_std::{TcpSocket, UdpSocket};
use landfall_device::doors::Doorway;
use landfall_device::host::HostNet;
use socket2::{Domain, Protocol, Socket, Type};

/// How many connections wait to be taken.
const BACKLOG: i32 = 64;

/// A port on one interface.
#[derive(Clone, Debug)]
pub struct Port {
    interface: String,
    number: u16,
}

impl Port {
    /// The port of that number on that interface; it is not open yet.
    pub fn new(interface: &str, number: u16) -> Self {
        let interface = interface.to_owned();
        Self { interface, number }
    }

    fn listen(&self) -> io::Result<Listener> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
        // Connections of an earlier opening may linger in TIME_WAIT.
        socket.set_reuse_address(true)?;
        socket.bind_device(Some(self.interface.as_bytes()))?;
        let local = SocketAddr::from((Ipv4Addr::UNSPECIFIED, self.number));
        socket.bind(&local.into())?;
        socket.listen(BACKLOG)?;
        Ok(Listener(Async::new(socket.into())?))
    }
}

impl Doorway for Port {
    type Error = io::Error;
    type Acceptor<'a> = Listener;

    fn port(&self) -> u16 {
        self.number
    }

    async fn open(&self) -> io::Result<Listener> {
        self.listen()
    }
}

/// A port that is listened on.
#[derive(Debug)]
pub struct Listener(Async<TcpListener>);

impl TcpAccept for Listener {
    type Error = io::Error;
    type Socket<'a> = TcpSocket;

    async fn accept(&self) -> io::Result<(SocketAddr, TcpSocket)> {
        let (stream, peer) = self.0.accept().await?;
        // Answers are written whole; waiting for more of them only delays the last piece.
        stream.get_ref().set_nodelay(true)?;
        Ok((peer, TcpSocket::new(stream)))
    }
}

/// A datagram socket at that address of the interface, which may broadcast.
///
/// # Errors
/// Somebody has the port, or it is not for us.
pub fn bind_udp(interface: &str, local: SocketAddrV4) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))?;
    // Another server of the system may have the port on other interfaces.
    socket.set_reuse_address(true)?;
    socket.set_broadcast(true)?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.bind(&SocketAddr::V4(local).into())?;
    Ok(UdpSocket::new(Async::new(socket.into())?))
}

/// Connections that go out over the interface of that name, to whom the system's resolver finds.
#[derive(Clone, Copy, Debug)]
pub struct Over<'i>(pub &'i str);

impl TcpConnect for Over<'_> {
    type Error = io::Error;
    type Socket<'a>
        = TcpSocket
    where
        Self: 'a;

    async fn connect(&self, remote: SocketAddr) -> io::Result<TcpSocket> {
        Ok(TcpSocket::new(connect(self.0, remote).await?))
    }
}

impl Dns for Over<'_> {
    type Error = io::Error;

    async fn get_host_by_name(&self, host: &str, wanted: AddrType) -> io::Result<IpAddr> {
        HostNet.get_host_by_name(host, wanted).await
    }

    async fn get_host_by_address(&self, ip: IpAddr, name: &mut [u8]) -> io::Result<usize> {
        HostNet.get_host_by_address(ip, name).await
    }
}

async fn connect(interface: &str, remote: SocketAddr) -> io::Result<Async<TcpStream>> {
    let socket = Socket::new(
        Domain::for_address(remote),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.bind_device(Some(interface.as_bytes()))?;
    socket.set_nonblocking(true)?;
    match socket.connect(&remote.into()) {
        Ok(()) => {}
        Err(error)
            if error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error()) => {}
        Err(error) => return Err(error),
    }
    let stream = Async::new(TcpStream::from(socket))?;
    stream.writable().await?;
    match stream.get_ref().take_error()? {
        Some(error) => Err(error),
        None => Ok(stream),
    }
}

#[cfg(test)]
mod tests {
    use async_io::block_on;

    use super::*;

    #[test]
    fn a_port_is_open_on_its_interface_and_found_over_it() {
        let port = Port::new("lo", 0);
        let listener = port.listen().unwrap();
        let local = listener.0.get_ref().local_addr().unwrap();
        let there = SocketAddr::from((Ipv4Addr::LOCALHOST, local.port()));
        let stream = block_on(Over("lo").connect(there)).unwrap().release();
        let (peer, _) = block_on(listener.accept()).unwrap();
        assert_eq!(peer, stream.get_ref().local_addr().unwrap());
        drop(listener);
        assert!(block_on(Over("lo").connect(there)).is_err());
    }
}
