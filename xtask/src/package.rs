//! `cargo xtask package`: Debian packages, for this machine's processor or another one's.
//!
//! Manual pages and completions come from the tables that parse the command lines, so they are made
//! here and now: by the programs themselves, or by an example where a daemon shall not carry them.
//! `cargo-deb` puts everything together by what stands in the manifests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{debian, run};

/// Completions that Debian has a place for, and what the file is called after the program.
const SHELLS: &[(&str, &str)] = &[("bash", ".bash"), ("zsh", ""), ("fish", ".fish")];
/// Debian's cross compiler, for the C inside of some crates and for linking.
const CROSS_PACKAGES: &[&str] = &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"];
const CROSS_TARGET: &str = "aarch64-unknown-linux-gnu";
const CROSS_COMPILER: &str = "aarch64-linux-gnu-gcc";

/// For whom to build.
#[derive(Args)]
pub(crate) struct Options {
    /// Build for 64-bit Arm, with Debian's cross compiler.
    #[arg(long)]
    aarch64: bool,
    /// Build the daemon alone.
    #[arg(long)]
    daemon: bool,
}

impl Options {
    fn crates(&self) -> &'static [&'static str] {
        if self.daemon {
            &["landfall-linux"]
        } else {
            &["landfall-linux", "landfall"]
        }
    }
}

/// Builds the packages, and says where they are and what is in them.
pub(crate) fn build(root: &Path, options: &Options) -> Result<()> {
    ensure_cargo_deb()?;
    if options.aarch64 {
        prepare_cross()?;
    }
    let target = crate::target_folder(root);
    let built = if options.aarch64 {
        target.join(CROSS_TARGET)
    } else {
        target
    };
    write_documents(root, &built, options)?;
    for name in options.crates() {
        let mut cargo = Command::new("cargo");
        cargo
            .current_dir(root)
            .args(["deb", "--locked", "--package", name]);
        if options.aarch64 {
            cross(&mut cargo);
        }
        let built = cargo.output().context("starting cargo deb")?;
        let errors = String::from_utf8_lossy(&built.stderr);
        ensure!(built.status.success(), "cargo deb of {name}: {errors}");
        let path = String::from_utf8(built.stdout).context("the package's path")?;
        println!("{}", path.trim());
        run(Command::new("dpkg-deb").arg("--contents").arg(path.trim()))?;
    }
    Ok(())
}

fn ensure_cargo_deb() -> Result<()> {
    let asked = Command::new("cargo").args(["deb", "--version"]).output();
    let is_there = asked.is_ok_and(|output| output.status.success());
    ensure!(
        is_there,
        "cargo-deb is missing: `cargo install --locked cargo-deb`"
    );
    Ok(())
}

fn prepare_cross() -> Result<()> {
    debian::need(CROSS_PACKAGES, || format!("no {CROSS_COMPILER}"))?;
    // It is there already, or rustup fetches it; a toolchain of another kind has its own way.
    let added = Command::new("rustup")
        .args(["target", "add", CROSS_TARGET])
        .output()
        .with_context(|| format!("a toolchain without rustup: install its {CROSS_TARGET}"))?;
    ensure!(
        added.status.success(),
        "{}",
        String::from_utf8_lossy(&added.stderr)
    );
    Ok(())
}

fn cross(cargo: &mut Command) {
    cargo
        .args(["--target", CROSS_TARGET])
        .env(
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            CROSS_COMPILER,
        )
        .env("CC_aarch64_unknown_linux_gnu", CROSS_COMPILER);
}

/// Manual pages and completions, made by programs that run here, whoever the package is for. Each beside
/// its program, in the folder of the profile that its manifest names.
fn write_documents(root: &Path, built: &Path, options: &Options) -> Result<()> {
    let words = [
        "build",
        "--quiet",
        "--locked",
        "--workspace",
        "--bins",
        "--examples",
    ];
    run(Command::new("cargo").args(words).current_dir(root))?;
    let debug = crate::target_folder(root).join("debug");
    let landfalld = made(built.join("small/package/landfalld"))?;
    run(Command::new(debug.join("examples/manual")).arg(&landfalld))?;
    if options.daemon {
        return Ok(());
    }
    let landfall = made(built.join("release/package/landfall"))?;
    let program = debug.join("landfall");
    run(Command::new(&program)
        .arg("manual")
        .arg(landfall.join("man")))?;
    for (shell, ending) in SHELLS {
        let printed = Command::new(&program)
            .args(["completions", shell])
            .output()
            .with_context(|| format!("asking for completions of {shell}"))?;
        ensure!(printed.status.success(), "no completions for {shell}");
        let start = if ending.is_empty() { "_" } else { "" };
        let file = landfall.join(format!("{start}landfall{ending}"));
        fs::write(&file, printed.stdout).with_context(|| format!("writing {}", file.display()))?;
    }
    Ok(())
}

fn made(folder: PathBuf) -> Result<PathBuf> {
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}
