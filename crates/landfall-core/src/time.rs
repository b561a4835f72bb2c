//! Time as the machine sees it: milliseconds since boot, handed in by the adapter.

/// A moment, in milliseconds since the device booted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    ms: u64,
}

impl Instant {
    /// The moment of boot.
    pub const BOOT: Self = Self { ms: 0 };

    /// The moment `ms` milliseconds after boot.
    pub const fn from_ms(ms: u64) -> Self {
        Self { ms }
    }

    /// Milliseconds since boot.
    pub const fn as_ms(self) -> u64 {
        self.ms
    }

    /// The moment `ms` milliseconds later; saturates.
    #[must_use]
    pub const fn plus_ms(self, ms: u32) -> Self {
        Self {
            ms: self.ms.saturating_add(ms as u64),
        }
    }

    /// Milliseconds from `earlier` to here; 0 where `earlier` is later.
    pub const fn ms_since(self, earlier: Self) -> u64 {
        self.ms.saturating_sub(earlier.ms)
    }
}
