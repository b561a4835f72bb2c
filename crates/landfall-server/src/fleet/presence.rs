//! Whether a device is there, and what it last said of itself: small, in memory, one for each
//! device.
//!
//! Presence is judged by the monotonic clock alone. A server that starts counts the age a device
//! had when a server last listened, so nobody goes offline by a restart.

use std::net::IpAddr;
use std::sync::Arc;

use super::report::Report;

/// Longest SSID that is kept, in bytes: an SSID that is no text shows as up to three times its 32.
const SSID_KEPT: usize = 64;
/// Longest error that is kept, in bytes.
const ERROR_KEPT: usize = 96;
/// Longest state, firmware and chip, in bytes.
const WORD_KEPT: usize = 48;

/// What is known of a device's presence. At most 256 bytes with the SSIDs that it points to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// The last heartbeat, by the monotonic clock; before the server's start: negative. None: never.
    pub seen_at: Option<i64>,
    /// The same by the wall's clock, in milliseconds since 1970.
    pub last_seen: i64,
    /// The highest number that a heartbeat had.
    pub seq: Option<u64>,
    /// The key that it came with: each has numbers of its own.
    pub seq_key: i64,
    /// Time since its boot.
    pub uptime_ms: Option<u64>,
    /// What it was told to wait until its next heartbeat.
    pub next_ms: u32,
    /// Whether it counted as online when it was last looked at.
    pub was_online: bool,
    /// When it is looked at next, by the monotonic clock.
    pub looked_at: Moment,
    /// Whether it was heard since the last batch.
    pub unwritten: bool,
    /// What it said of itself.
    pub said: Said,
}

/// A moment of the monotonic clock, in milliseconds; by default one that never comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

impl Moment {
    /// It does not come.
    pub const NEVER: Self = Self(i64::MAX);
}

impl Default for Moment {
    fn default() -> Self {
        Self::NEVER
    }
}

/// What a device says of itself, as far as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The strength of its link, in dBm.
    pub rssi: Option<i8>,
    /// How many phones are with it.
    pub stations: Option<u8>,
    /// How many may be.
    pub station_capacity: Option<u16>,
    /// Free memory, in bytes.
    pub free_heap: Option<u32>,
    /// The configuration that it applied.
    pub config_version: Option<u32>,
    /// Its address.
    pub ip: Option<IpAddr>,
    /// The network it is in.
    pub ssid: Option<Box<str>>,
    /// The name of its access point.
    pub ap_ssid: Option<Box<str>>,
    /// Why it could not apply its configuration.
    pub config_error: Option<Box<str>>,
    /// State, firmware and chip: few devices differ in them.
    pub kind: Option<Arc<Kind>>,
}

/// What many devices have in common, kept once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Kind {
    /// The state of its connection.
    pub state: Option<Box<str>>,
    /// What it runs.
    pub firmware: Option<Box<str>>,
    /// What it is.
    pub chip: Option<Box<str>>,
}

/// Whether a device was heard lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// The setting, in milliseconds.
    pub online_within_ms: i64,
}

impl Presence {
    /// How long the device may be silent: the larger of the setting and 2.5 times what it was told
    /// to wait.
    fn allowed_ms(&self, timeout: Timeout) -> i64 {
        timeout
            .online_within_ms
            .max(i64::from(self.next_ms) * 5 / 2)
    }

    /// Whether it is online at that moment of the monotonic clock.
    pub fn is_online(&self, timeout: Timeout, now: i64) -> bool {
        self.goes_offline_at(timeout).is_some_and(|at| now < at)
    }

    /// The first moment of the monotonic clock at which it is offline; none: it never was online.
    pub fn goes_offline_at(&self, timeout: Timeout) -> Option<i64> {
        let last = |seen: i64| seen.saturating_add(self.allowed_ms(timeout));
        self.seen_at.map(|seen| last(seen).saturating_add(1))
    }

    /// Whether it ever beat.
    pub fn was_seen(&self) -> bool {
        self.seen_at.is_some()
    }

    /// Takes a heartbeat's number, where it is higher than all before under that key. A device that
    /// lost its flash counts from the beginning, under a new key.
    pub fn take_seq(&mut self, key: i64, seq: u64) -> bool {
        let grows = key > self.seq_key || self.seq.is_none_or(|last| seq > last);
        if grows {
            (self.seq, self.seq_key) = (Some(seq), key);
        }
        grows
    }

    /// Notes that the device was heard; whether that is the first time since the last batch.
    pub fn heard(&mut self, now: i64, wall: i64, next_ms: u32) -> bool {
        self.seen_at = Some(now);
        self.last_seen = wall;
        self.next_ms = next_ms;
        !std::mem::replace(&mut self.unwritten, true)
    }
}

