//! Modes: which interfaces may be used.
//!
//! `cargo run --example modes`

use std::error::Error;

use common::Bench;
use landfall::config::Mode;

mod common;

fn main() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(true)?;
    let wifi = bench.builder.build_blocking(bench.board.radio)?;
    wifi.setup_network();

    // By name, or by the number that a menu or a register has.
    for number in [Mode::Sta as u8, 2, 3] {
        let mode = Mode::try_from(number).map_err(|_| "a mode of 0 to 3")?;
        wifi.set_mode(mode)?;
        let connected = wifi.setup_network();
        let ap = wifi.ap_ip().map_or("down".to_owned(), |ip| ip.to_string());
        println!(
            "mode {}: connected {connected}, access point {ap}",
            wifi.mode()
        );
    }
    wifi.set_mode(Mode::Off)?;
    println!("mode {}: {}", wifi.mode(), wifi.status().state.name());
    Ok(())
}
