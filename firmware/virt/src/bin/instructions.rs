//! Counts the instructions that the machine takes for an input, outputs drained.
//!
//! What it goes through is what `cargo bench -p landfall-core --bench input` measures on a host. To be
//! run with `-icount shift=0`, so that QEMU's counter counts instructions and not time.
#![no_std]
#![no_main]

extern crate alloc;

#[path = "../../../../crates/landfall-core/benches/session/mod.rs"]
mod session;

use alloc::boxed::Box;
use core::hint::black_box;

use landfall_core::config::{Identity, MAX_NETWORKS};
use landfall_core::manager::Input;
use landfall_virt::machine::{heap, power};
use riscv::register::minstret;
use riscv_rt::entry;
use session::{ROUND_INPUTS, Run, TURNS, round, session, turn};

#[entry]
fn main() -> ! {
    heap::init();
    let identity = Box::leak(Box::new(session::identity()));
    // What the counting itself takes.
    let floor = count(|| ());
    for name in TURNS {
        let (mut run, input) = before(identity, turn(name));
        tell(name, count(|| run.step(input)) - floor);
    }
    let mut run = Run::new(identity, MAX_NETWORKS);
    let inputs = session();
    let number = inputs.len() as u64;
    let whole = count(|| inputs.into_iter().for_each(|input| run.step(input))) - floor;
    tell("mean of a session", whole / number);
    let mut run = Run::new(identity, MAX_NETWORKS);
    let whole = count(|| _ = black_box(round(&mut run))) - floor;
    tell("mean of a failing round", whole / ROUND_INPUTS as u64);
    power::off()
}

/// A machine just before that turn of a session, and the input there.
fn before(identity: &'static Identity, at: usize) -> (Run, Input) {
    let mut inputs = session();
    let input = inputs.swap_remove(at);
    let mut run = Run::new(identity, MAX_NETWORKS);
    inputs.truncate(at);
    inputs.into_iter().for_each(|input| run.step(input));
    (run, input)
}

fn count(what: impl FnOnce()) -> u64 {
    let before = minstret::read64();
    what();
    minstret::read64() - before
}

fn tell(what: &str, instructions: u64) {
    semihosting::println!("{what}: {instructions}");
}
