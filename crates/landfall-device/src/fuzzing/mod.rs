//! What must hold for any bytes from outside: one function for what listens on each socket, and for
//! the flash. They panic where it does not. Called by the targets in `fuzz/`, and by tests here.
//! Not part of a device.

mod boot;
mod http;
mod packets;
#[cfg(test)]
mod tests;

pub use boot::flash_contents;
pub use http::http_request;
pub use packets::{dhcp_packet, dns_query};
