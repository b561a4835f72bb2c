//! The console: `NET:` commands in lines, over serial, WebREPL, MQTT and the fleet.
//!
//! A [`Console`] does no I/O. Its adapter hands it bytes and the machine's outputs, and calls
//! [`Console::poll`] with a sink that has room for [`CHUNK_MAX`] bytes:
//!
//! ```text
//! bytes ──► handle_bytes ─► line ─► grammar ─► table ─► request ─► machine
//!                                                          │         │
//! sink ◄─── poll ◄──────── lines and lists ◄───────────────┴◄── handle_output
//! ```
//!
//! While a list is printed other lines wait, at most [`HELD_MAX`] of them. A command that asks the
//! machine waits until it is free and has answered the one before; a question that the console
//! answers by itself does not.

#[cfg(test)]
mod bench;
mod editor;
mod grammar;
#[cfg(test)]
mod limits;
mod list;
mod reply;
mod request;
mod run;
mod table;
#[cfg(test)]
mod tests;

use core::fmt;

use heapless::Vec;

use self::editor::{Edit, Line as TypedLine};
use self::list::{Kind, Listing};
use self::reply::{Asked, Line, StateLine};
use crate::command::{Door, Reply, Ticket};
use crate::config::{Services, Wifi};
use crate::event::{Event, History};
use crate::manager::{Manager, Output};
use crate::status::Client;
use crate::time::Instant;

pub use self::editor::LINE_MAX;
pub use self::list::SCAN_ROWS_MAX;
pub use self::reply::Fault;
pub use self::request::FleetServer;
pub use self::table::{Busy, COMMANDS, CommandSpec, Verb, write_markdown};

/// Most bytes that one [`Console::poll`] writes: the longest line but rows of a list, which are
/// written in pieces.
pub const CHUNK_MAX: usize = 640;

/// Most lines that wait while a list is printed. When one more comes, the oldest that nobody
/// asked for is dropped, and counted.
pub const HELD_MAX: usize = 8;

/// Numbers the commands of all consoles of a device: from 1, and never 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cids {
    last: u32,
}

impl Cids {
    /// Numbers from 1 on.
    pub const fn new() -> Self {
        Self { last: 0 }
    }

    /// The next number.
    pub const fn allocate(&mut self) -> u32 {
        self.last = self.last.wrapping_add(1);
        if self.last == 0 {
            self.last = 1;
        }
        self.last
    }
}

/// What a console looks at while it works.
pub struct Context<'a> {
    /// The machine.
    pub manager: &'a mut Manager,
    /// What the doors are told.
    pub services: &'a Services,
    /// The last events.
    pub history: &'a History,
    /// The clients of the access point.
    pub clients: &'a [Client],
    /// The numbers of the device's commands.
    pub cids: &'a mut Cids,
    /// The time.
    pub now: Instant,
    /// Writes the configuration as JSON on one line, secrets masked.
    pub config_json: fn(&Wifi, &Services, &mut dyn fmt::Write) -> fmt::Result,
    /// Reads the step jitter, where it is measured: on chips. Elsewhere `NET:JITTER` is no command.
    pub jitter: Option<fn() -> Jitter>,
    /// How the device stands with its fleet.
    pub fleet: FleetStatus,
    /// What a console wants of the device beside the machine; taken, and answered by
    /// [`Console::handle_output`] with [`Reply::Done`] or a refusal.
    pub fleet_change: &'a mut Option<FleetChange>,
}

/// Somebody gives the device a fleet server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetChange {
    /// Who.
    pub ticket: Ticket,
    /// Which.
    pub server: FleetServer,
}

/// How late a step came, in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jitter {
    /// The least.
    pub min_us: u32,
    /// The median.
    pub median_us: u32,
    /// What one in a hundred exceeds.
    pub p99_us: u32,
    /// The most.
    pub max_us: u32,
}

/// How the device stands with its fleet, as the console shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FleetStatus {
    /// Whether it belongs to one.
    pub standing: FleetStanding,
    /// What an admin compares before accepting the device; none: it has no key yet.
    pub fingerprint: Option<[u8; 8]>,
}

/// Whether the device belongs to a fleet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FleetStanding {
    /// No fleet server is set.
    #[default]
    None,
    /// It waits to be accepted.
    Pending,
    /// It was accepted and heard of the server lately.
    Ok,
    /// The server refuses it, or cannot be reached.
    Error,
}

/// What [`Console::poll`] wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    /// Nothing until bytes or outputs come.
    Idle,
    /// Another call, as soon as the sink has room again.
    More,
    /// The machine was asked: drain it, then call again.
    Asked,
    /// A line has all its answers but those that come by themselves later: a terminal may show its
    /// prompt. Then as [`Progress::Idle`].
    Answered,
}

/// A console. See the [module](self) for how it is driven.
#[derive(Debug)]
pub struct Console {
    door: Door,
    echo: bool,
    line: TypedLine,
    /// Whether the line run last is yet to be told as answered.
    answering: bool,
    /// The command whose answer the machine owes; a scan's comes when it comes.
    in_flight: Option<(u32, Asked)>,
    listing: Option<Listing>,
    held: Vec<Line, HELD_MAX>,
    dropped: u32,
}

