//! Lower-case hexadecimal text of a fixed length: keys, nonces, proofs and fingerprints on the wire.

use core::fmt;

use zeroize::Zeroize;

/// `D` lower-case hexadecimal digits. Prints as `***`, and is zeroed on drop: it may be a key.
#[derive(Clone)]
pub struct HexText<const D: usize>([u8; D]);

impl<const D: usize> HexText<D> {
    /// The digits of `D / 2` bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut text = [b'0'; D];
        // It fits: every caller's `D` is twice the length of its bytes.
        let _ = base16ct::lower::encode(bytes, &mut text);
        Self(text)
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        // It is made of ASCII digits alone.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The bytes of exactly `2 * N` hexadecimal digits, of either case. Takes the same time whatever
/// they are.
pub fn parse<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    let read = base16ct::mixed::decode(text, &mut bytes).ok()?;
    (read.len() == N).then_some(bytes)
}

impl<const D: usize> fmt::Debug for HexText<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl<const D: usize> Drop for HexText<D> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_bytes() {
        assert_eq!(HexText::<6>::of(&[0, 0xaf, 0x19]).as_str(), "00af19");
        assert_eq!(parse("00aF19"), Some([0, 0xaf, 0x19]));
        for wrong in ["", "00af1", "00af190", "00af1g", "00af1é"] {
            assert_eq!(parse::<3>(wrong), None, "{wrong}");
        }
    }
}
