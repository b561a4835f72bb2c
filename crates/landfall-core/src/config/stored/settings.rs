//! The piece of everything but the networks.

use core::net::Ipv4Addr;

use heapless::string::StringView;

use super::super::document::Warning;
use super::super::{
    AP_CLIENTS_MAX, ApSettings, CA_PEM_MAX, CLAIM_MAX, CONNECT_TIMEOUT_MS, ConfigRef,
    DEVICE_NAME_MAX, DOOR_PASSWORD_MAX, EXTRA_MAX, Extra, FALLBACK_DEADLINE_MS, LED_PIN_MAX,
    LogLevel, MAX_RETRY, MQTT_CREDENTIAL_MAX, Mode, Secret, Services, StartPolicy, TX_POWER_DBM,
    URL_MAX, Wifi, values,
};
use super::bytes::Writer;
use super::form::{self, ApForm, ServicesForm, SettingsForm};
use super::{DoesNotFit, Stored, Warner};
use crate::net::{Channel, HOSTNAME_MAX, Hostname, Ipv4Net, PASSPHRASE_MAX, SSID_MAX, Ssid};

/// Most bytes of the access point: name, key, channel, five bytes of numbers and flags, address.
const AP_MAX: usize = (2 + SSID_MAX) + (2 + PASSPHRASE_MAX) + 2 + 4 + 5;
/// Most bytes of the station's timing: two numbers of 32 bits, one of 8.
const STATION_MAX: usize = 5 + 1 + 5;
/// Most bytes of the services: each text with its length and whether it is there.
const SERVICES_MAX: usize = (2 + HOSTNAME_MAX)
    + (1 + DEVICE_NAME_MAX)
    + 2 * (2 + DOOR_PASSWORD_MAX)
    + 3 * (2 + URL_MAX)
    + (1 + CLAIM_MAX)
    + (2 + CA_PEM_MAX)
    + 2 * (1 + MQTT_CREDENTIAL_MAX)
    + (2 + EXTRA_MAX)
    + 3
    + 3
    + 2
    + 2
    + 2
    + 1;
/// Most bytes of the piece: version, mode, access point, timing, services.
pub const SETTINGS_MAX: usize = 1 + 1 + AP_MAX + STATION_MAX + SERVICES_MAX;

/// Writes the piece *settings* into `buffer` and gives the part that it fills.
///
/// # Errors
/// Where `buffer` is smaller than the piece, which is at most [`SETTINGS_MAX`] bytes.
pub fn encode_settings<'b>(
    config: ConfigRef<'_>,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], DoesNotFit> {
    let ConfigRef { wifi, services } = config;
    let mut w = Writer::new(buffer);
    w.byte(wifi.mode as u8);
    write_ap(&wifi.ap, &mut w);
    w.number(wifi.station.connect_timeout_ms);
    w.byte(wifi.station.max_retry);
    w.number(wifi.station.fallback_deadline_ms);
    write_services(services, &mut w);
    w.finish()
}

fn write_ap(ap: &ApSettings, w: &mut Writer<'_>) {
    w.some_bytes(ap.ssid.as_ref().map(Ssid::as_bytes));
    form::write_ap_security(&ap.security, w);
    w.some_byte(ap.channel.map(Channel::number));
    w.flag(ap.hidden);
    w.byte(ap.max_clients);
    w.flag(ap.enables_webrepl);
    w.byte(match ap.start_policy {
        StartPolicy::Always => 0,
        StartPolicy::Fallback => 1,
        StartPolicy::Never => 2,
    });
    w.raw(&ap.address.addr.octets());
    w.byte(ap.address.prefix);
}

fn write_services(services: &Services, w: &mut Writer<'_>) {
    let password = |password: &Option<Secret<DOOR_PASSWORD_MAX>>, w: &mut Writer<'_>| {
        w.some_bytes(password.as_ref().map(|secret| secret.expose().as_bytes()));
    };
    w.some_bytes(
        services
            .hostname
            .as_ref()
            .map(|name| name.as_str().as_bytes()),
    );
    w.text(&services.device_name);
    w.flag(services.config_server_enabled);
    password(&services.config_server_password, w);
    password(&services.webrepl_password, w);
    w.flag(services.station_writes);
    w.text(&services.fleet_url);
    w.text(services.fleet_claim.expose());
    w.text(&services.fleet_ca_pem);
    w.text(&services.mqtt_url);
    w.text(&services.mqtt_user);
    w.text(services.mqtt_password.expose());
    w.flag(services.mqtt_commands);
    w.text(&services.internet_probe_url);
    w.some_raw(services.country.as_ref().map(<[u8; 2]>::as_slice));
    w.some_byte(services.tx_power_dbm);
    w.some_byte(services.led_pin);
    w.some_byte(services.led_active_low.map(u8::from));
    w.byte(match services.log_level {
        LogLevel::Error => 0,
        LogLevel::Warn => 1,
        LogLevel::Info => 2,
        LogLevel::Debug => 3,
        LogLevel::Trace => 4,
    });
    w.text(services.extra.as_text());
}

