//! What devices are told: layers, their history, and roll-outs.

use serde_json::{Value, json};

use crate::harness::{Client, Device, World, both};

both!(
    layers_reach_the_device_and_count_up_only_when_they_change_it,
    a_layer_is_judged_before_it_is_stored,
    secrets_are_masked_and_kept,
    a_layer_goes_back,
    a_preview_changes_nothing,
    a_roll_out_goes_by_stages,
    a_roll_out_stops_by_itself,
    who_does_not_answer_is_timed_out,
    the_form_of_a_roll_out_is_checked,
);

const FLEET: &str = "/api/v1/config/fleet";

async fn put(admin: &Client, scope: &str, values: Value, base: i64) -> i64 {
    let body = json!({"values": values, "base_revision": base});
    let made = admin.put(&format!("/api/v1/config/{scope}"), body).await;
    made.status(200).json["revision"].as_i64().unwrap()
}

async fn layers_reach_the_device_and_count_up_only_when_they_change_it(world: World) {
    let (one, two) = (
        Device::claimed(&world, 1).await,
        Device::claimed(&world, 2).await,
    );
    let admin = world.admin().await;
    let version = async |device: &Device| {
        device.told(json!({})).await["config_version"]
            .as_i64()
            .unwrap()
    };
    let (first, other) = (version(&one).await, version(&two).await);
    assert_eq!(
        put(&admin, "fleet", json!({"name_template": "{course}!"}), 0).await,
        1
    );
    assert_eq!(version(&one).await, first);
    put(
        &admin,
        "fleet",
        json!({"ap_ssid": "Ours", "station": {"max_retry": 3, "connect_timeout_ms": 5000}}),
        1,
    )
    .await;
    assert_eq!(
        (version(&one).await, version(&two).await),
        (first + 1, other + 1)
    );
    let scope = format!("device:{}", one.id);
    put(
        &admin,
        &scope,
        json!({"station": {"max_retry": 9}, "location": "Hall", "ap_password": "Password1"}),
        0,
    )
    .await;
    assert_eq!(
        (version(&one).await, version(&two).await),
        (first + 2, other + 1)
    );
    put(
        &admin,
        &scope,
        json!({"station": {"max_retry": 9}, "location": "Hall", "ap_password": "Password1"}),
        1,
    )
    .await;
    let told = one.told(json!({})).await;
    assert_eq!(told["config_version"], first + 2);
    let told = &told["configuration"];
    assert_eq!(
        (&told["ssid"], &told["password"], &told["location"]),
        (&json!("Ours"), &json!("Password1"), &json!("Hall"))
    );
    assert_eq!(
        told["settings"],
        json!({
            "access_point": {"config": {"essid": "Ours", "password": "Password1"}},
            "station": {"max_retry": 9, "connect_timeout_ms": 5000},
            "device_name": one.id.as_str(), "location": "Hall",
        })
    );
}

async fn a_layer_is_judged_before_it_is_stored(world: World) {
    let admin = world.admin().await;
    for (values, path) in [
        (json!({"ssid_template": "{course"}), "ssid_template"),
        (
            json!({"known_networks": [{"ssid": "A", "password": "short"}]}),
            "known_networks[0].password",
        ),
        (json!({"fleet": {}}), "fleet"),
        (json!({"ap_ssid": "x".repeat(33)}), "ap_ssid"),
    ] {
        let body = json!({"values": values, "base_revision": 0});
        let answer = admin.put(FLEET, body.clone()).await.status(422);
        assert_eq!(answer.wrong_paths(), [path]);
        let answer = admin
            .post(&format!("{FLEET}/preview"), body)
            .await
            .status(422);
        assert_eq!(answer.wrong_paths(), [path]);
    }
    admin.put(FLEET, json!({"values": {}})).await.status(422);
    admin
        .put(FLEET, json!({"values": {}, "base_revision": 1}))
        .await
        .status(409);
    admin
        .get("/api/v1/config/device:lf-000000000000")
        .await
        .status(404);
    admin.get("/api/v1/config/other").await.status(404);
    let untouched = admin.get(FLEET).await.status(200).json;
    assert_eq!(untouched, json!({"revision": 0, "values": {}}));
    let device = Device::claimed(&world, 1).await;
    let scope = format!("/api/v1/config/device:{}", device.id);
    let body = json!({"values": {"ssid_template": "x"}, "base_revision": 0});
    admin.put(&scope, body).await.status(422);
}

