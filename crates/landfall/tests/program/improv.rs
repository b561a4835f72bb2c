//! Improv and the console on the serial port of a running device, where time is real.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use landfall_core::improv::{Answer, Kind, Reader, Step};

use crate::host::{HOME, Sim};

/// The longest that anything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// Well over the silence that ends a frame begun.
const SILENCE: Duration = Duration::from_millis(300);

/// The port, and what comes out of it: `state 2`, `error 3`, `result 5`, and lines of text.
struct Port {
    file: File,
    heard: Receiver<String>,
}

impl Port {
    fn of(sim: &Sim) -> Self {
        let path = sim.device("improv");
        assert_eq!(path, sim.device("console"), "one port for both");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        let (tell, heard) = channel();
        let mut reading = file.try_clone().unwrap();
        std::thread::spawn(move || {
            let (mut reader, mut line, mut byte) = (Reader::<255>::new(), Vec::new(), [0]);
            while let Ok(1) = reading.read(&mut byte) {
                let told = match reader.handle_byte(byte[0]) {
                    Step::Held => continue,
                    Step::Frame(frame) => {
                        let kind =
                            ["", "state", "error", "request", "result"][usize::from(frame.kind)];
                        format!("{kind} {}", frame.data[0])
                    }
                    Step::Text(text) => {
                        line.extend(text.bytes());
                        let Some(ended) = line.strip_suffix(b"\r\n") else {
                            continue;
                        };
                        let ended = String::from_utf8_lossy(ended).into_owned();
                        line.clear();
                        ended
                    }
                };
                if tell.send(told).is_err() {
                    return;
                }
            }
        });
        Self { file, heard }
    }

    fn send(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).unwrap();
    }

    /// Whether something that begins so is told in that time.
    fn hears(&self, what: &str, within: Duration) -> bool {
        let ends = Instant::now() + within;
        loop {
            let left = ends.saturating_duration_since(Instant::now());
            match self.heard.recv_timeout(left) {
                Ok(told) if told.starts_with(what) => return true,
                Ok(_) => {}
                Err(_) => return false,
            }
        }
    }

    fn until(&self, what: &str) {
        assert!(self.hears(what, PATIENCE), "never told: {what}");
    }
}

/// A request as a client sends it.
fn request(verb: u8, payload: &[u8]) -> Vec<u8> {
    let head = [verb, payload.len() as u8];
    Answer::new(Kind::Request, &[&head, payload])
        .as_bytes()
        .to_vec()
}

#[test]
fn a_frame_that_is_not_finished_ends_with_silence() {
    let folder = tempfile::tempdir().unwrap();
    let sim = Sim::start_unread(folder.path(), HOME, &[]);
    let mut port = Port::of(&sim);
    port.until("CTRL: NET:AP_ACTIVE");
    // Not whole yet, this may be the beginning of a frame, and is a command after all.
    port.send(b"IMPRO");
    std::thread::sleep(SILENCE);
    port.send(b"V\r");
    port.until("CTRL:ERR CID=1 E01 BAD_CMD");
    // A frame of 255 bytes that does not go on: on a busy machine the first line that follows may
    // come too early for the device to have noticed, but not twenty of them.
    port.send(b"IMPROV\x01\x03\xff");
    let answered = (0..20).any(|_| {
        std::thread::sleep(SILENCE);
        port.send(b"NET:MODE\r");
        port.hears("CTRL:ACK CID=2 mode=sta_ap", SILENCE)
    });
    assert!(answered, "the port is deaf");
    port.send(&request(2, &[]));
    port.until("state 2");
}

#[test]
fn one_candidate_at_a_time_whatever_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let silent =
        "[[ap]]\nname = \"home\"\nssid = \"HomeNetwork\"\npassword = \"Password2\"\ndhcp = false\n";
    let sim = Sim::start_unread(folder.path(), silent, &[]);
    let mut port = Port::of(&sim);
    port.until("CTRL: NET:AP_ACTIVE");
    port.send(&request(2, &[]));
    port.until("state 2");
    port.send(b"NET:SET,HomeNetwork,Password2\r");
    port.until("state 3");
    // It is busy before it looks at the fields.
    port.send(&request(1, b"\x00\x00"));
    port.until("error 3");
    port.send(&request(2, &[]));
    port.until("state 3");
}

#[test]
fn names_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let sim = Sim::start_unread(folder.path(), HOME, &[]);
    let mut port = Port::of(&sim);
    port.until("CTRL: NET:AP_ACTIVE");
    port.send(&[request(5, b"\x06pantry"), request(6, b"\x05oven2")].concat());
    port.until("result 5");
    port.until("result 6");
    port.send(b"NET:REBOOT\r");
    port.until("CTRL: NET:AP_ACTIVE");
    let status = sim.get("ap_url", "/api/status").unwrap();
    assert!(status.contains("\"hostname\":\"pantry\""), "{status}");
    port.send(b"NET:CONFIG\r");
    port.until(r#"{"schema":2,"hostname":"pantry","device_name":"oven2","#);
}
