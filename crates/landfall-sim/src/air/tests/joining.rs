//! Who is let in, who is not, why, and when that is told.

use alloc::string::String;

use expect_test::expect;
use landfall_core::net::Ssid;

use super::check;
use crate::air::key::derive_psk;

const HOME: &str = r#"
[[ap]]
name = "home"
ssid = "HomeNetwork"
password = "Password2"
"#;

fn with(more: &str) -> String {
    format!("{HOME}{more}\n")
}

#[test]
fn the_right_key_gives_a_link_and_then_an_address() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password2 02:00:00:00:00:01 6
         2000 d1 join HomeNetwork Password2 * *
         9000 d0 query",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            4600 d1 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            5000 d1 Address(Ipv4Net { addr: 10.0.0.3, prefix: 24 })
            9000 d0 Report(LinkReport { rssi: Some(-48), address: Some(Ipv4Net { addr: 10.0.0.2, prefix: 24 }), ap_up: false })
        "#]],
    );
}

#[test]
fn a_wrong_key_fails_with_15_after_two_seconds() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password3 02:00:00:00:00:01 6",
        expect![[r#"
            2000 d0 JoinFailed { reason: Code(15), comeback_ms: None }
        "#]],
    );
}

#[test]
fn a_raw_key_opens_what_its_passphrase_opens() {
    let key = derive_psk(&Ssid::new(b"HomeNetwork").unwrap(), "Password2");
    let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
    let wrong = "0".repeat(64);
    check(
        HOME,
        &format!(
            "0 d0 join HomeNetwork {hex} * 6
             3000 d1 join HomeNetwork {wrong} * 6"
        ),
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            5000 d1 JoinFailed { reason: Code(15), comeback_ms: None }
        "#]],
    );
}

