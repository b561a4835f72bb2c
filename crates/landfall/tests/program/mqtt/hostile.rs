//! Brokers that are none: whatever they do, the device goes on, and comes back.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use serde_json::json;

use super::device_on;
use crate::host::HOME;

/// A CONNACK that lets everybody in.
const WELCOME: &[u8] = &[0x20, 3, 0, 0, 0];
/// The longest that a device is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one connection after the other gets, once the device has said who it is.
const ANSWERS: &[(&str, &[&[u8]])] = &[
    ("nothing, and the end", &[]),
    ("another protocol", &[b"HTTP/1.1 400 Bad Request\r\n\r\n"]),
    (
        "a length that never ends",
        &[&[0x20, 0xff, 0xff, 0xff, 0xff, 0xff]],
    ),
    ("a packet of 256 MiB", &[&[0x20, 0xff, 0xff, 0xff, 0x7f, 0]]),
    ("a refusal", &[&[0x20, 3, 0, 0x87, 0]]),
    ("a message before the greeting", &[&[0x30, 3, 0, 1, b'a']]),
    ("garbage after the greeting", &[WELCOME, &[0; 64]]),
    (
        "a message too long for us",
        &[WELCOME, &[0x30, 0x80, 0x08, 0, 1, b'a']],
    ),
    (
        "an acknowledgement of nothing",
        &[WELCOME, &[0x40, 2, 0xbe, 0xef], &[0xf0, 0]],
    ),
    ("the greeting twice", &[WELCOME, WELCOME]),
];

/// Answers connections in their turn, and tells of each; floods the one after them, and lets the
/// last one wait.
fn answer(listener: &TcpListener, tell: &Sender<&'static str>) {
    let next = || {
        let (mut stream, _) = listener.accept().unwrap();
        let greeted = stream.read(&mut [0; 512]).is_ok_and(|len| len > 0);
        assert!(greeted, "a CONNECT");
        stream
    };
    for (what, pieces) in ANSWERS {
        let mut stream = next();
        for piece in *pieces {
            // The device may have gone at the first of them.
            let _ = stream.write_all(piece);
        }
        tell.send(what).unwrap();
        if pieces.is_empty() {
            continue;
        }
        // It is the device that goes.
        let _ = stream.read_to_end(&mut Vec::new());
    }
    flood(next());
    tell.send("a flood").unwrap();
    let stream = next();
    tell.send("silence").unwrap();
    std::thread::park();
    drop(stream);
}

/// Commands that nobody asked for, as fast as the device takes them, and not an acknowledgement.
fn flood(mut stream: TcpStream) {
    let mut message = vec![0x30, 45, 0, 28];
    message.extend(b"landfall/lf-246f2856789a/cmd");
    message.extend(b"\0NET:STATUS\nHELP");
    let _ = stream.write_all(WELCOME);
    let mut sent = 0;
    while sent < 1 << 18 && stream.write_all(&message).is_ok() {
        sent += message.len();
    }
}

#[test]
fn no_broker_stops_a_device() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = channel();
    std::thread::spawn(move || answer(&listener, &tell));
    let folder = tempfile::tempdir().unwrap();
    let url = format!("mqtt://127.0.0.1:{port}");
    // Its waits between two attempts are long.
    let air = HOME.replace("speed = 20.0", "speed = 100.0");
    let mqtt = json!({"url": url, "commands": true});
    let mut sim = device_on(&air, folder.path(), &mqtt);
    for cid in 1.. {
        let what = told.recv_timeout(PATIENCE).expect("the device comes back");
        // Not commands of its own: the broker's that were taken have had their numbers too.
        sim.ask("NET:MODE", "CTRL:ACK CID=");
        assert!(sim.get("sta_url", "/api/status").is_some(), "{what}");
        if what == "silence" {
            assert!(cid > ANSWERS.len());
            return;
        }
    }
}
