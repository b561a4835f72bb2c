//! Clients that come, stay, leave and lie.

mod wire;

use std::collections::BTreeMap;
use std::string::String;
use std::vec::Vec;

use super::*;

const DISCOVER: u8 = 1;
const REQUEST: u8 = 3;
const DECLINE: u8 = 4;
const RELEASE: u8 = 7;
const INFORM: u8 = 8;

/// What a client puts into a packet.
#[derive(Clone, Default)]
struct Packet {
    kind: u8,
    mac: u8,
    in_use: [u8; 4],
    broadcast: bool,
    options: Vec<u8>,
}

impl Packet {
    fn new(kind: u8, mac: u8) -> Self {
        Self {
            kind,
            mac,
            ..Self::default()
        }
    }

    fn asks(self, addr: [u8; 4]) -> Self {
        self.option(50, &addr)
    }

    fn of(self, server: [u8; 4]) -> Self {
        self.option(54, &server)
    }

    fn option(mut self, code: u8, data: &[u8]) -> Self {
        self.options.extend([code, data.len() as u8]);
        self.options.extend(data);
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut packet = std::vec![0; 236];
        packet[..4].copy_from_slice(&[1, 1, 6, 0]);
        packet[4..8].copy_from_slice(&[0xaa, 0xbb, 0xcc, self.mac]);
        packet[10] = if self.broadcast { 0x80 } else { 0 };
        packet[12..16].copy_from_slice(&self.in_use);
        packet[28..34].copy_from_slice(&[0x02, 0, 0, 0, 0, self.mac]);
        packet.extend([0x63, 0x82, 0x53, 0x63, 53, 1, self.kind]);
        packet.extend(&self.options);
        packet.push(255);
        packet
    }
}

const AP: [u8; 4] = [192, 168, 4, 1];

fn at(last: u8) -> [u8; 4] {
    [192, 168, 4, last]
}

fn kind_of(reply: &DhcpPacket<&[u8]>) -> DhcpMessageType {
    let option = reply
        .options()
        .find(|option| option.kind == option::MESSAGE_TYPE);
    DhcpMessageType::from(option.expect("every reply has a kind").data[0])
}

/// A server and a clock in seconds.
struct Bench {
    server: Server,
    now_s: u64,
}

impl Bench {
    fn new(ap: &str) -> Self {
        let net = Ipv4Net::parse(ap).expect("a network");
        Self {
            server: Server::new(net),
            now_s: 1,
        }
    }

    /// The reply, as `OFFER 192.168.4.2 to 255.255.255.255`.
    fn tell(&mut self, packet: &Packet) -> String {
        self.tell_bytes(&packet.bytes())
    }

    fn tell_bytes(&mut self, packet: &[u8]) -> String {
        let mut out = [0; REPLY_MAX];
        let now = Instant::from_ms(self.now_s * 1000);
        let Some(answer) = self.server.handle(packet, now, &mut out) else {
            return String::from("silence");
        };
        let reply = DhcpPacket::new_checked(&out[..answer.len]).expect("a packet");
        assert_eq!(
            reply.transaction_id().to_be_bytes()[..3],
            [0xaa, 0xbb, 0xcc]
        );
        let kind = match kind_of(&reply) {
            DhcpMessageType::Offer => "OFFER",
            DhcpMessageType::Ack => "ACK",
            DhcpMessageType::Nak => "NAK",
            DhcpMessageType::Discover
            | DhcpMessageType::Request
            | DhcpMessageType::Decline
            | DhcpMessageType::Release
            | DhcpMessageType::Inform
            | DhcpMessageType::Unknown(_) => panic!("no server says that"),
        };
        std::format!("{kind} {} to {}", reply.your_ip(), answer.to.ip())
    }

    /// Discovers, and requests what it is offered. Gives the address.
    fn join(&mut self, mac: u8) -> Option<[u8; 4]> {
        let offer = self.tell(&Packet::new(DISCOVER, mac));
        let addr: Ipv4Addr = offer
            .strip_prefix("OFFER ")?
            .split(' ')
            .next()?
            .parse()
            .ok()?;
        let addr = addr.octets();
        let ack = self.tell(
            &Packet::new(REQUEST, mac)
                .asks(addr)
                .of(self.server.net().addr.octets()),
        );
        assert!(ack.starts_with("ACK"), "{ack} after {offer}");
        Some(addr)
    }
}

