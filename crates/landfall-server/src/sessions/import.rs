//! Reads a file of enrolments: `matric,name,course,session,semester`. Pure; what the database knows
//! is asked through [`Known`]. A file is taken whole or not at all, so every row with a mistake is
//! named at once.

mod take;

use std::collections::HashMap;

use csv::{ByteRecord, ReaderBuilder};

use super::courses::Offering;
use crate::marks::matric::Matric;
pub(crate) use take::{Plan, plan, take};

/// Most characters of a name, a session or a semester, and of a course's code.
pub(crate) const FIELD_MAX: usize = 64;
/// Most characters of a person's name.
pub(crate) const NAME_MAX: usize = 128;
/// Mistakes that are told; more are counted with them.
const ERRORS_MAX: usize = 1_000;
/// The header, in this order.
pub(crate) const COLUMNS: [&str; 5] = ["matric", "name", "course", "session", "semester"];
/// What a program that writes Unicode text for spreadsheets puts before the first character.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One student in one course, well-formed.
#[derive(Clone, Debug)]
pub(crate) struct Enrolment {
    pub(crate) matric: Matric,
    pub(crate) name: String,
    pub(crate) offering: Offering,
}

/// What tells one enrolment from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EnrolmentKey {
    pub(crate) matric_key: String,
    pub(crate) offering: Offering,
}

/// What the database knows.
pub(crate) trait Known {
    fn course(&self, code: &str) -> bool;
    fn enrolled(&self, key: &EnrolmentKey) -> bool;
}

/// A mistake in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RowError {
    /// From 1; the header is line 1.
    pub(crate) line: u64,
    /// A name of [`COLUMNS`], or none where it is about the row as a whole.
    pub(crate) column: Option<&'static str>,
    pub(crate) message: String,
}

/// What was read.
#[derive(Debug, Default)]
pub(crate) struct Report {
    /// Rows below the header.
    pub(crate) rows: u64,
    /// Rows without a mistake.
    pub(crate) valid: u64,
    /// Rows that are in the database already.
    pub(crate) unchanged: u64,
    /// What a clean file would add, in its order.
    pub(crate) new: Vec<Enrolment>,
    /// The first [`ERRORS_MAX`].
    pub(crate) errors: Vec<RowError>,
    /// All of them.
    pub(crate) error_count: u64,
}

impl Enrolment {
    pub(crate) fn key(&self) -> EnrolmentKey {
        EnrolmentKey {
            matric_key: self.matric.key(),
            offering: self.offering.clone(),
        }
    }
}

/// A field that is wrong: its column and what to do.
pub(crate) type FieldError = (&'static str, String);

/// Takes the fields of one enrolment, in the order of [`COLUMNS`], with spaces around them.
pub(crate) fn parse_fields(fields: [&str; 5]) -> Result<Enrolment, Vec<FieldError>> {
    let [matric, name, course, session, semester] = fields.map(str::trim);
    let mut errors = Vec::new();
    for (column, text) in COLUMNS
        .into_iter()
        .zip([matric, name, course, session, semester])
    {
        let max = if column == "name" {
            NAME_MAX
        } else {
            FIELD_MAX
        };
        if text.is_empty() {
            errors.push((column, "must not be empty".to_owned()));
        } else if text.chars().count() > max {
            errors.push((column, format!("must have at most {max} characters")));
        } else if text.chars().any(char::is_control) {
            errors.push((column, "must have no control characters".to_owned()));
        }
    }
    let number = Matric::new(matric);
    if let Err(error) = number
        && errors.first().is_none_or(|(column, _)| *column != "matric")
    {
        errors.insert(0, ("matric", error.to_string()));
    }
    match number {
        Ok(matric) if errors.is_empty() => Ok(Enrolment {
            matric,
            name: name.to_owned(),
            offering: Offering {
                course: course.to_owned(),
                session: session.to_owned(),
                semester: semester.to_owned(),
            },
        }),
        Ok(_) | Err(_) => Err(errors),
    }
}

/// Reads a whole file. An empty one lacks its header.
pub(crate) fn read(file: &[u8], known: &impl Known) -> Report {
    let file = file.strip_prefix(BYTE_ORDER_MARK).unwrap_or(file);
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(file);
    let mut reading = Reading {
        report: Report::default(),
        seen: HashMap::new(),
        known,
    };
    let mut record = ByteRecord::new();
    let mut lines = Lines {
        rest: file,
        passed: 0,
        line: 1,
    };
    let mut header_seen = false;
    // A reader over memory that takes any number of fields does not fail.
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let line = lines.first_of(&record);
        if header_seen {
            reading.row(line, &record);
        } else if is_header(&record) {
            header_seen = true;
        } else {
            break;
        }
    }
    if !header_seen {
        let message = format!("the first line must be {}", COLUMNS.join(","));
        reading.error(1, None, message);
    }
    reading.report
}

/// Counts lines as an editor does. The reader's own count stands still in empty lines, and one too
/// early after a CR LF.
struct Lines<'a> {
    rest: &'a [u8],
    /// Bytes before `rest`.
    passed: usize,
    /// The line that `rest` begins in, from 1.
    line: u64,
}

impl Lines<'_> {
    /// The line in which that record begins; records come in the order of the file.
    fn first_of(&mut self, record: &ByteRecord) -> u64 {
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).unwrap_or(usize::MAX);
        while let Some((&byte, rest)) = self.rest.split_first()
            && (self.passed < start || matches!(byte, b'\r' | b'\n'))
        {
            let ends_line = byte == b'\n' || byte == b'\r' && rest.first() != Some(&b'\n');
            self.line += u64::from(ends_line);
            self.passed += 1;
            self.rest = rest;
        }
        self.line
    }
}

