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

/// Prints one thing: its members, or what the server answered.
pub(super) fn show_one(server: &Server, one: &Value) -> Result<(), Failure> {
    let Value::Object(members) = one else {
        return Ok(());
    };
    if server.json {
        return print(&one.to_string());
    }
    let rows = members
        .iter()
        .map(|(name, value)| vec![name.clone(), cell(Some(value))]);
    print(&table(rows.collect()))
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.chars().map(visible).collect(),
        Some(other) => other.to_string(),
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
    fn nothing_from_the_air_moves_the_cursor() {
        assert_eq!(cell(Some(&json!("a\u{1b}[2Jb"))), "a\u{fffd}[2Jb");
        assert_eq!(cell(None), "-");
    }
}
