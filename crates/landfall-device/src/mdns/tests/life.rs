//! A responder from its first question on, in a script: what comes and when, and what it says.

use core::fmt::Write;
use std::string::String;
use std::{format, vec::Vec};

use expect_test::{Expect, expect};
use landfall_core::net::Ipv4Net;
use landfall_core::time::Instant;

use super::{OURS, PEER, bytes, host};
use crate::datagram::Answer;
use crate::mdns::{GROUP, Host, REPLY_MAX, Responder, probe};

/// Longest wait that the script looks at.
const SCRIPT_MS: u64 = 120_000;

/// Plays packets at their times; tells what is said, by what it is.
fn check(packets: &[(u64, Vec<u8>)], expected: &Expect) {
    let mut responder = Responder::new(host(), Instant::BOOT);
    let mut told = String::new();
    let mut out = [0; REPLY_MAX];
    let mut packets = packets.iter().peekable();
    loop {
        let due = responder.poll_timeout().map(Instant::as_ms);
        let next = packets.peek().map(|(at, _)| *at);
        let Some(at) = due.into_iter().chain(next).min() else {
            break;
        };
        if at > SCRIPT_MS {
            break;
        }
        let now = Instant::from_ms(at);
        let said = if due == Some(at) {
            responder.handle_timeout(now, &mut out)
        } else {
            packets.next().and_then(|(_, packet)| {
                let from = PEER.parse().expect("an address");
                responder.handle(packet, from, now, &mut out)
            })
        };
        if let Some(Answer { to, .. }) = said {
            assert_eq!(to, GROUP);
            // A question, or so many answers.
            let what = match (out[2], out[7]) {
                (0, _) => String::from("asks"),
                (_, answers) => format!("tells {answers}"),
            };
            let _ = writeln!(told, "{at} {what}");
        }
    }
    expected.assert_eq(&told);
}

/// A host of our name, with another address.
fn twin(addr: [u8; 4]) -> Host {
    Host {
        net: Ipv4Net {
            addr: addr.into(),
            prefix: 24,
        },
        ..host()
    }
}

fn probe_of(addr: [u8; 4]) -> Vec<u8> {
    let mut out = [0; REPLY_MAX];
    let len = probe(&twin(addr), &mut out).expect("room").len;
    out[..len].to_vec()
}

fn query() -> Vec<u8> {
    bytes(&format!("0000 0000 0001 0000 0000 0000 {OURS} 0001 0001"))
}

/// Somebody says that our name has that address.
fn answer(addr: &str) -> Vec<u8> {
    bytes(&format!(
        "0000 8400 0000 0001 0000 0000 {OURS} 0001 8001 00000078 0004 {addr}"
    ))
}

#[test]
fn it_asks_thrice_tells_twice_and_then_answers() {
    check(
        &[(100, query()), (5_000, query())],
        &expect![[r#"
        37 asks
        287 asks
        537 asks
        787 tells 5
        1787 tells 5
        5000 tells 1
    "#]],
    );
}

#[test]
fn a_name_that_is_taken_is_left_alone_for_a_minute() {
    let other = answer("c0a80409");
    check(
        &[(300, other.clone())],
        &expect![[r#"
        37 asks
        287 asks
        60300 asks
        60550 asks
        60800 asks
        61050 tells 5
        62050 tells 5
    "#]],
    );
    // Later too, and not by what we said ourselves.
    check(
        &[
            (5_000, answer("c0a80401")),
            (6_000, query()),
            (7_000, other),
            (8_000, query()),
        ],
        &expect![[r#"
            37 asks
            287 asks
            537 asks
            787 tells 5
            1787 tells 5
            6000 tells 1
            67000 asks
            67250 asks
            67500 asks
            67750 tells 5
            68750 tells 5
        "#]],
    );
}

#[test]
fn of_two_that_ask_at_once_the_greater_address_goes_first() {
    check(
        &[(300, probe_of([192, 168, 4, 9]))],
        &expect![[r#"
        37 asks
        287 asks
        1300 asks
        1550 asks
        1800 asks
        2050 tells 5
        3050 tells 5
    "#]],
    );
    check(
        &[(300, probe_of([192, 168, 3, 9]))],
        &expect![[r#"
        37 asks
        287 asks
        537 asks
        787 tells 5
        1787 tells 5
    "#]],
    );
}
