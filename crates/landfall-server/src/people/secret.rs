//! Random secrets that are known again by their hash: cookies of logins, and tokens.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Bytes of a secret: nobody guesses 256 bits, so a plain hash of it is enough to keep.
const LEN: usize = 32;

/// Random bytes.
///
/// # Panics
///
/// Where the system has no source of chance: no secret can be made then, and none may be invented.
#[expect(
    clippy::expect_used,
    reason = "see above; Linux answers once it has booted"
)]
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("a source of chance");
    bytes
}

/// A new secret, as the lower-case hex that is handed out.
pub(crate) fn make() -> Zeroizing<String> {
    let bytes = Zeroizing::new(random::<LEN>());
    Zeroizing::new(hex(bytes.as_slice()))
}

/// What is kept of a secret.
pub(crate) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
