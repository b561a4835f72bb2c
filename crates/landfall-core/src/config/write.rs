//! A configuration as a JSON document: for the file, and masked for the doors.

use core::fmt::{self, Display, Write};

use super::extra::label_of;
use super::fields::Row;
use super::members::{MASK, Members, Secrets};
use super::section::Section;
use super::{ApSecurity, ConfigRef, Extra, KnownNetwork, SCHEMA};
use crate::json::{ObjectWriter, Value};
use crate::net::Security;
use crate::text::{self, Form};

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
