//! `cargo xtask wifi-lab`: the daemon on a real 802.11 stack.
//!
//! A throw-away machine with simulated radios is started, plays the scenarios of `tests/wifi` one
//! after another in one boot, and is gone. What it needs is installed as root on Debian and named
//! elsewhere; a machine that cannot says so, and that is never taken for a pass.

mod kernel;
mod machine;
mod report;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::json;

use crate::{debian, run, target_folder};
use kernel::Kernel;
use machine::Machine;
use report::{Form, Report};

/// What the machine and the scenarios run: a program, and Debian's package that has it.
const PROGRAMS: &[(&str, &str)] = &[
    ("qemu-system-x86_64", "qemu-system-x86"),
    ("busybox", "busybox-static"),
    ("xz", "xz-utils"),
    ("hostapd", "hostapd"),
    ("wpa_supplicant", "wpasupplicant"),
    ("dnsmasq", "dnsmasq-base"),
    ("iw", "iw"),
    ("ip", "iproute2"),
    ("ping", "iputils-ping"),
    ("dhclient", "isc-dhcp-client"),
    ("curl", "curl"),
    ("pkill", "procps"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("chromium", "chromium"),
];
/// What else the scenarios need: a file, and Debian's package that has it.
const FILES: &[(&str, &str)] = &[
    ("/lib/systemd/systemd", "systemd"),
    ("/lib/firmware/regulatory.db", "wireless-regdb"),
];
/// What the comparison runs beside them. Fetched, and unpacked in the machine alone: installed here
/// they would take the network of this machine over.
const PEERS: &[&str] = &["network-manager", "nftables"];
/// Where the scenarios are, and what plays them.
const FOLDER: &str = "tests/wifi";
/// From the machine's start to its first scenario, on a machine that does much else: 10 s on a
/// calm one.
const BOOT_S: u64 = 180;

/// What to play, and in what machine.
#[derive(Args)]
pub(crate) struct Options {
    /// Names of scenarios, as `--list` prints them; none: all of them.
    scenarios: Vec<String>,
    /// Print the scenarios, and end.
    #[arg(long)]
    list: bool,
    /// Play only those that every change has to pass.
    #[arg(long, conflicts_with = "scenarios")]
    quick: bool,
    /// Play the comparison with other managers, of `bench/wifi`.
    #[arg(long, conflicts_with = "quick")]
    bench: bool,
    /// How many radios are in the air.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(4..=16))]
    radios: u32,
    /// The daemon; default: the one of this repository, built along.
    #[arg(long, value_name = "PROGRAM")]
    daemon: Option<PathBuf>,
    /// What random scenarios start from; default: 1.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Print one JSON object for programs; everything else goes to stderr.
    #[arg(long)]
    json: bool,
}

impl Options {
    fn folder(&self) -> &'static str {
        if self.bench {
            "bench/wifi"
        } else {
            "tests/wifi/scenarios"
        }
    }

    fn form(&self) -> Form {
        match (self.json, self.bench) {
            (true, _) => Form::Json,
            (false, true) => Form::Comparison,
            (false, false) => Form::Table,
        }
    }
}

/// A scenario, as its file describes it.
#[derive(Clone, Deserialize)]
struct Scenario {
    /// Its file without folder and ending.
    name: String,
    /// What holds when it passes.
    title: String,
    /// Whether every change has to pass it.
    quick: bool,
    /// After this long it has failed.
    limit_s: u64,
}

/// Plays the scenarios; an error when one fails.
pub(crate) fn play(root: &Path, options: &Options) -> Result<()> {
    if let Some(why) = unable() {
        println!("wifi lab skipped: {why}");
        return Ok(());
    }
    let chosen = choose(scenarios(root, options)?, options)?;
    if options.list {
        for Scenario { name, title, .. } in &chosen {
            println!("{name:<16} {title}");
        }
        return Ok(());
    }
    let lab = target_folder(root).join("wifi-lab");
    let lock = File::create(lab_made(&lab)?.join("lock")).context("making the lab's lock")?;
    lock.lock()
        .context("waiting for another run of the lab to end")?;
    let kernel = Kernel::prepare(&lab)?;
    install_browser_driver(root)?;
    let share = share(root, &lab, &chosen, options)?;
    if options.bench {
        debian::fetch(PEERS, &share.join("packages"))?;
    }
    let limit_s = BOOT_S + chosen.iter().map(|scenario| scenario.limit_s).sum::<u64>();
    let machine = Machine {
        kernel: &kernel,
        radios: options.radios,
        share: &share,
        limit: Duration::from_secs(limit_s),
    };
    let mut report = Report::of(chosen.into_iter().map(|scenario| scenario.name));
    let ended = machine.run(|line| report.take(line));
    report.print(options.form());
    eprintln!(
        "xtask: screenshots and logs are in {}",
        share.join("out").display()
    );
    if let Err(error) = ended {
        let said = fs::read_to_string(share.join(machine::CONSOLE)).unwrap_or_default();
        bail!("{error:#}; its console said:\n{said}");
    }
    report.verdict()
}

