//! A configuration as a JSON document: for the file, and masked for the doors.

use core::fmt::{self, Display, Write};

use super::extra::{Labelled, label_of};
use super::fields::Row;
use super::section::Section;
use super::{ApSecurity, ConfigRef, Extra, KnownNetwork, SCHEMA, Secret};
use crate::json::{Escape, ObjectWriter, Value};
use crate::net::{Passphrase, Security, Ssid};
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

/// Prints as the document, on one line: what [`load`](super::load) and
/// [`parse_strict`](super::parse_strict) take back, with everything that was kept for the round
/// trip. Members without a value are left out.
#[derive(Clone, Copy)]
pub struct ConfigJson<'a> {
    config: ConfigRef<'a>,
    secrets: Secrets,
}

impl<'a> ConfigRef<'a> {
    /// As a JSON document.
    pub fn json(self, secrets: Secrets) -> ConfigJson<'a> {
        ConfigJson {
            config: self,
            secrets,
        }
    }
}

impl Display for ConfigJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.section(f, Section::Root)
    }
}

impl ConfigJson<'_> {
    /// An object: its members by the table, then those that were kept of it.
    fn section(&self, f: &mut dyn Write, section: Section) -> fmt::Result {
        let mut members = Members {
            object: ObjectWriter::begin(f)?,
            secrets: self.secrets,
            name: "",
        };
        for row in section.rows() {
            members.name = row.names()[0];
            match row {
                Row::Schema => members.number(SCHEMA as u32)?,
                Row::Networks => self.networks(members.begin()?)?,
                Row::Section(section) => self.section(members.begin()?, *section)?,
                Row::ApSsid => {
                    if let Some(ssid) = &self.config.wifi.ap.ssid {
                        members.ssid(ssid)?;
                    }
                }
                Row::ApPassword => match &self.config.wifi.ap.security {
                    ApSecurity::DeviceSecret => {}
                    ApSecurity::Open => members.object.text("password", "")?,
                    ApSecurity::Key(key) => members.key(key)?,
                },
                // Kept as it stood, beside what is unknown.
                Row::ApAuth => {}
                Row::Field(field) => (field.write)(&self.config, &mut members)?,
            }
        }
        members.kept(self.extra_of().members(section))?;
        members.object.end()
    }

    /// The list: known networks in their order, and those set aside at the places where they
    /// stood.
    fn networks(&self, f: &mut dyn Write) -> fmt::Result {
        let aside = |place| self.extra_of().aside().find(|(at, _)| *at == place);
        let mut place = 0;
        f.write_str("[")?;
        for network in &self.config.wifi.networks {
            while let Some((_, network)) = aside(place) {
                comma(f, place)?;
                self.aside(f, network)?;
                place += 1;
            }
            comma(f, place)?;
            self.network(f, network)?;
            place += 1;
        }
        let end = place;
        for (_, network) in self.extra_of().aside().filter(|(at, _)| *at >= end) {
            comma(f, place)?;
            self.aside(f, network)?;
            place += 1;
        }
        f.write_str("]")
    }

    fn network(&self, f: &mut dyn Write, network: &KnownNetwork) -> fmt::Result {
        let mut members = Members {
            object: ObjectWriter::begin(f)?,
            secrets: self.secrets,
            name: "ssid",
        };
        members.ssid(&network.ssid)?;
        members.name = "password";
        match &network.security {
            Security::Open => members.object.text("password", "")?,
            Security::Personal(key) => members.key(key)?,
        }
        members.name = "enables_webrepl";
        members.flag(network.enables_webrepl)?;
        members.name = "bssid";
        match &network.bssid {
            Some(bssid) => members.quoted(bssid)?,
            None => members.begin()?.write_str("null")?,
        }
        members.name = "hidden";
        members.flag(network.hidden)?;
        members.kept(self.extra_of().of_network(&label_of(&network.ssid)))?;
        members.object.end()
    }

    /// A network that is set aside, as it stood in the document but for its secrets.
    fn aside(&self, f: &mut dyn Write, network: Value<'_>) -> fmt::Result {
        if self.secrets == Secrets::Clear || network.kind() != crate::json::Kind::Object {
            return network.write(f);
        }
        let mut o = ObjectWriter::begin(f)?;
        for (key, value) in network.members() {
            let out = o.name(key.raw())?;
            let secret = ["password", "pass", "key", "psk"]
                .iter()
                .any(|name| key.is(name));
            if secret && value.raw() != "\"\"" {
                text::quote(MASK.as_bytes(), Form::Json, out)?;
            } else {
                value.write(out)?;
            }
        }
        o.end()
    }

    fn extra_of(&self) -> &Extra {
        &self.config.services.extra
    }
}

fn comma(f: &mut dyn Write, place: usize) -> fmt::Result {
    if place > 0 { f.write_str(",") } else { Ok(()) }
}

/// Writes the members of an object, each under the name that is set.
pub(super) struct Members<'w> {
    object: ObjectWriter<'w>,
    secrets: Secrets,
    name: &'static str,
}

impl Members<'_> {
    /// Writes the name; the value is to be written to what this gives.
    fn begin(&mut self) -> Result<&mut dyn Write, fmt::Error> {
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
    fn ssid(&mut self, ssid: &Ssid) -> fmt::Result {
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
    fn key(&mut self, key: &Passphrase) -> fmt::Result {
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
    fn kept(&mut self, members: Labelled<'_, '_>) -> fmt::Result {
        for (name, value) in members {
            value.write(self.object.name(name)?)?;
        }
        Ok(())
    }
}
