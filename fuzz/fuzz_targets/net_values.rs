//! Anything as names, keys, addresses.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| landfall_core::fuzzing::net_values(bytes));
