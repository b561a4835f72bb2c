//! The programs of `firmware/virt`, on QEMU's riscv32 machine: a line `virt NAME ok` or
//! `virt NAME failed` for each thing that is looked at.

mod qemu;
mod scenarios;

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use crate::riscv::{self, TARGET_ATOMIC, Toolchain};

/// The folder of the programs, a workspace of its own.
const FIRMWARE: &str = "firmware/virt";

/// Builds the programs, runs them, and tells how they did; an error where one did not.
pub(crate) fn report(root: &Path) -> Result<()> {
    qemu::need()?;
    let programs = build(root)?;
    let checks = [("scenarios", scenarios::check(root, &programs))];
    let mut failed = 0;
    for (name, checked) in checks {
        match checked {
            Ok(what) => println!("virt {name} ok: {what}"),
            Err(error) => {
                failed += 1;
                println!("virt {name} failed: {error:#}");
            }
        }
    }
    ensure!(failed == 0, "{failed} failed");
    Ok(())
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
