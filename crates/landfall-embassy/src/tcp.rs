//! TCP connections: as many as were made room for, each with buffers of its own for as long as the
//! device runs.
//!
//! embassy-net takes a connection only while somebody waits for it on a socket of its own, so a
//! server has as many [`Sockets`] as connections. edge-nal-embassy would do the same, but gives the
//! local address for the peer's, by which the doors count wrong passwords, and panics over a peer
//! that is gone at once.

use core::cell::{RefCell, RefMut};
use core::fmt;
use core::future::poll_fn;
use core::net::SocketAddr;
use core::pin::pin;
use core::task::Poll;

use edge_nal::{Close, Readable, TcpShutdown, TcpSplit};
use embassy_net::tcp::{self, AcceptError, ConnectError, TcpReader, TcpSocket, TcpWriter};
use embassy_net::{IpEndpoint, Stack};
use embassy_time::Duration;
use embedded_io_async::{ErrorKind, ErrorType, Read, Write};

/// Bytes that a peer may send ahead of what was read: a segment that every peer sends (RFC 9293 §3.7.1). A chip's
/// memory is for connections first.
pub const RX_LEN: usize = 536;
/// Bytes that are sent ahead of what the peer has heard of: two of those, so that it acknowledges without delay.
pub const TX_LEN: usize = 2 * 536;
/// Time after which a peer counts as gone that acknowledges nothing.
const SILENCE: Duration = Duration::from_secs(30);

/// Room for `N` connections: make it a `static`.
#[derive(Debug)]
pub struct Room<const N: usize>([Buffers; N]);

#[derive(Debug)]
struct Buffers {
    rx: [u8; RX_LEN],
    tx: [u8; TX_LEN],
}

impl<const N: usize> Room<N> {
    /// Empty.
    pub const fn new() -> Self {
        const EMPTY: Buffers = Buffers {
            rx: [0; RX_LEN],
            tx: [0; TX_LEN],
        };
        Self([EMPTY; N])
    }
}

impl<const N: usize> Default for Room<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// `N` sockets of a stack, which count against those that its resources were made for.
pub struct Sockets<'d, const N: usize>([RefCell<TcpSocket<'d>>; N]);

impl<'d, const N: usize> Sockets<'d, N> {
    /// All of them closed.
    pub fn new(stack: Stack<'d>, room: &'d mut Room<N>) -> Self {
        Self(room.0.each_mut().map(|Buffers { rx, tx }| {
            let mut socket = TcpSocket::new(stack, rx, tx);
            socket.set_timeout(Some(SILENCE));
            // Messages are written whole; waiting for more of them only delays the last piece.
            socket.set_nagle_enabled(false);
            RefCell::new(socket)
        }))
    }

    /// Takes connections to that port.
    pub fn listen(&self, port: u16) -> Listener<'_, 'd, N> {
        Listener {
            sockets: self,
            port,
        }
    }

    fn free(&self) -> Result<Connection<'_, 'd>, TcpError> {
        let mut free = self.0.iter().filter_map(|slot| slot.try_borrow_mut().ok());
        free.next().map(Connection).ok_or(TcpError::NoneFree)
    }

    /// Connects to that address, as long as it takes.
    pub(crate) async fn connect(&self, to: SocketAddr) -> Result<Connection<'_, 'd>, TcpError> {
        let to = endpoint(to).ok_or(TcpError::NoIpv4)?;
        let mut connection = self.free()?;
        let connected = connection.0.connect(to).await;
        connected.map_err(TcpError::Connect)?;
        Ok(connection)
    }
}

/// A port on which connections are taken.
#[derive(Clone, Copy)]
pub struct Listener<'s, 'd, const N: usize> {
    sockets: &'s Sockets<'d, N>,
    port: u16,
}

impl<const N: usize> Listener<'_, '_, N> {
    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl<'d, const N: usize> edge_nal::TcpAccept for Listener<'_, 'd, N> {
    type Error = TcpError;
    type Socket<'a>
        = Connection<'a, 'd>
    where
        Self: 'a;

    async fn accept(&self) -> Result<(SocketAddr, Connection<'_, 'd>), TcpError> {
        let mut connection = self.sockets.free()?;
        let accepted = connection.0.accept(self.port).await;
        accepted.map_err(TcpError::Accept)?;
        let peer = connection.0.remote_endpoint().ok_or(TcpError::Gone)?;
        Ok((address(peer), connection))
    }
}

/// A socket in use; dropped, it is aborted and free again.
pub struct Connection<'s, 'd>(RefMut<'s, TcpSocket<'d>>);

impl Drop for Connection<'_, '_> {
    fn drop(&mut self) {
        // Also while it only listens: nobody would serve who is taken from now on.
        self.0.abort();
    }
}

