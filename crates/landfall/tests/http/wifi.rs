//! `POST /api/wifi` and the form: what is refused and in which order, and what becomes of credentials.

use expect_test::expect;
use serde_json::{Value, json};

use crate::sim::{Ap, Sim, Sta};

/// Refused with that code and that detail, and tried by nobody.
fn check_refused(cases: &[(String, &str, &str)]) {
    let sim = Sim::blank();
    for (body, code, detail) in cases {
        let answer = sim.ask(Ap, &format!("POST /api/wifi {body}"));
        let expected = json!({"error": code, "detail": detail});
        assert_eq!((answer.code, answer.json()), (400, expected), "{body}");
    }
    assert_eq!(sim.status()["candidate"], Value::Null, "none was tried");
}

fn repeated(text: &str, n: usize) -> String {
    format!("\"{}\"", text.repeat(n))
}

#[test]
fn names_are_refused_one_by_one() {
    let name = |ssid: &str| format!(r#"{{"ssid":{ssid}}}"#);
    let hex = |digits: &str| format!(r#"{{"ssid_hex":{digits}}}"#);
    let code = "invalid-ssid";
    check_refused(&[
        ("{}".to_owned(), code, "ssid: missing"),
        (name("1"), code, "ssid: not a string"),
        (name("null"), code, "ssid: not a string"),
        (name(r#""""#), code, "ssid: empty"),
        (name(&repeated("a", 33)), code, "ssid: longer than 32 bytes"),
        (name(&repeated("é", 17)), code, "ssid: longer than 32 bytes"),
        (hex("7"), code, "ssid_hex: not a string"),
        (hex(r#""""#), code, "ssid_hex: empty"),
        (
            hex(r#""6""#),
            code,
            "ssid_hex: not pairs of hexadecimal digits",
        ),
        (
            hex(r#""zz""#),
            code,
            "ssid_hex: not pairs of hexadecimal digits",
        ),
        (
            hex(&repeated("61", 33)),
            code,
            "ssid_hex: longer than 32 bytes",
        ),
    ]);
}

#[test]
fn passwords_are_refused_one_by_one() {
    let pass = |pass: &str| format!(r#"{{"ssid":"x","pass":{pass}}}"#);
    let (short, wrong) = ("pass-too-short", "invalid-pass");
    check_refused(&[
        (pass(r#""1""#), short, "pass: shorter than 8 characters"),
        (
            pass(r#""1234567""#),
            short,
            "pass: shorter than 8 characters",
        ),
        (pass("12345678"), wrong, "pass: not a string"),
        (pass("false"), wrong, "pass: not a string"),
        (pass("[]"), wrong, "pass: not a string"),
        (pass(r#""pässword""#), wrong, "pass: not printable ASCII"),
        (
            pass(&repeated("g", 64)),
            wrong,
            "pass: longer than 63 characters",
        ),
        (
            pass(&repeated("p", 65)),
            wrong,
            "pass: longer than 63 characters",
        ),
    ]);
}

#[test]
fn what_is_no_object_is_refused() {
    let bodies = ["", "[]", "null", r#"{"ssid":"x""#];
    let detail = "body: not a JSON object";
    check_refused(&bodies.map(|body| (body.to_owned(), "invalid-payload", detail)));
}

#[test]
fn bytes_that_are_no_text_are_no_json() {
    let sim = Sim::blank();
    let mut request = sim.request(Ap, r#"POST /api/wifi {"ssid":"x"}"#);
    let at = request.len() - 3;
    request[at] = 0xff;
    let answer = String::from_utf8(sim.raw(Ap, request)).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains(r#""invalid-payload""#),
        "{answer}"
    );
}

/// Each is taken, and ends with that verdict.
#[test]
fn credentials_are_taken_in_every_form() {
    let psk = "6".repeat(64);
    let cases = [
        (
            r#"{"ssid":"HomeNetwork","pass":"Password2"}"#.to_owned(),
            "ok",
        ),
        (
            r#"{"ssid_hex":"436166E9","pass":"Password2"}"#.to_owned(),
            "ok",
        ),
        (
            r#"{"ssid":"not this","ssid_hex":"486f6d654e6574776f726b","pass":"Password2"}"#
                .to_owned(),
            "ok",
        ),
        (
            r#"{"ssid":"Hom\u0065Network","pass":"Password2","more":[1]}"#.to_owned(),
            "ok",
        ),
        (r#"{"ssid":"CafeFree"}"#.to_owned(), "ok"),
        (r#"{"ssid":"CafeFree","pass":null}"#.to_owned(), "ok"),
        (r#"{"ssid":"CafeFree","pass":""}"#.to_owned(), "ok"),
        (
            r#"{"ssid":"HomeNetwork","pass":"Password1"}"#.to_owned(),
            "wrong_password",
        ),
        (
            format!(r#"{{"ssid":"HomeNetwork","pass":"{psk}"}}"#),
            "wrong_password",
        ),
        (
            r#"{"ssid":"HomeNetwork","pass":""}"#.to_owned(),
            "security_mismatch",
        ),
        (
            r#"{"ssid":"CafeFree","pass":"Password2"}"#.to_owned(),
            "security_mismatch",
        ),
        (
            r#"{"ssid":"Nowhere","pass":"Password2"}"#.to_owned(),
            "not_found",
        ),
        (r#"{"ssid":"NoAddress"}"#.to_owned(), "no_address"),
    ];
    for (body, verdict) in cases {
        let sim = Sim::blank();
        let answer = sim.ask(Ap, &format!("POST /api/wifi {body}"));
        assert_eq!(
            answer.text(),
            r#"{"status":"connecting","state":"CONNECTING"}"#,
            "{body}"
        );
        assert_eq!(sim.verdict(), verdict, "{body}");
    }
}

#[test]
fn busy_is_said_before_the_fields_and_after_type_and_size() {
    let sim = Sim::blank();
    let huge = format!(r#"POST /api/wifi {{"ssid":"{}"}}"#, "x".repeat(4090));
    sim.ask(Ap, r#"POST /api/wifi {"ssid":"NoAddress"}"#);
    let script = format!(
        r#"
        POST /api/wifi {{}}
        POST /api/wifi x
        POST /api/wifi [Content-Type: text/plain] x
        {huge}
        POST /api/reset
        POST /api/mode {{}}
        POST /api/mode {{"mode":"ap"}}
        POST /api/networks {{}}
        PUT /api/networks/0 {{}}
        DELETE /api/networks/0
        GET /api/networks
        "#
    );
    let told = sim
        .play_codes(Ap, &script)
        .replace(&huge, "POST /api/wifi (huge)");
    expect![[r#"
        POST /api/wifi {}
            409
            busy
        POST /api/wifi x
            409
            busy
        POST /api/wifi [Content-Type: text/plain] x
            415
            unsupported-media-type
        POST /api/wifi (huge)
            413
            too-large
        POST /api/reset
            409
            busy
        POST /api/mode {}
            409
            busy
        POST /api/mode {"mode":"ap"}
            409
            busy
        POST /api/networks {}
            409
            busy
        PUT /api/networks/0 {}
            409
            busy
        DELETE /api/networks/0
            409
            busy
        GET /api/networks
            200
    "#]]
    .assert_eq(&told);
    assert_eq!(
        sim.status()["candidate"],
        json!({"ssid": "NoAddress", "verdict": "trying"})
    );
    assert_eq!(sim.status()["state"], "CONNECTING");
}

#[test]
fn the_verdict_is_kept_for_a_phone_that_was_away() {
    let mut sim = Sim::blank();
    let secret = sim.status()["apPassword"].clone();
    assert_eq!(sim.status()["candidate"], Value::Null);
    let join = ["phone", "join", "Landfall-56789A", secret.as_str().unwrap()];
    sim.air(&join);
    sim.ask(
        Ap,
        r#"POST /api/wifi {"ssid_hex":"436166e9","pass":"Password1"}"#,
    );
    sim.air(&["phone", "leave"]);
    sim.verdict();
    sim.air(&join);
    let verdict =
        json!({"ssid": "Caf\u{fffd}", "ssid_hex": "436166e9", "verdict": "wrong_password"});
    assert_eq!(sim.status()["candidate"], verdict);
    assert_eq!(sim.status()["state"], "AP_ACTIVE");
    sim.reboot();
    let status = sim.until("it is back", |status| status["state"] == "AP_ACTIVE");
    assert_eq!(status["candidate"], verdict, "it survives a reboot");
}

#[test]
fn a_power_cut_in_the_middle_of_a_proof_ends_it() {
    let mut sim = Sim::blank();
    sim.ask(Ap, r#"POST /api/wifi {"ssid":"NoAddress"}"#);
    sim.reboot();
    let status = sim.until("it is back", |status| status["state"] == "AP_ACTIVE");
    assert_eq!(status["candidate"]["verdict"], "interrupted");
}

#[test]
fn the_17th_network_is_refused_and_a_known_one_is_replaced() {
    let names = (0..16).map(|n| json!({"ssid": format!("n{n}"), "password": "longenough"}));
    let sim = Sim::configured(&json!({
        "schema": 2,
        "known_networks": names.collect::<Vec<_>>(),
        "access_point": {},
        "station": {"fallback_deadline_ms": 0},
    }));
    sim.until("the first round is over", |_| {
        sim.ask(Ap, "POST /api/wifi {}").code != 409
    });
    expect![[r#"
        POST /api/wifi {"ssid":"HomeNetwork","pass":"Password2"}
            409
            {"error":"list-full","detail":"networks: 16 others are known"}
        POST /api/networks {"ssid":"HomeNetwork","password":"Password2"}
            409
            {"error":"list-full","detail":"networks: 16 others are known"}
        POST /api/wifi {"ssid":"n3","pass":"Password2"}
            200
            {"status":"connecting","state":"CONNECTING"}
    "#]]
    .assert_eq(&sim.play(
        Ap,
        r#"
        POST /api/wifi {"ssid":"HomeNetwork","pass":"Password2"}
        POST /api/networks {"ssid":"HomeNetwork","password":"Password2"}
        POST /api/wifi {"ssid":"n3","pass":"Password2"}
        "#,
    ));
}

#[test]
fn what_the_flash_does_not_take_is_said_and_not_done() {
    let sim = Sim::blank();
    sim.air(&["flash", "fail"]);
    expect![[r#"
        POST /api/wifi {"ssid":"HomeNetwork","pass":"Password2"}
            500
            persist-failed
        POST /api/networks {"ssid":"HomeNetwork","password":"Password2"}
            500
            persist-failed
        POST /api/mode {"mode":"ap"}
            500
            persist-failed
        POST /api/reset
            500
            persist-failed
    "#]]
    .assert_eq(&sim.play_codes(
        Ap,
        r#"
        POST /api/wifi {"ssid":"HomeNetwork","pass":"Password2"}
        POST /api/networks {"ssid":"HomeNetwork","password":"Password2"}
        POST /api/mode {"mode":"ap"}
        POST /api/reset
        "#,
    ));
    sim.air(&["flash", "ok"]);
    let status = sim.status();
    assert_eq!(
        (&status["mode"], &status["state"]),
        (&json!("sta_ap"), &json!("AP_ACTIVE"))
    );
    assert_eq!(sim.ask(Ap, "GET /api/networks").text(), "[]");
}

#[test]
fn a_failed_candidate_leaves_the_network_in_use() {
    let sim = Sim::connected();
    sim.ask(
        Ap,
        r#"POST /api/wifi {"ssid":"HomeNetwork","pass":"Password1"}"#,
    );
    assert_eq!(sim.verdict(), "wrong_password");
    let status = sim.until("it is back", |status| status["state"] == "CONNECTED");
    assert_eq!(status["ssid"], "HomeNetwork");
    let networks = sim.ask(Sta, "GET /api/networks").json();
    assert_eq!(networks.as_array().map(Vec::len), Some(1));
}

#[test]
fn the_form_answers_with_pages() {
    let sim = Sim::blank();
    let address = sim.address(Ap);
    let send = |origin: &str, body: &str| {
        sim.ask(
            Ap,
            &format!("POST /wifi [Content-Type: application/x-www-form-urlencoded{origin}] {body}"),
        )
    };
    let own = format!("; Origin: http://{address}");
    assert_eq!(send("", "ssid=HomeNetwork&pass=Password2").code, 403);
    assert_eq!(
        send("; Origin: null", "ssid=HomeNetwork&pass=Password2").code,
        403
    );
    assert_eq!(
        send("; Origin: http://example.com", "ssid=x&pass=").code,
        403
    );
    for refused in [
        "ssid=&pass=Password2",
        "ssid=x&pass=short",
        "pass=Password2",
    ] {
        let answer = send(&own, refused);
        assert_eq!(answer.code, 400, "{refused}");
        assert!(answer.body.len() <= 1024 && answer.text().contains("<h1>Not sent</h1>"));
    }
    let answer = send(&own, "ssid=Home%4eetwork&pass=Password1");
    assert_eq!(
        (answer.code, answer.field("Location")),
        (303, Some("/result"))
    );
    for _ in 0..2 {
        let page = sim.ask(Ap, "GET /result");
        assert!(page.body.len() <= 1024 && page.text().contains("http-equiv=refresh"));
        sim.verdict();
    }
    assert!(
        sim.ask(Ap, "GET /result")
            .text()
            .contains("the password is wrong")
    );
}
