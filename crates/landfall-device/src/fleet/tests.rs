//! What is kept in flash comes back as it went, and the queue of marks loses none.

use core::net::{IpAddr, Ipv4Addr};

use expect_test::{Expect, expect};
use heapless::String;
use landfall_core::config::{ApSecurity, StartPolicy};
use landfall_core::event::Event;
use landfall_core::net::{Mac, Passphrase, Security, Ssid};
use landfall_core::time::Instant;
use landfall_protocol::message::MarkResult;

use super::marks::{Attended, MARK_LEN_MAX, Marks, NewMark, Waiting};
use super::record::{ApBefore, CLASS_MAX, DEVICE_ID_MAX, ERROR_MAX, Record, SessionRecord, Trial};
use super::{COURSE_CODE_MAX, COURSE_TITLE_MAX, Fleet, ITEM_MAX};

fn long<const N: usize>() -> String<N> {
    "x".repeat(N).as_str().try_into().unwrap()
}

/// Everything in it, each as long as it may be.
fn longest() -> Record {
    let ssid = Ssid::new(&[b's'; 32]).unwrap();
    let key = || Passphrase::new(&[b'p'; 63]).unwrap();
    let mut record = Record {
        version: u32::MAX,
        hash: long(),
        error: long::<ERROR_MAX>(),
        device_id: long::<DEVICE_ID_MAX>(),
        session: Some(SessionRecord {
            id: u32::MAX,
            course_code: long::<COURSE_CODE_MAX>(),
            course_title: long::<COURSE_TITLE_MAX>(),
            needs_code: true,
            ssid,
            security: Security::Personal(key()),
            before: ApBefore {
                ssid: Some(ssid),
                security: ApSecurity::Key(key()),
                start_policy: StartPolicy::Never,
            },
        }),
        outcome: Some((u32::MAX, long::<CLASS_MAX>())),
        trial: Some(Trial {
            rollout: u32::MAX,
            ssid,
            before: Some(Security::Personal(Passphrase::from_raw(&[7; 32]))),
        }),
        ..Record::default()
    };
    for rollout in 0..20 {
        record.has_tried(u32::MAX - rollout);
        record.has_tried(u32::MAX - rollout);
    }
    record
}

#[test]
fn what_is_in_force_fits_an_item_and_comes_back() {
    for record in [Record::default(), longest()] {
        let mut buffer = [0; ITEM_MAX];
        let bytes = record.encode(&mut buffer).expect("it fits");
        assert_eq!(Record::decode(bytes).as_ref(), Some(&record));
        for cut in 0..bytes.len() {
            assert_eq!(Record::decode(&bytes[..cut]), None);
        }
    }
    assert_eq!(longest().tried.len(), 8);
    assert_eq!(longest().tried.last(), Some(&(u32::MAX - 19)));
}

/// Plays a script of steps on a queue, and writes down what each gives.
fn check(script: &str, expected: Expect) {
    let mut marks = Marks::new();
    marks.begin(3);
    let mut tickets = std::vec::Vec::new();
    let mut seen = std::string::String::new();
    for step in script.lines().map(str::trim).filter(|s| !s.is_empty()) {
        let (word, rest) = step.split_once(' ').unwrap_or((step, ""));
        let n = || rest.parse::<usize>().unwrap();
        let said = match word {
            "mark" => {
                let mark = NewMark {
                    matric: rest.try_into().unwrap(),
                    code: String::new(),
                    peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
                };
                let ticket = marks.add(&mark, 12, None, 1000);
                tickets.extend(ticket);
                std::format!("{:?}", ticket.is_some())
            }
            "unanswered" => {
                let ids = marks.unanswered().map(|(_, w)| w.id());
                ids.map(|id| id.as_str().to_owned() + " ").collect()
            }
            "server" => {
                marks.answered(rest, MarkResult::Recorded);
                std::string::String::new()
            }
            "take" => std::format!("{:?}", marks.take_result(tickets[n()])),
            "leave" => {
                marks.leave(tickets[n()]);
                std::string::String::new()
            }
            "flash" | "flash-fails" => {
                let next = marks.next_change().map(|(at, w)| (at, w.is_some()));
                if let Some((at, _)) = next {
                    marks.changed(at, word == "flash");
                }
                std::format!("{next:?}")
            }
            _ => panic!("{step}"),
        };
        seen += &std::format!("{step}: {said}\n");
    }
    expected.assert_eq(&seen);
}

use std::borrow::ToOwned;

