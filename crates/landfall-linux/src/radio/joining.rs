//! The driver's station: scans, joins, and their ends.

use std::time::{Duration, Instant};

use async_io::Timer;
use landfall_core::net::{Bssid, Channel, KeyMaterial, Security};
use landfall_core::radio::{AuthMode, RadioEvent, Reason};

use super::driver::{Driver, Fault, SETTLE};
use super::station::Station;
use super::work::{Found, Work, failed, found};
use crate::control::ControlError;
use crate::wpa::network::Network;
use crate::wpa::{Attempt, INCOMPATIBLE, Verdict};

/// The wait before a scan is tried again that the driver refused.
const SCAN_RETRY: Duration = Duration::from_millis(250);
/// How long it may be refused, and how long it may take; the machine gives up a little later. Between
/// two channels a station that is linked goes home, which makes all of them take 3.3 s on mac80211.
const SCAN_REFUSED_MAX: Duration = Duration::from_millis(2_000);
const SCAN_MAX: Duration = Duration::from_millis(2_400);
/// Channels of 5 GHz that a scan comes to before it is cut, where one may only listen there: 110 ms each.
const SCAN_TURN: usize = 8;
/// How long the end of a scan that was cut is waited for.
const SCAN_END: Duration = Duration::from_millis(300);
/// The strength told until the driver knows it, in dBm: neither weak, so that a better one is looked for,
/// nor strong.
const UNKNOWN_RSSI: i8 = -70;
/// Where wpa_supplicant cannot say where it is.
const NOWHERE: Channel = Channel::ONE;

impl Driver {
    pub(super) async fn begin_scan(&mut self) -> Result<(), Fault> {
        self.make_room().await?;
        let since = Instant::now();
        self.work = Work::Scanning {
            since,
            due: since + SCAN_MAX,
            is_over: false,
        };
        self.ask_scan().await
    }

    /// The scan has taken as long as it may: it ends with what it heard.
    pub(super) async fn cut_scan(&mut self, since: Instant, is_over: bool) -> Result<(), Fault> {
        if is_over {
            return self.end_scan(since).await;
        }
        self.work = Work::Scanning {
            since,
            due: Instant::now() + SCAN_END,
            is_over: true,
        };
        if let Some(station) = &self.station {
            station.abort_scan().await;
        }
        // What it came to is last the next time.
        self.scan_turn = self.scan_turn.wrapping_add(SCAN_TURN);
        Ok(())
    }

