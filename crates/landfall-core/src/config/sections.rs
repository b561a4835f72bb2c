//! The sections of a document, each made into its part of the configuration.

use super::reader::{Field, Reader, Stop};
use super::reason::Reason;
use super::section::Section;
use super::values::{self, or_stored};
use super::{
    AP_CLIENTS_MAX, ApSecurity, ApSettings, CONNECT_TIMEOUT_MS, Config, FALLBACK_DEADLINE_MS,
    LED_PIN_MAX, MAX_RETRY, Secret, Services, StationSettings, TX_POWER_DBM, Wifi,
};
use crate::json::Value;
use crate::net::{Hostname, Ipv4Net, Ssid};

/// MicroPython's `authmode` of an open network.
const OPEN: u8 = 0;
/// Its modes that are WPA2 or WPA3 personal: what our access point speaks.
const PERSONAL: [u8; 4] = [3, 4, 6, 7];
/// The highest of its modes.
const AUTH_MODE_MAX: u8 = 16;

const HTTP: &[&str] = &["http", "https"];
const MQTT: &[&str] = &["mqtt", "mqtts"];
const HTTP_URL: Reason = Reason::Expected(
    "an http:// or https:// URL of at most 128 bytes without user and password, or \"\"",
);
const MQTT_URL: Reason = Reason::Expected(
    "an mqtt:// or mqtts:// URL of at most 128 bytes without user and password, or \"\"",
);

/// What the access point's section says about the whole device, as MicroPython has it.
struct ApHints {
    hostname: Option<Hostname>,
    tx_power_dbm: Option<u8>,
}

