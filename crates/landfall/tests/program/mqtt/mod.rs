//! The MQTT gateway before a real broker, and before false ones.

mod authority;
mod broker;
mod followed;
mod hostile;

use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use self::broker::{Broker, Message, PASSWORD};
use crate::host::{HOME, Sim};

const TOPIC: &str = "landfall/lf-246f2856789a";
/// As many events wait for a broker as the device keeps.
const QUEUE: u64 = 64;
const CONFIG_PASSWORD: &str = "config-server";

fn topic(name: &str) -> String {
    format!("{TOPIC}/{name}")
}

/// A device in that folder, in range of its home, with that broker.
fn device(folder: &Path, mqtt: &Value) -> Sim {
    device_on(HOME, folder, mqtt)
}

fn device_on(air: &str, folder: &Path, mqtt: &Value) -> Sim {
    let mut config = config();
    config["mqtt"] = mqtt.clone();
    start(air, folder, &config)
}

/// What a device knows beside its broker.
fn config() -> Value {
    json!({
        "schema": 2,
        "known_networks": [{"ssid": "HomeNetwork", "password": "Password2"}],
        "access_point": {"config": {"password": "AccessPoint1"}},
        "config_server": {"enabled": true, "password": CONFIG_PASSWORD},
    })
}

fn start(air: &str, folder: &Path, config: &Value) -> Sim {
    let path = folder.join("networks.json");
    std::fs::write(&path, config.to_string()).unwrap();
    let sim = Sim::start(folder, air, &["--config", path.to_str().unwrap()]);
    assert_eq!(sim.device("mqtt_topic"), TOPIC);
    sim
}

/// The numbers of the events among the messages, which begin with that one and have no gap.
fn numbers(messages: &[Message]) -> Vec<u64> {
    let events = messages.iter().filter(|m| m.topic == topic("event"));
    let numbers: Vec<_> = events.map(|m| m.json()["seq"].as_u64().unwrap()).collect();
    let first = numbers.first().copied().unwrap_or_default();
    let expected: Vec<_> = (first..).take(numbers.len()).collect();
    assert_eq!(numbers, expected, "in order, each once");
    numbers
}

fn event(name: &str) -> impl Fn(&Message) -> bool {
    move |message| message.topic == topic("event") && message.json()["event"] == name
}

/// The members of an object, in their order.
fn members(object: &Value) -> Vec<&String> {
    object.as_object().unwrap().keys().collect()
}

