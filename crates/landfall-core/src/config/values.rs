//! One value of a document, made into one value of the configuration, or a reason why not.

use core::fmt::Write;

use heapless::String;
use heapless::string::StringView;

use super::reason::{Reason, Unit};
use super::{
    ApSecurity, DOOR_PASSWORD_MAX, DOOR_PASSWORD_MIN, LogLevel, MASK, Mode, SCHEMA, Secret,
    StartPolicy,
};
use crate::json::{Kind, TextError, Value};
use crate::net::{
    Bssid, Channel, HOSTNAME_MAX, Hostname, Ipv4Net, KeyMaterial, Mac, PSK_HEX_LEN, Passphrase,
    SSID_MAX, Security, Ssid, decode_hex,
};

/// A value of the configuration, or what is wrong.
///
/// The reason is borrowed: one word that a register holds, in place of four that are copied about
/// at each of a hundred ways out.
pub(super) type Parsed<T> = Result<T, &'static Reason>;

const TEXT: &Reason = &Reason::Expected("a text");
const SSID: &Reason = &Reason::Length(1, SSID_MAX, Unit::Bytes);
const PASSWORD: &Reason =
    &Reason::Expected("8 to 63 printable ASCII characters, 64 hex digits, or \"\" for open");
const AP_PASSWORD: &Reason =
    &Reason::Expected("8 to 63 printable ASCII characters, or \"\" for open");
const HOSTNAME: &Reason = &Reason::Expected("1 to 32 of a-z, 0-9 and -, no - at either end");

/// The schema that this is for.
pub(super) fn schema(value: Value<'_>) -> Parsed<()> {
    if value.as_int() == Some(SCHEMA) {
        Ok(())
    } else {
        Err(&Reason::Expected("2"))
    }
}

pub(super) fn object(value: Value<'_>) -> Parsed<()> {
    of_kind(value, Kind::Object, &Reason::Expected("an object"))
}

pub(super) fn array(value: Value<'_>) -> Parsed<()> {
    of_kind(value, Kind::Array, &Reason::Expected("an array"))
}

fn of_kind(value: Value<'_>, kind: Kind, reason: &'static Reason) -> Parsed<()> {
    if value.kind() == kind {
        Ok(())
    } else {
        Err(reason)
    }
}

/// Whether a secret's mask stands there in place of it.
pub(super) fn is_mask(value: Value<'_>) -> bool {
    value.as_text().is_some_and(|text| text.is(MASK))
}

pub(super) fn boolean(value: Value<'_>) -> Parsed<bool> {
    value.as_bool().ok_or(&Reason::Expected("true or false"))
}

/// As MicroPython takes it: 0 and 1 too.
pub(super) fn flag(value: Value<'_>) -> Parsed<bool> {
    match value.as_int() {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        Some(_) | None => boolean(value),
    }
}

/// A whole number of that [`Reason::Range`].
pub(super) fn number<T: TryFrom<u32>>(range: &'static Reason) -> impl Fn(Value<'_>) -> Parsed<T> {
    move |value| in_range(value.as_int(), range)
}

fn in_range<T: TryFrom<u32>>(number: Option<i64>, range: &'static Reason) -> Parsed<T> {
    let &Reason::Range(min, max) = range else {
        return Err(range);
    };
    number
        .and_then(|n| u32::try_from(n).ok())
        .filter(|n| (min..=max).contains(n))
        .and_then(|n| T::try_from(n).ok())
        .ok_or(range)
}

/// The whole part of a number of that [`Reason::Range`]: MicroPython's `txpower` is in dBm with a
/// fraction.
pub(super) fn whole_part(range: &'static Reason) -> impl Fn(Value<'_>) -> Parsed<u8> {
    move |value| {
        let raw = value.raw();
        let plain = value.kind() == Kind::Number && !raw.contains(['e', 'E']);
        let whole = raw.split('.').next().filter(|_| plain);
        in_range(whole.and_then(|whole| whole.parse().ok()), range)
    }
}

/// A text that fits `to`, written there. Where it is wrong, `to` is left empty.
pub(super) fn text(value: Value<'_>, length: &'static Reason, to: &mut StringView) -> Parsed<()> {
    to.clear();
    let text = value.as_text().ok_or(TEXT)?;
    text.write_to(to).map_err(|error| {
        to.clear();
        match error {
            TextError::TooLong => length,
            TextError::LoneSurrogate => TEXT,
        }
    })
}

/// A secret text that fits `to`, written there; `stored` where its mask stands for it.
pub(super) fn secret<const N: usize>(
    value: Value<'_>,
    length: &'static Reason,
    stored: Option<&Secret<N>>,
    to: &mut Secret<N>,
) -> Parsed<()> {
    if is_mask(value) {
        let stored = stored.filter(|stored| !stored.is_empty());
        *to = stored.ok_or(&Reason::NoStoredSecret)?.clone();
        return Ok(());
    }
    text(value, length, to.as_mut_view())
}

