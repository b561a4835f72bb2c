//! What is on its way into the store, and how to take it back if it does not get there.

use super::station::Station;
use super::{Manager, StoreOp};
use crate::command::{Refusal, Reply, Ticket};
use crate::config::{ApSettings, KnownNetwork, Mode, StationSettings};

/// The one write under way, and what waits behind it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Vault {
    pub(super) slot: Slot,
    write: Option<Write>,
    /// A commit that waits for the write under way.
    pub(super) commit_due: bool,
    /// Something worth keeping changed, for which nobody waits.
    pub(super) dirty: bool,
    /// The same, but the store did not take it: it is offered again with the next look at the link.
    unsaved: bool,
}

/// Holds the candidate until it is committed, and then, as for every edit, the way back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Slot {
    #[default]
    Empty,
    Candidate(KnownNetwork),
    /// Takes out what was added, then puts back what was removed.
    List {
        added: Option<u8>,
        removed: Option<(u8, KnownNetwork)>,
    },
    Mode(Mode),
    Ap(ApSettings),
    Station(StationSettings),
}

/// What is being written, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Write {
    Candidate,
    Commit,
    List(Ticket),
    Mode(Ticket),
    Ap(Ticket),
    Station(Ticket),
    Reset(Ticket),
    Background,
}

impl Vault {
    pub(super) fn is_writing(&self) -> bool {
        self.write.is_some() || self.commit_due
    }

    /// The credentials being proved.
    pub(super) fn candidate(&self) -> Option<&KnownNetwork> {
        match &self.slot {
            Slot::Candidate(network) => Some(network),
            Slot::Empty | Slot::List { .. } | Slot::Mode(_) | Slot::Ap(_) | Slot::Station(_) => {
                None
            }
        }
    }
}

impl Manager {
    /// Known networks, as they are stored: an edit counts once it is.
    pub(super) fn known_count(&self) -> usize {
        let count = self.wifi.networks.len();
        match &self.vault.slot {
            Slot::List { added, removed } => {
                count + usize::from(removed.is_some()) - usize::from(added.is_some())
            }
            Slot::Empty | Slot::Candidate(_) | Slot::Mode(_) | Slot::Ap(_) | Slot::Station(_) => {
                count
            }
        }
    }

    pub(super) fn begin_write(&mut self, write: Write) {
        let op = match write {
            Write::Candidate | Write::Commit | Write::List(_) | Write::Background => {
                StoreOp::Networks
            }
            Write::Mode(_) | Write::Ap(_) | Write::Station(_) => StoreOp::Settings,
            Write::Reset(_) => StoreOp::Reset,
        };
        self.vault.write = Some(write);
        if op == StoreOp::Networks {
            self.vault.dirty = false;
            self.vault.unsaved = false;
        }
        self.outbox.store(op);
    }

    /// Begins a write that nobody asked for just now, where the store is free.
    pub(super) fn begin_background_write(&mut self) {
        if self.vault.write.is_some() {
            return;
        }
        if core::mem::take(&mut self.vault.commit_due) {
            self.begin_write(Write::Commit);
        } else if self.vault.dirty {
            self.begin_write(Write::Background);
        }
    }

    /// Offers again what the store did not take.
    pub(super) fn retry_background_write(&mut self) {
        self.vault.dirty |= core::mem::take(&mut self.vault.unsaved);
    }

    pub(super) fn on_stored(&mut self, ok: bool) {
        let Some(write) = self.vault.write.take() else {
            return;
        };
        match write {
            Write::Candidate => self.candidate_stored(ok),
            Write::Commit => self.committed(ok),
            Write::List(ticket) => self.edit_stored(ticket, ok, Self::networks_changed),
            Write::Mode(ticket) => self.edit_stored(ticket, ok, Self::mode_changed),
            Write::Ap(ticket) => self.edit_stored(ticket, ok, Self::ap_changed),
            Write::Station(ticket) => self.edit_stored(ticket, ok, Self::station_changed),
            Write::Reset(ticket) => {
                if ok {
                    self.halt(ticket);
                } else {
                    self.outbox
                        .reply(ticket, Reply::Refused(Refusal::SaveFailed));
                }
            }
            Write::Background => self.vault.unsaved = !ok,
        }
    }

    fn edit_stored(&mut self, ticket: Ticket, ok: bool, act: fn(&mut Self) -> Reply) {
        if !ok {
            self.undo();
            self.forget_what_was_undone();
            return self
                .outbox
                .reply(ticket, Reply::Refused(Refusal::SaveFailed));
        }
        let reply = act(self);
        self.vault.slot = Slot::Empty;
        self.outbox.reply(ticket, reply);
    }

    /// The station may be after a network that is not known after all, or may have stopped for want
    /// of one that is.
    fn forget_what_was_undone(&mut self) {
        let is_gone = |attempt| self.network_of(&attempt).is_none();
        if self.attempt().is_some_and(is_gone) {
            self.abandon();
        }
        if matches!(self.side.station, Station::Idle) {
            self.begin_round(self.side.round.first);
        }
    }

    /// Takes the change back that did not get into the store.
    pub(super) fn undo(&mut self) {
        match core::mem::take(&mut self.vault.slot) {
            Slot::List { added, removed } => {
                if let Some(place) = added {
                    self.wifi.networks.remove(usize::from(place));
                }
                if let Some((place, network)) = removed {
                    // It fitted before.
                    let _ = self.wifi.networks.insert(usize::from(place), network);
                }
            }
            Slot::Mode(mode) => self.wifi.mode = mode,
            Slot::Ap(ap) => self.wifi.ap = ap,
            Slot::Station(station) => self.wifi.station = station,
            Slot::Empty | Slot::Candidate(_) => {}
        }
    }
}
