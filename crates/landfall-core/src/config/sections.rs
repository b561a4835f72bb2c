//! The sections of a document, each read into its part of the configuration.
//!
//! Every function takes what it fills as `to`, with the defaults in it: a configuration is some
//! kilobytes, which are not to be moved about on a chip's stack.

use core::ops::RangeInclusive;

use super::reader::{Found, Reader, Stop};
use super::reason::{Reason, Unit};
use super::section::Section;
use super::values;
use super::{
    AP_CLIENTS_MAX, ApSecurity, ApSettings, CA_PEM_MAX, CLAIM_MAX, CONNECT_TIMEOUT_MS, Config,
    FALLBACK_DEADLINE_MS, LED_PIN_MAX, MAX_RETRY, MQTT_CREDENTIAL_MAX, Services, StationSettings,
    TX_POWER_DBM,
};
use crate::json::Value;

/// MicroPython's `authmode` of an open network.
const OPEN: u8 = 0;
/// Its modes that are WPA2 or WPA3 personal: what our access point speaks.
const PERSONAL: [u8; 4] = [3, 4, 6, 7];
/// All its modes, those to come too.
const AUTH_MODES: &Reason = &Reason::Range(0, 16);

const CLIENTS: &Reason = &Reason::Range(1, AP_CLIENTS_MAX as u32);
const TIMEOUT: &Reason = &range(CONNECT_TIMEOUT_MS);
const DEADLINE: &Reason = &range(FALLBACK_DEADLINE_MS);
const RETRY: &Reason = &Reason::Range(*MAX_RETRY.start() as u32, *MAX_RETRY.end() as u32);
const POWER: &Reason = &Reason::Range(*TX_POWER_DBM.start() as u32, *TX_POWER_DBM.end() as u32);
const PIN: &Reason = &Reason::Range(0, LED_PIN_MAX as u32);
const CLAIM: &Reason = &Reason::Length(0, CLAIM_MAX, Unit::Bytes);
const CA_PEM: &Reason = &Reason::Length(0, CA_PEM_MAX, Unit::Bytes);
const CREDENTIAL: &Reason = &Reason::Length(0, MQTT_CREDENTIAL_MAX, Unit::Bytes);

const fn range(bounds: RangeInclusive<u32>) -> Reason {
    Reason::Range(*bounds.start(), *bounds.end())
}

const HTTP: &[&str] = &["http", "https"];
const MQTT: &[&str] = &["mqtt", "mqtts"];
const HTTP_URL: &Reason = &Reason::Expected(
    "an http:// or https:// URL of at most 128 bytes without user and password, or \"\"",
);
const MQTT_URL: &Reason = &Reason::Expected(
    "an mqtt:// or mqtts:// URL of at most 128 bytes without user and password, or \"\"",
);

