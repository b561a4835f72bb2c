//! Devices as people see them: presence, the summary, filters, and what an admin changes.

use serde_json::{Value, json};

use crate::harness::{Device, World, both};

both!(
    presence_is_of_the_last_heartbeat,
    nobody_goes_offline_by_a_restart,
    a_device_is_shown_as_it_said,
    lists_are_filtered_and_paged,
    an_admin_changes_a_device,
    events_are_kept_up_to_a_bound,
);

async fn summary(world: &World) -> Value {
    let admin = world.admin().await;
    admin.get("/api/v1/devices").await.status(200).json["summary"].clone()
}

async fn presence_is_of_the_last_heartbeat(world: World) {
    let device = Device::claimed(&world, 1).await;
    let admin = world.admin().await;
    let shown = admin.get(&device.path("")).await.json;
    assert_eq!(
        (&shown["presence"], &shown["never_seen"]),
        (&json!("offline"), &json!(true))
    );
    assert_eq!(shown["last_seen"], Value::Null);
    device.told(json!({})).await;
    assert_eq!(
        summary(&world).await,
        json!({"total": 1, "online": 1, "offline": 0, "never_seen": 0, "available": 1, "pending": 0, "retired": 0})
    );
    let free = admin.get("/api/v1/availability").await.status(200);
    assert_eq!(free.items()[0]["hardware_id"], device.id.as_str());
    assert_eq!(free.json["summary"]["available"], 1);
    // The wall's clock may jump; presence goes by the other.
    world.clock.jump_wall_ms(86_400_000);
    assert_eq!(summary(&world).await["online"], 1);
    world.clock.jump_wall_ms(-86_400_000);
    world.clock.advance_ms(290_000);
    assert_eq!(summary(&world).await["online"], 1);
    world.clock.advance_ms(20_000);
    assert_eq!(
        summary(&world).await,
        json!({"total": 1, "online": 0, "offline": 1, "never_seen": 0, "available": 0, "pending": 0, "retired": 0})
    );
    let shown = admin.get(&device.path("")).await.json;
    assert_eq!(
        (&shown["presence"], &shown["never_seen"]),
        (&json!("offline"), &json!(false))
    );
    assert!(shown["last_seen"].is_string());
    device.told(json!({})).await;
    admin
        .patch(
            "/api/v1/settings",
            json!({"online_within_s": 1, "heartbeat_ms": 250}),
        )
        .await
        .status(200);
    device.told(json!({})).await;
    world.clock.advance_ms(1_500);
    assert_eq!(summary(&world).await["online"], 0);
}

async fn nobody_goes_offline_by_a_restart(mut world: World) {
    let device = Device::claimed(&world, 1).await;
    device
        .told(json!({"rssi": -61, "firmware": "0.1.0", "station_capacity": 10}))
        .await;
    world.restart().await;
    // Time that no server was there does not count.
    world.clock.advance_ms(250_000);
    assert_eq!(summary(&world).await["online"], 1);
    let admin = world.admin().await;
    let shown = admin.get(&device.path("")).await.json;
    assert_eq!(
        (
            &shown["rssi"],
            &shown["firmware"],
            &shown["station_capacity"]
        ),
        (&json!(-61), &json!("0.1.0"), &json!(10))
    );
    world.clock.advance_ms(60_000);
    assert_eq!(summary(&world).await["online"], 0);
}

