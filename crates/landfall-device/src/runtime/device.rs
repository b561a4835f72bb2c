//! What the lock guards: the machine and what belongs to it, as the doors see them.

use landfall_core::command::{Command, Door, PortalUse, Reply, Ticket};
use landfall_core::config::Services;
use landfall_core::console::{FleetChange, FleetServer, Jitter};
use landfall_core::event::{Event, History, Record};
use landfall_core::manager::{Input, Manager};
use landfall_core::status::{Client, Internet, State};
use landfall_core::time::Instant;
use landfall_core::trial::Trial;

use super::builder::Made;
use super::calls::{Calls, Outcome};
use super::clients::{self, Clients};
use super::configs::Sent;
use super::consoles::{Around, Consoles};
use super::improv::{Desk, Renaming};
use super::outbox::Outbox;
use super::radio::Radio;
use super::storage::Source;
use crate::fleet::Fleet;

/// Whose answers are for nobody; calls count from 1.
const NOBODY: Ticket = Ticket {
    door: Door::Program,
    number: 0,
};

/// What the lock guards.
#[derive(Debug)]
pub struct Device {
    /// The machine. Doors read it; the runner alone feeds it.
    pub(super) manager: Manager,
    /// What the doors need.
    pub services: Services,
    /// The last events.
    pub(super) history: History,
    pub(super) clients: Clients,
    pub(super) consoles: Consoles,
    pub(super) calls: Calls,
    pub(super) errand: Errand,
    pub(super) renaming: Renaming,
    chip: &'static str,
    /// Where the jitter of its steps is read, where it has any.
    pub(super) jitter: Option<fn() -> Jitter>,
    /// What the doors see of the fleet.
    pub(crate) fleet: Fleet,
    pub(super) trial: Trial,
    pub(super) sent: Sent,
    pub(super) last_sent: u32,
    pub(super) outbox: Outbox,
    portal: [Option<PortalUse>; 3],
    internet: Option<Internet>,
    reset_due: bool,
}

/// What the runner does with the store for the handle: one thing at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    Idle,
    Asked(Task),
    Done(Task, bool),
}

/// See [`Errand`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Save,
    Load,
}

impl Device {
    /// As it boots. What it is made of begins empty, and is made by functions that are inlined, so that
    /// it comes to be where it stays: a chip's stack has no room for it.
    #[inline(always)]
    pub(super) fn new(manager: Manager, services: Services, trial: Trial, made: Made) -> Self {
        Self {
            manager,
            services,
            history: History::new(),
            clients: Clients::new(),
            consoles: Consoles::new(),
            calls: Calls::new(),
            errand: Errand::Idle,
            renaming: Renaming::Idle,
            chip: made.chip,
            jitter: made.jitter,
            fleet: Fleet::new(),
            trial,
            sent: Sent::None,
            last_sent: 0,
            outbox: Outbox::new(),
            portal: [None; 3],
            internet: None,
            reset_due: false,
        }
    }

    /// The machine, to be read.
    pub fn manager(&self) -> &Manager {
        &self.manager
    }

    /// The last events, oldest first.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Who has joined the access point.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Whether the store may be read and written as a whole now.
    pub(super) fn is_at_rest(&self) -> bool {
        self.manager.takes_config() && !self.trial.is_announced()
    }

