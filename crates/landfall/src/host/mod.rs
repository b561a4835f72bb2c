//! Simulated devices in our time: radios on one air, flash in folders, serial ports as
//! pseudo-terminals, and HTTP on ports of 127.0.0.1.
//!
//! Each device has a thread with everything of it that waits; the air has one. A device that
//! restarts is made anew from its flash, on the same ports and the same pseudo-terminal.

mod board;
mod clock;
mod device;
mod doors;
mod flash;
mod port;
mod pty;
mod ready;
mod simulation;
mod socket;
mod storage;
mod world;

pub use board::Board;
pub use clock::DeviceClock;
pub use device::{DeviceOptions, SimDevice};
pub use flash::SharedFlash;
pub use port::{OpenPort, Port};
pub use pty::Pty;
pub use ready::{DeviceReady, Ready, ServerReady};
pub use simulation::{End, Options, Simulation, StartError};
pub use socket::{AirSocket, ask};
pub use world::{SimRadio, World};
