//! A simulated device, started as people start it, and talked to over its doors.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) const LANDFALL: &str = env!("CARGO_BIN_EXE_landfall");
/// One home, twenty times as fast as ours.
pub(crate) const HOME: &str = r#"
speed = 20.0
[[ap]]
name = "home"
ssid = "HomeNetwork"
password = "Password2"
"#;
/// The longest that a line is waited for: everything in these tests takes a second or two.
const PATIENCE: Duration = Duration::from_secs(30);

/// A device that runs.
pub(crate) struct Sim {
    child: Child,
    pub(crate) ready: Value,
    lines: Receiver<String>,
    typed: File,
    folder: PathBuf,
}

impl Sim {
    /// Starts one in that folder; where it has been there before, that is a reboot.
    pub(crate) fn start(folder: &Path, air: &str, options: &[&str]) -> Self {
        let mut sim = Self::start_unread(folder, air, options);
        sim.lines = lines(sim.typed.try_clone().unwrap());
        sim
    }

    /// Starts one that ends by itself, maybe before its ready line; gives its exit status.
    pub(crate) fn end_of(folder: &Path, air: &str, options: &[&str]) -> Option<i32> {
        let mut child = command(folder, air)
            .args(options)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        child.wait().unwrap().code()
    }

    /// Starts one whose serial port is left to somebody else to read.
    pub(crate) fn start_unread(folder: &Path, air: &str, options: &[&str]) -> Self {
        let mut child = command(folder, air)
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).expect("one line of JSON");
        let path = ready["devices"][0]["console"].as_str().unwrap();
        let typed = OpenOptions::new()
            .read(true)
            .write(true)
            .open(path)
            .unwrap();
        Self {
            child,
            ready,
            lines: channel().1,
            typed,
            folder: folder.to_owned(),
        }
    }

    pub(crate) fn device(&self, key: &str) -> &str {
        self.ready["devices"][0][key].as_str().unwrap()
    }

    pub(crate) fn type_in(&mut self, bytes: &[u8]) {
        self.typed.write_all(bytes).unwrap();
    }

    /// Sends lines and gives everything printed from then on, up to the line that begins so.
    pub(crate) fn ask(&mut self, sent: &str, last: &str) -> String {
        self.type_in(sent.replace('\n', "\r\n").as_bytes());
        self.type_in(b"\r\n");
        self.until(last)
    }

    /// Everything up to the line that begins so.
    pub(crate) fn until(&mut self, last: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = String::new();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("no line begins with {last:?}:\n{seen}");
            };
            seen.push_str(&line);
            seen.push('\n');
            if line.starts_with(last) {
                return seen;
            }
        }
    }

    /// Waits until that door is open.
    pub(crate) fn wait_for_door(&self, door: &str) {
        let address = self.device(door).strip_prefix("http://").unwrap();
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "{door} stays closed");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The answer to a GET; none: the door is closed.
    pub(crate) fn get(&self, door: &str, path: &str) -> Option<String> {
        self.request(door, &format!("GET {path}"), "", "")
    }

    /// The answer to a request with these lines in its head, each ended; none: the door is closed.
    pub(crate) fn request(
        &self,
        door: &str,
        what: &str,
        lines: &str,
        body: &str,
    ) -> Option<String> {
        let address = self.device(door).strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(address).ok()?;
        let len = body.len();
        let request = format!(
            "{what} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{lines}Content-Length: {len}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        Some(answer)
    }

    /// `landfall air` with these words.
    pub(crate) fn air(&self, words: &[&str]) -> Output {
        let socket = self.ready["air"].as_str().unwrap();
        run(&[&["air", socket], words].concat())
    }

    /// `landfall console` in a pipe.
    pub(crate) fn pipe(&self, stdin: &str) -> (i32, String) {
        let mut console = Command::new(LANDFALL)
            .args(["console", self.device("console")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut to = console.stdin.take().unwrap();
        to.write_all(stdin.as_bytes()).unwrap();
        drop(to);
        let out = console.wait_with_output().unwrap();
        (status(&out), text(&out.stdout))
    }

    /// Starts a second program on the same folder.
    pub(crate) fn second(&self) -> Output {
        command(&self.folder, HOME).output().unwrap()
    }

    /// Stops it where it stands, or lets it go on.
    pub(crate) fn pause(&self, paused: bool) {
        let signal = match paused {
            true => rustix::process::Signal::STOP,
            false => rustix::process::Signal::CONT,
        };
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    pub(crate) fn signal(mut self, signal: rustix::process::Signal) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `landfall sim` in that folder.
pub(crate) fn command(folder: &Path, air: &str) -> Command {
    std::fs::write(folder.join("air.toml"), air).unwrap();
    let mut command = Command::new(LANDFALL);
    command.arg("sim").arg("--json");
    command.arg("--air").arg(folder.join("air.toml"));
    command.arg("--data").arg(folder.join("data"));
    command.env("XDG_RUNTIME_DIR", folder);
    command
}

/// Reads a port on a thread of its own, so that waiting for a line has an end.
fn lines(port: File) -> Receiver<String> {
    let (tell, lines) = channel();
    std::thread::spawn(move || {
        let mut port = BufReader::new(port);
        let mut line = Vec::new();
        while let Ok(1..) = port.read_until(b'\n', &mut line) {
            let ended = line.strip_suffix(b"\r\n").expect("lines end in CR LF");
            if tell.send(text(ended)).is_err() {
                return;
            }
            line.clear();
        }
    });
    lines
}

pub(crate) fn run(words: &[&str]) -> Output {
    Command::new(LANDFALL).args(words).output().unwrap()
}

pub(crate) fn status(out: &Output) -> i32 {
    out.status.code().expect("an exit status")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What differs from device to device: its secret.
pub(crate) fn without_secret(text: &str) -> String {
    let Some((before, after)) = text.split_once("ap_pass=\"") else {
        return text.to_owned();
    };
    let (_, after) = after.split_once('"').unwrap();
    format!("{before}ap_pass=\"…\"{}", without_secret(after))
}
