//! Sessions: what is refused, what is picked, what it is called, and how it ends.

use serde_json::{Value, json};

use crate::harness::campus::{Campus, offering};
use crate::harness::{World, both};

both!(
    refusals_come_in_their_order,
    a_session_has_its_names_and_configures_its_device,
    a_session_ends_once,
    a_session_ends_by_itself_also_while_nobody_is_there,
    a_lecturer_holds_and_sees_the_own_sessions,
    codes_and_qr_are_for_who_asked_for_them,
    a_start_is_repeated_by_its_key,
);

const NONE_ONLINE: &str =
    "No ESP32 devices are currently online. Please check device connectivity.";

const ALL_TAKEN: &str = "All online ESP32 devices are already in a session.";

const NOT_ASSIGNED: &str =
    "You are not assigned to this course for the specified session/semester.";

async fn refusals_come_in_their_order(world: World) {
    let campus = Campus::new(world).await;
    let ada = campus.lecturer("ada").await;
    let bob = campus.user("bob", "lecturer", None).await;
    let path = "/api/v1/sessions";
    let past = json!({"ends_at": "2020-01-01T00:00:00Z"});
    for (who, body, status, told) in [
        (
            &bob,
            json!({"course": "CS999"}),
            422,
            "course: is not a known course",
        ),
        (&bob, past, 422, "ends_at: has to be in the future"),
        (&bob, json!({}), 403, NOT_ASSIGNED),
        (&ada, json!({"semester": "2nd"}), 403, NOT_ASSIGNED),
        (&ada, json!({"lecturer": "bob"}), 403, NOT_ASSIGNED),
        (&ada, json!({}), 409, NONE_ONLINE),
        (
            &campus.admin,
            json!({"lecturer": "nobody"}),
            422,
            "lecturer: is not a known lecturer",
        ),
    ] {
        for path in [path, "/api/v1/sessions/preview"] {
            let answer = who.post(path, offering(body.clone())).await.status(status);
            assert_eq!(answer.detail(), told);
        }
    }
    let first = campus.online(1).await;
    let disabled = format!("/api/v1/devices/{}", first.hardware_id);
    campus
        .admin
        .patch(&disabled, json!({"enabled": false}))
        .await
        .status(200);
    let answer = ada.post(path, offering(json!({}))).await.status(409);
    assert_eq!(answer.detail(), NONE_ONLINE);
    campus
        .admin
        .patch(&disabled, json!({"enabled": true}))
        .await
        .status(200);
    ada.post(path, offering(json!({}))).await.status(201);
    let answer = ada.post(path, offering(json!({}))).await.status(409);
    assert_eq!(answer.detail(), ALL_TAKEN);
    for (more, wrong) in [
        (json!({"devices": 0}), "devices"),
        (json!({"zone": "Mars/Olympus"}), "zone"),
        (json!({"late_after_s": -1}), "late_after_s"),
        (json!({"passphrase": "short"}), "passphrase"),
        (json!({"ends_at": "tomorrow"}), "ends_at"),
        (json!({"session": ""}), "session"),
    ] {
        let answer = ada.post(path, offering(more)).await.status(422);
        assert_eq!(answer.wrong_paths(), [wrong]);
    }
    let sessions = campus.admin.get("/api/v1/sessions").await.status(200);
    assert_eq!(sessions.items().len(), 1);
}

async fn a_session_has_its_names_and_configures_its_device(world: World) {
    let campus = Campus::new(world).await;
    campus.enrol(&["A/001", "B/002"]).await;
    let device = campus.device(1).await;
    let idle = device.beat(json!({"station_capacity": 10})).await;
    assert_eq!(idle["configuration"]["active_session"], false);
    let session = campus.start(json!({})).await;
    let expected = json!({
        "state": "active", "course": "CS101", "title": "Introduction to Computer Science",
        "session": "2024/2025", "semester": "1st Semester", "lecturer": "admin",
        "ssid": "CS101_Attendance_2024_2025",
        "device_id": "ESP32_CS101_2024_2025_1st_Semester",
        "device_name": "CS101 - Introduction to Computer Science",
        "location": "CS101 Classroom - 2024/2025 1st Semester",
        "ends_at": null, "ended_at": null, "zone": "Africa/Lagos", "code": null,
        "qr": "WIFI:T:nopass;S:CS101_Attendance_2024_2025;;", "warnings": [], "capacity": 10,
        "counts": {"roster": 2, "present": 0, "late": 0, "excused": 0, "absent": 0},
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&session[member], value, "{member}");
    }
    assert_eq!(
        session["devices"][0]["hardware_id"],
        device.hardware_id.as_str()
    );
    assert_eq!(session["devices"][0]["state"], "active");
    assert_eq!(session, campus.session(&session["id"]).await);
    let told = device.beat(json!({})).await;
    let configuration = &told["configuration"];
    assert_eq!(
        told["message"],
        "Heartbeat received - Active session configuration applied"
    );
    for (member, value) in [
        ("active_session", json!(true)),
        ("course_code", json!("CS101")),
        ("ssid", session["ssid"].clone()),
        ("device_id", session["device_id"].clone()),
        ("password", json!("")),
        ("lecturer", json!("admin")),
        ("session_id", session["id"].clone()),
        ("needs_code", json!(false)),
        ("fence", session["devices"][0]["fence"].clone()),
    ] {
        assert_eq!(configuration[member], value, "{member}");
    }
    campus.end(&session["id"]).await;
    let told = device.beat(json!({})).await;
    assert_eq!(told["message"], "Heartbeat received - Device idle");
    assert_eq!(told["configuration"]["active_session"], false);
}

