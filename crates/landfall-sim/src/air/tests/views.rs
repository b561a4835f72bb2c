//! What is seen of the air from outside, and how answers travel.

use landfall_core::led::Pattern;
use landfall_core::manager::JoinTarget;
use landfall_core::net::Ssid;

use super::{Scene, security};
use crate::air::access_point::InternetAccess;
use crate::air::answer::{Answer, LedRow};

const HOME: &str = r#"
[[ap]]
name = "home"
ssid = "HomeNetwork"
password = "Password2"
max_clients = 1
internet = "captive"
"#;

#[test]
fn who_would_be_let_in_is_known_without_trying() {
    let lets_in = |changes: &[&str], device: usize, password: &str| {
        let mut scene = Scene::new(HOME);
        changes.iter().for_each(|line| scene.line(line));
        scene.until(9_000);
        let target = JoinTarget {
            ssid: &Ssid::new(b"HomeNetwork").unwrap(),
            security: &security(password),
        };
        let device = scene.devices[device];
        scene.air.lets_in(device, target)
    };
    let joined = "0 d0 join HomeNetwork Password2 * 6";
    for (changes, device, password, expected) in [
        (&[][..], 0, "Password2", true),
        (&[], 0, "Password3", false),
        (&[], 0, "-", false),
        (&["0 air ap home off"], 0, "Password2", false),
        (&["0 air ap home rssi -93"], 0, "Password2", false),
        (&["0 air ap home rssi -92"], 0, "Password2", true),
        (&["0 air ap home dhcp off"], 0, "Password2", false),
        (&["0 air ap home comeback 900"], 0, "Password2", false),
        (&[joined], 0, "Password2", true),
        (&[joined], 1, "Password2", false),
    ] {
        assert_eq!(lets_in(changes, device, password), expected, "{changes:?}");
    }
}

#[test]
fn the_internet_is_seen_with_an_address_alone() {
    let mut scene = Scene::new(HOME);
    let seen = |scene: &Scene| scene.air.link(scene.devices[0]).map(|l| l.internet());
    assert_eq!(seen(&scene), None);
    scene.line("0 d0 join HomeNetwork Password2 * 6");
    scene.until(700);
    assert_eq!(seen(&scene), Some(None));
    scene.until(1_000);
    assert_eq!(seen(&scene), Some(Some(InternetAccess::Captive)));
    scene.line("2000 air ap home off");
    assert_eq!(seen(&scene), Some(None));
}

#[test]
fn an_answer_survives_the_wire_unless_it_is_cut_off() {
    for answer in [
        Answer::done(),
        Answer::error("no \"home\"\nhere"),
        Answer::row(&LedRow::of(Pattern::Solid, 0)),
    ] {
        let wire = answer.to_wire();
        assert_eq!(Answer::from_wire(&wire), Some(answer));
        assert_eq!(Answer::from_wire(&wire[..wire.len() / 2]), None);
    }
    assert_eq!(Answer::from_wire(""), None);
}

#[test]
fn an_led_is_told_by_its_pattern_and_its_moment() {
    let blink = |half_period_ms| Pattern::Blink { half_period_ms };
    for (pattern, shown_ms, expected) in [
        (Pattern::Dark, 0, r#"{"pattern":"off","on":false}"#),
        (Pattern::Solid, 999, r#"{"pattern":"solid","on":true}"#),
        (blink(125), 0, r#"{"pattern":"fast","on":true}"#),
        (blink(125), 125, r#"{"pattern":"fast","on":false}"#),
        (blink(400), 399, r#"{"pattern":"slow","on":true}"#),
        (blink(400), 400, r#"{"pattern":"slow","on":false}"#),
        (blink(0), 7, r#"{"pattern":"fast","on":false}"#),
    ] {
        let answer = Answer::row(&LedRow::of(pattern, shown_ms));
        assert_eq!(answer.rows, [expected]);
    }
}
