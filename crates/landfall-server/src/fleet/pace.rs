//! How often devices are asked to beat: around the setting, so that they spread out by themselves,
//! and up to four times as long when the server is behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::app::App;

/// How far around the setting a device is told to wait, in percent.
const SPREAD_PERCENT: u32 = 10;
/// How much longer devices are told to wait at most.
const STRETCH_MAX: u32 = 4;
/// How often the server looks how far behind it is.
const LOOK: Duration = Duration::from_millis(100);
/// So much later than due a look is late by one whole stretch.
const LATE_MS: u32 = 100;
/// Parts of a stretch: 256 is none.
const ONE: u32 = 256;
/// Heartbeats that are answered at once. One more is told to come later.
const IN_FLIGHT_MAX: u32 = 4096;
/// Heartbeats that wait for a change.
const WAITING_MAX: u32 = 65_536;

/// How busy the server is.
#[derive(Debug)]
pub(crate) struct Pace {
    /// In parts of [`ONE`].
    stretch: AtomicU32,
    in_flight: AtomicU32,
    waiting: AtomicU32,
    taken: AtomicU64,
    refused: AtomicU64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            stretch: AtomicU32::new(ONE),
            in_flight: AtomicU32::new(0),
            waiting: AtomicU32::new(0),
            taken: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }
}

/// A place among the requests of a kind; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a>(&'a AtomicU32);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn place(count: &AtomicU32, max: u32) -> Option<Place<'_>> {
    let place = Place(count);
    (count.fetch_add(1, Ordering::Relaxed) < max).then_some(place)
}

impl Pace {
    /// A place for a heartbeat that is answered now; none where there are too many.
    pub(crate) fn answering(&self) -> Option<Place<'_>> {
        place(&self.in_flight, IN_FLIGHT_MAX)
    }

    /// A place for a heartbeat that waits; none where there are too many.
    pub(crate) fn waiting(&self) -> Option<Place<'_>> {
        place(&self.waiting, WAITING_MAX)
    }

    /// Counts a heartbeat that was answered: taken, or refused.
    pub(crate) fn count(&self, is_taken: bool) {
        let count = if is_taken { &self.taken } else { &self.refused };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Heartbeats that were taken, and that were refused.
    pub(crate) fn counted(&self) -> (u64, u64) {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (read(&self.taken), read(&self.refused))
    }

    /// How much longer than by the setting devices are told to wait: 1 to 4 times.
    pub(crate) fn stretch(&self) -> f64 {
        f64::from(self.stretch.load(Ordering::Relaxed)) / f64::from(ONE)
    }

    /// What a device is told to wait, in milliseconds, by any number.
    pub(crate) fn next_ms(&self, heartbeat_ms: i64, random: u32) -> u32 {
        let stretch = self.stretch.load(Ordering::Relaxed);
        next_ms(heartbeat_ms, stretch, random)
    }
}

/// Looks how late the server gets to what is due, until it stops.
pub(crate) async fn watch(app: Arc<App>) {
    let mut stopping = app.stopping();
    loop {
        let due = Instant::now() + LOOK;
        tokio::select! {
            () = tokio::time::sleep_until(due) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        let late_ms = u32::try_from(due.elapsed().as_millis()).unwrap_or(u32::MAX);
        let stretch = &app.fleet.pace.stretch;
        let before = stretch.load(Ordering::Relaxed);
        stretch.store(stretched(before, late_ms), Ordering::Relaxed);
    }
}

/// The stretch after a look that was so late: it follows by an eighth, so one hiccup is nothing.
fn stretched(before: u32, late_ms: u32) -> u32 {
    let target = ONE.saturating_add(late_ms.saturating_mul(ONE) / LATE_MS);
    let target = target.min(STRETCH_MAX * ONE);
    (before * 7 + target) / 8
}

fn next_ms(heartbeat_ms: i64, stretch: u32, random: u32) -> u32 {
    let base = u64::try_from(heartbeat_ms).unwrap_or_default();
    let spread = base * u64::from(SPREAD_PERCENT) / 100;
    let spread_out = base - spread + u64::from(random) % (2 * spread + 1);
    let stretched = spread_out * u64::from(stretch) / u64::from(ONE);
    let most = base * u64::from(STRETCH_MAX);
    u32::try_from(stretched.min(most)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_spread_by_a_tenth_either_way() {
        let told: Vec<u32> = (0..10_000)
            .map(|random| next_ms(30_000, ONE, random))
            .collect();
        assert_eq!(told.iter().min(), Some(&27_000));
        assert_eq!(told.iter().max(), Some(&33_000));
    }

    #[test]
    fn a_server_behind_stretches_and_comes_back() {
        let mut stretch = ONE;
        for _ in 0..100 {
            stretch = stretched(stretch, 10_000);
        }
        assert!((4 * ONE - 8..=4 * ONE).contains(&stretch), "{stretch}");
        assert!(next_ms(30_000, stretch, 6_000) <= 120_000);
        for _ in 0..100 {
            stretch = stretched(stretch, 0);
        }
        assert_eq!(stretch / 8, ONE / 8);
        assert_eq!(stretched(ONE, 5), ONE + 1);
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let count = AtomicU32::new(0);
        let first = place(&count, 1);
        assert!(first.is_some() && place(&count, 1).is_none());
        drop(first);
        assert!(place(&count, 1).is_some());
    }
}
