//! Every key, its default, its bounds, and where an error points.

use alloc::string::{String, ToString};

use expect_test::{Expect, expect};

use super::*;

fn check(text: &str, expect: Expect) {
    let seen = match AirFile::parse("air.toml", text) {
        Ok(file) => format!("{file:?}\n").replace(", ", ",\n"),
        Err(error) => format!("{error}\n"),
    };
    expect.assert_eq(&seen);
}

fn refused(rows: &[&str], expect: Expect) {
    let mut seen = String::new();
    for row in rows {
        let text = row.replace(" / ", "\n");
        seen += &match AirFile::parse("air.toml", &text) {
            Ok(_) => format!("{row}\n  fine\n"),
            Err(error) => format!("{row}\n  {error}\n"),
        };
    }
    expect.assert_eq(&seen);
}

#[test]
fn an_empty_file_is_a_world_of_defaults() {
    check(
        "",
        expect![[r#"
            AirFile { seed: 1,
            speed: 1.0,
            scan_ms: 2000,
            aps: [],
            changes: [],
            flash: FlashPlan { power_cut_after: None,
            fail_after: None } }
        "#]],
    );
    assert_eq!(AirFile::parse("", ""), Ok(AirFile::default()));
}

#[test]
fn a_router_needs_a_name_alone() {
    check(
        "[[ap]]\nssid = \"home\"",
        expect![[r#"
            AirFile { seed: 1,
            speed: 1.0,
            scan_ms: 2000,
            aps: [ApSpec { name: "home",
            ssid: "home",
            bssid: None,
            signal: Signal { channel: Channel(6),
            rssi: -48,
            hidden: false,
            on: true },
            admission: Admission { auth: Open,
            max_clients: 32,
            clients: 0,
            join_ms: 600 },
            uplink: Uplink { dhcp: true,
            dhcp_ms: 400,
            subnet: Ipv4Net { addr: 10.0.0.0,
            prefix: 24 },
            internet: Yes } }],
            changes: [],
            flash: FlashPlan { power_cut_after: None,
            fail_after: None } }
        "#]],
    );
}

/// Every key there is.
const EVERY_KEY: &str = r#"
    seed = 7
    speed = 10
    scan_ms = 500
    [[ap]]
    name = "home"
    ssid_hex = "436166c3a9"
    password = "Password2"
    security = "wpa3"
    bssid = "02:00:00:00:00:0A"
    channel = 13
    rssi = -61
    hidden = true
    dhcp = false
    internet = "captive"
    max_clients = 3
    clients = 1
    on = false
    join_ms = 1
    dhcp_ms = 2
    subnet = "192.168.0.0/16"
    [[at]]
    ms = 20000
    ap = "home"
    on = true
    rssi = -70
    password = "Password3"
    dhcp = true
    deauth = true
    comeback_ms = 1100
    channel = 1
    [flash]
    power_cut_after = 12
    fail_after = 13
"#;

#[test]
fn every_key_is_read() {
    check(
        EVERY_KEY,
        expect![[r#"
            AirFile { seed: 7,
            speed: 10.0,
            scan_ms: 500,
            aps: [ApSpec { name: "home",
            ssid: "Caf\xc3\xa9",
            bssid: Some(02:00:00:00:00:0A),
            signal: Signal { channel: Channel(13),
            rssi: -61,
            hidden: true,
            on: false },
            admission: Admission { auth: Wpa3(***),
            max_clients: 3,
            clients: 1,
            join_ms: 1 },
            uplink: Uplink { dhcp: false,
            dhcp_ms: 2,
            subnet: Ipv4Net { addr: 192.168.0.0,
            prefix: 16 },
            internet: Captive } }],
            changes: [TimedChange { ms: 20000,
            ap: "home",
            changes: [Password(Personal(***)),
            Rssi(-70),
            Dhcp(true),
            Comeback(1100),
            Channel(Channel(1)),
            Deauth,
            On(true)] }],
            flash: FlashPlan { power_cut_after: Some(12),
            fail_after: Some(13) } }
        "#]],
    );
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    refused(
        &[
            "sed = 1",
            "seed = -1",
            "seed = \"x\"",
            "speed = 0",
            "speed = 101",
            "scan_ms = 0",
            "[flash] / power_cut_after = -1",
            "[flash] / fails_after = 1",
            "a = ",
            "[[ap]] / ssid = \"a",
        ],
        expect![[r#"
            sed = 1
              air.toml:1:1: unknown field `sed`, expected one of `seed`, `speed`, `scan_ms`, `ap`, `at`, `flash`
            seed = -1
              air.toml:1:8: -1 is out of bounds, 0 to 9223372036854775807 are allowed, in `seed`
            seed = "x"
              air.toml:1:8: invalid type: string "x", expected a whole number from 0 to 9223372036854775807, in `seed`
            speed = 0
              air.toml:1:9: 0 is out of bounds, 0.01 to 100 are allowed, in `speed`
            speed = 101
              air.toml:1:9: 101 is out of bounds, 0.01 to 100 are allowed, in `speed`
            scan_ms = 0
              air.toml:1:11: 0 is out of bounds, 1 to 60000 are allowed, in `scan_ms`
            [flash] / power_cut_after = -1
              air.toml:2:19: -1 is out of bounds, 0 to 9223372036854775807 are allowed, in `flash.power_cut_after`
            [flash] / fails_after = 1
              air.toml:2:1: unknown field `fails_after`, expected `power_cut_after` or `fail_after`, in `flash`
            a = 
              air.toml:1:5: string values must be quoted, expected literal string
            [[ap]] / ssid = "a
              air.toml:2:10: invalid basic string, expected `"`
        "#]],
    );
}

#[test]
fn an_access_point_that_is_none_is_named() {
    refused(
        &[
            "[[ap]] / ssid = \"home\" / colour = 1",
            "[[ap]] / channel = 6",
            "[[ap]] / ssid = \"\"",
            "[[ap]] / ssid = \"a\" / ssid_hex = \"61\"",
            "[[ap]] / ssid_hex = \"6\"",
            "[[ap]] / ssid = \"é\" / name = \"é\" /   rssi   =  1",
            "[[ap]] / ssid = \"a\" / password = \"short\"",
            "[[ap]] / ssid = \"a\" / password = 12345678",
            "[[ap]] / ssid = \"a\" / password = \"Password2\" / security = \"open\"",
            "[[ap]] / ssid = \"a\" / security = \"wpa2\"",
            "[[ap]] / ssid = \"a\" / security = \"wep\"",
            "[[ap]] / ssid = \"a\" / bssid = \"02:00\"",
            "[[ap]] / ssid = \"a\" / channel = 15",
            "[[ap]] / ssid = \"a\" / channel = 6.5",
            "[[ap]] / ssid = \"a\" / hidden = 1",
            "[[ap]] / ssid = \"a\" / internet = \"maybe\"",
            "[[ap]] / ssid = \"a\" / max_clients = 2008",
            "[[ap]] / ssid = \"a\" / join_ms = 600001",
            "[[ap]] / ssid = \"a\" / subnet = \"10.0.0.0/31\"",
            "[[ap]] / ssid = \"a\" / bssid = \"02:00:00:00:00:01\" / [[ap]] / ssid = \"b\" / bssid = \"02:00:00:00:00:01\"",
        ],
        expect![[r#"
            [[ap]] / ssid = "home" / colour = 1
              air.toml:3:1: unknown field `colour`, expected one of `name`, `ssid`, `ssid_hex`, `password`, `security`, `bssid`, `channel`, `rssi`, `hidden`, `dhcp`, `internet`, `max_clients`, `clients`, `on`, `join_ms`, `dhcp_ms`, `subnet`, in `ap`
            [[ap]] / channel = 6
              air.toml:1:1: `ssid` or `ssid_hex` is missing in this access point
            [[ap]] / ssid = ""
              air.toml:2:8: allowed is a name of 1 to 32 bytes, in `ap.ssid`
            [[ap]] / ssid = "a" / ssid_hex = "61"
              air.toml:1:1: `ssid` and `ssid_hex` exclude each other
            [[ap]] / ssid_hex = "6"
              air.toml:2:12: allowed is 2 to 64 hexadecimal digits, two for a byte, in `ap.ssid_hex`
            [[ap]] / ssid = "é" / name = "é" /   rssi   =  1
              air.toml:4:13: 1 is out of bounds, -127 to 0 are allowed, in `ap.rssi`
            [[ap]] / ssid = "a" / password = "short"
              air.toml:3:12: allowed is a password of 8 to 63 printable ASCII characters, 64 hexadecimal digits, or "" for open, in `ap.password`
            [[ap]] / ssid = "a" / password = 12345678
              air.toml:3:12: allowed is a password of 8 to 63 printable ASCII characters, 64 hexadecimal digits, or "" for open, in `ap.password`
            [[ap]] / ssid = "a" / password = "Password2" / security = "open"
              air.toml:1:1: `password` and `security = "open"` exclude each other
            [[ap]] / ssid = "a" / security = "wpa2"
              air.toml:1:1: this `security` needs a `password`
            [[ap]] / ssid = "a" / security = "wep"
              air.toml:3:12: allowed is "open", "wpa2", "wpa3", "wpa2-wpa3" or "enterprise", in `ap.security`
            [[ap]] / ssid = "a" / bssid = "02:00"
              air.toml:3:9: allowed is a hardware address such as "02:00:00:00:00:01", in `ap.bssid`
            [[ap]] / ssid = "a" / channel = 15
              air.toml:3:11: 15 is out of bounds, 1 to 14 are allowed, in `ap.channel`
            [[ap]] / ssid = "a" / channel = 6.5
              air.toml:3:11: invalid type: floating point `6.5`, expected a whole number from 1 to 14, in `ap.channel`
            [[ap]] / ssid = "a" / hidden = 1
              air.toml:3:10: invalid type: integer `1`, expected a boolean, in `ap.hidden`
            [[ap]] / ssid = "a" / internet = "maybe"
              air.toml:3:12: invalid value: string "maybe", expected true, false or "captive", in `ap.internet`
            [[ap]] / ssid = "a" / max_clients = 2008
              air.toml:3:15: 2008 is out of bounds, 0 to 2007 are allowed, in `ap.max_clients`
            [[ap]] / ssid = "a" / join_ms = 600001
              air.toml:3:11: 600001 is out of bounds, 0 to 600000 are allowed, in `ap.join_ms`
            [[ap]] / ssid = "a" / subnet = "10.0.0.0/31"
              air.toml:3:10: allowed is a network such as "10.0.0.0/24", its prefix 8 to 30, in `ap.subnet`
            [[ap]] / ssid = "a" / bssid = "02:00:00:00:00:01" / [[ap]] / ssid = "b" / bssid = "02:00:00:00:00:01"
              air.toml:4:1: bssid 02:00:00:00:00:01 stands in the file twice, one of a kind is allowed
        "#]],
    );
}

#[test]
fn a_change_that_changes_nothing_is_named() {
    refused(
        &[
            "[[ap]] / ssid = \"a\" / [[at]] / ms = 1 / ap = \"b\" / on = true",
            "[[ap]] / ssid = \"a\" / [[at]] / ms = 1 / ap = \"a\"",
            "[[ap]] / ssid = \"a\" / [[at]] / ap = \"a\" / on = true",
            "[[ap]] / ssid = \"a\" / [[at]] / ms = -1 / ap = \"a\" / on = true",
            "[[ap]] / ssid = \"a\" / [[at]] / ms = 1 / ap = \"a\" / of = true",
        ],
        expect![[r#"
            [[ap]] / ssid = "a" / [[at]] / ms = 1 / ap = "b" / on = true
              air.toml:5:6: no access point has the name "b", in `at.ap`
            [[ap]] / ssid = "a" / [[at]] / ms = 1 / ap = "a"
              air.toml:3:1: nothing changes; one of `on`, `rssi`, `password`, `dhcp`, `deauth`, `comeback_ms` and `channel` is needed
            [[ap]] / ssid = "a" / [[at]] / ap = "a" / on = true
              air.toml:3:1: missing field `ms`, in `at`
            [[ap]] / ssid = "a" / [[at]] / ms = -1 / ap = "a" / on = true
              air.toml:4:6: -1 is out of bounds, 0 to 31536000000 are allowed, in `at.ms`
            [[ap]] / ssid = "a" / [[at]] / ms = 1 / ap = "a" / of = true
              air.toml:6:1: unknown field `of`, expected one of `ms`, `ap`, `on`, `rssi`, `password`, `dhcp`, `deauth`, `comeback_ms`, `channel`, in `at`
        "#]],
    );
}

#[test]
fn an_addition_has_routers_and_changes_alone() {
    let parse = |text| Addition::parse("more.toml", text, |name| name == "home");
    assert!(parse("[[at]]\nms = 1\nap = \"home\"\non = false").is_ok());
    let error = parse("seed = 1").unwrap_err().to_string();
    expect!["more.toml:1:1: unknown field `seed`, expected `ap` or `at`"].assert_eq(&error);
}

#[test]
fn there_is_an_end_to_routers_and_changes() {
    let aps = "[[ap]]\nssid = \"a\"\n".repeat(ACCESS_POINTS_MAX);
    assert!(AirFile::parse("", &aps).is_ok());
    let over = format!("{aps}[[ap]]\nssid = \"a\"\n");
    expect!["air.toml:513:1: more than 256 access points"]
        .assert_eq(&AirFile::parse("air.toml", &over).unwrap_err().to_string());
}
