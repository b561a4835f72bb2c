//! The members of a configuration document, in one table: what is read, saved, written and known
//! is made of it.
//!
//! A function of a row is a few bytes that call one of [`values`] or of [`Members`] with the
//! field's place: what all fields of a kind have in common is there once.

use core::fmt;
use core::ops::RangeInclusive;

use super::members::Members;
use super::reason::{Reason, Unit};
use super::section::Section;
use super::values::{self, Parsed};
use super::{
    AP_CLIENTS_MAX, CA_PEM_MAX, CLAIM_MAX, CONNECT_TIMEOUT_MS, Config, ConfigRef, DEVICE_NAME_MAX,
    FALLBACK_DEADLINE_MS, LED_PIN_MAX, MAX_RETRY, MQTT_CREDENTIAL_MAX, TX_POWER_DBM,
};
use crate::json::Value;
use crate::net::{Channel, Hostname};

/// One member of an object of the document.
pub(super) enum Row {
    /// The schema's number.
    Schema,
    /// The list of known networks.
    Networks,
    /// An object in it.
    Section(Section),
    /// The access point's name, as text or in hexadecimal digits.
    ApSsid,
    /// How the access point lets in.
    ApPassword,
    /// What MicroPython says of that; it is kept.
    ApAuth,
    /// One value.
    Field(Field),
}

/// One value of the document.
pub(super) struct Field {
    /// The names it may have. It is written under the first.
    pub(super) names: &'static [&'static str],
    /// Puts the value in its place, or says what is wrong with it. A mask stands for the secret of
    /// the last argument.
    pub(super) read: fn(Value<'_>, &mut Config, Option<&ConfigRef<'_>>) -> Parsed<()>,
    /// Writes the value, or nothing where there is none.
    pub(super) write: fn(&ConfigRef<'_>, &mut Members<'_>) -> fmt::Result,
}

impl Row {
    /// The names of the member.
    pub(super) fn names(&self) -> &[&'static str] {
        match self {
            Self::Schema => &["schema"],
            Self::Networks => &["known_networks"],
            Self::Section(section) => section.names(),
            Self::ApSsid => &["essid", "ssid", "ssid_hex"],
            Self::ApPassword => &["password", "key"],
            Self::ApAuth => &["authmode", "security"],
            Self::Field(field) => field.names,
        }
    }
}

impl Section {
    /// Its members, in the order in which they are written.
    pub(super) const fn rows(self) -> &'static [&'static Row] {
        match self {
            Self::Root => &[
                SCHEMA,
                HOSTNAME,
                DEVICE_NAME,
                MODE,
                NETWORKS,
                ACCESS_POINT,
                CONFIG_SERVER,
                WEBREPL,
                PORTAL,
                STATION,
                FLEET,
                MQTT,
                PROBE,
                RADIO,
                LED,
                LOG_LEVEL,
            ],
            Self::AccessPoint => ACCESS_POINT_ROWS,
            Self::ApConfig => &[
                SSID, CHANNEL, HIDDEN, PASSWORD, CLIENTS, AUTH, DHCP, TXPOWER,
            ],
            Self::ConfigServer => CONFIG_SERVER_ROWS,
            Self::Webrepl => WEBREPL_ROWS,
            Self::Station => STATION_ROWS,
            Self::Portal => PORTAL_ROWS,
            Self::Fleet => FLEET_ROWS,
            Self::Mqtt => MQTT_ROWS,
            Self::Radio => RADIO_ROWS,
            Self::Led => LED_ROWS,
        }
    }

    /// Its members, in the order in which they are read: what MicroPython says of the whole device
    /// in the access point's `config` holds unless the member of our own says more.
    pub(super) const fn rows_as_read(self) -> &'static [&'static Row] {
        match self {
            Self::Root => &[
                MODE,
                NETWORKS,
                ACCESS_POINT,
                STATION,
                HOSTNAME,
                DEVICE_NAME,
                LOG_LEVEL,
                PROBE,
                CONFIG_SERVER,
                WEBREPL,
                PORTAL,
                FLEET,
                MQTT,
                RADIO,
                LED,
            ],
            Self::ApConfig => &[
                SSID, CHANNEL, HIDDEN, CLIENTS, PASSWORD, AUTH, DHCP, TXPOWER,
            ],
            Self::AccessPoint
            | Self::ConfigServer
            | Self::Webrepl
            | Self::Station
            | Self::Portal
            | Self::Fleet
            | Self::Mqtt
            | Self::Radio
            | Self::Led => self.rows(),
        }
    }
}

const SCHEMA: &Row = &Row::Schema;
const NETWORKS: &Row = &Row::Networks;
const ACCESS_POINT: &Row = &Row::Section(Section::AccessPoint);
const CONFIG_SERVER: &Row = &Row::Section(Section::ConfigServer);
const WEBREPL: &Row = &Row::Section(Section::Webrepl);
const PORTAL: &Row = &Row::Section(Section::Portal);
const STATION: &Row = &Row::Section(Section::Station);
const FLEET: &Row = &Row::Section(Section::Fleet);
const MQTT: &Row = &Row::Section(Section::Mqtt);
const RADIO: &Row = &Row::Section(Section::Radio);
const LED: &Row = &Row::Section(Section::Led);

