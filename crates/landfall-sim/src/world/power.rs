//! What the store of a world goes through: writes that end well or not, and the power that goes.

use alloc::borrow::ToOwned;

use landfall_core::manager::{Boot, Input, Manager, StoreFailed};

use super::invariants::{Violation, broken};
use super::{COMPARE_EVERY, RESTART_MS, World, configs, identity};

impl World {
    /// The write under way ends.
    pub(super) fn finish_write(&mut self) -> Result<Result<(), StoreFailed>, Violation> {
        let fails = self.store.fails();
        let result = match &mut self.flash {
            Some(flash) => flash.commit(fails),
            None if fails => Err(StoreFailed),
            None => Ok(()),
        };
        self.store.finish(result.is_ok());
        self.writes += 1;
        if result.is_err() || self.writes.is_multiple_of(COMPARE_EVERY) {
            self.compare()?;
        }
        Ok(result)
    }

    /// I1, on flash: it holds what the model of the store says, after a failed write too.
    pub(super) fn compare(&mut self) -> Result<(), Violation> {
        let Some(flash) = &mut self.flash else {
            return Ok(());
        };
        let alike = flash.kept().is_some_and(|kept| kept == self.store.kept);
        // A sabotaged model is false by intent.
        if alike || self.sabotage.is_some() {
            return Ok(());
        }
        broken("I1", "the flash does not hold what was to be kept")
    }

    pub(super) fn restart_after_cut(&mut self) -> Result<(), Violation> {
        self.cut_power()?;
        self.reboot();
        self.feed(Input::Timeout)
    }

    /// The power goes; what the flash holds after that is one of the things it may.
    pub(super) fn cut_power(&mut self) -> Result<(), Violation> {
        let luck = self.seed ^ self.now_ms;
        let Some(flash) = &mut self.flash else {
            self.store.cut_by_luck(luck);
            return Ok(());
        };
        flash.cut(luck);
        let found = flash.kept();
        if found.is_some_and(|kept| self.store.cut(kept)) || self.sabotage.is_some() {
            return Ok(());
        }
        broken("I1", "a power cut left what was never to be kept")
    }

    pub(super) fn reboot(&mut self) {
        self.air.power_off(self.device, self.now_ms);
        self.now_ms += RESTART_MS;
        while self.air.poll_event(self.now_ms).is_some() {}
        self.booted_ms = self.now_ms;
        let boot = Boot {
            probe_internet: self.start.probe_internet,
            ..self.store.boot(identity(), self.seed ^ self.now_ms)
        };
        self.machine = Manager::new(boot);
        self.trial = configs::trial_of(&self.store.kept, false);
        self.deadline = None;
        self.trial_due = None;
        self.invariants.booted(&self.store, self.now_ms);
        self.write(|| "boot".to_owned());
    }
}
