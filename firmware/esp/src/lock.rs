//! The lock that the tasks of the device share: it lets a step interrupt through.
//!
//! The device's state is touched by tasks alone, which run at the chip's thread level, and by nothing that an interrupt
//! calls. So it is enough to keep other threads out, whose switch is an interrupt of the lowest priority. A critical
//! section would hold up a motor's step for as long as the machine thinks.

use embassy_sync::blocking_mutex::raw::RawMutex;
use esp_hal::interrupt::Priority;
use esp_hal::sync::RawPriorityLimitedMutex;

/// Keeps out threads and interrupts of the lowest priority. To be taken by tasks of the thread executor; who takes it at a
/// higher priority panics at the first try.
pub struct TaskLock(RawPriorityLimitedMutex);

// SAFETY: while the closure runs, nothing at or below the priority of the lock does, switches of threads among it; what
// runs above it panics instead of getting in. The chips have one core for tasks.
unsafe impl RawMutex for TaskLock {
    #[expect(
        clippy::declare_interior_mutable_const,
        reason = "the trait wants it so: each use makes a lock of its own"
    )]
    const INIT: Self = Self(RawPriorityLimitedMutex::new(Priority::Priority1));

    fn lock<R>(&self, f: impl FnOnce() -> R) -> R {
        self.0.lock(f)
    }
}