impl Console {
    /// A console at that door. Only WebREPL's echoes from the start.
    pub fn new(door: Door) -> Self {
        Self {
            door,
            echo: door == Door::WebRepl,
            line: TypedLine::new(),
            answering: false,
            in_flight: None,
            listing: None,
            held: Vec::new(),
            dropped: 0,
        }
    }

    /// Says who is here, as a serial port does at boot; until a network was joined, with the way
    /// in for a phone. To be called before anything else.
    pub fn greet(&mut self, context: &Context<'_>) {
        self.listing = Some(Listing::new(Kind::Banner, context));
    }

    /// Whether bytes are taken: not while a line waits to be run, nor into the middle of a list
    /// by their echo.
    pub fn wants_input(&self) -> bool {
        self.line.wants_input() && !(self.echo && self.listing.is_some())
    }

    /// Whether a list is being printed: nothing else is printed into it.
    pub fn is_listing(&self) -> bool {
        self.listing.is_some()
    }

    /// Takes bytes up to the end of a line and gives how many; the rest is to be handed in again
    /// after [`Console::poll`] is done with that line. Echoes at most four bytes for each.
    pub fn handle_bytes(&mut self, bytes: &[u8], sink: &mut dyn fmt::Write) -> usize {
        for (taken, byte) in bytes.iter().enumerate() {
            if !self.wants_input() {
                return taken;
            }
            let edit = self.line.handle_byte(*byte);
            if self.echo {
                echo(edit, sink);
            }
        }
        bytes.len()
    }

    /// Takes an output of the machine, and keeps the lines that come of it for [`Console::poll`].
    /// To be called as the output is drained, while the machine's status is still of that moment.
    pub fn handle_output(&mut self, output: &Output, manager: &Manager) {
        let own = |ticket: Ticket| (ticket.door == self.door).then_some(ticket.number);
        let line = match *output {
            Output::Reply(ticket, reply) => own(ticket).and_then(|cid| self.answer(cid, reply)),
            Output::Failed(ticket, verdict) => own(ticket)
                .zip(Fault::of_verdict(verdict))
                .map(|(cid, fault)| Line::Fault(cid, fault)),
            Output::State(ticket, state) => StateLine::new(state, &manager.status())
                .map(|line| Line::State(ticket.and_then(own), line)),
            Output::Event(Event::ConfigApplied { version }) => Some(Line::ConfigApplied(version)),
            Output::Event(Event::SessionStarted { course }) => Some(Line::SessionStarted(course)),
            Output::Event(Event::SessionEnded) => Some(Line::SessionEnded),
            Output::Event(_)
            | Output::Wait(_)
            | Output::Radio(_)
            | Output::Store(_)
            | Output::ProbeInternet
            | Output::Restart => None,
        };
        if let Some(line) = line {
            self.hold(line);
        }
    }

    /// Says that the reset button was held long enough.
    pub fn handle_long_press(&mut self) {
        self.hold(Line::ResetButton);
    }

    /// Does the next thing: a piece of a list, a line that waited, a command of the line typed.
    /// Writes at most [`CHUNK_MAX`] bytes; what the sink does not take is lost.
    pub fn poll(&mut self, context: &mut Context<'_>, sink: &mut dyn fmt::Write) -> Progress {
        if let Some(listing) = &mut self.listing {
            // A sink that fails ends the list: nobody is there to read it.
            if !listing.poll(context, sink).unwrap_or(false) {
                self.listing = None;
            }
            return Progress::More;
        }
        if !self.held.is_empty() {
            let line = self.held.remove(0);
            self.print(line, context, sink);
            return Progress::More;
        }
        self.run(context, sink)
    }

    /// How many lines were dropped because too many came during a list.
    pub fn dropped(&self) -> u32 {
        self.dropped
    }

    /// The line for what the machine answers.
    fn answer(&mut self, cid: u32, reply: Reply) -> Option<Line> {
        let asked = self.in_flight.take_if(|(waiting, _)| *waiting == cid);
        let asked = asked.map(|(_, asked)| asked);
        Some(match reply {
            // An edit of the network in use is proved too, and still answered as an edit.
            Reply::Accepted => Line::Done(cid, asked.unwrap_or(Asked::Join)),
            Reply::Done => Line::Done(cid, asked?),
            Reply::Known(count) => Line::Known(cid, count),
            Reply::Scanned => Line::Scanned(cid),
            Reply::Refused(refusal) => Line::Fault(cid, Fault::of_refusal(refusal)),
        })
    }

    fn hold(&mut self, line: Line) {
        if self.held.is_full() {
            self.dropped = self.dropped.saturating_add(1);
            let unasked = self.held.iter().position(Line::is_unasked);
            self.held.remove(unasked.unwrap_or(0));
        }
        let _ = self.held.push(line);
    }
}

fn echo(edit: Edit, sink: &mut dyn fmt::Write) {
    // An echo that the sink has no room for is not worth waiting for.
    let _ = match edit {
        Edit::Typed(c) => sink.write_char(c),
        Edit::Erased => sink.write_str("\x08 \x08"),
        Edit::Ended => sink.write_str(reply::EOL),
        Edit::Unseen => Ok(()),
    };
}