/// The password of config server or WebREPL; `stored` where its mask stands for it. No control
/// characters: the end of a line ends it when it is typed.
pub(super) fn door_password(
    value: Value<'_>,
    stored: Option<&Secret<DOOR_PASSWORD_MAX>>,
    to: &mut Option<Secret<DOOR_PASSWORD_MAX>>,
) -> Parsed<()> {
    const LENGTH: &Reason = &Reason::Length(DOOR_PASSWORD_MIN, DOOR_PASSWORD_MAX, Unit::Characters);
    let mut password = Secret::default();
    secret(value, LENGTH, stored, &mut password)?;
    *to = check_door_password(password);
    if to.is_some() { Ok(()) } else { Err(LENGTH) }
}

/// The password, where it is none too short and has no control characters.
pub(super) fn check_door_password(
    password: Secret<DOOR_PASSWORD_MAX>,
) -> Option<Secret<DOOR_PASSWORD_MAX>> {
    let text = password.expose();
    let fits = text.chars().count() >= DOOR_PASSWORD_MIN && !text.chars().any(char::is_control);
    fits.then_some(password)
}

/// The member of one of these names, and the name it has.
///
/// # Errors
/// Where it stands there twice, or under two names: which one is meant is not for us to guess.
// Some forty fields are looked for; one copy of this is enough.
#[inline(never)]
pub(super) fn only<'a, 'n>(
    object: Value<'a>,
    names: &'n [&'n str],
) -> Result<Option<(&'n str, Value<'a>)>, (&'n str, &'static Reason)> {
    let mut found = None;
    for (key, value) in object.members() {
        if let Some(name) = names.iter().find(|name| key.is(name)) {
            if found.is_some() {
                return Err((name, &Reason::Twice));
            }
            found = Some((*name, value));
        }
    }
    Ok(found)
}

/// The name of a network from the members `ssid` and `ssid_hex` of an object; where both are
/// there, as our own answers have it, they have to say the same.
///
/// # Errors
/// The member that is wrong, and why.
pub fn ssid_of(object: Value<'_>) -> Result<Ssid, (&'static str, Reason)> {
    match ssid_under(object, &["ssid"]) {
        Ok(ssid) => ssid.ok_or(("ssid", Reason::Missing)),
        Err((name, reason)) => Err((name, *reason)),
    }
}

/// As [`ssid_of`], with the name's text under one of these names; none where nothing is there.
pub(super) fn ssid_under<'n>(
    object: Value<'_>,
    names: &'n [&'n str],
) -> Result<Option<Ssid>, (&'n str, &'static Reason)> {
    let hex = match only(object, &["ssid_hex"])? {
        Some((name, value)) => Some(ssid_hex(value).map_err(|reason| (name, reason))?),
        None => None,
    };
    let Some((name, value)) = only(object, names)? else {
        return Ok(hex);
    };
    let Some(hex) = hex else {
        return ssid(value).map(Some).map_err(|reason| (name, reason));
    };
    let shown = value.as_text().ok_or((name, TEXT))?;
    if shows(&hex, shown) {
        Ok(Some(hex))
    } else {
        Err((name, &Reason::SsidsDiffer))
    }
}

/// Whether the text is what the name looks like to people.
fn shows(ssid: &Ssid, text: crate::json::Text<'_>) -> bool {
    // Each of 32 bytes shows as at most the three bytes of U+FFFD.
    let mut shown = String::<{ 3 * SSID_MAX }>::new();
    write!(shown.as_mut_view(), "{ssid}").is_ok() && text.is(&shown)
}

fn ssid(value: Value<'_>) -> Parsed<Ssid> {
    let text = value.as_text().ok_or(TEXT)?;
    let text = text.decode::<SSID_MAX>().map_err(|_| SSID)?;
    Ssid::new(text.as_bytes()).map_err(|_| SSID)
}

fn ssid_hex(value: Value<'_>) -> Parsed<Ssid> {
    const REASON: &Reason = &Reason::Expected("2 to 64 hex digits, two for each byte");
    let digits = value.as_text().ok_or(TEXT)?;
    let digits = digits.decode::<{ 2 * SSID_MAX }>().map_err(|_| REASON)?;
    let mut bytes = [0; SSID_MAX];
    let bytes = bytes.get_mut(..digits.len() / 2).ok_or(REASON)?;
    decode_hex(digits.as_bytes(), bytes).ok_or(REASON)?;
    Ssid::new(bytes).map_err(|_| REASON)
}

/// The password of a known network, where no mask stands for it.
pub(super) fn security(value: Value<'_>) -> Parsed<Security> {
    let text = value.as_text().ok_or(TEXT)?;
    let password = Secret::<PSK_HEX_LEN>::decode(text).map_err(|_| PASSWORD)?;
    Security::from_password(password.expose().as_bytes()).map_err(|_| PASSWORD)
}

/// The password of our access point. A raw key is refused: phones could not type it.
pub(super) fn ap_security(value: Value<'_>) -> Parsed<ApSecurity> {
    if is_mask(value) {
        return Err(&Reason::NoStoredSecret);
    }
    let text = value.as_text().ok_or(TEXT)?;
    let password = Secret::<PSK_HEX_LEN>::decode(text).map_err(|_| AP_PASSWORD)?;
    match Security::from_password(password.expose().as_bytes()) {
        Ok(Security::Open) => Ok(ApSecurity::Open),
        Ok(Security::Personal(key)) if is_phrase(&key) => Ok(ApSecurity::Key(key)),
        Ok(Security::Personal(_)) | Err(_) => Err(AP_PASSWORD),
    }
}

