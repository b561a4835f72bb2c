//! What the doors see of the fleet.

use core::net::{IpAddr, Ipv4Addr};

use heapless::{String, Vec};
use landfall_core::config::AP_CLIENTS_MAX;
use landfall_core::console::{FleetChange, FleetStanding, FleetStatus};
use landfall_core::event::{Course, Event};
use landfall_core::net::Mac;
use landfall_core::time::Instant;
use landfall_protocol::station::Salt;

use super::item::ItemErrand;
use super::marks::Marks;
use crate::http;

/// Longest short name of a course that is kept, in bytes.
pub const COURSE_CODE_MAX: usize = 32;
/// Longest title of a course that is kept, in bytes.
pub const COURSE_TITLE_MAX: usize = 96;
/// Most phones that are remembered to have marked.
const MARKED_MAX: usize = 32;
/// Most phones on the access point.
const PHONES_MAX: usize = AP_CLIENTS_MAX as usize;
/// How long a phone stays that has marked: its page shows the result, and its system looks whether it may
/// close that. Then its place is another one's.
const LET_GO_MS: u32 = 15_000;

/// What the doors see of the fleet.
#[derive(Debug)]
pub struct Fleet {
    /// How the device stands with its server.
    pub(crate) status: FleetStatus,
    /// The session under way.
    pub(crate) session: Option<Session>,
    /// Marks on their way to the server.
    pub(crate) marks: Marks,
    /// What a console wants of the device.
    pub(crate) change: Option<FleetChange>,
    /// What the client has the runner keep.
    pub(crate) item: ItemErrand,
    /// What the runner has to tell everybody.
    pub(crate) news: Vec<Event, 3>,
    /// The addresses that have marked in this session, newest last.
    pub(crate) marked: Vec<IpAddr, MARKED_MAX>,
    /// The phones of the access point, and what stands for each.
    masks: Vec<(Mac, Mac), PHONES_MAX>,
    /// The addresses that they were lent.
    lodgers: Vec<(Mac, IpAddr), PHONES_MAX>,
    /// Those that have marked, and when each is let go.
    leaving: Vec<(Mac, Instant), PHONES_MAX>,
}

/// The session that the device runs.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: u32,
    pub(crate) course_code: String<COURSE_CODE_MAX>,
    pub(crate) course_title: String<COURSE_TITLE_MAX>,
    pub(crate) needs_code: bool,
    pub(crate) salt: Salt,
}

impl Fleet {
    #[inline(always)]
    pub(crate) fn new() -> Self {
        Self {
            status: FleetStatus::default(),
            session: None,
            marks: Marks::new(),
            change: None,
            item: ItemErrand::new(),
            news: Vec::new(),
            marked: Vec::new(),
            masks: Vec::new(),
            lodgers: Vec::new(),
            leaving: Vec::new(),
        }
    }

    /// A server was given, or taken away: how the device stands with that one is to be seen.
    pub(crate) fn begin_anew(&mut self, none: bool) {
        self.status = FleetStatus {
            standing: if none {
                FleetStanding::None
            } else {
                FleetStanding::Pending
            },
            fingerprint: None,
        };
    }

    /// Begins a session, or ends it.
    pub(crate) fn set_session(&mut self, session: Option<Session>) {
        let before = self.session.as_ref().map(|session| session.id);
        let after = session.as_ref().map(|session| session.id);
        if before != after {
            self.marked.clear();
            if before.is_some() {
                self.tell(Event::SessionEnded);
            }
            if let Some(session) = &session {
                let course = Course::new(&session.course_code);
                self.tell(Event::SessionStarted { course });
            }
        }
        self.session = session;
    }

    /// Has everybody told of it. What nobody fetched makes room.
    pub(crate) fn tell(&mut self, event: Event) {
        if self.news.is_full() {
            self.news.remove(0);
        }
        // There is room now.
        let _ = self.news.push(event);
    }

