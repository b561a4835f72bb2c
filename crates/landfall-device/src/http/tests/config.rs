//! The config server, request by request, through the server itself.

use std::format;
use std::string::String;
use std::vec::Vec;

use expect_test::{Expect, expect};

use super::script::{Script, serve_at};
use super::{Door, Service, Side, Unsaved, World};
use crate::http::{CONFIG_BODY_MAX, CONFIG_BUFFER_LEN};

const CONFIG: Door = Door {
    service: Service::Config,
    side: Side::Station,
    port: 8080,
    loopback: false,
};
/// `admin:pass:word`
const OWNER: &str = "Authorization: Basic YWRtaW46cGFzczp3b3Jk";
/// `admin:pass:worD`
const WRONG: &str = "Authorization: Basic YWRtaW46cGFzczp3b3JE";
/// The least that is a configuration.
const LEAST: &str = r#"{"schema":2,"known_networks":[],"access_point":{}}"#;

fn world() -> World {
    World::connected().with_door_password("pass:word")
}

/// The bytes of a request, its length counted.
fn bytes(request: &str) -> Vec<u8> {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let (line, fields) = head.split_once('\n').unwrap_or((head, ""));
    let host = if fields.contains("Host:") {
        ""
    } else {
        "Host: 10.0.0.2:8080\n"
    };
    let len = body.len();
    let length = if line.starts_with("GET") {
        String::new()
    } else {
        format!("Content-Length: {len}\n")
    };
    let fields = if fields.is_empty() {
        String::new()
    } else {
        format!("{fields}\n")
    };
    let head = format!("{line} HTTP/1.1\n{host}{fields}{length}\n");
    (head.replace('\n', "\r\n") + body).into_bytes()
}

/// The whole answer.
fn answer(world: &World, door: Door, request: &str) -> String {
    let script = Script::new(&[&bytes(request)], true);
    let written = serve_at::<CONFIG_BUFFER_LEN>(world, door, script);
    String::from_utf8_lossy(&written).into_owned()
}

/// Asks one after the other: the request's last line, then what the machine heard, status, own
/// fields and body.
fn check_at(world: &World, door: Door, requests: &[&str], expected: Expect) {
    let mut out = String::new();
    for request in requests {
        let written = answer(world, door, request);
        let (head, body) = written.split_once("\r\n\r\n").expect("a whole head");
        let length = format!("Content-Length: {}\r\n", body.len());
        assert!(head.contains(&length), "{head}");
        let (line, rest) = request.split_once('\n').unwrap_or((request, ""));
        let last = rest.lines().last().unwrap_or_default();
        out += &format!("{line} … {last}\n");
        for heard in world.heard() {
            out += &format!("    > {heard}\n");
        }
        let mut lines = head.lines();
        out += &format!("    {}", lines.next().unwrap_or_default());
        let own = ["Location", "Allow", "WWW", "Retry"];
        for line in lines.filter(|line| own.iter().any(|field| line.starts_with(field))) {
            out += &format!(" | {line}");
        }
        out += &format!("\n    {body}\n");
    }
    expected.assert_eq(&out);
}

fn check(requests: &[&str], expected: Expect) {
    check_at(&world(), CONFIG, requests, expected);
}

