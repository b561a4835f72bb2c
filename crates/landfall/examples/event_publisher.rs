//! The program's own publisher: every event of both levels, on its own bus.
//!
//! `cargo run --example event_publisher`

use std::error::Error;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use common::Bench;
use landfall::event::{Event, Record};

mod common;

fn main() -> Result<(), Box<dyn Error>> {
    let bench = Bench::new(true)?;
    let (bus, published) = sync_channel::<Record>(64);
    // A publisher never waits: what its bus has no room for is dropped.
    let publish = move |record: &Record| {
        let _ = bus.try_send(*record);
    };
    let builder = bench.builder.publisher(Arc::new(publish));
    let wifi = builder.build_blocking(bench.board.radio)?;

    wifi.start_managing();
    for record in published {
        println!(
            "{:>3} {:>6} ms {}",
            record.seq,
            record.at_ms,
            record.event.name()
        );
        if let Event::Connected { .. } = record.event {
            break;
        }
    }
    Ok(())
}
