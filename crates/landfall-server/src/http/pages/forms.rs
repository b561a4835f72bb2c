//! Forms as browsers send them. An empty field is one that was not filled in.

use serde_json::Value;

/// The text of a field, or null where it is empty.
pub(super) fn text(field: &str) -> Value {
    match field.trim() {
        "" => Value::Null,
        text => text.into(),
    }
}

/// A number; what is none goes as text, so that the API says what is wrong with it.
pub(super) fn number(field: &str) -> Value {
    match field.trim() {
        "" => Value::Null,
        text => text
            .parse::<i64>()
            .map_or_else(|_| text.into(), Value::from),
    }
}

/// Words with spaces or commas between.
pub(super) fn words(field: &str) -> Vec<&str> {
    let words = field.split([' ', ',', '\n', '\r', '\t']);
    words.filter(|word| !word.is_empty()).collect()
}

/// An object without its null members: what was not filled in is not sent.
pub(super) fn sent(mut object: Value) -> Value {
    if let Value::Object(members) = &mut object {
        members.retain(|_, value| !value.is_null());
    }
    object
}
