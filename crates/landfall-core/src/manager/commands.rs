//! What doors ask, beside new credentials: edits, mode, access point, scan, reset.

use super::Manager;
use super::station::Station;
use super::vault::{Slot, Write};
use crate::command::{Command, Refusal, Reply, Ticket};
use crate::config::{ApSettings, KnownNetwork, Mode, StationSettings};
use crate::net::Ssid;

impl Manager {
    /// Whether a command would be looked at: false while the store is at work for the last one.
    pub fn takes_commands(&self) -> bool {
        !self.vault.is_writing()
    }

    pub(super) fn on_command(&mut self, ticket: Ticket, command: Command) {
        if let Err(refusal) = self.try_command(ticket, command) {
            self.outbox.reply(ticket, Reply::Refused(refusal));
        }
    }

    fn try_command(&mut self, ticket: Ticket, command: Command) -> Result<(), Refusal> {
        if !self.takes_commands() {
            return Err(Refusal::Busy);
        }
        match command {
            Command::Join { ssid, security } => self.join_command(ticket, ssid, security),
            Command::Add(network) => self.add(ticket, network),
            Command::Put(place, network) => self.put(ticket, place, network),
            Command::Remove(ssid) => self.remove(ticket, ssid),
            Command::RemoveAt(place) => self.remove_at(ticket, place),
            Command::SetMode(mode) => self.set_mode(ticket, mode),
            Command::SetAp(ap) => self.set_ap(ticket, ap),
            Command::SetStation(station) => self.set_station(ticket, station),
            Command::ForceAp(up) => self.force_ap(ticket, up),
            Command::Disconnect => self.disconnect(ticket),
            Command::Resume => self.resume(ticket),
            Command::Scan => self.scan_command(ticket),
            Command::Reset => self.reset(ticket),
            Command::ResetByButton => {
                self.begin_write(Write::Reset(ticket));
                Ok(())
            }
            Command::Reboot => {
                self.halt(ticket);
                Ok(())
            }
        }
    }

    /// While credentials are proved nothing else changes what is stored.
    fn free_to_edit(&self) -> Result<(), Refusal> {
        if self.onboarding.proof.is_some() {
            Err(Refusal::Busy)
        } else {
            Ok(())
        }
    }

    fn place_of(&self, ssid: &Ssid) -> Option<u8> {
        let place = self
            .wifi
            .networks
            .iter()
            .position(|network| network.ssid == *ssid);
        place.map(|place| place as u8)
    }

    fn add(&mut self, ticket: Ticket, network: KnownNetwork) -> Result<(), Refusal> {
        self.free_to_edit()?;
        if let Some(place) = self.place_of(&network.ssid) {
            return self.put(ticket, place, network);
        }
        let id = self.side.new_id(&self.wifi.networks);
        let network = KnownNetwork {
            id,
            proven: false,
            ..network
        };
        self.wifi
            .networks
            .push(network)
            .map_err(|_| Refusal::ListFull)?;
        let added = Some(self.wifi.networks.len() as u8 - 1);
        self.store_list(ticket, added, None);
        Ok(())
    }

    fn put(&mut self, ticket: Ticket, place: u8, network: KnownNetwork) -> Result<(), Refusal> {
        self.free_to_edit()?;
        let Some(old) = self.wifi.networks.get_mut(usize::from(place)) else {
            return Err(Refusal::UnknownNetwork);
        };
        let lets_in_alike = (old.ssid, &old.security, old.bssid, old.hidden)
            == (
                network.ssid,
                &network.security,
                network.bssid,
                network.hidden,
            );
        let proven = lets_in_alike && old.proven;
        let new = KnownNetwork {
            id: old.id,
            proven,
            ..network
        };
        let in_use = matches!(&self.side.station, Station::Online(link) if link.ssid == old.ssid);
        if in_use && !lets_in_alike {
            self.begin_candidate(ticket, new, Some(place));
            return Ok(());
        }
        let old = core::mem::replace(old, new);
        self.store_list(ticket, Some(place), Some((place, old)));
        Ok(())
    }

    fn remove(&mut self, ticket: Ticket, ssid: Ssid) -> Result<(), Refusal> {
        self.free_to_edit()?;
        let place = self.place_of(&ssid).ok_or(Refusal::UnknownNetwork)?;
        self.remove_at(ticket, place)
    }

    fn remove_at(&mut self, ticket: Ticket, place: u8) -> Result<(), Refusal> {
        self.free_to_edit()?;
        if usize::from(place) >= self.wifi.networks.len() {
            return Err(Refusal::UnknownNetwork);
        }
        let old = self.wifi.networks.remove(usize::from(place));
        self.store_list(ticket, None, Some((place, old)));
        Ok(())
    }

    fn store_list(
        &mut self,
        ticket: Ticket,
        added: Option<u8>,
        removed: Option<(u8, KnownNetwork)>,
    ) {
        self.vault.slot = Slot::List { added, removed };
        self.begin_write(Write::List(ticket));
    }

