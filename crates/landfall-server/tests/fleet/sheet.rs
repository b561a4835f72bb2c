//! What is told of marks: the sheet and its history, files, a student's own attendance, a person's data.

use serde_json::{Value, json};

use crate::harness::campus::{Campus, mark, offering};
use crate::harness::{World, both};

both!(
    a_mark_by_hand_has_a_status_a_reason_and_a_student,
    the_newest_entry_counts_and_the_older_ones_stay,
    files_have_no_formulas_and_both_times,
    a_student_sees_the_own_attendance_alone,
    a_person_is_handed_out_and_erased,
);

/// An hour of uptime.
const UP: u64 = 3_600_000;

async fn a_mark_by_hand_has_a_status_a_reason_and_a_student(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001"]).await;
    campus.online(1).await;
    let id = campus.start(json!({})).await["id"].clone();
    let path = format!("/api/v1/sessions/{id}/marks");
    let body = |matric: &str, status: &str, reason: &str| json!({"matric": matric, "status": status, "reason": reason});
    for (body, wrong) in [
        (json!({"matric": "A/001", "status": "late"}), "reason"),
        (body("A/001", "late", " "), "reason"),
        (body("A/001", "sick", "x"), "status"),
        (body("Z/999", "late", "x"), "matric"),
        (body("no", "late", "x"), "matric"),
    ] {
        let answer = campus.admin.post(&path, body).await.status(422);
        assert_eq!(answer.wrong_paths(), [wrong]);
    }
    for status in ["present", "late", "absent", "excused"] {
        let made = body("a/001", status, "as told");
        let made = campus.admin.post(&path, made).await.status(201).json;
        for (member, value) in [
            ("name", "Name of A/001"),
            ("status", status),
            ("source", "manual"),
            ("reason", "as told"),
            ("by", "admin"),
        ] {
            assert_eq!(made[member], value);
        }
    }
}

async fn the_newest_entry_counts_and_the_older_ones_stay(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "A/002"]).await;
    let device = campus.online(1).await;
    let id = campus.start(json!({})).await["id"].clone();
    let path = format!("/api/v1/sessions/{id}/marks");
    let first = json!([mark("1", &id, "A/001", UP)]);
    device.deliver(UP, first).await;
    for status in ["absent", "excused"] {
        let body = json!({"matric": "A/001", "status": status, "reason": "as told"});
        campus.admin.post(&path, body).await.status(201);
    }
    assert_eq!(campus.sheet(&id).await, ["A/001 excused manual"]);
    let again = json!([mark("2", &id, "A/001", UP)]);
    assert_eq!(device.deliver(UP, again).await, ["already_recorded"]);
    let history = format!("{path}?history=true&limit=2");
    let (first, rest) = two_pages(&campus, &history).await;
    let statuses = first.iter().chain(&rest).map(|one| one["status"].as_str());
    let expected = ["excused", "absent", "present"].map(Some);
    assert_eq!(statuses.collect::<Vec<_>>(), expected);
    let ended = campus.end(&id).await;
    let counts = json!({"roster": 2, "present": 0, "late": 0, "excused": 1, "absent": 1});
    assert_eq!(ended["counts"], counts);
    let (_, rest) = two_pages(&campus, &format!("{path}?limit=1")).await;
    assert_eq!(rest[0]["source"], "derived");
    assert_eq!(rest[0]["marked_at"], Value::Null);
}

/// The first page of a list, and the second and last one.
async fn two_pages(campus: &Campus, path: &str) -> (Vec<Value>, Vec<Value>) {
    let first = campus.admin.get(path).await.status(200);
    let next = first.json["next"].as_str().unwrap();
    let rest = campus.admin.get(&format!("{path}&cursor={next}")).await;
    let rest = rest.status(200);
    assert_eq!(rest.json["next"], Value::Null);
    (first.items().to_vec(), rest.items().to_vec())
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
