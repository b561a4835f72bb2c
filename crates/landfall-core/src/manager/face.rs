//! What can be read of the machine. Reading changes nothing.

use core::net::Ipv4Addr;

use super::station::{Attempt, Station};
use super::{ApTarget, JoinTarget, Manager, Record};
use crate::config::{ApSecurity, Identity, KnownNetwork, Wifi};
use crate::net::{Passphrase, Ssid};
use crate::radio::ScanRow;
use crate::status::{State, Status};
use crate::time::Instant;

impl Manager {
    /// The state that people see.
    pub fn state(&self) -> State {
        let looks = self.may_look() && self.known_count() > 0;
        if self.onboarding.is_shown() {
            State::Connecting
        } else if self.is_online() {
            State::Connected
        } else if looks && self.side.round.first {
            State::Connecting
        } else if self.ap.is_up() {
            State::ApActive
        } else if looks {
            State::Connecting
        } else {
            State::Off
        }
    }

    /// How the device stands.
    pub fn status(&self) -> Status {
        let state = self.state();
        let link = match &self.side.station {
            Station::Online(link) => Some(link),
            Station::Idle
            | Station::Resting { .. }
            | Station::Scanning
            | Station::Joining(_)
            | Station::Addressing(..)
            | Station::ComingBack { .. } => None,
        };
        let station_ip = link.and_then(|link| link.net).map(|net| net.addr);
        let connected = link.filter(|_| state == State::Connected);
        Status {
            state,
            mode: self.policy.mode,
            ssid: match state {
                State::Connected => connected.map(|link| link.ssid),
                State::Connecting => self.target_ssid(),
                State::Off | State::ApActive => None,
            },
            ip: match state {
                State::Connected => station_ip.unwrap_or(Ipv4Addr::UNSPECIFIED),
                State::ApActive => self.ap.net.addr,
                State::Off | State::Connecting => Ipv4Addr::UNSPECIFIED,
            },
            rssi: connected.map(|link| link.rssi),
            mac: self.identity.mac,
            ap_ssid: self.ap_ssid(),
            ap_ip: self.ap.net.addr,
            ap_up: self.ap.is_up(),
            ap_channel: self.ap.channel(),
            station_ip,
            retrying: state == State::ApActive && self.may_look() && self.known_count() > 0,
            candidate: self.onboarding.candidate(),
            internet: self.known.internet,
            safe_mode: self.policy.safe_mode,
        }
    }

    /// Whether the access point is up, and not up to its end only: once a network is joined it may
    /// be about to stop.
    pub fn ap_stays(&self) -> bool {
        self.ap.is_up() && (self.ap.stale || self.ap_wanted())
    }

    /// Whether the device can be reached, and stays so: it holds an address, or its access point is
    /// up as the configuration wants it.
    pub fn is_reachable(&self) -> bool {
        let holds_address =
            matches!(&self.side.station, Station::Online(link) if link.net.is_some());
        holds_address || self.ap.is_up() && self.ap_wanted()
    }

    /// Whether somebody said [`Command::Disconnect`](crate::command::Command::Disconnect).
    pub fn is_paused(&self) -> bool {
        self.policy.paused
    }

    /// Whether new credentials are being proved.
    pub fn is_proving(&self) -> bool {
        self.onboarding.proof.is_some()
    }

    /// The network being tried, or the first that would be.
    fn target_ssid(&self) -> Option<Ssid> {
        let tried = self.attempt().and_then(|attempt| self.network_of(&attempt));
        let proved = || {
            self.onboarding
                .candidate()
                .filter(|_| self.onboarding.is_shown())
        };
        let first = || self.wifi.networks.first().map(|network| network.ssid);
        tried
            .map(|network| network.ssid)
            .or_else(|| proved().map(|(ssid, _)| ssid))
            .or_else(first)
    }

    /// The attempt under way.
    pub(super) fn attempt(&self) -> Option<Attempt> {
        match self.side.station {
            Station::Joining(attempt)
            | Station::Addressing(attempt, _)
            | Station::ComingBack { attempt, .. } => Some(attempt),
            Station::Idle | Station::Resting { .. } | Station::Scanning | Station::Online(_) => {
                None
            }
        }
    }

    /// The configuration in force, as it is stored.
    pub fn wifi(&self) -> &Wifi {
        &self.wifi
    }

    /// The known network at that place.
    pub fn known(&self, n: u8) -> Option<&KnownNetwork> {
        self.wifi.networks.get(usize::from(n))
    }

    /// Who the device is.
    pub fn identity(&self) -> &'static Identity {
        self.identity
    }

    /// What [`StoreOp::Networks`](super::StoreOp::Networks) is to write.
    pub fn record(&self) -> Record<'_> {
        let first = self.wifi.networks.first().map(|network| network.id);
        let last_good = self.known.last_good.filter(|(id, _)| Some(*id) == first);
        Record {
            networks: &self.wifi.networks,
            candidate: self.onboarding.candidate_to_store(self.vault.candidate()),
            last_good: last_good.map(|(_, last_good)| last_good),
        }
    }

    /// The network of the join under way.
    pub fn join_target(&self) -> Option<JoinTarget<'_>> {
        let attempt = self.attempt()?;
        let network = self.network_of(&attempt)?;
        Some(JoinTarget {
            ssid: &network.ssid,
            security: &network.security,
        })
    }

    /// The name of the access point, up or not.
    pub(super) fn ap_ssid(&self) -> Ssid {
        let own = self.ap_settings().ssid;
        own.unwrap_or_else(|| self.identity.ap_ssid())
    }

    /// The key of the access point, up or not; none: open.
    pub fn ap_key(&self) -> Option<&Passphrase> {
        match &self.ap_settings().security {
            ApSecurity::DeviceSecret => Some(&self.identity.ap_secret),
            ApSecurity::Key(key) => Some(key),
            ApSecurity::Open => None,
        }
    }

    /// The access point to start, or as it runs.
    pub fn ap_target(&self) -> ApTarget<'_> {
        ApTarget {
            ssid: self.ap_ssid(),
            key: self.ap_key(),
            hidden: self.ap_settings().hidden,
            max_clients: self.ap_settings().max_clients,
            address: self.ap.net,
        }
    }

    /// What the last scan heard, strongest first; one row per access point. While a scan runs the
    /// rows of the last one stay until they are heard again or it ends.
    pub fn scan_rows(&self) -> &[ScanRow] {
        self.known.heard.rows()
    }

    /// Age of the last whole scan in milliseconds; none: there was none.
    pub fn scan_age_ms(&self, now: Instant) -> Option<u64> {
        self.known.heard.at().map(|at| now.ms_since(at))
    }
}
