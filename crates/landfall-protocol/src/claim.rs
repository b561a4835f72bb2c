//! Claim codes: how a device and its server come to a key of their own over an open wire.
//!
//! An admin has the code made, somebody types it into the device (`NET:FLEET`), and the code itself
//! never travels: each side proves by an HMAC that it knows the secret half, and both derive the
//! same key from it and from a random number of each.

use core::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::hardware_id::HardwareId;
use crate::hex::{self, HexText};
use crate::key::{DeviceKey, KEY_LEN};

/// Characters of the part that names a claim.
pub const CLAIM_ID_LEN: usize = 5;
/// Characters of the secret part.
pub const CLAIM_SECRET_LEN: usize = 20;
/// Characters of the text `XXXXX-YYYYY-YYYYY-YYYYY-YYYYY`.
pub const CLAIM_TEXT_LEN: usize = 29;
/// Random bytes that a claim is made from.
pub const CLAIM_RANDOM_LEN: usize = 16;
/// Bytes of a nonce.
pub const NONCE_LEN: usize = 16;
/// Bytes of a proof (HMAC-SHA-256).
pub const PROOF_LEN: usize = 32;

const GROUP_LEN: usize = 5;
/// RFC 4648 §6.
const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A claim code. Prints as `***`, and is zeroed on drop.
#[derive(Clone)]
pub struct Claim {
    id: [u8; CLAIM_ID_LEN],
    secret: [u8; CLAIM_SECRET_LEN],
}

/// Why a text is no claim code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAClaim;

/// A random number that one side brings into an enrolment: 16 bytes, 32 hexadecimal digits on the
/// wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce(pub [u8; NONCE_LEN]);

/// What shows that a side knows the secret: 32 bytes, 64 hexadecimal digits on the wire.
#[derive(Clone, Copy, Debug)]
pub struct Proof(pub [u8; PROOF_LEN]);

impl Claim {
    /// A claim of 125 random bits: 25 name it, 100 are its secret.
    pub fn from_random(random: &[u8; CLAIM_RANDOM_LEN]) -> Self {
        let mut bits = u128::from_be_bytes(*random);
        let mut letter = || {
            let at = (bits & 31) as usize;
            bits >>= 5;
            LETTERS[at]
        };
        Self {
            id: core::array::from_fn(|_| letter()),
            secret: core::array::from_fn(|_| letter()),
        }
    }

    /// The claim that somebody typed: 25 letters of either case, with or without dashes and spaces
    /// between them.
    ///
    /// # Errors
    /// Where it is another number of characters, or one that base32 does not have.
    pub fn parse(text: &str) -> Result<Self, NotAClaim> {
        let mut letters = text
            .bytes()
            .filter(|b| !matches!(b, b'-' | b' '))
            .map(|b| b.to_ascii_uppercase());
        let mut claim = Self {
            id: [0; CLAIM_ID_LEN],
            secret: [0; CLAIM_SECRET_LEN],
        };
        for place in claim.id.iter_mut().chain(&mut claim.secret) {
            let letter = letters.next().filter(|letter| LETTERS.contains(letter));
            *place = letter.ok_or(NotAClaim)?;
        }
        match letters.next() {
            None => Ok(claim),
            Some(_) => Err(NotAClaim),
        }
    }

    /// The claim with that name and that secret, as a server keeps them.
    ///
    /// # Errors
    /// Where one of them is not made of that many upper-case letters of base32.
    pub fn of_parts(id: &str, secret: &str) -> Result<Self, NotAClaim> {
        let ok = |text: &str| text.bytes().all(|b| LETTERS.contains(&b));
        match (id.as_bytes().try_into(), secret.as_bytes().try_into()) {
            (Ok(id_bytes), Ok(secret_bytes)) if ok(id) && ok(secret) => Ok(Self {
                id: id_bytes,
                secret: secret_bytes,
            }),
            (Ok(_) | Err(_), Ok(_) | Err(_)) => Err(NotAClaim),
        }
    }

    /// `claim_id`: what names it on the wire. No secret.
    pub fn id(&self) -> &str {
        // Letters of base32 are ASCII.
        core::str::from_utf8(&self.id).unwrap_or_default()
    }

    /// The secret half, as the server keeps it.
    pub fn expose_secret(&self) -> &str {
        core::str::from_utf8(&self.secret).unwrap_or_default()
    }

