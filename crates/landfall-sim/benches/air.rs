//! How many hours of devices one core simulates in a second: machine and air, without servers.
//! `cargo bench -p landfall-sim --bench air`

#[path = "../tests/world/mod.rs"]
mod world;

use std::time::Instant;

use world::World;

const HOUR_MS: u64 = 3_600_000;

fn main() {
    let quiet = "[[ap]]\nssid = \"HomeNetwork\"\npassword = \"Password2\"";
    let absent = "[[ap]]\nssid = \"Elsewhere\"\npassword = \"Password2\"";
    measure("one device, connected", quiet, 1, 1000);
    measure("one device, its network absent", absent, 1, 1000);
    measure("twenty devices, connected", quiet, 20, 50);
    measure("twenty devices, their network absent", absent, 20, 50);
}

fn measure(what: &str, file: &str, devices: u8, hours: u64) {
    let mut world = World::new(file, devices, &[("HomeNetwork", "Password2")]);
    let began = Instant::now();
    world.run_until(hours * HOUR_MS);
    let seconds = began.elapsed().as_secs_f64();
    let device_hours = (hours * u64::from(devices)) as f64;
    let (rate, step_ns) = (device_hours / seconds, seconds * 1e9 / world.steps as f64);
    println!("{what}: {rate:.0} device-hours a second, {step_ns:.0} ns a step");
    assert_eq!(world.air.violations(), 0);
}
