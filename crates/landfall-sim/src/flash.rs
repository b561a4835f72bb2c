//! A NOR flash whose power may go at any write: the world in which "never lost" is proved.
//!
//! Sectors of 4 KiB; a write clears bits and never sets one; an erase sets all bits of a sector.
//! In memory, or backed by a file that one process at a time may have. Clones share what they
//! have in common, so that an exhaustive walk over all cuts is cheap.

#[cfg(feature = "std")]
mod backing;
mod nor;
mod tear;

use alloc::sync::Arc;
use alloc::vec::Vec;
#[cfg(feature = "std")]
use std::path::Path;

use crate::rng::Rng;
#[cfg(feature = "std")]
use backing::Backing;

#[cfg(feature = "std")]
pub use backing::{FLASH_FILE, OpenError};
pub use tear::Tear;

/// Bytes that are erased at once.
pub const SECTOR_SIZE: usize = 4096;
/// Bytes that are written at once.
pub const WORD_SIZE: usize = 4;
/// Most sectors of a flash: 16 MiB, what a chip can address.
pub const SECTORS_MAX: usize = 4096;

type Sector = [u8; SECTOR_SIZE];
const ERASED: Sector = [0xff; SECTOR_SIZE];

/// What befalls a flash, by the number of writes and erases since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FlashPlan {
    /// So many are whole; the power goes in the middle of the next one.
    pub power_cut_after: Option<u64>,
    /// So many succeed; all later ones fail and change nothing.
    pub fail_after: Option<u64>,
}

/// Why the flash does not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashError {
    /// The place is outside of the flash.
    OutOfBounds,
    /// The place or the length is no multiple of the word or the sector.
    NotAligned,
    /// It does not take writes, as it was told. Nothing changed.
    Failing,
    /// The power is gone: nothing answers until it is back.
    NoPower,
    /// The file behind it did not take it. Look at the disk.
    File,
}

/// A simulated flash.
#[derive(Debug)]
pub struct SimFlash {
    sectors: Vec<Arc<Sector>>,
    #[cfg(feature = "std")]
    backing: Option<Backing>,
    plan: FlashPlan,
    tear: Tear,
    rng: Rng,
    operations: u64,
    failing: bool,
    powered: bool,
}

/// A clone lives in memory, whatever the original is backed by.
impl Clone for SimFlash {
    fn clone(&self) -> Self {
        Self {
            sectors: self.sectors.clone(),
            #[cfg(feature = "std")]
            backing: None,
            rng: self.rng.clone(),
            ..*self
        }
    }
}

impl SimFlash {
    /// An erased flash in memory. `sectors` beyond [`SECTORS_MAX`] are left out; `seed` decides
    /// what a power cut leaves.
    pub fn new(sectors: usize, seed: u64) -> Self {
        let erased = Arc::new(ERASED);
        Self {
            sectors: vec![erased; sectors.min(SECTORS_MAX)],
            #[cfg(feature = "std")]
            backing: None,
            plan: FlashPlan::default(),
            tear: Tear::default(),
            rng: Rng::new(seed),
            operations: 0,
            failing: false,
            powered: true,
        }
    }

    #[cfg(feature = "std")]
    /// The flash kept in [`FLASH_FILE`] of this folder, made if it is not there, and held until
    /// the value is dropped. What was written is in the file when the write returns: it survives
    /// the end of the process, however it comes (not that of the machine: nothing is synced).
    pub fn open(folder: &Path, sectors: usize, seed: u64) -> Result<Self, OpenError> {
        let mut flash = Self::new(sectors, seed);
        let mut backing = Backing::open(folder)?;
        backing.load(&mut flash.sectors)?;
        flash.backing = Some(backing);
        Ok(flash)
    }

    /// Sets what befalls it, counted from now.
    pub fn set_plan(&mut self, plan: FlashPlan) {
        self.plan = plan;
        self.operations = 0;
    }

    /// Sets what a power cut leaves of the word or sector it hits.
    pub fn set_tear(&mut self, tear: Tear) {
        self.tear = tear;
    }

    /// Makes all writes and erases fail from now on, or none.
    pub fn set_failing(&mut self, failing: bool) {
        self.failing = failing;
        self.plan.fail_after = None;
    }

    /// Whether it has power.
    pub fn is_powered(&self) -> bool {
        self.powered
    }

    /// Gives the power back. The plan is done with.
    pub fn power_on(&mut self) {
        self.powered = true;
        self.set_plan(FlashPlan::default());
    }

