//! A device from start to start: its flash, its doors, how it ends.

use rustix::process::Signal;

use crate::host::{HOME, Sim, status, text};

/// As the manager of known networks for MicroPython documents its file.
const NETWORKS: &str = r#"{
    "schema": 2,
    "known_networks": [
        {"ssid": "User\u2019s iPhone", "password": "Password1", "enables_webrepl": false},
        {"ssid": "HomeNetwork", "password": "Password2", "enables_webrepl": true}
    ],
    "access_point": {
        "config": {"essid": "Micropython-Dev", "channel": 11, "hidden": false, "password": "P@55W0rd"},
        "enables_webrepl": true,
        "start_policy": "fallback"
    },
    "config_server": {"enabled": false, "password": "micropython"},
    "internet_probe_url": "http://probe.example/generate_204"
}"#;
const KNOWN: &str = "0 SSID=\"User’s iPhone\" secure=1 webrepl=0
1 SSID=\"HomeNetwork\" secure=1 webrepl=1";

/// A folder with that configuration, and the options that name it.
fn configured() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("networks.json");
    std::fs::write(&path, NETWORKS).unwrap();
    (folder, path.display().to_string())
}

#[test]
fn a_configuration_is_given_once_and_what_was_committed_outlives_a_kill() {
    let (folder, config) = configured();
    let given = ["--config", &config];
    let mut sim = Sim::start(folder.path(), HOME, &given);
    sim.until("CTRL: NET:CONNECTED ssid=\"HomeNetwork\"");
    let known = sim.ask("NET:KNOWN", "NET:KNOWN CID=1 end=2");
    assert!(known.contains(KNOWN), "{known}");
    sim.ask("NET:ADD,later", "CTRL:ACK CID=2 known=3");
    let second = sim.second();
    let told = text(&second.stderr);
    assert!(
        status(&second) == 1 && told.lines().count() == 1 && told.contains("in use"),
        "{told}"
    );
    assert_eq!(sim.signal(Signal::KILL), None);

    let mut sim = Sim::start(folder.path(), HOME, &given);
    sim.ask("NET:KNOWN", "NET:KNOWN CID=1 end=3");
    assert_eq!(sim.signal(Signal::INT), Some(0));
    let mut sim = Sim::start(
        folder.path(),
        HOME,
        &[&given[..], &["--reset-config"]].concat(),
    );
    sim.ask("NET:KNOWN", "NET:KNOWN CID=1 end=2");
    assert_eq!(sim.signal(Signal::TERM), Some(0));
}

#[test]
fn the_more_preferred_network_is_joined_although_weaker() {
    let (folder, config) = configured();
    let air =
        format!("{HOME}[[ap]]\nssid = \"User’s iPhone\"\npassword = \"Password1\"\nrssi = -80\n");
    let mut sim = Sim::start(folder.path(), &air, &["--config", &config]);
    sim.until("CTRL: NET:CONNECTED ssid=\"User’s iPhone\"");
}

#[test]
fn doors_are_open_while_their_side_is_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut sim = Sim::start(folder.path(), HOME, &["--mac", "02:00:00:aa:bb:cc"]);
    assert_eq!(sim.device("hardware_id"), "lf-020000aabbcc");
    assert_eq!(sim.device("mqtt_topic"), "landfall/lf-020000aabbcc");
    sim.until("CTRL: NET:AP_ACTIVE ssid=\"Landfall-AABBCC\"");
    let status = |sim: &Sim, door| sim.get(door, "/api/status");
    assert!(
        status(&sim, "ap_url")
            .unwrap()
            .contains("\"state\":\"AP_ACTIVE\"")
    );
    assert_eq!(status(&sim, "sta_url"), None, "without an address");
    sim.ask("NET:SET,HomeNetwork,Password2", "CTRL: NET:CONNECTED");
    assert!(
        status(&sim, "sta_url")
            .unwrap()
            .contains("\"state\":\"CONNECTED\"")
    );
}

#[test]
fn the_internet_is_looked_for_where_a_probe_is_set() {
    for (air, told) in [
        ("true", "true"),
        ("false", "false"),
        ("\"captive\"", "\"captive\""),
    ] {
        let (folder, config) = configured();
        let air = format!("{HOME}internet = {air}\n");
        let mut sim = Sim::start(folder.path(), &air, &["--config", &config]);
        sim.until("CTRL: NET:CONNECTED");
        // Two commands later at the latest the answer of the probe is in.
        sim.ask("NET:MODE;NET:MODE", "CTRL:ACK CID=2");
        let status = sim.get("sta_url", "/api/status").unwrap();
        assert!(status.contains(&format!("\"internet\":{told}")), "{status}");
    }
}

#[test]
fn a_power_cut_ends_it_with_70_and_the_configuration_is_whole_afterwards() {
    // In the first page, in the configuration's pieces, in the first boot's own writes.
    for after in [0, 3, 30, 33, 34] {
        let (folder, config) = configured();
        let given = ["--config", &config];
        let air = format!("{HOME}[flash]\npower_cut_after = {after}\n");
        assert_eq!(
            Sim::end_of(folder.path(), &air, &given),
            Some(70),
            "{after}"
        );
        let mut sim = Sim::start(folder.path(), HOME, &given);
        let known = sim.ask("NET:KNOWN", "NET:KNOWN CID=1 end=2");
        assert!(known.contains(KNOWN), "{after}: {known}");
    }
}

#[test]
fn a_device_whose_flash_takes_nothing_comes_up_and_says_so() {
    for after in [0, 12, 33] {
        let (folder, config) = configured();
        let air = format!("{HOME}[flash]\nfail_after = {after}\n");
        let mut sim = Sim::start(folder.path(), &air, &["--config", &config]);
        sim.until("CTRL: NET:CONNECTED");
        let told = sim.ask("NET:ADD,x;NET:KNOWN", "NET:KNOWN CID=2 end=2");
        assert!(
            told.contains("CTRL:ERR CID=1 NET_SAVE_FAILED\n"),
            "{after}: {told}"
        );
    }
}
