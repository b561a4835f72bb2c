//! Which members of a configuration somebody else has laid over, and what the device's owner had there:
//! what is laid over is taken away again some day, and the owner's values stand again.

use super::section::Section;
use super::{Config, ConfigRef};
use crate::json::Value;

/// Members of a configuration, by their places in a table that only grows: the number is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemberSet(u64);

/// One member that may be laid over.
struct Member {
    section: Section,
    /// The names that a document may have it by.
    names: &'static [&'static str],
    copy: fn(ConfigRef<'_>, &mut Config),
}

impl MemberSet {
    /// The members that a document names. Known networks and the fleet's own section are none of
    /// them: nobody lays anything over those.
    pub fn named_in(settings: Value<'_>) -> Self {
        let is_named = |member: &&Member| {
            let under = |section: Section| settings.member(section.name());
            let object = if member.section == Section::Root {
                Some(settings)
            } else if member.section == Section::ApConfig {
                let name = Section::ApConfig.name();
                under(Section::AccessPoint).and_then(|section| section.member(name))
            } else {
                under(member.section)
            };
            let names = member.names.iter();
            let mut values = names.filter_map(|name| object?.member(name));
            values.any(|value| !value.is_null())
        };
        let named = MEMBERS.iter().enumerate().filter(|(_, one)| is_named(one));
        Self(named.fold(0, |bits, (place, _)| bits | 1 << place))
    }

    /// The members of both.
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Copies these members.
    pub fn copy(self, from: ConfigRef<'_>, to: &mut Config) {
        for (place, member) in MEMBERS.iter().enumerate() {
            if self.0 & 1 << place != 0 {
                (member.copy)(from, to);
            }
        }
    }

    /// As it is stored.
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    /// From what was stored. A member of a later version is none here.
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(bytes))
    }
}

const fn member(
    section: Section,
    names: &'static [&'static str],
    copy: fn(ConfigRef<'_>, &mut Config),
) -> Member {
    Member {
        section,
        names,
        copy,
    }
}

