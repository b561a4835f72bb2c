//! Reads the members of a small JSON object (RFC 8259) in place: those asked for by name, whatever
//! else stands beside them. The whole text has to be right, and nothing may follow it.

use core::str;

/// Deepest nesting that is followed.
const DEPTH_MAX: u8 = 16;

/// What stands behind a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A string.
    Text(Text<'a>),
    /// A number, as it is written.
    Number(&'a str),
    /// `true` or `false`.
    Bool(bool),
    /// `null`.
    Null,
    /// An object or an array.
    Nested,
}

/// A string as it is written, without its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Text<'a>(&'a str);

/// The text is not one JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotAnObject;

/// The members of those names, each where it stands last.
pub(crate) fn pick<'a, const N: usize>(
    json: &'a [u8],
    names: [&str; N],
) -> Result<[Option<Value<'a>>; N], NotAnObject> {
    let text = str::from_utf8(json).map_err(|_| NotAnObject)?;
    let mut reader = Reader { rest: text };
    let mut found = [None; N];
    reader.object(DEPTH_MAX, &mut |name, value| {
        for (slot, wanted) in found.iter_mut().zip(names) {
            if name.is(wanted) {
                *slot = Some(value);
            }
        }
    })?;
    reader.skip_space();
    if reader.rest.is_empty() {
        Ok(found)
    } else {
        Err(NotAnObject)
    }
}

impl<'a> Text<'a> {
    /// Writes the text into `room`, escapes undone; none where it does not fit, or an escape
    /// stands for no character.
    pub(crate) fn decode(self, room: &mut [u8]) -> Option<&str> {
        let mut len = 0;
        let mut rest = self.0;
        while let Some((c, after)) = next_char(rest)? {
            let end = len + c.len_utf8();
            c.encode_utf8(room.get_mut(len..end)?);
            (len, rest) = (end, after);
        }
        str::from_utf8(&room[..len]).ok()
    }

    fn is(self, name: &str) -> bool {
        let mut wanted = name.chars();
        let mut rest = self.0;
        while let Some(Some((c, after))) = next_char(rest) {
            if wanted.next() != Some(c) {
                return false;
            }
            rest = after;
        }
        rest.is_empty() && wanted.next().is_none()
    }
}

/// The first character of a string as it is written, and what follows. Outer none: an escape that
/// stands for no character; inner none: the end.
fn next_char(text: &str) -> Option<Option<(char, &str)>> {
    let mut chars = text.chars();
    let c = match chars.next() {
        None => return Some(None),
        Some('\\') => match chars.next()? {
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => return escaped_unit(chars.as_str()).map(Some),
            c => c,
        },
        Some(c) => c,
    };
    Some(Some((c, chars.as_str())))
}

/// The character of `\uXXXX`, or of a pair of them; `text` begins behind the `u`.
fn escaped_unit(text: &str) -> Option<(char, &str)> {
    let (high, rest) = (hex4(text)?, text.get(4..)?);
    if let Some(c) = char::from_u32(high) {
        return Some((c, rest));
    }
    let rest = rest.strip_prefix("\\u")?;
    let low = hex4(rest)?;
    if !(0xd800..0xdc00).contains(&high) || !(0xdc00..0xe000).contains(&low) {
        return None;
    }
    let c = char::from_u32(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00))?;
    Some((c, rest.get(4..)?))
}

