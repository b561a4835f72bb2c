//! Marks that were acknowledged are there after the server was killed in the middle of its work,
//! and marks that were sent again because nobody answered are there once.

use std::thread;
use std::time::Duration;

use crate::class::{admin, devices, present, session};
use crate::process::Process;

/// Students of each device for every round; when all have marked its heartbeats bring none.
const STUDENTS: usize = 100;
/// How long the server lives: a little longer every round, then from the beginning.
const LIFE: [u64; 7] = [3, 11, 23, 47, 83, 131, 190];

/// Kills the server as often, and looks after each time.
fn check(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(folder.path());
    let mut admin = admin(&process);
    let mut devices = devices(&process, &admin, rounds * STUDENTS);
    let session_id = session(&admin, &mut devices);
    for round in 0..rounds {
        let running: Vec<_> = devices
            .drain(..)
            .map(|mut device| {
                thread::spawn(move || {
                    device.deliver();
                    device
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(LIFE[round % LIFE.len()]));
        process.kill();
        devices.extend(running.into_iter().map(|device| device.join().unwrap()));
        process = Process::start(folder.path());
        admin = admin.at(&process);
        let present = present(&admin, session_id);
        for device in &mut devices {
            device.client = device.client.at(&process);
            for student in &device.acknowledged {
                let matric = device.matric(*student);
                assert_eq!(present.get(&matric), Some(&1), "{matric} in round {round}");
            }
        }
    }
    for device in &mut devices {
        while !device.waiting.is_empty() {
            device.deliver_once().unwrap();
        }
    }
    let acknowledged: usize = devices.iter().map(|device| device.acknowledged.len()).sum();
    assert!(acknowledged > 0, "nobody ever marked");
    let present = present(&admin, session_id);
    assert_eq!(present.len(), acknowledged);
    assert!(present.values().all(|count| *count == 1));
}

#[test]
fn what_was_acknowledged_outlives_the_server() {
    check(3);
}

#[test]
#[ignore = "long: the server is killed two hundred times"]
fn what_was_acknowledged_outlives_two_hundred_deaths() {
    check(200);
}
