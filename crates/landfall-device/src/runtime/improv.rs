//! Improv on one serial port: what a client's requests lead to, and what it is told.
//!
//! ```text
//! bytes ─► Reader ─┬─ text ────► console
//!                  └─ requests ─► Improv ──► machine, names
//!          frames ◄────────────────┘   ◄─── its answers, and how it stands
//! ```
//!
//! How settings end is a change of state, whoever sent them: the same frames tell of a candidate of
//! another door.

mod names;

use core::fmt::Write;

use heapless::String;
use landfall_core::command::{Command, Door, Reply, Ticket};
use landfall_core::console::Context;
use landfall_core::improv::{
    ANSWER_MAX, ANSWER_MS, Answer, Credentials, Error, ROWS_MS, Reader, Request, State,
    Step as Read, Text, Verb,
};
use landfall_core::manager::{Input, Manager, Output};
use landfall_core::radio::ScanRow;
use landfall_core::status;
use landfall_core::time::Instant;

use super::consoles::{Printed, Step};
use names::name_of;

pub(super) use names::Renaming;

/// Most bytes that one step writes: an error and a state, and a result.
pub(super) const STEP_MAX: usize = 2 * ANSWER_MAX;
/// `http://255.255.255.255/`.
const URL_MAX: usize = 23;
/// What the firmware calls itself.
const FIRMWARE: &[u8] = b"Landfall";
/// Its version.
const VERSION: &[u8] = env!("CARGO_PKG_VERSION").as_bytes();

/// What the client of one port is told.
#[derive(Debug)]
pub(super) struct Improv {
    door: Door,
    reader: Reader,
    /// What waits to be answered; meanwhile the port takes no more bytes.
    request: Option<Result<Request, Error>>,
    /// Number of the last command that was put to the machine.
    last: u32,
    /// A frame came in: somebody is there who wants to be told of changes.
    talks: bool,
    /// How the device stood when it was last looked at.
    told: State,
    join: Join,
    scan: Scan,
    /// Lists owed beside the one under way, to a client that asks again before it has it.
    lists_owed: u8,
}

/// Settings under way. None outlives its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    Idle,
    /// The machine owes the answer to the command of that number.
    Asked(u32, Instant),
    /// It gave it.
    Answered(Reply, Instant),
    /// The client knows that they are tried.
    Proving(Instant),
}

/// A scan under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scan {
    Idle,
    /// The machine owes the answer to the command of that number, until that moment.
    Asked(u32, Instant),
    Failed,
    /// The number of the next row to be told.
    Rows(u8),
}

/// What an Improv client is shown beside the console's [`Context`].
#[derive(Debug)]
pub(super) struct Desk<'a> {
    /// The family of the chip.
    pub(super) chip: &'static str,
    /// Where new names wait.
    pub(super) renaming: &'a mut Renaming,
}

impl Improv {
    /// On the serial port of that number.
    pub(super) const fn new(port: u8) -> Self {
        Self {
            door: Door::Improv(port),
            reader: Reader::new(),
            request: None,
            last: 0,
            talks: false,
            told: State::Ready,
            join: Join::Idle,
            scan: Scan::Idle,
            lists_owed: 0,
        }
    }

    /// Whether a byte would be taken.
    pub(super) fn wants_input(&self) -> bool {
        self.request.is_none()
    }

    /// Takes a byte of the port; gives what is the console's.
    pub(super) fn handle_byte(&mut self, byte: u8) -> Text {
        match self.reader.handle_byte(byte) {
            Read::Held => Text::default(),
            Read::Text(text) => text,
            Read::Frame(frame) => {
                self.talks |= frame.intact;
                self.request = Some(Request::read(&frame));
                Text::default()
            }
        }
    }

    pub(super) fn awaits_silence(&self) -> bool {
        self.reader.awaits_silence()
    }

    /// Nothing came for a while; gives what is the console's after all.
    pub(super) fn handle_silence(&mut self) -> Text {
        self.reader.handle_silence()
    }

    /// Takes an output of the machine.
    pub(super) fn handle_output(&mut self, output: &Output) {
        let Output::Reply(ticket, reply) = *output else {
            return;
        };
        if ticket.door != self.door {
            return;
        }
        if let Join::Asked(number, until) = self.join
            && number == ticket.number
        {
            self.join = Join::Answered(reply, until);
        }
        if let Scan::Asked(number, _) = self.scan
            && number == ticket.number
        {
            self.scan = match reply {
                Reply::Refused(_) => Scan::Failed,
                Reply::Accepted | Reply::Known(_) | Reply::Done | Reply::Scanned => Scan::Rows(0),
            };
        }
    }