#[test]
fn a_client_joins_renews_and_comes_back() {
    let mut bench = Bench::new("192.168.4.1/24");
    let cases = [
        (
            0,
            Packet::new(DISCOVER, 7),
            "OFFER 192.168.4.2 to 255.255.255.255",
        ),
        (
            0,
            Packet::new(REQUEST, 7).asks(at(2)).of(AP),
            "ACK 192.168.4.2 to 255.255.255.255",
        ),
        // Renewal at half time, to the server alone; at the end, to everybody.
        (
            60,
            Packet {
                in_use: at(2),
                ..Packet::new(REQUEST, 7)
            },
            "ACK 192.168.4.2 to 192.168.4.2",
        ),
        (
            60,
            Packet {
                in_use: at(2),
                broadcast: true,
                ..Packet::new(REQUEST, 7)
            },
            "ACK 192.168.4.2 to 255.255.255.255",
        ),
        // After a restart it remembers its address; after a long time too.
        (
            60,
            Packet::new(REQUEST, 7).asks(at(2)),
            "ACK 192.168.4.2 to 255.255.255.255",
        ),
        (
            4000,
            Packet::new(DISCOVER, 7),
            "OFFER 192.168.4.2 to 255.255.255.255",
        ),
        (0, Packet::new(RELEASE, 7).of(AP), "silence"),
        (
            0,
            Packet::new(DISCOVER, 7).asks(at(9)),
            "OFFER 192.168.4.2 to 255.255.255.255",
        ),
        // What it is, it may ask from any address of the network.
        (
            0,
            Packet {
                in_use: at(99),
                ..Packet::new(INFORM, 8)
            },
            "ACK 0.0.0.0 to 192.168.4.99",
        ),
    ];
    for (i, (later_s, packet, expected)) in cases.into_iter().enumerate() {
        bench.now_s += later_s;
        assert_eq!(bench.tell(&packet), expected, "step {i}");
    }
}

/// Tells the bench each packet after one client holds an address; a name, a packet, and what comes.
fn check_wishes(cases: &[(&str, Packet, &str)]) {
    let mut bench = Bench::new("192.168.4.1/24");
    assert_eq!(bench.join(1), Some(at(2)));
    for (what, packet, expected) in cases {
        assert_eq!(bench.tell(packet), *expected, "{what}");
    }
}

#[test]
fn a_wish_is_granted_where_it_can_be() {
    let wish = |mac, addr| Packet::new(DISCOVER, mac).asks(addr);
    check_wishes(&[
        (
            "free",
            wish(3, at(40)),
            "OFFER 192.168.4.40 to 255.255.255.255",
        ),
        (
            "taken",
            wish(4, at(2)),
            "OFFER 192.168.4.3 to 255.255.255.255",
        ),
        ("ours", wish(5, AP), "OFFER 192.168.4.4 to 255.255.255.255"),
        (
            "out of range",
            wish(6, at(66)),
            "OFFER 192.168.4.5 to 255.255.255.255",
        ),
    ]);
}

#[test]
fn an_address_asked_for_at_once_is_lent_or_refused() {
    let elsewhere = |kind, mac| Packet {
        in_use: [10, 0, 0, 5],
        ..Packet::new(kind, mac)
    };
    let nak = "NAK 0.0.0.0 to 255.255.255.255";
    let request = |mac| Packet::new(REQUEST, mac);
    check_wishes(&[
        (
            "offered",
            Packet::new(DISCOVER, 3).asks(at(40)),
            "OFFER 192.168.4.40 to 255.255.255.255",
        ),
        ("taken", request(9).asks(at(2)), nak),
        ("offered to another", request(9).asks(at(40)), nak),
        (
            "free",
            request(9).asks(at(50)),
            "ACK 192.168.4.50 to 255.255.255.255",
        ),
        ("another network", request(10).asks([10, 0, 0, 5]), nak),
        ("renews elsewhere", elsewhere(REQUEST, 10), nak),
        (
            "another server's",
            request(3).asks(at(40)).of(at(200)),
            "silence",
        ),
        (
            "free again",
            request(11).asks(at(40)),
            "ACK 192.168.4.40 to 255.255.255.255",
        ),
        ("nothing at all", request(12), "silence"),
        ("from outside", elsewhere(INFORM, 13), "silence"),
    ]);
}

#[test]
fn a_declined_address_rests() {
    let mut bench = Bench::new("192.168.4.1/30");
    assert_eq!(bench.join(1), Some(at(2)));
    // Only its owner can decline it.
    assert_eq!(
        bench.tell(&Packet::new(DECLINE, 2).asks(at(2)).of(AP)),
        "silence"
    );
    assert_eq!(bench.join(1), Some(at(2)));
    assert_eq!(
        bench.tell(&Packet::new(DECLINE, 1).asks(at(2)).of(AP)),
        "silence"
    );
    assert_eq!(bench.join(1), None);
    bench.now_s += u64::from(LEASE_SECS);
    assert_eq!(bench.join(1), Some(at(2)));
}

