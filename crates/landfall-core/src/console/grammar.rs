//! The grammar of a line: verbs in their spellings, fields between commas, quotes and escapes.
//!
//! ```text
//! line    = command *(";" command)
//! command = verb *("," field)
//! field   = *SP (quoted / literal) *SP
//! quoted  = DQUOTE *(any byte but DQUOTE and "\" / "\" DQUOTE / "\\" / "\x" 2HEXDIG) DQUOTE
//! literal = any bytes but "," and ";", not beginning with DQUOTE
//! ```

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::editor::LINE_MAX;
use crate::net::decode_hex;

/// Most fields that any command has. More are counted, not kept.
pub(super) const FIELDS_MAX: usize = 2;

/// One command as it is written: its verb as typed, and its fields.
#[derive(Debug)]
pub(super) struct Written<'a> {
    /// Without the spaces around it; empty: there is no command.
    pub(super) verb: &'a [u8],
    /// What stands behind the verb.
    pub(super) fields: Fields,
    /// Bytes up to behind the `;` that ends it.
    pub(super) used: usize,
}

/// The fields of a command, their quoting undone. Wiped when done, since passwords are among them.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Fields {
    bytes: [u8; LINE_MAX],
    ends: [u8; FIELDS_MAX],
    len: u8,
    count: u8,
    misquoted: bool,
}

impl Fields {
    /// How many there are.
    pub(super) fn count(&self) -> u8 {
        self.count
    }

    /// Whether a quote is not closed, has text behind it, or an escape in it is none.
    pub(super) fn misquoted(&self) -> bool {
        self.misquoted
    }

    /// Field `n`, from 0.
    pub(super) fn field(&self, n: usize) -> Option<&[u8]> {
        if n >= usize::from(self.count) {
            return None;
        }
        let end = *self.ends.get(n)?;
        let start = n.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.bytes.get(usize::from(start)..usize::from(end))
    }

    fn push(&mut self, byte: u8) {
        // A field is never longer than it was typed, so there is always a place.
        if let Some(place) = self.bytes.get_mut(usize::from(self.len)) {
            *place = byte;
            self.len += 1;
        }
    }

    fn end_field(&mut self) {
        if let Some(end) = self.ends.get_mut(usize::from(self.count)) {
            *end = self.len;
        }
        self.count = self.count.saturating_add(1);
    }
}

impl core::fmt::Debug for Fields {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} fields", self.count)
    }
}

/// Reads the first command of a line.
pub(super) fn read(line: &[u8]) -> Written<'_> {
    let verb_len = line
        .iter()
        .position(|byte| matches!(byte, b',' | b';'))
        .unwrap_or(line.len());
    let mut reader = Reader {
        rest: &line[verb_len..],
        fields: Fields {
            bytes: [0; LINE_MAX],
            ends: [0; FIELDS_MAX],
            len: 0,
            count: 0,
            misquoted: false,
        },
    };
    while reader.take_if(b',') {
        reader.read_field();
    }
    reader.take_if(b';');
    Written {
        verb: trim(&line[..verb_len]),
        used: line.len() - reader.rest.len(),
        fields: reader.fields,
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    fields: Fields,
}

impl<'a> Reader<'a> {
    /// Leaves the cursor on `,`, `;` or the end.
    fn read_field(&mut self) {
        while self.take_if(b' ') {}
        if self.take_if(b'"') {
            self.read_quoted();
            while self.take_if(b' ') {}
            if !self.read_literal().is_empty() {
                self.fields.misquoted = true;
            }
        } else {
            for byte in trim(self.read_literal()) {
                self.fields.push(*byte);
            }
        }
        self.fields.end_field();
    }

    fn read_quoted(&mut self) {
        loop {
            match self.take() {
                Some(b'"') => return,
                Some(b'\\') => self.read_escape(),
                Some(byte) => self.fields.push(byte),
                None => {
                    self.fields.misquoted = true;
                    return;
                }
            }
        }
    }

    fn read_escape(&mut self) {
        match self.take() {
            Some(byte @ (b'"' | b'\\')) => self.fields.push(byte),
            Some(b'x') => {
                let mut byte = 0;
                let digits = self.rest.get(..2).unwrap_or_default();
                match decode_hex(digits, core::slice::from_mut(&mut byte)) {
                    Some(()) => {
                        self.rest = &self.rest[2..];
                        self.fields.push(byte);
                    }
                    None => self.fields.misquoted = true,
                }
            }
            Some(_) | None => self.fields.misquoted = true,
        }
    }

    fn read_literal(&mut self) -> &'a [u8] {
        let end = self
            .rest
            .iter()
            .position(|byte| matches!(byte, b',' | b';'));
        let (literal, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        literal
    }

