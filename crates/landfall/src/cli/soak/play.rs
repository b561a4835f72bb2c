//! Worlds on all cores, one for each at a time.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use landfall_sim::world::invariants::Violation;
use landfall_sim::world::scenario::Scenario;

/// How many worlds were played, and what was found.
#[derive(Debug, Default)]
pub(super) struct Played {
    /// Worlds.
    pub(super) seeds: u64,
    /// How long it took.
    pub(super) took: Duration,
    /// Seeds of the worlds that broke an invariant, in order.
    pub(super) broken: Vec<u64>,
    /// The first of them, made small.
    pub(super) shrunk: Vec<(u64, (Scenario, Violation))>,
}

/// Plays a world for every seed; `is_broken` plays one. Which thread plays which changes nothing in
/// what is found.
pub(super) fn play_all(seeds: Range<u64>, is_broken: impl Fn(u64) -> bool + Sync) -> Played {
    let began = Instant::now();
    let bar = progress(seeds.end - seeds.start);
    let next = AtomicU64::new(seeds.start);
    let broken = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, NonZeroUsize::get) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    if is_broken(seed) {
                        let broken = broken.lock();
                        broken
                            .unwrap_or_else(|poisoned| poisoned.into_inner())
                            .push(seed);
                    }
                    bar.inc(1);
                }
            });
        }
    });
    bar.finish_and_clear();
    let mut broken = broken
        .into_inner()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    broken.sort_unstable();
    Played {
        seeds: seeds.end - seeds.start,
        took: began.elapsed(),
        broken,
        shrunk: Vec::new(),
    }
}

/// On stderr, and only where that is a terminal.
fn progress(worlds: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} worlds, {eta} left");
    let bar = ProgressBar::new(worlds);
    // The template stands above, and is one.
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