impl ErrorType for Connection<'_, '_> {
    type Error = TcpError;
}

impl Read for Connection<'_, '_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, TcpError> {
        self.0.read(buf).await.map_err(TcpError::Broken)
    }
}

impl Write for Connection<'_, '_> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, TcpError> {
        self.0.write(buf).await.map_err(TcpError::Broken)
    }

    async fn flush(&mut self) -> Result<(), TcpError> {
        self.0.flush().await.map_err(TcpError::Broken)
    }
}

impl TcpShutdown for Connection<'_, '_> {
    async fn close(&mut self, what: Close) -> Result<(), TcpError> {
        if matches!(what, Close::Both | Close::Write) {
            self.0.close();
            self.flush().await?;
        }
        if matches!(what, Close::Both | Close::Read) {
            let mut unread = [0; 32];
            while self.read(&mut unread).await? > 0 {}
        }
        Ok(())
    }

    async fn abort(&mut self) -> Result<(), TcpError> {
        self.0.abort();
        self.flush().await
    }
}

impl Readable for Connection<'_, '_> {
    async fn readable(&mut self) -> Result<(), TcpError> {
        let socket = &*self.0;
        poll_fn(|cx| {
            // The end of the stream is to be read, too.
            if !socket.may_recv() {
                return Poll::Ready(());
            }
            pin!(socket.wait_read_ready()).poll(cx)
        })
        .await;
        Ok(())
    }
}

impl TcpSplit for Connection<'_, '_> {
    type Read<'a>
        = ReadHalf<'a>
    where
        Self: 'a;
    type Write<'a>
        = WriteHalf<'a>
    where
        Self: 'a;

    fn split(&mut self) -> (ReadHalf<'_>, WriteHalf<'_>) {
        let (read, write) = self.0.split();
        (ReadHalf(read), WriteHalf(write))
    }
}

/// What comes in on a connection.
pub struct ReadHalf<'a>(TcpReader<'a>);

impl ErrorType for ReadHalf<'_> {
    type Error = TcpError;
}

impl Read for ReadHalf<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, TcpError> {
        self.0.read(buf).await.map_err(TcpError::Broken)
    }
}

impl Readable for ReadHalf<'_> {
    /// Does not see the end of the stream: embassy-net's half cannot tell.
    async fn readable(&mut self) -> Result<(), TcpError> {
        self.0.wait_read_ready().await;
        Ok(())
    }
}

/// What goes out on a connection.
pub struct WriteHalf<'a>(TcpWriter<'a>);

impl ErrorType for WriteHalf<'_> {
    type Error = TcpError;
}

impl Write for WriteHalf<'_> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, TcpError> {
        self.0.write(buf).await.map_err(TcpError::Broken)
    }

    async fn flush(&mut self) -> Result<(), TcpError> {
        self.0.flush().await.map_err(TcpError::Broken)
    }
}

/// Why there is no connection, or none any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TcpError {
    /// All sockets are in use: make room for more.
    NoneFree,
    /// The stack speaks IPv4 alone.
    NoIpv4,
    /// Nobody was let in.
    Accept(AcceptError),
    /// Nobody answered.
    Connect(ConnectError),
    /// The peer was gone again at once.
    Gone,
    /// The peer reset the connection, or was silent for too long.
    Broken(tcp::Error),
}

impl fmt::Display for TcpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoneFree => f.write_str("all sockets are in use"),
            Self::NoIpv4 => f.write_str("not an IPv4 address"),
            Self::Accept(error) => write!(f, "accept: {error:?}"),
            Self::Connect(error) => write!(f, "connect: {error:?}"),
            Self::Gone => f.write_str("the peer is gone"),
            Self::Broken(error) => write!(f, "connection: {error:?}"),
        }
    }
}

impl core::error::Error for TcpError {}

impl embedded_io_async::Error for TcpError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoneFree => ErrorKind::OutOfMemory,
            Self::NoIpv4 => ErrorKind::InvalidInput,
            Self::Accept(_) | Self::Gone => ErrorKind::NotConnected,
            Self::Connect(_) => ErrorKind::ConnectionRefused,
            Self::Broken(_) => ErrorKind::ConnectionReset,
        }
    }
}

/// That address in the words of the stack; none: it is not one of IPv4.
pub(crate) fn endpoint(address: SocketAddr) -> Option<IpEndpoint> {
    match address {
        SocketAddr::V4(v4) => Some(IpEndpoint::from((*v4.ip(), v4.port()))),
        SocketAddr::V6(_) => None,
    }
}

/// That address in the words of everybody else.
pub(crate) fn address(endpoint: IpEndpoint) -> SocketAddr {
    SocketAddr::new(endpoint.addr.into(), endpoint.port)
}
