//! The QR code that takes a phone onto the device's access point, as text and as rows of blocks.
//!
//! Text and code hold the network's key, so both are wiped when they are dropped.

use core::fmt::{self, Write as _};

use qrcodegen_no_heap::{QrCode, QrCodeEcc, Version};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::net::{KeyMaterial, PASSPHRASE_MAX, Passphrase, SSID_MAX, Ssid};
use crate::text::{LOWER, hex};

/// Longest text: every byte of name and key escaped.
pub const TEXT_MAX: usize =
    "WIFI:T:nopass;S:;P:;H:true;;".len() + 2 * SSID_MAX + 2 * PASSPHRASE_MAX;

/// The smallest version that holds [`TEXT_MAX`] bytes at the lowest error correction (230 bytes,
/// ISO/IEC 18004 table 7). A usual code is of version 3 or 4.
const VERSION_MAX: Version = Version::new(9);
/// Bytes of a code of that version.
const CODE_LEN: usize = VERSION_MAX.buffer_len();
/// Light modules around the code (ISO/IEC 18004 §9.1).
const QUIET_ZONE: u8 = 4;

const _: () = assert!(TEXT_MAX <= 230, "the longest text fits the largest code");

/// The text of the code: `WIFI:T:WPA;S:<ssid>;P:<password>;;`, the form that ZXing introduced and
/// phones read. `\ ; , : "` are escaped with `\`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct WifiText {
    bytes: [u8; TEXT_MAX],
    len: usize,
}

impl WifiText {
    /// The text for a network of that name; without a key it is open.
    pub fn new(ssid: &Ssid, key: Option<&Passphrase>, hidden: bool) -> Self {
        let mut text = Self {
            bytes: [0; TEXT_MAX],
            len: 0,
        };
        text.push(if key.is_some() {
            b"WIFI:T:WPA;S:"
        } else {
            b"WIFI:T:nopass;S:"
        });
        text.push_escaped(ssid.as_bytes());
        match key.map(Passphrase::material) {
            None => {}
            Some(KeyMaterial::Phrase(phrase)) => {
                text.push(b";P:");
                text.push_escaped(phrase.as_bytes());
            }
            Some(KeyMaterial::Raw(key)) => {
                text.push(b";P:");
                for byte in key {
                    text.push(&hex(*byte, LOWER));
                }
            }
        }
        text.push(if hidden { b";H:true;;" } else { b";;" });
        text
    }

    /// The text. Names are bytes, so it need not be UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn push_escaped(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if matches!(byte, b'\\' | b';' | b',' | b':' | b'"') {
                self.push(b"\\");
            }
            self.push(&[*byte]);
        }
    }

    /// `TEXT_MAX` holds the longest name and key, so nothing is ever left out.
    fn push(&mut self, bytes: &[u8]) {
        let end = (self.len + bytes.len()).min(TEXT_MAX);
        let room = &mut self.bytes[self.len..end];
        room.copy_from_slice(&bytes[..room.len()]);
        self.len = end;
    }
}

/// A code, ready to be drawn. Takes 2 809 bits.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Code {
    /// The dark modules, row by row.
    modules: [u8; CODE_LEN],
    size: u8,
}

impl Code {
    /// The code of that text. Takes 1 KiB of stack meanwhile; most of the time goes into choosing
    /// the best of eight masks, so a code is made once and kept while it is drawn.
    pub fn new(text: &WifiText) -> Self {
        let (mut data, mut buffer) = ([0; CODE_LEN], [0; CODE_LEN]);
        let mut code = Self {
            modules: [0; CODE_LEN],
            size: 0,
        };
        data[..text.len].copy_from_slice(text.as_bytes());
        // Longer texts than fit do not exist (see `VERSION_MAX`); an empty code would be drawn.
        if let Ok(drawn) = QrCode::encode_binary(
            &mut data,
            text.len,
            &mut buffer,
            QrCodeEcc::Low,
            Version::MIN,
            VERSION_MAX,
            None,
            true,
        ) {
            code.copy(&drawn);
        }
        data.zeroize();
        buffer.zeroize();
        code
    }

    /// Modules on a side, without the quiet zone: 17 + 4 × version.
    pub fn size(&self) -> u8 {
        self.size
    }

    /// Whether the module there is dark; all outside are light.
    pub fn is_dark(&self, x: u8, y: u8) -> bool {
        if x >= self.size || y >= self.size {
            return false;
        }
        let at = usize::from(y) * usize::from(self.size) + usize::from(x);
        self.modules[at / 8] & (1 << (at % 8)) != 0
    }

    /// How many rows of text draw it, quiet zone included: two rows of modules each.
    pub fn rows(&self) -> u8 {
        (self.size + 2 * QUIET_ZONE).div_ceil(2)
    }

    /// Row `n` of the drawing, without a line end.
    pub fn row(&self, n: u8) -> Row<'_> {
        Row { code: self, n }
    }

    fn copy(&mut self, drawn: &QrCode<'_>) {
        self.size = drawn.size() as u8;
        let coordinates = (0..drawn.size()).flat_map(|y| (0..drawn.size()).map(move |x| (x, y)));
        for (at, (x, y)) in coordinates.enumerate() {
            if drawn.get_module(x, y) {
                self.modules[at / 8] |= 1 << (at % 8);
            }
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "*** of {0} x {0} modules", self.size)
    }
}

