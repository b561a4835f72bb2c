//! A class whose devices deliver marks to a server, and remember what it acknowledged.

use std::collections::{BTreeMap, HashSet};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::process::{Client, Process};

/// Devices that deliver at once.
pub(crate) const DEVICES: usize = 3;
/// Marks of one heartbeat.
const MARKS: usize = 2;

/// A device, and what it still has to deliver.
pub(crate) struct Device {
    number: usize,
    pub(crate) client: Client,
    session_id: i64,
    /// How many students mark on it.
    students: usize,
    /// The first student who has not marked yet.
    next: usize,
    /// Students whose marks were sent and not answered.
    pub(crate) waiting: Vec<usize>,
    pub(crate) acknowledged: HashSet<usize>,
    /// How often the server had no room for what it sent.
    pub(crate) refused: usize,
}

impl Device {
    pub(crate) fn matric(&self, student: usize) -> String {
        format!("D{}/{student:06}", self.number)
    }

    /// Delivers marks until the server is gone.
    pub(crate) fn deliver(&mut self) {
        while self.deliver_next().is_some() {}
    }

    /// One heartbeat with as many marks as it takes; nothing where nobody answered it.
    pub(crate) fn deliver_next(&mut self) -> Option<()> {
        while self.waiting.len() < MARKS && self.next < self.students {
            self.waiting.push(self.next);
            self.next += 1;
        }
        self.deliver_once()
    }

    /// One heartbeat; nothing where nobody answered it.
    pub(crate) fn deliver_once(&mut self) -> Option<()> {
        let mark = |student: &usize| {
            json!({
                "id": format!("m{student}"), "session_id": self.session_id,
                "matric": self.matric(*student), "taken_uptime_ms": 1_000, "boot_id": "1",
            })
        };
        let marks: Vec<_> = self.waiting.iter().map(mark).collect();
        let body = json!({
            "hardware_id": hardware_id(self.number), "boot_id": "1", "uptime_ms": 1_000,
            "marks": marks,
        });
        let answer = self
            .client
            .ask("POST", "/api/v1/heartbeat", &body.to_string())
            .ok()?;
        let told: Value = serde_json::from_str(&answer.body).ok()?;
        if answer.status == 503 || answer.status == 429 {
            // Too much at once, a database that is about to go, or no room: later.
            assert!(answer.retry_after.is_some(), "{told}");
            self.refused += 1;
            thread::sleep(Duration::from_millis(1));
            return Some(());
        }
        assert_eq!(answer.status, 200, "{told}");
        for result in told["mark_results"].as_array().unwrap() {
            assert_eq!(result["result"], "recorded", "{result}");
            let student = result["id"].as_str().unwrap()[1..].parse().unwrap();
            self.waiting.retain(|waiting| *waiting != student);
            self.acknowledged.insert(student);
        }
        Some(())
    }
}

fn hardware_id(number: usize) -> String {
    format!("lf-{number:012x}")
}

/// The admin, by a token that outlives the server.
pub(crate) fn admin(process: &Process) -> Client {
    let stranger = process.stranger();
    let login = json!({"username": "admin", "password": process.password.as_ref().unwrap()});
    let answer = stranger
        .ask("POST", "/api/v1/login", &login.to_string())
        .unwrap();
    let told: Value = serde_json::from_str(&answer.body).unwrap();
    let browser = stranger
        .header("cookie", &answer.cookie.unwrap())
        .header("x-csrf-token", told["csrf_token"].as_str().unwrap());
    let token = browser.json("POST", "/api/v1/tokens", &json!({"name": "test"}));
    stranger.header(
        "authorization",
        &format!("Bearer {}", token["token"].as_str().unwrap()),
    )
}

/// Accepted devices that are online.
pub(crate) fn devices(process: &Process, admin: &Client, students: usize) -> Vec<Device> {
    let device = |number: usize| {
        let key = format!("{number:02x}").repeat(32);
        let enroll = json!({"hardware_id": hardware_id(number), "device_key": key});
        let pending = process.stranger().json("POST", "/api/v1/enroll", &enroll);
        let accept = format!("/api/v1/devices/{}/accept", hardware_id(number));
        let fingerprint = json!({"fingerprint": pending["fingerprint"]});
        admin.json("POST", &accept, &fingerprint);
        let client = process
            .stranger()
            .header("authorization", &format!("Bearer {key}"));
        client.json(
            "POST",
            "/api/v1/heartbeat",
            &json!({"hardware_id": hardware_id(number)}),
        );
        Device {
            number,
            client,
            session_id: 0,
            students,
            next: 0,
            waiting: Vec::new(),
            acknowledged: HashSet::new(),
            refused: 0,
        }
    };
    (1..=DEVICES).map(device).collect()
}

/// A course with all students in it, and a session that all devices are in.
pub(crate) fn session(admin: &Client, devices: &mut [Device]) -> i64 {
    admin.json(
        "POST",
        "/api/v1/courses",
        &json!({"code": "CS101", "title": "One"}),
    );
    for device in devices.iter() {
        let row = |student| format!("{},Student,CS101,2024/2025,1st\n", device.matric(student));
        let rows: String = (0..device.students).map(row).collect();
        let file = format!("matric,name,course,session,semester\n{rows}");
        let answer = admin
            .ask("POST", "/api/v1/enrolments/import", &file)
            .unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let wanted = json!({
        "course": "CS101", "session": "2024/2025", "semester": "1st", "devices": DEVICES,
    });
    let session = admin.json("POST", "/api/v1/sessions", &wanted);
    assert_eq!(session["devices"].as_array().unwrap().len(), DEVICES);
    let id = session["id"].as_i64().unwrap();
    for device in devices {
        device.session_id = id;
    }
    id
}

/// How often each student stands in the session's file.
pub(crate) fn present(admin: &Client, session_id: i64) -> BTreeMap<String, usize> {
    let path = format!("/api/v1/sessions/{session_id}/marks.csv");
    let answer = admin.ask("GET", &path, "").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut present = BTreeMap::new();
    for line in answer.body.lines().skip(1) {
        let (matric, rest) = line.split_once(',').unwrap();
        assert!(rest.contains(",present,"), "{line}");
        *present.entry(matric.to_owned()).or_default() += 1;
    }
    present
}
