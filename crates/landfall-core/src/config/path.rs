//! Where in a document something stands: `known_networks[0].password`.

use core::fmt;

use heapless::String;

use crate::json::Text;

/// Longest path that is told, in bytes. Only names from the document itself can be longer; they
/// are cut there.
const PATH_MAX: usize = 80;

/// The path of a member. Prints as `known_networks[0].password`; the document itself as `$`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Path(String<PATH_MAX>);

/// Where a path is to be cut again.
pub(super) struct Mark(usize);

impl Path {
    /// The path as it is written there.
    pub fn new(path: &str) -> Self {
        let mut new = Self::default();
        new.write(path);
        new
    }

    /// Goes into a member.
    pub(super) fn key(&mut self, name: &str) -> Mark {
        let mark = Mark(self.0.len());
        if !self.0.is_empty() {
            self.write(".");
        }
        self.write(name);
        mark
    }

    /// Goes into a member whose name somebody else chose: as it is escaped in the document, so
    /// that no control character reaches a terminal.
    pub(super) fn stranger(&mut self, name: Text<'_>) -> Mark {
        let name = name.raw();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        if !name.is_empty() && name.bytes().all(plain) {
            return self.key(name);
        }
        let mark = Mark(self.0.len());
        self.write("[\"");
        self.write(name);
        self.write("\"]");
        mark
    }

    /// Goes into an element.
    pub(super) fn index(&mut self, index: usize) -> Mark {
        let mark = Mark(self.0.len());
        // A path that is full is cut; what it has says enough.
        let _ = fmt::Write::write_fmt(self.0.as_mut_view(), format_args!("[{index}]"));
        mark
    }

    /// Comes back out of it.
    pub(super) fn back(&mut self, mark: Mark) {
        self.0.truncate(mark.0);
    }

    /// Writes as much as there is room for.
    fn write(&mut self, text: &str) {
        let end = text.floor_char_boundary(PATH_MAX - self.0.len());
        // There is room up to there.
        let _ = self.0.push_str(text.get(..end).unwrap_or_default());
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "$" } else { &self.0 })
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
