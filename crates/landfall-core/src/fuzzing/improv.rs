//! Anything as the bytes of a port that console and Improv share.

use std::vec::Vec;

use crate::improv::{Answer, Error, Kind, REQUEST_MAX, Reader, Request, Step, Verb};
use crate::net::{HOSTNAME_MAX, SSID_MAX};

/// Text comes out in its order and nothing is made up; what is taken is within its bounds; and a
/// frame is found, whatever was before it.
pub fn improv_bytes(bytes: &[u8]) {
    let mut reader = Reader::<REQUEST_MAX>::new();
    let mut rest = bytes.iter();
    for byte in bytes {
        match reader.handle_byte(*byte) {
            Step::Held => {}
            Step::Text(text) => {
                for byte in text.bytes() {
                    assert!(rest.any(|other| *other == byte), "made up");
                }
            }
            Step::Frame(frame) => {
                assert!(frame.data.len() <= REQUEST_MAX.min(frame.len.into()));
                check(&Request::read(&frame), frame.intact);
            }
        }
    }
    for byte in reader.handle_silence().bytes() {
        assert!(rest.any(|other| *other == byte), "made up");
    }
    assert!(!reader.awaits_silence());
    found_behind(bytes);
}

fn check(read: &Result<Request, Error>, intact: bool) {
    assert!(intact || *read == Err(Error::InvalidRequest));
    match read {
        Ok(Request::Settings(Some(credentials))) => {
            assert!((1..=SSID_MAX).contains(&credentials.ssid.as_bytes().len()));
        }
        Ok(Request::Name(verb, name)) => {
            assert!(matches!(verb, Verb::Hostname | Verb::DeviceName));
            let len = name.as_ref().map_or(1, |name| name.as_str().len());
            assert!((1..=HOSTNAME_MAX).contains(&len));
        }
        Ok(Request::Settings(None) | Request::State | Request::Info | Request::Scan) => {}
        Err(error) => assert!(matches!(
            error,
            Error::InvalidRequest | Error::UnknownRequest | Error::BadHostname
        )),
    }
}

/// After a silence the next frame counts.
fn found_behind(bytes: &[u8]) {
    let mut reader = Reader::<REQUEST_MAX>::new();
    for byte in bytes {
        let _ = reader.handle_byte(*byte);
    }
    let _ = reader.handle_silence();
    let ask = Answer::new(Kind::Request, &[&[Verb::Scan as u8, 0]]);
    let frames: Vec<_> = ask
        .as_bytes()
        .iter()
        .filter_map(|byte| match reader.handle_byte(*byte) {
            Step::Frame(frame) => Some(Request::read(&frame)),
            Step::Held | Step::Text(_) => None,
        })
        .collect();
    assert_eq!(frames, [Ok(Request::Scan)]);
}
