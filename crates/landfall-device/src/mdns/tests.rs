//! Queries of real resolvers in hexadecimal, and the answers to them; then arbitrary bytes.

use core::fmt::Write;
use std::string::String;
use std::vec::Vec;

use expect_test::{Expect, expect};
use landfall_core::net::HOSTNAME_MAX;
use proptest::prelude::*;

use super::*;
use crate::hex::bytes;

mod life;
mod service;

/// `landfall-56789a.local`
const OURS: &str = "0f 6c616e6466616c6c2d353637383961 05 6c6f63616c 00";
const PEER: &str = "192.168.4.7:5353";
const PLAIN: &str = "192.168.4.7:40000";

fn host() -> Host {
    Host {
        hostname: Hostname::new("landfall-56789a").expect("a host name"),
        net: Ipv4Net::AP_DEFAULT,
        port: 80,
    }
}

fn check(query: &str, from: &str, expected: &Expect) {
    let mut out = [0; REPLY_MAX];
    let from = from.parse().expect("an address");
    let shown = match reply(&host(), &bytes(query), from, &mut out) {
        None => String::from("silence"),
        Some(answer) => show(answer, &out),
    };
    expected.assert_eq(&shown);
}

/// Who gets it, the header, and the bytes behind it.
fn show(answer: Answer, out: &[u8]) -> String {
    let mut text = std::format!("to {}", answer.to);
    for (i, byte) in out[..answer.len].iter().enumerate() {
        match i {
            0 => text.push('\n'),
            2 | 4 | 6 | 8 | 10 => text.push(' '),
            i if i >= 12 && (i - 12) % 24 == 0 => text.push('\n'),
            _ => {}
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[test]
fn our_address_is_told_to_the_group() {
    check(
        &std::format!("0000 0000 0001 0000 0000 0000 {OURS} 0001 0001"),
        PEER,
        &expect![[r#"
            to 224.0.0.251:5353
            0000 8400 0000 0001 0000 0001
            0f6c616e6466616c6c2d353637383961056c6f63616c0000
            018001000000780004c0a80401c00c002f80010000007800
            1a0f6c616e6466616c6c2d353637383961056c6f63616c00
            000140"#]],
    );
    // In capitals, any type, and a question for another host before it.
    check(
        "0000 0000 0002 0000 0000 0000 01 61 05 6c6f63616c 00 0001 0001
         0f 4C414E4446414C4C2d353637383941 c00e 00ff 0001",
        PEER,
        &expect![[r#"
            to 224.0.0.251:5353
            0000 8400 0000 0001 0000 0001
            0f6c616e6466616c6c2d353637383961056c6f63616c0000
            018001000000780004c0a80401c00c002f80010000007800
            1a0f6c616e6466616c6c2d353637383961056c6f63616c00
            000140"#]],
    );
}

#[test]
fn who_wants_it_alone_gets_it_alone() {
    // The top bit of the class (QU).
    check(
        &std::format!("0000 0000 0001 0000 0000 0000 {OURS} 0001 8001"),
        PEER,
        &expect![[r#"
            to 192.168.4.7:5353
            0000 8400 0000 0001 0000 0001
            0f6c616e6466616c6c2d353637383961056c6f63616c0000
            018001000000780004c0a80401c00c002f80010000007800
            1a0f6c616e6466616c6c2d353637383961056c6f63616c00
            000140"#]],
    );
    // QU for the address, but QM for the rest: to the group.
    let mut out = [0; REPLY_MAX];
    let query = std::format!("0000 0000 0002 0000 0000 0000 {OURS} 0001 8001 c00c 001c 0001");
    let from = PEER.parse().expect("an address");
    let answer = reply(&host(), &bytes(&query), from, &mut out).expect("an answer");
    assert_eq!(answer.to, GROUP);
}

#[test]
fn plain_resolvers_get_plain_dns() {
    // `dig @224.0.0.251 -p 5353`: its ID and question, a short time, no flush bit.
    check(
        &std::format!("beef 0120 0001 0000 0000 0000 {OURS} 0001 0001"),
        PLAIN,
        &expect![[r#"
            to 192.168.4.7:40000
            beef 8400 0001 0001 0000 0000
            0f6c616e6466616c6c2d353637383961056c6f63616c0000
            010001c00c000100010000000a0004c0a80401"#]],
    );
    // No IPv6 address: an empty answer.
    check(
        &std::format!("beef 0120 0001 0000 0000 0000 {OURS} 001c 0001"),
        PLAIN,
        &expect![[r#"
            to 192.168.4.7:40000
            beef 8400 0001 0000 0000 0000
            0f6c616e6466616c6c2d353637383961056c6f63616c0000
            1c0001"#]],
    );
}

#[test]
fn what_we_have_not_is_said_to_be_not_there() {
    check(
        &std::format!("0000 0000 0001 0000 0000 0000 {OURS} 001c 0001"),
        PEER,
        &expect![[r#"
            to 224.0.0.251:5353
            0000 8400 0000 0001 0000 0000
            0f6c616e6466616c6c2d353637383961056c6f63616c0000
            2f800100000078001a0f6c616e6466616c6c2d3536373839
            61056c6f63616c00000140"#]],
    );
}

#[test]
fn what_the_asker_knows_is_not_repeated() {
    let known = |ttl: &str, addr: &str| {
        std::format!(
            "0000 0000 0001 0001 0000 0000 {OURS} 0001 0001 c00c 0001 0001 {ttl} 0004 {addr}"
        )
    };
    let mut out = [0; REPLY_MAX];
    let mut answered = |query: &str| {
        let from = PEER.parse().expect("an address");
        reply(&host(), &bytes(query), from, &mut out).is_some()
    };
    assert!(!answered(&known("00000078", "c0a80401")));
    assert!(!answered(&known("0000003c", "c0a80401")));
    assert!(answered(&known("0000003b", "c0a80401")), "nearly forgotten");
    assert!(answered(&known("00000078", "c0a80402")), "another address");
}

#[test]
fn what_is_not_for_us_is_passed_over() {
    let silent = |what: &str, query: &str, from: &str| {
        let mut out = [0; REPLY_MAX];
        let from = from.parse().expect("an address");
        assert_eq!(
            reply(&host(), &bytes(query), from, &mut out),
            None,
            "{what}"
        );
    };
    let asks = |flags: &str| std::format!("0000 {flags} 0001 0000 0000 0000 {OURS} 0001 0001");
    silent(
        "another host",
        "0000 0000 0001 0000 0000 0000 01 61 05 6c6f63616c 00 0001 0001",
        PEER,
    );
    silent(
        "our name elsewhere",
        "0000 0000 0001 0000 0000 0000 0f 6c616e6466616c6c2d353637383961 00 0001 0001",
        PEER,
    );
    silent("an answer", &asks("8400"), PEER);
    silent("another opcode", &asks("0800"), PEER);
    silent("an error", &asks("0003"), PEER);
    silent("another network", &asks("0000"), "192.168.5.7:5353");
    silent("IPv6", &asks("0000"), "[fe80::1]:5353");
    silent(
        "class CHAOS",
        &std::format!("0000 0000 0001 0000 0000 0000 {OURS} 0001 0003"),
        PEER,
    );
    silent(
        "a broken question",
        &std::format!("0000 0000 0002 0000 0000 0000 {OURS} 0001 0001 c0"),
        PEER,
    );
    silent("a header", "0000 0000 0000 0000 0000 0000", PEER);
    silent("nothing", "", PEER);
}

#[test]
fn an_announcement_is_an_answer_nobody_asked_for() {
    let mut out = [0; REPLY_MAX];
    let answer = announcement(&host(), &mut out).expect("room");
    expect![[r#"
        to 224.0.0.251:5353
        0000 8400 0000 0005 0000 0002
        0f6c616e6466616c6c2d353637383961056c6f63616c0000
        018001000000780004c0a80401095f736572766963657307
        5f646e732d7364045f756470c01c000c000100001194000d
        055f68747470045f746370c01cc054000c00010000119400
        120f6c616e6466616c6c2d353637383961c054c06d002180
        0100000078001d0000000000500f6c616e6466616c6c2d35
        3637383961056c6f63616c00c06d00108001000011940007
        06706174683d2fc00c002f800100000078001a0f6c616e64
        66616c6c2d353637383961056c6f63616c00000140c06d00
        2f80010000007800290f6c616e6466616c6c2d3536373839
        61055f68747470045f746370056c6f63616c000005000080
        0040"#]]
    .assert_eq(&show(answer, &out));
}

#[test]
fn the_longest_name_fits() {
    let host = Host {
        hostname: Hostname::new(&"a".repeat(HOSTNAME_MAX)).expect("a host name"),
        net: Ipv4Net::AP_DEFAULT,
        port: 80,
    };
    let mut query = bytes("0000 0000 0001 0000 0000 0000 20");
    query.extend(std::vec![b'a'; HOSTNAME_MAX]);
    query.extend(bytes("05 6c6f63616c 00 0001 0001"));
    for from in [PEER, PLAIN] {
        let mut out = [0; REPLY_MAX];
        assert!(reply(&host, &query, from.parse().expect("an address"), &mut out).is_some());
    }
}

/// Bytes that often begin like a query for us.
fn query_like() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        Just(bytes(&std::format!(
            "0000 0000 0002 0002 0000 0000 {OURS} 0001 0001"
        ))),
        Just(bytes("0000 0000 0003 0000 0000 0000")),
        proptest::collection::vec(any::<u8>(), 0..16),
    ];
    (head, proptest::collection::vec(any::<u8>(), 0..QUERY_MAX)).prop_map(|(mut head, tail)| {
        head.extend(tail);
        head
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered_within_bounds(
        query in query_like(),
        room in 0..REPLY_MAX + 8,
        port in prop_oneof![Just(PORT), any::<u16>()],
    ) {
        let mut out = std::vec![0; room];
        let from = SocketAddr::from(([192, 168, 4, 7], port));
        if let Some(answer) = reply(&host(), &query, from, &mut out) {
            prop_assert!((12..=REPLY_MAX.min(room)).contains(&answer.len));
            prop_assert!(answer.to == GROUP || answer.to == from);
        }
    }
}
