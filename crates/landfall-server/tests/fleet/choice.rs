//! Which devices a session takes, what they are called, and who gets one that two want.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::campus::{Campus, offering};
use crate::harness::{World, both};

both!(
    the_choice_is_explained_and_the_preview_shows_it,
    the_best_device_is_picked,
    running_sessions_share_neither_ssid_nor_id,
    too_few_devices_are_warned_of,
    a_device_that_goes_is_replaced,
    devices_are_leased_once_whoever_asks_at_once,
);

/// Heartbeats in which a device is told of a session, ten a second: a busy machine is slow, not wrong.
const BEATS_MAX: usize = 300;
const ALL_TAKEN: &str = "All online ESP32 devices are already in a session.";

/// What was passed over, by the last two digits of each device.
fn passed_over(choice: &Value) -> Vec<String> {
    let list = choice["passed_over"].as_array().unwrap().iter();
    let mut list: Vec<_> = list
        .map(|one| {
            let id = one["hardware_id"].as_str().unwrap();
            format!(
                "{} {}",
                &id[id.len() - 2..],
                one["reason"].as_str().unwrap()
            )
        })
        .collect();
    list.sort();
    list
}

fn picked(choice: &Value) -> Vec<&str> {
    let list = choice["picked"].as_array().unwrap().iter();
    list.map(|one| one["hardware_id"].as_str().unwrap())
        .collect()
}

async fn the_choice_is_explained_and_the_preview_shows_it(world: World) {
    let campus = Campus::new(world).await;
    let pending = json!({"hardware_id": "lf-000000000001", "device_key": "01".repeat(32)});
    campus
        .world
        .stranger()
        .post("/api/v1/enroll", pending)
        .await
        .status(202);
    campus.device(3).await;
    campus.online(4).await;
    // Longer than the presence timeout and what was handed out.
    campus.world.clock.advance_ms(400_000);
    let disabled = campus.online(2).await;
    let path = format!("/api/v1/devices/{}", disabled.hardware_id);
    campus
        .admin
        .patch(&path, json!({"enabled": false}))
        .await
        .status(200);
    campus.online(5).await;
    campus.start(json!({})).await;
    campus.device(6).await.beat(json!({"rssi": -50})).await;
    campus.device(7).await.beat(json!({"rssi": -80})).await;
    let reasons = [
        "01 pending",
        "02 disabled",
        "03 never_seen",
        "04 offline",
        "05 in_session",
        "07 ranked_lower: signal",
    ];
    let preview = campus
        .admin
        .post("/api/v1/sessions/preview", offering(json!({})));
    let preview = preview.await.status(200).json;
    assert_eq!(passed_over(&preview["choice"]), reasons);
    assert_eq!(picked(&preview["choice"]), ["lf-000000000006"]);
    assert_eq!(preview["device_id"], "ESP32_CS101_2024_2025_1st_Semester_2");
    assert_eq!(
        (&preview["roster"], &preview["capacity"]),
        (&json!(0), &json!(4))
    );
    let listed = campus.admin.get("/api/v1/sessions").await.status(200);
    assert_eq!(listed.items().len(), 1, "the preview changed nothing");
    let session = campus.start(json!({})).await;
    for member in [
        "ssid",
        "device_id",
        "device_name",
        "location",
        "capacity",
        "warnings",
    ] {
        assert_eq!(session[member], preview[member], "{member}");
    }
    assert_eq!(passed_over(&session["choice"]), reasons);
    let kept = campus.session(&session["id"]).await;
    assert_eq!(kept["choice"], session["choice"]);
}

