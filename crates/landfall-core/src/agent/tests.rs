//! The agent in virtual time: scripts, one input a line, and what comes of them.

use std::fmt::Write as _;
use std::string::String;

use expect_test::{Expect, expect};

use super::*;

/// Plays a script of lines `<ms> <input>` and writes down every output with its time. Deadlines
/// that fall before the next line come as time-outs.
fn check(script: &str, expected: Expect) {
    let mut agent = Agent::new(3, 1);
    let mut seen = String::new();
    let mut deadline = None;
    for line in script.lines().map(str::trim).filter(|l| !l.is_empty()) {
        let (at, words) = line.split_once(' ').unwrap();
        let at = Instant::from_ms(at.parse().unwrap());
        while let Some(due) = deadline.filter(|due| *due <= at) {
            agent.handle(Input::Timeout, due);
            deadline = drain(&mut agent, due, &mut seen);
        }
        agent.handle(input(words), at);
        deadline = drain(&mut agent, at, &mut seen);
    }
    expected.assert_eq(&seen);
}

fn input(words: &str) -> Input {
    let (word, rest) = words.split_once(' ').unwrap_or((words, ""));
    match word {
        "look" => Input::Timeout,
        "online" => Input::Online(true),
        "offline" => Input::Online(false),
        "server" => Input::Credential(Credential::Enrolling),
        "key" => Input::Credential(Credential::Key),
        "none" => Input::Credential(Credential::None),
        "news" => Input::News,
        "pending" => Input::Pending,
        "lost" => Input::Failed(Failure::NoAnswer),
        "refused" => Input::Failed(Failure::Refused),
        "busy" => Input::Failed(Failure::Busy(rest.parse().unwrap())),
        "trial" => Input::TrialBegins,
        "heard" => Input::TrialEnds,
        "changed" | "answered" | "took" => Input::Answered {
            next_ms: rest.parse().ok(),
            changed: word == "changed",
            took: word == "took",
        },
        _ => panic!("{words}"),
    }
}

fn drain(agent: &mut Agent, now: Instant, seen: &mut String) -> Option<Instant> {
    loop {
        let what = match agent.poll_output() {
            Output::Wait(deadline) => return deadline,
            Output::Ask(Request::Enroll) => String::from("enroll"),
            Output::Ask(Request::Beat { seq, wait_s }) => {
                std::format!("beat {}.{} wait={wait_s}", seq >> 32, seq & 0xffff_ffff)
            }
            Output::Abandon => String::from("abandon"),
            Output::RollBack => String::from("roll back"),
        };
        writeln!(seen, "{} {what} ({:?})", now.as_ms(), agent.standing()).unwrap();
    }
}

#[test]
fn nothing_is_asked_without_a_server_or_an_address() {
    check(
        "0 online
         60000 look
         60000 offline
         60001 key
         120000 news
         120000 look",
        expect![[""]],
    );
}

