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

pub(super) fn boolean(value: Value<'_>, to: &mut bool) -> Parsed<()> {
    *to = value.as_bool().ok_or(&Reason::Expected("true or false"))?;
    Ok(())
}

/// As [`boolean`]; `null` is as good as absent, as it is wherever a value may be missing.
pub(super) fn some_boolean(value: Value<'_>, to: &mut Option<bool>) -> Parsed<()> {
    if value.is_null() {
        return Ok(());
    }
    let mut flag = false;
    boolean(value, &mut flag)?;
    *to = Some(flag);
    Ok(())
}

/// As MicroPython takes it: 0 and 1 too.
pub(super) fn flag(value: Value<'_>, to: &mut bool) -> Parsed<()> {
    match value.as_int() {
        Some(number @ 0..=1) => {
            *to = number == 1;
            Ok(())
        }
        Some(_) | None => boolean(value, to),
    }
}

/// A whole number of that [`Reason::Range`].
pub(super) fn number(value: Value<'_>, range: &'static Reason, to: &mut u32) -> Parsed<()> {
    *to = in_range(value.as_int(), range)?;
    Ok(())
}

/// As [`number`], of a range that a byte holds.
pub(super) fn byte(value: Value<'_>, range: &'static Reason, to: &mut u8) -> Parsed<()> {
    *to = in_range(value.as_int(), range)? as u8;
    Ok(())
}

/// As [`byte`]; `null` is as good as absent.
pub(super) fn some_byte(
    value: Value<'_>,
    range: &'static Reason,
    to: &mut Option<u8>,
) -> Parsed<()> {
    if !value.is_null() {
        *to = Some(in_range(value.as_int(), range)? as u8);
    }
    Ok(())
}

/// The whole part of a number of that [`Reason::Range`]: MicroPython's `txpower` is in dBm with a
/// fraction.
pub(super) fn whole_part(
    value: Value<'_>,
    range: &'static Reason,
    to: &mut Option<u8>,
) -> Parsed<()> {
    if !value.is_null() {
        *to = Some(in_range(value.whole_part(), range)? as u8);
    }
    Ok(())
}

fn in_range(number: Option<i64>, range: &'static Reason) -> Parsed<u32> {
    let &Reason::Range(min, max) = range else {
        return Err(range);
    };
    number
        .and_then(|n| u32::try_from(n).ok())
        .filter(|n| (min..=max).contains(n))
        .ok_or(range)
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

/// A secret text that fits `to`, written there; `stored`, where it is not empty, where its mask
/// stands for it. Where it is wrong, `to` is left empty.
pub(super) fn secret(
    value: Value<'_>,
    length: &'static Reason,
    stored: &str,
    to: &mut StringView,
) -> Parsed<()> {
    if !is_mask(value) {
        return text(value, length, to);
    }
    to.clear();
    if stored.is_empty() {
        return Err(&Reason::NoStoredSecret);
    }
    to.push_str(stored).map_err(|_| length)
}

/// The password of config server or WebREPL; `stored` where its mask stands for it. No control
/// characters: the end of a line ends it when it is typed.
pub(super) fn door_password(
    value: Value<'_>,
    stored: Option<&Secret<DOOR_PASSWORD_MAX>>,
    to: &mut Option<Secret<DOOR_PASSWORD_MAX>>,
) -> Parsed<()> {
    const LENGTH: &Reason = &Reason::Length(DOOR_PASSWORD_MIN, DOOR_PASSWORD_MAX, Unit::Characters);
    let stored = stored.map_or("", Secret::expose);
    let mut password = Secret::default();
    secret(value, LENGTH, stored, password.as_mut_view())?;
    *to = check_door_password(password);
    if to.is_some() { Ok(()) } else { Err(LENGTH) }
}

/// The password, where it is none too short and has no control characters.
pub(super) fn check_door_password(
    password: Secret<DOOR_PASSWORD_MAX>,
) -> Option<Secret<DOOR_PASSWORD_MAX>> {
    let mut count = 0;
    for c in password.expose().chars() {
        if c.is_control() {
            return None;
        }
        count += 1;
    }
    (count >= DOOR_PASSWORD_MIN).then_some(password)
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
    let mut ssid = None;
    match ssid_under(object, &["ssid"], &mut ssid) {
        Ok(()) => ssid.ok_or(("ssid", Reason::Missing)),
        Err((name, reason)) => Err((name, *reason)),
    }
}

/// As [`ssid_of`], with the name's text under one of these names; `to` stays as it is where nothing
/// is there or something is wrong.
pub(super) fn ssid_under<'n>(
    object: Value<'_>,
    names: &'n [&'n str],
    to: &mut Option<Ssid>,
) -> Result<(), (&'n str, &'static Reason)> {
    let mut ssid = None;
    if let Some((name, value)) = only(object, &["ssid_hex"])? {
        ssid_hex(value, &mut ssid).map_err(|reason| (name, reason))?;
    }
    if let Some((name, value)) = only(object, names)? {
        match &ssid {
            Some(hex) => shows(hex, value),
            None => text_ssid(value, &mut ssid),
        }
        .map_err(|reason| (name, reason))?;
    }
    if ssid.is_some() {
        *to = ssid;
    }
    Ok(())
}

