//! WebREPL as its stock clients speak it: the command-line one, which masks no frames, and the
//! program's own.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::host::{HOME, LANDFALL, Sim, command, status, text};

const PASSWORD: &str = "sesame-open";
const PATIENCE: Duration = Duration::from_secs(30);
/// What the stock command-line client sends, to the byte.
const HANDSHAKE: &[u8] = b"GET / HTTP/1.1\r\nHost: echo.websocket.org\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Key: foo\r\n\r\n";

/// A device that has joined a network, with WebREPL by its word or that of the access point.
fn start(folder: &Path, of_station: bool, of_ap: bool) -> Sim {
    let config = serde_json::json!({
        "schema": 2,
        "known_networks": [
            {"ssid": "HomeNetwork", "password": "Password2", "enables_webrepl": of_station},
        ],
        "access_point": {"start_policy": "always", "enables_webrepl": of_ap},
        "webrepl": {"password": PASSWORD},
    });
    let file = folder.join("networks.json");
    std::fs::write(&file, config.to_string()).unwrap();
    let options = ["--config", file.to_str().unwrap()];
    let sim = Sim::start(folder, HOME, &options);
    until(|| {
        let status = sim.get("ap_url", "/api/status");
        status.is_some_and(|status| status.contains("CONNECTED"))
    });
    if of_station || of_ap {
        until(|| connect(&sim).is_ok());
    }
    sim
}

fn connect(sim: &Sim) -> std::io::Result<TcpStream> {
    TcpStream::connect(sim.device("webrepl").strip_prefix("ws://").unwrap())
}

fn until(mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "it never comes to be so");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The stock client's end of a connection.
struct Stock(TcpStream);

impl Stock {
    /// Knocks, and gives the head of the answer too.
    fn knock(sim: &Sim) -> (Self, String) {
        let mut stream = connect(sim).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(HANDSHAKE).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        (Self(stream), text(&head))
    }

    fn log_in(sim: &Sim) -> Self {
        let (mut client, head) = Self::knock(sim);
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        assert_eq!(client.said(": "), "Password: ");
        client.send(1, format!("{PASSWORD}\r").as_bytes());
        assert_eq!(client.said(">>> "), "\r\nWebREPL connected\r\n>>> ");
        client
    }

    /// One unmasked frame of a text (1) or bytes (2).
    fn send(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = vec![0x80 | opcode];
        match u8::try_from(payload.len()) {
            Ok(len) if len < 126 => frame.push(len),
            _ => {
                frame.push(126);
                frame.extend((payload.len() as u16).to_be_bytes());
            }
        }
        frame.extend(payload);
        self.0.write_all(&frame).unwrap();
    }

    fn frame(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.0.read_exact(&mut head).unwrap();
        let mut len = u16::from(head[1]);
        if len == 126 {
            let mut long = [0; 2];
            self.0.read_exact(&mut long).unwrap();
            len = u16::from_be_bytes(long);
        }
        let mut payload = vec![0; usize::from(len)];
        self.0.read_exact(&mut payload).unwrap();
        (head[0], payload)
    }

    /// What is said until it ends so.
    fn said(&mut self, end: &str) -> String {
        let mut said = String::new();
        while !said.ends_with(end) {
            let (opcode, payload) = self.frame();
            if opcode == 0x81 {
                said.push_str(&text(&payload));
            }
        }
        said
    }

    /// The next bytes; text is skipped, as the stock client does.
    fn bytes(&mut self) -> Vec<u8> {
        loop {
            if let (0x82, payload) = self.frame() {
                return payload;
            }
        }
    }

    fn request(&mut self, op: u8, name: &str, size: usize) {
        let mut request = vec![b'W', b'A', op, 0];
        request.extend([0; 8]);
        request.extend((size as u32).to_le_bytes());
        request.extend((name.len() as u16).to_le_bytes());
        request.extend(name.as_bytes());
        request.resize(82, 0);
        // As the stock client does where it puts.
        let (first, rest) = request.split_at(if op == 1 { 10 } else { 82 });
        self.send(2, first);
        if !rest.is_empty() {
            self.send(2, rest);
        }
    }

