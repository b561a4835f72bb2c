//! Lengths of files and functions, `unsafe`, and the paragraph on top.

use proc_macro2::{LineColumn, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Finding;

/// At this length a file holds a second idea.
const FILE_LINES_MAX: usize = 500;
/// How a longer file says why it is; in one of the first [`REASON_WITHIN`] lines.
const REASON: &str = "tidy: long because ";
const REASON_WITHIN: usize = 5;
/// At this length a function holds a second idea.
const FUNCTION_LINES_MAX: usize = 70;
/// What counts as written by hand, by the end of its name.
const SOURCES: &[&str] = &[
    ".rs", ".js", ".mjs", ".ts", ".css", ".html", ".sh", ".py", ".sql",
];
/// Where registers and vector tables leave no other way.
const UNSAFE_WITHIN: &str = "firmware/";

/// Checks one file.
pub(super) fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if SOURCES.iter().any(|end| path.ends_with(end)) {
        findings.extend(check_length(path, text));
    }
    if path.ends_with(".rs") {
        findings.extend(check_rust(path, text));
    }
    findings
}

fn check_length(path: &str, text: &str) -> Option<Finding> {
    let lines = text.lines().count();
    let reason = |line: &str| {
        let (_, reason) = line.split_once(REASON)?;
        (!reason.trim().is_empty()).then_some(())
    };
    let excused = text.lines().take(REASON_WITHIN).find_map(reason).is_some();
    (lines > FILE_LINES_MAX && !excused).then(|| {
        let what = format!(
            "{lines} lines; split it by idea, or say `{REASON}…` in its first {REASON_WITHIN} lines"
        );
        Finding::new(path, None, what)
    })
}

fn check_rust(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let tokens = match text.parse::<TokenStream>() {
        Ok(tokens) => tokens,
        Err(error) => return vec![unreadable(path, error.span().start(), &error)],
    };
    if !path.starts_with(UNSAFE_WITHIN) {
        let what = "`unsafe` outside firmware; find the library that has it behind a safe face";
        let lines = unsafe_lines(tokens.clone());
        findings.extend(lines.into_iter().map(|line| Finding::new(path, line, what)));
    }
    let file = match syn::parse2::<syn::File>(tokens) {
        Ok(file) => file,
        Err(error) => return vec![unreadable(path, error.span().start(), &error)],
    };
    if !text.lines().any(|line| line.starts_with("//!")) {
        findings.push(Finding::new(
            path,
            None,
            "no `//!` paragraph that says what it is for",
        ));
    }
    let mut functions = LongFunctions { path, findings };
    functions.visit_file(&file);
    functions.findings
}

fn unreadable(path: &str, at: LineColumn, error: &dyn std::error::Error) -> Finding {
    Finding::new(path, at.line, format!("does not parse: {error}"))
}

/// The lines that say `unsafe`, inside of macros and attributes too.
fn unsafe_lines(tokens: TokenStream) -> Vec<usize> {
    let mut lines = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Ident(word) if word == "unsafe" => lines.push(word.span().start().line),
            TokenTree::Group(group) => lines.extend(unsafe_lines(group.stream())),
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
    lines
}

/// Collects the functions that are too long.
struct LongFunctions<'a> {
    path: &'a str,
    findings: Vec<Finding>,
}

impl LongFunctions<'_> {
    /// From the signature to the closing brace; attributes and documentation do not count.
    fn measure(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let first = signature.span().start().line;
        let lines = body.brace_token.span.close().end().line + 1 - first;
        if lines > FUNCTION_LINES_MAX {
            let what = format!("`{}` has {lines} lines; split it by idea", signature.ident);
            self.findings.push(Finding::new(self.path, first, what));
        }
    }
}

impl<'ast> Visit<'ast> for LongFunctions<'_> {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast syn::ImplItemFn) {
        self.measure(&function.sig, &function.block);
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &'ast syn::TraitItemFn) {
        if let Some(body) = &function.default {
            self.measure(&function.sig, body);
        }
        visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    fn check(path: &str, text: &str, expected: Expect) {
        let findings = super::check(path, text);
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_long_file_gives_its_reason() {
        let long = "a {}\n".repeat(501);
        let what = expect![
            "a.css: 501 lines; split it by idea, or say `tidy: long because …` in its first 5 lines"
        ];
        check("a.css", &long, what);
        check("a.css", &"a {}\n".repeat(500), expect![""]);
        check("a.lock", &long, expect![""]);
        let reasoned = format!("/* tidy: long because one table */\n{long}");
        check("a.css", &reasoned, expect![""]);
        let empty = format!("// tidy: long because \n{long}");
        check(
            "a.js",
            &empty,
            expect![
                "a.js: 502 lines; split it by idea, or say `tidy: long because …` in its first 5 lines"
            ],
        );
    }

    #[test]
    fn a_long_function_is_found_wherever_it_hides() {
        let body = "f();\n".repeat(69);
        for (text, expected) in [
            (
                format!("//! x\nfn long() {{\n{body}}}"),
                expect!["a.rs:2: `long` has 71 lines; split it by idea"],
            ),
            (
                format!("//! x\nmod m {{ impl A {{ /// y\nfn long() {{\n{body}}} }} }}"),
                expect!["a.rs:3: `long` has 71 lines; split it by idea"],
            ),
            (
                format!("//! x\ntrait A {{ fn long() {{\n{body}}} }}"),
                expect!["a.rs:2: `long` has 71 lines; split it by idea"],
            ),
            (format!("//! x\nfn long() {{ {body}}}"), expect![""]),
        ] {
            check("a.rs", &text, expected);
        }
    }

    #[test]
    fn unsafe_stays_in_the_firmware() {
        let text =
            "//! x\n\nmacro_rules! m { () => { unsafe {} } }\n#[unsafe(no_mangle)]\nfn f() {}";
        check(
            "crates/a/src/b.rs",
            text,
            expect![[r#"
                crates/a/src/b.rs:3: `unsafe` outside firmware; find the library that has it behind a safe face
                crates/a/src/b.rs:4: `unsafe` outside firmware; find the library that has it behind a safe face"#]],
        );
        check("firmware/a/src/b.rs", text, expect![""]);
        check(
            "a.rs",
            "//! unsafe\n// unsafe\nconst A: &str = \"unsafe\";",
            expect![""],
        );
    }

    #[test]
    fn a_file_says_what_it_is_for() {
        check(
            "a.rs",
            "fn f() {}",
            expect!["a.rs: no `//!` paragraph that says what it is for"],
        );
        check(
            "a.rs",
            "fn f( {}",
            expect!["a.rs:1: does not parse: cannot parse string into token stream"],
        );
    }
}
