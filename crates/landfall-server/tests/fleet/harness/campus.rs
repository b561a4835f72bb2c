//! A fleet with people in it: devices that beat, lecturers, courses and students.

use serde_json::{Value, json};

use super::{Client, World};

/// The course in which everything happens.
pub(crate) const COURSE: &str = "CS101";
/// The academic session and semester.
pub(crate) const SESSION: &str = "2024/2025";
pub(crate) const SEMESTER: &str = "1st Semester";

/// An admin, and what the admin has made.
pub(crate) struct Campus {
    pub(crate) world: World,
    pub(crate) admin: Client,
}

/// A device with a key of its own.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) hardware_id: String,
    client: Client,
}

impl Campus {
    /// A course, and nobody in it.
    pub(crate) async fn new(world: World) -> Self {
        let admin = world.admin().await;
        let course = json!({"code": COURSE, "title": "Introduction to Computer Science"});
        admin.post("/api/v1/courses", course).await.status(201);
        Self { world, admin }
    }

    /// A user of that role, logged in by a token. Password and username are one.
    pub(crate) async fn user(&self, username: &str, role: &str, matric: Option<&str>) -> Client {
        let user = json!({
            "username": username, "role": role, "password": format!("{username}-password"),
            "name": username, "matric": matric,
        });
        self.admin.post("/api/v1/users", user).await.status(201);
        self.world
            .token_of(username, &format!("{username}-password"))
            .await
    }

    /// A lecturer who is assigned to the course.
    pub(crate) async fn lecturer(&self, username: &str) -> Client {
        let lecturer = self.user(username, "lecturer", None).await;
        let assignment = offering(json!({"lecturer": username}));
        self.admin
            .post("/api/v1/assignments", assignment)
            .await
            .status(201);
        lecturer
    }

    /// Enrols students, all named by their number.
    pub(crate) async fn enrol(&self, matrics: &[&str]) {
        for matric in matrics {
            let body = offering(json!({"matric": matric, "name": format!("Name of {matric}")}));
            self.admin
                .post("/api/v1/enrolments", body)
                .await
                .status(201);
        }
    }

    /// An accepted device of that number that has not beaten yet.
    pub(crate) async fn device(&self, number: u8) -> Device {
        let hardware_id = format!("lf-0000000000{number:02x}");
        let key = format!("{number:02x}").repeat(32);
        let request = json!({"hardware_id": hardware_id, "device_key": key});
        let stranger = self.world.stranger();
        let pending = stranger.post("/api/v1/enroll", request).await.status(202);
        let fingerprint = json!({"fingerprint": pending.json["fingerprint"]});
        let accept = format!("/api/v1/devices/{hardware_id}/accept");
        self.admin.post(&accept, fingerprint).await.status(200);
        Device {
            hardware_id,
            client: stranger.header("authorization", &format!("Bearer {key}")),
        }
    }

    /// A device that is there.
    pub(crate) async fn online(&self, number: u8) -> Device {
        let device = self.device(number).await;
        device.beat(json!({})).await;
        device
    }

    /// Starts a session as the admin; `more` is added to course, session and semester.
    pub(crate) async fn start(&self, more: Value) -> Value {
        let body = offering(more);
        self.admin
            .post("/api/v1/sessions", body)
            .await
            .status(201)
            .json
    }

    /// The session as it is now.
    pub(crate) async fn session(&self, id: &Value) -> Value {
        let path = format!("/api/v1/sessions/{id}");
        self.admin.get(&path).await.status(200).json
    }

    /// The session once that holds of it: what happens by itself takes a moment.
    pub(crate) async fn session_once(&self, id: &Value, holds: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..600 {
            let session = self.session(id).await;
            if holds(&session) {
                return session;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("not within a minute: {}", self.session(id).await);
    }

    pub(crate) async fn end(&self, id: &Value) -> Value {
        let path = format!("/api/v1/sessions/{id}/end");
        self.admin.post(&path, json!({})).await.status(200).json
    }

    /// The lines of the session's sheet: number, status, source, flags.
    pub(crate) async fn sheet(&self, id: &Value) -> Vec<String> {
        let path = format!("/api/v1/sessions/{id}/marks?limit=200");
        let marks = self.admin.get(&path).await.status(200);
        let line = |mark: &Value| {
            let flags = mark["flags"].as_array().unwrap().iter();
            let flags: Vec<_> = flags.map(|flag| flag.as_str().unwrap()).collect();
            let text = |member: &str| mark[member].as_str().unwrap().to_owned();
            let words = [
                text("matric"),
                text("status"),
                text("source"),
                flags.join("+"),
            ];
            words.join(" ").trim_end().to_owned()
        };
        marks.items().iter().map(line).collect()
    }
}

impl Device {
    /// A heartbeat with these members, and its answer.
    pub(crate) async fn beat(&self, members: Value) -> Value {
        let mut body = json!({"hardware_id": self.hardware_id});
        merge(&mut body, members);
        let answer = self.client.post("/api/v1/heartbeat", body).await;
        answer.status(200).json
    }

    /// Delivers marks, and what became of each, in their order.
    pub(crate) async fn deliver(&self, uptime_ms: u64, marks: Value) -> Vec<String> {
        let members = json!({"boot_id": "1", "uptime_ms": uptime_ms, "marks": marks});
        let answer = self.beat(members).await;
        let results = answer["mark_results"].as_array().unwrap().iter();
        results
            .map(|one| one["result"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// The body with course, session and semester.
pub(crate) fn offering(mut body: Value) -> Value {
    merge(
        &mut body,
        json!({"course": COURSE, "session": SESSION, "semester": SEMESTER}),
    );
    body
}

/// A mark of a student, taken at that uptime of the device's boot `1`.
pub(crate) fn mark(id: &str, session: &Value, matric: &str, taken_uptime_ms: u64) -> Value {
    json!({
        "id": id, "session_id": session, "matric": matric,
        "taken_uptime_ms": taken_uptime_ms, "boot_id": "1",
    })
}

fn merge(body: &mut Value, more: Value) {
    let (Value::Object(body), Value::Object(more)) = (body, more) else {
        panic!("two objects");
    };
    for (name, value) in more {
        body.entry(name).or_insert(value);
    }
}
