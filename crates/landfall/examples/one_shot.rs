//! One shot: join a known network, or bring the access point up, and go on with the program.
//!
//! `cargo run --example one_shot`

use std::error::Error;

use common::Bench;

mod common;

fn main() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(true)?;
    let wifi = bench.builder.build_blocking(bench.board.radio)?;

    if wifi.setup_network() {
        let status = wifi.status();
        let ssid = status.ssid.map(|ssid| ssid.to_string()).unwrap_or_default();
        println!("connected to {ssid} as {}", status.ip);
    } else {
        println!("no network; set me up at http://{}/", wifi.status().ip);
    }
    Ok(())
}
