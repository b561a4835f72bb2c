//! The frames of the protocol, both ways, and bytes that are none.

use super::*;
use crate::net::{Hostname, decode_hex};
use expect_test::{Expect, expect};
use std::fmt::Write as _;
use std::string::String;
use std::vec::Vec;

fn unhex(text: &str) -> Vec<u8> {
    let mut bytes = std::vec![0; text.len() / 2];
    decode_hex(text.as_bytes(), &mut bytes).expect("pairs of digits");
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| std::format!("{byte:02x}"))
        .collect()
}

/// A request as a client sends it.
fn request(verb: u8, payload: &[u8]) -> Vec<u8> {
    let head = [verb, payload.len() as u8];
    Answer::new(Kind::Request, &[&head, payload])
        .as_bytes()
        .to_vec()
}

/// Every byte is read; what the console gets, and a line for each frame.
fn read(bytes: &[u8]) -> String {
    let (mut reader, mut seen) = (Reader::<REQUEST_MAX>::new(), String::new());
    let mut text = Vec::new();
    for byte in bytes {
        match reader.handle_byte(*byte) {
            Step::Held => {}
            Step::Text(more) => text.extend(more.bytes()),
            Step::Frame(frame) => writeln!(seen, "{:?}", Request::read(&frame)).unwrap(),
        }
    }
    text.extend(reader.handle_silence().bytes());
    writeln!(seen, "text \"{}\"", text.escape_ascii()).unwrap();
    seen
}

fn check(bytes: &[u8], expected: Expect) {
    expected.assert_eq(&read(bytes));
}

