//! The worlds themselves are tested where they are made; here, that what is found is told.

use std::time::Duration;

use expect_test::{Expect, expect};
use landfall_sim::world::invariants::Violation;
use landfall_sim::world::random::scenario;
use landfall_sim::world::scenario::Scenario;
use landfall_sim::world::walk::{Report, Step, walk};

use super::journal_of;
use super::play::{Played, play_all};
use super::tell::Told;

const SMALL: &str = "\
know HomeNetwork Password2
seed 7
at 20000 power cut
until 40000
---
[[ap]]
ssid = \"HomeNetwork\"
password = \"Password2\"
";

fn violation() -> Violation {
    Violation {
        invariant: "I1",
        what: "HomeNetwork\nis lost".to_owned(),
    }
}

fn played(broken: &[u64]) -> Played {
    let small = Scenario::parse("small", SMALL).expect("a scenario");
    let shrunk = broken.iter().take(1);
    Played {
        seeds: 300,
        took: Duration::from_millis(1500),
        broken: broken.to_vec(),
        shrunk: shrunk
            .map(|seed| (*seed, (small.clone(), violation())))
            .collect(),
    }
}

fn check(worlds: Option<Played>, walk: Option<Report>, text: Expect, json: Expect) {
    let told = Told {
        hours_each: 0.5,
        worlds,
        walk,
    };
    text.assert_eq(&told.to_string());
    json.assert_eq(&told.to_json().to_string());
}

#[test]
fn every_seed_is_played_once_and_found_in_order() {
    let asked = std::sync::Mutex::new(Vec::new());
    let played = play_all(10..60, |seed| {
        asked.lock().expect("nobody panics").push(seed);
        seed % 20 == 1
    });
    let mut asked = asked.into_inner().expect("nobody panics");
    asked.sort_unstable();
    assert_eq!(asked, (10..60).collect::<Vec<_>>());
    assert_eq!((played.seeds, played.broken), (50, vec![21, 41]));
}

#[test]
fn no_seeds_find_nothing() {
    let played = play_all(5..5, |_| true);
    assert_eq!((played.seeds, played.broken), (0, Vec::new()));
}

#[test]
fn sums_are_told() {
    let walked = Report {
        states: 5000,
        steps: 90_000,
        depth: 6,
        violation: None,
    };
    check(
        Some(played(&[])),
        Some(walked),
        expect![[r#"
        300 seeds, 150 simulated hours, 100 simulated hours a second, 0 violations
        walk: depth 6, 5000 states, 90000 steps, 0 violations
    "#]],
        expect![[
            r#"{"walk":{"broken":null,"depth":6,"states":5000,"steps":90000,"violations":0},"worlds":{"broken":[],"broken_seeds":[],"seeds":300,"simulated_hours":150.0,"simulated_hours_per_second":100,"violations":0}}"#
        ]],
    );
}

#[test]
fn a_broken_world_is_told_as_a_scenario() {
    check(
        Some(played(&[21, 41])),
        None,
        expect![[r##"
            # seed 21 breaks I1: HomeNetwork is lost
            know HomeNetwork Password2
            mode sta_ap
            policy fallback
            connect_timeout_ms 10000
            max_retry 5
            fallback_deadline_ms 15000
            seed 7
            at 20000 power cut
            until 40000
            ---
            [[ap]]
            ssid = "HomeNetwork"
            password = "Password2"

            300 seeds, 150 simulated hours, 100 simulated hours a second, 2 violations
        "##]],
        expect![[
            r#"{"walk":null,"worlds":{"broken":[{"invariant":"I1","scenario":"know HomeNetwork Password2\nmode sta_ap\npolicy fallback\nconnect_timeout_ms 10000\nmax_retry 5\nfallback_deadline_ms 15000\nseed 7\nat 20000 power cut\nuntil 40000\n---\n[[ap]]\nssid = \"HomeNetwork\"\npassword = \"Password2\"\n","seed":21,"what":"HomeNetwork\nis lost"}],"broken_seeds":[21,41],"seeds":300,"simulated_hours":150.0,"simulated_hours_per_second":100,"violations":2}}"#
        ]],
    );
}

#[test]
fn a_broken_story_is_told_step_by_step() {
    let walked = Report {
        states: 50,
        steps: 900,
        depth: 3,
        violation: Some((
            vec![Step::Heard([true, false]), Step::Stored(false)],
            violation(),
        )),
    };
    check(
        None,
        Some(walked),
        expect![[r#"
        the walk breaks I1: HomeNetwork is lost
          Heard([true, false])
          Stored(false)
        walk: depth 3, 50 states, 900 steps, 1 violations
    "#]],
        expect![[
            r#"{"walk":{"broken":{"invariant":"I1","story":["Heard([true, false])","Stored(false)"],"what":"HomeNetwork\nis lost"},"depth":3,"states":50,"steps":900,"violations":1},"worlds":null}"#
        ]],
    );
}

#[test]
fn a_told_scenario_plays_as_the_world_it_came_from() {
    for seed in 0..8 {
        let world = scenario(seed, 0.2);
        let read = Scenario::parse("told", &world.to_string()).expect("what is told can be read");
        let (journal, played) = journal_of(&world);
        assert_eq!(played, Ok(()));
        assert_eq!(journal_of(&read), (journal, Ok(())), "seed {seed}");
    }
}

#[test]
fn a_walk_is_told_as_deep_as_it_went() {
    let report = walk(2);
    assert_eq!((report.depth, report.violation), (2, None));
    assert!(report.states > 10 && report.steps > report.states as u64);
}
