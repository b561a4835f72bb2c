//! One value of a heartbeat, read from the piece of text that it stands in.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::TEXT_MAX;

/// A value that may count.
pub(super) enum Read<'a> {
    /// A text.
    Text(Cow<'a, str>),
    /// A number, as it stands.
    Number(&'a str),
    /// Something else.
    Other,
}

/// What a value is.
pub(super) fn read(raw: &str) -> Read<'_> {
    match raw.as_bytes().first() {
        Some(b'"') => match serde_json::from_str::<Text<'_>>(raw) {
            Ok(text) => Read::Text(text.0),
            Err(_) => Read::Other,
        },
        Some(b'-' | b'0'..=b'9') => Read::Number(raw),
        Some(_) | None => Read::Other,
    }
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// The whole part of a number; none of something else, and of a number that is out of every range.
pub(super) fn integer(raw: &str) -> Option<i128> {
    /// Beyond it a float counts no longer in ones, and no member goes so far.
    const FLOAT_MAX: f64 = 9_007_199_254_740_992.0;
    match read(raw) {
        Read::Number(digits) => digits.parse().ok().or_else(|| {
            let float: f64 = digits.parse().ok()?;
            (float.abs() <= FLOAT_MAX).then_some(float as i128)
        }),
        Read::Text(_) | Read::Other => None,
    }
}

/// An object in a list, with members that are looked at one by one.
#[derive(Deserialize)]
pub(super) struct Loose<'a>(#[serde(borrow)] HashMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Loose<'a> {
    fn raw(&self, name: &str) -> Option<&'a str> {
        let raw = self.0.get(name)?.get();
        (raw != "null").then_some(raw)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    pub(super) fn integer(&self, name: &str) -> Option<i128> {
        integer(self.raw(name)?)
    }

    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        match read(self.raw(name)?) {
            Read::Text(text) => Some(text),
            Read::Number(_) | Read::Other => None,
        }
    }

    pub(super) fn text_or_number(&self, name: &str) -> Option<String> {
        let text = match read(self.raw(name)?) {
            Read::Text(text) => text.into_owned(),
            Read::Number(digits) => digits.to_owned(),
            Read::Other => return None,
        };
        (text.len() <= TEXT_MAX).then_some(text)
    }
}
