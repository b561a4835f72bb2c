//! What a soak found, for people and for programs.

use std::fmt;

use landfall_sim::world::invariants::Violation;
use landfall_sim::world::walk;
use serde_json::{Value, json};

use super::play::Played;

/// What there is to tell.
#[derive(Debug)]
pub(super) struct Told {
    /// Simulated hours of each world.
    pub(super) hours_each: f64,
    /// The random worlds, where some were played.
    pub(super) worlds: Option<Played>,
    /// The walk, where one was made.
    pub(super) walk: Option<walk::Report>,
}

impl Told {
    /// How many invariants were seen broken.
    pub(super) fn violations(&self) -> usize {
        let worlds = self.worlds.as_ref().map_or(0, |played| played.broken.len());
        worlds + self.walk.as_ref().map_or(0, walk_violations)
    }

    fn hours(&self, played: &Played) -> f64 {
        // A tenth of a second more or less tells nobody anything.
        (self.hours_each * played.seeds as f64 * 1000.0).round() / 1000.0
    }

    fn rate(&self, played: &Played) -> u64 {
        (self.hours(played) / played.took.as_secs_f64().max(f64::EPSILON)) as u64
    }

    /// One object: `worlds` and `walk`, each null where there was none.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "worlds": self.worlds.as_ref().map(|played| self.worlds_json(played)),
            "walk": self.walk.as_ref().map(walk_json),
        })
    }

    fn worlds_json(&self, played: &Played) -> Value {
        let told = played.shrunk.iter().map(|(seed, (scenario, violation))| {
            json!({
                "seed": seed,
                "invariant": violation.invariant,
                "what": violation.what,
                "scenario": scenario.to_string(),
            })
        });
        json!({
            "seeds": played.seeds,
            "simulated_hours": self.hours(played),
            "simulated_hours_per_second": self.rate(played),
            "violations": played.broken.len(),
            "broken_seeds": played.broken,
            "broken": told.collect::<Vec<_>>(),
        })
    }
}

fn walk_violations(report: &walk::Report) -> usize {
    usize::from(report.violation.is_some())
}

fn walk_json(report: &walk::Report) -> Value {
    let broken = report.violation.as_ref().map(|(story, violation)| {
        json!({
            "invariant": violation.invariant,
            "what": violation.what,
            "story": story.iter().map(|step| format!("{step:?}")).collect::<Vec<_>>(),
        })
    });
    json!({
        "depth": report.depth,
        "states": report.states,
        "steps": report.steps,
        "violations": walk_violations(report),
        "broken": broken,
    })
}

/// What a panic says may have several.
fn one_line(violation: &Violation) -> String {
    violation.to_string().replace('\n', " ")
}

/// The sums come last in what each part tells.
impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(played) = &self.worlds {
            for (seed, (scenario, violation)) in &played.shrunk {
                writeln!(f, "# seed {seed} breaks {}", one_line(violation))?;
                writeln!(f, "{}\n", scenario.to_string().trim_end())?;
            }
            writeln!(
                f,
                "{} seeds, {} simulated hours, {} simulated hours a second, {} violations",
                played.seeds,
                self.hours(played),
                self.rate(played),
                played.broken.len(),
            )?;
        }
        if let Some(report) = &self.walk {
            if let Some((story, violation)) = &report.violation {
                writeln!(f, "the walk breaks {}", one_line(violation))?;
                for step in story {
                    writeln!(f, "  {step:?}")?;
                }
            }
            writeln!(
                f,
                "walk: depth {}, {} states, {} steps, {} violations",
                report.depth,
                report.states,
                report.steps,
                walk_violations(report),
            )?;
        }
        Ok(())
    }
}
