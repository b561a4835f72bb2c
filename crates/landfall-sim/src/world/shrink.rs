//! A violation found in a random world, made as small as it gets.

use super::invariants::Violation;
use super::scenario::Scenario;

/// Plays a scenario; gives its violation with the time at which it showed.
pub fn violation_of(scenario: &Scenario) -> Option<(u64, Violation)> {
    let mut world = scenario.world();
    let violation = scenario.play(&mut world).err()?;
    Some((world.now_ms(), violation))
}

/// The smallest scenario found that breaks the same invariant: shorter, with fewer actions and
/// fewer known networks. None where this one breaks none.
pub fn shrink(scenario: &Scenario) -> Option<(Scenario, Violation)> {
    let (at_ms, mut violation) = violation_of(scenario)?;
    let mut least = scenario.clone();
    least.until_ms = at_ms + 1;
    least.actions.retain(|(when_ms, _)| *when_ms <= at_ms);
    let mut chunk = least.actions.len().div_ceil(2).max(1);
    loop {
        let before = least.actions.len() + least.wifi.networks.len();
        drop_chunks(&mut least, &mut violation, chunk);
        drop_networks(&mut least, &mut violation);
        let shrunk = least.actions.len() + least.wifi.networks.len() < before;
        if chunk == 1 && !shrunk {
            return Some((least, violation));
        }
        chunk = chunk.div_ceil(2).max(1);
    }
}

fn drop_chunks(least: &mut Scenario, violation: &mut Violation, chunk: usize) {
    let mut from = 0;
    while from < least.actions.len() {
        let mut fewer = least.clone();
        fewer
            .actions
            .drain(from..(from + chunk).min(least.actions.len()));
        if !accept(fewer, least, violation) {
            from += chunk;
        }
    }
}

fn drop_networks(least: &mut Scenario, violation: &mut Violation) {
    for place in (0..least.wifi.networks.len()).rev() {
        let mut fewer = least.clone();
        fewer.wifi.networks.remove(place);
        accept(fewer, least, violation);
    }
}

/// Takes the smaller one, where it breaks the same invariant.
fn accept(smaller: Scenario, least: &mut Scenario, violation: &mut Violation) -> bool {
    match violation_of(&smaller) {
        Some((_, found)) if found.invariant == violation.invariant => {
            *least = smaller;
            *violation = found;
            true
        }
        Some(_) | None => false,
    }
}