    fn status(&mut self) -> u16 {
        let answer = self.bytes();
        let [b'W', b'B', low, high] = answer[..] else {
            panic!("{answer:?}");
        };
        u16::from_le_bytes([low, high])
    }

    fn get(&mut self, name: &str) -> Result<Vec<u8>, u16> {
        self.request(2, name, 0);
        match self.status() {
            0 => {}
            status => return Err(status),
        }
        let mut content = Vec::new();
        loop {
            self.send(2, &[0]);
            let piece = self.bytes();
            assert!(piece.len() <= 2 + 256);
            let len = u16::from_le_bytes([piece[0], piece[1]]);
            assert_eq!(usize::from(len), piece.len() - 2);
            if len == 0 {
                break;
            }
            content.extend_from_slice(&piece[2..]);
        }
        match self.status() {
            0 => Ok(content),
            status => Err(status),
        }
    }

    fn put(&mut self, name: &str, content: &[u8]) -> u16 {
        self.request(1, name, content.len());
        match self.status() {
            0 if !content.is_empty() => {}
            status => return status,
        }
        for piece in content.chunks(1024) {
            self.send(2, piece);
        }
        self.status()
    }

    fn json(&mut self, name: &str) -> Value {
        serde_json::from_slice(&self.get(name).unwrap()).unwrap()
    }
}

#[test]
fn the_stock_client_logs_in_reads_files_and_types() {
    let folder = tempfile::tempdir().unwrap();
    let sim = start(folder.path(), true, false);
    let mut client = Stock::log_in(&sim);
    client.request(3, "", 0);
    assert_eq!(client.bytes(), [0, 1, 0]);
    assert_eq!(client.json("/status.json")["state"], "CONNECTED");
    assert_eq!(client.json("status.json")["apPassword"], Value::Null);
    let networks = client.json("networks.json");
    assert_eq!(networks["known_networks"][0]["password"], "********");
    let events = client.json("events.json");
    let names: Vec<_> = events
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["event"])
        .collect();
    assert!(names.contains(&&Value::from("connected")), "{names:?}");
    assert_eq!(client.get("boot.py"), Err(2));

    // One keystroke a frame, as the browser's client sends them.
    for key in b"NET:KNOWN\r" {
        client.send(1, &[*key]);
    }
    let said = client.said(">>> ");
    let expected = "NET:KNOWN\r\nNET:KNOWN CID=1\r\n\
        0 SSID=\"HomeNetwork\" secure=1 webrepl=1\r\nNET:KNOWN CID=1 end=1\r\n>>> ";
    assert_eq!(said, expected);
    client.send(1, b"\r\n");
    assert_eq!(client.said(">>> "), "\r\n>>> ");
}

#[test]
fn one_client_at_a_time_and_none_after_three_wrong_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let sim = start(folder.path(), true, false);
    let first = Stock::log_in(&sim);
    let (_, head) = Stock::knock(&sim);
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    drop(first);
    for _ in 0..3 {
        let mut client = None;
        until(|| {
            let (knocker, head) = Stock::knock(&sim);
            client = head.starts_with("HTTP/1.1 101 ").then_some(knocker);
            client.is_some()
        });
        let mut client = client.unwrap();
        client.said(": ");
        // Bytes carry the password as well as text does.
        client.send(2, b"sesame-opem\r");
        assert_eq!(client.said("denied\r\n"), "\r\nAccess denied\r\n");
        assert_eq!(client.frame().0, 0x88);
    }
    let (_, head) = Stock::knock(&sim);
    assert!(head.starts_with("HTTP/1.1 503 "), "{head}");
    assert!(head.contains("\r\nRetry-After: "), "{head}");
    // Twenty times as fast as ours, the minute is soon over.
    until(|| Stock::knock(&sim).1.starts_with("HTTP/1.1 101 "));
}

