//! Multicast DNS (RFC 6762): answers for `<hostname>.local`, on each side with the address of that side,
//! and tells where the portal is (DNS-SD, RFC 6763), so that browsers of the network list it.
//!
//! A [`Responder`] asks first whether the name is free, announces it twice, and then answers; the
//! [`goodbye`] takes everything back. Queries of other resolvers ("legacy", §6.7) are answered to
//! them alone. The simulator has no network of its own and serves none of this.
//!
//! Why not edge-mdns, which stands on the same `domain` library: it answers every type of a name with
//! all records of it, never says that a record does not exist (so that resolvers wait for an IPv6
//! address), does not flush old addresses out of caches, and its loop ends at the first answer
//! that does not fit.

mod query;
mod records;
mod responder;

use core::convert::Infallible;
use core::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};

use domain::base::iana::{Class, Rcode};
use domain::base::message_builder::PushError;
use domain::base::{Message, Rtype};
use edge_nal::{MulticastV4, UdpReceive, UdpSend};
use embassy_futures::select::{Either3, select3};
use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_core::net::{Hostname, Ipv4Net};

use crate::datagram::{Answer, FAILURES_MAX};
use crate::http::Side;
use crate::runtime::{Clock, Device, Wifi};
use query::{Wanted, is, knows, look, questions};
use records::{Manner, NAME_MAX, Names, Packet, Record, Records, TOP_BIT, begin, push};
pub use responder::Responder;

/// The port of everybody who speaks it.
pub const PORT: u16 = 5353;
/// The group that queries and answers go to.
pub const GROUP: SocketAddr = SocketAddr::V4(SocketAddrV4::new(GROUP_IP, PORT));
const GROUP_IP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
/// Longest query taken, in bytes: an Ethernet frame's worth.
pub const QUERY_MAX: usize = 1472;
/// Longest packet sent, in bytes: header, question, and every record with its names in full.
pub const REPLY_MAX: usize = 12 + 15 * NAME_MAX + 7 * 24;
/// How long those may keep an answer who do not hear us take it back (§6.7).
const LEGACY_TTL_SECS: u32 = 10;

/// Where the portal is.
const PORTAL_PORT: u16 = 80;
/// The station is told its address without the prefix. No network that is one link is larger.
const STATION_PREFIX: u8 = 8;
/// How soon a socket is tried again that could not be had, or died, in milliseconds.
const RETRY_MS: u32 = 5_000;

/// Who answers, on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The name, without `.local`.
    pub hostname: Hostname,
    /// Our address on that side, and the network whose queries are answered (§11).
    pub net: Ipv4Net,
    /// The port of the portal.
    pub port: u16,
}

/// Writes the answer to `query`, as it came `from` there, to the front of `out`, and says who gets
/// it. None: it is not for us, not well-formed, not from our network, or knows the answer already.
/// An answer has at most [`REPLY_MAX`] bytes; a shorter `out` may be too short for it.
#[inline(never)]
pub fn reply(host: &Host, query: &[u8], from: SocketAddr, out: &mut [u8]) -> Option<Answer> {
    let IpAddr::V4(asker) = from.ip() else {
        return None;
    };
    let query = Message::from_slice(query).ok()?;
    if !is(query, false) || !host.net.contains(asker) {
        return None;
    }
    let names = Names::of(&host.hostname);
    let is_legacy = from.port() != PORT;
    let mut wanted = look(query, &names)?;
    if !is_legacy {
        for record in wanted.records.iter() {
            if knows(query, host, &names, record) {
                wanted.records.remove(record);
            }
        }
    }
    if wanted.records.is_empty() {
        return None;
    }
    let packet = if is_legacy {
        compose_legacy(host, &names, query, wanted)
    } else {
        compose(host, &names, wanted.records, Manner::Multicast)
    };
    let len = put(packet.ok()?.as_slice(), out)?;
    let to = if is_legacy || wanted.is_unicast {
        from
    } else {
        GROUP
    };
    Some(Answer { len, to })
}

/// Writes the question whether our names are free to the front of `out`, with what we mean to say
/// of them (§8.1).
pub fn probe(host: &Host, out: &mut [u8]) -> Option<Answer> {
    let packet = compose_probe(host).ok()?;
    put(packet.as_slice(), out).map(|len| Answer { len, to: GROUP })
}

/// Writes what tells everyone who and where we are to the front of `out` (§8.3).
pub fn announcement(host: &Host, out: &mut [u8]) -> Option<Answer> {
    unasked(host, Manner::Multicast, out)
}

/// Writes what takes back everything that we told to the front of `out` (§10.1).
pub fn goodbye(host: &Host, out: &mut [u8]) -> Option<Answer> {
    unasked(host, Manner::Plain(0), out)
}

fn unasked(host: &Host, manner: Manner, out: &mut [u8]) -> Option<Answer> {
    let names = Names::of(&host.hostname);
    let packet = compose(host, &names, Records::ANNOUNCED, manner).ok()?;
    put(packet.as_slice(), out).map(|len| Answer { len, to: GROUP })
}

