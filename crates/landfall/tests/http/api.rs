//! The table of the API: what each row answers, with its exact members.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use crate::sim::{Ap, Door, Sim, Sta, pass};

fn check(sim: &Sim, door: Door, script: &str, expected: Expect) {
    expected.assert_eq(&sim.play(door, script));
}

#[test]
fn a_blank_device_tells_how_it_stands() {
    let sim = Sim::blank();
    check(
        &sim,
        Ap,
        "
        GET /api/status
        GET /api/status?active=1
        GET /api/networks
        GET /api/clients
        GET /api/session
        GET /result
        POST /api/seen
        POST /api/seen {}
        POST /api/attendance {}
        ",
        expect![[r#"
            GET /api/status
                200
                {"state":"AP_ACTIVE","mode":"sta_ap","ssid":"","ip":"192.168.4.1","rssi":null,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":"…","ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":null,"internet":null,"session":null,"safe_mode":false,"uptime_ms":0}
            GET /api/status?active=1
                200
                {"state":"AP_ACTIVE","mode":"sta_ap","ssid":"","ip":"192.168.4.1","rssi":null,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":"…","ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":null,"internet":null,"session":null,"safe_mode":false,"uptime_ms":0}
            GET /api/networks
                200
                []
            GET /api/clients
                200
                []
            GET /api/session
                200
                {"active":false,"course_code":"","course_title":"","needs_code":false}
            GET /result
                200
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><meta http-equiv=refresh content=3><title>No network chosen</title><h1>No network chosen</h1><p><a href="/">Back</a></p>
            POST /api/seen
                204
            POST /api/seen {}
                204
            POST /api/attendance {}
                404
                {"error":"no-active-session","detail":"session: none is running here"}
        "#]],
    );
}

#[test]
fn a_connected_device_tells_its_link_and_the_verdict() {
    let sim = Sim::connected();
    let script = "
        GET /api/status
        GET /api/networks
        GET /api/scan
    ";
    check(
        &sim,
        Ap,
        "GET /api/status",
        expect![[r#"
        GET /api/status
            200
            {"state":"CONNECTED","mode":"sta_ap","ssid":"HomeNetwork","ip":"10.0.0.2","rssi":-48,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":"…","ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":{"ssid":"HomeNetwork","verdict":"ok"},"internet":null,"session":null,"safe_mode":false,"uptime_ms":0}
    "#]],
    );
    check(
        &sim,
        Sta,
        script,
        expect![[r#"
        GET /api/status
            200
            {"state":"CONNECTED","mode":"sta_ap","ssid":"HomeNetwork","ip":"10.0.0.2","rssi":-48,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":null,"ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":{"ssid":"HomeNetwork","verdict":"ok"},"internet":null,"session":null,"safe_mode":false,"uptime_ms":0}
        GET /api/networks
            200
            [{"n":0,"ssid":"HomeNetwork","ssid_hex":"486f6d654e6574776f726b","secure":true,"enables_webrepl":false,"bssid":null,"hidden":false}]
        GET /api/scan
            409
            {"error":"scan-ap-only","detail":"scan: for the access point's users"}
    "#]],
    );
    assert_eq!(sim.status()["apPassword"].as_str().map(str::len), Some(12));
}

#[test]
fn who_has_joined_the_access_point_is_told() {
    let sim = Sim::blank();
    let secret = sim.status()["apPassword"].clone();
    sim.air(&["phone", "join", "Landfall-56789A", secret.as_str().unwrap()]);
    sim.until("the phone is there", |status| status["ap_clients"] == 1);
    check(
        &sim,
        Ap,
        "GET /api/clients",
        expect![[r#"
        GET /api/clients
            200
            [{"mac":"02:50:48:4F:4E:45","rssi":-40,"since_ms":0}]
    "#]],
    );
    sim.air(&["phone", "leave"]);
    sim.until("the phone is gone", |status| status["ap_clients"] == 0);
}

#[test]
fn paths_that_are_not_known() {
    let sim = Sim::blank();
    for line in [
        "GET /api",
        "GET /api/",
        "GET /api/nothing",
        "POST /api/nothing {}",
        "GET /nothing",
        "GET /api/networks/99",
        "GET /api/networks/x",
        "DELETE /api/networks/00",
    ] {
        let answer = sim.ask(Ap, line);
        assert_eq!(
            (answer.code, &answer.json()["error"]),
            (404, &"not-found".into()),
            "{line}"
        );
    }
}

#[test]
fn a_known_path_tells_which_methods_it_takes() {
    let sim = Sim::blank();
    for (line, allow) in [
        ("POST / {}", "GET, HEAD"),
        ("POST /metrics", "GET, HEAD"),
        ("POST /api/status {}", "GET, HEAD"),
        ("POST /api/scan", "GET, HEAD"),
        ("POST /api/clients", "GET, HEAD"),
        ("POST /api/session", "GET, HEAD"),
        ("POST /api/events", "GET, HEAD"),
        ("GET /api/wifi", "POST"),
        ("HEAD /api/wifi", "POST"),
        ("PUT /api/wifi {}", "POST"),
        ("DELETE /api/wifi", "POST"),
        ("OPTIONS /api/wifi", "POST"),
        ("PATCH /api/mode {}", "POST"),
        ("GET /api/reset", "POST"),
        ("GET /api/seen", "POST"),
        ("GET /api/attendance", "POST"),
        ("DELETE /api/networks", "GET, HEAD, POST"),
        ("POST /api/networks/0 {}", "PUT, DELETE"),
        ("GET /api/networks/0", "PUT, DELETE"),
    ] {
        let answer = sim.ask(Ap, line);
        assert_eq!(
            (answer.code, answer.field("Allow")),
            (405, Some(allow)),
            "{line}"
        );
    }
}

#[test]
fn a_body_of_another_type_is_not_taken() {
    let sim = Sim::blank();
    for line in [
        "POST /api/wifi [Content-Type: text/plain] {}",
        "POST /api/wifi [Content-Type: application/jsonx] {}",
        "POST /api/wifi [Content-Type: application/x-www-form-urlencoded] ssid=x",
        "POST /api/mode [Content-Type: text/plain] {}",
        "POST /api/reset [Content-Type: text/plain] x",
        "POST /api/seen [Content-Type: text/plain] x",
        "POST /api/networks [Content-Type: text/plain] {}",
        "PUT /api/networks/0 [Content-Type: text/plain] {}",
    ] {
        assert_eq!(sim.ask(Ap, line).code, 415, "{line}");
    }
    let line = "POST /api/wifi [Content-Type: Application/JSON; charset=utf-8] {}";
    assert_eq!(sim.ask(Ap, line).code, 400, "that is JSON");
}

#[test]
fn a_body_without_a_type_is_not_taken() {
    let sim = Sim::blank();
    let address = sim.address(Ap);
    let request = format!(
        "POST /api/wifi HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    let answer = sim.raw(Ap, request);
    assert!(answer.starts_with(b"HTTP/1.1 415 "));
}

#[test]
fn a_mode_is_answered_kept_and_then_in_force() {
    let mut sim = Sim::connected();
    expect![[r#"
        POST /api/mode {}
            400
            {"error":"invalid-mode","detail":"mode: missing"}
        POST /api/mode x
            400
            {"error":"invalid-payload","detail":"body: not a JSON object"}
        POST /api/mode {"mode":"both"}
            400
            {"error":"invalid-mode","detail":"mode: not off, sta, ap, sta_ap or 0 to 3"}
        POST /api/mode {"mode":4}
            400
            {"error":"invalid-mode","detail":"mode: not off, sta, ap, sta_ap or 0 to 3"}
        POST /api/mode {"mode":null}
            400
            {"error":"invalid-mode","detail":"mode: not off, sta, ap, sta_ap or 0 to 3"}
        POST /api/mode {"mode":3}
            200
            {"mode":"sta_ap"}
        POST /api/mode {"mode":"ap"}
            200
            {"mode":"ap"}
    "#]]
    .assert_eq(&sim.play(
        Ap,
        r#"
        POST /api/mode {}
        POST /api/mode x
        POST /api/mode {"mode":"both"}
        POST /api/mode {"mode":4}
        POST /api/mode {"mode":null}
        POST /api/mode {"mode":3}
        POST /api/mode {"mode":"ap"}
        "#,
    ));
    let seen = sim.until("it is in force", |status| status["state"] == "AP_ACTIVE");
    assert_eq!(
        (&seen["mode"], &seen["ip"]),
        (&json!("ap"), &json!("192.168.4.1"))
    );
    sim.reboot();
    let seen = sim.until("it is back", |status| status["state"] == "AP_ACTIVE");
    assert_eq!(seen["mode"], "ap");
    check(
        &sim,
        Ap,
        r#"POST /api/mode {"mode":"off"}"#,
        expect![[r#"
            POST /api/mode {"mode":"off"}
                200
                {"mode":"off"}
        "#]],
    );
    pass(1_000);
    assert!(sim.connect(Ap).is_none(), "no door is open in mode off");
}

#[test]
fn a_reset_forgets_networks_candidate_and_mode_but_not_who_the_device_is() {
    let sim = Sim::connected();
    let before = sim.status();
    check(
        &sim,
        Ap,
        "POST /api/reset",
        expect![[r#"
        POST /api/reset
            200
            {"status":"reset","apSsid":"Landfall-56789A","apPassword":"…"}
    "#]],
    );
    let after = sim.until("it is back", |status| {
        status["state"] == "AP_ACTIVE" && status["candidate"] == Value::Null
    });
    for kept in ["apSsid", "apPassword", "mac", "hostname"] {
        assert_eq!(before[kept], after[kept], "{kept}");
    }
    check(
        &sim,
        Ap,
        "GET /api/networks",
        expect![[r#"
        GET /api/networks
            200
            []
    "#]],
    );
}

#[test]
fn a_head_request_gets_the_same_head() {
    let sim = Sim::blank();
    for path in [
        "/",
        "/api/session",
        "/api/networks",
        "/api/nothing",
        "/result",
    ] {
        let (get, head) = (
            sim.ask(Ap, &format!("GET {path}")),
            sim.ask(Ap, &format!("HEAD {path}")),
        );
        assert_eq!((get.code, &get.head), (head.code, &head.head), "{path}");
        assert!(head.body.is_empty(), "{path}");
    }
}

#[test]
fn metrics_are_prometheus_text() {
    let sim = Sim::connected();
    let answer = sim.ask(Ap, "GET /metrics");
    assert_eq!(
        answer.field("Content-Type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    for line in answer.text().lines() {
        let is_comment =
            line.starts_with("# HELP landfall_") || line.starts_with("# TYPE landfall_");
        let is_sample = line.split_once(' ').is_some_and(|(name, value)| {
            name.starts_with("landfall_") && value.parse::<f64>().is_ok()
        });
        assert!(is_comment || is_sample, "{line}");
    }
    assert!(answer.text().contains("\nlandfall_connected 1\n"));
}
