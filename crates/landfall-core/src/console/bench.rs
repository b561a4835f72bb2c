//! A console on the bench of its tests: the machine behind it, and around both a world that
//! answers at once unless it is told to be slow.

use std::collections::VecDeque;
use std::string::String;
use std::vec::Vec;

use expect_test::Expect;

use super::*;
use crate::command::{Command, Refusal};
use crate::config::{Identity, KnownNetwork, NetworkId};
use crate::event::Course;
use crate::manager::{Boot, Input, StoreFailed};
use crate::net::{Channel, Ipv4Net, Mac, Passphrase, Security, Ssid};
use crate::radio::{AuthMode, LinkReport, RadioEvent, RadioOp, Reason, ScanRow};

pub(super) const DOOR: Door = Door::Serial(0);

/// The only key of [`heard`] networks that is right.
const PASSWORD: &[u8] = b"Password2";

pub(super) struct Bench {
    pub(super) console: Console,
    pub(super) manager: Manager,
    pub(super) services: Services,
    pub(super) history: History,
    pub(super) clients: Vec<Client>,
    pub(super) cids: Cids,
    pub(super) fleet_change: Option<FleetChange>,
    pub(super) now: Instant,
    pub(super) out: String,
    /// Answers of a slow store or radio.
    late: VecDeque<Input>,
    slow: bool,
    flash_fails: bool,
    online: bool,
}

impl Bench {
    pub(super) fn new(door: Door, wifi: Wifi) -> Self {
        let identity = Identity {
            mac: Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]),
            ap_secret: Passphrase::new(b"ABCDEFGH2345").unwrap(),
            ap_prefix: "Landfall-".try_into().unwrap(),
        };
        let identity = std::boxed::Box::leak(std::boxed::Box::new(identity));
        let mut bench = Self {
            console: Console::new(door),
            manager: Manager::new(Boot::new(wifi, identity)),
            services: Services::default(),
            history: History::new(),
            clients: Vec::new(),
            cids: Cids::new(),
            fleet_change: None,
            now: Instant::BOOT,
            out: String::new(),
            late: VecDeque::new(),
            slow: false,
            flash_fails: false,
            online: false,
        };
        // What happens at boot is not what the scripts are about.
        bench.wait(0);
        bench.settle();
        bench.out.clear();
        bench
    }

    /// One step of a script, then everything that follows at once:
    ///
    /// ```text
    /// > text   types a line                    + text   types without ending the line
    /// wait MS  lets time pass                  portal SSID  somebody joins it by the portal
    /// slow     store and radio keep quiet      fast     they answer, and go on to
    /// fail     the flash takes nothing         button   holds the reset button
    /// greet    the port says who is here       applied N  the fleet's configuration is in force
    /// session COURSE, idle   the fleet's session begins, and ends
    /// ```
    pub(super) fn step(&mut self, step: &str) {
        let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
        match word {
            ">" => self.type_in(std::format!("{rest}\r\n").as_bytes()),
            "+" => self.type_in(rest.as_bytes()),
            "wait" => self.wait(rest.parse().unwrap()),
            "slow" => self.slow = true,
            "fast" => {
                self.slow = false;
                self.drain();
            }
            "fail" => self.flash_fails = true,
            "button" => self.console.handle_long_press(),
            "greet" => self.greet(),
            "portal" => self.join_by_portal(rest),
            "applied" => {
                let version = rest.parse().unwrap();
                self.hear(Output::Event(Event::ConfigApplied { version }));
            }
            "session" => {
                let course = Course::new(rest);
                self.hear(Output::Event(Event::SessionStarted { course }));
            }
            "idle" => self.hear(Output::Event(Event::SessionEnded)),
            _ => panic!("no such step: {step}"),
        }
        self.settle();
    }

    /// Types as fast as the console takes it; what it does not take is lost.
    pub(super) fn type_in(&mut self, mut bytes: &[u8]) {
        loop {
            let taken = self.console.handle_bytes(bytes, &mut self.out);
            bytes = &bytes[taken..];
            self.settle();
            if bytes.is_empty() || !self.console.wants_input() {
                break;
            }
        }
    }

    pub(super) fn hear(&mut self, output: Output) {
        self.console.handle_output(&output, &self.manager);
    }

    /// Polls once, and hands out the console's surroundings for it.
    pub(super) fn poll(&mut self) -> Progress {
        let before = self.out.len();
        let mut context = context!(self);
        let progress = self.console.poll(&mut context, &mut self.out);
        let printed = self.out.len() - before;
        assert!(printed <= CHUNK_MAX, "{printed} bytes at once");
        progress
    }

    /// `--` stands where a terminal would show its prompt.
    fn settle(&mut self) {
        loop {
            match self.poll() {
                Progress::Idle if self.fleet_change.is_some() => self.change_fleet(),
                Progress::Idle => break,
                Progress::Answered => self.out.push_str("--\r\n"),
                Progress::More => {}
                Progress::Asked => {
                    self.drain();
                }
            }
        }
    }

    /// What a device does whose flash takes it, or not.
    fn change_fleet(&mut self) {
        let Some(change) = self.fleet_change.take() else {
            return;
        };
        let reply = if self.flash_fails {
            Reply::Refused(Refusal::SaveFailed)
        } else {
            self.services.fleet_url = change.server.url;
            Reply::Done
        };
        self.hear(Output::Reply(change.ticket, reply));
    }

    fn greet(&mut self) {
        let context = context!(self);
        self.console.greet(&context);
    }

    fn join_by_portal(&mut self, ssid: &str) {
        let command = Command::Join {
            ssid: Ssid::new(ssid.as_bytes()).unwrap(),
            security: Security::from_password(PASSWORD).unwrap(),
        };
        let ticket = Ticket {
            door: Door::Http,
            number: 1,
        };
        self.manager
            .handle(Input::Command(ticket, command), self.now);
        self.drain();
    }

    fn wait(&mut self, ms: u32) {
        let until = self.now.plus_ms(ms);
        while let Some(due) = self.drain().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            self.manager.handle(Input::Timeout, self.now);
        }
        self.now = until;
    }

    /// Carries out what the machine wants, and gives its deadline.
    fn drain(&mut self) -> Option<Instant> {
        loop {
            let output = self.manager.poll_output();
            self.console.handle_output(&output, &self.manager);
            match output {
                Output::Event(event) => {
                    self.history.push(self.now.as_ms(), event);
                }
                Output::Store(_) => {
                    let failed = self.flash_fails.then_some(StoreFailed);
                    self.late
                        .push_back(Input::Stored(failed.map_or(Ok(()), Err)));
                }
                Output::Radio(op) => {
                    let events = self.radio(op).into_iter().map(Input::Radio);
                    self.late.extend(events);
                }
                Output::Wait(deadline) if self.slow => return deadline,
                Output::Wait(deadline) => match self.late.pop_front() {
                    Some(input) => self.manager.handle(input, self.now),
                    None => return deadline,
                },
                Output::Reply(..)
                | Output::Failed(..)
                | Output::State(..)
                | Output::ProbeInternet
                | Output::Restart => {}
            }
        }
    }

    fn radio(&mut self, op: RadioOp) -> Vec<RadioEvent> {
        let address = Ipv4Net::parse("10.0.0.2/24").unwrap();
        let (bssid, channel, rssi) = (Mac([2, 0, 0, 0, 0, 1]), Channel::ONE, -48);
        let joined = RadioEvent::Joined {
            bssid,
            channel,
            rssi,
        };
        let refused = RadioEvent::JoinFailed {
            reason: Reason::Code(15),
            comeback_ms: None,
        };
        match op {
            RadioOp::Scan => {
                let rows = heard().into_iter().map(RadioEvent::ScanRow);
                rows.chain([RadioEvent::ScanDone]).collect()
            }
            RadioOp::Join { .. } => {
                self.online = self.key_is_right();
                if self.online {
                    [joined, RadioEvent::Address(address)].into()
                } else {
                    [refused].into()
                }
            }
            RadioOp::Leave => {
                self.online = false;
                [RadioEvent::Left].into()
            }
            RadioOp::ApStart { channel } => [RadioEvent::ApStarted { channel }].into(),
            RadioOp::ApStop => [RadioEvent::ApStopped].into(),
            RadioOp::ApMove { channel } => [RadioEvent::ApMoved { channel }].into(),
            RadioOp::Cancel => Vec::new(),
            RadioOp::Query => [RadioEvent::Report(LinkReport {
                rssi: self.online.then_some(rssi),
                address: self.online.then_some(address),
                ap_up: self.manager.status().ap_up,
            })]
            .into(),
        }
    }

    fn key_is_right(&self) -> bool {
        let right = Security::from_password(PASSWORD).unwrap();
        let target = self.manager.join_target();
        target.is_some_and(|target| *target.security == right)
    }
}

