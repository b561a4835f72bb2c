//! The real store on simulated flash, beside the model of it.
//!
//! The model ([`store`](super::store)) says what may be kept; this one does what a device does, on
//! flash that can lose its power at any write or erase. After every write and every cut the two
//! are compared.

use alloc::rc::Rc;
use core::cell::{RefCell, RefMut};

use embassy_futures::block_on;
use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use landfall_core::config::stored::{NETWORKS_MAX, encode_networks};
use landfall_core::config::{Config, Defaults, Services};
use landfall_core::manager::{Manager, Record, StoreFailed, StoreOp};
use landfall_device::runtime::{FlashStorage, Source, Storage, Stored};
use landfall_device::store::{Key, SECTORS_MIN};

use super::store::{Kept, NewConfig, services};
use crate::flash::{FlashError, FlashPlan, SECTOR_SIZE, SimFlash};

/// Most writes take fewer operations than this, so that a cut may come at each of them or after.
const CUT_WITHIN: u64 = 6;

/// The store of the device under test.
pub(super) struct FlashStore {
    chip: Chip,
    storage: FlashStorage<Chip>,
    services: Services,
    /// Something was taken that is not written yet.
    in_flight: bool,
}

impl FlashStore {
    /// A store that keeps this.
    pub(super) fn new(kept: &Kept, seed: u64) -> Self {
        let chip = Chip(Rc::new(RefCell::new(SimFlash::new(
            SECTORS_MIN as usize,
            seed,
        ))));
        let mut store = Self {
            storage: open(&chip),
            chip,
            services: Services::default(),
            in_flight: false,
        };
        store.seed(kept);
        store
    }

    fn seed(&mut self, kept: &Kept) {
        let config = Config {
            wifi: kept.wifi.clone(),
            services: self.services.clone(),
        };
        let record = Record {
            networks: &kept.wifi.networks,
            candidate: None,
            last_good: kept.last_good,
        };
        let mut buffer = [0; NETWORKS_MAX];
        let seeded = block_on(self.storage.seed(&config)).is_ok()
            && encode_networks(&record, &mut buffer).is_ok_and(|bytes| {
                block_on(self.storage.store().save(Key::Networks, bytes)).is_ok()
            });
        assert!(seeded, "sound flash takes a configuration");
    }

    /// Takes a whole new configuration.
    pub(super) fn take_config(&mut self, new: &NewConfig, manager: &Manager) {
        let config = Config {
            wifi: new.wifi.clone(),
            services: services(new.serves),
        };
        let services = &self.services;
        let source = Source { manager, services };
        let taken = self.storage.take_config(config.as_ref(), source);
        assert!(taken.is_ok(), "every configuration fits its pieces");
        self.in_flight = true;
    }

    /// Ends the trial of the configuration in force.
    pub(super) fn end_trial(&mut self, keep: bool, fails: bool) -> Result<(), StoreFailed> {
        self.chip.flash().set_failing(fails);
        block_on(self.storage.end_trial(keep))
    }

    /// Reads the configuration that is to be in force from now on.
    pub(super) fn take_up(&mut self) -> Option<Kept> {
        let stored = block_on(self.storage.load(&mut |_| {})).ok()?;
        self.services = stored.pieces.config.services.clone();
        Some(kept_of(stored))
    }

    /// Takes what is to be written, as the machine holds it now.
    pub(super) fn take(&mut self, op: StoreOp, manager: &Manager) {
        let services = &self.services;
        let taken = self.storage.take(op, Source { manager, services });
        assert!(taken.is_ok(), "every configuration fits its piece");
        self.in_flight = true;
    }

    /// Writes what was taken.
    pub(super) fn commit(&mut self, fails: bool) -> Result<(), StoreFailed> {
        self.in_flight = false;
        self.chip.flash().set_failing(fails);
        block_on(self.storage.commit())
    }

    /// The power goes, in the middle of a write if one is under way, and comes back.
    pub(super) fn cut(&mut self, luck: u64) {
        if core::mem::take(&mut self.in_flight) {
            self.chip.flash().set_failing(false);
            self.chip.flash().set_plan(FlashPlan {
                power_cut_after: Some(luck % CUT_WITHIN),
                fail_after: None,
            });
            let _ = block_on(self.storage.commit());
        }
        self.chip.flash().power_on();
        self.storage = open(&self.chip);
        // The device boots from it.
        let _ = self.take_up();
    }

    /// What a device would find if it booted now.
    pub(super) fn kept(&mut self) -> Option<Kept> {
        let stored = block_on(self.storage.peek(&mut |_| {})).ok()?;
        Some(kept_of(stored))
    }
}

fn kept_of(stored: &Stored) -> Kept {
    let pieces = &stored.pieces;
    let kept = Kept {
        serves: pieces.config.services.config_server_runs(),
        wifi: pieces.config.wifi.clone(),
        candidate: pieces.candidate,
        last_good: pieces.last_good,
        on_trial: stored.on_trial,
    };
    kept.without_ids()
}

fn open(chip: &Chip) -> FlashStorage<Chip> {
    let partition = 0..SECTORS_MIN * SECTOR_SIZE as u32;
    let opened = FlashStorage::open(chip.clone(), partition, Defaults::built_in());
    block_on(opened).unwrap_or_else(|error| unreachable!("powered flash opens: {error:?}"))
}

impl core::fmt::Debug for FlashStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("FlashStore").finish_non_exhaustive()
    }
}

/// The flash, in the hands of the store and of fate.
#[derive(Clone)]
struct Chip(Rc<RefCell<SimFlash>>);

impl Chip {
    fn flash(&self) -> RefMut<'_, SimFlash> {
        // Nobody keeps it over an await or a call of the other.
        self.0.borrow_mut()
    }
}

impl ErrorType for Chip {
    type Error = FlashError;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = SimFlash::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.flash().read_at(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.flash().size()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = SimFlash::WRITE_SIZE;
    const ERASE_SIZE: usize = SimFlash::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        self.flash().erase_range(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.flash().write_at(offset, bytes)
    }
}

impl MultiwriteNorFlash for Chip {}