/// Joins the group on that side and answers there until `stop` ends; then says goodbye. The socket
/// is bound to [`PORT`].
///
/// # Errors
/// The socket's last one, when it is dead.
pub async fn run<S, C>(
    socket: &mut S,
    host: Host,
    clock: &C,
    stop: impl Future<Output = ()>,
) -> Result<(), S::Error>
where
    S: UdpReceive + UdpSend + MulticastV4,
    C: Clock,
{
    socket.join_v4(GROUP_IP, host.net.addr).await?;
    let mut stop = core::pin::pin!(stop);
    let mut responder = Responder::new(host, clock.now());
    let (mut rx, mut tx) = ([0; QUERY_MAX], [0; REPLY_MAX]);
    let mut failures = 0;
    loop {
        let due = async {
            match responder.poll_timeout() {
                Some(due) => clock.sleep_until(due).await,
                None => core::future::pending().await,
            }
        };
        let said = match select3(socket.receive(&mut rx), due, &mut stop).await {
            Either3::First(Ok((len, from))) => {
                failures = 0;
                let packet = rx.get(..len);
                packet.and_then(|packet| responder.handle(packet, from, clock.now(), &mut tx))
            }
            Either3::First(Err(error)) => {
                failures += 1;
                if failures == FAILURES_MAX {
                    return Err(error);
                }
                None
            }
            Either3::Second(()) => responder.handle_timeout(clock.now(), &mut tx),
            Either3::Third(()) => break,
        };
        if let Some(Answer { len, to }) = said {
            // Whoever missed it asks.
            let _ = socket.send(to, &tx[..len]).await;
        }
    }
    if let (true, Some(Answer { len, to })) =
        (responder.is_known(), goodbye(responder.host(), &mut tx))
    {
        // Whoever misses it forgets us in two minutes.
        let _ = socket.send(to, &tx[..len]).await;
    }
    Ok(())
}

/// Serves one side of a device, on and on: while that side is up, by the name that the configuration
/// says. `bind` gives a socket on [`PORT`] of the interface with that address.
pub async fn serve<S, E, C, M>(
    wifi: Wifi<C, M>,
    side: Side,
    bind: impl AsyncFn(Ipv4Addr) -> Result<S, E>,
) -> Infallible
where
    S: UdpReceive + UdpSend + MulticastV4,
    C: Clock,
    M: RawMutex,
{
    let shared = wifi.shared();
    loop {
        let host = shared.wait_for(|device| host_on(device, side)).await;
        let is_other =
            |device: &mut Device| (host_on(device, side).as_ref() != Some(&host)).then_some(());
        let stop = shared.wait_for(is_other);
        let served = match bind(host.net.addr).await {
            Ok(mut socket) => run(&mut socket, host.clone(), shared.clock(), stop)
                .await
                .is_ok(),
            Err(_) => false,
        };
        if !served {
            let clock = shared.clock();
            clock.sleep_until(clock.now().plus_ms(RETRY_MS)).await;
        }
    }
}

/// Who the device is on that side; none while it is down.
fn host_on(device: &Device, side: Side) -> Option<Host> {
    let manager = device.manager();
    let status = manager.status();
    let net = match side {
        // Not always the one configured: a network joined may have that.
        Side::Ap => status.ap_up.then_some(manager.ap_target().address)?,
        Side::Station => Ipv4Net {
            addr: status.station_ip?,
            prefix: STATION_PREFIX,
        },
    };
    let set = device.services.hostname.clone();
    Some(Host {
        hostname: set.unwrap_or_else(|| Hostname::of(status.mac)),
        net,
        port: PORTAL_PORT,
    })
}

// Packets are made on the stack, by functions of their own: what they take is not beneath the device's other tasks then, and
// not twice.

/// What everybody who speaks multicast DNS understands: what was asked, and beside it what is going
/// to be asked next, or is not there.
#[inline(never)]
fn compose(
    host: &Host,
    names: &Names,
    records: Records,
    manner: Manner,
) -> Result<Packet, PushError> {
    let mut message = begin()?;
    message.header_mut().set_qr(true);
    message.header_mut().set_aa(true);
    let mut message = message.answer();
    for record in records.iter() {
        push(&mut message, host, names, record, manner)?;
    }
    let mut message = message.additional();
    if let Manner::Multicast = manner {
        for record in records.additional().iter() {
            push(&mut message, host, names, record, manner)?;
        }
    }
    Ok(message.finish())
}

/// The answer in the form of plain DNS: with the ID and the first question that is ours.
#[inline(never)]
fn compose_legacy(
    host: &Host,
    names: &Names,
    query: &Message<[u8]>,
    wanted: Wanted,
) -> Result<Packet, PushError> {
    let mut message = begin()?;
    let header = message.header_mut();
    header.set_id(query.header().id());
    header.set_qr(true);
    header.set_aa(true);
    header.set_rcode(Rcode::NOERROR);
    let mut message = message.question();
    let ours = |question: &query::Asked<'_>| {
        !records::wanted(names, question.qname(), question.qtype()).is_empty()
    };
    if let Some(question) = questions(query).find(ours) {
        message.push(question)?;
    }
    let mut message = message.answer();
    for record in wanted.records.iter() {
        // That something is not there is said by an empty answer.
        if !matches!(record, Record::NothingElse | Record::NoMore) {
            push(
                &mut message,
                host,
                names,
                record,
                Manner::Plain(LEGACY_TTL_SECS),
            )?;
        }
    }
    Ok(message.finish())
}

#[inline(never)]
fn compose_probe(host: &Host) -> Result<Packet, PushError> {
    let names = Names::of(&host.hostname);
    let mut message = begin()?.question();
    let answer_me_alone = Class::from_int(Class::IN.to_int() | TOP_BIT);
    for name in [names.host(), names.service()] {
        message.push((name, Rtype::ANY, answer_me_alone))?;
    }
    let mut message = message.authority();
    for record in Records::CLAIMED.iter() {
        let manner = Manner::Plain(record.ttl_secs());
        push(&mut message, host, &names, record, manner)?;
    }
    Ok(message.finish())
}

fn put(bytes: &[u8], out: &mut [u8]) -> Option<usize> {
    out.get_mut(..bytes.len())?.copy_from_slice(bytes);
    Some(bytes.len())
}

#[cfg(test)]
mod tests;
