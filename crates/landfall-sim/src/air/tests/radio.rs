//! One radio: scans, access points, phones, and what a device must not ask.

use alloc::string::ToString;

use expect_test::expect;

use super::{Scene, check};
use crate::air::{Violation, file::Addition};

const THREE: &str = r#"
[[ap]]
ssid = "one"
channel = 1
rssi = -50
[[ap]]
ssid = "six"
password = "Password2"
security = "wpa2-wpa3"
channel = 6
rssi = -92
[[ap]]
ssid_hex = "436166c3a9"
security = "enterprise"
channel = 11
rssi = -30
[[ap]]
ssid = "far"
rssi = -93
[[ap]]
ssid = "dark"
on = false
"#;

#[test]
fn a_scan_hears_all_that_can_be_heard() {
    check(
        THREE,
        "0 d0 scan",
        expect![[r#"
            2000 d0 ScanRow(ScanRow { ssid: Some("one"), bssid: 02:00:00:00:00:01, channel: Channel(1), rssi: -50, auth: Open })
            2000 d0 ScanRow(ScanRow { ssid: Some("six"), bssid: 02:00:00:00:00:02, channel: Channel(6), rssi: -92, auth: Wpa2Wpa3 })
            2000 d0 ScanRow(ScanRow { ssid: Some("Caf\xc3\xa9"), bssid: 02:00:00:00:00:03, channel: Channel(11), rssi: -30, auth: Enterprise })
            2000 d0 ScanDone
        "#]],
    );
}

#[test]
fn a_cancelled_operation_comes_to_its_own_end_soon() {
    check(
        THREE,
        "0 d0 scan
         1000 d0 cancel
         2000 d0 join one - * 1
         2100 d0 cancel
         2110 d0 cancel
         3000 d0 cancel
         4000 d0 ap Landfall-000001 - 6
         4010 d0 cancel",
        expect![[r#"
            1020 d0 ScanRow(ScanRow { ssid: Some("one"), bssid: 02:00:00:00:00:01, channel: Channel(1), rssi: -50, auth: Open })
            1020 d0 ScanRow(ScanRow { ssid: Some("six"), bssid: 02:00:00:00:00:02, channel: Channel(6), rssi: -92, auth: Wpa2Wpa3 })
            1020 d0 ScanDone
            2120 d0 JoinFailed { reason: Code(8), comeback_ms: None }
            4106 d0 ApStarted { channel: Channel(6) }
        "#]],
    );
}

#[test]
fn devices_hear_each_other_and_not_themselves() {
    check(
        "",
        "0 d0 ap Landfall-000001 Password2 11
         0 d1 ap Landfall-000002 - 1
         1000 d0 scan
         1000 d1 scan
         5000 d0 stop
         6000 d1 scan",
        expect![[r#"
            106 d0 ApStarted { channel: Channel(11) }
            113 d1 ApStarted { channel: Channel(1) }
            3000 d0 ScanRow(ScanRow { ssid: Some("Landfall-000002"), bssid: 26:6F:28:00:00:02, channel: Channel(1), rssi: -60, auth: Open })
            3000 d0 ScanDone
            3000 d1 ScanRow(ScanRow { ssid: Some("Landfall-000001"), bssid: 26:6F:28:00:00:01, channel: Channel(11), rssi: -60, auth: Wpa2 })
            3000 d1 ScanDone
            5030 d0 ApStopped
            8000 d1 ScanDone
        "#]],
    );
}

#[test]
fn an_access_point_takes_the_channel_of_the_station() {
    check(
        THREE,
        "0 d0 join one - * 1
         2000 d0 ap Landfall-000001 - 6
         3000 d0 leave
         4000 d0 move 11
         5000 d0 join one - * *",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(1), rssi: -50 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            2106 d0 ApStarted { channel: Channel(1) }
            3030 d0 Left
            4512 d0 ApMoved { channel: Channel(11) }
            7600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(1), rssi: -50 }
            7600 d0 ApMoved { channel: Channel(1) }
            8000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
        "#]],
    );
}

#[test]
fn a_phone_comes_and_goes() {
    check(
        "",
        "0 air phone join Landfall-000001
         0 air phone leave
         0 d0 ap Landfall-000001 Password2 11
         0 d1 ap Landfall-000002 - 1
         1000 air phone join Landfall-000001
         1000 air phone join Landfall-000001 Password3
         1000 air phone join Landfall-000001 Password2
         1000 air phone join Landfall-000001 Password2
         2000 air phone join Landfall-000002
         2500 d1 move 6
         4000 d1 stop
         5000 air phone leave
         6000 air phone join Landfall-000001 Password2
         7000 air phone leave",
        expect![[r#"
            0 air no device has an access point of that name up; see `list`
            0 air the phone has joined no access point
            106 d0 ApStarted { channel: Channel(11) }
            113 d1 ApStarted { channel: Channel(1) }
            1000 air the password does not open it
            1000 air the password does not open it
            1000 d0 ClientJoined(02:50:48:4F:4E:45)
            2000 d0 ClientLeft(02:50:48:4F:4E:45)
            2000 d1 ClientJoined(02:50:48:4F:4E:45)
            3012 d1 ApMoved { channel: Channel(6) }
            4030 d1 ClientLeft(02:50:48:4F:4E:45)
            4030 d1 ApStopped
            5000 air the phone has joined no access point
            6000 d0 ClientJoined(02:50:48:4F:4E:45)
            7000 d0 ClientLeft(02:50:48:4F:4E:45)
        "#]],
    );
}

#[test]
fn faults_hit_once() {
    check(
        "",
        "0 d0 fault scan
         0 d0 scan
         1000 d0 scan
         4000 d0 fault ap
         4000 d0 ap Landfall-000001 - 1
         5000 d0 ap Landfall-000001 - 1",
        expect![[r#"
            100 d0 ScanFailed
            3000 d0 ScanDone
            4106 d0 ApFailed { reason: Code(205) }
            5109 d0 ApStarted { channel: Channel(1) }
        "#]],
    );
}

/// What a device must not ask of one radio, and what it may.
#[test]
fn violations_are_counted() {
    for (script, expected) in [
        ("0 d0 scan\n1 d0 join one - * 1", Some(Violation::TwoAtOnce)),
        ("0 d0 scan\n1 d0 leave", Some(Violation::TwoAtOnce)),
        ("0 d0 scan\n1 d1 scan", None),
        ("0 d0 scan\n1 d0 query\n2 d0 cancel", None),
        (
            "0 d0 ap L - 6\n900 d0 join one - * 1",
            Some(Violation::JoinOffChannel),
        ),
        ("0 d0 ap L - 6\n900 d0 join one - * *", None),
        ("0 d0 ap L - 6\n900 d0 move 1\n1900 d0 join one - * 1", None),
        (
            "0 d0 join one - * 1\n2000 d0 ap L - 1\n3000 d0 move 6",
            Some(Violation::MoveOffStation),
        ),
        ("0 d0 move 6", Some(Violation::MoveOfNone)),
    ] {
        let mut scene = Scene::new(THREE);
        script.lines().for_each(|line| scene.line(line));
        scene.until(10_000);
        let last = scene.air.last_violation().map(|(_, _, what)| what);
        assert_eq!(last, expected, "{script}");
        assert_eq!(
            scene.air.violations(),
            u64::from(expected.is_some()),
            "{script}"
        );
    }
}

#[test]
fn list_and_log_show_the_world_in_rows() {
    check(
        THREE,
        "0 d0 join one - * 1
         2000 d0 ap Landfall-000001 - 1
         2500 air phone join Landfall-000001
         3000 d1 join six Password3 * 6
         6000 d1 scan
         6500 d1 cancel
         7000 d2 scan
         7000 d2 leave
         7100 d2 off
         8000 d2 scan
         8100 air list
         8100 air log",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(1), rssi: -50 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            2106 d0 ApStarted { channel: Channel(1) }
            2500 d0 ClientJoined(02:50:48:4F:4E:45)
            5000 d1 JoinFailed { reason: Code(15), comeback_ms: None }
            6520 d1 ScanRow(ScanRow { ssid: Some("one"), bssid: 02:00:00:00:00:01, channel: Channel(1), rssi: -50, auth: Open })
            6520 d1 ScanRow(ScanRow { ssid: Some("Landfall-000001"), bssid: 26:6F:28:00:00:01, channel: Channel(1), rssi: -60, auth: Open })
            6520 d1 ScanDone
            7000 d2 Left
            8100 air {"ap":"one","ssid":"one","ssid_hex":"6f6e65","bssid":"02:00:00:00:00:01","security":"open","on":true,"channel":1,"rssi":-50,"hidden":false,"dhcp":true,"internet":true,"clients":1,"max_clients":32}
            8100 air {"ap":"six","ssid":"six","ssid_hex":"736978","bssid":"02:00:00:00:00:02","security":"wpa2-wpa3","on":true,"channel":6,"rssi":-92,"hidden":false,"dhcp":true,"internet":true,"clients":0,"max_clients":32}
            8100 air {"ap":"Café","ssid":"Café","ssid_hex":"436166c3a9","bssid":"02:00:00:00:00:03","security":"enterprise","on":true,"channel":11,"rssi":-30,"hidden":false,"dhcp":true,"internet":true,"clients":0,"max_clients":32}
            8100 air {"ap":"far","ssid":"far","ssid_hex":"666172","bssid":"02:00:00:00:00:04","security":"open","on":true,"channel":6,"rssi":-93,"hidden":false,"dhcp":true,"internet":true,"clients":0,"max_clients":32}
            8100 air {"ap":"dark","ssid":"dark","ssid_hex":"6461726b","bssid":"02:00:00:00:00:05","security":"open","on":false,"channel":6,"rssi":-48,"hidden":false,"dhcp":true,"internet":true,"clients":0,"max_clients":32}
            8100 air {"device":"lf-246f28000001","mac":"24:6F:28:00:00:01","joined":"one","bssid":"02:00:00:00:00:01","ip":"10.0.0.2","ap_ssid":"Landfall-000001","ap_channel":1,"phone":true}
            8100 air {"device":"lf-246f28000002","mac":"24:6F:28:00:00:02","joined":null,"bssid":null,"ip":null,"ap_ssid":null,"ap_channel":null,"phone":false}
            8100 air {"device":"lf-246f28000003","mac":"24:6F:28:00:00:03","joined":null,"bssid":null,"ip":null,"ap_ssid":null,"ap_channel":null,"phone":false}
            8100 air {"ms":0,"device":"lf-246f28000001","op":"join","ssid":"one","channel":1,"end_ms":600,"result":"done"}
            8100 air {"ms":2000,"device":"lf-246f28000001","op":"ap_start","ssid":"Landfall-000001","channel":1,"end_ms":2106,"result":"done"}
            8100 air {"ms":3000,"device":"lf-246f28000002","op":"join","ssid":"six","channel":6,"end_ms":5000,"result":"failed","reason":15}
            8100 air {"ms":6000,"device":"lf-246f28000002","op":"scan","end_ms":6520,"result":"cancelled"}
            8100 air {"ms":7000,"device":"lf-246f28000003","op":"scan","end_ms":7100,"result":"power_lost"}
            8100 air {"ms":7000,"device":"lf-246f28000003","op":"leave","end_ms":7000,"result":"refused"}
            8100 air {"ms":8000,"device":"lf-246f28000003","op":"scan","end_ms":null,"result":null}
            10000 d2 ScanRow(ScanRow { ssid: Some("one"), bssid: 02:00:00:00:00:01, channel: Channel(1), rssi: -50, auth: Open })
            10000 d2 ScanRow(ScanRow { ssid: Some("six"), bssid: 02:00:00:00:00:02, channel: Channel(6), rssi: -91, auth: Wpa2Wpa3 })
            10000 d2 ScanRow(ScanRow { ssid: Some("Caf\xc3\xa9"), bssid: 02:00:00:00:00:03, channel: Channel(11), rssi: -30, auth: Enterprise })
            10000 d2 ScanRow(ScanRow { ssid: Some("Landfall-000001"), bssid: 26:6F:28:00:00:01, channel: Channel(1), rssi: -60, auth: Open })
            10000 d2 ScanDone
        "#]],
    );
}

#[test]
fn routers_may_be_added() {
    let mut scene = Scene::new(THREE);
    let more = r#"
        [[ap]]
        ssid = "new"
        [[at]]
        ms = 10
        ap = "new"
        rssi = -71
        [[at]]
        ms = 10
        ap = "one"
        on = false
    "#;
    let known = |air: &crate::air::Air, name: &str| air.has_access_point(name);
    let addition = Addition::parse("more.toml", more, |n| known(&scene.air, n)).unwrap();
    scene.air.add(addition, 100).unwrap();
    scene.line("100 d0 scan");
    scene.until(5000);
    expect![[r#"
        2100 d0 ScanRow(ScanRow { ssid: Some("six"), bssid: 02:00:00:00:00:02, channel: Channel(6), rssi: -92, auth: Wpa2Wpa3 })
        2100 d0 ScanRow(ScanRow { ssid: Some("Caf\xc3\xa9"), bssid: 02:00:00:00:00:03, channel: Channel(11), rssi: -30, auth: Enterprise })
        2100 d0 ScanRow(ScanRow { ssid: Some("new"), bssid: 02:00:00:00:00:06, channel: Channel(6), rssi: -71, auth: Open })
        2100 d0 ScanDone
    "#]].assert_eq(&scene.seen);
    let taken = "[[ap]]\nssid = \"new\"\nbssid = \"02:00:00:00:00:06\"";
    let addition = Addition::parse("more.toml", taken, |_| false).unwrap();
    expect!["bssid 02:00:00:00:00:06 is on the air already; give it another"]
        .assert_eq(&scene.air.add(addition, 6000).unwrap_err().to_string());
}
