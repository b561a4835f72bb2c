//! New credentials: candidate, proof, commit.
//!
//! ```text
//!            stored            address            stored
//!   Storing ────────▶ Trying ─────────▶ Committing ───────▶ ok
//!      │ not              │ 20 s, or nothing left    │ not
//!      ▼                  ▼                          ▼
//!   refused        its failure class            save_failed
//! ```
//!
//! Whatever happens on the way, the networks known before stay whole; they are in use again
//! when it ends badly.

use super::LastGood;
use super::Manager;
use super::station::{Attempt, Route, Station, Target};
use super::vault::{Slot, Write};
use crate::command::{Refusal, Reply, Ticket, Verdict};
use crate::config::{KnownNetwork, MAX_NETWORKS};
use crate::net::{Security, Ssid};
use crate::radio::FailureClass;
use crate::status::State;
use crate::time::Instant;

/// Time for the tries of a proof. The verdict is due within 20 s; the rest is for the radio to end
/// what it does and for the store.
const PROOF_MS: u32 = 19_000;
/// Wrong keys in a row that make a verdict: one may be a passing fault.
const WRONG_KEYS_MAX: u8 = 2;
/// Rows this young show where the candidate's access points are.
const ROWS_MS: u64 = 15_000;
/// Further scans after faults that may pass.
const RESCANS_MAX: u8 = 2;

/// The last candidate, and its proof while that runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Onboarding {
    pub(super) proof: Option<Proof>,
    candidate: Option<(Ssid, Verdict)>,
}

/// The proof of a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Proof {
    ticket: Ticket,
    stage: Stage,
    /// Where the entry stands that the candidate changes; none: it goes to the front.
    in_place: Option<u8>,
    /// A network was left for it.
    left_network: bool,
    wrong_keys: u8,
    rescans: u8,
    scanned: bool,
    probed: bool,
    last: Option<FailureClass>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Storing,
    Trying { until: Instant },
    Committing,
}

impl Onboarding {
    /// A proof that a restart cut short is over.
    pub(super) fn after_boot(candidate: Option<(Ssid, Verdict)>) -> Self {
        let ended = |(ssid, verdict)| match verdict {
            Verdict::Trying => (ssid, Verdict::Interrupted),
            Verdict::Ok | Verdict::Failed(_) | Verdict::Interrupted | Verdict::SaveFailed => {
                (ssid, verdict)
            }
        };
        Self {
            proof: None,
            candidate: candidate.map(ended),
        }
    }

    /// The last candidate, as people are told.
    pub(super) fn candidate(&self) -> Option<(Ssid, Verdict)> {
        self.candidate
    }

    /// The last verdict, as it is to be stored now: a commit carries its own.
    pub(super) fn candidate_to_store<'a>(
        &'a self,
        stored: Option<&'a KnownNetwork>,
    ) -> Option<(&'a Ssid, Verdict)> {
        let last = self
            .candidate
            .as_ref()
            .map(|(ssid, verdict)| (ssid, *verdict));
        match self.proof.as_ref().map(|proof| proof.stage) {
            Some(Stage::Storing) => stored.map(|network| (&network.ssid, Verdict::Trying)),
            Some(Stage::Committing) => last.map(|(ssid, _)| (ssid, Verdict::Ok)),
            Some(Stage::Trying { .. }) | None => last,
        }
    }

    pub(super) fn is_trying(&self) -> bool {
        self.trying_until().is_some()
    }

    /// Whether a network was left for the proof under way: no access point comes up for that.
    pub(super) fn left_a_network(&self) -> bool {
        self.proof.as_ref().is_some_and(|proof| proof.left_network)
    }

    /// Whether a proof runs, its storing apart.
    pub(super) fn is_shown(&self) -> bool {
        self.proof
            .as_ref()
            .is_some_and(|proof| proof.stage != Stage::Storing)
    }

    pub(super) fn trying_until(&self) -> Option<Instant> {
        match self.proof.as_ref()?.stage {
            Stage::Trying { until } => Some(until),
            Stage::Storing | Stage::Committing => None,
        }
    }

    pub(super) fn last_class(&self) -> Option<FailureClass> {
        self.proof.as_ref().and_then(|proof| proof.last)
    }
}

impl Manager {
    /// Whether a candidate is proved, or the first round after boot or after a lost link runs: the
    /// time in which new credentials have to wait.
    pub fn is_busy(&self) -> bool {
        let looks = self.may_look() && self.known_count() > 0 && !self.is_online();
        // On the way back from a candidate that failed, its user may type the next one.
        let first = self.side.round.first && !self.goes_back();
        let first = first && looks && self.now < self.fallback_deadline();
        self.onboarding.proof.is_some() || first
    }