/// A row of the drawing, two modules high. Light modules are drawn and dark ones left out, as
/// terminals are dark.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    code: &'a Code,
    n: u8,
}

impl fmt::Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = self.code.size + 2 * QUIET_ZONE;
        // Left of and above the code the coordinates wrap round to the far end, which is as light.
        let dark = |x: u8, y: u8| {
            self.code
                .is_dark(x.wrapping_sub(QUIET_ZONE), y.wrapping_sub(QUIET_ZONE))
        };
        for x in 0..side {
            let upper = self.n.saturating_mul(2);
            let lower = upper.saturating_add(1);
            f.write_char(match (dark(x, upper), dark(x, lower) || lower >= side) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;
    use std::string::String;

    fn text(ssid: &[u8], password: &[u8], hidden: bool) -> WifiText {
        let key = (!password.is_empty()).then(|| Passphrase::new(password).unwrap());
        WifiText::new(&Ssid::new(ssid).unwrap(), key.as_ref(), hidden)
    }

    fn check(ssid: &[u8], password: &[u8], hidden: bool, expected: expect_test::Expect) {
        let text = text(ssid, password, hidden);
        expected.assert_eq(&std::format!("{}", text.as_bytes().escape_ascii()));
    }

    #[test]
    fn the_text_escapes_what_would_end_a_field() {
        check(
            b"Landfall-56789A",
            b"ABCDEFGH2345",
            false,
            expect!["WIFI:T:WPA;S:Landfall-56789A;P:ABCDEFGH2345;;"],
        );
        check(
            b"a;b,c:d\"e\\f\xff",
            b";,:\"\\~~~",
            true,
            expect![[
                r#"WIFI:T:WPA;S:a\\;b\\,c\\:d\\\"e\\\\f\xff;P:\\;\\,\\:\\\"\\\\~~~;H:true;;"#
            ]],
        );
        check(b"cafe", b"", false, expect!["WIFI:T:nopass;S:cafe;;"]);
        check(
            b"raw",
            &[b'A'; 64],
            false,
            expect![
                "WIFI:T:WPA;S:raw;P:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;;"
            ],
        );
    }

    #[test]
    fn a_code_is_drawn_in_half_blocks() {
        let code = Code::new(&text(b"Landfall-56789A", b"ABCDEFGH2345", false));
        let mut rows = String::new();
        for n in 0..code.rows() {
            writeln!(rows, "{}|", code.row(n)).unwrap();
        }
        expect![[r#"
            █████████████████████████████████████|
            █████████████████████████████████████|
            ████ ▄▄▄▄▄ █▄▄███▀█▄ ▀▀▄██ ▄▄▄▄▄ ████|
            ████ █   █ █ ▀█ ▄▄▀▀█▀  ▄█ █   █ ████|
            ████ █▄▄▄█ █▄ ▄▄▀█ █    ▄█ █▄▄▄█ ████|
            ████▄▄▄▄▄▄▄█▄▀▄▀▄█▄█ ▀▄█▄█▄▄▄▄▄▄▄████|
            ████ ▄  █▀▄▀ ▀███ ▄▀ ▄█▀▀▄▀█ ▄ ▀▄████|
            ████▄ ▀ █ ▄ ███▀▀▀▄▀ █ ▀ █▄█▄ ▄▄█████|
            ████▀█▄▄▄█▄▀ ▄▀ █▄█▄▀▄  ███▄▄▄▄██████|
            █████▄▄▄▀▀▄▄ ▀▄█ ███▄█▀▄▄ █▄▄ ▄▄▄████|
            █████ ▄█▀▀▄  █▄▄▀  ██▀▀█ ▄██▄▄▄█ ████|
            ████▄█▄▀██▄█▄▀ ▄ ▄█▄▄▀ ▀█ █ ▄█▀▀▀████|
            █████▄▄█▄▄▄█ ▀▀▄▀█▀▀ █ ▄ ▄▄▄ █ ▄▄████|
            ████ ▄▄▄▄▄ ██▀▀ ▄▀█▀▀▄▀▄ █▄█ ██ ▀████|
            ████ █   █ █▀█▄▄█▄█▀▄▄ █  ▄ ▄ ▀█ ████|
            ████ █▄▄▄█ █ ▄█▀ ▄ ▀▄▄██▀█▀▄▀▀▄▀▄████|
            ████▄▄▄▄▄▄▄█▄▄▄█▄▄▄█▄▄▄▄▄█▄▄█▄▄▄█████|
            █████████████████████████████████████|
            ▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀|
        "#]]
        .assert_eq(&rows);
    }

    #[test]
    fn the_longest_text_fits() {
        let code = Code::new(&text(&[b';'; 32], &[b'\\'; 63], true));
        assert_eq!((code.size(), code.rows()), (53, 31));
        let open = Code::new(&text(&[b'"'; 32], b"", true));
        assert!((21..=53).contains(&open.size()));
    }
}
