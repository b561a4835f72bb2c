//! A store that keeps what it was given, takes its time, and can lose power.
//!
//! What one operation writes is kept whole or not at all: that is what the real store on flash
//! promises, and proves in its own tests.

use alloc::vec::Vec;

use landfall_core::command::Verdict;
use landfall_core::config::{
    Identity, Mode, NetworkId, Networks, Secret, Services, StartPolicy, Wifi,
};
use landfall_core::manager::{Boot, LastGood, Manager, StoreOp};
use landfall_core::net::Ssid;

use super::sabotage::Sabotage;

/// How long a write takes.
const WRITE_MS: u64 = 4;

/// What the owner saves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewConfig {
    /// What the machine is to decide by.
    pub wifi: Wifi,
    /// It has a config server, so that a request has to confirm it.
    pub serves: bool,
    /// The power goes while it is being written.
    pub cut: bool,
}

/// What the doors are told where the config server runs, or does not.
pub(super) fn services(serves: bool) -> Services {
    Services {
        config_server_enabled: serves,
        config_server_password: serves.then(|| Secret::new("pass:word")).flatten(),
        ..Services::default()
    }
}

/// What stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kept {
    pub(super) wifi: Wifi,
    pub(super) candidate: Option<(Ssid, Verdict)>,
    pub(super) last_good: Option<LastGood>,
    /// The config server runs.
    pub(super) serves: bool,
    /// It has to be confirmed, or the one before comes back.
    pub(super) on_trial: bool,
}

impl Kept {
    /// The same, with networks that no event names yet: their numbers are not stored.
    pub(super) fn without_ids(mut self) -> Self {
        for network in &mut self.wifi.networks {
            network.id = NetworkId::default();
        }
        self
    }
}

/// The store of a device.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Store {
    /// What a boot finds.
    pub(super) kept: Kept,
    /// What comes back where that is not confirmed.
    before: Option<Kept>,
    /// The configuration in force is still the one before, and so is what the machine writes.
    announced: bool,
    flight: Option<Flight>,
    fails: bool,
    sabotage: Option<Sabotage>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Flight {
    due_ms: u64,
    /// What a power cut can leave, beside what was kept before: the last is the whole.
    stages: Vec<Kept>,
}

impl Store {
    pub(super) fn new(wifi: Wifi, last_good: Option<LastGood>) -> Self {
        Self {
            kept: Kept {
                wifi,
                candidate: None,
                last_good,
                serves: false,
                on_trial: false,
            }
            .without_ids(),
            before: None,
            announced: false,
            flight: None,
            fails: false,
            sabotage: None,
        }
    }

    pub(super) fn sabotage(&mut self, sabotage: Sabotage) {
        self.sabotage = Some(sabotage);
    }

    pub(super) fn boot(&self, identity: &'static Identity, seed: u64) -> Boot {
        let Kept {
            wifi,
            candidate,
            last_good,
            ..
        } = self.kept.clone();
        let mut wifi = wifi;
        if let Some(sabotage) = self.sabotage {
            wifi.ap.start_policy = sabotage.policy(wifi.ap.start_policy);
        }
        Boot {
            candidate,
            last_good,
            seed,
            ..Boot::new(wifi, identity)
        }
    }

    pub(super) fn fails(&self) -> bool {
        self.fails
    }

    pub(super) fn set_failing(&mut self, fails: bool) {
        self.fails = fails;
    }

    pub(super) fn due_ms(&self) -> Option<u64> {
        self.flight.as_ref().map(|flight| flight.due_ms)
    }

