//! The station: wpa_supplicant, started for our interface alone.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::time::Instant;

use landfall_core::net::{Channel, Ssid};
use landfall_core::radio::{AuthMode, ScanRow};
use zeroize::Zeroizing;

use super::driver::Settings;
use crate::control::{Control, ControlError};
use crate::program::Program;
use crate::wpa::network::Network;
use crate::wpa::text::line;
use crate::wpa::{self, Channels, Event, bss, channels};

/// The folder of its sockets, in ours.
pub(super) const SOCKETS: &str = "wpa";
/// Most rows of a scan that are told.
const ROWS_MAX: usize = 200;

/// A running wpa_supplicant.
pub(super) struct Station(Program);

/// What happened there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StationEvent {
    Said(Event),
    Gone,
}

/// How the link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LinkState {
    pub(super) channel: Option<Channel>,
    /// In dBm; none: the driver does not know.
    pub(super) rssi: Option<i8>,
}

impl Station {
    /// Starts it for our interface.
    ///
    /// # Errors
    /// It is not installed, ends at once, or does not answer.
    pub(super) async fn start(settings: &Settings) -> io::Result<Self> {
        let folder = settings.run.join(SOCKETS);
        let config = settings.run.join("wpa_supplicant.conf");
        fs::write(&config, wpa::config(&folder, settings.country.as_deref()))?;
        let words = ["-D", "nl80211", "-i", &settings.interface, "-c"].map(OsStr::new);
        let words = [&words[..], &[config.as_os_str()]].concat();
        let socket = folder.join(&settings.interface);
        let program = Program::start("wpa_supplicant", &words, &socket, &settings.run).await?;
        for setting in wpa::SETTINGS {
            // An older version does not know it, and does without.
            let _ = program.control().order(setting).await;
        }
        Ok(Self(program))
    }

    fn control(&self) -> &Control {
        self.0.control()
    }

    /// Ends it; the interface is down then.
    pub(super) async fn stop(self) {
        // Who is left without a word is kept in the access point's list for minutes.
        let _ = self.control().order("DISCONNECT").await;
        self.0.stop().await;
    }

    /// What happens next. Dropping the future loses nothing.
    pub(super) async fn next(&self) -> StationEvent {
        match self.0.next().await {
            Some(line) => StationEvent::Said(Event::parse(&line)),
            None => StationEvent::Gone,
        }
    }

    /// The channels that the radio has, as the rules of the country are now.
    pub(super) async fn channels(&self) -> Channels {
        let said = self.control().ask(channels::REQUEST).await;
        said.map_or_else(|_| Channels::default(), |said| Channels::of(&said))
    }

    /// Begins a scan of these channels; false: another one is under way, whose end will do.
    pub(super) async fn scan(
        &self,
        ssid: Option<&Ssid>,
        channels: &Channels,
    ) -> Result<bool, ControlError> {
        match self
            .control()
            .ask(&wpa::scan_request(ssid, channels))
            .await?
            .trim_end()
        {
            "OK" => Ok(true),
            "FAIL-BUSY" => Ok(false),
            other => Err(ControlError::Refused(format!("SCAN: {other}"))),
        }
    }

    /// Keeps the rules of that country, where the kernel has them.
    pub(super) async fn keep_rules_of(&self, country: &str) {
        if let Err(error) = self
            .control()
            .order(&format!("SET country {country}"))
            .await
        {
            tracing::warn!("the rules of {country} cannot be kept: {error}");
        }
    }

    /// Ends the scan under way.
    pub(super) async fn abort_scan(&self) {
        // It may have ended by itself.
        let _ = self.control().order("ABORT_SCAN").await;
    }

    /// What was heard since then, strongest first.
    pub(super) async fn rows(&self, since: Instant) -> Result<Vec<ScanRow>, ControlError> {
        let oldest_s = u32::try_from(since.elapsed().as_secs())
            .unwrap_or(u32::MAX)
            .saturating_add(1);
        let mut rows = Vec::new();
        let mut from = 0;
        while rows.len() < ROWS_MAX {
            let answer = self.control().ask(&bss::request(from)).await?;
            let mut last = None;
            for row in bss::rows(&answer) {
                last = Some(row.id);
                rows.extend(row.row.filter(|_| row.age_s <= oldest_s));
            }
            match last {
                Some(id) if id >= from => from = id + 1,
                Some(_) | None => break,
            }
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.rssi));
        Ok(rows)
    }

    /// Begins to join, and forgets what was said about networks before.
    pub(super) async fn join(&self, network: &Network) -> Result<(), ControlError> {
        self.leave().await?;
        // Who failed before is not passed over: that is for the machine to decide. The command's
        // name is another one in older versions.
        if self.control().order("BSSID_IGNORE clear").await.is_err() {
            let _ = self.control().order("BLACKLIST clear").await;
        }
        let id = self.control().ask("ADD_NETWORK").await?;
        let id = id.trim_end();
        for (name, value) in network.variables(&self.channels().await) {
            let command = Zeroizing::new(format!("SET_NETWORK {id} {name} {}", *value));
            self.control().order(&command).await?;
        }
        self.0.forget_said().await;
        self.control().order(&format!("SELECT_NETWORK {id}")).await
    }

    /// Looks for the network once more.
    pub(super) async fn look_again(&self) {
        // It looks again by itself after a while, too.
        let _ = self.control().order("REASSOCIATE").await;
    }

    /// Leaves, and forgets the network with its key.
    pub(super) async fn leave(&self) -> Result<(), ControlError> {
        self.control().order("DISCONNECT").await?;
        self.control().order("REMOVE_NETWORK all").await
    }

    /// How the link is; none: there is none.
    ///
    /// # Errors
    /// The program does not answer, so that nobody knows.
    pub(super) async fn link(&self) -> Result<Option<LinkState>, ControlError> {
        let status = self.control().ask("STATUS").await?;
        if line(&status, "wpa_state") != Some("COMPLETED") {
            return Ok(None);
        }
        let signal = self.control().ask("SIGNAL_POLL").await.unwrap_or_default();
        let rssi = line(&signal, "RSSI").and_then(|rssi| rssi.parse::<i32>().ok());
        let frequency = line(&status, "freq").and_then(|freq| freq.parse().ok());
        Ok(Some(LinkState {
            channel: frequency.and_then(bss::channel),
            rssi: rssi.map(|rssi| rssi.clamp(-127, 0) as i8),
        }))
    }

    /// How the access points of that name let in, as heard a moment ago.
    pub(super) async fn ways_into(&self, ssid: &Ssid, since: Instant) -> Vec<AuthMode> {
        let rows = self.rows(since).await.unwrap_or_default();
        let of_name = rows.iter().filter(|row| row.ssid.as_ref() == Some(ssid));
        of_name.map(|row| row.auth).collect()
    }
}
