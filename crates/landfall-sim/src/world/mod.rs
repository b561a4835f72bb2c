//! One device on one air in virtual time: the world of scenarios, soaks and walks.
//!
//! The device is the real machine; the air, its store and its users are simulated. Time jumps
//! from one event to the next, so an hour costs milliseconds. Everything that happens is written
//! down ([`World::journal`]), and after every step the [invariants](invariants) are checked.

pub mod action;
pub mod invariants;
pub mod random;
pub mod scenario;
pub mod shrink;
mod store;
pub mod walk;

use std::fmt::Write as _;

use landfall_core::command::{Door, Reply, Ticket};
use landfall_core::config::{Identity, Wifi};
use landfall_core::event::{Event, Record};
use landfall_core::manager::{Boot, Input, Manager, Output};
use landfall_core::net::{Mac, Passphrase};
use landfall_core::radio::RadioOp;
use landfall_core::time::Instant;

use crate::air::file::AirFile;
use crate::air::{Air, DeviceId, Targets};
use action::Action;
use invariants::{Invariants, Violation};
use store::Store;

/// Hardware address of the device under test.
pub const MAC: Mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
/// How long a restart takes.
const RESTART_MS: u64 = 300;

/// A world. See the [module](self).
#[derive(Clone, Debug)]
pub struct World {
    now_ms: u64,
    air: Air,
    device: DeviceId,
    machine: Manager,
    /// When the device booted last: its own time counts from there.
    booted_ms: u64,
    store: Store,
    identity: &'static Identity,
    seed: u64,
    deadline: Option<Instant>,
    events_told: u64,
    journal: Option<String>,
    tickets: u32,
    invariants: Invariants,
}

impl World {
    /// A device with that configuration, booting on that air.
    pub fn new(air: AirFile, wifi: Wifi, seed: u64) -> Self {
        let mut air = Air::new(air);
        let device = air.add_device(MAC);
        let identity = identity();
        let store = Store::new(wifi);
        let mut world = Self {
            now_ms: 0,
            air,
            device,
            machine: Manager::new(store.boot(identity, seed)),
            booted_ms: 0,
            store,
            identity,
            seed,
            deadline: None,
            events_told: 0,
            journal: None,
            tickets: 0,
            invariants: Invariants::default(),
        };
        world.invariants.booted(&world.machine, 0);
        world
    }

    /// Writes down what happens from now on.
    pub fn keep_journal(&mut self) {
        self.journal = Some(String::new());
    }

    /// What happened, a line each: milliseconds, and what.
    pub fn journal(&self) -> &str {
        self.journal.as_deref().unwrap_or_default()
    }

    /// The device's machine.
    pub fn machine(&self) -> &Manager {
        &self.machine
    }

    /// The air.
    pub fn air(&self) -> &Air {
        &self.air
    }

    /// Milliseconds since the world began.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Events told so far.
    pub fn events_told(&self) -> u64 {
        self.events_told
    }

    /// Begins: the device's first look around.
    pub fn begin(&mut self) -> Result<(), Violation> {
        self.feed(Input::Timeout)
    }

    /// Lets time pass until then.
    pub fn run_until(&mut self, until_ms: u64) -> Result<(), Violation> {
        while let Some(next_ms) = self.next_ms().filter(|next_ms| *next_ms <= until_ms) {
            self.now_ms = self.now_ms.max(next_ms);
            self.step()?;
        }
        self.now_ms = self.now_ms.max(until_ms);
        self.invariants
            .passed(&self.machine, &mut self.air, self.device, self.now_ms)
    }

    /// When something happens next by itself.
    pub fn next_ms(&mut self) -> Option<u64> {
        let deadline = self.deadline.map(|at| self.booted_ms + at.as_ms());
        [deadline, self.air.poll_timeout(), self.store.due_ms()]
            .into_iter()
            .flatten()
            .min()
    }

