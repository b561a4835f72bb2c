//! The walk over a document, lenient or strict.
//!
//! Where something is wrong the walk asks [`Reader::wrong`], which warns and lets the default
//! stand, or notes path and reason and ends the walk.
//!
//! The way out is an empty [`Stop`]: a result that is some words long, copied at each of a hundred
//! ways out, would be most of the walk's code.

use super::ConfigRef;
use super::extra::Extra;
use super::path::Path;
use super::reason::{Invalid, Reason, SaveError, Warning};
use super::section::Section;
use super::values::{self, Parsed};
use crate::json::Value;

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
pub(super) enum Found<'n, 'v> {
    /// It is not there.
    Absent,
    /// It is there twice, and that was told.
    Wrong,
    /// Under that name.
    Value(&'n str, Value<'v>),
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

    /// The member of one of these names.
    pub(super) fn find<'n, 'v>(
        &mut self,
        object: Value<'v>,
        names: &'n [&'n str],
    ) -> Result<Found<'n, 'v>, Stop> {
        match values::only(object, names) {
            Ok(None) => Ok(Found::Absent),
            Ok(Some((name, value))) => Ok(Found::Value(name, value)),
            Err((name, reason)) => self.wrong_at(name, reason).map(|()| Found::Wrong),
        }
    }

    /// Tells what is wrong with a member, if something is, and gives whether it is right.
    pub(super) fn settle(&mut self, name: &str, parsed: Parsed<()>) -> Result<bool, Stop> {
        match parsed {
            Ok(()) => Ok(true),
            Err(reason) => self.wrong_at(name, reason).map(|()| false),
        }
    }

    /// Keeps the members that have no meaning in a section.
    pub(super) fn strangers(&mut self, object: Value<'_>, section: Section) -> Result<(), Stop> {
        for (key, value) in object.members() {
            let mut names = section.rows().iter().flat_map(|row| row.names());
            if names.any(|name| key.is(name)) {
                continue;
            }
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
