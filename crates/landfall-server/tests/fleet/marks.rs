//! Marks: what each is answered, what it counts as, and who may see it.

use serde_json::{Value, json};

use crate::harness::campus::{Campus, mark, offering};
use crate::harness::{World, both};

both!(
    every_mark_is_answered_once_and_for_ever,
    a_mark_is_late_or_of_no_clock_or_after_the_end,
    the_code_is_that_of_the_moment,
    one_phone_for_two_is_seen,
    the_newest_entry_counts_and_the_older_ones_stay,
    a_device_that_was_replaced_delivers_what_it_took,
    files_have_no_formulas_and_both_times,
    a_student_sees_the_own_attendance_alone,
    a_person_is_handed_out_and_erased,
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

async fn the_newest_entry_counts_and_the_older_ones_stay(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "A/002"]).await;
    let device = campus.online(1).await;
    let id = campus.start(json!({})).await["id"].clone();
    let path = format!("/api/v1/sessions/{id}/marks");
    device
        .deliver(UP, json!([mark("1", &id, "A/001", UP)]))
        .await;
    for (body, wrong) in [
        (json!({"matric": "A/001", "status": "late"}), "reason"),
        (
            json!({"matric": "A/001", "status": "late", "reason": " "}),
            "reason",
        ),
        (
            json!({"matric": "A/001", "status": "sick", "reason": "x"}),
            "status",
        ),
        (
            json!({"matric": "Z/999", "status": "late", "reason": "x"}),
            "matric",
        ),
    ] {
        let answer = campus.admin.post(&path, body).await.status(422);
        assert_eq!(answer.wrong_paths(), [wrong]);
    }
    for status in ["present", "late", "absent", "excused"] {
        let body = json!({"matric": "a/001", "status": status, "reason": "as told"});
        let made = campus.admin.post(&path, body).await.status(201).json;
        assert_eq!(made["name"], "Name of A/001");
        assert_eq!(
            (&made["status"], &made["by"]),
            (&json!(status), &json!("admin"))
        );
        assert_eq!(
            (&made["source"], &made["reason"]),
            (&json!("manual"), &json!("as told"))
        );
    }
    assert_eq!(campus.sheet(&id).await, ["A/001 excused manual"]);
    let again = json!([mark("2", &id, "A/001", UP)]);
    assert_eq!(device.deliver(UP, again).await, ["already_recorded"]);
    let history = campus
        .admin
        .get(&format!("{path}?history=true"))
        .await
        .status(200);
    let statuses = history
        .items()
        .iter()
        .map(|one| one["status"].as_str().unwrap());
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        ["excused", "absent", "late", "present", "present"]
    );
    let page = campus
        .admin
        .get(&format!("{path}?history=true&limit=3"))
        .await
        .status(200);
    let next = page.json["next"].as_str().unwrap();
    let rest = campus
        .admin
        .get(&format!("{path}?history=true&cursor={next}"))
        .await
        .status(200);
    assert_eq!(rest.items().len(), 2);
    let ended = campus.end(&id).await;
    let counts = json!({"roster": 2, "present": 0, "late": 0, "excused": 1, "absent": 1});
    assert_eq!(ended["counts"], counts);
    let page = campus
        .admin
        .get(&format!("{path}?limit=1"))
        .await
        .status(200);
    let next = page.json["next"].as_str().unwrap();
    let rest = campus
        .admin
        .get(&format!("{path}?cursor={next}"))
        .await
        .status(200);
    assert_eq!(rest.items()[0]["source"], "derived");
    assert_eq!(rest.items()[0]["marked_at"], Value::Null);
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

async fn files_have_no_formulas_and_both_times(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "B/002"]).await;
    let formula = offering(json!({"matric": "-1/2-x", "name": "=HYPERLINK(\"x\")"}));
    campus
        .admin
        .post("/api/v1/enrolments", formula)
        .await
        .status(201);
    let device = campus.online(1).await;
    let id = campus.start(json!({"zone": "Asia/Kolkata"})).await["id"].clone();
    device
        .deliver(UP, json!([mark("1", &id, "A/001", UP)]))
        .await;
    let path = format!("/api/v1/sessions/{id}/marks");
    let body = json!({"matric": "B/002", "status": "excused", "reason": "@home, she said"});
    campus.admin.post(&path, body).await.status(201);
    campus.end(&id).await;
    let file = campus.admin.get(&format!("{path}.csv")).await.status(200);
    assert!(
        file.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    let text = String::from_utf8(file.body.to_vec()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "matric,name,status,marked_at_utc,marked_at_local,source,reason,flags"
    );
    assert_eq!(
        lines[1],
        "'-1/2-x,\"'=HYPERLINK(\"\"x\"\")\",absent,,,derived,,"
    );
    assert!(
        lines[2].starts_with("A/001,Name of A/001,present,2"),
        "{}",
        lines[2]
    );
    assert!(
        lines[2].contains("Z,2") && lines[2].contains("+05:30,device,,"),
        "{}",
        lines[2]
    );
    assert!(
        lines[3].ends_with(",manual,\"'@home, she said\","),
        "{}",
        lines[3]
    );
    let file = campus.admin.get(&format!("{path}.xlsx")).await.status(200);
    assert!(file.body.starts_with(b"PK\x03\x04"));
    campus
        .admin
        .get("/api/v1/sessions/99/marks.csv")
        .await
        .status(404);
}

