//! Scripts over a console with the machine behind it; see [`Bench::step`] for their words.

use std::vec::Vec;

use expect_test::expect;

use super::bench::{Bench, DOOR, check, check_at, networks};
use super::*;
use crate::config::ApSecurity;
use crate::net::Mac;

#[test]
fn help_lists_exactly_the_table_and_takes_no_cid() {
    let mut bench = Bench::new(DOOR, Wifi::default());
    bench.step("> help");
    let lines: Vec<&str> = bench.out.lines().collect();
    let (rows, end) = lines.split_at(COMMANDS.len());
    assert_eq!(end, ["", "--"]);
    for (line, spec) in rows.iter().zip(&COMMANDS) {
        assert_eq!(*line, std::format!("{spec}"));
    }
    assert_eq!(bench.cids.allocate(), 1);
}

#[test]
fn every_command_is_answered_with_the_next_cid() {
    check(
        "> NET:FOO
        > foo;;NET:ECHO,off
        >
        > NET:STATUS,now
        > NET:ECHO,loud
        > NET:SET,home,short
        > HELP,me
        > NET:JITTER
        > NET:FLEET,https://fleet.example,LANDF-ABCDE-FGHIJ-KLMNO-PQRST
        > net status",
        expect![[r#"
            CTRL:ERR CID=1 E01 BAD_CMD
            --
            CTRL:ERR CID=2 E01 BAD_CMD
            CTRL:ACK CID=3 echo=off
            --
            --
            CTRL:ERR CID=4 E03 BAD_PARAM fields
            --
            CTRL:ERR CID=5 NET_BAD_PARAM echo
            --
            CTRL:ERR CID=6 NET_BAD_PARAM PASS_TOO_SHORT
            --
            CTRL:ERR CID=7 E03 BAD_PARAM fields
            --
            CTRL:ERR CID=8 E01 BAD_CMD
            --
            CTRL:ACK CID=9 fleet=none url="https://fleet.example" fingerprint=
            --
            CTRL:ACK CID=10 state=AP_ACTIVE rssi=NA ip=192.168.4.1 ssid="" ap_ssid="Landfall-56789A" ap_pass="ABCDEFGH2345" mac=24:6F:28:56:78:9A
            --
        "#]],
    );
}

#[test]
fn a_line_too_long_is_answered_once_and_never_run() {
    let line = std::format!("> {};NET:ECHO,on", "x".repeat(LINE_MAX));
    check(
        &line,
        expect![[r#"
        CTRL:ERR CID=1 E03 BAD_PARAM line_too_long
        --
    "#]],
    );
}

#[test]
fn credentials_are_proved_and_the_verdict_carries_their_cid() {
    check(
        "> NET:SET,home,Password1
        > NET:SETB64,aG9tZQ==,UGFzc3dvcmQy
        > NET:STATUS
        > NET:KNOWN
        > NET:LIST
        > NET:SET,home,Password1
        > NET:ADD,home,Password1
        > NET:DEL,nobody
        > NET:STATUS",
        expect![[r#"
            CTRL:ACK CID=1 connecting=1
            CTRL: NET:CONNECTING CID=1 ssid="home"
            CTRL:ERR CID=1 NET_CONNECT_FAILED wrong_password
            CTRL: NET:AP_ACTIVE CID=1 ssid="Landfall-56789A" ip=192.168.4.1
            --
            CTRL:ACK CID=2 connecting=1
            CTRL: NET:CONNECTING CID=2 ssid="home"
            CTRL: NET:CONNECTED CID=2 ssid="home" ip=10.0.0.2 rssi=-48
            --
            CTRL:ACK CID=3 state=CONNECTED rssi=-48 ip=10.0.0.2 ssid="home" ap_ssid="Landfall-56789A" ap_pass="ABCDEFGH2345" mac=24:6F:28:56:78:9A
            --
            NET:KNOWN CID=4
            0 SSID="home" secure=1 webrepl=0
            NET:KNOWN CID=4 end=1
            --
            CTRL:ERR CID=5 NET_SCAN_AP_ONLY
            --
            CTRL:ACK CID=6 connecting=1
            CTRL: NET:CONNECTING CID=6 ssid="home"
            CTRL:ERR CID=6 NET_CONNECT_FAILED wrong_password
            CTRL: NET:CONNECTED CID=6 ssid="home" ip=10.0.0.2 rssi=-48
            --
            CTRL:ACK CID=7 known=1
            CTRL: NET:CONNECTING CID=7 ssid="home"
            CTRL:ERR CID=7 NET_CONNECT_FAILED wrong_password
            CTRL: NET:CONNECTED CID=7 ssid="home" ip=10.0.0.2 rssi=-48
            --
            CTRL:ERR CID=8 NET_BAD_PARAM ssid
            --
            CTRL:ACK CID=9 state=CONNECTED rssi=-48 ip=10.0.0.2 ssid="home" ap_ssid="Landfall-56789A" ap_pass="ABCDEFGH2345" mac=24:6F:28:56:78:9A
            --
        "#]],
    );
}

#[test]
fn busy_is_said_before_the_fields_are_looked_at() {
    let mut bench = Bench::new(DOOR, Wifi::default());
    let script = "slow
        > NET:SET,home,Password2
        > NET:SET,home,Password2
        > NET:SET
        > NET:SETB64,*
        > NET:RESET
        > NET:SET,\"
        > NET:STATUS
        > NET:ADD,home,short
        > NET:MODE
        fast
        > NET:DEL,home";
    check_at(
        &mut bench,
        script,
        expect![[r#"
            CTRL:ERR CID=2 NET_BUSY_CONNECTING
            CTRL:ERR CID=3 NET_BUSY_CONNECTING
            CTRL:ERR CID=4 NET_BUSY_CONNECTING
            CTRL:ERR CID=5 NET_BUSY_CONNECTING
            CTRL:ERR CID=6 NET_BUSY_CONNECTING
            CTRL:ACK CID=7 state=AP_ACTIVE rssi=NA ip=192.168.4.1 ssid="" ap_ssid="Landfall-56789A" ap_pass="ABCDEFGH2345" mac=24:6F:28:56:78:9A
            CTRL:ERR CID=8 NET_BUSY_CONNECTING
            CTRL:ACK CID=9 mode=sta_ap
            CTRL:ACK CID=1 connecting=1
            CTRL: NET:CONNECTING CID=1 ssid="home"
            CTRL: NET:CONNECTED CID=1 ssid="home" ip=10.0.0.2 rssi=-48
            --
            CTRL:ACK CID=10 known=0
            CTRL: NET:AP_ACTIVE ssid="Landfall-56789A" ip=192.168.4.1
            --
        "#]],
    );
}

#[test]
fn a_command_waits_for_the_store_and_a_question_does_not() {
    check(
        "slow
        > NET:ADD,office,Password1
        > NET:STATUS
        > NET:ECHO,off;NET:DEL,office
        fast",
        expect![[r#"
            CTRL:ACK CID=2 state=AP_ACTIVE rssi=NA ip=192.168.4.1 ssid="" ap_ssid="Landfall-56789A" ap_pass="ABCDEFGH2345" mac=24:6F:28:56:78:9A
            CTRL:ACK CID=3 echo=off
            CTRL:ACK CID=1 known=1
            CTRL:ACK CID=4 known=0
            --
        "#]],
    );
}

#[test]
fn a_store_that_fails_is_told() {
    check(
        "fail
        > NET:SET,home,Password2
        > NET:ADD,office,Password1
        > NET:MODE,sta
        > NET:AP,Workshop,Password1
        > NET:KNOWN;NET:MODE;NET:AP",
        expect![[r#"
            CTRL:ERR CID=1 NET_SAVE_FAILED
            --
            CTRL:ERR CID=2 NET_SAVE_FAILED
            --
            CTRL:ERR CID=3 NET_SAVE_FAILED
            --
            CTRL:ERR CID=4 NET_SAVE_FAILED
            --
            NET:KNOWN CID=5
            NET:KNOWN CID=5 end=0
            CTRL:ACK CID=6 mode=sta_ap
            CTRL:ACK CID=7 ssid="Landfall-56789A" channel=6 clients=0
            --
        "#]],
    );
}

#[test]
fn mode_and_access_point_are_told_and_set() {
    check(
        "> NET:MODE;NET:AP
        > NET:AP,\"Work, shop\",Password1
        > NET:MODE,ap
        > NET:STATUS
        > NET:MODE,off
        > NET:STATUS
        > NET:LIST",
        expect![[r#"
            CTRL:ACK CID=1 mode=sta_ap
            CTRL:ACK CID=2 ssid="Landfall-56789A" channel=6 clients=0
            --
            CTRL:ACK CID=3 ssid="Work, shop" channel=6 clients=0
            CTRL: NET:AP_ACTIVE ssid="Work, shop" ip=192.168.4.1
            --
            CTRL:ACK CID=4 mode=ap
            --
            CTRL:ACK CID=5 state=AP_ACTIVE rssi=NA ip=192.168.4.1 ssid="" ap_ssid="Work, shop" ap_pass="Password1" mac=24:6F:28:56:78:9A
            --
            CTRL:ACK CID=6 mode=off
            --
            CTRL:ACK CID=7 state=OFF rssi=NA ip=0.0.0.0 ssid="" ap_ssid="Work, shop" ap_pass="Password1" mac=24:6F:28:56:78:9A
            --
            CTRL:ERR CID=8 NET_SCAN_AP_ONLY
            --
        "#]],
    );
}

#[test]
fn a_scan_is_listed_when_it_is_done_and_blocks_nothing() {
    check(
        "slow
        > NET:LIST
        > NET:FLEET
        fast",
        expect![[r#"
            CTRL:ACK CID=1 scanning=1
            --
            CTRL:ACK CID=2 fleet=none url="" fingerprint=
            --
            NET:LIST CID=1
            SSID="home" rssi=-48 secure=1 channel=1
            SSID="evil\"\x0D\x0ACTRL:ACK CID=1" rssi=-50 secure=0 channel=1
            NET:LIST CID=1 end=2
        "#]],
    );
}

#[test]
fn what_another_door_asks_for_carries_no_cid() {
    check(
        "portal home\n> NET:EVENTS",
        expect![[r#"
        CTRL: NET:CONNECTING ssid="home"
        CTRL: NET:CONNECTED ssid="home" ip=10.0.0.2 rssi=-48
        NET:EVENTS CID=1
        seq=1 ms=0 STA_START
        seq=2 ms=0 AP_START ssid="Landfall-56789A"
        seq=3 ms=0 ap_started essid="Landfall-56789A"
        seq=4 ms=0 STA_CONNECTED ssid="home" bssid=02:00:00:00:00:01 channel=1 rssi=-48
        seq=5 ms=0 STA_GOT_IP ip=10.0.0.2
        seq=6 ms=0 connected ssid="home" ip=10.0.0.2
        seq=7 ms=0 AP_STOP
        NET:EVENTS CID=1 end=7
        --
    "#]],
    );
}

#[test]
fn a_port_greets_with_the_way_in_until_a_network_was_joined() {
    let greeting = |bench: &mut Bench| {
        bench.out.clear();
        bench.step("greet");
        bench.out.replace("\r\n", "\n")
    };
    let mut bench = Bench::new(DOOR, networks(&[b"never-joined"]));
    let first = greeting(&mut bench);
    let (head, code) = first.split_at(first.find("# █").unwrap());
    expect![[r#"
        CTRL:READY Serial v1 — send HELP
        ID MAC=24:6F:28:56:78:9A AP="Landfall-56789A"
        # to set it up, join "Landfall-56789A" with the password "ABCDEFGH2345"
    "#]]
    .assert_eq(head);
    assert!(code.lines().count() == 19 && code.lines().all(|line| line.starts_with("# ")));
    bench.out.clear();
    bench.step("> NET:QR");
    assert_eq!(
        bench.out.replace("\r\n", "\n"),
        std::format!(
            "NET:QR CID=1\n{}NET:QR CID=1 end=19\n--\n",
            code.replace("# ", "")
        )
    );

    let mut open = networks(&[b"never-joined"]);
    open.ap.security = ApSecurity::Open;
    let greeted = greeting(&mut Bench::new(DOOR, open));
    let way_in = greeted.lines().nth(2).unwrap();
    expect![[r##"# to set it up, join "Landfall-56789A", which has no password"##]]
        .assert_eq(way_in);

    let mut wifi = networks(&[b"home"]);
    wifi.networks[0].proven = true;
    expect![[r#"
        CTRL:READY Serial v1 — send HELP
        ID MAC=24:6F:28:56:78:9A AP="Landfall-56789A"
    "#]]
    .assert_eq(&greeting(&mut Bench::new(DOOR, wifi)));
}

#[test]
fn resets_and_restarts_are_acknowledged() {
    check(
        "> NET:RESET",
        expect![[r#"
        CTRL:ACK CID=1 reset=1
        --
    "#]],
    );
    check(
        "> NET:REBOOT",
        expect![[r#"
        CTRL:ACK CID=1 reboot=1
        --
    "#]],
    );
}

#[test]
fn lists_stand_between_header_and_end() {
    let mut bench = Bench::new(DOOR, networks(&[b"cafe", b"evil\"\r\nCTRL:ACK CID=9"]));
    let client = |last, rssi| Client {
        mac: Mac([2, 0, 0, 0, 0, last]),
        rssi,
        since: Instant::from_ms(1_500),
    };
    bench.clients = [client(7, Some(-40)), client(8, None)].into();
    check_at(
        &mut bench,
        "> NET:KNOWN;NET:CLIENTS
        > NET:CONFIG
        > NET:FLEET",
        expect![[r#"
            NET:KNOWN CID=1
            0 SSID="cafe" secure=0 webrepl=0
            1 SSID="evil\"\x0D\x0ACTRL:ACK CID=9" secure=0 webrepl=0
            NET:KNOWN CID=1 end=2
            NET:CLIENTS CID=2
            MAC=02:00:00:00:00:07 rssi=-40 since_ms=1500
            MAC=02:00:00:00:00:08 rssi=NA since_ms=1500
            NET:CLIENTS CID=2 end=2
            --
            NET:CONFIG CID=3
            {"networks":2,"user":""}
            NET:CONFIG CID=3 end=1
            --
            CTRL:ACK CID=4 fleet=none url="" fingerprint=
            --
        "#]],
    );
}

#[test]
fn an_echo_shows_what_is_typed_and_a_remote_door_no_secret() {
    let mut bench = Bench::new(Door::WebRepl, Wifi::default());
    check_at(
        &mut bench,
        "> NET:STATUS
        + caf\u{e9}\u{8}\u{1b}[2J
        > !
        > NET:QR
        > NET:ECHO,off
        > NET:FLEET",
        expect![[r#"
            NET:STATUS
            CTRL:ACK CID=1 state=AP_ACTIVE rssi=NA ip=192.168.4.1 ssid="" ap_ssid="Landfall-56789A" ap_pass="********" mac=24:6F:28:56:78:9A
            --
            café [2J!
            CTRL:ERR CID=2 E01 BAD_CMD
            --
            NET:QR
            CTRL:ERR CID=3 NET_BAD_PARAM local_only
            --
            NET:ECHO,off
            CTRL:ACK CID=4 echo=off
            --
            CTRL:ACK CID=5 fleet=none url="" fingerprint=
            --
        "#]],
    );
}
