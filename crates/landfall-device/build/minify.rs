//! A modest minifier for the pages' own sources: what gzip cannot take away by itself, no more.
//! It knows just the JavaScript, CSS and HTML that the files of `portal/` and `editor/` use: a statement of the
//! script ends in `;` or `}`, parameters are plain names, there is no template literal, and no
//! regular expression holds a space or a quote.

use std::collections::{BTreeMap, BTreeSet};

/// Takes comments and needless space out of a script, and shortens its own names.
pub(crate) fn script(source: &str) -> String {
    let tokens = tokens(source);
    let short = short_names(&tokens);
    let mut out = String::with_capacity(source.len());
    for (at, &token) in tokens.iter().enumerate() {
        let named = if is_property(&tokens, at) {
            None
        } else {
            short.get(token)
        };
        let text = named.map_or(token, String::as_str);
        let apart = match (out.chars().next_back(), text.chars().next()) {
            (Some(before), Some(after)) => {
                is_word(before) && is_word(after) || before == after && "+-".contains(after)
            }
            (None, _) | (_, None) => false,
        };
        if apart {
            out.push(' ');
        }
        out.push_str(text);
    }
    tidy(&out)
}

/// Takes comments and needless space out of a style sheet. Space before `:`, `(` and `.` has a
/// meaning there; after `:` and around the other marks it has none.
pub(crate) fn style(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let text = without_comments(source, "/*", "*/");
    for word in text.split_ascii_whitespace() {
        if !out.ends_with(['{', '}', ';', ',', ':', '>']) && !word.starts_with(['{', '}', '>']) {
            out.push(' ');
        }
        out.push_str(word);
    }
    tidy(out.trim_start())
}

/// Takes comments, line breaks between tags and needless quotes out of markup.
pub(crate) fn markup(source: &str) -> String {
    let text = without_comments(source, "<!--", "-->");
    unquote(&text.lines().map(str::trim).collect::<String>())
}

fn without_comments(source: &str, open: &str, close: &str) -> String {
    let mut parts = source.split(open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once(close).map_or("", |(_, after)| after)
    })
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$')
}

/// The words, quoted texts and marks of a script; space and comments are dropped.
fn tokens(source: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = source.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else {
            token_length(rest, first)
        };
        let (token, after) = rest.split_at(length);
        if !token.starts_with("//") {
            tokens.push(token);
        }
        rest = after.trim_start();
    }
    tokens
}

/// Bytes of the token that `rest` begins with.
fn token_length(rest: &str, first: char) -> usize {
    if matches!(first, '"' | '\'') {
        let mut escaped = false;
        let end = rest.char_indices().skip(1).find(|&(_, c)| {
            let closes = c == first && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        });
        end.map_or(rest.len(), |(at, quote)| at + quote.len_utf8())
    } else if is_word(first) {
        rest.find(|c| !is_word(c)).unwrap_or(rest.len())
    } else {
        let marks = ["...", "=>", "++", "--"];
        marks
            .iter()
            .find(|mark| rest.starts_with(**mark))
            .map_or(first.len_utf8(), |m| m.len())
    }
}

/// Whether the word at `at` names a member: after a dot, or as the key of an object.
fn is_property(tokens: &[&str], at: usize) -> bool {
    let before = at.checked_sub(1).map_or("", |before| tokens[before]);
    let key = tokens.get(at + 1) == Some(&":") && matches!(before, "{" | ",");
    before == "." || key
}

/// A letter or two for each name that the script declares, the same everywhere, so that what it hides
/// stays hidden. A name that somewhere stands for a member too (`{ssid}`) keeps its length.
fn short_names<'a>(tokens: &[&'a str]) -> BTreeMap<&'a str, String> {
    let members = shorthand(tokens);
    let taken: BTreeSet<&str> = tokens.iter().copied().collect();
    let letters = || ('a'..='z').chain('A'..='Z');
    let pairs = letters().flat_map(|one| letters().map(move |two| format!("{one}{two}")));
    let all = letters().map(String::from).chain(pairs);
    let mut free = all.filter(|short| !taken.contains(short.as_str()));
    let mut short = BTreeMap::new();
    for name in declared(tokens) {
        if !members.contains(name) && !short.contains_key(name) {
            let Some(letter) = free.next() else { break };
            short.insert(name, letter);
        }
    }
    short
}

/// The names after `const` and `let`, also in `const [one, two]`, and those of parameters.
fn declared<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let mut names = Vec::new();
    for (at, &token) in tokens.iter().enumerate().skip(1) {
        let before = tokens[at - 1];
        match token {
            "(" => {
                let (inside, after) = group(&tokens[at + 1..], ")");
                if before == "catch" || after == Some(&"=>") {
                    names.extend(inside);
                }
            }
            "[" if before == "const" => names.extend(group(&tokens[at + 1..], "]").0),
            _ if matches!(before, "const" | "let") => names.push(token),
            _ => {}
        }
    }
    names.retain(|name| name.starts_with(is_word));
    names
}

/// The tokens up to `close`, and the one behind it.
fn group<'t, 'a>(tokens: &'t [&'a str], close: &str) -> (&'t [&'a str], Option<&'t &'a str>) {
    let length = tokens
        .iter()
        .position(|token| *token == close)
        .unwrap_or(tokens.len());
    (&tokens[..length], tokens.get(length + 1))
}

/// The words that stand in braces for a member and its value at once: `{ssid}`, `const {ssid} =`.
fn shorthand<'a>(tokens: &[&'a str]) -> BTreeSet<&'a str> {
    let mut members = BTreeSet::new();
    let mut open = Vec::new();
    for at in 1..tokens.len().saturating_sub(1) {
        match tokens[at] {
            bracket @ ("{" | "(" | "[") => open.push(bracket),
            "}" | ")" | "]" => drop(open.pop()),
            word => {
                let alone =
                    matches!(tokens[at - 1], "{" | ",") && matches!(tokens[at + 1], "}" | ",");
                if alone && open.last() == Some(&"{") {
                    members.insert(word);
                }
            }
        }
    }
    members
}

/// Drops what may stand before a closing bracket and need not.
fn tidy(text: &str) -> String {
    [("}", ";}"), ("}", ",}"), ("]", ",]"), (")", ",)")]
        .iter()
        .fold(text.to_owned(), |text, (short, long)| {
            text.replace(long, short)
        })
}

/// Takes the quotes off attribute values that need none.
fn unquote(markup: &str) -> String {
    let mut out = String::with_capacity(markup.len());
    for (at, part) in markup.split('"').enumerate() {
        let quoted = at % 2 == 1;
        let plain = part
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./:,;".contains(c));
        let quote = if quoted && (part.is_empty() || !plain) {
            "\""
        } else {
            ""
        };
        out.extend([quote, part, quote]);
    }
    out
}
