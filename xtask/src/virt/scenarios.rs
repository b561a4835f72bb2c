//! Invariant I8: the same scenario gives the same journal on riscv32 as on the host, byte for byte.
//!
//! The host's journals are the logs beside the scenarios, which the tests of `landfall-sim` compare
//! with what the host does now.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::qemu;

/// Where the scenarios are.
const FOLDER: &str = "crates/landfall-sim/scenarios";
/// The least number of them: a folder that was lost would pass.
const LEAST: usize = 140;
/// Time for all of them: seconds, on a host that does nothing else.
const AT_MOST: Duration = Duration::from_secs(300);

/// Plays all scenarios in QEMU; says how many were the same.
pub(super) fn check(root: &Path, programs: &Path) -> Result<String> {
    let scenarios = scenarios(&root.join(FOLDER))?;
    ensure!(
        scenarios.len() >= LEAST,
        "only {} scenarios",
        scenarios.len()
    );
    let folder = programs.join("scenarios-run");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("clearing the last run")?;
    }
    fs::create_dir_all(&folder)?;
    let paths: Vec<_> = scenarios
        .iter()
        .map(|path| path.to_string_lossy())
        .collect();
    fs::write(folder.join("list"), paths.join("\n"))?;
    let mut machine = qemu::machine(&programs.join("scenarios"), &folder)
        .args(["-monitor", "none", "-serial", "none"])
        .stderr(Stdio::inherit())
        .spawn()
        .context("starting QEMU")?;
    let status = qemu::wait(&mut machine, AT_MOST)?;
    ensure!(status.success(), "the machine ended with {status}");
    for (number, scenario) in scenarios.iter().enumerate() {
        compare(&folder.join(format!("{number}.log")), scenario)?;
    }
    Ok(format!("{} journals as on the host", scenarios.len()))
}

fn scenarios(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    paths.retain(|path| path.extension().is_some_and(|end| end == "txt"));
    paths.sort();
    Ok(paths)
}

/// Names the first line that differs.
fn compare(chip: &Path, scenario: &Path) -> Result<()> {
    let read = |path: &Path| {
        fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))
    };
    let (chip, host) = (read(chip)?, read(&scenario.with_extension("log"))?);
    if chip == host {
        return Ok(());
    }
    let differs = chip.lines().zip(host.lines()).position(|(a, b)| a != b);
    let at = differs.unwrap_or_else(|| chip.lines().count().min(host.lines().count()));
    let line = |text: &str| text.lines().nth(at).unwrap_or("(its end)").to_owned();
    anyhow::bail!(
        "{}, line {}: `{}` on riscv32, `{}` on the host",
        scenario.display(),
        at + 1,
        line(&chip),
        line(&host)
    )
}