async fn a_device_is_shown_as_it_said(world: World) {
    let device = Device::claimed(&world, 1).await;
    let admin = world.admin().await;
    let told = device.told(json!({})).await;
    device
        .told(json!({"ssid": "Home", "ap_ssid": "Landfall-1", "rssi": -48, "ip": "10.0.0.7", "firmware": "0.1.0",
            "chip": "esp32c3", "uptime_ms": 5000, "free_heap": 90000, "stations": [{"station": "a"}, {"station": "b"}],
            "station_capacity": 10, "config_version": told["config_version"], "config_hash": "x", "config_error": "too long"}))
        .await;
    let shown = admin.get(&device.path("")).await.status(200).json;
    let id = device.id.as_str();
    let mut kept = shown.clone();
    for name in ["last_seen", "keys", "fingerprint"] {
        assert!(!kept[name].is_null(), "{name}");
        kept.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(
        kept,
        json!({
            "hardware_id": id, "device_id": id, "name": id, "ssid": "Home", "ap_ssid": "Landfall-1",
            "location": null, "labels": [], "room": null, "legacy": false, "enrolment": "accepted",
            "enabled": true, "presence": "online", "never_seen": false, "rssi": -48, "stations": 2,
            "station_capacity": 10, "firmware": "0.1.0", "chip": "esp32c3", "uptime_ms": 5000,
            "free_heap": 90000, "session_id": null, "alerts": [],
            "config": {"desired_version": told["config_version"], "reported_version": told["config_version"], "error": "too long"},
        })
    );
    admin
        .get("/api/v1/devices/lf-000000000000")
        .await
        .status(404);
}

async fn lists_are_filtered_and_paged(world: World) {
    for number in 1..=3 {
        let labels = json!({"labels": if number == 2 { json!(["hall"]) } else { json!([]) }});
        let device = Device::claimed_with(&world, number, labels).await;
        if number < 3 {
            device.told(json!({})).await;
        }
    }
    let admin = world.admin().await;
    for (query, expected) in [
        ("", 3),
        ("presence=online", 2),
        ("presence=offline", 1),
        ("presence=retired", 0),
        ("enrolment=accepted", 3),
        ("enrolment=pending", 0),
        ("label=hall", 1),
        ("label=hall&presence=offline", 0),
    ] {
        let listed = admin
            .get(&format!("/api/v1/devices?{query}"))
            .await
            .status(200);
        assert_eq!(listed.items().len(), expected, "{query}");
        assert_eq!(listed.json["summary"]["total"], 3, "{query}");
    }
    let first = admin.get("/api/v1/devices?limit=2").await.status(200);
    assert_eq!(first.items().len(), 2);
    let next = first.json["next"].as_str().unwrap();
    let second = admin
        .get(&format!("/api/v1/devices?limit=2&cursor={next}"))
        .await
        .status(200);
    assert_eq!(
        (second.items().len(), &second.json["next"]),
        (1, &Value::Null)
    );
    for wrong in [
        "presence=gone",
        "enrolment=x",
        "limit=0",
        "limit=201",
        "cursor=zz",
    ] {
        admin
            .get(&format!("/api/v1/devices?{wrong}"))
            .await
            .status(422);
    }
}

async fn an_admin_changes_a_device(world: World) {
    let device = Device::claimed(&world, 1).await;
    device.told(json!({})).await;
    let admin = world.admin().await;
    let change = json!({"name": " Door ", "labels": ["a", "b"], "room": "B1", "other": 7});
    let shown = admin.patch(&device.path(""), change).await.status(200).json;
    assert_eq!(
        (&shown["name"], &shown["labels"], &shown["room"]),
        (&json!("Door"), &json!(["a", "b"]), &json!("B1"))
    );
    let told = device.told(json!({})).await;
    assert_eq!(told["configuration"]["device_name"], "Door");
    let shown = admin
        .patch(&device.path(""), json!({"room": null, "enabled": false}))
        .await
        .status(200)
        .json;
    assert_eq!(
        (&shown["name"], &shown["room"], &shown["enabled"]),
        (&json!("Door"), &Value::Null, &json!(false))
    );
    assert_eq!(summary(&world).await["available"], 0);
    for (wrong, path) in [
        (json!({"enabled": "x"}), "enabled"),
        (json!({"name": "x".repeat(65)}), "name"),
        (json!({"labels": [""]}), "labels[0]"),
        (json!({"room": "a\nb"}), "room"),
    ] {
        let answer = admin.patch(&device.path(""), wrong).await.status(422);
        assert_eq!(answer.wrong_paths(), [path]);
    }
    let retired = admin
        .post(&device.path("/retire"), json!({}))
        .await
        .status(200)
        .json;
    assert_eq!(
        (&retired["enrolment"], &retired["presence"]),
        (&json!("retired"), &json!("retired"))
    );
    assert_eq!(
        summary(&world).await,
        json!({"total": 0, "online": 0, "offline": 0, "never_seen": 0, "available": 0, "pending": 0, "retired": 1})
    );
}

async fn events_are_kept_up_to_a_bound(world: World) {
    let device = Device::claimed(&world, 1).await;
    let admin = world.admin().await;
    for round in 0..3 {
        let events: Vec<Value> = (0..30)
            .map(|n| json!({"event": "connected", "seq": round * 30 + n}))
            .collect();
        device.told(json!({"events": events})).await;
    }
    let path = device.path("/events?limit=200");
    let mut newest = json!(null);
    for _ in 0..300 {
        let listed = admin.get(&path).await.status(200);
        newest = listed
            .items()
            .first()
            .map_or(json!(null), |one| one["event"]["seq"].clone());
        if newest == json!(89) && listed.items().len() == 64 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the newest is {newest}");
}
