//! Attendance at the door: what is taken, and in what words each outcome is told.

use expect_test::expect;
use landfall_protocol::message::MarkResult;

use super::{AP, JSON, PEER, STATION, World, check, check_refusals, post};
use crate::fleet::Attended;

const MARK: &str = r#"{"matric":" csc/2021/001 ","code":"12 34 56"}"#;

/// Every outcome of a mark, as a program is told and as a person without script is.
#[test]
fn outcomes() {
    let mut world = World::new().in_session();
    let mut seen = std::string::String::new();
    let judged = MarkResult::ALL.map(Attended::Judged);
    let others = [
        Attended::Kept,
        Attended::Full,
        Attended::Lost,
        Attended::NoSession,
    ];
    for attended in judged.into_iter().chain(others) {
        world.attended = attended;
        let asked = std::format!("POST /api/attendance HTTP/1.1\nHost: 192.168.4.1\n{JSON}{MARK}");
        let answer = world.ask(AP, &asked);
        let lines: std::vec::Vec<_> = answer.lines().skip(1).map(str::trim).collect();
        seen += &std::format!("{attended:?}: {}\n", lines.join(" "));
    }
    expect![[r#"
        Judged(Recorded): 200 OK {"result":"recorded"}
        Judged(AlreadyRecorded): 200 OK {"result":"already_recorded"}
        Judged(NotEnrolled): 409 Conflict {"error":"not-enrolled","detail":"matric: on no list of this course"}
        Judged(NoActiveSession): 404 Not Found {"error":"no-active-session","detail":"session: none is running here"}
        Judged(WrongCode): 403 Forbidden {"error":"wrong-code","detail":"code: type the one that is shown now"}
        Judged(Invalid): 400 Bad Request {"error":"invalid-matric","detail":"matric: 5 to 20 letters, digits, or / . _ -"}
        Kept: 200 OK {"result":"kept"}
        Full: 429 Too Many Requests | Retry-After: 10 {"error":"too-many-marks","detail":"marks: try again in a moment"}
        Lost: 500 Internal Server Error {"error":"persist-failed","detail":"store: the flash did not take it"}
        NoSession: 404 Not Found {"error":"no-active-session","detail":"session: none is running here"}
    "#]].assert_eq(&seen);
}

#[test]
fn fields() {
    let world = World::new().in_session();
    let bodies = [
        "[]",
        "{}",
        r#"{"matric":7}"#,
        r#"{"matric":"abcd"}"#,
        r#"{"matric":"   abcd   "}"#,
        r#"{"matric":"123456789012345678901"}"#,
        r#"{"matric":"CSC 2021"}"#,
        r#"{"matric":"CSC/2021/é"}"#,
    ];
    let requests = bodies.map(|body| post("/api/attendance", body));
    let requests: std::vec::Vec<_> = requests.iter().map(|r| r.as_str()).collect();
    check_refusals(
        &world,
        &requests,
        expect![[r#"
        400 invalid-payload: body: not a JSON object < []
        400 invalid-matric: matric: 5 to 20 letters, digits, or / . _ - < {}
        400 invalid-matric: matric: 5 to 20 letters, digits, or / . _ - < {"matric":7}
        400 invalid-matric: matric: 5 to 20 letters, digits, or / . _ - < {"matric":"abcd"}
        400 invalid-matric: matric: 5 to 20 letters, digits, or / . _ - < {"matric":"   abcd   "}
        400 invalid-matric: matric: 5 to 20 letters, digits, or / . _ - < {"matric":"123456789012345678901"}
        400 invalid-matric: matric: 5 to 20 letters, digits, or / . _ - < {"matric":"CSC 2021"}
        400 invalid-matric: matric: 5 to 20 letters, digits, or / . _ - < {"matric":"CSC/2021/é"}
    "#]],
    );
    // What the code is worth is for the server to say.
    check(
        &world,
        AP,
        &[
            &post("/api/attendance", r#"{"matric":"A-b_c.9/"}"#),
            &post("/api/attendance", r#"{"matric":"12345","code":7}"#),
            &post(
                "/api/attendance",
                r#"{"matric":"12345","code":"much too long to be one"}"#,
            ),
        ],
        expect![[r#"
            POST /api/attendance | {"matric":"A-b_c.9/"}
                > Touched; NewMark { matric: "A-b_c.9/", code: "", peer: 192.168.4.2 }; Posted
                200 OK
                {"result":"kept"}
            POST /api/attendance | {"matric":"12345","code":7}
                > Touched; NewMark { matric: "12345", code: "", peer: 192.168.4.2 }; Posted
                200 OK
                {"result":"kept"}
            POST /api/attendance | {"matric":"12345","code":"much too long to be one"}
                > Touched; NewMark { matric: "12345", code: "muchtoolongt", peer: 192.168.4.2 }; Posted
                200 OK
                {"result":"kept"}
        "#]],
    );
}

#[test]
fn without_a_session_there_is_nothing_to_mark() {
    check_refusals(
        &World::new(),
        &[
            &post("/api/attendance", MARK),
            &post("/api/attendance", "[]"),
        ],
        expect![[r#"
            404 no-active-session: session: none is running here < {"matric":" csc/2021/001 ","code":"12 34 56"}
            404 no-active-session: session: none is running here < []
        "#]],
    );
}

#[test]
fn the_page_is_that_of_the_session_on_the_access_points_side() {
    let mut world = World::connected().in_session();
    let len = |world: &World, door| {
        let host = match door {
            AP => "192.168.4.1",
            _ => "10.0.0.2",
        };
        let request = std::format!("GET / HTTP/1.1\nHost: {host}\n\n");
        world.respond(door, &request).body_len()
    };
    assert_eq!(len(&world, AP), crate::attendance::PAGE.len());
    assert_eq!(len(&world, STATION), crate::portal::PAGE.len());
    world.session = None;
    assert_eq!(len(&world, AP), crate::portal::PAGE.len());
}

#[test]
fn without_script() {
    let form = |body: &str| {
        std::format!(
            "POST /attendance\nHost: 192.168.4.1\nOrigin: http://192.168.4.1\n\
             Content-Type: application/x-www-form-urlencoded\n\n{body}"
        )
    };
    check(
        &World::new().in_session(),
        AP,
        &[
            "GET /mark",
            "GET /room",
            &form("matric=CSC%2F2021%2F001&code=123456"),
            &form("matric=x"),
        ],
        expect![[r#"
            GET /mark
                200 OK | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><meta name=referrer content=same-origin><title>Attendance</title><h1>Attendance</h1><p>CS101 Introduction</p><form action=/attendance method=post><p><label>Matric number <input name=matric required maxlength=20></label></p><p><label>Code from the lecturer’s screen <input name=code inputmode=numeric required></label></p><p><button>Mark me present</button></p></form><p>0 of 4 phones are on this Wi-Fi. Leave it once you are marked: others wait.</p>
            GET /room
                200 OK | Content-Type: text/plain; charset=utf-8
                0 of 4 phones are on this Wi-Fi. Leave it once you are marked: others wait.
            POST /attendance | Host: 192.168.4.1 | Origin: http://192.168.4.1 | Content-Type: application/x-www-form-urlencoded | matric=CSC%2F2021%2F001&code=123456
                > Touched; NewMark { matric: "CSC/2021/001", code: "123456", peer: 192.168.4.2 }; Posted
                200 OK | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><title>Marked</title><h1>Marked</h1><p>Kept. The device sends it as soon as the server answers.</p><p><a href="/">Back</a></p>
            POST /attendance | Host: 192.168.4.1 | Origin: http://192.168.4.1 | Content-Type: application/x-www-form-urlencoded | matric=x
                > Touched
                400 Bad Request | Content-Type: text/html; charset=utf-8
                <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><title>Not sent</title><h1>Not sent</h1><p>A matric number has 5 to 20 letters, digits, or / . _ -</p><p><a href="/">Back</a></p>
        "#]],
    );
    check(
        &World::new(),
        AP,
        &["GET /mark"],
        expect![[r#"
        GET /mark
            200 OK | Content-Type: text/html; charset=utf-8
            <!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width"><meta name=referrer content=same-origin><title>Attendance</title><h1>Attendance</h1><p>No session is running. <a href="/mark">Look again</a></p>
    "#]],
    );
}

/// A phone's sheet closes once it has marked, and not before; another one's does not close with it.
#[test]
fn a_phone_is_let_go_once_it_has_marked() {
    const PROBE: &str = "GET /generate_204\nHost: connectivitycheck.gstatic.com\n";
    let mut world = World::connected().in_session();
    world.probe_succeeds = true;
    let led = expect![[r#"
        GET /generate_204 | Host: connectivitycheck.gstatic.com
            302 Found | Content-Type: text/html; charset=utf-8 | Location: http://192.168.4.1/
            <!doctype html><title>Wi-Fi</title><a href="http://192.168.4.1/">Set up Wi-Fi</a>
    "#]];
    check(&world, AP, &[PROBE], led);
    if let Some(session) = &mut world.session {
        session.marked = &[PEER];
    }
    check(
        &world,
        AP,
        &[PROBE],
        expect![[r#"
        GET /generate_204 | Host: connectivitycheck.gstatic.com
            204 No Content
    "#]],
    );
}
