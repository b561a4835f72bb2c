//! The machine of the core on the simulated air: they speak the same language, and the air's own
//! checks find nothing to complain about.

mod world;

use landfall_core::status::State;
use world::World;

const HOUR_MS: u64 = 3_600_000;

/// Two routers of one network and a hostile world around them.
const ROUGH: &str = r#"
seed = 3
[[ap]]
name = "near"
ssid = "HomeNetwork"
password = "Password2"
channel = 6
rssi = -60
[[ap]]
name = "far"
ssid = "HomeNetwork"
password = "Password2"
channel = 11
rssi = -82
[[ap]]
ssid = "CafeFree"
channel = 1
dhcp = false
[[at]]
ms = 60000
ap = "near"
on = false
[[at]]
ms = 200000
ap = "far"
deauth = true
comeback_ms = 2500
[[at]]
ms = 400000
ap = "far"
on = false
[[at]]
ms = 900000
ap = "near"
on = true
channel = 3
[[at]]
ms = 1000000
ap = "near"
password = "Password3"
deauth = true
[[at]]
ms = 1500000
ap = "near"
password = "Password2"
[[at]]
ms = 2000000
ap = "near"
channel = 13
"#;

#[test]
fn a_device_joins_and_stays_without_a_wrong_question() {
    let mut world = World::new(
        "[[ap]]\nssid = \"HomeNetwork\"\npassword = \"Password2\"",
        1,
        &[("HomeNetwork", "Password2")],
    );
    world.run_until(10_000);
    assert_eq!(world.devices[0].manager.state(), State::Connected);
    world.run_until(HOUR_MS);
    assert_eq!(world.devices[0].manager.state(), State::Connected);
    assert_eq!(
        world.air.violations(),
        0,
        "{:?}",
        world.air.last_violation()
    );
}

#[test]
fn devices_survive_a_rough_hour_without_a_wrong_question() {
    let known = [("CafeFree", ""), ("HomeNetwork", "Password2")];
    let mut world = World::new(ROUGH, 3, &known);
    world.run_until(HOUR_MS);
    for device in &world.devices {
        assert_eq!(device.manager.state(), State::Connected);
    }
    assert_eq!(
        world.air.violations(),
        0,
        "{:?}",
        world.air.last_violation()
    );
}

#[test]
fn the_same_world_runs_the_same_way_twice() {
    let known = [("CafeFree", ""), ("HomeNetwork", "Password2")];
    let run = || {
        let mut world = World::new(ROUGH, 2, &known);
        world.run_until(HOUR_MS / 2);
        let events = world
            .devices
            .iter()
            .map(|device| format!("{:?}", device.events));
        (world.steps, events.collect::<Vec<_>>())
    };
    assert_eq!(run(), run());
}
