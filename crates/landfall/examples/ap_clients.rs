//! The access point and who is on it.
//!
//! `cargo run --example ap_clients`

use std::error::Error;

use async_io::block_on;
use common::Bench;
use landfall::event::Event;
use landfall::net::{Security, Ssid};

mod common;

fn main() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(false)?;
    let world = bench.board.world;
    let wifi = bench.builder.build_blocking(bench.board.radio)?;
    let mut events = wifi.subscribe(32).map_err(|_| "a bound of 1 to 64")?;

    let name = Ssid::new(b"Workshop").map_err(|_| "1 to 32 bytes")?;
    let key = Security::from_password(b"workshop-key").map_err(|_| "8 to 63 characters")?;
    println!("{name} is up at {}", wifi.ap_start(&name, key.clone())?);

    // A phone comes by.
    world.with(|air, now| air.phone_join("Workshop", &key, now))?;
    loop {
        if let Event::ApStaConnected { mac } = block_on(events.next()).event {
            println!("{mac} joined");
            break;
        }
    }
    for client in wifi.ap_clients() {
        println!("{} since {} ms", client.mac, client.since.as_ms());
    }
    wifi.ap_stop()?;
    println!("{name} is down, clients: {}", wifi.ap_clients().len());
    Ok(())
}
