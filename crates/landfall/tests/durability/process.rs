//! A server in a process of its own, and who asks it: blocking, one connection a request.

use std::io::{BufRead, BufReader, Error, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

const LANDFALL: &str = env!("CARGO_BIN_EXE_landfall");
/// What no answer takes, however busy the machine is.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running server. It is killed where it is dropped.
pub(crate) struct Process {
    child: Child,
    address: String,
    /// The first admin's password, where this start made it.
    pub(crate) password: Option<String>,
}

/// An answer: its status, its cookie, and its body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) cookie: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: String,
}

/// Somebody who asks.
#[derive(Clone)]
pub(crate) struct Client {
    address: String,
    headers: String,
}

impl Process {
    /// Starts a server on the database in that folder.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::start_by(Command::new(LANDFALL), folder)
    }

    /// Starts a server that sees a file system of that many bytes in place of the folder: in a mount
    /// namespace of its own, gone when it ends. None: this machine lets nobody have one.
    pub(crate) fn start_small(folder: &Path, bytes: u32) -> Option<Self> {
        const NAMESPACE: [&str; 2] = ["--mount", "--map-root-user"];
        let try_it = Command::new("unshare").args(NAMESPACE).arg("true").status();
        if !try_it.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut command = Command::new("unshare");
        let mount = "mount -t tmpfs -o size=$1 none \"$2\" && shift 2 && exec \"$@\"";
        command
            .args(NAMESPACE)
            .args(["sh", "-ec", mount, "sh", &bytes.to_string()])
            .arg(folder)
            .arg(LANDFALL);
        Some(Self::start_by(command, folder))
    }

    /// The folder as the server sees it.
    pub(crate) fn seen(&self, folder: &Path) -> PathBuf {
        let root = format!("/proc/{}/root", self.child.id());
        let inside = folder.strip_prefix("/").unwrap();
        Path::new(&root).join(inside)
    }

    fn start_by(mut command: Command, folder: &Path) -> Self {
        let database = format!("sqlite:{}", folder.join("fleet.db").display());
        let child = command
            .args(["serve", "--listen", "127.0.0.1:0", "--database", &database])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (address, password) = (String::new(), None);
        let mut process = Self {
            child,
            address,
            password,
        };
        let told = BufReader::new(process.child.stdout.take().unwrap());
        for line in told.lines().map(Result::unwrap) {
            if let Some(password) = line.strip_prefix("admin password: ") {
                process.password = Some(password.to_owned());
            } else if let Some(address) = line.strip_prefix("listening on http://") {
                process.address = address.to_owned();
                return process;
            }
        }
        panic!("it ended before it said where it listens");
    }

    /// Somebody without credentials.
    pub(crate) fn stranger(&self) -> Client {
        Client {
            address: self.address.clone(),
            headers: String::new(),
        }
    }

    /// Kills it on the spot, with whatever it was doing.
    pub(crate) fn kill(&mut self) {
        // SIGKILL, which no process hears.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Client {
    /// The same, with that header on every request.
    pub(crate) fn header(&self, name: &str, value: &str) -> Self {
        let headers = format!("{}{name}: {value}\r\n", self.headers);
        Self {
            headers,
            ..self.clone()
        }
    }

    /// The same, asking a server that was started since.
    pub(crate) fn at(&self, process: &Process) -> Self {
        Self {
            address: process.address.clone(),
            ..self.clone()
        }
    }

    /// Asks. An error: the server is gone, or went before its answer was whole.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Result<Answer, Error> {
        let mut stream = TcpStream::connect(&self.address)?;
        stream.set_read_timeout(Some(DEADLINE))?;
        let (host, headers, len) = (&self.address, &self.headers, body.len());
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-length: {len}\r\n{headers}\r\n{body}"
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        read(&String::from_utf8_lossy(&answer)).ok_or_else(|| Error::other("half an answer"))
    }

    /// Asks a server that is there, for an answer that is JSON.
    pub(crate) fn json(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.ask(method, path, &body.to_string()).unwrap();
        let text = answer.body;
        assert!(
            answer.status < 300,
            "{method} {path}: {} {text}",
            answer.status
        );
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }
}

/// The answer, where it came whole: as long as its head says.
fn read(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let (mut cookie, mut retry_after, mut len) = (None, None, None);
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        match name.to_ascii_lowercase().as_str() {
            "set-cookie" => cookie = value.split(';').next().map(str::to_owned),
            "retry-after" => retry_after = Some(value.to_owned()),
            "content-length" => len = value.parse().ok(),
            _ => {}
        }
    }
    let body = body.to_owned();
    (len == Some(body.len())).then_some(Answer {
        status,
        cookie,
        retry_after,
        body,
    })
}
