//! Heartbeats: their form, who may send them, and what they are answered.

use landfall_protocol::key::DeviceKey;
use landfall_protocol::path::{HEARTBEAT, LEGACY_HEARTBEAT};
use serde_json::{Value, json};

use crate::harness::device::id_of;
use crate::harness::{Answer, Client, Device, World, both};

both!(
    the_form_is_checked_before_credentials,
    only_its_own_credentials_let_a_device_in,
    a_device_is_told_its_configuration_until_it_has_it,
    a_sealed_heartbeat_is_answered_sealed_and_never_taken_twice,
    numbers_out_of_range_are_named,
    a_device_that_waits_hears_of_a_change_at_once,
    who_is_not_in_use_is_refused,
    other_methods_are_named,
);

/// An error in the form that old firmware reads.
#[track_caller]
fn check(answer: Answer, code: u16, message: &str) {
    assert_eq!(answer.code, code, "{}", answer.json);
    let expected = json!({"status": "error", "message": message});
    if message.is_empty() {
        assert_eq!(answer.json["status"], "error", "{}", answer.json);
    } else {
        assert_eq!(answer.json, expected);
    }
}

async fn the_form_is_checked_before_credentials(world: World) {
    let stranger = world.stranger();
    let long = "x".repeat(65);
    for path in [HEARTBEAT, LEGACY_HEARTBEAT] {
        for body in ["", "{", "[]", "null", "\"x\"", "{\"device_id\":1}}"] {
            check(stranger.send("POST", path, body).await, 400, "Invalid JSON");
        }
        for id in [
            json!(null),
            json!(""),
            json!(" \t"),
            json!(7),
            json!({}),
            json!(long),
        ] {
            let answer = stranger.post(path, json!({"device_id": id})).await;
            check(answer, 400, "Device ID required");
        }
        check(
            stranger.post(path, json!({})).await,
            400,
            "Device ID required",
        );
        let big = json!({"device_id": "a", "x": "x".repeat(8 * 1024)});
        check(stranger.post(path, big).await, 413, "");
        check(
            stranger.post(path, json!({"device_id": "a"})).await,
            401,
            "",
        );
    }
    let exact = format!("{{\"device_id\":\"a\"}}{}", " ".repeat(8 * 1024 - 17));
    assert_eq!(exact.len(), 8 * 1024);
    check(stranger.send("POST", HEARTBEAT, exact).await, 401, "");
}

async fn only_its_own_credentials_let_a_device_in(world: World) {
    let (one, two) = (
        Device::claimed(&world, 1).await,
        Device::claimed(&world, 2).await,
    );
    one.told(json!({})).await;
    let admin = world.admin().await;
    let browser = world.login("admin", world.password()).await;
    let says = one.says(json!({}));
    let strangers: [Client; 5] = [
        world.stranger(),
        two.bearer(),
        admin,
        browser,
        world.stranger().header("authorization", "Bearer zz"),
    ];
    for stranger in strangers {
        check(stranger.post(HEARTBEAT, says.clone()).await, 401, "");
    }
    let unknown = json!({"hardware_id": id_of(9).as_str()});
    check(one.bearer().post(HEARTBEAT, unknown).await, 401, "");
    // A key is no token either.
    one.bearer().get("/api/v1/devices").await.status(401);
    // Its body is another device's.
    let (code, _) = one.sealed(one.next_seq(), json!({})).await;
    assert_eq!(code, 200);
    let mut other = Device::with_key(&world, one.id, two.key.clone());
    let (code, _) = other.sealed(one.next_seq(), json!({})).await;
    assert_eq!(code, 401);
    other.id = two.id;
    let (code, _) = other.sealed(other.next_seq(), json!({})).await;
    assert_eq!(code, 200);
}

async fn a_device_is_told_its_configuration_until_it_has_it(world: World) {
    let device = Device::claimed(&world, 1).await;
    let told = device.told(json!({"device_id": "elsewhere"})).await;
    let (version, hash) = (told["config_version"].clone(), told["config_hash"].clone());
    let next = told["next_heartbeat_ms"].as_i64().unwrap();
    assert!((27_000..=33_000).contains(&next), "{next}");
    assert!(version.as_i64().unwrap() >= 1 && hash.as_str().unwrap().len() <= 64);
    let mut rest = told.clone();
    for name in ["config_version", "config_hash", "next_heartbeat_ms"] {
        rest.as_object_mut().unwrap().remove(name);
    }
    let id = device.id.as_str();
    assert_eq!(
        rest,
        json!({
            "status": "success", "message": "Heartbeat received - Device idle",
            "device_id": "elsewhere", "created": false, "mark_results": [],
            "configuration": {
                "active_session": false,
                "message": "No active session - device in standby mode",
                "device_id": id, "device_name": id, "location": "",
                "settings": {"device_name": id, "location": ""},
            },
        })
    );
    let applied = json!({"config_version": version, "config_hash": hash});
    let told = device.told(applied).await;
    assert_eq!(told.get("configuration"), None);
    assert_eq!(told["device_id"], id);
    let told = device
        .told(json!({"config_version": version, "config_hash": "other"}))
        .await;
    assert!(told["configuration"].is_object());
}