#[test]
fn a_configuration_that_is_put_is_held_to_what_the_config_server_takes() {
    let folder = tempfile::tempdir().unwrap();
    let sim = start(folder.path(), true, true);
    let mut client = Stock::log_in(&sim);
    assert_eq!(client.put("status.json", b"{}"), 13);
    assert_eq!(client.put("networks.json", &[b' '; 8193]), 27);
    client.send(2, &[]);
    assert_eq!(client.put("networks.json", b"{"), 22);
    // Behind the answer: a client of files waits for that alone.
    assert_eq!(
        client.said("\r\n"),
        "Invalid JSON: line 1 column 2: unexpected end\r\n"
    );
    assert_eq!(
        client.put("networks.json", br#"{"schema":2,"mode":"maybe"}"#),
        22
    );
    let mut networks = client.json("networks.json");
    networks["hostname"] = "desk-lamp".into();
    assert_eq!(
        client.put("networks.json", networks.to_string().as_bytes()),
        0
    );
    until(|| {
        let status = sim.get("sta_url", "/api/status");
        // The network came back with its masked password.
        status.is_some_and(|s| s.contains("desk-lamp") && s.contains("CONNECTED"))
    });
}

#[test]
fn it_runs_by_the_word_of_what_the_device_is_on() {
    for (of_station, of_ap) in [(false, true), (true, false), (false, false)] {
        let folder = tempfile::tempdir().unwrap();
        let sim = start(folder.path(), of_station, of_ap);
        let runs = connect(&sim).is_ok();
        assert_eq!(runs, of_station || of_ap, "{of_station} {of_ap}");
    }
}

#[test]
fn a_door_without_a_password_is_spoken_of() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("networks.json");
    let json = r#"{"schema":2,"known_networks":[],"access_point":{"enables_webrepl":true},"config_server":{"enabled":true}}"#;
    std::fs::write(&config, json).unwrap();
    let log = folder.path().join("log");
    let mut sim = command(folder.path(), HOME);
    sim.arg("--config").arg(&config).stdout(Stdio::null());
    sim.stderr(File::create(&log).unwrap());
    let mut sim = sim.spawn().unwrap();
    let deadline = Instant::now() + PATIENCE;
    let said = |what: &str| std::fs::read_to_string(&log).unwrap().contains(what);
    let both = || {
        said("webrepl: neither it nor the config server has a password")
            && said("config server: enabled without a password")
    };
    while !both() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    sim.kill().and_then(|()| sim.wait()).unwrap();
    assert!(both(), "{}", std::fs::read_to_string(&log).unwrap());
}

#[test]
fn the_program_gets_puts_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let sim = start(folder.path(), true, false);
    let ask = |password: &str, words: &[&str]| -> Output {
        let mut command = Command::new(LANDFALL);
        command.env("LANDFALL_PASSWORD", password);
        command.arg("webrepl").args(words).output().unwrap()
    };
    let address = sim.device("webrepl");
    let got = ask(PASSWORD, &["get", address, "status.json"]);
    assert_eq!(status(&got), 0);
    let told: Value = serde_json::from_slice(&got.stdout).unwrap();
    assert_eq!(told["ssid"], "HomeNetwork");

    let ran = ask(PASSWORD, &["run", address, "NET:WRONG"]);
    let said = (status(&ran), text(&ran.stdout));
    assert_eq!(said, (1, "CTRL:ERR CID=1 E01 BAD_CMD\n".to_owned()));

    let denied = ask("wrong-password", &["get", address, "status.json"]);
    assert_eq!(status(&denied), 1);
    let why = text(&denied.stderr);
    assert!(
        why.contains("wrong password") && why.lines().count() == 1,
        "{why}"
    );
    assert!(!why.contains("wrong-password"), "{why}");

    let missing = ask(PASSWORD, &["get", address, "boot.py"]);
    assert!(text(&missing.stderr).contains("no such file"));

    let file = folder.path().join("broken.json");
    std::fs::write(&file, "{").unwrap();
    let file = file.display().to_string();
    let refused = ask(PASSWORD, &["put", address, &file]);
    let why = text(&refused.stderr);
    assert!(
        why.contains("refused; Invalid JSON: line 1 column 2: unexpected end"),
        "{why}"
    );
    std::fs::write(
        &file,
        ask(PASSWORD, &["get", address, "networks.json"]).stdout,
    )
    .unwrap();
    let put = ask(PASSWORD, &["put", address, &file]);
    assert_eq!(
        text(&put.stdout),
        "Configuration updated successfully\n",
        "{}",
        text(&put.stderr)
    );
}