    /// The session as the doors show it.
    pub(crate) fn session_view(&self) -> Option<http::Session<'_>> {
        self.session.as_ref().map(|session| http::Session {
            course_code: &session.course_code,
            course_title: &session.course_title,
            needs_code: session.needs_code,
            marked: &self.marked,
        })
    }

    /// The next thing to be told.
    pub(crate) fn next_news(&mut self) -> Option<Event> {
        (!self.news.is_empty()).then(|| self.news.remove(0))
    }

    /// Remembers that somebody at that address has marked.
    pub(crate) fn has_marked(&mut self, peer: IpAddr) {
        if self.marked.contains(&peer) {
            return;
        }
        if self.marked.is_full() {
            self.marked.remove(0);
        }
        let _ = self.marked.push(peer);
    }

    /// The event as it may be told: in a session a hash stands for a phone's address, at every door.
    pub(crate) fn masked(&mut self, event: Event) -> Event {
        match event {
            Event::ApStaConnected { mac } => Event::ApStaConnected {
                mac: self.mask(mac),
            },
            Event::ApStaDisconnected { mac } => {
                let mask = self.known_mask(mac).unwrap_or(mac);
                self.forget(mac);
                Event::ApStaDisconnected { mac: mask }
            }
            Event::ApStart { .. } | Event::ApStop | Event::ApFailed { .. } => {
                self.masks.clear();
                self.lodgers.clear();
                self.leaving.clear();
                event
            }
            Event::StaStart
            | Event::StaConnected { .. }
            | Event::StaDisconnected { .. }
            | Event::StaGotIp { .. }
            | Event::StaLostIp
            | Event::Connected { .. }
            | Event::Disconnected { .. }
            | Event::ApStarted { .. }
            | Event::ConnectionFailed { .. }
            | Event::ConfigApplied { .. }
            | Event::ConfigReverted { .. }
            | Event::SessionStarted { .. }
            | Event::SessionEnded
            | Event::Crashed { .. } => event,
        }
    }

    /// The phone that is shown so.
    pub(crate) fn phone(&self, shown: Mac) -> Mac {
        let found = self.masks.iter().find(|(_, mask)| *mask == shown);
        found.map_or(shown, |(phone, _)| *phone)
    }

    /// A phone was lent that address.
    pub(crate) fn lodges(&mut self, phone: Mac, address: Ipv4Addr) {
        let address = IpAddr::V4(address);
        self.lodgers
            .retain(|(other, at)| *other != phone && *at != address);
        if self.lodgers.is_full() {
            self.lodgers.remove(0);
        }
        // There is room now.
        let _ = self.lodgers.push((phone, address));
    }

    /// The phone at that address, where it was lent by us.
    pub(crate) fn phone_at(&self, address: IpAddr) -> Option<Mac> {
        let lodger = self.lodgers.iter().find(|(_, at)| *at == address);
        lodger.map(|(phone, _)| *phone)
    }

    /// A phone has marked: it is let go in a while, once.
    pub(crate) fn lets_go(&mut self, phone: Mac, now: Instant) {
        if self.leaving.iter().any(|(leaving, _)| *leaving == phone) {
            return;
        }
        // One more than there are places waits until it goes by itself.
        let _ = self.leaving.push((phone, now.plus_ms(LET_GO_MS)));
    }

    /// The next phone whose time has come.
    pub(crate) fn next_leaving(&mut self, now: Instant) -> Option<Mac> {
        let due = self.leaving.iter().position(|(_, at)| *at <= now)?;
        Some(self.leaving.swap_remove(due).0)
    }

    /// When that is to be asked for.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.leaving.iter().map(|(_, at)| *at).min()
    }

    /// A phone has left.
    fn forget(&mut self, phone: Mac) {
        self.masks.retain(|(known, _)| *known != phone);
        self.lodgers.retain(|(known, _)| *known != phone);
        self.leaving.retain(|(known, _)| *known != phone);
    }

    /// What stands for a phone that is there.
    pub(crate) fn known_mask(&self, phone: Mac) -> Option<Mac> {
        let found = self.masks.iter().find(|(known, _)| *known == phone);
        found.map(|(_, mask)| *mask)
    }

    /// It stays the same as long as the phone does, so that its leaving is told of the same one.
    fn mask(&mut self, phone: Mac) -> Mac {
        let mask = match &self.session {
            Some(session) => Mac(session.salt.hash(phone.0)),
            None => phone,
        };
        self.masks.retain(|(known, _)| *known != phone);
        // The radio takes no more clients than there are places.
        let _ = self.masks.push((phone, mask));
        mask
    }
}
