//! `landfall serve` and what an operator does beside it: what they print, and the status they end with.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::host::LANDFALL;

/// A server that runs, and the lines it began with.
struct Serve {
    child: Child,
    lines: Vec<String>,
}

impl Serve {
    /// Starts one on the database `fleet.db` of that folder, and reads up to where it listens.
    fn start(folder: &Path) -> Self {
        let mut command = landfall(folder, &["serve", "--listen", "127.0.0.1:0"]);
        command.args(["--database", "sqlite:fleet.db"]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let is_last = line.starts_with("listening on ");
            lines.push(line);
            if is_last {
                break;
            }
        }
        Self { child, lines }
    }

    /// The head of the answer to a login.
    fn login(&self, password: &str) -> String {
        let address = self
            .lines
            .last()
            .unwrap()
            .strip_prefix("listening on http://")
            .unwrap();
        let body = format!(r#"{{"username":"admin","password":"{password}"}}"#);
        let mut stream = TcpStream::connect(address).unwrap();
        let len = body.len();
        let head =
            format!("POST /api/v1/login HTTP/1.1\r\nHost: {address}\r\nContent-Length: {len}");
        write!(stream, "{head}\r\nConnection: close\r\n\r\n{body}").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.lines().next().unwrap().to_owned()
    }

    /// Ends it as a service manager does; gives its status.
    fn end(mut self) -> Option<i32> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

fn landfall(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(LANDFALL);
    command.args(words).current_dir(folder).stdin(Stdio::null());
    command
}

fn run(folder: &Path, words: &[&str]) -> Output {
    landfall(folder, words).output().unwrap()
}

/// The word fails with one line on stderr that ends so, and prints nothing.
fn check_failure(folder: &Path, words: &[&str], expected: &str) {
    let out = run(folder, words);
    let told = String::from_utf8(out.stderr).unwrap();
    assert_eq!(out.status.code(), Some(1), "{words:?}: {told}");
    assert!(
        told.trim_end().ends_with(expected) && told.lines().count() == 1,
        "{told}"
    );
    assert!(out.stdout.is_empty(), "{words:?}");
}

#[test]
fn a_server_says_its_first_password_once_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let server = Serve::start(folder.path());
    let password = server.lines[0]
        .strip_prefix("admin password: ")
        .unwrap()
        .to_owned();
    assert_eq!(server.lines.len(), 2);
    assert_eq!(server.login(&password), "HTTP/1.1 200 OK");
    let out = run(
        folder.path(),
        &["admin", "reset-password", "--database", "sqlite:fleet.db"],
    );
    let printed = String::from_utf8(out.stdout).unwrap();
    let new = printed.trim_end().strip_prefix("admin password: ").unwrap();
    assert_eq!(server.login(&password), "HTTP/1.1 401 Unauthorized");
    assert_eq!(server.login(new), "HTTP/1.1 200 OK");
    assert_eq!(server.end(), Some(0));
    let server = Serve::start(folder.path());
    assert_eq!(server.lines.len(), 1, "the password is said once");
    assert_eq!(server.login(new), "HTTP/1.1 200 OK");
    assert_eq!(server.end(), Some(0));
}

#[test]
fn a_backup_is_restored_into_what_is_empty() {
    let folder = tempfile::tempdir().unwrap();
    let server = Serve::start(folder.path());
    let database = ["--database", "sqlite:fleet.db"];
    let out = run(
        folder.path(),
        &[&["backup"], &database[..], &["fleet.backup"]].concat(),
    );
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    assert_eq!(server.end(), Some(0));
    let restore = [&["restore"], &database[..], &["fleet.backup"]].concat();
    check_failure(
        folder.path(),
        &restore,
        "the database is not empty; --force overwrites it",
    );
    let out = run(folder.path(), &[&restore[..], &["--force"]].concat());
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let out = run(
        folder.path(),
        &["restore", "--database", "sqlite:other.db", "fleet.backup"],
    );
    assert_eq!(out.status.code(), Some(0), "{out:?}");
    let nobody = [&["admin", "reset-password"], &database[..], &["nobody"]].concat();
    check_failure(
        folder.path(),
        &nobody,
        "name the server's database and one of its users",
    );
    check_failure(
        folder.path(),
        &["backup", "--database", "sqlite:nothing.db", "fleet.backup"],
        "there is no fleet in that database; name the server's database",
    );
    let usage = run(folder.path(), &["serve", "--tls-cert", "alone.pem"]);
    assert_eq!(usage.status.code(), Some(2));
}
