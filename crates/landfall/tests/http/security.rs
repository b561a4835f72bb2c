//! Who may do what: by the side, by the name the request came to, by the page it came from, and by
//! password.

use expect_test::expect;
use serde_json::{Value, json};

use crate::sim::{Ap, Sim, Sta, pass};

/// Everything that changes the device or tells about it.
const ALL: &str = r#"
    GET /
    GET /result
    GET /metrics
    GET /api/status
    GET /api/session
    GET /api/networks
    GET /api/clients
    POST /api/wifi {}
    POST /api/mode {}
    POST /api/networks {}
    PUT /api/networks/15 {}
    DELETE /api/networks/15
    POST /api/seen
    POST /api/attendance {}
"#;

fn device(access_point: Value, more: Value) -> Sim {
    let mut config = json!({
        "schema": 2,
        "known_networks": [{"ssid": "HomeNetwork", "password": "Password2"}],
        "access_point": {"config": access_point, "start_policy": "always"},
        "station": {"fallback_deadline_ms": 0},
    });
    config
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let sim = Sim::configured(&config);
    sim.until("it is connected", |status| status["state"] == "CONNECTED");
    sim
}

#[test]
fn the_station_side_reads_freely_and_writes_with_the_secret_of_the_access_point() {
    let sim = device(json!({"password": "P@55W0rd"}), json!({}));
    assert_eq!(
        sim.ask(Sta, "GET /api/status").json()["apPassword"],
        Value::Null
    );
    assert_eq!(
        sim.ask(Ap, "GET /api/status").json()["apPassword"],
        "P@55W0rd"
    );
    expect![[r#"
        GET /
            200
        GET /result
            200
        GET /metrics
            200
        GET /api/status
            200
        GET /api/session
            200
        GET /api/networks
            200
        GET /api/clients
            200
        POST /api/wifi {}
            401 | WWW-Authenticate: Basic realm="WiFi Config"
            unauthorized
        POST /api/mode {}
            401 | WWW-Authenticate: Basic realm="WiFi Config"
            unauthorized
        POST /api/networks {}
            401 | WWW-Authenticate: Basic realm="WiFi Config"
            unauthorized
        PUT /api/networks/15 {}
            401 | WWW-Authenticate: Basic realm="WiFi Config"
            unauthorized
        DELETE /api/networks/15
            401 | WWW-Authenticate: Basic realm="WiFi Config"
            unauthorized
        POST /api/seen
            204
        POST /api/attendance {}
            404
            no-active-session
    "#]]
    .assert_eq(&sim.play_codes(Sta, ALL));
    let right = Sim::basic("admin", "P@55W0rd");
    assert_eq!(
        sim.ask(Sta, &format!("POST /api/mode [{right}] {{}}")).code,
        400
    );
    for (user, password) in [("admin", "P@55W0r"), ("admin", ""), ("root", "P@55W0rd")] {
        let wrong = Sim::basic(user, password);
        let answer = sim.ask(Sta, &format!("POST /api/mode [{wrong}] {{}}"));
        assert_eq!(answer.code, 401, "{user}:{password}");
        assert_eq!(
            answer.field("WWW-Authenticate"),
            Some("Basic realm=\"WiFi Config\"")
        );
    }
}

#[test]
fn the_password_of_the_config_server_takes_the_place_of_that_secret() {
    let sim = device(
        json!({"password": "P@55W0rd"}),
        json!({"config_server": {"enabled": false, "password": "sword:fish"}}),
    );
    let ask = |password| {
        let field = Sim::basic("admin", password);
        sim.ask(Sta, &format!("POST /api/mode [{field}] {{}}")).code
    };
    assert_eq!(ask("P@55W0rd"), 401);
    assert_eq!(ask("sword:fish"), 400);
}

#[test]
fn five_failures_in_a_minute_shut_the_door_for_right_credentials_too() {
    let sim = device(json!({"password": "P@55W0rd"}), json!({}));
    let ask = |password| {
        let field = Sim::basic("admin", password);
        sim.ask(Sta, &format!("POST /api/mode [{field}] {{}}"))
    };
    for _ in 0..7 {
        // No credentials are no failure.
        assert_eq!(sim.ask(Sta, "POST /api/mode {}").code, 401);
    }
    for _ in 0..5 {
        assert_eq!(ask("wrong").code, 401);
    }
    let shut = ask("P@55W0rd");
    assert_eq!(shut.code, 429);
    let retry_s: u64 = shut.field("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&retry_s), "{retry_s}");
    assert_eq!(
        sim.ask(Sta, "GET /api/status").code,
        200,
        "reading stays free"
    );
    pass(61_000);
    assert_eq!(ask("P@55W0rd").code, 400);
}

#[test]
fn station_writes_are_free_where_the_owner_says_so() {
    let sim = device(
        json!({"password": "P@55W0rd"}),
        json!({"portal": {"station_writes": true}}),
    );
    assert_eq!(sim.ask(Sta, "POST /api/mode {}").code, 400);
    assert_eq!(
        sim.ask(Sta, "GET /api/status").json()["apPassword"],
        Value::Null
    );
}

#[test]
fn an_open_access_point_is_locked_once_a_network_is_known() {
    let sim = device(
        json!({"password": ""}),
        json!({"config_server": {"enabled": false, "password": "swordfish"}}),
    );
    assert_eq!(sim.status()["apPassword"], Value::Null);
    let script = format!("{ALL}GET /api/scan\nPOST /api/reset");
    expect![[r#"
        GET /
            200
        GET /result
            200
        GET /metrics
            403
            session-locked
        GET /api/status
            200
        GET /api/session
            200
        GET /api/networks
            403
            session-locked
        GET /api/clients
            403
            session-locked
        POST /api/wifi {}
            403
            session-locked
        POST /api/mode {}
            403
            session-locked
        POST /api/networks {}
            403
            session-locked
        PUT /api/networks/15 {}
            403
            session-locked
        DELETE /api/networks/15
            403
            session-locked
        POST /api/seen
            204
        POST /api/attendance {}
            404
            no-active-session
        GET /api/scan
            403
            session-locked
        POST /api/reset
            403
            session-locked
    "#]]
    .assert_eq(&sim.play_codes(Ap, &script));
    let field = Sim::basic("admin", "swordfish");
    assert_eq!(
        sim.ask(Ap, &format!("POST /api/mode [{field}] {{}}")).code,
        400
    );
    assert_eq!(
        sim.ask(Ap, &format!("GET /api/clients [{field}]")).code,
        200
    );
    let field = Sim::basic("admin", "catfish!");
    assert_eq!(
        sim.ask(Ap, &format!("GET /api/clients [{field}]")).code,
        403
    );
}

#[test]
fn an_open_access_point_is_good_for_onboarding_while_no_network_is_known() {
    let sim = Sim::configured(&json!({
        "schema": 2, "known_networks": [], "access_point": {"config": {"password": ""}},
    }));
    assert_eq!(sim.status()["apPassword"], Value::Null);
    assert_eq!(sim.ask(Ap, "GET /api/scan").code, 200);
    sim.ask(Ap, r#"POST /api/wifi {"ssid":"CafeFree"}"#);
    assert_eq!(sim.verdict(), "ok");
    // From here on it is locked; the result is still there to be seen.
    assert_eq!(sim.ask(Ap, "GET /api/networks").code, 403);
    assert!(sim.ask(Ap, "GET /result").text().contains("CafeFree"));
    assert_eq!(sim.ask(Ap, "POST /api/seen").code, 204);
    assert_eq!(sim.ask(Ap, "GET /generate_204").code, 204);
}

#[test]
fn a_request_has_to_name_the_device_it_is_for() {
    let sim = Sim::connected();
    let ip = sim.status()["ip"].as_str().unwrap().to_owned();
    let names = [
        "192.168.4.1",
        "192.168.4.1:80",
        &ip,
        "landfall-56789a.local",
        "LANDFALL-56789A.local.",
        "landfall-56789a",
        "localhost:{port}",
        "127.0.0.1:{port}",
        "127.0.0.1",
        "localhost",
        "127.0.0.1:1",
        "example.com",
        "192.168.4.2",
        "192.168.4.1:8080",
    ];
    let tell = |door| -> String {
        let port = sim.address(door).split_once(':').unwrap().1;
        let lines = names.map(|name| {
            let host = name.replace("{port}", port);
            let codes = [
                format!("GET /api/session [Host: {host}]"),
                format!("GET /nothing [Host: {host}]"),
                format!("POST /nothing [Host: {host}]"),
                format!("POST /api/mode [Host: {host}] {{}}"),
            ];
            let codes = codes.map(|line| sim.ask(door, &line).code.to_string());
            let name = name.replace(&ip, "(its address)");
            format!("{name}: {}\n", codes.join(" "))
        });
        lines.concat()
    };
    expect![[r#"
        192.168.4.1: 200 404 404 400
        192.168.4.1:80: 200 404 404 400
        (its address): 421 302 421 421
        landfall-56789a.local: 200 404 404 400
        LANDFALL-56789A.local.: 200 404 404 400
        landfall-56789a: 421 302 421 421
        localhost:{port}: 200 404 404 400
        127.0.0.1:{port}: 200 404 404 400
        127.0.0.1: 421 302 421 421
        localhost: 421 302 421 421
        127.0.0.1:1: 421 302 421 421
        example.com: 421 302 421 421
        192.168.4.2: 421 302 421 421
        192.168.4.1:8080: 421 302 421 421
    "#]]
    .assert_eq(&tell(Ap));
    expect![[r#"
        192.168.4.1: 421 421 421 421
        192.168.4.1:80: 421 421 421 421
        (its address): 200 404 404 401
        landfall-56789a.local: 200 404 404 401
        LANDFALL-56789A.local.: 200 404 404 401
        landfall-56789a: 421 421 421 421
        localhost:{port}: 200 404 404 401
        127.0.0.1:{port}: 200 404 404 401
        127.0.0.1: 421 421 421 421
        localhost: 421 421 421 421
        127.0.0.1:1: 421 421 421 421
        example.com: 421 421 421 421
        192.168.4.2: 421 421 421 421
        192.168.4.1:8080: 421 421 421 421
    "#]]
    .assert_eq(&tell(Sta));
}

#[test]
fn a_page_of_somebody_else_may_ask_for_nothing() {
    let sim = Sim::connected();
    for door in [Ap, Sta] {
        let own = sim.address(door);
        let foreign = [
            "http://example.com",
            "null",
            "http://127.0.0.1",
            "https://192.168.4.1",
        ];
        for line in ["GET /api/status", "POST /api/seen", "GET /"] {
            for origin in foreign {
                let code = sim.ask(door, &format!("{line} [Origin: {origin}]")).code;
                assert_eq!(code, 403, "{door:?} {line} {origin}");
            }
            let code = sim
                .ask(door, &format!("{line} [Origin: http://{own}]"))
                .code;
            assert!(code < 300, "{door:?} {line}: {code}");
        }
    }
}
