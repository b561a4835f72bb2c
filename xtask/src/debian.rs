//! Debian's packages: which are there, and how those that are not come onto the machine.
//!
//! As root on Debian what is missing is installed; elsewhere it is named, and nothing is changed.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run;

/// Sees that these packages are there: as root on Debian they are installed, else `otherwise` says
/// what to do on other machines.
pub(crate) fn need(packages: &[&str], otherwise: impl Fn() -> String) -> Result<()> {
    let is_missing = |name: &&str| !is_installed(name);
    let missing: Vec<&str> = packages.iter().copied().filter(is_missing).collect();
    install(&missing, otherwise)
}

/// The packages of those programs, `(program, package)`, that are not there: a program may be there
/// without Debian's package.
pub(crate) fn without_program<'a>(programs: &[(&str, &'a str)]) -> Vec<&'a str> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<_> = std::env::split_paths(&path).collect();
    // Where Debian keeps what only root runs, which a user's path may leave out.
    folders.extend(["/usr/sbin".into(), "/sbin".into()]);
    let is_missing = |program: &str| folders.iter().all(|folder| !folder.join(program).exists());
    let missing = programs.iter().filter(|(program, _)| is_missing(program));
    missing.map(|(_, package)| *package).collect()
}

fn is_installed(package: &str) -> bool {
    let asked = Command::new("dpkg-query")
        .args(["--show", "--showformat=${db:Status-Status}", package])
        .output();
    asked.is_ok_and(|output| output.stdout == b"installed")
}

/// Installs them, if there are any; where that cannot be done, an error that names them after what
/// `otherwise` says.
pub(crate) fn install(packages: &[&str], otherwise: impl Fn() -> String) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    if !is_root_on_debian() {
        let install = packages.join(" ");
        bail!("{}, or on Debian `apt-get install {install}`", otherwise());
    }
    eprintln!("xtask: installing {}", packages.join(" "));
    update()?;
    let install = ["-qq", "install", "--yes", "--no-install-recommends"];
    // Its progress is no data of ours.
    run(Command::new("apt-get")
        .stdout(std::io::stderr())
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(install)
        .args(packages))
}

/// Puts into a folder, as `.deb` files, these packages with all they need that is not here.
pub(crate) fn fetch(packages: &[&str], folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder.join("partial"))
        .with_context(|| format!("making {}", folder.display()))?;
    let mut archives = OsString::from("Dir::Cache::archives=");
    archives.push(folder);
    // Nothing of the system is touched, so nothing has to be locked.
    let options = ["Debug::NoLocking=1", "APT::Sandbox::User=root"];
    run(Command::new("apt-get")
        .stdout(std::io::stderr())
        .args([
            "-qq",
            "install",
            "--yes",
            "--no-install-recommends",
            "--download-only",
        ])
        .args(options.iter().flat_map(|option| ["-o", option]))
        .arg("-o")
        .arg(archives)
        .args(packages))
}

/// Fetches the lists of packages anew.
pub(crate) fn update() -> Result<()> {
    run(Command::new("apt-get").args(["-qq", "update"]))
}

/// Whether packages can be installed here without asking anyone.
pub(crate) fn is_root_on_debian() -> bool {
    is_root() && Path::new("/etc/debian_version").exists()
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
