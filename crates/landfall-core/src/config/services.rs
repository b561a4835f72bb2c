//! What the doors around the machine are told: names, addresses, passwords, log level.

use core::fmt;

use heapless::String;
use heapless::string::StringView;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Extra;
use crate::json::{Text, TextError};
use crate::net::Hostname;

/// Shortest and longest password of config server and WebREPL.
pub const DOOR_PASSWORD_MIN: usize = 8;
/// See [`DOOR_PASSWORD_MIN`].
pub const DOOR_PASSWORD_MAX: usize = 64;
/// Longest URL in the configuration, in bytes.
pub const URL_MAX: usize = 128;
/// Longest certificate (PEM) of the fleet server, in bytes.
pub const CA_PEM_MAX: usize = 2048;
/// Longest user name or password of the MQTT broker, in bytes.
pub const MQTT_CREDENTIAL_MAX: usize = 64;
/// Longest name of a device for people, in bytes.
pub const DEVICE_NAME_MAX: usize = 64;
/// Longest claim code, in bytes.
pub const CLAIM_MAX: usize = 32;

/// What the doors around the machine need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Services {
    /// The device's name; none: [`Hostname::of`] its hardware address.
    pub hostname: Option<Hostname>,
    /// What people call it; empty: its host name.
    pub device_name: String<DEVICE_NAME_MAX>,
    /// Whether the config server runs.
    pub config_server_enabled: bool,
    /// Its password, 8 to 64 characters; the server does not start without one.
    pub config_server_password: Option<Secret<DOOR_PASSWORD_MAX>>,
    /// WebREPL's password; none: that of the config server.
    pub webrepl_password: Option<Secret<DOOR_PASSWORD_MAX>>,
    /// Whether writes over the station side need no authentication.
    pub station_writes: bool,
    /// Where the fleet server is.
    pub fleet_url: String<URL_MAX>,
    /// The claim code for it.
    pub fleet_claim: Secret<CLAIM_MAX>,
    /// The certificate that signs it.
    pub fleet_ca_pem: String<CA_PEM_MAX>,
    /// Where the MQTT broker is.
    pub mqtt_url: String<URL_MAX>,
    /// The user there.
    pub mqtt_user: String<MQTT_CREDENTIAL_MAX>,
    /// The password there.
    pub mqtt_password: Secret<MQTT_CREDENTIAL_MAX>,
    /// Whether commands are taken over MQTT.
    pub mqtt_commands: bool,
    /// What is fetched to learn whether a network leads to the internet; empty: nothing is.
    pub internet_probe_url: String<URL_MAX>,
    /// The radio's country, two characters; none: the radio's own default.
    pub country: Option<[u8; 2]>,
    /// The radio's power in dBm, 2 to 20; none: 15.
    pub tx_power_dbm: Option<u8>,
    /// The LED's pin; none: that of the board.
    pub led_pin: Option<u8>,
    /// Whether the LED lights on a low level; none: as the board says.
    pub led_active_low: Option<bool>,
    /// How much is logged.
    pub log_level: LogLevel,
    /// Members and networks that we have no use for, kept for a round trip.
    pub extra: Extra,
}

impl Services {
    /// Whether the config server is to run: enabled, and with a password.
    pub fn config_server_runs(&self) -> bool {
        self.config_server_enabled && self.config_server_password.is_some()
    }

    /// The password of WebREPL: its own, or that of the config server.
    pub fn webrepl_secret(&self) -> Option<&Secret<DOOR_PASSWORD_MAX>> {
        self.webrepl_password
            .as_ref()
            .or(self.config_server_password.as_ref())
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    /// Failures.
    Error,
    /// And what deserves a look.
    Warn,
    /// And what happens.
    #[default]
    Info,
    /// And how.
    Debug,
    /// And everything.
    Trace,
}

impl LogLevel {
    /// All levels, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Error,
        Self::Warn,
        Self::Info,
        Self::Debug,
        Self::Trace,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }

    /// From the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == word)
    }
}

/// A secret text of the configuration, at most `N` bytes. Prints as `***`, zeroed on drop.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Secret<const N: usize>(String<N>);

impl<const N: usize> Secret<N> {
    /// The secret of that text; none where it is too long.
    pub fn new(text: &str) -> Option<Self> {
        String::try_from(text).ok().map(Self)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The secret that a string of a JSON document holds, decoded without a copy on the way.
    ///
    /// # Errors
    /// Where it does not fit, or holds no text.
    pub fn decode(text: Text<'_>) -> Result<Self, TextError> {
        let mut secret = Self::default();
        text.write_to(secret.as_mut_view()).map(|()| secret)
    }

    /// To write into without a copy on the way.
    pub(super) fn as_mut_view(&mut self) -> &mut StringView {
        self.0.as_mut_view()
    }

    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl<const N: usize> fmt::Debug for Secret<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<const N: usize> Zeroize for Secret<N> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> Drop for Secret<N> {
    // Inlined, the wiping is most of the code that reads a configuration.
    #[inline(never)]
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for Secret<N> {}
