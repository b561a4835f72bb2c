//! The access point's name server: every name is the device.

use std::net::UdpSocket;
use std::time::Duration;

use crate::sim::Sim;

const A: u16 = 1;
const IN: u16 = 1;

fn query(name: &str, kind: u16, class: u16) -> Vec<u8> {
    let mut query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00".to_vec();
    for label in name.split('.') {
        query.push(label.len() as u8);
        query.extend(label.as_bytes());
    }
    query.push(0);
    query.extend(kind.to_be_bytes());
    query.extend(class.to_be_bytes());
    query
}

fn ask(sim: &Sim, query: &[u8]) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    socket.send_to(query, sim.dns()).unwrap();
    let mut reply = [0; 512];
    let len = socket.recv(&mut reply).ok()?;
    Some(reply[..len].to_vec())
}

#[test]
fn an_address_is_the_devices_own_and_lives_for_no_time() {
    let sim = Sim::blank();
    for name in [
        "connectivitycheck.gstatic.com",
        "landfall-56789a.local",
        "x",
    ] {
        let asked = query(name, A, IN);
        let reply = ask(&sim, &asked).unwrap();
        assert_eq!(&reply[..2], b"\x12\x34");
        assert_eq!(
            (reply[2] & 0x80, reply[3] & 0x0f),
            (0x80, 0),
            "a reply, NOERROR"
        );
        assert_eq!(&reply[4..12], b"\x00\x01\x00\x01\x00\x00\x00\x00");
        assert_eq!(&reply[12..asked.len()], &asked[12..]);
        let record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04\xc0\xa8\x04\x01";
        assert_eq!(&reply[asked.len()..], record, "TTL 0, 192.168.4.1");
    }
}

#[test]
fn other_types_exist_without_a_record() {
    let sim = Sim::blank();
    // AAAA, HTTPS, SVCB, TXT, MX, ANY.
    for kind in [28, 65, 64, 16, 15, 255] {
        let reply = ask(&sim, &query("example.com", kind, IN)).unwrap();
        assert_eq!(reply[3] & 0x0f, 0, "{kind}: NOERROR");
        assert_eq!(&reply[6..12], [0; 6], "{kind}: no record");
    }
}

#[test]
fn what_is_no_query_neither_stops_the_server_nor_is_echoed() {
    let sim = Sim::blank();
    let good = query("a.b", A, IN);
    let reply_to_it = [&b"\x12\x34\x81\x80"[..], &good[4..]].concat();
    for silent in [&b""[..], b"\x12\x34", &reply_to_it] {
        assert_eq!(ask(&sim, silent), None, "{silent:?}");
    }
    let cut = &good[..good.len() - 3];
    let looping = [&good[..12], b"\xc0\x0c\x00\x01\x00\x01"].concat();
    let two = [&b"\x12\x34\x01\x00\x00\x02"[..], &good[6..]].concat();
    let status = [&b"\x12\x34\x10\x00"[..], &good[4..]].concat();
    for refused in [cut, &looping, &two, &status] {
        let reply = ask(&sim, refused);
        assert!(
            reply.is_none_or(|reply| reply[3] & 0x0f != 0),
            "{refused:?}"
        );
    }
    assert!(ask(&sim, &good).is_some(), "it is still there");
}
