//! Events as Server-Sent Events (WHATWG HTML §9.2).

use core::fmt::{self, Write};

use landfall_core::config::Wifi;
use landfall_core::event::Record;
use landfall_core::event_text::EventJson;

/// Most bytes of one event in a stream: a round over 16 networks with names of 32 bytes, each
/// escaped.
pub const EVENT_MAX: usize = 3400;

/// One event of a stream: its number, its name, its data.
pub(crate) fn write_sse(out: &mut dyn Write, record: &Record, wifi: &Wifi) -> fmt::Result {
    write!(
        out,
        "id: {}\nevent: {}\ndata: ",
        record.seq,
        record.event.name()
    )?;
    write_json(out, record, wifi)?;
    out.write_str("\n\n")
}

/// As [`EventJson`] prints it.
pub fn write_json(out: &mut dyn Write, record: &Record, wifi: &Wifi) -> fmt::Result {
    write!(out, "{}", EventJson { record, wifi })
}
