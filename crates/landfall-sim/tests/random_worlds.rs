//! Random worlds hold the invariants. One that does not is printed as the smallest scenario found
//! that breaks the same one; it can be kept in `scenarios/` as it stands.

use landfall_sim::world::random;
use landfall_sim::world::scenario::Scenario;
use landfall_sim::world::shrink::shrink;

/// Worlds played; the soak of the host tool plays as many as it is asked to.
const SEEDS: u64 = 150;
/// Length of each.
const HOURS: f64 = 0.5;

#[test]
fn random_worlds_hold_the_invariants() {
    for seed in 0..SEEDS {
        check(&random::scenario(seed, HOURS));
    }
}

fn check(scenario: &Scenario) {
    if let Some((least, violation)) = shrink(scenario) {
        let mut world = least.world();
        world.keep_journal();
        let _ = least.play(&mut world);
        let seed = scenario.seed;
        let journal = world.journal();
        panic!("seed {seed} breaks {violation}\n{least}\n===\n{journal}");
    }
}

#[test]
fn a_scenario_reads_as_it_is_written() {
    for seed in 0..SEEDS {
        let scenario = random::scenario(seed, HOURS);
        let text = scenario.to_string();
        let again = Scenario::parse("again", &text).map(|again| again.to_string());
        assert_eq!(again.as_deref().ok(), Some(text.as_str()), "seed {seed}");
    }
}

/// I8: the same seed and the same inputs give the same outputs.
#[test]
fn the_same_seed_gives_the_same_journal_twice() {
    for seed in 0..20 {
        assert_eq!(journal(seed), journal(seed), "seed {seed}");
    }
    assert_ne!(journal(1), journal(2), "seeds differ");
}

fn journal(seed: u64) -> String {
    let scenario = random::scenario(seed, HOURS);
    let mut world = scenario.world();
    world.keep_journal();
    let played = scenario.play(&mut world);
    assert_eq!(played, Ok(()), "seed {seed}\n{}", world.journal());
    world.journal().to_owned()
}
