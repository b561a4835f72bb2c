//! Replies byte for byte, and arbitrary packets.

use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;
use crate::hex::bytes;

/// The whole reply: header, then the options; zeros at the end are left out.
fn check(packet: &Packet, expected: &Expect) {
    let mut server = Server::new(Ipv4Net::AP_DEFAULT);
    let mut out = [0xee; REPLY_MAX];
    let answer = server
        .handle(&packet.bytes(), Instant::from_ms(5), &mut out)
        .expect("a reply");
    assert_eq!(answer.len, REPLY_LEN);
    let out = &out[..answer.len];
    let hex = |bytes: &[u8]| -> String {
        bytes
            .iter()
            .map(|byte| std::format!("{byte:02x}"))
            .collect()
    };
    assert!(
        out[34..236].iter().all(|byte| *byte == 0),
        "no server name, no file"
    );
    let end = out.iter().rposition(|byte| *byte != 0).unwrap_or_default();
    let mut text = std::format!(
        "{}\n{}\n{}",
        hex(&out[..12]),
        hex(&out[12..34]),
        hex(&out[236..240])
    );
    let mut options = &out[240..=end];
    while let [code, len, rest @ ..] = options {
        let (data, rest) = rest.split_at(usize::from(*len));
        text += &std::format!("\n{code} {}", hex(data));
        options = rest;
    }
    text += &std::format!("\n{}", hex(options));
    expected.assert_eq(&text);
}

#[test]
fn replies_byte_for_byte() {
    let client_id = bytes("01 02 00 00 00 00 07");
    check(
        &Packet {
            broadcast: true,
            ..Packet::new(DISCOVER, 7)
        }
        .option(61, &client_id),
        &expect![[r#"
            02010600aabbcc0700008000
            00000000c0a804020000000000000000020000000007
            63825363
            53 02
            54 c0a80401
            3 c0a80401
            1 ffffff00
            51 00000078
            6 c0a80401
            61 01020000000007
            ff"#]],
    );
    check(
        &Packet {
            in_use: at(9),
            ..Packet::new(REQUEST, 7)
        },
        &expect![[r#"
            02010600aabbcc0700000000
            c0a80409c0a804090000000000000000020000000007
            63825363
            53 05
            54 c0a80401
            3 c0a80401
            1 ffffff00
            51 00000078
            6 c0a80401
            ff"#]],
    );
    check(
        &Packet::new(REQUEST, 7).asks([10, 0, 0, 1]),
        &expect![[r#"
            02010600aabbcc0700008000
            00000000000000000000000000000000020000000007
            63825363
            53 06
            54 c0a80401
            ff"#]],
    );
}

fn any_packet() -> impl Strategy<Value = Vec<u8>> {
    let kinds = proptest::sample::select(std::vec![DISCOVER, REQUEST, DECLINE, RELEASE, INFORM]);
    let options = proptest::collection::vec(any::<u8>(), 0..80);
    let like = (kinds, any::<u8>(), 0..4_u8, 0..90_u8, options).prop_map(
        |(kind, mac, how, last, options)| {
            let mut packet = Packet::new(kind, mac);
            packet = match how {
                0 => packet,
                1 => packet.asks(at(last)),
                2 => packet.asks(at(last)).of(AP),
                _ => Packet {
                    in_use: at(last),
                    ..packet
                },
            };
            packet.options.extend(options);
            packet.bytes()
        },
    );
    prop_oneof![4 => like, 1 => proptest::collection::vec(any::<u8>(), 0..400)]
}

proptest! {
    /// Whatever comes: no panic, replies within bounds, and no address lent to two at a time.
    #[test]
    fn no_address_has_two_owners(
        packets in proptest::collection::vec((any_packet(), 0..30_u64), 1..150),
    ) {
        let mut server = Server::new(Ipv4Net::AP_DEFAULT);
        let mut now_ms = 0;
        let mut lent: BTreeMap<Ipv4Addr, (EthernetAddress, u64)> = BTreeMap::new();
        for (packet, later_s) in packets {
            now_ms += later_s * 1000;
            let mut out = [0; REPLY_MAX];
            let Some(answer) = server.handle(&packet, Instant::from_ms(now_ms), &mut out) else {
                let request = DhcpPacket::new_checked(&packet[..]);
                if let Ok(request) = request {
                    // It may have given its address back.
                    lent.retain(|_, (owner, _)| *owner != request.client_hardware_address());
                }
                continue;
            };
            prop_assert!((REPLY_LEN..=REPLY_MAX).contains(&answer.len));
            let reply = DhcpPacket::new_checked(&out[..answer.len]).expect("a packet");
            let (addr, mac) = (reply.your_ip(), reply.client_hardware_address());
            if addr.is_unspecified() {
                continue;
            }
            prop_assert!(server.net().contains(addr) && addr != server.net().addr);
            if let Some((owner, until_ms)) = lent.get(&addr) {
                prop_assert!(*owner == mac || *until_ms <= now_ms, "{addr} is lent to {owner}");
            }
            if kind_of(&reply) == DhcpMessageType::Ack {
                lent.retain(|_, (owner, _)| *owner != mac);
                lent.insert(addr, (mac, now_ms + u64::from(LEASE_SECS) * 1000));
            }
        }
    }
}
