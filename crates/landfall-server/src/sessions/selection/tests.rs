//! Ranking and its words, as a table of devices and what became of each.

use expect_test::{Expect, expect};

use super::*;

const NOW: i64 = 1_000_000;

/// `id room slots signal seen`, each device with four slots and a heartbeat at `NOW`.
fn device(id: &str) -> Candidate {
    Candidate {
        hardware_id: id.to_owned(),
        standing: Standing::Available,
        room: None,
        stations: 0,
        station_capacity: Some(4),
        rssi: Some(-60),
        last_seen: NOW,
    }
}

fn check(candidates: &[Candidate], room: Option<&str>, wanted: usize, expected: Expect) {
    let mut text = String::new();
    match choose(candidates, room, wanted, NOW) {
        Err(nobody) => text.push_str(nobody.detail()),
        Ok(choice) => {
            for one in choice.picked {
                text += &format!("+ {}: {}\n", one.hardware_id, one.reasons.join("; "));
            }
            for one in choice.passed_over {
                text += &format!("- {}: {}\n", one.hardware_id, one.reason);
            }
        }
    }
    expected.assert_eq(&text);
}

/// Six devices that differ by one criterion each.
fn several() -> [Candidate; 6] {
    let near = Candidate {
        room: Some("Hall 1".to_owned()),
        stations: 4,
        ..device("near")
    };
    let free = Candidate {
        station_capacity: Some(8),
        rssi: Some(-80),
        ..device("free")
    };
    let loud = Candidate {
        rssi: Some(-41),
        last_seen: NOW - 60_000,
        ..device("loud")
    };
    let (late, same) = (device("late"), device("same"));
    let stale = Candidate {
        rssi: Some(-69),
        last_seen: NOW - 9_000,
        ..device("stale")
    };
    [stale, same, late, loud, free, near]
}

/// Those of them.
fn only(ids: &[&str]) -> Vec<Candidate> {
    let wanted = |one: &Candidate| ids.contains(&one.hardware_id.as_str());
    several().into_iter().filter(wanted).collect()
}

#[test]
fn each_criterion_decides_in_its_turn() {
    let all = several();
    check(
        &all,
        Some(" hall 1"),
        1,
        expect![[r#"
            + near: in room hall 1; free station slots: 0; signal: -60 dBm; last heartbeat: 0 s ago
            - free: ranked_lower: room
            - loud: ranked_lower: room
            - late: ranked_lower: room
            - same: ranked_lower: room
            - stale: ranked_lower: room
        "#]],
    );
    check(
        &all,
        None,
        1,
        expect![[r#"
            + free: free station slots: 8; signal: -80 dBm; last heartbeat: 0 s ago
            - loud: ranked_lower: free station slots
            - late: ranked_lower: free station slots
            - same: ranked_lower: free station slots
            - stale: ranked_lower: free station slots
            - near: ranked_lower: free station slots
        "#]],
    );
    check(
        &only(&["stale", "same", "late", "loud"]),
        None,
        2,
        expect![[r#"
            + loud: free station slots: 4; signal: -41 dBm; last heartbeat: 60 s ago
            + late: free station slots: 4; signal: -60 dBm; last heartbeat: 0 s ago
            - same: ranked_lower: hardware id
            - stale: ranked_lower: most recent heartbeat
        "#]],
    );
    check(
        &only(&["same", "loud"]),
        Some("Hall 9"),
        1,
        expect![[r#"
        + loud: not in room Hall 9; free station slots: 4; signal: -41 dBm; last heartbeat: 60 s ago
        - same: ranked_lower: signal
    "#]],
    );
}

#[test]
fn who_cannot_be_picked_is_told_apart() {
    let with = |id: &str, standing| Candidate {
        standing,
        ..device(id)
    };
    let all = [
        with("a", Standing::Pending),
        with("b", Standing::Disabled),
        with("c", Standing::NeverSeen),
        with("d", Standing::Offline),
        with("e", Standing::InSession),
        with("f", Standing::Available),
    ];
    check(
        &all,
        None,
        3,
        expect![[r#"
        + f: free station slots: 4; signal: -60 dBm; last heartbeat: 0 s ago
        - a: pending
        - b: disabled
        - c: never_seen
        - d: offline
        - e: in_session
    "#]],
    );
    check(
        &all[..5],
        None,
        1,
        expect!["All online ESP32 devices are already in a session."],
    );
    check(
        &all[..4],
        None,
        1,
        expect!["No ESP32 devices are currently online. Please check device connectivity."],
    );
}

#[test]
fn a_device_that_says_nothing_ranks_as_the_smallest() {
    let silent = Candidate {
        station_capacity: None,
        rssi: None,
        ..device("silent")
    };
    check(
        &[silent, device("weak")],
        None,
        1,
        expect![[r#"
        + weak: free station slots: 4; signal: -60 dBm; last heartbeat: 0 s ago
        - silent: ranked_lower: signal
    "#]],
    );
}
