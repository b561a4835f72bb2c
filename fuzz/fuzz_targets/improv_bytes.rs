//! Anything as the bytes of a port that console and Improv share.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| landfall_core::fuzzing::improv_bytes(bytes));
