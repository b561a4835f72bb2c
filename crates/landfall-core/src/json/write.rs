//! Writing JSON: texts and names escaped, objects with their commas.

use core::fmt::{self, Display, Write};

/// A text, quoted and escaped.
#[derive(Clone, Copy)]
pub struct JsonStr<'a>(pub &'a str);

impl Display for JsonStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        Escape(f).write_str(self.0)?;
        f.write_char('"')
    }
}

/// Bytes that are meant to be text, such as a network's name: quoted and escaped, U+FFFD for each
/// byte that is not UTF-8.
#[derive(Clone, Copy)]
pub struct JsonBytes<'a>(pub &'a [u8]);

impl Display for JsonBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            Escape(f).write_str(chunk.valid())?;
            for _ in chunk.invalid() {
                f.write_char(char::REPLACEMENT_CHARACTER)?;
            }
        }
        f.write_char('"')
    }
}

/// Escapes what is written through it for the inside of a JSON string.
pub struct Escape<'w, W: ?Sized>(pub &'w mut W);

impl<W: Write + ?Sized> Write for Escape<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(at) = rest
            .bytes()
            .position(|b| matches!(b, 0..0x20 | b'"' | b'\\'))
        {
            let (plain, special) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.0.write_str(plain)?;
            let mut chars = special.chars();
            match chars.next() {
                Some('\n') => self.0.write_str("\\n")?,
                Some('\r') => self.0.write_str("\\r")?,
                Some('\t') => self.0.write_str("\\t")?,
                Some(c @ ('"' | '\\')) => write!(self.0, "\\{c}")?,
                Some(c) => write!(self.0, "\\u{:04x}", u32::from(c))?,
                None => {}
            }
            rest = chars.as_str();
        }
        self.0.write_str(rest)
    }
}

/// Writes an object member by member. [`ObjectWriter::end`] closes it.
///
/// ```
/// use landfall_core::json::{JsonStr, ObjectWriter};
///
/// let mut out = String::new();
/// let mut object = ObjectWriter::begin(&mut out)?;
/// object.member("n", 1)?;
/// object.member("ssid", JsonStr("a \"b\""))?;
/// object.end()?;
/// assert_eq!(out, r#"{"n":1,"ssid":"a \"b\""}"#);
/// # Ok::<(), core::fmt::Error>(())
/// ```
pub struct ObjectWriter<'w, W: Write + ?Sized> {
    out: &'w mut W,
    first: bool,
}

impl<'w, W: Write + ?Sized> ObjectWriter<'w, W> {
    /// Begins an object.
    pub fn begin(out: &'w mut W) -> Result<Self, fmt::Error> {
        out.write_char('{')?;
        Ok(Self { out, first: true })
    }

    /// A member whose value prints as JSON: a number, a boolean, a [`JsonStr`].
    pub fn member(&mut self, name: &str, value: impl Display) -> fmt::Result {
        self.name(JsonStr(name))?;
        write!(self.out, "{value}")
    }

    /// A member that is a text.
    pub fn text(&mut self, name: &str, value: &str) -> fmt::Result {
        self.member(name, JsonStr(value))
    }

    /// A member that is an object, of what `fill` writes.
    pub fn object(
        &mut self,
        name: &str,
        fill: impl FnOnce(&mut ObjectWriter<'_, W>) -> fmt::Result,
    ) -> fmt::Result {
        self.name(JsonStr(name))?;
        let mut inner = ObjectWriter::begin(self.out)?;
        fill(&mut inner)?;
        inner.end()
    }

    /// The name of a member; its value is to be written to what this gives.
    pub fn name(&mut self, name: impl Display) -> Result<&mut W, fmt::Error> {
        if !core::mem::take(&mut self.first) {
            self.out.write_char(',')?;
        }
        write!(self.out, "{name}:")?;
        Ok(self.out)
    }

    /// Closes it.
    pub fn end(self) -> fmt::Result {
        self.out.write_char('}')
    }
}