impl Said {
    /// Takes what a report says; what it does not say stays as it was.
    pub fn take(&mut self, report: &Report<'_>, intern: impl FnOnce(Kind) -> Arc<Kind>) {
        let radio = &report.radio;
        set(&mut self.rssi, radio.rssi);
        let stations = report.stations.as_ref();
        set(
            &mut self.stations,
            stations.map(|list| u8::try_from(list.len()).unwrap_or(u8::MAX)),
        );
        set(&mut self.station_capacity, radio.station_capacity);
        let heap = report.device.free_heap;
        set(
            &mut self.free_heap,
            heap.map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX)),
        );
        let version = report.applied.version;
        set(
            &mut self.config_version,
            version.and_then(|version| u32::try_from(version).ok()),
        );
        if let Some(ip) = radio.ip.as_deref() {
            self.ip = ip.parse().ok().filter(|ip: &IpAddr| !ip.is_unspecified());
        }
        keep(&mut self.ssid, radio.ssid.as_deref(), SSID_KEPT);
        keep(&mut self.ap_ssid, radio.ap_ssid.as_deref(), SSID_KEPT);
        match report.applied.error.as_deref() {
            Some(error) => keep(&mut self.config_error, Some(error), ERROR_KEPT),
            // A device that says what it applied and no error has none.
            None if version.is_some() => self.config_error = None,
            None => {}
        }
        self.take_kind(report, intern);
    }

    fn take_kind(&mut self, report: &Report<'_>, intern: impl FnOnce(Kind) -> Arc<Kind>) {
        let (state, device) = (report.radio.state.as_deref(), &report.device);
        let (firmware, chip) = (device.firmware.as_deref(), device.chip.as_deref());
        let old = self.kind.as_deref();
        let same = |new: Option<&str>, field: fn(&Kind) -> Option<&str>| {
            new.is_none_or(|new| old.and_then(field) == Some(new))
        };
        let unchanged = same(state, |kind| kind.state.as_deref())
            && same(firmware, |kind| kind.firmware.as_deref())
            && same(chip, |kind| kind.chip.as_deref());
        if unchanged {
            return;
        }
        let mut kind = old.cloned().unwrap_or_default();
        keep(&mut kind.state, state, WORD_KEPT);
        keep(&mut kind.firmware, firmware, WORD_KEPT);
        keep(&mut kind.chip, chip, WORD_KEPT);
        self.kind = Some(intern(kind));
    }

    /// One of the words that devices have in common.
    pub fn word(&self, field: fn(&Kind) -> &Option<Box<str>>) -> Option<&str> {
        field(self.kind.as_deref()?).as_deref()
    }
}

fn set<T>(place: &mut Option<T>, said: Option<T>) {
    if said.is_some() {
        *place = said;
    }
}

/// Keeps the beginning of a text; an empty one is none.
fn keep(place: &mut Option<Box<str>>, said: Option<&str>, max: usize) {
    let Some(said) = said else { return };
    let kept = &said[..said.floor_char_boundary(max)];
    if place.as_deref() != Some(kept) {
        *place = (!kept.is_empty()).then(|| kept.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIVE_MINUTES: Timeout = Timeout {
        online_within_ms: 300_000,
    };

    #[test]
    fn online_up_to_and_with_the_timeout() {
        let mut presence = Presence::default();
        assert!(!presence.is_online(FIVE_MINUTES, 0));
        presence.heard(1_000, 0, 30_000);
        for (now, online) in [(1_000, true), (301_000, true), (301_001, false)] {
            assert_eq!(presence.is_online(FIVE_MINUTES, now), online, "{now}");
        }
    }

    #[test]
    fn who_was_told_to_wait_longer_is_given_longer() {
        let mut presence = Presence::default();
        presence.heard(0, 0, 200_000);
        assert!(presence.is_online(FIVE_MINUTES, 500_000));
        assert!(!presence.is_online(FIVE_MINUTES, 500_001));
    }

    #[test]
    fn numbers_only_grow_under_a_key() {
        let mut presence = Presence::default();
        for (key, seq, taken) in [
            (1, 0, true),
            (1, 0, false),
            (1, 5, true),
            (1, 5, false),
            (1, 4, false),
            (1, 1 << 63, true),
            (2, 1, true),
            (2, 1, false),
        ] {
            assert_eq!(presence.take_seq(key, seq), taken, "{key} {seq}");
        }
    }

    #[test]
    fn presence_is_small() {
        // Few devices have an error.
        let ssids = 2 * 32;
        assert!(size_of::<std::sync::Mutex<Presence>>() + ssids <= 256);
    }

    #[test]
    fn what_is_not_said_stays() {
        let mut said = Said::default();
        let mut take = |body: &str| {
            let report = Report::parse(body.as_bytes()).unwrap();
            said.take(&report, Arc::new);
            format!("{said:?}")
        };
        let first = take(
            r#"{"device_id":"a","rssi":-50,"ssid":"Home","firmware":"1","ip":"10.0.0.7","config_version":1,"config_error":"x"}"#,
        );
        assert_eq!(take(r#"{"device_id":"a"}"#), first);
        expect_test::expect![[r#"Said { rssi: Some(-50), stations: None, station_capacity: None, free_heap: None, config_version: Some(2), ip: None, ssid: Some("Home"), ap_ssid: None, config_error: None, kind: Some(Kind { state: None, firmware: Some("2"), chip: None }) }"#]].assert_eq(&take(
            r#"{"device_id":"a","firmware":"2","ip":"0.0.0.0","config_version":2}"#,
        ));
    }
}
