//! The walk over a document, lenient or strict.
//!
//! Where something is wrong the walk asks [`Reader::wrong`], which warns and lets the default
//! stand, or notes path and reason and ends the walk.
//!
//! Some forty fields go through [`Reader::field`], each with its own types. What does not depend on
//! those is in functions of its own, and the way out is an empty [`Stop`]: that halves the code.

use super::document::{Invalid, SaveError, Warning};
use super::extra::Extra;
use super::path::{Mark, Path};
use super::reason::Reason;
use super::section::Section;
use super::values::{self, Parsed};
use super::{ConfigRef, Defaults};
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

/// A member of an object.
pub(super) enum Field<T> {
    /// It is not there.
    Absent,
    /// It is wrong, and that was told.
    Wrong,
    /// It is right.
    Right(T),
}

impl<T> Field<T> {
    pub(super) fn right(self) -> Option<T> {
        match self {
            Self::Right(value) => Some(value),
            Self::Absent | Self::Wrong => None,
        }
    }

    pub(super) fn unwrap_or(self, default: T) -> T {
        self.right().unwrap_or(default)
    }

    pub(super) fn unwrap_or_default(self) -> T
    where
        T: Default,
    {
        self.right().unwrap_or_default()
    }
}

/// Walks a document.
pub(super) struct Reader<'r> {
    judge: Judge<'r>,
    /// Whose secrets a mask stands for.
    pub(super) current: Option<ConfigRef<'r>>,
    pub(super) defaults: &'r Defaults,
    pub(super) path: Path,
    pub(super) extra: Extra,
    pub(super) invalid: Option<Invalid>,
}

impl<'r> Reader<'r> {
    pub(super) fn new(
        judge: Judge<'r>,
        current: Option<ConfigRef<'r>>,
        defaults: &'r Defaults,
    ) -> Self {
        Self {
            judge,
            current,
            defaults,
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
    pub(super) fn wrong(&mut self, reason: Reason) -> Result<(), Stop> {
        match &mut self.judge {
            Judge::Lenient(warn) => {
                warn(&Warning {
                    path: &self.path,
                    reason,
                });
                Ok(())
            }
            Judge::Strict => {
                self.invalid = Some(Invalid {
                    path: self.path.clone(),
                    reason,
                });
                Err(Stop)
            }
        }
    }

    /// What stands here is worth a warning, but no reason to refuse it.
    pub(super) fn note(&mut self, reason: Reason) {
        match &mut self.judge {
            Judge::Lenient(warn) => warn(&Warning {
                path: &self.path,
                reason,
            }),
            Judge::Strict => {}
        }
    }

    /// Does something at a member.
    pub(super) fn at<T>(&mut self, name: &str, act: impl FnOnce(&mut Self) -> T) -> T {
        let mark = self.path.key(name);
        let result = act(self);
        self.path.back(mark);
        result
    }

    /// The member of one of these names.
    pub(super) fn field<'a, T>(
        &mut self,
        object: Value<'a>,
        names: &[&str],
        parse: impl FnOnce(Value<'a>) -> Parsed<T>,
    ) -> Result<Field<T>, Stop> {
        match self.find(object, names)? {
            Field::Absent => Ok(Field::Absent),
            Field::Wrong => Ok(Field::Wrong),
            Field::Right((name, value)) => match parse(value) {
                Ok(right) => Ok(Field::Right(right)),
                Err(reason) => self.wrong_at(name, reason).map(|()| Field::Wrong),
            },
        }
    }

    /// The member of one of these names, and the name it has.
    fn find<'a, 'n>(
        &mut self,
        object: Value<'a>,
        names: &'n [&'n str],
    ) -> Result<Field<(&'n str, Value<'a>)>, Stop> {
        match values::only(object, names) {
            Ok(None) => Ok(Field::Absent),
            Ok(Some(found)) => Ok(Field::Right(found)),
            Err((name, reason)) => self.wrong_at(name, reason).map(|()| Field::Wrong),
        }
    }

    /// A member is wrong.
    pub(super) fn wrong_at(&mut self, name: &str, reason: Reason) -> Result<(), Stop> {
        self.at(name, |reader| reader.wrong(reason))
    }

    /// The member that is a section; an empty one where it is absent or wrong. The path goes into
    /// it; [`Path::back`] comes back.
    fn enter<'a>(
        &mut self,
        parent: Value<'a>,
        section: Section,
    ) -> Result<(Mark, Value<'a>), Stop> {
        let object = self
            .field(parent, &[section.name()], values::object)?
            .unwrap_or(Value::EMPTY_OBJECT);
        let mark = self.path.key(section.name());
        self.strangers(object, section)?;
        Ok((mark, object))
    }

    /// A member that has to be there.
    pub(super) fn required<'a>(
        &mut self,
        object: Value<'a>,
        name: &str,
        parse: impl FnOnce(Value<'a>) -> Parsed<Value<'a>>,
    ) -> Result<Option<Value<'a>>, Stop> {
        match self.field(object, &[name], parse)? {
            Field::Right(value) => Ok(Some(value)),
            Field::Wrong => Ok(None),
            Field::Absent => {
                self.wrong_at(name, Reason::Missing)?;
                Ok(None)
            }
        }
    }

    /// A member that is an object; one that is absent or wrong is read as an empty one.
    pub(super) fn section<'a, T>(
        &mut self,
        parent: Value<'a>,
        section: Section,
        read: impl FnOnce(&mut Self, Value<'a>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let (mark, object) = self.enter(parent, section)?;
        let result = read(self, object);
        self.path.back(mark);
        result
    }

    /// Keeps the members that have no meaning in a section.
    pub(super) fn strangers(&mut self, object: Value<'_>, section: Section) -> Result<(), Stop> {
        let unknown = |key: &Text<'_>| !section.keys().iter().any(|name| key.is(name));
        for (key, value) in object.members().filter(|(key, _)| unknown(key)) {
            let mark = self.path.stranger(key);
            match self.extra.keep(section, key, value) {
                Ok(()) => self.note(Reason::Unknown),
                Err(_) => self.wrong(Reason::NotKept)?,
            }
            self.path.back(mark);
        }
        Ok(())
    }
}
