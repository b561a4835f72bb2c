//! Whom a request is meant for, and whose page sent it.
//!
//! A page of a stranger that names our address under its own name (DNS rebinding) is told apart by
//! `Host`, one that sends requests across sites by `Origin`.

use core::net::Ipv4Addr;

use super::answer::{Fixed, Response};
use super::view::{Door, View};

/// The port that a URL without one means.
const HTTP_PORT: u16 = 80;

/// Whether that authority (`host` or `host:port`) is a name of this device at this door: its
/// address on that side, `<hostname>.local`, and in the simulator the loopback names.
pub(crate) fn is_own(authority: &str, door: Door, view: &View<'_>) -> bool {
    let (host, port) = match authority.split_once(':') {
        None => (authority, HTTP_PORT),
        Some((host, digits)) => match parse_port(digits) {
            Some(port) => (host, port),
            None => return false,
        },
    };
    if door.loopback && port == door.port && is_loopback(host) {
        return true;
    }
    // Seen from its network the device listens on the service's port, wherever the simulator binds
    // it; and what names no port names the device.
    let port_fits = [HTTP_PORT, door.service.port(), door.port].contains(&port);
    port_fits && (is_address(host, door, view) || is_hostname(host, view))
}

fn parse_port(digits: &str) -> Option<u16> {
    // An empty port is that of the scheme (RFC 3986 §3.2.3).
    if digits.is_empty() {
        return Some(HTTP_PORT);
    }
    // `u16::from_str` would take a sign.
    digits
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

fn is_loopback(host: &str) -> bool {
    host == "127.0.0.1" || host.eq_ignore_ascii_case("localhost")
}

fn is_address(host: &str, door: Door, view: &View<'_>) -> bool {
    let address = host.parse::<Ipv4Addr>().ok();
    address.is_some() && address == view.address(door.side)
}

fn is_hostname(host: &str, view: &View<'_>) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    let hostname = view.hostname();
    host.len() == hostname.len() + LOCAL.len()
        && host
            .get(..hostname.len())
            .is_some_and(|name| name.eq_ignore_ascii_case(&hostname))
        && host
            .get(hostname.len()..)
            .is_some_and(|domain| domain.eq_ignore_ascii_case(LOCAL))
}

/// The domain of mDNS (RFC 6762 §3).
const LOCAL: &str = ".local";

/// Whether a page of that origin is one of ours.
pub(crate) fn is_own_origin(origin: &str, door: Door, view: &View<'_>) -> bool {
    origin
        .strip_prefix("http://")
        .is_some_and(|authority| is_own(authority, door, view))
}

/// The refusal of what a page of a stranger sent.
pub(super) fn foreign_origin(reason: &'static str) -> Response<Fixed> {
    Response::error(403, "foreign-origin", "Origin", reason)
}
