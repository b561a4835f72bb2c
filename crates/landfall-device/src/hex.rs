//! Packets in tests, written in hexadecimal with spaces where they help.

use std::vec::Vec;

/// The bytes of that text.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    let mut bytes = std::vec![0; digits.len() / 2];
    landfall_core::net::decode_hex(&digits, &mut bytes).expect("hexadecimal digits");
    bytes
}
