//! Anything as a connection's bytes to the portal and the config server.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| landfall_device::fuzzing::http_request(bytes));
