//! Managed in the background: the router goes and comes back, and the program does nothing for it.
//!
//! `cargo run --example managed`
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a program looks at the events that it cares for"
)]

use std::error::Error;

use async_io::block_on;
use common::Bench;
use landfall::event::Event;
use landfall_sim::air::access_point::ApChange;

mod common;

fn main() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(true)?;
    let world = bench.board.world;
    let wifi = bench.builder.build_blocking(bench.board.radio)?;
    let mut events = wifi.subscribe(32).map_err(|_| "a bound of 1 to 64")?;
    wifi.start_managing();

    let router = |on| world.with(|air, now| air.change("home", &ApChange::On(on), now));
    let mut times_connected = 0;
    while times_connected < 2 {
        let record = block_on(events.next());
        match record.event {
            Event::Connected { ssid, ip } => {
                println!("{:>6} ms: connected to {ssid} as {ip}", record.at_ms);
                times_connected += 1;
                router(times_connected > 1);
            }
            Event::Disconnected { ssid } => {
                println!("{:>6} ms: lost {ssid}", record.at_ms);
            }
            Event::ApStarted { essid } => {
                println!("{:>6} ms: {essid} is up meanwhile", record.at_ms);
                router(true);
            }
            _ => {}
        }
    }
    Ok(())
}
