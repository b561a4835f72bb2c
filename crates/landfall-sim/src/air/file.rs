//! The air file: a world in TOML, read once into [`AirFile`], which exists only valid.
//!
//! A key nobody knows, a value of the wrong type and a value out of its bounds are errors that
//! name the file, the line and the column, what is wrong and what is allowed.

mod field;
mod shape;

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use crate::air::access_point::{ApChange, ApSpec};
use crate::flash::FlashPlan;

/// Most access points of one air.
pub const ACCESS_POINTS_MAX: usize = 256;
/// Most timed changes of one air.
pub const CHANGES_MAX: usize = 10_000;

/// A world as a file describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct AirFile {
    /// Where noise, chance and delays come from; 1 where the file says nothing.
    pub seed: u64,
    /// How much faster than ours its time runs, 0.01 to 100; 1 where the file says nothing.
    pub speed: f64,
    /// How long a scan of all channels takes, 1 to 60 000 ms; 2000 where the file says nothing.
    pub scan_ms: u32,
    /// The routers, in the order of the file.
    pub aps: Vec<ApSpec>,
    /// What changes by itself, in the order of the file.
    pub changes: Vec<TimedChange>,
    /// What befalls the flash.
    pub flash: FlashPlan,
}

/// Something that changes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimedChange {
    /// When, in milliseconds since the air began.
    pub ms: u64,
    /// The name of the routers it happens to.
    pub ap: String,
    /// What happens to them.
    pub changes: Vec<ApChange>,
}

/// Routers and changes that join an air under way (`air SOCKET add FILE`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addition {
    /// The routers.
    pub aps: Vec<ApSpec>,
    /// What changes by itself. Times count from the start of the air, not from the addition.
    pub changes: Vec<TimedChange>,
}

/// Why a text is no air file. Correct the place it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AirFileError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what is allowed. One line, and never a password in it.
    pub message: String,
}

/// `air.toml:5:8: -200 is out of bounds, -127 to 0 are allowed, in ap.rssi`
impl fmt::Display for AirFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            file,
            line,
            column,
            message,
        } = self;
        write!(f, "{file}:{line}:{column}: {message}")
    }
}

impl core::error::Error for AirFileError {}

impl Default for AirFile {
    /// A world without a router.
    fn default() -> Self {
        Self {
            seed: 1,
            speed: 1.0,
            scan_ms: 2000,
            aps: Vec::new(),
            changes: Vec::new(),
            flash: FlashPlan::default(),
        }
    }
}

impl AirFile {
    /// Reads a whole air from `text`. `file` is its name in errors.
    pub fn parse(file: &str, text: &str) -> Result<Self, AirFileError> {
        let shape: shape::File = read(file, text)?;
        let aps = routers(&shape.ap).map_err(|e| e.locate(file, text))?;
        let changes = timed(&shape.at, &aps, |_| false).map_err(|e| e.locate(file, text))?;
        Ok(Self {
            seed: shape.seed.get(),
            speed: shape.speed.0,
            scan_ms: shape.scan_ms.get(),
            aps,
            changes,
            flash: FlashPlan {
                power_cut_after: shape.flash.power_cut_after.map(|n| n.get()),
                fail_after: shape.flash.fail_after.map(|n| n.get()),
            },
        })
    }
}

impl Addition {
    /// Reads routers and changes from `text`; other sections are refused. `is_known` tells the
    /// names that the air has already.
    pub fn parse(
        file: &str,
        text: &str,
        is_known: impl Fn(&str) -> bool,
    ) -> Result<Self, AirFileError> {
        let shape: shape::Addition = read(file, text)?;
        let aps = routers(&shape.ap).map_err(|e| e.locate(file, text))?;
        let changes = timed(&shape.at, &aps, is_known).map_err(|e| e.locate(file, text))?;
        Ok(Self { aps, changes })
    }
}

/// What is wrong at a place of the text, in bytes from its start.
struct Wrong {
    at: usize,
    message: String,
}

impl Wrong {
    fn locate(self, file: &str, text: &str) -> AirFileError {
        let mut at = self.at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let before = &text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        AirFileError {
            file: file.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: self.message,
        }
    }
}

fn read<T: serde::de::DeserializeOwned>(file: &str, text: &str) -> Result<T, AirFileError> {
    toml::from_str(text).map_err(|mut error| {
        let at = error.span().map_or(0, |span| span.start);
        // Without the input the error prints its message and the path of the key, not the line,
        // which might show a password.
        error.set_input(None);
        let message = error.to_string().trim_end().replace("\nin ", ", in ");
        Wrong {
            at,
            message: message.replace('\n', " "),
        }
        .locate(file, text)
    })
}

fn routers(shapes: &[toml::Spanned<shape::Ap>]) -> Result<Vec<ApSpec>, Wrong> {
    if let Some(over) = shapes.get(ACCESS_POINTS_MAX) {
        return Err(Wrong {
            at: over.span().start,
            message: format!("more than {ACCESS_POINTS_MAX} access points"),
        });
    }
    let mut aps: Vec<ApSpec> = Vec::with_capacity(shapes.len());
    for shape in shapes {
        let at = shape.span().start;
        let ap = shape
            .get_ref()
            .router()
            .map_err(|message| Wrong { at, message })?;
        if let Some(bssid) = ap.bssid.filter(|b| aps.iter().any(|o| o.bssid == Some(*b))) {
            let message =
                format!("bssid {bssid} stands in the file twice, one of a kind is allowed");
            return Err(Wrong { at, message });
        }
        aps.push(ap);
    }
    Ok(aps)
}

fn timed(
    shapes: &[toml::Spanned<shape::At>],
    aps: &[ApSpec],
    is_known: impl Fn(&str) -> bool,
) -> Result<Vec<TimedChange>, Wrong> {
    if let Some(over) = shapes.get(CHANGES_MAX) {
        return Err(Wrong {
            at: over.span().start,
            message: format!("more than {CHANGES_MAX} changes"),
        });
    }
    let mut changes = Vec::with_capacity(shapes.len());
    for shape in shapes {
        let at = shape.get_ref();
        let ap = at.ap.get_ref();
        if !aps.iter().any(|known| known.name == *ap) && !is_known(ap) {
            return Err(Wrong {
                at: at.ap.span().start,
                message: format!("no access point has the name {ap:?}, in `at.ap`"),
            });
        }
        let all = at.changes();
        if all.is_empty() {
            return Err(Wrong {
                at: shape.span().start,
                message: format!("nothing changes; one of {} is needed", shape::CHANGE_KEYS),
            });
        }
        changes.push(TimedChange {
            ms: at.ms.get(),
            ap: ap.clone(),
            changes: all,
        });
    }
    Ok(changes)
}

#[cfg(test)]
mod tests;
