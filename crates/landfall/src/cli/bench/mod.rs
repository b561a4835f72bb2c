//! `landfall bench`: what a heartbeat costs the fleet server, beside a handler that does the least.
//!
//! Server and floor are processes of their own, so that their time on the processor is read apart
//! from that of the devices that are simulated here. They take turns, so that what else the machine
//! does falls on both.

mod child;
mod devices;
mod load;
mod process;

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use super::{Ended, Failure};
use child::Child;
use load::{Load, Tally};

/// Turns that server and floor take.
const TURNS: u32 = 4;

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
    #[command(hide = true)]
    Child(child::Words),
}

/// Measure heartbeats: time on the processor, latency and memory, beside a bare handler
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall bench fleet --devices 10000 --way sealed")]
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
}

/// What was measured. Its members are documented by their units.
#[derive(Debug, Serialize)]
struct Measured {
    devices: u32,
    heartbeats: u64,
    cpu_us_per_heartbeat: f64,
    floor_cpu_us: f64,
    ratio_to_floor: f64,
    p50_ms: f64,
    p99_ms: f64,
    rss_bytes: u64,
    errors: u64,
}

impl Bench {
    pub(super) fn run(self) -> Ended {
        match self.what {
            What::Fleet(fleet) => fleet.run(),
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
        let measured = runtime.block_on(self.measure())?;
        if self.json {
            // It is made of numbers alone.
            println!("{}", serde_json::to_string(&measured).unwrap_or_default());
        } else {
            self.tell(&measured);
        }
        let failed = measured.heartbeats == 0 || measured.errors > 0;
        Ok(ExitCode::from(u8::from(failed)))
    }

    async fn measure(&self) -> Result<Measured, Failure> {
        let progress = self.progress();
        progress.set_message("starting");
        let mut server = Child::start("server", self.devices)?;
        let mut floor = Child::start("floor", self.devices)?;
        let mut at_server = Load::new(server.address, self.devices, self.way);
        let mut at_floor = Load::new(floor.address, self.devices, self.way);
        progress.set_message("every device beats once");
        at_server.once(self.at_once).await;
        at_floor.once(self.at_once).await;
        let turn = Duration::from_millis(u64::from(self.seconds) * 1000 / u64::from(TURNS));
        let (mut ours, mut theirs) = (Tally::default(), Tally::default());
        for _ in 0..TURNS {
            progress.set_message("the server is measured");
            ours.add(self.turn(&mut server, &mut at_server, turn).await?);
            progress.inc(1);
            progress.set_message("the floor is measured");
            theirs.add(self.turn(&mut floor, &mut at_floor, turn).await?);
            progress.inc(1);
        }
        progress.finish_and_clear();
        let (cpu, floor_cpu) = (ours.cpu_us_per_heartbeat(), theirs.cpu_us_per_heartbeat());
        Ok(Measured {
            devices: self.devices,
            heartbeats: ours.heartbeats(),
            cpu_us_per_heartbeat: cpu,
            floor_cpu_us: floor_cpu,
            ratio_to_floor: if floor_cpu > 0.0 {
                cpu / floor_cpu
            } else {
                0.0
            },
            p50_ms: ours.percentile_ms(50),
            p99_ms: ours.percentile_ms(99),
            rss_bytes: server.process.rss_bytes(),
            errors: ours.errors + theirs.errors,
        })
    }

    async fn turn(
        &self,
        child: &mut Child,
        load: &mut Load,
        time: Duration,
    ) -> Result<Tally, Failure> {
        let before = child.process.cpu();
        let mut tally = load.run(self.at_once, self.per_second, time).await;
        let (Some(before), Some(after)) = (before, child.process.cpu()) else {
            let help = "run it again with -v";
            return Err(Failure::new(
                "bench",
                "a process that was measured ended",
                help,
            ));
        };
        tally.cpu = after.saturating_sub(before);
        Ok(tally)
    }

    fn progress(&self) -> ProgressBar {
        if !std::io::stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let bar = ProgressBar::new(u64::from(2 * TURNS));
        let style = ProgressStyle::with_template("{bar:40} {msg}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        bar
    }

    fn tell(&self, measured: &Measured) {
        println!("devices              {}", measured.devices);
        println!("heartbeats           {}", measured.heartbeats);
        println!(
            "processor, server    {:.1} us a heartbeat",
            measured.cpu_us_per_heartbeat
        );
        println!("processor, floor     {:.1} us", measured.floor_cpu_us);
        println!("ratio to the floor   {:.2}", measured.ratio_to_floor);
        println!("latency, median      {:.2} ms", measured.p50_ms);
        println!("latency, 99 %        {:.2} ms", measured.p99_ms);
        println!("memory, server       {} KiB", measured.rss_bytes / 1024);
        println!("errors               {}", measured.errors);
    }
}
