//! A configuration as a JSON document: for the file, and masked for the doors.

use core::fmt::{self, Display, Write};

use super::extra::Hex;
use super::section::Section;
use super::{
    ApSecurity, ApSettings, ConfigRef, Extra, KnownNetwork, SCHEMA, Services, StationSettings,
};
use crate::json::{Escape, JsonBytes, JsonStr, ObjectWriter, Value};
use crate::net::{Passphrase, Security, Ssid};

/// What stands in place of a secret.
pub const MASK: &str = "********";

/// How secrets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// As [`MASK`].
    Masked,
    /// As they are: for the device's own file only.
    Clear,
}

/// Prints as the document, on one line: what [`load`](super::load) and
/// [`parse_strict`](super::parse_strict) take back, with everything that was kept for the round
/// trip. Members without a value are left out.
#[derive(Clone, Copy)]
pub struct ConfigJson<'a> {
    config: ConfigRef<'a>,
    secrets: Secrets,
}

impl<'a> ConfigRef<'a> {
    /// As a JSON document.
    pub fn json(self, secrets: Secrets) -> ConfigJson<'a> {
        ConfigJson {
            config: self,
            secrets,
        }
    }
}

type Object<'o, 'w, 'f> = &'o mut ObjectWriter<'w, fmt::Formatter<'f>>;

impl Display for ConfigJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ConfigRef { wifi, services } = self.config;
        let mut root = ObjectWriter::begin(f)?;
        root.member("schema", SCHEMA)?;
        if let Some(hostname) = &services.hostname {
            root.text("hostname", hostname.as_str())?;
        }
        root.text("mode", wifi.mode.name())?;
        root.member("known_networks", Networks(self))?;
        root.object(Section::AccessPoint.name(), |o| {
            self.access_point(o, &wifi.ap)
        })?;
        self.doors(&mut root)?;
        root.object(Section::Station.name(), |o| self.station(o, &wifi.station))?;
        self.fleet(&mut root)?;
        self.mqtt(&mut root)?;
        self.board(&mut root)?;
        root.text("log_level", services.log_level.name())?;
        self.extra(&mut root, Section::Root)?;
        root.end()
    }
}

