//! Documents in, configurations out. What the tests beside this share.

mod defaults;
mod fields;
mod loading;
mod round_trip;
mod saving;
mod stored;

use std::format;
use std::string::{String, ToString};

use expect_test::{Expect, expect};

use super::*;
use crate::json;

/// The document of the MicroPython manager's own manual.
const SEED: &str = r#"{
	"schema": 2,
	"known_networks": [
		{"ssid": "User\u2019s iPhone", "password": "Password1", "enables_webrepl": false},
		{"ssid": "HomeNetwork", "password": "Password2", "enables_webrepl": true}
	],
	"access_point": {
		"config": {"essid": "Micropython-Dev", "channel": 11, "hidden": false, "password": "P@55W0rd"},
		"enables_webrepl": true,
		"start_policy": "fallback"
	},
	"config_server": {"enabled": false, "password": "micropython"}
}"#;

/// Every field there is.
const FULL: &str = r#"{"schema":2,"hostname":"landfall-56789a","device_name":"Lab 1, left","mode":"sta","known_networks":[
{"ssid":"HomeNetwork","password":"Password2","enables_webrepl":true,"bssid":null,"hidden":false},
{"ssid_hex":"ff00","password":"","enables_webrepl":false,"bssid":"24:6F:28:56:78:9A","hidden":true}],
"access_point":{"config":{"essid":"Micropython-Dev","channel":11,"hidden":true,"password":"P@55W0rd","max_clients":9},
"enables_webrepl":true,"start_policy":"always"},
"config_server":{"enabled":true,"password":"micropython"},"webrepl":{"password":"at least 8"},
"portal":{"station_writes":true,"ap_address":"10.1.0.1/16"},
"station":{"connect_timeout_ms":9000,"max_retry":6,"fallback_deadline_ms":7000},
"fleet":{"url":"https://fleet.example","claim":"claim-code","ca_pem":"-----BEGIN\n"},
"mqtt":{"url":"mqtt://broker","user":"me","password":"secret","commands":true},
"internet_probe_url":"http://probe.example/generate_204","radio":{"country":"01","tx_power_dbm":15},
"led":{"pin":2,"active_low":true},"log_level":"trace"}"#;

/// Loads a document; gives the configuration and one line per warning.
fn loaded(document: &str) -> (Config, String) {
    let mut warnings = String::new();
    let config = load(document.as_bytes(), &Defaults::default(), &mut |warning| {
        warnings += &format!("{warning}\n");
    });
    (config, warnings)
}

/// Saves a document over another; gives what it would be, masked, or the error.
fn saved(current: &Config, document: &str) -> String {
    match parse_strict(document.as_bytes(), current.as_ref(), &Defaults::default()) {
        Ok(config) => config.as_ref().json(Secrets::Masked).to_string(),
        Err(error) => error.to_string(),
    }
}

/// Loads a document: its warnings, then the members of what became of it, with its secrets, that
/// are not as they are by default.
fn check(document: &str, expected: Expect) {
    let (config, mut shown) = loaded(document);
    let [json, default] =
        [config, Config::default()].map(|c| c.as_ref().json(Secrets::Clear).to_string());
    let [json, default] = [&json, &default].map(|json| json::parse(json.as_bytes()).unwrap());
    for (name, value) in json.members() {
        if default.member(name.raw()) != Some(value) {
            shown += &format!("{}={value}\n", name.raw());
        }
    }
    expected.assert_eq(&shown);
}

/// Tries to save each document over [`FULL`].
fn check_save(documents: &[&str], expected: Expect) {
    let (current, warnings) = loaded(FULL);
    assert_eq!(warnings, "");
    let lines: String = documents
        .iter()
        .map(|document| saved(&current, document) + "\n")
        .collect();
    expected.assert_eq(&lines);
}
