//! Requests as bytes: sizes, segments, slowness, and the page's own size.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::client::Answer;
use crate::sim::{Ap, Sim};

/// The most bytes of `GET /`, head and all.
const PAGE_ANSWER_MAX: usize = 4096;
/// The bound of a request.
const REQUEST: Duration = Duration::from_secs(5);

fn starts(answer: &[u8]) -> String {
    String::from_utf8_lossy(&answer[..answer.len().min(12)]).into_owned()
}

#[test]
fn the_page_fits_4_kib_with_its_head() {
    let sim = Sim::blank();
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", sim.address(Ap));
    let bytes = sim.raw(Ap, request);
    println!("GET / takes {} bytes on the wire", bytes.len());
    assert!(bytes.len() <= PAGE_ANSWER_MAX, "{}", bytes.len());
    let answer = Answer::of(&bytes, "GET /");
    assert_eq!(answer.field("Content-Encoding"), Some("gzip"));
    let asked_plain = sim.ask(Ap, "GET / [Accept-Encoding: identity]");
    assert_eq!(
        asked_plain.field("Content-Encoding"),
        Some("gzip"),
        "always"
    );
}

#[test]
fn sizes_have_their_bounds() {
    let sim = Sim::blank();
    let address = sim.address(Ap);
    let with_field = |len: usize| {
        let filler = "x".repeat(len);
        sim.raw(Ap, format!("GET /api/session HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Filler: {filler}\r\n\r\n"))
    };
    assert_eq!(starts(&with_field(3900)), "HTTP/1.1 200");
    assert_eq!(starts(&with_field(4200)), "HTTP/1.1 431");
    let many: String = (0..200).map(|n| format!("X-{n}: y\r\n")).collect();
    let answer = sim.raw(
        Ap,
        format!("GET /api/session HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{many}\r\n"),
    );
    assert_eq!(
        starts(&answer),
        "HTTP/1.1 200",
        "fields that are not known are skipped"
    );
    let endless = sim.raw(Ap, format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(9000)));
    assert_eq!(starts(&endless), "HTTP/1.1 431");

    let body = |len: usize| format!(r#"POST /api/wifi {{"ssid":"{}"}}"#, "x".repeat(len - 11));
    assert_eq!(
        sim.ask(Ap, &body(4096)).code,
        400,
        "read, and its name is too long"
    );
    let answer = sim.ask(Ap, &body(4097));
    assert_eq!(
        (answer.code, &answer.json()["error"]),
        (413, &"too-large".into())
    );
    let declared = format!(
        "POST /api/wifi HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 99999999999999999999\r\n\r\n"
    );
    assert_eq!(starts(&sim.raw(Ap, declared)), "HTTP/1.1 413");
}

#[test]
fn a_body_in_many_segments_is_one_body() {
    let sim = Sim::blank();
    let mut stream = sim.connect(Ap).unwrap();
    for byte in sim.request(Ap, r#"POST /api/mode {"mode":"sta_ap"}"#) {
        stream.write_all(&[byte]).unwrap();
        std::thread::sleep(Duration::from_millis(1));
    }
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(
        Answer::of(&answer, "in segments").text(),
        r#"{"mode":"sta_ap"}"#
    );
}

#[test]
fn requests_follow_each_other_on_a_connection() {
    let sim = Sim::blank();
    let address = sim.address(Ap);
    let one = format!("GET /api/session HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let answer = sim.raw(Ap, one.repeat(3));
    assert_eq!(
        String::from_utf8(answer)
            .unwrap()
            .matches("HTTP/1.1 200 OK")
            .count(),
        3
    );
}

#[test]
fn a_request_has_5_s_whatever_the_speed_and_blocks_nobody() {
    let sim = Sim::blank();
    let address = sim.address(Ap);
    let body = format!(
        "POST /api/mode HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: 20\r\n\r\n{{"
    );
    let slow = [
        "GET / HT".to_owned(),
        body,
        format!("GET / HTTP/1.1\r\nHost: {address}\r\n"),
    ];
    std::thread::scope(|scope| {
        for request in &slow {
            let sim = &sim;
            scope.spawn(move || {
                let began = Instant::now();
                let answer = sim.raw(Ap, request);
                assert_eq!(Answer::of(&answer, request).code, 408);
                let took = began.elapsed();
                assert!(took >= REQUEST && took < REQUEST * 2, "{took:?}");
            });
        }
        for _ in 0..20 {
            let began = Instant::now();
            assert_eq!(sim.ask(Ap, "GET /api/status").code, 200);
            assert!(began.elapsed() < REQUEST, "nobody waits for the slow ones");
        }
    });
}

#[test]
fn what_is_no_request_is_refused() {
    let sim = Sim::blank();
    let address = sim.address(Ap);
    let cases = [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        ("\u{16}\u{3}\u{1} hello\r\n\r\n".to_owned(), "HTTP/1.1 400"),
        (
            format!("GET / HTTP/1.1\r\nHost: {address}\r\nHost: example.com\r\n\r\n"),
            "HTTP/1.1 400",
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: {address}\r\n X: folded\r\n\r\n"),
            "HTTP/1.1 400",
        ),
        (
            format!("POST /api/mode HTTP/1.1\r\nHost: {address}\r\nContent-Length: +2\r\n\r\n{{}}"),
            "HTTP/1.1 400",
        ),
    ];
    for (request, expected) in cases {
        assert_eq!(starts(&sim.raw(Ap, &request)), expected, "{request:?}");
    }
}
