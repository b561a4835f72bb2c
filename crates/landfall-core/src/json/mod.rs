//! JSON without a heap: a checked document to walk through, and adapters that write.
//!
//! [`parse`] checks a whole document once (RFC 8259, strictly: no trailing commas, no comments)
//! and says line and column of what is wrong. What it gives is walked without errors: a [`Value`]
//! is a piece of the document's text, so members that nobody knows can be kept as they stand.
//!
//! The reader is our own because the editor of the config server has to be told line and column,
//! and unknown members have to be kept: neither picojson nor serde-json-core gives a position, and
//! serde-json-core drops what it does not know.
//!
//! ```
//! use landfall_core::json;
//!
//! let root = json::parse(br#"{"ssid": "Caf\u00e9", "pass": ""}"#)?;
//! let ssid = root.member("ssid").and_then(|value| value.as_text());
//! assert!(ssid.is_some_and(|text| text.is("Café")));
//! # Ok::<(), json::SyntaxError>(())
//! ```

mod check;
mod text;
mod write;

use core::fmt;

pub use check::{DEPTH_MAX, NUMBER_MAX, Problem, SyntaxError, parse};
pub use text::{Chars, Text, TextError};
pub use write::{Escape, JsonBytes, JsonStr, ObjectWriter};

/// One value of a checked document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    raw: &'a str,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl<'a> Value<'a> {
    /// `{}`, for a section that is not there.
    pub const EMPTY_OBJECT: Value<'static> = Value { raw: "{}" };

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.raw.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') | None => Kind::Null,
            Some(_) => Kind::Number,
        }
    }

    /// Its text as it stands in the document. [`Display`](fmt::Display) writes it without the
    /// spaces between its parts.
    pub fn raw(self) -> &'a str {
        self.raw
    }

    /// Writes it without the spaces between its parts.
    pub(crate) fn write(self, out: &mut dyn fmt::Write) -> fmt::Result {
        let mut rest = trim(self.raw);
        while let Some(first) = rest.as_bytes().first() {
            let len = match first {
                b'"' => string_len(rest),
                _ => plain_len(rest, is_quote_or_space),
            };
            let (part, after) = split(rest, len);
            out.write_str(part)?;
            rest = trim(after);
        }
        Ok(())
    }

    /// Whether it is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The value of `true` and `false`.
    pub fn as_bool(self) -> Option<bool> {
        match self.raw {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The value of a number without fraction and exponent whose digits fit 32 bits.
    pub fn as_int(self) -> Option<i64> {
        let (negative, digits) = match self.raw.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, self.raw),
        };
        let number = i64::from(digits_value(digits)?);
        Some(if negative { -number } else { number })
    }

    /// As [`Value::as_int`], of a number without its fraction; none where it has an exponent.
    pub(crate) fn whole_part(self) -> Option<i64> {
        let (raw, fraction) = split(self.raw, plain_len(self.raw, |b| b == b'.'));
        let plain = !fraction.bytes().any(|b| matches!(b, b'e' | b'E'));
        Value { raw }.as_int().filter(|_| plain)
    }

    /// The text of a string.
    pub fn as_text(self) -> Option<Text<'a>> {
        match self.kind() {
            Kind::String => Some(Text::new(inside(self.raw))),
            Kind::Null | Kind::Bool | Kind::Number | Kind::Array | Kind::Object => None,
        }
    }

    /// The elements of an array; none of anything else.
    pub fn elements(self) -> Elements<'a> {
        match self.kind() {
            Kind::Array => Elements(inside(self.raw)),
            Kind::Null | Kind::Bool | Kind::Number | Kind::String | Kind::Object => Elements(""),
        }
    }

    /// The members of an object, in their order; none of anything else. A name may come twice.
    pub fn members(self) -> Members<'a> {
        match self.kind() {
            Kind::Object => Members(inside(self.raw)),
            Kind::Null | Kind::Bool | Kind::Number | Kind::String | Kind::Array => Members(""),
        }
    }

    /// The member of that name; the last one where it comes twice (as JavaScript and Python do).
    pub fn member(self, name: &str) -> Option<Value<'a>> {
        self.members()
            .filter(|(key, _)| key.is(name))
            .last()
            .map(|(_, value)| value)
    }
}

/// The value without spaces between its parts.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
    }
}

/// Only what it is and how long: there may be secrets in it.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({} bytes)", self.kind(), self.raw.len())
    }
}

/// The value of decimal digits alone; none where they are none, or do not fit.
#[inline(never)]
pub(crate) fn digits_value(digits: &str) -> Option<u32> {
    let add = |value: u32, byte: u8| {
        let digit = char::from(byte).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit)
    };
    let value = digits.bytes().try_fold(0, add)?;
    (!digits.is_empty()).then_some(value)
}

/// Walks through an array.
#[derive(Clone, Debug)]
pub struct Elements<'a>(&'a str);

impl<'a> Iterator for Elements<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        take_value(&mut self.0)
    }
}

/// Walks through an object.
#[derive(Clone, Debug)]
pub struct Members<'a>(&'a str);

impl<'a> Iterator for Members<'a> {
    type Item = (Text<'a>, Value<'a>);

    fn next(&mut self) -> Option<(Text<'a>, Value<'a>)> {
        let key = take_value(&mut self.0)?.as_text()?;
        Some((key, take_value(&mut self.0)?))
    }
}

/// Takes the next value from text that was checked, over the spaces and one `,` or `:` before it.
fn take_value<'a>(rest: &mut &'a str) -> Option<Value<'a>> {
    let start = trim(rest);
    let separated = start.strip_prefix(',').or(start.strip_prefix(':'));
    let start = trim(separated.unwrap_or(start));
    if start.is_empty() {
        *rest = "";
        return None;
    }
    let (raw, after) = split(start, value_len(start));
    *rest = after;
    Some(Value { raw })
}

/// Without the brackets or quotes at both ends.
fn inside(raw: &str) -> &str {
    raw.get(1..raw.len().saturating_sub(1)).unwrap_or_default()
}

fn trim(text: &str) -> &str {
    split(text, plain_len(text, |b| !is_space(b))).1
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

fn is_quote_or_space(byte: u8) -> bool {
    byte == b'"' || is_space(byte)
}

/// Bytes before the first that `ends` says ends them.
fn plain_len(text: &str, ends: fn(u8) -> bool) -> usize {
    text.bytes().position(ends).unwrap_or(text.len())
}

/// Splits where a part of a checked document ends; nothing remains where that is no boundary.
fn split(text: &str, at: usize) -> (&str, &str) {
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// Length of the value that checked text begins with.
fn value_len(text: &str) -> usize {
    match text.as_bytes().first() {
        Some(b'"') => string_len(text),
        Some(b'{' | b'[') => container_len(text),
        _ => plain_len(text, |b| {
            matches!(b, b',' | b']' | b'}' | b':') || is_space(b)
        }),
    }
}

/// Length of the string that checked text begins with, its quotes counted.
fn string_len(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Length of the array or object that checked text begins with, its brackets counted.
fn container_len(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        match byte {
            b'"' => {
                at += string_len(text.get(at..).unwrap_or_default());
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests;
