//! Credentials, sent as JSON or by the form without script, and what becomes of them.

use expect_test::expect;
use landfall_core::command::{Refusal, Reply, Verdict};
use std::format;

use super::{AP, World, check, check_refusals, post, ssid};

#[test]
fn credentials_become_a_candidate() {
    let mut world = World::new();
    world.reply = Reply::Accepted;
    check(
        &world,
        AP,
        &[
            &post("/api/wifi", r#"{"ssid":"home","pass":"12345678"}"#),
            &post(
                "/api/wifi",
                r#"{"ssid":"x","ssid_hex":"636166e9","pass":null,"more":[1]}"#,
            ),
            &post("/api/wifi", r#"{"ssid":"h\u00e9\"","pass":""}"#),
        ],
        expect![[r#"
            POST /api/wifi | {"ssid":"home","pass":"12345678"}
                > Touched; Join { ssid: "home", security: Personal(***) }; Posted
                200 OK
                {"status":"connecting","state":"CONNECTING"}
            POST /api/wifi | {"ssid":"x","ssid_hex":"636166e9","pass":null,"more":[1]}
                > Touched; Join { ssid: "caf\xe9", security: Open }; Posted
                200 OK
                {"status":"connecting","state":"CONNECTING"}
            POST /api/wifi | {"ssid":"h\u00e9\"","pass":""}
                > Touched; Join { ssid: "h\xc3\xa9\"", security: Open }; Posted
                200 OK
                {"status":"connecting","state":"CONNECTING"}
        "#]],
    );
}

#[test]
fn credentials_that_cannot_be_are_refused() {
    check_refusals(
        &World::new(),
        &[
            &post("/api/wifi", ""),
            &post("/api/wifi", "[]"),
            &post("/api/wifi", r#"{"ssid":"home","pass":"12345678"} x"#),
            &post("/api/wifi", "{}"),
            &post("/api/wifi", r#"{"ssid":null}"#),
            &post("/api/wifi", r#"{"ssid":5}"#),
            &post("/api/wifi", r#"{"ssid":""}"#),
            &post(
                "/api/wifi",
                r#"{"ssid":"123456789012345678901234567890123"}"#,
            ),
            &post("/api/wifi", r#"{"ssid_hex":"abc"}"#),
            &post("/api/wifi", r#"{"ssid_hex":""}"#),
            &post("/api/wifi", r#"{"ssid":"home","pass":"1234567"}"#),
            &post(
                "/api/wifi",
                r#"{"ssid":"home","pass":"p\u00e4ssw\u00f6rd"}"#,
            ),
            &post("/api/wifi", r#"{"ssid":"home","pass":12345678}"#),
            &post(
                "/api/wifi",
                &format!(r#"{{"ssid":"home","pass":"{}"}}"#, "z".repeat(64)),
            ),
            &post(
                "/api/wifi",
                &format!(r#"{{"ssid":"home","pass":"{}"}}"#, "z".repeat(65)),
            ),
        ],
        expect![[r#"
            400 invalid-payload: body: not a JSON object < 
            400 invalid-payload: body: not a JSON object < []
            400 invalid-payload: body: not a JSON object < {"ssid":"home","pass":"12345678"} x
            400 invalid-ssid: ssid: missing < {}
            400 invalid-ssid: ssid: not a string < {"ssid":null}
            400 invalid-ssid: ssid: not a string < {"ssid":5}
            400 invalid-ssid: ssid: empty < {"ssid":""}
            400 invalid-ssid: ssid: longer than 32 bytes < {"ssid":"123456789012345678901234567890123"}
            400 invalid-ssid: ssid_hex: not pairs of hexadecimal digits < {"ssid_hex":"abc"}
            400 invalid-ssid: ssid_hex: empty < {"ssid_hex":""}
            400 pass-too-short: pass: shorter than 8 characters < {"ssid":"home","pass":"1234567"}
            400 invalid-pass: pass: not printable ASCII < {"ssid":"home","pass":"p\u00e4ssw\u00f6rd"}
            400 invalid-pass: pass: not a string < {"ssid":"home","pass":12345678}
            400 invalid-pass: pass: longer than 63 characters < {"ssid":"home","pass":"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}
            400 invalid-pass: pass: longer than 63 characters < {"ssid":"home","pass":"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"}
        "#]],
    );
}

#[test]
fn credentials_are_refused_before_they_are_looked_at_while_others_are_tried() {
    let mut world = World::new();
    world.busy = true;
    check_refusals(
        &world,
        &[
            &post("/api/wifi", "nonsense"),
            &post("/api/reset", ""),
            "POST /api/wifi\n\nnonsense",
        ],
        expect![[r#"
            409 busy: wifi: credentials are being tried, ask again < nonsense
            409 busy: wifi: credentials are being tried, ask again < 
            415 unsupported-media-type: Content-Type: send application/json < nonsense
        "#]],
    );
}

#[test]
fn what_the_device_refuses_is_told() {
    let mut world = World::new();
    let join = post("/api/wifi", r#"{"ssid":"home","pass":"12345678"}"#);
    for (refusal, code) in [
        (Refusal::Busy, "409 Conflict"),
        (Refusal::ListFull, "409 Conflict"),
        (Refusal::SaveFailed, "500 Internal Server Error"),
        (Refusal::Forbidden, "409 Conflict"),
    ] {
        world.reply = Reply::Refused(refusal);
        let request = join.replace(
            "POST /api/wifi",
            "POST /api/wifi HTTP/1.1\nHost: 192.168.4.1",
        );
        let answer = world.ask(AP, &request);
        assert!(
            answer.contains(&format!("    {code}\n")),
            "{refusal:?}: {answer}"
        );
        assert!(!answer.contains("Posted"), "{answer}");
    }
}

#[test]
fn the_form_without_script_answers_with_pages() {
    let mut world = World::new();
    world.reply = Reply::Accepted;
    let form = |body: &str| {
        format!(
            "POST /wifi\nOrigin: http://192.168.4.1\n\
             Content-Type: application/x-www-form-urlencoded\n\n{body}"
        )
    };
    check(
        &world,
        AP,
        &[
            &form("ssid=caf%C3%A9+1&pass=12345678"),
            &form("ssid=open&pass="),
            &form("ssid=&pass=12345678"),
            &form("ssid=a&pass=short"),
        ],
        expect![[r#"
            POST /wifi | Origin: http://192.168.4.1 | Content-Type: application/x-www-form-urlencoded | ssid=caf%C3%A9+1&pass=12345678
                > Touched; Join { ssid: "caf\xc3\xa9 1", security: Personal(***) }; Posted
                303 See Other | Location: /result
            POST /wifi | Origin: http://192.168.4.1 | Content-Type: application/x-www-form-urlencoded | ssid=open&pass=
                > Touched; Join { ssid: "open", security: Open }; Posted
                303 See Other | Location: /result
            POST /wifi | Origin: http://192.168.4.1 | Content-Type: application/x-www-form-urlencoded | ssid=&pass=12345678
                > Touched
                400 Bad Request | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><title>Not sent</title><h1>Not sent</h1><p>A network name has 1 to 32 bytes.</p><p><a href="/">Back</a></p>
            POST /wifi | Origin: http://192.168.4.1 | Content-Type: application/x-www-form-urlencoded | ssid=a&pass=short
                > Touched
                400 Bad Request | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><title>Not sent</title><h1>Not sent</h1><p>A password has at least 8 characters.</p><p><a href="/">Back</a></p>
        "#]],
    );
    world.busy = true;
    check(
        &world,
        AP,
        &[&form("ssid=a")],
        expect![[r#"
            POST /wifi | Origin: http://192.168.4.1 | Content-Type: application/x-www-form-urlencoded | ssid=a
                > Touched
                409 Conflict | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><title>Not sent</title><h1>Not sent</h1><p>The device is busy connecting. Wait 20 seconds and try again.</p><p><a href="/">Back</a></p>
        "#]],
    );
    world.busy = false;
    world.reply = Reply::Refused(Refusal::ListFull);
    check(
        &world,
        AP,
        &[&form("ssid=a")],
        expect![[r#"
            POST /wifi | Origin: http://192.168.4.1 | Content-Type: application/x-www-form-urlencoded | ssid=a
                > Touched; Join { ssid: "a", security: Open }
                409 Conflict | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><title>Not sent</title><h1>Not sent</h1><p>All 16 places are taken. Remove a network first.</p><p><a href="/">Back</a></p>
        "#]],
    );
}

#[test]
fn the_result_is_told_in_words() {
    let mut world = World::new();
    check(
        &world,
        AP,
        &["GET /result"],
        expect![[r#"
            GET /result
                200 OK | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><meta http-equiv=refresh content=3><title>No network chosen</title><h1>No network chosen</h1><p><a href="/">Back</a></p>
        "#]],
    );
    world.status.candidate = Some((ssid(b"<i>\xff"), Verdict::Trying));
    check(
        &world,
        AP,
        &["GET /result"],
        expect![[r#"
            GET /result
                200 OK | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><meta http-equiv=refresh content=3><title>Connecting…</title><h1>Connecting…</h1><p><bdi>&lt;i&gt;�</bdi>: this takes up to 20 seconds.</p><p>If you drop out, join <bdi>Landfall-56789A</bdi> again.</p><p><a href="/">Back</a></p>
        "#]],
    );
    world = World::connected();
    world.status.candidate = Some((ssid(b"HomeNetwork"), Verdict::Ok));
    check(
        &world,
        AP,
        &["GET /result"],
        expect![[r#"
            GET /result
                200 OK | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><meta http-equiv=refresh content=3><title>Connected</title><h1>Connected</h1><p><bdi>HomeNetwork</bdi>: all is well.</p><p>There the device is <a href="http://10.0.0.2/">10.0.0.2</a>, <a href="http://landfall-56789a.local/">landfall-56789a.local</a></p><p><a href="/">Back</a></p>
        "#]],
    );
}
