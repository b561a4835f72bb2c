//! Anything as what is typed at the serial console, with the machine behind it and a world that
//! answers at once.

use std::string::String;
use std::sync::LazyLock;
use std::vec::Vec;

use crate::command::{Door, Reply};
use crate::config::{ConfigRef, Identity, KnownNetwork, Secrets, Services, Wifi};
use crate::console::{CHUNK_MAX, Cids, Console, Context, FleetStatus, Progress};
use crate::event::History;
use crate::manager::{Boot, Input, Manager, Output};
use crate::net::{Mac, Passphrase, Security, Ssid};
use crate::radio::{RadioEvent, RadioOp, Reason};
use crate::time::Instant;

/// Calls after which a console that is not done never will be: the longest list has fewer rows.
const POLLS_MAX: usize = 2_000;
/// Outputs after which a machine that never waits is broken.
const OUTPUTS_MAX: usize = 1_000;
/// The key of the known network. It must be printed nowhere.
const KEY: &str = "kept-from-everybody";

/// Every line has its answers in bounded time and bounded pieces. One that is refused leaves the
/// configuration, and where the machine was not asked the whole machine, as it was; and nothing
/// prints the key of a network.
pub fn console_lines(bytes: &[u8]) {
    let mut desk = Desk::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let taken = desk.console.handle_bytes(rest, &mut desk.printed);
        rest = &rest[taken..];
        desk.settle();
        assert!(
            taken > 0 || rest.is_empty(),
            "a settled console takes input"
        );
    }
    let told = bytes
        .windows(KEY.len())
        .any(|window| window == KEY.as_bytes());
    assert!(told || !desk.all.contains(KEY), "{}", desk.all);
}

struct Desk {
    console: Console,
    manager: Manager,
    services: Services,
    history: History,
    cids: Cids,
    now: Instant,
    /// What was printed since the console was settled last, and in all.
    printed: String,
    all: String,
    inputs: Vec<Input>,
    restarts: bool,
}

impl Desk {
    fn new() -> Self {
        static IDENTITY: LazyLock<Identity> = LazyLock::new(|| Identity {
            mac: Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]),
            // Whoever holds the port may know this one.
            ap_secret: key("ABCDEFGHJKLM"),
            ap_prefix: "Landfall-".try_into().unwrap_or_default(),
        });
        let mut wifi = Wifi::default();
        let home = Ssid::new(b"HomeNetwork").unwrap_or_else(|_| unreachable!("a name"));
        // One fits in sixteen.
        let _ = wifi
            .networks
            .push(KnownNetwork::new(home, Security::Personal(key(KEY))));
        let mut desk = Self {
            console: Console::new(Door::Serial(0)),
            manager: Manager::new(Boot::new(wifi, &IDENTITY)),
            services: Services::default(),
            history: History::new(),
            cids: Cids::new(),
            now: Instant::BOOT,
            printed: String::new(),
            all: String::new(),
            inputs: Vec::new(),
            restarts: false,
        };
        desk.manager.handle(Input::Timeout, desk.now);
        desk.drain();
        desk
    }

    /// Until nothing is left to print or to ask.
    fn settle(&mut self) {
        let before = self.manager.clone();
        let mut asked = false;
        for _ in 0..POLLS_MAX {
            let length = self.printed.len();
            let progress = self.poll();
            assert!(self.printed.len() - length <= CHUNK_MAX);
            match progress {
                Progress::Idle => return self.judge(&before, asked),
                Progress::Asked => {
                    asked = true;
                    self.drain();
                }
                Progress::More | Progress::Answered => {}
            }
        }
        panic!("never done: {}", self.printed);
    }

    fn poll(&mut self) -> Progress {
        let mut fleet_change = None;
        let mut context = Context {
            manager: &mut self.manager,
            services: &self.services,
            history: &self.history,
            clients: &[],
            cids: &mut self.cids,
            now: self.now,
            config_json: |wifi, services, out| {
                let config = ConfigRef { wifi, services };
                write!(out, "{}", config.json(Secrets::Masked))
            },
            jitter: None,
            fleet: FleetStatus::default(),
            fleet_change: &mut fleet_change,
        };
        let progress = self.console.poll(&mut context, &mut self.printed);
        let Some(change) = fleet_change else {
            return progress;
        };
        let done = Output::Reply(change.ticket, Reply::Done);
        self.console.handle_output(&done, &self.manager);
        Progress::More
    }

    fn judge(&mut self, before: &Manager, asked: bool) {
        assert!(
            asked || *before == self.manager,
            "not asked, and yet changed"
        );
        let acknowledged = self.printed.contains("CTRL:ACK");
        if self.printed.contains("CTRL:ERR") && !acknowledged {
            assert!(before.wifi() == self.manager.wifi(), "{}", self.printed);
        }
        self.all += &self.printed;
        self.printed.clear();
    }

    /// Carries out what the machine wants, at once, and lets time pass to its next deadline.
    fn drain(&mut self) {
        for _ in 0..OUTPUTS_MAX {
            let output = self.manager.poll_output();
            self.console.handle_output(&output, &self.manager);
            match output {
                Output::Radio(op) => self.inputs.extend(silence(op).map(Input::Radio)),
                Output::Store(_) => self.inputs.push(Input::Stored(Ok(()))),
                Output::Event(event) => drop(self.history.push(self.now.as_ms(), event)),
                Output::Reply(..) | Output::Failed(..) | Output::State(..) => {}
                Output::ProbeInternet => {}
                Output::Restart => self.restarts = true,
                Output::Wait(_) if self.inputs.is_empty() => return,
                Output::Wait(_) => {
                    let input = self.inputs.remove(0);
                    self.manager.handle(input, self.now);
                }
            }
        }
        panic!("the machine does not come to rest");
    }
}

fn key(text: &str) -> Passphrase {
    Passphrase::new(text.as_bytes()).unwrap_or_else(|_| unreachable!("8 to 63 characters"))
}

/// What the radio says where nobody is on the air.
fn silence(op: RadioOp) -> Option<RadioEvent> {
    match op {
        RadioOp::Scan => Some(RadioEvent::ScanDone),
        RadioOp::Join { .. } => Some(RadioEvent::JoinFailed {
            reason: Reason::NOT_FOUND,
            comeback_ms: None,
        }),
        RadioOp::Leave => Some(RadioEvent::Left),
        RadioOp::ApStart { channel } => Some(RadioEvent::ApStarted { channel }),
        RadioOp::ApStop => Some(RadioEvent::ApStopped),
        RadioOp::ApMove { channel } => Some(RadioEvent::ApMoved { channel }),
        RadioOp::Cancel | RadioOp::Query => None,
    }
}
