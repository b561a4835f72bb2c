//! The device in QEMU and a fleet server of this repository: enrolment by a claim, a key, and
//! heartbeats that are sealed under it, for there is no TLS between the two.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::device::{Device, THIS_MACHINE};

/// Time for the device to enrol and to be heard, however busy the host is.
const AT_MOST: Duration = Duration::from_secs(90);
/// How often it is asked meanwhile.
const LOOK: Duration = Duration::from_secs(1);

/// The program that is a server, and its client; none: it was not built beside this one.
pub(super) fn program() -> Option<PathBuf> {
    let here = std::env::current_exe().ok()?;
    Some(here.with_file_name("landfall")).filter(|program| program.exists())
}

/// Enrols the device, which is connected.
pub(super) fn check(program: &Path, folder: &Path, device: &mut Device) -> Result<String> {
    let folder = folder.join("fleet");
    if folder.exists() {
        fs::remove_dir_all(&folder).context("clearing the last run")?;
    }
    fs::create_dir_all(&folder)?;
    let server = Server::start(program, &folder)?;
    let claim = server.ask(&["claims", "new", "--room", "B12"])?;
    let claim = claim["code"].as_str().context("a claim has a code")?;
    let url = format!("http://{THIS_MACHINE}:{}", server.port);
    device.console.say(&format!("NET:FLEET,{url},{claim}"))?;
    device.console.expect("fleet=pending")?;
    let began = Instant::now();
    loop {
        let seen = server.ask(&["devices"])?;
        let of = &seen["items"][0];
        if of["presence"] == "online" && of["config"]["reported_version"] == 1 {
            ensure!(of["room"] == "B12" && of["keys"][0]["id"] == 1, "{of}");
            break;
        }
        ensure!(began.elapsed() < AT_MOST, "the server sees: {seen}");
        std::thread::sleep(LOOK);
    }
    device.console.say("NET:FLEET")?;
    device.console.expect("fleet=ok")
}

/// A server, and who is logged in to it.
struct Server<'a> {
    program: &'a Path,
    folder: &'a Path,
    process: Child,
    port: u16,
}

impl<'a> Server<'a> {
    fn start(program: &'a Path, folder: &'a Path) -> Result<Self> {
        let mut process = command(program, folder)
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(["--database", "sqlite:fleet.db"])
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the server")?;
        let printed = process.stdout.take();
        let mut server = Self {
            program,
            folder,
            process,
            port: 0,
        };
        let (mut password, mut url) = (String::new(), String::new());
        for line in BufReader::new(printed.context("its pipe")?).lines() {
            let line = line?;
            if let Some(word) = line.strip_prefix("admin password: ") {
                word.clone_into(&mut password);
            } else if let Some(address) = line.strip_prefix("listening on ") {
                address.clone_into(&mut url);
                break;
            }
        }
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok());
        server.port = port.with_context(|| format!("no port in `{url}`"))?;
        let login = command(program, folder)
            .args(["fleet", "login", &url])
            .env("LANDFALL_PASSWORD", password)
            .output()?;
        ensure!(login.status.success(), "logging in: {login:?}");
        Ok(server)
    }

    /// What the server answers to that.
    fn ask(&self, words: &[&str]) -> Result<serde_json::Value> {
        let asked = command(self.program, self.folder)
            .arg("fleet")
            .args(words)
            .arg("--json")
            .output()?;
        if !asked.status.success() {
            bail!("{words:?}: {}", String::from_utf8_lossy(&asked.stderr));
        }
        serde_json::from_slice(&asked.stdout).context("an answer in JSON")
    }
}

impl Drop for Server<'_> {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program, with everything it keeps in that folder.
fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .current_dir(folder)
        .env("HOME", folder)
        .env("XDG_CONFIG_HOME", folder)
        .stdin(Stdio::null());
    command
}
