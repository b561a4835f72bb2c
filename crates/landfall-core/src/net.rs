//! The values of the trade, each valid by construction: names, keys, addresses, channels.

use core::fmt;
use core::net::Ipv4Addr;
use core::num::NonZeroU8;

use heapless::String;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::json;
use crate::text::{self, LOWER, UPPER};

/// Longest network name, in bytes (IEEE 802.11 §9.4.2.2).
pub const SSID_MAX: usize = 32;
/// Shortest and longest WPA passphrase, in characters (IEEE 802.11 §J.4).
pub const PASSPHRASE_MIN: usize = 8;
/// See [`PASSPHRASE_MIN`].
pub const PASSPHRASE_MAX: usize = 63;
/// Length of a raw pre-shared key written as hexadecimal digits.
pub const PSK_HEX_LEN: usize = 64;
/// Longest host name, in characters.
pub const HOSTNAME_MAX: usize = 32;

/// A network name: 1 to 32 bytes, any bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ssid {
    len: NonZeroU8,
    bytes: [u8; SSID_MAX],
}

/// Why bytes are no network name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SsidError {
    /// It has no byte.
    Empty,
    /// It has more than 32 bytes.
    TooLong,
}

impl Ssid {
    /// A name of these bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, SsidError> {
        Self::of(bytes).ok_or(if bytes.is_empty() {
            SsidError::Empty
        } else {
            SsidError::TooLong
        })
    }

    /// As [`Ssid::new`]; what comes back takes fewer copies into its place.
    #[inline(never)]
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let len = NonZeroU8::new(u8::try_from(bytes.len()).ok()?)?;
        let mut name = [0; SSID_MAX];
        name.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self { len, bytes: name })
    }

    /// The bytes as they stand in the beacon.
    #[inline(never)]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.len.get()))
            .unwrap_or_default()
    }

    /// The name as text, where it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        core::str::from_utf8(self.as_bytes()).ok()
    }
}

/// For people: U+FFFD stands for each byte that is not UTF-8. Escaping for a format (JSON, HTML,
/// console) is that format's own.
impl fmt::Display for Ssid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.as_bytes().utf8_chunks() {
            f.write_str(chunk.valid())?;
            for _ in chunk.invalid() {
                f.write_str("\u{fffd}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Ssid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.as_bytes().escape_ascii())
    }
}

/// What opens a protected network: a passphrase of 8 to 63 printable ASCII characters, or a raw
/// 256-bit key. Prints as `***`, and is zeroed on drop.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Passphrase {
    /// Characters of a phrase, or [`RAW`].
    len: NonZeroU8,
    bytes: [u8; PASSPHRASE_MAX],
}

/// Stands in place of a length where the first 32 bytes are a raw key.
const RAW: NonZeroU8 = NonZeroU8::MAX;
/// Length of a raw key in bytes.
const RAW_LEN: usize = 32;

/// What a [`Passphrase`] is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum KeyMaterial<'a> {
    /// A passphrase, printable ASCII.
    Phrase(&'a str),
    /// A raw pre-shared key (PMK).
    Raw(&'a [u8; 32]),
}

/// Why text opens no protected network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassphraseError {
    /// 1 to 7 characters.
    TooShort,
    /// More than 63 characters and not 64 hexadecimal digits.
    TooLong,
    /// A character outside printable ASCII (0x20 to 0x7E).
    NotPrintable,
}

impl Passphrase {
    /// A passphrase, or 64 hexadecimal digits for a raw key. An empty text is refused as too
    /// short: what `""` means is for [`Security::from_password`] to say.
    pub fn new(text: &[u8]) -> Result<Self, PassphraseError> {
        if !text.iter().all(|b| (0x20..=0x7e).contains(b)) {
            return Err(PassphraseError::NotPrintable);
        }
        let (len, secret_len) = match text.len() {
            0..PASSPHRASE_MIN => return Err(PassphraseError::TooShort),
            len @ PASSPHRASE_MIN..=PASSPHRASE_MAX => (len as u8, len),
            PSK_HEX_LEN => (RAW.get(), RAW_LEN),
            _ => return Err(PassphraseError::TooLong),
        };
        let len = NonZeroU8::new(len).ok_or(PassphraseError::TooShort)?;
        let mut passphrase = Self {
            len,
            bytes: [0; PASSPHRASE_MAX],
        };
        let secret = &mut passphrase.bytes[..secret_len];
        if len == RAW {
            decode_hex(text, secret).ok_or(PassphraseError::TooLong)?;
        } else {
            secret.copy_from_slice(text);
        }
        Ok(passphrase)
    }

    /// A raw pre-shared key.
    pub fn from_raw(key: &[u8; RAW_LEN]) -> Self {
        let mut bytes = [0; PASSPHRASE_MAX];
        bytes[..RAW_LEN].copy_from_slice(key);
        Self { len: RAW, bytes }
    }