#[test]
fn other_kinds_of_security_fail_with_210_and_a_raw_key_at_wpa3_with_211() {
    let raw = "0".repeat(64);
    for (security, secret, expected) in [
        (
            "",
            "-",
            expect![[r#"
            100 d0 JoinFailed { reason: Code(210), comeback_ms: None }
        "#]],
        ),
        (
            "security = \"enterprise\"",
            "Password2",
            expect![[r#"
            100 d0 JoinFailed { reason: Code(210), comeback_ms: None }
        "#]],
        ),
        (
            "security = \"enterprise\"",
            "-",
            expect![[r#"
            100 d0 JoinFailed { reason: Code(210), comeback_ms: None }
        "#]],
        ),
        (
            "security = \"wpa3\"",
            raw.as_str(),
            expect![[r#"
            100 d0 JoinFailed { reason: Code(211), comeback_ms: None }
        "#]],
        ),
        (
            "security = \"wpa3\"",
            "Password2",
            expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
        "#]],
        ),
        (
            "security = \"wpa2-wpa3\"",
            "Password2",
            expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
        "#]],
        ),
    ] {
        check(
            &with(security),
            &format!("0 d0 join HomeNetwork {secret} * 6"),
            expected,
        );
    }
    check(
        "[[ap]]\nssid = \"CafeFree\"",
        "0 d0 join CafeFree Password2 * 6",
        expect![[r#"
            100 d0 JoinFailed { reason: Code(210), comeback_ms: None }
        "#]],
    );
}

#[test]
fn one_that_is_not_there_fails_with_201() {
    check(
        HOME,
        "0 d0 join Elsewhere Password2 * *
         3000 d0 join HomeNetwork Password2 02:00:00:00:00:02 *
         6000 d0 join HomeNetwork Password2 02:00:00:00:00:01 11
         7000 air ap home rssi -93
         7000 d0 join HomeNetwork Password2 * 6
         8000 air ap home rssi -48
         8000 air ap home off
         8000 d0 join HomeNetwork Password2 * 6",
        expect![[r#"
            2000 d0 JoinFailed { reason: Code(201), comeback_ms: None }
            5000 d0 JoinFailed { reason: Code(201), comeback_ms: None }
            6300 d0 JoinFailed { reason: Code(201), comeback_ms: None }
            7300 d0 JoinFailed { reason: Code(201), comeback_ms: None }
            8300 d0 JoinFailed { reason: Code(201), comeback_ms: None }
        "#]],
    );
}

#[test]
fn comeback_is_told_to_the_next_who_joins_and_to_no_other() {
    check(
        &with("[[at]]\nms = 100\nap = \"home\"\ncomeback_ms = 1100"),
        "200 d0 join HomeNetwork Password2 * 6
         1500 d0 join HomeNetwork Password2 * 6",
        expect![[r#"
            300 d0 JoinFailed { reason: Code(203), comeback_ms: Some(1100) }
            2100 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            2500 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
        "#]],
    );
}

#[test]
fn a_full_one_fails_with_5() {
    check(
        &with("max_clients = 3\nclients = 2"),
        "0 d0 join HomeNetwork Password2 * 6
         2000 d1 join HomeNetwork Password2 * 6
         3000 d0 leave
         4000 d1 join HomeNetwork Password2 * 6",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            2100 d1 JoinFailed { reason: Code(5), comeback_ms: None }
            3030 d0 Left
            4600 d1 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            5000 d1 Address(Ipv4Net { addr: 10.0.0.3, prefix: 24 })
        "#]],
    );
}

#[test]
fn without_dhcp_there_is_never_an_address_until_it_is_back() {
    check(
        &with("dhcp = false"),
        "0 d0 join HomeNetwork Password2 * 6
         90000 d0 query
         100000 air ap home dhcp on
         101000 air ap home dhcp off
         102000 d0 query",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            90000 d0 Report(LinkReport { rssi: Some(-48), address: None, ap_up: false })
            100400 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            102000 d0 Report(LinkReport { rssi: Some(-48), address: Some(Ipv4Net { addr: 10.0.0.2, prefix: 24 }), ap_up: false })
        "#]],
    );
}

#[test]
fn a_network_too_small_for_all_gives_the_last_no_address() {
    check(
        &with("subnet = \"192.168.7.9/30\""),
        "0 d0 join HomeNetwork Password2 * 6
         2000 d1 join HomeNetwork Password2 * 6",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 192.168.7.10, prefix: 30 })
            2600 d1 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
        "#]],
    );
}

#[test]
fn the_times_are_those_of_the_file() {
    check(
        &with("join_ms = 50\ndhcp_ms = 7"),
        "0 d0 join HomeNetwork Password2 * 6",
        expect![[r#"
            50 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            57 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
        "#]],
    );
}

#[test]
fn of_several_the_strongest_that_suits_is_taken() {
    let mesh = r#"
        [[ap]]
        ssid = "mesh"
        password = "Password2"
        rssi = -70
        channel = 1
        [[ap]]
        ssid = "mesh"
        password = "Password2"
        rssi = -60
        channel = 11
        [[ap]]
        ssid = "mesh"
        rssi = -40
    "#;
    check(
        mesh,
        "0 d0 join mesh Password2 * *
         5000 d0 join mesh Password2 02:00:00:00:00:01 1
         8000 d0 join mesh - * *",
        expect![[r#"
            2600 d0 Joined { bssid: 02:00:00:00:00:02, channel: Channel(11), rssi: -60 }
            3000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            5600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(1), rssi: -70 }
            6000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            10600 d0 Joined { bssid: 02:00:00:00:00:03, channel: Channel(6), rssi: -40 }
            11000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
        "#]],
    );
}

#[test]
fn a_hidden_one_answers_a_directed_probe() {
    check(
        &with("hidden = true"),
        "0 d0 scan
         2500 d0 join HomeNetwork Password2 * *",
        expect![[r#"
            2000 d0 ScanRow(ScanRow { ssid: None, bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48, auth: Wpa2 })
            2000 d0 ScanDone
            5100 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            5500 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
        "#]],
    );
}

#[test]
fn one_that_goes_silent_in_the_handshake_fails_as_transient() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password2 * 6
         300 air ap home off",
        expect![[r#"
            600 d0 JoinFailed { reason: Code(205), comeback_ms: None }
        "#]],
    );
}
