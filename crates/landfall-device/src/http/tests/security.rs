//! Who may do what, and under which names the device answers.

use base64ct::{Base64, Encoding};
use core::net::Ipv4Addr;
use expect_test::expect;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::{AP, Door, STATION, World, check};
use landfall_core::time::Instant;

const EVERYTHING: &[&str] = &[
    "GET /",
    "GET /result",
    "GET /metrics",
    "GET /api/status",
    "GET /api/session",
    "GET /api/scan",
    "GET /api/networks",
    "GET /api/clients",
    "POST /api/wifi",
    "POST /api/reset",
    "POST /api/mode",
    "POST /api/networks",
    "PUT /api/networks/0",
    "DELETE /api/networks/0",
    "POST /api/seen",
    "POST /api/attendance",
];

/// The status code of each request, with these further header lines.
fn codes(world: &World, door: Door, fields: &str) -> String {
    let host = world
        .view()
        .address(door.side)
        .unwrap_or(Ipv4Addr::UNSPECIFIED);
    let code = |line: &&str| {
        let request = format!("{line} HTTP/1.1\nHost: {host}\n{fields}\n");
        format!("{} {line}\n", world.respond(door, &request).code.0)
    };
    let codes = EVERYTHING.iter().map(code).collect();
    world.forget();
    codes
}

fn basic(credentials: &str) -> String {
    format!(
        "Authorization: Basic {}\n",
        Base64::encode_string(credentials.as_bytes())
    )
}

