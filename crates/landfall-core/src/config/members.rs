//! How the members of a document's objects are written, each kind of value once.

use core::fmt::{self, Display, Write};

use super::Secret;
use super::extra::Labelled;
use crate::json::{Escape, ObjectWriter};
use crate::net::{Passphrase, Ssid};
use crate::text::{self, Form, LOWER};

/// What stands in place of a secret.
pub const MASK: &str = "********";

/// How secrets are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// As [`MASK`].
    Masked,
    /// As they are: for the device's own file only.
    Clear,
}

/// Writes the members of an object, each under the name that is set.
pub(super) struct Members<'w> {
    pub(super) object: ObjectWriter<'w>,
    pub(super) secrets: Secrets,
    pub(super) name: &'static str,
}

impl Members<'_> {
    /// Writes the name; the value is to be written to what this gives.
    pub(super) fn begin(&mut self) -> Result<&mut dyn Write, fmt::Error> {
        self.object.name(self.name)
    }

    /// A text; nothing where it is empty.
    pub(super) fn text(&mut self, text: &str) -> fmt::Result {
        if text.is_empty() {
            return Ok(());
        }
        self.object.text(self.name, text)
    }

    /// A secret text; nothing where it is empty.
    pub(super) fn secret(&mut self, text: &str) -> fmt::Result {
        match self.secrets {
            Secrets::Masked if !text.is_empty() => self.text(MASK),
            Secrets::Masked | Secrets::Clear => self.text(text),
        }
    }

    /// As [`Members::secret`].
    pub(super) fn some_secret<const N: usize>(
        &mut self,
        secret: Option<&Secret<N>>,
    ) -> fmt::Result {
        self.secret(secret.map_or("", Secret::expose))
    }

    pub(super) fn flag(&mut self, flag: bool) -> fmt::Result {
        self.begin()?.write_str(if flag { "true" } else { "false" })
    }

    pub(super) fn number(&mut self, number: u32) -> fmt::Result {
        text::write_number(number, self.begin()?)
    }

    /// A number; nothing where there is none.
    pub(super) fn some_number(&mut self, number: Option<u8>) -> fmt::Result {
        number.map_or(Ok(()), |number| self.number(number.into()))
    }

    /// What prints without anything to escape, between quotes.
    pub(super) fn quoted(&mut self, value: &dyn Display) -> fmt::Result {
        write!(self.begin()?, "\"{value}\"")
    }

    /// A country; nothing where there is none.
    pub(super) fn country(&mut self, code: Option<&[u8; 2]>) -> fmt::Result {
        let text = code.and_then(|code| str::from_utf8(code).ok());
        self.text(text.unwrap_or_default())
    }

    /// The name of a network as text, and in hexadecimal digits where it is none.
    pub(super) fn ssid(&mut self, ssid: &Ssid) -> fmt::Result {
        text::quote(ssid.as_bytes(), Form::Json, self.begin()?)?;
        if ssid.as_str().is_some() {
            return Ok(());
        }
        let out = self.object.name("ssid_hex")?;
        out.write_str("\"")?;
        text::write_hex(ssid.as_bytes(), LOWER, out)?;
        out.write_str("\"")
    }

    /// The key of a network.
    pub(super) fn key(&mut self, key: &Passphrase) -> fmt::Result {
        match self.secrets {
            Secrets::Masked => self.text(MASK),
            Secrets::Clear => {
                let out = self.begin()?;
                out.write_str("\"")?;
                key.expose(&mut Escape(out))?;
                out.write_str("\"")
            }
        }
    }

    /// Members as they stood in a document.
    pub(super) fn kept(&mut self, members: Labelled<'_, '_>) -> fmt::Result {
        for (name, value) in members {
            value.write(self.object.name(name)?)?;
        }
        Ok(())
    }
}