impl Stored {
    /// Takes the piece *settings*. One that cannot be read leaves everything as it is, with a
    /// warning; a value in it that is out of its bounds leaves the default, with a warning.
    pub fn read_settings(&mut self, bytes: &[u8], warn: &mut dyn FnMut(&Warning<'_>)) {
        let mut warner = Warner {
            piece: "stored_settings",
            warn,
        };
        let Some(form) = SettingsForm::read(bytes) else {
            return warner.unreadable();
        };
        warner.mode_and_timing(&form, &mut self.config.wifi);
        warner.ap(&form.ap, &mut self.config.wifi.ap);
        warner.services(&form.services, &mut self.config.services);
    }
}

impl Warner<'_> {
    fn mode_and_timing(&mut self, form: &SettingsForm<'_>, to: &mut Wifi) {
        let station = &mut to.station;
        self.put("mode", Mode::try_from(form.mode).ok(), &mut to.mode);
        let timeout = Some(form.connect_timeout_ms).filter(|n| CONNECT_TIMEOUT_MS.contains(n));
        self.put(
            "connect_timeout_ms",
            timeout,
            &mut station.connect_timeout_ms,
        );
        let retry = Some(form.max_retry).filter(|n| MAX_RETRY.contains(n));
        self.put("max_retry", retry, &mut station.max_retry);
        let deadline = Some(form.fallback_deadline_ms).filter(|n| FALLBACK_DEADLINE_MS.contains(n));
        self.put(
            "fallback_deadline_ms",
            deadline,
            &mut station.fallback_deadline_ms,
        );
    }

    fn ap(&mut self, form: &ApForm<'_>, to: &mut ApSettings) {
        let channel = |n| Channel::new(n).filter(|_| n <= values::AP_CHANNEL_MAX);
        to.ssid = self.optional("ap_ssid", form.ssid, |bytes| Ssid::new(bytes).ok());
        self.put("ap_password", form.key.ap_security(), &mut to.security);
        to.channel = self.optional("ap_channel", form.channel, channel);
        to.hidden = form.hidden;
        let max_clients = Some(form.max_clients).filter(|n| (1..=AP_CLIENTS_MAX).contains(n));
        self.put("max_clients", max_clients, &mut to.max_clients);
        to.enables_webrepl = form.enables_webrepl;
        let policy = StartPolicy::ALL.get(usize::from(form.start_policy));
        self.put("start_policy", policy.copied(), &mut to.start_policy);
        let address = Ipv4Net {
            addr: Ipv4Addr::from(form.address),
            prefix: form.prefix,
        };
        let address = Some(address).filter(|net| values::is_ap_address(*net));
        self.put("ap_address", address, &mut to.address);
    }

    fn services(&mut self, form: &ServicesForm<'_>, to: &mut Services) {
        to.hostname = self.optional("hostname", form.hostname, Hostname::new);
        self.text(
            "device_name",
            form.device_name,
            to.device_name.as_mut_view(),
        );
        to.config_server_enabled = form.config_server_enabled;
        let (name, stored) = ("config_server_password", form.config_server_password);
        to.config_server_password = self.optional(name, stored, door_password);
        let (name, stored) = ("webrepl_password", form.webrepl_password);
        to.webrepl_password = self.optional(name, stored, door_password);
        to.station_writes = form.station_writes;
        self.text("fleet_url", form.fleet_url, to.fleet_url.as_mut_view());
        self.text(
            "fleet_claim",
            form.fleet_claim,
            to.fleet_claim.as_mut_view(),
        );
        self.text(
            "fleet_ca_pem",
            form.fleet_ca_pem,
            to.fleet_ca_pem.as_mut_view(),
        );
        self.text("mqtt_url", form.mqtt_url, to.mqtt_url.as_mut_view());
        self.text("mqtt_user", form.mqtt_user, to.mqtt_user.as_mut_view());
        self.text(
            "mqtt_password",
            form.mqtt_password,
            to.mqtt_password.as_mut_view(),
        );
        to.mqtt_commands = form.mqtt_commands;
        let (name, probe_url) = ("internet_probe_url", to.internet_probe_url.as_mut_view());
        self.text(name, form.internet_probe_url, probe_url);
        to.country = self.optional("country", form.country, |code| {
            Some(code).filter(|code| values::is_country(*code))
        });
        to.tx_power_dbm = self.optional("tx_power_dbm", form.tx_power_dbm, |dbm| {
            Some(dbm).filter(|dbm| TX_POWER_DBM.contains(dbm))
        });
        to.led_pin = self.optional("led_pin", form.led_pin, |pin| {
            Some(pin).filter(|pin| *pin <= LED_PIN_MAX)
        });
        to.led_active_low = form.led_active_low;
        let level = LogLevel::ALL.get(usize::from(form.log_level));
        self.put("log_level", level.copied(), &mut to.log_level);
        self.put("extra", Extra::from_text(form.extra), &mut to.extra);
    }

    /// Puts a value in its place; a warning where it is wrong.
    fn put<T>(&mut self, name: &str, value: Option<T>, to: &mut T) {
        match value {
            Some(value) => *to = value,
            None => self.wrong(name),
        }
    }

    /// A value that may be absent; a warning and none where it is wrong.
    fn optional<T, U>(
        &mut self,
        name: &str,
        stored: Option<T>,
        parse: impl FnOnce(T) -> Option<U>,
    ) -> Option<U> {
        let value = parse(stored?);
        if value.is_none() {
            self.wrong(name);
        }
        value
    }

    /// Puts a text in its place; a warning where it is too long.
    fn text(&mut self, name: &str, stored: &str, to: &mut StringView) {
        to.clear();
        if to.push_str(stored).is_err() {
            self.wrong(name);
        }
    }
}

fn door_password(text: &str) -> Option<Secret<DOOR_PASSWORD_MAX>> {
    Secret::new(text).and_then(values::check_door_password)
}
