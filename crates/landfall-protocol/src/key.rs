//! The 256-bit key that a device shares with its server, and its fingerprint.

use core::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::hex::{self, HexText};

/// Length of a key in bytes.
pub const KEY_LEN: usize = 32;
/// Digits of a fingerprint.
pub const FINGERPRINT_LEN: usize = 16;

/// A device's key. Prints as `***`, is compared in constant time, and zeroed on drop.
#[derive(Clone)]
pub struct DeviceKey([u8; KEY_LEN]);

impl DeviceKey {
    /// The key of these bytes, which are to be random or derived.
    pub const fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    /// The key that 64 hexadecimal digits stand for: in `device_key` and `new_key`, and after
    /// `Bearer`.
    pub fn parse(text: &str) -> Option<Self> {
        hex::parse(text).map(Self)
    }

    /// Its 64 hexadecimal digits.
    pub fn to_hex(&self) -> HexText<{ 2 * KEY_LEN }> {
        HexText::of(&self.0)
    }

    /// Its bytes, to be stored.
    pub fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// What people compare: the first 16 hexadecimal digits of its SHA-256. It tells nothing of the
    /// key.
    pub fn fingerprint(&self) -> Fingerprint {
        let hash: [u8; 32] = Sha256::digest(self.0).into();
        let [a, b, c, d, e, f, g, h, ..] = hash;
        Fingerprint([a, b, c, d, e, f, g, h])
    }
}

impl PartialEq for DeviceKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for DeviceKey {}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Drop for DeviceKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for DeviceKey {}

/// What stands for a key where people compare keys. Prints as its 16 digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; FINGERPRINT_LEN / 2]);

impl Fingerprint {
    /// The fingerprint of 16 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        hex::parse(text).map(Self)
    }

    /// Its bytes.
    pub const fn bytes(self) -> [u8; FINGERPRINT_LEN / 2] {
        self.0
    }

    /// Its 16 digits.
    pub fn to_hex(self) -> HexText<FINGERPRINT_LEN> {
        HexText::of(&self.0)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_hex().as_str())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use std::format;

    use super::*;

    #[test]
    fn fingerprint_is_the_beginning_of_the_hash() {
        let key = DeviceKey::new(core::array::from_fn(|i| i as u8));
        // printf of the 32 bytes 00 to 1f, piped to sha256sum.
        assert_eq!(key.fingerprint().to_hex().as_str(), "630dcd2966c43366");
        assert_eq!(
            Fingerprint::parse("630DCD2966C43366"),
            Some(key.fingerprint())
        );
    }

    #[test]
    fn a_key_goes_through_its_digits_and_shows_none() {
        let key = DeviceKey::new([0xa5; KEY_LEN]);
        assert_eq!(DeviceKey::parse(key.to_hex().as_str()), Some(key.clone()));
        assert_eq!(DeviceKey::parse("a5"), None);
        assert_eq!(format!("{key:?} {:?}", key.to_hex()), "*** ***");
        assert_ne!(key, DeviceKey::new([0xa4; KEY_LEN]));
    }
}
