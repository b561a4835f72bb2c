//! Why the daemon ended: one line for whoever started it.

use std::fmt;

/// What, why, and what can be done about it.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A failure of `what`, because of `why`, with what can be done about it.
    pub(super) fn new(
        what: impl fmt::Display,
        why: impl fmt::Display,
        help: impl fmt::Display,
    ) -> Self {
        Self::whole(format!("{what}: {why}; {help}"))
    }

    /// One that says all of that by itself.
    pub(super) fn whole(said: impl fmt::Display) -> Self {
        // A cause of several lines is told on one.
        let said = said.to_string();
        Self(said.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Failure {}