    /// Whether the network is looked for again that was left for a candidate.
    fn goes_back(&self) -> bool {
        self.side.round.first && self.told.cause.is_some()
    }

    pub(super) fn join_command(
        &mut self,
        ticket: Ticket,
        ssid: Ssid,
        security: Security,
    ) -> Result<(), Refusal> {
        if self.is_busy() {
            return Err(Refusal::Busy);
        }
        if !self.policy.mode.uses_station() {
            return Err(Refusal::Forbidden);
        }
        let old = self
            .wifi
            .networks
            .iter()
            .find(|network| network.ssid == ssid);
        if old.is_none() && self.wifi.networks.len() == MAX_NETWORKS {
            return Err(Refusal::ListFull);
        }
        let mut network = KnownNetwork::new(ssid, security);
        if let Some(old) = old {
            network.enables_webrepl = old.enables_webrepl;
            network.hidden = old.hidden;
        }
        self.begin_candidate(ticket, network, None);
        Ok(())
    }

    /// Stores the candidate beside the working set.
    pub(super) fn begin_candidate(
        &mut self,
        ticket: Ticket,
        network: KnownNetwork,
        in_place: Option<u8>,
    ) {
        self.onboarding.proof = Some(Proof {
            ticket,
            stage: Stage::Storing,
            in_place,
            left_network: false,
            wrong_keys: 0,
            rescans: 0,
            scanned: false,
            probed: false,
            last: None,
        });
        self.vault.slot = Slot::Candidate(network);
        self.begin_write(Write::Candidate);
    }

    /// The candidate is stored, or not.
    pub(super) fn candidate_stored(&mut self, ok: bool) {
        let Some(proof) = &mut self.onboarding.proof else {
            return;
        };
        let (ticket, in_place) = (proof.ticket, proof.in_place);
        if !ok {
            self.onboarding.proof = None;
            self.vault.slot = Slot::Empty;
            return self
                .outbox
                .reply(ticket, Reply::Refused(Refusal::SaveFailed));
        }
        self.onboarding.candidate = self
            .vault
            .candidate()
            .map(|network| (network.ssid, Verdict::Trying));
        let count = self.wifi.networks.len() as u8;
        let reply = if in_place.is_some() {
            Reply::Known(count)
        } else {
            Reply::Accepted
        };
        self.outbox.reply(ticket, reply);
        self.begin_proof(ticket);
    }

    fn begin_proof(&mut self, ticket: Ticket) {
        let left_network = self.is_online() || self.goes_back();
        self.abandon();
        if let Some(proof) = &mut self.onboarding.proof {
            proof.stage = Stage::Trying {
                until: self.now.plus_ms(PROOF_MS),
            };
            proof.left_network = left_network;
        }
        if !left_network {
            // The access point stays up for the one who waits there, and comes up for the one
            // who would.
            self.need_fallback();
        }
        self.portal.result_is_open();
        self.policy.paused = false;
        self.known.heard.forget_tries();
        self.told.cause = Some(ticket);
        self.told.state = State::Connecting;
        self.outbox.state(Some(ticket), State::Connecting);
        self.go_on_proving();
    }

    /// Tries what is next in the proof, or ends it.
    pub(super) fn go_on_proving(&mut self) {
        let rows_are_young = self.known.heard.is_younger_than(ROWS_MS, self.now);
        let Some(network) = self.vault.candidate() else {
            return;
        };
        let heard = self
            .known
            .heard
            .best(network, &self.known.penalties, self.now);
        let shown = self.known.heard.shows(network);
        let pinned = network.bssid;
        let came_from_scan = matches!(self.side.station, Station::Scanning);
        let Some(proof) = &mut self.onboarding.proof else {
            return;
        };
        proof.scanned |= came_from_scan;
        let of = Target::Candidate;
        if let Some(row) = heard.filter(|_| rows_are_young || proof.scanned) {
            let attempt = Attempt::new(of, Route::Heard, Some(row.bssid), Some(row.channel));
            self.join(attempt);
        } else if !proof.scanned {
            self.side.station = Station::Scanning;
        } else if !proof.probed && !shown {
            proof.probed = true;
            self.join(Attempt::new(of, Route::Probe, pinned, None));
        } else {
            let class = proof.last.unwrap_or(FailureClass::NotFound);
            self.end_proof(class);
        }
    }

