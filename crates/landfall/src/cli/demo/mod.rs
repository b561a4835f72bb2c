//! `landfall demo`: a fleet server and simulated devices that belong to it, on an air of their own.

mod sample;
mod server;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use landfall::host::{DeviceOptions, Options};
use landfall_core::config::{self, Config, Defaults};
use landfall_core::net::Mac;
use landfall_sim::air::file::AirFile;

use super::{Ended, Failure, sim};

/// The air of the demo.
const AIR: &str = include_str!("air.toml");
/// What the devices of the demo know.
const CONFIG: &str = include_str!("config.json");

/// Run a fleet server and simulated devices on an air of their own
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall demo --devices 3 --json")]
pub(super) struct Demo {
    /// How many devices
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=100))]
    devices: u8,
    /// Where the server listens; without it 127.0.0.1:8000, or a free port where that is taken
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// The folder that everything is kept in; without it a temporary one
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The first of their ports, ten for each device; without it free ones are taken
    #[arg(long, value_name = "N")]
    port_base: Option<u16>,
    /// Print where everything is as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Ports from one device's first to the next one's.
const PORTS_EACH: u16 = 10;

impl Demo {
    pub(super) fn run(self) -> Ended {
        let air = AirFile::parse("air.toml", AIR)
            .map_err(|e| Failure::new("the demo's air", e, "report it"))?;
        let (data, _temporary) = sim::folder(self.data.clone())?;
        let config = config::load(CONFIG.as_bytes(), &Defaults::built_in(), &mut |_| {});
        let devices = (0..self.devices)
            .map(|n| self.device(n, &data, config.clone(), &air))
            .collect::<Result<_, _>>()?;
        let fleet = server::DemoServer::start(self.listen, &data)?;
        let ended = sim::run(Options { air, devices }, self.json, |simulation| {
            fleet.adopt(simulation.devices())?;
            Ok(Some(fleet.ready()))
        });
        fleet.stop();
        ended
    }

    fn device(
        &self,
        n: u8,
        data: &std::path::Path,
        config: Config,
        air: &AirFile,
    ) -> Result<DeviceOptions, Failure> {
        let name = format!("device-{}", u16::from(n) + 1);
        let base = self
            .port_base
            .map(|base| base.checked_add(u16::from(n) * PORTS_EACH));
        let port_base = match base {
            Some(None) => {
                let why = "the last ports would be over 65535";
                return Err(Failure::new("--port-base", why, "choose a lower one"));
            }
            Some(Some(base)) => Some(base),
            None => None,
        };
        let [a, b, c, d, e, f] = sim::MAC.0;
        Ok(DeviceOptions {
            data: data.join(&name),
            name,
            mac: Mac([a, b, c, d, e, f.wrapping_add(n)]),
            config: Some(config),
            reset_config: false,
            flash: air.flash,
            port_base,
        })
    }
}
