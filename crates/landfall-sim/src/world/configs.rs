//! A whole configuration in a world: the owner saves one, it is on trial, and it stays or goes, as
//! the runner of a real device has it.

use alloc::borrow::ToOwned;

use landfall_core::command::Command;
use landfall_core::config::Config;
use landfall_core::manager::StoreFailed;
use landfall_core::trial::{Step, Terms, Trial};

use super::World;
use super::invariants::{Violation, broken};
use super::store::{Kept, NewConfig, services};

/// How the configuration that a boot finds stands.
pub(super) fn trial_of(kept: &Kept, safe_mode: bool) -> Trial {
    if !kept.on_trial {
        Trial::new()
    } else if safe_mode {
        Trial::failed()
    } else {
        Trial::resumed(terms(kept), landfall_core::time::Instant::BOOT)
    }
}

fn terms(kept: &Kept) -> Terms {
    let config = Config {
        wifi: kept.wifi.clone(),
        services: services(kept.serves),
    };
    Terms::of(config.as_ref())
}

impl World {
    /// The owner saves a configuration. Like a command that is not taken now it is left out.
    pub(super) fn save_config(&mut self, new: &NewConfig) -> Result<(), Violation> {
        let free = self.machine.takes_config() && self.trial.is_settled();
        if !free || self.store.due_ms().is_some() {
            self.write(|| "not taken".to_owned());
            return Ok(());
        }
        self.store.begin_config(new, &self.machine, self.now_ms);
        if let Some(flash) = &mut self.flash {
            flash.take_config(new, &self.machine);
        }
        if new.cut {
            return self.restart_after_cut();
        }
        // The runner does nothing else until it is written.
        let stored = self.finish_write()?;
        self.write(|| format!("stored {}", stored.is_ok()));
        if stored.is_ok() {
            let now = self.device_time();
            self.trial.stored(terms(&self.store.kept), now);
        }
        self.try_config()
    }

    /// The owner asks the config server for something, where it can be reached.
    pub(super) fn request_config(&mut self) -> Result<(), Violation> {
        self.trial.requested(self.machine.is_reachable());
        self.try_config()
    }

    /// Whether a command may be handed in now. One that changes what is stored confirms the
    /// configuration on trial first.
    pub(super) fn let_in(&mut self, command: &Command) -> Result<bool, Violation> {
        if !self.machine.takes_commands() || self.trial.is_announced() {
            return Ok(false);
        }
        if command.is_edit() {
            self.trial.changed();
            self.try_config()?;
        }
        Ok(true)
    }

    /// Does what the trial wants.
    pub(super) fn try_config(&mut self) -> Result<(), Violation> {
        loop {
            let now = self.device_time();
            let step = self.trial.poll(self.machine.is_reachable(), now);
            self.trial_due = None;
            let free = self.machine.takes_config() && self.store.due_ms().is_none();
            match step {
                Step::Wait(due) => {
                    self.trial_due = due;
                    return Ok(());
                }
                Step::Apply | Step::Return | Step::Keep if !free => return Ok(()),
                Step::Apply => {
                    self.store.take_up();
                    self.take_up()?;
                    self.trial.applied(true, now);
                    self.write(|| "config applied".to_owned());
                }
                Step::Keep | Step::Return => {
                    let keep = step == Step::Keep;
                    let ended = self.end_trial(keep);
                    self.trial.ended(ended.is_ok(), now);
                    if ended.is_ok() {
                        self.write(|| format!("config {}", if keep { "kept" } else { "reverted" }));
                    }
                    if ended.is_ok() && !keep {
                        self.take_up()?;
                    }
                }
            }
        }
    }

    fn end_trial(&mut self, keep: bool) -> Result<(), StoreFailed> {
        let fails = self.store.fails();
        match &mut self.flash {
            Some(flash) => flash.end_trial(keep, fails)?,
            None if fails => return Err(StoreFailed),
            None => {}
        }
        self.store.end_trial(keep);
        Ok(())
    }

    /// Puts what a boot would find in force.
    fn take_up(&mut self) -> Result<(), Violation> {
        if let Some(flash) = &mut self.flash {
            let found = flash.take_up();
            let same = found.is_some_and(|found| found == self.store.kept);
            if !same && self.sabotage.is_none() {
                return broken("I1", "the flash gave another configuration than was kept");
            }
        }
        self.invariants.configured(&self.store, self.now_ms);
        let wifi = self.store.kept.wifi.clone();
        let probes = self.start.probe_internet;
        let now = self.device_time();
        if self.machine.handle_config(wifi, probes, now).is_err() {
            return broken("I1", "the machine refused what was stored");
        }
        self.after_input().map(drop)
    }
}
