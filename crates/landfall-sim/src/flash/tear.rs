//! What a power cut leaves of the write or erase it hits.

use alloc::vec::Vec;

use super::{SECTOR_SIZE, Sector};
use crate::rng::Rng;

/// How an operation is torn. In both ways it may also turn out whole, or not begun at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tear {
    /// A first part of the bytes is done, the rest untouched: what makers of flash file systems
    /// count on, and what sequential-storage tests itself with.
    #[default]
    Bytes,
    /// And of the byte at the border, some bits are done; of an erase, some bits of any byte. A
    /// cell that was half charged reads as either.
    Bits,
}

impl Tear {
    /// The bytes that a cut write clears bits by; as many as it got to.
    pub(super) fn write(self, rng: &mut Rng, bytes: &[u8]) -> Vec<u8> {
        let done = rng.below(bytes.len() as u64 + 1) as usize;
        let mut torn = bytes[..done].to_vec();
        if let (Self::Bits, Some(last)) = (self, torn.last_mut()) {
            *last |= rng.next_u64() as u8;
        }
        torn
    }

    /// What a cut erase leaves of a sector.
    pub(super) fn erase(self, rng: &mut Rng, old: &Sector) -> Sector {
        let mut torn = *old;
        let done = rng.below(SECTOR_SIZE as u64 + 1) as usize;
        torn[..done].fill(0xff);
        if self == Self::Bits {
            for byte in &mut torn[done..] {
                *byte |= rng.next_u64() as u8;
            }
        }
        torn
    }
}