    /// The list is stored. What runs is begun anew with it; a network that is no longer known is
    /// left.
    pub(super) fn networks_changed(&mut self) -> Reply {
        self.known.standings.forget_all();
        let is_known = |ssid: &Ssid| self.wifi.networks.iter().any(|known| known.ssid == *ssid);
        let stays = matches!(&self.side.station, Station::Online(link) if is_known(&link.ssid));
        if !stays {
            let first = self.side.round.first || self.is_online();
            self.abandon();
            self.begin_round(first);
        }
        Reply::Known(self.wifi.networks.len() as u8)
    }

    fn set_mode(&mut self, ticket: Ticket, mode: Mode) -> Result<(), Refusal> {
        self.free_to_edit()?;
        if mode == self.wifi.mode {
            self.outbox.reply(ticket, Reply::Done);
            return Ok(());
        }
        self.vault.slot = Slot::Mode(core::mem::replace(&mut self.wifi.mode, mode));
        self.begin_write(Write::Mode(ticket));
        Ok(())
    }

    /// The mode is stored: acts upon it. A station that may go on does, and so do the access
    /// point's clients.
    pub(super) fn mode_changed(&mut self) -> Reply {
        let used = self.may_look();
        if self.policy.mode == Mode::Ap && self.wifi.mode == Mode::StaAp {
            // Its clients stay until a network is joined.
            self.ap.needed = self.ap.is_up();
        }
        self.policy.mode = self.wifi.mode;
        self.policy.ap_forced = None;
        self.policy.paused = false;
        let uses = self.may_look();
        if used && !uses {
            self.abandon();
        } else if uses && !used {
            self.side.offline_since = self.now;
            self.told.cause = None;
            self.event(crate::event::Event::StaStart);
            self.begin_first_round();
        }
        Reply::Done
    }

    fn set_ap(&mut self, ticket: Ticket, ap: ApSettings) -> Result<(), Refusal> {
        self.free_to_edit()?;
        self.vault.slot = Slot::Ap(core::mem::replace(&mut self.wifi.ap, ap));
        self.begin_write(Write::Ap(ticket));
        Ok(())
    }

    /// The access point's settings are stored: one that is up comes back with them, unless they
    /// say nothing but when it may be up.
    pub(super) fn ap_changed(&mut self) -> Reply {
        let runs_alike = |before: &ApSettings| {
            let start_policy = self.wifi.ap.start_policy;
            let before = ApSettings {
                start_policy,
                ..before.clone()
            };
            before == self.wifi.ap
        };
        self.ap.stale = self.ap.is_up() && !runs_alike(self.ap_settings());
        Reply::Done
    }

    fn set_station(&mut self, ticket: Ticket, station: StationSettings) -> Result<(), Refusal> {
        self.free_to_edit()?;
        let before = core::mem::replace(&mut self.wifi.station, station);
        self.vault.slot = Slot::Station(before);
        self.begin_write(Write::Station(ticket));
        Ok(())
    }

    /// The timing is stored. It is read where it is needed; deadlines that run stay as they are.
    pub(super) fn station_changed(&mut self) -> Reply {
        Reply::Done
    }

    fn force_ap(&mut self, ticket: Ticket, up: bool) -> Result<(), Refusal> {
        if up && !matches!(self.policy.mode, Mode::Ap | Mode::StaAp) {
            return Err(Refusal::Forbidden);
        }
        self.policy.ap_forced = Some(up);
        self.outbox.reply(ticket, Reply::Done);
        Ok(())
    }

    fn disconnect(&mut self, ticket: Ticket) -> Result<(), Refusal> {
        self.free_to_edit()?;
        self.policy.paused = true;
        self.abandon();
        self.outbox.reply(ticket, Reply::Done);
        Ok(())
    }

    fn resume(&mut self, ticket: Ticket) -> Result<(), Refusal> {
        if !self.policy.mode.uses_station() {
            return Err(Refusal::Forbidden);
        }
        self.policy.paused = false;
        let at_rest = matches!(self.side.station, Station::Idle | Station::Resting { .. });
        if at_rest && self.onboarding.proof.is_none() {
            self.side.offline_since = self.now;
            self.told.cause = None;
            self.begin_first_round();
        }
        self.outbox.reply(ticket, Reply::Done);
        Ok(())
    }

    fn scan_command(&mut self, ticket: Ticket) -> Result<(), Refusal> {
        if self.policy.mode == Mode::Off {
            return Err(Refusal::Forbidden);
        }
        self.ask_for_scan(ticket)
    }

    fn reset(&mut self, ticket: Ticket) -> Result<(), Refusal> {
        if self.is_busy() {
            return Err(Refusal::Busy);
        }
        self.begin_write(Write::Reset(ticket));
        Ok(())
    }

    /// Answers, and restarts. Nothing is decided after that.
    pub(super) fn halt(&mut self, ticket: Ticket) {
        self.outbox.reply(ticket, Reply::Done);
        self.outbox.restart();
        self.policy.halted = true;
    }
}