/// Whether it is a passphrase, not a raw key.
pub(super) fn is_phrase(key: &Passphrase) -> bool {
    matches!(key.material(), KeyMaterial::Phrase(_))
}

pub(super) fn bssid(value: Value<'_>) -> Parsed<Bssid> {
    const REASON: &Reason = &Reason::Expected("a hardware address like 24:6F:28:56:78:9A, or null");
    let text = value.as_text().ok_or(REASON)?;
    let text = text.decode::<17>().map_err(|_| REASON)?;
    Mac::parse(text.as_bytes()).ok_or(REASON)
}

pub(super) fn hostname(value: Value<'_>) -> Parsed<Hostname> {
    let text = value.as_text().ok_or(HOSTNAME)?;
    let text = text.decode::<HOSTNAME_MAX>().map_err(|_| HOSTNAME)?;
    Hostname::new(&text).ok_or(HOSTNAME)
}

/// A channel for our access point.
pub(super) fn ap_channel(value: Value<'_>) -> Parsed<Channel> {
    const RANGE: &Reason = &Reason::Range(1, AP_CHANNEL_MAX as u32);
    Channel::new(in_range(value.as_int(), RANGE)?).ok_or(RANGE)
}

/// The highest channel of our access point: 14 is allowed in Japan alone, and only for 802.11b.
pub(super) const AP_CHANNEL_MAX: u8 = 13;

/// As word or number.
pub(super) fn mode(value: Value<'_>) -> Parsed<Mode> {
    let by_number = || {
        let number = u8::try_from(value.as_int()?).ok()?;
        Mode::try_from(number).ok()
    };
    word(value, Mode::parse)
        .or_else(by_number)
        .ok_or(&Reason::Expected("off, sta, ap, sta_ap, or 0 to 3"))
}

pub(super) fn start_policy(value: Value<'_>) -> Parsed<StartPolicy> {
    word(value, StartPolicy::parse).ok_or(&Reason::Expected("always, fallback or never"))
}

pub(super) fn log_level(value: Value<'_>) -> Parsed<LogLevel> {
    word(value, LogLevel::parse).ok_or(&Reason::Expected("error, warn, info, debug or trace"))
}

/// What a short word stands for.
fn word<T>(value: Value<'_>, parse: impl FnOnce(&str) -> Option<T>) -> Option<T> {
    parse(&value.as_text()?.decode::<8>().ok()?)
}

/// An address for our access point: one that hosts may have, with room for clients beside it.
pub(super) fn ap_address(value: Value<'_>) -> Parsed<Ipv4Net> {
    const REASON: &Reason = &Reason::Expected("an address like 192.168.4.1/24, prefix 8 to 30");
    let text = value.as_text().ok_or(REASON)?;
    let text = text.decode::<18>().map_err(|_| REASON)?;
    Ipv4Net::parse(&text)
        .filter(|net| is_ap_address(*net))
        .ok_or(REASON)
}

/// Whether our access point may have that address.
pub(super) fn is_ap_address(net: Ipv4Net) -> bool {
    let first = net.addr.octets()[0];
    let host = net.addr.to_bits() & !net.mask();
    (8..=30).contains(&net.prefix)
        && (1..224).contains(&first)
        && first != 127
        && host != 0
        && host != !net.mask()
}

/// A URL of one of these schemes, or `""`, written to `to`. No user and password in it: it is shown
/// to whoever may read the configuration.
pub(super) fn url(
    value: Value<'_>,
    schemes: &[&str],
    reason: &'static Reason,
    to: &mut StringView,
) -> Parsed<()> {
    text(value, reason, to)?;
    if to.is_empty() || is_url(to, schemes) {
        Ok(())
    } else {
        to.clear();
        Err(reason)
    }
}

fn is_url(url: &str, schemes: &[&str]) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let host_end = |b: &u8| matches!(b, b'/' | b'?' | b'#');
    let mut hosts = rest.as_bytes().split(host_end);
    let host = hosts.next().unwrap_or_default();
    schemes.contains(&scheme)
        && !host.is_empty()
        && !host.contains(&b'@')
        && url.bytes().all(|b| b.is_ascii_graphic())
}

/// A country as radios name it: two letters of ISO 3166, or `01` for the world.
pub(super) fn country(value: Value<'_>) -> Parsed<[u8; 2]> {
    const REASON: &Reason = &Reason::Expected("two letters or digits");
    let text = value.as_text().ok_or(REASON)?;
    let text = text.decode::<2>().map_err(|_| REASON)?;
    let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| REASON)?;
    if is_country(code) {
        Ok(code)
    } else {
        Err(REASON)
    }
}

/// Whether that can be a country.
pub(super) fn is_country(code: [u8; 2]) -> bool {
    code.iter()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
