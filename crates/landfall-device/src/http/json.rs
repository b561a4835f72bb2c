//! What our JSON and HTML are made of. A network name is raw bytes: whatever stands in it comes out
//! as text, never as syntax.

use core::fmt::{self, Write};

use landfall_core::json::JsonBytes;
use landfall_core::net::Ssid;

/// Text of an HTML page, in an element or in a quoted attribute.
pub(crate) struct Html<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Html<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            chunk.valid().chars().try_for_each(|c| match c {
                '&' => out.write_str("&amp;"),
                '<' => out.write_str("&lt;"),
                '>' => out.write_str("&gt;"),
                '"' => out.write_str("&#34;"),
                '\'' => out.write_str("&#39;"),
                // A control character cannot stand in HTML, escaped or not.
                '\0'..='\x1f' | '\x7f' => out.write_char(char::REPLACEMENT_CHARACTER),
                c => out.write_char(c),
            })?;
            for _ in chunk.invalid() {
                out.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        Ok(())
    }
}

/// Bytes as lower-case hexadecimal digits, two each.
pub(crate) struct Hex<'a>(pub(crate) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// A value or `null`.
pub(crate) struct OrNull<T>(pub(crate) Option<T>);

impl<T: fmt::Display> fmt::Display for OrNull<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => value.fmt(out),
            None => out.write_str("null"),
        }
    }
}

/// The member `name` with a network's name, and `<name>_hex` where the text alone would lose it.
pub(crate) struct SsidMember<'a>(pub(crate) &'a str, pub(crate) Option<&'a Ssid>);

impl fmt::Display for SsidMember<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(name, ssid) = self;
        let bytes = ssid.map_or(&[][..], |ssid| ssid.as_bytes());
        write!(out, "\"{name}\":{}", JsonBytes(bytes))?;
        if core::str::from_utf8(bytes).is_err() {
            write!(out, ",\"{name}_hex\":\"{}\"", Hex(bytes))?;
        }
        Ok(())
    }
}

/// Writes `[…]`, one item behind the other.
pub(crate) fn array<T>(
    out: &mut dyn Write,
    items: impl IntoIterator<Item = T>,
    mut put: impl FnMut(&mut dyn Write, T) -> fmt::Result,
) -> fmt::Result {
    out.write_char('[')?;
    for (i, item) in items.into_iter().enumerate() {
        if i > 0 {
            out.write_char(',')?;
        }
        put(out, item)?;
    }
    out.write_char(']')
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn hostile_names_stay_text() {
        let name = b"\"}<script>&'\\\n\x7f\xff\xc3(";
        assert_eq!(
            Html(name).to_string(),
            "&#34;}&lt;script&gt;&amp;&#39;\\��\u{fffd}\u{fffd}("
        );
    }
}
