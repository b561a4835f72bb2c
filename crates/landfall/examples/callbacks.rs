//! Callbacks: added, removed, and in nobody's way.
//!
//! `cargo run --example callbacks`
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a program looks at the events that it cares for"
)]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use common::Bench;
use landfall::event::{Event, Record};

mod common;

/// A function without state is good on chips too.
fn tell(record: &Record) {
    match record.event {
        Event::Connected { ssid, ip } => println!("connected to {ssid} as {ip}"),
        Event::Disconnected { ssid } => println!("disconnected from {ssid}"),
        Event::ApStarted { essid } => println!("{essid} is up"),
        Event::ConnectionFailed { .. } => println!("no known network was joined"),
        _ => {}
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(true)?;
    let wifi = bench.builder.build_blocking(bench.board.radio)?;
    let full = |_| "eight callbacks are there already";

    let first = wifi.on_connection_change(&tell).map_err(full)?;
    let again = wifi.on_connection_change(&tell).map_err(full)?;
    assert_eq!(first, again, "the same callback is stored once");

    // One that panics stops neither the others nor the device.
    let faulty = wifi.on_connection_change(&|_: &Record| panic!("a faulty callback"));
    let faulty = faulty.map_err(full)?;
    // On hosts a callback may own what it needs.
    let calls = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&calls);
    let count = move |_: &Record| {
        counted.fetch_add(1, Ordering::Relaxed);
    };
    wifi.on_connection_change(Arc::new(count)).map_err(full)?;

    assert!(wifi.setup_network());
    wifi.remove(faulty);
    wifi.sta_disconnect()?;
    println!("{} changes", calls.load(Ordering::Relaxed));
    Ok(())
}
