//! What happened, for callbacks, logs, histories and subscribers.

use core::fmt;
use core::net::Ipv4Addr;

use heapless::Vec;

use crate::config::{MAX_NETWORKS, NetworkId};
use crate::net::{Bssid, Channel, Mac, Ssid};
use crate::radio::{FailureClass, Reason};

/// Something that happened. At most 48 bytes, and never a secret in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The station interface is ready.
    StaStart,
    /// Associated; no address yet.
    StaConnected {
        /// The network.
        ssid: Ssid,
        /// The access point.
        bssid: Bssid,
        /// Its channel.
        channel: Channel,
        /// Its strength in dBm.
        rssi: i8,
    },
    /// A link ended, or an attempt failed.
    StaDisconnected {
        /// The network.
        ssid: Ssid,
        /// What it means.
        class: FailureClass,
        /// What the radio said.
        reason: Reason,
    },
    /// The station has an address.
    StaGotIp {
        /// The address.
        ip: Ipv4Addr,
    },
    /// The station has no address any more.
    StaLostIp,
    /// The access point came up.
    ApStart {
        /// Its name.
        ssid: Ssid,
    },
    /// The access point went down.
    ApStop,
    /// The access point did not come up.
    ApFailed {
        /// What it means.
        class: FailureClass,
    },
    /// A client joined the access point.
    ApStaConnected {
        /// Its hardware address.
        mac: Mac,
    },
    /// A client left the access point.
    ApStaDisconnected {
        /// Its hardware address.
        mac: Mac,
    },
    /// Application level: an address was gained.
    Connected {
        /// The network.
        ssid: Ssid,
        /// The address.
        ip: Ipv4Addr,
    },
    /// Application level: the address was lost.
    Disconnected {
        /// The network.
        ssid: Ssid,
    },
    /// Application level: the access point was started.
    ApStarted {
        /// Its name.
        essid: Ssid,
    },
    /// Application level: a round over the known networks joined none.
    ConnectionFailed {
        /// The networks tried, in order; empty where none was visible.
        attempted: Attempted,
    },
    /// A configuration was put in force.
    ConfigApplied {
        /// Its version.
        version: u32,
    },
    /// A configuration did not hold, and the one before it is back.
    ConfigReverted {
        /// Its version.
        version: u32,
        /// Why; none where nobody confirmed it in time.
        class: Option<FailureClass>,
    },
    /// The fleet's session began on this device.
    SessionStarted {
        /// Short name of its course.
        course: Course,
    },
    /// It is over.
    SessionEnded,
    /// The start before this one ended in a crash. Told once, first of all.
    Crashed {
        /// What ended it.
        cause: CrashCause,
        /// Where in the program, where that is known: the end of `file:line`.
        place: Place,
    },
}

impl Event {
    /// The name, as `NET:EVENTS`, MQTT and the event stream write it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::StaStart => "STA_START",
            Self::StaConnected { .. } => "STA_CONNECTED",
            Self::StaDisconnected { .. } => "STA_DISCONNECTED",
            Self::StaGotIp { .. } => "STA_GOT_IP",
            Self::StaLostIp => "STA_LOST_IP",
            Self::ApStart { .. } => "AP_START",
            Self::ApStop => "AP_STOP",
            Self::ApFailed { .. } => "AP_FAILED",
            Self::ApStaConnected { .. } => "AP_STACONNECTED",
            Self::ApStaDisconnected { .. } => "AP_STADISCONNECTED",
            Self::Connected { .. } => "connected",
            Self::Disconnected { .. } => "disconnected",
            Self::ApStarted { .. } => "ap_started",
            Self::ConnectionFailed { .. } => "connection_failed",
            Self::ConfigApplied { .. } => "CONFIG_APPLIED",
            Self::ConfigReverted { .. } => "CONFIG_REVERTED",
            Self::SessionStarted { .. } => "SESSION_STARTED",
            Self::SessionEnded => "SESSION_ENDED",
            Self::Crashed { .. } => "CRASHED",
        }
    }
}

/// What ended a program that did not mean to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrashCause {
    /// It panicked.
    Panic,
    /// A watchdog bit.
    Watchdog,
}

impl CrashCause {
    /// The name that every door uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Watchdog => "watchdog",
        }
    }
}

/// Longest short name of a course that an event carries, in bytes.
pub const COURSE_MAX: usize = LABEL_MAX;

/// Short name of a course.
pub type Course = Label;

/// A place in the program.
pub type Place = Label;

