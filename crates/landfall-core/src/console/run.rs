//! Runs the commands of a line, one at a time.

use core::fmt::{self, Write};

use super::editor::Ready;
use super::grammar;
use super::list::{Kind, Listing};
use super::reply::{self, Asked, EOL, Fault, Line};
use super::request::{Ask, Credentials, FleetServer, Request, Tell};
use super::table::{Busy, CommandSpec, Verb};
use super::{Console, Context, FleetChange, Progress};
use crate::command::{Command, Ticket};
use crate::config::{ApSecurity, ApSettings, KnownNetwork, Security, Wifi};
use crate::manager::{Input, Manager};
use crate::text::Quoted;

impl Console {
    /// Runs the next command of the line typed, if it need not wait.
    pub(super) fn run(&mut self, context: &mut Context<'_>, sink: &mut dyn Write) -> Progress {
        let (used, request) = match self.line.ready() {
            Ready::Nothing => return self.rest(),
            Ready::TooLong => (0, Some(Err(Fault::LineTooLong))),
            Ready::Commands(line) => {
                let written = grammar::read(line);
                let request = (!written.verb.is_empty() || written.fields.count() > 0)
                    .then(|| understand(&written, context.manager));
                (written.used, request)
            }
        };
        if let Some(Ok(request)) = &request
            && request.asks_machine()
            && (self.in_flight.is_some() || !context.manager.takes_commands())
        {
            return Progress::Idle;
        }
        self.answering |= self.line.consume(used);
        match request {
            None => Progress::More,
            Some(Ok(request)) => self.execute(request, context, sink),
            Some(Err(fault)) => {
                let cid = context.cids.allocate();
                self.print(Line::Fault(cid, fault), context, sink);
                Progress::More
            }
        }
    }

    /// Nothing is left to run: is the last line answered by now?
    fn rest(&mut self) -> Progress {
        if self.in_flight.is_none() && core::mem::take(&mut self.answering) {
            Progress::Answered
        } else {
            Progress::Idle
        }
    }

    // Inlined, it is there once for every kind of request: a fifth of the console's code.
    #[inline(never)]
    fn execute(
        &mut self,
        request: Request,
        context: &mut Context<'_>,
        sink: &mut dyn Write,
    ) -> Progress {
        match request {
            Request::Help => {
                self.listing = Some(Listing::new(Kind::Help, context));
                Progress::More
            }
            Request::Scan => self.scan(context.cids.allocate(), context, sink),
            Request::Ask(ask) => {
                let cid = context.cids.allocate();
                let (asked, command) = command(ask, context.manager.wifi());
                self.in_flight = Some((cid, asked));
                self.put(cid, command, context)
            }
            Request::SetFleet(server) => {
                let cid = context.cids.allocate();
                self.set_fleet(cid, server, context, sink);
                Progress::More
            }
            Request::Tell(tell) => {
                let cid = context.cids.allocate();
                self.tell(cid, &tell, context, sink);
                Progress::More
            }
        }
    }

    fn put(&self, cid: u32, command: Command, context: &mut Context<'_>) -> Progress {
        let ticket = Ticket {
            door: self.door,
            number: cid,
        };
        let input = Input::Command(ticket, command);
        context.manager.handle(input, context.now);
        Progress::Asked
    }

    /// The device stores it; one change at a time.
    fn set_fleet(
        &mut self,
        cid: u32,
        server: FleetServer,
        context: &mut Context<'_>,
        sink: &mut dyn Write,
    ) {
        if context.fleet_change.is_some() {
            return self.print(Line::Fault(cid, Fault::Busy("")), context, sink);
        }
        let ticket = Ticket {
            door: self.door,
            number: cid,
        };
        *context.fleet_change = Some(FleetChange { ticket, server });
        self.in_flight = Some((cid, Asked::Fleet));
    }

    /// The rows come later; who scans does not wait for them.
    fn scan(&mut self, cid: u32, context: &mut Context<'_>, sink: &mut dyn Write) -> Progress {
        if !context.manager.ap_stays() {
            self.print(Line::Fault(cid, Fault::ScanApOnly), context, sink);
            return Progress::More;
        }
        say(sink, format_args!("CTRL:ACK CID={cid} scanning=1{EOL}"));
        self.put(cid, Command::Scan, context)
    }

    fn tell(&mut self, cid: u32, tell: &Tell, context: &Context<'_>, sink: &mut dyn Write) {
        match tell {
            Tell::Status => {
                let (status, ap) = (context.manager.status(), context.manager.ap_target());
                let _ = reply::write_status(cid, &status, ap.key, self.door, sink);
            }
            Tell::Mode => print_done(cid, Asked::Mode(context.manager.wifi().mode), context, sink),
            Tell::Ap => print_done(cid, Asked::Ap, context, sink),
            Tell::Fleet => {
                say(sink, format_args!("CTRL:ACK CID={cid} "));
                let _ = reply::write_fleet(context, sink);
            }
            Tell::Jitter => self.tell_jitter(cid, context, sink),
            Tell::Echo(on) => {
                self.echo = *on;
                let word = if *on { "on" } else { "off" };
                say(sink, format_args!("CTRL:ACK CID={cid} echo={word}{EOL}"));
            }
            Tell::Qr if self.door.is_local() => self.list(Verb::Qr, cid, context),
            Tell::Qr => {
                let fault = Fault::BadField("local_only");
                self.print(Line::Fault(cid, fault), context, sink);
            }
            Tell::List(verb) => self.list(*verb, cid, context),
        }
    }

