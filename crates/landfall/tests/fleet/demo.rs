//! The demo program of a test's own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::Client;

const LANDFALL: &str = env!("CARGO_BIN_EXE_landfall");
/// The bound of everything a test waits for: a busy machine is slow, not wrong.
const PATIENCE: Duration = Duration::from_secs(180);

pub(crate) struct Demo {
    child: Child,
    ready: Value,
    admin: Client,
    data: tempfile::TempDir,
    devices: u8,
    port: u16,
}

impl Demo {
    /// A demo with so many devices and a database of its own.
    pub(crate) fn start(devices: u8) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        // Free now, and asked for by nobody else in a moment.
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .expect("a port")
            .port();
        let (child, ready) = spawn(&data, devices, port);
        let admin = log_in(&ready);
        Self {
            child,
            ready,
            admin,
            data,
            devices,
            port,
        }
    }

    /// The power goes, without a word to anybody, and comes back.
    pub(crate) fn power_cut(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ended");
        (self.child, self.ready) = spawn(&self.data, self.devices, self.port);
        self.admin = log_in(&self.ready);
    }

    pub(crate) fn admin(&self) -> &Client {
        &self.admin
    }

    pub(crate) fn server_url(&self) -> &str {
        self.ready["server"]["url"].as_str().expect("a URL")
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        let devices = self.ready["devices"].as_array().expect("a list");
        let id = |device: &Value| device["hardware_id"].as_str().map(str::to_owned);
        devices.iter().filter_map(id).collect()
    }

    pub(crate) fn first(&self) -> &str {
        self.ready["devices"][0]["hardware_id"]
            .as_str()
            .expect("an id")
    }

    fn of(&self, id: &str, door: &str) -> &str {
        let devices = self.ready["devices"].as_array().expect("a list");
        let device = devices.iter().find(|device| device["hardware_id"] == id);
        device.and_then(|d| d[door].as_str()).expect("a door")
    }

    /// Somebody at that door of a device.
    pub(crate) fn device(&self, id: &str, door: &str) -> Client {
        Client::at(self.of(id, door))
    }

    /// What the console says to that line.
    pub(crate) fn console(&self, id: &str, line: &str) -> String {
        let mut console = Command::new(LANDFALL)
            .args(["console", self.of(id, "console")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut stdin = console.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut stdin, format!("{line}\n").as_bytes()).expect("it reads");
        drop(stdin);
        let output = console.wait_with_output().expect("it ends");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Changes the air; false where that is refused.
    pub(crate) fn air(&self, words: &[&str]) -> bool {
        self.ask_air(words).0
    }

    pub(crate) fn air_list(&self) -> String {
        self.ask_air(&["list"]).1
    }

    fn ask_air(&self, words: &[&str]) -> (bool, String) {
        let socket = self.ready["air"].as_str().expect("a socket");
        let mut air = Command::new(LANDFALL);
        let output = air.arg("air").arg(socket).args(words).output();
        let output = output.expect("it ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), text)
    }

    /// Waits until it is so.
    pub(crate) fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let bound = Instant::now() + PATIENCE;
        while !so(self) {
            assert!(Instant::now() < bound, "never: {what}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(data: &tempfile::TempDir, devices: u8, port: u16) -> (Child, Value) {
    let mut child = Command::new(LANDFALL)
        .args(["demo", "--json", "--devices", &devices.to_string()])
        .args(["--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(data.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let stdout = child.stdout.take().expect("a pipe");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let ready = serde_json::from_str(&line);
    (child, ready.unwrap_or_else(|e| panic!("{e}: {line}")))
}

fn log_in(ready: &Value) -> Client {
    let server = &ready["server"];
    let text = |name: &str| server[name].as_str().unwrap_or_default();
    Client::log_in(text("url"), text("admin"), text("password")).expect("the admin may")
}
