//! What the scenarios came to: lines while they run, and a table at the end.

use std::collections::HashMap;

use anyhow::{Result, ensure};
use serde::Deserialize;
use serde_json::json;

/// What a line of a scenario's outcome begins with; every other line is its log.
const MARK: &str = "@lab ";

/// One scenario's end, as `tests/wifi/run.js` says it.
#[derive(Deserialize)]
struct Outcome {
    scenario: String,
    passed: bool,
    /// Why it failed, or nothing.
    #[serde(default)]
    why: String,
    seconds: f64,
    /// What was measured on the way: name, value, unit.
    #[serde(default)]
    figures: Vec<(String, f64, String)>,
}

/// How a report is printed.
#[derive(Clone, Copy)]
pub(super) enum Form {
    /// A line for each scenario.
    Table,
    /// The same, and its figures side by side.
    Comparison,
    /// One object for programs.
    Json,
}

/// The scenarios that were to be played, and those that were.
pub(super) struct Report {
    names: Vec<String>,
    outcomes: HashMap<String, Outcome>,
}

impl Report {
    pub(super) fn of(names: impl Iterator<Item = String>) -> Self {
        Self {
            names: names.collect(),
            outcomes: HashMap::new(),
        }
    }

    /// Takes a line of the machine.
    pub(super) fn take(&mut self, line: &str) {
        let outcome = line
            .strip_prefix(MARK)
            .and_then(|text| serde_json::from_str::<Outcome>(text).ok());
        let Some(outcome) = outcome else {
            eprintln!("{line}");
            return;
        };
        self.outcomes.insert(outcome.scenario.clone(), outcome);
    }

    /// Prints the table, or all of it as one object.
    pub(super) fn print(&self, form: Form) {
        match form {
            Form::Table => print!("{}", self.table()),
            Form::Comparison => print!("{}{}", self.table(), self.comparison()),
            Form::Json => println!("{}", self.to_json()),
        }
    }

    /// An error unless every scenario passed.
    pub(super) fn verdict(&self) -> Result<()> {
        let passed = self.names.iter().filter(|name| self.has_passed(name));
        let missed = self.names.len() - passed.count();
        ensure!(
            missed == 0,
            "{missed} of {} scenarios failed",
            self.names.len()
        );
        Ok(())
    }

    fn has_passed(&self, name: &str) -> bool {
        self.outcomes
            .get(name)
            .is_some_and(|outcome| outcome.passed)
    }

    /// A line for each scenario, which begins `wifi NAME ok` or `wifi NAME failed`.
    fn table(&self) -> String {
        let width = self.names.iter().map(String::len).max().unwrap_or_default();
        let mut table = String::new();
        for name in &self.names {
            let (word, seconds, rest) = match self.outcomes.get(name) {
                Some(outcome) if outcome.passed => ("ok", outcome.seconds, figures(outcome)),
                Some(outcome) => ("failed", outcome.seconds, outcome.why.clone()),
                None => ("failed", 0.0, "it was not played".to_owned()),
            };
            let line = format!("wifi {name:<width$} {word:<6} {seconds:6.1} s  {rest}");
            table += line.trim_end();
            table.push('\n');
        }
        table
    }

    /// A row for each figure, a column for each scenario, as Markdown.
    fn comparison(&self) -> String {
        let played: Vec<_> = self
            .names
            .iter()
            .filter_map(|name| self.outcomes.get(name))
            .collect();
        let mut rows: Vec<(&str, &str)> = Vec::new();
        for (name, _, unit) in played.iter().flat_map(|outcome| &outcome.figures) {
            if !rows.contains(&(name, unit)) {
                rows.push((name, unit));
            }
        }
        let heads: Vec<_> = played
            .iter()
            .map(|outcome| outcome.scenario.as_str())
            .collect();
        let mut table = format!(
            "\n| | {} |\n|---{}|\n",
            heads.join(" | "),
            "|---".repeat(heads.len())
        );
        for (name, unit) in rows {
            let value = |outcome: &&Outcome| {
                let figure = outcome.figures.iter().find(|(own, _, _)| own == name);
                figure.map_or_else(
                    || "-".to_owned(),
                    |(_, value, _)| format!("{value:.2} {unit}"),
                )
            };
            let values: Vec<_> = played.iter().map(value).collect();
            table += &format!("| {name} | {} |\n", values.join(" | "));
        }
        table
    }

    fn to_json(&self) -> serde_json::Value {
        let scenarios = self.names.iter().map(|name| match self.outcomes.get(name) {
            Some(outcome) => json!({
                "scenario": name,
                "passed": outcome.passed,
                "why": outcome.why,
                "seconds": outcome.seconds,
                "figures": outcome.figures,
            }),
            None => json!({"scenario": name, "passed": false, "why": "it was not played"}),
        });
        json!({"scenarios": scenarios.collect::<Vec<_>>()})
    }
}

fn figures(outcome: &Outcome) -> String {
    let figures = outcome.figures.iter();
    let texts: Vec<_> = figures
        .map(|(name, value, unit)| format!("{name} {value:.1} {unit}"))
        .collect();
    texts.join(", ")
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::Report;

    fn check(lines: &[&str], expected: Expect) {
        let names = ["join", "wrong-key"].map(str::to_owned);
        let mut report = Report::of(names.into_iter());
        for line in lines {
            report.take(line);
        }
        let verdict = report
            .verdict()
            .map_or_else(|error| error.to_string(), |()| "passed".into());
        expected.assert_eq(&format!("{}{verdict}\n", report.table()));
    }

    #[test]
    fn a_run_that_passed_tells_its_figures() {
        check(
            &[
                "the router is up",
                r#"@lab {"scenario":"join","passed":true,"seconds":9.26,"figures":[["boot to address",3.14,"s"],["resident",5.0,"MiB"]]}"#,
                r#"@lab {"scenario":"wrong-key","passed":true,"seconds":12}"#,
            ],
            expect![[r#"
                wifi join      ok        9.3 s  boot to address 3.1 s, resident 5.0 MiB
                wifi wrong-key ok       12.0 s
                passed
            "#]],
        );
    }

    #[test]
    fn a_figure_that_one_has_not_is_a_gap_beside_the_other() {
        let mut report = Report::of(["ours", "theirs"].map(str::to_owned).into_iter());
        report.take(
            r#"@lab {"scenario":"theirs","passed":true,"seconds":1,"figures":[["boot",9.5,"s"]]}"#,
        );
        report.take(
            r#"@lab {"scenario":"ours","passed":true,"seconds":1,"figures":[["boot",3,"s"],["idle",0.04,"%"]]}"#,
        );
        let expected = expect![[r#"

            | | ours | theirs |
            |---|---|---|
            | boot | 3.00 s | 9.50 s |
            | idle | 0.04 % | - |
        "#]];
        expected.assert_eq(&report.comparison());
    }

    #[test]
    fn what_failed_or_was_not_played_is_no_pass() {
        check(
            &[r#"@lab {"scenario":"join","passed":false,"seconds":30,"why":"no address in 30 s"}"#],
            expect![[r#"
                wifi join      failed   30.0 s  no address in 30 s
                wifi wrong-key failed    0.0 s  it was not played
                2 of 2 scenarios failed
            "#]],
        );
    }
}
