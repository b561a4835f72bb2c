//! Text from outside inside our own lines: quoting for the console, strings for JSON. Whatever a
//! network calls itself, it cannot end a line or a string.
//!
//! What is written often is written without the formatting machinery of the standard library: a
//! call of it costs a chip four times the code of a call from here.

use core::fmt::{self, Write};

/// Console text without its quotes: `"` and `\` behind a backslash; bytes under 0x20, 0x7F and
/// bytes that are not UTF-8 as `\xHH`.
#[derive(Clone, Copy, Debug)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(self.0, Form::Console, f)
    }
}

/// [`Escaped`] between double quotes.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote(self.0, Form::Console, f)
    }
}

/// What the text is to stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A line of the console.
    Console,
    /// A JSON string (RFC 8259 §7); U+FFFD stands for each byte that is not UTF-8.
    Json,
}

/// Writes text between double quotes.
pub(crate) fn quote(text: &[u8], form: Form, out: &mut dyn Write) -> fmt::Result {
    out.write_str("\"")?;
    escape(text, form, out)?;
    out.write_str("\"")
}

/// Writes text as it is to stand between double quotes.
pub(crate) fn escape(text: &[u8], form: Form, out: &mut dyn Write) -> fmt::Result {
    for chunk in text.utf8_chunks() {
        let valid = chunk.valid();
        let mut written = 0;
        for (at, byte) in valid.bytes().enumerate() {
            let is_special = match byte {
                0..0x20 | b'"' | b'\\' => true,
                0x7f => form == Form::Console,
                _ => false,
            };
            if is_special {
                out.write_str(valid.get(written..at).unwrap_or_default())?;
                escape_byte(byte, form, out)?;
                written = at + 1;
            }
        }
        out.write_str(valid.get(written..).unwrap_or_default())?;
        for byte in chunk.invalid() {
            match form {
                Form::Console => escape_byte(*byte, form, out)?,
                Form::Json => out.write_str("\u{fffd}")?,
            }
        }
    }
    Ok(())
}

fn escape_byte(byte: u8, form: Form, out: &mut dyn Write) -> fmt::Result {
    let short = match (byte, form) {
        (b'"' | b'\\', _) => byte,
        (b'\n', Form::Json) => b'n',
        (b'\r', Form::Json) => b'r',
        (b'\t', Form::Json) => b't',
        (_, Form::Console) => {
            out.write_str("\\x")?;
            return write_hex(&[byte], UPPER, out);
        }
        (_, Form::Json) => {
            out.write_str("\\u00")?;
            return write_hex(&[byte], LOWER, out);
        }
    };
    write_ascii(&[b'\\', short], out)
}

/// Bytes as lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(self.0, LOWER, f)
    }
}

/// The digits of [`hex`].
pub(crate) const LOWER: &[u8; 16] = b"0123456789abcdef";
/// See [`LOWER`].
pub(crate) const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// The two hexadecimal digits of a byte.
pub(crate) const fn hex(byte: u8, digits: &[u8; 16]) -> [u8; 2] {
    [digits[(byte >> 4) as usize], digits[(byte & 0xf) as usize]]
}

/// Writes bytes as hexadecimal digits.
pub(crate) fn write_hex(bytes: &[u8], digits: &[u8; 16], out: &mut dyn Write) -> fmt::Result {
    for byte in bytes {
        write_ascii(&hex(*byte, digits), out)?;
    }
    Ok(())
}

/// Writes a number.
pub(crate) fn write_number(number: u32, out: &mut dyn Write) -> fmt::Result {
    let mut digits = [0; 10];
    let (mut rest, mut first) = (number, digits.len());
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
        first -= 1;
        if rest == 0 {
            break;
        }
    }
    write_ascii(digits.get(first..).unwrap_or_default(), out)
}

/// Writes a strength in dBm.
pub(crate) fn write_dbm(dbm: i8, out: &mut dyn Write) -> fmt::Result {
    if dbm < 0 {
        out.write_str("-")?;
    }
    write_number(dbm.unsigned_abs().into(), out)
}

/// Writes text of ASCII characters alone.
#[inline(never)]
pub(crate) fn write_ascii(text: &[u8], out: &mut dyn Write) -> fmt::Result {
    out.write_str(str::from_utf8(text).unwrap_or_default())
}

/// Writes one character, for writers that take texts: the usual way has its own copy of the
/// encoding in each of them.
#[inline(never)]
pub(crate) fn write_char(c: char, out: &mut dyn Write) -> fmt::Result {
    out.write_str(c.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::JsonBytes;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn text_from_outside_is_escaped() {
        let nasty = b"a\"b\\c\r\n\t\x1b[2J\x7f caf\xc3\xa9 \xff;,";
        expect_test::expect![[r#""a\"b\\c\x0D\x0A\x09\x1B[2J\x7F café \xFF;,""#]]
            .assert_eq(&Quoted(nasty).to_string());
        expect_test::expect![[r#""a\"b\\c\r\n\t\u001b[2J café �;,""#]]
            .assert_eq(&JsonBytes(nasty).to_string());
    }

    proptest! {
        #[test]
        fn no_text_ends_its_line_or_its_quotes(bytes: std::vec::Vec<u8>) {
            for text in [Escaped(&bytes).to_string(), JsonBytes(&bytes).to_string()] {
                prop_assert!(!text.bytes().any(|b| b < 0x20));
            }
            let mut chars = Escaped(&bytes).to_string().chars().collect::<std::vec::Vec<_>>().into_iter();
            while let Some(c) = chars.next() {
                prop_assert_ne!(c, '"');
                prop_assert_ne!(c, '\x7f');
                if c == '\\' {
                    prop_assert!(matches!(chars.next(), Some('"' | '\\' | 'x')));
                }
            }
        }
    }
}
