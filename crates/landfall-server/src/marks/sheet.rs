//! A session's sheet: one line a student, the newest entry, and once the session closed an absence
//! for everybody enrolled who has none. The absence is derived whenever the sheet is read, never kept.

use std::collections::BTreeMap;

use sqlx::AnyConnection;

use super::entries::{self, Entry, Source, Status};
use super::export::ExportRow;
use crate::database::DatabaseError;
use crate::sessions::roster::{self, Student};
use crate::sessions::store::Session;

/// A line: a student, and what was said last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) matric: String,
    pub(crate) matric_key: String,
    /// As in the roster; empty where the student is not in it any more.
    pub(crate) name: String,
    pub(crate) said: Said,
}

/// What is known of a student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Entry(Entry),
    /// Nothing, and the session is over.
    Absent,
}

/// How many there are of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) roster: i64,
    pub(crate) present: i64,
    pub(crate) late: i64,
    pub(crate) excused: i64,
    pub(crate) absent: i64,
}

impl Line {
    pub(crate) fn status(&self) -> Status {
        match &self.said {
            Said::Entry(entry) => entry.status,
            Said::Absent => Status::Absent,
        }
    }

    /// The line as the export's files have it.
    pub(crate) fn export(self) -> ExportRow {
        let (status, matric, name) = (self.status().name(), self.matric, self.name);
        let (source, marked_at, reason, flags) = match self.said {
            Said::Absent => ("derived", None, String::new(), Vec::new()),
            Said::Entry(Entry {
                marked_at, source, ..
            }) => match source {
                Source::Manual { reason, .. } => ("manual", Some(marked_at), reason, Vec::new()),
                Source::Device { flags, .. } => {
                    let flags = flags.iter().map(|flag| flag.name()).collect();
                    ("device", Some(marked_at), String::new(), flags)
                }
            },
        };
        ExportRow {
            matric,
            name,
            status,
            marked_at,
            source,
            reason,
            flags,
        }
    }
}

/// The sheet of entries, oldest first, and a roster, by matric number.
fn fold(entries: Vec<Entry>, roster: Vec<Student>, over: bool) -> Vec<Line> {
    let mut lines = BTreeMap::new();
    for student in roster {
        let line = (student.matric, student.name, None);
        lines.insert(student.matric_key, line);
    }
    for entry in entries {
        let unlisted = (entry.matric.clone(), String::new(), None);
        let line = lines.entry(entry.matric_key.clone()).or_insert(unlisted);
        line.2 = Some(entry);
    }
    let line = |(matric_key, (matric, name, entry)): (String, (String, String, Option<Entry>))| {
        let said = match entry {
            Some(entry) => Said::Entry(entry),
            None if over => Said::Absent,
            None => return None,
        };
        Some(Line {
            matric,
            matric_key,
            name,
            said,
        })
    };
    lines.into_iter().filter_map(line).collect()
}

/// A session's sheet.
pub(crate) async fn read(
    connection: &mut AnyConnection,
    session: &Session,
) -> Result<Vec<Line>, DatabaseError> {
    let entries = entries::of_session(connection, session.id).await?;
    let roster = roster::students(connection, (session.course_id, &session.offering)).await?;
    Ok(fold(entries, roster, !session.is_active()))
}

/// What was said in a session before that entry, the newest first, with the names of the roster.
pub(crate) async fn history(
    connection: &mut AnyConnection,
    session: &Session,
    bounds: (i64, i64),
) -> Result<Vec<Line>, DatabaseError> {
    let roster = roster::students(connection, (session.course_id, &session.offering)).await?;
    let names: BTreeMap<_, _> = roster
        .into_iter()
        .map(|student| (student.matric_key, student.name))
        .collect();
    let entries = entries::before(connection, session.id, bounds).await?;
    let line = |entry: Entry| Line {
        matric: entry.matric.clone(),
        matric_key: entry.matric_key.clone(),
        name: names.get(&entry.matric_key).cloned().unwrap_or_default(),
        said: Said::Entry(entry),
    };
    Ok(entries.into_iter().map(line).collect())
}

/// The counts of a sheet, without reading it.
pub(crate) async fn counts(
    connection: &mut AnyConnection,
    session: &Session,
) -> Result<Counts, DatabaseError> {
    let sql = "SELECT status, COUNT(*) FROM mark_entries WHERE session_id = $1 AND id IN \
               (SELECT MAX(id) FROM mark_entries WHERE session_id = $1 GROUP BY matric_key) \
               GROUP BY status";
    let rows: Vec<(String, i64)> = sqlx::query_as(sql)
        .bind(session.id)
        .fetch_all(&mut *connection)
        .await?;
    let class = (session.course_id, &session.offering);
    let roster = roster::size(connection, class).await?;
    let mut counts = Counts {
        roster,
        ..Counts::default()
    };
    for (status, count) in rows {
        match Status::of(&status) {
            Some(Status::Present) => counts.present = count,
            Some(Status::Late) => counts.late = count,
            Some(Status::Excused) => counts.excused = count,
            Some(Status::Absent) => counts.absent = count,
            None => {}
        }
    }
    if !session.is_active() {
        counts.absent += roster::without_entry(connection, class, session.id).await?;
    }
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn entry(id: i64, matric: &str, status: Status) -> Entry {
        Entry {
            id,
            session_id: 1,
            matric: matric.to_owned(),
            matric_key: matric.to_lowercase(),
            status,
            marked_at: id,
            source: Source::Manual {
                by: "ada".to_owned(),
                reason: format!("r{id}"),
            },
        }
    }

    fn check(over: bool, expected: Expect) {
        let student = |matric: &str| Student {
            matric: matric.to_owned(),
            matric_key: matric.to_lowercase(),
            name: format!("Name of {matric}"),
        };
        let entries = vec![
            entry(1, "b/001", Status::Present),
            entry(2, "Z/009", Status::Late),
            entry(3, "B/001", Status::Excused),
        ];
        let roster = ["C/001", "B/001", "A/001"].map(student).to_vec();
        let lines = fold(entries, roster, over).into_iter().map(|line| {
            let row = line.export();
            format!(
                "{} {:?} {} {} {}\n",
                row.matric, row.name, row.status, row.source, row.reason
            )
        });
        expected.assert_eq(&lines.collect::<String>());
    }

    #[test]
    fn the_newest_entry_counts_and_absence_waits_for_the_end() {
        check(
            false,
            expect![[r#"
                B/001 "Name of B/001" excused manual r3
                Z/009 "" late manual r2
            "#]],
        );
        check(
            true,
            expect![[r#"
                A/001 "Name of A/001" absent derived 
                B/001 "Name of B/001" excused manual r3
                C/001 "Name of C/001" absent derived 
                Z/009 "" late manual r2
            "#]],
        );
    }
}
