//! Events as text: a row of the console, and the JSON of event stream, WebREPL and MQTT.

use core::fmt;
use core::net::Ipv4Addr;

use crate::config::Wifi;
use crate::event::{Attempted, Event, Record};
use crate::net::{Mac, Ssid};
use crate::text::{Hex, JsonString, Quoted};

/// A row of `NET:EVENTS`: `seq=7 ms=1203 STA_GOT_IP ip=10.0.0.2`.
#[derive(Clone, Copy, Debug)]
pub struct EventRow<'a> {
    /// The event.
    pub record: &'a Record,
    /// Where the names of attempted networks stand.
    pub wifi: &'a Wifi,
}

impl fmt::Display for EventRow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record { seq, at_ms, event } = self.record;
        write!(f, "seq={seq} ms={at_ms} {}", event.name())?;
        each_field(event, &mut |key, value| {
            write!(f, " {key}=")?;
            match value {
                Value::Ssid(ssid) => write!(f, "{}", Quoted(ssid.as_bytes())),
                Value::Mac(mac) => write!(f, "{mac}"),
                Value::Ip(ip) => write!(f, "{ip}"),
                Value::Number(number) => write!(f, "{number}"),
                Value::Word(word) => f.write_str(word.unwrap_or("none")),
                Value::Networks(attempted) => list(f, attempted, self.wifi, |f, ssid| {
                    write!(f, "{}", Quoted(ssid.as_bytes()))
                }),
            }
        })
    }
}

/// An event as a JSON object:
/// `{"seq":7,"ms":1203,"event":"STA_GOT_IP","ip":"10.0.0.2"}`. A name that is not UTF-8 has
/// its bytes beside it, as in `"ssid_hex"`.
#[derive(Clone, Copy, Debug)]
pub struct EventJson<'a> {
    /// The event.
    pub record: &'a Record,
    /// Where the names of attempted networks stand.
    pub wifi: &'a Wifi,
}

impl fmt::Display for EventJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Record { seq, at_ms, event } = self.record;
        write!(
            f,
            r#"{{"seq":{seq},"ms":{at_ms},"event":"{}""#,
            event.name()
        )?;
        each_field(event, &mut |key, value| {
            write!(f, r#","{key}":"#)?;
            match value {
                Value::Ssid(ssid) => json_ssid(f, key, &ssid),
                Value::Mac(mac) => write!(f, "\"{mac}\""),
                Value::Ip(ip) => write!(f, "\"{ip}\""),
                Value::Number(number) => write!(f, "{number}"),
                Value::Word(Some(word)) => write!(f, "\"{word}\""),
                Value::Word(None) => f.write_str("null"),
                Value::Networks(attempted) => list(f, attempted, self.wifi, |f, ssid| {
                    write!(f, "{}", JsonString(ssid.as_bytes()))
                }),
            }
        })?;
        f.write_str("}")
    }
}

