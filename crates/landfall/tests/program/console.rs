//! The serial port of a device, line by line.

use expect_test::{Expect, expect};

use crate::host::{HOME, Sim, without_secret};

/// Types lines, and compares everything printed up to the line that begins so.
fn check(sim: &mut Sim, sent: &str, last: &str, expected: Expect) {
    expected.assert_eq(&without_secret(&sim.ask(sent, last)));
}

/// A device on that air whose access point is up.
fn start(air: &str) -> (tempfile::TempDir, Sim) {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = Sim::start(folder.path(), air, &[]);
    sim.until("CTRL: NET:AP_ACTIVE ssid=\"Landfall-56789A\" ip=192.168.4.1");
    (folder, sim)
}

#[test]
fn lines_are_read_as_people_write_them() {
    let (_folder, mut sim) = start(HOME);
    let lines = "NET STATUS
net: mode
NET:FOO

NET:SET,a,b,c;NET:SET,,x;NET:SET,a,short;NET:SET,\"a;NET:MODE
NET:ADD,\"\\x22\\r\",;NET:ADD,\"\\x0d\\xff, ;é\";NET:ADD,a\"b
NET:KNOWN;NET:DEL,nope;HELP,x
NET:ECHO";
    let expected = expect![[r#"
        CTRL:ACK CID=1 state=AP_ACTIVE rssi=NA ip=192.168.4.1 ssid="" ap_ssid="Landfall-56789A" ap_pass="…" mac=24:6F:28:56:78:9A
        CTRL:ACK CID=2 mode=sta_ap
        CTRL:ERR CID=3 E01 BAD_CMD
        CTRL:ERR CID=4 E03 BAD_PARAM fields
        CTRL:ERR CID=5 NET_BAD_PARAM ssid
        CTRL:ERR CID=6 NET_BAD_PARAM PASS_TOO_SHORT
        CTRL:ERR CID=7 NET_BAD_PARAM quoting
        CTRL:ERR CID=8 NET_BAD_PARAM quoting
        CTRL:ACK CID=9 known=1
        CTRL:ACK CID=10 known=2
        NET:KNOWN CID=11
        0 SSID="\x0D\xFF, ;é" secure=0 webrepl=0
        1 SSID="a\"b" secure=0 webrepl=0
        NET:KNOWN CID=11 end=2
        CTRL:ERR CID=12 NET_BAD_PARAM ssid
        CTRL:ERR CID=13 E03 BAD_PARAM fields
        CTRL:ERR CID=14 E03 BAD_PARAM fields
    "#]];
    check(&mut sim, lines, "CTRL:ERR CID=14", expected);

    sim.type_in(b"NET:X\xc3\xa9\x7f\x08MODE\n");
    sim.type_in(&[&[b'x'; 256][..], b";NET:REBOOT\r"].concat());
    let echo = "NET:ECHO,on\nNET:MODE";
    let expected = expect![[r#"
        CTRL:ACK CID=15 mode=sta_ap
        CTRL:ERR CID=16 E03 BAD_PARAM line_too_long
        CTRL:ACK CID=17 echo=on
        NET:MODE
        CTRL:ACK CID=18 mode=sta_ap
    "#]];
    check(&mut sim, echo, "CTRL:ACK CID=18", expected);
}

#[test]
fn credentials_are_proved_and_kept() {
    let (_folder, mut sim) = start(HOME);
    let busy = "NET:SET,HomeNetwork,WrongPass1;NET:SET;NET:RESET;NET:ADD,x,short;NET:DEL;NET:MODE,x;NET:MODE";
    let expected = expect![[r#"
        CTRL:ACK CID=1 connecting=1
        CTRL: NET:CONNECTING CID=1 ssid="HomeNetwork"
        CTRL:ERR CID=2 NET_BUSY_CONNECTING
        CTRL:ERR CID=3 NET_BUSY_CONNECTING
        CTRL:ERR CID=4 NET_BUSY_CONNECTING
        CTRL:ERR CID=5 NET_BUSY_CONNECTING
        CTRL:ERR CID=6 NET_BUSY_CONNECTING
        CTRL:ACK CID=7 mode=sta_ap
        CTRL:ERR CID=1 NET_CONNECT_FAILED wrong_password
        CTRL: NET:AP_ACTIVE CID=1 ssid="Landfall-56789A" ip=192.168.4.1
    "#]];
    check(&mut sim, busy, "CTRL: NET:AP_ACTIVE CID=1 ", expected);
    let expected = expect![[r#"
        CTRL:ACK CID=8 connecting=1
        CTRL: NET:CONNECTING CID=8 ssid="HomeNetwork"
        CTRL: NET:CONNECTED CID=8 ssid="HomeNetwork" ip=10.0.0.2 rssi=-48
    "#]];
    let set = "NET:SETB64,SG9tZU5ldHdvcms=,UGFzc3dvcmQy";
    check(&mut sim, set, "CTRL: NET:CONNECTED", expected);
    let expected = expect![[r#"
        CTRL:ERR CID=9 NET_SCAN_AP_ONLY
        CTRL:ACK CID=10 connecting=1
        CTRL: NET:CONNECTING CID=10 ssid="Nope"
        CTRL:ERR CID=10 NET_CONNECT_FAILED not_found
        CTRL: NET:CONNECTED CID=10 ssid="HomeNetwork" ip=10.0.0.2 rssi=-48
    "#]];
    let set = "NET:LIST;NET:SET,Nope,password";
    check(&mut sim, set, "CTRL: NET:CONNECTED", expected);
    // The network in use: the same key changes nothing, a wrong one is proved and given up.
    let expected = expect![[r#"
        CTRL:ACK CID=11 known=1
        CTRL:ACK CID=12 known=1
        CTRL: NET:CONNECTING CID=12 ssid="HomeNetwork"
        CTRL:ERR CID=12 NET_CONNECT_FAILED wrong_password
        CTRL: NET:CONNECTED CID=12 ssid="HomeNetwork" ip=10.0.0.2 rssi=-48
    "#]];
    let add = "NET:ADD,HomeNetwork,Password2\nNET:ADD,HomeNetwork,WrongPass1";
    check(&mut sim, add, "CTRL: NET:CONNECTED", expected);
}

#[test]
fn flash_that_fails_changes_nothing() {
    let (_folder, mut sim) = start(HOME);
    sim.ask("NET:ADD,first", "CTRL:ACK");
    sim.air(&["flash", "fail"]);
    let lines = "NET:ADD,x;NET:DEL,first;NET:MODE,ap;NET:AP,a,;NET:RESET;NET:SET,HomeNetwork,Password2;NET:MODE;NET:KNOWN";
    let expected = expect![[r#"
        CTRL:ERR CID=2 NET_SAVE_FAILED
        CTRL:ERR CID=3 NET_SAVE_FAILED
        CTRL:ERR CID=4 NET_SAVE_FAILED
        CTRL:ERR CID=5 NET_SAVE_FAILED
        CTRL:ERR CID=6 NET_SAVE_FAILED
        CTRL:ERR CID=7 NET_SAVE_FAILED
        CTRL:ACK CID=8 mode=sta_ap
        NET:KNOWN CID=9
        0 SSID="first" secure=0 webrepl=0
        NET:KNOWN CID=9 end=1
    "#]];
    check(&mut sim, lines, "NET:KNOWN CID=9 end", expected);
    sim.air(&["flash", "ok"]);
    let fill = (1..16).map(|n| format!("NET:ADD,n{n}\n"));
    sim.ask(&fill.collect::<String>(), "CTRL:ACK CID=24 known=16");
    let expected = expect![[r#"
        CTRL:ERR CID=25 NET_SAVE_FAILED list_full
        CTRL:ERR CID=26 NET_SAVE_FAILED list_full
    "#]];
    let lines = "NET:ADD,n16;NET:SET,HomeNetwork,Password2";
    check(&mut sim, lines, "CTRL:ERR CID=26", expected);
}

#[test]
fn a_scan_lists_each_name_once() {
    let numbered = |n: u8| format!("[[ap]]\nssid = \"n{n:02}\"\nrssi = -{}\n", 40 + n);
    let many: String = (0..25).map(numbered).collect();
    let extra = "[[ap]]\nname = \"twin\"\nssid = \"n03\"\nrssi = -30\npassword = \"password\"
        [[ap]]\nssid = \"unseen\"\nhidden = true\nrssi = -20\n";
    let (_folder, mut sim) = start(&format!("speed = 20.0\n{many}{extra}"));
    let printed = sim.ask("NET:LIST", "NET:LIST CID=1 end=");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "CTRL:ACK CID=1 scanning=1");
    assert_eq!(lines[1], "NET:LIST CID=1");
    assert_eq!(lines[2], "SSID=\"n03\" rssi=-30 secure=1 channel=6");
    assert_eq!(lines[3], "SSID=\"n00\" rssi=-40 secure=0 channel=6");
    assert_eq!(lines[22..], ["NET:LIST CID=1 end=20"]);
    assert_eq!(printed.matches("\"n03\"").count(), 1);
}

#[test]
fn a_reset_comes_back_on_the_same_port() {
    let (_folder, mut sim) = start(HOME);
    sim.ask("NET:SET,HomeNetwork,Password2", "CTRL: NET:CONNECTED");
    let boot = sim.ask("NET:REBOOT", "CTRL: NET:CONNECTED");
    let expected = expect![[r#"
        CTRL:ACK CID=2 reboot=1
        CTRL:READY Serial v1 — send HELP
        ID MAC=24:6F:28:56:78:9A AP="Landfall-56789A"
        CTRL: NET:CONNECTING ssid="HomeNetwork"
        CTRL: NET:CONNECTED ssid="HomeNetwork" ip=10.0.0.2 rssi=-48
    "#]];
    expected.assert_eq(&boot);
    sim.air(&["button", "4999"]);
    sim.air(&["button", "5000"]);
    let boot = sim.until("CTRL: NET:AP_ACTIVE");
    let shown = boot.lines().filter(|line| !line.starts_with('#'));
    let expected = expect![[r#"
        CTRL: NET:RESET_BUTTON LONG_PRESS
        CTRL:READY Serial v1 — send HELP
        ID MAC=24:6F:28:56:78:9A AP="Landfall-56789A"
        CTRL: NET:AP_ACTIVE ssid="Landfall-56789A" ip=192.168.4.1"#]];
    expected.assert_eq(&shown.collect::<Vec<_>>().join("\n"));
    assert!(
        boot.contains("\n# ███"),
        "nobody joined yet: the code is shown\n{boot}"
    );
    let expected = expect![[r#"
        NET:KNOWN CID=1
        NET:KNOWN CID=1 end=0
    "#]];
    check(&mut sim, "NET:KNOWN", "NET:KNOWN CID=1 end", expected);
}

#[test]
fn a_pipe_gets_its_replies_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let sim = Sim::start_unread(folder.path(), HOME, &[]);
    let (status, printed) = sim.pipe("NET:MODE\nHELP\nNET:SET,HomeNetwork,WrongPass1\nNET:KNOWN\n");
    assert_eq!(status, 1, "one of them was an ERR");
    let table = printed.lines().filter(|line| !line.contains(" - "));
    let expected = expect![[r#"
        CTRL:ACK CID=1 mode=sta_ap

        CTRL:ACK CID=2 connecting=1
        CTRL: NET:CONNECTING CID=2 ssid="HomeNetwork"
        CTRL:ERR CID=2 NET_CONNECT_FAILED wrong_password
        CTRL: NET:AP_ACTIVE CID=2 ssid="Landfall-56789A" ip=192.168.4.1
        NET:KNOWN CID=3
        NET:KNOWN CID=3 end=0"#]];
    expected.assert_eq(&table.collect::<Vec<_>>().join("\n"));
    assert!(printed.contains("\nHELP - "));
    // A reset is over when the access point is up again: then the next line is heard.
    let (status, printed) = sim.pipe("NET:RESET\nNET:MODE\n");
    assert_eq!(status, 0);
    assert!(
        printed.starts_with("CTRL:ACK CID=4 reset=1\nCTRL:READY"),
        "{printed}"
    );
    assert!(
        printed.ends_with("\nCTRL:ACK CID=1 mode=sta_ap\n"),
        "{printed}"
    );
}
