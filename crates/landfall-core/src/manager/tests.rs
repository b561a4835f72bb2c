//! What a scenario cannot show: a radio that never answers, events that nobody asked for, and any
//! order of inputs. Whole worlds are in the simulator.

mod whole;

use core::net::Ipv4Addr;
use std::sync::LazyLock;
use std::vec;
use std::vec::Vec as StdVec;

use proptest::prelude::*;

use super::{Boot, Input, Manager, Output, StoreFailed};
use crate::command::{Command, Door, PortalUse, Ticket};
use crate::config::{ApSettings, Identity, KnownNetwork, Mode, StartPolicy, StationSettings, Wifi};
use crate::net::{Channel, Ipv4Net, Mac, Passphrase, Security, Ssid};
use crate::radio::{AuthMode, LinkReport, RadioEvent, RadioOp, Reason, ScanRow};
use crate::status::{Internet, State};
use crate::time::Instant;

/// Most outputs of one input.
const OUTPUTS_MAX: usize = 12;
/// After so much kindness everything is settled: the longest hold of credentials or portal, twice.
const KIND_MS: u32 = 20 * 60 * 1000;
/// A machine at rest looks at its link every 10 s, and does little else.
const KIND_STEPS_MAX: u32 = 2_000;
/// No operation of the radio is waited for longer, the time to end it included.
const OPERATION_MAX_MS: u64 = 60_000 + 2_000 + 2;

#[test]
fn the_machine_fits_4_kib() {
    assert!(size_of::<Manager>() <= 4096, "{}", size_of::<Manager>());
}

/// A machine with a radio that does what the test says.
struct Bench {
    machine: Manager,
    now: Instant,
    /// The exclusive operation that has not ended, as the radio sees it.
    busy: Option<RadioOp>,
    asked: StdVec<RadioOp>,
    deadline: Option<Instant>,
    writing: bool,
    /// The machine asked how things stand, and has no answer yet.
    queried: bool,
    linked: bool,
    ap_up: bool,
}

impl Bench {
    fn new(wifi: Wifi) -> Self {
        static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity {
            mac: Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]),
            ap_secret: Passphrase::new(b"ABCDEFGHJKLM").unwrap(),
            ap_prefix: "Landfall-".try_into().unwrap(),
        });
        let mut bench = Self {
            machine: Manager::new(Boot::new(wifi, &IDENTITY)),
            now: Instant::BOOT,
            busy: None,
            asked: StdVec::new(),
            deadline: None,
            writing: false,
            queried: false,
            linked: false,
            ap_up: false,
        };
        bench.feed(Input::Timeout);
        bench
    }

    fn feed(&mut self, input: Input) {
        self.machine.handle(input, self.now);
        self.drain();
    }

    fn drain(&mut self) {
        for n in 0.. {
            assert!(n < OUTPUTS_MAX, "too many outputs of one input");
            match self.machine.poll_output() {
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    break;
                }
                Output::Radio(op) => self.take(op),
                Output::Store(_) => {
                    assert!(!self.writing, "one store operation at a time");
                    self.writing = true;
                }
                Output::Event(_)
                | Output::Reply(..)
                | Output::Failed(..)
                | Output::State(..)
                | Output::ProbeInternet
                | Output::Restart => {}
            }
        }
    }

    /// Hands the machine a whole configuration, where it takes one.
    fn configure(&mut self, wifi: Wifi) {
        let takes = self.machine.takes_config();
        let taken = self.machine.handle_config(wifi, false, self.now);
        assert_eq!(taken.is_ok(), takes);
        self.drain();
    }

    fn take(&mut self, op: RadioOp) {
        match op {
            RadioOp::Query => self.queried = true,
            RadioOp::Cancel => {}
            RadioOp::Scan
            | RadioOp::Join { .. }
            | RadioOp::Leave
            | RadioOp::ApStart { .. }
            | RadioOp::ApStop
            | RadioOp::ApMove { .. } => {
                self.asked.push(op);
                self.busy = Some(op);
            }
        }
    }

    /// Lets time pass to the machine's own deadline.
    fn wait(&mut self) {
        let deadline = self.deadline.expect("the periodic look is always due");
        self.now = self.now.max(deadline);
        self.feed(Input::Timeout);
    }

    fn radio(&mut self, event: RadioEvent) {
        self.feed(Input::Radio(event));
    }

    /// One step in a kind world: the store takes everything, the radio answers at once, and every
    /// network that is looked for is there.
    fn be_kind(&mut self) {
        if core::mem::take(&mut self.writing) {
            return self.feed(Input::Stored(Ok(())));
        }
        if core::mem::take(&mut self.queried) {
            let report = LinkReport {
                rssi: self.linked.then_some(-50),
                address: self.linked.then(|| net(2)),
                ap_up: self.ap_up,
            };
            return self.radio(RadioEvent::Report(report));
        }
        match self.busy.take() {
            Some(RadioOp::Scan) => {
                for (n, network) in self.machine.wifi().networks.clone().iter().enumerate() {
                    self.radio(RadioEvent::ScanRow(ScanRow {
                        ssid: Some(network.ssid),
                        bssid: network.bssid.unwrap_or(Mac([4, 0, 0, 0, 0, n as u8])),
                        auth: AuthMode::Other,
                        ..row(0, -50)
                    }));
                }
                self.radio(RadioEvent::ScanDone);
            }
            Some(RadioOp::Join { bssid: asked, .. }) => {
                self.linked = true;
                self.radio(RadioEvent::Joined {
                    bssid: asked.unwrap_or(bssid(0)),
                    channel: channel(0),
                    rssi: -50,
                });
                self.radio(RadioEvent::Address(net(2)));
            }
            Some(RadioOp::Leave) => {
                self.linked = false;
                self.radio(RadioEvent::Left);
            }
            Some(RadioOp::ApStart { channel }) => {
                self.ap_up = true;
                self.radio(RadioEvent::ApStarted { channel });
            }
            Some(RadioOp::ApStop) => {
                self.ap_up = false;
                self.radio(RadioEvent::ApStopped);
            }
            Some(RadioOp::ApMove { channel }) => self.radio(RadioEvent::ApMoved { channel }),
            Some(RadioOp::Cancel | RadioOp::Query) | None => self.wait(),
        }
    }
}