async fn a_sealed_heartbeat_is_answered_sealed_and_never_taken_twice(mut world: World) {
    let device = Device::claimed(&world, 1).await;
    let seq = device.next_seq();
    let (code, told) = device.sealed(seq, json!({"rssi": -40})).await;
    assert_eq!((code, told["status"].as_str()), (200, Some("success")));
    for old in [seq, seq - 1, 0] {
        let (code, told) = device.sealed(old, json!({})).await;
        assert_eq!((code, told["status"].as_str()), (401, Some("error")));
    }
    let admin = world.admin().await;
    let shown = admin.get(&device.path("")).await.status(200).json;
    assert_eq!(
        (&shown["rssi"], &shown["presence"]),
        (&json!(-40), &json!("online"))
    );
    let last = device.next_seq();
    assert_eq!(device.sealed(last, json!({})).await.0, 200);
    world.restart().await;
    let device = Device::with_key(&world, device.id, device.key);
    assert_eq!(device.sealed(last, json!({})).await.0, 401);
    assert_eq!(device.sealed(last + 1, json!({})).await.0, 200);
    // A number is a number whichever way it comes.
    check(device.beat(json!({"seq": last + 1})).await, 401, "");
    device.told(json!({"seq": last + 2})).await;
}

async fn numbers_out_of_range_are_named(world: World) {
    let device = Device::claimed(&world, 1).await;
    let told = device
        .told(json!({"rssi": 1000, "uptime_ms": -1, "free_heap": "x", "stations": [{"station": "a", "rssi": 5}]}))
        .await;
    let mut warnings: Vec<&str> = told["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    warnings.sort_unstable();
    assert_eq!(
        warnings,
        ["free_heap", "rssi", "stations[0].rssi", "uptime_ms"]
    );
    let client = device.bearer().header("content-type", "text/plain");
    let told = client.post(HEARTBEAT, device.says(json!({}))).await;
    assert_eq!((told.code, told.json.get("warnings")), (200, None));
}

async fn a_device_that_waits_hears_of_a_change_at_once(world: World) {
    let device = Device::claimed(&world, 1).await;
    let admin = world.admin().await;
    let told = device.told(json!({})).await;
    let applied =
        json!({"config_version": told["config_version"], "config_hash": told["config_hash"]});
    let waiting = device.bearer().header("prefer", "respond-async, wait=25");
    let says = device.says(applied.clone());
    let started = std::time::Instant::now();
    let answer = tokio::spawn(async move { waiting.post(HEARTBEAT, says).await });
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(!answer.is_finished());
    let values = json!({"values": {"location": "Hall"}, "base_revision": 0});
    admin.put("/api/v1/config/fleet", values).await.status(200);
    let told = answer.await.unwrap().status(200).json;
    assert_eq!(told["configuration"]["location"], "Hall");
    assert!(started.elapsed().as_secs() < 25);
    // Nothing changes: it is answered after the time it named.
    let applied =
        json!({"config_version": told["config_version"], "config_hash": told["config_hash"]});
    let waiting = device.bearer().header("prefer", "wait=1");
    let told = waiting.post(HEARTBEAT, device.says(applied)).await;
    assert_eq!(told.status(200).json.get("configuration"), None);
}

async fn who_is_not_in_use_is_refused(world: World) {
    let device = Device::claimed(&world, 1).await;
    let admin = world.admin().await;
    admin
        .patch(&device.path(""), json!({"enabled": false}))
        .await
        .status(200);
    check(device.beat(json!({})).await, 403, "");
    let wrong = Device::with_key(&world, device.id, DeviceKey::new([9; 32]));
    check(wrong.beat(json!({})).await, 401, "");
    admin
        .patch(&device.path(""), json!({"enabled": true}))
        .await
        .status(200);
    device.told(json!({})).await;
    let shown = admin.get(&device.path("")).await.json;
    let key = shown["keys"][0]["id"].as_i64().unwrap();
    let revoke = device.path(&format!("/keys/{key}/revoke"));
    let shown = admin.post(&revoke, json!({})).await.status(200).json;
    assert!(shown["keys"][0]["revoked_at"].is_string());
    check(device.beat(json!({})).await, 403, "");
    assert_eq!(device.sealed(device.next_seq(), json!({})).await.0, 403);
    admin
        .post(&device.path("/retire"), json!({}))
        .await
        .status(200);
    check(device.beat(json!({})).await, 403, "");
}

async fn other_methods_are_named(world: World) {
    for path in [HEARTBEAT, LEGACY_HEARTBEAT] {
        for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let answer = world.stranger().send(method, path, Vec::new()).await;
            assert_eq!(answer.headers["allow"], "POST");
            check(answer, 405, "Method not allowed");
        }
    }
}
