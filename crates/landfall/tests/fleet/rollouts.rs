//! Networks that are rolled out to devices on an air: the right one is proven, a wrong one is left by
//! every device by itself, however many there are.

use serde_json::{Value, json};

use crate::demo::Demo;

/// The devices' network, and the one that is rolled out.
const OLD: &str = "HomeNetwork";
const NEW: &str = "SpareNetwork";
/// As many as the demo has.
const MANY: u8 = 100;

/// Begins a roll-out of the new network, and gives its path.
fn begin(demo: &Demo, password: &str, how: &Value) -> String {
    let mut body = json!({"network": {"ssid": NEW, "password": password}});
    for (name, value) in how.as_object().expect("members") {
        body[name] = value.clone();
    }
    let (code, made) = demo.admin().post("/api/v1/rollouts", &body);
    assert_eq!(code, 201, "{made}");
    format!("/api/v1/rollouts/{}", made["id"])
}

/// Waits until the roll-out is as told, and gives it.
fn until(demo: &Demo, path: &str, what: &str, so: impl Fn(&Value) -> bool) -> Value {
    demo.until(what, |demo| so(&demo.admin().get(path).1));
    demo.admin().get(path).1
}

/// How many devices of a roll-out are in that state.
fn count(rollout: &Value, state: &str) -> usize {
    let devices = rollout["devices"].as_array();
    let devices = devices.into_iter().flatten();
    devices.filter(|device| device["state"] == state).count()
}

fn all_are_online(demo: &Demo, devices: u8) {
    demo.until("all are online", |demo| {
        demo.admin().get("/api/v1/devices").1["summary"]["online"] == devices
    });
}

/// Waits until every device is in that network, as it says itself where it is reached from there.
fn all_are_in(demo: &Demo, ssid: &str) {
    for id in demo.ids() {
        demo.until(&format!("{id} is in {ssid}"), |demo| {
            let status = demo.device(&id, "sta_url").get("/api/status").1;
            status["ssid"] == ssid && status["state"] == "CONNECTED"
        });
    }
}

#[test]
fn the_right_password_is_proven_after_a_wrong_one() {
    let demo = Demo::start(3);
    all_are_online(&demo, 3);
    let at_once = json!({"stages": [100], "stop_at_failed_percent": 100});
    let wrong = begin(&demo, "not-its-password", &at_once);
    let wrong = until(&demo, &wrong, "all went back", |now| {
        count(now, "rolled_back") == 3
    });
    assert_eq!(wrong["devices"][0]["reason"], "wrong_password", "{wrong}");
    assert!(!wrong.to_string().contains("not-its-password"));
    for id in demo.ids() {
        let known = demo.console(&id, "NET:KNOWN");
        assert!(known.contains(OLD) && !known.contains(NEW), "{known}");
    }
    let right = begin(&demo, "spare-password", &at_once);
    until(&demo, &right, "all are proven", |now| {
        count(now, "proven") == 3
    });
    all_are_in(&demo, NEW);
}

/// In stages a wrong password costs the first of them; without, everybody goes back by itself. Either
/// way it stops by itself, and the page says why.
#[test]
fn a_wrong_password_for_a_hundred_devices() {
    let demo = Demo::start(MANY);
    all_are_online(&demo, MANY);
    let stopped = |now: &Value| now["state"] == "stopped";

    let in_stages = begin(&demo, "not-its-password", &json!({}));
    let canaries = until(&demo, &in_stages, "it stops by itself", stopped);
    assert_eq!(canaries["stage"], 1);
    assert_eq!(canaries["reason"], "20 % of the devices failed");
    assert!(count(&canaries, "waiting") >= 90, "{canaries}");

    let at_once = json!({"stages": [100], "stop_at_failed_percent": 100});
    let at_once = begin(&demo, "not-its-password", &at_once);
    let all = until(&demo, &at_once, "it stops by itself", stopped);
    assert_eq!(count(&all, "rolled_back"), usize::from(MANY));
    let devices = all["devices"].as_array().expect("a list");
    let reasons = devices.iter().map(|device| &device["reason"]);
    assert!(
        reasons.into_iter().all(|reason| reason == "wrong_password"),
        "{all}"
    );
    all_are_in(&demo, OLD);

    let page = demo.admin().page("/rollouts");
    for told in [
        "20 % of the devices failed",
        "100 % of the devices failed",
        "100 devices: 100 rolled back (wrong password)",
        "<td>wrong password</td>",
    ] {
        assert!(page.contains(told), "{told} is not in {page}");
    }
}