    /// Has wpa_supplicant scan; where it refuses, it is asked again a moment later.
    async fn ask_scan(&mut self) -> Result<(), Fault> {
        let asked = match &self.station {
            Some(station) => self.ask_scan_of(station).await,
            None => Err(ControlError::Silent),
        };
        match asked {
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::debug!("{error}");
                Box::pin(self.scan_again()).await
            }
        }
    }

    async fn ask_scan_of(&self, station: &Station) -> Result<bool, ControlError> {
        let channels = station.channels().await;
        let Work::Seeking {
            network, is_far, ..
        } = &self.work
        else {
            return station.scan(None, &channels.turned(self.scan_turn)).await;
        };
        let channels = match (channels.split(), is_far) {
            ((_, Some(far)), true) => far,
            ((near, _), _) => near,
        };
        station.scan(Some(&network.ssid), &channels).await
    }

    pub(super) async fn scan_again(&mut self) -> Result<(), Fault> {
        let since = match &self.work {
            Work::Scanning { since, .. } | Work::Seeking { since, .. } => *since,
            Work::Idle | Work::Moving { .. } | Work::Joining { .. } | Work::Leaving { .. } => {
                return Ok(());
            }
        };
        if since.elapsed() < SCAN_REFUSED_MAX {
            Timer::after(SCAN_RETRY).await;
            return self.ask_scan().await;
        }
        match std::mem::take(&mut self.work) {
            Work::Seeking { .. } => self.fail(Reason::TIMED_OUT).await,
            Work::Scanning { .. }
            | Work::Idle
            | Work::Moving { .. }
            | Work::Joining { .. }
            | Work::Leaving { .. } => {
                self.make_way().await;
                self.line.tell(RadioEvent::ScanFailed);
                Ok(())
            }
        }
    }

    pub(super) async fn end_scan(&mut self, since: Instant) -> Result<(), Fault> {
        self.work = Work::Idle;
        let rows = match &self.station {
            Some(station) => station.rows(since).await,
            None => Err(ControlError::Silent),
        };
        self.make_way().await;
        match rows {
            Ok(rows) => {
                for row in rows {
                    self.line.tell(RadioEvent::ScanRow(row));
                }
                self.line.tell(RadioEvent::ScanDone);
            }
            Err(error) => {
                tracing::warn!("what was heard cannot be read: {error}");
                self.line.tell(RadioEvent::ScanFailed);
            }
        }
        Ok(())
    }

    pub(super) async fn begin_join(&mut self, network: Network) -> Result<(), Fault> {
        self.make_room().await?;
        self.unlink();
        self.link = None;
        if network.channel.is_none() && self.ap.is_some() {
            // It may be on another channel than the access point, which has to go there first.
            return self.seek(network, false).await;
        }
        self.associate(network).await
    }

    async fn seek(&mut self, network: Network, is_far: bool) -> Result<(), Fault> {
        self.work = Work::Seeking {
            network,
            since: Instant::now(),
            is_far,
        };
        self.ask_scan().await
    }

    /// The network was looked for: it is joined where it was heard, after the access point went there.
    pub(super) async fn sought(&mut self) -> Result<(), Fault> {
        let work = std::mem::take(&mut self.work);
        let (
            Work::Seeking {
                network,
                since,
                is_far,
            },
            Some(station),
        ) = (work, &self.station)
        else {
            return Ok(());
        };
        let rows = station.rows(since).await.unwrap_or_default();
        let has_far = station.channels().await.split().1.is_some();
        match found(network, &rows, self.ap.as_ref().map(|ap| ap.channel)) {
            Found::Nowhere(network) if has_far && !is_far => self.seek(network, true).await,
            Found::Nowhere(_) => self.fail(Reason::NOT_FOUND).await,
            Found::Here(network) => self.associate(network).await,
            Found::Elsewhere(to, network) => {
                self.begin_move(to, Some(network)).await;
                Ok(())
            }
        }
    }

    /// Hands the network to wpa_supplicant.
    pub(super) async fn associate(&mut self, network: Network) -> Result<(), Fault> {
        let joined = match &self.station {
            Some(station) => station.join(&network).await,
            None => Err(ControlError::Silent),
        };
        if let Err(error) = joined {
            tracing::warn!("the network cannot be joined: {error}");
            return self.fail(Reason::TIMED_OUT).await;
        }
        self.work = Work::Joining {
            network,
            attempt: Attempt::default(),
            since: Instant::now(),
        };
        Ok(())
    }

    /// What is said of the join is enough for a verdict.
    pub(super) async fn judge(&mut self, verdict: Verdict) -> Result<(), Fault> {
        if verdict == Verdict::LookAgain {
            if let Some(station) = &self.station {
                station.look_again().await;
            }
            return Ok(());
        }
        let Work::Joining { network, since, .. } = std::mem::take(&mut self.work) else {
            return Ok(());
        };
        match verdict {
            Verdict::Joined(bssid) => {
                self.joined(&network, bssid).await;
                Ok(())
            }
            Verdict::Failed(reason) => self.fail(reason).await,
            Verdict::NotFound => {
                let reason = self.why_not_found(&network, since).await;
                self.fail(reason).await
            }
            Verdict::LookAgain => Ok(()),
        }
    }

    async fn joined(&mut self, network: &Network, bssid: Bssid) {
        let state = match &self.station {
            Some(station) => station.link().await.ok().flatten(),
            None => None,
        };
        let rssi = state.and_then(|state| state.rssi).unwrap_or(UNKNOWN_RSSI);
        self.rssi = rssi;
        let channel = state.and_then(|state| state.channel).or(network.channel);
        self.line.tell(RadioEvent::Joined {
            bssid,
            channel: channel.unwrap_or(NOWHERE),
            rssi,
        });
        self.begin_address(network.ssid);
    }

    /// Nobody fits: because nobody of that name was heard, or because none lets in by these
    /// credentials.
    async fn why_not_found(&self, network: &Network, since: Instant) -> Reason {
        let ways = match &self.station {
            Some(station) => station.ways_into(&network.ssid, since).await,
            None => Vec::new(),
        };
        if ways.is_empty() || ways.iter().any(|way| lets_in(*way, &network.security)) {
            Reason::NOT_FOUND
        } else {
            INCOMPATIBLE
        }
    }

    /// The join failed: nothing of it stays with wpa_supplicant.
    pub(super) async fn fail(&mut self, reason: Reason) -> Result<(), Fault> {
        self.work = Work::Idle;
        if let Some(station) = &self.station {
            // One that does not answer is gone, which is told.
            let _ = station.leave().await;
        }
        self.make_way().await;
        self.line.tell(failed(reason));
        Ok(())
    }

    pub(super) async fn begin_leave(&mut self) -> Result<(), Fault> {
        self.unlink();
        let was_linked = self.link.take().is_some();
        let left = match &self.station {
            Some(station) => station.leave().await,
            None => Err(ControlError::Silent),
        };
        if was_linked && left.is_ok() {
            let due = Instant::now() + SETTLE;
            self.work = Work::Leaving { due };
            return Ok(());
        }
        self.left().await
    }

    pub(super) async fn left(&mut self) -> Result<(), Fault> {
        self.work = Work::Idle;
        self.make_way().await;
        self.line.tell(RadioEvent::Left);
        Ok(())
    }

    /// The link is gone, and nobody asked for it.
    pub(super) async fn lose(&mut self, reason: Reason) -> Result<(), Fault> {
        self.unlink();
        self.link = None;
        if let Some(station) = &self.station {
            // Whether it is joined again is for the machine to say.
            let _ = station.leave().await;
        }
        self.make_way().await;
        self.line.tell(RadioEvent::Lost { reason });
        Ok(())
    }

    /// Ends what is under way.
    pub(super) async fn cancel(&mut self) -> Result<(), Fault> {
        match std::mem::take(&mut self.work) {
            Work::Scanning { .. } => {
                if let Some(station) = &self.station {
                    station.abort_scan().await;
                }
                self.make_way().await;
                self.line.tell(RadioEvent::ScanFailed);
                Ok(())
            }
            Work::Seeking { .. } => {
                if let Some(station) = &self.station {
                    station.abort_scan().await;
                }
                self.fail(Reason::TIMED_OUT).await
            }
            Work::Joining { .. } | Work::Moving { then: Some(_), .. } => {
                self.fail(Reason::TIMED_OUT).await
            }
            other @ (Work::Idle | Work::Moving { then: None, .. } | Work::Leaving { .. }) => {
                self.work = other;
                Ok(())
            }
        }
    }
}

