//! Where the server is: the parts of its URL that a request needs.

use core::fmt;

/// An `http` or `https` URL. What it points at is the root of the server's API: its own path, if it
/// has one, stands before every path of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// Whether it is `https`.
    pub tls: bool,
    /// The host: a name or an address, an IPv6 one without its brackets.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// The authority as it stands, for `Host`.
    pub authority: &'a str,
    /// What stands before the path of a request; no slash at its end.
    pub prefix: &'a str,
}

/// Why a text is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAUrl;

impl<'a> Url<'a> {
    /// Reads one.
    ///
    /// # Errors
    /// Another scheme, no host, user and password in it, or a port that is none.
    pub fn parse(text: &'a str) -> Result<Self, NotAUrl> {
        let (tls, rest) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some(_) | None => return Err(NotAUrl),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let (host, port) = split_port(authority)?;
        if host.is_empty() || authority.contains('@') {
            return Err(NotAUrl);
        }
        Ok(Self {
            tls,
            host,
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            authority,
            prefix: path.trim_end_matches('/'),
        })
    }
}

/// Host and port of an authority; an IPv6 address stands in brackets (RFC 3986 §3.2.2).
fn split_port(authority: &str) -> Result<(&str, Option<u16>), NotAUrl> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(NotAUrl)?;
            (host, rest.strip_prefix(':').or(Some(rest)))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    match port.filter(|port| !port.is_empty()) {
        None => Ok((host, None)),
        // `u16::from_str` would take a sign.
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits
            .parse()
            .map(|port| (host, Some(port)))
            .map_err(|_| NotAUrl),
        Some(_) => Err(NotAUrl),
    }
}

impl fmt::Display for NotAUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a server is http:// or https://, a host, and a port where it needs one")
    }
}

impl core::error::Error for NotAUrl {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let check = |text: &str, tls, host: &str, port, prefix: &str| {
            let url = Url::parse(text).unwrap();
            let seen = (url.tls, url.host, url.port, url.prefix);
            assert_eq!(seen, (tls, host, port, prefix), "{text}");
        };
        check("http://127.0.0.1:8000", false, "127.0.0.1", 8000, "");
        check("http://fleet.example/", false, "fleet.example", 80, "");
        check(
            "https://fleet.example/a/b/?c#d",
            true,
            "fleet.example",
            443,
            "/a/b",
        );
        check("https://[::1]:8443/x", true, "::1", 8443, "/x");
        check("http://[::1]", false, "::1", 80, "");
        for wrong in [
            "",
            "fleet.example",
            "ftp://a",
            "http://",
            "http://:80",
            "http://u:p@host",
            "http://host:+1",
            "http://host:65536",
            "http://[::1",
        ] {
            assert_eq!(Url::parse(wrong), Err(NotAUrl), "{wrong}");
        }
    }
}
