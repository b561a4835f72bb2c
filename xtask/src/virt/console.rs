//! The serial port of a machine: what it printed, and what is typed.

use std::io::{Read, Write};
use std::process::{ChildStdin, ChildStdout};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Time for something to be printed, however busy the host is.
const AT_MOST: Duration = Duration::from_secs(60);
/// Lines that an error shows of what was printed instead.
const SHOWN: usize = 12;

/// A console.
pub(super) struct Console {
    input: ChildStdin,
    printed: Arc<(Mutex<String>, Condvar)>,
    /// Up to where it was read.
    read: usize,
}

impl Console {
    /// The console behind these pipes.
    pub(super) fn new(input: ChildStdin, output: ChildStdout) -> Self {
        let printed = Arc::new((Mutex::new(String::new()), Condvar::new()));
        let told = Arc::clone(&printed);
        std::thread::spawn(move || collect(output, &told));
        Self {
            input,
            printed,
            read: 0,
        }
    }

    /// Types a line.
    pub(super) fn say(&mut self, line: &str) -> Result<()> {
        write!(self.input, "{line}\r\n")?;
        self.input.flush().context("typing")
    }

    /// Waits for a line with that in it, and gives it; lines before it are passed over.
    pub(super) fn expect(&mut self, what: &str) -> Result<String> {
        let (printed, more) = &*self.printed;
        let mut text = printed.lock().unwrap_or_else(PoisonError::into_inner);
        let began = Instant::now();
        loop {
            if let Some((line, end)) = find(&text, self.read, what) {
                self.read = end;
                return Ok(line.to_owned());
            }
            let Some(left) = AT_MOST.checked_sub(began.elapsed()) else {
                let from = text.lines().count().saturating_sub(SHOWN);
                let last: Vec<_> = text.lines().skip(from).collect();
                bail!("`{what}` was not printed, but:\n{}", last.join("\n"));
            };
            let waited = more.wait_timeout(text, left);
            text = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The first whole line from there on that has it, and where that ends.
fn find<'a>(text: &'a str, from: usize, what: &str) -> Option<(&'a str, usize)> {
    let at = from + text[from..].find(what)?;
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = at + text[at..].find('\n')?;
    Some((text[start..end].trim_end(), end))
}

/// Keeps what comes until there is no more. A character may come in two pieces.
fn collect(mut output: impl Read, told: &(Mutex<String>, Condvar)) {
    let (mut piece, mut bytes) = ([0; 1024], Vec::new());
    while let Ok(len @ 1..) = output.read(&mut piece) {
        bytes.extend_from_slice(&piece[..len]);
        let valid = match std::str::from_utf8(&bytes) {
            Ok(text) => text.len(),
            Err(error) => error.valid_up_to(),
        };
        let rest = bytes.split_off(valid);
        let (printed, more) = told;
        let mut text = printed.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(&String::from_utf8_lossy(&bytes));
        more.notify_all();
        bytes = rest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_lines_are_found() {
        let text = "one\r\nCTRL: two\r\nthr";
        assert_eq!(find(text, 0, "two"), Some(("CTRL: two", 15)));
        assert_eq!(find(text, 15, "two"), None);
        assert_eq!(find(text, 0, "thr"), None);
    }
}