async fn secrets_are_masked_and_kept(world: World) {
    let device = Device::claimed(&world, 1).await;
    let admin = world.admin().await;
    let values = json!({"ap_password": "Password1", "known_networks": [{"ssid": "Home", "password": "Password2"}]});
    put(&admin, "fleet", values, 0).await;
    let shown = admin.get(FLEET).await.status(200).json["values"].clone();
    assert_eq!(shown["ap_password"], "********");
    let history = admin.get(&format!("{FLEET}/history")).await.status(200);
    assert!(!history.json.to_string().contains("Password"));
    put(&admin, "fleet", shown, 1).await;
    let told = device.told(json!({})).await;
    assert_eq!(told["configuration"]["password"], "Password1");
    assert_eq!(
        told["configuration"]["settings"]["known_networks"],
        json!([{"ssid": "Home", "password": "Password2"}])
    );
    let body = json!({"values": {"known_networks": [{"ssid": "New", "password": "********"}]}, "base_revision": 2});
    let answer = admin.put(FLEET, body).await.status(422);
    assert_eq!(answer.wrong_paths(), ["known_networks[0].password"]);
}

async fn a_layer_goes_back(world: World) {
    let device = Device::claimed(&world, 1).await;
    let admin = world.admin().await;
    put(&admin, "fleet", json!({"location": "A"}), 0).await;
    put(&admin, "fleet", json!({"location": "B"}), 1).await;
    let revert = format!("{FLEET}/revert");
    let made = admin
        .post(&revert, json!({"revision": 1}))
        .await
        .status(200)
        .json;
    assert_eq!(made, json!({"revision": 3}));
    assert_eq!(
        device.told(json!({})).await["configuration"]["location"],
        "A"
    );
    admin
        .post(&revert, json!({"revision": 9}))
        .await
        .status(422);
    let history = admin.get(&format!("{FLEET}/history")).await.status(200);
    let told: Vec<_> = history
        .items()
        .iter()
        .map(|one| (one["revision"].clone(), one["values"].clone()))
        .collect();
    assert_eq!(
        told,
        [
            (json!(3), json!({"location": "A"})),
            (json!(2), json!({"location": "B"})),
            (json!(1), json!({"location": "A"}))
        ]
    );
    assert_eq!(history.items()[0]["by"], "admin");
}

async fn a_preview_changes_nothing(world: World) {
    let device = Device::claimed(&world, 1).await;
    let admin = world.admin().await;
    // Nothing changes for this one, whatever is set.
    let retired = Device::claimed(&world, 2).await;
    let retire = retired.path("/retire");
    admin.post(&retire, json!({})).await.status(200);
    put(
        &admin,
        &format!("device:{}", device.id),
        json!({"location": "Hall"}),
        0,
    )
    .await;
    let preview = format!("{FLEET}/preview");
    let answer = admin
        .post(&preview, json!({"values": {"location": "Elsewhere"}}))
        .await;
    let expected =
        json!({"changes": [{"path": "location", "from": null, "to": "Elsewhere"}], "devices": []});
    assert_eq!(answer.status(200).json, expected);
    let answer = admin
        .post(
            &preview,
            json!({"values": {"mode": "ap", "ap_password": "Password1"}}),
        )
        .await;
    assert_eq!(
        answer.status(200).json,
        json!({"changes": [{"path": "ap_password", "from": null, "to": "********"}, {"path": "mode", "from": null, "to": "ap"}],
            "devices": [device.id.as_str()]})
    );
    assert_eq!(admin.get(FLEET).await.json["revision"], 0);
}

async fn begin(admin: &Client, more: Value) -> Value {
    let mut body = json!({"network": {"ssid": "New", "password": "Password9"}, "stages": [50, 100], "stop_at_failed_percent": 50});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    admin.post("/api/v1/rollouts", body).await.status(201).json
}

fn states(rollout: &Value) -> Vec<&str> {
    let devices = rollout["devices"].as_array().unwrap().iter();
    devices.filter_map(|one| one["state"].as_str()).collect()
}

async fn a_roll_out_goes_by_stages(world: World) {
    let devices = [
        Device::claimed(&world, 1).await,
        Device::claimed(&world, 2).await,
    ];
    let admin = world.admin().await;
    let begun = begin(&admin, json!({})).await;
    let id = begun["id"].as_i64().unwrap();
    assert_eq!(
        (&begun["state"], states(&begun)),
        (&json!("running"), vec!["sent", "waiting"])
    );
    assert_eq!(begun["network"], json!({"ssid": "New"}));
    let path = format!("/api/v1/rollouts/{id}");
    let given = json!({"ssid": "New", "password": "Password9", "rollout": id});
    let kept = json!({"ssid": "New", "password": "Password9"});
    for (at, device) in devices.iter().enumerate() {
        let told = device.told(json!({})).await;
        assert_eq!(
            told["configuration"]["settings"]["known_networks"],
            json!([given])
        );
        if at == 0 {
            let told = devices[1].told(json!({})).await;
            assert_eq!(
                told["configuration"]["settings"].get("known_networks"),
                None
            );
        }
        let told = device
            .told(json!({"rollout": {"id": id, "result": "proven"}}))
            .await;
        assert_eq!(
            told["configuration"]["settings"]["known_networks"],
            json!([kept])
        );
        // Said twice, it counts once.
        device
            .told(json!({"rollout": {"id": id, "result": "rolled_back"}}))
            .await;
    }
    let done = admin.get(&path).await.status(200).json;
    assert_eq!(
        (&done["state"], states(&done)),
        (&json!("done"), vec!["proven", "proven"])
    );
    assert!(!done.to_string().contains("Password9"));
    let listed = admin.get("/api/v1/rollouts").await.status(200);
    assert_eq!(listed.items(), std::slice::from_ref(&done));
    let stopped = admin
        .post(&format!("{path}/stop"), json!({}))
        .await
        .status(200)
        .json;
    assert_eq!(stopped, done);
}