async fn a_student_sees_the_own_attendance_alone(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "B/002"]).await;
    let ada = campus.lecturer("ada").await;
    let bob = campus.user("bob", "lecturer", None).await;
    let sam = campus.user("sam", "student", Some("a/001")).await;
    let tim = campus.user("tim", "student", None).await;
    let device = campus.online(1).await;
    let first = campus.start(json!({})).await["id"].clone();
    device
        .deliver(UP, json!([mark("1", &first, "A/001", UP)]))
        .await;
    campus.end(&first).await;
    let second = campus.start(json!({})).await["id"].clone();
    campus.end(&second).await;
    campus.start(json!({})).await;
    let path = "/api/v1/attendance";
    let asked = format!("{path}?matric=A/001");
    let seen = sam.get(path).await.status(200);
    let rows = seen.items().iter().map(|one| {
        (
            one["session_id"].clone(),
            one["status"].as_str().unwrap(),
            one["marked_at"].is_null(),
        )
    });
    let rows: Vec<_> = rows.collect();
    assert_eq!(rows, [(second, "absent", true), (first, "present", false)]);
    for who in [&sam, &ada, &campus.admin] {
        assert_eq!(who.get(&asked).await.status(200).items(), seen.items());
    }
    assert_eq!(bob.get(&asked).await.status(200).items().len(), 0);
    assert_eq!(tim.get(path).await.status(200).items().len(), 0);
    tim.get(&asked).await.status(403);
    sam.get(&format!("{path}?matric=B/002")).await.status(403);
    for who in [&ada, &campus.admin] {
        assert_eq!(who.get(path).await.status(422).wrong_paths(), ["matric"]);
    }
    for forbidden in ["/api/v1/sessions", "/api/v1/courses", "/api/v1/enrolments"] {
        sam.get(forbidden).await.status(403);
    }
}

async fn a_person_is_handed_out_and_erased(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["Gone/001", "Stay/002"]).await;
    let gone = campus.user("gone-user", "student", Some("gone/001")).await;
    let device = campus.online(1).await;
    let id = campus.start(json!({})).await["id"].clone();
    device
        .deliver(UP, json!([mark("1", &id, "Gone/001", UP)]))
        .await;
    let path = format!("/api/v1/sessions/{id}/marks");
    let body = json!({"matric": "Gone/001", "status": "excused", "reason": "ill, says Gone"});
    let keyed = campus.admin.header("idempotency-key", "one");
    keyed.post(&path, body).await.status(201);
    let counts = campus.end(&id).await["counts"].clone();
    let export = "/api/v1/people/export?matric=GONE/001";
    let kept = campus.admin.get(export).await.status(200).json;
    assert_eq!(kept["users"][0]["username"], "gone-user");
    assert_eq!(kept["enrolments"][0]["name"], "Name of Gone/001");
    let statuses = [&kept["marks"][0]["status"], &kept["marks"][1]["status"]];
    assert_eq!(statuses, ["present", "excused"]);
    campus.admin.get("/api/v1/people/export").await.status(422);
    let erase = json!({"matric": "gone/001"});
    let erased = campus
        .admin
        .post("/api/v1/people/erase", erase.clone())
        .await
        .status(200);
    assert_eq!(
        erased.json,
        json!({"users": 1, "enrolments": 1, "marks": 2})
    );
    gone.get("/api/v1/me").await.status(401);
    assert_eq!(campus.session(&id).await["counts"], counts);
    for path in [
        export.to_owned(),
        "/api/v1/enrolments".to_owned(),
        path.clone(),
        format!("{path}?history=true"),
        format!("{path}.csv"),
        "/api/v1/attendance?matric=gone/001".to_owned(),
        "/api/v1/audit".to_owned(),
    ] {
        let answer = campus.admin.get(&path).await.status(200);
        let text = String::from_utf8_lossy(&answer.body).to_lowercase();
        assert!(
            !text.contains("gone/001") && !text.contains("says gone"),
            "{path}: {text}"
        );
    }
    let again = campus
        .admin
        .post("/api/v1/people/erase", erase)
        .await
        .status(200);
    assert_eq!(again.json, json!({"users": 0, "enrolments": 0, "marks": 0}));
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
