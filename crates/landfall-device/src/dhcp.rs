//! DHCP (RFC 2131) for those who joined the access point: an address, and us as router and name server.
//!
//! The access point is the only server of its network, so it answers for every address: what it
//! cannot lend it refuses at once (NAK), and a phone that comes back from elsewhere starts over
//! without waiting.
//!
//! The wire format is smoltcp's, which the chip's network stack brings along. Why not edge-dhcp: its
//! codec refuses a packet whose host name is not UTF-8, stumbles over padding between options, looks for
//! the broadcast flag in the wrong bit, and puts a lease time into refusals; its server lends no
//! address anew once its table is full, unless the range is no larger than the table.

mod leases;

use core::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use edge_nal::{UdpReceive, UdpSend};
use landfall_core::net::{Ipv4Net, Mac};
use landfall_core::time::Instant;
use smoltcp::wire::{
    DhcpFlags, DhcpMessageType, DhcpOpCode, DhcpOption, DhcpPacket, DhcpRepr, EthernetAddress,
};

use crate::datagram::{self, Answer};
use leases::Leases;

pub use leases::{LEASE_SECS, LEASES_MAX};

/// The port of a server.
pub const SERVER_PORT: u16 = 67;
/// The port of a client.
pub const CLIENT_PORT: u16 = 68;
/// Longest packet taken, in bytes: what a server has to take is 576 less the headers; phones
/// send a little over 300.
pub const PACKET_MAX: usize = 1024;
/// Length of a reply, in bytes: the least that the oldest clients take (RFC 1542 §2.1), which holds
/// all that is ever said but the longest client identifiers.
pub const REPLY_LEN: usize = 300;
/// Longest reply, in bytes: with the longest client identifier.
pub const REPLY_MAX: usize = 300 + CLIENT_ID_MAX;

/// Longest client identifier that is echoed, in bytes.
const CLIENT_ID_MAX: usize = 64;

/// Codes of the options that are looked at (RFC 2132).
mod option {
    pub(super) const REQUESTED_IP: u8 = 50;
    pub(super) const MESSAGE_TYPE: u8 = 53;
    pub(super) const SERVER_IDENTIFIER: u8 = 54;
    pub(super) const CLIENT_IDENTIFIER: u8 = 61;
}

const MAGIC_COOKIE: u32 = 0x6382_5363;
const ETHERNET_LEN: u8 = 6;

/// The server of one access point.
#[derive(Clone, Debug)]
pub struct Server {
    leases: Leases,
    /// What was lent last, until somebody asks.
    lent: Option<(Mac, Ipv4Addr)>,
}

/// What a client says.
struct Request<'a> {
    kind: DhcpMessageType,
    transaction_id: u32,
    mac: Mac,
    /// The address it uses now; unspecified: none.
    client_ip: Ipv4Addr,
    broadcast: bool,
    requested_ip: Option<Ipv4Addr>,
    server: Option<Ipv4Addr>,
    client_id: Option<&'a [u8]>,
}

/// What it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Offer(Ipv4Addr),
    Ack(Ipv4Addr),
    /// What we are, for one that has an address already.
    Inform,
    Nak,
}

impl Server {
    /// The server of the access point with that address; lends the addresses of its network from the
    /// second host on, [`LEASES_MAX`] at most.
    pub fn new(ap: Ipv4Net) -> Self {
        Self {
            leases: Leases::new(ap),
            lent: None,
        }
    }

    /// Who was lent which address by the packet before, if it asked for one.
    pub fn take_lent(&mut self) -> Option<(Mac, Ipv4Addr)> {
        self.lent.take()
    }

    /// The access point's address and network.
    pub fn net(&self) -> Ipv4Net {
        self.leases.net()
    }

    /// Takes one packet; writes the reply, of at most [`REPLY_MAX`] bytes, to the front of `out` and
    /// says who gets it. None: it is no request, or deserves no reply, or `out` is too short.
    pub fn handle(&mut self, packet: &[u8], now: Instant, out: &mut [u8]) -> Option<Answer> {
        let packet = DhcpPacket::new_checked(packet).ok()?;
        let request = Request::parse(&packet)?;
        let now_s = u32::try_from(now.as_ms() / 1000).unwrap_or(u32::MAX);
        let verdict = self.judge(&request, now_s)?;
        let len = self.compose(&request, verdict, out)?;
        let to = match verdict {
            Verdict::Nak => Ipv4Addr::BROADCAST,
            Verdict::Offer(_) | Verdict::Ack(_) | Verdict::Inform
                if request.client_ip.is_unspecified() || request.broadcast =>
            {
                Ipv4Addr::BROADCAST
            }
            Verdict::Offer(_) | Verdict::Ack(_) | Verdict::Inform => request.client_ip,
        };
        let to = SocketAddr::V4(SocketAddrV4::new(to, CLIENT_PORT));
        Some(Answer { len, to })
    }