async fn a_session_ends_once(world: World) {
    let campus = Campus::new(world).await;
    campus.online(1).await;
    let id = campus.start(json!({})).await["id"].clone();
    let ended = campus.end(&id).await;
    assert_eq!(ended["state"], "ended");
    assert_eq!(ended["devices"][0]["state"], "released");
    campus.world.clock.advance_ms(5_000);
    assert_eq!(campus.end(&id).await, ended);
    for (query, count) in [("", 1), ("?state=active", 0), ("?state=ended", 1)] {
        let listed = campus
            .admin
            .get(&format!("/api/v1/sessions{query}"))
            .await
            .status(200);
        assert_eq!(listed.items().len(), count, "{query}");
    }
    campus
        .admin
        .get("/api/v1/sessions?state=both")
        .await
        .status(422);
    campus
        .admin
        .post("/api/v1/sessions/99/end", json!({}))
        .await
        .status(404);
    campus.start(json!({})).await;
}

/// So long from now, as it is sent.
fn in_ms(world: &World, ms: i64) -> (i64, String) {
    let seconds = (world.clock.now_ms() + ms).div_euclid(1000);
    (
        seconds,
        jiff::Timestamp::from_second(seconds).unwrap().to_string(),
    )
}

async fn a_session_ends_by_itself_also_while_nobody_is_there(mut world: World) {
    let (_, ends_at) = in_ms(&world, 60_000);
    let (_, later) = in_ms(&world, 120_000);
    let campus = Campus::new(world).await;
    campus.online(1).await;
    campus.online(2).await;
    let first = campus.start(json!({"ends_at": ends_at})).await;
    let second = campus.start(json!({"ends_at": later})).await;
    assert_eq!(first["ends_at"], ends_at.as_str());
    campus.world.clock.advance_ms(61_000);
    let ended = campus
        .session_once(&first["id"], |one| one["state"] == "ended")
        .await;
    assert_eq!(ended["ended_at"], ends_at.as_str());
    assert_eq!(campus.session(&second["id"]).await["state"], "active");
    world = campus.world;
    world.restart_after(|clock| clock.advance_ms(120_000)).await;
    let admin = campus.admin.at(world.server().address());
    let campus = Campus { world, admin };
    let ended = campus
        .session_once(&second["id"], |one| one["state"] == "ended")
        .await;
    assert_eq!(
        ended["ended_at"],
        later.as_str(),
        "it ended when it was due"
    );
}

async fn a_lecturer_holds_and_sees_the_own_sessions(world: World) {
    let campus = Campus::new(world).await;
    let ada = campus.lecturer("ada").await;
    let bob = campus.lecturer("bob").await;
    campus.online(1).await;
    campus.online(2).await;
    let own = ada
        .post("/api/v1/sessions", offering(json!({})))
        .await
        .status(201)
        .json;
    assert_eq!(own["lecturer"], "ada");
    let named = campus.start(json!({"lecturer": "bob"})).await;
    assert_eq!(named["lecturer"], "bob");
    for (lecturer, session, other) in [(&ada, &own, &named), (&bob, &named, &own)] {
        let listed = lecturer.get("/api/v1/sessions").await.status(200);
        assert_eq!(listed.items(), std::slice::from_ref(session));
        let path = format!("/api/v1/sessions/{}", other["id"]);
        for path in [
            path.clone(),
            format!("{path}/marks"),
            format!("{path}/marks.csv"),
        ] {
            lecturer.get(&path).await.status(403);
        }
        lecturer
            .post(&format!("{path}/end"), json!({}))
            .await
            .status(403);
        let mark = json!({"matric": "A/001", "status": "late", "reason": "x"});
        lecturer
            .post(&format!("{path}/marks"), mark)
            .await
            .status(403);
    }
    let path = format!("/api/v1/sessions/{}/end", own["id"]);
    ada.post(&path, json!({})).await.status(200);
    assert_eq!(
        campus.admin.get("/api/v1/sessions?limit=1").await.items()[0]["id"],
        named["id"]
    );
}

async fn codes_and_qr_are_for_who_asked_for_them(world: World) {
    let campus = Campus::new(world).await;
    campus.online(1).await;
    let more =
        json!({"require_code": true, "passphrase": "a;b\\c:d\"e,f", "zone": "europe/berlin"});
    let session = campus.start(more).await;
    assert_eq!(session["zone"], "Europe/Berlin");
    let qr = "WIFI:T:WPA;S:CS101_Attendance_2024_2025;P:a\\;b\\\\c\\:d\\\"e\\,f;;";
    assert_eq!(session["qr"], qr);
    let code = session["code"]["value"].as_str().unwrap();
    assert!(
        code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit()),
        "{code}"
    );
    campus.world.clock.advance_ms(30_000);
    let next = campus.session(&session["id"]).await;
    assert_ne!(next["code"]["expires_at"], session["code"]["expires_at"]);
    let ended = campus.end(&session["id"]).await;
    assert_eq!(ended["code"], Value::Null);
}

async fn a_start_is_repeated_by_its_key(world: World) {
    let campus = Campus::new(world).await;
    campus.online(1).await;
    let admin = campus.admin.header("idempotency-key", "one");
    let start = async || admin.post("/api/v1/sessions", offering(json!({}))).await;
    let first = start().await.status(201);
    let again = start().await.status(201);
    assert_eq!(first.json, again.json);
    let other = offering(json!({"devices": 2}));
    admin.post("/api/v1/sessions", other).await.status(422);
}