/// Why this machine cannot play anything; none: it can, or can be made to.
fn unable() -> Option<String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Some("the machine's kernel is one for x86-64 Linux".to_owned());
    }
    let missing = missing();
    (!missing.is_empty() && !debian::is_root_on_debian()).then(|| {
        format!(
            "missing {} (Debian's names); install them and run again",
            missing.join(" ")
        )
    })
}

/// Debian's packages that are needed and not there.
fn missing() -> Vec<&'static str> {
    let files = FILES.iter().filter(|(file, _)| !Path::new(file).exists());
    let mut missing = debian::without_program(PROGRAMS);
    missing.extend(files.map(|(_, package)| package));
    missing
}

fn scenarios(root: &Path, options: &Options) -> Result<Vec<Scenario>> {
    debian::install(&missing(), || "the lab needs them".to_owned())?;
    let listed = Command::new("node")
        .arg(root.join(FOLDER).join("run.js"))
        .args(["--list", options.folder()])
        .current_dir(root)
        .output()
        .context("asking node for the scenarios")?;
    ensure!(
        listed.status.success(),
        "{}",
        String::from_utf8_lossy(&listed.stderr)
    );
    serde_json::from_slice(&listed.stdout).context("the list of scenarios")
}

fn choose(all: Vec<Scenario>, options: &Options) -> Result<Vec<Scenario>> {
    if let Some(stranger) = options
        .scenarios
        .iter()
        .find(|name| all.iter().all(|scenario| scenario.name != **name))
    {
        bail!("no scenario `{stranger}`; `cargo xtask wifi-lab --list` prints them");
    }
    let asked = |name: &String| options.scenarios.is_empty() || options.scenarios.contains(name);
    Ok(all
        .into_iter()
        .filter(|scenario| asked(&scenario.name) && (scenario.quick || !options.quick))
        .collect())
}

/// What the machine finds under `/run/lab`, and the folder it writes to.
fn share(root: &Path, lab: &Path, chosen: &[Scenario], options: &Options) -> Result<PathBuf> {
    let share = lab.join("run");
    if share.exists() {
        fs::remove_dir_all(&share).with_context(|| format!("clearing {}", share.display()))?;
    }
    fs::create_dir_all(share.join("out")).with_context(|| format!("making {}", share.display()))?;
    let programs = programs(root, options)?;
    let order = json!({
        "folder": options.folder(),
        "scenarios": chosen.iter().map(|scenario| &scenario.name).collect::<Vec<_>>(),
        "landfalld": programs.join("landfalld"),
        "landfall": programs.join("landfall"),
        "radios": options.radios,
        "seed": options.seed,
    });
    let files = [("order.json", order.to_string()), ("start", start(root)?)];
    for (name, text) in files {
        fs::write(share.join(name), text).with_context(|| format!("writing {name}"))?;
    }
    Ok(share)
}

/// What the machine does first: `machine.sh`, here, and with programs found as we find them.
fn start(root: &Path) -> Result<String> {
    let path = std::env::var("PATH").context("PATH")?;
    let root = root.to_str().context("the repository's path")?;
    ensure!(
        !path.contains('\'') && !root.contains('\''),
        "the repository's path and PATH may not hold a quote"
    );
    Ok(format!(
        "export PATH='{path}'\ncd '{root}'\n. {FOLDER}/machine.sh\n"
    ))
}

/// The folder of the programs to test, built where none was named.
fn programs(root: &Path, options: &Options) -> Result<PathBuf> {
    if let Some(daemon) = &options.daemon {
        let daemon = fs::canonicalize(daemon)
            .with_context(|| format!("looking for {}", daemon.display()))?;
        ensure!(
            daemon.ends_with("landfalld"),
            "the daemon's file is called landfalld"
        );
        let folder = daemon.parent().context("the daemon's folder")?;
        return Ok(folder.to_owned());
    }
    // The workspace as a whole, as `./test` builds it: one package alone has other features, and
    // everything below it is compiled twice.
    let words = ["build", "--quiet", "--locked", "--workspace", "--bins"];
    run(Command::new("cargo").args(words).current_dir(root))?;
    Ok(target_folder(root).join("debug"))
}

/// Playwright, where it is not there as the lock file has it.
fn install_browser_driver(root: &Path) -> Result<()> {
    let folder = root.join(FOLDER);
    let written = |name: &str| folder.join(name).metadata()?.modified();
    // npm leaves a lock file of its own in what it installed.
    if written("node_modules/.package-lock.json").ok() > written("package-lock.json").ok() {
        return Ok(());
    }
    run(Command::new("npm")
        .args(["ci", "--silent", "--no-audit", "--no-fund"])
        .current_dir(folder))
}

fn lab_made(lab: &Path) -> Result<&Path> {
    fs::create_dir_all(lab).with_context(|| format!("making {}", lab.display()))?;
    Ok(lab)
}
