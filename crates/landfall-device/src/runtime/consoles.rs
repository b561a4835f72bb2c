//! The consoles of a device: between their bytes, which tasks bring and fetch, and the machine,
//! which the runner alone feeds.

use core::fmt::{self, Write};

use heapless::{Deque, Vec};
use landfall_core::command::Door;
use landfall_core::config::{ConfigRef, Secrets, Services, Wifi};
use landfall_core::console::{
    CHUNK_MAX, Cids, Console, Context, FleetChange, FleetStatus, Jitter, Progress,
};
use landfall_core::event::History;
use landfall_core::improv::{MAGIC, Text};
use landfall_core::manager::{Manager, Output};
use landfall_core::status::Client;
use landfall_core::time::Instant;

use super::improv::{Desk, Improv, STEP_MAX};

/// Most consoles at once: a serial port or two, WebREPL, and MQTT.
pub const CONSOLES_MAX: usize = 4;
/// Most bytes that wait to be typed in, a line among them.
pub const INPUT_MAX: usize = 256;
/// Most bytes that wait to be printed: a console goes on when there is room for its longest line.
pub const OUTPUT_MAX: usize = 2 * CHUNK_MAX;
/// What a terminal shows when a line is answered.
const PROMPT: &str = ">>> ";
/// What begins a line that belongs to no command.
const REMARK: &str = "# ";
/// What ends a line.
const LINE_END: &str = "\r\n";
/// Bytes of an echo for one byte typed.
const ECHO_MAX: usize = 4;

/// All of them, and the counter of their commands.
#[derive(Debug)]
pub(super) struct Consoles {
    cids: Cids,
    ports: Vec<Port, CONSOLES_MAX>,
}

#[derive(Debug)]
struct Port {
    door: Door,
    console: Console,
    /// Who else is heard on a serial port.
    improv: Option<Improv>,
    input: Deque<u8, INPUT_MAX>,
    output: Printed,
}

/// What waits to be printed.
pub(super) type Printed = Deque<u8, OUTPUT_MAX>;

/// Where a console prints to. What has no room is lost: room is looked for before.
struct Sink<'a>(&'a mut Printed);

impl Write for Sink<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes()
            .try_for_each(|byte| self.0.push_back(byte))
            .map_err(|_| fmt::Error)
    }
}

impl Consoles {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self {
            cids: Cids::new(),
            ports: Vec::new(),
        }
    }

    pub(super) fn open(&mut self, door: Door, around: &mut Around<'_>) -> bool {
        self.close(door);
        let mut console = Console::new(door);
        let mut improv = None;
        if let Door::Serial(number) = door {
            let cids = &mut self.cids;
            console.greet(&around.context(cids));
            improv = Some(Improv::new(number));
        }
        let port = Port {
            door,
            console,
            improv,
            input: Deque::new(),
            output: Deque::new(),
        };
        self.ports.push(port).is_ok()
    }

    pub(super) fn close(&mut self, door: Door) {
        self.ports.retain(|port| port.door != door);
    }

    fn port(&mut self, door: Door) -> Option<&mut Port> {
        self.ports.iter_mut().find(|port| port.door == door)
    }

    /// Bytes for a console that is not there are taken and lost.
    pub(super) fn type_in(&mut self, door: Door, bytes: &[u8]) -> usize {
        let Some(port) = self.port(door) else {
            return bytes.len();
        };
        for (taken, byte) in bytes.iter().enumerate() {
            if !port.wants_input() {
                return taken;
            }
            port.take(*byte);
        }
        bytes.len()
    }

    /// Whether [`silence`](Self::silence) would change anything.
    pub(super) fn awaits_silence(&self, door: Door) -> bool {
        let port = self.ports.iter().find(|port| port.door == door);
        let improv = port.and_then(|port| port.improv.as_ref());
        improv.is_some_and(Improv::awaits_silence)
    }

    /// Nothing was typed in for a while.
    pub(super) fn silence(&mut self, door: Door) {
        if let Some(port) = self.port(door)
            && let Some(improv) = &mut port.improv
        {
            let text = improv.handle_silence();
            port.type_in(text);
        }
    }

    /// When the next answer that is owed over a port has taken too long.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.ports.iter().filter_map(Port::poll_timeout).min()
    }

    pub(super) fn printed(&mut self, door: Door, buf: &mut [u8]) -> usize {
        let Some(port) = self.port(door) else {
            return 0;
        };
        let mut n = 0;
        while n < buf.len()
            && let Some(byte) = port.output.pop_front()
        {
            buf[n] = byte;
            n += 1;
        }
        n
    }

    /// Tells all of them what the machine gave.
    pub(super) fn hear(&mut self, output: &Output, manager: &Manager) {
        for port in &mut self.ports {
            port.console.handle_output(output, manager);
            if let Some(improv) = &mut port.improv {
                improv.handle_output(output);
            }
        }
    }

    /// Prints a line of nobody's at the serial ports that have room for it; false where a list is being
    /// printed at one, into which nothing else may come.
    pub(super) fn remark(&mut self, line: &str) -> bool {
        let is_serial = |port: &&mut Port| port.improv.is_some();
        let mut serial = self.ports.iter_mut().filter(is_serial);
        if serial.any(|port| port.console.is_listing()) {
            return false;
        }
        for port in self.ports.iter_mut().filter(is_serial) {
            let room = OUTPUT_MAX - port.output.len();
            if room >= REMARK.len() + line.len() + LINE_END.len() {
                // There is room, as was looked for.
                let _ = write!(Sink(&mut port.output), "{REMARK}{line}{LINE_END}");
            }
        }
        true
    }

    pub(super) fn long_press(&mut self) {
        for port in &mut self.ports {
            port.console.handle_long_press();
        }
    }

    /// Does the next thing of each console. False: none has anything to do now. Ends early where
    /// one asked the machine, which is to be drained first.
    pub(super) fn go_on(&mut self, around: &mut Around<'_>, mut desk: Desk<'_>) -> bool {
        let mut went_on = false;
        for port in &mut self.ports {
            let cids = &mut self.cids;
            match port.go_on(&mut around.context(cids), &mut desk) {
                Step::Rested => {}
                Step::WentOn => went_on = true,
                Step::Asked => return true,
            }
        }
        went_on
    }
}

