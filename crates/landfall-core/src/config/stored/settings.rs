//! The piece of everything but the networks.

use core::net::Ipv4Addr;
use core::ops::RangeInclusive;

use heapless::string::StringView;

use super::super::reason::Warning;
use super::super::{
    AP_CLIENTS_MAX, ApSettings, CA_PEM_MAX, CLAIM_MAX, CONNECT_TIMEOUT_MS, Config, ConfigRef,
    DEVICE_NAME_MAX, DOOR_PASSWORD_MAX, EXTRA_MAX, Extra, FALLBACK_DEADLINE_MS, LED_PIN_MAX,
    LogLevel, MAX_RETRY, MQTT_CREDENTIAL_MAX, Mode, Secret, Services, StartPolicy, StationSettings,
    TX_POWER_DBM, URL_MAX, values,
};
use super::bytes::{Cursor, Writer};
use super::form;
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
        let Some(c) = form::settings(bytes) else {
            return warner.unreadable();
        };
        let mut reader = Reader { c, warner };
        let Config { wifi, services } = &mut self.config;
        reader.one_of("mode", &Mode::ALL, &mut wifi.mode);
        reader.ap(&mut wifi.ap);
        reader.timing(&mut wifi.station);
        reader.services(services);
    }
}

/// Reads a piece that was looked through.
struct Reader<'a, 'w> {
    c: Cursor<'a>,
    warner: Warner<'w>,
}

impl Reader<'_, '_> {
    fn ap(&mut self, to: &mut ApSettings) {
        to.ssid = None;
        if self.c.flag() {
            to.ssid = Ssid::of(self.c.bytes());
            self.warner.expect("ap_ssid", to.ssid.is_some());
        }
        let security = form::ap_security(&mut self.c);
        self.put("ap_password", security, &mut to.security);
        let mut channel = None;
        let channels = 1..=u32::from(values::AP_CHANNEL_MAX);
        self.some_byte("ap_channel", channels, &mut channel);
        to.channel = channel.and_then(Channel::new);
        to.hidden = self.c.flag();
        self.byte(
            "max_clients",
            1..=u32::from(AP_CLIENTS_MAX),
            &mut to.max_clients,
        );
        to.enables_webrepl = self.c.flag();
        self.one_of("start_policy", &StartPolicy::ALL, &mut to.start_policy);
        let address = Ipv4Net {
            addr: Ipv4Addr::from(self.c.array::<4>()),
            prefix: self.c.byte(),
        };
        let address = Some(address).filter(|net| values::is_ap_address(*net));
        self.put("ap_address", address, &mut to.address);
    }

    fn timing(&mut self, to: &mut StationSettings) {
        let timeout = self.c.number();
        self.number(
            "connect_timeout_ms",
            CONNECT_TIMEOUT_MS,
            timeout,
            &mut to.connect_timeout_ms,
        );
        let retry = u32::from(*MAX_RETRY.start())..=u32::from(*MAX_RETRY.end());
        self.byte("max_retry", retry, &mut to.max_retry);
        let deadline = self.c.number();
        self.number(
            "fallback_deadline_ms",
            FALLBACK_DEADLINE_MS,
            deadline,
            &mut to.fallback_deadline_ms,
        );
    }

    fn services(&mut self, to: &mut Services) {
        to.hostname = None;
        if let Some(text) = self.c.some_text() {
            to.hostname = Hostname::new(text);
            self.warner.expect("hostname", to.hostname.is_some());
        }
        self.text("device_name", to.device_name.as_mut_view());
        to.config_server_enabled = self.c.flag();
        self.door_password("config_server_password", &mut to.config_server_password);
        self.door_password("webrepl_password", &mut to.webrepl_password);
        to.station_writes = self.c.flag();
        for (name, place) in [
            ("fleet_url", to.fleet_url.as_mut_view()),
            ("fleet_claim", to.fleet_claim.as_mut_view()),
            ("fleet_ca_pem", to.fleet_ca_pem.as_mut_view()),
            ("mqtt_url", to.mqtt_url.as_mut_view()),
            ("mqtt_user", to.mqtt_user.as_mut_view()),
            ("mqtt_password", to.mqtt_password.as_mut_view()),
        ] {
            self.text(name, place);
        }
        to.mqtt_commands = self.c.flag();
        self.text("internet_probe_url", to.internet_probe_url.as_mut_view());
        to.country = None;
        if let Some(code) = self.c.some_array() {
            to.country = Some(code).filter(|code| values::is_country(*code));
            self.warner.expect("country", to.country.is_some());
        }
        let power = u32::from(*TX_POWER_DBM.start())..=u32::from(*TX_POWER_DBM.end());
        self.some_byte("tx_power_dbm", power, &mut to.tx_power_dbm);
        self.some_byte("led_pin", 0..=u32::from(LED_PIN_MAX), &mut to.led_pin);
        to.led_active_low = self.c.flag().then(|| self.c.flag());
        self.one_of("log_level", &LogLevel::ALL, &mut to.log_level);
        let extra = Extra::from_text(self.c.text());
        self.put("extra", extra, &mut to.extra);
    }

    /// Puts a value in its place; a warning where it is wrong.
    fn put<T>(&mut self, name: &str, value: Option<T>, to: &mut T) {
        self.warner.expect(name, value.is_some());
        if let Some(value) = value {
            *to = value;
        }
    }

    /// The one of that number.
    fn one_of<T: Copy>(&mut self, name: &str, all: &[T], to: &mut T) {
        let one = all.get(usize::from(self.c.byte()));
        self.put(name, one.copied(), to);
    }

    #[inline(never)]
    fn number(&mut self, name: &str, range: RangeInclusive<u32>, number: u32, to: &mut u32) {
        let fits = range.contains(&number);
        self.warner.expect(name, fits);
        if fits {
            *to = number;
        }
    }

    fn byte(&mut self, name: &str, range: RangeInclusive<u32>, to: &mut u8) {
        let (byte, mut number) = (self.c.byte(), u32::from(*to));
        self.number(name, range, byte.into(), &mut number);
        *to = number as u8;
    }

    /// A number that may be absent; a warning and none where it is wrong.
    fn some_byte(&mut self, name: &str, range: RangeInclusive<u32>, to: &mut Option<u8>) {
        let byte = self.c.some_byte();
        *to = byte.filter(|byte| range.contains(&u32::from(*byte)));
        self.warner.expect(name, byte == *to);
    }

    /// A text; a warning where it is too long.
    fn text(&mut self, name: &str, to: &mut StringView) {
        to.clear();
        let fits = to.push_str(self.c.text()).is_ok();
        self.warner.expect(name, fits);
    }

    /// A password that may be absent; a warning and none where it is wrong.
    fn door_password(&mut self, name: &str, to: &mut Option<Secret<DOOR_PASSWORD_MAX>>) {
        *to = None;
        if let Some(text) = self.c.some_text() {
            *to = Secret::new(text).and_then(values::check_door_password);
            self.warner.expect(name, to.is_some());
        }
    }
}
