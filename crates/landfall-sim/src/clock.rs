//! Time that runs `speed` times as fast as ours. Tests and soaks need none of it: they hand the
//! world whatever time they like.

use std::time::{Duration, Instant};

/// Milliseconds of the world since it began, at a speed.
#[derive(Clone, Copy, Debug)]
pub struct ScaledClock {
    began: Instant,
    speed: f64,
}

impl ScaledClock {
    /// A clock that reads 0 now and runs `speed` times as fast as ours. `speed` is above 0, as
    /// [`AirFile`](crate::air::file::AirFile) guarantees.
    pub fn start(speed: f64) -> Self {
        Self {
            began: Instant::now(),
            speed,
        }
    }

    /// Milliseconds of the world since the start.
    pub fn now_ms(&self) -> u64 {
        world_ms(self.began.elapsed(), self.speed)
    }

    /// How long to wait in our time until the world reads `ms`; zero where it does already.
    pub fn wait_until(&self, ms: u64) -> Duration {
        self.real_moment(ms)
            .saturating_duration_since(Instant::now())
    }

    /// The moment of our time at which the world reads `ms`. Deadlines beyond a century are
    /// brought down to it.
    pub fn real_moment(&self, ms: u64) -> Instant {
        self.began + real_duration(ms, self.speed)
    }

    /// How much faster than ours it runs.
    pub fn speed(&self) -> f64 {
        self.speed
    }
}

/// A wait longer than any run, short enough for every platform's clock.
const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

fn world_ms(real: Duration, speed: f64) -> u64 {
    (real.as_secs_f64() * 1000.0 * speed) as u64
}

/// Rounded up to the next microsecond, so that who waits for it finds the moment come.
fn real_duration(ms: u64, speed: f64) -> Duration {
    let micros = (ms as f64 * 1000.0 / speed).ceil() + 1.0;
    Duration::from_micros(micros.min(CENTURY.as_micros() as f64) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_for_a_moment_finds_it_come() {
        for speed in [0.01, 0.3, 1.0, 7.0, 10.0, 100.0] {
            for ms in [0, 1, 3, 999, 12_345, 86_400_000] {
                let wait = real_duration(ms, speed);
                assert!(world_ms(wait, speed) >= ms, "{ms} at {speed}");
                assert!(world_ms(wait, speed) <= ms + 1, "{ms} at {speed}");
            }
        }
        assert_eq!(real_duration(u64::MAX, 0.01), CENTURY);
    }
}