    /// Begins to write what the machine holds now.
    pub(super) fn begin(&mut self, op: StoreOp, machine: &Manager, now_ms: u64) {
        assert!(self.flight.is_none(), "one store operation at a time");
        let own = self.own();
        let stages = match op {
            StoreOp::Networks => {
                let record = machine.record();
                let mut kept = own.clone();
                kept.wifi.networks = record.networks.clone();
                if self.sabotage == Some(Sabotage::DropNetwork) {
                    kept.wifi.networks.pop();
                }
                kept.candidate = record.candidate.map(|(ssid, verdict)| (*ssid, verdict));
                kept.last_good = record.last_good;
                vec![kept]
            }
            StoreOp::Settings => {
                let networks = own.wifi.networks.clone();
                let wifi = Wifi {
                    networks,
                    ..machine.wifi().clone()
                };
                vec![Kept {
                    wifi,
                    ..own.clone()
                }]
            }
            StoreOp::Reset => {
                let settled = Kept {
                    on_trial: false,
                    ..own.clone()
                };
                let mut settings = settled.clone();
                settings.wifi.mode = Mode::StaAp;
                settings.wifi.ap.start_policy = StartPolicy::Fallback;
                let mut empty = settings.clone();
                empty.wifi.networks = Networks::new();
                empty.candidate = None;
                empty.last_good = None;
                vec![settled, settings, empty]
            }
        };
        self.flight = Some(Flight {
            due_ms: now_ms + WRITE_MS,
            stages: stages.into_iter().map(Kept::without_ids).collect(),
        });
    }

    /// The write under way ends, well or not.
    pub(super) fn finish(&mut self, ok: bool) {
        let whole = self
            .flight
            .take()
            .and_then(|mut flight| flight.stages.pop());
        let Some(whole) = whole.filter(|_| ok) else {
            return;
        };
        if whole.on_trial && !self.kept.on_trial {
            self.before = Some(core::mem::replace(&mut self.kept, whole));
            self.announced = true;
        } else if let (true, Some(before)) = (self.announced, &mut self.before) {
            *before = whole;
        } else {
            self.kept = whole;
            self.settle();
        }
    }

    /// The configuration that the machine has, as it is kept.
    pub(super) fn own(&self) -> &Kept {
        match &self.before {
            Some(before) if self.announced => before,
            Some(_) | None => &self.kept,
        }
    }

    /// Nothing comes back for a configuration that is not on trial.
    fn settle(&mut self) {
        if !self.kept.on_trial {
            self.before = None;
        }
    }

    /// Begins to write a whole new configuration.
    pub(super) fn begin_config(&mut self, new: &NewConfig, machine: &Manager, now_ms: u64) {
        let record = machine.record();
        let first = |wifi: &Wifi| wifi.networks.first().map(|network| network.ssid);
        let whole = Kept {
            wifi: new.wifi.clone(),
            candidate: record.candidate.map(|(ssid, verdict)| (*ssid, verdict)),
            last_good: record
                .last_good
                .filter(|_| first(&new.wifi) == first(machine.wifi())),
            serves: new.serves,
            on_trial: true,
        };
        self.flight = Some(Flight {
            due_ms: now_ms + WRITE_MS,
            stages: vec![whole.without_ids()],
        });
    }

    /// The new configuration is in force now.
    pub(super) fn take_up(&mut self) {
        self.announced = false;
    }

    /// The trial ends.
    pub(super) fn end_trial(&mut self, keep: bool) {
        self.announced = false;
        match self.before.take().filter(|_| !keep) {
            Some(before) => self.kept = before,
            None => self.kept.on_trial = false,
        }
    }

    /// The power went, and this was found after it: what was kept before, or a stage of the write
    /// that was under way. False where it is neither.
    pub(super) fn cut(&mut self, found: Kept) -> bool {
        let stages = self
            .flight
            .take()
            .map_or(Vec::new(), |flight| flight.stages);
        // What the machine wrote to the configuration before is not what a boot finds.
        let is_stage = stages.contains(&found) && !self.announced;
        let may_be = found == self.kept || is_stage;
        if may_be {
            self.found(found);
        }
        may_be
    }

    /// The power goes: a write under way is done up to some stage, or not at all.
    pub(super) fn cut_by_luck(&mut self, luck: u64) {
        let stages = self
            .flight
            .take()
            .map_or(Vec::new(), |flight| flight.stages);
        let done = (luck % (stages.len() as u64 + 1)) as usize;
        let reached = done.checked_sub(1);
        match reached.and_then(|last| stages.into_iter().nth(last)) {
            Some(kept) if !self.announced => self.found(kept),
            Some(_) | None => self.announced = false,
        }
    }

    /// This is what a boot finds after a cut.
    fn found(&mut self, kept: Kept) {
        let before = core::mem::replace(&mut self.kept, kept);
        if self.kept.on_trial && !before.on_trial {
            self.before = Some(before);
        }
        self.announced = false;
        self.settle();
    }
}