/// Whether credentials are of the kind that such an access point asks for.
fn lets_in(way: AuthMode, security: &Security) -> bool {
    // SAE is made of the phrase, and a raw key is what became of it.
    let is_raw = match security {
        Security::Open => return way == AuthMode::Open,
        Security::Personal(key) => matches!(key.material(), KeyMaterial::Raw(_)),
    };
    match way {
        AuthMode::Wpa2 | AuthMode::Wpa2Wpa3 => true,
        AuthMode::Wpa3 => !is_raw,
        AuthMode::Open | AuthMode::Enterprise | AuthMode::Other => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_fit_or_not() {
        let open = Security::Open;
        let phrase = Security::from_password(b"correct horse").unwrap();
        let raw = Security::from_password("0a".repeat(32).as_bytes()).unwrap();
        let check = |way, expected: [bool; 3]| {
            let fits = [&open, &phrase, &raw].map(|security| lets_in(way, security));
            assert_eq!(fits, expected, "{way:?}");
        };
        check(AuthMode::Open, [true, false, false]);
        check(AuthMode::Wpa2, [false, true, true]);
        check(AuthMode::Wpa2Wpa3, [false, true, true]);
        check(AuthMode::Wpa3, [false, true, false]);
        check(AuthMode::Enterprise, [false, false, false]);
        check(AuthMode::Other, [false, false, false]);
    }
}
