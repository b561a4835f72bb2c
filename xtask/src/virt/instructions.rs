//! Instructions for an input on riscv32, as QEMU counts them: printed, never judged.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::qemu;

/// Time for all of it: a second, on a host that does nothing else.
const AT_MOST: Duration = Duration::from_secs(120);

/// Counts, and says how many of what.
pub(super) fn count(programs: &Path) -> Result<String> {
    let mut machine = qemu::machine(&programs.join("instructions"), programs)
        .args(["-monitor", "none", "-serial", "none", "-icount", "shift=0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .context("starting QEMU")?;
    let status = qemu::wait(&mut machine, AT_MOST)?;
    ensure!(status.success(), "the machine ended with {status}");
    let printed = machine.stdout.take().context("QEMU's pipe")?;
    let counted = std::io::read_to_string(printed)?;
    let counts: Vec<_> = counted.lines().collect();
    ensure!(!counts.is_empty(), "nothing was counted");
    Ok(counts.join(", "))
}
