//! Plays scenarios and writes what happened in them, as `landfall soak --play` does on a host.
//!
//! The folder that QEMU runs in has a file `list` with the paths of scenarios, a line each; beside
//! it comes a file for each of them, `0.log` for the first. Invariant I8 is that those are the
//! same on every machine.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::format;
use alloc::string::String;

use landfall_sim::world::scenario::Scenario;
use landfall_virt::machine::{heap, power};
use riscv_rt::entry;
use semihosting::fs;
use semihosting::io::{Read, Write};

/// Bytes that are read of a file at once.
const PIECE_LEN: usize = 1024;

#[entry]
fn main() -> ! {
    heap::init();
    match read("list").and_then(|list| play_all(&list)) {
        Ok(()) => power::off(),
        Err(error) => {
            semihosting::eprintln!("{error}");
            power::fail()
        }
    }
}

fn play_all(list: &str) -> Result<(), String> {
    for (number, path) in list.lines().enumerate() {
        let journal = play(path)?;
        write(&format!("{number}.log"), &journal)?;
    }
    Ok(())
}

/// What happens in that scenario, as a line each.
fn play(path: &str) -> Result<String, String> {
    let scenario =
        Scenario::parse(path, &read(path)?).map_err(|error| format!("{path}: {error}"))?;
    let mut world = scenario.world();
    world.keep_journal();
    scenario
        .play(&mut world)
        .map_err(|violation| format!("{path}: {violation}\n{}", world.journal()))?;
    Ok(world.journal().into())
}

fn read(path: &str) -> Result<String, String> {
    let failed = |what: &dyn core::fmt::Debug| format!("{path}: {what:?}");
    let mut file = fs::File::open(&*c_string(path)).map_err(|error| failed(&error))?;
    let mut bytes = alloc::vec::Vec::new();
    let mut piece = [0; PIECE_LEN];
    loop {
        match file.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => bytes.extend_from_slice(&piece[..len]),
            Err(error) => return Err(failed(&error)),
        }
    }
    String::from_utf8(bytes).map_err(|error| failed(&error))
}

fn write(path: &str, text: &str) -> Result<(), String> {
    let failed = |error| format!("{path}: {error:?}");
    let mut file = fs::File::create(&*c_string(path)).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// For the host's C library; a path with a zero byte in it is cut there.
fn c_string(path: &str) -> alloc::ffi::CString {
    let bytes = path.bytes().take_while(|byte| *byte != 0);
    alloc::ffi::CString::new(bytes.collect::<alloc::vec::Vec<u8>>()).unwrap_or_default()
}
