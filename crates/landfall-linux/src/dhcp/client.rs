//! The machine of the client.

use std::net::Ipv4Addr;

use landfall_core::net::{Hostname, Ipv4Net, Mac};
use landfall_core::time::Instant;
use smoltcp::wire::{DhcpMessageType, DhcpOption, DhcpPacket, DhcpRepr, EthernetAddress};

/// The wait for an answer to the first request; each that follows waits twice as long.
const WAIT_MS: u32 = 1_000;
/// The longest wait for an answer.
const WAIT_MAX_MS: u32 = 16_000;
/// Requests for an offered address before another one is looked for.
const REQUESTS_MAX: u8 = 3;
/// The least time between two requests to prolong a lease (RFC 2131 §4.4.5).
const RENEW_WAIT_MS: u32 = 60_000;
/// The shortest lease that is taken at its word, in seconds.
const LEASE_MIN_SECS: u32 = 30;
/// What a lease without a duration lasts, in seconds.
const LEASE_SECS: u32 = 3_600;
/// Name servers that are kept.
const SERVERS_MAX: usize = 3;
/// What is asked for: netmask, router, name servers, domain, broadcast address, lease time, the times of
/// its renewal.
const WANTED: &[u8] = &[1, 3, 6, 15, 28, 51, 58, 59];
/// The option with our name.
const HOSTNAME: u8 = 12;
/// The longest answer that we take, in bytes: a datagram that everybody has to take.
const ANSWER_MAX: u16 = 576;

/// What a server lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The address, and its network.
    pub net: Ipv4Net,
    /// Where packets for elsewhere go.
    pub router: Option<Ipv4Addr>,
    /// Who knows names.
    pub names: Vec<Ipv4Addr>,
    /// Who lent it.
    pub server: Ipv4Addr,
}

/// What became of the lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// There is one, new or prolonged.
    Bound(Lease),
    /// The one there was is none any more.
    Lost,
}

/// A packet to be sent, and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The packet.
    pub packet: Vec<u8>,
    /// From that address to that server; none: to everybody, from nobody.
    pub to: Option<(Ipv4Addr, Ipv4Addr)>,
}

/// ```text
///  Rebooting ──ACK──────────────────────────┐      ┌──────ACK──────┐
///   │ NAK, silence                          ▼      ▼               │
///   └────► Selecting ──OFFER──► Requesting ─ACK─► Bound ──T1──► Renewing
///              ▲  ▲               │ NAK, silence                   │ T2: to everybody
///              │  └───────────────┘                                │
///              └───────────────NAK, end of the lease───────────────┘
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// The address of last time is asked for.
    Rebooting { wish: Ipv4Addr, due: Instant },
    /// Servers are looked for.
    Selecting { tries: u8, due: Instant },
    /// An offer was taken; the server has to say yes.
    Requesting {
        addr: Ipv4Addr,
        server: Ipv4Addr,
        tries: u8,
        due: Instant,
    },
    /// There is a lease. From `renew` on it is to be prolonged, from `rebind` on by any server.
    Bound {
        lease: Lease,
        renew: Instant,
        rebind: Instant,
        end: Instant,
    },
}

/// The client of one link.
#[derive(Clone, Debug)]
pub struct Client {
    mac: Mac,
    hostname: Hostname,
    transaction: u32,
    began: Instant,
    state: State,
}