#[test]
#[ignore = "peer: mosquitto"]
fn a_broker_sees_the_device_come_and_go() {
    let broker = Broker::start();
    let mut listener = broker.listen();
    let folder = tempfile::tempdir().unwrap();
    let sim = device(folder.path(), &broker.settings(false));

    let opening = listener.until_text(&topic("online"), "online");
    let named = |text: &str| opening.iter().find(|m| m.topic.contains(text)).cloned();
    let (state, connectivity) = (named("/state").unwrap(), named("/connectivity/").unwrap());
    let by_http = sim.get("sta_url", "/api/status").unwrap();
    let by_http: Value = serde_json::from_str(by_http.split_once("\r\n\r\n").unwrap().1).unwrap();
    assert_eq!(members(&state.json()), members(&by_http));
    assert_eq!(state.json()["ip"], by_http["ip"]);
    assert_eq!(state.json()["apPassword"], Value::Null);
    assert_eq!(connectivity.json()["state_topic"], topic("online"));
    assert_eq!(connectivity.json()["device_class"], "connectivity");

    let first = listener.until("connected", event("connected"));
    assert_eq!(numbers(&first), [1, 2, 3, 4], "every event since the boot");
    sim.air(&["ap", "home", "deauth"]);
    listener.until("the loss", event("disconnected"));
    let more = listener.until("connected", event("connected"));
    let first = opening.iter().chain(&first);
    for message in first.chain(&more) {
        for secret in [PASSWORD, "Password2", "AccessPoint1", CONFIG_PASSWORD] {
            assert!(!message.text.contains(secret), "{message:?}");
        }
    }

    assert_eq!(sim.signal(Signal::KILL), None);
    listener.until_text(&topic("online"), "offline");
    let kept = broker.listen().heard_already();
    assert!(kept.iter().all(|message| message.kept));
    let mut topics: Vec<_> = kept.iter().map(|m| m.topic.as_str()).collect();
    topics.sort_unstable();
    expect_test::expect![[r#"
        homeassistant/binary_sensor/lf-246f2856789a/connectivity/config
        homeassistant/sensor/lf-246f2856789a/ip/config
        homeassistant/sensor/lf-246f2856789a/rssi/config
        landfall/lf-246f2856789a/online
        landfall/lf-246f2856789a/state"#]]
    .assert_eq(&topics.join("\n"));
}

#[test]
#[ignore = "peer: mosquitto"]
fn commands_are_taken_where_they_are_allowed() {
    let broker = Broker::start();
    let mut listener = broker.listen();
    let send = |line: &str| broker.publish(&topic("cmd"), line, &[]);
    let folder = tempfile::tempdir().unwrap();
    // A command that a broker kept would be run at every start.
    broker.publish(&topic("cmd"), "NET:RESET", &["-r"]);

    let mut sim = device(folder.path(), &broker.settings(false));
    listener.until_text(&topic("online"), "online");
    send("NET:KNOWN");
    sim.air(&["ap", "home", "deauth"]);
    listener.until("the loss", event("disconnected"));
    let heard = listener.until("connected", event("connected"));
    assert!(heard.iter().all(|message| message.topic != topic("reply")));
    sim.ask("NET:MODE", "CTRL:ACK CID=1 ");
    drop(sim);

    let folder = tempfile::tempdir().unwrap();
    let sim = device(folder.path(), &broker.settings(true));
    listener.until_text(&topic("online"), "online");
    let mut ask = |line: &str, last: &str| {
        send(line);
        let ends = |m: &Message| m.topic == topic("reply") && m.text.starts_with(last);
        let heard = listener.until(last, ends);
        heard
            .into_iter()
            .rfind(|m| m.topic == topic("reply"))
            .unwrap()
            .text
    };
    let status = ask("NET:STATUS", "CTRL:ACK CID=1 ");
    assert!(status.contains("ap_pass=\"********\""), "{status}");
    assert_eq!(
        ask("NET:QR\r\n", "CTRL:ERR CID=2"),
        "CTRL:ERR CID=2 NET_BAD_PARAM local_only"
    );
    ask("NET:KNOWN\nNET:MODE\n", "CTRL:ACK CID=4 mode=sta_ap");
    ask(
        &"x".repeat(300),
        "CTRL:ERR CID=5 E03 BAD_PARAM line_too_long",
    );
    let config = ask("NET:CONFIG", "{");
    assert!(
        !config.contains(PASSWORD) && config.contains("********"),
        "{config}"
    );
    // The verdict comes after the device has left the network and come back.
    ask(
        "NET:SET,HomeNetwork,another-key",
        "CTRL:ACK CID=7 connecting=1",
    );
    ask("", "CTRL:ERR CID=7 NET_CONNECT_FAILED wrong_password");
    ask("", "CTRL: NET:CONNECTED CID=7 ");
    drop(sim);
}

#[test]
#[ignore = "peer: mosquitto"]
fn what_happens_while_the_broker_is_away_is_told_when_it_is_back() {
    let mut broker = Broker::start();
    let mut listener = broker.listen();
    let folder = tempfile::tempdir().unwrap();
    let mut sim = device(folder.path(), &broker.settings(false));
    let told = listener.until("connected", event("connected"));
    let last = *numbers(&told).last().unwrap();
    sim.until("CTRL: NET:CONNECTED");
    broker.stop();
    for _ in 0..20 {
        sim.air(&["ap", "home", "deauth"]);
        sim.until("CTRL: NET:CONNECTED");
    }
    let rows = sim.ask("NET:EVENTS", "NET:EVENTS CID=1 end=64");
    let newest = rows.rsplit_once("seq=").unwrap().1;
    let newest: u64 = newest.split_once(' ').unwrap().0.parse().unwrap();
    let lost = newest - QUEUE - last;
    let metrics = sim.get("sta_url", "/metrics").unwrap();
    // The last one told is lost too for a device that did not hear the broker take it.
    let is_counted = |lost: u64| {
        let counted = format!("landfall_mqtt_events_dropped_total {lost}\n");
        metrics.contains(&counted)
    };
    assert!(
        is_counted(lost) || is_counted(lost + 1),
        "{lost}: {metrics}"
    );

    // The listener is to be there before the device is.
    sim.pause(true);
    broker.start_again();
    let mut listener = broker.listen();
    sim.pause(false);
    let is_newest = |m: &Message| m.topic == topic("event") && m.json()["seq"] == newest;
    let told = listener.until("the newest", is_newest);
    assert_eq!(
        numbers(&told),
        (newest - QUEUE + 1..=newest).collect::<Vec<_>>()
    );
    assert!(
        told.iter()
            .any(|m| m.topic == topic("online") && m.text == "online")
    );
}
