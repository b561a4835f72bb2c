//! Anything as the serial console's byte stream.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| landfall_core::fuzzing::console_lines(bytes));
