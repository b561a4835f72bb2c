//! Multicast DNS (RFC 6762): answers for `<hostname>.local`, on each side with the address of that side.
//!
//! A name made of the hardware address is taken to be ours alone: nobody is asked first (§8.1), and
//! [`announcement`] tells everyone. Queries of other resolvers ("legacy", §6.7) are answered to
//! them alone.
//!
//! Why not edge-mdns, which stands on the same `domain` library: it answers every type of a name with
//! all records of it, never says that a record does not exist (so that resolvers wait for an IPv6
//! address), does not flush old addresses out of caches, and its loop ends at the first answer
//! that does not fit.

use core::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use domain::base::iana::{Class, Opcode, Rcode};
use domain::base::message_builder::PushError;
use domain::base::name::Name;
use domain::base::{
    Message, MessageBuilder, RecordSectionBuilder, Rtype, StaticCompressor, ToName, Ttl,
};
use domain::dep::octseq::Array;
use domain::rdata::A;
use domain::rdata::Nsec;
use domain::rdata::dnssec::RtypeBitmap;
use edge_nal::{MulticastV4, UdpReceive, UdpSend};
use landfall_core::net::{HOSTNAME_MAX, Hostname, Ipv4Net};

use crate::datagram::{self, Answer};

/// The port of everybody who speaks it.
pub const PORT: u16 = 5353;
/// The group that queries and answers go to.
pub const GROUP: SocketAddr =
    SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::new(224, 0, 0, 251), PORT));
/// Longest query taken, in bytes: an Ethernet frame's worth.
pub const QUERY_MAX: usize = 1472;
/// Longest reply, in bytes: header, question, address and what does not exist.
pub const REPLY_MAX: usize = 12 + (NAME_MAX + 4) + (NAME_MAX + 14) + (2 * NAME_MAX + 13);
/// Longest name of ours on the wire.
const NAME_MAX: usize = 1 + HOSTNAME_MAX + LOCAL.len();
/// The end of our name on the wire.
const LOCAL: &[u8] = b"\x05local\0";
/// Questions of one query that are looked at.
const QUESTIONS_MAX: usize = 32;
/// Answers known to the asker that are looked at.
const KNOWN_ANSWERS_MAX: usize = 64;
/// How long our address may be kept (§10).
const TTL_SECS: u32 = 120;
/// How long those may keep it who do not hear us take it back (§6.7).
const LEGACY_TTL_SECS: u32 = 10;
/// In a question: "answer to me alone" (§5.4). In a record: "forget what you had of it" (§10.2).
const TOP_BIT: u16 = 0x8000;
/// The types of record our name has, as a bitmap of NSEC: A alone.
const ONLY_A: [u8; 3] = [0, 1, 0x40];

/// Who answers, on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name, without `.local`.
    pub hostname: Hostname,
    /// Our address on that side, and the network whose queries are answered (§11).
    pub net: Ipv4Net,
}

/// What a query wants of us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wanted {
    /// The address.
    address: bool,
    /// Something we have not.
    other: bool,
    /// Nobody asks for an answer to the group.
    unicast: bool,
}

/// Writes the answer to `query`, as it came `from` there, to the front of `out`, and says who gets
/// it. None: it is not for us, not well-formed, not from our network, or knows the answer already.
/// An answer has at most [`REPLY_MAX`] bytes; a shorter `out` may be too short for it.
pub fn reply(host: &Host, query: &[u8], from: SocketAddr, out: &mut [u8]) -> Option<Answer> {
    let IpAddr::V4(asker) = from.ip() else {
        return None;
    };
    let query = Message::from_slice(query).ok()?;
    let header = query.header();
    let is_query =
        !header.qr() && header.opcode() == Opcode::QUERY && header.rcode() == Rcode::NOERROR;
    if !is_query || !host.net.contains(asker) {
        return None;
    }
    let name = WireName::of(&host.hostname);
    let legacy = from.port() != PORT;
    let mut wanted = wanted(query, &name)?;
    if !legacy && wanted.address && knows(query, &name, host.net.addr) {
        wanted.address = false;
    }
    if !wanted.address && !wanted.other {
        return None;
    }
    let message = if legacy {
        compose_legacy(query, &name, wanted, host.net.addr)
    } else {
        compose(&name, wanted, host.net.addr)
    };
    let len = put(message.ok()?.as_slice(), out)?;
    let to = if legacy || wanted.unicast {
        from
    } else {
        GROUP
    };
    Some(Answer { len, to })
}

/// Writes what tells everyone our name and address to the front of `out`. To be sent when the
/// interface has its address, and once more a second later (§8.3).
pub fn announcement(host: &Host, out: &mut [u8]) -> Option<Answer> {
    let wanted = Wanted {
        address: true,
        ..Wanted::default()
    };
    let message = compose(&WireName::of(&host.hostname), wanted, host.net.addr).ok()?;
    put(message.as_slice(), out).map(|len| Answer { len, to: GROUP })
}

/// Joins the group on that side, announces the host, and answers until the socket is dead; gives its
/// last error. The socket is bound to [`PORT`].
pub async fn run<S: UdpReceive + UdpSend + MulticastV4>(socket: &mut S, host: &Host) -> S::Error {
    let IpAddr::V4(group) = GROUP.ip() else {
        unreachable!("the group is an IPv4 one")
    };
    if let Err(error) = socket.join_v4(group, host.net.addr).await {
        return error;
    }
    let mut rx = [0; QUERY_MAX];
    let mut tx = [0; REPLY_MAX];
    if let Some(Answer { len, to }) = announcement(host, &mut tx) {
        // Whoever missed it asks.
        let _ = socket.send(to, &tx[..len]).await;
    }
    datagram::serve(socket, &mut rx, &mut tx, |query, from, out| {
        reply(host, query, from, out)
    })
    .await
}

