//! What is loaded from a stored document, what is warned of, what is kept.

use super::*;

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
            device_name="Lab 1, left"
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
            access_point.config.channel: expected a whole number from 1 to 13
            access_point.config.max_clients: expected a whole number from 1 to 10
            access_point.config.password: expected 8 to 63 printable ASCII characters, or "" for open
            access_point.config.password: the device's own secret is used instead
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
