//! The measurement: server and floor in turns, and what came of them.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use landfall_server::process::Process;
use serde::Serialize;

use super::child::{Child, Home};
use super::load::{Load, Tally};
use super::running::{Running, Used};
use super::{Failure, Fleet, Way, devices};

/// Turns that server and floor take.
const TURNS: u32 = 4;

/// What was measured. Its members are documented by their units.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) devices: u32,
    pub(super) heartbeats: u64,
    pub(super) cpu_us_per_heartbeat: f64,
    pub(super) floor_cpu_us: f64,
    pub(super) ratio_to_floor: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) rss_bytes: u64,
    /// From when every device had beaten once to the end.
    pub(super) rss_growth_bytes: u64,
    pub(super) errors: u64,
}

/// A server that is measured.
enum Server {
    /// A process of ours.
    Child(Child),
    /// One that runs already.
    Running(Arc<Running>),
}

impl Server {
    async fn used(&self) -> Result<Used, Failure> {
        match self {
            Self::Child(child) => used_by(&child.process),
            Self::Running(running) => running.used().await,
        }
    }
}

/// What that process used.
pub(super) fn used_by(process: &Process) -> Result<Used, Failure> {
    let used = process.cpu().map(|cpu| Used {
        cpu,
        rss_bytes: process.rss_bytes(),
    });
    used.ok_or_else(|| {
        let why = "a process that was measured ended";
        Failure::new("bench", why, "run it again with -v")
    })
}

/// Measures as the user wants it; none where the user ended it. Either way nothing is left behind: no
/// process, no file, no device at somebody else's server.
pub(super) async fn measure(fleet: &Fleet) -> Result<Option<Measured>, Failure> {
    let progress = progress();
    let home = Home::make(fleet.way == Way::Tls)?;
    let running = match &fleet.server {
        Some(url) => Some(Arc::new(Running::at(url, fleet.ca.clone(), fleet.devices)?)),
        None => None,
    };
    let measured = tokio::select! {
        measured = run(fleet, &home, running.clone(), &progress) => measured.map(Some),
        _ = tokio::signal::ctrl_c() => Ok(None),
    };
    if let Some(running) = running {
        progress.set_message("devices are retired");
        running.leave().await;
    }
    progress.finish_and_clear();
    measured
}

async fn run(
    fleet: &Fleet,
    home: &Home,
    running: Option<Arc<Running>>,
    progress: &ProgressBar,
) -> Result<Measured, Failure> {
    progress.set_message("starting");
    let count = fleet.devices;
    let floor = Child::start("floor", count, home)?;
    let mut at_floor = Load::new(floor.target(home)?, devices::all(count), fleet.way);
    let (server, mut at_server) = match running {
        None => {
            let server = Child::start("server", count, home)?;
            let load = Load::new(server.target(home)?, devices::all(count), fleet.way);
            (Server::Child(server), load)
        }
        Some(running) => {
            let target = running.target(fleet.way)?;
            progress.set_message("devices enrol");
            let known = running.enrol().await?;
            (
                Server::Running(running),
                Load::new(target, known, fleet.way),
            )
        }
    };
    let floor = Server::Child(floor);
    progress.set_message("every device beats once");
    at_server.once(fleet.at_once).await;
    at_floor.once(fleet.at_once).await;
    let before = server.used().await?;
    let (mut ours, mut theirs) = (Tally::default(), Tally::default());
    for _ in 0..TURNS {
        progress.set_message("the server is measured");
        ours.add(turn(fleet, &server, &mut at_server).await?);
        progress.inc(1);
        progress.set_message("the floor is measured");
        theirs.add(turn(fleet, &floor, &mut at_floor).await?);
        progress.inc(1);
    }
    let after = server.used().await?;
    Ok(result(count, &ours, &theirs, (before, after)))
}

fn result(devices: u32, ours: &Tally, theirs: &Tally, (before, after): (Used, Used)) -> Measured {
    let (cpu, floor_cpu) = (ours.cpu_us_per_heartbeat(), theirs.cpu_us_per_heartbeat());
    Measured {
        devices,
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
        rss_bytes: after.rss_bytes,
        rss_growth_bytes: after.rss_bytes.saturating_sub(before.rss_bytes),
        errors: ours.errors + theirs.errors,
    }
}

/// One turn of a server, and what it used meanwhile.
async fn turn(fleet: &Fleet, server: &Server, load: &mut Load) -> Result<Tally, Failure> {
    let time = Duration::from_millis(u64::from(fleet.seconds) * 1000 / u64::from(TURNS));
    let before = server.used().await?.cpu;
    let mut tally = load.run(fleet.at_once, fleet.per_second, time).await;
    tally.cpu = server.used().await?.cpu.saturating_sub(before);
    Ok(tally)
}

fn progress() -> ProgressBar {
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
