//! Matric numbers: what a student types to be known by.

use std::fmt;

/// Fewest characters of a matric number.
pub(crate) const MATRIC_MIN: usize = 5;
/// Most characters of a matric number.
pub(crate) const MATRIC_MAX: usize = 20;

/// A matric number as it was written, which is compared without case: [`Matric::key`] is what the
/// database finds it by.
#[derive(Clone, Debug)]
pub(crate) struct Matric(String);

/// The text is no matric number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MatricError;

impl fmt::Display for MatricError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "a matric number has {MATRIC_MIN} to {MATRIC_MAX} letters, digits, '/', '.', '_' or '-'"
        )
    }
}

impl Matric {
    /// Takes the number as a person wrote it, with spaces around it.
    pub(crate) fn new(text: &str) -> Result<Self, MatricError> {
        let text = text.trim();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
        let fits = (MATRIC_MIN..=MATRIC_MAX).contains(&text.len());
        if fits && text.bytes().all(known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MatricError)
        }
    }

    /// As it was written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// What two writings of one number share.
    pub(crate) fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::Matric;

    #[test]
    fn takes_what_the_rules_name_and_nothing_else() {
        for (text, key) in [
            ("CSC/2020/001", Some("csc/2020/001")),
            ("  csc/2020/001\t", Some("csc/2020/001")),
            ("A.b_c-9", Some("a.b_c-9")),
            ("12345", Some("12345")),
            ("1234", None),
            ("12345678901234567890", Some("12345678901234567890")),
            ("123456789012345678901", None),
            ("abc de", None),
            ("ábcde", None),
            ("=1+2+3", None),
            ("", None),
        ] {
            let found = Matric::new(text).ok().map(|matric| matric.key());
            assert_eq!(found.as_deref(), key, "{text:?}");
        }
    }
}
