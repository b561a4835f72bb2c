//! UDP sockets: one for each server, with buffers for as long as the device runs.

use core::cell::{RefCell, RefMut};
use core::fmt;
use core::mem::MaybeUninit;
use core::net::{Ipv4Addr, SocketAddr};

use edge_nal::{MulticastV4, UdpReceive, UdpSend};
use embassy_net::udp::{BindError, PacketMetadata, RecvError, SendError, UdpSocket};
use embassy_net::{IpAddress, MulticastError, Stack};
use embedded_io_async::{ErrorKind, ErrorType};

use crate::tcp::{address, endpoint};

/// Datagrams that wait in one direction.
const PACKETS: usize = 4;
/// Bytes of them: a whole Ethernet frame's worth.
pub const BUFFER_LEN: usize = 1472;
/// The hops that a packet of multicast DNS may take (RFC 6762 §11).
const MULTICAST_HOPS: u8 = 255;

/// Room for one socket: make it a `static`. It holds `RX` bytes of datagrams that come, and `TX` of those
/// that go: each at least one whole one. What is in it before a socket is made of it is all zeros, so that
/// a program does not carry it in its flash.
#[derive(Debug)]
pub struct Room<const RX: usize = BUFFER_LEN, const TX: usize = BUFFER_LEN> {
    rx_meta: MaybeUninit<[PacketMetadata; PACKETS]>,
    rx: [u8; RX],
    tx_meta: MaybeUninit<[PacketMetadata; PACKETS]>,
    tx: [u8; TX],
}

impl<const RX: usize, const TX: usize> Room<RX, TX> {
    /// Empty.
    pub const fn new() -> Self {
        Self {
            rx_meta: MaybeUninit::uninit(),
            rx: [0; RX],
            tx_meta: MaybeUninit::uninit(),
            tx: [0; TX],
        }
    }
}

impl<const RX: usize, const TX: usize> Default for Room<RX, TX> {
    fn default() -> Self {
        Self::new()
    }
}

/// A socket of a stack, which counts against those that its resources were made for.
pub struct Socket<'d> {
    stack: Stack<'d>,
    socket: RefCell<UdpSocket<'d>>,
}

impl<'d> Socket<'d> {
    /// Closed.
    pub fn new<const RX: usize, const TX: usize>(
        stack: Stack<'d>,
        room: &'d mut Room<RX, TX>,
    ) -> Self {
        let Room {
            rx_meta,
            rx,
            tx_meta,
            tx,
        } = room;
        let rx_meta = rx_meta.write([PacketMetadata::EMPTY; PACKETS]);
        let tx_meta = tx_meta.write([PacketMetadata::EMPTY; PACKETS]);
        let socket = UdpSocket::new(stack, rx_meta, rx, tx_meta, tx);
        Self {
            stack,
            socket: RefCell::new(socket),
        }
    }

    /// Opens it at that port, on all addresses of its stack.
    ///
    /// # Errors
    /// It is open, or the port is 0.
    pub fn bind(&self, port: u16) -> Result<Datagrams<'_, 'd>, UdpError> {
        let mut socket = self.socket.try_borrow_mut().map_err(|_| UdpError::InUse)?;
        socket.bind(port).map_err(UdpError::Bind)?;
        let stack = self.stack;
        Ok(Datagrams { stack, socket })
    }
}

/// A socket that is open; dropped, it is closed, and what it had received is gone.
pub struct Datagrams<'s, 'd> {
    stack: Stack<'d>,
    socket: RefMut<'s, UdpSocket<'d>>,
}

impl Drop for Datagrams<'_, '_> {
    fn drop(&mut self) {
        self.socket.close();
    }
}

impl ErrorType for Datagrams<'_, '_> {
    type Error = UdpError;
}

impl UdpReceive for Datagrams<'_, '_> {
    async fn receive(&mut self, buffer: &mut [u8]) -> Result<(usize, SocketAddr), UdpError> {
        let received = self.socket.recv_from(buffer).await;
        let (len, meta) = received.map_err(UdpError::Receive)?;
        Ok((len, address(meta.endpoint)))
    }
}

impl UdpSend for Datagrams<'_, '_> {
    async fn send(&mut self, to: SocketAddr, data: &[u8]) -> Result<(), UdpError> {
        let to = endpoint(to).ok_or(UdpError::NoIpv4)?;
        let sent = self.socket.send_to(data, to).await;
        sent.map_err(UdpError::Send)
    }
}

impl MulticastV4 for Datagrams<'_, '_> {
    /// The stack has one interface; which one is asked for is not looked at.
    async fn join_v4(&mut self, group: Ipv4Addr, _: Ipv4Addr) -> Result<(), UdpError> {
        self.socket.set_hop_limit(Some(MULTICAST_HOPS));
        let joined = self.stack.join_multicast_group(group_address(group));
        joined.map_err(UdpError::Multicast)
    }

    async fn leave_v4(&mut self, group: Ipv4Addr, _: Ipv4Addr) -> Result<(), UdpError> {
        let left = self.stack.leave_multicast_group(group_address(group));
        left.map_err(UdpError::Multicast)
    }
}

fn group_address(group: Ipv4Addr) -> IpAddress {
    group.into()
}

/// Why a datagram did not come or go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UdpError {
    /// The socket is open already.
    InUse,
    /// The port cannot be had.
    Bind(BindError),
    /// It was longer than the buffer.
    Receive(RecvError),
    /// It was not sent.
    Send(SendError),
    /// The stack has no place for another group.
    Multicast(MulticastError),
    /// The stack speaks IPv4 alone.
    NoIpv4,
}

impl fmt::Display for UdpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse => f.write_str("the socket is open already"),
            Self::Bind(error) => write!(f, "bind: {error:?}"),
            Self::Receive(error) => write!(f, "receive: {error:?}"),
            Self::Send(error) => write!(f, "send: {error:?}"),
            Self::Multicast(error) => write!(f, "multicast: {error:?}"),
            Self::NoIpv4 => f.write_str("not an IPv4 address"),
        }
    }
}

impl core::error::Error for UdpError {}

impl embedded_io_async::Error for UdpError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::InUse | Self::Bind(_) | Self::NoIpv4 => ErrorKind::InvalidInput,
            Self::Receive(_) => ErrorKind::InvalidData,
            Self::Send(_) => ErrorKind::NotConnected,
            Self::Multicast(_) => ErrorKind::OutOfMemory,
        }
    }
}