/// What became of a look at a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// There was nothing to do, or no room for it.
    Rested,
    /// Something was done.
    WentOn,
    /// The machine was asked, and is to be drained first.
    Asked,
}

impl Port {
    /// Whether a byte would be taken: it may let all the bytes through that are held before it.
    fn wants_input(&self) -> bool {
        INPUT_MAX - self.input.len() >= MAGIC.len()
            && self.improv.as_ref().is_none_or(Improv::wants_input)
    }

    fn take(&mut self, byte: u8) {
        match &mut self.improv {
            Some(improv) => {
                let text = improv.handle_byte(byte);
                self.type_in(text);
            }
            // There is room for it.
            None => drop(self.input.push_back(byte)),
        }
    }

    fn type_in(&mut self, text: Text) {
        for byte in text.bytes() {
            // There is room for as many as are held.
            let _ = self.input.push_back(byte);
        }
    }

    /// Whether frames may be printed now: not into a list.
    fn has_room_for_frames(&self) -> bool {
        !self.console.is_listing() && OUTPUT_MAX - self.output.len() >= STEP_MAX
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let improv = self.improv.as_ref().filter(|_| self.has_room_for_frames());
        improv.and_then(Improv::poll_timeout)
    }

    fn go_on(&mut self, context: &mut Context<'_>, desk: &mut Desk<'_>) -> Step {
        let has_room = self.has_room_for_frames();
        if let Some(improv) = self.improv.as_mut().filter(|_| has_room) {
            let step = improv.go_on(context, desk, &mut self.output);
            if step != Step::Rested {
                return step;
            }
        }
        let typed = self.take_input();
        if OUTPUT_MAX - self.output.len() < CHUNK_MAX {
            return if typed { Step::WentOn } else { Step::Rested };
        }
        let mut sink = Sink(&mut self.output);
        match self.console.poll(context, &mut sink) {
            Progress::More => Step::WentOn,
            Progress::Asked => Step::Asked,
            Progress::Answered if self.door == Door::WebRepl => {
                // An answer is shorter than what there was room for.
                let _ = sink.write_str(PROMPT);
                Step::WentOn
            }
            Progress::Idle | Progress::Answered if typed => Step::WentOn,
            Progress::Idle | Progress::Answered => Step::Rested,
        }
    }

    /// Hands over what was typed; false where nothing was taken.
    fn take_input(&mut self) -> bool {
        let mut taken = false;
        while OUTPUT_MAX - self.output.len() >= ECHO_MAX
            && self.console.wants_input()
            && let Some(byte) = self.input.pop_front()
        {
            taken |= self
                .console
                .handle_bytes(&[byte], &mut Sink(&mut self.output))
                > 0;
        }
        taken
    }
}

/// What the consoles look at: the device, but for themselves.
pub(super) struct Around<'a> {
    pub(super) manager: &'a mut Manager,
    pub(super) services: &'a Services,
    pub(super) history: &'a History,
    pub(super) clients: &'a [Client],
    pub(super) fleet: FleetStatus,
    pub(super) fleet_change: &'a mut Option<FleetChange>,
    pub(super) jitter: Option<fn() -> Jitter>,
    pub(super) now: Instant,
}

impl Around<'_> {
    fn context<'c>(&'c mut self, cids: &'c mut Cids) -> Context<'c> {
        Context {
            manager: self.manager,
            services: self.services,
            history: self.history,
            clients: self.clients,
            cids,
            now: self.now,
            config_json,
            jitter: self.jitter,
            fleet: self.fleet,
            fleet_change: self.fleet_change,
        }
    }
}

fn config_json(wifi: &Wifi, services: &Services, out: &mut dyn Write) -> fmt::Result {
    let config = ConfigRef { wifi, services };
    write!(out, "{}", config.json(Secrets::Masked))
}
