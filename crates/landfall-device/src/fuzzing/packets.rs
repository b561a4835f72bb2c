//! Anything as a packet to the small servers of the access point.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use landfall_core::net::{Hostname, Ipv4Net, Mac};
use landfall_core::time::Instant;

use crate::{dhcp, dns, mdns};

/// Where the server is.
const AP: Ipv4Net = Ipv4Net::AP_DEFAULT;
const MAC: Mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
/// Where the byte stands that tells an answer from a query, and its bit (RFC 1035 §4.1.1).
const FLAGS_AT: usize = 2;
const IS_ANSWER: u8 = 0x80;

/// Captive DNS and mDNS: what is answered is answered with an answer to the same question, within
/// its bound, and never an answer itself: two of our kind do not keep each other busy.
pub fn dns_query(bytes: &[u8]) {
    let mut out = [0; dns::REPLY_MAX];
    if let Some(len) = dns::reply(bytes, AP.addr, &mut out) {
        let reply = &out[..len];
        assert_eq!(reply[..2], bytes[..2], "the ID of the query");
        assert_ne!(reply[FLAGS_AT] & IS_ANSWER, 0);
        assert_eq!(dns::reply(reply, AP.addr, &mut [0; dns::REPLY_MAX]), None);
    }
    let host = mdns::Host {
        hostname: Hostname::of(MAC),
        net: AP,
        port: 80,
    };
    for port in [mdns::PORT, 40_000] {
        let asker = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 168, 4, 2)), port);
        let mut out = [0; mdns::REPLY_MAX];
        if let Some(answer) = mdns::reply(&host, bytes, asker, &mut out) {
            let reply = &out[..answer.len];
            assert!(answer.to == asker || answer.to == mdns::GROUP);
            assert_ne!(reply[FLAGS_AT] & IS_ANSWER, 0);
            let back = mdns::reply(&host, reply, asker, &mut [0; mdns::REPLY_MAX]);
            assert_eq!(back, None);
        }
    }
}

/// The DHCP server: what it sends is a reply, to its own network; what deserves none leaves
/// everybody's address as it was, and whatever came, somebody new still gets one.
pub fn dhcp_packet(bytes: &[u8]) {
    let mut server = dhcp::Server::new(AP);
    let mut out = [0; dhcp::REPLY_MAX];
    let now = Instant::from_ms(1_000);
    let offered = ask(&mut server, now);
    if let Some(answer) = server.handle(bytes, now, &mut out) {
        let reply = &out[..answer.len];
        assert!(answer.len >= dhcp::REPLY_LEN && reply[0] == BOOT_REPLY);
        assert_eq!(reply[4..8], bytes[4..8], "the transaction of the request");
        assert_eq!(answer.to.port(), dhcp::CLIENT_PORT);
        let back = server.handle(reply, now, &mut [0; dhcp::REPLY_MAX]);
        assert_eq!(back, None, "a reply is no request");
    }
    let again = ask(&mut server, now);
    assert!(AP.contains(again) && again != AP.addr);
    // Who has another's hardware address can give its address back, and nobody else can.
    let names_us = bytes.windows(MAC.0.len()).any(|window| window == MAC.0);
    assert!(names_us || again == offered, "{offered} became {again}");
}

const BOOT_REPLY: u8 = 2;

/// A phone asks for an address, and is offered one.
fn ask(server: &mut dhcp::Server, now: Instant) -> Ipv4Addr {
    let mut out = [0; dhcp::REPLY_MAX];
    let answer = server.handle(&discover(MAC), now, &mut out);
    assert!(answer.is_some(), "nobody is offered an address");
    let [.., a, b, c, d] = out[..20] else {
        unreachable!("twenty bytes");
    };
    Ipv4Addr::new(a, b, c, d)
}

/// `DHCPDISCOVER` (RFC 2131 §4.3.1).
pub(super) fn discover(mac: Mac) -> [u8; 244] {
    let mut packet = [0; 244];
    packet[..8].copy_from_slice(&[1, 1, 6, 0, 1, 2, 3, 4]);
    packet[28..34].copy_from_slice(&mac.0);
    // The magic cookie, the type of the message, the end.
    packet[236..].copy_from_slice(&[99, 130, 83, 99, 53, 1, 1, 255]);
    packet
}
