//! What stands for a phone in a session: a hash that only its device could make.
//!
//! It tells that two marks came from one phone, and nothing else: not the phone's hardware address,
//! and not that it was in another session too.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::key::DeviceKey;

/// Length of a hardware address, and of what stands for it.
pub const STATION_LEN: usize = 6;

/// The salt of one session on one device.
#[derive(Clone)]
pub struct Salt([u8; 32]);

impl Salt {
    /// The salt of that session: the same after a restart of the device.
    pub fn of(key: &DeviceKey, session_id: u32) -> Self {
        let mut mac = hmac(key.expose());
        mac.update(b"landfall stations of session ");
        mac.update(&session_id.to_be_bytes());
        Self(mac.finalize().into_bytes().into())
    }

    /// What stands for that phone. It has the form of a hardware address that was made locally (IEEE
    /// 802 §8.2.2), so that wherever an address stood the hash can.
    pub fn hash(&self, phone: [u8; STATION_LEN]) -> [u8; STATION_LEN] {
        let mut mac = hmac(&self.0);
        mac.update(&phone);
        let hash: [u8; 32] = mac.finalize().into_bytes().into();
        let [first, b, c, d, e, f, ..] = hash;
        [first & !0b01 | 0b10, b, c, d, e, f]
    }
}

fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key)
        .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"))
}

impl core::fmt::Debug for Salt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("***")
    }
}

impl Drop for Salt {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Salt {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_itself_in_one_session_on_one_device_alone() {
        let phone = [0x24, 0x6f, 0x28, 1, 2, 3];
        let of = |key: u8, session| Salt::of(&DeviceKey::new([key; 32]), session).hash(phone);
        assert_eq!(of(1, 12), of(1, 12));
        assert_ne!(of(1, 12), of(1, 13));
        assert_ne!(of(1, 12), of(2, 12));
        assert_eq!(of(1, 12)[0] & 0b11, 0b10);
        let other = Salt::of(&DeviceKey::new([1; 32]), 12).hash([0x24, 0x6f, 0x28, 1, 2, 4]);
        assert_ne!(of(1, 12), other);
    }
}
