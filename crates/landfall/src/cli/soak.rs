//! `landfall soak`: random worlds, played on all cores in virtual time.
//!
//! A world comes from its seed alone, and the machine in it is checked after every step. What
//! breaks an invariant is made as small as it gets, and printed as a scenario that plays again.

mod play;
mod tell;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use landfall_sim::world::invariants::Violation;
use landfall_sim::world::scenario::Scenario;
use landfall_sim::world::shrink::{caught, shrink, violation_of};
use landfall_sim::world::{random, walk};

use super::{Ended, Failure, read};
use play::{Played, play_all};
use tell::Told;

/// Broken worlds that are made small and printed; the rest is counted.
const TOLD_MAX: usize = 3;

/// Play random worlds and check the machine's invariants after every step
///
/// The same seeds give the same worlds. A world that breaks an invariant is printed as the shortest
/// scenario found that breaks it too: save it to a file, and look at it with --play.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  landfall soak --seeds 10000\n  landfall soak --seeds 0 --walk-depth 8\n  landfall soak --play broken.txt"
)]
pub(super) struct Soak {
    /// How many worlds
    #[arg(long, value_name = "N", default_value_t = 300)]
    seeds: u64,
    /// Simulated hours of each
    #[arg(long, value_name = "H", default_value_t = 1.0, value_parser = hours)]
    hours_each: f64,
    /// The first seed
    #[arg(long, value_name = "SEED", default_value_t = 0)]
    from: u64,
    /// Walk through every story of so many steps of a small world, too
    #[arg(long, value_name = "D", value_parser = clap::value_parser!(u8).range(1..=DEPTH_MAX))]
    walk_depth: Option<u8>,
    /// Play one scenario and print what happens in it
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seeds", "hours_each", "from", "walk_depth", "json"])]
    play: Option<PathBuf>,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Longest time that a world plays: a year, in hours.
const HOURS_MAX: f64 = 8760.0;
/// Longest stories that are walked: each step more takes several times as long.
const DEPTH_MAX: i64 = 20;

fn hours(text: &str) -> Result<f64, String> {
    let hours = text.parse().ok();
    let sound = hours.filter(|hours: &f64| *hours > 0.0 && *hours <= HOURS_MAX);
    sound.ok_or_else(|| format!("a number of hours, more than 0 and at most {HOURS_MAX}"))
}

impl Soak {
    pub(super) fn run(self) -> Ended {
        if let Some(file) = &self.play {
            return replay(file);
        }
        let told = Told {
            hours_each: self.hours_each,
            worlds: (self.seeds > 0 || self.walk_depth.is_none()).then(|| self.play_worlds()),
            walk: self.walk_depth.map(walk::walk),
        };
        if self.json {
            println!("{}", told.to_json());
        } else {
            print!("{told}");
        }
        Ok(ExitCode::from(u8::from(told.violations() > 0)))
    }

    fn play_worlds(&self) -> Played {
        let world = |seed| random::scenario(seed, self.hours_each);
        let seeds = self.from..self.from.saturating_add(self.seeds);
        // What panics on the way is told at the end, once.
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let mut played = play_all(seeds, |seed| violation_of(&world(seed)).is_some());
        for seed in played.broken.iter().copied().take(TOLD_MAX) {
            played
                .shrunk
                .extend(shrink(&world(seed)).map(|found| (seed, found)));
        }
        std::panic::set_hook(hook);
        played
    }
}

/// Plays a scenario and prints its journal; fails where it breaks an invariant.
fn replay(file: &Path) -> Ended {
    let text = read(file)?;
    let name = file.display().to_string();
    let scenario = Scenario::parse(&name, &text)
        .map_err(|error| Failure::new("scenario", error, "correct that place"))?;
    let (journal, played) = journal_of(&scenario);
    print!("{journal}");
    match played {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(violation) => Err(Failure::new(name, violation, "the journal says how")),
    }
}

/// What happened in it, to its end or to its violation.
fn journal_of(scenario: &Scenario) -> (String, Result<(), Violation>) {
    let mut world = scenario.world();
    world.keep_journal();
    let played = caught(|| scenario.play(&mut world));
    (world.journal().to_owned(), played)
}
