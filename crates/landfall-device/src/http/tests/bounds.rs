//! Bodies keep their bounds at their longest, and no bytes break the server.

use core::net::Ipv4Addr;
use landfall_core::command::{Reply, Verdict};
use landfall_core::config::{ApSecurity, MAX_NETWORKS, NetworkId, Secret};
use landfall_core::event::{Attempted, Event, Record};
use landfall_core::net::{Channel, Hostname, Mac, Passphrase, Ssid};
use landfall_core::radio::{AuthMode, FailureClass, ScanRow};
use landfall_core::time::Instant;
use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

use super::script::{Script, serve};
use super::{AP, Client, World, known};
use crate::http::{
    Body, CLIENTS_BODY_MAX, EVENT_MAX, NETWORKS_BODY_MAX, RESULT_PAGE_MAX, SCAN_BODY_MAX,
    STATUS_BODY_MAX, Session, write_event_json,
};

/// Most bytes that serving a connection takes beside its buffer, here.
const CONNECTION_FUTURE_MAX: usize = 3584;

/// The name whose text is longest: in JSON control characters take six bytes each.
fn worst_name(last: u8) -> Ssid {
    let mut bytes = [1; 32];
    bytes[31] = last % 0x1f + 1;
    Ssid::new(&bytes).unwrap()
}

fn worst_world() -> World {
    let mut world = World::connected();
    world.reply = Reply::Scanned;
    world.now = Instant::from_ms(u64::MAX);
    world.status.ip = Ipv4Addr::BROADCAST;
    world.status.ap_ip = Ipv4Addr::new(192, 168, 100, 100);
    world.status.ssid = Some(worst_name(0));
    world.status.ap_ssid = worst_name(0);
    world.status.rssi = Some(-128);
    let class = FailureClass::SecurityMismatch;
    world.status.candidate = Some((worst_name(0), Verdict::Failed(class)));
    world.wifi.ap.security = ApSecurity::Key(Passphrase::new(&[b'"'; 63]).unwrap());
    world.services.hostname = Hostname::new(&"a".repeat(32));
    world.services.config_server_password = Secret::new("password");
    world.wifi.networks.clear();
    for n in 0..MAX_NETWORKS as u8 {
        let mut network = known(worst_name(n).as_bytes(), b"");
        network.bssid = Some(Mac([0xff; 6]));
        network.id = NetworkId(n);
        world.wifi.networks.push(network).unwrap();
    }
    for n in 0..60 {
        let mut bytes = [2; 32];
        bytes[30] = n / 30 + 1;
        bytes[31] = n % 30 + 1;
        world.scan_rows.push(ScanRow {
            ssid: Ssid::new(&bytes).ok(),
            bssid: Mac([0xff; 6]),
            channel: Channel::new(14).unwrap(),
            rssi: -128,
            auth: AuthMode::Open,
        });
    }
    world.clients =
        std::vec![Client { mac: Mac([0xff; 6]), rssi: Some(-128), since: Instant::BOOT }; 12];
    world
}

fn body_len(world: &World, path: &str) -> usize {
    let request = std::format!("GET {path} HTTP/1.1\nHost: 192.168.100.100\n");
    let response = world.respond(AP, &request);
    assert_eq!(response.code.0, 200, "{path}");
    response.body_len()
}

#[test]
fn bodies_keep_their_bounds_and_the_bounds_are_near() {
    let mut world = worst_world();
    let near = |len: usize, max: usize, what: &str| {
        assert!(len <= max && len * 10 > max * 8, "{what}: {len} of {max}");
    };
    near(body_len(&world, "/api/scan"), SCAN_BODY_MAX, "scan");
    near(
        body_len(&world, "/api/networks"),
        NETWORKS_BODY_MAX,
        "networks",
    );
    near(
        body_len(&world, "/api/clients"),
        CLIENTS_BODY_MAX,
        "clients",
    );
    world.session = Some(Session {
        course_code: &"\u{1}".repeat(100).leak()[..],
        course_title: &"\u{1}".repeat(100).leak()[..],
        needs_code: false,
        marked: &[],
    });
    near(body_len(&world, "/api/status"), STATUS_BODY_MAX, "status");
}

#[test]
fn the_longest_event_keeps_its_bound() {
    let world = worst_world();
    let mut attempted = Attempted::default();
    (0..MAX_NETWORKS as u8).for_each(|n| attempted.push(NetworkId(n)));
    let record = Record {
        seq: u32::MAX,
        at_ms: u64::MAX,
        event: Event::ConnectionFailed { attempted },
    };
    let mut text = String::new();
    write_event_json(&mut text, &record, &world.wifi).unwrap();
    // Beside the data stand the number and the name.
    let len = text.len() + "id: 4294967295\nevent: connection_failed\ndata: \n\n".len();
    assert!(
        len <= EVENT_MAX && len * 10 > EVENT_MAX * 9,
        "{len} of {EVENT_MAX}"
    );
}

