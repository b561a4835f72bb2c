//! Links that lead somewhere, and words that must not stand anywhere.

use std::path::Path;

use pulldown_cmark::{Event, Parser, Tag};

use super::Finding;

/// Folders of somebody's machine, which mean nothing to a reader. In two pieces, so that this table
/// does not find itself.
const FOREIGN_PATHS: &[(&str, &str)] = &[("/wo", "rk/"), ("/tmp", "/wt")];

/// Checks one file.
pub(super) fn check(root: &Path, path: &str, text: &str) -> Vec<Finding> {
    let mut findings = foreign_paths(path, text);
    if path.ends_with(".md") {
        let exists = |target: &str| root.join(target).exists();
        findings.extend(dead_links(path, text, exists));
    }
    findings
}

fn foreign_paths(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (start, end) in FOREIGN_PATHS {
        let word = format!("{start}{end}");
        for (at, line) in text.lines().enumerate() {
            if line.contains(&word) {
                let what = format!("`{word}` is a place on somebody's machine");
                findings.push(Finding::new(path, at + 1, what));
            }
        }
    }
    findings
}

/// Relative links to files that are not there.
fn dead_links(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (event, range) in Parser::new(text).into_offset_iter() {
        let (Event::Start(Tag::Link { dest_url, .. }) | Event::Start(Tag::Image { dest_url, .. })) =
            event
        else {
            continue;
        };
        let Some(target) = target_of(path, &dest_url) else {
            continue;
        };
        if !exists(&target) {
            let line = text[..range.start].matches('\n').count() + 1;
            findings.push(Finding::new(path, line, format!("dead link to {dest_url}")));
        }
    }
    findings
}

/// The file a link leads to, relative to the repository; none where it leads out of it or to a
/// heading of the same page.
fn target_of(path: &str, link: &str) -> Option<String> {
    let file = link.split(['#', '?']).next().unwrap_or_default();
    let has_scheme = link
        .split('/')
        .next()
        .is_some_and(|first| first.contains(':'));
    if file.is_empty() || has_scheme {
        return None;
    }
    let folder = Path::new(path).parent().unwrap_or(Path::new(""));
    Some(folder.join(file).display().to_string())
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{dead_links, foreign_paths};

    fn check(findings: Vec<super::Finding>, expected: Expect) {
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_relative_link_leads_to_a_file() {
        let page = "[a](gone.md) and [b](here.md#part)\n\n![c](img/gone.png)\n[d](https://e.f/g)\n\
                    [h](#heading) `[i](code.md)` [j][k]\n\n[k]: ../gone.md\n";
        check(
            dead_links("docs/page.md", page, |target| target == "docs/here.md"),
            expect![[r#"
                docs/page.md:1: dead link to gone.md
                docs/page.md:3: dead link to img/gone.png
                docs/page.md:5: dead link to ../gone.md"#]],
        );
    }

    #[test]
    fn a_place_on_a_machine_is_found() {
        let place = ["/tmp", "/wt"].concat();
        let findings = foreign_paths("notes.txt", &format!("all is well\nsee {place}/x"));
        let found: Vec<_> = findings.iter().map(|finding| finding.line).collect();
        assert_eq!(found, [Some(2)]);
    }
}
