//! One connection, segment by segment.

use expect_test::{Expect, expect};
use landfall_core::command::Reply;
use landfall_core::event::Event;
use std::format;
use std::string::String;
use std::vec::Vec;

use super::World;
use super::script::{Script, serve};

/// The status lines, `Connection` fields and bodies of what is written.
fn outline(written: &[u8]) -> String {
    let text = String::from_utf8_lossy(written);
    let mut in_body = false;
    let mut out = String::new();
    for line in text.split("\r\n") {
        match line.find("HTTP/1.1 ") {
            // A body has no line end of its own: the next answer follows on its line.
            Some(at) => {
                if at > 0 {
                    out += &format!("{}\n", &line[..at]);
                }
                out += &format!("{}\n", &line[at..]);
                in_body = line[at..].starts_with("HTTP/1.1 100");
            }
            None if in_body => out += &format!("{line}\n"),
            None if line.is_empty() => in_body = true,
            None if line.starts_with("Connection") => out += &format!("{line}\n"),
            None => {}
        }
    }
    out
}

fn check(world: &World, segments: &[&[u8]], ends: bool, expected: Expect) {
    expected.assert_eq(&outline(&serve(world, Script::new(segments, ends))));
}

const SESSION: &[u8] = b"GET /api/session HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n";

#[test]
fn a_connection_is_kept_for_the_next_request_unless_told_otherwise() {
    let world = World::new();
    check(
        &world,
        &[SESSION, SESSION],
        true,
        expect![[r#"
        HTTP/1.1 200 OK
        Connection: keep-alive
        {"active":false,"course_code":"","course_title":"","needs_code":false}
        HTTP/1.1 200 OK
        Connection: keep-alive
        {"active":false,"course_code":"","course_title":"","needs_code":false}
    "#]],
    );
    let closing = b"GET /api/session HTTP/1.1\r\nHost: 192.168.4.1\r\nConnection: Close\r\n\r\n";
    check(
        &world,
        &[closing, SESSION],
        true,
        expect![[r#"
        HTTP/1.1 200 OK
        Connection: close
        {"active":false,"course_code":"","course_title":"","needs_code":false}
    "#]],
    );
    let old = b"GET /api/session HTTP/1.0\nHost: 192.168.4.1\n\n";
    check(
        &world,
        &[old, SESSION],
        true,
        expect![[r#"
        HTTP/1.1 200 OK
        Connection: close
        {"active":false,"course_code":"","course_title":"","needs_code":false}
    "#]],
    );
}

#[test]
fn requests_that_come_together_are_answered_one_after_the_other() {
    let both = [SESSION, SESSION].concat();
    check(
        &World::new(),
        &[&both],
        true,
        expect![[r#"
        HTTP/1.1 200 OK
        Connection: keep-alive
        {"active":false,"course_code":"","course_title":"","needs_code":false}
        HTTP/1.1 200 OK
        Connection: keep-alive
        {"active":false,"course_code":"","course_title":"","needs_code":false}
    "#]],
    );
}

#[test]
fn a_body_in_any_number_of_segments_is_one_body() {
    let mut world = World::new();
    world.reply = Reply::Accepted;
    let body = br#"{"ssid":"home","pass":"12345678"}"#;
    let head = format!(
        "POST /api/wifi HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    let whole = [head.as_bytes(), body, SESSION].concat();
    let expected = outline(&serve(&world, Script::new(&[&whole], true)));
    assert!(expected.starts_with("HTTP/1.1 200 OK\nConnection: keep-alive\n{\"status\":\"conn"));
    assert!(expected.contains("\"active\":false"), "{expected}");
    for size in [1, 2, 7, 100] {
        let segments: Vec<_> = whole.chunks(size).collect();
        let outline = outline(&serve(&world, Script::new(&segments, true)));
        assert_eq!(outline, expected, "segments of {size}");
    }
    let told = world.told.take();
    assert_eq!(
        told.iter().filter(|told| told.starts_with("Join")).count(),
        5,
        "{told:?}"
    );
}

#[test]
fn a_client_that_waits_is_told_to_go_on_only_if_it_may() {
    let head = |path: &str, kind: &str, len: usize| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Type: {kind}\r\n\
             Expect: 100-continue\r\nContent-Length: {len}\r\n\r\n"
        )
    };
    let world = World::new();
    let right = head("/api/mode", "application/json", 14);
    let body = br#"{"mode":"sta"}"#;
    check(
        &world,
        &[right.as_bytes(), body],
        true,
        expect![[r#"
        HTTP/1.1 100 Continue

        HTTP/1.1 200 OK
        Connection: keep-alive
        {"mode":"sta"}
    "#]],
    );
    let wrong = head("/api/mode", "text/plain", 14);
    check(
        &world,
        &[wrong.as_bytes(), body],
        true,
        expect![[r#"
        HTTP/1.1 415 Unsupported Media Type
        Connection: close
        {"error":"unsupported-media-type","detail":"Content-Type: send application/json"}
    "#]],
    );
    let long = head("/api/mode", "application/json", 4097);
    check(
        &world,
        &[long.as_bytes(), body],
        true,
        expect![[r#"
        HTTP/1.1 413 Content Too Large
        Connection: close
        {"error":"too-large","detail":"body: more than 4096 bytes"}
    "#]],
    );
}

#[test]
fn a_head_answer_has_no_body_but_its_length() {
    let request = b"HEAD /api/session HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n";
    let head = String::from_utf8(serve(&World::new(), Script::new(&[request], true))).unwrap();
    let whole = String::from_utf8(serve(&World::new(), Script::new(&[SESSION], true))).unwrap();
    assert!(head.contains("Content-Length: 70\r\n"), "{head}");
    assert!(
        whole.starts_with(&head) && whole.len() == head.len() + 70,
        "{whole}"
    );
}

#[test]
fn the_page_comes_whole_and_gzipped() {
    let request = b"GET / HTTP/1.1\r\nHost: 192.168.4.1\r\nConnection: close\r\n\r\n";
    let written = serve(&World::new(), Script::new(&[request], true));
    let page = crate::portal::PAGE;
    assert!(written.ends_with(page));
    let head = String::from_utf8_lossy(&written[..written.len() - page.len()]);
    assert!(
        head.contains(&format!("Content-Length: {}\r\n", page.len())),
        "{head}"
    );
    assert!(head.ends_with("\r\n\r\n"), "{head}");
}

#[test]
fn what_is_no_request_is_refused_and_the_connection_closed() {
    let host = "Host: 192.168.4.1\r\n";
    for (request, code) in [
        ("nonsense\r\n\r\n".into(), 400),
        ("GET / HTTP/2.0\r\n\r\n".into(), 400),
        ("GET /\r\n\r\n".into(), 400),
        ("GET / HTTP/1.1\r\n\r\n".into(), 400),
        ("GET x HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n".into(), 400),
        (format!("GET / HTTP/1.1\r\n{host}{host}\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}A\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}A : b\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host} folded\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}A: \x01\r\n\r\n"), 400),
        (
            format!("POST / HTTP/1.1\r\n{host}Content-Length: +1\r\n\r\n"),
            400,
        ),
        (
            format!("POST / HTTP/1.1\r\n{host}Content-Length: 1, 1\r\n\r\n"),
            400,
        ),
        (
            format!("POST / HTTP/1.1\r\n{host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n"),
            400,
        ),
        (
            format!(
                "POST / HTTP/1.1\r\n{host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
            ),
            400,
        ),
        (
            format!("POST / HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n"),
            411,
        ),
        (
            format!("POST / HTTP/1.1\r\n{host}Expect: more\r\n\r\n"),
            417,
        ),
        (
            format!("GET / HTTP/1.1\r\n{host}A: {}", "x".repeat(8000)),
            431,
        ),
        (format!("GET /{} HTTP/1.1\r\n", "x".repeat(8000)), 431),
        ("x".repeat(8000), 431),
    ] {
        let text = outline(&serve(
            &World::new(),
            Script::new(&[request.as_bytes(), SESSION], true),
        ));
        assert!(
            text.starts_with(&format!("HTTP/1.1 {code} ")),
            "{request}: {text}"
        );
        assert!(
            text.contains("\nConnection: close\n{\"error\":\""),
            "{request}: {text}"
        );
        assert_eq!(text.matches("HTTP/1.1").count(), 1, "{request}: {text}");
    }
}

#[test]
fn many_unknown_fields_are_skipped_up_to_4_kib() {
    let request = |fields: &str| format!("GET /api/session HTTP/1.1\r\n{fields}\r\n");
    let host = "Host: 192.168.4.1\r\n";
    let code = |request: &str| {
        let text = outline(&serve(
            &World::new(),
            Script::new(&[request.as_bytes()], true),
        ));
        text[9..12].parse::<u16>().unwrap()
    };
    assert_eq!(
        code(&request(&format!("{}{host}", "a:\r\n".repeat(1000)))),
        200
    );
    // The fields with their empty line take all of it, then one byte more.
    let filler = |n: usize| format!("{host}x: {}\r\n", "y".repeat(n - host.len() - 5 - 2));
    assert_eq!(code(&request(&filler(4096))), 200);
    assert_eq!(code(&request(&filler(4097))), 431);
}

#[test]
fn a_request_that_is_not_whole_in_time_is_given_up() {
    let partial = &SESSION[..20];
    check(
        &World::new(),
        &[partial],
        false,
        expect![[r#"
        HTTP/1.1 408 Request Timeout
        Connection: close
        {"error":"timeout","detail":"request: not whole within 5 s"}
    "#]],
    );
    check(
        &World::new(),
        &[],
        false,
        expect![[r#"
        HTTP/1.1 408 Request Timeout
        Connection: close
        {"error":"timeout","detail":"request: not whole within 5 s"}
    "#]],
    );
    let body = b"POST /api/reset HTTP/1.1\r\nHost: 192.168.4.1\r\n\
        Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{";
    check(
        &World::new(),
        &[body],
        false,
        expect![[r#"
        HTTP/1.1 408 Request Timeout
        Connection: close
        {"error":"timeout","detail":"request: not whole within 5 s"}
    "#]],
    );
    // Between two requests a stall is no failure.
    check(
        &World::new(),
        &[SESSION],
        false,
        expect![[r#"
        HTTP/1.1 200 OK
        Connection: keep-alive
        {"active":false,"course_code":"","course_title":"","needs_code":false}
    "#]],
    );
    // A client that goes away is not answered.
    check(&World::new(), &[partial], true, expect![[r#""#]]);
}

#[test]
fn a_client_that_does_not_read_is_given_up() {
    let mut script = Script::new(&[SESSION, SESSION], true);
    script.takes = 40;
    assert_eq!(serve(&World::new(), script).len(), 40);
}

#[test]
fn the_body_of_a_refused_request_is_never_taken_for_a_request() {
    let post = b"POST /api/nothing HTTP/1.1\r\nHost: 192.168.4.1\r\nContent-Length: 49\r\n\r\n";
    check(
        &World::new(),
        &[post, SESSION],
        true,
        expect![[r#"
        HTTP/1.1 404 Not Found
        Connection: close
        {"error":"not-found","detail":"path: nothing is here"}
    "#]],
    );
    let get = b"GET /api/nothing HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n";
    check(
        &World::new(),
        &[get, SESSION],
        true,
        expect![[r#"
        HTTP/1.1 404 Not Found
        Connection: keep-alive
        {"error":"not-found","detail":"path: nothing is here"}
        HTTP/1.1 200 OK
        Connection: keep-alive
        {"active":false,"course_code":"","course_title":"","needs_code":false}
    "#]],
    );
}

#[test]
fn events_stream_from_the_oldest_kept_or_behind_the_last_one_seen() {
    let world = World::new();
    world.happens(Event::StaStart);
    world.happens(Event::ApStart {
        ssid: super::ssid(b"a\n\xff"),
    });
    let request = b"GET /api/events HTTP/1.1\r\nHost: 192.168.4.1\r\n\r\n";
    // The client goes once it has read what there was: the script's end is seen behind it.
    check(
        &world,
        &[request],
        true,
        expect![[r#"
            HTTP/1.1 200 OK
            Connection: close
            id: 1
            event: STA_START
            data: {"seq":1,"ms":1000,"event":"STA_START"}

            id: 2
            event: AP_START
            data: {"seq":2,"ms":1000,"event":"AP_START","ssid":"a\n�","ssid_hex":"610aff"}


        "#]],
    );
    let resumed = b"GET /api/events HTTP/1.1\r\nHost: 192.168.4.1\r\nLast-Event-ID: 1\r\n\r\n";
    check(
        &world,
        &[resumed],
        true,
        expect![[r#"
            HTTP/1.1 200 OK
            Connection: close
            id: 2
            event: AP_START
            data: {"seq":2,"ms":1000,"event":"AP_START","ssid":"a\n�","ssid_hex":"610aff"}


        "#]],
    );
}
