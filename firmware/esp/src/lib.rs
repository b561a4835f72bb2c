//! Landfall on chips of Espressif: what a firmware is made of.
//!
//! [`Landfall::start`] brings up the radio, the store and the machine; the handle it gives is a program's own
//! ([`Wifi`]), and what else of Landfall a firmware wants it opens by name. A door that is not opened costs neither flash nor
//! RAM.
//!
//! ```text
//!  main ── Landfall::start ──► tasks: runner (radio, flash), two network stacks
//!            │ .portal()  .fleet()  …  ──► tasks of the doors
//!            └ .wifi  ──► the program's own tasks
//! ```
#![no_std]

pub mod board;
pub mod button;
pub mod crash;
mod doors;
pub mod flash;
pub mod jitter;
pub mod led;
pub mod lock;
mod logger;
mod panel;
pub mod radio;
mod start;
pub mod step;
mod tasks;
pub mod watchdog;

pub use doors::SerialError;
pub use start::{Landfall, Parts, StartError, init_heap};

use landfall_device::runtime;
use landfall_embassy::EmbassyClock;
use lock::TaskLock;

/// The handle on the device.
pub type Wifi = runtime::Wifi<EmbassyClock, TaskLock>;
/// The device. There is one: a chip has one radio.
pub type Shared = runtime::Shared<EmbassyClock, TaskLock>;
