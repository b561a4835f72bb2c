//! The messages against the files in `golden/`, and that those are JSON.

use std::string::{String, ToString};
use std::vec::Vec;

use expect_test::{ExpectFile, expect_file};

use super::*;
use crate::claim::Claim;

/// A golden file holds the message as it is sent, and a line feed.
fn check(message: &dyn Display, file: ExpectFile) {
    let text = message.to_string();
    let parsed: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(parsed.is_object());
    file.assert_eq(&(text + "\n"));
}

fn id() -> HardwareId {
    HardwareId::parse("lf-246f2856789a").unwrap()
}

#[test]
fn enrolment_by_claim() {
    let claim = Claim::parse("LANDF-ABCDE-FGHIJ-KLMNO-PQRST").unwrap();
    let device_nonce = Nonce(core::array::from_fn(|i| i as u8));
    let message = EnrollByClaim {
        hardware_id: &id(),
        claim_id: claim.id(),
        device_nonce,
        proof: &claim.enroll_proof(&id(), device_nonce),
    };
    check(&message, expect_file!["../../golden/enroll-claim.json"]);
}

#[test]
fn enrolment_that_waits() {
    let message = EnrollPending {
        hardware_id: &id(),
        device_key: &DeviceKey::new(core::array::from_fn(|i| i as u8)),
    };
    check(&message, expect_file!["../../golden/enroll-pending.json"]);
}

#[test]
fn a_heartbeat_that_says_nothing() {
    let message = Heartbeat::<Nothing> {
        hardware_id: "lf-246f2856789a",
        ..Heartbeat::default()
    };
    check(&message, expect_file!["../../golden/heartbeat-least.json"]);
}

struct Sample;

impl Lists for Sample {
    fn list(
        &self,
        name: List,
        element: &mut dyn FnMut(&dyn Display) -> fmt::Result,
    ) -> fmt::Result {
        match name {
            List::Stations => element(&Station {
                station: "9f86d081884c7d65",
                since_ms: 61_000,
                rssi: Some(-40),
            }),
            List::Events => {
                element(&r#"{"seq":7,"ms":61000,"event":"SESSION_STARTED","course":"CS101"}"#)
            }
            List::Marks => {
                let mark = Mark {
                    id: "3-1",
                    session_id: 12,
                    matric: "CSC/2021/001",
                    code: Some("123456"),
                    taken_uptime_ms: 62_000,
                    boot_id: "3",
                    station: Some("9f86d081884c7d65"),
                };
                element(&mark)?;
                let rest = Mark {
                    id: "3-2",
                    code: None,
                    station: None,
                    ..mark
                };
                element(&rest)
            }
        }
    }
}

#[test]
fn a_heartbeat_that_says_everything() {
    let message = Heartbeat {
        hardware_id: "lf-246f2856789a",
        device_id: Some("ESP32_CS101_2024_2025_1st_Semester"),
        boot_id: Some("3"),
        seq: Some(3 << 32 | 7),
        uptime_ms: Some(63_000),
        state: Some("CONNECTED"),
        ssid: Some("Home \"net\"\n"),
        rssi: Some(-48),
        ip: Some(core::net::Ipv4Addr::new(10, 0, 0, 2)),
        firmware: Some("landfall 0.1.0"),
        chip: Some("esp32c3"),
        config_version: Some(7),
        config_hash: Some("a1b2"),
        config_error: Some("settings.hostname: expected …"),
        ap_ssid: Some("CS101_Attendance_2024_2025"),
        rollout: Some(Rollout {
            id: 4,
            rolled_back: Some("wrong_password"),
        }),
        station_capacity: Some(10),
        free_heap: Some(81_920),
        lists: Sample,
    };
    check(&message, expect_file!["../../golden/heartbeat-full.json"]);
}

#[test]
fn a_proven_rollout_has_no_class() {
    let proven = Rollout {
        id: 4,
        rolled_back: None,
    };
    assert_eq!(proven.to_string(), r#"{"id":4,"result":"proven"}"#);
}

#[test]
fn what_a_mark_may_come_to() {
    let names: Vec<String> = MarkResult::ALL
        .into_iter()
        .map(|result| result.name().to_string())
        .collect();
    assert_eq!(
        names.join(" "),
        "recorded already_recorded not_enrolled no_active_session wrong_code invalid"
    );
    for result in MarkResult::ALL {
        assert_eq!(MarkResult::parse(result.name()), Some(result));
    }
    assert_eq!(MarkResult::parse("kept"), None);
}

/// What the server answers, for whoever reads it.
#[test]
fn golden_answers_are_json() {
    for text in [
        include_str!("../../golden/answer-session.json"),
        include_str!("../../golden/answer-idle.json"),
        include_str!("../../golden/answer-in-sync.json"),
        include_str!("../../golden/enroll-claim-answer.json"),
        include_str!("../../golden/enroll-pending-answer.json"),
    ] {
        let parsed: serde_json::Value = serde_json::from_str(text).unwrap();
        assert!(parsed.is_object());
    }
}
