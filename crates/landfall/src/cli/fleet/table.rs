//! What the server answered, as tables for people or as it came for programs.

use std::io::Write;

use serde_json::Value;

use super::client::Server;
use crate::cli::Failure;

/// A column of a table: its head, and where in an entry its cell is (RFC 6901).
pub(super) type Column = (&'static str, &'static str);

/// Prints a list: a table, or what the server answered.
pub(super) fn show_list(server: &Server, list: &Value, columns: &[Column]) -> Result<(), Failure> {
    if server.json {
        return print(&list.to_string());
    }
    let items = list["items"].as_array().map_or(&[][..], Vec::as_slice);
    let rows = items.iter().map(|item| {
        columns
            .iter()
            .map(|(_, at)| cell(item.pointer(at)))
            .collect()
    });
    let heads = columns.iter().map(|(head, _)| (*head).to_owned()).collect();
    print(&table(std::iter::once(heads).chain(rows).collect()))
}

/// Prints one thing: its members, and a table for every list in it; or what the server answered.
pub(super) fn show_one(server: &Server, one: &Value) -> Result<(), Failure> {
    let Value::Object(_) = one else {
        return Ok(());
    };
    if server.json {
        return print(&one.to_string());
    }
    print(&told(one))
}

/// One thing as people read it: members of members stand behind a dot, lists of things at the end.
fn told(one: &Value) -> String {
    let (mut members, mut lists) = (Vec::new(), Vec::new());
    unfold("", one, &mut members, &mut lists);
    let mut text = table(members);
    for (name, items) in lists {
        let names = items.first().and_then(Value::as_object);
        let names: Vec<&String> = names.into_iter().flat_map(|item| item.keys()).collect();
        let head = |name: &&String| name.replace('_', " ").to_uppercase();
        let heads = names.iter().map(head).collect();
        let rows = items.iter();
        let rows = rows.map(|item| names.iter().map(|name| cell(item.get(name))).collect());
        let rows = table(std::iter::once(heads).chain(rows).collect());
        text.push_str(&format!("\n\n{name}:\n{rows}"));
    }
    text
}

fn unfold<'a>(
    name: &str,
    value: &'a Value,
    members: &mut Vec<Vec<String>>,
    lists: &mut Vec<(String, &'a [Value])>,
) {
    match value {
        Value::Object(object) => {
            for (member, value) in object {
                let dot = if name.is_empty() { "" } else { "." };
                unfold(&format!("{name}{dot}{member}"), value, members, lists);
            }
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            lists.push((name.to_owned(), items));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            members.push(vec![name.to_owned(), cell(Some(value))]);
        }
    }
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.chars().map(visible).collect(),
        Some(Value::Array(items)) if items.is_empty() => "-".to_owned(),
        Some(Value::Array(items)) => {
            let items = items.iter().map(|item| cell(Some(item)));
            items.collect::<Vec<_>>().join(", ")
        }
        Some(other @ (Value::Bool(_) | Value::Number(_) | Value::Object(_))) => other.to_string(),
    }
}

/// A name from the air may hold what moves a terminal's cursor.
fn visible(c: char) -> char {
    if c.is_control() { '\u{fffd}' } else { c }
}

/// Columns of one width each, two spaces between.
fn table(rows: Vec<Vec<String>>) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |n: usize| {
        rows.iter()
            .map(|row| row[n].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Prints a text and the end of its line.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{text}").map_err(|e| Failure::new("stdout", e, "keep it open"))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_as_wide_as_what_stands_in_it() {
        let rows = [["NAME", "SSID"], ["a lamp", "Läb"], ["x", "-"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec()).to_vec();
        expect![[r#"
            NAME    SSID
            a lamp  Läb
            x       -"#]]
        .assert_eq(&table(rows));
    }

    #[test]
    fn one_thing_is_told_with_its_lists() {
        let session = json!({
            "id": 12, "code": null, "counts": {"late": 0, "present": 2},
            "warnings": ["a", "b"], "flags": [],
            "devices": [{"fence": 1, "hardware_id": "lf-1"}, {"fence": 22, "hardware_id": "lf-2"}],
        });
        expect![[r#"
            code            -
            counts.late     0
            counts.present  2
            flags           -
            id              12
            warnings        a, b

            devices:
            FENCE  HARDWARE ID
            1      lf-1
            22     lf-2"#]]
        .assert_eq(&told(&session));
    }

    #[test]
    fn nothing_from_the_air_moves_the_cursor() {
        assert_eq!(cell(Some(&json!("a\u{1b}[2Jb"))), "a\u{fffd}[2Jb");
        assert_eq!(cell(None), "-");
    }
}