#[test]
fn the_access_points_key_lets_in_to_everything() {
    expect![[r#"
        200 GET /
        200 GET /result
        200 GET /metrics
        200 GET /api/status
        200 GET /api/session
        200 GET /api/scan
        200 GET /api/networks
        200 GET /api/clients
        400 POST /api/wifi
        200 POST /api/reset
        400 POST /api/mode
        400 POST /api/networks
        400 PUT /api/networks/0
        200 DELETE /api/networks/0
        204 POST /api/seen
        404 POST /api/attendance
    "#]]
    .assert_eq(&codes(&World::new(), AP, ""));
}

#[test]
fn an_open_access_point_shows_little_once_a_network_is_known() {
    let world = World::new().open_ap();
    expect![[r#"
        200 GET /
        200 GET /result
        403 GET /metrics
        200 GET /api/status
        200 GET /api/session
        403 GET /api/scan
        403 GET /api/networks
        403 GET /api/clients
        403 POST /api/wifi
        403 POST /api/reset
        403 POST /api/mode
        403 POST /api/networks
        403 PUT /api/networks/0
        403 DELETE /api/networks/0
        204 POST /api/seen
        404 POST /api/attendance
    "#]]
    .assert_eq(&codes(&world, AP, ""));
    check(
        &world,
        AP,
        &["GET /api/networks", "GET /api/status"],
        expect![[r#"
            GET /api/networks
                403 Forbidden
                {"error":"session-locked","detail":"Authorization: Authentication required"}
            GET /api/status
                200 OK
                {"state":"AP_ACTIVE","mode":"sta_ap","ssid":"","ip":"192.168.4.1","rssi":null,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":null,"ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":null,"internet":null,"session":null,"safe_mode":false,"uptime_ms":12345}
        "#]],
    );
    let mut fresh = World::new().open_ap();
    fresh.wifi.networks.clear();
    let codes = codes(&fresh, AP, "");
    assert!(!codes.contains("403"), "{codes}");
    check(
        &fresh,
        AP,
        &["GET /api/status"],
        expect![[r#"
            GET /api/status
                200 OK
                {"state":"AP_ACTIVE","mode":"sta_ap","ssid":"","ip":"192.168.4.1","rssi":null,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":null,"ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":null,"internet":null,"session":null,"safe_mode":false,"uptime_ms":12345}
        "#]],
    );
}

#[test]
fn a_session_shows_little_but_to_the_owner() {
    let world = World::new().in_session();
    let without = codes(&world, AP, "");
    let with = codes(&world, AP, &basic("admin:ABCDEFGH2345"));
    // A mark is taken in a session alone.
    let in_session = |codes: String| codes.replace("404 POST /api/att", "400 POST /api/att");
    let locked = codes(&World::new().open_ap(), AP, "");
    assert_eq!(without, in_session(locked));
    assert_eq!(with, in_session(codes(&World::new(), AP, "")));
    check(
        &world,
        AP,
        &["GET /api/status", "GET /api/session"],
        expect![[r#"
            GET /api/status
                200 OK
                {"state":"AP_ACTIVE","mode":"sta_ap","ssid":"","ip":"192.168.4.1","rssi":null,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":null,"ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":null,"internet":null,"session":{"course_code":"CS101","course_title":"Introduction"},"safe_mode":false,"uptime_ms":12345}
            GET /api/session
                200 OK
                {"active":true,"course_code":"CS101","course_title":"Introduction","needs_code":true}
        "#]],
    );
}

#[test]
fn writes_over_the_network_joined_take_the_owners_password() {
    let world = World::connected();
    expect![[r#"
        200 GET /
        200 GET /result
        200 GET /metrics
        200 GET /api/status
        200 GET /api/session
        409 GET /api/scan
        200 GET /api/networks
        200 GET /api/clients
        401 POST /api/wifi
        401 POST /api/reset
        401 POST /api/mode
        401 POST /api/networks
        401 PUT /api/networks/0
        401 DELETE /api/networks/0
        204 POST /api/seen
        404 POST /api/attendance
    "#]]
    .assert_eq(&codes(&world, STATION, ""));
    let right = codes(&world, STATION, &basic("admin:ABCDEFGH2345"));
    assert!(!right.contains("401"), "{right}");
    check(
        &world,
        STATION,
        &["POST /api/reset", "DELETE /api/networks/0"],
        expect![[r#"
            POST /api/reset
                401 Unauthorized | WWW-Authenticate: Basic realm="WiFi Config"
                {"error":"unauthorized","detail":"Authorization: Authentication required"}
            DELETE /api/networks/0
                401 Unauthorized | WWW-Authenticate: Basic realm="WiFi Config"
                {"error":"unauthorized","detail":"Authorization: Authentication required"}
        "#]],
    );
    let mut freed = World::connected();
    freed.services.station_writes = true;
    assert_eq!(codes(&freed, STATION, ""), right);
}

#[test]
fn the_password_is_compared_whole() {
    let world = World::connected().with_door_password("pass:word");
    let status = |credentials: &str| {
        let fields = format!("Host: 10.0.0.2\n{credentials}");
        let request = format!("POST /api/reset HTTP/1.1\n{fields}\n");
        world.respond(STATION, &request).code.0
    };
    assert_eq!(status(&basic("admin:pass:word")), 200);
    assert_eq!(
        status(&basic("admin:pass:word").replace("Basic", "bASIC")),
        200
    );
    let wrong = [
        basic("admin:pass:wor"),
        basic("admin:pass:word2"),
        basic("Admin:pass:word"),
        basic("admin:"),
        basic(&"x".repeat(500)),
        "Authorization: Bearer x\n".into(),
        "Authorization: Basic !\n".into(),
        "Authorization:\n".into(),
    ];
    for credentials in wrong {
        let world = World::connected().with_door_password("pass:word");
        let request = format!("POST /api/reset HTTP/1.1\nHost: 10.0.0.2\n{credentials}\n");
        assert_eq!(
            world.respond(STATION, &request).code.0,
            401,
            "{credentials}"
        );
    }
    // The key of the access point is not asked for where there is another password.
    assert_eq!(status(&basic("admin:ABCDEFGH2345")), 401);
}

#[test]
fn five_wrong_passwords_in_a_minute_shut_the_door() {
    let mut world = World::connected().with_door_password("password1");
    let codes = |world: &World, credentials: &str, times: usize| -> Vec<u16> {
        let request = format!("POST /api/reset HTTP/1.1\nHost: 10.0.0.2\n{credentials}\n");
        (0..times)
            .map(|_| world.respond(STATION, &request).code.0)
            .collect()
    };
    assert_eq!(codes(&world, "", 9), [401; 9]);
    assert_eq!(
        codes(&world, &basic("admin:x"), 7),
        [401, 401, 401, 401, 401, 429, 429]
    );
    let right = basic("admin:password1");
    let request = format!("POST /api/reset\nHost: 10.0.0.2\n{right}");
    check(
        &world,
        STATION,
        &[&request],
        expect![[r#"
            POST /api/reset | Host: 10.0.0.2 | Authorization: Basic YWRtaW46cGFzc3dvcmQx
                429 Too Many Requests | Retry-After: 60
                {"error":"too-many-failures","detail":"Authorization: too many wrong passwords, wait a minute"}
        "#]],
    );
    // Reading goes on meanwhile.
    let status = "GET /api/status HTTP/1.1\nHost: 10.0.0.2\n";
    assert_eq!(world.respond(STATION, status).code.0, 200);
    world.now = Instant::from_ms(world.now.as_ms() + 60_001);
    assert_eq!(codes(&world, &right, 1), [200]);
}

#[test]
fn the_owner_who_resets_from_afar_learns_the_way_back_in() {
    let mut world = World::connected().with_door_password("password1");
    let by_owner = format!(
        "POST /api/reset\nHost: 10.0.0.2\n{}",
        basic("admin:password1")
    );
    check(
        &world,
        STATION,
        &[&by_owner],
        expect![[r#"
        POST /api/reset | Host: 10.0.0.2 | Authorization: Basic YWRtaW46cGFzc3dvcmQx
            > Reset
            200 OK
            {"status":"reset","apSsid":"Landfall-56789A","apPassword":"ABCDEFGH2345"}
    "#]],
    );
    world.services.station_writes = true;
    let by_anybody = "POST /api/reset\nHost: 10.0.0.2";
    check(
        &world,
        STATION,
        &[by_anybody, &by_owner],
        expect![[r#"
        POST /api/reset | Host: 10.0.0.2
            > Reset
            200 OK
            {"status":"reset","apSsid":"Landfall-56789A","apPassword":null}
        POST /api/reset | Host: 10.0.0.2 | Authorization: Basic YWRtaW46cGFzc3dvcmQx
            > Reset
            200 OK
            {"status":"reset","apSsid":"Landfall-56789A","apPassword":null}
    "#]],
    );
    let open = World::connected().open_ap().with_door_password("password1");
    check(
        &open,
        STATION,
        &[&by_owner],
        expect![[r#"
        POST /api/reset | Host: 10.0.0.2 | Authorization: Basic YWRtaW46cGFzc3dvcmQx
            > Reset
            200 OK
            {"status":"reset","apSsid":"Landfall-56789A","apPassword":null}
    "#]],
    );
}

fn code_for(world: &World, door: Door, method: &str, fields: &str) -> u16 {
    let request = format!("{method} /api/reset HTTP/1.1\n{fields}\n");
    world.respond(door, &request).code.0
}

#[test]
fn the_device_answers_to_its_own_names_alone() {
    let mut world = World::connected();
    world.services.station_writes = true;
    let own = [
        (AP, "192.168.4.1"),
        (AP, "192.168.4.1:80"),
        (AP, "192.168.4.1:"),
        (AP, "landfall-56789a.local"),
        (AP, "LANDFALL-56789A.local."),
        (AP, "127.0.0.1:40001"),
        (AP, "LocalHost:40001"),
        (STATION, "10.0.0.2"),
        (STATION, "landfall-56789a.local"),
    ];
    for (door, host) in own {
        let fields = format!("Host: {host}\n");
        assert_eq!(code_for(&world, door, "POST", &fields), 200, "{host}");
    }
    let foreign = [
        (AP, "10.0.0.2"),
        (AP, "192.168.4.1:8080"),
        (AP, "192.168.4.1:+80"),
        (AP, "192.168.4.1:80:80"),
        (AP, "127.0.0.1"),
        (AP, "127.0.0.1:40002"),
        (AP, "localhost"),
        (AP, "landfall-56789a"),
        (AP, "x.landfall-56789a.local"),
        (AP, "landfall-56789a.local.evil.example"),
        (AP, "192.168.4.1.nip.io"),
        (AP, "[::1]:40001"),
        (AP, ""),
        (STATION, "192.168.4.1"),
        (STATION, "127.0.0.1"),
        (STATION, "127.0.0.1:80"),
        (STATION, "localhost:80"),
    ];
    for (door, host) in foreign {
        let fields = format!("Host: {host}\n");
        assert_eq!(code_for(&world, door, "POST", &fields), 421, "{host}");
    }
}

#[test]
fn an_origin_that_is_sent_has_to_be_ours() {
    let world = World::new();
    let code = |origin: &str| {
        let fields = format!("Host: 192.168.4.1\nOrigin: {origin}\n");
        code_for(&world, AP, "POST", &fields)
    };
    for own in [
        "http://192.168.4.1",
        "http://192.168.4.1:80",
        "http://127.0.0.1:40001",
        "http://landfall-56789a.local",
    ] {
        assert_eq!(code(own), 200, "{own}");
    }
    for foreign in [
        "null",
        "",
        "http://example.com",
        "https://192.168.4.1",
        "http://192.168.4.1:8080",
        "http://192.168.4.1.example.com",
        "192.168.4.1",
    ] {
        assert_eq!(code(foreign), 403, "{foreign}");
    }
}

#[test]
fn the_form_takes_a_matching_origin() {
    let form = "Content-Type: application/x-www-form-urlencoded\n\nssid=a";
    check(
        &World::new(),
        AP,
        &[
            &format!("POST /wifi\n{form}"),
            &format!("POST /wifi\nOrigin: http://example.com\n{form}"),
        ],
        expect![[r#"
            POST /wifi | Content-Type: application/x-www-form-urlencoded | ssid=a
                403 Forbidden
                {"error":"foreign-origin","detail":"Origin: send the form from the portal's own page"}
            POST /wifi | Origin: http://example.com | Content-Type: application/x-www-form-urlencoded | ssid=a
                403 Forbidden
                {"error":"foreign-origin","detail":"Origin: not a page of this device"}
        "#]],
    );
}

#[test]
fn every_answer_is_kept_from_caches_frames_and_guesses() {
    let mut head = String::new();
    let response = World::new().respond(AP, "GET / HTTP/1.1\nHost: 192.168.4.1\n");
    response.write_head(&mut head, true).unwrap();
    for field in [
        "Cache-Control: no-store\r\n",
        "Content-Security-Policy: default-src 'none'; ",
        "X-Content-Type-Options: nosniff\r\n",
        "Referrer-Policy: no-referrer\r\n",
        "Content-Encoding: gzip\r\n",
        "Connection: keep-alive\r\n",
    ] {
        assert!(head.contains(field), "{field} in {head}");
    }
    assert!(!head.contains("unsafe"), "{head}");
}
