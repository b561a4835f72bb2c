//! Who answers on one side, from the first question whether the name is free to the goodbye.
//!
//! ```text
//!            three questions, no answer           two announcements
//!  Probing ─────────────────────────► Announcing ────────────────► Settled
//!     ▲  somebody has the name: a minute later      │                 │
//!     └─────────────────────────────────────────────┴─────────────────┘
//! ```

use core::net::{IpAddr, SocketAddr};

use domain::base::Message;
use landfall_core::time::Instant;

use super::query::{contests, goes_before, is};
use super::records::Names;
use super::{Host, announcement, probe, reply};
use crate::datagram::Answer;

/// Questions whether the name is free (RFC 6762 §8.1).
const PROBES: u8 = 3;
/// From one to the next, and to the first announcement, in milliseconds.
const PROBE_MS: u32 = 250;
/// Announcements (§8.3).
const ANNOUNCEMENTS: u8 = 2;
/// From one to the next, in milliseconds.
const ANNOUNCE_MS: u32 = 1_000;
/// The wait of who asked at the same time as another, and has to let that go first (§8.2).
const YIELD_MS: u32 = 1_000;
/// The wait where the name is somebody else's. It is ours to keep: the portal answers to no other.
/// So we stay silent, and see later whether it has become free.
const TAKEN_MS: u32 = 60_000;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responder {
    host: Host,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many questions are asked; the next thing is due then.
    Probing(u8, Instant),
    /// So many announcements are made; the next is due then.
    Announcing(u8, Instant),
    /// Everybody knows.
    Settled,
}

impl Responder {
    /// One for that host, which begins now, or a little later: devices that got their power at the
    /// same moment do not all ask at once.
    pub fn new(host: Host, now: Instant) -> Self {
        let [.., last] = host.net.addr.octets();
        let state = State::Probing(0, now.plus_ms(u32::from(last) * 37 % PROBE_MS));
        Self { host, state }
    }

    /// Who answers.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Probing(_, due) | State::Announcing(_, due) => Some(due),
            State::Settled => None,
        }
    }

    /// Says what is due, in the front of `out`.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut [u8]) -> Option<Answer> {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return None;
        }
        match self.state {
            State::Probing(asked, _) if asked < PROBES => {
                self.state = State::Probing(asked + 1, now.plus_ms(PROBE_MS));
                probe(&self.host, out)
            }
            State::Probing(..) => self.announce(0, now, out),
            State::Announcing(made, _) => self.announce(made, now, out),
            State::Settled => None,
        }
    }

    fn announce(&mut self, made: u8, now: Instant, out: &mut [u8]) -> Option<Answer> {
        self.state = if made + 1 < ANNOUNCEMENTS {
            State::Announcing(made + 1, now.plus_ms(ANNOUNCE_MS))
        } else {
            State::Settled
        };
        announcement(&self.host, out)
    }

    /// Takes a packet as it came `from` there, and answers it, where it is for us to answer.
    pub fn handle(
        &mut self,
        packet: &[u8],
        from: SocketAddr,
        now: Instant,
        out: &mut [u8],
    ) -> Option<Answer> {
        let message = Message::from_slice(packet).ok()?;
        let names = Names::of(&self.host.hostname);
        let IpAddr::V4(sender) = from.ip() else {
            return None;
        };
        let is_near = self.host.net.contains(sender) && sender != self.host.net.addr;
        if is_near && is(message, true) && contests(message, &self.host, &names) {
            self.state = State::Probing(0, now.plus_ms(TAKEN_MS));
            return None;
        }
        match self.state {
            State::Probing(asked, _) => {
                let meets = asked > 0 && is_near && is(message, false);
                if meets && goes_before(message, &self.host, &names) {
                    self.state = State::Probing(0, now.plus_ms(YIELD_MS));
                }
                None
            }
            State::Announcing(..) | State::Settled => reply(&self.host, packet, from, out),
        }
    }

    /// Whether others were told of us, so that a goodbye is due.
    pub fn is_known(&self) -> bool {
        match self.state {
            State::Probing(..) => false,
            State::Announcing(..) | State::Settled => true,
        }
    }
}
