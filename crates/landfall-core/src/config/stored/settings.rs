//! The piece of everything but the networks.

use core::net::Ipv4Addr;

use heapless::String;

use super::super::document::Warning;
use super::super::{
    AP_CLIENTS_MAX, ApSettings, CA_PEM_MAX, CLAIM_MAX, CONNECT_TIMEOUT_MS, ConfigRef,
    DOOR_PASSWORD_MAX, EXTRA_MAX, Extra, FALLBACK_DEADLINE_MS, LED_PIN_MAX, LogLevel, MAX_RETRY,
    MQTT_CREDENTIAL_MAX, Mode, Secret, Services, StartPolicy, StationSettings, TX_POWER_DBM,
    URL_MAX, values,
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
        let wifi = &mut self.config.wifi;
        wifi.mode = warner.or("mode", Mode::try_from(form.mode).ok(), wifi.mode);
        wifi.ap = ap_of(&form.ap, wifi.ap.clone(), &mut warner);
        wifi.station = station_of(&form, wifi.station, &mut warner);
        self.config.services = services_of(&form.services, &mut warner);
    }
}

fn station_of(
    form: &SettingsForm<'_>,
    d: StationSettings,
    warner: &mut Warner<'_>,
) -> StationSettings {
    let timeout = Some(form.connect_timeout_ms).filter(|n| CONNECT_TIMEOUT_MS.contains(n));
    let retry = Some(form.max_retry).filter(|n| MAX_RETRY.contains(n));
    let deadline = Some(form.fallback_deadline_ms).filter(|n| FALLBACK_DEADLINE_MS.contains(n));
    StationSettings {
        connect_timeout_ms: warner.or("connect_timeout_ms", timeout, d.connect_timeout_ms),
        max_retry: warner.or("max_retry", retry, d.max_retry),
        fallback_deadline_ms: warner.or("fallback_deadline_ms", deadline, d.fallback_deadline_ms),
    }
}

fn ap_of(form: &ApForm<'_>, d: ApSettings, warner: &mut Warner<'_>) -> ApSettings {
    let max_clients = Some(form.max_clients).filter(|n| (1..=AP_CLIENTS_MAX).contains(n));
    let channel = |n| Channel::new(n).filter(|_| n <= values::AP_CHANNEL_MAX);
    let address = Some(Ipv4Net {
        addr: Ipv4Addr::from(form.address),
        prefix: form.prefix,
    })
    .filter(|net| values::is_ap_address(*net));
    let policy = match form.start_policy {
        0 => Some(StartPolicy::Always),
        1 => Some(StartPolicy::Fallback),
        2 => Some(StartPolicy::Never),
        _ => None,
    };
    ApSettings {
        ssid: warner.optional("ap_ssid", form.ssid, |bytes| Ssid::new(bytes).ok()),
        security: warner.or("ap_password", form.key.ap_security(), d.security),
        channel: warner.optional("ap_channel", form.channel, channel),
        hidden: form.hidden,
        max_clients: warner.or("max_clients", max_clients, d.max_clients),
        enables_webrepl: form.enables_webrepl,
        start_policy: warner.or("start_policy", policy, d.start_policy),
        address: warner.or("ap_address", address, d.address),
    }
}

fn services_of(form: &ServicesForm<'_>, warner: &mut Warner<'_>) -> Services {
    let password = |text| Secret::new(text).and_then(values::check_door_password);
    let level = LogLevel::ALL.get(usize::from(form.log_level)).copied();
    let claim = Secret::new(form.fleet_claim);
    let mqtt_password = Secret::new(form.mqtt_password);
    Services {
        hostname: warner.optional("hostname", form.hostname, Hostname::new),
        config_server_enabled: form.config_server_enabled,
        config_server_password: warner.optional(
            "config_server_password",
            form.config_server_password,
            password,
        ),
        webrepl_password: warner.optional("webrepl_password", form.webrepl_password, password),
        station_writes: form.station_writes,
        fleet_url: warner.text("fleet_url", form.fleet_url),
        fleet_claim: warner.or("fleet_claim", claim, Secret::default()),
        fleet_ca_pem: warner.text("fleet_ca_pem", form.fleet_ca_pem),
        mqtt_url: warner.text("mqtt_url", form.mqtt_url),
        mqtt_user: warner.text("mqtt_user", form.mqtt_user),
        mqtt_password: warner.or("mqtt_password", mqtt_password, Secret::default()),
        mqtt_commands: form.mqtt_commands,
        internet_probe_url: warner.text("internet_probe_url", form.internet_probe_url),
        country: warner.optional("country", form.country, |code| {
            Some(code).filter(|code| values::is_country(*code))
        }),
        tx_power_dbm: warner.optional("tx_power_dbm", form.tx_power_dbm, |dbm| {
            Some(dbm).filter(|dbm| TX_POWER_DBM.contains(dbm))
        }),
        led_pin: warner.optional("led_pin", form.led_pin, |pin| {
            Some(pin).filter(|pin| *pin <= LED_PIN_MAX)
        }),
        led_active_low: form.led_active_low,
        log_level: warner.or("log_level", level, LogLevel::default()),
        extra: warner.or("extra", Extra::from_text(form.extra), Extra::default()),
    }
}

impl Warner<'_> {
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

    /// A text of at most `N` bytes.
    fn text<const N: usize>(&mut self, name: &str, stored: &str) -> String<N> {
        self.or(name, String::try_from(stored).ok(), String::new())
    }
}
