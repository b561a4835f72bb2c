//! What a device goes through in a measurement: the same on a host (`cargo bench`) and on riscv32
//! (`cargo xtask virt`).

use alloc::vec;
use alloc::vec::Vec;
use core::hint::black_box;
use core::net::Ipv4Addr;

use landfall_core::config::{Identity, KnownNetwork, MAX_NETWORKS, Wifi};
use landfall_core::manager::{Boot, Input, Manager, Output};
use landfall_core::net::{Bssid, Channel, Ipv4Net, Mac, Passphrase, Security, Ssid};
use landfall_core::radio::{AuthMode, RadioEvent, RadioOp, Reason, ScanRow};
use landfall_core::time::Instant;

/// Rows of a scan in a crowded place.
pub(crate) const SCAN_ROWS: u8 = 32;
/// Outputs after which a machine that never waits is broken.
const OUTPUTS_MAX: usize = 1_000;
/// An access point that takes nobody more (IEEE 802.11 reason 5): the next one is tried.
const AP_FULL: Reason = Reason::Code(5);
/// Time between two inputs.
const STEP_MS: u32 = 50;

/// A machine and its time.
pub(crate) struct Run {
    pub(crate) manager: Manager,
    now: Instant,
    deadline: Option<Instant>,
    /// What the radio was asked for last.
    op: Option<RadioOp>,
}

impl Run {
    /// A device that knows this many networks and has just started.
    pub(crate) fn new(identity: &'static Identity, networks: usize) -> Self {
        Self {
            manager: Manager::new(boot(identity, networks)),
            now: Instant::from_ms(0),
            deadline: None,
            op: None,
        }
    }

    /// Hands over one input and drains: a timeout when it is due, everything else a step later.
    pub(crate) fn step(&mut self, input: Input) {
        self.now = match (&input, self.deadline) {
            (Input::Timeout, Some(deadline)) => deadline,
            _ => self.now.plus_ms(STEP_MS),
        };
        self.manager.handle(black_box(input), self.now);
        for _ in 0..OUTPUTS_MAX {
            match black_box(self.manager.poll_output()) {
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    return;
                }
                Output::Radio(op) => self.op = Some(op),
                Output::Store(_)
                | Output::Event(_)
                | Output::Reply(..)
                | Output::Failed(..)
                | Output::State(..)
                | Output::ProbeInternet
                | Output::Restart => {}
            }
        }
        panic!("the machine gives {OUTPUTS_MAX} outputs and does not wait");
    }
}

/// Inputs of a round: the boot, the rows and end of its scan, an attempt for each network, and the
/// access point that comes up and moves.
pub(crate) const ROUND_INPUTS: usize = 2 + SCAN_ROWS as usize + MAX_NETWORKS + 2;

/// A round from a cold start; gives the attempts made.
pub(crate) fn round(run: &mut Run) -> usize {
    let here = Channel::new(6).expect("a channel");
    run.step(Input::Timeout);
    for n in 0..SCAN_ROWS {
        run.step(Input::Radio(RadioEvent::ScanRow(row(n, here))));
    }
    run.step(Input::Radio(RadioEvent::ScanDone));
    let mut attempts = 0;
    // The access point comes up in between, after so many failures, and follows the station.
    while let Some(op) = run.op.take() {
        let event = match op {
            RadioOp::Join { .. } => RadioEvent::JoinFailed {
                reason: AP_FULL,
                comeback_ms: None,
            },
            RadioOp::ApStart { channel } => RadioEvent::ApStarted { channel },
            RadioOp::ApMove { channel } => RadioEvent::ApMoved { channel },
            RadioOp::Scan | RadioOp::Leave | RadioOp::ApStop | RadioOp::Cancel | RadioOp::Query => {
                break;
            }
        };
        attempts += usize::from(matches!(op, RadioOp::Join { .. }));
        run.step(Input::Radio(event));
    }
    attempts
}

/// The turns of a session that are worth a look of their own.
pub(crate) const TURNS: [&str; 7] = [
    "boot",
    "scan row",
    "scan done",
    "joined",
    "address",
    "idle",
    "lost",
];

/// Where in the session that turn comes.
pub(crate) fn turn(name: &str) -> usize {
    let rows = usize::from(SCAN_ROWS);
    match name {
        "boot" => 0,
        "scan row" => rows,
        "scan done" => rows + 1,
        "joined" => rows + 2,
        "address" => rows + 3,
        "idle" => rows + 6,
        _ => session().len() - 2,
    }
}

/// Ticks of a device that is connected and left alone.
const IDLE_TICKS: usize = 64;

/// A boot, a scan, a join, an address, idle ticks, and the loss of the link.
pub(crate) fn session() -> Vec<Input> {
    let here = Channel::new(6).expect("a channel");
    let mut inputs = vec![Input::Timeout];
    inputs.extend((0..SCAN_ROWS).map(|n| Input::Radio(RadioEvent::ScanRow(row(n, here)))));
    inputs.push(Input::Radio(RadioEvent::ScanDone));
    inputs.push(Input::Radio(RadioEvent::Joined {
        bssid: bssid(0),
        channel: here,
        rssi: -48,
    }));
    let address = Ipv4Net {
        addr: Ipv4Addr::new(10, 0, 0, 2),
        prefix: 24,
    };
    inputs.push(Input::Radio(RadioEvent::Address(address)));
    inputs.extend([Input::Stored(Ok(())), Input::Stored(Ok(()))]);
    inputs.extend(core::iter::repeat_n(Input::Timeout, IDLE_TICKS));
    inputs.push(Input::Radio(RadioEvent::Lost {
        reason: Reason::Code(4),
    }));
    inputs.push(Input::Timeout);
    inputs
}

fn row(n: u8, channel: Channel) -> ScanRow {
    ScanRow {
        ssid: Some(ssid(n)),
        bssid: bssid(n),
        channel,
        rssi: -48 - (n % 40) as i8,
        auth: AuthMode::Wpa2,
    }
}

fn ssid(n: u8) -> Ssid {
    Ssid::new(alloc::format!("network-{n}").as_bytes()).expect("a name of 9 or 10 bytes")
}

fn bssid(n: u8) -> Bssid {
    Mac([2, 0, 0, 0, 0, n])
}

fn key() -> Passphrase {
    Passphrase::new(b"Password2").expect("a key of 9 characters")
}

/// Who the device is.
pub(crate) fn identity() -> Identity {
    Identity {
        mac: Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]),
        ap_secret: key(),
        ap_prefix: "Landfall-".try_into().expect("a prefix of 9 bytes"),
    }
}

fn boot(identity: &'static Identity, networks: usize) -> Boot {
    let known = (0..networks).map(|n| KnownNetwork::new(ssid(n as u8), Security::Personal(key())));
    Boot {
        wifi: Wifi {
            networks: known.collect(),
            ..Wifi::default()
        },
        candidate: None,
        last_good: None,
        identity,
        safe_mode: false,
        probe_internet: false,
        seed: 1,
    }
}
