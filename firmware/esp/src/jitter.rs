//! How late a step comes: what `NET:JITTER` prints.
//!
//! The step is taken by an interrupt; it counts how late it was, and the console reads the counts. They begin anew with each
//! state of the device, so that `NET:JITTER` tells of the one it is asked in. Steps that met a write to the flash are counted
//! apart: there the whole chip stands still.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use esp_hal::ram;
use landfall_core::console::Jitter;

/// Latenesses that are told apart, in microseconds; what is later is counted as the last.
const BUCKETS: usize = 128;
/// What one step in a hundred exceeds.
const PERCENTILE: u32 = 99;

/// Steps by their lateness in microseconds.
struct Counts {
    buckets: [AtomicU32; BUCKETS],
    max_us: AtomicU32,
}

// The step's interrupt runs from RAM, and so must what it touches be there: statics are.
static STEADY: Counts = Counts::new();
static FLASHING: Counts = Counts::new();
static IS_FLASHING: AtomicBool = AtomicBool::new(false);

impl Counts {
    const fn new() -> Self {
        Self {
            buckets: [const { AtomicU32::new(0) }; BUCKETS],
            max_us: AtomicU32::new(0),
        }
    }

    /// The step alone counts, so a plain load and store do: the smallest chips have no atomic addition.
    #[ram]
    fn add(&self, late_us: u32) {
        let bucket = &self.buckets[(late_us as usize).min(BUCKETS - 1)];
        let count = bucket.load(Ordering::Relaxed).saturating_add(1);
        bucket.store(count, Ordering::Relaxed);
        if late_us > self.max_us.load(Ordering::Relaxed) {
            self.max_us.store(late_us, Ordering::Relaxed);
        }
    }

    fn clear(&self) {
        for bucket in &self.buckets {
            bucket.store(0, Ordering::Relaxed);
        }
        self.max_us.store(0, Ordering::Relaxed);
    }

    fn read(&self) -> Jitter {
        let total = self.counts().fold(0, u32::saturating_add);
        let max_us = self.max_us.load(Ordering::Relaxed);
        Jitter {
            min_us: self.below(1).min(max_us),
            median_us: self.below(total.div_ceil(2)).min(max_us),
            p99_us: self.below(percentile(total)).min(max_us),
            max_us,
        }
    }

    fn counts(&self) -> impl Iterator<Item = u32> {
        self.buckets
            .iter()
            .map(|bucket| bucket.load(Ordering::Relaxed))
    }

    /// The lateness that so many steps do not exceed.
    fn below(&self, steps: u32) -> u32 {
        let mut seen = 0u32;
        let found = self.counts().position(|count| {
            seen = seen.saturating_add(count);
            seen >= steps
        });
        found.unwrap_or(0) as u32
    }
}

fn percentile(total: u32) -> u32 {
    let steps = u64::from(total) * u64::from(PERCENTILE);
    steps.div_ceil(100) as u32
}

/// Counts a step that came so late. To be called by one interrupt alone.
#[ram]
pub fn count(late_us: u32) {
    if IS_FLASHING.load(Ordering::Relaxed) {
        // Cleared by the first step after the write: that one was held up.
        IS_FLASHING.store(false, Ordering::Relaxed);
        FLASHING.add(late_us);
    } else {
        STEADY.add(late_us);
    }
}

/// Begins to count anew.
pub fn clear() {
    STEADY.clear();
    FLASHING.clear();
}

/// How late the steps came, but for those that a write to the flash held up.
pub fn steady() -> Jitter {
    STEADY.read()
}

/// How late the steps came that a write to the flash held up.
pub fn flashing() -> Jitter {
    FLASHING.read()
}

/// Does what stops the chip; the step it holds up is counted apart.
pub(crate) fn apart<T>(write: impl FnOnce() -> T) -> T {
    IS_FLASHING.store(true, Ordering::Relaxed);
    write()
}
