//! What the handlers read of a device, and the few things they ask of it.

use core::fmt;
use core::future::Future;
use core::net::{IpAddr, Ipv4Addr};
use core::str;

use heapless::String;
use landfall_core::command::{Command, PortalUse, Reply};
use landfall_core::config::{ApSecurity, ConfigRef, Identity, SaveError, Secret, Services, Wifi};
use landfall_core::event::Record;
use landfall_core::net::{HOSTNAME_MAX, Hostname, KeyMaterial, PSK_HEX_LEN};
use landfall_core::radio::ScanRow;
pub use landfall_core::status::Client;
use landfall_core::status::Status;
use landfall_core::time::Instant;
use zeroize::Zeroizing;

use crate::fleet::{Attended, NewMark};

/// From which network a request comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// From our access point's own.
    Ap,
    /// From the one the station has joined.
    Station,
}

/// What is served at a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// The portal and its API.
    Portal,
    /// The config server.
    Config,
}

impl Service {
    /// The port at which a device serves it.
    pub const fn port(self) -> u16 {
        match self {
            Self::Portal => 80,
            Self::Config => 8080,
        }
    }
}

/// One socket that people knock at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// What is served there.
    pub service: Service,
    /// Where those come from who reach it.
    pub side: Side,
    /// The port it really listens on.
    pub port: u16,
    /// Whether `127.0.0.1:<port>` and `localhost:<port>` stand for the device's address: so in the
    /// simulator, nowhere else.
    pub loopback: bool,
}

impl Door {
    /// The same as a request finds it: in the simulator the config server has one socket for both
    /// sides, and stands on the station's while that holds an address.
    #[must_use]
    pub(crate) fn at(self, view: &View<'_>) -> Self {
        if !self.loopback || self.service == Service::Portal {
            return self;
        }
        let side = match view.status.station_ip {
            Some(_) => Side::Station,
            None => Side::Ap,
        };
        Self { side, ..self }
    }
}

/// A fleet session that the device runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// Short name of the course.
    pub course_code: &'a str,
    /// Its title.
    pub course_title: &'a str,
    /// Whether a mark takes the rotating code.
    pub needs_code: bool,
    /// The addresses that have marked: their phones are let go.
    pub marked: &'a [IpAddr],
}

/// How old the rows of a scan may be that are told.
const ROWS_MS: u64 = 15_000;

/// Everything that a handler reads: the device as it stands at one moment.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The machine's snapshot.
    pub status: &'a Status,
    /// The configuration in force.
    pub wifi: &'a Wifi,
    /// What the doors are told.
    pub services: &'a Services,
    /// Who the device is.
    pub identity: &'a Identity,
    /// The last scan, strongest first, one row per access point.
    pub scan_rows: &'a [ScanRow],
    /// How long ago it ended; none: there was none.
    pub scan_age_ms: Option<u64>,
    /// Who is on the access point.
    pub clients: &'a [Client],
    /// The session under way.
    pub session: Option<Session<'a>>,
    /// The time, by the device's own clock.
    pub now: Instant,
    /// Whether credentials would be refused as busy
    /// ([`Manager::is_busy`](landfall_core::manager::Manager::is_busy)).
    pub busy: bool,
    /// Whether credentials are being proved: nothing else that is stored changes meanwhile
    /// ([`Manager::is_proving`](landfall_core::manager::Manager::is_proving)).
    pub proving: bool,
    /// Whether the probes of phones are answered with success
    /// ([`Manager::probe_succeeds`](landfall_core::manager::Manager::probe_succeeds)).
    pub probe_succeeds: bool,
    /// Events that an MQTT broker was to be told and that had to make room, since boot; none: the
    /// configuration names no broker.
    pub unpublished_lost: Option<u32>,
}

