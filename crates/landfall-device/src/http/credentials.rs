//! A network's name and key as doors over HTTP give them, in JSON or in a form.

use landfall_core::config::Security;
use landfall_core::net::{PSK_HEX_LEN, PassphraseError, SSID_MAX, Ssid, SsidError, decode_hex};
use zeroize::Zeroizing;

use super::answer::Failure;
use super::members::Value;

/// The network named by `ssid`, or by `ssid_hex`, which says more where both are given.
pub(crate) fn ssid_of(
    ssid: Option<Value<'_>>,
    ssid_hex: Option<Value<'_>>,
) -> Result<Ssid, Failure> {
    let mut room = [0; SSID_MAX * 2];
    let hex = ssid_hex.filter(|hex| *hex != Value::Null);
    match (ssid, hex) {
        (_, Some(Value::Text(text))) => match text.decode(&mut room) {
            Some(digits) => ssid_from_hex(digits.as_bytes()),
            None => Err(bad_hex("longer than 32 bytes")),
        },
        (_, Some(_)) => Err(bad_hex("not a string")),
        (Some(Value::Text(text)), None) => match text.decode(&mut room) {
            Some(text) => ssid_from_bytes(text.as_bytes()),
            None => Err(no_ssid("no text of at most 32 bytes")),
        },
        (Some(_), None) => Err(no_ssid("not a string")),
        (None, None) => Err(no_ssid("missing")),
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
pub(crate) fn security_of(
    path: &'static str,
    value: Option<Value<'_>>,
) -> Result<Security, Failure> {
    match value {
        None | Some(Value::Null) => Ok(Security::Open),
        Some(Value::Text(text)) => {
            let mut room = Zeroizing::new([0; PSK_HEX_LEN]);
            match text.decode(&mut *room) {
                Some(text) => security_from_bytes(path, text.as_bytes()),
                None => Err(bad_pass(path, "longer than 63 characters")),
            }
        }
        Some(Value::Number(_) | Value::Bool(_) | Value::Nested) => {
            Err(bad_pass(path, "not a string"))
        }
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
