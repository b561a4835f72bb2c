//! What a new demo has to show: a course, who gives it, and who is on its list.

use serde_json::json;

use crate::cli::Failure;
use crate::cli::fleet::client::Client;

const COURSE: &str = "CS101";
const TITLE: &str = "Introduction to Computer Science";
const SESSION: &str = "2024/2025";
const SEMESTER: &str = "1st Semester";
/// The lecturer, and the password that the demo says nowhere else: the README does.
const LECTURER: (&str, &str) = ("ada", "lovelace-1815");
const STUDENTS: [(&str, &str); 6] = [
    ("CSC/2021/001", "Grace Hopper"),
    ("CSC/2021/002", "Alan Turing"),
    ("CSC/2021/003", "Katherine Johnson"),
    ("CSC/2021/004", "Donald Knuth"),
    ("CSC/2021/005", "Barbara Liskov"),
    ("CSC/2021/006", "Edsger Dijkstra"),
];

/// Fills a database that is new.
pub(super) fn fill(client: &Client) -> Result<(), Failure> {
    let (lecturer, password) = LECTURER;
    client.make(
        "/api/v1/users",
        &json!({"username": lecturer, "role": "lecturer", "password": password, "name": "Ada Lovelace"}),
    )?;
    client.make("/api/v1/courses", &json!({"code": COURSE, "title": TITLE}))?;
    client.make(
        "/api/v1/assignments",
        &json!({"lecturer": lecturer, "course": COURSE, "session": SESSION, "semester": SEMESTER}),
    )?;
    for (matric, name) in STUDENTS {
        client.make(
            "/api/v1/enrolments",
            &json!({"matric": matric, "name": name, "course": COURSE, "session": SESSION, "semester": SEMESTER}),
        )?;
    }
    Ok(())
}

/// A claim code for one device.
pub(super) fn claim(client: &Client) -> Result<String, Failure> {
    let made = client.make("/api/v1/claims", &json!({"expires_in_s": 3600}))?;
    let code = made["code"].as_str().map(str::to_owned);
    code.ok_or_else(|| Failure::new("claim", "the server made none", "report it"))
}
