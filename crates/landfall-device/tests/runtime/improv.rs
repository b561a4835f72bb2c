//! Improv over the serial port: what a client sends and is told.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use landfall_core::command::Door;
use landfall_core::improv::{Answer, Kind, Reader, Step};
use landfall_core::net::Security;
use landfall_device::runtime::Clock;

use crate::world::{HOME_KEY, TestStorage};
use crate::{TestRunner, TestWifi, build, home, key, with_device};

const PORT: Door = Door::Serial(0);
/// Time in which everything has come to its end.
const AFTER_ALL_MS: u32 = 60_000;

/// A client on the serial port of a device.
struct Client {
    wifi: TestWifi,
    reader: Reader<255>,
}

/// A device with a console on its serial port, and a client there.
fn plugged(storage: &TestStorage) -> (TestRunner, Client) {
    let (runner, wifi) = build(storage);
    let now = wifi.shared().clock().now();
    wifi.shared().with(|device| device.open_console(PORT, now));
    let reader = Reader::new();
    (runner, Client { wifi, reader })
}

/// A request as a client sends it.
fn request(verb: u8, payload: &[u8]) -> Vec<u8> {
    let head = [verb, payload.len() as u8];
    let frame = Answer::new(Kind::Request, &[&head, payload]);
    frame.as_bytes().to_vec()
}

fn settings(ssid: &[u8], password: &[u8]) -> Vec<u8> {
    let counted = |text: &[u8]| [&[text.len() as u8][..], text].concat();
    request(1, &[counted(ssid), counted(password)].concat())
}

impl Client {
    /// Types bytes in, as fast as the port takes them.
    async fn send(&self, bytes: &[u8]) {
        let shared = self.wifi.shared();
        let mut rest = bytes;
        while !rest.is_empty() {
            let took = shared.with(|device| device.type_in(PORT, rest));
            rest = &rest[took.unwrap()..];
            shared
                .clock()
                .sleep_until(shared.clock().now().plus_ms(1))
                .await;
        }
    }

    /// What is told in that time: a line for each frame, and the console's lines.
    async fn hear_for(&mut self, ms: u32) -> String {
        let shared = self.wifi.shared();
        let clock = shared.clock();
        let until = clock.now().plus_ms(ms);
        let mut heard = String::new();
        let mut buf = [0; 64];
        loop {
            // A port that is slow: the device has to wait for room.
            while let Some(len @ 1..) = shared.with(|device| device.printed(PORT, &mut buf)) {
                self.note(&buf[..len], &mut heard);
            }
            if clock.now() >= until {
                return heard;
            }
            clock.sleep_until(until.min(clock.now().plus_ms(10))).await;
        }
    }

    fn note(&mut self, bytes: &[u8], heard: &mut String) {
        for byte in bytes {
            match self.reader.handle_byte(*byte) {
                Step::Held => {}
                Step::Text(text) => {
                    heard.extend(text.bytes().map(char::from).filter(|c| *c != '\r'));
                }
                Step::Frame(frame) => {
                    assert!(frame.intact);
                    match frame.kind {
                        1 => writeln!(heard, "state {}", frame.data[0]).unwrap(),
                        2 => writeln!(heard, "error {}", frame.data[0]).unwrap(),
                        4 => {
                            let [verb, len] = frame.data[..2] else {
                                unreachable!()
                            };
                            assert_eq!(usize::from(len), frame.data.len() - 2);
                            writeln!(heard, "result {verb} {}", texts(&frame.data[2..])).unwrap();
                        }
                        kind => panic!("a frame of type {kind}"),
                    }
                }
            }
        }
    }

    /// Sends frames, and compares everything that is told.
    async fn check(&mut self, frames: &[Vec<u8>], expected: Expect) {
        self.send(&frames.concat()).await;
        expected.assert_eq(&self.hear_for(AFTER_ALL_MS).await);
    }
}

fn texts(mut data: &[u8]) -> String {
    let mut texts = Vec::new();
    while let Some((len, rest)) = data.split_first() {
        let (text, rest) = rest.split_at(usize::from(*len));
        texts.push(text.escape_ascii().to_string());
        data = rest;
    }
    format!("{texts:?}")
}