fn is_header(record: &ByteRecord) -> bool {
    let trimmed = record.iter().map(<[u8]>::trim_ascii);
    trimmed.eq(COLUMNS.iter().map(|name| name.as_bytes()))
}

/// A file that is being read.
struct Reading<'a, K> {
    report: Report,
    /// Where each enrolment stood first.
    seen: HashMap<EnrolmentKey, u64>,
    known: &'a K,
}

impl<K: Known> Reading<'_, K> {
    fn row(&mut self, line: u64, record: &ByteRecord) {
        self.report.rows += 1;
        let Some(fields) = utf8_fields(record) else {
            return self.error(line, None, "must be UTF-8 text".to_owned());
        };
        let Ok(fields) = <[&str; 5]>::try_from(fields.as_slice()) else {
            let message = format!("must have {} fields, not {}", COLUMNS.len(), fields.len());
            return self.error(line, None, message);
        };
        match parse_fields(fields) {
            Ok(enrolment) => self.enrolment(line, enrolment),
            Err(errors) => {
                let [_, _, course, ..] = fields.map(str::trim);
                let named = errors.iter().any(|(column, _)| *column == "course");
                for (column, message) in errors {
                    self.error(line, Some(column), message);
                }
                if !named && !self.known.course(course) {
                    self.unknown_course(line);
                }
            }
        }
    }

    fn enrolment(&mut self, line: u64, enrolment: Enrolment) {
        let key = enrolment.key();
        if !self.known.course(&key.offering.course) {
            return self.unknown_course(line);
        }
        if let Some(first) = self.seen.get(&key) {
            let message = format!("is enrolled by line {first} already");
            return self.error(line, Some("matric"), message);
        }
        self.report.valid += 1;
        if self.known.enrolled(&key) {
            self.report.unchanged += 1;
        } else {
            self.report.new.push(enrolment);
        }
        self.seen.insert(key, line);
    }

    fn unknown_course(&mut self, line: u64) {
        self.error(line, Some("course"), "is not a known course".to_owned());
    }

    fn error(&mut self, line: u64, column: Option<&'static str>, message: String) {
        self.report.error_count += 1;
        if self.report.errors.len() < ERRORS_MAX {
            self.report.errors.push(RowError {
                line,
                column,
                message,
            });
        }
    }
}

fn utf8_fields(record: &ByteRecord) -> Option<Vec<&str>> {
    record
        .iter()
        .map(|field| str::from_utf8(field).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// Knows the course CS101 and the student OLD/1.
    struct Few;

    impl Known for Few {
        fn course(&self, code: &str) -> bool {
            code == "CS101"
        }

        fn enrolled(&self, key: &EnrolmentKey) -> bool {
            key.matric_key == "old/1"
        }
    }

    fn check(rows: &str, expected: Expect) {
        let file = format!("matric,name,course,session,semester\n{rows}");
        check_file(file.as_bytes(), expected);
    }

    fn check_file(file: &[u8], expected: Expect) {
        let report = read(file, &Few);
        let mut text = format!(
            "rows {} valid {} unchanged {}\n",
            report.rows, report.valid, report.unchanged
        );
        for one in &report.new {
            text += &format!(
                "+ {} {:?} {}\n",
                one.matric.as_str(),
                one.name,
                one.offering.semester
            );
        }
        for one in report.errors {
            let column = one.column.unwrap_or("*");
            text += &format!("{} {column}: {}\n", one.line, one.message);
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn fields_are_trimmed_and_known_rows_unchanged() {
        check(
            " A/001 ,Ada,CS101,2024/2025,1st\r\nOLD/1,Old,CS101,2024/2025,1st\nA/001,Ada,CS101,2024/2025, 2nd \n",
            expect![[r#"
                rows 3 valid 3 unchanged 1
                + A/001 "Ada" 1st
                + A/001 "Ada" 2nd
            "#]],
        );
    }

    #[test]
    fn every_mistake_has_its_line_and_column() {
        check(
            "A/001,Ada,CS101,s,1st\n\na/001,Ada again,CS101,s,1st\n\"B/001\",\"two\nlines\",CS101,s,1st\nC/001,Cy,CS999,s,1st\nx,,CS999,s,1st\nD/001,Dee\n",
            expect![[r#"
                rows 6 valid 1 unchanged 0
                + A/001 "Ada" 1st
                4 matric: is enrolled by line 2 already
                5 name: must have no control characters
                7 course: is not a known course
                8 matric: a matric number has 5 to 20 letters, digits, '/', '.', '_' or '-'
                8 name: must not be empty
                8 course: is not a known course
                9 *: must have 5 fields, not 2
            "#]],
        );
    }

    #[test]
    fn the_header_is_checked() {
        for file in [
            "",
            "name,matric,course,session,semester\nx",
            "matric,name\n",
        ] {
            check_file(
                file.as_bytes(),
                expect![[r#"
                    rows 0 valid 0 unchanged 0
                    1 *: the first line must be matric,name,course,session,semester
                "#]],
            );
        }
        check_file(
            b"\xef\xbb\xbfmatric, name,course,session,semester\r\nA/001,A\xff,CS101,s,1st",
            expect![[r#"
                rows 1 valid 0 unchanged 0
                2 *: must be UTF-8 text
            "#]],
        );
    }
}
