//! Settings of the fleet on a device: laid over its owner's member by member, and gone again without a
//! trace when the fleet says nothing of them any more.

use serde_json::{Value, json};

use crate::demo::Demo;

/// `admin` with the password that the devices of the demo have.
const OWNER: &str = "Authorization: Basic YWRtaW46bWljcm9weXRob24=";

/// The configuration in force, as the device's own config server tells it.
fn in_force(demo: &Demo) -> Value {
    let door = demo.device(demo.first(), "config_url").with(OWNER);
    door.get("/config").1
}

/// Gives the fleet these values, and waits until the device has that many tries; then how its
/// configuration is.
fn fleet_says(demo: &Demo, values: &Value, max_retry: u8) -> Value {
    let path = "/api/v1/config/fleet";
    let (_, now) = demo.admin().get(path);
    let body = json!({"values": values, "base_revision": now["revision"]});
    let (code, told) = demo.admin().send("PUT", path, &body);
    assert_eq!(code, 200, "{told}");
    demo.until("it is in force", |demo| {
        in_force(demo)["station"]["max_retry"] == max_retry
    });
    let device = format!("/api/v1/devices/{}", demo.first());
    demo.until("the device has said so", |demo| {
        let config = demo.admin().get(&device).1["config"].clone();
        config["reported_version"] == config["desired_version"]
    });
    let config = demo.admin().get(&device).1["config"].clone();
    assert_eq!(config["error"], Value::Null, "{config}");
    in_force(demo)
}

#[test]
fn the_owners_settings_stand_again_when_the_fleets_are_gone() {
    let demo = Demo::start(1);
    demo.until("it is online", |demo| {
        demo.admin().get("/api/v1/devices").1["summary"]["online"] == 1
    });
    let mut own = in_force(&demo);
    own["station"]["max_retry"] = 7.into();
    own["mqtt"] = json!({"user": "owner"});
    let door = demo.device(demo.first(), "config_url").with(OWNER);
    assert_eq!(door.post("/config", &own).0, 200);
    demo.until("the owner's settings are in force", |demo| {
        in_force(demo)["station"]["max_retry"] == 7
    });
    let before = in_force(&demo);

    let laid = fleet_says(
        &demo,
        &json!({"station": {"max_retry": 3, "connect_timeout_ms": 8000}, "mqtt": {"user": "fleet"},
            "access_point": {"config": {"channel": 11}}, "log_level": "debug"}),
        3,
    );
    assert_eq!(laid["station"]["connect_timeout_ms"], 8000);
    assert_eq!(laid["mqtt"]["user"], "fleet");
    assert_eq!(laid["access_point"]["config"]["channel"], 11);

    let fewer = fleet_says(&demo, &json!({"station": {"max_retry": 4}}), 4);
    let timeout = |config: &Value| config["station"]["connect_timeout_ms"].clone();
    assert_eq!(timeout(&fewer), timeout(&before));
    assert_eq!(fewer["mqtt"], before["mqtt"]);

    assert_eq!(fleet_says(&demo, &json!({}), 7), before);
}
