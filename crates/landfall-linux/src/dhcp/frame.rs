//! DHCP packets in Ethernet frames.

use std::net::Ipv4Addr;

use landfall_core::net::Mac;
use landfall_device::dhcp::{CLIENT_PORT, SERVER_PORT};
use smoltcp::phy::ChecksumCapabilities;
use smoltcp::wire::{
    EthernetAddress, EthernetFrame, EthernetProtocol, EthernetRepr, IpProtocol, Ipv4Packet,
    Ipv4Repr, UdpPacket, UdpRepr,
};

/// Hops that a packet may take: a relay is the next one.
const HOPS: u8 = 64;

/// Where a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    /// From that address.
    pub(super) from: Ipv4Addr,
    /// To that one.
    pub(super) to: Ipv4Addr,
    /// At that hardware address.
    pub(super) mac: Mac,
}

impl Way {
    /// From nobody to everybody.
    pub(super) const BROADCAST: Self = Self {
        from: Ipv4Addr::UNSPECIFIED,
        to: Ipv4Addr::BROADCAST,
        mac: Mac([0xff; 6]),
    };
}

/// A frame of ours with that packet.
pub(super) fn emit(ours: Mac, way: Way, packet: &[u8]) -> Vec<u8> {
    let udp = UdpRepr {
        src_port: CLIENT_PORT,
        dst_port: SERVER_PORT,
    };
    let ip = Ipv4Repr {
        src_addr: way.from,
        dst_addr: way.to,
        next_header: IpProtocol::Udp,
        payload_len: udp.header_len() + packet.len(),
        hop_limit: HOPS,
    };
    let ethernet = EthernetRepr {
        src_addr: EthernetAddress(ours.0),
        dst_addr: EthernetAddress(way.mac.0),
        ethertype: EthernetProtocol::Ipv4,
    };
    let mut bytes = vec![0; ethernet.buffer_len() + ip.buffer_len() + ip.payload_len];
    let mut frame = EthernetFrame::new_unchecked(&mut bytes);
    ethernet.emit(&mut frame);
    let mut within = Ipv4Packet::new_unchecked(frame.payload_mut());
    let checksums = ChecksumCapabilities::default();
    ip.emit(&mut within, &checksums);
    udp.emit(
        &mut UdpPacket::new_unchecked(within.payload_mut()),
        &way.from.into(),
        &way.to.into(),
        packet.len(),
        |payload| payload.copy_from_slice(packet),
        &checksums,
    );
    bytes
}

/// The packet in a frame, and who sent it; none: it is no answer of a DHCP server.
pub(super) fn parse(bytes: &[u8]) -> Option<(Mac, &[u8])> {
    let frame = EthernetFrame::new_checked(bytes).ok()?;
    if frame.ethertype() != EthernetProtocol::Ipv4 {
        return None;
    }
    let sender = Mac(frame.src_addr().0);
    let ip = Ipv4Packet::new_checked(frame.payload()).ok()?;
    if ip.next_header() != IpProtocol::Udp || !ip.verify_checksum() {
        return None;
    }
    // The radio's own check sum covers the frame; that of UDP is left out or to be filled in by
    // hardware on some paths, as between two interfaces of one machine.
    let udp = UdpPacket::new_checked(ip.payload()).ok()?;
    (udp.src_port() == SERVER_PORT && udp.dst_port() == CLIENT_PORT)
        .then(|| (sender, udp.payload()))
}
