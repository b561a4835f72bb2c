//! The firmware of every chip that can be built here: images that can be flashed, and what they take of flash and RAM against
//! the budgets.
//!
//! Built with the toolchain of [`crate::riscv`]. The images are made by `esptool`, as its users flash them.

mod image;
mod lean;
mod memory;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use self::memory::{MainStack, Memory};
use crate::riscv::{self, TARGET, TARGET_ATOMIC, Toolchain};

/// Where the firmware is: a workspace of its own.
const FIRMWARE: &str = "firmware/esp";
/// The program with everything, and the budgets are for it.
const PROGRAM: &str = "landfall";
/// Drop-ins of another author's shape: built with it, and told beside it.
const EXAMPLES: &[&str] = &["station", "portal", "fleet"];
/// Bytes of RAM aimed at that are free with station, access point, portal and one phone.
const FREE_AIM: u64 = 60 * 1024;

/// A chip that can be built for here.
struct Chip {
    /// Its feature, and what esptool calls it.
    name: &'static str,
    target: &'static str,
    /// The features of the ready firmware on it.
    doors: &'static str,
    /// Most bytes of its app image.
    image_max: u64,
    /// Its boards, the usual one first.
    boards: &'static [&'static str],
}

const CHIPS: &[Chip] = &[
    Chip {
        name: "esp32c3",
        target: TARGET,
        doors: "config-server,fleet,mqtt",
        image_max: 900 * 1024,
        boards: &["esp32-c3-devkitm-1", "xiao-esp32c3"],
    },
    Chip {
        name: "esp32c6",
        target: TARGET_ATOMIC,
        doors: "config-server,fleet,mqtt,web-repl",
        // So that what was reached is not lost.
        image_max: 1000 * 1024,
        boards: &["esp32-c6-devkitc-1"],
    },
];

/// Builds for one chip, the first where none is named, on its usual board; or for all chips and boards. Prints what each
/// takes, and fails where a budget is broken.
pub(crate) fn report(root: &Path, chip: Option<&str>, all: bool) -> Result<()> {
    lean::check(root)?;
    let chips = CHIPS.iter().filter(|known| match chip {
        Some(name) => known.name == name,
        None => all || known.name == CHIPS[0].name,
    });
    let mut fits = true;
    let mut built = 0;
    for chip in chips {
        let boards = if all { chip.boards } else { &chip.boards[..1] };
        for board in boards {
            fits &= build(root, chip, board)?;
            built += 1;
        }
    }
    ensure!(built > 0, "no such chip; there are {}", names());
    if !fits {
        bail!("over budget");
    }
    Ok(())
}

fn names() -> String {
    let names: Vec<&str> = CHIPS.iter().map(|chip| chip.name).collect();
    names.join(", ")
}

/// Builds for one board; whether the budgets hold.
fn build(root: &Path, chip: &Chip, board: &str) -> Result<bool> {
    let firmware = root.join(FIRMWARE);
    let folder = riscv::target_folder(root);
    let map = folder.join(format!("{}.map", chip.name));
    compile(&firmware, chip, board, &["--bin", PROGRAM], Some(&map))?;
    let release = folder.join(chip.target).join("release");
    let program = release.join(PROGRAM);
    let memory = Memory::of(&program, &map)?;
    let tool = image::tool(root)?;
    let made = image::make(&tool, chip.name, &program, &named(&release, board))?;
    image::fits_slot(&firmware.join("partitions.csv"), made.bytes)?;
    table::print(board, chip, &memory, &made);
    let mut fits = made.bytes <= chip.image_max && memory.stack.is_enough();
    if board != chip.boards[0] {
        return Ok(fits);
    }
    compile(&firmware, chip, board, &["--examples"], None)?;
    for example in EXAMPLES {
        let program = release.join("examples").join(example);
        let made = image::make(&tool, chip.name, &program, &named(&release, example))?;
        let stack = MainStack::of(&program)?;
        table::print_example(example, &made, &stack);
        fits &= stack.is_enough();
    }
    Ok(fits)
}

fn named(release: &Path, name: &str) -> PathBuf {
    release.join(format!("{name}.bin"))
}

fn compile(
    firmware: &Path,
    chip: &Chip,
    board: &str,
    what: &[&str],
    map: Option<&Path>,
) -> Result<()> {
    let mut cargo = Toolchain::find_for(chip.target, firmware)?.cargo(firmware)?;
    let root = firmware
        .ancestors()
        .nth(2)
        .context("firmware/esp is in the repository")?;
    // Beside those of the firmware's own configuration.
    let flags = riscv::nameless(root)?;
    let flags = format!("target.'cfg(target_os = \"none\")'.rustflags = {flags:?}");
    cargo
        .env("CARGO_TARGET_DIR", riscv::target_folder(root))
        .env("LANDFALL_BOARD", board)
        .args(["rustc", "--quiet", "--release", "--locked", "--config"])
        .arg(flags)
        .args(["--no-default-features", "--features"])
        .arg(format!("{},{}", chip.name, chip.doors))
        .args(what);
    if let Some(map) = map {
        cargo
            .arg("--")
            .arg(format!("-Clink-arg=-Map={}", map.display()));
    }
    crate::run(&mut cargo)
}

/// Runs a program and gives what it printed.
fn output(command: &mut Command) -> Result<String> {
    let what = format!("{command:?}");
    let output = command
        .output()
        .with_context(|| format!("starting {what}"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "{what} ended with {}\n{printed}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(printed.into_owned())
}
