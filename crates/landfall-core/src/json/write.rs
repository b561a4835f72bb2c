//! Writing JSON: texts and names escaped, objects with their commas.

use core::fmt::{self, Display, Write};

use crate::text::{self, Form};

/// A text, quoted and escaped.
#[derive(Clone, Copy)]
pub struct JsonStr<'a>(pub &'a str);

impl Display for JsonStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        JsonBytes(self.0.as_bytes()).fmt(f)
    }
}

/// Bytes that are meant to be text, such as a network's name: quoted and escaped, U+FFFD for each
/// byte that is not UTF-8.
#[derive(Clone, Copy)]
pub struct JsonBytes<'a>(pub &'a [u8]);

impl Display for JsonBytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::quote(self.0, Form::Json, f)
    }
}

/// Escapes what is written through it for the inside of a JSON string.
pub struct Escape<'w>(pub &'w mut dyn Write);

impl Write for Escape<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text::escape(text.as_bytes(), Form::Json, self.0)
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        text::write_char(c, self)
    }
}

/// Writes an object member by member. [`ObjectWriter::end`] closes it.
///
/// ```
/// use landfall_core::json::{JsonStr, ObjectWriter};
///
/// let mut out = String::new();
/// let mut object = ObjectWriter::begin(&mut out)?;
/// object.member("n", &1)?;
/// object.member("ssid", &JsonStr("a \"b\""))?;
/// object.end()?;
/// assert_eq!(out, r#"{"n":1,"ssid":"a \"b\""}"#);
/// # Ok::<(), core::fmt::Error>(())
/// ```
pub struct ObjectWriter<'w> {
    out: &'w mut dyn Write,
    before: &'static str,
}

impl<'w> ObjectWriter<'w> {
    /// Begins an object.
    pub fn begin(out: &'w mut dyn Write) -> Result<Self, fmt::Error> {
        out.write_str("{")?;
        Ok(Self { out, before: "\"" })
    }

    /// A member whose value prints as JSON: a number, a boolean, a [`JsonStr`].
    pub fn member(&mut self, name: &str, value: &dyn Display) -> fmt::Result {
        write!(self.name(name)?, "{value}")
    }

    /// A member that is a text.
    pub fn text(&mut self, name: &str, value: &str) -> fmt::Result {
        text::quote(value.as_bytes(), Form::Json, self.name(name)?)
    }

    /// The name of a member, as it stands between its quotes; its value is to be written to what
    /// this gives.
    pub fn name(&mut self, name: &str) -> Result<&mut dyn Write, fmt::Error> {
        let before = core::mem::replace(&mut self.before, ",\"");
        for part in [before, name, "\":"] {
            self.out.write_str(part)?;
        }
        Ok(self.out)
    }

    /// Closes it.
    pub fn end(self) -> fmt::Result {
        self.out.write_str("}")
    }
}
