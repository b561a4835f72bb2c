//! The access point: when it is wanted, where it lives, how it comes and goes.
//!
//! ```text
//!            ApStart              ApStarted
//!   Down ───────────▶ (radio) ───────────────▶ Up
//!    ▲ ▲                 │ ApFailed              │
//!    │ └─ waits, longer ─┘                       │
//!    └────────────── ApStopped ──────────────────┘
//! ```

use super::Manager;
use super::station::Station;
use super::vault::Slot;
use crate::config::{ApSettings, Mode, StartPolicy};
use crate::event::Event;
use crate::net::{Channel, Ipv4Net};
use crate::radio::Reason;
use crate::time::Instant;

/// How long the access point stays after a connection for the phone to see the result.
const LINGER_MS: u32 = 30_000;
/// How long probes of phones are answered with the portal in that time, unless the page has
/// shown the result before.
const LINGER_PORTAL_MS: u64 = 20_000;
/// Longest wait before an access point that failed is started again: it may be the only way in.
const RETRY_MAX_MS: u32 = 4_000;

/// Whether the access point is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum ApState {
    /// It is not, and may be started from then on.
    Down { from: Instant },
    /// It is, on that channel.
    Up { channel: Channel },
}

/// The access point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct AccessPoint {
    pub(super) state: ApState,
    /// Where it goes back to when no join needs it elsewhere.
    pub(super) home: Channel,
    /// Its address since its last start.
    pub(super) net: Ipv4Net,
    /// The network joined last: the next start keeps clear of its addresses.
    pub(super) station_net: Option<Ipv4Net>,
    /// Its settings changed: down, and up again.
    pub(super) stale: bool,
    /// The known networks failed; set by [`Manager::need_fallback`], cleared by an address.
    pub(super) needed: bool,
    /// When an address was gained that is in the store.
    connected_at: Instant,
    /// The phone at the portal is to see the result.
    lingers: bool,
    failures: u8,
}

impl AccessPoint {
    pub(super) fn new(net: Ipv4Net) -> Self {
        Self {
            state: ApState::Down {
                from: Instant::BOOT,
            },
            home: Channel::ONE,
            net,
            station_net: None,
            stale: false,
            needed: false,
            connected_at: Instant::BOOT,
            lingers: false,
            failures: 0,
        }
    }

    pub(super) fn is_up(&self) -> bool {
        matches!(self.state, ApState::Up { .. })
    }

    pub(super) fn channel(&self) -> Option<Channel> {
        match self.state {
            ApState::Up { channel } => Some(channel),
            ApState::Down { .. } => None,
        }
    }

    fn linger_until(&self) -> Instant {
        self.connected_at
            .plus_ms(if self.lingers { LINGER_MS } else { 0 })
    }

    /// When something about it changes by itself.
    pub(super) fn deadline(&self, now: Instant) -> Option<Instant> {
        match self.state {
            ApState::Down { from } => (from > now).then_some(from),
            ApState::Up { .. } => Some(self.linger_until()).filter(|until| *until > now),
        }
    }
}

impl Manager {
    /// Whether mode and policy let the access point come up when the networks fail.
    pub(super) fn may_fall_back(&self) -> bool {
        self.policy.mode == Mode::StaAp && self.ap_settings().start_policy == StartPolicy::Fallback
    }

    /// The settings in force: new ones are, once they are stored.
    pub(super) fn ap_settings(&self) -> &ApSettings {
        match &self.vault.slot {
            Slot::Ap(before) => before,
            Slot::Empty
            | Slot::Candidate(_)
            | Slot::List { .. }
            | Slot::Mode(_)
            | Slot::Station(_) => &self.wifi.ap,
        }
    }

    /// The known networks failed: the access point is needed, and the first round is over.
    pub(super) fn need_fallback(&mut self) {
        self.ap.needed = true;
        self.side.round.first = false;
    }

    /// Whether the access point is to be up now.
    pub(super) fn ap_wanted(&self) -> bool {
        if self.ap.stale {
            return false;
        }
        match self.policy.mode {
            Mode::Off | Mode::Sta => false,
            Mode::Ap => self.policy.ap_forced != Some(false),
            Mode::StaAp => self
                .policy
                .ap_forced
                .unwrap_or(match self.ap_settings().start_policy {
                    StartPolicy::Always => true,
                    StartPolicy::Never => false,
                    StartPolicy::Fallback => {
                        let lingers = self.now < self.ap.linger_until();
                        self.policy.safe_mode || self.ap.needed || lingers
                    }
                }),
        }
    }

    /// An address is held and what gave it is stored: the access point goes, now or after the
    /// phone could see the result.
    pub(super) fn begin_linger(&mut self) {
        self.ap.needed = false;
        self.ap.connected_at = self.now;
        self.ap.lingers = self.ap.is_up() && self.portal.used_recently(self.now);
    }

    /// Whether the probes of phones are answered with success, so that their sheet closes: once
    /// the page has shown the result, or has had the time to.
    pub fn probe_succeeds(&self, now: Instant) -> bool {
        let provisioned = self.is_online() && self.onboarding.proof.is_none();
        provisioned
            && (self.portal.result_was_seen()
                || now.ms_since(self.ap.connected_at) >= LINGER_PORTAL_MS)
    }

    /// Where the access point is to start: with the station where that is or goes, else its own
    /// channel.
    pub(super) fn ap_start_channel(&mut self) -> Channel {
        let configured = self.ap_settings().channel;
        self.ap.home = configured.unwrap_or_else(|| self.known.heard.quietest_channel());
        match &self.side.station {
            Station::Online(link) | Station::Addressing(_, link) => link.channel,
            Station::Idle
            | Station::Resting { .. }
            | Station::Scanning
            | Station::Joining(_)
            | Station::ComingBack { .. } => self.ap.home,
        }
    }

    /// Chooses the address for the next start: none that the network joined last uses too.
    pub(super) fn choose_ap_net(&mut self) {
        let wanted = self.ap_settings().address;
        let clashes = |net: Ipv4Net| self.ap.station_net.is_some_and(|other| other.overlaps(net));
        let spare = [Ipv4Net::AP_ALTERNATE, Ipv4Net::AP_DEFAULT];
        self.ap.net = if clashes(wanted) {
            spare
                .into_iter()
                .find(|net| !clashes(*net))
                .unwrap_or(wanted)
        } else {
            wanted
        };
    }

    pub(super) fn on_ap_started(&mut self, channel: Channel) {
        self.ap.state = ApState::Up { channel };
        self.ap.failures = 0;
        let ssid = self.ap_ssid();
        self.event(Event::ApStart { ssid });
        self.event(Event::ApStarted { essid: ssid });
    }

    pub(super) fn on_ap_failed(&mut self, reason: Reason) {
        let wait_ms = (1000 << self.ap.failures.min(5)).min(RETRY_MAX_MS);
        self.ap.failures = self.ap.failures.saturating_add(1);
        self.ap.state = ApState::Down {
            from: self.now.plus_ms(self.known.rng.jitter(wait_ms)),
        };
        self.event(Event::ApFailed {
            class: reason.class(false),
        });
    }

    pub(super) fn on_ap_stopped(&mut self) {
        self.ap.stale = false;
        self.radio.ap_unwanted = false;
        if self.ap.is_up() {
            self.ap.state = ApState::Down { from: self.now };
            self.portal.closed();
            self.event(Event::ApStop);
        }
    }
}
