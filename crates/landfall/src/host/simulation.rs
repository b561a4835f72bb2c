//! A whole simulation: an air, the devices on it, and the hands that change it while it runs.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use landfall_sim::air::answer::Answer;
use landfall_sim::air::command::{Command, HostCommand};
use landfall_sim::air::file::{Addition, AirFile};
use landfall_sim::flash::OpenError;

use super::{AirSocket, DeviceOptions, Ready, SimDevice, World};

/// What a simulation is made of.
#[derive(Debug)]
pub struct Options {
    /// The air.
    pub air: AirFile,
    /// The devices, one at least. The button, the LED and the flash of the air's commands are those
    /// of the first.
    pub devices: Vec<DeviceOptions>,
}

/// A simulation that runs until it is dropped with the program.
pub struct Simulation {
    devices: Vec<SimDevice>,
    socket: AirSocket,
    ends: Receiver<End>,
    tell: Sender<End>,
}

/// Why a simulation ends by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The power of a flash went, as its plan said.
    PowerCut,
    /// The user wants it.
    Asked,
    /// A device cannot go on.
    Failed(String),
}

/// Why a simulation did not start.
#[derive(Debug)]
pub enum StartError {
    /// The flash of a device cannot be had.
    Flash(OpenError),
    /// A port cannot be had.
    Port(io::Error),
    /// There is no pseudo-terminal.
    Pty(io::Error),
    /// There is no thread.
    Thread(io::Error),
    /// The socket of the air cannot be had.
    Socket(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(error) => error.fmt(f),
            Self::Port(error) => write!(f, "port: {error}; choose another --port-base"),
            Self::Pty(error) => write!(f, "pseudo-terminal: {error}; see that /dev/pts is mounted"),
            Self::Thread(error) => write!(f, "thread: {error}; end other programs"),
            Self::Socket(error) => write!(f, "air socket: {error}; set XDG_RUNTIME_DIR"),
        }
    }
}

impl std::error::Error for StartError {}

impl Simulation {
    /// Takes all doors and boots the devices. When it comes back everything listens; the first
    /// scans have just begun.
    pub fn start(options: Options) -> Result<Self, StartError> {
        let (tell, ends) = channel();
        let socket = AirSocket::bind().map_err(StartError::Socket)?;
        let world = World::start(options.air);
        let devices = options
            .devices
            .into_iter()
            .map(|device| SimDevice::start(device, &world, tell.clone()))
            .collect::<Result<Vec<_>, _>>()?;
        let hands = Hands {
            world,
            devices: devices.clone(),
        };
        let serve = move |line: &str| hands.obey(line).to_wire();
        socket.serve(serve).map_err(StartError::Socket)?;
        Ok(Self {
            devices,
            socket,
            ends,
            tell,
        })
    }

    /// The devices.
    pub fn devices(&self) -> &[SimDevice] {
        &self.devices
    }

    /// Where everything is.
    pub fn ready(&self) -> Ready {
        Ready {
            air: self.socket.path().display().to_string(),
            devices: self.devices.iter().map(|d| d.ready().clone()).collect(),
            server: None,
        }
    }

    /// Tells [`wait`](Self::wait) to end.
    pub fn stopper(&self) -> Sender<End> {
        self.tell.clone()
    }

    /// Waits for the end.
    pub fn wait(&self) -> End {
        // A sender is held by ourselves.
        self.ends.recv().unwrap_or(End::Asked)
    }
}

/// What the commands of the air's socket reach.
struct Hands {
    world: Arc<World>,
    devices: Vec<SimDevice>,
}

impl Hands {
    fn obey(&self, line: &str) -> Answer {
        match Command::parse(line) {
            Ok(Command::Air(command)) => self.world.with(|air, now| air.obey(&command, now)),
            Ok(Command::Host(HostCommand::Add(file))) => self.add(&file),
            Ok(Command::Host(HostCommand::FlashFails(failing))) => {
                for device in &self.devices {
                    device.flash().with(|flash| flash.set_failing(failing));
                }
                Answer::done()
            }
            Ok(Command::Host(HostCommand::Button(ms))) => self.button(ms),
            Ok(Command::Host(HostCommand::Led)) => self.led(),
            Err(error) => Answer::error(error),
        }
    }

    fn add(&self, file: &Path) -> Answer {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return Answer::error(format_args!("{}: {error}", file.display())),
        };
        self.world.with(|air, now| {
            let known = |name: &str| air.has_access_point(name);
            match Addition::parse(&file.display().to_string(), &text, known) {
                Ok(addition) => match air.add(addition, now) {
                    Ok(()) => Answer::done(),
                    Err(error) => Answer::error(error),
                },
                Err(error) => Answer::error(error),
            }
        })
    }

    fn button(&self, ms: u32) -> Answer {
        match self.devices.first() {
            Some(device) => {
                device.hold_button(ms);
                Answer::done()
            }
            None => Answer::error("there is no device"),
        }
    }

    fn led(&self) -> Answer {
        match self.devices.first() {
            Some(device) => Answer::row(&device.led()),
            None => Answer::error("there is no device"),
        }
    }
}
