//! The walk over a document, lenient or strict.
//!
//! Where something is wrong the walk asks [`Reader::wrong`], which warns and lets the default
//! stand, or notes path and reason and ends the walk.
//!
//! Some forty fields go through [`Reader::field`], so there is one of it for all types, and the
//! way out is an empty [`Stop`]: otherwise the walk is most of a chip's code.

use super::ConfigRef;
use super::document::{Invalid, SaveError, Warning};
use super::extra::Extra;
use super::path::Path;
use super::reason::Reason;
use super::section::Section;
use super::values::{self, Parsed};
use crate::json::{Text, Value};

/// What happens to a wrong field.
pub(super) enum Judge<'w> {
    /// It is told, and the default stands.
    Lenient(&'w mut dyn FnMut(&Warning<'_>)),
    /// It ends the walk.
    Strict,
}

/// The walk ends: [`Reader::invalid`] says where and why.
#[derive(Debug)]
pub(super) struct Stop;

/// How a member of an object was found.
pub(super) enum Found {
    /// It is not there.
    Absent,
    /// It is wrong, and that was told.
    Wrong,
    /// It is right, and was taken.
    Right,
}

/// Walks a document.
pub(super) struct Reader<'r> {
    judge: Judge<'r>,
    /// Whose secrets a mask stands for.
    pub(super) current: Option<ConfigRef<'r>>,
    pub(super) path: Path,
    pub(super) extra: Extra,
    pub(super) invalid: Option<Invalid>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(judge: Judge<'r>, current: Option<ConfigRef<'r>>) -> Self {
        Self {
            judge,
            current,
            path: Path::default(),
            extra: Extra::default(),
            invalid: None,
        }
    }

    /// Why a strict walk ended.
    pub(super) fn into_error(self) -> SaveError {
        SaveError::Invalid(self.invalid.unwrap_or(Invalid {
            path: self.path,
            reason: Reason::Missing,
        }))
    }

    /// What stands here is wrong.
    pub(super) fn wrong(&mut self, reason: &'static Reason) -> Result<(), Stop> {
        match &mut self.judge {
            Judge::Lenient(warn) => {
                warn(&Warning {
                    path: &self.path,
                    reason: *reason,
                });
                Ok(())
            }
            Judge::Strict => {
                self.invalid = Some(Invalid {
                    path: self.path.clone(),
                    reason: *reason,
                });
                Err(Stop)
            }
        }
    }

    /// What stands here is worth a warning, but no reason to refuse it.
    pub(super) fn note(&mut self, reason: &'static Reason) {
        match &mut self.judge {
            Judge::Lenient(warn) => warn(&Warning {
                path: &self.path,
                reason: *reason,
            }),
            Judge::Strict => {}
        }
    }

    /// A member is wrong.
    pub(super) fn wrong_at(&mut self, name: &str, reason: &'static Reason) -> Result<(), Stop> {
        let mark = self.path.key(name);
        self.wrong(reason)?;
        self.path.back(mark);
        Ok(())
    }

    /// A member is worth a warning.
    pub(super) fn note_at(&mut self, name: &str, reason: &'static Reason) {
        let mark = self.path.key(name);
        self.note(reason);
        self.path.back(mark);
    }

    /// Hands the member of one of these names to `read`, which says what is wrong with it.
    pub(super) fn field(
        &mut self,
        object: Value<'_>,
        names: &[&str],
        read: &mut dyn FnMut(Value<'_>) -> Parsed<()>,
    ) -> Result<Found, Stop> {
        let (name, reason) = match values::only(object, names) {
            Ok(None) => return Ok(Found::Absent),
            Ok(Some((name, value))) => match read(value) {
                Ok(()) => return Ok(Found::Right),
                Err(reason) => (name, reason),
            },
            Err(twice) => twice,
        };
        self.wrong_at(name, reason).map(|()| Found::Wrong)
    }

    /// As [`Reader::field`], where it is all one how it was found.
    pub(super) fn put(
        &mut self,
        object: Value<'_>,
        name: &str,
        read: &mut dyn FnMut(Value<'_>) -> Parsed<()>,
    ) -> Result<(), Stop> {
        self.field(object, &[name], read).map(drop)
    }

    /// Takes the member of one of these names; what is absent or wrong leaves `to` as it is.
    pub(super) fn take<T>(
        &mut self,
        object: Value<'_>,
        names: &[&str],
        to: &mut T,
        parse: impl Fn(Value<'_>) -> Parsed<T>,
    ) -> Result<(), Stop> {
        self.field(object, names, &mut |value| {
            *to = parse(value)?;
            Ok(())
        })
        .map(drop)
    }

    /// As [`Reader::take`]; `null` is as good as absent.
    pub(super) fn take_some<T>(
        &mut self,
        object: Value<'_>,
        names: &[&str],
        to: &mut Option<T>,
        parse: impl Fn(Value<'_>) -> Parsed<T>,
    ) -> Result<(), Stop> {
        self.field(object, names, &mut |value| {
            if !value.is_null() {
                *to = Some(parse(value)?);
            }
            Ok(())
        })
        .map(drop)
    }

    /// Reads a member that is an object; one that is absent or wrong is passed over.
    pub(super) fn section(
        &mut self,
        parent: Value<'_>,
        section: Section,
        read: &mut dyn FnMut(&mut Self, Value<'_>) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let found = self.field(parent, &[section.name()], &mut values::object)?;
        let object = match (found, parent.member(section.name())) {
            (Found::Right, Some(object)) => object,
            (Found::Right | Found::Wrong | Found::Absent, _) => return Ok(()),
        };
        let mark = self.path.key(section.name());
        self.strangers(object, section)?;
        read(self, object)?;
        self.path.back(mark);
        Ok(())
    }

    /// Keeps the members that have no meaning in a section.
    pub(super) fn strangers(&mut self, object: Value<'_>, section: Section) -> Result<(), Stop> {
        let unknown = |key: &Text<'_>| !section.keys().iter().any(|name| key.is(name));
        for (key, value) in object.members().filter(|(key, _)| unknown(key)) {
            let mark = self.path.stranger(key);
            match self.extra.keep(section, key, value) {
                Ok(()) => self.note(&Reason::Unknown),
                Err(_) => self.wrong(&Reason::NotKept)?,
            }
            self.path.back(mark);
        }
        Ok(())
    }
}
