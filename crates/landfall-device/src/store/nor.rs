//! A NOR flash in memory whose power can be cut at any operation, and that keeps the rules of its kind:
//! a write only clears bits, and what an operation touched when the power went is undefined.

use std::vec::Vec;

use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// Bytes of a sector: few, so that tests go round the partition often.
pub(crate) const SECTOR_LEN: usize = 256;

/// What the operation that the power cut hit leaves behind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tear {
    /// As if it had not begun.
    Nothing,
    /// Its first bytes are done.
    Prefix,
    /// Its last bytes are done.
    Suffix,
    /// Each bit that was to change may have.
    Bits,
    /// An erase first clears all bits, and gets no further; a write is done.
    Cleared,
    /// It is done, but nobody hears of it.
    Whole,
}

impl Tear {
    pub(crate) const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Prefix,
        Self::Suffix,
        Self::Bits,
        Self::Cleared,
        Self::Whole,
    ];
}

/// The flash, in sectors of `SECTOR` bytes, read in units of `READ` and written in words of 4.
#[derive(Clone)]
pub(crate) struct Nor<const SECTOR: usize = SECTOR_LEN, const READ: usize = 4> {
    pub(crate) bytes: Vec<u8>,
    /// Writes and erases so far.
    pub(crate) operations: usize,
    /// Writes to words that were not erased.
    pub(super) overwrites: usize,
    /// The operation that the power cut hits, counted from 0, and what it leaves.
    pub(crate) cut: Option<(usize, Tear)>,
    /// Operations from this one on fail and change nothing.
    pub(super) fails_from: Option<usize>,
    random: u32,
}

impl<const SECTOR: usize, const READ: usize> Nor<SECTOR, READ> {
    pub(super) fn new(sectors: usize) -> Self {
        Self::of(std::vec![0xff; sectors * SECTOR])
    }

    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            operations: 0,
            overwrites: 0,
            cut: None,
            fails_from: None,
            random: 0x9e37_79b9,
        }
    }

    /// The same flash after the power came back.
    pub(crate) fn power_up(&self) -> Self {
        Self::of(self.bytes.clone())
    }

    /// What becomes of one operation that would turn the bytes at `at` into `done`.
    fn operate(&mut self, at: usize, done: &[u8]) -> Result<(), NorError> {
        let operation = self.operations;
        self.operations += 1;
        if self.fails_from.is_some_and(|from| operation >= from) {
            return Err(NorError::Worn);
        }
        match self.cut {
            Some((cut, _)) if operation > cut => Err(NorError::NoPower),
            Some((cut, tear)) if operation == cut => {
                self.tear(at, done, tear);
                Err(NorError::NoPower)
            }
            _ => {
                self.bytes[at..at + done.len()].copy_from_slice(done);
                Ok(())
            }
        }
    }

    fn tear(&mut self, at: usize, done: &[u8], tear: Tear) {
        let erases = done.iter().all(|byte| *byte == 0xff);
        let split = self.next_random() as usize % (done.len() + 1);
        for (i, new) in done.iter().enumerate() {
            let old = self.bytes[at + i];
            self.bytes[at + i] = match tear {
                Tear::Nothing => old,
                Tear::Prefix if i < split => *new,
                Tear::Suffix if i >= split => *new,
                Tear::Prefix | Tear::Suffix => old,
                Tear::Bits => {
                    let mask = self.next_random() as u8;
                    (old & mask) | (new & !mask)
                }
                Tear::Cleared if erases => 0,
                Tear::Cleared | Tear::Whole => *new,
            };
        }
    }

    fn next_random(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }
}

/// Why the flash did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NorError {
    NoPower,
    Worn,
    OutOfBounds,
    NotAligned,
}

impl NorFlashError for NorError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NoPower | Self::Worn => NorFlashErrorKind::Other,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotAligned => NorFlashErrorKind::NotAligned,
        }
    }
}

impl<const SECTOR: usize, const READ: usize> ErrorType for Nor<SECTOR, READ> {
    type Error = NorError;
}

impl<const SECTOR: usize, const READ: usize> ReadNorFlash for Nor<SECTOR, READ> {
    const READ_SIZE: usize = READ;

    async fn read(&mut self, offset: u32, out: &mut [u8]) -> Result<(), NorError> {
        let at = check(offset, out.len(), Self::READ_SIZE)?;
        out.copy_from_slice(
            self.bytes
                .get(at..at + out.len())
                .ok_or(NorError::OutOfBounds)?,
        );
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const SECTOR: usize, const READ: usize> NorFlash for Nor<SECTOR, READ> {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = SECTOR;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorError> {
        let len = to.checked_sub(from).ok_or(NorError::OutOfBounds)? as usize;
        let at = check(from, len, SECTOR)?;
        if at + len > self.bytes.len() {
            return Err(NorError::OutOfBounds);
        }
        self.operate(at, &std::vec![0xff; len])
    }

    async fn write(&mut self, offset: u32, new: &[u8]) -> Result<(), NorError> {
        assert_eq!(
            new.as_ptr() as usize % 4,
            0,
            "a driver may want whole words"
        );
        let at = check(offset, new.len(), Self::WRITE_SIZE)?;
        let old = self
            .bytes
            .get(at..at + new.len())
            .ok_or(NorError::OutOfBounds)?;
        if old.iter().any(|byte| *byte != 0xff) {
            self.overwrites += 1;
        }
        let done: Vec<u8> = old.iter().zip(new).map(|(old, new)| old & new).collect();
        self.operate(at, &done)
    }
}

fn check(offset: u32, len: usize, unit: usize) -> Result<usize, NorError> {
    let at = offset as usize;
    if !at.is_multiple_of(unit) || !len.is_multiple_of(unit) {
        return Err(NorError::NotAligned);
    }
    Ok(at)
}
