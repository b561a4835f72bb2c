//! The text of a string: its characters, with the escapes resolved.

use core::fmt;
use core::str;

use heapless::String;

/// The text of a string in a checked document, escapes and all.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'a>(&'a str);

/// Why a string gives no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// It is longer than there is room for.
    TooLong,
    /// It holds half of a surrogate pair (`\ud800` to `\udfff`), which stands for no character.
    LoneSurrogate,
}

impl<'a> Text<'a> {
    pub(super) fn new(raw: &'a str) -> Self {
        Self(raw)
    }

    /// As it stands between its quotes, with its escapes.
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// Its characters.
    pub fn chars(self) -> Chars<'a> {
        Chars(self.0.chars())
    }

    /// Whether it is that text, however it is escaped.
    // Every name of a document is compared with every name that is known: once is enough.
    #[inline(never)]
    pub fn is(self, other: &str) -> bool {
        self.chars().eq(other.chars().map(Ok))
    }

    /// Writes its characters.
    ///
    /// # Errors
    /// [`TextError::TooLong`] where `out` has no room for them.
    pub fn write_to(self, out: &mut (impl fmt::Write + ?Sized)) -> Result<(), TextError> {
        self.chars()
            .try_for_each(|c| out.write_char(c?).map_err(|_| TextError::TooLong))
    }

    /// Its characters in at most `N` bytes.
    ///
    /// # Errors
    /// Where they do not fit, or are none.
    pub fn decode<const N: usize>(self) -> Result<String<N>, TextError> {
        let mut out = String::new();
        // Through the view there is one writer for all lengths: code is dear on a chip.
        self.write_to(out.as_mut_view()).map(|()| out)
    }
}

/// Only its length: a text may be a secret.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// The characters of a [`Text`]. After an error they go on behind it.
#[derive(Clone, Debug)]
pub struct Chars<'a>(str::Chars<'a>);

impl Iterator for Chars<'_> {
    type Item = Result<char, TextError>;

    fn next(&mut self) -> Option<Self::Item> {
        let plain = match self.raw()? {
            '\\' => match self.raw()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => return Some(self.unicode()),
                itself => itself,
            },
            plain => plain,
        };
        Some(Ok(plain))
    }
}

impl Chars<'_> {
    // Decoding UTF-8 is some code: once is enough.
    #[inline(never)]
    fn raw(&mut self) -> Option<char> {
        self.0.next()
    }

    /// The character of the digits behind `\u`, and of a second `\u` where the first is half of a
    /// surrogate pair (RFC 8259 §7).
    fn unicode(&mut self) -> Result<char, TextError> {
        let first = self.unit();
        if let Some(c) = char::from_u32(first) {
            return Ok(c);
        }
        let mut ahead = self.clone();
        let paired = (ahead.raw(), ahead.raw()) == (Some('\\'), Some('u'));
        let second = if paired { ahead.unit() } else { 0 };
        let high = (0xd800..0xdc00).contains(&first);
        if !high || !(0xdc00..0xe000).contains(&second) {
            return Err(TextError::LoneSurrogate);
        }
        *self = ahead;
        let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        char::from_u32(code).ok_or(TextError::LoneSurrogate)
    }

    /// Four hexadecimal digits; the check of the document made sure of them.
    fn unit(&mut self) -> u32 {
        (0..4).fold(0, |unit, _| {
            let digit = self.raw().and_then(|c| c.to_digit(16));
            unit << 4 | digit.unwrap_or_default()
        })
    }
}
