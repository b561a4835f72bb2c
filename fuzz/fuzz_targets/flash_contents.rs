//! Anything as a store opened on a flash that holds anything.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| landfall_device::fuzzing::flash_contents(bytes));