const HOSTNAME: &Row = &Row::Field(Field {
    names: &["hostname"],
    read: |v, to, _| values::hostname(v, &mut to.services.hostname),
    write: |c, w| w.text(c.services.hostname.as_ref().map_or("", Hostname::as_str)),
});
const DEVICE_NAME: &Row = &Row::Field(Field {
    names: &["device_name"],
    read: |v, to, _| values::text(v, NAME_LENGTH, to.services.device_name.as_mut_view()),
    write: |c, w| w.text(&c.services.device_name),
});
const MODE: &Row = &Row::Field(Field {
    names: &["mode"],
    read: |v, to, _| values::mode(v, &mut to.wifi.mode),
    write: |c, w| w.text(c.wifi.mode.name()),
});
const PROBE: &Row = &Row::Field(Field {
    names: &["internet_probe_url"],
    read: |v, to, _| values::http_url(v, to.services.internet_probe_url.as_mut_view()),
    write: |c, w| w.text(&c.services.internet_probe_url),
});
const LOG_LEVEL: &Row = &Row::Field(Field {
    names: &["log_level"],
    read: |v, to, _| values::log_level(v, &mut to.services.log_level),
    write: |c, w| w.text(c.services.log_level.name()),
});

const ACCESS_POINT_ROWS: &[&Row] = &[
    &Row::Section(Section::ApConfig),
    &Row::Field(Field {
        names: &["enables_webrepl"],
        read: |v, to, _| values::boolean(v, &mut to.wifi.ap.enables_webrepl),
        write: |c, w| w.flag(c.wifi.ap.enables_webrepl),
    }),
    &Row::Field(Field {
        names: &["start_policy"],
        read: |v, to, _| values::start_policy(v, &mut to.wifi.ap.start_policy),
        write: |c, w| w.text(c.wifi.ap.start_policy.name()),
    }),
];

const SSID: &Row = &Row::ApSsid;
const PASSWORD: &Row = &Row::ApPassword;
const AUTH: &Row = &Row::ApAuth;
const CHANNEL: &Row = &Row::Field(Field {
    names: &["channel"],
    read: |v, to, _| values::ap_channel(v, &mut to.wifi.ap.channel),
    write: |c, w| w.some_number(c.wifi.ap.channel.map(Channel::number)),
});
const HIDDEN: &Row = &Row::Field(Field {
    names: &["hidden"],
    read: |v, to, _| values::flag(v, &mut to.wifi.ap.hidden),
    write: |c, w| w.flag(c.wifi.ap.hidden),
});
const CLIENTS: &Row = &Row::Field(Field {
    names: &["max_clients"],
    read: |v, to, _| values::byte(v, AP_CLIENTS, &mut to.wifi.ap.max_clients),
    write: |c, w| w.number(c.wifi.ap.max_clients.into()),
});
const DHCP: &Row = &Row::Field(Field {
    names: &["dhcp_hostname", "hostname"],
    read: |v, to, _| values::hostname(v, &mut to.services.hostname),
    write: |_, _| Ok(()),
});
const TXPOWER: &Row = &Row::Field(Field {
    names: &["txpower"],
    read: |v, to, _| values::whole_part(v, POWER, &mut to.services.tx_power_dbm),
    write: |_, _| Ok(()),
});

const CONFIG_SERVER_ROWS: &[&Row] = &[
    &Row::Field(Field {
        names: &["enabled"],
        read: |v, to, _| values::boolean(v, &mut to.services.config_server_enabled),
        write: |c, w| w.flag(c.services.config_server_enabled),
    }),
    &Row::Field(Field {
        names: &["password"],
        read: |v, to, current| {
            let stored = current.and_then(|c| c.services.config_server_password.as_ref());
            values::door_password(v, stored, &mut to.services.config_server_password)
        },
        write: |c, w| w.some_secret(c.services.config_server_password.as_ref()),
    }),
];

const WEBREPL_ROWS: &[&Row] = &[&Row::Field(Field {
    names: &["password"],
    read: |v, to, current| {
        let stored = current.and_then(|c| c.services.webrepl_password.as_ref());
        values::door_password(v, stored, &mut to.services.webrepl_password)
    },
    write: |c, w| w.some_secret(c.services.webrepl_password.as_ref()),
})];

const PORTAL_ROWS: &[&Row] = &[
    &Row::Field(Field {
        names: &["station_writes"],
        read: |v, to, _| values::boolean(v, &mut to.services.station_writes),
        write: |c, w| w.flag(c.services.station_writes),
    }),
    &Row::Field(Field {
        names: &["ap_address"],
        read: |v, to, _| values::ap_address(v, &mut to.wifi.ap.address),
        write: |c, w| w.quoted(&c.wifi.ap.address),
    }),
];

