//! Builds for a chip's processor, riscv32imc or riscv32imac, without a chip.
//!
//! rustup's target serves where it is installed. A Debian machine serves as well: its packaged
//! compiler brings the source of the standard library, which is built along.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::{debian, run};

/// ESP32-C3, and the least that ESP32-C6 understands.
pub(crate) const TARGET: &str = "riscv32imc-unknown-none-elf";
/// ESP32-C6, and QEMU's machine.
pub(crate) const TARGET_ATOMIC: &str = "riscv32imac-unknown-none-elf";
/// The crates that chips run.
const CHIP_CRATES: &[&str] = &["landfall-core", "landfall-device", "landfall-embassy"];

/// Debian's packages that can build for [`TARGET`].
const PACKAGES: &[&str] = &[
    "rustc-web",
    "cargo-web",
    "rust-web-src",
    "lld-22",
    "gcc",
    "libc6-dev",
];
/// Where they have the standard library's source.
const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust";
const LLD: &str = "/usr/lib/llvm-22/bin/lld";

/// Builds the chip crates that the workspace has, as firmware takes them.
pub(crate) fn build(root: &Path) -> Result<()> {
    let mut cargo = Toolchain::find(root)?.cargo(root)?;
    cargo.args(["build", "--release", "--locked"]);
    for name in CHIP_CRATES {
        if root.join("crates").join(name).exists() {
            cargo.args(["--package", name]);
        }
    }
    // No HAL is there to bring atomics.
    cargo.args(["--features", "landfall-device/critical-section"]);
    run(&mut cargo)
}

/// Who builds for a target.
pub(crate) struct Toolchain {
    target: &'static str,
    maker: Maker,
}

enum Maker {
    /// The toolchain in use, whose target is installed.
    Rustup,
    /// Debian's packages.
    Debian,
}

impl Toolchain {
    /// The one this machine has for [`TARGET`]; as root on Debian it is installed where it is missing.
    pub(crate) fn find(root: &Path) -> Result<Self> {
        Self::find_for(TARGET, root)
    }

    /// The same for another target.
    pub(crate) fn find_for(target: &'static str, root: &Path) -> Result<Self> {
        let maker = if has_rustup_target(target, root)? {
            Maker::Rustup
        } else {
            debian::need(PACKAGES, || {
                format!("no compiler for {target}: `rustup target add {target}`")
            })?;
            Maker::Debian
        };
        Ok(Self { target, maker })
    }

    /// A `cargo` that builds for the target, to be given a subcommand that takes `--target` from
    /// its environment.
    pub(crate) fn cargo(&self, root: &Path) -> Result<Command> {
        let folder = target_folder(root);
        let mut command = match self.maker {
            Maker::Rustup => Command::new("cargo"),
            Maker::Debian => debian_cargo(&folder)?,
        };
        command
            .current_dir(root)
            .env("CARGO_BUILD_TARGET", self.target)
            .env("CARGO_TARGET_DIR", folder)
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS");
        Ok(command)
    }
}

/// Where builds for [`TARGET`] go: apart, because another compiler may make them.
pub(crate) fn target_folder(root: &Path) -> PathBuf {
    crate::target_folder(root).join("riscv")
}

/// Flags that keep the folders of this machine out of a program: where a panic would be is among its
/// texts, which would be longer for it, and others on another machine.
pub(crate) fn nameless(root: &Path) -> Result<Vec<String>> {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = || std::env::home_dir().unwrap_or_default().join(".cargo");
    let sources = cargo.unwrap_or_else(home).join("registry/src");
    let mut folders = vec![root.to_owned(), DEBIAN_SOURCES.into()];
    // One for each registry that packages came from; none before the first came.
    for registry in std::fs::read_dir(&sources).into_iter().flatten() {
        let registry = registry.with_context(|| format!("reading {}", sources.display()))?;
        folders.push(registry.path());
    }
    let remap = |folder: PathBuf| format!("--remap-path-prefix={}=", folder.display());
    Ok(folders.into_iter().map(remap).collect())
}

fn debian_cargo(folder: &Path) -> Result<Command> {
    let links = folder.join("bin");
    link_lld(&links)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths([links].into_iter().chain(std::env::split_paths(&path)))?;
    let mut command = Command::new("/usr/bin/cargo");
    command
        .env("PATH", path)
        .env("RUSTC", "/usr/bin/rustc")
        // A packaged stable compiler refuses `-Z build-std` without it.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_UNSTABLE_BUILD_STD", "core,alloc")
        .env_remove("RUSTUP_TOOLCHAIN");
    Ok(command)
}

/// The compiler looks for its linker by this name.
fn link_lld(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let link = folder.join("rust-lld");
    if !link.exists() {
        std::os::unix::fs::symlink(LLD, &link)
            .with_context(|| format!("linking {}", link.display()))?;
    }
    Ok(())
}

fn has_rustup_target(target: &str, root: &Path) -> Result<bool> {
    let output = Command::new("rustc")
        .args(["--print", "target-libdir", "--target", target])
        .current_dir(root)
        .output()
        .context("asking rustc for its targets")?;
    let folder = String::from_utf8(output.stdout).context("rustc's answer")?;
    Ok(output.status.success() && Path::new(folder.trim()).exists())
}