#[test]
fn a_mark_that_is_answered_in_time_never_sees_the_flash() {
    check(
        "mark CSC/1
         flash
         unanswered
         take 0
         server 3-1
         flash
         take 0
         unanswered
         flash",
        expect![[r#"
            mark CSC/1: true
            flash: None
            unanswered: 3-1 
            take 0: None
            server 3-1: 
            flash: None
            take 0: Some(Recorded)
            unanswered: 
            flash: None
        "#]],
    );
}

#[test]
fn a_mark_whose_student_left_is_kept_until_it_is_answered() {
    check(
        "mark CSC/1
         leave 0
         flash
         flash
         unanswered
         server 3-9
         server 3-1
         unanswered
         flash
         flash",
        expect![[r#"
            mark CSC/1: true
            leave 0: 
            flash: Some((0, true))
            flash: None
            unanswered: 3-1 
            server 3-9: 
            server 3-1: 
            unanswered: 
            flash: Some((0, false))
            flash: None
        "#]],
    );
}

#[test]
fn the_same_student_again_is_the_same_mark() {
    check(
        "mark CSC/1
         mark csc/1
         mark CSC/2
         unanswered
         server 3-1
         take 1
         take 0
         mark CSC/3
         leave 0
         unanswered
         flash",
        expect![[r#"
            mark CSC/1: true
            mark csc/1: true
            mark CSC/2: true
            unanswered: 3-1 3-2 
            server 3-1: 
            take 1: Some(Recorded)
            take 0: None
            mark CSC/3: true
            leave 0: 
            unanswered: 3-3 3-2 
            flash: None
        "#]],
    );
}

#[test]
fn flash_that_takes_nothing_loses_no_mark_of_this_boot() {
    check(
        "mark CSC/1
         leave 0
         flash-fails
         unanswered
         server 3-1
         flash-fails
         unanswered",
        expect![[r#"
            mark CSC/1: true
            leave 0: 
            flash-fails: Some((0, true))
            unanswered: 3-1 
            server 3-1: 
            flash-fails: Some((0, false))
            unanswered: 
        "#]],
    );
}

#[test]
fn a_full_queue_says_so() {
    let script: std::string::String = (0..33).map(|n| std::format!("mark CSC/{n}\n")).collect();
    let mut marks = Marks::new();
    let mut refused = 0;
    for line in script.lines() {
        let mark = NewMark {
            matric: line[5..].try_into().unwrap(),
            code: String::new(),
            peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        refused += usize::from(marks.add(&mark, 1, None, 0).is_none());
    }
    assert_eq!(refused, 1);
    assert_ne!(Attended::Full, Attended::Kept);
}

#[test]
fn a_mark_comes_back_from_flash_as_it_went() {
    let mut marks = Marks::new();
    marks.begin(u32::MAX);
    let mark = NewMark {
        matric: long(),
        code: long(),
        peer: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    marks.add(&mark, u32::MAX, Some(Mac([2; 6])), u64::MAX);
    let (place, waiting) = marks.unanswered().next().expect("it was added");
    let mut buffer = [0; MARK_LEN_MAX];
    let bytes = waiting.encode(&mut buffer).expect("it fits");
    let back = Waiting::decode(bytes).expect("it is whole");
    let mut after = Marks::new();
    after.begin(1);
    after.restore(place, back);
    let (_, back) = after.unanswered().next().expect("it was restored");
    assert_eq!(back.id(), waiting.id());
    assert_eq!((back.taken_ms, back.station), (u64::MAX, Some(Mac([2; 6]))));
    assert_eq!(
        after.next_change().map(|(at, _)| at),
        None,
        "nothing to write"
    );
}

#[test]
fn a_phone_is_known_by_the_address_it_was_lent_and_let_go_once() {
    let (one, other) = (Mac([2, 0, 0, 0, 0, 1]), Mac([2, 0, 0, 0, 0, 2]));
    let at = |last| Ipv4Addr::new(192, 168, 4, last);
    let now = Instant::from_ms;
    let mut fleet = Fleet::new();
    for mac in [one, other] {
        fleet.masked(Event::ApStaConnected { mac });
    }
    fleet.lodges(one, at(2));
    fleet.lodges(other, at(3));
    assert_eq!(fleet.phone_at(at(3).into()), Some(other));
    // Somebody else's lease ran out, and the address is this one's now.
    fleet.lodges(other, at(2));
    assert_eq!(fleet.phone_at(at(2).into()), Some(other));
    assert_eq!(fleet.phone_at(at(3).into()), None);

    fleet.lets_go(other, now(1_000));
    fleet.lets_go(other, now(2_000));
    fleet.lets_go(one, now(3_000));
    let due = fleet.poll_timeout().expect("two wait");
    assert_eq!(fleet.next_leaving(now(due.as_ms() - 1)), None);
    assert_eq!(fleet.next_leaving(due), Some(other));
    assert_eq!(fleet.next_leaving(due), None);
    // Who goes by itself is not sent away when it comes back.
    fleet.masked(Event::ApStaDisconnected { mac: one });
    assert_eq!(fleet.poll_timeout(), None);
    assert_eq!(fleet.phone_at(at(2).into()), Some(other));
}