    /// Writes and erases since it was opened or the plan was set; failed ones do not count, a cut
    /// one does.
    pub fn operations(&self) -> u64 {
        self.operations
    }

    /// Whether nothing was ever written.
    pub fn is_blank(&self) -> bool {
        self.sectors.iter().all(|sector| **sector == ERASED)
    }

    /// Size in bytes.
    pub fn size(&self) -> usize {
        self.sectors.len() * SECTOR_SIZE
    }

    /// Reads `bytes.len()` bytes from `offset` on.
    pub fn read_at(&self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        self.check(offset, bytes.len(), 1)?;
        if !self.powered {
            return Err(FlashError::NoPower);
        }
        for piece in pieces(offset as usize, bytes.len()) {
            let from = &self.sectors[piece.sector][piece.start..piece.start + piece.len];
            bytes[piece.done..piece.done + piece.len].copy_from_slice(from);
        }
        Ok(())
    }

    /// Clears the bits that are clear in `bytes`, from `offset` on. Both are multiples of
    /// [`WORD_SIZE`].
    pub fn write_at(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        self.check(offset, bytes.len(), WORD_SIZE)?;
        if self.begin()? {
            for piece in pieces(offset as usize, bytes.len()) {
                let data = &bytes[piece.done..piece.done + piece.len];
                self.program(piece.sector, piece.start, data)?;
            }
            return Ok(());
        }
        let torn = self.tear.write(&mut self.rng, bytes);
        for piece in pieces(offset as usize, torn.len()) {
            let data = &torn[piece.done..piece.done + piece.len];
            self.program(piece.sector, piece.start, data)?;
        }
        Err(FlashError::NoPower)
    }

    /// Sets all bits from `from` to before `to`, both multiples of [`SECTOR_SIZE`].
    pub fn erase_range(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let len = to.checked_sub(from).ok_or(FlashError::OutOfBounds)?;
        self.check(from, len as usize, SECTOR_SIZE)?;
        for sector in from as usize / SECTOR_SIZE..to as usize / SECTOR_SIZE {
            if self.begin()? {
                self.replace(sector, ERASED)?;
            } else {
                let torn = self.tear.erase(&mut self.rng, &self.sectors[sector]);
                self.replace(sector, torn)?;
                return Err(FlashError::NoPower);
            }
        }
        Ok(())
    }

    /// Counts an operation. False: the power goes in the middle of it.
    fn begin(&mut self) -> Result<bool, FlashError> {
        if !self.powered {
            return Err(FlashError::NoPower);
        }
        let over = |limit: Option<u64>| limit.is_some_and(|limit| self.operations >= limit);
        if self.failing || over(self.plan.fail_after) {
            return Err(FlashError::Failing);
        }
        self.powered = !over(self.plan.power_cut_after);
        self.operations += 1;
        Ok(self.powered)
    }

    fn program(&mut self, sector: usize, start: usize, data: &[u8]) -> Result<(), FlashError> {
        let place = &mut Arc::make_mut(&mut self.sectors[sector])[start..start + data.len()];
        for (old, new) in place.iter_mut().zip(data) {
            *old &= new;
        }
        #[cfg(feature = "std")]
        if let Some(backing) = &self.backing {
            backing.store(sector, start, place)?;
        }
        Ok(())
    }

    fn replace(&mut self, sector: usize, content: Sector) -> Result<(), FlashError> {
        self.sectors[sector] = Arc::new(content);
        #[cfg(feature = "std")]
        if let Some(backing) = &self.backing {
            backing.store(sector, 0, &content)?;
        }
        Ok(())
    }

    fn check(&self, offset: u32, len: usize, align: usize) -> Result<(), FlashError> {
        let offset = offset as usize;
        if len > self.size() || offset > self.size() - len {
            Err(FlashError::OutOfBounds)
        } else if !offset.is_multiple_of(align) || !len.is_multiple_of(align) {
            Err(FlashError::NotAligned)
        } else {
            Ok(())
        }
    }
}

/// The part of a range that lies in one sector.
struct Piece {
    sector: usize,
    start: usize,
    len: usize,
    /// Bytes of the range before it.
    done: usize,
}

fn pieces(offset: usize, len: usize) -> impl Iterator<Item = Piece> {
    let mut done = 0;
    core::iter::from_fn(move || {
        let at = offset + done;
        let start = at % SECTOR_SIZE;
        let piece = Piece {
            sector: at / SECTOR_SIZE,
            start,
            len: (SECTOR_SIZE - start).min(len - done),
            done,
        };
        done += piece.len;
        (piece.len > 0).then_some(piece)
    })
}

#[cfg(test)]
mod tests;
