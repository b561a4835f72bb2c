//! Who uses the portal keeps the device from leaving for a round of attempts, for a minute.

use serde_json::json;

use crate::sim::{Ap, Sim, pass};

/// In which a round under way ends.
const END_MS: u64 = 5_000;
/// Longer than the longest time between two rounds, 30 s with jitter, and shorter than a hold.
const ROUND_MS: u64 = 45_000;

/// Whether another round began after the request, within [`ROUND_MS`].
fn goes_on_after(request: &str) -> bool {
    let sim = Sim::configured(&json!({
        "schema": 2,
        "known_networks": [{"ssid": "NotThere", "password": "Password2"}],
        "access_point": {},
        "station": {"fallback_deadline_ms": 1000},
    }));
    pass(8_000);
    sim.ask(Ap, request);
    let asked_at = sim.status()["uptime_ms"].as_u64().unwrap();
    pass(ROUND_MS);
    let scans = sim.operations("scan");
    scans.iter().any(|at| *at > asked_at + END_MS)
}

#[test]
fn the_page_a_touch_a_post_and_a_scan_hold_the_rounds_off() {
    std::thread::scope(|scope| {
        for request in [
            "GET /",
            "GET /api/status?active=1",
            "POST /api/wifi {}",
            "GET /api/scan",
        ] {
            scope.spawn(move || assert!(!goes_on_after(request), "{request}"));
        }
    });
}

#[test]
fn polls_and_probes_hold_nothing_off() {
    std::thread::scope(|scope| {
        for request in [
            "GET /api/status",
            "GET /api/status?active=0",
            "GET /generate_204 [Host: connectivitycheck.gstatic.com]",
            "GET /api/networks",
        ] {
            scope.spawn(move || assert!(goes_on_after(request), "{request}"));
        }
    });
}
