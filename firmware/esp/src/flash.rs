//! The chip's flash as the store takes it, and where in it the store is.
//!
//! An erase or a write stops the whole chip for a moment: the code lies in the same flash. They happen at a commit or a
//! user's save alone, a sector or a page at a time, and others run in between.

use core::ops::Range;

use embassy_futures::yield_now;
use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use esp_bootloader_esp_idf::partitions::{PARTITION_TABLE_MAX_LEN, read_partition_table};
use esp_hal::peripherals::FLASH;
use esp_storage::{FlashStorage, FlashStorageError};

use crate::jitter;

/// `data` in a partition table of ESP-IDF.
const TYPE_DATA: u8 = 1;
/// `nvs` among those.
const SUBTYPE_NVS: u8 = 2;
/// Bytes of a sector: what is erased at once.
const SECTOR_LEN: u32 = FlashStorage::SECTOR_SIZE;

/// The flash of the chip. One of it: what owns it keeps the configuration.
pub struct Flash(FlashStorage<'static>);

/// Why the flash has no place for the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartitionError {
    /// There is no partition table: flash the whole image, with the table beside this crate.
    NoTable,
    /// The table has no `nvs` partition of type `data`.
    NoPartition,
}

impl core::fmt::Display for PartitionError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoTable => "no partition table in the flash",
            Self::NoPartition => "no nvs partition in the partition table",
        })
    }
}

impl core::error::Error for PartitionError {}

impl Flash {
    /// Takes the flash.
    pub fn new(flash: FLASH<'static>) -> Self {
        Self(FlashStorage::new(flash))
    }

    /// Where the `nvs` partition is, in bytes from the start of the flash.
    ///
    /// # Errors
    /// [`PartitionError`].
    // On its own: the table takes 3 KB of the stack, which is not beneath what comes next.
    #[inline(never)]
    pub fn nvs(&mut self) -> Result<Range<u32>, PartitionError> {
        let mut buffer = [0; PARTITION_TABLE_MAX_LEN];
        let table = read_partition_table(&mut self.0, &mut buffer);
        let table = table.map_err(|_| PartitionError::NoTable)?;
        let nvs = table
            .iter()
            .find(|entry| entry.raw_type() == TYPE_DATA && entry.raw_subtype() == SUBTYPE_NVS);
        let nvs = nvs.ok_or(PartitionError::NoPartition)?;
        Ok(nvs.offset()..nvs.offset().saturating_add(nvs.len()))
    }
}

/// What the flash refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlashError(FlashStorageError);

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self.0 {
            FlashStorageError::NotAligned => NorFlashErrorKind::NotAligned,
            FlashStorageError::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            // The type grows with the chips; all others are the flash's own.
            _ => NorFlashErrorKind::Other,
        }
    }
}

impl ErrorType for Flash {
    type Error = FlashError;
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = FlashStorage::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.0.read_nor(offset, bytes).map_err(FlashError)
    }

    fn capacity(&self) -> usize {
        self.0.capacity()
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = FlashStorage::WRITE_SIZE;
    const ERASE_SIZE: usize = SECTOR_LEN as usize;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let mut at = from;
        while at < to {
            let next = at.saturating_add(SECTOR_LEN).min(to);
            let erased = jitter::apart(|| self.0.erase(at, next));
            erased.map_err(FlashError)?;
            at = next;
            yield_now().await;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        let written = jitter::apart(|| self.0.write_nor(offset, bytes));
        yield_now().await;
        written.map_err(FlashError)
    }
}