    fn judge(&mut self, request: &Request<'_>, now_s: u32) -> Option<Verdict> {
        let Request {
            mac,
            client_ip,
            requested_ip,
            ..
        } = *request;
        let ours = request
            .server
            .is_none_or(|server| server == self.net().addr);
        match request.kind {
            DhcpMessageType::Discover => self
                .leases
                .offer(mac, requested_ip, now_s)
                .map(Verdict::Offer),
            // It took another server's offer.
            DhcpMessageType::Request if !ours => {
                self.leases.release(mac, now_s);
                None
            }
            DhcpMessageType::Request => {
                let in_use = (!client_ip.is_unspecified()).then_some(client_ip);
                let addr = requested_ip.or(in_use)?;
                Some(if self.leases.lend(mac, addr, now_s) {
                    self.lent = Some((mac, addr));
                    Verdict::Ack(addr)
                } else {
                    Verdict::Nak
                })
            }
            DhcpMessageType::Decline if ours => {
                self.leases.decline(mac, requested_ip?, now_s);
                None
            }
            DhcpMessageType::Release if ours => {
                self.leases.release(mac, now_s);
                None
            }
            DhcpMessageType::Inform if self.net().contains(client_ip) => Some(Verdict::Inform),
            DhcpMessageType::Decline
            | DhcpMessageType::Release
            | DhcpMessageType::Inform
            | DhcpMessageType::Offer
            | DhcpMessageType::Ack
            | DhcpMessageType::Nak
            | DhcpMessageType::Unknown(_) => None,
        }
    }

    fn compose(&self, request: &Request<'_>, verdict: Verdict, out: &mut [u8]) -> Option<usize> {
        let net = self.net();
        let unspecified = Ipv4Addr::UNSPECIFIED;
        let (message_type, your_ip, lent) = match verdict {
            Verdict::Offer(addr) => (DhcpMessageType::Offer, addr, true),
            Verdict::Ack(addr) => (DhcpMessageType::Ack, addr, true),
            Verdict::Inform => (DhcpMessageType::Ack, unspecified, false),
            Verdict::Nak => (DhcpMessageType::Nak, unspecified, false),
        };
        let told = verdict != Verdict::Nak;
        let client_id = request.client_id.map(|data| DhcpOption {
            kind: option::CLIENT_IDENTIFIER,
            data,
        });
        let reply = DhcpRepr {
            message_type,
            transaction_id: request.transaction_id,
            secs: 0,
            client_hardware_address: EthernetAddress(request.mac.0),
            client_ip: if told && message_type == DhcpMessageType::Ack {
                request.client_ip
            } else {
                unspecified
            },
            your_ip,
            server_ip: unspecified,
            router: told.then_some(net.addr),
            subnet_mask: told.then(|| Ipv4Addr::from_bits(net.mask())),
            relay_agent_ip: unspecified,
            broadcast: request.broadcast || !told,
            requested_ip: None,
            client_identifier: None,
            server_identifier: Some(net.addr),
            parameter_request_list: None,
            dns_servers: told.then(|| [net.addr].into_iter().collect()),
            max_size: None,
            lease_duration: lent.then_some(LEASE_SECS),
            renew_duration: None,
            rebind_duration: None,
            additional_options: client_id.as_slice(),
        };
        let len = reply.buffer_len().max(REPLY_LEN);
        let out = out.get_mut(..len)?;
        out.fill(0);
        reply.emit(&mut DhcpPacket::new_unchecked(out)).ok()?;
        Some(len)
    }
}

impl<'a> Request<'a> {
    /// What the packet says. None: it is no request of an Ethernet client on our own link.
    fn parse(packet: &'a DhcpPacket<&[u8]>) -> Option<Self> {
        let mac = packet.client_hardware_address();
        let sound = packet.opcode() == DhcpOpCode::Request
            && packet.hardware_len() == ETHERNET_LEN
            && packet.magic_number() == MAGIC_COOKIE
            && packet.relay_agent_ip().is_unspecified()
            && mac.is_unicast()
            && mac != EthernetAddress::default();
        if !sound {
            return None;
        }
        let mut request = Self {
            kind: DhcpMessageType::Unknown(0),
            transaction_id: packet.transaction_id(),
            mac: Mac(mac.0),
            client_ip: packet.client_ip(),
            broadcast: packet.flags().contains(DhcpFlags::BROADCAST),
            requested_ip: None,
            server: None,
            client_id: None,
        };
        for DhcpOption { kind, data } in packet.options() {
            match (kind, data) {
                (option::MESSAGE_TYPE, [kind]) => request.kind = DhcpMessageType::from(*kind),
                (option::REQUESTED_IP, data) => request.requested_ip = address(data),
                (option::SERVER_IDENTIFIER, data) => request.server = address(data),
                (option::CLIENT_IDENTIFIER, data) if data.len() <= CLIENT_ID_MAX => {
                    request.client_id = Some(data);
                }
                _ => {}
            }
        }
        Some(request)
    }
}

/// Four bytes as an address; none: they are not four.
fn address(data: &[u8]) -> Option<Ipv4Addr> {
    <[u8; 4]>::try_from(data).ok().map(Ipv4Addr::from)
}

/// Serves on a socket bound to [`SERVER_PORT`] that may broadcast, until it is dead; gives its last
/// error. The leases outlive it in `server`; `lent` is told of each.
pub async fn run<S: UdpReceive + UdpSend>(
    socket: &mut S,
    server: &mut Server,
    mut now: impl FnMut() -> Instant,
    mut lent: impl FnMut(Mac, Ipv4Addr),
) -> S::Error {
    let mut rx = [0; PACKET_MAX];
    let mut tx = [0; REPLY_MAX];
    datagram::serve(socket, &mut rx, &mut tx, |packet, _from, out| {
        let answer = server.handle(packet, now(), out);
        if let Some((mac, address)) = server.take_lent() {
            lent(mac, address);
        }
        answer
    })
    .await
}

#[cfg(test)]
mod tests;
