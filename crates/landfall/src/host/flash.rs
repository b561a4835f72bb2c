//! The flash of a simulated device, shared with the hands that break it.

use std::future::pending;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};
use landfall_sim::flash::{FlashError, SECTOR_SIZE, SimFlash, WORD_SIZE};

use super::End;

/// Handles on one flash. When its power goes, that is told, and no operation comes back any more: a
/// device without power does nothing.
#[derive(Clone, Debug)]
pub struct SharedFlash {
    flash: Arc<Mutex<SimFlash>>,
    ends: Sender<End>,
}

impl SharedFlash {
    /// Shares a flash; `ends` hears when its power goes.
    pub fn new(flash: SimFlash, ends: Sender<End>) -> Self {
        let flash = Arc::new(Mutex::new(flash));
        Self { flash, ends }
    }

    /// Looks at the flash, or breaks it.
    pub fn with<T>(&self, hand: impl FnOnce(&mut SimFlash) -> T) -> T {
        hand(&mut self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, SimFlash> {
        // A panic leaves the flash as whole as it was between two writes.
        self.flash.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The result of an operation, unless the power went in it.
    async fn while_powered(&self, done: Result<(), FlashError>) -> Result<(), FlashError> {
        if done == Err(FlashError::NoPower) {
            // Who would hear it is gone when the program ends.
            let _ = self.ends.send(End::PowerCut);
            return pending().await;
        }
        done
    }
}

impl ErrorType for SharedFlash {
    type Error = FlashError;
}

impl ReadNorFlash for SharedFlash {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        let done = self.lock().read_at(offset, bytes);
        self.while_powered(done).await
    }

    fn capacity(&self) -> usize {
        self.lock().size()
    }
}

impl NorFlash for SharedFlash {
    const WRITE_SIZE: usize = WORD_SIZE;
    const ERASE_SIZE: usize = SECTOR_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let done = self.lock().erase_range(from, to);
        self.while_powered(done).await
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let done = self.lock().write_at(offset, bytes);
        self.while_powered(done).await
    }
}

impl MultiwriteNorFlash for SharedFlash {}
