//! Time since boot.

use landfall_core::time::Instant;

/// A clock that starts at boot. A chip has one behind its executor's timer; a simulator may let it
/// run faster.
pub trait Clock {
    /// The time since boot.
    fn now(&self) -> Instant;

    /// Ends at that moment, at once where it has passed. Dropping it stops the wait.
    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()>;
}

impl<C: Clock> Clock for &C {
    fn now(&self) -> Instant {
        C::now(self)
    }

    fn sleep_until(&self, at: Instant) -> impl Future<Output = ()> {
        C::sleep_until(self, at)
    }
}
