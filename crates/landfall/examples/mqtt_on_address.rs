//! An application that starts its own client when the station has an address, and stops it when it
//! has none.
//!
//! `cargo run --example mqtt_on_address`
#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a program looks at the events that it cares for"
)]

use std::error::Error;
use std::net::Ipv4Addr;

use common::Bench;
use futures_lite::future;
use landfall::event::Event;

mod common;

/// Stands for the client of the program's choice.
struct Mqtt {
    from: Ipv4Addr,
}

impl Mqtt {
    fn connect(from: Ipv4Addr) -> Self {
        println!("MQTT starts from {from}");
        Self { from }
    }
}

impl Drop for Mqtt {
    fn drop(&mut self) {
        println!("MQTT from {} stops", self.from);
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    async_io::block_on(async {
        let bench = Bench::new(true)?;
        let mut runner = bench.builder.build(bench.board.radio).await?;
        let wifi = runner.wifi();
        let mut events = wifi.subscribe(32).map_err(|_| "a bound of 1 to 64")?;

        let application = async {
            let mut mqtt = None;
            loop {
                match events.next().await.event {
                    Event::StaGotIp { ip } => {
                        mqtt = Some(Mqtt::connect(ip));
                        wifi.sta_disconnect().await?;
                    }
                    Event::Disconnected { .. } => {
                        drop(mqtt.take());
                        return Ok(());
                    }
                    _ => {}
                }
            }
        };
        // The runner beside it; an executor would spawn it.
        let device = async {
            runner.run().await;
            Ok(())
        };
        future::or(application, device).await
    })
}