/// Our name in wire format.
struct WireName {
    len: usize,
    bytes: [u8; NAME_MAX],
}

impl WireName {
    fn of(hostname: &Hostname) -> Self {
        let label = hostname.as_str().as_bytes();
        let len = 1 + label.len() + LOCAL.len();
        let mut bytes = [0; NAME_MAX];
        bytes[0] = label.len() as u8;
        bytes[1..=label.len()].copy_from_slice(label);
        bytes[1 + label.len()..len].copy_from_slice(LOCAL);
        Self { len, bytes }
    }

    fn name(&self) -> &Name<[u8]> {
        // A host name is one label of 1 to 32 bytes, so this is always a name; the root stands
        // for what cannot be.
        Name::from_slice(&self.bytes[..self.len]).unwrap_or_else(|_| Name::root_slice())
    }
}

/// What the questions want of us; none where one of them is broken.
fn wanted(query: &Message<[u8]>, name: &WireName) -> Option<Wanted> {
    let mut wanted = Wanted {
        unicast: true,
        ..Wanted::default()
    };
    for question in query.question().take(QUESTIONS_MAX) {
        let question = question.ok()?;
        let class = question.qclass().to_int();
        let in_class = matches!(Class::from_int(class & !TOP_BIT), Class::IN | Class::ANY);
        if !in_class || !question.qname().name_eq(name.name()) {
            continue;
        }
        if matches!(question.qtype(), Rtype::A | Rtype::ANY) {
            wanted.address = true;
        } else {
            wanted.other = true;
        }
        wanted.unicast &= class & TOP_BIT != 0;
    }
    Some(wanted)
}

/// Whether the asker knows our address, for half its time at least (§7.1).
fn knows(query: &Message<[u8]>, name: &WireName, addr: Ipv4Addr) -> bool {
    let Ok(answers) = query.answer() else {
        return false;
    };
    answers
        .limit_to::<A>()
        .take(KNOWN_ANSWERS_MAX)
        .map_while(Result::ok)
        .any(|known| {
            known.owner().name_eq(name.name())
                && known.data().addr().octets() == addr.octets()
                && known.ttl().as_secs() >= TTL_SECS / 2
        })
}

type Reply = StaticCompressor<Array<REPLY_MAX>>;

fn begin(id: u16) -> Result<MessageBuilder<Reply>, PushError> {
    let mut message =
        MessageBuilder::from_target(Reply::new(Array::new())).map_err(|_| PushError::ShortBuf)?;
    let header = message.header_mut();
    header.set_id(id);
    header.set_qr(true);
    header.set_aa(true);
    Ok(message)
}

/// The answer that everybody who speaks multicast DNS understands: the address, and with it or
/// alone that there is nothing else (§6.1).
fn compose(name: &WireName, wanted: Wanted, addr: Ipv4Addr) -> Result<Reply, PushError> {
    let mut message = begin(0)?.answer();
    if wanted.address {
        push_address(&mut message, name, addr, TOP_BIT, TTL_SECS)?;
        let mut message = message.additional();
        push_nothing_else(&mut message, name)?;
        Ok(message.finish())
    } else {
        push_nothing_else(&mut message, name)?;
        Ok(message.finish())
    }
}

/// The answer in the form of plain DNS: with the ID and the first question that is ours.
fn compose_legacy(
    query: &Message<[u8]>,
    name: &WireName,
    wanted: Wanted,
    addr: Ipv4Addr,
) -> Result<Reply, PushError> {
    let mut message = begin(query.header().id())?.question();
    let ours = query
        .question()
        .take(QUESTIONS_MAX)
        .map_while(Result::ok)
        .find(|question| question.qname().name_eq(name.name()));
    if let Some(question) = ours {
        message.push(question)?;
    }
    let mut message = message.answer();
    if wanted.address {
        push_address(&mut message, name, addr, 0, LEGACY_TTL_SECS)?;
    }
    Ok(message.finish())
}

fn push_address(
    section: &mut impl RecordSectionBuilder<Reply>,
    name: &WireName,
    addr: Ipv4Addr,
    flush: u16,
    ttl_secs: u32,
) -> Result<(), PushError> {
    let [a, b, c, d] = addr.octets();
    let class = Class::from_int(Class::IN.to_int() | flush);
    section.push((
        name.name(),
        class,
        Ttl::from_secs(ttl_secs),
        A::from_octets(a, b, c, d),
    ))
}

fn push_nothing_else(
    section: &mut impl RecordSectionBuilder<Reply>,
    name: &WireName,
) -> Result<(), PushError> {
    let class = Class::from_int(Class::IN.to_int() | TOP_BIT);
    let Ok(types) = RtypeBitmap::from_octets(&ONLY_A[..]) else {
        unreachable!("a bitmap of one window and one byte")
    };
    section.push((
        name.name(),
        class,
        Ttl::from_secs(TTL_SECS),
        Nsec::new(name.name(), types),
    ))
}

fn put(bytes: &[u8], out: &mut [u8]) -> Option<usize> {
    out.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(bytes.len())
}

#[cfg(test)]
mod tests;
