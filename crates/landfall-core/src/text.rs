//! Text from outside inside our own lines: quoting for the console, strings for JSON. Whatever a
//! network calls itself, it cannot end a line or a string.

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
        write!(f, "\"{}\"", Escaped(self.0))
    }
}

/// A JSON string with its quotes (RFC 8259 §7); U+FFFD stands for each byte that is not UTF-8.
#[derive(Clone, Copy, Debug)]
pub struct JsonString<'a>(pub &'a [u8]);

impl fmt::Display for JsonString<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        escape(self.0, Form::Json, f)?;
        f.write_char('"')
    }
}

/// What the text is to stand in.
#[derive(Clone, Copy)]
enum Form {
    Console,
    Json,
}

fn escape(text: &[u8], form: Form, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            match (c, form) {
                ('"' | '\\', _) => write!(f, "\\{c}")?,
                ('\0'..='\x1f' | '\x7f', Form::Console) => write!(f, "\\x{:02X}", u32::from(c))?,
                ('\0'..='\x1f' | '\x7f', Form::Json) => write!(f, "\\u{:04x}", u32::from(c))?,
                (c, _) => f.write_char(c)?,
            }
        }
        for byte in chunk.invalid() {
            match form {
                Form::Console => write!(f, "\\x{byte:02X}")?,
                Form::Json => f.write_char('\u{fffd}')?,
            }
        }
    }
    Ok(())
}

/// Bytes as lower-case hexadecimal digits.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn console_text_is_escaped() {
        let nasty = b"a\"b\\c\r\n\x1b[2J\x7f caf\xc3\xa9 \xff;,";
        expect_test::expect![[r#""a\"b\\c\x0D\x0A\x1B[2J\x7F café \xFF;,""#]]
            .assert_eq(&Quoted(nasty).to_string());
        expect_test::expect![[r#""a\"b\\c\u000d\u000a\u001b[2J\u007f café �;,""#]]
            .assert_eq(&JsonString(nasty).to_string());
    }

    proptest! {
        #[test]
        fn no_text_ends_its_line_or_its_quotes(bytes: std::vec::Vec<u8>) {
            for text in [Escaped(&bytes).to_string(), JsonString(&bytes).to_string()] {
                prop_assert!(!text.bytes().any(|b| b < 0x20 || b == 0x7f));
            }
            let mut chars = Escaped(&bytes).to_string().chars().collect::<std::vec::Vec<_>>().into_iter();
            while let Some(c) = chars.next() {
                prop_assert_ne!(c, '"');
                if c == '\\' {
                    prop_assert!(matches!(chars.next(), Some('"' | '\\' | 'x')));
                }
            }
        }
    }
}