/// Everything that may be laid over. The places are stored: never change one, add at the end.
const MEMBERS: &[Member] = &[
    member(Section::Root, &["hostname"], |from, to| {
        to.services.hostname.clone_from(&from.services.hostname);
    }),
    member(
        Section::ApConfig,
        &["dhcp_hostname", "hostname"],
        |from, to| {
            to.services.hostname.clone_from(&from.services.hostname);
        },
    ),
    member(Section::Root, &["device_name"], |from, to| {
        to.services
            .device_name
            .clone_from(&from.services.device_name);
    }),
    member(Section::Root, &["mode"], |from, to| {
        to.wifi.mode = from.wifi.mode;
    }),
    member(Section::Root, &["internet_probe_url"], |from, to| {
        let url = &from.services.internet_probe_url;
        to.services.internet_probe_url.clone_from(url);
    }),
    member(Section::Root, &["log_level"], |from, to| {
        to.services.log_level = from.services.log_level;
    }),
    member(
        Section::ApConfig,
        &["essid", "ssid", "ssid_hex"],
        |from, to| {
            to.wifi.ap.ssid = from.wifi.ap.ssid;
        },
    ),
    member(Section::ApConfig, &["password", "key"], |from, to| {
        to.wifi.ap.security = from.wifi.ap.security.clone();
    }),
    member(Section::ApConfig, &["channel"], |from, to| {
        to.wifi.ap.channel = from.wifi.ap.channel;
    }),
    member(Section::ApConfig, &["hidden"], |from, to| {
        to.wifi.ap.hidden = from.wifi.ap.hidden;
    }),
    member(Section::ApConfig, &["max_clients"], |from, to| {
        to.wifi.ap.max_clients = from.wifi.ap.max_clients;
    }),
    member(Section::AccessPoint, &["enables_webrepl"], |from, to| {
        to.wifi.ap.enables_webrepl = from.wifi.ap.enables_webrepl;
    }),
    member(Section::AccessPoint, &["start_policy"], |from, to| {
        to.wifi.ap.start_policy = from.wifi.ap.start_policy;
    }),
    member(Section::ConfigServer, &["enabled"], |from, to| {
        to.services.config_server_enabled = from.services.config_server_enabled;
    }),
    member(Section::ConfigServer, &["password"], |from, to| {
        let password = &from.services.config_server_password;
        to.services.config_server_password.clone_from(password);
    }),
    member(Section::Webrepl, &["password"], |from, to| {
        let password = &from.services.webrepl_password;
        to.services.webrepl_password.clone_from(password);
    }),
    member(Section::Portal, &["station_writes"], |from, to| {
        to.services.station_writes = from.services.station_writes;
    }),
    member(Section::Portal, &["ap_address"], |from, to| {
        to.wifi.ap.address = from.wifi.ap.address;
    }),
    member(Section::Station, &["connect_timeout_ms"], |from, to| {
        to.wifi.station.connect_timeout_ms = from.wifi.station.connect_timeout_ms;
    }),
    member(Section::Station, &["max_retry"], |from, to| {
        to.wifi.station.max_retry = from.wifi.station.max_retry;
    }),
    member(Section::Station, &["fallback_deadline_ms"], |from, to| {
        to.wifi.station.fallback_deadline_ms = from.wifi.station.fallback_deadline_ms;
    }),
    member(Section::Mqtt, &["url"], |from, to| {
        to.services.mqtt_url.clone_from(&from.services.mqtt_url);
    }),
    member(Section::Mqtt, &["user"], |from, to| {
        to.services.mqtt_user.clone_from(&from.services.mqtt_user);
    }),
    member(Section::Mqtt, &["password"], |from, to| {
        let password = &from.services.mqtt_password;
        to.services.mqtt_password.clone_from(password);
    }),
    member(Section::Mqtt, &["commands"], |from, to| {
        to.services.mqtt_commands = from.services.mqtt_commands;
    }),
    member(Section::Radio, &["country"], |from, to| {
        to.services.country = from.services.country;
    }),
    member(Section::Radio, &["tx_power_dbm"], |from, to| {
        to.services.tx_power_dbm = from.services.tx_power_dbm;
    }),
    member(Section::ApConfig, &["txpower"], |from, to| {
        to.services.tx_power_dbm = from.services.tx_power_dbm;
    }),
    member(Section::Led, &["pin"], |from, to| {
        to.services.led_pin = from.services.led_pin;
    }),
    member(Section::Led, &["active_low"], |from, to| {
        to.services.led_active_low = from.services.led_active_low;
    }),
];

