//! Documents in, configurations out: what is warned of, what is refused, what survives.

mod defaults;
mod fields;
mod round_trip;
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
const FULL: &str = r#"{"schema":2,"hostname":"landfall-56789a","mode":"sta","known_networks":[
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

#[test]
fn the_seeds_sample_loads_without_a_warning() {
    check(
        SEED,
        expect![[r#"
            known_networks=[{"ssid":"User’s iPhone","password":"Password1","enables_webrepl":false,"bssid":null,"hidden":false},{"ssid":"HomeNetwork","password":"Password2","enables_webrepl":true,"bssid":null,"hidden":false}]
            access_point={"config":{"essid":"Micropython-Dev","channel":11,"hidden":false,"password":"P@55W0rd","max_clients":4},"enables_webrepl":true,"start_policy":"fallback"}
            config_server={"enabled":false,"password":"micropython"}
        "#]],
    );
}

/// Addresses and secrets that are but hinted at, as manuals have them, are nothing to warn of.
#[test]
fn a_sample_with_hints_in_place_of_values_loads_without_a_warning() {
    let (_, warnings) = loaded(
        r#"{"schema":2,"known_networks":[],"access_point":{"enables_webrepl":true},
        "fleet":{"url":"https://fleet.example","claim":"...","ca_pem":"..."},
        "mqtt":{"url":"mqtt://...","user":"...","password":"...","commands":false},
        "internet_probe_url":"http://.../generate_204"}"#,
    );
    assert_eq!(warnings, "");
}

#[test]
fn every_field_loads_and_is_written_back() {
    check(
        FULL,
        expect![[r#"
            hostname="landfall-56789a"
            mode="sta"
            known_networks=[{"ssid":"HomeNetwork","password":"Password2","enables_webrepl":true,"bssid":null,"hidden":false},{"ssid":"�\u0000","ssid_hex":"ff00","password":"","enables_webrepl":false,"bssid":"24:6F:28:56:78:9A","hidden":true}]
            access_point={"config":{"essid":"Micropython-Dev","channel":11,"hidden":true,"password":"P@55W0rd","max_clients":9},"enables_webrepl":true,"start_policy":"always"}
            config_server={"enabled":true,"password":"micropython"}
            webrepl={"password":"at least 8"}
            portal={"station_writes":true,"ap_address":"10.1.0.1/16"}
            station={"connect_timeout_ms":9000,"max_retry":6,"fallback_deadline_ms":7000}
            fleet={"url":"https://fleet.example","claim":"claim-code","ca_pem":"-----BEGIN\n"}
            mqtt={"url":"mqtt://broker","user":"me","password":"secret","commands":true}
            internet_probe_url="http://probe.example/generate_204"
            radio={"country":"01","tx_power_dbm":15}
            led={"pin":2,"active_low":true}
            log_level="trace"
        "#]],
    );
}

#[test]
fn a_broken_or_missing_file_gives_the_default_with_a_warning() {
    check(
        "",
        expect![[r#"
            $: no JSON, defaults are used: line 1 column 1: unexpected end
        "#]],
    );
    check(
        "{\"schema\": 2,\n",
        expect![[r#"
            $: no JSON, defaults are used: line 2 column 1: unexpected end
        "#]],
    );
    check(
        "[]",
        expect![[r#"
            $: expected an object
        "#]],
    );
    check(
        "{}",
        expect![[r#"
            schema: missing
            known_networks: missing
            access_point: missing
        "#]],
    );
}

#[test]
fn what_is_right_is_loaded_beside_what_is_wrong() {
    check(
        r#"{"schema":1,"mode":9,"hostname":"Bad_Name","known_networks":[
        {"ssid":"Short","password":"1234567","enables_webrepl":true},
        {"ssid":"Good","password":"12345678","hidden":"yes"},
        {"password":"12345678"}, 17,
        {"ssid":"Pin","password":"","bssid":"24:6F"}],
        "access_point":{"config":{"password":"short","channel":14,"max_clients":0},"start_policy":"sometimes"},
        "config_server":{"enabled":true,"password":"short"},"radio":5,"station":{"max_retry":51}}"#,
        expect![[r#"
            schema: expected 2
            mode: expected off, sta, ap, sta_ap, or 0 to 3
            known_networks[0].password: expected 8 to 63 printable ASCII characters, 64 hex digits, or "" for open
            known_networks[0]: set aside: kept, but not tried
            known_networks[1].hidden: expected true or false
            known_networks[2].ssid: missing
            known_networks[2]: set aside: kept, but not tried
            known_networks[3]: expected an object
            known_networks[3]: set aside: kept, but not tried
            known_networks[4].bssid: expected a hardware address like 24:6F:28:56:78:9A, or null
            known_networks[4]: set aside: kept, but not tried
            access_point.config.password: expected 8 to 63 printable ASCII characters, or "" for open
            access_point.config.password: the device's own secret is used instead
            access_point.config.channel: expected a whole number from 1 to 13
            access_point.config.max_clients: expected a whole number from 1 to 10
            access_point.start_policy: expected always, fallback or never
            station.max_retry: expected a whole number from 1 to 50
            hostname: expected 1 to 32 of a-z, 0-9 and -, no - at either end
            config_server.password: expected a text of 8 to 64 characters
            radio: expected an object
            known_networks=[{"ssid":"Short","password":"1234567","enables_webrepl":true},{"ssid":"Good","password":"12345678","enables_webrepl":false,"bssid":null,"hidden":false},{"password":"12345678"},17,{"ssid":"Pin","password":"","bssid":"24:6F"}]
            config_server={"enabled":true}
        "#]],
    );
}

#[test]
fn a_short_or_unclear_password_never_opens_the_access_point() {
    for config in [
        r#"{"password":"1234567"}"#,
        r#"{"password":null}"#,
        r#"{"password":"","key":"12345678"}"#,
        r#"{"password":"12345678","password":""}"#,
        r#"{"password":"********"}"#,
        r#"{"password":"\ud800"}"#,
        r#"{"authmode":0}"#,
        r#"5"#,
    ] {
        let document =
            format!(r#"{{"schema":2,"known_networks":[],"access_point":{{"config":{config}}}}}"#);
        let (config, warnings) = loaded(&document);
        assert_eq!(
            config.wifi.ap.security,
            ApSecurity::DeviceSecret,
            "{document}"
        );
        assert_ne!(warnings, "", "{document}");
    }
    let open =
        r#"{"schema":2,"known_networks":[],"access_point":{"config":{"key":"","authmode":0}}}"#;
    let (config, warnings) = loaded(open);
    assert_eq!(
        (config.wifi.ap.security, warnings.as_str()),
        (ApSecurity::Open, "")
    );
}

#[test]
fn the_keys_of_micropythons_access_point_are_honoured() {
    check(
        r#"{"schema":2,"known_networks":[],"access_point":{"config":{"ssid":"Mine","key":"12345678","security":3,
        "txpower":8.5,"dhcp_hostname":"board-1","channel":6,"hidden":1,"max_clients":2}}}"#,
        expect![[r#"
            hostname="board-1"
            access_point={"config":{"essid":"Mine","channel":6,"hidden":true,"password":"12345678","max_clients":2,"security":3},"enables_webrepl":false,"start_policy":"fallback"}
            radio={"tx_power_dbm":8}
        "#]],
    );
    check(
        r#"{"schema":2,"known_networks":[],"radio":{"tx_power_dbm":3},"hostname":"a",
        "access_point":{"config":{"ssid_hex":"c3","authmode":1,"txpower":21,"hostname":"b","pm":0}}}"#,
        expect![[r#"
            access_point.config.pm: unknown, kept
            access_point.config.authmode: not possible with this radio
            access_point.config.txpower: expected a whole number from 2 to 20
            hostname="a"
            access_point={"config":{"essid":"�","ssid_hex":"c3","hidden":false,"max_clients":4,"pm":0,"authmode":1},"enables_webrepl":false,"start_policy":"fallback"}
            radio={"tx_power_dbm":3}
        "#]],
    );
}

#[test]
fn unknown_members_and_wrong_networks_keep_their_places() {
    check(
        r#"{"schema":2,"x\n":[1, "a b"],"known_networks":[{"ssid":"A","priority":3},
        {"ssid":"B","password":"x"},{"ssid":"C","note":{"a": "\u0041"}}],
        "access_point":{"config":{"reconnects":-1},"y":null},"led":{"brightness":0.5}}"#,
        expect![[r#"
            ["x\n"]: unknown, kept
            known_networks[0].priority: unknown, kept
            known_networks[1].password: expected 8 to 63 printable ASCII characters, 64 hex digits, or "" for open
            known_networks[1]: set aside: kept, but not tried
            known_networks[2].note: unknown, kept
            access_point.y: unknown, kept
            access_point.config.reconnects: unknown, kept
            led.brightness: unknown, kept
            known_networks=[{"ssid":"A","password":"","enables_webrepl":false,"bssid":null,"hidden":false,"priority":3},{"ssid":"B","password":"x"},{"ssid":"C","password":"","enables_webrepl":false,"bssid":null,"hidden":false,"note":{"a":"\u0041"}}]
            access_point={"config":{"hidden":false,"max_clients":4,"reconnects":-1},"enables_webrepl":false,"start_policy":"fallback","y":null}
            led={"brightness":0.5}
            x\n=[1,"a b"]
        "#]],
    );
}

#[test]
fn what_there_is_no_room_for_is_told() {
    let note = "n".repeat(800);
    let (config, warnings) = loaded(&format!(
        r#"{{"schema":2,"note":"{note}","known_networks":[],"access_point":{{}}}}"#
    ));
    assert_eq!(warnings, "note: no room to keep it\n");
    assert!(config.services.extra.is_empty());
    let fits = "n".repeat(500);
    let (config, warnings) = loaded(&format!(
        r#"{{"schema":2,"note":"{fits}","known_networks":[],"access_point":{{}}}}"#
    ));
    assert_eq!(warnings, "note: unknown, kept\n");
    assert!(!config.services.extra.is_empty());
}

#[test]
fn the_seventeenth_network_is_refused_and_not_dropped_silently() {
    let networks: std::vec::Vec<_> = (0..17).map(|n| format!(r#"{{"ssid":"net{n}"}}"#)).collect();
    let document = format!(
        r#"{{"schema":2,"known_networks":[{}],"access_point":{{}}}}"#,
        networks.join(",")
    );
    let (config, warnings) = loaded(&document);
    expect![[r#"
        known_networks[16]: at most 16 networks
        known_networks[16]: set aside: kept, but not tried
    "#]]
    .assert_eq(&warnings);
    assert_eq!(config.wifi.networks.len(), 16);
    let json = config.as_ref().json(Secrets::Masked).to_string();
    assert!(json.contains(r#"{"ssid":"net16"}]"#), "{json}");
    check_save(
        &[&document],
        expect![[r#"
        Invalid config: known_networks[16]: at most 16 networks
    "#]],
    );
}

#[test]
fn a_wrong_document_is_not_saved() {
    check_save(
        &[
            "",
            "{\n \"schema\": 2,\n}",
            "[]",
            "{}",
            r#"{"schema":"2","known_networks":[],"access_point":{}}"#,
            r#"{"schema":2,"access_point":{}}"#,
            r#"{"schema":2,"known_networks":[]}"#,
            r#"{"schema":2,"known_networks":{},"access_point":{}}"#,
            r#"{"schema":2,"known_networks":[],"access_point":[]}"#,
            r#"{"schema":2,"known_networks":[{"ssid":"A"},{"ssid":"B","password":"1234567"}],"access_point":{}}"#,
            r#"{"schema":2,"known_networks":[{"ssid":"A","ssid_hex":"42"}],"access_point":{}}"#,
            r#"{"schema":2,"known_networks":[{"ssid":"A","password":null}],"access_point":{}}"#,
            r#"{"schema":2,"known_networks":[],"access_point":{"config":{"password":"1234567"}}}"#,
            r#"{"schema":2,"known_networks":[],"access_point":{},"mode":"sta","mode":"ap"}"#,
            r#"{"schema":2,"known_networks":[],"access_point":{},"mqtt":{"url":"mqtt://me:secret@broker"}}"#,
        ],
        expect![[r#"
            Invalid JSON: line 1 column 1: unexpected end
            Invalid JSON: line 3 column 1: expected a name in double quotes
            Invalid config: $: expected an object
            Invalid config: schema: missing
            Invalid config: schema: expected 2
            Invalid config: known_networks: missing
            Invalid config: access_point: missing
            Invalid config: known_networks: expected an array
            Invalid config: access_point: expected an object
            Invalid config: known_networks[1].password: expected 8 to 63 printable ASCII characters, 64 hex digits, or "" for open
            Invalid config: known_networks[0].ssid: ssid and ssid_hex differ
            Invalid config: known_networks[0].password: expected a text
            Invalid config: access_point.config.password: expected 8 to 63 printable ASCII characters, or "" for open
            Invalid config: mode: given twice
            Invalid config: mqtt.url: expected an mqtt:// or mqtts:// URL of at most 128 bytes without user and password, or ""
        "#]],
    );
}

#[test]
fn a_mask_keeps_the_secret_that_is_stored() {
    let (current, _) = loaded(FULL);
    let masked = current.as_ref().json(Secrets::Masked).to_string();
    assert!(!masked.contains("Password2") && !masked.contains("P@55W0rd"));
    let same = parse_strict(masked.as_bytes(), current.as_ref(), &Defaults::default());
    assert_eq!(same.unwrap(), current);

    let renamed = masked.replace("HomeNetwork", "Other");
    let nothing = Config::default();
    let refused = [saved(&current, &renamed), saved(&nothing, &masked)];
    expect![[r#"
        Invalid config: known_networks[0].password: masked, but no secret is stored for it
        Invalid config: known_networks[0].password: masked, but no secret is stored for it"#]]
    .assert_eq(&refused.join("\n"));
    for (section, secret) in [
        ("access_point", r#"{"config":{"password":"********"}}"#),
        ("config_server", r#"{"password":"********"}"#),
        ("webrepl", r#"{"password":"********"}"#),
        ("fleet", r#"{"claim":"********"}"#),
        ("mqtt", r#"{"password":"********"}"#),
    ] {
        let ap = if section == "access_point" {
            ""
        } else {
            r#""access_point":{},"#
        };
        let document = format!(r#"{{"schema":2,"known_networks":[],{ap}"{section}":{secret}}}"#);
        let error = saved(&nothing, &document);
        assert!(
            error.ends_with("masked, but no secret is stored for it"),
            "{document}: {error}"
        );
        assert!(
            !saved(&current, &document).starts_with("Invalid"),
            "{document}"
        );
    }
}

#[test]
fn a_network_that_was_set_aside_is_masked_and_keeps_its_password_when_it_is_mended() {
    let (current, _) = loaded(
        r#"{"schema":2,"known_networks":[{"ssid":"A","password":"Password1","bssid":"x"}],"access_point":{}}"#,
    );
    let masked = current.as_ref().json(Secrets::Masked).to_string();
    assert!(
        masked.contains(r#"{"ssid":"A","password":"********","bssid":"x"}"#),
        "{masked}"
    );
    let mended = masked.replace(r#""bssid":"x""#, r#""bssid":null"#);
    let config = parse_strict(mended.as_bytes(), current.as_ref(), &Defaults::default()).unwrap();
    assert_eq!(
        config.wifi.networks[0].security,
        Security::from_password(b"Password1").unwrap()
    );
}

#[test]
fn credentials_that_gave_an_address_stay_proven_until_they_change() {
    let (mut current, _) = loaded(FULL);
    current.wifi.networks[0].proven = true;
    let proven = |document: &str| {
        let config = parse_strict(document.as_bytes(), current.as_ref(), &Defaults::default());
        config.unwrap().wifi.networks[0].proven
    };
    let masked = current.as_ref().json(Secrets::Masked).to_string();
    assert!(proven(&masked));
    assert!(!proven(&masked.replacen("********", "another password", 1)));
}

#[test]
fn a_reset_forgets_what_belongs_to_networks() {
    let (mut config, _) = loaded(
        r#"{"schema":2,"a":1,"known_networks":[{"ssid":"A","b":2},{"ssid":"","password":"Password1"}],"access_point":{}}"#,
    );
    config.wifi.networks.clear();
    config.services.extra.forget_networks();
    let json = config.as_ref().json(Secrets::Clear).to_string();
    assert!(json.contains(r#""known_networks":[]"#), "{json}");
    assert!(
        json.contains(r#""a":1"#) && !json.contains("Password1"),
        "{json}"
    );
}

#[test]
fn a_door_is_told_what_is_wrong_with_a_network() {
    let (current, _) = loaded(FULL);
    let lines: String = [
        r#"{"ssid":"HomeNetwork","password":"********","hidden":true}"#,
        r#"{"ssid":"New","password":"********"}"#,
        r#"{"ssid":"New","password":"short"}"#,
        r#"{"ssid":"New","bssid":"24-6f-28-56-78-9a"}"#,
        r#"{"ssid":"New","bssid":7}"#,
        r#"{"ssid_hex":"FF"}"#,
        r#"{"ssid_hex":"f"}"#,
        r#"{"ssid":""}"#,
        r#"{"ssid":"123456789012345678901234567890123"}"#,
        r#"{"password":""}"#,
        r#"{"ssid":"New","enables_webrepl":1}"#,
        r#"[]"#,
        r#"{"#,
    ]
    .into_iter()
    .map(
        |json| match parse_network(json.as_bytes(), current.as_ref()) {
            Ok(network) => format!("{network:?}\n"),
            Err(error) => format!("{error}\n"),
        },
    )
    .collect();
    expect![[r#"
        KnownNetwork { ssid: "HomeNetwork", security: Personal(***), bssid: None, hidden: true, enables_webrepl: false, proven: false, id: NetworkId(0) }
        Invalid config: password: masked, but no secret is stored for it
        Invalid config: password: expected 8 to 63 printable ASCII characters, 64 hex digits, or "" for open
        KnownNetwork { ssid: "New", security: Open, bssid: Some(24:6F:28:56:78:9A), hidden: false, enables_webrepl: false, proven: false, id: NetworkId(0) }
        Invalid config: bssid: expected a hardware address like 24:6F:28:56:78:9A, or null
        KnownNetwork { ssid: "\xff", security: Open, bssid: None, hidden: false, enables_webrepl: false, proven: false, id: NetworkId(0) }
        Invalid config: ssid_hex: expected 2 to 64 hex digits, two for each byte
        Invalid config: ssid: expected a text of 1 to 32 bytes
        Invalid config: ssid: expected a text of 1 to 32 bytes
        Invalid config: ssid: missing
        Invalid config: enables_webrepl: expected true or false
        Invalid config: $: expected an object
        Invalid JSON: line 1 column 2: unexpected end
    "#]].assert_eq(&lines);
}

#[test]
fn nothing_that_prints_for_debugging_holds_a_secret() {
    let (config, _) = loaded(&FULL.replace(
        "\"ssid_hex\":\"ff00\",\"password\":\"\"",
        "\"ssid\":\"X\",\"password\":\"bad pw\"",
    ));
    let debug = format!("{config:?}");
    for secret in [
        "Password2",
        "P@55W0rd",
        "micropython",
        "at least 8",
        "claim-code",
        "secret",
        "bad pw",
    ] {
        assert!(!debug.contains(secret), "{secret} in {debug}");
    }
}
