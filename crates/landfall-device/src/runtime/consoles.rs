//! The consoles of a device: between their bytes, which tasks bring and fetch, and the machine,
//! which the runner alone feeds.

use core::fmt::{self, Write};

use heapless::{Deque, Vec};
use landfall_core::command::Door;
use landfall_core::config::{ConfigRef, Secrets, Services, Wifi};
use landfall_core::console::{CHUNK_MAX, Cids, Console, Context, FleetStatus, Progress};
use landfall_core::event::History;
use landfall_core::manager::{Manager, Output};
use landfall_core::status::Client;
use landfall_core::time::Instant;

/// Most consoles at once: a serial port or two, and WebREPL.
pub const CONSOLES_MAX: usize = 3;
/// Most bytes that wait to be typed in, a line among them.
pub const INPUT_MAX: usize = 256;
/// Most bytes that wait to be printed: a console goes on when there is room for its longest line.
pub const OUTPUT_MAX: usize = 2 * CHUNK_MAX;
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
    input: Deque<u8, INPUT_MAX>,
    output: Deque<u8, OUTPUT_MAX>,
}

/// Where a console prints to. What has no room is lost: room is looked for before.
struct Sink<'a>(&'a mut Deque<u8, OUTPUT_MAX>);

impl Write for Sink<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes()
            .try_for_each(|byte| self.0.push_back(byte))
            .map_err(|_| fmt::Error)
    }
}

impl Consoles {
    pub(super) const fn new() -> Self {
        Self {
            cids: Cids::new(),
            ports: Vec::new(),
        }
    }

    pub(super) fn open(
        &mut self,
        door: Door,
        manager: &mut Manager,
        services: &Services,
        history: &History,
        clients: &[Client],
        now: Instant,
    ) -> bool {
        self.close(door);
        let mut console = Console::new(door);
        if let Door::Serial(_) = door {
            let cids = &mut self.cids;
            console.greet(&context(manager, services, history, clients, cids, now));
        }
        let port = Port {
            door,
            console,
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
        let room = INPUT_MAX - port.input.len();
        for byte in bytes.iter().take(room) {
            // There is room for it.
            let _ = port.input.push_back(*byte);
        }
        bytes.len().min(room)
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
        }
    }

    pub(super) fn long_press(&mut self) {
        for port in &mut self.ports {
            port.console.handle_long_press();
        }
    }

    /// Does the next thing of each console. False: none has anything to do now. Ends early where
    /// one asked the machine, which is to be drained first.
    pub(super) fn go_on(
        &mut self,
        manager: &mut Manager,
        services: &Services,
        history: &History,
        clients: &[Client],
        now: Instant,
    ) -> bool {
        let mut went_on = false;
        for port in &mut self.ports {
            let cids = &mut self.cids;
            let mut context = context(manager, services, history, clients, cids, now);
            match port.go_on(&mut context) {
                Step::Rested => {}
                Step::WentOn => went_on = true,
                Step::Asked => return true,
            }
        }
        went_on
    }
}

enum Step {
    Rested,
    WentOn,
    Asked,
}

impl Port {
    fn go_on(&mut self, context: &mut Context<'_>) -> Step {
        let typed = self.take_input();
        if OUTPUT_MAX - self.output.len() < CHUNK_MAX {
            return if typed { Step::WentOn } else { Step::Rested };
        }
        match self.console.poll(context, &mut Sink(&mut self.output)) {
            Progress::More => Step::WentOn,
            Progress::Asked => Step::Asked,
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

fn context<'a>(
    manager: &'a mut Manager,
    services: &'a Services,
    history: &'a History,
    clients: &'a [Client],
    cids: &'a mut Cids,
    now: Instant,
) -> Context<'a> {
    Context {
        manager,
        services,
        history,
        clients,
        cids,
        now,
        config_json,
        jitter: None,
        fleet: FleetStatus::default(),
    }
}

fn config_json(wifi: &Wifi, services: &Services, out: &mut dyn Write) -> fmt::Result {
    let config = ConfigRef { wifi, services };
    write!(out, "{}", config.json(Secrets::Masked))
}
