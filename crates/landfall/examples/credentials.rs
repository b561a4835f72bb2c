//! Credentials with a verdict: a typo is told as what it is, and costs nothing.
//!
//! `cargo run --example credentials`

use std::error::Error;

use common::Bench;
use landfall::SetError;

mod common;

fn main() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(false)?;
    let wifi = bench.builder.build_blocking(bench.board.radio)?;
    wifi.setup_network();

    let short = wifi.set_credentials(b"HomeNetwork", b"short");
    assert!(matches!(short, Err(SetError::Password(_))));
    println!(
        "short: {}",
        short.map_or_else(|e| e.to_string(), |()| "taken".to_owned())
    );

    for password in ["Passwort2", "Password2"] {
        wifi.set_credentials(b"HomeNetwork", password.as_bytes())?;
        match wifi.verdict() {
            Ok(ip) => println!("{password}: joined as {ip}, and kept"),
            Err(error) => println!("{password}: {error}"),
        }
    }
    wifi.reset_credentials()?;
    println!("forgotten");
    Ok(())
}
