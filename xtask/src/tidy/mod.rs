//! The rules of the house that a compiler does not know.
//!
//! Every rule is a function from text to findings, so that it can be shown to fail; `report` reads
//! the repository and runs them all. They also run as a test, `cargo test -p xtask`.

mod crates;
mod source;
mod text;

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use ignore::WalkBuilder;

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    /// The file, relative to the repository.
    path: String,
    /// The line, from 1; none: the file as a whole.
    line: Option<usize>,
    /// What is wrong, and what to do.
    what: String,
}

impl Finding {
    fn new(path: &str, line: impl Into<Option<usize>>, what: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: line.into(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.what),
            None => write!(f, "{}: {}", self.path, self.what),
        }
    }
}

/// A text file of the repository.
struct TextFile {
    /// Relative to the repository, with `/`.
    path: String,
    text: String,
}

/// Prints what breaks a rule; an error if anything does.
pub(crate) fn report(root: &Path) -> Result<()> {
    let findings = findings(root)?;
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        n => bail!("{n} findings"),
    }
}

fn findings(root: &Path) -> Result<Vec<Finding>> {
    let files = text_files(root)?;
    let mut findings = crates::check(root, &files)?;
    for file in &files {
        findings.extend(source::check(&file.path, &file.text));
        findings.extend(text::check(root, &file.path, &file.text));
    }
    if !files.iter().any(|file| file.path == "CHANGELOG.md") {
        findings.push(Finding::new(
            "CHANGELOG.md",
            None,
            "missing; users read it first",
        ));
    }
    findings.sort();
    Ok(findings)
}

/// Every file that git would keep and that is text.
fn text_files(root: &Path) -> Result<Vec<TextFile>> {
    let mut files = Vec::new();
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .parents(false)
        .filter_entry(|entry| entry.file_name() != ".git")
        .build();
    for entry in walk {
        let entry = entry?;
        if !entry.file_type().is_some_and(|kind| kind.is_file()) {
            continue;
        }
        let bytes = std::fs::read(entry.path())
            .with_context(|| format!("reading {}", entry.path().display()))?;
        if let Ok(text) = String::from_utf8(bytes) {
            let path = entry.path().strip_prefix(root)?.display().to_string();
            files.push(TextFile { path, text });
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_repository_is_tidy() {
        let findings = super::findings(&crate::repository()).expect("the repository is readable");
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }
}