fn json_ssid(f: &mut fmt::Formatter<'_>, key: &str, ssid: &Ssid) -> fmt::Result {
    write!(f, "{}", JsonString(ssid.as_bytes()))?;
    if ssid.as_str().is_none() {
        write!(f, r#","{key}_hex":"{}""#, Hex(ssid.as_bytes()))?;
    }
    Ok(())
}

/// Writes the networks that are still known between brackets, with commas.
fn list(
    f: &mut fmt::Formatter<'_>,
    attempted: Attempted,
    wifi: &Wifi,
    each: impl Fn(&mut fmt::Formatter<'_>, &Ssid) -> fmt::Result,
) -> fmt::Result {
    f.write_str("[")?;
    let known = attempted
        .ids()
        .iter()
        .filter_map(|id| wifi.network_by_id(*id));
    for (n, network) in known.enumerate() {
        if n > 0 {
            f.write_str(",")?;
        }
        each(f, &network.ssid)?;
    }
    f.write_str("]")
}

/// What a member of an event holds.
enum Value {
    Ssid(Ssid),
    Mac(Mac),
    Ip(Ipv4Addr),
    Number(i64),
    Word(Option<&'static str>),
    Networks(Attempted),
}

/// Gives the members of an event, by the names that every door uses.
fn each_field(
    event: &Event,
    give: &mut dyn FnMut(&'static str, Value) -> fmt::Result,
) -> fmt::Result {
    match *event {
        Event::StaStart | Event::StaLostIp | Event::ApStop => Ok(()),
        Event::StaConnected {
            ssid,
            bssid,
            channel,
            rssi,
        } => {
            give("ssid", Value::Ssid(ssid))?;
            give("bssid", Value::Mac(bssid))?;
            give("channel", Value::Number(channel.number().into()))?;
            give("rssi", Value::Number(rssi.into()))
        }
        Event::StaDisconnected {
            ssid,
            class,
            reason,
        } => {
            give("ssid", Value::Ssid(ssid))?;
            give("class", Value::Word(Some(class.name())))?;
            give("reason", Value::Number(reason.number().into()))
        }
        Event::StaGotIp { ip } => give("ip", Value::Ip(ip)),
        Event::ApStart { ssid } | Event::Disconnected { ssid } => give("ssid", Value::Ssid(ssid)),
        Event::ApFailed { class } => give("class", Value::Word(Some(class.name()))),
        Event::ApStaConnected { mac } | Event::ApStaDisconnected { mac } => {
            give("mac", Value::Mac(mac))
        }
        Event::Connected { ssid, ip } => {
            give("ssid", Value::Ssid(ssid))?;
            give("ip", Value::Ip(ip))
        }
        Event::ApStarted { essid } => give("essid", Value::Ssid(essid)),
        Event::ConnectionFailed { attempted } => {
            give("attempted_networks", Value::Networks(attempted))
        }
        Event::ConfigApplied { version } => give("version", Value::Number(version.into())),
        Event::ConfigReverted { version, class } => {
            give("version", Value::Number(version.into()))?;
            give("class", Value::Word(class.map(|class| class.name())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{KnownNetwork, Security};
    use crate::event::{History, NetworkId};
    use crate::net::Channel;
    use crate::radio::{FailureClass, Reason};
    use expect_test::expect;
    use std::fmt::Write as _;
    use std::string::String;

    fn ssid(name: &[u8]) -> Ssid {
        Ssid::new(name).unwrap()
    }

    fn wifi() -> Wifi {
        let mut wifi = Wifi::default();
        for (n, name) in [b"home".as_slice(), b"my \"cafe\""].into_iter().enumerate() {
            let mut network = KnownNetwork::new(ssid(name), Security::Open);
            network.id = NetworkId(n as u8);
            wifi.networks.push(network).unwrap();
        }
        wifi
    }

    /// One event of each kind.
    fn events() -> impl Iterator<Item = Event> {
        let (home, mac) = (ssid(b"home"), Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]));
        let ip = Ipv4Addr::new(10, 0, 0, 2);
        let class = FailureClass::WrongPassword;
        let mut attempted = Attempted::default();
        for id in [1, 0, 9] {
            attempted.push(NetworkId(id));
        }
        [
            Event::StaStart,
            Event::StaConnected {
                ssid: home,
                bssid: mac,
                channel: Channel::ONE,
                rssi: -48,
            },
            Event::StaDisconnected {
                ssid: ssid(b"a\r\n\"\xff"),
                class,
                reason: Reason::Code(15),
            },
            Event::StaGotIp { ip },
            Event::StaLostIp,
            Event::ApStart { ssid: home },
            Event::ApStop,
            Event::ApFailed { class },
            Event::ApStaConnected { mac },
            Event::ApStaDisconnected { mac },
            Event::Connected { ssid: home, ip },
            Event::Disconnected { ssid: home },
            Event::ApStarted { essid: home },
            Event::ConnectionFailed { attempted },
            Event::ConnectionFailed {
                attempted: Attempted::default(),
            },
            Event::ConfigApplied { version: 3 },
            Event::ConfigReverted {
                version: 4,
                class: Some(class),
            },
            Event::ConfigReverted {
                version: 5,
                class: None,
            },
        ]
        .into_iter()
    }

    fn check(text: impl Fn(&Record, &Wifi) -> String, expected: expect_test::Expect) {
        let (mut history, mut all) = (History::new(), String::new());
        for (n, event) in events().enumerate() {
            let record = history.push(n as u64 * 100, event);
            writeln!(all, "{}", text(&record, &wifi())).unwrap();
        }
        expected.assert_eq(&all);
    }

    #[test]
    fn rows() {
        check(
            |record, wifi| std::format!("{}", EventRow { record, wifi }),
            expect![[r#"
                seq=1 ms=0 STA_START
                seq=2 ms=100 STA_CONNECTED ssid="home" bssid=24:6F:28:56:78:9A channel=1 rssi=-48
                seq=3 ms=200 STA_DISCONNECTED ssid="a\x0D\x0A\"\xFF" class=wrong_password reason=15
                seq=4 ms=300 STA_GOT_IP ip=10.0.0.2
                seq=5 ms=400 STA_LOST_IP
                seq=6 ms=500 AP_START ssid="home"
                seq=7 ms=600 AP_STOP
                seq=8 ms=700 AP_FAILED class=wrong_password
                seq=9 ms=800 AP_STACONNECTED mac=24:6F:28:56:78:9A
                seq=10 ms=900 AP_STADISCONNECTED mac=24:6F:28:56:78:9A
                seq=11 ms=1000 connected ssid="home" ip=10.0.0.2
                seq=12 ms=1100 disconnected ssid="home"
                seq=13 ms=1200 ap_started essid="home"
                seq=14 ms=1300 connection_failed attempted_networks=["my \"cafe\"","home"]
                seq=15 ms=1400 connection_failed attempted_networks=[]
                seq=16 ms=1500 CONFIG_APPLIED version=3
                seq=17 ms=1600 CONFIG_REVERTED version=4 class=wrong_password
                seq=18 ms=1700 CONFIG_REVERTED version=5 class=none
            "#]],
        );
    }

    #[test]
    fn json() {
        check(
            |record, wifi| std::format!("{}", EventJson { record, wifi }),
            expect![[r#"
                {"seq":1,"ms":0,"event":"STA_START"}
                {"seq":2,"ms":100,"event":"STA_CONNECTED","ssid":"home","bssid":"24:6F:28:56:78:9A","channel":1,"rssi":-48}
                {"seq":3,"ms":200,"event":"STA_DISCONNECTED","ssid":"a\u000d\u000a\"�","ssid_hex":"610d0a22ff","class":"wrong_password","reason":15}
                {"seq":4,"ms":300,"event":"STA_GOT_IP","ip":"10.0.0.2"}
                {"seq":5,"ms":400,"event":"STA_LOST_IP"}
                {"seq":6,"ms":500,"event":"AP_START","ssid":"home"}
                {"seq":7,"ms":600,"event":"AP_STOP"}
                {"seq":8,"ms":700,"event":"AP_FAILED","class":"wrong_password"}
                {"seq":9,"ms":800,"event":"AP_STACONNECTED","mac":"24:6F:28:56:78:9A"}
                {"seq":10,"ms":900,"event":"AP_STADISCONNECTED","mac":"24:6F:28:56:78:9A"}
                {"seq":11,"ms":1000,"event":"connected","ssid":"home","ip":"10.0.0.2"}
                {"seq":12,"ms":1100,"event":"disconnected","ssid":"home"}
                {"seq":13,"ms":1200,"event":"ap_started","essid":"home"}
                {"seq":14,"ms":1300,"event":"connection_failed","attempted_networks":["my \"cafe\"","home"]}
                {"seq":15,"ms":1400,"event":"connection_failed","attempted_networks":[]}
                {"seq":16,"ms":1500,"event":"CONFIG_APPLIED","version":3}
                {"seq":17,"ms":1600,"event":"CONFIG_REVERTED","version":4,"class":"wrong_password"}
                {"seq":18,"ms":1700,"event":"CONFIG_REVERTED","version":5,"class":null}
            "#]],
        );
    }
}