#[test]
fn the_known_requests_are_read_and_written() {
    let settings = b"\x0cMyWirelessAP\x10mysecurepassword";
    for (known, verb, payload) in [
        ("494d50524f560103020200e50a", 2, &[][..]),
        ("494d50524f560103020300e60a", 3, &[]),
        ("494d50524f560103020400e70a", 4, &[]),
        (
            "494d50524f56010320011e0c4d79576972656c6573734150106d7973656375726570617373776f7264c10a",
            1,
            settings,
        ),
    ] {
        assert_eq!(hex(&request(verb, payload)), known);
    }
    let all: Vec<u8> = [
        "494d50524f560103020200e50a",
        "494d50524f560103020300e60a",
        "494d50524f560103020400e70a",
        "494d50524f56010320011e0c4d79576972656c6573734150106d7973656375726570617373776f7264c10a",
    ]
    .map(unhex)
    .concat();
    check(
        &all,
        expect![[r#"
        Ok(State)
        Ok(Info)
        Ok(Scan)
        Ok(Settings(Some(Credentials { ssid: "MyWirelessAP", security: Personal(***) })))
        text ""
    "#]],
    );
}

#[test]
fn the_known_answers_are_written() {
    assert_eq!(
        hex(Answer::state(State::Ready).as_bytes()),
        "494d50524f5601010102e20a"
    );
    assert_eq!(
        hex(Answer::error(Error::None).as_bytes()),
        "494d50524f5601020100e10a"
    );
    let url = Answer::result(Verb::Settings, &[b"http://10.0.0.2/"]);
    let empty = Answer::result(Verb::Scan, &[]);
    expect![
        "494d50524f56010413011110687474703a2f2f31302e302e302e322f1b0a 494d50524f560104020400e80a"
    ]
    .assert_eq(&std::format!(
        "{} {}",
        hex(url.as_bytes()),
        hex(empty.as_bytes())
    ));
    for error in Error::ALL {
        assert_eq!(Answer::error(error).as_bytes()[9], error as u8);
    }
    for (number, state) in State::ALL.into_iter().enumerate() {
        assert_eq!(usize::from(Answer::state(state).as_bytes()[9]), number);
    }
}

#[test]
fn an_answer_has_its_bound() {
    let long = [b'x'; 120];
    let answer = Answer::result(Verb::Info, &[&long, b"left", b"out of it"]);
    assert_eq!(answer.as_bytes().len(), 9 + 2 + 121 + 5 + 2);
    assert!(
        Answer::new(Kind::Result, &[&[0; RESULT_MAX]])
            .as_bytes()
            .len()
            == ANSWER_MAX
    );
}

#[test]
fn frames_begin_in_the_middle_of_text() {
    let ask = request(2, &[]);
    let bare = &ask[..ask.len() - 1];
    check(
        &[
            b"NET:STA",
            &ask[..],
            b"TUS\r\nIMIMPROV 1 IMPROV\x02",
            bare,
            b"\nIMPROVE\r",
            bare,
            b"x\n",
        ]
        .concat(),
        expect![[r#"
            Ok(State)
            Ok(State)
            Ok(State)
            text "NET:STATUS\r\nIMIMPROV 1 IMPROV\x02IMPROVE\rx\n"
        "#]],
    );
    check(
        &[&ask[..], b"\n", bare, bare, b"IMPRO"].concat(),
        expect![[r#"
        Ok(State)
        Ok(State)
        Ok(State)
        text "\nIMPRO"
    "#]],
    );
}

#[test]
fn what_is_wrong_is_told() {
    let mut torn = request(2, &[]);
    torn[11] ^= 1;
    let longest = [&[32][..], &[b's'; 32], &[64], &[b'0'; 64]].concat();
    let frames = [
        torn,
        request(7, &[]),
        request(0, &[]),
        request(2, b"x"),
        Answer::state(State::Ready).as_bytes().to_vec(),
        Answer::new(Kind::Request, &[]).as_bytes().to_vec(),
        Answer::new(Kind::Request, &[&[2]]).as_bytes().to_vec(),
        Answer::new(Kind::Request, &[&[2, 1]]).as_bytes().to_vec(),
        request(1, &[]),
        request(1, b"\x04home"),
        request(1, b"\x05home\x00"),
        request(1, b"\x04home\x09password"),
        request(1, b"\x04home\x08password!"),
        request(1, b"\x04home\x07passwor"),
        request(1, b"\x04home\x08pass\nord"),
        request(1, b"\x00\x08password"),
        request(1, &[&[33][..], &[b's'; 33], &[0]].concat()),
        request(1, b"\x04home\x00"),
        request(1, &longest),
    ];
    check(
        &frames.concat(),
        expect![[r#"
        Err(InvalidRequest)
        Err(UnknownRequest)
        Err(UnknownRequest)
        Err(InvalidRequest)
        Err(InvalidRequest)
        Err(InvalidRequest)
        Err(InvalidRequest)
        Err(InvalidRequest)
        Ok(Settings(None))
        Ok(Settings(None))
        Ok(Settings(None))
        Ok(Settings(None))
        Ok(Settings(None))
        Ok(Settings(None))
        Ok(Settings(None))
        Ok(Settings(None))
        Ok(Settings(None))
        Ok(Settings(Some(Credentials { ssid: "home", security: Open })))
        Ok(Settings(Some(Credentials { ssid: "ssssssssssssssssssssssssssssssss", security: Personal(***) })))
        text ""
    "#]],
    );
}

#[test]
fn names_are_taken_with_their_length_and_bare() {
    let frames = [
        &b""[..],
        b"\x07kitchen",
        b"kitchen",
        b"\x00",
        b"\x07Kitchen",
        b"Kitchen",
        b"\x02-a",
        b"\x06kitchen",
        b"\xffkitchen",
        &[&[32][..], &[b'a'; 32]].concat(),
        &[&[33][..], &[b'a'; 33]].concat(),
        &[b'a'; 110],
        &[&[110][..], &[b'a'; 110]].concat(),
    ]
    .map(|payload| request(5, payload));
    check(
        &frames.concat(),
        expect![[r#"
        Ok(Name(Hostname, None))
        Ok(Name(Hostname, Some(Hostname("kitchen"))))
        Ok(Name(Hostname, Some(Hostname("kitchen"))))
        Err(BadHostname)
        Err(BadHostname)
        Err(BadHostname)
        Err(BadHostname)
        Err(InvalidRequest)
        Err(InvalidRequest)
        Ok(Name(Hostname, Some(Hostname("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))))
        Err(BadHostname)
        Err(BadHostname)
        Err(BadHostname)
        text ""
    "#]],
    );
    assert!(read(&request(6, b"\x01a")).contains("Name(DeviceName, Some("));
    assert!(Hostname::new("kitchen").is_some());
}

#[test]
fn silence_ends_what_was_begun() {
    let mut reader = Reader::<REQUEST_MAX>::new();
    assert!(!reader.awaits_silence());
    let frame = request(1, b"\x04home\x08password");
    for end in 1..frame.len() {
        for byte in &frame[..end] {
            assert!(!matches!(reader.handle_byte(*byte), Step::Text(_)));
        }
        assert!(reader.awaits_silence());
        let text: Vec<u8> = reader.handle_silence().bytes().collect();
        let expected = if end < MAGIC.len() {
            &MAGIC[..end]
        } else {
            &[]
        };
        assert_eq!(text, expected, "after {end}");
        assert!(!reader.awaits_silence());
    }
}