/// Whether the text is what the name looks like to people.
fn shows(ssid: &Ssid, value: Value<'_>) -> Parsed<()> {
    let text = value.as_text().ok_or(TEXT)?;
    // Each of 32 bytes shows as at most the three bytes of U+FFFD.
    let mut shown = String::<{ 3 * SSID_MAX }>::new();
    if write!(shown, "{ssid}").is_ok() && text.is(&shown) {
        Ok(())
    } else {
        Err(&Reason::SsidsDiffer)
    }
}

fn text_ssid(value: Value<'_>, to: &mut Option<Ssid>) -> Parsed<()> {
    let mut text = String::<SSID_MAX>::new();
    let text = short(value, TEXT, SSID, text.as_mut_view())?;
    *to = Ssid::of(text.as_bytes());
    to.is_some().then_some(()).ok_or(SSID)
}

fn ssid_hex(value: Value<'_>, to: &mut Option<Ssid>) -> Parsed<()> {
    const REASON: &Reason = &Reason::Expected("2 to 64 hex digits, two for each byte");
    let mut digits = String::<{ 2 * SSID_MAX }>::new();
    let digits = short(value, TEXT, REASON, digits.as_mut_view())?;
    let mut bytes = [0; SSID_MAX];
    let bytes = bytes.get_mut(..digits.len() / 2).ok_or(REASON)?;
    decode_hex(digits.as_bytes(), bytes).ok_or(REASON)?;
    *to = Ssid::of(bytes);
    to.is_some().then_some(()).ok_or(REASON)
}

/// The text that a value is, written to `to`; `kind` where it is no text, `wrong` where it does not
/// fit there.
fn short<'t>(
    value: Value<'_>,
    kind: &'static Reason,
    wrong: &'static Reason,
    to: &'t mut StringView,
) -> Parsed<&'t str> {
    let text = value.as_text().ok_or(kind)?;
    text.write_to(to).map_err(|_| wrong)?;
    Ok(to.as_str())
}

/// The password of a known network, where no mask stands for it.
pub(super) fn security(value: Value<'_>) -> Parsed<Security> {
    let mut password = Secret::<PSK_HEX_LEN>::default();
    let text = short(value, TEXT, PASSWORD, password.as_mut_view())?;
    Security::from_password(text.as_bytes()).map_err(|_| PASSWORD)
}

/// The password of our access point, or the key that is stored where its mask stands for it. A raw
/// key is refused: phones could not type it.
pub(super) fn ap_security(
    value: Value<'_>,
    stored: Option<&ApSecurity>,
    to: &mut ApSecurity,
) -> Parsed<()> {
    *to = if value.as_text().is_none() {
        return Err(TEXT);
    } else if is_mask(value) {
        let key = stored.filter(|stored| matches!(stored, ApSecurity::Key(_)));
        key.ok_or(&Reason::NoStoredSecret)?.clone()
    } else {
        match security(value) {
            Ok(Security::Open) => ApSecurity::Open,
            Ok(Security::Personal(key)) if is_phrase(&key) => ApSecurity::Key(key),
            Ok(Security::Personal(_)) | Err(_) => return Err(AP_PASSWORD),
        }
    };
    Ok(())
}

/// Whether it is a passphrase, not a raw key.
pub(super) fn is_phrase(key: &Passphrase) -> bool {
    matches!(key.material(), KeyMaterial::Phrase(_))
}

pub(super) fn bssid(value: Value<'_>, to: &mut Option<Bssid>) -> Parsed<()> {
    const REASON: &Reason = &Reason::Expected("a hardware address like 24:6F:28:56:78:9A, or null");
    if value.is_null() {
        return Ok(());
    }
    let mut text = String::<17>::new();
    let text = short(value, REASON, REASON, text.as_mut_view())?;
    *to = Some(Mac::parse(text.as_bytes()).ok_or(REASON)?);
    Ok(())
}

pub(super) fn hostname(value: Value<'_>, to: &mut Option<Hostname>) -> Parsed<()> {
    if value.is_null() {
        return Ok(());
    }
    let mut text = String::<HOSTNAME_MAX>::new();
    let text = short(value, HOSTNAME, HOSTNAME, text.as_mut_view())?;
    let name = Hostname::new(text);
    if name.is_none() {
        return Err(HOSTNAME);
    }
    *to = name;
    Ok(())
}

