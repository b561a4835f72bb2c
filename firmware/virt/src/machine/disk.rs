//! A disk as NOR flash: it stays what it is over a reset of the machine, and over the end of QEMU.

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use virtio_drivers::device::blk::{SECTOR_SIZE, VirtIOBlk};

use super::virtio::{Bare, Device, Slot};

/// Bytes that are erased at once: a sector of a chip's flash.
const ERASE_LEN: u32 = 4096;
const ERASED: [u8; SECTOR_SIZE] = [0xff; SECTOR_SIZE];
/// The same as the driver has it.
const SECTOR_LEN: u32 = SECTOR_SIZE as u32;

/// The flash. A new disk is erased where all its bytes are 0xff.
pub struct Disk {
    blocks: VirtIOBlk<Bare, Device>,
}

impl Disk {
    /// The disk in that slot; none: there is none.
    pub fn open(slot: Slot) -> Option<Self> {
        let blocks = VirtIOBlk::new(slot.take()?).ok()?;
        Some(Self { blocks })
    }

    /// Bytes of it.
    pub fn len(&self) -> u32 {
        let sectors = u32::try_from(self.blocks.capacity()).unwrap_or(u32::MAX);
        sectors.saturating_mul(SECTOR_LEN)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Hands over the sectors of a range one by one: its bytes, and what the range has of them.
    fn each(
        &mut self,
        offset: u32,
        len: usize,
        mut with: impl FnMut(&mut [u8], usize) -> bool,
    ) -> Result<(), DiskError> {
        let end = (offset as usize).checked_add(len);
        if end.is_none_or(|end| end > self.len() as usize) {
            return Err(DiskError::OutOfBounds);
        }
        let mut done = 0;
        while done < len {
            let at = offset as usize + done;
            let (number, start) = (at / SECTOR_SIZE, at % SECTOR_SIZE);
            let piece = (SECTOR_SIZE - start).min(len - done);
            let mut sector = [0; SECTOR_SIZE];
            self.blocks
                .read_blocks(number, &mut sector)
                .map_err(|_| DiskError::Host)?;
            if with(&mut sector[start..start + piece], done) {
                let written = self.blocks.write_blocks(number, &sector);
                written.map_err(|_| DiskError::Host)?;
            }
            done += piece;
        }
        Ok(())
    }
}

impl ErrorType for Disk {
    type Error = DiskError;
}

impl ReadNorFlash for Disk {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), DiskError> {
        let len = bytes.len();
        self.each(offset, len, |piece, done| {
            bytes[done..done + piece.len()].copy_from_slice(piece);
            false
        })
    }

    fn capacity(&self) -> usize {
        self.len() as usize
    }
}

impl NorFlash for Disk {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = ERASE_LEN as usize;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), DiskError> {
        if !from.is_multiple_of(ERASE_LEN) || !to.is_multiple_of(ERASE_LEN) {
            return Err(DiskError::NotAligned);
        }
        let len = to.checked_sub(from).ok_or(DiskError::OutOfBounds)?;
        self.each(from, len as usize, |piece, _| {
            piece.copy_from_slice(&ERASED[..piece.len()]);
            true
        })
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), DiskError> {
        if !(offset as usize).is_multiple_of(Self::WRITE_SIZE)
            || !bytes.len().is_multiple_of(Self::WRITE_SIZE)
        {
            return Err(DiskError::NotAligned);
        }
        // Flash only clears bits.
        self.each(offset, bytes.len(), |piece, done| {
            for (old, new) in piece.iter_mut().zip(&bytes[done..]) {
                *old &= new;
            }
            true
        })
    }
}

impl MultiwriteNorFlash for Disk {}

/// Why the disk did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiskError {
    /// The place is outside of it.
    OutOfBounds,
    /// The place or the length is no multiple of a word or a sector.
    NotAligned,
    /// The host did not do it: look at its file.
    Host,
}

impl NorFlashError for DiskError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::Host => NorFlashErrorKind::Other,
        }
    }
}
