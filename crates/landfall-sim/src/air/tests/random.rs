//! Chance and its absence: how often a weak router fails, and that a world can be repeated.

use alloc::string::String;
use alloc::vec::Vec;
use std::collections::BTreeSet;

use landfall_core::radio::{RadioEvent, RadioOp, Reason};
use proptest::prelude::*;

use super::{Scene, run};
use crate::air::{Air, Targets};

#[test]
fn a_weak_router_fails_three_joins_in_ten_with_212() {
    for (rssi, expected) in [
        (-84, 0..1),
        (-85, 250..351),
        (-92, 250..351),
        (-93, 1000..1001),
    ] {
        let mut scene = Scene::new(&format!("[[ap]]\nssid = \"weak\"\nrssi = {rssi}"));
        let mut failed = 0;
        for round in 0..1000_u64 {
            let now = round * 5_000;
            scene.line(&format!("{now} d0 join weak - * 6"));
            while let Some((_, event)) = scene.air.poll_event(now + 4_000) {
                let RadioEvent::JoinFailed { reason, .. } = event else {
                    continue;
                };
                let code = if rssi < -92 { 201 } else { 212 };
                assert_eq!(reason, Reason::Code(code));
                failed += 1;
            }
        }
        assert!(expected.contains(&failed), "{failed} at {rssi} dBm");
    }
}

#[test]
fn noise_is_small_differs_by_second_and_does_not_come_of_asking() {
    let mut scene = Scene::new("[[ap]]\nssid = \"weak\"\nrssi = -84");
    // The seed lets one of these joins in.
    for second in 0..5 {
        scene.line(&format!("{} d0 join weak - * 6", second * 2_000));
        scene.until(second * 2_000 + 1_999);
    }
    let mut strengths = BTreeSet::new();
    for ms in (10_000..70_000).step_by(500) {
        let ask = |air: &mut Air| {
            air.handle(scene.devices[0], RadioOp::Query, Targets::default(), ms);
            air.poll_event(ms)
        };
        let first = ask(&mut scene.air);
        assert_eq!(first, ask(&mut scene.air));
        if let Some((_, RadioEvent::Report(report))) = first {
            strengths.insert(report.rssi);
        }
    }
    let expected: BTreeSet<_> = (-86..=-82).map(Some).collect();
    assert_eq!(strengths, expected);
}

/// A world with something of everything.
fn world(seed: u64) -> String {
    format!(
        r#"
        seed = {seed}
        [[ap]]
        name = "home"
        ssid = "HomeNetwork"
        password = "Password2"
        rssi = -81
        [[ap]]
        ssid = "weak"
        rssi = -88
        channel = 11
        [[at]]
        ms = 9000
        ap = "home"
        on = false
        [[at]]
        ms = 12000
        ap = "home"
        on = true
        "#
    )
}

fn steps() -> impl Strategy<Value = Vec<(u16, usize)>> {
    proptest::collection::vec((0..3_000_u16, 0..STEPS.len()), 0..40)
}

const STEPS: [&str; 14] = [
    "d0 scan",
    "d1 scan",
    "d0 join HomeNetwork Password2 * 6",
    "d1 join HomeNetwork Password2 * *",
    "d0 join weak - * 11",
    "d1 join weak - * *",
    "d0 leave",
    "d0 ap Landfall-000001 - 6",
    "d0 stop",
    "d0 move 11",
    "d0 cancel",
    "d0 query",
    "d1 off",
    "air ap home deauth",
];

fn script(steps: &[(u16, usize)]) -> String {
    let mut now = 0_u64;
    let lines = steps.iter().map(|(pause, step)| {
        now += u64::from(*pause);
        format!("{now} {}\n", STEPS[*step])
    });
    lines.collect()
}

/// Of each operation of `device`, the number asked and the number of events that end one.
fn asked_and_ended(script: &str, seen: &str, device: &str) -> (usize, usize) {
    let asks = ["scan", "join", "leave", "ap", "stop", "move"];
    let asked = script.lines().filter(|line| {
        let mut words = line.split(' ').skip(1);
        words.next() == Some(device) && words.next().is_some_and(|word| asks.contains(&word))
    });
    let ends = [
        "ScanDone",
        "ScanFailed",
        "Joined",
        "JoinFailed",
        "Left",
        "ApStarted",
        "ApFailed",
        "ApStopped",
        "ApMoved",
    ];
    let ended = seen.lines().filter(|line| {
        let mut words = line.split(' ').skip(1);
        words.next() == Some(device) && words.next().is_some_and(|word| ends.contains(&word))
    });
    (asked.count(), ended.count())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn the_same_seed_and_inputs_give_the_same_outputs(seed in 0..i64::MAX as u64, steps in steps()) {
        let (file, script) = (world(seed), script(&steps));
        prop_assert_eq!(run(&file, &script), run(&file, &script));
    }

    /// Every operation ends in exactly one event of its own. An access point that follows its
    /// station moves unasked, so moves are at least as many.
    #[test]
    fn every_operation_ends_once(seed in 0..9_u64, steps in steps()) {
        let (file, script) = (world(seed), script(&steps));
        let seen = run(&file, &script);
        let (asked, ended) = asked_and_ended(&script, &seen, "d0");
        let follows = ended.saturating_sub(asked);
        prop_assert!(ended >= asked, "{} {}", asked, ended);
        prop_assert!(follows <= seen.matches("d0 ApMoved").count());
    }

    /// Looking at the clock more often changes nothing.
    #[test]
    fn the_steps_of_time_do_not_matter(steps in steps(), stride in 1..977_u64) {
        let script = script(&steps);
        let mut scene = Scene::new(&world(1));
        let mut stepped = String::new();
        let mut now = 0;
        for line in script.lines() {
            let at: u64 = line.split(' ').next().unwrap().parse().unwrap();
            while now < at {
                stepped += &drained(&mut scene.air, now);
                now = (now + stride).min(at);
            }
            stepped += &drained(&mut scene.air, at);
            scene.line(line);
        }
        stepped += &drained(&mut scene.air, super::END_MS);
        let whole = run(&world(1), &script);
        let without_times = whole.lines().map(|line| line.split_once(' ').unwrap().1);
        let whole: String = without_times.flat_map(|event| [event, "\n"]).collect();
        prop_assert_eq!(scene.seen, "");
        prop_assert_eq!(stepped, whole);
    }
}

fn drained(air: &mut Air, now: u64) -> String {
    std::iter::from_fn(|| air.poll_event(now))
        .map(|(device, event)| format!("d{} {event:?}\n", device.index()))
        .collect()
}