    fn take(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn take_if(&mut self, wanted: u8) -> bool {
        let found = self.rest.first() == Some(&wanted);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = text {
        text = rest;
    }
    text
}

/// Whether a typed verb is the one of that name: `net:status`, `NET STATUS` and `NET: STATUS` are
/// `NET:STATUS`.
pub(super) fn is_verb(typed: &[u8], name: &str) -> bool {
    let Some(word) = name.as_bytes().strip_prefix(b"NET:") else {
        return typed.eq_ignore_ascii_case(name.as_bytes());
    };
    let Some((family, rest)) = typed.split_at_checked(3) else {
        return false;
    };
    let is_apart = rest.starts_with(b" ") || rest.starts_with(b":");
    let after_family = trim(rest);
    let after_colon = after_family.strip_prefix(b":").unwrap_or(after_family);
    is_apart && family.eq_ignore_ascii_case(b"NET") && trim(after_colon).eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;
    use std::fmt::Write as _;
    use std::string::String;

    /// Reads all commands of a line.
    fn check(line: &[u8], expected: Expect) {
        let (mut rest, mut seen) = (line, String::new());
        while !rest.is_empty() {
            let written = read(rest);
            rest = &rest[written.used..];
            write!(seen, "{}", written.verb.escape_ascii()).unwrap();
            for n in 0..usize::from(written.fields.count()) {
                match written.fields.field(n) {
                    Some(field) => write!(seen, " [{}]", field.escape_ascii()).unwrap(),
                    None => seen.push_str(" +"),
                }
            }
            seen.push_str(if written.fields.misquoted() {
                " quoting\n"
            } else {
                "\n"
            });
        }
        expected.assert_eq(&seen);
    }

    #[test]
    fn fields_stand_between_commas() {
        check(
            b"NET:STATUS",
            expect![[r#"
            NET:STATUS
        "#]],
        );
        check(
            b" NET:SET , cafe au lait ,  secret  ",
            expect![[r#"
            NET:SET [cafe au lait] [secret]
        "#]],
        );
        check(
            b"NET:SET,cafe,;NET:SET,,;NET:SET,",
            expect![[r#"
            NET:SET [cafe] []
            NET:SET [] []
            NET:SET []
        "#]],
        );
        check(
            b"NET:SET,a,b,c,d",
            expect![[r#"
            NET:SET [a] [b] + +
        "#]],
        );
        check(
            b"a;b;;c;",
            expect![[r#"
            a
            b

            c
        "#]],
        );
    }

    #[test]
    fn quotes_keep_what_is_in_them() {
        check(
            br#"NET:SET, " a, b; c " ,"\"\\\x00\xfF"; HELP"#,
            expect![[r#"
                NET:SET [ a, b; c ] [\"\\\x00\xff]
                HELP
            "#]],
        );
        check(
            br#"NET:SET,say "hi",it's"#,
            expect![[r#"
            NET:SET [say \"hi\"] [it\'s]
        "#]],
        );
        check(
            br#"NET:SET,"","" "#,
            expect![[r#"
            NET:SET [] []
        "#]],
        );
    }

    #[test]
    fn misquoted_fields_are_told_and_the_next_command_is_found() {
        for line in [
            r#"A,"x"y,z;B"#,
            r#"A,"x" y;B"#,
            r#"A,"x;B"#,
            r#"A,"\n";B"#,
            r#"A,"\x4";B"#,
            r#"A,"\"#,
            r#"A,"x\";B"#,
        ] {
            assert!(read(line.as_bytes()).fields.misquoted(), "{line}");
        }
        check(
            br#"A,"x"y,z;B"#,
            expect![[r#"
            A [x] [z] quoting
            B
        "#]],
        );
        check(
            br#"A,"\xzz";B"#,
            expect![[r#"
            A [zz] quoting
            B
        "#]],
        );
    }

    #[test]
    fn a_verb_has_many_spellings() {
        for typed in [
            "NET:STATUS",
            "net:status",
            "NET STATUS",
            "NET: STATUS",
            "Net  :  Status",
        ] {
            assert!(is_verb(typed.as_bytes(), "NET:STATUS"), "{typed}");
        }
        for typed in [
            "NETSTATUS",
            "NET::STATUS",
            "NET",
            "STATUS",
            "NET:STATUSX",
            "NET STATUS X",
            "",
        ] {
            assert!(!is_verb(typed.as_bytes(), "NET:STATUS"), "{typed}");
        }
        assert!(is_verb(b"help", "HELP") && !is_verb(b"NET:HELP", "HELP"));
    }

    proptest! {
        #[test]
        fn any_line_is_read_to_its_end(line in proptest::collection::vec(
            prop_oneof![any::<u8>(), proptest::sample::select(b"\",;\\x \0a".to_vec())], 0..=LINE_MAX,
        )) {
            let mut rest = &line[..];
            while !rest.is_empty() {
                let used = read(rest).used;
                prop_assert!(used > 0);
                rest = &rest[used..];
            }
        }

        #[test]
        fn what_is_quoted_is_read_back(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let line = std::format!("V,{},x", crate::text::Quoted(&bytes));
            let written = read(line.as_bytes());
            prop_assert_eq!(written.fields.field(0), Some(&bytes[..]));
            prop_assert!(!written.fields.misquoted());
        }
    }
}