async fn a_roll_out_stops_by_itself(world: World) {
    let one = Device::claimed_with(&world, 1, json!({"labels": ["hall"]})).await;
    let two = Device::claimed_with(&world, 2, json!({"labels": ["hall"]})).await;
    Device::claimed(&world, 3).await;
    let admin = world.admin().await;
    let begun = begin(&admin, json!({"label": "hall"})).await;
    assert_eq!(states(&begun), ["sent", "waiting"]);
    let id = &begun["id"];
    let verdict =
        json!({"rollout": {"id": id, "result": "rolled_back", "class": "wrong_password"}});
    let told = one.told(verdict).await;
    assert_eq!(
        told["configuration"]["settings"].get("known_networks"),
        None
    );
    let stopped = admin
        .get(&format!("/api/v1/rollouts/{id}"))
        .await
        .status(200)
        .json;
    assert_eq!(
        (&stopped["state"], states(&stopped)),
        (&json!("stopped"), vec!["rolled_back", "waiting"])
    );
    assert_eq!(stopped["devices"][0]["reason"], "wrong_password");
    assert_eq!(stopped["reason"], "100 % of the devices failed");
    let told = two.told(json!({})).await;
    assert_eq!(
        told["configuration"]["settings"].get("known_networks"),
        None
    );
    let by_hand = begin(&admin, json!({"label": "hall"})).await;
    let path = format!("/api/v1/rollouts/{}/stop", by_hand["id"]);
    let stopped = admin.post(&path, json!({})).await.status(200).json;
    assert_eq!(
        (&stopped["state"], &stopped["reason"]),
        (&json!("stopped"), &json!("stopped by admin"))
    );
    assert_eq!(states(&stopped), ["waiting", "waiting"]);
}

async fn who_does_not_answer_is_timed_out(world: World) {
    let device = Device::claimed(&world, 1).await;
    let admin = world.admin().await;
    let begun = begin(&admin, json!({"stop_at_failed_percent": 100})).await;
    device.told(json!({})).await;
    world.clock.advance_ms(10 * 60 * 1000);
    let path = format!("/api/v1/rollouts/{}", begun["id"]);
    for _ in 0..300 {
        let shown = admin.get(&path).await.status(200).json;
        if states(&shown) == ["timed_out"] {
            assert_eq!(shown["devices"][0]["reason"], "no_verdict");
            assert_eq!(shown["state"], "stopped");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("nobody timed out");
}

async fn the_form_of_a_roll_out_is_checked(world: World) {
    let admin = world.admin().await;
    for (body, path) in [
        (json!({"network": {"ssid": "A"}, "stages": [50]}), "stages"),
        (json!({"network": {"ssid": "A"}, "stages": []}), "stages"),
        (
            json!({"network": {"ssid": "A"}, "stages": [50, 40, 100]}),
            "stages",
        ),
        (
            json!({"network": {"ssid": "A"}, "stop_at_failed_percent": 0}),
            "stop_at_failed_percent",
        ),
        (
            json!({"network": {"ssid": "", "password": ""}}),
            "network.ssid",
        ),
        (
            json!({"network": {"ssid": "A", "password": "short"}}),
            "network.password",
        ),
        (json!({}), ""),
    ] {
        let answer = admin.post("/api/v1/rollouts", body).await.status(422);
        assert!(
            answer.wrong_paths()[0].starts_with(path),
            "{:?}",
            answer.wrong_paths()
        );
    }
    admin.get("/api/v1/rollouts/7").await.status(404);
    admin
        .post("/api/v1/rollouts/7/stop", json!({}))
        .await
        .status(404);
    let empty = begin(&admin, json!({})).await;
    assert_eq!(
        (&empty["state"], &empty["devices"]),
        (&json!("done"), &json!([]))
    );
}
