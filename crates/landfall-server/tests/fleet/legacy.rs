//! Firmware of the server before, which has no key and takes over the ids it is given.

use landfall_protocol::path::{HEARTBEAT, LEGACY_HEARTBEAT};
use landfall_server::Options;
use serde_json::{Value, json};

use crate::harness::{Device, Kind, World};

/// Runs a test on both databases, with a server that takes firmware without keys.
fn check(test: impl AsyncFn(World)) {
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
        let allow = |options: &mut Options| options.allow_legacy_devices = true;
        runtime.block_on(async { test(World::with(kind, allow).await).await });
    }
}

async fn told(world: &World, device_id: &str) -> Value {
    let body = json!({"device_id": device_id, "wifi_ssid": "x", "status": 7});
    let client = world.stranger().header("x-api-key", "whatever");
    let answer = client.post(LEGACY_HEARTBEAT, body).await;
    assert_eq!(answer.code, 200, "{}", answer.json);
    answer.json
}

#[test]
fn an_unknown_id_is_created_and_always_told_everything() {
    check(async |mut world: World| {
        let first = told(&world, "ESP32_7").await;
        assert_eq!(
            (&first["created"], &first["device_id"]),
            (&json!(true), &json!("ESP32_7"))
        );
        assert_eq!(first["configuration"]["active_session"], false);
        let again = told(&world, "ESP32_7").await;
        assert_eq!(again["created"], false);
        assert_eq!(again["configuration"], first["configuration"]);
        let in_sync = json!({"device_id": "ESP32_7", "config_version": first["config_version"],
            "config_hash": first["config_hash"]});
        let answer = world.stranger().post(HEARTBEAT, in_sync).await.status(200);
        assert!(answer.json["configuration"].is_object());
        let admin = world.admin().await;
        let shown = admin.get("/api/v1/devices").await.status(200);
        let shown = &shown.items()[0];
        assert!(
            shown["hardware_id"]
                .as_str()
                .unwrap()
                .starts_with("legacy-")
        );
        assert_eq!(
            (&shown["legacy"], &shown["enabled"], &shown["name"]),
            (&json!(true), &json!(true), &json!("ESP32_7"))
        );
        world.restart().await;
        assert_eq!(told(&world, "ESP32_7").await["created"], false);
    });
}

#[test]
fn a_device_with_a_key_is_not_reached_without_it() {
    check(async |world: World| {
        let device = Device::claimed(&world, 1).await;
        let id = device.id.as_str();
        for body in [
            json!({"hardware_id": id}),
            json!({"device_id": id}),
            json!({"hardware_id": id, "device_id": "ESP32_1"}),
            json!({"device_id": "lf-000000000000"}),
            json!({"device_id": "legacy-000000000000"}),
        ] {
            let answer = world.stranger().post(HEARTBEAT, body).await;
            assert_eq!(
                (answer.code, &answer.json["status"]),
                (401, &json!("error"))
            );
        }
    });
}

#[test]
fn a_legacy_device_becomes_one_with_a_key() {
    check(async |world: World| {
        told(&world, "ESP32_7").await;
        let admin = world.admin().await;
        let listed = admin.get("/api/v1/devices").await.status(200);
        let old = listed.items()[0]["hardware_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let path = format!("/api/v1/devices/{old}");
        admin
            .patch(&path, json!({"name": "Door", "room": "B1"}))
            .await
            .status(200);
        let device = Device::claimed_with(&world, 1, json!({"room": "B2"})).await;
        let merge = format!("{path}/merge");
        admin
            .post(&merge, json!({"into": "lf-000000000000"}))
            .await
            .status(422);
        admin.post(&merge, json!({"into": old})).await.status(409);
        let into = json!({"into": device.id.as_str()});
        let shown = admin.post(&merge, into.clone()).await.status(200).json;
        assert_eq!(
            (&shown["name"], &shown["room"]),
            (&json!("Door"), &json!("B2"))
        );
        admin.post(&merge, into).await.status(404);
        admin.get(&path).await.status(404);
        // Its id leads to the device with the key, which alone may use it.
        let answer = world
            .stranger()
            .post(HEARTBEAT, json!({"device_id": "ESP32_7"}))
            .await;
        assert_eq!(answer.code, 401);
        let answer = device
            .bearer()
            .post(HEARTBEAT, json!({"device_id": "ESP32_7"}))
            .await;
        assert_eq!(answer.status(200).json["created"], false);
    });
}

/// What was heard of a device that is no more once failed the batch, and every one after it.
#[test]
fn a_device_that_is_no_more_holds_up_nobody() {
    check(async |mut world: World| {
        let device = Device::claimed(&world, 1).await;
        let admin = world.admin().await;
        let listed = admin.get("/api/v1/devices").await.status(200);
        let before = listed.items().len();
        told(&world, "ESP32_7").await;
        let listed = admin.get("/api/v1/devices").await.status(200);
        assert_eq!(listed.items().len(), before + 1);
        let old = listed.items().iter().find(|one| one["legacy"] == true);
        let old = old.unwrap()["hardware_id"].as_str().unwrap();
        let into = json!({"into": device.id.as_str()});
        let merge = format!("/api/v1/devices/{old}/merge");
        admin.post(&merge, into).await.status(200);
        device.told(json!({"rssi": -40})).await;
        world.restart().await;
        let admin = world.admin().await;
        let shown = admin.get(&device.path("")).await.status(200).json;
        assert_eq!(
            (&shown["presence"], &shown["rssi"]),
            (&json!("online"), &json!(-40))
        );
    });
}

#[test]
fn a_retired_or_disabled_one_is_refused() {
    check(async |world: World| {
        told(&world, "ESP32_7").await;
        let admin = world.admin().await;
        let listed = admin.get("/api/v1/devices").await.status(200);
        let path = format!(
            "/api/v1/devices/{}",
            listed.items()[0]["hardware_id"].as_str().unwrap()
        );
        for (change, code) in [
            (json!({"enabled": false}), 403),
            (json!({"enabled": true}), 200),
        ] {
            admin.patch(&path, change).await.status(200);
            let answer = world
                .stranger()
                .post(HEARTBEAT, json!({"device_id": "ESP32_7"}))
                .await;
            assert_eq!(answer.code, code);
        }
        admin
            .post(&format!("{path}/retire"), json!({}))
            .await
            .status(200);
        let answer = world
            .stranger()
            .post(HEARTBEAT, json!({"device_id": "ESP32_7"}))
            .await;
        assert_eq!(answer.code, 403);
    });
}
