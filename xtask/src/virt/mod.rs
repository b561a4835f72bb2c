//! The programs of `firmware/virt`, on QEMU's riscv32 machine: a line `virt NAME ok` or
//! `virt NAME failed` for each thing that is looked at.

mod checks;
mod console;
mod device;
mod fleet;
mod http;
mod instructions;
mod memory;
mod qemu;
mod scenarios;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use device::Device;
use memory::Marks;

use crate::riscv::{self, TARGET_ATOMIC, Toolchain};

/// The folder of the programs, a workspace of its own.
const FIRMWARE: &str = "firmware/virt";

/// Builds the device and runs it with its console on this terminal.
pub(crate) fn by_hand(root: &Path) -> Result<()> {
    qemu::need()?;
    let programs = build(root)?;
    device::by_hand(&programs, &programs.join("by-hand"))
}

/// Builds the programs, runs them, and tells how they did; an error where one did not.
pub(crate) fn report(root: &Path) -> Result<()> {
    qemu::need()?;
    let programs = build(root)?;
    let mut told = Told::default();
    told.tell("scenarios", scenarios::check(root, &programs));
    told.tell("instructions", instructions::count(&programs));
    let folder = programs.join("device-run");
    device::new_disk(&folder)?;
    let mut marks = Marks::default();
    {
        let mut device = Device::start(&programs, &folder)?;
        for (name, check) in checks::CHECKS {
            told.tell(name, check(&mut device));
            marks.note(name, &folder);
        }
        match fleet::program() {
            Some(program) => {
                told.tell("fleet", fleet::check(&program, &folder, &mut device));
                marks.note("fleet", &folder);
            }
            None => println!("virt fleet skipped: `cargo build` first"),
        }
    }
    told.tell("memory", memory::measure(&programs, &folder, &marks));
    let mut device = Device::start(&programs, &folder)?;
    told.tell("kept", checks::kept(&mut device));
    ensure!(told.failed == 0, "{} failed", told.failed);
    Ok(())
}

/// What was told, line by line.
#[derive(Default)]
struct Told {
    failed: usize,
}

impl Told {
    fn tell(&mut self, name: &str, checked: Result<String>) {
        match checked {
            Ok(what) => println!("virt {name} ok: {what}"),
            Err(error) => {
                self.failed += 1;
                println!("virt {name} failed: {error:#}");
            }
        }
    }
}

/// Builds the programs; gives their folder.
fn build(root: &Path) -> Result<PathBuf> {
    let mut cargo = Toolchain::find_for(TARGET_ATOMIC, root)?.cargo(&root.join(FIRMWARE))?;
    // Not `--locked`: our own crates change their dependencies without this lock.
    cargo
        .env("CARGO_TARGET_DIR", riscv::target_folder(root))
        .args(["build", "--quiet", "--release", "--bins"]);
    crate::run(&mut cargo)?;
    Ok(riscv::target_folder(root)
        .join(TARGET_ATOMIC)
        .join("release"))
}
