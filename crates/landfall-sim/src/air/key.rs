//! Whether two secrets open the same network: a passphrase stands for the key that is derived
//! from it and the network's name (IEEE 802.11 §J.4: PBKDF2 with HMAC-SHA1, 4096 rounds).

use alloc::collections::VecDeque;

use landfall_core::net::{KeyMaterial, Passphrase, Ssid};
use sha1::Sha1;

/// Rounds of the derivation, fixed by IEEE 802.11.
const ROUNDS: u32 = 4096;
/// How many derivations are remembered: one costs milliseconds, and a device tries the same few
/// again and again.
const REMEMBERED: usize = 32;

/// Compares secrets, and remembers what it derived.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyRing {
    derived: VecDeque<Derived>,
}

#[derive(Clone)]
struct Derived {
    ssid: Ssid,
    phrase: Passphrase,
    key: [u8; 32],
}

impl core::fmt::Debug for Derived {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Derived({:?})", self.ssid)
    }
}

impl KeyRing {
    /// Whether both open the network of that name.
    pub(super) fn same(&mut self, ssid: &Ssid, a: &Passphrase, b: &Passphrase) -> bool {
        match (a.material(), b.material()) {
            (KeyMaterial::Phrase(_), KeyMaterial::Phrase(_))
            | (KeyMaterial::Raw(_), KeyMaterial::Raw(_)) => a == b,
            (KeyMaterial::Phrase(text), KeyMaterial::Raw(raw)) => {
                self.derive(ssid, a, text) == *raw
            }
            (KeyMaterial::Raw(raw), KeyMaterial::Phrase(text)) => {
                self.derive(ssid, b, text) == *raw
            }
        }
    }

    fn derive(&mut self, ssid: &Ssid, phrase: &Passphrase, text: &str) -> [u8; 32] {
        let known = self
            .derived
            .iter()
            .find(|d| d.ssid == *ssid && d.phrase == *phrase);
        if let Some(known) = known {
            return known.key;
        }
        let key = derive_psk(ssid, text);
        if self.derived.len() == REMEMBERED {
            self.derived.pop_front();
        }
        self.derived.push_back(Derived {
            ssid: *ssid,
            phrase: phrase.clone(),
            key,
        });
        key
    }
}

/// The raw key that a passphrase stands for in the network of that name.
pub fn derive_psk(ssid: &Ssid, passphrase: &str) -> [u8; 32] {
    pbkdf2::pbkdf2_hmac_array::<Sha1, 32>(passphrase.as_bytes(), ssid.as_bytes(), ROUNDS)
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn a_passphrase_derives_to_the_key_of_the_standard() {
        // IEEE 802.11 §J.4.2, test case 1.
        let key = derive_psk(&Ssid::new(b"IEEE").unwrap(), "password");
        let hex: String = key.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(
            hex,
            "f42c6fc52df0ebef9ebb4b90b38a5f902e83fe1b135a70e23aed762e9710a12e"
        );
    }

    #[test]
    fn a_passphrase_and_its_key_open_the_same_network_either_way() {
        let (ssid, other) = (Ssid::new(b"IEEE").unwrap(), Ssid::new(b"else").unwrap());
        let phrase = Passphrase::new(b"password").unwrap();
        let raw = Passphrase::from_raw(&derive_psk(&ssid, "password"));
        let mut keys = KeyRing::default();
        assert!(keys.same(&ssid, &phrase, &raw));
        assert!(keys.same(&ssid, &raw, &phrase));
        assert!(!keys.same(&other, &phrase, &raw));
        assert_eq!(keys.derived.len(), 2);
    }
}
