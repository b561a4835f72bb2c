//! Time as the machine sees it: milliseconds since boot, handed in by the adapter.

use core::num::NonZeroU64;

/// A moment, in milliseconds since the device booted.
// Aligned like a word: a chip of 32 bits gains nothing from eight bytes, and an enum that holds a
// moment would get a tag of eight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C, packed(4))]
pub struct Instant {
    /// Counted from 1, so that an `Option` of it takes no more room.
    ms_plus_one: NonZeroU64,
}

impl Instant {
    /// The moment of boot.
    pub const BOOT: Self = Self {
        ms_plus_one: NonZeroU64::MIN,
    };

    /// The moment `ms` milliseconds after boot.
    pub const fn from_ms(ms: u64) -> Self {
        Self {
            ms_plus_one: NonZeroU64::MIN.saturating_add(ms),
        }
    }

    /// Milliseconds since boot.
    pub const fn as_ms(self) -> u64 {
        self.ms_plus_one.get() - 1
    }

    /// The moment `ms` milliseconds later; saturates.
    #[must_use]
    // Half the machine calls it: 64 bits that saturate are some twelve instructions on a chip.
    #[inline(never)]
    pub const fn plus_ms(self, ms: u32) -> Self {
        Self {
            ms_plus_one: self.ms_plus_one.saturating_add(ms as u64),
        }
    }

    /// Milliseconds from `earlier` to here; 0 where `earlier` is later.
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.as_ms().saturating_sub(earlier.as_ms())
    }
}

impl Default for Instant {
    fn default() -> Self {
        Self::BOOT
    }
}

impl core::fmt::Debug for Instant {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} ms", self.as_ms())
    }
}
