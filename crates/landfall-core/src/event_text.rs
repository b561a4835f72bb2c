//! Events as text: a row of the console, and the JSON of event stream, WebREPL and MQTT.

use core::fmt::{self, Write};
use core::net::Ipv4Addr;

use crate::config::Wifi;
use crate::event::{Attempted, Event, Label, Record};
use crate::net::{Mac, Ssid};
use crate::text::{self, Form, Hex};

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
        Fields {
            out: f,
            wifi: self.wifi,
            form: Form::Console,
        }
        .put_all(event)
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
        Fields {
            out: f,
            wifi: self.wifi,
            form: Form::Json,
        }
        .put_all(event)?;
        f.write_str("}")
    }
}

/// What a member of an event holds.
enum Value<'a> {
    Ssid(&'a Ssid),
    Label(&'a Label),
    Mac(&'a Mac),
    Ip(&'a Ipv4Addr),
    Number(u32),
    Dbm(i8),
    Word(Option<&'static str>),
    Networks(&'a Attempted),
}

/// Writes the members of an event.
struct Fields<'w, 'a> {
    out: &'w mut dyn Write,
    wifi: &'a Wifi,
    form: Form,
}

impl Fields<'_, '_> {
    /// By the names that every door uses.
    fn put_all(&mut self, event: &Event) -> fmt::Result {
        match event {
            Event::StaStart | Event::StaLostIp | Event::ApStop | Event::SessionEnded => Ok(()),
            Event::StaConnected {
                ssid,
                bssid,
                channel,
                rssi,
            } => {
                self.put("ssid", Value::Ssid(ssid))?;
                self.put("bssid", Value::Mac(bssid))?;
                self.put("channel", Value::Number(channel.number().into()))?;
                self.put("rssi", Value::Dbm(*rssi))
            }
            Event::StaDisconnected {
                ssid,
                class,
                reason,
            } => {
                self.put("ssid", Value::Ssid(ssid))?;
                self.put("class", Value::Word(Some(class.name())))?;
                self.put("reason", Value::Number(reason.number().into()))
            }
            Event::StaGotIp { ip } => self.put("ip", Value::Ip(ip)),
            Event::ApStart { ssid } | Event::Disconnected { ssid } => {
                self.put("ssid", Value::Ssid(ssid))
            }
            Event::ApFailed { class } => self.put("class", Value::Word(Some(class.name()))),
            Event::ApStaConnected { mac } | Event::ApStaDisconnected { mac } => {
                self.put("mac", Value::Mac(mac))
            }
            Event::Connected { ssid, ip } => {
                self.put("ssid", Value::Ssid(ssid))?;
                self.put("ip", Value::Ip(ip))
            }
            Event::ApStarted { essid } => self.put("essid", Value::Ssid(essid)),
            Event::ConnectionFailed { attempted } => {
                self.put("attempted_networks", Value::Networks(attempted))
            }
            Event::ConfigApplied { version } => self.put("version", Value::Number(*version)),
            Event::ConfigReverted { version, class } => {
                self.put("version", Value::Number(*version))?;
                self.put("class", Value::Word(class.map(|class| class.name())))
            }
            Event::SessionStarted { course } => self.put("course", Value::Label(course)),
            Event::Crashed { cause, place } => {
                self.put("cause", Value::Word(Some(cause.name())))?;
                self.put("at", Value::Label(place))
            }
        }
    }

    fn put(&mut self, key: &str, value: Value<'_>) -> fmt::Result {
        let (before, between, quote) = match self.form {
            Form::Console => (" ", "=", ""),
            Form::Json => (",\"", "\":", "\""),
        };
        for part in [before, key, between] {
            self.out.write_str(part)?;
        }
        let value: &dyn fmt::Display = match &value {
            Value::Ssid(ssid) => return self.ssid(key, ssid),
            Value::Label(course) => return self.name(course.as_bytes()),
            Value::Number(number) => return text::write_number(*number, self.out),
            Value::Dbm(dbm) => return text::write_dbm(*dbm, self.out),
            Value::Networks(attempted) => return self.networks(attempted),
            Value::Word(None) => {
                return self.out.write_str(match self.form {
                    Form::Console => "none",
                    Form::Json => "null",
                });
            }
            Value::Word(Some(word)) => word,
            Value::Mac(mac) => mac,
            Value::Ip(ip) => ip,
        };
        write!(self.out, "{quote}{value}{quote}")
    }

    fn ssid(&mut self, key: &str, ssid: &Ssid) -> fmt::Result {
        self.name(ssid.as_bytes())?;
        if self.form == Form::Json && ssid.as_str().is_none() {
            write!(self.out, r#","{key}_hex":"{}""#, Hex(ssid.as_bytes()))?;
        }
        Ok(())
    }

    fn name(&mut self, name: &[u8]) -> fmt::Result {
        text::quote(name, self.form, self.out)
    }

    /// The networks that are still known, between brackets, with commas.
    fn networks(&mut self, attempted: &Attempted) -> fmt::Result {
        let mut before = "[";
        for id in attempted.ids() {
            if let Some(network) = self.wifi.network_by_id(*id) {
                self.out.write_str(before)?;
                self.name(network.ssid.as_bytes())?;
                before = ",";
            }
        }
        self.out.write_str(if before == "[" { "[]" } else { "]" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{KnownNetwork, NetworkId, Security};
    use crate::event::History;
    use crate::net::Channel;
    use crate::radio::{FailureClass, Reason};
    use expect_test::expect;
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
                {"seq":3,"ms":200,"event":"STA_DISCONNECTED","ssid":"a\r\n\"�","ssid_hex":"610d0a22ff","class":"wrong_password","reason":15}
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
