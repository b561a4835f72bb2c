//! `GET /api/scan`: what it tells, how old that is, and how often the radio is asked.

use std::thread;

use expect_test::expect;

use crate::sim::{Ap, Sim, Sta, pass};

#[test]
fn rows_are_told_strongest_first_without_hidden_ones() {
    let sim = Sim::blank();
    expect![[r#"
        GET /api/scan
            200
            [{"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","rssi":-48,"secure":true,"channel":6,"bssid":"02:00:00:00:00:01"},{"ssid":"CafeFree","ssid_hex":"4361666546726565","rssi":-66,"secure":false,"channel":1,"bssid":"02:00:00:00:00:02"},{"ssid":"NoAddress","ssid_hex":"4e6f41646472657373","rssi":-70,"secure":false,"channel":6,"bssid":"02:00:00:00:00:03"},{"ssid":"Caf�","ssid_hex":"436166e9","rssi":-75,"secure":true,"channel":6,"bssid":"02:00:00:00:00:04"}]
    "#]].assert_eq(&sim.play(Ap, "GET /api/scan"));
}

#[test]
fn rows_of_the_last_15_s_are_told_as_they_are() {
    let sim = Sim::blank();
    let at_boot = sim.operations("scan").len();
    sim.ask(Ap, "GET /api/scan");
    pass(5_000);
    sim.ask(Ap, "GET /api/scan");
    assert_eq!(sim.operations("scan").len(), at_boot);
    sim.air(&["ap", "cafe", "off"]);
    pass(12_000);
    let answer = sim.ask(Ap, "GET /api/scan");
    assert_eq!(sim.operations("scan").len(), at_boot + 1);
    assert!(!answer.text().contains("CafeFree"), "{answer:?}");
}

#[test]
fn one_scan_serves_all_who_ask() {
    let sim = Sim::blank();
    pass(16_000);
    let before = sim.operations("scan").len();
    let codes: Vec<u16> = thread::scope(|scope| {
        let asked: Vec<_> = (0..12)
            .map(|_| scope.spawn(|| sim.ask(Ap, "GET /api/scan").code))
            .collect();
        asked
            .into_iter()
            .map(|asker| asker.join().unwrap())
            .collect()
    });
    assert_eq!(codes, [200; 12]);
    assert_eq!(sim.operations("scan").len(), before + 1);
}

#[test]
fn the_station_side_does_not_scan() {
    let sim = Sim::connected();
    expect![[r#"
        GET /api/scan
            409
            {"error":"scan-ap-only","detail":"scan: for the access point's users"}
    "#]]
    .assert_eq(&sim.play(Sta, "GET /api/scan"));
}
