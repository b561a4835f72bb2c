//! Values set at build time: taken where nothing else is said, and refused where they are wrong.

use super::*;

fn raw() -> RawDefaults<'static> {
    RawDefaults {
        sta_ssid: Some("Home"),
        sta_password: Some("Password1"),
        hostname: Some("board-1"),
        sta_max_retry: Some("7"),
        ap_ssid: Some("Board"),
        ap_ssid_prefix: Some("Board-"),
        ap_password: Some("Password2"),
        ap_channel: Some("13"),
        ap_max_clients: Some("10"),
        ap_fallback: Some("n"),
    }
}

#[test]
fn variables_are_the_defaults_of_what_is_absent() {
    let defaults = Defaults::parse(&raw()).unwrap();
    assert_eq!(defaults.ap_prefix, "Board-");
    assert!(defaults.ap_secret.is_some());
    expect![[r#"{"schema":2,"hostname":"board-1","mode":"sta_ap","known_networks":[{"ssid":"Home","password":"Password1","enables_webrepl":false,"bssid":null,"hidden":false}],"access_point":{"config":{"essid":"Board","channel":13,"hidden":false,"max_clients":10},"enables_webrepl":false,"start_policy":"never"},"config_server":{"enabled":false},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":10000,"max_retry":7,"fallback_deadline_ms":15000},"fleet":{},"mqtt":{"commands":false},"radio":{},"led":{},"log_level":"info"}"#]].assert_eq(&defaults.config().as_ref().json(Secrets::Clear).to_string());

    let empty = br#"{"schema":2,"known_networks":[],"access_point":{}}"#;
    let config = load(empty, &defaults, &mut |warning| panic!("{warning}"));
    let mut expected = defaults.config();
    expected.wifi.networks.clear();
    assert_eq!(config, expected);
    assert_eq!(load(b"{", &defaults, &mut |_| {}), defaults.config());
}

#[test]
fn variables_that_are_not_set_or_empty_change_nothing() {
    assert_eq!(
        Defaults::parse(&RawDefaults::default()),
        Ok(Defaults::default())
    );
    let empty = RawDefaults {
        sta_ssid: Some(""),
        sta_password: Some(""),
        hostname: Some(""),
        sta_max_retry: Some(""),
        ap_ssid: Some(""),
        ap_ssid_prefix: Some(""),
        ap_password: Some(""),
        ap_channel: Some(""),
        ap_max_clients: Some(""),
        ap_fallback: Some(""),
    };
    assert_eq!(Defaults::parse(&empty), Ok(Defaults::default()));
    assert_eq!(Defaults::default().config(), Config::default());
}

#[test]
fn a_variable_out_of_its_bounds_is_named() {
    let long = "x".repeat(65);
    let fields: [fn(&mut RawDefaults<'static>, &'static str); 10] = [
        |raw, text| raw.sta_ssid = Some(text),
        |raw, text| raw.sta_password = Some(text),
        |raw, text| raw.hostname = Some(text),
        |raw, text| raw.sta_max_retry = Some(text),
        |raw, text| raw.ap_ssid = Some(text),
        |raw, text| raw.ap_ssid_prefix = Some(text),
        |raw, text| raw.ap_password = Some(text),
        |raw, text| raw.ap_channel = Some(text),
        |raw, text| raw.ap_max_clients = Some(text),
        |raw, text| raw.ap_fallback = Some(text),
    ];
    let long: &'static str = std::boxed::Box::leak(long.into_boxed_str());
    let mut lines = String::new();
    for field in fields {
        let mut raw = raw();
        field(&mut raw, long);
        lines += &format!("{}\n", Defaults::parse(&raw).unwrap_err());
    }
    expect![[r#"
        LANDFALL_STA_SSID has to have 1 to 32 bytes
        LANDFALL_STA_PASSWORD has to have 8 to 63 printable ASCII characters or 64 hex digits
        LANDFALL_HOSTNAME has to have 1 to 32 of a-z, 0-9 and -, no - at either end
        LANDFALL_STA_MAX_RETRY has to be 1 to 50
        LANDFALL_AP_SSID has to have 1 to 32 bytes
        LANDFALL_AP_SSID_PREFIX has to have 1 to 26 bytes
        LANDFALL_AP_PASSWORD has to have 8 to 63 printable ASCII characters
        LANDFALL_AP_CHANNEL has to be 1 to 13
        LANDFALL_AP_MAX_CLIENTS has to be 1 to 10
        LANDFALL_AP_FALLBACK has to be y or n
    "#]]
    .assert_eq(&lines);
}