impl Reader<'_> {
    /// The whole document.
    pub(super) fn config(&mut self, root: Value<'_>) -> Result<Config, Stop> {
        let root = match values::object(root) {
            Ok(root) => root,
            Err(reason) => {
                self.wrong(reason)?;
                return Ok(self.defaults.config());
            }
        };
        self.required(root, "schema", values::schema)?;
        self.strangers(root, Section::Root)?;
        let mode = self.field(root, &["mode"], values::mode)?;
        let list = self.required(root, "known_networks", values::array)?;
        let networks = self.networks(list)?;
        let (mut ap, hints) = self.access_point(root)?;
        let station = self.station(root)?;
        let mut services = Services::default();
        self.services(root, hints, &mut services)?;
        services.station_writes = self.portal(root, &mut ap)?;
        services.extra = core::mem::take(&mut self.extra);
        let wifi = Wifi {
            mode: mode.unwrap_or_default(),
            networks,
            ap,
            station,
        };
        Ok(Config { wifi, services })
    }

    fn access_point(&mut self, root: Value<'_>) -> Result<(ApSettings, ApHints), Stop> {
        if values::only(root, &[Section::AccessPoint.name()]) == Ok(None) {
            self.wrong_at(Section::AccessPoint.name(), Reason::Missing)?;
        }
        self.section(root, Section::AccessPoint, |reader, object| {
            let (mut ap, hints) = reader.section(object, Section::ApConfig, Self::ap_config)?;
            ap.enables_webrepl = reader
                .field(object, &["enables_webrepl"], values::boolean)?
                .unwrap_or_default();
            ap.start_policy = reader
                .field(object, &["start_policy"], values::start_policy)?
                .unwrap_or(reader.defaults.start_policy);
            Ok((ap, hints))
        })
    }

    fn ap_config(&mut self, object: Value<'_>) -> Result<(ApSettings, ApHints), Stop> {
        let d = self.defaults;
        let ap = ApSettings {
            ssid: self.ap_ssid(object)?.or(d.ap_ssid),
            security: self.ap_password(object)?,
            channel: self
                .field(object, &["channel"], values::optional(values::ap_channel))?
                .unwrap_or(d.ap_channel),
            hidden: self
                .field(object, &["hidden"], values::flag)?
                .unwrap_or_default(),
            max_clients: self
                .field(object, &["max_clients"], values::number(1..=AP_CLIENTS_MAX))?
                .unwrap_or(d.ap_max_clients),
            enables_webrepl: false,
            start_policy: d.start_policy,
            address: Ipv4Net::AP_DEFAULT,
        };
        self.ap_auth(object, &ap.security)?;
        let hints = ApHints {
            hostname: self
                .field(object, &["dhcp_hostname", "hostname"], values::hostname)?
                .right(),
            tx_power_dbm: self
                .field(object, &["txpower"], values::whole_part(TX_POWER_DBM))?
                .right(),
        };
        Ok((ap, hints))
    }

    fn ap_ssid(&mut self, object: Value<'_>) -> Result<Option<Ssid>, Stop> {
        match values::ssid_under(object, &["essid", "ssid"]) {
            Ok(ssid) => Ok(ssid),
            Err((name, reason)) => {
                self.wrong_at(name, reason)?;
                Ok(None)
            }
        }
    }

    /// Open only by the owner's `""`; whatever is wrong leaves the device's own secret.
    fn ap_password(&mut self, object: Value<'_>) -> Result<ApSecurity, Stop> {
        let stored = self
            .current
            .map(|current| current.wifi.ap.security.clone())
            .filter(|security| matches!(security, ApSecurity::Key(_)));
        let names = &["password", "key"];
        let field = self.field(object, names, |value| {
            or_stored(value, stored, values::ap_security)
        })?;
        if let Field::Wrong = field {
            let name = names.iter().find(|name| object.member(name).is_some());
            self.at(name.unwrap_or(&names[0]), |r| r.note(Reason::OwnSecret));
        }
        Ok(field.unwrap_or(ApSecurity::DeviceSecret))
    }

    /// MicroPython's `authmode`: it says nothing that the password does not say, so it is kept,
    /// and told where it contradicts.
    fn ap_auth(&mut self, object: Value<'_>, security: &ApSecurity) -> Result<(), Stop> {
        let names = &["authmode", "security"];
        for (key, value) in object.members() {
            let Some(name) = names.iter().find(|name| key.is(name)) else {
                continue;
            };
            let kept = self.extra.keep(Section::ApConfig, key, value);
            let judged = match values::number(0..=AUTH_MODE_MAX)(value) {
                Err(reason) => Err(reason),
                Ok(OPEN) if *security == ApSecurity::Open => Ok(true),
                Ok(mode) => Ok(PERSONAL.contains(&mode) && *security != ApSecurity::Open),
            };
            self.at(name, |reader| match (judged, kept) {
                (Err(reason), _) => reader.wrong(reason),
                (Ok(_), Err(_)) => reader.wrong(Reason::NotKept),
                (Ok(false), Ok(())) => {
                    reader.note(Reason::NotHonoured);
                    Ok(())
                }
                (Ok(true), Ok(())) => Ok(()),
            })?;
        }
        Ok(())
    }

    fn station(&mut self, root: Value<'_>) -> Result<StationSettings, Stop> {
        let d = StationSettings {
            max_retry: self.defaults.max_retry,
            ..StationSettings::default()
        };
        self.section(root, Section::Station, |reader, object| {
            let timeout = values::number(CONNECT_TIMEOUT_MS);
            let deadline = values::number(FALLBACK_DEADLINE_MS);
            Ok(StationSettings {
                connect_timeout_ms: reader
                    .field(object, &["connect_timeout_ms"], timeout)?
                    .unwrap_or(d.connect_timeout_ms),
                max_retry: reader
                    .field(object, &["max_retry"], values::number(MAX_RETRY))?
                    .unwrap_or(d.max_retry),
                fallback_deadline_ms: reader
                    .field(object, &["fallback_deadline_ms"], deadline)?
                    .unwrap_or(d.fallback_deadline_ms),
            })
        })
    }

    /// Whether writes over the station side are free; the access point's address goes to `ap`.
    fn portal(&mut self, root: Value<'_>, ap: &mut ApSettings) -> Result<bool, Stop> {
        self.section(root, Section::Portal, |reader, object| {
            ap.address = reader
                .field(object, &["ap_address"], values::ap_address)?
                .unwrap_or(Ipv4Net::AP_DEFAULT);
            let writes = reader.field(object, &["station_writes"], values::boolean)?;
            Ok(writes.unwrap_or_default())
        })
    }

    fn services(&mut self, root: Value<'_>, hints: ApHints, to: &mut Services) -> Result<(), Stop> {
        let hostname = self.field(root, &["hostname"], values::optional(values::hostname))?;
        let probe = self.field(root, &["internet_probe_url"], values::url(HTTP, HTTP_URL))?;
        let log_level = self.field(root, &["log_level"], values::log_level)?;
        to.hostname = hostname
            .unwrap_or_default()
            .or(hints.hostname)
            .or_else(|| self.defaults.hostname.clone());
        to.internet_probe_url = probe.unwrap_or_default();
        to.log_level = log_level.unwrap_or_default();
        self.doors(root, to)?;
        self.fleet(root, to)?;
        self.mqtt(root, to)?;
        self.board(root, to)?;
        to.tx_power_dbm = to.tx_power_dbm.or(hints.tx_power_dbm);
        Ok(())
    }

    fn doors(&mut self, root: Value<'_>, to: &mut Services) -> Result<(), Stop> {
        let current = self.current.map(|current| current.services);
        let server = current.and_then(|s| s.config_server_password.clone());
        self.section(root, Section::ConfigServer, |reader, object| {
            to.config_server_enabled = reader
                .field(object, &["enabled"], values::boolean)?
                .unwrap_or_default();
            let password = |value| or_stored(value, server, values::door_password);
            to.config_server_password = reader.field(object, &["password"], password)?.right();
            Ok(())
        })?;
        let repl = current.and_then(|s| s.webrepl_password.clone());
        self.section(root, Section::Webrepl, |reader, object| {
            let password = |value| or_stored(value, repl, values::door_password);
            to.webrepl_password = reader.field(object, &["password"], password)?.right();
            Ok(())
        })
    }

    fn fleet(&mut self, root: Value<'_>, to: &mut Services) -> Result<(), Stop> {
        let stored = self.current.and_then(|c| kept(&c.services.fleet_claim));
        self.section(root, Section::Fleet, |reader, object| {
            to.fleet_url = reader
                .field(object, &["url"], values::url(HTTP, HTTP_URL))?
                .unwrap_or_default();
            let claim = |value| or_stored(value, stored, values::secret);
            to.fleet_claim = reader.field(object, &["claim"], claim)?.unwrap_or_default();
            to.fleet_ca_pem = reader
                .field(object, &["ca_pem"], values::text)?
                .unwrap_or_default();
            Ok(())
        })
    }

    fn mqtt(&mut self, root: Value<'_>, to: &mut Services) -> Result<(), Stop> {
        let stored = self.current.and_then(|c| kept(&c.services.mqtt_password));
        self.section(root, Section::Mqtt, |reader, object| {
            to.mqtt_url = reader
                .field(object, &["url"], values::url(MQTT, MQTT_URL))?
                .unwrap_or_default();
            to.mqtt_user = reader
                .field(object, &["user"], values::text)?
                .unwrap_or_default();
            let password = |value| or_stored(value, stored, values::secret);
            to.mqtt_password = reader
                .field(object, &["password"], password)?
                .unwrap_or_default();
            to.mqtt_commands = reader
                .field(object, &["commands"], values::boolean)?
                .unwrap_or_default();
            Ok(())
        })
    }

    fn board(&mut self, root: Value<'_>, to: &mut Services) -> Result<(), Stop> {
        use values::optional;
        self.section(root, Section::Radio, |reader, object| {
            let power = optional(values::number(TX_POWER_DBM));
            to.country = reader
                .field(object, &["country"], optional(values::country))?
                .unwrap_or_default();
            to.tx_power_dbm = reader
                .field(object, &["tx_power_dbm"], power)?
                .unwrap_or_default();
            Ok(())
        })?;
        self.section(root, Section::Led, |reader, object| {
            let pin = optional(values::number(0..=LED_PIN_MAX));
            to.led_pin = reader.field(object, &["pin"], pin)?.unwrap_or_default();
            to.led_active_low = reader
                .field(object, &["active_low"], optional(values::boolean))?
                .unwrap_or_default();
            Ok(())
        })
    }
}

/// A stored secret, where there is one.
fn kept<const N: usize>(secret: &Secret<N>) -> Option<Secret<N>> {
    Some(secret.clone()).filter(|secret| !secret.is_empty())
}
