//! `landfall provision`, over a serial port and over a portal, in a pipe and on a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::pty::OpenptFlags;
use rustix::termios::LocalModes;
use serde_json::Value;

use crate::host::{HOME, LANDFALL, Sim, status, text};

/// A device whose access point is up, and whose serial port nobody reads.
fn start(folder: &std::path::Path) -> Sim {
    let air = format!("{HOME}\n[[ap]]\nssid = \"CafeFree\"\nrssi = -70\n");
    let sim = Sim::start_unread(folder, &air, &[]);
    sim.wait_for_door("ap_url");
    sim
}

/// `landfall provision` in a pipe, with that on stdin.
fn provision(words: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(LANDFALL)
        .arg("provision")
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may have ended without reading.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    child.wait_with_output().unwrap()
}

/// It does what it should, and says this.
fn check(words: &[&str], stdin: &str, expected: &str) {
    let out = provision(words, stdin);
    assert_eq!(
        (status(&out), text(&out.stderr).as_str()),
        (0, ""),
        "{words:?}"
    );
    assert_eq!(text(&out.stdout).trim_end(), expected, "{words:?}");
}

/// It fails, and says why on one line.
fn check_failure(words: &[&str], stdin: &str, expected: &str) {
    let out = provision(words, stdin);
    let told = text(&out.stderr);
    assert_eq!(status(&out), 1, "{words:?}: {told}");
    assert!(
        told.lines().count() == 1 && told.contains(expected),
        "{told}"
    );
    assert!(out.stdout.is_empty());
}

/// What it says to programs.
fn json(words: &[&str]) -> Value {
    let out = provision(words, "");
    assert_eq!(status(&out), 0, "{words:?}: {}", text(&out.stderr));
    serde_json::from_slice(&out.stdout).unwrap()
}

#[test]
fn over_the_serial_port() {
    let folder = tempfile::tempdir().unwrap();
    let sim = start(folder.path());
    let port = sim.device("improv");
    check_failure(
        &[port, "HomeNetwork"],
        "WrongPass1\n",
        "the password is wrong",
    );
    check_failure(
        &[port, "Nope", "--open"],
        "",
        "no network of that name answers",
    );
    check_failure(&[port, "HomeNetwork"], "short\n", "password: neither");
    check(
        &[port, "HomeNetwork"],
        "Password2\r\n",
        "landfall-56789a is on HomeNetwork: http://10.0.0.2/",
    );
    let told = json(&[port, "CafeFree", "--open", "--json"]);
    assert_eq!(told["hardware_id"], "lf-246f2856789a");
    assert_eq!(
        (&told["ssid"], &told["name"]),
        (&"CafeFree".into(), &"landfall-56789a".into())
    );
    let rows = json(&[port, "--scan", "--json"]);
    let names: Vec<&str> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["ssid"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["HomeNetwork", "CafeFree"]);
}

#[test]
fn over_the_portal() {
    let folder = tempfile::tempdir().unwrap();
    let sim = start(folder.path());
    let url = sim.device("ap_url");
    let rows = text(&provision(&[url, "--scan"], "").stdout);
    assert_eq!(rows.lines().count(), 2, "{rows}");
    assert!(
        rows.starts_with("HomeNetwork ") && rows.contains(" dBm  open\n"),
        "{rows}"
    );
    check_failure(&[url, "HomeNetwork"], "WrongPass1", "the password is wrong");
    let told = json(&[url, "HomeNetwork", "--password", "Password2", "--json"]);
    assert_eq!(
        (&told["url"], &told["ssid"]),
        (&"http://10.0.0.2/".into(), &"HomeNetwork".into())
    );
    let url = sim.device("sta_url");
    check_failure(&[url, "CafeFree", "--open"], "", "its owner's password");
    check_failure(&[url, "--label"], "", "on the device's own network alone");
}

#[test]
fn labels_lead_onto_the_devices_own_network() {
    let folder = tempfile::tempdir().unwrap();
    let sim = start(folder.path());
    let by_port = json(&[sim.device("console"), "--label", "--json"]);
    let by_portal = json(&[sim.device("ap_url"), "--label", "--json"]);
    assert_eq!(by_port, by_portal);
    let key = by_port["ap_password"].as_str().unwrap();
    assert_eq!(
        by_port["qr"],
        format!("WIFI:T:WPA;S:Landfall-56789A;P:{key};;")
    );
    let label = text(&provision(&[sim.device("console"), "--label"], "").stdout);
    let lines = format!("landfall-56789a\nlf-246f2856789a\nLandfall-56789A\n{key}\n");
    assert!(label.ends_with(&lines), "{label}");
    let svg = text(&provision(&[sim.device("console"), "--label=svg"], "").stdout);
    assert!(
        svg.starts_with("<svg ") && svg.contains(">lf-246f2856789a</text>"),
        "{svg}"
    );
}

#[test]
fn who_is_not_there_is_told() {
    check_failure(&["/nope", "home", "--open"], "", "/nope: No such file");
    check_failure(&["https://127.0.0.1", "home", "--open"], "", "plain HTTP");
    check_failure(
        &["http://127.0.0.1:1", "home", "--open"],
        "",
        "http://127.0.0.1:1: ",
    );
    let out = provision(&["/nope"], "");
    assert_eq!(status(&out), 2);
    let out = provision(&["/nope", "home", "--open", "--password", "password"], "");
    assert_eq!(status(&out), 2);
}

#[test]
fn on_a_terminal_a_network_is_picked() {
    let folder = tempfile::tempdir().unwrap();
    let sim = start(folder.path());
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = rustix::pty::openpt(flags).unwrap();
    rustix::pty::grantpt(&master).unwrap();
    rustix::pty::unlockpt(&master).unwrap();
    let slave = || Stdio::from(rustix::pty::ioctl_tiocgptpeer(&master, flags).unwrap());
    let mut child = Command::new(LANDFALL)
        .args(["provision", sim.device("improv")])
        .stdin(slave())
        .stdout(slave())
        .stderr(slave())
        .spawn()
        .unwrap();
    let mut terminal = File::from(master);
    let mut seen = String::new();
    let mut until = |terminal: &mut File, what: &str| {
        let mut buf = [0; 256];
        while !seen.contains(what) {
            let n = terminal.read(&mut buf).expect(what);
            seen.push_str(&String::from_utf8_lossy(&buf[..n]));
        }
    };
    until(&mut terminal, "CafeFree");
    terminal.write_all(b"\r").unwrap();
    until(&mut terminal, "Its password");
    // What is typed before the terminal stops to echo is thrown away with the switch.
    let echoes = || {
        let modes = rustix::termios::tcgetattr(&terminal).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    };
    while echoes() {
        thread::sleep(Duration::from_millis(5));
    }
    terminal.write_all(b"Password2\r").unwrap();
    until(
        &mut terminal,
        "landfall-56789a is on HomeNetwork: http://10.0.0.2/",
    );
    assert!(child.wait().unwrap().success());
    assert!(!seen.contains("Password2"), "what is typed is not shown");
}
