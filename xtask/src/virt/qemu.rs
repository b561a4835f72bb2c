//! QEMU's machine `virt`, as the programs of `firmware/virt` expect it.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::debian;

const QEMU: &str = "qemu-system-riscv32";
const PACKAGE: &str = "qemu-system-misc";
/// The program has 16 MiB from the start of it; QEMU puts a description of the machine to its end.
const RAM: &str = "32M";
/// How often a machine is looked at that is to end.
const LOOK: Duration = Duration::from_millis(20);

/// Sees that QEMU is there.
pub(super) fn need() -> Result<()> {
    if Command::new(QEMU).arg("--version").output().is_ok() {
        return Ok(());
    }
    debian::need(&[PACKAGE], || format!("no {QEMU}: install QEMU"))
}

/// A machine with that program, without a screen, that may use files of `folder`.
pub(super) fn machine(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(QEMU);
    command
        .current_dir(folder)
        .args(["-M", "virt", "-m", RAM, "-bios", "none"])
        .args(["-display", "none"])
        .args(["-semihosting-config", "enable=on,target=native"])
        .arg("-kernel")
        .arg(program)
        .stdin(Stdio::null());
    command
}

/// Waits until the machine is off; ends it where that takes longer than any busy host needs.
pub(super) fn wait(machine: &mut Child, at_most: Duration) -> Result<ExitStatus> {
    let began = Instant::now();
    loop {
        if let Some(status) = machine.try_wait().context("waiting for QEMU")? {
            return Ok(status);
        }
        if began.elapsed() > at_most {
            machine.kill().context("ending QEMU")?;
            machine.wait().context("waiting for QEMU")?;
            bail!("the machine still ran after {} s", at_most.as_secs());
        }
        std::thread::sleep(LOOK);
    }
}
