//! A disk without room: what cannot be kept is refused, what was acknowledged stays, and the server goes
//! on by itself once there is room again.

use std::fs::{self, File};
use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::class::{Device, admin, devices, present, session};
use crate::process::{Client, Process};

/// The whole file system: a new database, its log and some marks fit.
const ROOM: u32 = 16 << 20;
/// Students of each device: more than there is ever room for.
const STUDENTS: usize = 2_000;
/// Bytes of one write of the ballast.
const BLOCK: usize = 4096;
/// Bound of the server's recovery.
const PATIENCE: Duration = Duration::from_secs(60);

/// Delivers until the server has no room; false: it took everything.
fn deliver_until_full(devices: &mut [Device]) -> bool {
    for _ in 0..STUDENTS {
        for device in &mut *devices {
            device.deliver_next().unwrap();
            if device.refused > 0 {
                return true;
            }
        }
    }
    false
}

/// What the server says to somebody who writes.
fn new_course(admin: &Client, code: &str) -> (u16, Option<String>) {
    let course = json!({"code": code, "title": "Two"}).to_string();
    let answer = admin.ask("POST", "/api/v1/courses", &course).unwrap();
    (answer.status, answer.retry_after)
}

fn acknowledged_are_there(admin: &Client, session_id: i64, devices: &[Device]) {
    let present = present(admin, session_id);
    for device in devices {
        for student in &device.acknowledged {
            let matric = device.matric(*student);
            assert_eq!(present.get(&matric), Some(&1), "{matric}");
        }
    }
}

#[test]
fn without_room_nothing_is_acknowledged_that_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let Some(process) = Process::start_small(folder.path(), ROOM) else {
        println!("skipped: no mount namespaces here");
        return;
    };
    let admin = admin(&process);
    let mut devices = devices(&process, &admin, STUDENTS);
    let session_id = session(&admin, &mut devices);
    for device in &mut devices {
        device.deliver_next().unwrap();
    }

    let ballast = process.seen(folder.path()).join("ballast");
    let mut file = File::create(&ballast).unwrap();
    while file.write_all(&[0; BLOCK]).is_ok() {}
    assert!(deliver_until_full(&mut devices), "there was room all along");
    let (status, retry_after) = new_course(&admin, "CS102");
    assert_eq!(status, 503);
    assert!(retry_after.is_some());
    // Who only reads, or only says that it is there, is served.
    acknowledged_are_there(&admin, session_id, &devices);
    let alive = json!({"hardware_id": "lf-000000000001"}).to_string();
    let device = &devices[0].client;
    let answer = device.ask("POST", "/api/v1/heartbeat", &alive).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);

    drop(file);
    fs::remove_file(&ballast).unwrap();
    let bound = Instant::now() + PATIENCE;
    while devices.iter().any(|device| !device.waiting.is_empty()) {
        assert!(Instant::now() < bound, "it never goes on");
        for device in &mut devices {
            device.deliver_once().unwrap();
        }
        thread::sleep(Duration::from_millis(10));
    }
    acknowledged_are_there(&admin, session_id, &devices);
    assert_eq!(new_course(&admin, "CS103").0, 201);
}