const _: () = assert!(MEMBERS.len() <= u64::BITS as usize);

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};

    use expect_test::{Expect, expect};

    use super::super::fields::Row;
    use super::super::{Defaults, Secrets, load, overlay};
    use super::*;

    /// Every member of the document that is no list, and neither the fleet's own nor kept as it
    /// stands.
    fn rows(section: Section, each: &mut dyn FnMut(Section, &'static str)) {
        for row in section.rows() {
            match row {
                Row::Section(Section::Fleet) | Row::Schema | Row::Networks | Row::ApAuth => {}
                Row::Section(section) => rows(*section, each),
                Row::ApSsid | Row::ApPassword | Row::Field(_) => {
                    row.names().iter().for_each(|name| each(section, name));
                }
            }
        }
    }

    #[test]
    fn every_member_of_the_document_can_be_laid_over() {
        let (mut seen, mut missing) = (0, String::new());
        rows(Section::Root, &mut |section, name| {
            let is_it = |one: &Member| one.section == section && one.names.contains(&name);
            seen += 1;
            if !MEMBERS.iter().any(is_it) {
                missing += name;
            }
        });
        assert_eq!(missing, "");
        let names: usize = MEMBERS.iter().map(|member| member.names.len()).sum();
        assert_eq!(seen, names, "the table names nothing else");
    }

    /// Lays one document after the other over the owner's configuration, each in place of the one
    /// before, and shows what the device has.
    fn check(own: &str, layers: &[&str], expected: Expect) {
        let own = std::format!(r#"{{"schema":2,"known_networks":[],"access_point":{{}},{own}}}"#);
        let mut now = load(own.as_bytes(), &Defaults::default(), &mut |warning| {
            panic!("{warning}")
        });
        let mut before = Config::default();
        let mut laid = MemberSet::default();
        let mut seen = String::new();
        for layer in layers {
            let settings = crate::json::parse(layer.as_bytes()).unwrap();
            laid.copy(before.as_ref(), &mut now);
            laid = MemberSet::named_in(settings);
            before = Config::default();
            laid.copy(now.as_ref(), &mut before);
            let base = now.clone();
            overlay(settings, base.as_ref(), &mut now).unwrap();
            let shown = now.as_ref().json(Secrets::Clear).to_string();
            seen += &std::format!("{layer}\n  {shown}\n");
        }
        expected.assert_eq(&seen);
    }

    #[test]
    fn what_is_taken_away_leaves_the_owners_value() {
        check(
            r#""hostname":"mine","station":{"max_retry":7},"mqtt":{"url":"mqtt://own"}"#,
            &[
                r#"{"station":{"max_retry":3,"connect_timeout_ms":5000},"log_level":"debug"}"#,
                r#"{"station":{"connect_timeout_ms":6000},"mqtt":{"url":"mqtt://fleet","user":"f"}}"#,
                r#"{"hostname":"theirs","access_point":{"config":{"channel":11,"essid":"Hall","password":"Password2"}}}"#,
                "{}",
            ],
            expect![[r#"
                {"station":{"max_retry":3,"connect_timeout_ms":5000},"log_level":"debug"}
                  {"schema":2,"hostname":"mine","mode":"sta_ap","known_networks":[],"access_point":{"config":{"hidden":false,"max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":false},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":5000,"max_retry":3,"fallback_deadline_ms":15000},"fleet":{},"mqtt":{"url":"mqtt://own","commands":false},"radio":{},"led":{},"log_level":"debug"}
                {"station":{"connect_timeout_ms":6000},"mqtt":{"url":"mqtt://fleet","user":"f"}}
                  {"schema":2,"hostname":"mine","mode":"sta_ap","known_networks":[],"access_point":{"config":{"hidden":false,"max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":false},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":6000,"max_retry":7,"fallback_deadline_ms":15000},"fleet":{},"mqtt":{"url":"mqtt://fleet","user":"f","commands":false},"radio":{},"led":{},"log_level":"info"}
                {"hostname":"theirs","access_point":{"config":{"channel":11,"essid":"Hall","password":"Password2"}}}
                  {"schema":2,"hostname":"theirs","mode":"sta_ap","known_networks":[],"access_point":{"config":{"essid":"Hall","channel":11,"hidden":false,"password":"Password2","max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":false},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":10000,"max_retry":7,"fallback_deadline_ms":15000},"fleet":{},"mqtt":{"url":"mqtt://own","commands":false},"radio":{},"led":{},"log_level":"info"}
                {}
                  {"schema":2,"hostname":"mine","mode":"sta_ap","known_networks":[],"access_point":{"config":{"hidden":false,"max_clients":4},"enables_webrepl":false,"start_policy":"fallback"},"config_server":{"enabled":false},"webrepl":{},"portal":{"station_writes":false,"ap_address":"192.168.4.1/24"},"station":{"connect_timeout_ms":10000,"max_retry":7,"fallback_deadline_ms":15000},"fleet":{},"mqtt":{"url":"mqtt://own","commands":false},"radio":{},"led":{},"log_level":"info"}
            "#]],
        );
    }
}