impl Reader<'_> {
    /// The whole document.
    pub(super) fn config(&mut self, root: Value<'_>, to: &mut Config) -> Result<(), Stop> {
        if let Err(reason) = values::object(root) {
            return self.wrong(reason);
        }
        self.schema(root)?;
        self.strangers(root, Section::Root)?;
        self.take(root, &["mode"], &mut to.wifi.mode, values::mode)?;
        self.networks(root, &mut to.wifi.networks)?;
        self.access_point(root, to)?;
        self.station(root, &mut to.wifi.station)?;
        self.device(root, &mut to.services)?;
        self.doors(root, to)?;
        self.fleet(root, &mut to.services)?;
        self.mqtt(root, &mut to.services)?;
        self.board(root, &mut to.services)?;
        to.services.extra = core::mem::take(&mut self.extra);
        Ok(())
    }

    fn schema(&mut self, root: Value<'_>) -> Result<(), Stop> {
        match self.field(root, &["schema"], &mut values::schema)? {
            Found::Right | Found::Wrong => Ok(()),
            Found::Absent => self.wrong_at("schema", &Reason::Missing),
        }
    }

    fn access_point(&mut self, root: Value<'_>, to: &mut Config) -> Result<(), Stop> {
        let section = Section::AccessPoint;
        if values::only(root, &[section.name()]) == Ok(None) {
            self.wrong_at(section.name(), &Reason::Missing)?;
        }
        self.section(root, section, &mut |r, o| {
            r.section(o, Section::ApConfig, &mut |r, o| r.ap_config(o, to))?;
            let ap = &mut to.wifi.ap;
            r.take(
                o,
                &["enables_webrepl"],
                &mut ap.enables_webrepl,
                values::boolean,
            )?;
            r.take(
                o,
                &["start_policy"],
                &mut ap.start_policy,
                values::start_policy,
            )
        })
    }

    fn ap_config(&mut self, o: Value<'_>, to: &mut Config) -> Result<(), Stop> {
        let ap = &mut to.wifi.ap;
        let clients = values::number(CLIENTS);
        match values::ssid_under(o, &["essid", "ssid"]) {
            Ok(ssid) => ap.ssid = ssid.or(ap.ssid),
            Err((name, reason)) => self.wrong_at(name, reason)?,
        }
        self.take_some(o, &["channel"], &mut ap.channel, values::ap_channel)?;
        self.take(o, &["hidden"], &mut ap.hidden, values::flag)?;
        self.take(o, &["max_clients"], &mut ap.max_clients, clients)?;
        self.ap_password(o, ap)?;
        self.ap_auth(o, &ap.security)?;
        // What MicroPython says here of the whole device holds unless its own member says more.
        let services = &mut to.services;
        let power = values::whole_part(POWER);
        let names = &["dhcp_hostname", "hostname"];
        self.take_some(o, names, &mut services.hostname, values::hostname)?;
        self.take_some(o, &["txpower"], &mut services.tx_power_dbm, power)
    }

    /// Open only by the owner's `""`; whatever is wrong leaves the device's own secret.
    fn ap_password(&mut self, o: Value<'_>, ap: &mut ApSettings) -> Result<(), Stop> {
        let names = &["password", "key"];
        let stored = self.current.map(|current| &current.wifi.ap.security);
        let found = self.field(o, names, &mut |value| {
            ap.security = match stored {
                Some(ApSecurity::Key(key)) if values::is_mask(value) => {
                    ApSecurity::Key(key.clone())
                }
                Some(_) | None => values::ap_security(value)?,
            };
            Ok(())
        })?;
        match found {
            Found::Wrong => {
                let name = names.iter().find(|name| o.member(name).is_some());
                self.note_at(name.unwrap_or(&names[0]), &Reason::OwnSecret);
            }
            Found::Right | Found::Absent => {}
        }
        Ok(())
    }

    /// MicroPython's `authmode`: it says nothing that the password does not say, so it is kept,
    /// and told where it contradicts.
    fn ap_auth(&mut self, o: Value<'_>, security: &ApSecurity) -> Result<(), Stop> {
        let names = &["authmode", "security"];
        for (key, value) in o.members() {
            let Some(name) = names.iter().find(|name| key.is(name)) else {
                continue;
            };
            let kept = self.extra.keep(Section::ApConfig, key, value);
            let judged = match values::number(AUTH_MODES)(value) {
                Err(reason) => Err(reason),
                Ok(OPEN) if *security == ApSecurity::Open => Ok(true),
                Ok(mode) => Ok(PERSONAL.contains(&mode) && *security != ApSecurity::Open),
            };
            match (judged, kept) {
                (Err(reason), _) => self.wrong_at(name, reason)?,
                (Ok(_), Err(_)) => self.wrong_at(name, &Reason::NotKept)?,
                (Ok(false), Ok(())) => self.note_at(name, &Reason::NotHonoured),
                (Ok(true), Ok(())) => {}
            }
        }
        Ok(())
    }

    fn station(&mut self, root: Value<'_>, to: &mut StationSettings) -> Result<(), Stop> {
        let timeout = values::number(TIMEOUT);
        let retry = values::number(RETRY);
        let deadline = values::number(DEADLINE);
        self.section(root, Section::Station, &mut |r, o| {
            r.take(
                o,
                &["connect_timeout_ms"],
                &mut to.connect_timeout_ms,
                &timeout,
            )?;
            r.take(o, &["max_retry"], &mut to.max_retry, &retry)?;
            r.take(
                o,
                &["fallback_deadline_ms"],
                &mut to.fallback_deadline_ms,
                &deadline,
            )
        })
    }

    /// The members that stand in no section.
    fn device(&mut self, root: Value<'_>, to: &mut Services) -> Result<(), Stop> {
        self.take_some(root, &["hostname"], &mut to.hostname, values::hostname)?;
        self.take(root, &["log_level"], &mut to.log_level, values::log_level)?;
        let url = to.internet_probe_url.as_mut_view();
        let names = &["internet_probe_url"];
        self.field(root, names, &mut |v| values::url(v, HTTP, HTTP_URL, url))?;
        Ok(())
    }

    fn doors(&mut self, root: Value<'_>, to: &mut Config) -> Result<(), Stop> {
        let Config { wifi, services } = to;
        let current = self.current.map(|current| current.services);
        self.section(root, Section::ConfigServer, &mut |r, o| {
            let enabled = &mut services.config_server_enabled;
            r.take(o, &["enabled"], enabled, values::boolean)?;
            let stored = current.and_then(|s| s.config_server_password.as_ref());
            let to = &mut services.config_server_password;
            r.put(o, "password", &mut |v| values::door_password(v, stored, to))
        })?;
        self.section(root, Section::Webrepl, &mut |r, o| {
            let stored = current.and_then(|s| s.webrepl_password.as_ref());
            let to = &mut services.webrepl_password;
            r.put(o, "password", &mut |v| values::door_password(v, stored, to))
        })?;
        self.section(root, Section::Portal, &mut |r, o| {
            let writes = &mut services.station_writes;
            r.take(o, &["station_writes"], writes, values::boolean)?;
            r.take(o, &["ap_address"], &mut wifi.ap.address, values::ap_address)
        })
    }

    fn fleet(&mut self, root: Value<'_>, to: &mut Services) -> Result<(), Stop> {
        let stored = self.current.map(|current| &current.services.fleet_claim);
        self.section(root, Section::Fleet, &mut |r, o| {
            let url = to.fleet_url.as_mut_view();
            r.put(o, "url", &mut |v| values::url(v, HTTP, HTTP_URL, url))?;
            let claim = &mut to.fleet_claim;
            r.put(o, "claim", &mut |v| values::secret(v, CLAIM, stored, claim))?;
            let pem = to.fleet_ca_pem.as_mut_view();
            r.put(o, "ca_pem", &mut |v| values::text(v, CA_PEM, pem))
        })
    }

    fn mqtt(&mut self, root: Value<'_>, to: &mut Services) -> Result<(), Stop> {
        let stored = self.current.map(|current| &current.services.mqtt_password);
        self.section(root, Section::Mqtt, &mut |r, o| {
            let url = to.mqtt_url.as_mut_view();
            r.put(o, "url", &mut |v| values::url(v, MQTT, MQTT_URL, url))?;
            let user = to.mqtt_user.as_mut_view();
            r.put(o, "user", &mut |v| values::text(v, CREDENTIAL, user))?;
            let password = &mut to.mqtt_password;
            r.put(o, "password", &mut |v| {
                values::secret(v, CREDENTIAL, stored, password)
            })?;
            r.take(o, &["commands"], &mut to.mqtt_commands, values::boolean)
        })
    }

    fn board(&mut self, root: Value<'_>, to: &mut Services) -> Result<(), Stop> {
        let power = values::number(POWER);
        let pin = values::number(PIN);
        self.section(root, Section::Radio, &mut |r, o| {
            r.take_some(o, &["country"], &mut to.country, values::country)?;
            r.take_some(o, &["tx_power_dbm"], &mut to.tx_power_dbm, &power)
        })?;
        self.section(root, Section::Led, &mut |r, o| {
            r.take_some(o, &["pin"], &mut to.led_pin, &pin)?;
            r.take_some(o, &["active_low"], &mut to.led_active_low, values::boolean)
        })
    }
}