    /// What it is made of, for the radio and the store.
    pub fn material(&self) -> KeyMaterial<'_> {
        match (self.len, self.bytes.first_chunk()) {
            (RAW, Some(key)) => KeyMaterial::Raw(key),
            (len, _) => {
                let phrase = &self.bytes[..usize::from(len.get()).min(PASSPHRASE_MAX)];
                // Printable ASCII is UTF-8.
                KeyMaterial::Phrase(core::str::from_utf8(phrase).unwrap_or_default())
            }
        }
    }

    /// Writes the secret as the text that [`Passphrase::new`] takes back.
    pub fn expose(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        match self.material() {
            KeyMaterial::Phrase(text) => out.write_str(text),
            KeyMaterial::Raw(key) => text::write_hex(key, LOWER, out),
        }
    }
}

impl Drop for Passphrase {
    // Inlined, the wiping is there wherever a network is moved.
    #[inline(never)]
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl ZeroizeOnDrop for Passphrase {}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How a network lets in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Security {
    /// Anyone, without encryption.
    Open,
    /// Whoever knows the key (WPA2 or WPA3 personal).
    Personal(Passphrase),
}

impl Security {
    /// As configuration files and doors write it: `""` is open.
    pub fn from_password(text: &[u8]) -> Result<Self, PassphraseError> {
        if text.is_empty() {
            Ok(Self::Open)
        } else {
            Passphrase::new(text).map(Self::Personal)
        }
    }

    /// Whether it takes a key.
    pub fn is_secure(&self) -> bool {
        matches!(self, Self::Personal(_))
    }
}

/// A hardware address: of a device, a client, or an access point (BSSID).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac(pub [u8; 6]);

/// The hardware address of an access point.
pub type Bssid = Mac;

impl Mac {
    /// The last three bytes, which name a device.
    pub(crate) fn last(&self) -> &[u8] {
        &self.0[3..]
    }

    /// From six pairs of hexadecimal digits, with `:` or `-` between them.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() != 17 {
            return None;
        }
        let mut mac = [0; 6];
        for (i, byte) in mac.iter_mut().enumerate() {
            let at = i * 3;
            if i > 0 && !matches!(text[at - 1], b':' | b'-') {
                return None;
            }
            decode_hex(&text[at..at + 2], core::slice::from_mut(byte))?;
        }
        Some(Self(mac))
    }
}

/// `24:6F:28:56:78:9A`.
impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b':'; 17];
        for (pair, byte) in text.chunks_mut(3).zip(self.0) {
            let [high, low] = text::hex(byte, UPPER);
            pair[0] = high;
            pair[1] = low;
        }
        text::write_ascii(&text, f)
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A channel of 2.4 GHz, 1 to 14 (14 is heard in Japan only; our own AP uses 1 to 13), or, where a radio has
/// them, of 5 GHz, 36 to 177.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(NonZeroU8);

impl Channel {
    /// Channel 1, where nothing better is known.
    pub const ONE: Self = Self(NonZeroU8::MIN);

    /// The channel of that number, 1 to 14.
    pub const fn new(number: u8) -> Option<Self> {
        match NonZeroU8::new(number) {
            Some(known) if number <= 14 => Some(Self(known)),
            Some(_) | None => None,
        }
    }

    /// The channel of that number in either band: 1 to 14, or of 20 MHz in the band of 5 GHz (IEEE 802.11
    /// annex E). Chips have the first band alone.
    pub const fn of_either_band(number: u8) -> Option<Self> {
        match NonZeroU8::new(number) {
            Some(known) if matches!(number, 36..=64 | 100..=144) && number.is_multiple_of(4) => {
                Some(Self(known))
            }
            Some(known) if matches!(number, 149..=177) && number % 4 == 1 => Some(Self(known)),
            Some(_) | None => Self::new(number),
        }
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self.0.get()
    }
}

/// A device's name on its network: 1 to 32 of `a-z0-9-`, no `-` at either end.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hostname(String<HOSTNAME_MAX>);

impl Hostname {
    /// The host name of that text.
    pub fn new(text: &str) -> Option<Self> {
        let ok = text
            .bytes()
            .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.is_empty();
        if ok {
            String::try_from(text).ok().map(Self)
        } else {
            None
        }
    }

