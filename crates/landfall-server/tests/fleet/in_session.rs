//! What a device in a session is told, with a key and without.

use landfall_protocol::path::LEGACY_HEARTBEAT;
use landfall_server::Options;
use serde_json::{Value, json};

use crate::harness::{Client, Device, Kind, World, both};

both!(
    a_device_is_told_its_session_and_then_itself_again,
    a_disabled_device_stays_until_its_session_ends,
);

/// Starts a session of the course of the seed, which is made where it is missing; its id.
async fn start(admin: &Client) -> i64 {
    let course = json!({"code": "CS101", "title": "Introduction to Computer Science"});
    admin.post("/api/v1/courses", course).await;
    let body = json!({"course": "CS101", "session": "2024/2025", "semester": "1st Semester"});
    let started = admin.post("/api/v1/sessions", body).await.status(201);
    started.json["id"].as_i64().unwrap()
}

async fn end(admin: &Client, id: i64) {
    let path = format!("/api/v1/sessions/{id}/end");
    admin.post(&path, json!({})).await.status(200);
}

async fn a_device_is_told_its_session_and_then_itself_again(world: World) {
    let device = Device::claimed(&world, 1).await;
    let before = device.told(json!({})).await;
    let admin = world.admin().await;
    let id = start(&admin).await;
    let told = device.told(json!({})).await;
    let message = "Heartbeat received - Active session configuration applied";
    assert_eq!(told["message"], message);
    assert!(told["config_version"].as_i64() > before["config_version"].as_i64());
    let mut configuration = told["configuration"].clone();
    assert!(configuration["fence"].as_i64().unwrap() > 0);
    configuration.as_object_mut().unwrap().remove("fence");
    assert_eq!(
        configuration,
        json!({
            "active_session": true, "course_code": "CS101",
            "course_title": "Introduction to Computer Science", "session": "2024/2025",
            "semester": "1st Semester", "device_id": "ESP32_CS101_2024_2025_1st_Semester",
            "device_name": "CS101 - Introduction to Computer Science",
            "location": "CS101 Classroom - 2024/2025 1st Semester",
            "ssid": "CS101_Attendance_2024_2025", "password": "", "lecturer": "admin",
            "session_id": id, "needs_code": false,
            "settings": {
                "device_name": "CS101 - Introduction to Computer Science",
                "location": "CS101 Classroom - 2024/2025 1st Semester",
            },
        })
    );
    let in_sync = json!({"config_version": told["config_version"], "config_hash": told["config_hash"],
        "device_id": "ESP32_CS101_2024_2025_1st_Semester"});
    let told = device.told(in_sync).await;
    assert_eq!(
        (&told["message"], told.get("configuration")),
        (&json!(message), None)
    );
    assert_eq!(told["device_id"], "ESP32_CS101_2024_2025_1st_Semester");
    let shown = admin.get(&device.path("")).await.status(200).json;
    assert_eq!(
        (&shown["session_id"], &shown["device_id"]),
        (&json!(id), &told["device_id"])
    );
    admin
        .post(&device.path("/retire"), json!({}))
        .await
        .status(409);
    let listed = admin.get("/api/v1/devices").await.status(200);
    assert_eq!(listed.json["summary"]["available"], 0);
    end(&admin, id).await;
    let after = device.told(json!({})).await;
    assert_eq!(after["message"], "Heartbeat received - Device idle");
    assert_eq!(after["configuration"], before["configuration"]);
    assert!(after["config_version"].as_i64() > told["config_version"].as_i64());
}

async fn a_disabled_device_stays_until_its_session_ends(world: World) {
    let device = Device::claimed(&world, 1).await;
    device.told(json!({})).await;
    let admin = world.admin().await;
    let id = start(&admin).await;
    let disable = json!({"enabled": false});
    admin.patch(&device.path(""), disable).await.status(200);
    assert_eq!(
        device.told(json!({})).await["configuration"]["session_id"],
        id
    );
    end(&admin, id).await;
    assert_eq!(device.beat(json!({})).await.code, 403);
}

async fn legacy(world: &World, device_id: &str) -> Value {
    let body = json!({"device_id": device_id});
    let answer = world.stranger().post(LEGACY_HEARTBEAT, body).await;
    answer.status(200).json
}

#[test]
fn an_id_that_was_handed_out_leads_back_to_its_device() {
    let dynamic = "ESP32_CS101_2024_2025_1st_Semester";
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(2).enable_all().build().unwrap();
        let allow = |options: &mut Options| options.allow_legacy_devices = true;
        runtime.block_on(async {
            let mut world = World::with(kind, allow).await;
            let admin = world.admin().await;
            legacy(&world, "ESP32_A").await;
            let first = start(&admin).await;
            let told = legacy(&world, "ESP32_A").await;
            assert_eq!(told["configuration"]["device_id"], dynamic);
            // The firmware takes the id over.
            let told = legacy(&world, dynamic).await;
            assert_eq!(
                (&told["created"], &told["device_id"]),
                (&json!(false), &json!(dynamic))
            );
            legacy(&world, "ESP32_B").await;
            let second = start(&admin).await;
            let told = legacy(&world, "ESP32_B").await;
            let other = format!("{dynamic}_2");
            assert_eq!(told["configuration"]["device_id"], other);
            end(&admin, first).await;
            end(&admin, second).await;
            world.restart().await;
            for (dynamic, own) in [(dynamic, "ESP32_A"), (&other, "ESP32_B")] {
                let told = legacy(&world, dynamic).await;
                assert_eq!(told["created"], false);
                assert_eq!(told["configuration"]["device_id"], own);
            }
            let admin = admin.at(world.server().address());
            let listed = admin.get("/api/v1/devices").await.status(200);
            assert_eq!(listed.json["summary"]["total"], 2);
        });
    }
}
