//! Part of a document laid over a configuration: what a fleet server wants of a device.

use super::fields::Row;
use super::reader::{Judge, Reader, Stop};
use super::reason::{Invalid, SaveError};
use super::section::Section;
use super::values;
use super::{Config, ConfigRef};
use crate::json::Value;

/// Lays the members of `settings` over `to`; what is absent stays. Known networks and the fleet's
/// own section are passed over: the one is proved before it is kept, and the other is not the
/// fleet's to change. So are members that have no meaning.
///
/// # Errors
/// Path and reason of the first wrong field. `to` is to be thrown away then: part of it may be
/// done.
pub fn overlay(
    settings: Value<'_>,
    current: ConfigRef<'_>,
    to: &mut Config,
) -> Result<(), Invalid> {
    let mut reader = Reader::new(Judge::Strict, Some(current));
    match reader.overlay(settings, to) {
        Ok(()) => Ok(()),
        Err(Stop) => match reader.into_error() {
            SaveError::Invalid(invalid) => Err(invalid),
            // The document was parsed before.
            SaveError::Json(_) => unreachable!("a value is of a document that was parsed"),
        },
    }
}

impl Reader<'_> {
    fn overlay(&mut self, root: Value<'_>, to: &mut Config) -> Result<(), Stop> {
        if let Err(reason) = values::object(root) {
            return self.wrong(reason);
        }
        for row in Section::Root.rows_as_read() {
            match row {
                Row::Section(Section::Fleet) | Row::Schema | Row::Networks => {}
                Row::Section(section) if root.member(section.name()).is_none() => {}
                Row::Section(section) => self.section(root, *section, to)?,
                Row::Field(field) => self.field(root, field, to)?,
                Row::ApSsid | Row::ApPassword | Row::ApAuth => {}
            }
        }
        Ok(())
    }
}
