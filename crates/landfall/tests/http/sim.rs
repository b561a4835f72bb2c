//! A simulated device of a test's own, on an air of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::client::Answer;

const LANDFALL: &str = env!("CARGO_BIN_EXE_landfall");
/// How much faster the device's time runs: a minute of a limiter takes three seconds.
pub(crate) const SPEED: u32 = 20;
/// The bound of everything a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// A network with a password, one without, one that never gives an address, one whose name is no
/// UTF-8, and a hidden one.
const AIR: &str = r#"
seed = 1
speed = 20.0
scan_ms = 1000
[[ap]]
name = "home"
ssid = "HomeNetwork"
password = "Password2"
rssi = -48
[[ap]]
name = "cafe"
ssid = "CafeFree"
rssi = -66
channel = 1
[[ap]]
name = "deaf"
ssid = "NoAddress"
dhcp = false
rssi = -70
[[ap]]
name = "odd"
ssid_hex = "436166e9"
password = "Password2"
rssi = -75
[[ap]]
ssid = "Hidden"
hidden = true
rssi = -50
"#;

/// Which side of the device a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    Ap,
    Sta,
    /// The config server, on whichever side it is.
    Config,
}
pub(crate) use Door::{Ap, Config, Sta};

pub(crate) struct Sim {
    child: Child,
    ready: Value,
    folder: tempfile::TempDir,
}

impl Sim {
    /// A blank device, its access point up.
    pub(crate) fn blank() -> Self {
        Self::with_config(None, "AP_ACTIVE")
    }

    /// A device with that configuration, its access point up.
    pub(crate) fn configured(config: &Value) -> Self {
        Self::with_config(Some(config), "AP_ACTIVE")
    }

    /// A device with that configuration, in a network it knows.
    pub(crate) fn at_home(config: &Value) -> Self {
        Self::with_config(Some(config), "CONNECTED")
    }

    fn with_config(config: Option<&Value>, state: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("air.toml"), AIR).unwrap();
        if let Some(config) = config {
            std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        }
        let (child, ready) = start(folder.path(), config.is_some());
        let sim = Self {
            child,
            ready,
            folder,
        };
        sim.until("it is there", |status| status["state"] == state);
        sim
    }

    /// A blank device that was given the credentials of `HomeNetwork`, and took them.
    pub(crate) fn connected() -> Self {
        let sim = Self::blank();
        let answer = sim.ask(
            Ap,
            r#"POST /api/wifi {"ssid":"HomeNetwork","pass":"Password2"}"#,
        );
        assert_eq!(answer.code, 200);
        sim.until("it is connected", |status| status["state"] == "CONNECTED");
        sim
    }

    /// Cuts the power and starts it again on the same flash.
    pub(crate) fn reboot(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let has_config = self.folder.path().join("config.json").exists();
        (self.child, self.ready) = start(self.folder.path(), has_config);
    }

    /// `host:port` of a door.
    pub(crate) fn address(&self, door: Door) -> &str {
        let url = match door {
            Ap => "ap_url",
            Sta => "sta_url",
            Config => "config_url",
        };
        let url = self.ready["devices"][0][url].as_str().unwrap();
        url.strip_prefix("http://").unwrap()
    }

    /// `host:port` of the name server.
    pub(crate) fn dns(&self) -> &str {
        self.ready["devices"][0]["dns"].as_str().unwrap()
    }

    /// `GET /api/status` from the access point's side.
    pub(crate) fn status(&self) -> Value {
        self.ask(Ap, "GET /api/status").json()
    }

    /// Waits until the status, seen from whichever side is open, is as it should be.
    pub(crate) fn until(&self, what: &str, so: impl Fn(&Value) -> bool) -> Value {
        let ends = Instant::now() + PATIENCE;
        loop {
            let answers = [Ap, Sta].map(|door| self.try_ask(door, "GET /api/status"));
            let seen = answers.iter().flatten().map(Answer::json).next();
            match seen {
                Some(status) if so(&status) => return status,
                seen => assert!(Instant::now() < ends, "{what}: {seen:?}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the verdict on the candidate.
    pub(crate) fn verdict(&self) -> Value {
        let status = self.until("there is a verdict", |status| {
            status["candidate"]["verdict"]
                .as_str()
                .is_some_and(|v| v != "trying")
        });
        status["candidate"]["verdict"].clone()
    }

    /// `landfall air`.
    pub(crate) fn air(&self, words: &[&str]) -> String {
        let socket = self.ready["air"].as_str().unwrap();
        let mut command = Command::new(LANDFALL);
        let out = command.arg("air").arg(socket).args(words).output().unwrap();
        assert!(out.status.success(), "{words:?}: {out:?}");
        String::from_utf8(out.stdout).unwrap()
    }

    /// When the radio did that, by the device's clock.
    pub(crate) fn operations(&self, name: &str) -> Vec<u64> {
        let log = self.air(&["log"]);
        let rows = log.lines().filter(|line| !line.is_empty());
        let rows = rows.map(|line| serde_json::from_str::<Value>(line).unwrap());
        let rows = rows.filter(|row| row["op"] == name);
        rows.map(|row| row["ms"].as_u64().unwrap()).collect()
    }
}

/// Lets so much of the device's time pass.
pub(crate) fn pass(device_ms: u64) {
    std::thread::sleep(Duration::from_millis(device_ms / u64::from(SPEED)));
}

fn start(folder: &Path, has_config: bool) -> (Child, Value) {
    let mut command = Command::new(LANDFALL);
    command.arg("sim").arg("--json");
    command.arg("--air").arg(folder.join("air.toml"));
    command.arg("--data").arg(folder.join("data"));
    if has_config {
        command.arg("--config").arg(folder.join("config.json"));
    }
    command.env("XDG_RUNTIME_DIR", folder);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    (
        child,
        serde_json::from_str(&line).expect("one line of JSON"),
    )
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