fn hex4(text: &str) -> Option<u32> {
    let digits = text.get(..4)?;
    let mut value = 0;
    for c in digits.chars() {
        value = value << 4 | c.to_digit(16)?;
    }
    Some(value)
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\r', '\n']);
    }

    /// Takes that byte of syntax, and the space before it.
    fn takes(&mut self, wanted: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), NotAnObject> {
        self.takes(wanted).then_some(()).ok_or(NotAnObject)
    }

    fn object(
        &mut self,
        depth: u8,
        see: &mut dyn FnMut(Text<'a>, Value<'a>),
    ) -> Result<(), NotAnObject> {
        self.expect('{')?;
        if self.takes('}') {
            return Ok(());
        }
        loop {
            self.skip_space();
            let name = self.string()?;
            self.expect(':')?;
            let value = self.value(depth)?;
            see(name, value);
            if !self.takes(',') {
                return self.expect('}');
            }
        }
    }

    fn array(&mut self, depth: u8) -> Result<(), NotAnObject> {
        self.expect('[')?;
        if self.takes(']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if !self.takes(',') {
                return self.expect(']');
            }
        }
    }

    fn value(&mut self, depth: u8) -> Result<Value<'a>, NotAnObject> {
        self.skip_space();
        let deeper = depth.checked_sub(1).ok_or(NotAnObject);
        match self.rest.as_bytes().first().ok_or(NotAnObject)? {
            b'"' => self.string().map(Value::Text),
            b'{' => self.object(deeper?, &mut |_, _| {}).map(|()| Value::Nested),
            b'[' => self.array(deeper?).map(|()| Value::Nested),
            b'-' | b'0'..=b'9' => self.number().map(Value::Number),
            _ => self.word(),
        }
    }

    fn string(&mut self) -> Result<Text<'a>, NotAnObject> {
        let inner = self.rest.strip_prefix('"').ok_or(NotAnObject)?;
        let mut escaped = false;
        for (at, byte) in inner.bytes().enumerate() {
            match byte {
                0..0x20 => return Err(NotAnObject),
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    self.rest = &inner[at + 1..];
                    return check_escapes(&inner[..at]);
                }
                _ => {}
            }
        }
        Err(NotAnObject)
    }

    fn number(&mut self) -> Result<&'a str, NotAnObject> {
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | 'e' | 'E');
        let len = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(len);
        self.rest = rest;
        is_number(number).then_some(number).ok_or(NotAnObject)
    }

    fn word(&mut self) -> Result<Value<'a>, NotAnObject> {
        const WORDS: [(&str, Value<'static>); 3] = [
            ("true", Value::Bool(true)),
            ("false", Value::Bool(false)),
            ("null", Value::Null),
        ];
        for (word, value) in WORDS {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(NotAnObject)
    }
}

/// Whether every escape is one that JSON knows. A lone surrogate is one, if no character.
fn check_escapes(text: &str) -> Result<Text<'_>, NotAnObject> {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let escape = &rest[at + 1..];
        let len = match escape.as_bytes().first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') if hex4(&escape[1..]).is_some() => 5,
            Some(_) | None => return Err(NotAnObject),
        };
        rest = &escape[len..];
    }
    Ok(Text(text))
}

/// `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?`
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let unsigned = exponent.map(|e| e.strip_prefix(['+', '-']).unwrap_or(e));
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && unsigned.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::String;

    fn read(json: &[u8]) -> String {
        match pick(json, ["a", "b"]) {
            Err(NotAnObject) => "not an object".into(),
            Ok(found) => found
                .iter()
                .map(|value| match value {
                    Some(Value::Text(text)) => match text.decode(&mut [0; 8]) {
                        Some(text) => format!("{text:?};"),
                        None => "undecodable;".into(),
                    },
                    other => format!("{other:?};"),
                })
                .collect(),
        }
    }

    #[test]
    fn members_are_found_by_name_whatever_stands_beside_them() {
        for (json, expected) in [
            (r#"{}"#, "None;None;"),
            (r#" { "b" : "x" , "a":null } "#, "Some(Null);\"x\";"),
            (r#"{"c":[{"a":1},[]],"a":true}"#, "Some(Bool(true));None;"),
            (r#"{"a":1,"a":-2.5e+3}"#, "Some(Number(\"-2.5e+3\"));None;"),
            (
                r#"{"\u0061":"é\u00e9\"","b":{}}"#,
                "\"éé\\\"\";Some(Nested);",
            ),
            (
                r#"{"a":"\ud83d\ude00","b":"\ud83d"}"#,
                "\"😀\";undecodable;",
            ),
            (
                r#"{"a":"12345678","b":"123456789"}"#,
                "\"12345678\";undecodable;",
            ),
        ] {
            assert_eq!(read(json.as_bytes()), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_json_object_is_refused() {
        for json in [
            "",
            " ",
            "[]",
            "\"a\"",
            "null",
            "{",
            "}",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{\"a\":1}x",
            "{a:1}",
            "{'a':1}",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":\"\n\"}",
            "{\"a\":\"\\x\"}",
            "{\"a\":\"\\u12g4\"}",
            "{\"a\":tru}",
            "{\"a\":\"\\\"}",
            "{\"a\":\"\\u00é\"}",
        ] {
            assert_eq!(read(json.as_bytes()), "not an object", "{json}");
        }
        assert_eq!(read(b"{\"a\":\"\xff\"}"), "not an object");
    }

    #[test]
    fn nesting_is_followed_to_its_bound_and_no_deeper() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n), "]".repeat(n));
        assert_eq!(read(nested(16).as_bytes()), "Some(Nested);None;");
        assert_eq!(read(nested(17).as_bytes()), "not an object");
        assert_eq!(read("{\"a\":[".repeat(2000).as_bytes()), "not an object");
    }
}
