//! What ends a link, what does not, and what a link sees of a world that changes.

use expect_test::expect;

use super::check;

const HOME: &str = r#"
[[ap]]
name = "home"
ssid = "HomeNetwork"
password = "Password2"
"#;

#[test]
fn a_silent_router_is_missed_after_the_beacon_loss_time() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password2 * 6
         2000 air ap home off
         4000 d0 query
         9000 d0 query",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            4000 d0 Report(LinkReport { rssi: Some(-48), address: Some(Ipv4Net { addr: 10.0.0.2, prefix: 24 }), ap_up: false })
            8000 d0 Lost { reason: Code(200) }
            9000 d0 Report(LinkReport { rssi: None, address: None, ap_up: false })
        "#]],
    );
}

#[test]
fn a_router_that_restarts_quickly_does_not_know_its_stations() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password2 * 6
         2000 air ap home off
         4000 air ap home on
         4000 d0 join HomeNetwork Password2 * 6",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            4000 d0 Lost { reason: Code(6) }
            4600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            5000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
        "#]],
    );
}

#[test]
fn a_router_that_moves_away_and_back_in_time_is_not_missed() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password2 * 6
         2000 air ap home rssi -95
         7000 air ap home rssi -60
         20000 d0 query
         21000 air ap home rssi -95",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            20000 d0 Report(LinkReport { rssi: Some(-60), address: Some(Ipv4Net { addr: 10.0.0.2, prefix: 24 }), ap_up: false })
            27000 d0 Lost { reason: Code(200) }
        "#]],
    );
}

#[test]
fn deauthentication_ends_links_and_handshakes_at_once() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password2 * 6
         1900 d1 join HomeNetwork Password2 * 6
         2000 air ap home deauth",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            2000 d0 Lost { reason: Code(2) }
            2000 d1 JoinFailed { reason: Code(2), comeback_ms: None }
        "#]],
    );
}

#[test]
fn another_password_matters_at_the_next_join() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password2 * 6
         2000 air ap home password Password3
         3000 d0 query
         4000 d0 leave
         5000 d0 join HomeNetwork Password2 * 6
         8000 d0 join HomeNetwork Password3 * 6
         10000 air [\"ap\",\"home\",\"password\",\"\"]
         10000 d1 join HomeNetwork - * 6",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            3000 d0 Report(LinkReport { rssi: Some(-48), address: Some(Ipv4Net { addr: 10.0.0.2, prefix: 24 }), ap_up: false })
            4030 d0 Left
            7000 d0 JoinFailed { reason: Code(15), comeback_ms: None }
            8600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            9000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            10600 d1 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            11000 d1 Address(Ipv4Net { addr: 10.0.0.3, prefix: 24 })
        "#]],
    );
}

#[test]
fn stations_follow_an_announced_switch_and_their_access_points_with_them() {
    check(
        HOME,
        "0 d0 ap Landfall-000001 - 6
         1000 d0 join HomeNetwork Password2 * 6
         3000 air ap home channel 11
         4000 d0 query
         4000 d1 join HomeNetwork Password2 * 6
         5000 d1 join HomeNetwork Password2 * 11",
        expect![[r#"
            106 d0 ApStarted { channel: Channel(6) }
            1600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            2000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            3000 d0 ApMoved { channel: Channel(11) }
            4000 d0 Report(LinkReport { rssi: Some(-48), address: Some(Ipv4Net { addr: 10.0.0.2, prefix: 24 }), ap_up: true })
            4300 d1 JoinFailed { reason: Code(201), comeback_ms: None }
            5600 d1 Joined { bssid: 02:00:00:00:00:01, channel: Channel(11), rssi: -48 }
            6000 d1 Address(Ipv4Net { addr: 10.0.0.3, prefix: 24 })
        "#]],
    );
}

#[test]
fn a_report_shows_the_strength_of_the_moment() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password2 * 6
         2000 air ap home rssi -79
         2000 d0 query
         2001 air ap home rssi -80
         2001 d0 query",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            2000 d0 Report(LinkReport { rssi: Some(-79), address: Some(Ipv4Net { addr: 10.0.0.2, prefix: 24 }), ap_up: false })
            2001 d0 Report(LinkReport { rssi: Some(-80), address: Some(Ipv4Net { addr: 10.0.0.2, prefix: 24 }), ap_up: false })
        "#]],
    );
}

#[test]
fn changes_happen_at_their_time_in_the_order_of_the_file() {
    check(
        &format!(
            "{HOME}
            [[at]]
            ms = 3000
            ap = \"home\"
            on = false
            [[at]]
            ms = 1000
            ap = \"home\"
            rssi = -70
            [[at]]
            ms = 1000
            ap = \"home\"
            rssi = -71
            deauth = true
            [[at]]
            ms = 5000
            ap = \"home\"
            on = true
            channel = 3"
        ),
        "0 d0 join HomeNetwork Password2 * 6
         1000 d0 join HomeNetwork Password2 * 6
         6000 d0 scan",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            1000 d0 Lost { reason: Code(2) }
            1600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -71 }
            2000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
            5000 d0 Lost { reason: Code(6) }
            8000 d0 ScanRow(ScanRow { ssid: Some("HomeNetwork"), bssid: 02:00:00:00:00:01, channel: Channel(3), rssi: -71, auth: Wpa2 })
            8000 d0 ScanDone
        "#]],
    );
}

#[test]
fn leaving_is_answered_and_ends_the_link() {
    check(
        HOME,
        "0 d0 join HomeNetwork Password2 * 6
         700 d0 leave
         2000 d0 query
         3000 d0 leave",
        expect![[r#"
            600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            730 d0 Left
            2000 d0 Report(LinkReport { rssi: None, address: None, ap_up: false })
            3030 d0 Left
        "#]],
    );
}

#[test]
fn a_device_without_power_hears_nothing_and_starts_anew() {
    check(
        HOME,
        "0 d0 ap Landfall-000001 - 6
         200 air phone join Landfall-000001
         1000 d0 join HomeNetwork Password2 * 6
         1800 d0 off
         3000 d0 query
         3000 air phone leave
         4000 d0 scan
         5000 d0 off
         7000 d0 join HomeNetwork Password2 * 6",
        expect![[r#"
            106 d0 ApStarted { channel: Channel(6) }
            200 d0 ClientJoined(02:50:48:4F:4E:45)
            1600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            3000 d0 Report(LinkReport { rssi: None, address: None, ap_up: false })
            3000 air the phone has joined no access point
            7600 d0 Joined { bssid: 02:00:00:00:00:01, channel: Channel(6), rssi: -48 }
            8000 d0 Address(Ipv4Net { addr: 10.0.0.2, prefix: 24 })
        "#]],
    );
}