impl Client {
    /// One that begins now, with the address it had on that network last, if any. `transaction` tells its
    /// packets from those of others: a random number.
    pub fn new(
        mac: Mac,
        hostname: Hostname,
        wish: Option<Ipv4Addr>,
        transaction: u32,
        now: Instant,
    ) -> Self {
        let state = match wish {
            Some(wish) => State::Rebooting { wish, due: now },
            None => State::Selecting { tries: 0, due: now },
        };
        Self {
            mac,
            hostname,
            transaction,
            began: now,
            state,
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    pub fn poll_timeout(&self) -> Instant {
        match &self.state {
            State::Rebooting { due, .. }
            | State::Selecting { due, .. }
            | State::Requesting { due, .. } => *due,
            State::Bound { renew, end, .. } => (*renew).min(*end),
        }
    }

    /// Does what is due: news, and a packet to be sent.
    pub fn handle_timeout(&mut self, now: Instant) -> (Option<News>, Option<Sent>) {
        if now < self.poll_timeout() {
            return (None, None);
        }
        match self.state.clone() {
            State::Rebooting { wish, .. } => {
                // Asked once: who does not know the address says nothing.
                self.select(now.plus_ms(WAIT_MS));
                (None, Some(self.request(Some(wish), None, now)))
            }
            State::Selecting { tries, .. } => {
                let due = now.plus_ms(wait_ms(tries));
                let tries = tries.saturating_add(1);
                self.state = State::Selecting { tries, due };
                (
                    None,
                    Some(self.say(DhcpMessageType::Discover, None, None, None, now)),
                )
            }
            State::Requesting { tries, .. } if tries == REQUESTS_MAX => {
                self.select(now);
                self.handle_timeout(now)
            }
            State::Requesting {
                addr,
                server,
                tries,
                ..
            } => {
                let due = now.plus_ms(wait_ms(tries));
                let tries = tries + 1;
                self.state = State::Requesting {
                    addr,
                    server,
                    tries,
                    due,
                };
                (None, Some(self.request(Some(addr), Some(server), now)))
            }
            State::Bound { end, .. } if now >= end => {
                self.began = now;
                self.select(now);
                let (_, sent) = self.handle_timeout(now);
                (Some(News::Lost), sent)
            }
            State::Bound { lease, rebind, .. } => (None, Some(self.renew(&lease, rebind, now))),
        }
    }

    /// Takes a packet as a server sent it.
    pub fn handle(&mut self, packet: &[u8], now: Instant) -> Option<News> {
        let packet = DhcpPacket::new_checked(packet).ok()?;
        let said = DhcpRepr::parse(&packet).ok()?;
        let is_ours = said.transaction_id == self.transaction
            && said.client_hardware_address == EthernetAddress(self.mac.0);
        let server = said.server_identifier.filter(|_| is_ours)?;
        match (said.message_type, &self.state) {
            (DhcpMessageType::Offer, State::Selecting { .. }) if is_host(said.your_ip) => {
                self.state = State::Requesting {
                    addr: said.your_ip,
                    server,
                    tries: 0,
                    due: now,
                };
                None
            }
            // The answer to a first request may come while servers are looked for already.
            (DhcpMessageType::Ack, State::Selecting { .. } | State::Bound { .. }) => {
                self.bind(&said, server, now)
            }
            (DhcpMessageType::Ack, State::Requesting { server: asked, .. }) if server == *asked => {
                self.bind(&said, server, now)
            }
            (DhcpMessageType::Nak, State::Bound { .. }) => {
                self.select(now);
                Some(News::Lost)
            }
            (DhcpMessageType::Nak, State::Selecting { .. } | State::Requesting { .. }) => {
                self.select(now);
                None
            }
            _ => None,
        }
    }

    fn select(&mut self, due: Instant) {
        self.state = State::Selecting { tries: 0, due };
    }

    fn bind(&mut self, said: &DhcpRepr<'_>, server: Ipv4Addr, now: Instant) -> Option<News> {
        let mask = said
            .subnet_mask
            .map_or(24, |mask| mask.to_bits().leading_ones());
        if !is_host(said.your_ip) {
            return None;
        }
        let lease = Lease {
            net: Ipv4Net {
                addr: said.your_ip,
                // At most 32 bits.
                prefix: mask as u8,
            },
            router: said.router.filter(|router| is_host(*router)),
            names: said
                .dns_servers
                .iter()
                .flatten()
                .copied()
                .filter(|name| is_host(*name))
                .take(SERVERS_MAX)
                .collect(),
            server,
        };
        let secs = said
            .lease_duration
            .unwrap_or(LEASE_SECS)
            .max(LEASE_MIN_SECS);
        let renew = said.renew_duration.filter(|t1| *t1 < secs);
        let rebind = said.rebind_duration.filter(|t2| *t2 < secs);
        self.state = State::Bound {
            lease: lease.clone(),
            renew: after_secs(now, renew.unwrap_or(secs / 2)),
            rebind: after_secs(now, rebind.unwrap_or(secs / 8 * 7)),
            end: after_secs(now, secs),
        };
        Some(News::Bound(lease))
    }

    /// Asks for more time: who lent the address, and near its end everybody.
    fn renew(&mut self, lease: &Lease, rebind_from: Instant, now: Instant) -> Sent {
        let to = (now < rebind_from).then_some((lease.net.addr, lease.server));
        if let State::Bound {
            renew, rebind, end, ..
        } = &mut self.state
        {
            let until = if now < *rebind { *rebind } else { *end };
            let half = until.ms_since(now) / 2;
            let wait_ms = u32::try_from(half).unwrap_or(u32::MAX).max(RENEW_WAIT_MS);
            *renew = now.plus_ms(wait_ms);
        }
        let in_use = Some(lease.net.addr);
        self.say(DhcpMessageType::Request, in_use, None, None, now)
            .to(to)
    }

    fn request(&self, wish: Option<Ipv4Addr>, server: Option<Ipv4Addr>, now: Instant) -> Sent {
        self.say(DhcpMessageType::Request, None, wish, server, now)
    }

    fn say(
        &self,
        message_type: DhcpMessageType,
        in_use: Option<Ipv4Addr>,
        requested_ip: Option<Ipv4Addr>,
        server_identifier: Option<Ipv4Addr>,
        now: Instant,
    ) -> Sent {
        let unspecified = Ipv4Addr::UNSPECIFIED;
        let mac = EthernetAddress(self.mac.0);
        let secs = now.ms_since(self.began) / 1000;
        let said = DhcpRepr {
            message_type,
            transaction_id: self.transaction,
            secs: u16::try_from(secs).unwrap_or(u16::MAX),
            client_hardware_address: mac,
            client_ip: in_use.unwrap_or(unspecified),
            your_ip: unspecified,
            server_ip: unspecified,
            router: None,
            subnet_mask: None,
            relay_agent_ip: unspecified,
            // Servers answer to the address, at the hardware address; the packet socket hears both.
            broadcast: false,
            requested_ip,
            client_identifier: Some(mac),
            server_identifier,
            parameter_request_list: Some(WANTED),
            dns_servers: None,
            max_size: Some(ANSWER_MAX),
            lease_duration: None,
            renew_duration: None,
            rebind_duration: None,
            additional_options: &[DhcpOption {
                kind: HOSTNAME,
                data: self.hostname.as_str().as_bytes(),
            }],
        };
        let mut packet = vec![0; said.buffer_len()];
        // The buffer is as long as it says.
        let _ = said.emit(&mut DhcpPacket::new_unchecked(&mut packet));
        Sent { packet, to: None }
    }
}

impl Sent {
    fn to(self, to: Option<(Ipv4Addr, Ipv4Addr)>) -> Self {
        Self { to, ..self }
    }
}

/// How long an answer is waited for after so many tries.
fn wait_ms(tries: u8) -> u32 {
    (WAIT_MS << tries.min(8)).min(WAIT_MAX_MS)
}

fn after_secs(now: Instant, secs: u32) -> Instant {
    Instant::from_ms(now.as_ms().saturating_add(u64::from(secs) * 1000))
}

/// Whether that can be somebody's address.
fn is_host(addr: Ipv4Addr) -> bool {
    !addr.is_unspecified() && !addr.is_broadcast() && !addr.is_multicast() && !addr.is_loopback()
}
