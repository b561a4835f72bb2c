//! The members of a JSON body, each as its handler wants it, and what is wrong with it otherwise.

use landfall_core::config::{KnownNetwork, MASK, Mode, Security};
use landfall_core::json::{self, Kind, TextError, Value};
use landfall_core::net::{Mac, PassphraseError, SSID_MAX, Ssid, SsidError, decode_hex};

use super::answer::Failure;
use super::view::KeyText;

/// The body as an object.
pub(crate) fn object(body: &[u8]) -> Result<Value<'_>, Failure> {
    match json::parse(body) {
        Ok(value) if value.kind() == Kind::Object => Ok(value),
        Ok(_) | Err(_) => Err(Failure {
            code: "invalid-payload",
            path: "body",
            reason: "not a JSON object",
        }),
    }
}

/// The network named by `ssid`, or by `ssid_hex`, which says more where both are given.
pub(crate) fn ssid_of(object: Value<'_>) -> Result<Ssid, Failure> {
    if let Some(hex) = object.member("ssid_hex").filter(|hex| !hex.is_null()) {
        let digits = hex.as_text().ok_or(bad_hex("not a string"))?;
        return match digits.decode::<{ SSID_MAX * 2 }>() {
            Ok(digits) => ssid_from_hex(digits.as_bytes()),
            Err(_) => Err(bad_hex("longer than 32 bytes")),
        };
    }
    let value = object.member("ssid").ok_or(no_ssid("missing"))?;
    let text = value.as_text().ok_or(no_ssid("not a string"))?;
    match text.decode::<SSID_MAX>() {
        Ok(text) => ssid_from_bytes(text.as_bytes()),
        Err(TextError::TooLong) => Err(no_ssid("longer than 32 bytes")),
        Err(TextError::LoneSurrogate) => Err(no_ssid("half a surrogate pair")),
    }
}

/// The network of these bytes.
pub(crate) fn ssid_from_bytes(bytes: &[u8]) -> Result<Ssid, Failure> {
    Ssid::new(bytes).map_err(|error| match error {
        SsidError::Empty => no_ssid("empty"),
        SsidError::TooLong => no_ssid("longer than 32 bytes"),
    })
}

/// The network of these hexadecimal digits.
pub(crate) fn ssid_from_hex(digits: &[u8]) -> Result<Ssid, Failure> {
    let mut room = [0; SSID_MAX];
    let bytes = room
        .get_mut(..digits.len() / 2)
        .ok_or(bad_hex("longer than 32 bytes"))?;
    decode_hex(digits, bytes).ok_or(bad_hex("not pairs of hexadecimal digits"))?;
    Ssid::new(bytes).map_err(|_| bad_hex("empty"))
}

/// How the network lets in, by the member `path`: absent, null and `""` are open.
pub(crate) fn security_of(object: Value<'_>, path: &'static str) -> Result<Security, Failure> {
    let Some(value) = object.member(path).filter(|value| !value.is_null()) else {
        return Ok(Security::Open);
    };
    let text = value.as_text().ok_or(bad_pass(path, "not a string"))?;
    match KeyText::decode(text) {
        Ok(text) => security_from_bytes(path, text.expose().as_bytes()),
        Err(_) => Err(bad_pass(path, "longer than 63 characters")),
    }
}

/// How the network lets in, by these bytes: none are open.
pub(crate) fn security_from_bytes(path: &'static str, bytes: &[u8]) -> Result<Security, Failure> {
    if matches!(bytes.len(), 1..=7) {
        return Err(too_short(path));
    }
    Security::from_password(bytes).map_err(|error| match error {
        PassphraseError::TooShort => too_short(path),
        PassphraseError::TooLong => bad_pass(path, "longer than 63 characters"),
        PassphraseError::NotPrintable => bad_pass(path, "not printable ASCII"),
    })
}

/// A network of the configuration. One whose `password` is absent, or the mask that stands for a
/// stored one, keeps that of the network of its name in `known`: what was read over the API can be
/// sent back, since passwords are never told.
pub(crate) fn network_of(
    object: Value<'_>,
    known: &[KnownNetwork],
) -> Result<KnownNetwork, Failure> {
    let ssid = ssid_of(object)?;
    let stored = known.iter().find(|known| known.ssid == ssid);
    let password = object.member("password");
    let is_mask = password
        .and_then(Value::as_text)
        .is_some_and(|text| text.is(MASK));
    let security = match (password, stored) {
        (None, Some(stored)) => stored.security.clone(),
        (Some(_), Some(stored)) if is_mask => stored.security.clone(),
        (Some(_), None) if is_mask => {
            return Err(bad_pass("password", "masked, but none is stored"));
        }
        (None, None) | (Some(_), _) => security_of(object, "password")?,
    };
    // The same credentials are as good as they were.
    let proven = stored.is_some_and(|stored| stored.proven && stored.security == security);
    Ok(KnownNetwork {
        proven,
        enables_webrepl: flag(object, "enables_webrepl")?,
        bssid: bssid_of(object)?,
        hidden: flag(object, "hidden")?,
        ..KnownNetwork::new(ssid, security)
    })
}

fn flag(object: Value<'_>, path: &'static str) -> Result<bool, Failure> {
    match object.member(path) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or(Failure {
            code: "invalid-network",
            path,
            reason: "not true or false",
        }),
    }
}

fn bssid_of(object: Value<'_>) -> Result<Option<Mac>, Failure> {
    let Some(value) = object.member("bssid").filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let text = value.as_text().and_then(|text| text.decode::<17>().ok());
    let bssid = text.and_then(|text| Mac::parse(text.as_bytes()));
    bssid.map(Some).ok_or(Failure {
        code: "invalid-network",
        path: "bssid",
        reason: "not six pairs of hexadecimal digits",
    })
}

/// A mode, as in the configuration by word or by number.
pub(crate) fn mode_of(object: Value<'_>) -> Result<Mode, Failure> {
    let invalid = |reason| Failure {
        code: "invalid-mode",
        path: "mode",
        reason,
    };
    let value = object.member("mode").ok_or(invalid("missing"))?;
    let word = value.as_text().and_then(|text| text.decode::<8>().ok());
    let number = value.as_int().and_then(|number| u8::try_from(number).ok());
    word.and_then(|word| Mode::parse(&word))
        .or_else(|| Mode::try_from(number?).ok())
        .ok_or(invalid("not off, sta, ap, sta_ap or 0 to 3"))
}

fn no_ssid(reason: &'static str) -> Failure {
    failure("invalid-ssid", "ssid", reason)
}

fn bad_hex(reason: &'static str) -> Failure {
    failure("invalid-ssid", "ssid_hex", reason)
}

fn too_short(path: &'static str) -> Failure {
    failure("pass-too-short", path, "shorter than 8 characters")
}

fn bad_pass(path: &'static str, reason: &'static str) -> Failure {
    failure("invalid-pass", path, reason)
}

fn failure(code: &'static str, path: &'static str, reason: &'static str) -> Failure {
    Failure { code, path, reason }
}
