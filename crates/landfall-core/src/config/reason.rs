//! What is wrong with a document, and where: in words that say what would be right.

use core::fmt;

use super::MAX_NETWORKS;
use super::path::Path;
use crate::json::SyntaxError;

/// What is wrong with a field, or worth knowing about it. It never holds what was written there:
/// that may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It has to be there.
    Missing,
    /// It has to be what this says.
    Expected(&'static str),
    /// It has to be a whole number from the first to the second.
    Range(u32, u32),
    /// It has to be a text of so many characters or bytes, from the first to the second.
    Length(usize, usize, Unit),
    /// It stands there twice, or under two names.
    Twice,
    /// There is no room in the list of known networks.
    TooManyNetworks,
    /// It is the mask of a secret, but no secret is stored for it.
    NoStoredSecret,
    /// `ssid` and `ssid_hex` do not say the same.
    SsidsDiffer,
    /// It is unknown; it is kept.
    Unknown,
    /// It is unknown or of no use, and there is no room to keep it.
    NotKept,
    /// The network is kept, but not tried.
    SetAside,
    /// The device's own secret is used instead.
    OwnSecret,
    /// It says nothing that this radio can do; it is kept.
    NotHonoured,
    /// The document is no JSON; the default configuration is used.
    NotJson(SyntaxError),
    /// The stored bytes are not of a form that is known; the defaults are used.
    NotReadable,
}

/// What a length counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of UTF-8.
    Bytes,
    /// Characters.
    Characters,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Expected(what) => return write!(f, "expected {what}"),
            Self::Range(min, max) => {
                return write!(f, "expected a whole number from {min} to {max}");
            }
            Self::Length(min, max, Unit::Bytes) => {
                return write!(f, "expected a text of {min} to {max} bytes");
            }
            Self::Length(min, max, Unit::Characters) => {
                return write!(f, "expected a text of {min} to {max} characters");
            }
            Self::TooManyNetworks => return write!(f, "at most {MAX_NETWORKS} networks"),
            Self::NotJson(error) => return write!(f, "no JSON, defaults are used: {error}"),
            Self::Missing => "missing",
            Self::Twice => "given twice",
            Self::NoStoredSecret => "masked, but no secret is stored for it",
            Self::SsidsDiffer => "ssid and ssid_hex differ",
            Self::Unknown => "unknown, kept",
            Self::NotKept => "no room to keep it",
            Self::SetAside => "set aside: kept, but not tried",
            Self::OwnSecret => "the device's own secret is used instead",
            Self::NotHonoured => "not possible with this radio",
            Self::NotReadable => "not readable, defaults are used",
        };
        f.write_str(words)
    }
}

/// Something in a stored configuration that somebody should look at. Prints as
/// `known_networks[0].password: expected …`; never a secret in it.
#[derive(Clone, Debug)]
pub struct Warning<'a> {
    /// Where.
    pub path: &'a Path,
    /// What.
    pub reason: Reason,
}

impl fmt::Display for Warning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

/// A field that keeps a configuration from being saved. Prints as `<path>: <reason>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Which.
    pub path: Path,
    /// Why.
    pub reason: Reason,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl core::error::Error for Invalid {}

/// Why what was sent is not saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SaveError {
    /// It is no JSON.
    Json(SyntaxError),
    /// One of its fields is wrong.
    Invalid(Invalid),
}

/// `Invalid JSON: line 1 column 2: …` or `Invalid config: <path>: …`.
impl fmt::Display for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "Invalid JSON: {error}"),
            Self::Invalid(invalid) => write!(f, "Invalid config: {invalid}"),
        }
    }
}

impl core::error::Error for SaveError {}

impl From<SyntaxError> for SaveError {
    fn from(error: SyntaxError) -> Self {
        Self::Json(error)
    }
}
