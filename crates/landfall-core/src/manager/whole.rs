//! A whole configuration at once, while the device runs: the network restarts with it.

use super::Manager;
use super::radio_queue::Exclusive;
use super::station::Station;
use crate::command::Refusal;
use crate::config::{ApSettings, KnownNetwork, Mode, Wifi};
use crate::event::Event;
use crate::time::Instant;

impl Manager {
    /// Whether a whole configuration would be taken: not while the store is at work, nor while
    /// credentials are proved.
    pub fn takes_config(&self) -> bool {
        self.takes_commands() && self.onboarding.proof.is_none() && !self.policy.halted
    }

    /// Takes a whole configuration that is in the store already, and begins anew with it: the
    /// network is left and looked for again, the access point goes and comes where its settings
    /// changed, and keeps its clients where they did not. It is an input, apart from the others for
    /// its size: drain the outputs after it.
    ///
    /// # Errors
    /// [`Refusal::Busy`] where it is [not taken](Self::takes_config); nothing changed.
    pub fn handle_config(
        &mut self,
        wifi: Wifi,
        probe_internet: bool,
        now: Instant,
    ) -> Result<(), Refusal> {
        if !self.takes_config() {
            return Err(Refusal::Busy);
        }
        self.now = self.now.max(now);
        let used = self.may_look();
        self.abandon();
        let before = core::mem::replace(&mut self.wifi, wifi);
        self.number_networks(&before.networks);
        self.restart_ap(&before);
        self.policy.mode = self.wifi.mode;
        self.policy.ap_forced = None;
        self.policy.paused = false;
        self.policy.probe_internet = probe_internet;
        self.restart_station(used);
        self.begin_background_write();
        self.ask_radio();
        self.tell_state();
        Ok(())
    }

    /// Whether the internet is to be looked for, from the next connection on.
    pub fn handle_probe(&mut self, wanted: bool) {
        self.policy.probe_internet = wanted;
    }

    /// Networks that were known before keep their numbers, so that what was learned of them stays.
    fn number_networks(&mut self, before: &[KnownNetwork]) {
        for place in 0..self.wifi.networks.len() {
            let (earlier, rest) = self.wifi.networks.split_at(place);
            let Some(network) = rest.first() else { return };
            let is_it = |old: &&KnownNetwork| {
                old.ssid == network.ssid && earlier.iter().all(|taken| taken.id != old.id)
            };
            let id = before.iter().find(is_it).map(|old| old.id);
            let id = id.unwrap_or_else(|| self.side.new_id(before));
            self.wifi.networks[place].id = id;
        }
    }

    /// One that runs with other settings, or is about to, comes back with these.
    fn restart_ap(&mut self, before: &Wifi) {
        let start_policy = self.wifi.ap.start_policy;
        let alike = ApSettings {
            start_policy,
            ..before.ap.clone()
        } == self.wifi.ap;
        let runs = self.ap.is_up() || self.radio_is(Exclusive::ApStart);
        self.ap.stale = runs && !alike;
        // Whoever is there stays until a network is joined.
        self.ap.needed = runs && self.wifi.mode == Mode::StaAp;
    }

    fn restart_station(&mut self, used: bool) {
        self.known.standings.forget_all();
        self.told.cause = None;
        self.side.failures = 0;
        self.side.offline_since = self.now;
        if !self.may_look() {
            self.side.station = Station::Idle;
            self.side.round.first = false;
            return;
        }
        if !used {
            self.event(Event::StaStart);
        }
        self.begin_first_round();
    }
}
