//! What devices are told, layer by layer.

use expect_test::{Expect, expect};

use super::*;

fn session() -> SessionSettings {
    SessionSettings {
        session_id: 12,
        course_code: "CS101".into(),
        course_title: "Introduction to Computer Science".into(),
        session: "2024/2025".into(),
        semester: "1st Semester".into(),
        device_id: "ESP32_CS101_2024_2025_1st_Semester".into(),
        device_name: "CS101 - Introduction to Computer Science".into(),
        location: "CS101 Classroom - 2024/2025 1st Semester".into(),
        ssid: "CS101_Attendance_2024_2025".into(),
        password: String::new(),
        lecturer: "ada".into(),
        needs_code: false,
        fence: 3,
    }
}

/// What a device of that id is told.
fn told(
    own_id: &str,
    layers: (Value, Value),
    session: Option<&SessionSettings>,
    networks: &[RolloutNetwork],
) -> Value {
    let (fleet, device) = (object(layers.0), object(layers.1));
    let told = configuration(&Sources {
        own_id,
        name: None,
        legacy: own_id.starts_with("ESP32"),
        fleet: &fleet,
        device: Some(&device),
        session,
        networks,
    });
    assert_eq!(hash(&told).len(), 2 * HASH_LEN);
    told
}

fn check(told: &Value, expected: Expect) {
    expected.assert_eq(&format!("{told:#}\n"));
}

#[test]
fn standby_tells_the_devices_own_settings() {
    let fleet = json!({"ap_ssid": "Fleet", "ssid_template": "{course}", "station": {"max_retry": 3, "connect_timeout_ms": 5000}});
    let device = json!({"ap_password": "Password9", "device_name": "Door", "location": "Hall", "station": {"max_retry": 9}});
    check(
        &told("lf-246f2856789a", (fleet, device), None, &[]),
        expect![[r#"
            {
              "active_session": false,
              "device_id": "lf-246f2856789a",
              "device_name": "Door",
              "location": "Hall",
              "message": "No active session - device in standby mode",
              "password": "Password9",
              "settings": {
                "access_point": {
                  "config": {
                    "essid": "Fleet",
                    "password": "Password9"
                  }
                },
                "device_name": "Door",
                "location": "Hall",
                "station": {
                  "connect_timeout_ms": 5000,
                  "max_retry": 9
                }
              },
              "ssid": "Fleet"
            }
        "#]],
    );
}

#[test]
fn legacy_firmware_is_told_the_seeds_members_alone() {
    let nothing = || (json!({}), json!({}));
    check(
        &told("ESP32_7", nothing(), None, &[]),
        expect![[r#"
        {
          "active_session": false,
          "device_id": "ESP32_7",
          "device_name": "ESP32_7",
          "location": "",
          "message": "No active session - device in standby mode"
        }
    "#]],
    );
    let active = session();
    check(
        &told("ESP32_7", nothing(), Some(&active), &[]),
        expect![[r#"
            {
              "active_session": true,
              "course_code": "CS101",
              "course_title": "Introduction to Computer Science",
              "device_id": "ESP32_CS101_2024_2025_1st_Semester",
              "device_name": "CS101 - Introduction to Computer Science",
              "lecturer": "ada",
              "location": "CS101 Classroom - 2024/2025 1st Semester",
              "needs_code": false,
              "password": "",
              "semester": "1st Semester",
              "session": "2024/2025",
              "session_id": 12,
              "ssid": "CS101_Attendance_2024_2025"
            }
        "#]],
    );
}

#[test]
fn roll_outs_stand_first_and_await_a_verdict() {
    let one = |rollout, ssid: &str, awaited| RolloutNetwork {
        rollout,
        ssid: ssid.into(),
        password: "Password1".into(),
        awaited,
    };
    let networks = [one(1, "Old", false), one(2, "New", true)];
    let fleet = json!({"known_networks": [{"ssid": "Old", "password": "replaced"}, {"ssid": "Home", "password": ""}],
        "access_point": {"config": {"ssid": "X", "key": "Password8"}}, "ap_ssid": "Fleet"});
    let told = told(
        "lf-246f2856789a",
        (fleet, json!({})),
        Some(&session()),
        &networks,
    );
    check(
        &told,
        expect![[r#"
        {
          "active_session": true,
          "course_code": "CS101",
          "course_title": "Introduction to Computer Science",
          "device_id": "ESP32_CS101_2024_2025_1st_Semester",
          "device_name": "CS101 - Introduction to Computer Science",
          "fence": 3,
          "lecturer": "ada",
          "location": "CS101 Classroom - 2024/2025 1st Semester",
          "needs_code": false,
          "password": "",
          "semester": "1st Semester",
          "session": "2024/2025",
          "session_id": 12,
          "settings": {
            "access_point": {
              "config": {
                "essid": "Fleet",
                "key": "Password8"
              }
            },
            "device_name": "CS101 - Introduction to Computer Science",
            "known_networks": [
              {
                "password": "Password1",
                "rollout": 2,
                "ssid": "New"
              },
              {
                "password": "Password1",
                "ssid": "Old"
              },
              {
                "password": "",
                "ssid": "Home"
              }
            ],
            "location": "CS101 Classroom - 2024/2025 1st Semester"
          },
          "ssid": "CS101_Attendance_2024_2025"
        }
    "#]],
    );
    assert!(!format!("{networks:?}").contains("Password1"));
}

#[test]
fn the_hash_is_of_what_is_told() {
    let nothing = Values::new();
    let sources = |name| Sources {
        own_id: "lf-246f2856789a",
        name,
        legacy: false,
        fleet: &nothing,
        device: None,
        session: None,
        networks: &[],
    };
    let of = |name| hash(&configuration(&sources(name)));
    assert_eq!(of(None), of(None));
    assert_ne!(of(None), of(Some("Door")));
}
