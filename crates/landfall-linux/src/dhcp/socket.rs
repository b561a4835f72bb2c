//! Frames of an interface, as far as they are answers of DHCP servers.

use std::io::{self, Read};
use std::os::fd::AsRawFd;

use async_io::Async;
use landfall_device::dhcp::CLIENT_PORT;
use nix::sys::socket::{AddressFamily, SockFlag, SockProtocol, SockType, bind, socket};
use socket2::{SockFilter, Socket};

/// Bytes of the longest frame taken.
pub(super) const FRAME_MAX: usize = 1600;

/// A packet socket on one interface. Its filter lives in the kernel: other packets wake nobody.
#[derive(Debug)]
pub(super) struct PacketSocket(Async<Socket>);

impl PacketSocket {
    /// Opens it on the interface of that name.
    ///
    /// # Errors
    /// There is no such interface, or this process lacks `CAP_NET_RAW`.
    pub(super) fn open(interface: &str) -> io::Result<Self> {
        let fd = socket(
            AddressFamily::Packet,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::EthAll,
        )?;
        let socket = Socket::from(fd);
        socket.attach_filter(&filter())?;
        let interfaces = nix::ifaddrs::getifaddrs()?;
        let mut addresses = interfaces
            .filter(|entry| entry.interface_name == interface)
            .filter_map(|entry| entry.address?.as_link_addr().copied());
        let address = addresses.next().ok_or(io::ErrorKind::NotFound)?;
        bind(socket.as_raw_fd(), &address)?;
        Ok(Self(Async::new(socket)?))
    }

    /// Sends a frame.
    pub(super) async fn send(&self, frame: &[u8]) -> io::Result<()> {
        let sent = self.0.write_with(|socket| socket.send(frame)).await;
        sent.map(drop)
    }

    /// The next frame, at the front of `buffer`.
    pub(super) async fn receive<'b>(
        &self,
        buffer: &'b mut [u8; FRAME_MAX],
    ) -> io::Result<&'b [u8]> {
        let read = self.0.read_with(|mut socket| socket.read(buffer)).await;
        read.map(|len| &buffer[..len])
    }
}

/// What the kernel asks of a frame (BPF): an IPv4 packet, of UDP, no later piece of one, to the port of
/// clients. Offsets are those of a frame, from its first byte.
fn filter() -> [SockFilter; 11] {
    /// Load two bytes, or one, from there.
    const LOAD_HALF: u16 = 0x28;
    const LOAD_BYTE: u16 = 0x30;
    /// Load the length of the IP header into the index, and two bytes behind it.
    const INDEX_BY_HEADER: u16 = 0xb1;
    const LOAD_HALF_INDEXED: u16 = 0x48;
    /// Jump where it is equal, or where one of these bits is set.
    const IF_EQUAL: u16 = 0x15;
    const IF_SET: u16 = 0x45;
    /// End, with so many bytes of the frame.
    const TAKE: u16 = 0x06;
    let port = u32::from(CLIENT_PORT);
    [
        SockFilter::new(LOAD_HALF, 0, 0, 12),
        SockFilter::new(IF_EQUAL, 0, 8, 0x0800),
        SockFilter::new(LOAD_BYTE, 0, 0, 23),
        SockFilter::new(IF_EQUAL, 0, 6, 17),
        SockFilter::new(LOAD_HALF, 0, 0, 20),
        SockFilter::new(IF_SET, 4, 0, 0x1fff),
        SockFilter::new(INDEX_BY_HEADER, 0, 0, 14),
        SockFilter::new(LOAD_HALF_INDEXED, 0, 0, 16),
        SockFilter::new(IF_EQUAL, 0, 1, port),
        SockFilter::new(TAKE, 0, 0, FRAME_MAX as u32),
        SockFilter::new(TAKE, 0, 0, 0),
    ]
}
