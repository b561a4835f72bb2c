//! The rest of the API's table, on the access point's side, where its key lets in.

use core::net::Ipv4Addr;
use expect_test::expect;
use landfall_core::command::{Refusal, Reply, Verdict};
use landfall_core::config::ApSecurity;
use landfall_core::net::{Channel, Mac, Passphrase};
use landfall_core::radio::{AuthMode, FailureClass, ScanRow};
use landfall_core::status::Internet;
use landfall_core::time::Instant;

use super::{AP, Client, STATION, World, check, check_refusals, post, ssid};

#[test]
fn the_status_is_told_whole() {
    let mut world = World::new();
    check(
        &world,
        AP,
        &["GET /api/status", "GET /api/status?active=1"],
        expect![[r#"
            GET /api/status
                200 OK
                {"state":"AP_ACTIVE","mode":"sta_ap","ssid":"","ip":"192.168.4.1","rssi":null,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":"ABCDEFGH2345","ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":null,"internet":null,"session":null,"safe_mode":false,"uptime_ms":12345}
            GET /api/status?active=1
                > Touched
                200 OK
                {"state":"AP_ACTIVE","mode":"sta_ap","ssid":"","ip":"192.168.4.1","rssi":null,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":"ABCDEFGH2345","ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":null,"internet":null,"session":null,"safe_mode":false,"uptime_ms":12345}
        "#]],
    );
    world = World::connected();
    world.status.internet = Some(Internet::Captive);
    world.status.candidate = Some((
        ssid(b"caf\xe9 \"1\""),
        Verdict::Failed(FailureClass::WrongPassword),
    ));
    world.wifi.ap.security = ApSecurity::Key(Passphrase::from_raw(&[0xa5; 32]));
    check(
        &world,
        AP,
        &["GET /api/status"],
        expect![[r#"
            GET /api/status
                200 OK
                {"state":"CONNECTED","mode":"sta_ap","ssid":"HomeNetwork","ip":"10.0.0.2","rssi":-48,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":"a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5","ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":{"ssid":"caf� \"1\"","ssid_hex":"636166e920223122","verdict":"wrong_password"},"internet":"captive","session":null,"safe_mode":false,"uptime_ms":12345}
        "#]],
    );
    check(
        &world,
        STATION,
        &["GET /api/status", "HEAD /api/status?active=1"],
        expect![[r#"
            GET /api/status
                200 OK
                {"state":"CONNECTED","mode":"sta_ap","ssid":"HomeNetwork","ip":"10.0.0.2","rssi":-48,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":null,"ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":{"ssid":"caf� \"1\"","ssid_hex":"636166e920223122","verdict":"wrong_password"},"internet":"captive","session":null,"safe_mode":false,"uptime_ms":12345}
            HEAD /api/status?active=1
                200 OK
                {"state":"CONNECTED","mode":"sta_ap","ssid":"HomeNetwork","ip":"10.0.0.2","rssi":-48,"mac":"24:6F:28:56:78:9A","hostname":"landfall-56789a","apSsid":"Landfall-56789A","apPassword":null,"ap_ip":"192.168.4.1","ap_clients":0,"retrying":false,"candidate":{"ssid":"caf� \"1\"","ssid_hex":"636166e920223122","verdict":"wrong_password"},"internet":"captive","session":null,"safe_mode":false,"uptime_ms":12345}
        "#]],
    );
}

fn row(name: Option<&[u8]>, last: u8, rssi: i8, auth: AuthMode) -> ScanRow {
    ScanRow {
        ssid: name.map(ssid),
        bssid: Mac([2, 0, 0, 0, 0, last]),
        channel: Channel::new(6).unwrap(),
        rssi,
        auth,
    }
}

#[test]
fn a_scan_tells_each_visible_name_once_the_strongest_first() {
    let mut world = World::new();
    world.reply = Reply::Scanned;
    world.scan_rows = [
        row(Some(b"Home"), 1, -40, AuthMode::Wpa2),
        row(None, 2, -41, AuthMode::Wpa2),
        row(Some(b"Home"), 3, -50, AuthMode::Wpa2),
        row(Some(b"<b>\xff\""), 4, -60, AuthMode::Open),
    ]
    .into();
    check(
        &world,
        AP,
        &["GET /api/scan"],
        expect![[r#"
            GET /api/scan
                > Touched; Scan
                200 OK
                [{"ssid":"Home","ssid_hex":"486f6d65","rssi":-40,"secure":true,"channel":6,"bssid":"02:00:00:00:00:01"},{"ssid":"<b>�\"","ssid_hex":"3c623eff22","rssi":-60,"secure":false,"channel":6,"bssid":"02:00:00:00:00:04"}]
        "#]],
    );
    world.status.station_ip = Some(Ipv4Addr::new(10, 0, 0, 2));
    check(
        &world,
        STATION,
        &["GET /api/scan"],
        expect![[r#"
            GET /api/scan
                409 Conflict
                {"error":"scan-ap-only","detail":"scan: for the access point's users"}
        "#]],
    );
    world.status.ap_up = false;
    check(
        &world,
        AP,
        &["GET /api/scan"],
        expect![[r#"
            GET /api/scan
                > Touched
                409 Conflict
                {"error":"scan-ap-only","detail":"scan: for the access point's users"}
        "#]],
    );
    world.status.ap_up = true;
    world.reply = Reply::Refused(Refusal::ScanFailed);
    check(
        &world,
        AP,
        &["GET /api/scan"],
        expect![[r#"
            GET /api/scan
                > Touched; Scan
                503 Service Unavailable
                {"error":"scan-failed","detail":"scan: the radio could not, ask again"}
        "#]],
    );
}

#[test]
fn reset_and_mode_answer_with_what_comes() {
    let world = World::new();
    check(
        &world,
        AP,
        &[
            "POST /api/reset",
            &post("/api/reset", "{}"),
            &post("/api/mode", r#"{"mode":"sta"}"#),
            &post("/api/mode", r#"{"mode":0}"#),
            &post("/api/mode", r#"{"mode":"both"}"#),
            &post("/api/mode", r#"{"mode":4}"#),
            &post("/api/mode", r#"{}"#),
            &post("/api/mode", r#"3"#),
        ],
        expect![[r#"
            POST /api/reset
                > Touched; Reset; Posted
                200 OK
                {"status":"reset","apSsid":"Landfall-56789A","apPassword":"ABCDEFGH2345"}
            POST /api/reset | {}
                > Touched; Reset; Posted
                200 OK
                {"status":"reset","apSsid":"Landfall-56789A","apPassword":"ABCDEFGH2345"}
            POST /api/mode | {"mode":"sta"}
                > Touched; SetMode(Sta); Posted
                200 OK
                {"mode":"sta"}
            POST /api/mode | {"mode":0}
                > Touched; SetMode(Off); Posted
                200 OK
                {"mode":"off"}
            POST /api/mode | {"mode":"both"}
                > Touched
                400 Bad Request
                {"error":"invalid-mode","detail":"mode: not off, sta, ap, sta_ap or 0 to 3"}
            POST /api/mode | {"mode":4}
                > Touched
                400 Bad Request
                {"error":"invalid-mode","detail":"mode: not off, sta, ap, sta_ap or 0 to 3"}
            POST /api/mode | {}
                > Touched
                400 Bad Request
                {"error":"invalid-mode","detail":"mode: missing"}
            POST /api/mode | 3
                > Touched
                400 Bad Request
                {"error":"invalid-payload","detail":"body: not a JSON object"}
        "#]],
    );
}

#[test]
fn the_rest_of_the_table_answers() {
    let mut world = World::connected();
    world.clients.push(Client {
        mac: Mac([2, 3, 4, 5, 6, 7]),
        rssi: Some(-30),
        since: Instant::from_ms(12_000),
    });
    check(
        &world,
        AP,
        &[
            "GET /api/clients",
            "POST /api/seen",
            "GET /api/session",
            &post("/api/attendance", r#"{"matric":"1"}"#),
            "GET /metrics",
            "GET /",
        ],
        expect![[r#"
            GET /api/clients
                200 OK
                [{"mac":"02:03:04:05:06:07","rssi":-30,"since_ms":345}]
            POST /api/seen
                > Seen
                204 No Content
            GET /api/session
                200 OK
                {"active":false,"course_code":"","course_title":"","needs_code":false}
            POST /api/attendance | {"matric":"1"}
                > Touched
                404 Not Found
                {"error":"no-active-session","detail":"session: none is running here"}
            GET /metrics
                200 OK | Content-Type: text/plain; version=0.0.4; charset=utf-8
                # HELP landfall_connected Whether an address is held.
                # TYPE landfall_connected gauge
                landfall_connected 1
                # HELP landfall_ap_up Whether the access point is up.
                # TYPE landfall_ap_up gauge
                landfall_ap_up 1
                # HELP landfall_ap_clients Clients of the access point.
                # TYPE landfall_ap_clients gauge
                landfall_ap_clients 1
                # HELP landfall_known_networks Networks that are known.
                # TYPE landfall_known_networks gauge
                landfall_known_networks 1
                # HELP landfall_retrying Whether rounds go on beside the access point.
                # TYPE landfall_retrying gauge
                landfall_retrying 0
                # HELP landfall_safe_mode Whether it started in safe mode.
                # TYPE landfall_safe_mode gauge
                landfall_safe_mode 0
                # HELP landfall_rssi_dbm Strength of the link.
                # TYPE landfall_rssi_dbm gauge
                landfall_rssi_dbm -48
                # HELP landfall_uptime_seconds Time since boot.
                # TYPE landfall_uptime_seconds gauge
                landfall_uptime_seconds 12.345
            GET /
                > Touched
                200 OK | Content-Type: text/html
        "#]],
    );
}

#[test]
fn a_known_path_says_what_it_takes() {
    check(
        &World::new(),
        AP,
        &[
            "DELETE /api/status",
            "GET /api/wifi",
            "PATCH /api/networks",
            "GET /api/networks/0",
        ],
        expect![[r#"
            DELETE /api/status
                405 Method Not Allowed | Allow: GET, HEAD
                {"error":"method-not-allowed","detail":"method: see Allow"}
            GET /api/wifi
                405 Method Not Allowed | Allow: POST
                {"error":"method-not-allowed","detail":"method: see Allow"}
            PATCH /api/networks
                405 Method Not Allowed | Allow: GET, HEAD, POST
                {"error":"method-not-allowed","detail":"method: see Allow"}
            GET /api/networks/0
                405 Method Not Allowed | Allow: PUT, DELETE
                {"error":"method-not-allowed","detail":"method: see Allow"}
        "#]],
    );
}

#[test]
fn what_is_not_there_or_not_so_is_said() {
    check_refusals(
        &World::new(),
        &[
            "GET /api/nothing",
            "GET /api",
            "GET /favicon.ico",
            "DELETE /api/status",
            "GET /api/wifi",
            "PATCH /api/networks",
            "GET /api/networks/0",
            "OPTIONS /",
            "POST /api/wifi\n\n{}",
            "POST /api/wifi\nContent-Type: text/plain\n\n{}",
            "POST /api/wifi\nContent-Type: Application/JSON; charset=utf-8\n\n{}",
            "POST /wifi\nOrigin: http://192.168.4.1\nContent-Type: application/json\n\n{}",
        ],
        expect![[r#"
            404 not-found: path: nothing is here < GET /api/nothing
            404 not-found: path: nothing is here < GET /api
            404 not-found: path: nothing is here < GET /favicon.ico
            405 method-not-allowed: method: see Allow < DELETE /api/status
            405 method-not-allowed: method: see Allow < GET /api/wifi
            405 method-not-allowed: method: see Allow < PATCH /api/networks
            405 method-not-allowed: method: see Allow < GET /api/networks/0
            405 method-not-allowed: method: see Allow < OPTIONS /
            415 unsupported-media-type: Content-Type: send application/json < {}
            415 unsupported-media-type: Content-Type: send application/json < {}
            400 invalid-ssid: ssid: missing < {}
            415 unsupported-media-type: Content-Type: send application/x-www-form-urlencoded < {}
        "#]],
    );
}
