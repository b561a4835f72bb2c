//! Scripts of requests, one a line, and what came of each as text.

use base64ct::{Base64, Encoding};

use crate::client::Answer;
use crate::sim::{Door, Sim};

/// The fields that only some answers have, and that say something.
const TELLING: [&str; 4] = ["Location", "Allow", "WWW-Authenticate", "Retry-After"];

impl Sim {
    /// Asks every line of a script: under each its status, its telling fields and its body.
    pub(crate) fn play(&self, door: Door, script: &str) -> String {
        self.play_by(door, script, |answer| {
            let text = std::str::from_utf8(&answer.body);
            masked(text.unwrap_or("(bytes)"))
        })
    }

    /// The same without bodies, but for the codes of errors.
    pub(crate) fn play_codes(&self, door: Door, script: &str) -> String {
        self.play_by(door, script, |answer| {
            let is_error = answer.code >= 400 && answer.body.starts_with(b"{");
            let error = is_error.then(|| answer.json()["error"].as_str().map(str::to_owned));
            error.flatten().unwrap_or_default()
        })
    }

    fn play_by(&self, door: Door, script: &str, tell: impl Fn(&Answer) -> String) -> String {
        let lines = script
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let told = lines.map(|line| {
            let answer = self.ask(door, line);
            let mut out = format!("{line}\n    {}", answer.code);
            for name in TELLING {
                if let Some(value) = answer.field(name) {
                    out += &format!(" | {name}: {value}");
                }
            }
            let told = tell(&answer);
            let told = told.lines().map(|line| match line {
                "" => "\n".to_owned(),
                line => format!("\n    {line}"),
            });
            out + &told.collect::<String>() + "\n"
        });
        told.collect()
    }

    /// The field that shows its bearer to be that user.
    pub(crate) fn basic(user: &str, password: &str) -> String {
        let text = Base64::encode_string(format!("{user}:{password}").as_bytes());
        format!("Authorization: Basic {text}")
    }
}

/// The same with what differs from run to run left out.
fn masked(text: &str) -> String {
    ["uptime_ms", "since_ms", "apPassword"]
        .iter()
        .fold(text.to_owned(), |text, name| mask(&text, name))
}

fn mask(text: &str, name: &str) -> String {
    let member = format!("\"{name}\":");
    let mut parts = text.split(&member);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let end = part.find([',', '}']).unwrap_or(part.len());
        let (value, rest) = part.split_at(end);
        let kind = match value.as_bytes() {
            [b'"', ..] => "\"…\"",
            [b'0'..=b'9', ..] => "0",
            _ => value,
        };
        out + &member + kind + rest
    })
}
