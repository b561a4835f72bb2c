//! The invariants can fail: each of these faults between machine and world is caught in a few
//! random worlds, by the name of the invariant it breaks.

use landfall_core::config::Security;
use landfall_core::net::{KeyMaterial, Passphrase};
use landfall_sim::world::random;
use landfall_sim::world::sabotage::Sabotage;

/// Worlds in which a fault has to show.
const SEEDS: u64 = 40;
/// Length of each.
const HOURS: f64 = 1.0;

/// Plays random worlds with that fault until one breaks an invariant; gives the names of all that
/// broke, in the order of the seeds.
fn broken_by(sabotage: Sabotage) -> Vec<&'static str> {
    let mut broken = Vec::new();
    for seed in 0..SEEDS {
        let scenario = random::scenario(seed, HOURS);
        let mut world = scenario.world();
        world.keep_journal();
        world.sabotage(sabotage);
        if let Err(violation) = scenario.play(&mut world) {
            broken.push(violation.invariant);
        }
    }
    broken
}

fn check(sabotage: Sabotage, invariant: &'static str) {
    let broken = broken_by(sabotage);
    assert!(
        broken.contains(&invariant),
        "{sabotage:?} breaks {broken:?}, not {invariant}"
    );
}

#[test]
fn a_lost_network_breaks_i1() {
    check(Sabotage::DropNetwork, "I1");
}

#[test]
fn a_device_that_hears_nothing_breaks_i2() {
    check(Sabotage::DeafScan, "I2");
}

#[test]
fn an_access_point_that_never_starts_breaks_i3() {
    check(Sabotage::SwallowApStart, "I3");
}

#[test]
fn a_machine_that_believes_in_another_policy_breaks_i3() {
    check(Sabotage::OtherPolicy, "I3");
}

#[test]
fn a_question_while_the_radio_is_busy_breaks_i4() {
    check(Sabotage::AskWhileBusy, "I4");
}

#[test]
fn a_skipped_backoff_breaks_i4() {
    check(Sabotage::FastClock, "I4");
}

#[test]
fn a_forgotten_disconnected_breaks_i5() {
    check(Sabotage::ForgetDisconnected, "I5");
}

#[test]
fn a_key_in_the_journal_breaks_i7() {
    check(Sabotage::PrintKey, "I7");
}

/// I7 beyond the journal: what a programmer prints of the machine holds no key either.
#[test]
fn nothing_printed_of_the_machine_holds_a_key() {
    for seed in 0..SEEDS {
        let scenario = random::scenario(seed, HOURS);
        let mut world = scenario.world();
        let played = scenario.play(&mut world);
        assert_eq!(played, Ok(()), "seed {seed}");
        let machine = world.machine();
        let known = machine.wifi().networks.iter();
        let keys = known.filter_map(|network| match &network.security {
            Security::Open => None,
            Security::Personal(key) => Some(key),
        });
        let printed = format!("{machine:?} {:?}", machine.record());
        for key in keys.chain([&machine.identity().ap_secret]) {
            assert!(!printed.contains(text(key)), "seed {seed}: {printed}");
        }
        assert!(printed.contains("***"), "keys are there, and masked");
    }
}

fn text(key: &Passphrase) -> &str {
    match key.material() {
        KeyMaterial::Phrase(text) => text,
        KeyMaterial::Raw(_) => "no raw key is in these worlds",
    }
}
