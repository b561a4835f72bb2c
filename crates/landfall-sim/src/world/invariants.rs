//! What holds in every world, whatever happens: checked after every step.
//!
//! | | |
//! |---|---|
//! | I1 | a working set of credentials is never lost |
//! | I2 | a known network that lets the device in is joined within 90 s |
//! | I3 | the access point is up when, and only when, mode and policy say so |
//! | I4 | the radio does one thing at a time, and rounds keep their distance |
//! | I5 | events match the state |
//! | I6 | reading changes nothing |
//! | I7 | no secret is told |
//!
//! That the same seed gives the same outputs (I8) and that memory is bounded (I9) is shown by
//! running twice and by the types.

use alloc::string::String;
use alloc::vec::Vec;
use core::hash::{Hash, Hasher};

use fnv::FnvHasher;
use landfall_core::command::{Command, Refusal, Reply};
use landfall_core::config::{KnownNetwork, Mode, Networks, Security, StartPolicy};
use landfall_core::event::Event;
use landfall_core::manager::{JoinTarget, Manager};
use landfall_core::net::{Passphrase, Ssid};
use landfall_core::radio::{FailureClass, RadioOp};

use super::journal::Journal;
use super::store::Store;
use crate::air::access_point::AccessPoint;
use crate::air::{Air, DeviceId};

/// Within this time a network that lets in is joined (I2).
const JOIN_MS: u64 = 90_000;
/// How long credentials that were refused wait (connection machine: five minutes).
const HOLD_MS: u64 = 5 * 60_000;
/// How long one use of the portal excuses the device from looking.
const PORTAL_MS: u64 = 61_000;
/// How much later than its deadline the access point may come up (I3).
const AP_GRACE_MS: u64 = 5_000;
/// How long it may take until an access point that the radio refused is tried again: its pause,
/// and an attempt to join that was begun meanwhile.
const AP_RETRY_MS: u64 = 50_000;
/// How long the machine may take to find out that an event was lost: the longest operation, the
/// time it is given to end, and the periodic look.
const HEAL_MS: u64 = 25_000;
/// How long a boot or a change of mode takes until the policy is carried out.
const SETTLE_MS: u64 = 10_000;
/// One check in so many looks whether reading changes the machine.
const READING_EVERY: u32 = 257;
/// The backoff after the first failed round, and the longest (I4).
const BACKOFF_MS: (u64, u64) = (1_000, 30_000);
/// By how much jitter shortens it, in percent.
const JITTER_PERCENT: u64 = 25;

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which one, `I1` to `I8`.
    pub invariant: &'static str,
    /// What is wrong.
    pub what: String,
}

impl core::fmt::Display for Violation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

pub(super) fn broken(invariant: &'static str, what: impl Into<String>) -> Result<(), Violation> {
    Err(Violation {
        invariant,
        what: what.into(),
    })
}

/// What the invariants remember.
#[derive(Clone, Debug, Default)]
pub struct Invariants {
    /// The working set, as every acknowledged change made it.
    working: Networks,
    /// A change of the list that a user asked for and that is not answered yet.
    edit: Option<Command>,
    /// The network that a user wants another one in the place of.
    replaced: Option<(Ssid, Ssid)>,
    /// Since when a known network lets in that is not joined.
    open_since: Option<u64>,
    /// Since when the access point is not as it should be.
    ap_wrong_since: Option<u64>,
    /// Credentials that were refused, and when.
    refused: Vec<(Ssid, u64)>,
    portal_used: Option<u64>,
    /// When a boot, a user or a lost link last gave a reason to act at once.
    excused_at: u64,
    round_ended: Option<u64>,
    /// Rounds that failed since something began anew.
    rounds_failed: u32,
    connected: i64,
    checks: u32,
    last_policy: Option<(Mode, StartPolicy)>,
    /// A user's word about the access point: it stands above the policy until the mode changes.
    forced: Option<bool>,
    force_asked: Option<bool>,
}

impl Invariants {
    pub(super) fn booted(&mut self, store: &Store, now_ms: u64) {
        *self = Self {
            working: store.own().wifi.networks.clone(),
            edit: None,
            excused_at: now_ms,
            ..Self::default()
        };
    }

