//! What the last scan heard: bounded, without doubles, strongest first.

use heapless::Vec;

use crate::config::KnownNetwork;
use crate::net::{Bssid, Channel, Security, Ssid};
use crate::penalty::Penalties;
use crate::radio::{AuthMode, ScanRow};
use crate::time::Instant;

/// Most access points kept from a scan.
pub const MAX_ROWS: usize = 32;

/// The channels that do not overlap, from which our own access point takes the least busy.
const HOME_CHANNELS: [u8; 3] = [1, 6, 11];
/// An access point disturbs its neighbours up to this many channels away.
const OVERLAP: u8 = 2;

/// The rows of the last scan, strongest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Heard {
    rows: Vec<ScanRow, MAX_ROWS>,
    /// Rows heard by the scan under way, or by the last one if none is; a bit each.
    fresh: Bits,
    /// Rows tried in this round.
    tried: Bits,
    at: Option<Instant>,
}

impl Heard {
    /// The rows, strongest first.
    pub(crate) fn rows(&self) -> &[ScanRow] {
        &self.rows
    }

    /// When the last whole scan ended.
    pub(crate) fn at(&self) -> Option<Instant> {
        self.at
    }

    /// Whether a whole scan ended within the last `ms` milliseconds.
    pub(crate) fn is_younger_than(&self, ms: u64, now: Instant) -> bool {
        self.at.is_some_and(|at| now.ms_since(at) <= ms)
    }

    /// A scan begins: rows that it does not hear again go when it ends.
    pub(crate) fn begin(&mut self) {
        self.fresh = Bits::default();
    }

    /// Takes a row of the scan under way. When all places are taken, a row of a network that is
    /// not `known` gives way, the weakest first: a known network is not lost in a crowd.
    pub(crate) fn hear(&mut self, row: ScanRow, known: impl Fn(&Ssid) -> bool) {
        let mut tried = false;
        if let Some(i) = self.rows.iter().position(|old| old.bssid == row.bssid) {
            tried = self.tried.is_set(i);
            self.remove(i);
        } else if self.rows.is_full() && !self.make_room(&row, known) {
            return;
        }
        let at = self.rows.partition_point(|other| other.rssi >= row.rssi);
        // There is room: it was made above.
        let _ = self.rows.insert(at, row);
        self.fresh.insert(at, true);
        self.tried.insert(at, tried);
    }

    fn make_room(&mut self, row: &ScanRow, known: impl Fn(&Ssid) -> bool) -> bool {
        let matters = |row: &ScanRow| row.ssid.as_ref().is_some_and(&known);
        let stale = (0..self.rows.len()).rposition(|i| !self.fresh.is_set(i));
        let weakest = || self.rows.iter().rposition(|old| !matters(old));
        let Some(victim) = stale.or_else(weakest) else {
            return false;
        };
        if stale.is_none() && !matters(row) && self.rows[victim].rssi >= row.rssi {
            return false;
        }
        self.remove(victim);
        true
    }

    fn remove(&mut self, i: usize) {
        self.rows.remove(i);
        self.fresh.remove(i);
        self.tried.remove(i);
    }

    /// The scan is over.
    pub(crate) fn end(&mut self, now: Instant) {
        for i in (0..self.rows.len()).rev() {
            if !self.fresh.is_set(i) {
                self.remove(i);
            }
        }
        self.at = Some(now);
    }

    /// A new round: nothing is tried yet.
    pub(crate) fn forget_tries(&mut self) {
        self.tried = Bits::default();
    }

    /// Nothing of this network counts as tried.
    pub(crate) fn forget_tries_of(&mut self, ssid: &Ssid) {
        for (i, row) in self.rows.iter().enumerate() {
            if row.ssid.as_ref() == Some(ssid) {
                self.tried.unset(i);
            }
        }
    }

    /// This access point was tried.
    pub(crate) fn mark_tried(&mut self, bssid: Bssid) {
        self.mark_where(|row| row.bssid == bssid);
    }

    /// All of this network counts as tried.
    pub(crate) fn mark_all_tried(&mut self, ssid: &Ssid) {
        self.mark_where(|row| row.ssid.as_ref() == Some(ssid));
    }

    fn mark_where(&mut self, which: impl Fn(&ScanRow) -> bool) {
        for (i, row) in self.rows.iter().enumerate() {
            if which(row) {
                self.tried.set(i);
            }
        }
    }

    /// Whether an access point of that network was heard.
    pub(crate) fn shows(&self, network: &KnownNetwork) -> bool {
        self.rows.iter().any(|row| is_of(row, network))
    }

    /// The access point of that network to try next: the strongest not tried, those under
    /// penalty behind the others. An access point whose protection cannot fit the credentials
    /// counts only where no other of that name is heard: it may be an open twin.
    pub(crate) fn best(
        &self,
        network: &KnownNetwork,
        penalties: &Penalties,
        now: Instant,
    ) -> Option<ScanRow> {
        // The rows are sorted by strength, so the first of each kind is the strongest. The least
        // rank is taken: one that cannot fit never goes before one that can, tried or not.
        let (mut best, mut best_rank, mut any_fits) = (None, u8::MAX, false);
        for (i, row) in self.rows.iter().enumerate() {
            if !is_of(row, network) {
                continue;
            }
            let fits = fits(row.auth, &network.security);
            any_fits |= fits;
            if self.tried.is_set(i) {
                continue;
            }
            let rank = 2 * u8::from(!fits) + u8::from(penalties.is_under(row.bssid, now));
            if rank < best_rank {
                (best, best_rank) = (Some(i), rank);
            }
        }
        let is_last_resort = best_rank >= 2;
        let best = best.filter(|_| !(any_fits && is_last_resort))?;
        self.rows.get(best).copied()
    }