async fn the_best_device_is_picked(world: World) {
    let campus = Campus::new(world).await;
    let first = campus.device(1).await;
    first
        .beat(json!({"station_capacity": 4, "rssi": -30}))
        .await;
    let path = format!("/api/v1/devices/{}", first.hardware_id);
    campus
        .admin
        .patch(&path, json!({"room": "Hall 1"}))
        .await
        .status(200);
    let second = campus.device(2).await;
    second
        .beat(json!({"station_capacity": 9, "rssi": -90}))
        .await;
    let third = campus.device(3).await;
    third
        .beat(json!({"station_capacity": 4, "rssi": -40}))
        .await;
    for (more, expected) in [
        (
            json!({"room": "hall 1", "devices": 3}),
            [&first, &second, &third],
        ),
        (
            json!({"room": "Hall 9", "devices": 3}),
            [&second, &first, &third],
        ),
        (json!({"devices": 3}), [&second, &first, &third]),
    ] {
        let preview = campus
            .admin
            .post("/api/v1/sessions/preview", offering(more));
        let preview = preview.await.status(200).json;
        assert_eq!(
            picked(&preview["choice"]),
            expected.map(|one| one.hardware_id.as_str())
        );
    }
}

async fn running_sessions_share_neither_ssid_nor_id(world: World) {
    let campus = Campus::new(world).await;
    for number in 1..=3 {
        campus.online(number).await;
    }
    let mut sessions = Vec::new();
    for _ in 0..3 {
        sessions.push(campus.start(json!({})).await);
    }
    let text = |session: &Value, member: &str| session[member].as_str().unwrap().to_owned();
    let mut ssids: Vec<_> = sessions.iter().map(|one| text(one, "ssid")).collect();
    assert_eq!(ssids[0], "CS101_Attendance_2024_2025");
    assert!(
        ssids[1].starts_with("CS101_Attendance_2024_2025_"),
        "{ssids:?}"
    );
    assert!(ssids.iter().all(|ssid| ssid.len() <= 32));
    ssids.sort();
    ssids.dedup();
    assert_eq!(ssids.len(), 3);
    let base = "ESP32_CS101_2024_2025_1st_Semester";
    let ids: Vec<_> = sessions.iter().map(|one| text(one, "device_id")).collect();
    assert_eq!(
        ids,
        [base.to_owned(), format!("{base}_2"), format!("{base}_3")]
    );
    // An id leads back to its device for ever, and a free SSID is the template's again.
    let held = text(&sessions[1]["devices"][0], "hardware_id");
    for session in &sessions {
        campus.end(&session["id"]).await;
    }
    let session = campus.start(json!({"devices": 3})).await;
    assert_eq!(session["ssid"], "CS101_Attendance_2024_2025");
    let devices = session["devices"].as_array().unwrap();
    let again = devices
        .iter()
        .find(|one| one["hardware_id"] == held.as_str())
        .unwrap();
    assert_eq!(again["device_id"], ids[1].as_str());
    let fences: Vec<_> = devices
        .iter()
        .map(|one| one["fence"].as_i64().unwrap())
        .collect();
    let before = sessions
        .iter()
        .map(|one| one["devices"][0]["fence"].as_i64().unwrap())
        .max();
    assert!(
        fences.iter().all(|fence| Some(*fence) > before),
        "{fences:?} {before:?}"
    );
}

async fn too_few_devices_are_warned_of(world: World) {
    let campus = Campus::new(world).await;
    campus
        .enrol(&["A/001", "A/002", "A/003", "A/004", "A/005", "A/006"])
        .await;
    campus
        .device(1)
        .await
        .beat(json!({"station_capacity": 5}))
        .await;
    let session = campus.start(json!({"devices": 2})).await;
    let warnings = [
        "1 of 2 devices: fewer were free than wanted",
        "6 students are enrolled, and 5 phones fit at once: they take turns",
    ];
    assert_eq!(session["warnings"], json!(warnings));
    assert_eq!(session["devices"].as_array().unwrap().len(), 1);
}