    /// A whole configuration is put in force: the owner's, or the one before it. What the driver
    /// lost or refused just before still has to heal.
    pub(super) fn configured(&mut self, store: &Store, now_ms: u64) {
        let (connected, excused_at) = (self.connected, self.excused_at);
        self.booted(store, now_ms);
        self.connected = connected;
        self.excused_at = self.excused_at.max(excused_at);
    }

    pub(super) fn commanded(&mut self, command: &Command, now_ms: u64) {
        self.excused_at = self.excused_at.max(now_ms);
        self.round_ended = None;
        self.rounds_failed = 0;
        self.open_since = None;
        if let Command::Put(place, network) = command {
            let old = self.working.get(usize::from(*place));
            self.replaced = old.map(|old| (old.ssid, network.ssid));
        }
        self.force_asked = if let Command::ForceAp(up) = command {
            Some(*up)
        } else {
            None
        };
        self.edit = match command {
            Command::Add(_)
            | Command::Put(..)
            | Command::Remove(_)
            | Command::RemoveAt(_)
            | Command::Reset
            | Command::ResetByButton => Some(command.clone()),
            Command::Join { .. }
            | Command::SetMode(_)
            | Command::SetAp(_)
            | Command::SetStation(_)
            | Command::ForceAp(_)
            | Command::Disconnect
            | Command::Resume
            | Command::Scan
            | Command::Reboot => None,
        };
    }

    /// The radio refused an access point, because fate wanted it.
    pub(super) fn ap_refused(&mut self, now_ms: u64) {
        self.excused_at = self.excused_at.max(now_ms + AP_RETRY_MS);
    }

    /// The driver lost an event: the machine has to find out by itself.
    pub(super) fn event_lost(&mut self, now_ms: u64) {
        self.excused_at = self.excused_at.max(now_ms + HEAL_MS);
        self.open_since = None;
    }

    pub(super) fn portal_used(&mut self, now_ms: u64) {
        self.portal_used = Some(now_ms);
    }

    pub(super) fn answered(&mut self, machine: &Manager, reply: Reply) {
        if matches!(reply, Reply::Known(_)) && self.edit.is_some() {
            self.working = machine.wifi().networks.clone();
        }
        if reply == Reply::Done && self.force_asked.is_some() {
            self.forced = self.force_asked.take();
        }
        self.round_ended = None;
        let of_scan = matches!(
            reply,
            Reply::Scanned | Reply::Refused(Refusal::ScanFailed | Refusal::TooManyAskers)
        );
        if !of_scan {
            self.edit = None;
        }
    }

    /// I1, at the store: what a network needs to be joined stays, but for what a user changed.
    pub(super) fn stored(&mut self, store: &Store, ok: bool) -> Result<(), Violation> {
        if !ok || self.edit.is_some() {
            return Ok(());
        }
        let kept = &store.own().wifi.networks;
        for known in &self.working {
            // Several entries may have one name: pinned ones, say.
            let mut named = kept.iter().filter(|network| network.ssid == known.ssid);
            let works =
                |network: &KnownNetwork| network.security == known.security || network.proven;
            if !named.clone().any(works) && !self.is_replaced(known, kept) {
                let gone = named.next().is_none();
                let what = if gone {
                    "is gone"
                } else {
                    "has a key that never worked"
                };
                return broken("I1", format!("{} {what}", known.ssid));
            }
        }
        self.working = kept.clone();
        Ok(())
    }

    /// Whether a user put another network in its place, which worked.
    fn is_replaced(&self, known: &KnownNetwork, kept: &Networks) -> bool {
        self.replaced.is_some_and(|(old, new)| {
            let works = |network: &KnownNetwork| network.ssid == new && network.proven;
            known.ssid == old && kept.iter().any(works)
        })
    }