    /// When what is under way has taken too long.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let join = match self.join {
            Join::Idle => None,
            Join::Asked(_, until) | Join::Answered(_, until) | Join::Proving(until) => Some(until),
        };
        let scan = match self.scan {
            Scan::Asked(_, until) => Some(until),
            Scan::Idle | Scan::Failed | Scan::Rows(_) => None,
        };
        [join, scan].into_iter().flatten().min()
    }

    /// Does the next thing. To be called with room for [`STEP_MAX`] bytes.
    pub(super) fn go_on(
        &mut self,
        context: &mut Context<'_>,
        desk: &mut Desk<'_>,
        out: &mut Printed,
    ) -> Step {
        let went_on = self.end_overdue(context, out)
            || self.follow_join(context, out)
            || self.follow_state(context, out)
            || self.follow_scan(context, out)
            || self.follow_renaming(context, desk, out);
        if went_on {
            return Step::WentOn;
        }
        // Answers keep the order of what was asked, but for those of a scan and of a proof.
        let is_busy = matches!(self.join, Join::Asked(..)) || *desk.renaming != Renaming::Idle;
        let next = self
            .request
            .take_if(|next| !is_busy && !must_wait(next, context));
        match next {
            Some(Ok(request)) => self.answer(request, context, desk, out),
            Some(Err(error)) => {
                print(&Answer::error(error), out);
                Step::WentOn
            }
            None => Step::Rested,
        }
    }

    fn end_overdue(&mut self, context: &Context<'_>, out: &mut Printed) -> bool {
        if self.poll_timeout().is_none_or(|due| due > context.now) {
            return false;
        }
        print(&Answer::error(Error::UnableToConnect), out);
        match self.scan {
            Scan::Asked(_, until) if until <= context.now => {
                self.scan = Scan::Idle;
                self.lists_owed = 0;
            }
            Scan::Asked(..) | Scan::Idle | Scan::Failed | Scan::Rows(_) => {
                self.join = Join::Idle;
                self.tell_state(context.manager, out);
            }
        }
        true
    }

    /// The machine has taken the settings, or not.
    fn follow_join(&mut self, context: &Context<'_>, out: &mut Printed) -> bool {
        let Join::Answered(reply, until) = self.join else {
            return false;
        };
        match reply {
            Reply::Refused(_) => {
                self.join = Join::Idle;
                print(&Answer::error(Error::UnableToConnect), out);
                self.tell_state(context.manager, out);
            }
            Reply::Accepted | Reply::Known(_) | Reply::Done | Reply::Scanned => {
                self.join = Join::Proving(until);
                self.told = State::Provisioning;
                print(&Answer::error(Error::None), out);
                print(&Answer::state(self.told), out);
            }
        }
        true
    }

    /// Tells a change of state, and how settings ended. An error ends whatever its client has under
    /// way: that of another door's settings is not told into the middle of a scan.
    fn follow_state(&mut self, context: &Context<'_>, out: &mut Printed) -> bool {
        let is_asking = matches!(self.join, Join::Asked(..));
        if is_asking || state_of(context.manager) == self.told {
            return false;
        }
        let tried = self.told == State::Provisioning;
        let own = matches!(self.join, Join::Proving(_));
        if own {
            self.join = Join::Idle;
        }
        if !self.talks {
            self.told = state_of(context.manager);
            return false;
        }
        let joined = state_of(context.manager) == State::Provisioned;
        if tried && !joined && (own || self.scan == Scan::Idle) {
            print(&Answer::error(Error::UnableToConnect), out);
        }
        self.tell_state(context.manager, out);
        if own && joined {
            self.tell_url(Verb::Settings, context.manager, out);
        }
        true
    }

    fn follow_scan(&mut self, context: &Context<'_>, out: &mut Printed) -> bool {
        match self.scan {
            Scan::Idle | Scan::Asked(..) => return false,
            Scan::Failed => {
                self.scan = Scan::Idle;
                self.lists_owed = 0;
                print(&Answer::error(Error::UnableToConnect), out);
            }
            Scan::Rows(n) => match named_row(context.manager.scan_rows(), n) {
                Some(row) => {
                    self.scan = Scan::Rows(n + 1);
                    tell_row(row, out);
                }
                None => {
                    self.scan = match self.lists_owed {
                        0 => Scan::Idle,
                        _ => Scan::Rows(0),
                    };
                    self.lists_owed = self.lists_owed.saturating_sub(1);
                    print(&Answer::result(Verb::Scan, &[]), out);
                }
            },
        }
        true
    }

    fn follow_renaming(
        &self,
        context: &Context<'_>,
        desk: &mut Desk<'_>,
        out: &mut Printed,
    ) -> bool {
        let Renaming::Done(door, verb, stored) = *desk.renaming else {
            return false;
        };
        if door != self.door {
            return false;
        }
        *desk.renaming = Renaming::Idle;
        if stored {
            tell_name(verb, context, out);
        } else {
            print(&Answer::error(Error::Unknown), out);
        }
        true
    }

    fn answer(
        &mut self,
        request: Request,
        context: &mut Context<'_>,
        desk: &mut Desk<'_>,
        out: &mut Printed,
    ) -> Step {
        match request {
            Request::Settings(credentials) => return self.join(credentials, context, out),
            Request::Scan => return self.scan(context),
            Request::State => {
                self.tell_state(context.manager, out);
                if self.told == State::Provisioned {
                    self.tell_url(Verb::State, context.manager, out);
                }
            }
            Request::Info => {
                let mac = context.manager.identity().mac;
                let name = name_of(Verb::DeviceName, context.services, mac);
                let texts = [FIRMWARE, VERSION, desk.chip.as_bytes(), name.as_bytes()];
                print(&Answer::result(Verb::Info, &texts), out);
            }
            Request::Name(verb, None) => tell_name(verb, context, out),
            Request::Name(verb, Some(name)) => {
                *desk.renaming = Renaming::Asked(self.door, verb, name);
            }
        }
        Step::WentOn
    }

    fn join(
        &mut self,
        credentials: Option<Credentials>,
        context: &mut Context<'_>,
        out: &mut Printed,
    ) -> Step {
        // Every door says that it is busy before it looks at the fields.
        if context.manager.is_busy() {
            print(&Answer::error(Error::UnableToConnect), out);
            return Step::WentOn;
        }
        let Some(Credentials { ssid, security }) = credentials else {
            print(&Answer::error(Error::InvalidRequest), out);
            return Step::WentOn;
        };
        let number = self.put(Command::Join { ssid, security }, context);
        self.join = Join::Asked(number, context.now.plus_ms(ANSWER_MS));
        Step::Asked
    }

    fn scan(&mut self, context: &mut Context<'_>) -> Step {
        if self.scan != Scan::Idle {
            self.lists_owed = self.lists_owed.saturating_add(1);
            return Step::WentOn;
        }
        if has_young_rows(context) {
            self.scan = Scan::Rows(0);
            return Step::WentOn;
        }
        let number = self.put(Command::Scan, context);
        self.scan = Scan::Asked(number, context.now.plus_ms(ANSWER_MS));
        Step::Asked
    }

    fn put(&mut self, command: Command, context: &mut Context<'_>) -> u32 {
        self.last = self.last.wrapping_add(1);
        let ticket = Ticket {
            door: self.door,
            number: self.last,
        };
        let input = Input::Command(ticket, command);
        context.manager.handle(input, context.now);
        self.last
    }

    fn tell_state(&mut self, manager: &Manager, out: &mut Printed) {
        self.told = state_of(manager);
        print(&Answer::state(self.told), out);
    }

    /// Where the device is on the network it joined.
    fn tell_url(&self, verb: Verb, manager: &Manager, out: &mut Printed) {
        let mut url = String::<URL_MAX>::new();
        if let Some(ip) = manager.status().station_ip {
            // It has room for the longest address.
            let _ = write!(url, "http://{ip}/");
        }
        print(&Answer::result(verb, &[url.as_bytes()]), out);
    }
}

