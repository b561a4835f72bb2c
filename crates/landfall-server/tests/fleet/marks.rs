//! Marks: what each is answered, what it counts as, and who may see it.

use serde_json::{Value, json};

use crate::harness::campus::{Campus, mark};
use crate::harness::{World, both};

both!(
    every_mark_is_answered_once_and_for_ever,
    a_mark_is_late_or_of_no_clock_or_after_the_end,
    the_code_is_that_of_the_moment,
    one_phone_for_two_is_seen,
    a_device_that_was_replaced_delivers_what_it_took,
    phones_are_forgotten_after_a_day,
    a_thousand_students_in_a_minute_lose_nothing,
);

const HOUR: u32 = 3_600_000;

/// An hour of uptime.
const UP: u64 = 3_600_000;

async fn every_mark_is_answered_once_and_for_ever(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "A/002", "A/003"]).await;
    let device = campus.online(1).await;
    let stranger = campus.online(2).await;
    let session = campus.start(json!({"late_after_s": 600})).await;
    let (id, held) = (&session["id"], &session["devices"][0]["hardware_id"]);
    let (device, stranger) = match *held == device.hardware_id.as_str() {
        true => (device, stranger),
        false => (stranger, device),
    };
    let marks = json!([
        mark("1", id, "A/001", UP),
        mark("2", id, " a/001 ", UP),
        mark("3", id, "Z/999", UP),
        mark("4", &json!(99), "A/002", UP),
        mark("5", id, "no", UP),
        mark("1", id, "A/003", UP),
        {"id": "6", "matric": "A/002"},
        mark(&"y".repeat(64), id, "A/002", UP),
    ]);
    let results = [
        "recorded",
        "already_recorded",
        "not_enrolled",
        "no_active_session",
        "invalid",
        "recorded",
        "invalid",
        "recorded",
    ];
    assert_eq!(device.deliver(UP, marks.clone()).await, results);
    assert_eq!(device.deliver(UP, marks).await, results, "delivered again");
    assert_eq!(
        stranger
            .deliver(UP, json!([mark("1", id, "A/003", UP)]))
            .await,
        ["no_active_session"],
        "another device's id is another mark, and it holds no lease"
    );
    assert_eq!(
        campus.sheet(id).await,
        ["A/001 present device", "A/002 present device"]
    );
    let counts = json!({"roster": 3, "present": 2, "late": 0, "excused": 0, "absent": 0});
    assert_eq!(campus.session(id).await["counts"], counts);
    let ended = campus.end(id).await;
    assert_eq!(ended["counts"]["absent"], 1);
    assert_eq!(campus.sheet(id).await[2], "A/003 absent derived");
}

async fn a_mark_is_late_or_of_no_clock_or_after_the_end(world: World) {
    let campus = Campus::new(world).await;
    let all = [
        "A/001", "A/002", "A/003", "A/004", "A/005", "A/006", "A/007", "A/008",
    ];
    campus.enrol(&all).await;
    let device = campus.online(1).await;
    let session = campus.start(json!({"late_after_s": 900})).await;
    let id = &session["id"];
    campus.world.clock.advance_ms(HOUR);
    let unknown = json!({"id": "4", "session_id": id, "matric": "A/004"});
    let mut other_boot = mark("5", id, "A/005", UP);
    other_boot["boot_id"] = json!("0");
    let results = device.deliver(
        UP,
        json!([
            mark("1", id, "A/001", UP - 2_700_001 - 60_000),
            mark("2", id, "A/002", UP),
            mark("3", id, "A/003", 0),
            unknown,
            other_boot,
        ]),
    );
    assert_eq!(results.await, ["recorded"; 5]);
    campus.end(id).await;
    campus.world.clock.advance_ms(HOUR);
    let results = device.deliver(
        2 * UP,
        json!([
            mark("6", id, "A/006", UP - 60_000),
            mark("7", id, "A/007", 2 * UP),
            {"id": "8", "session_id": id, "matric": "A/008"},
        ]),
    );
    assert_eq!(
        results.await,
        ["recorded", "no_active_session", "no_active_session"]
    );
    campus.world.clock.advance_ms(23 * HOUR);
    let late = json!([mark("9", id, "A/007", UP - 60_000)]);
    assert_eq!(
        device.deliver(25 * UP, late).await,
        ["no_active_session"],
        "a day is over"
    );
    assert_eq!(
        campus.sheet(id).await,
        [
            "A/001 present device",
            "A/002 late device",
            "A/003 present device",
            "A/004 late device clock",
            "A/005 late device clock",
            "A/006 late device after_close",
            "A/007 absent derived",
            "A/008 absent derived",
        ]
    );
}

async fn the_code_is_that_of_the_moment(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "A/002", "A/003"]).await;
    let device = campus.online(1).await;
    let session = campus.start(json!({"require_code": true})).await;
    let id = &session["id"];
    let code = &session["code"]["value"];
    let with = |number: &str, matric: &str, taken: u64| {
        let mut mark = mark(number, id, matric, taken);
        mark["code"] = code.clone();
        mark
    };
    campus.world.clock.advance_ms(10 * 60_000);
    let ago = UP - 10 * 60_000;
    let results = device.deliver(
        UP,
        json!([
            with("1", "A/001", ago),
            mark("2", id, "A/002", ago),
            with("3", "A/002", UP),
            with("4", "Z/999", UP),
        ]),
    );
    assert_eq!(
        results.await,
        ["recorded", "wrong_code", "wrong_code", "wrong_code"]
    );
}

