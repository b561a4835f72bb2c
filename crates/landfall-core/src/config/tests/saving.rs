//! What is refused when it is to be saved, and what a mask stands for.

use super::*;

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

/// What is laid over a configuration, and what stands in it then; or what is wrong.
fn check_overlay(settings: &str, expected: Expect) {
    let base = br#"{"schema": 2, "hostname": "desk-7", "known_networks": [{"ssid": "home", "password": "Password2"}],
        "access_point": {"config": {"essid": "Lab", "password": "P@55W0rd"}}, "fleet": {"url": "https://fleet.example"}}"#;
    let current = crate::config::load(base, &Defaults::built_in(), &mut |_| {});
    let mut config = current.clone();
    let settings = crate::json::parse(settings.as_bytes()).unwrap();
    let said = match crate::config::overlay(settings, current.as_ref(), &mut config) {
        Ok(()) => std::format!("{}", config.as_ref().json(crate::config::Secrets::Masked)),
        Err(invalid) => std::format!("{invalid}"),
    };
    expected.assert_eq(&said);
}

#[test]
fn a_part_is_laid_over() {
    check_overlay(
        "{}",
        expect![[
            r#"{"schema":2,"hostname":"desk-7","mode":"sta_ap","known_networks":[{"ssid":"home","password":"********","enables_webrepl":false,"bssid":null,"hidden":false}],"access_point":{"config":{"essid":"Lab","hidden":false,"password":"********","max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":false},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":10000,"max_retry":5,"fallback_deadline_ms":15000},"fleet":{"url":"https://fleet.example"},"mqtt":{"commands":false},"radio":{},"led":{},"log_level":"info"}"#
        ]],
    );
    check_overlay(
        r#"{"device_name": "Room 7", "fence": 3, "hostname": "room-7", "fleet": {"url": ""}, "known_networks": [],
            "access_point": {"config": {"essid": "Room"}}, "mqtt": {"url": "mqtt://broker"}, "led": {"pin": 2}}"#,
        expect![[
            r#"{"schema":2,"hostname":"room-7","device_name":"Room 7","mode":"sta_ap","known_networks":[{"ssid":"home","password":"********","enables_webrepl":false,"bssid":null,"hidden":false}],"access_point":{"config":{"essid":"Room","hidden":false,"password":"********","max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":false},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":10000,"max_retry":5,"fallback_deadline_ms":15000},"fleet":{"url":"https://fleet.example"},"mqtt":{"url":"mqtt://broker","commands":false},"radio":{},"led":{"pin":2},"log_level":"info"}"#
        ]],
    );
    check_overlay(
        r#"{"station": {"max_retry": 0}}"#,
        expect!["station.max_retry: expected a whole number from 1 to 50"],
    );
    check_overlay("[]", expect!["$: expected an object"]);
}
