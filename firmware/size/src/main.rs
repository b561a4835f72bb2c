//! A program that is nothing but the core, for `cargo xtask size` to take its size.
//!
//! It never runs. It names what a device calls, so that the linker keeps all of that and drops the
//! rest.
#![no_std]
#![no_main]

use core::hint::black_box;
use core::panic::PanicInfo;

use landfall_core::config::Identity;
use landfall_core::manager::{Boot, Input, Manager, Output};
use landfall_core::time::Instant;

/// Read out of the program by `cargo xtask size`.
#[unsafe(no_mangle)]
static LANDFALL_MANAGER_SIZE: u32 = size_of::<Manager>() as u32;

/// The same of what a `Manager` holds by reference for as long as the device runs.
#[unsafe(no_mangle)]
static LANDFALL_IDENTITY_SIZE: u32 = size_of::<Identity>() as u32;

/// Where a program begins that no chip starts.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    black_box((&LANDFALL_MANAGER_SIZE, &LANDFALL_IDENTITY_SIZE));
    // Addresses alone: what is called with known arguments would be measured for them only.
    black_box(Manager::new as fn(Boot) -> Manager);
    black_box(Manager::handle as fn(&mut Manager, Input, Instant));
    black_box(Manager::poll_output as fn(&mut Manager) -> Output);
    black_box(Manager::takes_commands as fn(&Manager) -> bool);
    black_box(Manager::status as fn(&Manager) -> landfall_core::status::Status);
    loop {}
}

#[panic_handler]
fn panic(_: &PanicInfo) -> ! {
    loop {}
}
