//! Queries in hexadecimal, and the replies to them; then arbitrary bytes, and real sockets.

use core::fmt::Write;
use std::string::String;
use std::vec::Vec;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::hex::bytes;

const AP: Ipv4Addr = Ipv4Addr::new(192, 168, 4, 1);
/// `connectivitycheck.gstatic.com`
const GSTATIC: &str = "11 636f6e6e6563746976697479636865636b 07 67737461746963 03 636f6d 00";

/// The reply as flags, counts and the bytes behind the header.
fn check(query: &str, expected: &Expect) {
    let query = bytes(query);
    let mut out = [0; REPLY_MAX];
    let shown = match reply(&query, AP, &mut out) {
        None => String::from("silence"),
        Some(len) => show(&out[..len]),
    };
    expected.assert_eq(&shown);
}

fn show(reply: &[u8]) -> String {
    let word = |at: usize| u16::from_be_bytes([reply[at], reply[at + 1]]);
    let mut text = std::format!(
        "id {:04x} flags {:04x} counts {} {} {} {}",
        word(0),
        word(2),
        word(4),
        word(6),
        word(8),
        word(10)
    );
    for chunk in reply[12..].chunks(24) {
        text.push('\n');
        for byte in chunk {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

#[test]
fn a_query_for_an_ipv4_address_leads_here() {
    // Android: ID 1234, RD, one question, type A, class IN.
    check(
        &std::format!("1234 0100 0001 0000 0000 0000 {GSTATIC} 0001 0001"),
        &expect![[r#"
            id 1234 flags 8580 counts 1 1 0 0
            11636f6e6e6563746976697479636865636b076773746174
            696303636f6d0000010001c00c00010001000000000004c0
            a80401"#]],
    );
    // Without RD, in mixed case (0x20 hardening), class ANY.
    check(
        "0001 0000 0001 0000 0000 0000 01 61 02 4D65 00 0001 00ff",
        &expect![[r#"
            id 0001 flags 8480 counts 1 1 0 0
            0161024d6500000100ffc00c00010001000000000004c0a8
            0401"#]],
    );
    // The root has an address too.
    check(
        "0001 0100 0001 0000 0000 0000 00 0001 0001",
        &expect![[r#"
        id 0001 flags 8580 counts 1 1 0 0
        00000100010000010001000000000004c0a80401"#]],
    );
    // With an EDNS option record behind: 1232 bytes taken, DO.
    check(
        "0002 0120 0001 0000 0000 0001 01 61 00 0001 0001 00 0029 04d0 0000 8000 0000",
        &expect![[r#"
            id 0002 flags 8580 counts 1 1 0 0
            01610000010001c00c00010001000000000004c0a80401"#]],
    );
}

#[test]
fn other_types_and_classes_have_no_record() {
    // AAAA, HTTPS, ANY, and A of class CHAOS.
    for (kind, class) in [
        ("001c", "0001"),
        ("0041", "0001"),
        ("00ff", "0001"),
        ("0001", "0003"),
    ] {
        let query = std::format!("1234 0100 0001 0000 0000 0000 01 61 00 {kind} {class}");
        let mut out = [0; REPLY_MAX];
        let len = reply(&bytes(&query), AP, &mut out).expect("a reply");
        let expected = std::format!("1234 8580 0001 0000 0000 0000 01 61 00 {kind} {class}");
        assert_eq!(out[..len], bytes(&expected), "type {kind} class {class}");
    }
}

#[test]
fn what_cannot_be_answered_is_refused_or_passed_over() {
    let refused = |query: &str, rcode: &str| {
        let mut out = [0; REPLY_MAX];
        let len = reply(&bytes(query), AP, &mut out).expect("a reply");
        assert_eq!(
            out[..len],
            bytes(&std::format!("{rcode} 0000 0000 0000 0000")),
            "{query}"
        );
    };
    // STATUS, NOTIFY, UPDATE: NOTIMP with the opcode.
    refused(
        "1234 1000 0001 0000 0000 0000 01 61 00 0001 0001",
        "1234 9004",
    );
    refused(
        "1234 2000 0001 0000 0000 0000 01 61 00 0001 0001",
        "1234 a004",
    );
    refused("1234 2800 0000 0000 0000 0000", "1234 a804");
    // No question, two questions.
    refused("1234 0100 0000 0000 0000 0000", "1234 8101");
    refused(
        "1234 0100 0002 0000 0000 0000 01 61 00 0001 0001 01 62 00 0001 0001",
        "1234 8101",
    );
    // Names: pointing to itself, into the header, out of the packet; a label of 64; cut off; a
    // question cut off behind its name.
    refused("1234 0100 0001 0000 0000 0000 c00c 0001 0001", "1234 8101");
    refused(
        "1234 0100 0001 0000 0000 0000 01 61 c002 0001 0001",
        "1234 8101",
    );
    refused("1234 0100 0001 0000 0000 0000 c0ff 0001 0001", "1234 8101");
    refused(
        "1234 0100 0001 0000 0000 0000 40 61 00 0001 0001",
        "1234 8101",
    );
    refused("1234 0100 0001 0000 0000 0000 05 61", "1234 8101");
    refused("1234 0100 0001 0000 0000 0000 01 61 00 0001", "1234 8101");
    // Nothing, a cut header, and an answer.
    check("", &expect!["silence"]);
    check("1234 0100 0001 0000 0000 00", &expect!["silence"]);
    check(
        "1234 8180 0001 0000 0000 0000 01 61 00 0001 0001",
        &expect!["silence"],
    );
}

#[test]
fn the_longest_name_fits() {
    let mut query = bytes("1234 0100 0001 0000 0000 0000");
    for len in [63, 63, 63, 61] {
        query.push(len);
        query.extend(std::vec![b'a'; usize::from(len)]);
    }
    query.extend(bytes("00 0001 0001"));
    let mut out = [0; REPLY_MAX];
    assert_eq!(reply(&query, AP, &mut out), Some(REPLY_MAX));
    assert_eq!(reply(&query, AP, &mut out[1..]), None);
}

/// Bytes that often begin like a query.
fn query_like() -> impl Strategy<Value = Vec<u8>> {
    let header = prop_oneof![
        Just(bytes("1234 0100 0001 0000 0000 0000")),
        proptest::collection::vec(any::<u8>(), 0..16),
    ];
    (header, proptest::collection::vec(any::<u8>(), 0..600)).prop_map(|(mut head, tail)| {
        head.extend(tail);
        head
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered_within_bounds(query in query_like(), room in 0..600_usize) {
        let mut out = std::vec![0; room];
        if let Some(len) = reply(&query, AP, &mut out) {
            prop_assert!((12..=REPLY_MAX.min(room)).contains(&len));
            prop_assert_eq!(&out[..2], &query[..2]);
            prop_assert!(out[2] & 0x80 != 0);
            // Nobody is flooded with more than was asked, and one address.
            prop_assert!(len <= query.len() + 16);
        }
    }
}

#[cfg(feature = "std")]
#[test]
fn a_socket_of_the_host_answers() {
    use std::net::UdpSocket;
    use std::time::Duration;

    let (send_addr, addr) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        async_io::block_on(async {
            let local = "127.0.0.1:0".parse().expect("an address");
            let (mut socket, bound) = crate::host::bind_udp(local).await.expect("a free port");
            send_addr.send(bound).expect("the test waits");
            run(&mut socket, AP).await
        })
    });
    let client = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    client
        .connect(addr.recv().expect("bound"))
        .expect("loopback");
    client
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    // What is no query, what is too long, then a query.
    client.send(&[0; 3]).expect("sent");
    client.send(&[0; QUERY_MAX + 1]).expect("sent");
    client
        .send(&bytes("1234 0100 0001 0000 0000 0000 01 61 00 0001 0001"))
        .expect("sent");
    let mut replies = Vec::new();
    let mut buf = [0; 600];
    while replies
        .last()
        .is_none_or(|reply: &Vec<u8>| reply[..2] != [0x12, 0x34])
    {
        let len = client.recv(&mut buf).expect("a reply");
        replies.push(buf[..len].to_vec());
    }
    let last = replies.last().expect("a reply");
    assert_eq!(last[last.len() - 4..], AP.octets());
}