    /// I4: rounds keep their distance.
    pub(super) fn asked(
        &mut self,
        op: RadioOp,
        machine: &Manager,
        now_ms: u64,
    ) -> Result<(), Violation> {
        let begins = matches!(op, RadioOp::Join { .. });
        let Some(ended) = self.round_ended.filter(|_| begins) else {
            return Ok(());
        };
        self.round_ended = None;
        let (first_ms, longest_ms) = BACKOFF_MS;
        let doubled = self.rounds_failed.saturating_sub(1).min(5);
        let pause_ms = (first_ms << doubled).min(longest_ms) * (100 - JITTER_PERCENT) / 100;
        if now_ms < ended + pause_ms && !machine.is_proving() {
            return broken(
                "I4",
                format!("a round {} ms after the last", now_ms - ended),
            );
        }
        Ok(())
    }

    /// I5: one `connected` for each address, one `disconnected` for each `connected`.
    pub(super) fn told(&mut self, event: &Event, now_ms: u64) -> Result<(), Violation> {
        match event {
            Event::Connected { .. } => {
                self.connected += 1;
                self.rounds_failed = 0;
            }
            Event::Disconnected { .. } => {
                self.connected -= 1;
                self.round_ended = None;
                self.rounds_failed = 0;
                self.excused_at = self.excused_at.max(now_ms);
            }
            Event::ConnectionFailed { .. } => {
                self.round_ended = Some(now_ms);
                self.rounds_failed += 1;
            }
            Event::StaDisconnected { ssid, class, .. } => {
                let refused = FailureClass::WrongPassword == *class
                    || FailureClass::SecurityMismatch == *class;
                if refused {
                    self.refused.push((*ssid, now_ms));
                }
            }
            Event::StaStart
            | Event::StaConnected { .. }
            | Event::StaGotIp { .. }
            | Event::StaLostIp
            | Event::ApStart { .. }
            | Event::ApStop
            | Event::ApStaConnected { .. }
            | Event::ApStaDisconnected { .. }
            | Event::ApFailed { .. }
            | Event::ApStarted { .. }
            | Event::ConfigApplied { .. }
            | Event::ConfigReverted { .. }
            | Event::SessionStarted { .. }
            | Event::SessionEnded
            | Event::Crashed { .. } => {}
        }
        if !(0..=1).contains(&self.connected) {
            return broken("I5", format!("{} connections at once", self.connected));
        }
        Ok(())
    }

    /// After every input.
    pub(super) fn check(
        &mut self,
        machine: &Manager,
        store: &Store,
        air: &mut Air,
        device: DeviceId,
        now_ms: u64,
    ) -> Result<(), Violation> {
        if let Some((at, _, violation)) = air.last_violation() {
            return broken("I4", format!("{violation:?} at {at} ms"));
        }
        let held = machine.status().station_ip.is_some();
        if held != (self.connected == 1) {
            return broken(
                "I5",
                format!("address held: {held}, connections: {}", self.connected),
            );
        }
        self.checks = self.checks.wrapping_add(1);
        if self.checks.is_multiple_of(READING_EVERY) {
            check_reading(machine)?;
        }
        self.passed(machine, store, air, device, now_ms)
    }

    /// I7.
    pub(super) fn check_secrets(
        &self,
        machine: &Manager,
        journal: &mut Journal,
    ) -> Result<(), Violation> {
        match journal.find_secret(&secrets(machine)) {
            Some(line) => broken("I7", line),
            None => Ok(()),
        }
    }

    /// After every step of time.
    pub(super) fn passed(
        &mut self,
        machine: &Manager,
        store: &Store,
        air: &mut Air,
        device: DeviceId,
        now_ms: u64,
    ) -> Result<(), Violation> {
        self.check_joined(machine, air, device, now_ms)?;
        self.check_access_point(machine, store, now_ms)
    }

    /// I2.
    fn check_joined(
        &mut self,
        machine: &Manager,
        air: &mut Air,
        device: DeviceId,
        now_ms: u64,
    ) -> Result<(), Violation> {
        let status = machine.status();
        let portal = self
            .portal_used
            .is_some_and(|at| status.ap_up && now_ms < at + PORTAL_MS);
        let excused =
            portal || machine.is_proving() || !status.mode.uses_station() || machine.is_paused();
        if excused || status.station_ip.is_some() || !self.lets_in(machine, air, device, now_ms) {
            self.open_since = None;
            return Ok(());
        }
        let since = *self.open_since.get_or_insert(now_ms);
        if now_ms > since + JOIN_MS {
            return broken("I2", format!("open since {since} ms and not joined"));
        }
        Ok(())
    }

