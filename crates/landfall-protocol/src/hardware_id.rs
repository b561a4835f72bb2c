//! Who a device is, for ever: an id made from the hardware address that the factory gave it.

use core::fmt;

/// Length of a [`HardwareId`] in characters.
pub const HARDWARE_ID_LEN: usize = PREFIX.len() + MAC_DIGITS;

const PREFIX: &str = "lf-";
const MAC_DIGITS: usize = 12;

/// `lf-` and the 12 lower-case hexadecimal digits of the device's hardware address.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HardwareId([u8; HARDWARE_ID_LEN]);

/// Why a text is no hardware id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAHardwareId;

impl HardwareId {
    /// The id of the device with that hardware address.
    pub fn of_mac(mac: [u8; 6]) -> Self {
        let digits = crate::hex::HexText::<MAC_DIGITS>::of(&mac);
        let mut id = [0; HARDWARE_ID_LEN];
        let (prefix, rest) = id.split_at_mut(PREFIX.len());
        prefix.copy_from_slice(PREFIX.as_bytes());
        rest.copy_from_slice(digits.as_str().as_bytes());
        Self(id)
    }

    /// The id of that text.
    ///
    /// # Errors
    /// Where it is anything but `lf-` and 12 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, NotAHardwareId> {
        let digits = text.strip_prefix(PREFIX).ok_or(NotAHardwareId)?;
        let lower = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
        match text.as_bytes().try_into() {
            Ok(id) if digits.bytes().all(lower) => Ok(Self(id)),
            Ok(_) | Err(_) => Err(NotAHardwareId),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        // It is made of ASCII characters alone.
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for HardwareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for HardwareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for NotAHardwareId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a hardware id is `lf-` and 12 lower-case hexadecimal digits")
    }
}

impl core::error::Error for NotAHardwareId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_and_of_text() {
        let id = HardwareId::of_mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
        assert_eq!(id.as_str(), "lf-246f2856789a");
        assert_eq!(HardwareId::parse("lf-246f2856789a"), Ok(id));
        for wrong in [
            "",
            "lf-",
            "lf-246f2856789",
            "lf-246f2856789ab",
            "lf-246F2856789A",
            "LF-246f2856789a",
            "lf-246f2856789g",
            "legacy-246f2856",
        ] {
            assert_eq!(HardwareId::parse(wrong), Err(NotAHardwareId), "{wrong}");
        }
    }
}