#[test]
fn enrols_waits_to_be_accepted_and_beats() {
    check(
        "0 server
         1000 online
         1100 pending
         11200 pending
         21300 key
         21400 answered 30000
         46400 answered 30000
         46500 look",
        expect![[r#"
            1000 enroll (Pending)
            11100 enroll (Pending)
            21200 enroll (Pending)
            21300 abandon (Ok)
            21300 beat 3.1 wait=25 (Ok)
        "#]],
    );
}

#[test]
fn the_server_says_when_and_is_waited_at_for_no_longer() {
    check(
        "0 key
         0 online
         100 answered 5000
         5200 answered 120000
         100000 look
         125300 answered 700
         126000 answered 50
         127000 look",
        expect![[r#"
            0 beat 3.1 wait=25 (Ok)
            5000 beat 3.2 wait=5 (Ok)
            125000 beat 3.3 wait=0 (Ok)
            125700 beat 3.4 wait=0 (Ok)
            126000 beat 3.5 wait=0 (Ok)
        "#]],
    );
}

#[test]
fn news_goes_at_once_and_a_change_is_told() {
    check(
        "0 key
         0 online
         100 answered 30000
         10000 news
         10050 answered 30000
         40100 news
         40150 changed 30000
         40500 took 30000
         40900 took 60000
         41000 news
         41000 look",
        expect![[r#"
            0 beat 3.1 wait=25 (Ok)
            10000 beat 3.2 wait=25 (Ok)
            40000 beat 3.3 wait=25 (Ok)
            40100 abandon (Ok)
            40100 beat 3.4 wait=25 (Ok)
            40400 beat 3.5 wait=25 (Ok)
            40750 beat 3.6 wait=25 (Ok)
            41000 beat 3.7 wait=0 (Ok)
        "#]],
    );
}

#[test]
fn an_outage_ends_in_full_jitter() {
    check(
        "0 key
         0 online
         5000 lost
         15000 lost
         30000 lost
         90000 busy 120
         240000 refused
         400000 answered 30000",
        expect![[r#"
            0 beat 3.1 wait=25 (Ok)
            6383 beat 3.2 wait=0 (Ok)
            18233 beat 3.3 wait=0 (Error)
            38018 beat 3.4 wait=0 (Error)
            217109 beat 3.5 wait=0 (Error)
            254466 beat 3.6 wait=0 (Error)
            400000 beat 3.7 wait=25 (Ok)
        "#]],
    );
}

#[test]
fn a_network_on_trial_is_left_without_a_heartbeat_in_two_minutes() {
    check(
        "0 key
         0 online
         100 answered 30000
         1000 offline
         2000 trial
         2000 online
         4000 lost
         20000 lost
         60000 lost
         121999 look
         122000 look
         200000 look",
        expect![[r#"
            0 beat 3.1 wait=25 (Ok)
            2000 beat 3.2 wait=0 (Ok)
            5383 beat 3.3 wait=0 (Ok)
            23233 beat 3.4 wait=0 (Error)
            68018 beat 3.5 wait=0 (Error)
            122000 roll back (Error)
        "#]],
    );
}

#[test]
fn a_heartbeat_ends_the_trial() {
    check(
        "0 key
         2000 trial
         2000 online
         2100 heard
         2100 answered 30000
         200000 look",
        expect![[r#"
            2000 beat 3.1 wait=0 (Ok)
            32000 beat 3.2 wait=25 (Ok)
        "#]],
    );
}

/// Whatever comes in whatever order: no hot loop, one request at a time, numbers that only grow.
#[test]
fn any_order_of_inputs() {
    let mut rng = Rng::new(7);
    let mut agent = Agent::new(1, 2);
    let (mut now, mut last_seq, mut asked) = (0_u64, 0, 0_u32);
    for _ in 0..20_000 {
        now += u64::from(rng.below(400));
        let asking = matches!(agent.phase, Phase::Asking { .. });
        let input = match rng.below(9) {
            0 => Input::Online(rng.below(4) > 0),
            1 if !asking => Input::Credential([Credential::Enrolling, Credential::Key][1]),
            2 => Input::TrialBegins,
            3 if asking => Input::Failed(Failure::NoAnswer),
            4 if asking => Input::Answered {
                next_ms: Some(rng.below(40_000)),
                changed: rng.below(3) == 0,
                took: rng.below(3) == 0,
            },
            5 if asking => Input::Failed(Failure::Busy(2)),
            _ => Input::Timeout,
        };
        agent.handle(input, Instant::from_ms(now));
        let mut outputs = 0;
        loop {
            match agent.poll_output() {
                Output::Wait(deadline) => {
                    assert!(deadline.is_none_or(|at| at > agent.now), "{agent:?}");
                    break;
                }
                Output::Ask(Request::Beat { seq, .. }) => {
                    assert!(seq > last_seq);
                    last_seq = seq;
                    asked += 1;
                }
                Output::Ask(Request::Enroll) | Output::Abandon | Output::RollBack => {}
            }
            outputs += 1;
            assert!(outputs < 4);
        }
    }
    assert!(asked > 100, "{asked}");
}

#[test]
fn it_is_small() {
    assert!(size_of::<Agent>() <= 144, "{}", size_of::<Agent>());
}

fn check_answer(body: &str, expected: Expect) {
    let mut seen = String::new();
    match read_answer(body.as_bytes()) {
        None => seen.push_str("nonsense\n"),
        Some(answer) => tell(&answer, &mut seen).unwrap(),
    }
    expected.assert_eq(&seen);
}

fn tell(answer: &Answer<'_>, seen: &mut String) -> std::fmt::Result {
    writeln!(
        seen,
        "next={:?} version={:?} hash={:?} new_key={}",
        answer.next_ms,
        answer.version,
        answer.hash.map(Text::raw),
        answer.new_key.is_some(),
    )?;
    for mark in answer.marks() {
        writeln!(seen, "mark {} {}", mark.id.raw(), mark.result.raw())?;
    }
    let Some(configuration) = &answer.configuration else {
        return Ok(());
    };
    writeln!(
        seen,
        "device_id={:?}",
        configuration.device_id.map(Text::raw)
    )?;
    if let Some(session) = &configuration.session {
        writeln!(
            seen,
            "session {} {} needs_code={} {:?} {:?}",
            session.id,
            session.course_code.raw(),
            session.needs_code,
            session.ssid,
            session.security
        )?;
    }
    for network in configuration.networks() {
        writeln!(
            seen,
            "{:?} {:?} {:?}",
            network.ssid, network.security, network.rollout
        )?;
    }
    Ok(())
}

use crate::json::Text;

#[test]
fn golden_answers() {
    check_answer(
        include_str!("../../../landfall-protocol/golden/answer-session.json"),
        expect![[r#"
            next=Some(30000) version=Some(7) hash=Some("a1b2") new_key=false
            mark 3-1 recorded
            mark 3-2 not_enrolled
            device_id=Some("ESP32_CS101_2024_2025_1st_Semester")
            session 12 CS101 needs_code=true "CS101_Attendance_2024_2025" Open
            "SpareNetwork" Personal(***) Some(4)
        "#]],
    );
    check_answer(
        include_str!("../../../landfall-protocol/golden/answer-idle.json"),
        expect![[r#"
            next=Some(31250) version=Some(8) hash=Some("c3d4") new_key=false
            device_id=Some("lf-246f2856789a")
        "#]],
    );
    check_answer(
        include_str!("../../../landfall-protocol/golden/answer-in-sync.json"),
        expect![[r#"
            next=Some(30000) version=Some(8) hash=Some("c3d4") new_key=false
        "#]],
    );
}

#[test]
fn nonsense_changes_nothing() {
    for body in [
        "",
        "[]",
        "{}",
        r#"{"status":"error","message":"Device ID required"}"#,
        r#"{"status":"success","configuration":[]}"#,
        r#"{"status":"success","configuration":{}}"#,
        r#"{"status":"success","configuration":{"active_session":true}}"#,
        r#"{"status":"success","configuration":{"active_session":true,"course_code":"A","ssid":""}}"#,
        r#"{"status":"success","configuration":{"active_session":true,"course_code":"A","ssid":"a","password":"short"}}"#,
    ] {
        assert!(read_answer(body.as_bytes()).is_none(), "{body}");
    }
    check_answer(
        r#"{"status":"success","next_heartbeat_ms":-1,"config_version":"7","mark_results":[{"id":3},7,{"id":"a","result":"recorded"}]}"#,
        expect![[r#"
            next=None version=None hash=None new_key=false
            mark a recorded
        "#]],
    );
}