async fn one_phone_for_two_is_seen(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "A/002", "A/003"]).await;
    let device = campus.online(1).await;
    let id = campus.start(json!({})).await["id"].clone();
    let from = |number: &str, matric: &str, station: &str| {
        let mut mark = mark(number, &id, matric, UP);
        mark["station"] = json!(station);
        mark
    };
    let first = json!([from("1", "A/001", "aa"), from("2", "A/003", "bb")]);
    device.deliver(UP, first).await;
    assert_eq!(
        campus.sheet(&id).await,
        ["A/001 present device", "A/003 present device"]
    );
    device.deliver(UP, json!([from("3", "A/002", "aa")])).await;
    let sheet = [
        "A/001 present device shared_phone",
        "A/002 present device shared_phone",
        "A/003 present device",
    ];
    assert_eq!(campus.sheet(&id).await, sheet);
}

async fn a_device_that_was_replaced_delivers_what_it_took(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "A/002"]).await;
    let first = campus.online(1).await;
    let id = campus.start(json!({})).await["id"].clone();
    campus.world.clock.advance_ms(400_000);
    campus.online(2).await;
    let replaced = |one: &Value| one["devices"][0]["state"] == "replaced";
    campus.session_once(&id, replaced).await;
    campus.world.clock.advance_ms(60_000);
    let marks = json!([
        mark("1", &id, "A/001", UP - 300_000),
        mark("2", &id, "A/002", UP),
    ]);
    assert_eq!(
        first.deliver(UP, marks).await,
        ["recorded", "no_active_session"]
    );
}

async fn phones_are_forgotten_after_a_day(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "A/002"]).await;
    let device = campus.online(1).await;
    let id = campus.start(json!({})).await["id"].clone();
    let from = |number: &str, matric: &str| {
        let mut mark = mark(number, &id, matric, UP);
        mark["station"] = json!("0123456789abcdef");
        mark
    };
    device
        .deliver(UP, json!([from("1", "A/001"), from("2", "A/002")]))
        .await;
    let export = "/api/v1/people/export?matric=A/001";
    let station = async || {
        let person = campus.admin.get(export).await.status(200).json;
        person["marks"][0]["station"].clone()
    };
    assert_eq!(station().await, "0123456789abcdef");
    campus.world.clock.advance_ms(24 * HOUR);
    for _ in 0..600 {
        if station().await.is_null() {
            let sheet = campus.sheet(&id).await;
            assert_eq!(
                sheet[0], "A/001 present device shared_phone",
                "what it showed stays"
            );
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the phone is still known");
}

async fn a_thousand_students_in_a_minute_lose_nothing(world: World) {
    const STUDENTS: usize = 1_000;
    const DEVICES: u8 = 8;
    let campus = Campus::new(world).await;
    let matric = |number: usize| format!("MAT/{number:04}");
    let rows = (0..STUDENTS).map(|number| {
        format!(
            "{},Student {number},CS101,2024/2025,1st Semester\n",
            matric(number)
        )
    });
    let file = format!(
        "matric,name,course,session,semester\n{}",
        rows.collect::<String>()
    );
    let imported = campus
        .admin
        .send("POST", "/api/v1/enrolments/import", file)
        .await
        .status(200);
    assert_eq!(imported.json["imported"], STUDENTS);
    let mut devices = Vec::new();
    for number in 1..=DEVICES {
        devices.push(campus.online(number).await);
    }
    let id = campus.start(json!({"devices": DEVICES})).await["id"].clone();
    // Every student marks on two devices, and every heartbeat is sent twice, as after a lost answer.
    let deliveries = devices.into_iter().enumerate().map(|(at, device)| {
        let id = id.clone();
        let own = (0..STUDENTS).filter(move |number| {
            let places = usize::from(DEVICES);
            number % places == at || (number + 1) % places == at
        });
        tokio::spawn(async move {
            let own: Vec<_> = own.collect();
            let mut results = Vec::new();
            for batch in own.chunks(32) {
                let marks: Vec<_> = batch
                    .iter()
                    .map(|number| mark(&format!("m{number}"), &id, &matric(*number), UP))
                    .collect();
                let first = device.deliver(UP, json!(marks)).await;
                assert_eq!(device.deliver(UP, json!(marks)).await, first);
                results.extend(first);
            }
            results
        })
    });
    let (mut recorded, mut double) = (0, 0);
    for delivery in deliveries.collect::<Vec<_>>() {
        for result in delivery.await.unwrap() {
            match result.as_str() {
                "recorded" => recorded += 1,
                "already_recorded" => double += 1,
                other => panic!("{other}"),
            }
        }
    }
    assert_eq!((recorded, double), (STUDENTS, STUDENTS));
    let counts = &campus.session(&id).await["counts"];
    assert_eq!(
        (&counts["present"], &counts["roster"]),
        (&json!(STUDENTS), &json!(STUDENTS))
    );
}
