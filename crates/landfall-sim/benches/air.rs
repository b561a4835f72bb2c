//! How many hours of devices one core simulates in a second: machine and air, without servers.
//! `cargo bench -p landfall-sim --bench air`
//!
//! The random worlds are those of `landfall soak`, with every invariant checked after every step.

#[path = "../tests/world/mod.rs"]
mod world;

use std::time::Instant;

use landfall_sim::world::random::scenario;
use landfall_sim::world::shrink::violation_of;
use landfall_sim::world::walk::walk;
use world::World;

const HOUR_MS: u64 = 3_600_000;

fn main() {
    let quiet = "[[ap]]\nssid = \"HomeNetwork\"\npassword = \"Password2\"";
    let absent = "[[ap]]\nssid = \"Elsewhere\"\npassword = \"Password2\"";
    measure("one device, connected", quiet, 1, 1000);
    measure("one device, its network absent", absent, 1, 1000);
    measure("twenty devices, connected", quiet, 20, 50);
    measure("twenty devices, their network absent", absent, 20, 50);
    measure_worlds(200);
    measure_walk(7);
}

fn measure_worlds(worlds: u64) {
    let scenarios: Vec<_> = (0..worlds).map(|seed| scenario(seed, 1.0)).collect();
    let began = Instant::now();
    let broken = scenarios.iter().filter_map(violation_of).count();
    let rate = worlds as f64 / began.elapsed().as_secs_f64();
    println!("random worlds, invariants checked: {rate:.0} hours a second");
    assert_eq!(broken, 0);
}

fn measure_walk(depth: u8) {
    let began = Instant::now();
    let report = walk(depth);
    let step_ns = began.elapsed().as_secs_f64() * 1e9 / report.steps as f64;
    println!(
        "walk of depth {depth}: {} steps, {step_ns:.0} ns a step",
        report.steps
    );
    assert_eq!(report.violation, None);
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
