//! Who the device is, apart from what it is told.

use heapless::String;

use crate::net::{Mac, Passphrase, Ssid};
use crate::text::{self, UPPER};

/// Who the device is: made at the factory or at the first boot, never changed by a reset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The station's hardware address.
    pub mac: Mac,
    /// The key of its access point where the configuration names none: 12 characters of
    /// [`AP_SECRET_ALPHABET`].
    pub ap_secret: Passphrase,
    /// What its access point's name begins with (`Landfall-` unless set at build time).
    pub ap_prefix: String<AP_PREFIX_MAX>,
}

/// Longest beginning of an access point's name: six characters of the hardware address follow.
pub const AP_PREFIX_MAX: usize = 26;

/// The characters of a generated access point secret: none that is read as another.
pub const AP_SECRET_ALPHABET: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

impl Identity {
    /// `Landfall-56789A`: the prefix and the last three bytes of the hardware address.
    pub fn ap_ssid(&self) -> Ssid {
        let mut name = String::<32>::new();
        // 26 and 6 characters always fit.
        let _ = name.push_str(&self.ap_prefix);
        let _ = text::write_hex(self.mac.last(), UPPER, &mut name);
        Ssid::new(name.as_bytes()).unwrap_or_else(|_| unreachable!("a name of 6 to 32 bytes"))
    }
}
