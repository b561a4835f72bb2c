//! What a document holds that nobody here knows or can use, kept for a round trip.
//!
//! It is the text of a JSON object whose member names begin with a label that says where the
//! member belongs: the tag of its section, `n<ssid in hex>.` for a member of a known network, or
//! `x<place>` for a network that is set aside as a whole.

use core::fmt::{self, Write};

use heapless::String;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::section::Section;
use crate::json::{self, Members, Text, Value};
use crate::net::Ssid;
use crate::text::Hex;

/// Most bytes that are kept: 512 of the document, and the labels.
pub const EXTRA_MAX: usize = 768;

const NETWORK: &str = "n";
const ASIDE: &str = "x";

/// What the members of a known network begin with: a letter, 64 digits and a dot.
pub(super) type NetworkLabel = String<66>;

/// Members and networks that we have no use for. It may hold passwords of networks that are set
/// aside: prints as its length, zeroed on drop.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Extra(String<EXTRA_MAX>);

/// There is no room to keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Extra {
    /// From the text that was stored; none where it is no JSON object or too long.
    pub(super) fn from_text(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let root = json::parse(text.as_bytes()).ok()?;
        let whole = root.kind() == json::Kind::Object && root.raw().len() == text.len();
        whole.then(|| String::try_from(text).ok().map(Self))?
    }

    /// The text to store.
    pub(super) fn as_text(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Erases what belongs to known networks, as a reset has to: their passwords may be in it.
    pub fn forget_networks(&mut self) {
        let mut rest = Self::default();
        for (key, value) in self.root().members() {
            let key = key.raw();
            if !key.starts_with(NETWORK) && !key.starts_with(ASIDE) {
                // It fitted with the others, so it fits without them.
                let _ = rest.push(format_args!("{key}"), value);
            }
        }
        *self = rest;
    }

    /// Keeps a member of a section.
    pub(super) fn keep(&mut self, section: Section, key: Text<'_>, value: Value<'_>) -> Kept {
        self.push(format_args!("{}{}", section.tag(), key.raw()), value)
    }

    /// Keeps a member of a known network.
    pub(super) fn keep_of_network(&mut self, of: &Ssid, key: Text<'_>, value: Value<'_>) -> Kept {
        self.push(format_args!("{}{}", label_of(of), key.raw()), value)
    }

    /// Keeps a whole network that stood at that place of the list.
    pub(super) fn set_aside(&mut self, place: usize, network: Value<'_>) -> Kept {
        self.push(format_args!("{ASIDE}{place}"), network)
    }

    /// The members of a section: their names as escaped in the document, and their values.
    pub(super) fn members(&self, section: Section) -> Labelled<'_, 'static> {
        self.labelled(section.tag())
    }

    /// The members of a known network, whose label is that.
    pub(super) fn of_network<'l>(&self, label: &'l NetworkLabel) -> Labelled<'_, 'l> {
        self.labelled(label)
    }

    /// The networks that are set aside, and the places where they stood.
    pub(super) fn aside(&self) -> impl Iterator<Item = (usize, Value<'_>)> {
        self.labelled(ASIDE)
            .filter_map(|(place, value)| Some((place.parse().ok()?, value)))
    }

    fn labelled<'l>(&self, label: &'l str) -> Labelled<'_, 'l> {
        Labelled {
            members: self.root().members(),
            label,
        }
    }

    fn root(&self) -> Value<'_> {
        json::parse(self.0.as_bytes()).unwrap_or(Value::EMPTY_OBJECT)
    }

    /// Adds a member, or nothing where it does not fit.
    fn push(&mut self, key: fmt::Arguments<'_>, value: Value<'_>) -> Kept {
        let before = self.0.len();
        let first = self.0.pop().is_none();
        let comma = if first { '{' } else { ',' };
        let written = write!(self.0.as_mut_view(), "{comma}\"{key}\":{value}}}");
        if written.is_err() {
            self.0.truncate(before.saturating_sub(1));
            if !first {
                // The brace that was there before fits again.
                let _ = self.0.push('}');
            }
        }
        written.map_err(|_| NoRoom)
    }
}

type Kept = Result<(), NoRoom>;

/// The label of a known network.
pub(super) fn label_of(ssid: &Ssid) -> NetworkLabel {
    let mut label = NetworkLabel::new();
    // It always fits.
    let _ = write!(label.as_mut_view(), "{NETWORK}{}.", Hex(ssid.as_bytes()));
    label
}

/// The members whose names begin with a label: the rest of the name, and the value.
pub(super) struct Labelled<'a, 'l> {
    members: Members<'a>,
    label: &'l str,
}

impl<'a> Iterator for Labelled<'a, '_> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (key, value) = self.members.next()?;
            if let Some(rest) = key.raw().strip_prefix(self.label) {
                return Some((rest, value));
            }
        }
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extra({} bytes)", self.0.len())
    }
}

impl Drop for Extra {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl ZeroizeOnDrop for Extra {}