fn ssid(n: u8) -> Ssid {
    Ssid::new(&[b'a' + n % 4]).unwrap()
}

fn key(n: u8) -> Security {
    let keys: [&[u8]; 3] = [b"", b"Password2", b"Password3"];
    Security::from_password(keys[usize::from(n % 3)]).unwrap()
}

fn bssid(n: u8) -> Mac {
    Mac([2, 0, 0, 0, 0, n % 6])
}

fn channel(n: u8) -> Channel {
    Channel::new(1 + n % 14).unwrap()
}

fn net(n: u8) -> Ipv4Net {
    let addr = match n % 4 {
        0 => Ipv4Addr::UNSPECIFIED,
        1 => Ipv4Addr::new(192, 168, 4, n),
        _ => Ipv4Addr::new(10, 0, 0, n),
    };
    Ipv4Net { addr, prefix: 24 }
}

fn row(n: u8, rssi: i8) -> ScanRow {
    ScanRow {
        ssid: (n % 5 != 4).then(|| ssid(n)),
        bssid: bssid(n),
        channel: channel(n),
        rssi,
        auth: [AuthMode::Open, AuthMode::Wpa2, AuthMode::Other][usize::from(n % 3)],
    }
}

fn knows(networks: u8) -> Wifi {
    let mut wifi = Wifi::default();
    for n in 0..networks {
        wifi.networks
            .push(KnownNetwork::new(ssid(n), key(n)))
            .unwrap();
    }
    wifi
}

#[test]
fn a_radio_that_never_answers_is_asked_again_and_again() {
    for mode in Mode::ALL {
        let mut bench = Bench::new(Wifi { mode, ..knows(2) });
        let mut last = bench.now;
        let mut asked = bench.asked.len();
        while bench.now < Instant::from_ms(3_600_000) {
            bench.wait();
            if bench.asked.len() > asked {
                (last, asked) = (bench.now, bench.asked.len());
            }
            let silent_ms = bench.now.ms_since(last);
            let waits = mode != Mode::Off;
            assert!(!waits || silent_ms < OPERATION_MAX_MS, "{mode} at {last:?}");
        }
        // Never a hot loop either.
        assert!(asked < 3_600, "{mode}: {asked} operations in an hour");
    }
}