#[test]
fn a_full_range_lends_again_what_ran_out() {
    let mut bench = Bench::new("192.168.4.1/24");
    let mut owners = BTreeMap::new();
    for mac in 0..LEASES_MAX as u8 {
        let addr = bench.join(mac).expect("room");
        assert_eq!(owners.insert(addr, mac), None, "lent once");
    }
    assert_eq!(owners.keys().next(), Some(&at(2)));
    assert_eq!(owners.keys().last(), Some(&at(2 + LEASES_MAX as u8 - 1)));
    assert_eq!(bench.join(200), None, "all are lent: silence, not NAK");

    // One stays. The others left: as many newcomers find room, and it keeps its address.
    bench.now_s += u64::from(LEASE_SECS) - 1;
    assert_eq!(bench.join(5), Some(at(7)));
    bench.now_s += 1;
    for mac in 100..100 + LEASES_MAX as u8 - 1 {
        assert_ne!(bench.join(mac).expect("room"), at(7));
    }
    assert_eq!(bench.join(201), None);
    assert_eq!(bench.join(5), Some(at(7)));
}

#[test]
fn an_offer_is_kept_for_a_moment_only() {
    let mut bench = Bench::new("192.168.4.1/24");
    for mac in 0..LEASES_MAX as u8 {
        assert!(bench.tell(&Packet::new(DISCOVER, mac)).starts_with("OFFER"));
    }
    assert_eq!(bench.tell(&Packet::new(DISCOVER, 200)), "silence");
    bench.now_s += 10;
    assert!(bench.join(200).is_some());
}

#[test]
fn the_range_keeps_to_its_network() {
    for (ap, first, count) in [
        ("192.168.4.1/24", Some([192, 168, 4, 2]), LEASES_MAX),
        ("192.168.4.1/29", Some([192, 168, 4, 2]), 5),
        ("192.168.4.1/30", Some([192, 168, 4, 2]), 1),
        ("192.168.4.3/29", Some([192, 168, 4, 2]), 4),
        ("172.31.4.200/24", Some([172, 31, 4, 2]), LEASES_MAX),
        ("10.0.0.1/8", Some([10, 0, 0, 2]), LEASES_MAX),
        ("255.255.255.253/30", Some([255, 255, 255, 254]), 1),
        ("192.168.4.1/31", None, 0),
        ("192.168.4.1/32", None, 0),
        ("0.0.0.1/0", Some([0, 0, 0, 2]), LEASES_MAX),
    ] {
        let mut bench = Bench::new(ap);
        let lent: Vec<_> = (1..=70).map_while(|mac| bench.join(mac)).collect();
        assert_eq!((lent.first().copied(), lent.len()), (first, count), "{ap}");
    }
}

#[test]
fn strange_packets_are_served_where_they_can_be() {
    let mut bench = Bench::new("192.168.4.1/24");
    let offer = "OFFER 192.168.4.2 to 255.255.255.255";
    let discover = Packet::new(DISCOVER, 1);
    let served = [
        (
            "a host name that is not UTF-8",
            discover.clone().option(12, b"caf\xe9"),
        ),
        ("padding between options", {
            let mut packet = discover.clone();
            packet.options.extend([0, 0, 0]);
            packet.option(12, b"x")
        }),
        (
            "a client identifier of another kind",
            discover.clone().option(61, &[0, b'x', b'y', b'z', 1, 2, 3]),
        ),
        ("an empty host name", discover.clone().option(12, b"")),
        (
            "a wish of three bytes",
            discover.clone().option(50, &[192, 168, 4]),
        ),
    ];
    for (what, packet) in served {
        assert_eq!(bench.tell(&packet), offer, "{what}");
    }
    let sound = discover.bytes();
    for (what, at, byte) in [
        ("an answer", 0, 2),
        ("an address of 16 bytes", 2, 16),
        ("through a relay", 24, 10),
        ("a group's address", 28, 0x03),
        ("no cookie", 236, 0),
        ("no kind", 240, 99),
        ("an offer", 242, 2),
    ] {
        let mut packet = sound.clone();
        packet[at] = byte;
        assert_eq!(bench.tell_bytes(&packet), "silence", "{what}");
    }
    let mut nobody = sound.clone();
    nobody[28..34].fill(0);
    assert_eq!(bench.tell_bytes(&nobody), "silence", "no address");
    assert_eq!(bench.tell_bytes(&sound[..239]), "silence", "cut off");
}
