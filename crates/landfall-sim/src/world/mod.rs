//! One device on one air in virtual time: the world of scenarios, soaks and walks.
//!
//! The device is the real machine; the air, its store and its users are simulated. Time jumps
//! from one event to the next, so an hour costs milliseconds. Everything that happens is written
//! down ([`World::journal`]), and after every step the [invariants] are checked.

pub mod action;
mod configs;
mod flash_store;
pub mod invariants;
mod journal;
mod power;
pub mod random;
pub mod sabotage;
pub mod scenario;
#[cfg(feature = "std")]
pub mod shrink;
mod store;
#[cfg(feature = "std")]
pub mod walk;

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use landfall_core::command::{Door, Reply, Ticket};
use landfall_core::config::{Identity, Wifi};
use landfall_core::event::{Event, Record};
use landfall_core::manager::{Boot, Input, LastGood, Manager, Output};
use landfall_core::net::{Mac, Passphrase};
use landfall_core::radio::{RadioEvent, RadioOp};
use landfall_core::status::Internet;
use landfall_core::time::Instant;
use landfall_core::trial::Trial;

use crate::air::access_point::InternetAccess;
use crate::air::file::AirFile;
use crate::air::{Air, DeviceId, Fault, Targets};
use action::{Action, Missed};
use flash_store::FlashStore;
use invariants::{Invariants, Violation};
use journal::Journal;
use sabotage::Sabotage;
pub use store::NewConfig;
use store::Store;

/// Hardware address of the device under test.
pub const MAC: Mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
/// One write in so many is compared with its model on the spot, beside every one that fails; the
/// rest are compared when the power goes. Reading the whole store costs as much as an hour of life.
const COMPARE_EVERY: u32 = 16;
/// In one world of so many, the one of seed 1 among them, the store is the real one on flash: it
/// takes most of the time that a world takes.
const FLASH_EVERY: u64 = 8;
/// How long a restart takes.
const RESTART_MS: u64 = 300;

/// How a device starts, beside its configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Start {
    /// Its last starts ended in crashes. Later starts are ordinary ones.
    pub safe_mode: bool,
    /// It probes for internet.
    pub probe_internet: bool,
    /// The access point that gave its last address.
    pub last_good: Option<LastGood>,
}

/// A world. See the [module](self).
#[derive(Debug)]
pub struct World {
    now_ms: u64,
    air: Air,
    device: DeviceId,
    machine: Manager,
    /// When the device booted last: its own time counts from there.
    booted_ms: u64,
    /// The model of the store, and in one world of [`FLASH_EVERY`] the real one on flash.
    store: Store,
    flash: Option<FlashStore>,
    writes: u32,
    start: Start,
    seed: u64,
    deadline: Option<Instant>,
    /// Of the configuration in force, and when it goes on.
    trial: Trial,
    trial_due: Option<Instant>,
    events_told: u64,
    journal: Option<Journal>,
    tickets: u32,
    /// Starts of the access point that the radio will refuse.
    ap_faults: usize,
    /// Radio events that are still to be lost.
    misses: Vec<Missed>,
    sabotage: Option<Sabotage>,
    invariants: Invariants,
}

impl World {
    /// A device with that configuration, booting on that air.
    pub fn new(air: AirFile, wifi: Wifi, seed: u64) -> Self {
        Self::starting(air, wifi, seed, Start::default())
    }

    /// The same, with more to say about the start.
    pub fn starting(air: AirFile, wifi: Wifi, seed: u64, start: Start) -> Self {
        let mut air = Air::new(air);
        let device = air.add_device(MAC);
        let store = Store::new(wifi, start.last_good);
        let boot = Boot {
            safe_mode: start.safe_mode,
            probe_internet: start.probe_internet,
            ..store.boot(identity(), seed)
        };
        let flash = (seed % FLASH_EVERY == 1).then(|| FlashStore::new(&store.kept, seed));
        let mut world = Self {
            now_ms: 0,
            air,
            device,
            machine: Manager::new(boot),
            booted_ms: 0,
            store,
            flash,
            writes: 0,
            start,
            seed,
            deadline: None,
            trial: Trial::new(),
            trial_due: None,
            events_told: 0,
            journal: None,
            tickets: 0,
            ap_faults: 0,
            misses: Vec::new(),
            sabotage: None,
            invariants: Invariants::default(),
        };
        world.invariants.booted(&world.store, 0);
        world
    }

    /// Plays false from now on, for tests of the invariants. To be called before [`World::begin`].
    pub fn sabotage(&mut self, sabotage: Sabotage) {
        self.sabotage = Some(sabotage);
        self.store.sabotage(sabotage);
        self.machine = Manager::new(self.store.boot(identity(), self.seed));
    }