impl View<'_> {
    /// The device's name.
    pub fn hostname(&self) -> String<HOSTNAME_MAX> {
        let name = match &self.services.hostname {
            Some(name) => name.clone(),
            None => Hostname::of(self.status.mac),
        };
        // Both hold 32 characters.
        String::try_from(name.as_str()).unwrap_or_default()
    }

    /// The device's address on that side, where it has one.
    pub fn address(&self, side: Side) -> Option<Ipv4Addr> {
        match side {
            Side::Ap => Some(self.status.ap_ip),
            Side::Station => self.status.station_ip,
        }
    }

    /// The configuration in force.
    pub(crate) fn config(&self) -> ConfigRef<'_> {
        ConfigRef {
            wifi: self.wifi,
            services: self.services,
        }
    }

    /// Whether the rows are young enough to be told as they are.
    pub(crate) fn has_fresh_rows(&self) -> bool {
        self.scan_age_ms.is_some_and(|age| age <= ROWS_MS)
    }

    /// Whether the probes of the phone at that address are answered with success. In a session each
    /// is led to the page until it has marked.
    pub(crate) fn lets_go(&self, peer: IpAddr) -> bool {
        match self.session {
            Some(session) => session.marked.contains(&peer),
            None => self.probe_succeeds,
        }
    }

    /// Whether anybody may join our access point.
    pub fn ap_is_open(&self) -> bool {
        matches!(self.wifi.ap.security, ApSecurity::Open)
    }

    /// Whether the access point's side shows the status and the attendance page alone: in a
    /// session, and on an open access point as soon as a network is known. Without a network an
    /// open access point, open by its owner's word, is good for onboarding.
    pub fn ap_is_locked(&self) -> bool {
        self.session.is_some() || (self.ap_is_open() && !self.wifi.networks.is_empty())
    }

    /// The access point's key, for those who came in by it.
    pub(crate) fn shown_ap_key(&self, side: Side) -> Option<KeyText> {
        match side {
            Side::Ap if !self.ap_is_open() && !self.ap_is_locked() => Some(self.ap_key()),
            Side::Ap | Side::Station => None,
        }
    }

    /// The access point's key; where it is open, the one it would have.
    pub(crate) fn ap_key(&self) -> KeyText {
        let key = match &self.wifi.ap.security {
            ApSecurity::Key(key) => key,
            ApSecurity::DeviceSecret | ApSecurity::Open => &self.identity.ap_secret,
        };
        match key.material() {
            // Both forms have at most 64 characters.
            KeyMaterial::Phrase(text) => KeyText::new(text).unwrap_or_default(),
            KeyMaterial::Raw(raw) => hex_text(raw),
        }
    }
}

/// A passphrase, or a raw key in hexadecimal digits. Zeroed on drop.
pub(crate) type KeyText = Secret<PSK_HEX_LEN>;

fn hex_text(raw: &[u8; 32]) -> KeyText {
    let mut digits = Zeroizing::new([0; PSK_HEX_LEN]);
    for (pair, byte) in digits.chunks_exact_mut(2).zip(raw) {
        pair[0] = HEX_DIGITS[usize::from(byte >> 4)];
        pair[1] = HEX_DIGITS[usize::from(byte & 15)];
    }
    let text = str::from_utf8(&*digits).unwrap_or_default();
    KeyText::new(text).unwrap_or_default()
}

const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

/// What a server asks of the device it speaks for. All of it happens on one executor: nothing in
/// here has to be `Sync`.
pub trait Device {
    /// Shows the device as it stands now. `read` neither waits nor asks back.
    fn with_view<R>(&self, read: impl FnOnce(&View<'_>) -> R) -> R;

    /// Puts a command to the machine, waiting while it
    /// [takes none](landfall_core::manager::Manager::takes_commands), and gives its reply. A
    /// restart, or a change that cuts the asker off, leaves the answer time to go out.
    fn submit(&self, command: Command) -> impl Future<Output = Reply>;

    /// Tells the machine what the people at the portal do.
    fn portal_use(&self, what: PortalUse);

    /// Takes a student's mark, and says within some seconds what came of it. A device that belongs to
    /// no fleet has no session to take it in.
    fn attend(&self, _mark: NewMark) -> impl Future<Output = Attended> {
        async { Attended::NoSession }
    }

    /// Says that the device's owner asked the config server for something.
    fn confirm_config(&self);

    /// Has a document stored as the whole configuration; the network restarts with it once the
    /// answer had time to go out.
    fn put_config(&self, document: &[u8]) -> impl Future<Output = Result<(), Unsaved>>;

    /// The first event for a reader who has seen all before number `seq`, which may be a number of
    /// another boot ([`History::resumed`](landfall_core::event::History::resumed)); waits where there
    /// is none yet. May be dropped while it waits.
    fn next_event(&self, seq: u32) -> impl Future<Output = Record>;
}

/// Why a whole configuration was not taken; nothing changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsaved {
    /// Credentials are being proved, or another configuration is on its way.
    Busy,
    /// It is none: line and column, or path and reason.
    Invalid(SaveError),
    /// The store did not take it.
    StoreFailed,
}

impl fmt::Display for Unsaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "Busy: credentials or a configuration are being tried, ask again",
            Self::Invalid(error) => return error.fmt(f),
            Self::StoreFailed => "Failed to save config: the flash did not take it",
        })
    }
}

/// Lets time pass on the wall clock, whatever the speed of the device's own.
pub trait Timer {
    /// Comes back after that many milliseconds.
    fn sleep_ms(&self, ms: u32) -> impl Future<Output = ()>;
}
