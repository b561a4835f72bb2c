//! The sections of a document, each read into its part of the configuration by the table of its
//! members.
//!
//! Every function takes what it fills as `to`, with the defaults in it: a configuration is some
//! kilobytes, which are not to be moved about on a chip's stack.

use super::fields::{Field, Row};
use super::reader::{Found, Reader, Stop};
use super::reason::Reason;
use super::section::Section;
use super::values;
use super::{ApSecurity, ApSettings, Config};
use crate::json::Value;

/// MicroPython's `authmode` of an open network.
const OPEN: u8 = 0;
/// Its modes that are WPA2 or WPA3 personal: what our access point speaks.
const PERSONAL: [u8; 4] = [3, 4, 6, 7];
/// All its modes, those to come too.
const AUTH_MODES: &Reason = &Reason::Range(0, 16);

impl Reader<'_> {
    /// The whole document.
    pub(super) fn config(&mut self, root: Value<'_>, to: &mut Config) -> Result<(), Stop> {
        if let Err(reason) = values::object(root) {
            return self.wrong(reason);
        }
        self.schema(root)?;
        self.members(root, Section::Root, to)?;
        to.services.extra = core::mem::take(&mut self.extra);
        Ok(())
    }

    fn schema(&mut self, root: Value<'_>) -> Result<(), Stop> {
        match self.find(root, &["schema"])? {
            Found::Value(name, value) => self.settle(name, values::schema(value)).map(drop),
            Found::Wrong => Ok(()),
            Found::Absent => self.wrong_at("schema", &Reason::Missing),
        }
    }

    /// The members of an object, the unknown ones first.
    fn members(&mut self, o: Value<'_>, section: Section, to: &mut Config) -> Result<(), Stop> {
        self.strangers(o, section)?;
        for row in section.rows_as_read() {
            match row {
                Row::Schema => {}
                Row::Networks => self.networks(o, &mut to.wifi.networks)?,
                Row::Section(section) => self.section(o, *section, to)?,
                Row::ApSsid => self.ap_ssid(o, &mut to.wifi.ap)?,
                Row::ApPassword => self.ap_password(o, row.names(), &mut to.wifi.ap)?,
                Row::ApAuth => self.ap_auth(o, row.names(), &to.wifi.ap.security)?,
                Row::Field(field) => self.field(o, field, to)?,
            }
        }
        Ok(())
    }

    pub(super) fn field(
        &mut self,
        o: Value<'_>,
        field: &Field,
        to: &mut Config,
    ) -> Result<(), Stop> {
        if let Found::Value(name, value) = self.find(o, field.names)? {
            let read = (field.read)(value, to, self.current.as_ref());
            self.settle(name, read)?;
        }
        Ok(())
    }

    /// A member that is an object; one that is absent or wrong is passed over.
    pub(super) fn section(
        &mut self,
        o: Value<'_>,
        section: Section,
        to: &mut Config,
    ) -> Result<(), Stop> {
        let object = match self.find(o, &[section.name()])? {
            Found::Value(name, value) if self.settle(name, values::object(value))? => value,
            Found::Absent if section == Section::AccessPoint => {
                return self.wrong_at(section.name(), &Reason::Missing);
            }
            Found::Value(..) | Found::Wrong | Found::Absent => return Ok(()),
        };
        let mark = self.path.key(section.name());
        self.members(object, section, to)?;
        self.path.back(mark);
        Ok(())
    }

    fn ap_ssid(&mut self, o: Value<'_>, ap: &mut ApSettings) -> Result<(), Stop> {
        match values::ssid_under(o, &["essid", "ssid"], &mut ap.ssid) {
            Ok(()) => Ok(()),
            Err((name, reason)) => self.wrong_at(name, reason),
        }
    }

    /// Open only by the owner's `""`; whatever is wrong leaves the device's own secret.
    fn ap_password(
        &mut self,
        o: Value<'_>,
        names: &[&str],
        ap: &mut ApSettings,
    ) -> Result<(), Stop> {
        let right = match self.find(o, names)? {
            Found::Absent => return Ok(()),
            Found::Wrong => false,
            Found::Value(name, value) => {
                let stored = self.current.map(|current| &current.wifi.ap.security);
                let read = values::ap_security(value, stored, &mut ap.security);
                self.settle(name, read)?
            }
        };
        if !right {
            let name = names.iter().find(|name| o.member(name).is_some());
            self.note_at(name.unwrap_or(&names[0]), &Reason::OwnSecret);
        }
        Ok(())
    }

    /// MicroPython's `authmode`: it says nothing that the password does not say, so it is kept,
    /// and told where it contradicts.
    fn ap_auth(&mut self, o: Value<'_>, names: &[&str], security: &ApSecurity) -> Result<(), Stop> {
        for (key, value) in o.members() {
            let Some(name) = names.iter().find(|name| key.is(name)) else {
                continue;
            };
            let kept = self.extra.keep(Section::ApConfig, key, value);
            let mut mode = OPEN;
            let judged = values::byte(value, AUTH_MODES, &mut mode);
            let is_open = *security == ApSecurity::Open;
            let honoured = if is_open {
                mode == OPEN
            } else {
                PERSONAL.contains(&mode)
            };
            match (judged, kept) {
                (Err(reason), _) => self.wrong_at(name, reason)?,
                (Ok(()), Err(_)) => self.wrong_at(name, &Reason::NotKept)?,
                (Ok(()), Ok(())) if honoured => {}
                (Ok(()), Ok(())) => self.note_at(name, &Reason::NotHonoured),
            }
        }
        Ok(())
    }
}
