//! Texts of requests: trimmed, of a length that is kept, and refused with their path.

use crate::problem::{FieldError, Problem};

/// Most characters of a course's code.
pub(crate) const CODE_MAX: usize = 64;
/// Most characters of a course's title, and of a person's name.
pub(crate) const TITLE_MAX: usize = 128;
/// Most characters of an academic session, a semester or a room.
pub(crate) const TERM_MAX: usize = 64;

/// The text without the spaces around it; what is wrong with it is added to `wrong`.
pub(crate) fn text(wrong: &mut Vec<FieldError>, path: &str, value: &str, max: usize) -> String {
    let value = value.trim();
    let message = if value.is_empty() || value.chars().count() > max {
        format!("it has to be 1..={max} characters")
    } else if value.chars().any(char::is_control) {
        "it may have no control characters".to_owned()
    } else {
        return value.to_owned();
    };
    wrong.push(FieldError {
        path: path.to_owned(),
        message,
    });
    value.to_owned()
}

/// The same for a text that may be absent.
pub(crate) fn optional(
    wrong: &mut Vec<FieldError>,
    path: &str,
    value: Option<&str>,
    max: usize,
) -> Option<String> {
    value.map(|value| text(wrong, path, value, max))
}

/// Refuses where something is wrong.
pub(crate) fn refuse(wrong: Vec<FieldError>) -> Result<(), Problem> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Problem::all_wrong(wrong))
    }
}