/// What asks something of the machine waits until that is free.
fn must_wait(request: &Result<Request, Error>, context: &Context<'_>) -> bool {
    let manager = &*context.manager;
    match request {
        Ok(Request::Settings(Some(_))) => !manager.takes_commands() && !manager.is_busy(),
        Ok(Request::Scan) => !manager.takes_commands() && !has_young_rows(context),
        Ok(Request::Settings(None) | Request::State | Request::Info | Request::Name(..))
        | Err(_) => false,
    }
}

fn has_young_rows(context: &Context<'_>) -> bool {
    let age = context.manager.scan_age_ms(context.now);
    age.is_some_and(|age| age <= ROWS_MS)
}

/// How the device stands, in the words of Improv.
fn state_of(manager: &Manager) -> State {
    match manager.state() {
        status::State::Connected => State::Provisioned,
        status::State::Connecting if manager.is_proving() => State::Provisioning,
        status::State::Connecting | status::State::ApActive | status::State::Off => State::Ready,
    }
}

/// Row `n` of the names that are seen, each where it is strongest.
fn named_row(rows: &[ScanRow], n: u8) -> Option<&ScanRow> {
    let is_first = |(at, row): &(usize, &ScanRow)| {
        row.ssid.is_some() && rows[..*at].iter().all(|other| other.ssid != row.ssid)
    };
    let mut named = rows.iter().enumerate().filter(is_first);
    named.nth(n.into()).map(|(_, row)| row)
}

fn tell_row(row: &ScanRow, out: &mut Printed) {
    let name = row.ssid.as_ref().map_or(&[][..], |ssid| ssid.as_bytes());
    let mut rssi = String::<4>::new();
    // Four characters hold the longest, -128.
    let _ = write!(rssi, "{}", row.rssi);
    let secure: &[u8] = if row.auth.is_secure() { b"YES" } else { b"NO" };
    print(
        &Answer::result(Verb::Scan, &[name, rssi.as_bytes(), secure]),
        out,
    );
}

fn tell_name(verb: Verb, context: &Context<'_>, out: &mut Printed) {
    let name = name_of(verb, context.services, context.manager.identity().mac);
    print(&Answer::result(verb, &[name.as_bytes()]), out);
}

/// What has no room is lost: room is looked for before.
fn print(answer: &Answer, out: &mut Printed) {
    for byte in answer.as_bytes() {
        let _ = out.push_back(*byte);
    }
}
