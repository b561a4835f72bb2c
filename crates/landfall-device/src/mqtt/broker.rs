//! Where the broker is: the URL of the configuration, taken apart.

use core::net::{IpAddr, SocketAddr};

use edge_nal::{AddrType, Dns};
use heapless::String;
use landfall_core::config::URL_MAX;

/// The port where the URL names none (registered with IANA).
pub const PORT: u16 = 1883;

/// A broker that can be spoken to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    host: String<URL_MAX>,
    port: u16,
}

/// Why a URL leads to no broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoBroker {
    /// It is `mqtts:`; TLS is not spoken here.
    Tls,
    /// It names no host, or a port that is none.
    Malformed,
}

impl Broker {
    /// From `mqtt://<host>[:<port>][/…]`; a path has no meaning and is passed over. An IPv6 address
    /// stands in brackets (RFC 3986 §3.2.2).
    ///
    /// # Errors
    /// See [`NoBroker`].
    pub fn parse(url: &str) -> Result<Self, NoBroker> {
        let Some(rest) = url.strip_prefix("mqtt://") else {
            let tls = url.starts_with("mqtts://");
            return Err(if tls {
                NoBroker::Tls
            } else {
                NoBroker::Malformed
            });
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, port) = split(&rest[..end]).ok_or(NoBroker::Malformed)?;
        if host.is_empty() || host.contains('@') {
            return Err(NoBroker::Malformed);
        }
        Ok(Self {
            host: String::try_from(host).map_err(|_| NoBroker::Malformed)?,
            port,
        })
    }

    /// Its address, looked up where it has a name.
    ///
    /// # Errors
    /// What the resolver says.
    pub async fn address<D: Dns>(&self, resolver: &D) -> Result<SocketAddr, D::Error> {
        let ip = match self.host.parse::<IpAddr>() {
            Ok(ip) => ip,
            Err(_) => {
                resolver
                    .get_host_by_name(&self.host, AddrType::IPv4)
                    .await?
            }
        };
        Ok(SocketAddr::new(ip, self.port))
    }
}

/// Host and port of `<host>[:<port>]`.
fn split(authority: &str) -> Option<(&str, u16)> {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            let port = match rest {
                "" => None,
                _ => Some(rest.strip_prefix(':')?),
            };
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        None | Some("") => PORT,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok()?,
        Some(_) => return None,
    };
    (port != 0).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use proptest::prelude::*;
    use std::format;
    use std::string::String;

    #[test]
    fn urls() {
        let shown: String = [
            "mqtt://broker",
            "mqtt://10.0.0.1:1884",
            "mqtt://broker.local/path?and#more",
            "mqtt://broker:",
            "mqtt://[::1]:1885",
            "mqtt://[::1]",
            "mqtt://[::1",
            "mqtt://[::1]x",
            "mqtt://",
            "mqtt://:1883",
            "mqtt://a@b",
            "mqtt://broker:0",
            "mqtt://broker:65536",
            "mqtt://broker:+1",
            "mqtts://broker",
            "http://broker",
            "",
        ]
        .into_iter()
        .map(|url| match Broker::parse(url) {
            Ok(Broker { host, port }) => format!("{url}  {host} {port}\n"),
            Err(why) => format!("{url}  {why:?}\n"),
        })
        .collect();
        expect![[r#"
            mqtt://broker  broker 1883
            mqtt://10.0.0.1:1884  10.0.0.1 1884
            mqtt://broker.local/path?and#more  broker.local 1883
            mqtt://broker:  broker 1883
            mqtt://[::1]:1885  ::1 1885
            mqtt://[::1]  ::1 1883
            mqtt://[::1  Malformed
            mqtt://[::1]x  Malformed
            mqtt://  Malformed
            mqtt://:1883  Malformed
            mqtt://a@b  Malformed
            mqtt://broker:0  Malformed
            mqtt://broker:65536  Malformed
            mqtt://broker:+1  Malformed
            mqtts://broker  Tls
            http://broker  Malformed
              Malformed
        "#]]
        .assert_eq(&shown);
    }

    proptest! {
        #[test]
        fn whatever_stands_there_is_taken_or_refused(rest in "\\PC{0,160}") {
            if let Ok(Broker { host, port }) = Broker::parse(&format!("mqtt://{rest}")) {
                prop_assert!(port != 0 && !host.is_empty() && rest.contains(host.as_str()));
            }
        }
    }
}
