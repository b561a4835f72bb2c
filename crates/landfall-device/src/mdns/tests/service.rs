//! The portal as a service: what browsers of the network ask, and what they are told.

use expect_test::expect;
use std::format;

use super::{PEER, PLAIN, bytes, check, host, show};
use crate::mdns::{GROUP, REPLY_MAX, goodbye, reply};

/// `_http._tcp.local`
const HTTP: &str = "05 5f68747470 04 5f746370 05 6c6f63616c 00";
/// `landfall-56789a`, before it
const LABEL: &str = "0f 6c616e6466616c6c2d353637383961";

#[test]
fn browsers_are_told_all_at_once() {
    check(
        &format!("0000 0000 0001 0000 0000 0000 {HTTP} 000c 0001"),
        PEER,
        &expect![[r#"
            to 224.0.0.251:5353
            0000 8400 0000 0001 0000 0005
            055f68747470045f746370056c6f63616c00000c00010000
            119400120f6c616e6466616c6c2d353637383961c00c0f6c
            616e6466616c6c2d353637383961c0170001800100000078
            0004c0a80401c03a002f800100000078001a0f6c616e6466
            616c6c2d353637383961056c6f63616c00000140c0280021
            800100000078001d0000000000500f6c616e6466616c6c2d
            353637383961056c6f63616c00c028001080010000119400
            0706706174683d2fc028002f80010000007800290f6c616e
            6466616c6c2d353637383961055f68747470045f74637005
            6c6f63616c0000050000800040"#]],
    );
    check(
        "0000 0000 0001 0000 0000 0000
         09 5f7365727669636573 07 5f646e732d7364 04 5f756470 05 6c6f63616c 00 000c 0001",
        PEER,
        &expect![[r#"
            to 224.0.0.251:5353
            0000 8400 0000 0001 0000 0000
            095f7365727669636573075f646e732d7364045f75647005
            6c6f63616c00000c000100001194000d055f68747470045f
            746370c023"#]],
    );
}

#[test]
fn the_service_has_a_place_and_a_text_and_no_more() {
    for kind in ["0021", "0010", "0001"] {
        let query = format!("0000 0000 0001 0000 0000 0000 {LABEL} {HTTP} {kind} 0001");
        let mut out = [0; REPLY_MAX];
        let from = PEER.parse().expect("an address");
        let answer = reply(&host(), &bytes(&query), from, &mut out).expect("an answer");
        assert_eq!((answer.to, out[7]), (GROUP, 1), "one record of type {kind}");
    }
    check(
        &format!("beef 0000 0001 0000 0000 0000 {LABEL} {HTTP} 00ff 0001"),
        PLAIN,
        &expect![[r#"
            to 192.168.4.7:40000
            beef 8400 0001 0002 0000 0000
            0f6c616e6466616c6c2d353637383961055f68747470045f
            746370056c6f63616c0000ff0001c00c002100010000000a
            001d0000000000500f6c616e6466616c6c2d353637383961
            056c6f63616c00c00c001000010000000a00070670617468
            3d2f"#]],
    );
}

#[test]
fn a_service_that_is_known_is_not_told_again() {
    let known = |label: &str, ttl: &str| {
        format!(
            "0000 0000 0001 0001 0000 0000 {HTTP} 000c 0001 c00c 000c 0001 {ttl} 0012 {label} c00c"
        )
    };
    let answered = |query: &str| {
        let from = PEER.parse().expect("an address");
        reply(&host(), &bytes(query), from, &mut [0; REPLY_MAX]).is_some()
    };
    assert!(!answered(&known(LABEL, "00001194")));
    assert!(answered(&known(LABEL, "000008c9")), "nearly forgotten");
    let other = LABEL.replace("353637", "353638");
    assert!(answered(&known(&other, "00001194")), "another device's");
}

#[test]
fn a_goodbye_takes_everything_back() {
    let mut out = [0; REPLY_MAX];
    let answer = goodbye(&host(), &mut out).expect("room");
    expect![[r#"
        to 224.0.0.251:5353
        0000 8400 0000 0005 0000 0000
        0f6c616e6466616c6c2d353637383961056c6f63616c0000
        010001000000000004c0a80401095f736572766963657307
        5f646e732d7364045f756470c01c000c000100000000000d
        055f68747470045f746370c01cc054000c00010000000000
        120f6c616e6466616c6c2d353637383961c054c06d002100
        0100000000001d0000000000500f6c616e6466616c6c2d35
        3637383961056c6f63616c00c06d00100001000000000007
        06706174683d2f"#]]
    .assert_eq(&show(answer, &out));
}
