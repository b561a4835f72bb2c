//! Ports of a simulated device: one number each for as long as the device lives, listened on only
//! while the door behind it is open.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};

use async_io::Async;
use edge_nal::TcpAccept;
use edge_nal_std::TcpSocket;
use landfall_device::doors::Doorway;
use rustix::net::{AddressFamily, Shutdown, SocketFlags, SocketType, ipproto, sockopt};

/// How many connections wait to be taken.
const BACKLOG: i32 = 64;

/// A port of 127.0.0.1 that is ours. Where it is not open, a connection is refused, and nobody else
/// can take the number meanwhile: the socket stays bound and does not listen.
#[derive(Debug)]
pub struct Port {
    number: u16,
    listener: Async<TcpListener>,
}

impl Port {
    /// Takes that port, or with 0 a free one.
    pub fn reserve(number: u16) -> io::Result<Self> {
        let number = match number {
            0 => free_number()?,
            asked => asked,
        };
        let socket = rustix::net::socket_with(
            AddressFamily::INET,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            Some(ipproto::TCP),
        )?;
        // Connections of an earlier run may linger in TIME_WAIT on this number. Once it is ours,
        // nobody may share it: two sockets that are both willing would.
        sockopt::set_socket_reuseaddr(&socket, true)?;
        rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, number))?;
        sockopt::set_socket_reuseaddr(&socket, false)?;
        Ok(Self {
            number,
            listener: Async::new(TcpListener::from(socket))?,
        })
    }

    /// Its number.
    pub fn number(&self) -> u16 {
        self.number
    }

    /// Lets connections in until the answer is dropped.
    pub fn listen(&self) -> io::Result<OpenPort<'_>> {
        // Listening takes the number once more, with our own old connections on it.
        sockopt::set_socket_reuseaddr(&self.listener, true)?;
        rustix::net::listen(&self.listener, BACKLOG)?;
        Ok(OpenPort(self))
    }
}

impl Doorway for Port {
    type Error = io::Error;
    type Acceptor<'a> = OpenPort<'a>;

    const IS_LOOPBACK: bool = true;

    fn port(&self) -> u16 {
        self.number
    }

    async fn open(&self) -> io::Result<OpenPort<'_>> {
        self.listen()
    }
}

/// A number that is free now. The system chooses it; binding it by name afterwards is what makes
/// Linux keep it while the socket does not listen.
fn free_number() -> io::Result<u16> {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(probe.local_addr()?.port())
}

/// A port that is listened on.
#[derive(Debug)]
pub struct OpenPort<'a>(&'a Port);

impl TcpAccept for OpenPort<'_> {
    type Error = io::Error;
    type Socket<'a>
        = TcpSocket
    where
        Self: 'a;

    async fn accept(&self) -> io::Result<(SocketAddr, TcpSocket)> {
        let (stream, peer) = self.0.listener.accept().await?;
        // Answers are written whole; waiting for more of them only delays the last piece.
        stream.get_ref().set_nodelay(true)?;
        Ok((peer, TcpSocket::new(stream)))
    }
}

impl Drop for OpenPort<'_> {
    fn drop(&mut self) {
        // On Linux this ends the listening and keeps the socket bound.
        let _ = rustix::net::shutdown(&self.0.listener, Shutdown::Read);
        let _ = sockopt::set_socket_reuseaddr(&self.0.listener, false);
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use futures_lite::future::block_on;

    use super::*;

    #[test]
    fn a_port_refuses_while_closed_and_stays_ours() {
        let port = Port::reserve(0).unwrap();
        let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, port.number()));
        for round in 0..3 {
            let refused = connect().unwrap_err().kind();
            assert_eq!(refused, io::ErrorKind::ConnectionRefused, "{round}");
            let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, port.number()));
            assert!(taken.is_err(), "somebody else got it in round {round}");
            let open = port.listen().unwrap();
            let client = connect().unwrap();
            block_on(open.accept()).unwrap();
            drop((client, open));
        }
    }
}