#[test]
fn nobody_but_the_owner_is_told_anything() {
    check(
        &[
            "GET /config",
            &format!("GET /nothing\n{WRONG}"),
            "GET /\nAuthorization: Bearer YWRtaW46cGFzczp3b3Jk",
            &format!("GET /nothing\n{OWNER}"),
            &format!("DELETE /config\n{OWNER}"),
            &format!("POST /index\n{OWNER}\n\n{{}}"),
        ],
        expect![[r#"
            GET /config … 
                HTTP/1.1 401 Unauthorized | WWW-Authenticate: Basic realm="WiFi Config"
                Authentication required
            GET /nothing … Authorization: Basic YWRtaW46cGFzczp3b3JE
                HTTP/1.1 401 Unauthorized | WWW-Authenticate: Basic realm="WiFi Config"
                Invalid credentials
            GET / … Authorization: Bearer YWRtaW46cGFzczp3b3Jk
                HTTP/1.1 401 Unauthorized | WWW-Authenticate: Basic realm="WiFi Config"
                Invalid credentials
            GET /nothing … Authorization: Basic YWRtaW46cGFzczp3b3Jk
                > confirmed
                HTTP/1.1 404 Not Found
                Not found
            DELETE /config … Authorization: Basic YWRtaW46cGFzczp3b3Jk
                > confirmed
                HTTP/1.1 405 Method Not Allowed | Allow: GET, HEAD, POST
                Method not allowed
            POST /index … {}
                > confirmed
                HTTP/1.1 405 Method Not Allowed | Allow: GET, HEAD
                Method not allowed
        "#]],
    );
}

#[test]
fn five_wrong_passwords_shut_the_door_to_the_right_one_and_no_password_is_no_failure() {
    let wrong = format!("GET /config\n{WRONG}");
    let right = format!("GET /config\n{OWNER}");
    let requests = ["GET /config"; 9]
        .into_iter()
        .chain([wrong.as_str(); 5])
        .chain([right.as_str()]);
    let all: Vec<u8> = requests.flat_map(bytes).collect();
    let written = serve_at::<CONFIG_BUFFER_LEN>(&world(), CONFIG, Script::new(&[&all], true));
    let written = String::from_utf8_lossy(&written);
    assert_eq!(written.matches("HTTP/1.1 401").count(), 14, "{written}");
    assert!(written.contains("HTTP/1.1 429") && written.contains("Retry-After: 60"));
}

#[test]
fn names_and_origins_of_others_are_refused() {
    let requests = [
        format!("GET /config\nHost: evil.example\n{OWNER}"),
        format!("GET /config\nHost: 10.0.0.2\n{OWNER}"),
        format!("POST /config\nOrigin: http://evil.example\n{OWNER}\n\n{LEAST}"),
        format!(
            "POST /config\nHost: landfall-56789a.local:8080\nOrigin: http://landfall-56789a.local:8080\n{OWNER}\n\n{LEAST}"
        ),
    ];
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    check(
        &requests,
        expect![[r#"
            GET /config … Authorization: Basic YWRtaW46cGFzczp3b3Jk
                HTTP/1.1 421 Misdirected Request
                Not a name of this device
            GET /config … Authorization: Basic YWRtaW46cGFzczp3b3Jk
                > confirmed
                HTTP/1.1 200 OK
                {"schema":2,"mode":"sta_ap","known_networks":[{"ssid":"HomeNetwork","password":"********","enables_webrepl":false,"bssid":null,"hidden":false}],"access_point":{"config":{"hidden":false,"max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":false,"password":"********"},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":10000,"max_retry":5,"fallback_deadline_ms":15000},"fleet":{},"mqtt":{"commands":false},"radio":{},"led":{},"log_level":"info"}
            POST /config … {"schema":2,"known_networks":[],"access_point":{}}
                HTTP/1.1 403 Forbidden
                Origin: not a page of this device
            POST /config … {"schema":2,"known_networks":[],"access_point":{}}
                > confirmed
                > {"schema":2,"mode":"sta_ap","known_networks":[],"access_point":{"config":{"hidden":false,"max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":false},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":10000,"max_retry":5,"fallback_deadline_ms":15000},"fleet":{},"mqtt":{"commands":false},"radio":{},"led":{},"log_level":"info"}
                HTTP/1.1 200 OK
                Configuration updated successfully
        "#]],
    );
    let ap = Door {
        side: Side::Ap,
        ..CONFIG
    };
    check_at(
        &world(),
        ap,
        &[
            "GET /config\nHost: evil.example",
            "POST /config\nHost: evil.example\n\n{}",
        ],
        expect![[r#"
            GET /config … Host: evil.example
                HTTP/1.1 302 Found | Location: http://192.168.4.1/
                <!doctype html><title>Wi-Fi</title><a href="http://192.168.4.1/">Set up Wi-Fi</a>
            POST /config … {}
                HTTP/1.1 421 Misdirected Request
                Not a name of this device
        "#]],
    );
}

#[test]
fn the_configuration_is_told_with_masks() {
    check(
        &[&format!("GET /config\n{OWNER}")],
        expect![[r#"
        GET /config … Authorization: Basic YWRtaW46cGFzczp3b3Jk
            > confirmed
            HTTP/1.1 200 OK
            {"schema":2,"mode":"sta_ap","known_networks":[{"ssid":"HomeNetwork","password":"********","enables_webrepl":false,"bssid":null,"hidden":false}],"access_point":{"config":{"hidden":false,"max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":false,"password":"********"},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":10000,"max_retry":5,"fallback_deadline_ms":15000},"fleet":{},"mqtt":{"commands":false},"radio":{},"led":{},"log_level":"info"}
    "#]],
    );
}

#[test]
fn what_is_no_configuration_is_refused_where_it_is_wrong() {
    let post = |body: &str| format!("POST /config\n{OWNER}\n\n{body}");
    let twice = format!("{LEAST}{{}}");
    let requests: Vec<String> = [
        "",
        "{\n  \"schema\": 2,\n  oops\n}",
        &twice,
        "[]",
        r#"{"schema":2,"access_point":{}}"#,
        r#"{"known_networks":[],"access_point":{}}"#,
        r#"{"schema":2,"known_networks":[{"ssid":"a","password":"short"}],"access_point":{}}"#,
        r#"{"schema":2,"known_networks":[{"ssid":"a","password":"********"}],"access_point":{}}"#,
        r#"{"schema":2,"known_networks":[],"access_point":{"config":{"channel":99}}}"#,
        r#"{"schema":2,"known_networks":[],"access_point":{},"webrepl":{"password":"********"}}"#,
    ]
    .map(post)
    .into();
    let requests: Vec<&str> = requests.iter().map(String::as_str).collect();
    check(
        &requests,
        expect![[r#"
        POST /config … 
            > confirmed
            HTTP/1.1 400 Bad Request
            No request body
        POST /config … }
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid JSON: line 3 column 3: expected a name in double quotes
        POST /config … {"schema":2,"known_networks":[],"access_point":{}}{}
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid JSON: line 1 column 51: expected nothing more
        POST /config … []
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid config: $: expected an object
        POST /config … {"schema":2,"access_point":{}}
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid config: known_networks: missing
        POST /config … {"known_networks":[],"access_point":{}}
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid config: schema: missing
        POST /config … {"schema":2,"known_networks":[{"ssid":"a","password":"short"}],"access_point":{}}
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid config: known_networks[0].password: expected 8 to 63 printable ASCII characters, 64 hex digits, or "" for open
        POST /config … {"schema":2,"known_networks":[{"ssid":"a","password":"********"}],"access_point":{}}
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid config: known_networks[0].password: masked, but no secret is stored for it
        POST /config … {"schema":2,"known_networks":[],"access_point":{"config":{"channel":99}}}
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid config: access_point.config.channel: expected a whole number from 1 to 13
        POST /config … {"schema":2,"known_networks":[],"access_point":{},"webrepl":{"password":"********"}}
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid config: webrepl.password: masked, but no secret is stored for it
    "#]],
    );
}

#[test]
fn a_configuration_is_stored_with_the_secrets_that_were_masked() {
    let body = r#"{"schema":2,"known_networks":[{"ssid":"HomeNetwork","password":"********","mine":1}],"access_point":{},"config_server":{"enabled":true,"password":"********"},"yours":[null]}"#;
    check(
        &[&format!("POST /config\n{OWNER}\n\n{body}")],
        expect![[r#"
            POST /config … {"schema":2,"known_networks":[{"ssid":"HomeNetwork","password":"********","mine":1}],"access_point":{},"config_server":{"enabled":true,"password":"********"},"yours":[null]}
                > confirmed
                > {"schema":2,"mode":"sta_ap","known_networks":[{"ssid":"HomeNetwork","password":"Password2","enables_webrepl":false,"bssid":null,"hidden":false,"mine":1}],"access_point":{"config":{"hidden":false,"max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":true,"password":"pass:word"},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":10000,"max_retry":5,"fallback_deadline_ms":15000},"fleet":{},"mqtt":{"commands":false},"radio":{},"led":{},"log_level":"info","yours":[null]}
                HTTP/1.1 200 OK
                Configuration updated successfully
        "#]],
    );
}

#[test]
fn judging_a_configuration_stores_nothing() {
    let post = |body: &str| format!("POST /config?validate=1\n{OWNER}\n\n{body}");
    check(
        &[&post(LEAST), &post("{}"), &post("{")],
        expect![[r#"
        POST /config?validate=1 … {"schema":2,"known_networks":[],"access_point":{}}
            > confirmed
            HTTP/1.1 200 OK
            Configuration is valid
        POST /config?validate=1 … {}
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid config: schema: missing
        POST /config?validate=1 … {
            > confirmed
            HTTP/1.1 400 Bad Request
            Invalid JSON: line 1 column 2: unexpected end
    "#]],
    );
}

#[test]
fn what_the_store_or_the_machine_refuses_is_said() {
    let request = format!("POST /config\n{OWNER}\n\n{LEAST}");
    let mut world = world();
    world.unsaved = Some(Unsaved::StoreFailed);
    check_at(
        &world,
        CONFIG,
        &[&request],
        expect![[r#"
        POST /config … {"schema":2,"known_networks":[],"access_point":{}}
            > confirmed
            HTTP/1.1 500 Internal Server Error
            Failed to save config: the flash did not take it
    "#]],
    );
    world.unsaved = Some(Unsaved::Busy);
    check_at(
        &world,
        CONFIG,
        &[&request],
        expect![[r#"
        POST /config … {"schema":2,"known_networks":[],"access_point":{}}
            > confirmed
            HTTP/1.1 409 Conflict
            Busy: credentials or a configuration are being tried, ask again
    "#]],
    );
}

#[test]
fn eight_kibibytes_are_taken_and_one_more_is_not() {
    let padded = |len: usize| format!("{LEAST}{}", " ".repeat(len - LEAST.len()));
    let post = |len| {
        let request = format!("POST /config\n{OWNER}\n\n{}", padded(len));
        answer(&world(), CONFIG, &request)
    };
    let taken = post(CONFIG_BODY_MAX);
    assert!(taken.starts_with("HTTP/1.1 200 "), "{taken}");
    let refused = post(CONFIG_BODY_MAX + 1);
    assert!(refused.starts_with("HTTP/1.1 413 "), "{refused}");
    // A head is not longer for that.
    let long = format!("GET /\nX: {}\n{OWNER}", "x".repeat(4096));
    let refused = answer(&world(), CONFIG, &long);
    assert!(refused.starts_with("HTTP/1.1 431 "), "{refused}");
}

#[test]
fn the_editor_is_one_page_that_may_run_its_own_script_alone() {
    for path in ["/", "/index", "/index.html"] {
        let script = Script::new(&[&bytes(&format!("GET {path}\n{OWNER}"))], true);
        let written = serve_at::<CONFIG_BUFFER_LEN>(&world(), CONFIG, script);
        assert!(written.ends_with(crate::editor::PAGE));
        let head = String::from_utf8_lossy(&written[..written.len() - crate::editor::PAGE.len()]);
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains("Content-Encoding: gzip\r\n"), "{head}");
        assert!(
            head.contains(crate::editor::CONTENT_SECURITY_POLICY),
            "{head}"
        );
    }
}
