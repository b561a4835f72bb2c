//! The time, of two kinds: the wall's, which people read and which may jump, and a monotonic one,
//! which presence is judged by. A test moves both.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The server's clock. Clones are one clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    start: Instant,
    /// Added to what the system says; only a test sets them.
    wall_offset_ms: AtomicI64,
    monotonic_offset_ms: AtomicI64,
}

impl Clock {
    /// The system's time.
    pub fn system() -> Self {
        Self(Arc::new(Inner {
            start: Instant::now(),
            wall_offset_ms: AtomicI64::new(0),
            monotonic_offset_ms: AtomicI64::new(0),
        }))
    }

    /// Milliseconds since 1970, UTC. It may jump either way: what is kept, shown and agreed with
    /// people is in it, nothing that a device's presence hangs on.
    pub fn now_ms(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        });
        now.saturating_add(self.0.wall_offset_ms.load(Ordering::Relaxed))
    }

    /// Milliseconds since the clock was made. It never goes back.
    pub fn monotonic_ms(&self) -> i64 {
        let elapsed = i64::try_from(self.0.start.elapsed().as_millis()).unwrap_or(i64::MAX);
        elapsed.saturating_add(self.0.monotonic_offset_ms.load(Ordering::Relaxed))
    }

    /// Lets that much time pass at once, for tests.
    pub fn advance_ms(&self, by: u32) {
        let by = i64::from(by);
        self.0.wall_offset_ms.fetch_add(by, Ordering::Relaxed);
        self.0.monotonic_offset_ms.fetch_add(by, Ordering::Relaxed);
    }

    /// Sets the wall's time off by that much more, as a correction of the system's clock does; the
    /// monotonic time goes on. For tests.
    pub fn jump_wall_ms(&self, by: i64) {
        self.0.wall_offset_ms.fetch_add(by, Ordering::Relaxed);
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;

    #[test]
    fn a_jump_of_the_wall_leaves_the_monotonic_time_alone() {
        let clock = Clock::system();
        let (wall, monotonic) = (clock.now_ms(), clock.monotonic_ms());
        clock.jump_wall_ms(-3_600_000);
        assert!(clock.now_ms() < wall);
        clock.advance_ms(5_000);
        assert!(clock.monotonic_ms() >= monotonic + 5_000);
        assert!(clock.monotonic_ms() < monotonic + 3_600_000);
    }
}
