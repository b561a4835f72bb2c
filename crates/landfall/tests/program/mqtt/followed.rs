//! The gateway follows the configuration while the device runs, and trusts whom that says.

use base64ct::{Base64, Encoding};
use serde_json::{Value, json};

use super::authority::Authority;
use super::broker::Broker;
use super::{CONFIG_PASSWORD, config, start, topic};
use crate::host::{HOME, Sim};

/// Slow enough that an owner can confirm a configuration within the device's minute.
const SPEED: &str = "speed = 2.0";

fn device(folder: &std::path::Path, config: &Value) -> Sim {
    start(&HOME.replace("speed = 20.0", SPEED), folder, config)
}

/// Asks the config server as its owner.
fn owner(sim: &Sim, what: &str, body: &str) -> Option<String> {
    let basic = Base64::encode_string(format!("admin:{CONFIG_PASSWORD}").as_bytes());
    let lines = format!("Authorization: Basic {basic}\r\nContent-Type: application/json\r\n");
    sim.request("config_url", what, &lines, body)
}

/// Puts a configuration in force, and stays with it.
fn put(sim: &mut Sim, config: &Value) {
    let answer = owner(sim, "POST /config", &config.to_string()).expect("the door is open");
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // The network restarts with it.
    sim.until("CTRL: NET:CONNECTING");
    sim.until("CTRL: NET:CONNECTED");
    owner(sim, "GET /config", "").expect("the door is open");
}

#[test]
#[ignore = "peer: mosquitto"]
fn another_broker_none_and_one_again() {
    let authority = Authority::new();
    let (first, second) = (Broker::start(), Broker::start_with_tls(&authority));
    let (mut at_first, mut at_second) = (first.listen(), second.listen());
    let folder = tempfile::tempdir().unwrap();
    let mut config = config();
    let mut sim = device(folder.path(), &config);
    sim.until("CTRL: NET:CONNECTED");

    config["mqtt"] = first.settings(false);
    put(&mut sim, &config);
    let heard = at_first.until_text(&topic("online"), "online");
    let topics = |heard: &[super::Message]| heard.iter().any(|m| m.topic == topic("state"));
    assert!(topics(&heard), "{heard:#?}");

    config["mqtt"] = second.settings(true);
    config["fleet"] = json!({"ca_pem": authority.pem()});
    put(&mut sim, &config);
    at_first.until_text(&topic("online"), "offline");
    at_second.until_text(&topic("online"), "online");
    second.publish(&topic("cmd"), "NET:MODE", &[]);
    at_second.until_text(&topic("reply"), "CTRL:ACK CID=1 mode=sta_ap");

    config["mqtt"]["commands"] = json!(false);
    put(&mut sim, &config);
    at_second.until_text(&topic("online"), "offline");
    at_second.until_text(&topic("online"), "online");
    second.publish(&topic("cmd"), "NET:MODE", &[]);

    config["mqtt"] = json!({});
    put(&mut sim, &config);
    let heard = at_second.until_text(&topic("online"), "offline");
    assert!(
        heard.iter().all(|m| m.topic != topic("reply")),
        "{heard:#?}"
    );

    config["mqtt"] = first.settings(false);
    put(&mut sim, &config);
    at_first.until_text(&topic("online"), "online");
    // Two commands in all: the broker's one that was allowed, and this.
    sim.ask("NET:MODE", "CTRL:ACK CID=2 ");
}

#[test]
#[ignore = "peer: mosquitto"]
fn a_broker_that_a_stranger_vouches_for() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let broker = Broker::start_with_tls(&authority);
    let mut listener = broker.listen();
    let folder = tempfile::tempdir().unwrap();
    let mut config = config();
    config["mqtt"] = broker.settings(false);
    config["fleet"] = json!({"ca_pem": stranger.pem()});
    let mut sim = device(folder.path(), &config);
    sim.until("CTRL: NET:CONNECTED");
    broker.until_logged(" alert ");

    config["fleet"] = json!({"ca_pem": authority.pem()});
    put(&mut sim, &config);
    let heard = listener.until_text(&topic("online"), "online");
    assert!(heard.iter().all(|m| m.text != "offline"), "{heard:#?}");
}
