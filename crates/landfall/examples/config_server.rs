//! The config server: enabled with a password, kept over restarts, disabled again.
//!
//! `cargo run --example config_server`

use std::error::Error;
use std::fs;

use common::Bench;
use landfall::ServerError;

mod common;

fn main() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(false)?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("networks.json");
    let builder = bench.builder.config_file(&file);
    let wifi = builder.build_blocking(bench.board.radio)?;

    let refused = wifi.start_config_server(None);
    assert_eq!(refused, Err(ServerError::NoPassword), "never without one");
    wifi.start_config_server(Some("micropython"))?;
    wifi.setup_network();
    wifi.save_config()?;
    println!("{}", fs::read_to_string(&file)?.trim_end());

    wifi.stop_config_server();
    wifi.load_config()?;
    println!("read again: it is enabled as it was saved");
    Ok(())
}