const STATION_ROWS: &[&Row] = &[
    &Row::Field(Field {
        names: &["connect_timeout_ms"],
        read: |v, to, _| values::number(v, TIMEOUT, &mut to.wifi.station.connect_timeout_ms),
        write: |c, w| w.number(c.wifi.station.connect_timeout_ms),
    }),
    &Row::Field(Field {
        names: &["max_retry"],
        read: |v, to, _| values::byte(v, RETRY, &mut to.wifi.station.max_retry),
        write: |c, w| w.number(c.wifi.station.max_retry.into()),
    }),
    &Row::Field(Field {
        names: &["fallback_deadline_ms"],
        read: |v, to, _| values::number(v, DEADLINE, &mut to.wifi.station.fallback_deadline_ms),
        write: |c, w| w.number(c.wifi.station.fallback_deadline_ms),
    }),
];

const FLEET_ROWS: &[&Row] = &[
    &Row::Field(Field {
        names: &["url"],
        read: |v, to, _| values::http_url(v, to.services.fleet_url.as_mut_view()),
        write: |c, w| w.text(&c.services.fleet_url),
    }),
    &Row::Field(Field {
        names: &["claim"],
        read: |v, to, current| {
            let stored = current.map_or("", |c| c.services.fleet_claim.expose());
            values::secret(v, CLAIM, stored, to.services.fleet_claim.as_mut_view())
        },
        write: |c, w| w.secret(c.services.fleet_claim.expose()),
    }),
    &Row::Field(Field {
        names: &["ca_pem"],
        read: |v, to, _| values::text(v, CA_PEM, to.services.fleet_ca_pem.as_mut_view()),
        write: |c, w| w.text(&c.services.fleet_ca_pem),
    }),
];

const MQTT_ROWS: &[&Row] = &[
    &Row::Field(Field {
        names: &["url"],
        read: |v, to, _| values::mqtt_url(v, to.services.mqtt_url.as_mut_view()),
        write: |c, w| w.text(&c.services.mqtt_url),
    }),
    &Row::Field(Field {
        names: &["user"],
        read: |v, to, _| values::text(v, CREDENTIAL, to.services.mqtt_user.as_mut_view()),
        write: |c, w| w.text(&c.services.mqtt_user),
    }),
    &Row::Field(Field {
        names: &["password"],
        read: |v, to, current| {
            let stored = current.map_or("", |c| c.services.mqtt_password.expose());
            values::secret(
                v,
                CREDENTIAL,
                stored,
                to.services.mqtt_password.as_mut_view(),
            )
        },
        write: |c, w| w.secret(c.services.mqtt_password.expose()),
    }),
    &Row::Field(Field {
        names: &["commands"],
        read: |v, to, _| values::boolean(v, &mut to.services.mqtt_commands),
        write: |c, w| w.flag(c.services.mqtt_commands),
    }),
];

const RADIO_ROWS: &[&Row] = &[
    &Row::Field(Field {
        names: &["country"],
        read: |v, to, _| values::country(v, &mut to.services.country),
        write: |c, w| w.country(c.services.country.as_ref()),
    }),
    &Row::Field(Field {
        names: &["tx_power_dbm"],
        read: |v, to, _| values::some_byte(v, POWER, &mut to.services.tx_power_dbm),
        write: |c, w| w.some_number(c.services.tx_power_dbm),
    }),
];

const LED_ROWS: &[&Row] = &[
    &Row::Field(Field {
        names: &["pin"],
        read: |v, to, _| values::some_byte(v, PIN, &mut to.services.led_pin),
        write: |c, w| w.some_number(c.services.led_pin),
    }),
    &Row::Field(Field {
        names: &["active_low"],
        read: |v, to, _| values::some_boolean(v, &mut to.services.led_active_low),
        write: |c, w| c.services.led_active_low.map_or(Ok(()), |low| w.flag(low)),
    }),
];

const AP_CLIENTS: &Reason = &Reason::Range(1, AP_CLIENTS_MAX as u32);
const TIMEOUT: &Reason = &range(CONNECT_TIMEOUT_MS);
const DEADLINE: &Reason = &range(FALLBACK_DEADLINE_MS);
const RETRY: &Reason = &Reason::Range(*MAX_RETRY.start() as u32, *MAX_RETRY.end() as u32);
const POWER: &Reason = &Reason::Range(*TX_POWER_DBM.start() as u32, *TX_POWER_DBM.end() as u32);
const PIN: &Reason = &Reason::Range(0, LED_PIN_MAX as u32);
const CLAIM: &Reason = &Reason::Length(0, CLAIM_MAX, Unit::Bytes);
const CA_PEM: &Reason = &Reason::Length(0, CA_PEM_MAX, Unit::Bytes);
const NAME_LENGTH: &Reason = &Reason::Length(0, DEVICE_NAME_MAX, Unit::Bytes);
const CREDENTIAL: &Reason = &Reason::Length(0, MQTT_CREDENTIAL_MAX, Unit::Bytes);

const fn range(bounds: RangeInclusive<u32>) -> Reason {
    Reason::Range(*bounds.start(), *bounds.end())
}