/// A channel for our access point.
pub(super) fn ap_channel(value: Value<'_>, to: &mut Option<Channel>) -> Parsed<()> {
    const RANGE: &Reason = &Reason::Range(1, AP_CHANNEL_MAX as u32);
    if !value.is_null() {
        *to = Channel::new(in_range(value.as_int(), RANGE)? as u8);
    }
    Ok(())
}

/// The highest channel of our access point: 14 is allowed in Japan alone, and only for 802.11b.
pub(super) const AP_CHANNEL_MAX: u8 = 13;

/// As word or number.
pub(super) fn mode(value: Value<'_>, to: &mut Mode) -> Parsed<()> {
    let by_number = || {
        Mode::ALL
            .get(usize::try_from(value.as_int()?).ok()?)
            .copied()
    };
    let mode = of_name(value, &Mode::ALL, |mode| mode.name()).or_else(by_number);
    *to = mode.ok_or(&Reason::Expected("off, sta, ap, sta_ap, or 0 to 3"))?;
    Ok(())
}

pub(super) fn start_policy(value: Value<'_>, to: &mut StartPolicy) -> Parsed<()> {
    let policy = of_name(value, &StartPolicy::ALL, |policy| policy.name());
    *to = policy.ok_or(&Reason::Expected("always, fallback or never"))?;
    Ok(())
}

pub(super) fn log_level(value: Value<'_>, to: &mut LogLevel) -> Parsed<()> {
    let level = of_name(value, &LogLevel::ALL, |level| level.name());
    *to = level.ok_or(&Reason::Expected("error, warn, info, debug or trace"))?;
    Ok(())
}

/// The one of these that the text names.
fn of_name<T: Copy>(value: Value<'_>, all: &[T], name: fn(T) -> &'static str) -> Option<T> {
    let text = value.as_text()?;
    all.iter().copied().find(|one| text.is(name(*one)))
}

/// An address for our access point: one that hosts may have, with room for clients beside it.
pub(super) fn ap_address(value: Value<'_>, to: &mut Ipv4Net) -> Parsed<()> {
    const REASON: &Reason = &Reason::Expected("an address like 192.168.4.1/24, prefix 8 to 30");
    let mut text = String::<18>::new();
    let text = short(value, REASON, REASON, text.as_mut_view())?;
    *to = Ipv4Net::parse(text)
        .filter(|net| is_ap_address(*net))
        .ok_or(REASON)?;
    Ok(())
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

/// The schemes of the web.
const WEB: &[&str] = &["http", "https"];

/// A URL of the web, or `""`, written to `to`.
pub(super) fn http_url(value: Value<'_>, to: &mut StringView) -> Parsed<()> {
    const REASON: &Reason = &Reason::Expected(
        "an http:// or https:// URL of at most 128 bytes without user and password, or \"\"",
    );
    url(value, WEB, REASON, to)
}

/// A URL of a broker, or `""`, written to `to`.
pub(super) fn mqtt_url(value: Value<'_>, to: &mut StringView) -> Parsed<()> {
    const REASON: &Reason = &Reason::Expected(
        "an mqtt:// or mqtts:// URL of at most 128 bytes without user and password, or \"\"",
    );
    url(value, &["mqtt", "mqtts"], REASON, to)
}

/// A URL of one of these schemes, or `""`, written to `to`. No user and password in it: it is shown
/// to whoever may read the configuration.
fn url(
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

/// Whether that is a URL of the web without user and password, or `""`.
pub fn is_web_url(url: &str) -> bool {
    url.is_empty() || is_url(url, WEB)
}

fn is_url(url: &str, schemes: &[&str]) -> bool {
    let after = |scheme: &&str| url.strip_prefix(*scheme)?.strip_prefix("://");
    let Some(rest) = schemes.iter().find_map(after) else {
        return false;
    };
    let host_end = |b: &u8| matches!(b, b'/' | b'?' | b'#');
    let mut hosts = rest.as_bytes().split(host_end);
    let host = hosts.next().unwrap_or_default();
    !host.is_empty() && !host.contains(&b'@') && url.bytes().all(|b| b.is_ascii_graphic())
}

/// A country as radios name it: two letters of ISO 3166, or `01` for the world.
pub(super) fn country(value: Value<'_>, to: &mut Option<[u8; 2]>) -> Parsed<()> {
    const REASON: &Reason = &Reason::Expected("two letters or digits");
    if value.is_null() {
        return Ok(());
    }
    let mut text = String::<2>::new();
    let text = short(value, REASON, REASON, text.as_mut_view())?;
    let code: [u8; 2] = text.as_bytes().try_into().map_err(|_| REASON)?;
    *to = Some(Some(code).filter(|code| is_country(*code)).ok_or(REASON)?);
    Ok(())
}

/// Whether that can be a country.
pub(super) fn is_country(code: [u8; 2]) -> bool {
    code.iter()
        .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}
