//! The fields of an air file, each of which takes nothing but what it may hold. An error raised in
//! here gets the line and column of the value from the TOML reader.

use alloc::string::String;
use core::fmt;

use landfall_core::net::{self, Channel, Ipv4Net, Mac, Ssid};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::air::access_point::InternetAccess;

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy)]
pub(super) struct Num<T, const MIN: i64, const MAX: i64>(T);

impl<T: Copy, const MIN: i64, const MAX: i64> Num<T, MIN, MAX> {
    pub(super) const fn of(value: T) -> Self {
        Self(value)
    }

    pub(super) fn get(self) -> T {
        self.0
    }
}

impl<'de, T: TryFrom<i64>, const MIN: i64, const MAX: i64> Deserialize<'de> for Num<T, MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = deserializer.deserialize_i64(WholeNumber::<MIN, MAX>)?;
        T::try_from(number)
            .map(Self)
            .map_err(|_| out_of_bounds(number, MIN, MAX))
    }
}

struct WholeNumber<const MIN: i64, const MAX: i64>;

impl<const MIN: i64, const MAX: i64> Visitor<'_> for WholeNumber<MIN, MAX> {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from {MIN} to {MAX}")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        if (MIN..=MAX).contains(&number) {
            Ok(number)
        } else {
            Err(out_of_bounds(number, MIN, MAX))
        }
    }
}

fn out_of_bounds<E: Error>(
    value: impl fmt::Display,
    min: impl fmt::Display,
    max: impl fmt::Display,
) -> E {
    E::custom(format_args!(
        "{value} is out of bounds, {min} to {max} are allowed"
    ))
}

/// A factor of real time.
#[derive(Clone, Copy)]
pub(super) struct Speed(pub(super) f64);

/// Slowest and fastest time of a world.
const SPEED_MIN: f64 = 0.01;
const SPEED_MAX: f64 = 100.0;

impl<'de> Deserialize<'de> for Speed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let speed = f64::deserialize(deserializer).map_err(|_| {
            D::Error::custom(format_args!(
                "allowed is a number from {SPEED_MIN} to {SPEED_MAX}"
            ))
        })?;
        if (SPEED_MIN..=SPEED_MAX).contains(&speed) {
            Ok(Self(speed))
        } else {
            Err(out_of_bounds(speed, SPEED_MIN, SPEED_MAX))
        }
    }
}

/// Reads text, and says what is allowed where it is none of it. What stands there instead is not
/// told: it may be a password, with its quotes forgotten.
fn text<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    allowed: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer).ok();
    text.and_then(|text| parse(&text))
        .ok_or_else(|| D::Error::custom(format_args!("allowed is {allowed}")))
}

macro_rules! text_field {
    ($(#[$doc:meta])* $name:ident($inner:ty), $allowed:expr, $parse:expr) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub(super) struct $name(pub(super) $inner);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                text(deserializer, $allowed, $parse).map(Self)
            }
        }
    };
}

text_field!(
    /// A network name as text.
    SsidText(Ssid),
    "a name of 1 to 32 bytes",
    |text: &str| Ssid::new(text.as_bytes()).ok()
);
text_field!(
    /// A network name as hexadecimal digits.
    SsidHex(Ssid),
    "2 to 64 hexadecimal digits, two for a byte",
    ssid_from_hex
);
text_field!(
    /// A password; `""` is open.
    Password(net::Security),
    "a password of 8 to 63 printable ASCII characters, 64 hexadecimal digits, or \"\" for open",
    |text: &str| net::Security::from_password(text.as_bytes()).ok()
);
text_field!(
    /// A hardware address.
    Bssid(Mac),
    "a hardware address such as \"02:00:00:00:00:01\"",
    |text: &str| Mac::parse(text.as_bytes())
);
text_field!(
    /// A network that has room for a router and a client.
    Subnet(Ipv4Net),
    "a network such as \"10.0.0.0/24\", its prefix 8 to 30",
    |text: &str| Ipv4Net::parse(text).filter(|net| (8..=30).contains(&net.prefix))
);
text_field!(
    /// A kind of security.
    Security(Kind),
    "\"open\", \"wpa2\", \"wpa3\", \"wpa2-wpa3\" or \"enterprise\"",
    |text: &str| match text {
        "open" => Some(Kind::Open),
        "wpa2" => Some(Kind::Wpa2),
        "wpa3" => Some(Kind::Wpa3),
        "wpa2-wpa3" => Some(Kind::Wpa2Wpa3),
        "enterprise" => Some(Kind::Enterprise),
        _ => None,
    }
);

/// A kind of security, without its key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Wpa2,
    Wpa3,
    Wpa2Wpa3,
    Enterprise,
}

fn ssid_from_hex(text: &str) -> Option<Ssid> {
    let mut bytes = [0; net::SSID_MAX];
    let bytes = bytes.get_mut(..text.len() / 2)?;
    net::decode_hex(text.as_bytes(), bytes)?;
    Ssid::new(bytes).ok()
}

/// A channel of the 2.4 GHz band.
#[derive(Clone, Copy)]
pub(super) struct ChannelNumber(pub(super) Channel);

impl<'de> Deserialize<'de> for ChannelNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Num::<u8, 1, 14>::deserialize(deserializer)?;
        Channel::new(number.get())
            .map(Self)
            .ok_or_else(|| D::Error::custom("1 to 14 are allowed"))
    }
}

/// What is behind a router: `true`, `false` or `"captive"`.
#[derive(Clone, Copy)]
pub(super) struct Internet(pub(super) InternetAccess);

impl<'de> Deserialize<'de> for Internet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InternetVisitor).map(Self)
    }
}

struct InternetVisitor;

impl Visitor<'_> for InternetVisitor {
    type Value = InternetAccess;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or \"captive\"")
    }

    fn visit_bool<E: Error>(self, yes: bool) -> Result<InternetAccess, E> {
        Ok(if yes {
            InternetAccess::Yes
        } else {
            InternetAccess::No
        })
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<InternetAccess, E> {
        if word == "captive" {
            Ok(InternetAccess::Captive)
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Str(word), &self))
        }
    }
}
