//! `landfall bench`: what a heartbeat costs the fleet server, beside a handler that does the least.
//!
//! Server and floor are processes of their own, so that their time on the processor is read apart
//! from that of the devices that are simulated here. They take turns, so that what else the machine
//! does falls on both. A server that runs already may stand in the place of ours: it says itself what
//! it used.

mod child;
mod devices;
mod load;
mod measure;
mod running;
mod start;
mod tls;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};

use super::{Ended, Failure};
use measure::{Measured, measure};

/// How a program ends that the user ended: 128 and the number of SIGINT.
const INTERRUPTED: u8 = 130;

/// Measure the fleet server
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall bench fleet --devices 10000 --seconds 20 --json")]
pub(super) struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Fleet(Fleet),
    Start(start::Start),
    #[command(hide = true)]
    Child(child::Words),
}

/// Measure heartbeats: time on the processor, latency and memory, beside a bare handler
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall bench fleet --devices 10000 --way sealed
  landfall bench fleet --server https://fleet.example --devices 100 --way tls")]
struct Fleet {
    /// How many devices beat
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    devices: u32,
    /// How long the server is measured, and the floor as long again
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
    /// Heartbeats on their way at once
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    at_once: u16,
    /// Heartbeats a second; without it the next follows the answer
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    per_second: Option<u32>,
    /// How they are sent
    #[arg(long, value_enum, default_value_t = Way::KeepAlive)]
    way: Way,
    /// A server that runs, in place of one of our own: its devices are enrolled by whoever is logged
    /// in to it (`landfall fleet login`, or LANDFALL_FLEET_TOKEN), and retired at the end
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// Trust this authority too (PEM)
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
}

/// How heartbeats are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Way {
    /// With the key as it is, over connections that stay open
    KeepAlive,
    /// With the key as it is, over a connection for each
    PerBeat,
    /// Sealed, over connections that stay open
    Sealed,
    /// With the key as it is, over TLS connections that stay open
    Tls,
}

impl Bench {
    pub(super) fn run(self) -> Ended {
        match self.what {
            What::Fleet(fleet) => fleet.run(),
            What::Start(start) => start.run(),
            What::Child(words) => words.run(),
        }
    }
}

impl Fleet {
    fn run(self) -> Ended {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|e| Failure::new("bench", e, "free some threads"))?;
        let Some(measured) = runtime.block_on(measure(&self))? else {
            return Ok(ExitCode::from(INTERRUPTED));
        };
        if self.json {
            // It is made of numbers alone.
            println!("{}", serde_json::to_string(&measured).unwrap_or_default());
        } else {
            tell(&measured);
        }
        let failed = measured.heartbeats == 0 || measured.errors > 0;
        Ok(ExitCode::from(u8::from(failed)))
    }
}

fn tell(measured: &Measured) {
    let kib = |bytes: u64| format!("{} KiB", bytes / 1024);
    for (what, value) in [
        ("devices", measured.devices.to_string()),
        ("heartbeats", measured.heartbeats.to_string()),
        (
            "processor, server",
            format!("{:.1} us a heartbeat", measured.cpu_us_per_heartbeat),
        ),
        (
            "processor, floor",
            format!("{:.1} us", measured.floor_cpu_us),
        ),
        (
            "ratio to the floor",
            format!("{:.2}", measured.ratio_to_floor),
        ),
        ("latency, median", format!("{:.2} ms", measured.p50_ms)),
        ("latency, 99 %", format!("{:.2} ms", measured.p99_ms)),
        ("memory, server", kib(measured.rss_bytes)),
        ("memory, grown by", kib(measured.rss_growth_bytes)),
        ("errors", measured.errors.to_string()),
    ] {
        println!("{what:<20} {value}");
    }
}
