//! Anything as a packet to the DHCP server.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| landfall_device::fuzzing::dhcp_packet(bytes));
