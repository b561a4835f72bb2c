//! A violation found in a random world, made as small as it gets.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use core::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::invariants::Violation;
use super::scenario::Scenario;

/// What a panic of the machine is told as, beside the invariants.
pub const PANIC: &str = "panic";

/// Plays a scenario; gives its violation with the time at which it showed. A panic is one, which
/// showed at the end.
pub fn violation_of(scenario: &Scenario) -> Option<(u64, Violation)> {
    let mut at_ms = scenario.until_ms;
    let played = caught(|| {
        let mut world = scenario.world();
        let played = scenario.play(&mut world);
        at_ms = world.now_ms();
        played
    });
    Some((at_ms, played.err()?))
}

/// What was played, a panic as a [`Violation`] of [`PANIC`].
pub fn caught(play: impl FnOnce() -> Result<(), Violation>) -> Result<(), Violation> {
    // What the panic left half done is dropped or written down, never played on.
    catch_unwind(AssertUnwindSafe(play)).unwrap_or_else(|payload| {
        Err(Violation {
            invariant: PANIC,
            what: message(&*payload),
        })
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned())
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

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn a_panic_is_a_violation() {
        let room: Vec<u8> = Vec::new();
        let played = caught(|| {
            assert!(!room.is_empty(), "{} in it", room.len());
            Ok(())
        });
        let violation = played.expect_err("it panicked");
        assert_eq!(violation.to_string(), "panic: 0 in it");
        assert_eq!(caught(|| Ok(())), Ok(()));
    }
}
