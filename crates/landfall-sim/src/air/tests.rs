//! Scenarios: what devices ask and what happens to the world, line by line, and what the radios
//! say. One helper runs them all.

mod joining;
mod links;
mod radio;
mod random;
mod views;

use alloc::string::String;
use alloc::vec::Vec;
use std::fmt::Write;

use expect_test::Expect;
use landfall_core::manager::{ApTarget, JoinTarget};
use landfall_core::net::{Channel, Ipv4Net, Mac, Security, Ssid};
use landfall_core::radio::RadioOp;

use super::command::Command;
use super::file::AirFile;
use super::{Air, DeviceId, Fault, Targets};

/// Longest silence after which a scenario counts as over.
const END_MS: u64 = 3_600_000;

/// Runs a script on the air of `file` and compares what it says.
///
/// A line is a moment, a device and an operation (`0 d0 join home Password2 * 6`), or a moment and
/// a command to the air (`500 air ap home off`). Events are printed with their moment.
fn check(file: &str, script: &str, expect: Expect) {
    expect.assert_eq(&run(file, script));
}

fn run(file: &str, script: &str) -> String {
    let mut scene = Scene::new(file);
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        scene.line(line);
    }
    scene.until(END_MS);
    scene.seen
}

struct Scene {
    air: Air,
    devices: Vec<DeviceId>,
    seen: String,
}

impl Scene {
    fn new(file: &str) -> Self {
        let mut air = Air::new(AirFile::parse("air.toml", file).unwrap());
        let macs = [1, 2, 3].map(|last| Mac([0x24, 0x6f, 0x28, 0, 0, last]));
        let devices = macs.map(|mac| air.add_device(mac)).to_vec();
        Self {
            air,
            devices,
            seen: String::new(),
        }
    }

    /// Lets time pass up to that moment.
    fn until(&mut self, end_ms: u64) {
        while let Some(now) = self.air.poll_timeout().filter(|now| *now <= end_ms) {
            while let Some((device, event)) = self.air.poll_event(now) {
                let d = device.index();
                writeln!(self.seen, "{now} d{d} {event:?}").unwrap();
            }
        }
    }

    fn line(&mut self, line: &str) {
        let (ms, rest) = line.split_once(' ').unwrap();
        let now = ms.parse().unwrap();
        self.until(now);
        if let Some(command) = rest.strip_prefix("air ") {
            let Command::Air(command) = Command::parse(command).unwrap() else {
                panic!("{command} is for the host");
            };
            let answer = self.air.obey(&command, now);
            for row in answer.rows.iter().chain(&answer.error) {
                writeln!(self.seen, "{now} air {row}").unwrap();
            }
            return;
        }
        let words: Vec<&str> = rest.split(' ').collect();
        let place: usize = words[0].strip_prefix('d').unwrap().parse().unwrap();
        self.operation(self.devices[place], &words[1..], now);
    }

    fn operation(&mut self, device: DeviceId, words: &[&str], now: u64) {
        match *words {
            ["off"] => self.air.power_off(device, now),
            ["fault", "scan"] => self.air.inject(device, Fault::Scan),
            ["fault", "ap"] => self.air.inject(device, Fault::ApStart),
            ["join", ssid, password, bssid, channel] => {
                let op = RadioOp::Join {
                    bssid: Mac::parse(bssid.as_bytes()),
                    channel: channel.parse().ok().and_then(Channel::new),
                };
                join(&mut self.air, device, op, ssid, password, now);
            }
            ["ap", ssid, password, number] => {
                let op = RadioOp::ApStart {
                    channel: channel(number),
                };
                ap_start(&mut self.air, device, op, ssid, password, now);
            }
            _ => self
                .air
                .handle(device, simple(words), Targets::default(), now),
        }
    }
}

fn join(air: &mut Air, device: DeviceId, op: RadioOp, ssid: &str, password: &str, now: u64) {
    let ssid = Ssid::new(ssid.as_bytes()).unwrap();
    let security = security(password);
    let target = JoinTarget {
        ssid: &ssid,
        security: &security,
    };
    let targets = Targets {
        join: Some(target),
        ap: None,
    };
    air.handle(device, op, targets, now);
}

fn ap_start(air: &mut Air, device: DeviceId, op: RadioOp, ssid: &str, password: &str, now: u64) {
    let key = match security(password) {
        Security::Open => None,
        Security::Personal(key) => Some(key),
    };
    let target = ApTarget {
        ssid: Ssid::new(ssid.as_bytes()).unwrap(),
        key: key.as_ref(),
        hidden: false,
        max_clients: 4,
        address: Ipv4Net::AP_DEFAULT,
    };
    let targets = Targets {
        join: None,
        ap: Some(target),
    };
    air.handle(device, op, targets, now);
}

fn simple(words: &[&str]) -> RadioOp {
    match *words {
        ["scan"] => RadioOp::Scan,
        ["leave"] => RadioOp::Leave,
        ["stop"] => RadioOp::ApStop,
        ["move", number] => RadioOp::ApMove {
            channel: channel(number),
        },
        ["cancel"] => RadioOp::Cancel,
        ["query"] => RadioOp::Query,
        _ => panic!("no operation: {words:?}"),
    }
}

fn channel(number: &str) -> Channel {
    Channel::new(number.parse().unwrap()).unwrap()
}

/// `-` is open.
fn security(password: &str) -> Security {
    let password = if password == "-" { "" } else { password };
    Security::from_password(password.as_bytes()).unwrap()
}
