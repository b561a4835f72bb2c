//! A session's marks as a file for a spreadsheet: CSV and XLSX with the same cells.
//!
//! A spreadsheet takes text that begins like a formula for one, and whoever types a matric number or
//! a reason could so run something on the lecturer's machine. Such text gets an apostrophe before
//! it (OWASP, "CSV injection").

use std::fmt;

use jiff::{Timestamp, tz::TimeZone};
use rust_xlsxwriter::{Format, Workbook, XlsxError};

/// The header of both files.
const COLUMNS: [&str; 8] = [
    "matric",
    "name",
    "status",
    "marked_at_utc",
    "marked_at_local",
    "source",
    "reason",
    "flags",
];
/// What a formula, or what Excel makes one of, begins with.
const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// Between the flags of one mark.
const FLAG_SEPARATOR: &str = " ";

/// One line of the file.
#[derive(Clone, Debug)]
pub(crate) struct ExportRow {
    pub(crate) matric: String,
    pub(crate) name: String,
    pub(crate) status: &'static str,
    /// Wall time in ms since 1970; an absence that is derived has none.
    pub(crate) marked_at: Option<i64>,
    pub(crate) source: &'static str,
    pub(crate) reason: String,
    pub(crate) flags: Vec<&'static str>,
}

/// A file could not be written.
#[derive(Debug)]
pub(crate) enum ExportError {
    Csv(csv::Error),
    Xlsx(XlsxError),
}

impl fmt::Display for ExportError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Csv(error) => write!(out, "the CSV file could not be written: {error}"),
            Self::Xlsx(error) => write!(out, "the XLSX file could not be written: {error}"),
        }
    }
}

impl std::error::Error for ExportError {}

/// The CSV file, UTF-8 with `\n` after every line.
pub(crate) fn csv(rows: &[ExportRow], zone: &TimeZone) -> Result<Vec<u8>, ExportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(ExportError::Csv)?;
    for row in rows {
        writer
            .write_record(cells(row, zone))
            .map_err(ExportError::Csv)?;
    }
    let written = writer.into_inner();
    written.map_err(|error| ExportError::Csv(error.into_error().into()))
}

/// The XLSX file: one sheet, every cell a text.
pub(crate) fn xlsx(rows: &[ExportRow], zone: &TimeZone) -> Result<Vec<u8>, ExportError> {
    fill(rows, zone).map_err(ExportError::Xlsx)
}

fn fill(rows: &[ExportRow], zone: &TimeZone) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("marks")?;
    let bold = Format::new().set_bold();
    for (column, name) in (0..).zip(COLUMNS) {
        sheet.write_string_with_format(0, column, name, &bold)?;
    }
    for (line, row) in (1..).zip(rows) {
        for (column, text) in (0..).zip(cells(row, zone)) {
            sheet.write_string(line, column, text)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofit();
    book.save_to_buffer()
}

fn cells(row: &ExportRow, zone: &TimeZone) -> [String; 8] {
    [
        escaped(&row.matric),
        escaped(&row.name),
        row.status.to_owned(),
        row.marked_at.map(utc).unwrap_or_default(),
        row.marked_at.map(|at| local(at, zone)).unwrap_or_default(),
        row.source.to_owned(),
        escaped(&row.reason),
        row.flags.join(FLAG_SEPARATOR),
    ]
}

fn escaped(text: &str) -> String {
    let apostrophe = if text.starts_with(FORMULA_STARTS) {
        "'"
    } else {
        ""
    };
    format!("{apostrophe}{text}")
}

/// `2026-01-31T09:00:00Z`
fn utc(at: i64) -> String {
    written(at, &TimeZone::UTC, "%Y-%m-%dT%H:%M:%SZ")
}

/// `2026-01-31T10:00:00+01:00`
fn local(at: i64, zone: &TimeZone) -> String {
    written(at, zone, "%Y-%m-%dT%H:%M:%S%:z")
}

/// Nothing for a time that no calendar has.
fn written(at: i64, zone: &TimeZone, format: &str) -> String {
    let at = Timestamp::from_millisecond(at);
    at.map(|at| at.to_zoned(zone.clone()).strftime(format).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn rows() -> Vec<ExportRow> {
        let row = ExportRow {
            matric: "A/001".to_owned(),
            name: "Ada, \"the first\"".to_owned(),
            status: "present",
            marked_at: Some(1_769_850_000_000),
            source: "device",
            reason: String::new(),
            flags: vec!["clock", "after_close"],
        };
        let formula = |name: &str| ExportRow {
            name: name.to_owned(),
            ..row.clone()
        };
        let absent = ExportRow {
            matric: "-1+1=".to_owned(),
            marked_at: None,
            status: "absent",
            source: "derived",
            flags: Vec::new(),
            ..row.clone()
        };
        // Half a year on, where there is summer time.
        let summer = ExportRow {
            marked_at: Some(1_785_488_400_000),
            ..row.clone()
        };
        let mut rows = vec![row.clone(), absent, summer];
        rows.extend(["=1+1", "+1", "-1", "@a", "\ta", "\ra", " =1"].map(formula));
        rows
    }

    #[test]
    fn the_csv_file_has_both_times_and_no_formula() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let file = String::from_utf8(csv(&rows(), &zone).unwrap()).unwrap();
        expect![[r#"
            matric,name,status,marked_at_utc,marked_at_local,source,reason,flags
            A/001,"Ada, ""the first""",present,2026-01-31T09:00:00Z,2026-01-31T10:00:00+01:00,device,,clock after_close
            '-1+1=,"Ada, ""the first""",absent,,,derived,,
            A/001,"Ada, ""the first""",present,2026-07-31T09:00:00Z,2026-07-31T11:00:00+02:00,device,,clock after_close
            A/001,'=1+1,present,2026-01-31T09:00:00Z,2026-01-31T10:00:00+01:00,device,,clock after_close
            A/001,'+1,present,2026-01-31T09:00:00Z,2026-01-31T10:00:00+01:00,device,,clock after_close
            A/001,'-1,present,2026-01-31T09:00:00Z,2026-01-31T10:00:00+01:00,device,,clock after_close
            A/001,'@a,present,2026-01-31T09:00:00Z,2026-01-31T10:00:00+01:00,device,,clock after_close
            A/001,'	a,present,2026-01-31T09:00:00Z,2026-01-31T10:00:00+01:00,device,,clock after_close
            A/001,"'\ra",present,2026-01-31T09:00:00Z,2026-01-31T10:00:00+01:00,device,,clock after_close
            A/001, =1,present,2026-01-31T09:00:00Z,2026-01-31T10:00:00+01:00,device,,clock after_close
        "#]]
        .assert_eq(&file.replace('\r', "\\r"));
    }

    #[test]
    fn the_zone_is_that_of_the_session() {
        let lagos = TimeZone::get("Africa/Lagos").unwrap();
        assert_eq!(
            local(1_769_850_000_000, &lagos),
            "2026-01-31T10:00:00+01:00"
        );
        assert_eq!(
            local(1_769_850_000_000, &TimeZone::UTC),
            "2026-01-31T09:00:00+00:00"
        );
    }

    #[test]
    fn the_xlsx_file_is_a_package_of_its_sheet() {
        let file = xlsx(&rows(), &TimeZone::UTC).unwrap();
        assert!(file.starts_with(b"PK\x03\x04"));
        assert!(
            file.windows(24)
                .any(|part| part == b"xl/worksheets/sheet1.xml")
        );
    }
}
