//! Anything as the configuration as JSON, strict and lenient.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| landfall_core::fuzzing::config_json(bytes));