    /// `landfall-56789a`: the last three bytes of the hardware address.
    pub fn of(mac: Mac) -> Self {
        let mut name = String::new();
        // 15 characters always fit in 32.
        let _ = name.push_str("landfall-");
        let _ = text::write_hex(mac.last(), LOWER, &mut name);
        Self(name)
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An IPv4 address and the length of its network prefix, as in `192.168.4.1/24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ipv4Net {
    /// The host's own address.
    pub addr: Ipv4Addr,
    /// Bits of the network part, 0 to 32.
    pub prefix: u8,
}

impl Ipv4Net {
    /// Where our access point lives unless it is told otherwise.
    pub const AP_DEFAULT: Self = Self {
        addr: Ipv4Addr::new(192, 168, 4, 1),
        prefix: 24,
    };
    /// Where it goes when the network joined overlaps with that.
    pub const AP_ALTERNATE: Self = Self {
        addr: Ipv4Addr::new(172, 31, 4, 1),
        prefix: 24,
    };

    /// From `a.b.c.d/n`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut octets = [0; 4];
        let mut rest = text;
        for (octet, end) in octets.iter_mut().zip(b".../") {
            let at = rest.bytes().position(|byte| byte == *end)?;
            *octet = octet_of(rest.get(..at)?)?;
            rest = rest.get(at + 1..)?;
        }
        let prefix = json::digits_value(rest).filter(|prefix| *prefix <= 32)?;
        Some(Self {
            addr: Ipv4Addr::from(octets),
            prefix: prefix as u8,
        })
    }

    /// The network mask.
    pub fn mask(self) -> u32 {
        u32::MAX
            .checked_shl(32_u32.saturating_sub(self.prefix.into()))
            .unwrap_or(0)
    }

    /// Whether the address lies in this network.
    pub fn contains(self, addr: Ipv4Addr) -> bool {
        (addr.to_bits() ^ self.addr.to_bits()) & self.mask() == 0
    }

    /// Whether the two networks share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.addr) || other.contains(self.addr)
    }
}

impl fmt::Display for Ipv4Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.addr, self.prefix)
    }
}

/// A number of an address, without zeros before it: some read those as octal.
fn octet_of(digits: &str) -> Option<u8> {
    let plain = digits.len() == 1 || !digits.starts_with('0');
    let number = json::digits_value(digits).filter(|_| plain)?;
    u8::try_from(number).ok()
}

/// Decodes pairs of hexadecimal digits into exactly `out`.
pub fn decode_hex(digits: &[u8], out: &mut [u8]) -> Option<()> {
    if digits.len() != out.len() * 2 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = (high << 4 | low) as u8;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ssid_has_1_to_32_bytes_of_any_value() {
        assert_eq!(Ssid::new(b""), Err(SsidError::Empty));
        assert_eq!(Ssid::new(&[0; 33]), Err(SsidError::TooLong));
        assert_eq!(Ssid::new(&[0xff; 32]).map(|s| s.as_bytes().len()), Ok(32));
    }

    #[test]
    fn a_channel_is_one_of_its_band() {
        let numbers = |of: fn(u8) -> Option<Channel>| (0..=255).filter_map(of).count();
        assert_eq!(numbers(Channel::new), 14);
        // 8 below 5.35 GHz, 12 in the middle, 8 from 5.735 GHz on.
        assert_eq!(numbers(Channel::of_either_band), 14 + 8 + 12 + 8);
        assert_eq!(Channel::of_either_band(0), None);
        assert_eq!(Channel::of_either_band(177).map(Channel::number), Some(177));
    }

    #[test]
    fn a_passphrase_has_8_to_63_printable_characters_or_64_hex_digits() {
        assert_eq!(Passphrase::new(b"1234567"), Err(PassphraseError::TooShort));
        assert!(Passphrase::new(b"12345678").is_ok());
        assert!(Passphrase::new(&[b'~'; 63]).is_ok());
        assert_eq!(Passphrase::new(&[b'~'; 64]), Err(PassphraseError::TooLong));
        assert!(matches!(
            Passphrase::new(&[b'a'; 64]).unwrap().material(),
            KeyMaterial::Raw(_)
        ));
        assert_eq!(
            Passphrase::new("pässword".as_bytes()),
            Err(PassphraseError::NotPrintable)
        );
    }

    #[test]
    fn networks_overlap_where_they_share_an_address() {
        let net = |text| Ipv4Net::parse(text).unwrap();
        assert!(net("192.168.4.1/24").overlaps(net("192.168.0.9/16")));
        assert!(net("192.168.0.9/16").overlaps(net("192.168.4.1/24")));
        assert!(!net("192.168.4.1/24").overlaps(net("10.0.0.2/24")));
        assert!(net("0.0.0.0/0").overlaps(net("10.0.0.2/24")));
    }

    #[test]
    fn a_host_name_is_a_dns_label() {
        assert!(Hostname::new("landfall-1").is_some());
        for bad in [
            "",
            "-a",
            "a-",
            "A",
            "a.b",
            "123456789012345678901234567890123",
        ] {
            assert!(Hostname::new(bad).is_none(), "{bad}");
        }
        assert_eq!(
            Hostname::of(Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a])).as_str(),
            "landfall-56789a"
        );
    }
}