impl ConfigJson<'_> {
    fn services(&self) -> &Services {
        self.config.services
    }

    fn access_point(&self, o: Object<'_, '_, '_>, ap: &ApSettings) -> fmt::Result {
        o.object(Section::ApConfig.name(), |o| self.ap_config(o, ap))?;
        o.member("enables_webrepl", ap.enables_webrepl)?;
        o.text("start_policy", ap.start_policy.name())?;
        self.extra(o, Section::AccessPoint)
    }

    fn ap_config(&self, o: Object<'_, '_, '_>, ap: &ApSettings) -> fmt::Result {
        if let Some(ssid) = &ap.ssid {
            ssid_members(o, "essid", ssid)?;
        }
        if let Some(channel) = ap.channel {
            o.member("channel", channel.number())?;
        }
        o.member("hidden", ap.hidden)?;
        match &ap.security {
            ApSecurity::DeviceSecret => {}
            ApSecurity::Open => o.text("password", "")?,
            ApSecurity::Key(key) => self.key(o, "password", key)?,
        }
        o.member("max_clients", ap.max_clients)?;
        self.extra(o, Section::ApConfig)
    }

    fn doors(&self, root: Object<'_, '_, '_>) -> fmt::Result {
        let services = self.services();
        root.object(Section::ConfigServer.name(), |o| {
            o.member("enabled", services.config_server_enabled)?;
            if let Some(password) = &services.config_server_password {
                self.secret(o, "password", password.expose())?;
            }
            self.extra(o, Section::ConfigServer)
        })?;
        root.object(Section::Webrepl.name(), |o| {
            if let Some(password) = &services.webrepl_password {
                self.secret(o, "password", password.expose())?;
            }
            self.extra(o, Section::Webrepl)
        })?;
        root.object(Section::Portal.name(), |o| {
            o.member("station_writes", services.station_writes)?;
            o.member(
                "ap_address",
                format_args!("\"{}\"", self.config.wifi.ap.address),
            )?;
            self.extra(o, Section::Portal)
        })
    }

    fn station(&self, o: Object<'_, '_, '_>, station: &StationSettings) -> fmt::Result {
        o.member("connect_timeout_ms", station.connect_timeout_ms)?;
        o.member("max_retry", station.max_retry)?;
        o.member("fallback_deadline_ms", station.fallback_deadline_ms)?;
        self.extra(o, Section::Station)
    }

    fn fleet(&self, root: Object<'_, '_, '_>) -> fmt::Result {
        let services = self.services();
        root.object(Section::Fleet.name(), |o| {
            some_text(o, "url", &services.fleet_url)?;
            self.secret(o, "claim", services.fleet_claim.expose())?;
            some_text(o, "ca_pem", &services.fleet_ca_pem)?;
            self.extra(o, Section::Fleet)
        })
    }

    fn mqtt(&self, root: Object<'_, '_, '_>) -> fmt::Result {
        let services = self.services();
        root.object(Section::Mqtt.name(), |o| {
            some_text(o, "url", &services.mqtt_url)?;
            some_text(o, "user", &services.mqtt_user)?;
            self.secret(o, "password", services.mqtt_password.expose())?;
            o.member("commands", services.mqtt_commands)?;
            self.extra(o, Section::Mqtt)
        })?;
        some_text(root, "internet_probe_url", &services.internet_probe_url)
    }

    fn board(&self, root: Object<'_, '_, '_>) -> fmt::Result {
        let services = self.services();
        root.object(Section::Radio.name(), |o| {
            if let Some([a, b]) = services.country {
                o.member(
                    "country",
                    format_args!("\"{}{}\"", char::from(a), char::from(b)),
                )?;
            }
            if let Some(dbm) = services.tx_power_dbm {
                o.member("tx_power_dbm", dbm)?;
            }
            self.extra(o, Section::Radio)
        })?;
        root.object(Section::Led.name(), |o| {
            if let Some(pin) = services.led_pin {
                o.member("pin", pin)?;
            }
            if let Some(active_low) = services.led_active_low {
                o.member("active_low", active_low)?;
            }
            self.extra(o, Section::Led)
        })
    }

    fn network(&self, o: Object<'_, '_, '_>, network: &KnownNetwork) -> fmt::Result {
        ssid_members(o, "ssid", &network.ssid)?;
        match &network.security {
            Security::Open => o.text("password", "")?,
            Security::Personal(key) => self.key(o, "password", key)?,
        }
        o.member("enables_webrepl", network.enables_webrepl)?;
        match network.bssid {
            Some(bssid) => o.member("bssid", format_args!("\"{bssid}\""))?,
            None => o.member("bssid", "null")?,
        }
        o.member("hidden", network.hidden)?;
        kept_members(o, self.extra_of().of_network(&network.ssid))
    }

    /// A network that is set aside, as it stood in the document but for its secrets.
    fn aside(&self, f: &mut fmt::Formatter<'_>, network: Value<'_>) -> fmt::Result {
        if self.secrets == Secrets::Clear || network.kind() != crate::json::Kind::Object {
            return write!(f, "{network}");
        }
        let mut o = ObjectWriter::begin(f)?;
        for (key, value) in network.members() {
            let out = o.name(format_args!("\"{}\"", key.raw()))?;
            let secret = ["password", "pass", "key", "psk"]
                .iter()
                .any(|name| key.is(name));
            if secret && value.raw() != "\"\"" {
                write!(out, "\"{MASK}\"")?;
            } else {
                write!(out, "{value}")?;
            }
        }
        o.end()
    }

    fn extra_of(&self) -> &Extra {
        &self.services().extra
    }

    /// The members that were kept of a section.
    fn extra(&self, o: Object<'_, '_, '_>, section: Section) -> fmt::Result {
        kept_members(o, self.extra_of().members(section))
    }

    /// A secret text; nothing where there is none.
    fn secret(&self, o: Object<'_, '_, '_>, name: &str, text: &str) -> fmt::Result {
        match self.secrets {
            Secrets::Masked if !text.is_empty() => o.text(name, MASK),
            Secrets::Masked | Secrets::Clear => some_text(o, name, text),
        }
    }

    /// The key of a network.
    fn key(&self, o: Object<'_, '_, '_>, name: &str, key: &Passphrase) -> fmt::Result {
        match self.secrets {
            Secrets::Masked => o.text(name, MASK),
            Secrets::Clear => {
                let out = o.name(JsonStr(name))?;
                out.write_char('"')?;
                key.expose(&mut Escape(out))?;
                out.write_char('"')
            }
        }
    }
}

/// The list: known networks in their order, and those set aside at the places where they stood.
struct Networks<'a>(&'a ConfigJson<'a>);

impl Display for Networks<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(json) = self;
        let aside = |place| json.extra_of().aside().find(|(at, _)| *at == place);
        let mut place = 0;
        f.write_char('[')?;
        for network in &json.config.wifi.networks {
            while let Some((_, network)) = aside(place) {
                comma(f, place)?;
                json.aside(f, network)?;
                place += 1;
            }
            comma(f, place)?;
            let mut o = ObjectWriter::begin(&mut *f)?;
            json.network(&mut o, network)?;
            o.end()?;
            place += 1;
        }
        let end = place;
        for (_, network) in json.extra_of().aside().filter(|(at, _)| *at >= end) {
            comma(f, place)?;
            json.aside(f, network)?;
            place += 1;
        }
        f.write_char(']')
    }
}

fn comma(f: &mut fmt::Formatter<'_>, place: usize) -> fmt::Result {
    if place > 0 { f.write_char(',') } else { Ok(()) }
}

/// The name of a network as text, and in hexadecimal digits where it is none.
fn ssid_members(o: Object<'_, '_, '_>, name: &str, ssid: &Ssid) -> fmt::Result {
    o.member(name, JsonBytes(ssid.as_bytes()))?;
    match ssid.as_str() {
        Some(_) => Ok(()),
        None => o.member("ssid_hex", format_args!("\"{}\"", Hex(ssid))),
    }
}

fn some_text(o: Object<'_, '_, '_>, name: &str, text: &str) -> fmt::Result {
    if text.is_empty() {
        Ok(())
    } else {
        o.text(name, text)
    }
}

fn kept_members<'a>(
    o: Object<'_, '_, '_>,
    members: impl Iterator<Item = (&'a str, Value<'a>)>,
) -> fmt::Result {
    for (name, value) in members {
        let out = o.name(format_args!("\"{name}\""))?;
        write!(out, "{value}")?;
    }
    Ok(())
}
