//! Known answers, made by another implementation (Python's `cryptography`), and what must not open.

use std::format;
use std::string::String;

use super::*;

const HEARTBEAT: Envelope<'static> = Envelope {
    method: "POST",
    path: crate::path::HEARTBEAT,
    hardware_id: "lf-246f2856789a",
    seq: 3 << 32 | 7,
};

fn key() -> DeviceKey {
    DeviceKey::new(core::array::from_fn(|i| i as u8))
}

fn check(direction: Direction, text: &str, sealed: &str) {
    let mut buffer = [0; 256];
    buffer[..text.len()].copy_from_slice(text.as_bytes());
    let made = HEARTBEAT
        .seal(&key(), direction, &mut buffer, text.len())
        .unwrap();
    let digits: String = made.iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(digits, sealed);
    let opened = HEARTBEAT.open(&key(), direction, made).unwrap();
    assert_eq!(opened, text.as_bytes());
}

#[test]
fn a_request() {
    check(
        Direction::ToServer,
        r#"{"hardware_id":"lf-246f2856789a"}"#,
        "0a7df257d55a17422871973f713bd9f4e39b28fa4280139b853e7b92a18a8b90f305986d7079520f752b54667d56f05b60",
    );
}

#[test]
fn its_answer() {
    check(
        Direction::ToDevice,
        r#"{"status":"success"}"#,
        "f90e9a6ff6241cdbe18350a1fa564820b167eb7c1626668ab077e5812f7c5ac883d600c5",
    );
}

#[test]
fn nothing_else_opens_it() {
    let mut sealed = [0; 2 + SEAL_LEN];
    sealed[..2].copy_from_slice(b"{}");
    HEARTBEAT
        .seal(&key(), Direction::ToServer, &mut sealed, 2)
        .unwrap();
    let opens = |envelope: Envelope<'_>, key: &DeviceKey, direction, mut bytes: [u8; 18]| {
        envelope.open(key, direction, &mut bytes).is_ok()
    };
    let mut bent = sealed;
    bent[0] ^= 1;
    let mut torn = sealed;
    torn[17] ^= 1;
    let method = Envelope {
        method: "PUT",
        ..HEARTBEAT
    };
    let path = Envelope {
        path: "/api/v1/enroll",
        ..HEARTBEAT
    };
    let device = Envelope {
        hardware_id: "lf-246f2856789b",
        ..HEARTBEAT
    };
    let seq = Envelope {
        seq: HEARTBEAT.seq + 1,
        ..HEARTBEAT
    };
    let to = Direction::ToServer;
    assert!(opens(HEARTBEAT, &key(), to, sealed));
    assert!(!opens(HEARTBEAT, &key(), to, bent));
    assert!(!opens(HEARTBEAT, &key(), to, torn));
    assert!(!opens(HEARTBEAT, &key(), Direction::ToDevice, sealed));
    assert!(!opens(HEARTBEAT, &DeviceKey::new([1; 32]), to, sealed));
    for other in [method, path, device, seq] {
        assert!(!opens(other, &key(), to, sealed), "{other:?}");
    }
}

#[test]
fn what_is_too_short_or_too_long() {
    let direction = Direction::ToServer;
    let mut room = [0; 17];
    assert_eq!(
        HEARTBEAT.seal(&key(), direction, &mut room, 2),
        Err(SealError::NoRoom)
    );
    assert_eq!(
        HEARTBEAT.seal(&key(), direction, &mut room, usize::MAX),
        Err(SealError::NoRoom)
    );
    assert_eq!(
        HEARTBEAT.open(&key(), direction, &mut room[..15]),
        Err(OpenError)
    );
    let path = "/".repeat(CONTEXT_MAX);
    let long = Envelope {
        path: &path,
        ..HEARTBEAT
    };
    assert_eq!(
        long.seal(&key(), direction, &mut room, 1),
        Err(SealError::ContextTooLong)
    );
    assert_eq!(long.open(&key(), direction, &mut room), Err(OpenError));
}