    /// Another access point of the network joined that is at least `margin_db` stronger.
    pub(crate) fn stronger(
        &self,
        network: &KnownNetwork,
        than: Bssid,
        rssi: i8,
        margin_db: i8,
    ) -> Option<ScanRow> {
        let better = |row: &&ScanRow| {
            is_of(row, network)
                && fits(row.auth, &network.security)
                && row.bssid != than
                && row.rssi >= rssi.saturating_add(margin_db)
        };
        self.rows.iter().find(better).copied()
    }

    /// The least busy of the channels 1, 6 and 11; 1 where nothing is known.
    pub(crate) fn quietest_channel(&self) -> Channel {
        let neighbours = |home: u8| {
            self.rows
                .iter()
                .filter(|row| row.channel.number().abs_diff(home) <= OVERLAP)
                .count()
        };
        let home = HOME_CHANNELS
            .into_iter()
            .min_by_key(|home| neighbours(*home));
        home.and_then(Channel::new).unwrap_or(Channel::ONE)
    }
}

/// A bit for each row, moved along with the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Bits(u32);

const _: () = assert!(MAX_ROWS <= u32::BITS as usize, "a bit for each row");

impl Bits {
    fn is_set(self, i: usize) -> bool {
        self.0 >> i & 1 == 1
    }

    fn set(&mut self, i: usize) {
        self.0 |= 1 << i;
    }

    fn unset(&mut self, i: usize) {
        self.0 &= !(1 << i);
    }

    fn insert(&mut self, i: usize, bit: bool) {
        let below = (1 << i) - 1;
        self.0 = self.0 & below | (self.0 & !below) << 1 | u32::from(bit) << i;
    }

    fn remove(&mut self, i: usize) {
        let below = (1 << i) - 1;
        self.0 = self.0 & below | (self.0 >> 1) & !below;
    }
}

fn is_of(row: &ScanRow, network: &KnownNetwork) -> bool {
    row.ssid.as_ref() == Some(&network.ssid) && network.bssid.is_none_or(|pin| pin == row.bssid)
}

fn fits(auth: AuthMode, security: &Security) -> bool {
    match auth {
        AuthMode::Open => !security.is_secure(),
        AuthMode::Wpa2 | AuthMode::Wpa3 | AuthMode::Wpa2Wpa3 => security.is_secure(),
        AuthMode::Enterprise => false,
        AuthMode::Other => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Mac;

    fn row(n: u8, ssid: &str, rssi: i8) -> ScanRow {
        ScanRow {
            ssid: Ssid::new(ssid.as_bytes()).ok(),
            bssid: Mac([0, 0, 0, 0, 0, n]),
            channel: Channel::new(6).unwrap(),
            rssi,
            auth: AuthMode::Open,
        }
    }

    fn network(ssid: &str) -> KnownNetwork {
        KnownNetwork::new(Ssid::new(ssid.as_bytes()).unwrap(), Security::Open)
    }

    #[test]
    fn a_known_network_is_not_lost_in_a_crowd() {
        let mut heard = Heard::default();
        let known = |ssid: &Ssid| ssid.as_bytes() == b"home";
        heard.begin();
        heard.hear(row(200, "home", -90), known);
        for n in 0..100 {
            heard.hear(row(n, "crowd", -30 - n as i8 / 4), known);
        }
        heard.end(Instant::BOOT);
        assert_eq!(heard.rows().len(), MAX_ROWS);
        assert!(heard.shows(&network("home")));
        assert!(heard.rows().is_sorted_by_key(|row| -row.rssi));
    }

    #[test]
    fn what_a_scan_does_not_hear_again_goes_and_what_was_tried_stays_tried() {
        let mut heard = Heard::default();
        for n in [1, 2] {
            heard.hear(row(n, "home", -40 - n as i8), |_| true);
        }
        heard.end(Instant::BOOT);
        heard.mark_tried(Mac([0, 0, 0, 0, 0, 2]));
        heard.begin();
        heard.hear(row(2, "home", -30), |_| true);
        heard.end(Instant::BOOT);
        assert_eq!(heard.rows().len(), 1);
        assert_eq!(
            heard.best(&network("home"), &Penalties::default(), Instant::BOOT),
            None
        );
    }

    #[test]
    fn an_open_twin_is_not_tried_where_the_real_one_is_heard() {
        let mut heard = Heard::default();
        let real = ScanRow {
            auth: AuthMode::Wpa2,
            ..row(1, "home", -80)
        };
        heard.hear(row(2, "home", -30), |_| true);
        heard.hear(real, |_| true);
        let key = Security::from_password(b"Password2").unwrap();
        let home = KnownNetwork {
            security: key,
            ..network("home")
        };
        let best = heard.best(&home, &Penalties::default(), Instant::BOOT);
        assert_eq!(best.map(|row| row.bssid), Some(real.bssid));
    }

    #[test]
    fn the_quietest_channel_has_the_fewest_neighbours() {
        let mut heard = Heard::default();
        assert_eq!(heard.quietest_channel(), Channel::ONE);
        for (n, channel) in [(1, 1), (2, 3), (3, 6), (4, 11), (5, 13)] {
            let channel = Channel::new(channel).unwrap();
            heard.hear(
                ScanRow {
                    channel,
                    ..row(n, "x", -50)
                },
                |_| false,
            );
        }
        assert_eq!(heard.quietest_channel().number(), 6);
    }
}