#[test]
fn a_device_is_asked() {
    let (mut runner, mut client) = plugged(&TestStorage::default());
    with_device(&mut runner, async {
        let banner = client.hear_for(AFTER_ALL_MS).await;
        assert!(banner.starts_with("CTRL:READY") && !banner.contains("state "));
        let asked = [
            request(2, &[]),
            request(3, &[]),
            request(4, &[]),
            request(5, &[]),
            request(6, &[]),
        ];
        client
            .check(
                &asked,
                expect![[r#"
                    state 2
                    result 3 ["Landfall", "0.1.0", "Linux", "landfall-56789a"]
                    result 4 ["HomeNetwork", "-48", "YES"]
                    result 4 ["Silence", "-62", "NO"]
                    result 4 []
                    result 5 ["landfall-56789a"]
                    result 6 ["landfall-56789a"]
                "#]],
            )
            .await;
    });
}

#[test]
fn a_device_is_provisioned() {
    let (mut runner, mut client) = plugged(&TestStorage::default());
    with_device(&mut runner, async {
        client.hear_for(AFTER_ALL_MS).await;
        client
            .check(
                &[settings(b"HomeNetwork", b"WrongPass1")],
                expect![[r#"
                error 0
                state 3
                CTRL: NET:CONNECTING ssid="HomeNetwork"
                error 3
                state 2
                CTRL: NET:AP_ACTIVE ssid="Landfall-56789A" ip=192.168.4.1
            "#]],
            )
            .await;
        client
            .check(
                &[settings(b"Nope", b"")],
                expect![[r#"
                error 0
                state 3
                CTRL: NET:CONNECTING ssid="Nope"
                error 3
                state 2
                CTRL: NET:AP_ACTIVE ssid="Landfall-56789A" ip=192.168.4.1
            "#]],
            )
            .await;
        client
            .check(
                &[settings(b"HomeNetwork", HOME_KEY)],
                expect![[r#"
                error 0
                state 3
                CTRL: NET:CONNECTING ssid="HomeNetwork"
                state 4
                result 1 ["http://10.0.0.2/"]
                CTRL: NET:CONNECTED ssid="HomeNetwork" ip=10.0.0.2 rssi=-48
            "#]],
            )
            .await;
        client
            .check(
                &[request(2, &[]), request(4, &[])],
                expect![[r#"
                    state 4
                    result 2 ["http://10.0.0.2/"]
                    result 4 ["HomeNetwork", "-48", "YES"]
                    result 4 ["Silence", "-65", "NO"]
                    result 4 []
                "#]],
            )
            .await;
    });
}

#[test]
fn a_network_that_works_is_joined_again() {
    let (mut runner, mut client) = plugged(&TestStorage::knowing_home());
    with_device(&mut runner, async {
        client.hear_for(AFTER_ALL_MS).await;
        client
            .check(
                &[settings(b"HomeNetwork", b"WrongPass1")],
                expect![[r#"
                error 0
                state 3
                CTRL: NET:CONNECTING ssid="HomeNetwork"
                error 3
                state 2
                state 4
                CTRL: NET:CONNECTED ssid="HomeNetwork" ip=10.0.0.2 rssi=-48
            "#]],
            )
            .await;
    });
}

#[test]
fn what_is_wrong_is_told() {
    let (mut runner, mut client) = plugged(&TestStorage::default());
    with_device(&mut runner, async {
        client.hear_for(AFTER_ALL_MS).await;
        let mut torn = request(2, &[]);
        torn[11] ^= 1;
        client
            .check(
                &[torn],
                expect![[r#"
            error 1
        "#]],
            )
            .await;
        client
            .check(
                &[request(7, &[])],
                expect![[r#"
            error 2
        "#]],
            )
            .await;
        client
            .check(
                &[settings(b"home", b"short"), settings(b"", b"")],
                expect![[r#"
                    error 1
                    error 1
                "#]],
            )
            .await;
        client
            .check(
                &[request(1, b"\x20home")],
                expect![[r#"
                error 1
            "#]],
            )
            .await;
        client
            .check(
                &[request(5, b"\x04Home"), request(6, b"\x20home")],
                expect![[r#"
                    error 5
                    error 5
                "#]],
            )
            .await;
    });
}

#[test]
fn names_are_kept() {
    let storage = TestStorage::default();
    let (mut runner, mut client) = plugged(&storage);
    with_device(&mut runner, async {
        client.hear_for(AFTER_ALL_MS).await;
        client
            .check(
                &[request(5, b"\x07kitchen"), request(6, &[])],
                expect![[r#"
                    result 5 ["kitchen"]
                    result 6 ["kitchen"]
                "#]],
            )
            .await;
        client
            .check(
                &[request(6, b"oven-2"), request(5, &[]), request(3, &[])],
                expect![[r#"
                    result 6 ["oven-2"]
                    result 5 ["kitchen"]
                    result 3 ["Landfall", "0.1.0", "Linux", "oven-2"]
                "#]],
            )
            .await;
        let kept = storage.services();
        assert_eq!(
            (kept.hostname.unwrap().as_str(), &*kept.device_name),
            ("kitchen", "oven-2")
        );
        storage.set_failing(true);
        client
            .check(
                &[request(6, b"oven-3"), request(6, &[])],
                expect![[r#"
                    error 255
                    result 6 ["oven-2"]
                "#]],
            )
            .await;
        assert_eq!(storage.services().device_name, "oven-2");
    });
}

#[test]
fn verdicts_of_other_doors_are_shown_to_who_has_sent_a_frame() {
    let (mut runner, mut client) = plugged(&TestStorage::default());
    let wifi = client.wifi;
    with_device(&mut runner, async {
        client.hear_for(AFTER_ALL_MS).await;
        let _ = wifi.sta_connect(&home(), Security::Open).await;
        expect![[r#"
            CTRL: NET:CONNECTING ssid="HomeNetwork"
            CTRL: NET:AP_ACTIVE ssid="Landfall-56789A" ip=192.168.4.1
        "#]]
        .assert_eq(&client.hear_for(AFTER_ALL_MS).await);
        client
            .check(
                &[request(2, &[])],
                expect![[r#"
            state 2
        "#]],
            )
            .await;
        let _ = wifi.sta_connect(&home(), Security::Open).await;
        expect![[r#"
            state 3
            CTRL: NET:CONNECTING ssid="HomeNetwork"
            error 3
            state 2
            CTRL: NET:AP_ACTIVE ssid="Landfall-56789A" ip=192.168.4.1
        "#]]
        .assert_eq(&client.hear_for(AFTER_ALL_MS).await);
        wifi.sta_connect(&home(), key(HOME_KEY)).await.unwrap();
        expect![[r#"
            state 3
            CTRL: NET:CONNECTING ssid="HomeNetwork"
            state 4
            CTRL: NET:CONNECTED ssid="HomeNetwork" ip=10.0.0.2 rssi=-48
        "#]]
        .assert_eq(&client.hear_for(AFTER_ALL_MS).await);
    });
}

#[test]
fn a_scan_that_cannot_be_done_in_time_is_an_error() {
    let (mut runner, mut client) = plugged(&TestStorage::knowing_silence());
    with_device(&mut runner, async {
        client.hear_for(10_000).await;
        client.send(&request(4, &[])).await;
        expect![[r#""#]].assert_eq(&client.hear_for(24_900).await);
        expect![[r#"
            error 3
        "#]]
        .assert_eq(&client.hear_for(200).await);
        // The scan comes later, for nobody.
        expect![[r#""#]].assert_eq(&client.hear_for(AFTER_ALL_MS).await);
    });
}

#[test]
fn young_rows_are_told_again() {
    let (mut runner, mut client) = plugged(&TestStorage::default());
    with_device(&mut runner, async {
        client.hear_for(AFTER_ALL_MS).await;
        client
            .send(&[request(4, &[]), request(4, &[])].concat())
            .await;
        expect![[r#"
            result 4 ["HomeNetwork", "-48", "YES"]
            result 4 ["Silence", "-62", "NO"]
            result 4 []
            result 4 ["HomeNetwork", "-48", "YES"]
            result 4 ["Silence", "-62", "NO"]
            result 4 []
        "#]]
        .assert_eq(&client.hear_for(4_900).await);
        client.send(&request(4, &[])).await;
        expect![[r#"
            result 4 ["HomeNetwork", "-48", "YES"]
            result 4 ["Silence", "-62", "NO"]
            result 4 []
        "#]]
        .assert_eq(&client.hear_for(1_000).await);
        client.send(&request(4, &[])).await;
        expect![[r#"
            result 4 ["HomeNetwork", "-48", "YES"]
            result 4 ["Silence", "-63", "NO"]
            result 4 []
        "#]]
        .assert_eq(&client.hear_for(1_000).await);
    });
}

#[test]
fn console_and_client_share_the_port() {
    let (mut runner, mut client) = plugged(&TestStorage::default());
    with_device(&mut runner, async {
        client.hear_for(AFTER_ALL_MS).await;
        let ask = request(2, &[]);
        let between = [
            &b"NET:MO"[..],
            &ask,
            b"DE\r\nHELP;NET:KNOWN\r\n",
            &request(4, &[]),
            b"IMPROV",
        ]
        .concat();
        client.send(&between).await;
        let heard = client.hear_for(AFTER_ALL_MS).await;
        let lines: Vec<&str> = heard.lines().filter(|line| !line.contains(" - ")).collect();
        expect![[r#"
            state 2
            CTRL:ACK CID=1 mode=sta_ap

            result 4 ["HomeNetwork", "-48", "YES"]
            result 4 ["Silence", "-62", "NO"]
            result 4 []
            NET:KNOWN CID=2
            NET:KNOWN CID=2 end=0"#]]
        .assert_eq(&lines.join("\n"));
        let shared = client.wifi.shared();
        assert_eq!(
            shared.with(|device| device.awaits_silence(PORT)),
            Some(true)
        );
        shared.with(|device| device.silence(PORT));
        client.send(b"ED\r\n").await;
        expect![[r#"
            CTRL:ERR CID=3 E01 BAD_CMD
        "#]]
        .assert_eq(&client.hear_for(AFTER_ALL_MS).await);
    });
}

#[test]
fn a_remark_is_a_line_of_its_own_and_comes_into_no_list() {
    let (mut runner, mut client) = plugged(&TestStorage::default());
    with_device(&mut runner, async {
        client.hear_for(AFTER_ALL_MS).await;
        client.send(b"NET:KNOWN\r\n").await;
        let shared = client.wifi.shared();
        while shared.with(|device| device.remark("warning: it rains")) == Some(false) {
            shared
                .clock()
                .sleep_until(shared.clock().now().plus_ms(1))
                .await;
        }
        let heard = client.hear_for(AFTER_ALL_MS).await;
        let (before, rest) = heard.split_once("NET:KNOWN CID=1\n").expect("a list");
        let (list, after) = rest.split_once("end=0").expect("its end");
        assert!(!list.contains('#'), "{heard}");
        assert!(
            [before, after].concat().contains("# warning: it rains\n"),
            "{heard}"
        );
    });
}