#[test]
fn a_network_is_joined_when_a_silent_radio_answers_at_last() {
    let mut bench = Bench::new(knows(1));
    while bench.now < Instant::from_ms(600_000) {
        bench.wait();
    }
    let answers_from = bench.now;
    while bench.machine.state() != State::Connected {
        bench.be_kind();
        let waited_ms = bench.now.ms_since(answers_from);
        assert!(waited_ms < 90_000, "{:?}", bench.machine.status());
    }
}

#[test]
fn an_address_at_exactly_the_timeout_counts_and_one_after_it_does_not() {
    let at = |address_ms: u64| {
        let mut bench = Bench::new(knows(1));
        bench.radio(RadioEvent::ScanRow(row(0, -50)));
        bench.radio(RadioEvent::ScanDone);
        bench.radio(RadioEvent::Joined {
            bssid: bssid(0),
            channel: channel(0),
            rssi: -50,
        });
        while bench.deadline.is_some_and(|due| due.as_ms() <= address_ms) {
            bench.wait();
        }
        bench.now = Instant::from_ms(address_ms);
        bench.radio(RadioEvent::Address(net(2)));
        bench.machine.state() == State::Connected
    };
    let timeout_ms = u64::from(Wifi::default().station.connect_timeout_ms);
    assert!(at(timeout_ms));
    assert!(!at(timeout_ms + 1));
}

fn radio_event() -> impl Strategy<Value = RadioEvent> {
    let reason = prop_oneof![
        (0..260_u16).prop_map(Reason::Code),
        (0..60_u16).prop_map(Reason::SaeStatus),
        (0..60_u16).prop_map(Reason::AssocStatus),
        Just(Reason::NoAddress),
    ];
    let failed = (reason.clone(), proptest::option::of(0..20_000_u32));
    prop_oneof![
        4 => (any::<u8>(), -95..-30_i8).prop_map(|(n, rssi)| RadioEvent::ScanRow(row(n, rssi))),
        2 => Just(RadioEvent::ScanDone),
        1 => Just(RadioEvent::ScanFailed),
        3 => (any::<u8>(), -95..-30_i8).prop_map(|(n, rssi)| RadioEvent::Joined {
            bssid: bssid(n),
            channel: channel(n),
            rssi,
        }),
        3 => failed.prop_map(|(reason, comeback_ms)| RadioEvent::JoinFailed { reason, comeback_ms }),
        3 => any::<u8>().prop_map(|n| RadioEvent::Address(net(n))),
        1 => Just(RadioEvent::AddressLost),
        1 => reason.clone().prop_map(|reason| RadioEvent::Lost { reason }),
        2 => Just(RadioEvent::Left),
        2 => any::<u8>().prop_map(|n| RadioEvent::ApStarted { channel: channel(n) }),
        1 => reason.prop_map(|reason| RadioEvent::ApFailed { reason }),
        1 => Just(RadioEvent::ApStopped),
        1 => any::<u8>().prop_map(|n| RadioEvent::ApMoved { channel: channel(n) }),
        1 => any::<u8>().prop_map(|n| RadioEvent::ClientJoined(bssid(n))),
        1 => (proptest::option::of(-95..-30_i8), proptest::option::of(any::<u8>()), any::<bool>())
            .prop_map(|(rssi, address, ap_up)| RadioEvent::Report(LinkReport {
                rssi,
                address: address.map(net),
                ap_up,
            })),
    ]
}