    /// What happens at this moment: first the radio, then the store, then the clock, so that an
    /// address which comes at the very deadline counts.
    fn step(&mut self) -> Result<(), Violation> {
        while let Some((_, event)) = self.air.poll_event(self.now_ms) {
            self.feed(Input::Radio(event))?;
        }
        if let Some(result) = self.store.finish(self.now_ms) {
            self.invariants.stored(&self.store, result.is_ok())?;
            self.feed(Input::Stored(result))?;
        }
        let now = self.device_time();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.feed(Input::Timeout)?;
        }
        Ok(())
    }

    fn device_time(&self) -> Instant {
        Instant::from_ms(self.now_ms - self.booted_ms)
    }

    /// Hands the machine one input, carries out what it says, and checks the invariants.
    fn feed(&mut self, input: Input) -> Result<(), Violation> {
        self.machine.handle(input, self.device_time());
        let restarts = self.drain()?;
        self.invariants
            .check(&self.machine, &mut self.air, self.device, self.now_ms)?;
        if restarts {
            self.write(|out| out.push_str("restart"));
            self.reboot();
            return self.feed(Input::Timeout);
        }
        Ok(())
    }

    fn drain(&mut self) -> Result<bool, Violation> {
        let mut restarts = false;
        loop {
            match self.machine.poll_output() {
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    return Ok(restarts);
                }
                Output::Radio(op) => {
                    if op != RadioOp::Query {
                        self.write(|out| _ = write!(out, "radio {op:?}"));
                    }
                    let targets = Targets::of(&self.machine);
                    self.air.handle(self.device, op, targets, self.now_ms);
                    self.invariants.asked(op, &self.machine, self.now_ms)?;
                }
                Output::Store(op) => self.store.begin(op, &self.machine, self.now_ms),
                Output::Event(event) => self.tell(event)?,
                Output::Reply(ticket, reply) => self.answered(ticket, reply),
                Output::Failed(_, verdict) => {
                    self.write(|out| _ = write!(out, "failed {}", verdict.name()));
                }
                Output::State(ticket, state) => {
                    let cause = if ticket.is_some() { " as asked" } else { "" };
                    self.write(|out| _ = write!(out, "state {}{cause}", state.name()));
                }
                Output::ProbeInternet => {}
                Output::Restart => restarts = true,
            }
        }
    }

    fn tell(&mut self, event: Event) -> Result<(), Violation> {
        self.events_told += 1;
        if self.journal.is_some() {
            let wifi = self.machine.wifi().clone();
            let at_ms = self.device_time().as_ms();
            let seq = self.events_told as u32;
            let record = Record { seq, at_ms, event };
            let text = landfall_core::event_text::EventRow {
                record: &record,
                wifi: &wifi,
            }
            .to_string();
            self.write(|out| out.push_str(&text));
        }
        self.invariants.told(&event, self.now_ms)
    }

    fn answered(&mut self, ticket: Ticket, reply: Reply) {
        self.invariants.answered(&self.machine, reply);
        self.write(|out| _ = write!(out, "reply {} {reply:?}", ticket.number));
    }

    /// Does what a user, a router or fate does. A command that the machine does not take now is
    /// left out.
    pub fn act(&mut self, action: &Action) -> Result<(), Violation> {
        self.write(|out| _ = write!(out, "> {action}"));
        match action {
            Action::Command(command) => {
                if !self.machine.takes_commands() {
                    return Ok(());
                }
                self.tickets += 1;
                self.invariants.commanded(command, self.now_ms);
                let ticket = Ticket {
                    door: Door::Serial(0),
                    number: self.tickets,
                };
                self.feed(Input::Command(ticket, command.clone()))
            }
            Action::Portal(used) => {
                self.invariants.portal_used(self.now_ms);
                self.feed(Input::Portal(*used))
            }
            Action::Ap(name, change) => {
                self.air.change(name, change, self.now_ms);
                self.step()
            }
            Action::PowerCut => {
                self.store.cut(self.seed ^ self.now_ms);
                self.reboot();
                self.feed(Input::Timeout)
            }
            Action::FlashFails(fails) => {
                self.store.set_failing(*fails);
                Ok(())
            }
            Action::Fault(fault) => {
                self.air.inject(self.device, *fault);
                Ok(())
            }
        }
    }

    fn reboot(&mut self) {
        self.air.power_off(self.device, self.now_ms);
        self.now_ms += RESTART_MS;
        while self.air.poll_event(self.now_ms).is_some() {}
        self.booted_ms = self.now_ms;
        self.machine = Manager::new(self.store.boot(self.identity, self.seed ^ self.now_ms));
        self.deadline = None;
        self.invariants.booted(&self.machine, self.now_ms);
    }

    fn write(&mut self, what: impl FnOnce(&mut String)) {
        let now_ms = self.now_ms;
        if let Some(journal) = &mut self.journal {
            _ = write!(journal, "{now_ms:>8} ");
            what(journal);
            journal.push('\n');
        }
    }
}

/// Who the device under test is.
fn identity() -> &'static Identity {
    static IDENTITY: std::sync::LazyLock<Identity> = std::sync::LazyLock::new(|| Identity {
        mac: MAC,
        ap_secret: Passphrase::new(b"ABCDEFGHJKLM").unwrap_or_else(|_| unreachable!("12 letters")),
        ap_prefix: "Landfall-".try_into().unwrap_or_default(),
    });
    &IDENTITY
}

/// What a boot needs, from what is stored.
fn boot_of(wifi: Wifi, identity: &'static Identity, seed: u64) -> Boot {
    Boot {
        seed,
        ..Boot::new(wifi, identity)
    }
}
