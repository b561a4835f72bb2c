//! The rotating code that shows that a student is in the room: six digits, new every 30 s.
//!
//! It is the time-based password of RFC 6238 with HMAC-SHA-256, so it needs no state beside the
//! session's secret: a restart shows the same code, and a mark that a device kept for an hour is
//! still judged by the code of the moment at which it was taken.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// For how long a code is shown.
pub(crate) const STEP_MS: i64 = 30_000;
/// How many steps before and after the current one are taken: a code is typed slower than it turns.
const STEPS_AROUND: i64 = 1;
/// As many as the digits of a code.
const CODES: u32 = 1_000_000;
/// Bytes of a secret: as many as the hash gives (RFC 6238 §5.1).
const SECRET_LEN: usize = 32;

/// What a session's codes are made from.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct CodeSecret([u8; SECRET_LEN]);

/// A code and the moment at which the next one takes its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownCode {
    pub(crate) value: String,
    /// Wall time in ms since 1970.
    pub(crate) expires_at: i64,
}

impl fmt::Debug for CodeSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("CodeSecret(***)")
    }
}

impl CodeSecret {
    /// A new one from the system's randomness.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut secret = [0; SECRET_LEN];
        getrandom::fill(&mut secret)?;
        Ok(Self(secret))
    }

    /// The secret as it is stored: hex digits.
    pub(crate) fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads [`CodeSecret::to_hex`].
    pub(crate) fn from_hex(digits: &str) -> Option<Self> {
        let mut secret = [0; SECRET_LEN];
        landfall_core::net::decode_hex(digits.as_bytes(), &mut secret)?;
        Some(Self(secret))
    }

    /// The code of that moment (ms since 1970).
    pub(crate) fn shown_at(&self, now: i64) -> ShownCode {
        let step = now.div_euclid(STEP_MS);
        ShownCode {
            value: self.of_step(step),
            expires_at: (step + 1) * STEP_MS,
        }
    }

    /// Whether that was typed for a mark that was taken at that moment.
    pub(crate) fn admits(&self, typed: &str, taken_at: i64) -> bool {
        let typed = typed.trim().as_bytes();
        let step = taken_at.div_euclid(STEP_MS);
        (step - STEPS_AROUND..=step + STEPS_AROUND)
            .any(|step| self.of_step(step).as_bytes().ct_eq(typed).into())
    }

    /// RFC 4226 §5.3 over the number of the step.
    fn of_step(&self, step: i64) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else {
            unreachable!("HMAC takes keys of any length")
        };
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash[hash.len() - 1] & 0xf);
        let word = [0, 1, 2, 3].map(|at| hash[offset + at]);
        let number = u32::from_be_bytes(word) & 0x7fff_ffff;
        format!("{:06}", number % CODES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 32-byte seed of RFC 6238 appendix B.
    fn rfc_secret() -> CodeSecret {
        CodeSecret(*b"12345678901234567890123456789012")
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // Appendix B has eight digits; the last six are the code of six.
        for (seconds, code) in [
            (59, "119246"),
            (1_111_111_109, "084774"),
            (1_111_111_111, "062674"),
            (1_234_567_890, "819424"),
            (2_000_000_000, "698825"),
        ] {
            let shown = rfc_secret().shown_at(seconds * 1000);
            assert_eq!(shown.value, code);
            assert_eq!(shown.expires_at, (seconds / 30 + 1) * 30_000);
        }
    }

    #[test]
    fn a_code_is_taken_one_step_around_its_own() {
        let (secret, start) = (rfc_secret(), 1_111_111_110_000);
        let code = secret.shown_at(start).value;
        for (taken_at, taken) in [
            (start - STEP_MS - 1, false),
            (start - STEP_MS, true),
            (start, true),
            (start + 2 * STEP_MS - 1, true),
            (start + 2 * STEP_MS, false),
        ] {
            assert_eq!(secret.admits(&code, taken_at), taken, "{taken_at}");
        }
        assert!(secret.admits(&format!(" {code} "), start));
        assert!(!secret.admits("", start) && !secret.admits(&code[1..], start));
    }

    #[test]
    fn a_secret_survives_its_stored_form_and_never_prints() {
        let secret = CodeSecret::random().unwrap();
        let again = CodeSecret::from_hex(&secret.to_hex()).unwrap();
        assert_eq!(secret.shown_at(0), again.shown_at(0));
        assert!(CodeSecret::from_hex("00").is_none());
        assert_eq!(format!("{secret:?}"), "CodeSecret(***)");
    }
}
