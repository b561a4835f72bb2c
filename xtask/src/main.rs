//! Checks and measurements of this repository: `cargo xtask tidy`, `size`, `firmware`, `riscv`, `virt`,
//! `wifi-lab`, `package`.
//!
//! What a reviewer would have to remember is executable here, and what the documents claim about
//! sizes is measured here.

mod debian;
mod firmware;
mod lab;
mod package;
mod page;
mod riscv;
mod size;
mod stack;
mod tidy;
mod virt;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};

/// Checks and measurements of this repository.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Checks dependency direction, file and function lengths, links, `unsafe`, and the like.
    Tidy,
    /// Measures the core's code and state on riscv32imc against their budgets.
    Size {
        /// Print one JSON object for programs.
        #[arg(long)]
        json: bool,
        /// Build with what a firmware can ask of compiler and linker beyond its profile, to see what that saves.
        #[arg(long)]
        lean: bool,
    },
    /// Builds the firmware of a chip, makes its images, and measures them against their budgets.
    Firmware {
        /// The chip, `esp32c3` or `esp32c6`; else the first.
        #[arg(long)]
        chip: Option<String>,
        /// Every chip and board that can be built for here.
        #[arg(long, conflicts_with = "chip")]
        all: bool,
    },
    /// Builds core and device for riscv32imc, as a chip's firmware takes them.
    Riscv,
    /// Runs the device and its scenarios on QEMU's riscv32 machine, and counts instructions there.
    Virt {
        /// Run the device alone, with its console on this terminal.
        #[arg(long)]
        console: bool,
    },
    /// Plays scenarios on a real 802.11 stack, in a throw-away machine with simulated radios.
    WifiLab(lab::Options),
    /// Builds the Debian packages.
    Package(package::Options),
}

fn main() -> ExitCode {
    let root = repository();
    let done = match Arguments::parse().task {
        Task::Tidy => tidy::report(&root),
        Task::Size { json, lean } => size::report(&root, json, lean),
        Task::Firmware { chip, all } => firmware::report(&root, chip.as_deref(), all),
        Task::Riscv => riscv::build(&root),
        Task::Virt { console: true } => virt::by_hand(&root),
        Task::Virt { console: false } => virt::report(&root),
        Task::WifiLab(options) => lab::play(&root, &options),
        Task::Package(options) => package::build(&root, &options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace, wherever in it the command was called from.
fn repository() -> PathBuf {
    // Cargo says it at run time. A program that two checkouts share by their target folder would
    // else look at the one it was compiled in.
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    here.parent().map_or(here.clone(), Path::to_path_buf)
}

/// Where builds go.
fn target_folder(root: &Path) -> PathBuf {
    let shared = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    shared.unwrap_or_else(|| root.join("target"))
}

/// Runs it, with its output on our terminal.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let what = format!("{command:?}");
    let status = command
        .status()
        .with_context(|| format!("starting {what}"))?;
    ensure!(status.success(), "{what} ended with {status}");
    Ok(())
}