async fn a_device_that_goes_is_replaced(world: World) {
    let campus = Campus::new(world).await;
    let first = campus.online(1).await;
    let session = campus.start(json!({})).await;
    campus.world.clock.advance_ms(400_000);
    let alone = campus
        .session_once(&session["id"], |one| one["warnings"] != json!([]))
        .await;
    let told = format!(
        "{} is offline, and no other device is free",
        first.hardware_id
    );
    assert_eq!(alone["warnings"], json!([told]));
    let second = campus.online(2).await;
    let replaced = campus.session_once(&session["id"], |one| {
        one["devices"].as_array().unwrap().len() == 2
    });
    let replaced = replaced.await;
    let states: Vec<_> = replaced["devices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["hardware_id"].as_str().unwrap(),
                one["state"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        (first.hardware_id.as_str(), "replaced"),
        (&second.hardware_id, "active"),
    ];
    assert_eq!(states, expected);
    assert_eq!(replaced["state"], "active");
    // What a device is told follows the commit that the session was just read from.
    let mut told = second.beat(json!({})).await;
    for _ in 0..BEATS_MAX {
        if told["configuration"]["session_id"] == session["id"] {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        told = second.beat(json!({})).await;
    }
    assert_eq!(told["configuration"]["session_id"], session["id"]);
    let back = first.beat(json!({})).await;
    assert_eq!(back["configuration"]["active_session"], false);
}

async fn devices_are_leased_once_whoever_asks_at_once(world: World) {
    const DEVICES: u8 = 4;
    const LECTURERS: usize = 12;
    let campus = Campus::new(world).await;
    for number in 1..=DEVICES {
        campus.online(number).await;
    }
    let starts = (0..LECTURERS).map(|_| {
        let admin = campus.admin.clone();
        tokio::spawn(async move { admin.post("/api/v1/sessions", offering(json!({}))).await })
    });
    let (mut held, mut refused) = (Vec::new(), 0);
    for start in starts.collect::<Vec<_>>() {
        let answer = start.await.unwrap();
        if answer.code == 201 {
            let device = &answer.json["devices"][0]["hardware_id"];
            held.push(device.as_str().unwrap().to_owned());
        } else {
            assert_eq!(answer.status(409).detail(), ALL_TAKEN);
            refused += 1;
        }
    }
    held.sort();
    held.dedup();
    assert_eq!(
        (held.len(), refused),
        (usize::from(DEVICES), LECTURERS - usize::from(DEVICES))
    );
}

#[test]
fn processes_of_one_database_lease_a_device_once() {
    crate::harness::run(leased_by_two_processes, crate::harness::Kind::Postgres);
}

async fn leased_by_two_processes(world: World) {
    const DEVICES: u8 = 4;
    const STARTS: usize = 6;
    let campus = Campus::new(world).await;
    for number in 1..=DEVICES {
        campus.online(number).await;
    }
    let second = campus.world.second().await;
    let beside = campus.admin.at(second.address());
    let all = json!(DEVICES);
    let available = |answer: &Value| answer["summary"]["available"] == all;
    eventually(&beside, "/api/v1/availability", available).await;
    let starts = (0..2 * STARTS).map(|at| {
        let who = if at % 2 == 0 { &campus.admin } else { &beside };
        let who = who.clone();
        tokio::spawn(async move { who.post("/api/v1/sessions", offering(json!({}))).await })
    });
    let (mut held, mut ssids) = (Vec::new(), Vec::new());
    for start in starts.collect::<Vec<_>>() {
        let answer = start.await.unwrap();
        if answer.code == 201 {
            held.push(answer.json["devices"][0]["hardware_id"].clone().to_string());
            ssids.push(answer.json["ssid"].clone().to_string());
        } else {
            assert_eq!(answer.status(409).detail(), ALL_TAKEN);
        }
    }
    for told in [&mut held, &mut ssids] {
        told.sort();
        told.dedup();
        assert_eq!(told.len(), usize::from(DEVICES));
    }
    // What one process ends the other one sees ended, its device free.
    let running = campus.admin.get("/api/v1/sessions?state=active").await;
    for session in running.status(200).items() {
        let path = format!("/api/v1/sessions/{}", session["id"]);
        let ended = campus.admin.post(&format!("{path}/end"), json!({})).await;
        let seen = beside.get(&path).await.status(200);
        assert_eq!(seen.json, ended.status(200).json);
    }
    eventually(&beside, "/api/v1/availability", available).await;
    second.stop().await;
}

/// Asks until that holds of the answer.
async fn eventually(who: &crate::harness::Client, path: &str, holds: impl Fn(&Value) -> bool) {
    for _ in 0..600 {
        if holds(&who.get(path).await.status(200).json) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("not within a minute: {}", who.get(path).await.json);
}
