//! `cargo xtask package`: Debian packages, for this machine's processor or another one's.
//!
//! Manual pages and completions come from the tables that parse the command lines, so they are made
//! here and now: by the programs themselves, or by an example where a daemon shall not carry them.
//! `cargo-deb` puts everything together by what stands in the manifests. Where the machine has none, it
//! is built once into the target folder.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::{debian, run};

/// Completions that Debian has a place for, and what the file is called after the program.
const SHELLS: &[(&str, &str)] = &[("bash", ".bash"), ("zsh", ""), ("fish", ".fish")];
/// Debian's cross compiler, for the C inside of some crates and for linking.
const CROSS_PACKAGES: &[&str] = &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"];
const CROSS_TARGET: &str = "aarch64-unknown-linux-gnu";
const CROSS_COMPILER: &str = "aarch64-linux-gnu-gcc";
/// What puts a package together.
const TOOL: &str = "cargo-deb";
/// Who builds a package, as Debian's own tools are told; without it the manifest's word stands.
const MAINTAINER: [&str; 2] = ["DEBFULLNAME", "DEBEMAIL"];

/// What becomes a package.
struct Package {
    name: &'static str,
    program: &'static str,
    /// As its manifest has it.
    profile: &'static str,
}

const DAEMON: Package = Package {
    name: "landfall-linux",
    program: "landfalld",
    profile: "small",
};
const PROGRAM: Package = Package {
    name: "landfall",
    program: "landfall",
    profile: "release",
};

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
    fn packages(&self) -> &'static [Package] {
        if self.daemon {
            &[DAEMON]
        } else {
            &[DAEMON, PROGRAM]
        }
    }

    /// Words for a cargo that builds for that processor.
    fn cargo(&self, root: &Path) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.current_dir(root);
        if self.aarch64 {
            let linker = "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER";
            cargo.env(linker, CROSS_COMPILER);
            cargo.env("CC_aarch64_unknown_linux_gnu", CROSS_COMPILER);
        }
        cargo
    }

    fn target(&self) -> &'static [&'static str] {
        if self.aarch64 {
            &["--target", CROSS_TARGET]
        } else {
            &[]
        }
    }
}

/// Builds the packages, and says where they are and what is in them.
pub(crate) fn build(root: &Path, options: &Options) -> Result<()> {
    let path = path_with_tool(root)?;
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
    for package in options.packages() {
        let built = pack(root, options, package, &path)?;
        println!("{built}");
        run(Command::new("dpkg-deb").arg("--contents").arg(&built))?;
    }
    Ok(())
}

/// Builds the program, and gives the path of its package.
fn pack(root: &Path, options: &Options, package: &Package, path: &OsStr) -> Result<String> {
    let Package {
        name,
        program,
        profile,
    } = package;
    // Not by cargo-deb, which would build the whole workspace by that profile.
    run(options
        .cargo(root)
        .args(["build", "--locked", "--package", name, "--bin", program])
        .args(["--profile", profile])
        .args(options.target()))?;
    let mut cargo = options.cargo(root);
    cargo.env("PATH", path);
    cargo.args(["deb", "--no-build", "--locked", "--package", name]);
    cargo.args(options.target());
    if let [Ok(who), Ok(address)] = MAINTAINER.map(std::env::var) {
        cargo.args(["--maintainer", &format!("{who} <{address}>")]);
    }
    let packed = cargo.stderr(Stdio::inherit()).output();
    let packed = packed.context("starting cargo deb")?;
    ensure!(packed.status.success(), "cargo deb cannot package {name}");
    let path = String::from_utf8(packed.stdout).context("the package's path")?;
    Ok(path.trim().to_owned())
}

/// Where programs are found, [`TOOL`] among them.
fn path_with_tool(root: &Path) -> Result<OsString> {
    let target = crate::target_folder(root);
    let tools = target.join("tools");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(tools.join("bin")).chain(std::env::split_paths(&path));
    let path = std::env::join_paths(folders).context("PATH")?;
    let is_there = || {
        let mut cargo = Command::new("cargo");
        let asked = cargo.env("PATH", &path).args(["deb", "--version"]).output();
        asked.is_ok_and(|output| output.status.success())
    };
    if !is_there() {
        eprintln!("xtask: building {TOOL}, once");
        let work = target.join("tools-build");
        // Without optimisation: it puts two small packages together.
        run(Command::new("cargo")
            .args(["install", "--quiet", "--locked", "--debug", TOOL, "--root"])
            .arg(&tools)
            .env("CARGO_TARGET_DIR", &work))?;
        fs::remove_dir_all(&work).context("clearing what the tool was built in")?;
        ensure!(is_there(), "{TOOL} was built, and does not run");
    }
    Ok(path)
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

/// Manual pages and completions, made by programs that run here, whoever the package is for. Each beside
/// its program, in the folder of the profile that its manifest names.
fn write_documents(root: &Path, built: &Path, options: &Options) -> Result<()> {
    // With the features that the workspace as a whole has, as everything else here is built.
    let mut cargo = Command::new("cargo");
    cargo.args([
        "build",
        "--quiet",
        "--locked",
        "--workspace",
        "--example",
        "manual",
    ]);
    if !options.daemon {
        cargo.args(["--bin", "landfall"]);
    }
    run(cargo.current_dir(root))?;
    let debug = crate::target_folder(root).join("debug");
    let landfalld = made(built.join("small/package/landfalld"))?;
    run(Command::new(debug.join("examples/manual")).arg(&landfalld))?;
    compress(&landfalld.join("man"))?;
    if options.daemon {
        return Ok(());
    }
    let landfall = made(built.join("release/package/landfall"))?;
    let program = debug.join("landfall");
    run(Command::new(&program)
        .arg("manual")
        .arg(landfall.join("man")))?;
    compress(&landfall.join("man"))?;
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

/// As Debian wants its pages, and alike whenever they are made.
fn compress(pages: &Path) -> Result<()> {
    let pages = fs::read_dir(pages).with_context(|| format!("reading {}", pages.display()))?;
    let mut gzip = Command::new("gzip");
    gzip.args(["-9", "--no-name", "--force"]);
    for page in pages {
        let path = page?.path();
        // Those of an earlier run are written over by their own.
        if path.extension().is_none_or(|end| end != "gz") {
            gzip.arg(path);
        }
    }
    run(&mut gzip)
}

fn made(folder: PathBuf) -> Result<PathBuf> {
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}