    /// The text that people are shown.
    pub fn text(&self) -> ClaimText {
        let mut text = [b'-'; CLAIM_TEXT_LEN];
        let letters = self.id.iter().chain(&self.secret);
        let places = text
            .iter_mut()
            .enumerate()
            .filter(|(at, _)| at % (GROUP_LEN + 1) != GROUP_LEN)
            .map(|(_, place)| place);
        for (place, letter) in places.zip(letters) {
            *place = *letter;
        }
        ClaimText(text)
    }

    /// What the device sends with its request.
    pub fn enroll_proof(&self, id: &HardwareId, device: Nonce) -> Proof {
        Proof(self.enroll_mac(id, device).finalize().into_bytes().into())
    }

    /// Whether a device knows the secret; takes the same time whatever is wrong.
    pub fn is_enroll_proof(&self, id: &HardwareId, device: Nonce, proof: &Proof) -> bool {
        let mac = self.enroll_mac(id, device);
        mac.verify_slice(&proof.0).is_ok()
    }

    /// What the server sends with its answer.
    pub fn accept_proof(&self, id: &HardwareId, device: Nonce, server: Nonce) -> Proof {
        let mac = self.accept_mac(id, device, server);
        Proof(mac.finalize().into_bytes().into())
    }

    /// Whether the server knows the secret too; takes the same time whatever is wrong.
    pub fn is_accept_proof(
        &self,
        id: &HardwareId,
        device: Nonce,
        server: Nonce,
        proof: &Proof,
    ) -> bool {
        let mac = self.accept_mac(id, device, server);
        mac.verify_slice(&proof.0).is_ok()
    }

    /// The key that both sides derive (HKDF, RFC 5869).
    pub fn derive_key(&self, id: &HardwareId, device: Nonce, server: Nonce) -> DeviceKey {
        let mut salt = [0; 2 * NONCE_LEN];
        let (first, second) = salt.split_at_mut(NONCE_LEN);
        first.copy_from_slice(&device.0);
        second.copy_from_slice(&server.0);
        let mut key = [0; KEY_LEN];
        let kdf = Hkdf::<Sha256>::new(Some(&salt), &self.secret);
        let info = [b"landfall device key ", id.as_str().as_bytes()];
        // One hash gives 32 bytes; up to 255 of them are allowed.
        let _ = kdf.expand_multi_info(&info, &mut key);
        let derived = DeviceKey::new(key);
        key.zeroize();
        derived
    }

    fn enroll_mac(&self, id: &HardwareId, device: Nonce) -> Hmac<Sha256> {
        self.mac(&["enroll|", id.as_str(), "|", device.to_hex().as_str()])
    }

    fn accept_mac(&self, id: &HardwareId, device: Nonce, server: Nonce) -> Hmac<Sha256> {
        let (device, server) = (device.to_hex(), server.to_hex());
        let id = id.as_str();
        self.mac(&["accept|", id, "|", device.as_str(), "|", server.as_str()])
    }

    fn mac(&self, parts: &[&str]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.secret)
            .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
        for part in parts {
            mac.update(part.as_bytes());
        }
        mac
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claim({}-***)", self.id())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.secret.zeroize();
    }
}

impl ZeroizeOnDrop for Claim {}

/// The text of a claim, `XXXXX-YYYYY-YYYYY-YYYYY-YYYYY`. Zeroed on drop.
pub struct ClaimText([u8; CLAIM_TEXT_LEN]);

impl ClaimText {
    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for ClaimText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Drop for ClaimText {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl Nonce {
    /// The nonce of 32 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        hex::parse(text).map(Self)
    }

    /// Its 32 digits.
    pub fn to_hex(self) -> HexText<{ 2 * NONCE_LEN }> {
        HexText::of(&self.0)
    }
}

impl Proof {
    /// The proof of 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        hex::parse(text).map(Self)
    }

    /// Its 64 digits.
    pub fn to_hex(&self) -> HexText<{ 2 * PROOF_LEN }> {
        HexText::of(&self.0)
    }
}

impl fmt::Display for NotAClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a claim is 5 groups of 5 letters A to Z and digits 2 to 7")
    }
}

impl core::error::Error for NotAClaim {}

#[cfg(test)]
mod tests;
