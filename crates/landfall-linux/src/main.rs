//! The daemon `landfalld`. What it takes is in [`landfall_linux::cli`], what it does in
//! [`landfall_linux::daemon`].
#![forbid(unsafe_code)]

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use landfall_linux::cli::Options;
use landfall_linux::daemon;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

fn main() -> ExitCode {
    let options = Options::parse();
    start_logging(options.verbose);
    match daemon::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("landfalld: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Logs go to stderr: data has stdout for itself. `RUST_LOG` takes levels and modules, `debug` or
/// `landfall_linux::radio=trace`; the filter that takes more would bring a machine for regular expressions.
fn start_logging(verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    let wished = std::env::var("RUST_LOG").ok();
    let wished = wished.and_then(|wished| wished.parse::<Targets>().ok());
    let filter = wished.unwrap_or_else(|| Targets::new().with_default(level));
    let coloured = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(coloured)
        .with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .init();
}
