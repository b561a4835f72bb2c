//! The check of a document: the grammar of RFC 8259, with line and column of its first fault.

use core::fmt;

use super::Value;

/// Deepest nesting of arrays and objects.
pub const DEPTH_MAX: u8 = 16;
/// Longest number, in characters.
pub const NUMBER_MAX: usize = 32;

/// Where and why bytes are no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// The line, from 1.
    pub line: u32,
    /// The character of that line, from 1.
    pub column: u32,
    /// What is wrong there.
    pub problem: Problem,
}

/// `line 3 column 5: expected a value`.
impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            problem,
        } = self;
        write!(f, "line {line} column {column}: {problem}")
    }
}

impl core::error::Error for SyntaxError {}

/// What is wrong with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It ends too early.
    End,
    /// Something else stands where a value is due.
    Value,
    /// Something else stands where a member's name is due.
    Name,
    /// Something else stands where `:` is due.
    Colon,
    /// Something else stands where `,` or `]` is due.
    ArrayEnd,
    /// Something else stands where `,` or `}` is due.
    ObjectEnd,
    /// Something stands behind the document.
    Trailing,
    /// A control character stands in a string.
    Control,
    /// A backslash in a string is followed by nothing that it may escape.
    Escape,
    /// A number is not written as JSON writes numbers.
    Number,
    /// A number is longer than [`NUMBER_MAX`].
    NumberTooLong,
    /// Arrays and objects nest deeper than [`DEPTH_MAX`].
    TooDeep,
    /// A byte is not UTF-8.
    NotUtf8,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::End => "unexpected end",
            Self::Value => "expected a value",
            Self::Name => "expected a name in double quotes",
            Self::Colon => "expected ':'",
            Self::ArrayEnd => "expected ',' or ']'",
            Self::ObjectEnd => "expected ',' or '}'",
            Self::Trailing => "expected nothing more",
            Self::Control => "control character in a string",
            Self::Escape => "unknown escape in a string",
            Self::Number => "malformed number",
            Self::NumberTooLong => "number of more than 32 characters",
            Self::TooDeep => "nested deeper than 16",
            Self::NotUtf8 => "not UTF-8",
        })
    }
}

/// Checks a document and gives its outermost value. A byte order mark before it is skipped, since
/// some editors write one.
///
/// # Errors
/// The first fault, with its line and column.
pub fn parse(bytes: &[u8]) -> Result<Value<'_>, SyntaxError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = core::str::from_utf8(bytes)
        .map_err(|error| locate(bytes, error.valid_up_to(), Problem::NotUtf8))?;
    let mut checker = Checker { bytes, at: 0 };
    let result = checker.document();
    match result {
        Ok((start, end)) => Ok(Value {
            raw: text.get(start..end).unwrap_or_default(),
        }),
        Err(problem) => Err(locate(bytes, checker.at, problem)),
    }
}

fn locate(bytes: &[u8], at: usize, problem: Problem) -> SyntaxError {
    let before = bytes.get(..at).unwrap_or(bytes);
    let line_start = before
        .iter()
        .rposition(|b| *b == b'\n')
        .map_or(0, |n| n + 1);
    // A character is counted by its first byte; the others of UTF-8 are 10xx_xxxx.
    let characters = |bytes: &[u8]| bytes.iter().filter(|b| **b & 0xc0 != 0x80).count();
    SyntaxError {
        line: before.iter().filter(|b| **b == b'\n').count() as u32 + 1,
        column: characters(&before[line_start..]) as u32 + 1,
        problem,
    }
}

/// Walks over the bytes; where it stops with a problem, `at` is the byte that is wrong.
struct Checker<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Checker<'_> {
    /// Start and end of the outermost value.
    fn document(&mut self) -> Result<(usize, usize), Problem> {
        self.space();
        let start = self.at;
        self.value(0)?;
        let end = self.at;
        self.space();
        match self.peek() {
            None => Ok((start, end)),
            Some(_) => Err(Problem::Trailing),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Goes over `byte`, or says what is wrong.
    fn expect(&mut self, byte: u8, problem: Problem) -> Result<(), Problem> {
        match self.peek() {
            Some(found) if found == byte => {
                self.at += 1;
                Ok(())
            }
            Some(_) => Err(problem),
            None => Err(Problem::End),
        }
    }

    fn value(&mut self, depth: u8) -> Result<(), Problem> {
        match self.peek() {
            Some(b'{' | b'[') if depth == DEPTH_MAX => Err(Problem::TooDeep),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(Problem::Value),
            None => Err(Problem::End),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), Problem> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(Problem::Value);
        }
        self.at += word.len();
        Ok(())
    }

    fn array(&mut self, depth: u8) -> Result<(), Problem> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            self.value(depth)?;
            self.space();
            if self.peek() != Some(b',') {
                return self.expect(b']', Problem::ArrayEnd);
            }
            self.at += 1;
        }
    }

    fn object(&mut self, depth: u8) -> Result<(), Problem> {
        self.at += 1;
        self.space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            match self.peek() {
                Some(b'"') => self.string()?,
                Some(_) => return Err(Problem::Name),
                None => return Err(Problem::End),
            }
            self.space();
            self.expect(b':', Problem::Colon)?;
            self.space();
            self.value(depth)?;
            self.space();
            if self.peek() != Some(b',') {
                return self.expect(b'}', Problem::ObjectEnd);
            }
            self.at += 1;
        }
    }

    fn string(&mut self) -> Result<(), Problem> {
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.escape()?;
                }
                Some(0..0x20) => return Err(Problem::Control),
                Some(_) => self.at += 1,
                None => return Err(Problem::End),
            }
        }
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<(), Problem> {
        let digits = match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 0,
            Some(b'u') => 4,
            Some(_) => return Err(Problem::Escape),
            None => return Err(Problem::End),
        };
        self.at += 1;
        for _ in 0..digits {
            match self.peek() {
                Some(digit) if digit.is_ascii_hexdigit() => self.at += 1,
                Some(_) => return Err(Problem::Escape),
                None => return Err(Problem::End),
            }
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Problem> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        if let Some(b'0'..=b'9' | b'.' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-') = self.peek() {
            return Err(Problem::Number);
        }
        if self.at - start > NUMBER_MAX {
            self.at = start;
            return Err(Problem::NumberTooLong);
        }
        Ok(())
    }

    /// At least one digit.
    fn digits(&mut self) -> Result<(), Problem> {
        match self.peek() {
            Some(b'0'..=b'9') => {}
            Some(_) => return Err(Problem::Number),
            None => return Err(Problem::End),
        }
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        Ok(())
    }
}
