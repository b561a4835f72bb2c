//! Every field with values below, at and above its bounds.

use super::*;

/// A document with that member of that section, all else absent.
fn document(section: &str, member: &str) -> String {
    let mut networks = String::new();
    let mut ap = String::from("{}");
    let mut rest = String::new();
    match section {
        "" => rest = format!(",{member}"),
        "network" if member.starts_with("\"ssid") => networks = format!("{{{member}}}"),
        "network" => networks = format!(r#"{{"ssid":"A",{member}}}"#),
        "access_point" => ap = format!("{{{member}}}"),
        "config" => ap = format!(r#"{{"config":{{{member}}}}}"#),
        other => rest = format!(r#","{other}":{{{member}}}"#),
    }
    format!(r#"{{"schema":2,"known_networks":[{networks}],"access_point":{ap}{rest}}}"#)
}

/// Each right value is saved and loaded without a warning; each wrong one is refused with the
/// path of its field, and warned of with the same path.
fn check_field(section: &str, name: &str, right: &[&str], wrong: &[&str]) {
    let path = match section {
        "" => String::from(name),
        "network" => format!("known_networks[0].{name}"),
        "config" => format!("access_point.config.{name}"),
        other => format!("{other}.{name}"),
    };
    let nothing = Config::default();
    for value in right {
        let document = document(section, &format!("\"{name}\":{value}"));
        let (config, warnings) = loaded(&document);
        assert_eq!(warnings, "", "{document}");
        let strict = parse_strict(document.as_bytes(), nothing.as_ref(), &Defaults::default());
        assert_eq!(strict, Ok(config), "{document}");
    }
    for value in wrong {
        let document = document(section, &format!("\"{name}\":{value}"));
        let error = saved(&nothing, &document);
        assert!(
            error.starts_with(&format!("Invalid config: {path}: ")),
            "{document}: {error}"
        );
        let (_, warnings) = loaded(&document);
        assert!(
            warnings.starts_with(&format!("{path}: ")),
            "{document}: {warnings}"
        );
    }
}

/// A JSON text of that many characters.
fn text(len: usize) -> String {
    format!("\"{}\"", "a".repeat(len))
}

/// A text that has to have so many characters.
fn check_length(section: &str, name: &str, min: usize, max: usize) {
    check_field(
        section,
        name,
        &[&text(min), &text(max)],
        &[&text(max + 1), "1", "[]"],
    );
    if min > 0 {
        check_field(section, name, &[], &[&text(min - 1)]);
    }
}

/// A number that has to lie between these.
fn check_range(section: &str, name: &str, min: i64, max: i64) {
    let right = [min.to_string(), max.to_string()];
    let wrong = [(min - 1).to_string(), (max + 1).to_string()];
    let fraction = format!("{max}.5");
    let text = format!("\"{min}\"");
    check_field(
        section,
        name,
        &right.each_ref().map(String::as_str),
        &[
            &wrong[0],
            &wrong[1],
            &fraction,
            &text,
            "true",
            "[]",
            "4294967296",
        ],
    );
}

fn check_flag(section: &str, name: &str) {
    check_field(
        section,
        name,
        &["true", "false"],
        &["2", "\"true\"", "null"],
    );
}

#[test]
fn the_whole_device() {
    check_length("", "hostname", 1, 32);
    check_length("", "device_name", 0, 64);
    check_field(
        "",
        "mode",
        &["\"off\"", "\"sta_ap\"", "0", "3"],
        &["-1", "4", "\"STA\"", "null"],
    );
    check_field(
        "",
        "log_level",
        &["\"error\"", "\"trace\""],
        &["\"loud\"", "1"],
    );
    check_field(
        "",
        "internet_probe_url",
        &["\"\"", "\"http://a/b\""],
        &["\"a\"", "\"ftp://a\"", "\"http://\"", "\"http://a b\""],
    );
    check_field(
        "",
        "hostname",
        &["\"a-1\""],
        &["\"-a\"", "\"a-\"", "\"A\"", "\"a.b\""],
    );
}

#[test]
fn known_networks() {
    check_length("network", "ssid", 1, 32);
    check_field(
        "network",
        "ssid_hex",
        &["\"00\"", "\"fF\""],
        &["\"\"", "\"0\"", "\"gg\"", "0"],
    );
    check_field("network", "ssid_hex", &[&text(64)], &[&text(66)]);
    check_field(
        "network",
        "password",
        &["\"\"", &text(8), &text(63), &text(64)],
        &[
            &text(7),
            &text(65),
            "\"ümlaut12\"",
            "null",
            "12345678",
            "\"********\"",
        ],
    );
    check_field("network", "password", &[], &[&text(64).replace('a', "g")]);
    check_flag("network", "enables_webrepl");
    check_flag("network", "hidden");
    check_field(
        "network",
        "bssid",
        &["null", "\"24:6f:28:56:78:9a\""],
        &["\"\"", "\"24:6f:28:56:78\"", "\"24:6f:28:56:78:9g\"", "0"],
    );
}

#[test]
fn access_point() {
    check_length("config", "essid", 1, 32);
    check_length("config", "ssid", 1, 32);
    for name in ["password", "key"] {
        check_field(
            "config",
            name,
            &["\"\"", &text(8), &text(63)],
            &[&text(1), &text(7), &text(64), "null", "12345678"],
        );
    }
    check_range("config", "channel", 1, 13);
    check_range("config", "max_clients", 1, 10);
    check_field(
        "config",
        "hidden",
        &["true", "false", "0", "1"],
        &["2", "\"true\"", "null"],
    );
    check_field(
        "config",
        "txpower",
        &["2", "20", "8.5"],
        &["1", "21", "1e1", "\"5\""],
    );
    check_field("config", "dhcp_hostname", &["\"a\""], &["\"A\""]);
    check_field("config", "authmode", &["3"], &["-1", "17", "\"wpa2\""]);
    check_flag("access_point", "enables_webrepl");
    check_field(
        "access_point",
        "start_policy",
        &["\"always\"", "\"fallback\"", "\"never\""],
        &["\"\"", "\"Always\"", "0"],
    );
}

#[test]
fn doors() {
    check_flag("config_server", "enabled");
    check_length("config_server", "password", 8, 64);
    check_length("webrepl", "password", 8, 64);
    check_field("webrepl", "password", &[], &["\"12345678\\r\""]);
    check_flag("portal", "station_writes");
    check_field(
        "portal",
        "ap_address",
        &["\"192.168.4.1/24\"", "\"10.0.0.1/8\"", "\"172.16.0.1/30\""],
        &[
            "\"192.168.4.1\"",
            "\"192.168.4.0/24\"",
            "\"192.168.4.255/24\"",
            "\"192.168.4.1/31\"",
            "\"192.168.4.1/7\"",
            "\"127.0.0.1/8\"",
            "\"224.0.0.1/24\"",
            "\"256.0.0.1/24\"",
        ],
    );
}

#[test]
fn timing() {
    check_range("station", "connect_timeout_ms", 1_000, 60_000);
    check_range("station", "max_retry", 1, 50);
    check_range("station", "fallback_deadline_ms", 0, 600_000);
}

#[test]
fn services() {
    let url = format!("\"http://{}\"", "a".repeat(121));
    let longer = format!("\"http://{}\"", "a".repeat(122));
    check_field(
        "fleet",
        "url",
        &["\"\"", &url],
        &[&longer, "\"mqtt://a\"", "\"http://a:b@c\""],
    );
    check_length("fleet", "claim", 0, 32);
    check_length("fleet", "ca_pem", 0, 2048);
    check_field("mqtt", "url", &["\"mqtts://a\""], &["\"http://a\""]);
    check_length("mqtt", "user", 0, 64);
    check_length("mqtt", "password", 0, 64);
    check_flag("mqtt", "commands");
    check_field(
        "radio",
        "country",
        &["\"01\"", "\"DE\"", "null"],
        &["\"D\"", "\"DEU\"", "\"de\""],
    );
    check_range("radio", "tx_power_dbm", 2, 20);
    check_range("led", "pin", 0, 48);
    check_field("led", "active_low", &["true", "null"], &["1"]);
}