    fn tell_jitter(&mut self, cid: u32, context: &Context<'_>, sink: &mut dyn Write) {
        match context.jitter.map(|read| read()) {
            Some(jitter) => say(
                sink,
                format_args!(
                    "CTRL:ACK CID={cid} min={} median={} p99={} max={}{EOL}",
                    jitter.min_us, jitter.median_us, jitter.p99_us, jitter.max_us
                ),
            ),
            None => self.print(Line::Fault(cid, Fault::UnknownVerb), context, sink),
        }
    }

    fn list(&mut self, verb: Verb, cid: u32, context: &Context<'_>) {
        self.listing = Some(Listing::new(Kind::Framed(verb, cid), context));
    }

    /// Prints a line, or begins the list that it stands for.
    pub(super) fn print(&mut self, line: Line, context: &Context<'_>, sink: &mut dyn Write) {
        match line {
            Line::Fault(cid, fault) => say(sink, format_args!("CTRL:ERR CID={cid} {fault}{EOL}")),
            Line::Known(cid, n) => say(sink, format_args!("CTRL:ACK CID={cid} known={n}{EOL}")),
            Line::Done(cid, asked) => print_done(cid, asked, context, sink),
            Line::Scanned(cid) => self.list(Verb::List, cid, context),
            Line::State(cid, state) => {
                let _ = state.write(cid, sink);
            }
            Line::ConfigApplied(version) => {
                say(
                    sink,
                    format_args!("CTRL: NET:CONFIG_APPLIED version={version}{EOL}"),
                );
            }
            Line::SessionStarted(course) => {
                let course = Quoted(course.as_bytes());
                say(
                    sink,
                    format_args!("CTRL: NET:SESSION_STARTED course={course}{EOL}"),
                );
            }
            Line::SessionEnded => say(sink, format_args!("CTRL: NET:SESSION_ENDED{EOL}")),
            Line::ResetButton => say(sink, format_args!("CTRL: NET:RESET_BUTTON LONG_PRESS{EOL}")),
        }
    }
}

fn understand(written: &grammar::Written<'_>, manager: &Manager) -> Result<Request, Fault> {
    let spec = CommandSpec::find(written.verb).ok_or(Fault::UnknownVerb)?;
    let asks_only = written.fields.count() == 0 && spec.takes(0);
    let is_refused = match spec.busy {
        Busy::Never => false,
        Busy::Proving => !asks_only && manager.is_proving(),
        Busy::Always => manager.is_busy(),
    };
    if is_refused {
        return Err(Fault::Busy(""));
    }
    Request::new(spec, &written.fields)
}

fn print_done(cid: u32, asked: Asked, context: &Context<'_>, sink: &mut dyn Write) {
    say(sink, format_args!("CTRL:ACK CID={cid} "));
    match asked {
        Asked::Join => say(sink, format_args!("connecting=1{EOL}")),
        Asked::Reset => say(sink, format_args!("reset=1{EOL}")),
        Asked::Reboot => say(sink, format_args!("reboot=1{EOL}")),
        Asked::Mode(mode) => say(sink, format_args!("mode={mode}{EOL}")),
        Asked::Ap => {
            let _ = reply::write_ap(context, sink);
        }
        Asked::Fleet => {
            let _ = reply::write_fleet(context, sink);
        }
        Asked::Edit => {
            let known = context.manager.wifi().networks.len();
            say(sink, format_args!("known={known}{EOL}"));
        }
    }
}

// Inlined, each command's networks and keys are moved word by word: 4.6 KB on a chip.
#[inline(never)]
fn command(ask: Ask, wifi: &Wifi) -> (Asked, Command) {
    match ask {
        Ask::Join(Credentials { ssid, security }) => {
            (Asked::Join, Command::Join { ssid, security })
        }
        Ask::Add(credentials) => {
            let network = edited(wifi.networks.iter(), credentials);
            (Asked::Edit, Command::Add(network))
        }
        Ask::Remove(ssid) => (Asked::Edit, Command::Remove(ssid)),
        Ask::Mode(mode) => (Asked::Mode(mode), Command::SetMode(mode)),
        Ask::Ap(credentials) => (Asked::Ap, Command::SetAp(edited_ap(&wifi.ap, credentials))),
        Ask::Reset => (Asked::Reset, Command::Reset),
        Ask::Reboot => (Asked::Reboot, Command::Reboot),
    }
}

/// The network of that name with another key, everything else as it was; or a new one.
fn edited<'a>(
    mut known: impl Iterator<Item = &'a KnownNetwork>,
    credentials: Credentials,
) -> KnownNetwork {
    let Credentials { ssid, security } = credentials;
    match known.find(|network| network.ssid == ssid) {
        Some(network) => KnownNetwork {
            proven: network.proven && network.security == security,
            security,
            ..network.clone()
        },
        None => KnownNetwork::new(ssid, security),
    }
}

fn edited_ap(settings: &ApSettings, credentials: Credentials) -> ApSettings {
    ApSettings {
        ssid: Some(credentials.ssid),
        security: match credentials.security {
            Security::Open => ApSecurity::Open,
            Security::Personal(key) => ApSecurity::Key(key),
        },
        ..settings.clone()
    }
}

/// Writes to a sink whose owner made room for [`CHUNK_MAX`](super::CHUNK_MAX) bytes; one that is
/// gone hears nothing.
fn say(sink: &mut dyn Write, text: fmt::Arguments<'_>) {
    let _ = sink.write_fmt(text);
}