    /// Writes down what happens from now on.
    pub fn keep_journal(&mut self) {
        self.journal = Some(Journal::default());
    }

    /// What happened, a line each: milliseconds, and what.
    pub fn journal(&self) -> &str {
        self.journal.as_ref().map_or("", Journal::text)
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
        self.invariants.passed(
            &self.machine,
            &self.store,
            &mut self.air,
            self.device,
            self.now_ms,
        )
    }

    /// When something happens next by itself.
    pub fn next_ms(&mut self) -> Option<u64> {
        let deadline = self.deadline.map(|at| self.world_time(at));
        let trial = self.trial_due.map(|at| self.world_time(at));
        [
            deadline,
            trial,
            self.air.poll_timeout(),
            self.store.due_ms(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// What happens at this moment: first the radio, then the store, then the clock, so that an
    /// address which comes at the very deadline counts.
    fn step(&mut self) -> Result<(), Violation> {
        while let Some((_, event)) = self.air.poll_event(self.now_ms) {
            if self.loses(&event) {
                self.write(|| format!("missed {event:?}"));
                self.invariants.event_lost(self.now_ms);
            } else {
                self.feed(Input::Radio(event))?;
            }
        }
        if self
            .store
            .due_ms()
            .is_some_and(|due_ms| due_ms <= self.now_ms)
        {
            let result = self.finish_write()?;
            self.invariants.stored(&self.store, result.is_ok())?;
            self.feed(Input::Stored(result))?;
        }
        let now = self.device_time();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.feed(Input::Timeout)?;
        }
        if self.trial_due.is_some_and(|due| due <= self.device_time()) {
            self.try_config()?;
        }
        Ok(())
    }

    fn loses(&mut self, event: &RadioEvent) -> bool {
        let place = self.misses.iter().position(|missed| missed.hits(event));
        place.map(|place| self.misses.remove(place)).is_some()
    }

    fn device_time(&self) -> Instant {
        Instant::from_ms((self.now_ms - self.booted_ms) * self.clock_factor())
    }

    fn world_time(&self, at: Instant) -> u64 {
        self.booted_ms + at.as_ms().div_ceil(self.clock_factor())
    }

    fn clock_factor(&self) -> u64 {
        self.sabotage.map_or(1, Sabotage::clock_factor)
    }

    /// Hands the machine one input, carries out what it says, and checks the invariants.
    fn feed(&mut self, input: Input) -> Result<(), Violation> {
        if self.sabotage.is_some_and(|s| s.swallows_input(&input)) {
            return Ok(());
        }
        self.machine.handle(input, self.device_time());
        match self.after_input()? {
            Asked::Nothing => self.try_config(),
            Asked::Probe => self.probe(),
            Asked::Restart => {
                self.write(|| "restart".to_owned());
                self.reboot();
                self.feed(Input::Timeout)
            }
        }
    }

    /// Carries out what the machine says, and checks the invariants.
    fn after_input(&mut self) -> Result<Asked, Violation> {
        let asked = self.drain()?;
        self.invariants.check(
            &self.machine,
            &self.store,
            &mut self.air,
            self.device,
            self.now_ms,
        )?;
        if let Some(journal) = &mut self.journal {
            self.invariants.check_secrets(&self.machine, journal)?;
        }
        Ok(asked)
    }

    fn probe(&mut self) -> Result<(), Violation> {
        let found = self.air.link(self.device).and_then(|link| link.internet());
        let internet = match found {
            Some(InternetAccess::Yes) => Internet::Yes,
            Some(InternetAccess::Captive) => Internet::Captive,
            Some(InternetAccess::No) | None => Internet::No,
        };
        self.write(|| format!("internet {internet:?}"));
        self.feed(Input::Internet(internet))
    }

    fn drain(&mut self) -> Result<Asked, Violation> {
        let mut asked = Asked::Nothing;
        loop {
            match self.machine.poll_output() {
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    return Ok(asked);
                }
                Output::Radio(op) => self.ask_radio(op)?,
                Output::Store(op) => {
                    self.store.begin(op, &self.machine, self.now_ms);
                    if let Some(flash) = &mut self.flash {
                        flash.take(op, &self.machine);
                    }
                }
                Output::Event(event) => self.tell(event)?,
                Output::Reply(ticket, reply) => self.answered(ticket, reply),
                Output::Failed(ticket, verdict) => {
                    self.write(|| format!("failed {} {}", ticket.number, verdict.name()));
                }
                Output::State(ticket, state) => {
                    let of = ticket.map_or(String::new(), |ticket| format!(" {}", ticket.number));
                    self.write(|| format!("state{of} {}", state.name()));
                }
                Output::ProbeInternet => asked = Asked::Probe,
                Output::Restart => asked = Asked::Restart,
            }
        }
    }

    fn ask_radio(&mut self, op: RadioOp) -> Result<(), Violation> {
        if op != RadioOp::Query {
            self.write(|| format!("radio {}", journal::op(op)));
        }
        if self.sabotage.is_some_and(|s| s.swallows_op(op)) {
            return Ok(());
        }
        let targets = Targets::of(&self.machine);
        self.air.handle(self.device, op, targets, self.now_ms);
        if self.sabotage == Some(Sabotage::AskWhileBusy) {
            let none = Targets::default();
            self.air
                .handle(self.device, RadioOp::Scan, none, self.now_ms);
        }
        self.invariants.asked(op, &self.machine, self.now_ms)
    }

    fn tell(&mut self, event: Event) -> Result<(), Violation> {
        if self.sabotage.is_some_and(|s| s.swallows_event(&event)) {
            return Ok(());
        }
        let ap_faults = self.air.faults(self.device, Fault::ApStart);
        if ap_faults < self.ap_faults {
            self.ap_faults = ap_faults;
            self.invariants.ap_refused(self.now_ms);
        }
        self.events_told += 1;
        if self.journal.is_some() {
            let record = Record {
                seq: self.events_told as u32,
                at_ms: self.device_time().as_ms(),
                event,
            };
            let wifi = self.machine.wifi();
            let row = landfall_core::event_text::EventRow {
                record: &record,
                wifi,
            };
            // The journal has times of its own, and its order needs no numbers.
            let row = row.to_string();
            let text = row.splitn(3, ' ').last().unwrap_or_default().to_owned();
            self.write(|| text);
            if self.sabotage == Some(Sabotage::PrintKey) {
                self.write(|| "key ABCDEFGHJKLM".to_owned());
            }
        }
        self.invariants.told(&event, self.now_ms)
    }

    fn answered(&mut self, ticket: Ticket, reply: Reply) {
        self.invariants.answered(&self.machine, reply);
        self.write(|| format!("reply {} {reply:?}", ticket.number));
    }

    /// Does what a user, a router or fate does. A command that the machine does not take now is
    /// left out.
    pub fn act(&mut self, action: &Action) -> Result<(), Violation> {
        self.write(|| format!("> {action}"));
        match action {
            Action::Command(command) => {
                if !self.let_in(command)? || !self.machine.takes_commands() {
                    self.write(|| "not taken".to_owned());
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
            Action::Status => {
                let line = journal::status_line(&self.machine.status());
                self.write(|| line);
                Ok(())
            }
            Action::LeaseEnds => {
                self.air.end_lease(self.device, self.now_ms);
                self.step()
            }
            Action::Miss(missed) => {
                self.misses.push(*missed);
                Ok(())
            }
            Action::Ap(name, change) => {
                self.air.change(name, change, self.now_ms);
                self.step()
            }
            Action::PowerCut => self.restart_after_cut(),
            Action::Config(new) => self.save_config(new),
            Action::Request => self.request_config(),
            Action::FlashFails(fails) => {
                self.store.set_failing(*fails);
                Ok(())
            }
            Action::Fault(fault) => {
                self.air.inject(self.device, *fault);
                self.ap_faults = self.air.faults(self.device, Fault::ApStart);
                Ok(())
            }
        }
    }

    fn write(&mut self, what: impl FnOnce() -> String) {
        if let Some(journal) = &mut self.journal {
            journal.line(self.now_ms, &what());
        }
    }
}

/// What is to be done when all outputs of an input are taken.
enum Asked {
    Nothing,
    Probe,
    Restart,
}

/// Who the device under test is.
fn identity() -> &'static Identity {
    #[cfg(feature = "std")]
    {
        static IDENTITY: std::sync::LazyLock<Identity> = std::sync::LazyLock::new(new_identity);
        &IDENTITY
    }
    // Without a lock to share one behind: a hundred bytes for each boot of a program that ends.
    #[cfg(not(feature = "std"))]
    alloc::boxed::Box::leak(alloc::boxed::Box::new(new_identity()))
}

fn new_identity() -> Identity {
    Identity {
        mac: MAC,
        ap_secret: Passphrase::new(b"ABCDEFGHJKLM").unwrap_or_else(|_| unreachable!("12 letters")),
        ap_prefix: "Landfall-".try_into().unwrap_or_default(),
    }
}
