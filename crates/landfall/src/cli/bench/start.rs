//! How long a server takes to start that knows many devices, after it was killed: until it answers,
//! and until it has answered a device. Nobody may be offline by it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Args;
use serde::Serialize;

use super::child::{Child, Home};
use super::load::Load;
use super::measure::used_by;
use super::running::{blocking, figure};
use super::{Failure, Way, devices};
use crate::cli::Ended;

/// Devices that beat at once before and after the start.
const AT_ONCE: u16 = 16;
/// What was heard is on disk after a second; where everybody beats at once a batch takes some itself.
const WRITTEN: Duration = Duration::from_secs(10);

/// Measure the fleet server's start: a server that knows many devices is killed and started again
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall bench start --devices 100000
  landfall bench start --database postgres:///empty?host=/run/postgresql --json")]
pub(super) struct Start {
    /// How many devices it knows
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    devices: u32,
    /// Where it keeps them: a database that is empty; a temporary file without it
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
}

/// What was measured. Its members are documented by their units.
#[derive(Debug, Serialize)]
struct Measured {
    devices: u32,
    /// From the start of the process until the server answers, memory whole.
    start_ms: f64,
    /// Until a device has its answer.
    first_heartbeat_ms: f64,
    /// What the server counts as online then.
    online: u64,
    cpu_ms: u64,
    rss_bytes: u64,
    /// Devices that were refused when all beat again.
    errors: u64,
}

impl Start {
    pub(super) fn run(self) -> Ended {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new("bench", e, "free some threads"))?;
        let measured = runtime.block_on(self.measure())?;
        if self.json {
            // It is made of numbers alone.
            println!("{}", serde_json::to_string(&measured).unwrap_or_default());
        } else {
            measured.tell();
        }
        let whole = measured.errors == 0 && measured.online == u64::from(self.devices);
        Ok(ExitCode::from(u8::from(!whole)))
    }

    async fn measure(&self) -> Result<Measured, Failure> {
        let home = Home::make(false)?;
        if let Some(database) = &self.database {
            home.keep_in(database)?;
        }
        let server = Child::start("server", self.devices, &home)?;
        let known = devices::all(self.devices);
        let mut load = Load::new(server.target(&home)?, known, Way::KeepAlive);
        load.once(AT_ONCE).await;
        tokio::time::sleep(WRITTEN).await;
        drop(server);

        let begun = Instant::now();
        let server = Child::start("again", self.devices, &home)?;
        let start_ms = begun.elapsed().as_secs_f64() * 1000.0;
        let mut load = load.again_at(server.target(&home)?);
        let answered = load.one().await;
        let first_heartbeat_ms = begun.elapsed().as_secs_f64() * 1000.0;
        let used = used_by(&server.process)?;
        let online = online(&server).await?;
        let again = load.once(AT_ONCE).await;
        Ok(Measured {
            devices: self.devices,
            start_ms,
            first_heartbeat_ms,
            online,
            cpu_ms: u64::try_from(used.cpu.as_millis()).unwrap_or(u64::MAX),
            rss_bytes: used.rss_bytes,
            errors: again.errors + u64::from(!answered),
        })
    }
}

/// How many devices the server says are online.
async fn online(server: &Child) -> Result<u64, Failure> {
    let url = format!("http://{}/metrics", server.address);
    blocking(move || {
        let failed = |why: &dyn std::fmt::Display| Failure::new(&url, why, "run it again with -v");
        let mut answer = ureq::get(&url).call().map_err(|e| failed(&e))?;
        let text = answer.body_mut().read_to_string().map_err(|e| failed(&e))?;
        let online = figure(&text, "landfall_devices{state=\"online\"}");
        online
            .map(|count| count as u64)
            .ok_or_else(|| failed(&"it does not say who is online"))
    })
    .await
}

impl Measured {
    fn tell(&self) {
        for (what, value) in [
            ("devices", self.devices.to_string()),
            ("started in", format!("{:.0} ms", self.start_ms)),
            (
                "a device answered",
                format!("after {:.0} ms", self.first_heartbeat_ms),
            ),
            ("online by then", self.online.to_string()),
            ("processor", format!("{} ms", self.cpu_ms)),
            ("memory", format!("{} KiB", self.rss_bytes / 1024)),
            ("errors", self.errors.to_string()),
        ] {
            println!("{what:<20} {value}");
        }
    }
}
