//! What the machine takes for one input, beside what the call itself takes.
//!
//! The budget is 2 µs an input, outputs drained: at least 500 Kitem/s. `floor` moves the same inputs
//! into a function that looks at nothing but which they are: what no machine can be faster than.

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use landfall_core::config::{Identity, KnownNetwork, MAX_NETWORKS, Wifi};
use landfall_core::manager::{Boot, Input, Manager, Output};
use landfall_core::net::{Bssid, Channel, Ipv4Net, Mac, Passphrase, Security, Ssid};
use landfall_core::radio::{AuthMode, RadioEvent, RadioOp, Reason, ScanRow};
use landfall_core::status::State;
use landfall_core::time::Instant;

/// Rows of a scan in a crowded place.
const SCAN_ROWS: u8 = 32;
/// Outputs after which a machine that never waits is broken.
const OUTPUTS_MAX: usize = 1_000;
/// An access point that takes nobody more (IEEE 802.11 reason 5): the next one is tried.
const AP_FULL: Reason = Reason::Code(5);
/// Time between two inputs.
const STEP_MS: u32 = 50;

fn main() {
    let mut run = Run::new(MAX_NETWORKS);
    let connects = session().into_iter().any(|input| {
        run.step(input);
        run.manager.status().state == State::Connected
    });
    assert!(connects, "a session that never connects measures nothing");
    let tried = round(&mut Run::new(MAX_NETWORKS));
    assert_eq!(tried, MAX_NETWORKS, "a round that leaves networks out");
    divan::main();
}

/// A machine and its time.
struct Run {
    manager: Manager,
    now: Instant,
    deadline: Option<Instant>,
    /// What the radio was asked for last.
    op: Option<RadioOp>,
}

impl Run {
    fn new(networks: usize) -> Self {
        Self {
            manager: Manager::new(boot(networks)),
            now: Instant::from_ms(0),
            deadline: None,
            op: None,
        }
    }

    /// Hands over one input and drains: a timeout when it is due, everything else a step later.
    fn step(&mut self, input: Input) {
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

/// From a cold start to an address and a lost link, with this many networks known.
#[divan::bench(args = [1, MAX_NETWORKS])]
fn machine(bencher: Bencher<'_, '_>, networks: usize) {
    let inputs = session();
    bencher
        .counter(ItemsCount::new(inputs.len()))
        .with_inputs(|| (Run::new(networks), inputs.clone()))
        .bench_local_values(|(mut run, inputs)| {
            for input in inputs {
                run.step(input);
            }
            run
        });
}

/// Inputs of a round: the boot, the rows and end of its scan, an attempt for each network, and the
/// access point that comes up and moves.
const ROUND_INPUTS: usize = 2 + SCAN_ROWS as usize + MAX_NETWORKS + 2;

/// The dearest that a device does of itself: all networks known, all heard among as many others,
/// and none lets it in.
#[divan::bench]
fn failing_round(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(ROUND_INPUTS))
        .with_inputs(|| Run::new(MAX_NETWORKS))
        .bench_local_values(|mut run| {
            round(&mut run);
            run
        });
}

/// A round from a cold start; gives the attempts made.
fn round(run: &mut Run) -> usize {
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

/// The single input at each turn of that session, with all networks known: the dearest counts. The
/// machine moves out of the measurement within it, some 100 ns.
#[divan::bench(args = ["boot", "scan row", "scan done", "joined", "address", "idle", "lost"])]
fn one(bencher: Bencher<'_, '_>, turn: &str) {
    let rows = usize::from(SCAN_ROWS);
    let at = match turn {
        "boot" => 0,
        "scan row" => rows,
        "scan done" => rows + 1,
        "joined" => rows + 2,
        "address" => rows + 3,
        "idle" => rows + 6,
        _ => session().len() - 2,
    };
    let inputs = session();
    bencher
        .with_inputs(|| {
            let mut run = Run::new(MAX_NETWORKS);
            inputs[..at]
                .iter()
                .for_each(|input| run.step(input.clone()));
            (run, inputs[at].clone())
        })
        .bench_local_values(|(mut run, input)| {
            run.step(input);
            run
        });
}

/// The same inputs, moved and told apart, no more.
#[divan::bench]
fn floor(bencher: Bencher<'_, '_>) {
    let inputs = session();
    bencher
        .counter(ItemsCount::new(inputs.len()))
        .with_inputs(|| inputs.clone())
        .bench_local_values(|inputs| inputs.into_iter().map(kind).sum::<usize>());
}

#[inline(never)]
fn kind(input: Input) -> usize {
    match black_box(input) {
        Input::Timeout => 0,
        Input::Radio(_) => 1,
        Input::Stored(_) => 2,
        Input::Command(_, _) => 3,
        Input::Portal(_) => 4,
        Input::Internet(_) => 5,
    }
}

/// Ticks of a device that is connected and left alone.
const IDLE_TICKS: usize = 64;

/// A boot, a scan, a join, an address, idle ticks, and the loss of the link.
fn session() -> Vec<Input> {
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
    inputs.extend(std::iter::repeat_n(Input::Timeout, IDLE_TICKS));
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
    Ssid::new(format!("network-{n}").as_bytes()).expect("a name of 9 or 10 bytes")
}

fn bssid(n: u8) -> Bssid {
    Mac([2, 0, 0, 0, 0, n])
}

fn key() -> Passphrase {
    Passphrase::new(b"Password2").expect("a key of 9 characters")
}

/// One for all machines, as a device has.
fn identity() -> &'static Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| Identity {
        mac: Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]),
        ap_secret: key(),
        ap_prefix: "Landfall-".try_into().expect("a prefix of 9 bytes"),
    })
}

fn boot(networks: usize) -> Boot {
    let known = (0..networks).map(|n| KnownNetwork::new(ssid(n as u8), Security::Personal(key())));
    Boot {
        wifi: Wifi {
            networks: known.collect(),
            ..Wifi::default()
        },
        candidate: None,
        last_good: None,
        identity: identity(),
        safe_mode: false,
        probe_internet: false,
        seed: 1,
    }
}