    pub(super) fn source(&self) -> Source<'_> {
        Source {
            manager: &self.manager,
            services: &self.services,
        }
    }

    /// Numbers and keeps an event, as it may be told.
    pub(super) fn note(&mut self, event: Event, now: Instant) -> Record {
        let event = self.fleet.masked(event);
        clients::follow(&mut self.clients, &event, now);
        self.history.push(now.as_ms(), event)
    }

    /// Asks the radio how strongly those clients are heard.
    pub(super) fn update_clients(&mut self, radio: &impl Radio, which: fn(&Client) -> bool) {
        for client in self.clients.iter_mut().filter(|client| which(client)) {
            let phone = self.fleet.phone(client.mac);
            client.rssi = radio.client_rssi(phone).or(client.rssi);
        }
    }

    /// Lets the consoles go on; false where none has anything to do.
    pub(super) fn converse(&mut self, now: Instant) -> bool {
        let (consoles, mut around, desk) = self.consoles(now);
        consoles.go_on(&mut around, desk)
    }

    /// Gives the device a fleet server, as `NET:FLEET` does: where it is, and the claim for it. False
    /// where another one is being stored.
    pub fn set_fleet(&mut self, server: FleetServer) -> bool {
        let is_free = self.fleet.change.is_none();
        if is_free {
            let ticket = NOBODY;
            self.fleet.change = Some(FleetChange { ticket, server });
        }
        is_free
    }

    /// Opens a console at that door, or begins anew with the one there. One at a serial port says
    /// who is here. False: there are as many as there can be.
    pub fn open_console(&mut self, door: Door, now: Instant) -> bool {
        let (consoles, mut around, _) = self.consoles(now);
        consoles.open(door, &mut around)
    }

    /// The consoles, and what they look at.
    fn consoles(&mut self, now: Instant) -> (&mut Consoles, Around<'_>, Desk<'_>) {
        let around = Around {
            manager: &mut self.manager,
            services: &self.services,
            history: &self.history,
            clients: &self.clients,
            fleet: self.fleet.status,
            fleet_change: &mut self.fleet.change,
            jitter: self.jitter,
            now,
        };
        let desk = Desk {
            chip: self.chip,
            renaming: &mut self.renaming,
        };
        (&mut self.consoles, around, desk)
    }

    /// Ends the console at that door.
    pub fn close_console(&mut self, door: Door) {
        self.consoles.close(door);
    }

    /// Hands bytes to the console at that door, and gives how many it took; hand the rest in when
    /// it has printed something, or in a moment.
    pub fn type_in(&mut self, door: Door, bytes: &[u8]) -> usize {
        self.consoles.type_in(door, bytes)
    }

    /// Whether [`silence`](Self::silence) on that port would change anything.
    pub fn awaits_silence(&self, door: Door) -> bool {
        self.consoles.awaits_silence(door)
    }

    /// Says that nothing came in at that port for
    /// [`SILENCE_MS`](landfall_core::improv::SILENCE_MS): what may have begun a frame is the
    /// console's.
    pub fn silence(&mut self, door: Door) {
        self.consoles.silence(door);
    }

    /// Takes what the console at that door has printed; gives how many bytes.
    pub fn printed(&mut self, door: Door, buf: &mut [u8]) -> usize {
        self.consoles.printed(door, buf)
    }

    /// Prints a line of the program's own, for its log, at the serial ports: `# ` stands before it, and it
    /// is lost at a port that has no room. False where a list is being printed at one: try again then.
    pub fn remark(&mut self, line: &str) -> bool {
        self.consoles.remark(line)
    }

    /// Says that the reset button was held long enough: the consoles tell, and the device resets,
    /// whatever it does.
    pub fn long_press(&mut self) {
        self.consoles.long_press();
        self.reset_due = true;
    }

    /// Says what people do at the portal. What is said twice before the machine looks counts once.
    pub fn portal(&mut self, what: PortalUse) {
        let place = match what {
            PortalUse::Touched => 0,
            PortalUse::Posted => 1,
            PortalUse::Seen => 2,
        };
        self.portal[place] = Some(what);
    }

    /// Says what the probe for internet found.
    pub fn internet(&mut self, found: Internet) {
        self.internet = Some(found);
    }

    /// Leaves a command of a door that hears the answers by itself; false where too many wait.
    pub fn post(&mut self, ticket: Ticket, command: Command) -> bool {
        self.calls.post(ticket, command).is_ok()
    }

    /// What the doors left for the machine.
    pub(super) fn next_input(&mut self) -> Option<Input> {
        if let Some(what) = self.portal.iter_mut().find_map(Option::take) {
            return Some(Input::Portal(what));
        }
        if let Some(found) = self.internet.take() {
            return Some(Input::Internet(found));
        }
        // What is changed while a new configuration is about to take force would be lost with it.
        if !self.manager.takes_commands() || self.trial.is_announced() {
            return None;
        }
        if self.reset_due {
            self.reset_due = false;
            return Some(Input::Command(NOBODY, Command::ResetByButton));
        }
        let (ticket, command) = self.calls.next_command()?;
        Some(Input::Command(ticket, command))
    }

    /// The machine answers.
    pub(super) fn answer(&mut self, ticket: Ticket, reply: Reply) {
        self.calls.answer(ticket, reply);
    }

    /// The machine has a verdict.
    pub(super) fn end(&mut self, ticket: Ticket, outcome: Outcome) {
        self.calls.end(ticket, outcome);
    }

    /// The state changed.
    pub(super) fn changed(&mut self, ticket: Option<Ticket>, state: State) {
        if let (Some(ticket), State::Connected) = (ticket, state)
            && let Some(ip) = self.manager.status().station_ip
        {
            self.end(ticket, Ok(ip));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of RAM that a device takes beside its sockets: machine, doors' settings, 64 events,
    /// four consoles, each with its Improv client, the inbox, 32 marks that wait for the fleet server,
    /// and a configuration on its way into the store.
    const DEVICE_MAX: usize = 35 * 1024;

    #[test]
    fn a_device_fits_its_ram() {
        let (device, limit) = (size_of::<Device>(), DEVICE_MAX);
        assert!(device <= limit, "{device} bytes");
    }
}
