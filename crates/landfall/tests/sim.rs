//! `landfall sim` from outside: its ready line, its serial port, its portal, its air.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

const LANDFALL: &str = env!("CARGO_BIN_EXE_landfall");
const AIR: &str = r#"
speed = 20.0
[[ap]]
name = "home"
ssid = "HomeNetwork"
password = "Password2"
"#;

struct Sim {
    child: Child,
    ready: Value,
    console: BufReader<File>,
    typed: File,
    folder: tempfile::TempDir,
}

impl Sim {
    fn start(air: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("air.toml"), air).unwrap();
        let mut child = command(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ready: Value = serde_json::from_str(&line).expect("one line of JSON");
        let path = ready["devices"][0]["console"].as_str().unwrap();
        let typed = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        let console = BufReader::new(typed.try_clone().unwrap());
        Self {
            child,
            ready,
            console,
            typed,
            folder,
        }
    }

    fn url(&self, door: &str) -> &str {
        let url = self.ready["devices"][0][door].as_str().unwrap();
        url.strip_prefix("http://").unwrap()
    }

    fn send(&mut self, line: &str) {
        write!(self.typed, "{line}\r\n").unwrap();
    }

    /// Reads lines up to the one that begins so, and gives that.
    fn until(&mut self, beginning: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.console.read_line(&mut line).unwrap(), 0, "{beginning}");
            if line.starts_with(beginning) {
                return line.trim_end().to_owned();
            }
        }
    }

    fn get(&self, door: &str, path: &str) -> Option<String> {
        let address = self.url(door);
        let mut stream = TcpStream::connect(address).ok()?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Some(answer)
    }

    fn air(&self, words: &[&str]) -> String {
        let socket = self.ready["air"].as_str().unwrap();
        let out = Command::new(LANDFALL)
            .arg("air")
            .arg(socket)
            .args(words)
            .output();
        String::from_utf8(out.unwrap().stdout).unwrap()
    }

    fn end(mut self) -> i32 {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code().expect("an exit status")
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(LANDFALL);
    command.arg("sim").arg("--json");
    command.arg("--air").arg(folder.join("air.toml"));
    command.arg("--data").arg(folder.join("data"));
    command.env("XDG_RUNTIME_DIR", folder);
    command
}

#[test]
fn a_device_is_set_up_over_its_serial_port() {
    let mut sim = Sim::start(AIR);
    sim.until("CTRL:READY Serial v1");
    sim.until("CTRL: NET:AP_ACTIVE ssid=\"Landfall-56789A\" ip=192.168.4.1");
    assert!(
        sim.get("sta_url", "/api/status").is_none(),
        "closed without an address"
    );
    assert!(
        sim.get("ap_url", "/api/status")
            .unwrap()
            .contains("\"state\":\"AP_ACTIVE\"")
    );
    assert_eq!(sim.air(&["led"]).lines().count(), 1);

    sim.send("NET:SET,HomeNetwork,Password2");
    assert_eq!(sim.until("CTRL:ACK"), "CTRL:ACK CID=1 connecting=1");
    let connected = sim.until("CTRL: NET:CONNECTED CID=1");
    assert!(
        connected.contains("ssid=\"HomeNetwork\" ip=10.0.0."),
        "{connected}"
    );
    assert!(
        sim.get("sta_url", "/api/status")
            .unwrap()
            .contains("\"state\":\"CONNECTED\"")
    );

    // It restarts on the same doors, and counts its commands anew.
    sim.send("NET:RESET");
    assert_eq!(sim.until("CTRL:ACK"), "CTRL:ACK CID=2 reset=1");
    sim.until("CTRL:READY");
    sim.until("CTRL: NET:AP_ACTIVE");
    sim.send("NET:KNOWN");
    assert_eq!(sim.until("NET:KNOWN CID=1 end"), "NET:KNOWN CID=1 end=0");
    assert_eq!(sim.end(), 0);
}

#[test]
fn a_folder_in_use_is_refused() {
    let sim = Sim::start(AIR);
    let second = command(sim.folder.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(
        told.lines().count() == 1 && told.contains("in use"),
        "{told}"
    );
}

#[test]
fn a_power_cut_ends_it_with_70() {
    let air = format!("{AIR}[flash]\npower_cut_after = 3\n");
    let mut sim = Sim::start(&air);
    assert_eq!(sim.child.wait().unwrap().code(), Some(70));
}

#[test]
fn a_pipe_gets_its_replies_and_the_status() {
    let sim = Sim::start(AIR);
    let path = sim.ready["devices"][0]["console"].as_str().unwrap();
    let mut console = Command::new(LANDFALL)
        .args(["console", path])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = console.stdin.take().unwrap();
    stdin.write_all(b"NET:MODE\nNET:FOO\n").unwrap();
    drop(stdin);
    let out = console.wait_with_output().unwrap();
    assert_eq!(out.status.code(), Some(1), "one of them was an ERR");
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains("CTRL:ACK CID=1 mode=sta_ap\n"), "{text}");
    assert!(text.contains("CTRL:ERR CID=2 E01 BAD_CMD\n"), "{text}");
}
