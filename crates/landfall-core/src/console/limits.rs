//! What nobody can do to a console, by bytes, by names or by the number of lines.

use std::string::String;
use std::vec::Vec;

use expect_test::expect;
use proptest::prelude::*;

use super::bench::{Bench, DOOR, check_at, context, networks};
use super::*;
use crate::net::Ssid;

#[test]
fn nothing_is_printed_between_the_rows_of_a_list() {
    let mut bench = Bench::new(DOOR, networks(&[b"office", b"cafe"]));
    let line = b"NET:KNOWN\r";
    assert_eq!(bench.console.handle_bytes(line, &mut bench.out), line.len());
    for _ in 0..3 {
        assert_eq!(bench.poll(), Progress::More);
    }
    bench.step("button");
    check_at(
        &mut bench,
        "applied 7",
        expect![[r#"
        NET:KNOWN CID=1
        0 SSID="office" secure=0 webrepl=0
        1 SSID="cafe" secure=0 webrepl=0
        NET:KNOWN CID=1 end=2
        CTRL: NET:RESET_BUTTON LONG_PRESS
        --
        CTRL: NET:CONFIG_APPLIED version=7
    "#]],
    );
}

#[test]
fn lines_that_wait_too_long_are_dropped_and_counted() {
    let mut bench = Bench::new(DOOR, Wifi::default());
    let ticket = Ticket {
        door: DOOR,
        number: 1,
    };
    bench.hear(Output::Reply(ticket, Reply::Known(1)));
    for version in 0..10 {
        bench.hear(Output::Event(Event::ConfigApplied { version }));
    }
    assert_eq!(bench.console.dropped(), 3);
    check_at(
        &mut bench,
        "button",
        expect![[r#"
        CTRL:ACK CID=1 known=1
        CTRL: NET:CONFIG_APPLIED version=4
        CTRL: NET:CONFIG_APPLIED version=5
        CTRL: NET:CONFIG_APPLIED version=6
        CTRL: NET:CONFIG_APPLIED version=7
        CTRL: NET:CONFIG_APPLIED version=8
        CTRL: NET:CONFIG_APPLIED version=9
        CTRL: NET:RESET_BUTTON LONG_PRESS
    "#]],
    );
}

#[test]
fn a_long_row_goes_out_in_pieces_and_begins_again_when_it_changes() {
    fn config_json(_: &Wifi, services: &Services, out: &mut dyn fmt::Write) -> fmt::Result {
        write!(out, "{:é<1500}", services.mqtt_user)
    }
    /// Lists the configuration, which changes before poll `change_at`.
    fn list(bench: &mut Bench, change_at: usize) -> String {
        let mut text = String::new();
        let mut listing = Listing::new(Kind::Framed(Verb::Config, 5), &context!(bench));
        for n in 0.. {
            if n == change_at {
                bench.services.mqtt_user = "changed".try_into().unwrap();
            }
            let context = Context {
                config_json,
                ..context!(bench)
            };
            let before = text.len();
            if !listing.poll(&context, &mut text).unwrap() {
                break;
            }
            assert!(text.len() - before <= CHUNK_MAX);
        }
        text
    }
    let mut bench = Bench::new(DOOR, Wifi::default());
    let whole = list(&mut bench, usize::MAX);
    assert_eq!(whole.lines().nth(1).unwrap().chars().count(), 1500);
    assert!(whole.ends_with("\r\nNET:CONFIG CID=5 end=1\r\n"));
    let torn = list(&mut bench, 3);
    let last = torn.lines().nth(2).unwrap();
    assert!(last.starts_with("changedé") && last.chars().count() == 1500);
    assert!(torn.ends_with("\r\nNET:CONFIG CID=5 end=2\r\n"));
}

#[test]
fn a_console_takes_about_a_kilobyte() {
    assert!(size_of::<Console>() <= 1280, "{}", size_of::<Console>());
}

#[test]
fn cids_begin_at_1_and_are_never_0() {
    let mut cids = Cids::new();
    assert_eq!((cids.allocate(), cids.allocate()), (1, 2));
    cids.last = u32::MAX - 1;
    assert_eq!((cids.allocate(), cids.allocate()), (u32::MAX, 1));
}

/// Bytes as line noise, a fool or an attacker would send them.
fn hostile_bytes() -> impl Strategy<Value = Vec<u8>> {
    let examples: Vec<_> = COMMANDS
        .iter()
        .map(|spec| spec.example.as_bytes())
        .collect();
    let names: Vec<_> = COMMANDS.iter().map(|spec| spec.name.as_bytes()).collect();
    let piece = prop_oneof![
        proptest::sample::select(examples).prop_map(<[u8]>::to_vec),
        proptest::sample::select(names).prop_map(<[u8]>::to_vec),
        proptest::sample::select(b"\",;\\x\r\n \x08on".to_vec()).prop_map(|byte| [byte].into()),
        proptest::collection::vec(any::<u8>(), 1..20),
        (0..300usize).prop_map(|n| std::vec![b'x'; n]),
        Just(b"\r".to_vec()),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_bytes_break_the_console(bytes in hostile_bytes()) {
        let mut bench = Bench::new(DOOR, networks(&[b"home"]));
        bench.type_in(&bytes);
        for line in bench.out.split("\r\n") {
            let is_clean = !line.contains(|c: char| c.is_control() && c != '\x08');
            prop_assert!(is_clean, "{line:?}");
        }
    }

    #[test]
    fn no_name_forges_a_line(name in proptest::collection::vec(any::<u8>(), 1..=32)) {
        let mut bench = Bench::new(DOOR, Wifi::default());
        let quoted = crate::text::Quoted(&name);
        bench.step(&std::format!("> NET:ADD,{quoted}"));
        bench.history = History::new();
        bench.history.push(0, Event::ApStart { ssid: Ssid::new(&name).unwrap() });
        bench.out.clear();
        bench.step("> NET:KNOWN;NET:EVENTS");
        let lines: Vec<&str> = bench.out.split("\r\n").collect();
        prop_assert_eq!(lines.len(), 3 + 3 + 2, "{:?}", lines);
        prop_assert_eq!(lines[1], std::format!("0 SSID={quoted} secure=0 webrepl=0"));
        prop_assert_eq!(lines[4], std::format!("seq=1 ms=0 AP_START ssid={quoted}"));
    }
}