    /// One try of the candidate failed, and has had its second chance.
    pub(super) fn candidate_failed(&mut self, attempt: Attempt, class: FailureClass) {
        let candidate = self.vault.candidate();
        let candidate = candidate.map(|network| (network.ssid, network.bssid));
        let (Some(proof), Some((ssid, pinned))) = (&mut self.onboarding.proof, candidate) else {
            return;
        };
        proof.last = Some(class);
        proof.wrong_keys = if class == FailureClass::WrongPassword {
            proof.wrong_keys + 1
        } else {
            0
        };
        match class {
            FailureClass::WrongPassword if proof.wrong_keys >= WRONG_KEYS_MAX => {
                return self.end_proof(class);
            }
            FailureClass::WrongPassword => {
                self.side.station = Station::Joining(attempt);
                return;
            }
            FailureClass::NotFound => {
                self.known.heard.mark_all_tried(&ssid);
                if !proof.probed {
                    proof.probed = true;
                    return self.join(Attempt::new(Target::Candidate, Route::Probe, pinned, None));
                }
            }
            FailureClass::Transient | FailureClass::WeakSignal if proof.rescans < RESCANS_MAX => {
                proof.rescans += 1;
                self.known.heard.forget_tries();
                self.side.station = Station::Scanning;
                return;
            }
            FailureClass::Transient
            | FailureClass::WeakSignal
            | FailureClass::SecurityMismatch
            | FailureClass::ApFull
            | FailureClass::ApComeback
            | FailureClass::NoAddress
            | FailureClass::OwnDoing => {}
        }
        if let Some(bssid) = attempt.bssid {
            self.known.heard.mark_tried(bssid);
        }
        self.go_on_proving();
    }

    /// The candidate has an address: it joins the known networks, once that is in the store.
    pub(super) fn commit(&mut self, route: Route, last_good: LastGood) {
        let Slot::Candidate(mut network) = core::mem::take(&mut self.vault.slot) else {
            return;
        };
        let Some(proof) = &mut self.onboarding.proof else {
            return;
        };
        proof.stage = Stage::Committing;
        let same = |known: &KnownNetwork| known.ssid == network.ssid;
        let place = proof.in_place.or_else(|| {
            self.wifi
                .networks
                .iter()
                .position(same)
                .map(|place| place as u8)
        });
        let removed = place.map(|place| (place, self.wifi.networks.remove(usize::from(place))));
        network.proven = true;
        // One that only a probe found hides its name: it has to be probed for again.
        network.hidden |= route == Route::Probe;
        network.id = match &removed {
            Some((_, old)) => old.id,
            None => self.side.new_id(&self.wifi.networks),
        };
        self.known.last_good = Some((network.id, last_good));
        self.known.standings.forget(network.id);
        let added = proof.in_place.unwrap_or(0);
        // There is room: a full list refused the candidate, and no edit passed since.
        let _ = self.wifi.networks.insert(usize::from(added), network);
        self.vault.slot = Slot::List {
            added: Some(added),
            removed,
        };
        self.vault.commit_due = true;
    }

    /// The commit is stored, or not.
    pub(super) fn committed(&mut self, ok: bool) {
        let Some(proof) = self.onboarding.proof.take() else {
            return;
        };
        if !ok {
            self.undo();
            self.abandon();
            self.set_verdict(Verdict::SaveFailed);
            self.vault.dirty = true;
            self.outbox.failed(proof.ticket, Verdict::SaveFailed);
            return self.back_to_known(proof.left_network);
        }
        self.vault.slot = Slot::Empty;
        self.set_verdict(Verdict::Ok);
        match self.side.station {
            Station::Online(_) => self.settle(),
            // The lease went while the store wrote; the link may give another one.
            Station::Addressing(..) => {}
            Station::Idle
            | Station::Resting { .. }
            | Station::Scanning
            | Station::Joining(_)
            | Station::ComingBack { .. } => self.reconnect(),
        }
    }

    /// The candidate failed: the verdict is kept, the networks known before are in use again.
    pub(super) fn end_proof(&mut self, class: FailureClass) {
        let Some(proof) = self.onboarding.proof.take() else {
            return;
        };
        self.vault.slot = Slot::Empty;
        let verdict = Verdict::Failed(class);
        self.set_verdict(verdict);
        self.vault.dirty = true;
        self.outbox.failed(proof.ticket, verdict);
        self.back_to_known(proof.left_network);
    }

    fn back_to_known(&mut self, left_network: bool) {
        if left_network {
            self.side.offline_since = self.now;
            self.reconnect();
        } else if self.ap_wanted() {
            self.side.round.first = false;
            self.rest();
        } else {
            // What is joined later is none of the command's doing.
            self.told.cause = None;
            self.begin_round(false);
        }
    }

    fn set_verdict(&mut self, verdict: Verdict) {
        if let Some(candidate) = &mut self.onboarding.candidate {
            candidate.1 = verdict;
        }
    }
}