#[test]
fn a_body_larger_than_the_buffer_arrives_whole() {
    let mut world = worst_world();
    world.status.ap_ip = Ipv4Addr::new(192, 168, 4, 1);
    let request = b"GET /api/scan HTTP/1.0\r\nHost: 192.168.4.1\r\n\r\n";
    let written = String::from_utf8(serve(&world, Script::new(&[request], true))).unwrap();
    let (head, body) = written.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains(&std::format!("Content-Length: {}", body.len())),
        "{head}"
    );
    assert_eq!(
        body.len(),
        world
            .respond(AP, "GET /api/scan HTTP/1.0\nHost: 192.168.4.1\n")
            .body_len()
    );
    assert!(body.starts_with('[') && body.ends_with(']'));
}

/// Whether the bytes are HTTP answers, each as long as it says, one behind the other.
fn are_answers(mut written: &[u8]) -> bool {
    while !written.is_empty() {
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut answer = httparse::Response::new(&mut fields);
        let Ok(httparse::Status::Complete(head)) = answer.parse(written) else {
            return false;
        };
        let length = answer
            .headers
            .iter()
            .find(|field| field.name == "Content-Length");
        let length = match length {
            Some(field) => str::from_utf8(field.value)
                .unwrap()
                .parse::<usize>()
                .unwrap(),
            None if answer.code == Some(100) => 0,
            // A stream goes on to the end.
            None => return answer.code == Some(200),
        };
        match written.get(head + length..) {
            Some(rest) => written = rest,
            None => return false,
        }
    }
    true
}

/// Requests that are nearly right, so that more than the first line is reached.
fn nearly_a_request() -> impl Strategy<Value = Vec<u8>> {
    let method = prop::sample::select(std::vec!["GET", "POST", "PUT", "DELETE", "PATCH"]);
    let path = prop::sample::select(std::vec![
        "/",
        "/wifi",
        "/result",
        "/metrics",
        "/api/status?active=1",
        "/api/wifi",
        "/api/mode",
        "/api/networks",
        "/api/networks/0",
        "/api/reset",
        "/generate_204",
        "/api/events",
        "http://192.168.4.1/api/scan",
        "*",
    ]);
    let field = prop_oneof![
        Just(String::from("Host: 192.168.4.1\r\n")),
        Just(String::from("Content-Type: application/json\r\n")),
        Just(String::from(
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )),
        Just(String::from("Origin: http://192.168.4.1\r\n")),
        Just(String::from("Expect: 100-continue\r\n")),
        Just(String::from("Connection: close\r\n")),
        (0..80_u16).prop_map(|n| std::format!("Content-Length: {n}\r\n")),
        "[A-Za-z-]{1,8}: [ -~]{0,20}\r\n",
    ];
    let fields = prop::collection::vec(field, 0..6);
    let body = prop_oneof![
        Just(br#"{"ssid":"home","pass":"12345678","mode":"sta"}"#.to_vec()),
        Just(b"ssid=a%20b&pass=".to_vec()),
        prop::collection::vec(any::<u8>(), 0..100),
    ];
    (method, path, fields, body).prop_map(|(method, path, fields, body)| {
        let head = std::format!("{method} {path} HTTP/1.1\r\n{}\r\n", fields.concat());
        [head.into_bytes(), body].concat()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_answered_in_http_or_not_at_all(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        requests in prop::collection::vec(nearly_a_request(), 0..3),
        cut in 1..200_usize,
        ends in any::<bool>(),
    ) {
        let all = [requests.concat(), bytes].concat();
        let segments: Vec<_> = all.chunks(cut).collect();
        let world = World::new();
        world.happens(Event::StaStart);
        let written = serve(&world, Script::new(&segments, ends));
        prop_assert!(are_answers(&written), "{}", String::from_utf8_lossy(&written));
    }
}

#[test]
fn the_result_keeps_its_bound_whatever_the_verdict() {
    let mut world = worst_world();
    let failed = [
        FailureClass::WrongPassword,
        FailureClass::NotFound,
        FailureClass::SecurityMismatch,
        FailureClass::WeakSignal,
        FailureClass::ApFull,
        FailureClass::ApComeback,
        FailureClass::NoAddress,
        FailureClass::Transient,
        FailureClass::OwnDoing,
    ]
    .map(Verdict::Failed);
    let others = [
        Verdict::Trying,
        Verdict::Ok,
        Verdict::Interrupted,
        Verdict::SaveFailed,
    ];
    // In HTML quotes are longest.
    let name = Ssid::new(&[b'"'; 32]).unwrap();
    world.status.ap_ssid = name;
    for verdict in failed.into_iter().chain(others) {
        world.status.candidate = Some((name, verdict));
        let len = body_len(&world, "/result");
        assert!(len <= RESULT_PAGE_MAX, "{verdict:?}: {len}");
    }
}

#[test]
fn a_connection_takes_little_beside_its_buffer() {
    let world = World::new();
    let len = super::script::future_len(&world);
    assert!(len <= CONNECTION_FUTURE_MAX, "{len}");
}

#[test]
fn a_body_says_how_long_it_is() {
    assert_eq!(
        crate::http::Response::ok(Body::Page).body_len(),
        crate::portal::PAGE.len()
    );
}
