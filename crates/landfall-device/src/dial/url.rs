//! Where a server is: the parts of its URL that a connection needs, and a request over it.

use core::fmt;

/// A URL that leads to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// Whether its scheme is the one with TLS.
    pub tls: bool,
    /// The host: a name or an address, an IPv6 one without its brackets.
    pub host: &'a str,
    /// The port, never 0.
    pub port: u16,
    /// The authority as it stands, for HTTP's `Host`.
    pub authority: &'a str,
    /// Its path, no slash at its end: over HTTP it stands before the path of a request.
    pub prefix: &'a str,
}

/// The two schemes of a protocol, and the port of each where a URL names none.
#[derive(Clone, Copy, Debug)]
pub struct Schemes {
    /// Without TLS.
    pub plain: (&'static str, u16),
    /// With TLS.
    pub tls: (&'static str, u16),
}

/// `http` and `https` (RFC 9110 §4.2).
pub const HTTP: &Schemes = &Schemes {
    plain: ("http", 80),
    tls: ("https", 443),
};

/// `mqtt` and `mqtts`, whose ports are registered with IANA.
pub const MQTT: &Schemes = &Schemes {
    plain: ("mqtt", 1883),
    tls: ("mqtts", 8883),
};

/// Why a text is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAUrl;

impl<'a> Url<'a> {
    /// Reads one of those schemes.
    ///
    /// # Errors
    /// Another scheme, no host, user and password in it, or a port that is none.
    pub fn parse(text: &'a str, schemes: &Schemes) -> Result<Self, NotAUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(NotAUrl)?;
        let of = [(false, schemes.plain), (true, schemes.tls)];
        let named = of.into_iter().find(|(_, (name, _))| *name == scheme);
        let (tls, (_, usual_port)) = named.ok_or(NotAUrl)?;
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
            port: port.unwrap_or(usual_port),
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
            let port = match rest {
                "" => None,
                _ => Some(rest.strip_prefix(':').ok_or(NotAUrl)?),
            };
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    match port.filter(|port| !port.is_empty()) {
        None => Ok((host, None)),
        // `u16::from_str` would take a sign.
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse() {
            Ok(0) | Err(_) => Err(NotAUrl),
            Ok(port) => Ok((host, Some(port))),
        },
        Some(_) => Err(NotAUrl),
    }
}

impl fmt::Display for NotAUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a server is a scheme, ://, a host, and a port where it needs one")
    }
}

impl core::error::Error for NotAUrl {}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use std::format;
    use std::string::String;

    fn check(schemes: &Schemes, texts: &[&str], expected: Expect) {
        let shown = texts.iter().map(|text| match Url::parse(text, schemes) {
            Ok(url) => {
                let tls = if url.tls { "  tls" } else { "" };
                let Url { host, port, .. } = url;
                format!("{text}  {host} {port} {:?}{tls}\n", url.prefix)
            }
            Err(NotAUrl) => format!("{text}  not a URL\n"),
        });
        expected.assert_eq(&shown.collect::<String>());
    }

    #[test]
    fn servers() {
        check(
            HTTP,
            &[
                "http://127.0.0.1:8000",
                "http://fleet.example/",
                "https://fleet.example/a/b/?c#d",
                "https://[::1]:8443/x",
                "http://[::1]",
                "http://[::1]:",
                "",
                "fleet.example",
                "ftp://a",
                "mqtt://a",
                "http://",
                "http://:80",
                "http://u:p@host",
                "http://host:+1",
                "http://host:0",
                "http://host:65536",
                "http://[::1",
                "http://[::1]x",
            ],
            expect![[r#"
                http://127.0.0.1:8000  127.0.0.1 8000 ""
                http://fleet.example/  fleet.example 80 ""
                https://fleet.example/a/b/?c#d  fleet.example 443 "/a/b"  tls
                https://[::1]:8443/x  ::1 8443 "/x"  tls
                http://[::1]  ::1 80 ""
                http://[::1]:  ::1 80 ""
                  not a URL
                fleet.example  not a URL
                ftp://a  not a URL
                mqtt://a  not a URL
                http://  not a URL
                http://:80  not a URL
                http://u:p@host  not a URL
                http://host:+1  not a URL
                http://host:0  not a URL
                http://host:65536  not a URL
                http://[::1  not a URL
                http://[::1]x  not a URL
            "#]],
        );
    }

    #[test]
    fn brokers() {
        check(
            MQTT,
            &[
                "mqtt://broker",
                "mqtt://broker:",
                "mqtt://10.0.0.1:1884",
                "mqtt://broker.local/path?and#more",
                "mqtts://broker",
                "mqtts://broker:8884",
                "http://broker",
            ],
            expect![[r#"
                mqtt://broker  broker 1883 ""
                mqtt://broker:  broker 1883 ""
                mqtt://10.0.0.1:1884  10.0.0.1 1884 ""
                mqtt://broker.local/path?and#more  broker.local 1883 "/path"
                mqtts://broker  broker 8883 ""  tls
                mqtts://broker:8884  broker 8884 ""  tls
                http://broker  not a URL
            "#]],
        );
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_taken_or_refused(rest in "\\PC{0,160}") {
            if let Ok(Url { host, port, .. }) = Url::parse(&format!("mqtt://{rest}"), MQTT) {
                prop_assert!(port != 0 && !host.is_empty() && rest.contains(host));
            }
        }
    }
}
