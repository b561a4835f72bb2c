//! `landfall sim`: one simulated device.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use landfall::host::{DeviceOptions, End, Options, Ready, ServerReady, Simulation};
use landfall_core::config::{self, Config, Defaults};
use landfall_core::net::Mac;
use landfall_sim::air::file::AirFile;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{Ended, Failure, read};

/// The hardware address of a device that is not given one.
pub(super) const MAC: Mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
/// How a simulation ends whose power was cut: as the air file wanted it.
const POWER_CUT: u8 = 70;

/// Run one simulated device
///
/// Its serial port is a pseudo-terminal, its portal a port of 127.0.0.1, and what is on the air
/// around it comes from a file. A second start with the same --data is a reboot.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall sim --air air.toml --data /tmp/device --json")]
pub(super) struct Sim {
    /// The air around it, in TOML
    #[arg(long, value_name = "FILE")]
    air: PathBuf,
    /// The configuration that a blank flash is given, in JSON
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that its flash is kept in; without it a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Its hardware address
    #[arg(long, value_parser = mac, default_value = "24:6F:28:56:78:9A")]
    mac: Mac,
    /// Give the configuration to a flash that is not blank, too
    #[arg(long, requires = "config")]
    reset_config: bool,
    /// The first of its ports; without it free ones are taken
    #[arg(long, value_name = "N")]
    port_base: Option<u16>,
    /// Print where everything is as one line of JSON
    #[arg(long)]
    json: bool,
}

fn mac(text: &str) -> Result<Mac, &'static str> {
    Mac::parse(text.as_bytes()).ok_or("six pairs of hexadecimal digits, with ':' between them")
}

impl Sim {
    pub(super) fn run(self) -> Ended {
        let text = read(&self.air)?;
        let air = AirFile::parse(&self.air.display().to_string(), &text)
            .map_err(|e| Failure::new("air file", e, "correct that place"))?;
        let config = self.config.as_deref().map(load).transpose()?;
        let (data, _temporary) = folder(self.data)?;
        let device = DeviceOptions {
            name: "device-1".to_owned(),
            mac: self.mac,
            data,
            config,
            reset_config: self.reset_config,
            flash: air.flash,
            port_base: self.port_base,
        };
        run(
            Options {
                air,
                devices: vec![device],
            },
            self.json,
            |_| Ok(None),
        )
    }
}

/// Reads a configuration; what is wrong in it is told and left out.
fn load(path: &Path) -> Result<Config, Failure> {
    let text = read(path)?;
    let mut warn = |warning: &config::Warning<'_>| tracing::warn!("{}: {warning}", path.display());
    Ok(config::load(
        text.as_bytes(),
        &Defaults::built_in(),
        &mut warn,
    ))
}

/// The folder for the flash: the one named, or a temporary one that goes with its guard.
pub(super) fn folder(
    named: Option<PathBuf>,
) -> Result<(PathBuf, Option<tempfile::TempDir>), Failure> {
    if let Some(named) = named {
        return Ok((named, None));
    }
    let temporary = tempfile::Builder::new().prefix("landfall-").tempdir();
    let temporary =
        temporary.map_err(|e| Failure::new("temporary folder", e, "name one with --data"))?;
    Ok((temporary.path().to_owned(), Some(temporary)))
}

/// Runs a simulation until it ends or the user ends it. `begun` is called before anybody is told that
/// it listens; what it gives stands beside the devices.
pub(super) fn run(
    options: Options,
    json: bool,
    begun: impl FnOnce(&Simulation) -> Result<Option<ServerReady>, Failure>,
) -> Ended {
    // Asked for before anything listens, so that no signal ends the program in between.
    let mut signals =
        Signals::new([SIGINT, SIGTERM]).map_err(|e| Failure::new("signals", e, "try again"))?;
    let simulation = Simulation::start(options)
        .map_err(|e| Failure::new("simulation", e, "then start it again"))?;
    let stopper = simulation.stopper();
    std::thread::spawn(move || {
        for _ in signals.forever() {
            let _ = stopper.send(End::Asked);
        }
    });
    announce(&simulation, begun(&simulation)?, json);
    match simulation.wait() {
        End::Asked => Ok(ExitCode::SUCCESS),
        End::PowerCut => Ok(ExitCode::from(POWER_CUT)),
        End::Failed(why) => Err(Failure::new("device", why, "look at its flash")),
    }
}

/// Says where everything is: for programs on one line, for people as a list.
fn announce(simulation: &Simulation, server: Option<ServerReady>, json: bool) {
    use std::io::Write;

    let ready = Ready {
        server,
        ..simulation.ready()
    };
    let mut out = std::io::stdout().lock();
    let written = if json {
        let line = serde_json::to_string(&ready).unwrap_or_default();
        writeln!(out, "{line}")
    } else {
        let devices = ready.devices.iter();
        let rows = devices.map(|d| {
            format!(
                "{}  {}\n  console   landfall console {}\n  portal    {} (access point)  {} (station)\n",
                d.name, d.mac, d.console, d.ap_url, d.sta_url
            )
        });
        let rows: String = rows.collect();
        let server = ready.server.as_ref().map(|server| {
            format!(
                "dashboard   {}\n  login     {}, password {}\n",
                server.url,
                server.admin,
                server.password.as_deref().unwrap_or("as it was set")
            )
        });
        let server = server.unwrap_or_default();
        writeln!(
            out,
            "{server}{rows}air         landfall air {} list\nCtrl-C ends it.",
            ready.air
        )
    };
    // A reader that went away does not stop the devices.
    let _ = written.and_then(|()| out.flush());
}