/// Plays a script on a new device and compares everything printed.
pub(super) fn check(script: &str, expected: Expect) {
    check_at(&mut Bench::new(DOOR, Wifi::default()), script, expected);
}

pub(super) fn check_at(bench: &mut Bench, script: &str, expected: Expect) {
    for step in script.lines() {
        bench.step(step.trim_start());
    }
    assert!(
        !bench.out.replace("\r\n", "").contains(['\r', '\n']),
        "lines end in CR LF"
    );
    expected.assert_eq(&bench.out.replace("\r\n", "\n"));
}

/// What a console sees of a bench, without borrowing all of it.
macro_rules! context {
    ($bench:expr) => {
        Context {
            manager: &mut $bench.manager,
            services: &$bench.services,
            history: &$bench.history,
            clients: &$bench.clients,
            cids: &mut $bench.cids,
            now: $bench.now,
            config_json: |wifi, services, out| {
                let (networks, user) = (wifi.networks.len(), &services.mqtt_user);
                write!(out, "{{\"networks\":{networks},\"user\":\"{user}\"}}")
            },
            jitter: None,
            fleet: FleetStatus::default(),
            fleet_change: &mut $bench.fleet_change,
        }
    };
}
pub(super) use context;

/// The access points around: one name twice, one hidden, one hostile.
fn heard() -> [ScanRow; 4] {
    let row = |name: Option<&[u8]>, last, rssi, auth| ScanRow {
        ssid: name.map(|name| Ssid::new(name).unwrap()),
        bssid: Mac([2, 0, 0, 0, 0, last]),
        channel: Channel::ONE,
        rssi,
        auth,
    };
    [
        row(Some(b"home"), 1, -48, AuthMode::Wpa2),
        row(Some(b"evil\"\r\nCTRL:ACK CID=1"), 2, -50, AuthMode::Open),
        row(None, 3, -51, AuthMode::Wpa2),
        row(Some(b"home"), 4, -70, AuthMode::Wpa2),
    ]
}

/// A configuration with open networks of these names.
pub(super) fn networks(names: &[&[u8]]) -> Wifi {
    let mut wifi = Wifi::default();
    for (n, name) in names.iter().enumerate() {
        let mut network = KnownNetwork::new(Ssid::new(name).unwrap(), Security::Open);
        network.id = NetworkId(n as u8);
        wifi.networks.push(network).unwrap();
    }
    wifi
}