/// Longest [`Label`], in bytes.
pub const LABEL_MAX: usize = 32;

/// A short text, cut at [`LABEL_MAX`] bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label {
    len: u8,
    bytes: [u8; LABEL_MAX],
}

impl Label {
    /// As much of the text as fits, whole characters.
    pub fn new(text: &str) -> Self {
        let len = text.floor_char_boundary(LABEL_MAX);
        let mut bytes = [0; LABEL_MAX];
        bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        Self {
            len: len as u8,
            bytes,
        }
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// The networks that a round tried, in order. Their names are looked up in the list of known
/// networks ([`Wifi::network_by_id`](crate::config::Wifi::network_by_id)), which keeps an event small.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Attempted {
    len: u8,
    ids: [NetworkId; MAX_NETWORKS],
}

impl Attempted {
    /// Adds a network; one that stands there already is not added again.
    pub fn push(&mut self, id: NetworkId) {
        if !self.ids().contains(&id) && usize::from(self.len) < MAX_NETWORKS {
            self.ids[usize::from(self.len)] = id;
            self.len += 1;
        }
    }

    /// The networks, in order.
    pub fn ids(&self) -> &[NetworkId] {
        &self.ids[..usize::from(self.len)]
    }
}

impl fmt::Debug for Attempted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.ids().iter().map(|id| id.0))
            .finish()
    }
}

/// How many events a device keeps for those who ask later.
pub const HISTORY_LEN: usize = 64;

/// An event with its place in the order and the time it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Counts every event since boot, from 1.
    pub seq: u32,
    /// Milliseconds since boot.
    pub at_ms: u64,
    /// What happened.
    pub event: Event,
}

/// The last events, numbered. Kept by the adapter, outside the machine's memory.
#[derive(Debug, Default)]
pub struct History {
    next_seq: u32,
    records: Vec<Record, HISTORY_LEN>,
    oldest: usize,
}

impl History {
    /// An empty history.
    #[inline]
    pub const fn new() -> Self {
        Self {
            next_seq: 1,
            records: Vec::new(),
            oldest: 0,
        }
    }

    /// Numbers and keeps an event; the oldest goes when it is full.
    pub fn push(&mut self, at_ms: u64, event: Event) -> Record {
        let record = Record {
            seq: self.next_seq(),
            at_ms,
            event,
        };
        self.next_seq = record.seq.wrapping_add(1);
        if let Err(record) = self.records.push(record) {
            self.records[self.oldest] = record;
            self.oldest = (self.oldest + 1) % HISTORY_LEN;
        }
        record
    }

    /// The number that the next event gets.
    pub const fn next_seq(&self) -> u32 {
        // 0 is never given, also not after 4 294 967 295 events.
        if self.next_seq == 0 { 1 } else { self.next_seq }
    }

    /// The events kept, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        let (newer, older) = self.records.split_at(self.oldest.min(self.records.len()));
        older.iter().chain(newer)
    }

    /// The first event for a reader who has seen all before number `seq`. A number that was not
    /// given yet is of another boot: for its reader all that is kept is news.
    pub fn resumed(&self, seq: u32) -> Option<&Record> {
        let is_ours = seq <= self.next_seq();
        self.at_or_after(if is_ours { seq } else { 0 })
    }

    /// The first event kept whose number is at least `seq`.
    pub fn at_or_after(&self, seq: u32) -> Option<&Record> {
        self.iter().find(|record| record.seq >= seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_fits_48_bytes() {
        assert!(size_of::<Event>() <= 48, "{}", size_of::<Event>());
    }

    #[test]
    fn the_history_keeps_the_last_64_in_order() {
        let mut history = History::new();
        for at in 0..100 {
            history.push(at, Event::StaStart);
        }
        let kept: std::vec::Vec<_> = history.iter().map(|r| r.seq).collect();
        assert_eq!(kept, (37..=100).collect::<std::vec::Vec<_>>());
        assert_eq!(history.at_or_after(99).map(|r| r.at_ms), Some(98));
    }

    #[test]
    fn a_reader_of_another_boot_begins_anew() {
        let mut history = History::new();
        assert_eq!(history.resumed(7), None);
        for at in 0..3 {
            history.push(at, Event::StaStart);
        }
        let resumed = [0, 3, 4, 5, u32::MAX].map(|seq| history.resumed(seq).map(|r| r.seq));
        assert_eq!(resumed, [Some(1), Some(3), None, Some(1), Some(1)]);
    }
}
