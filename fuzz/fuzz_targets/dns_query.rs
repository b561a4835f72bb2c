//! Anything as a packet to the captive DNS server and to mDNS.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| landfall_device::fuzzing::dns_query(bytes));