    fn lets_in(&self, machine: &Manager, air: &mut Air, device: DeviceId, now_ms: u64) -> bool {
        let refused = |ssid: &Ssid| {
            self.refused
                .iter()
                .any(|(name, at)| name == ssid && now_ms < at + HOLD_MS)
        };
        machine.wifi().networks.iter().any(|network| {
            let target = JoinTarget {
                ssid: &network.ssid,
                security: &network.security,
            };
            let of_it = |ap: &&AccessPoint| ap.spec().ssid == network.ssid;
            let clear =
                |ap: &AccessPoint| !ap.is_weak() && network.hidden == ap.spec().signal.hidden;
            // A probe by name finds the strongest of several hidden ones, again and again.
            let told_apart =
                !network.hidden || air.access_points().iter().filter(of_it).count() < 2;
            network.bssid.is_none()
                && told_apart
                && air.access_points().iter().filter(of_it).all(clear)
                && (network.proven || !refused(&network.ssid))
                && air.lets_in(device, target)
        })
    }

    /// I3.
    fn check_access_point(
        &mut self,
        machine: &Manager,
        store: &Store,
        now_ms: u64,
    ) -> Result<(), Violation> {
        let status = machine.status();
        let wifi = &store.own().wifi;
        let policy = wifi.ap.start_policy;
        let last = self.last_policy.replace((status.mode, policy));
        if last != Some((status.mode, policy)) {
            self.excused_at = self.excused_at.max(now_ms);
        }
        if last.is_some_and(|(mode, _)| mode != status.mode) {
            self.forced = None;
        }
        let grace = match (status.mode, policy) {
            (Mode::StaAp, StartPolicy::Fallback) => {
                u64::from(wifi.station.fallback_deadline_ms) + AP_GRACE_MS
            }
            (Mode::Off | Mode::Sta | Mode::Ap | Mode::StaAp, _) => SETTLE_MS,
        };
        let right = match (status.mode, policy) {
            _ if self.forced.is_some() => self.forced == Some(status.ap_up),
            (Mode::Off | Mode::Sta, _) | (Mode::StaAp, StartPolicy::Never) => !status.ap_up,
            (Mode::Ap, _) | (Mode::StaAp, StartPolicy::Always) => status.ap_up,
            (Mode::StaAp, StartPolicy::Fallback) => {
                status.ap_up || status.station_ip.is_some() || machine.is_proving()
            }
        };
        if right {
            self.ap_wrong_since = None;
            return Ok(());
        }
        let since = (*self.ap_wrong_since.get_or_insert(now_ms)).max(self.excused_at);
        if now_ms > since + grace {
            return broken(
                "I3",
                format!("access point up: {}, for too long", status.ap_up),
            );
        }
        Ok(())
    }
}

/// I6. A borrowed machine could change only by interior mutability, which it has none of; one look
/// in many keeps it so without the price of hashing it every time.
fn check_reading(machine: &Manager) -> Result<(), Violation> {
    let before = digest(machine);
    let status = machine.status();
    let _ = (machine.join_target(), machine.record(), machine.scan_rows());
    if digest(machine) != before || status != machine.status() {
        return broken("I6", "reading changed the machine");
    }
    Ok(())
}

/// Every key that the device has in memory.
fn secrets(machine: &Manager) -> Vec<String> {
    let record = machine.record();
    let networks = record.networks.iter().map(|network| &network.security);
    let joined = machine.join_target().map(|target| target.security);
    let of_networks = networks
        .chain(joined)
        .filter_map(|security| match security {
            Security::Open => None,
            Security::Personal(key) => Some(key),
        });
    let all = of_networks
        .chain(machine.ap_key())
        .chain([&machine.identity().ap_secret]);
    all.map(exposed).collect()
}

fn exposed(key: &Passphrase) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = key.expose(&mut text);
    text
}

fn digest(machine: &Manager) -> u64 {
    let mut hasher = FnvHasher::default();
    machine.hash(&mut hasher);
    hasher.finish()
}