fn command() -> impl Strategy<Value = Command> {
    let network = (any::<u8>(), any::<u8>(), any::<bool>(), any::<bool>()).prop_map(
        |(name, secret, hidden, pinned)| KnownNetwork {
            hidden,
            bssid: pinned.then(|| bssid(name)),
            ..KnownNetwork::new(ssid(name), key(secret))
        },
    );
    let settings = (0..3_usize, 1..14_u8).prop_map(|(policy, number)| ApSettings {
        start_policy: StartPolicy::ALL[policy],
        channel: Channel::new(number),
        ..ApSettings::default()
    });
    prop_oneof![
        4 => (any::<u8>(), any::<u8>()).prop_map(|(name, secret)| Command::Join {
            ssid: ssid(name),
            security: key(secret),
        }),
        2 => network.clone().prop_map(Command::Add),
        2 => (0..6_u8, network).prop_map(|(place, network)| Command::Put(place, network)),
        1 => any::<u8>().prop_map(|name| Command::Remove(ssid(name))),
        1 => (0..6_u8).prop_map(Command::RemoveAt),
        2 => (0..4_usize).prop_map(|mode| Command::SetMode(Mode::ALL[mode])),
        1 => settings.prop_map(Command::SetAp),
        1 => (1_000..20_000_u32, 1..4_u8, 0..30_000_u32).prop_map(
            |(connect_timeout_ms, max_retry, fallback_deadline_ms)| {
                Command::SetStation(StationSettings {
                    connect_timeout_ms,
                    max_retry,
                    fallback_deadline_ms,
                })
            }
        ),
        1 => any::<bool>().prop_map(Command::ForceAp),
        1 => Just(Command::Disconnect),
        1 => Just(Command::Resume),
        2 => Just(Command::Scan),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let ticket = |number| Ticket {
        door: Door::Serial(0),
        number,
    };
    let portal = prop_oneof![
        Just(PortalUse::Touched),
        Just(PortalUse::Posted),
        Just(PortalUse::Seen)
    ];
    prop_oneof![
        3 => Just(Input::Timeout),
        8 => radio_event().prop_map(Input::Radio),
        2 => any::<bool>().prop_map(|ok| Input::Stored(ok.then_some(()).ok_or(StoreFailed))),
        2 => (any::<u32>(), command()).prop_map(move |(n, c)| Input::Command(ticket(n), c)),
        1 => portal.prop_map(Input::Portal),
        1 => Just(Input::Internet(Internet::Captive)),
    ]
}

/// Time until the next input: none, a moment, or up to the machine's deadline.
fn pause_ms() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![Just(Some(0)), (1..3_000_u32).prop_map(Some), Just(None)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Late events, events nobody asked for, answers of a store that was not asked: all survived,
    /// and the machine still asks for one thing at a time.
    #[test]
    fn any_order_of_inputs_is_survived(
        networks in 0..4_u8,
        steps in proptest::collection::vec((pause_ms(), input()), 1..200),
    ) {
        let mut bench = Bench::new(knows(networks));
        for (pause_ms, input) in steps {
            match pause_ms {
                Some(ms) => bench.now = bench.now.plus_ms(ms),
                None => bench.wait(),
            }
            if let Input::Stored(_) = input {
                bench.writing = false;
            }
            let before = bench.asked.len();
            bench.feed(input);
            prop_assert!(bench.asked.len() <= before + 1, "two operations of one input");
            let machine = &bench.machine;
            prop_assert!(machine.wifi().networks.len() <= crate::config::MAX_NETWORKS);
            prop_assert!(machine.scan_rows().is_sorted_by_key(|row| -row.rssi));
            let held = machine.status().station_ip.is_some_and(|ip| !ip.is_unspecified());
            prop_assert_eq!(machine.status().station_ip.is_some(), held);
        }
    }

    /// Whatever happened before: once the radio tells the truth and lets in, the device is
    /// connected, its access point is as the policy wants it, and nothing goes on.
    #[test]
    fn whatever_happened_a_kind_radio_leads_home(
        steps in proptest::collection::vec((pause_ms(), input()), 1..60),
    ) {
        let mut bench = Bench::new(knows(1));
        for (pause_ms, input) in steps {
            match pause_ms {
                Some(ms) => bench.now = bench.now.plus_ms(ms),
                None => bench.wait(),
            }
            if let Input::Stored(_) = input {
                bench.writing = false;
            }
            bench.feed(input);
        }
        let end = bench.now.plus_ms(KIND_MS);
        for step in 0.. {
            if bench.now >= end {
                break;
            }
            bench.be_kind();
            prop_assert!(step < KIND_STEPS_MAX, "a hot loop: {:?}", bench.machine);
        }
        let machine = &bench.machine;
        let status = machine.status();
        let looks = status.mode.uses_station() && !machine.is_paused();
        let home = looks && !machine.wifi().networks.is_empty();
        prop_assert_eq!(status.station_ip.is_some(), home, "{:?}", status);
        prop_assert_eq!(status.ap_up, bench.ap_up);
        let forbidden = matches!(status.mode, Mode::Off | Mode::Sta);
        prop_assert!(!(forbidden && status.ap_up));
    }
}
