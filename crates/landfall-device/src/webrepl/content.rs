//! What stands in the files, in pieces. One that has room is written down when it is opened, so
//! that it is of one moment; the events, which may be more, are written from their list as they go.

use core::fmt::{self, Write};

use landfall_core::config::Secrets;

use super::Device;
use super::session::{FILE_MAX, File, Status};
use crate::http::{self, Side, StatusBody, Window};

/// Most bytes of a piece.
pub(super) const PIECE_MAX: usize = 256;

/// A file being sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    /// Bytes of the room for a file, from `at` to `end`.
    Kept { at: usize, end: usize },
    /// The array of the events of these numbers, of which `at` bytes are sent. `first`: none where
    /// there are no events.
    Events {
        first: Option<u32>,
        last: u32,
        at: usize,
    },
}

impl Reading {
    /// Opens a file at that offset.
    pub(super) fn open<D: Device>(
        device: &D,
        file: File,
        offset: u64,
        room: &mut [u8; FILE_MAX],
    ) -> Result<Self, Status> {
        let at = usize::try_from(offset).map_err(|_| Status::Invalid)?;
        let mut whole = Whole { room, len: 0 };
        let written = match file {
            File::Events => {
                let first = device.event_at_or_after(0).map(|record| record.seq);
                let last = device.last_event();
                return Ok(Self::Events { first, last, at });
            }
            File::Networks => http::Device::with_view(device, |view| {
                write!(whole, "{}", view.config().json(Secrets::Masked))
            }),
            File::Status => http::Device::with_view(device, |view| {
                // As it is told to those whom the access point's key does not concern.
                StatusBody::of(view, Side::Station).write(&mut whole)
            }),
        };
        let end = whole.len;
        written.map_err(|fmt::Error| Status::TooLarge)?;
        Ok(Self::Kept {
            at: at.min(end),
            end,
        })
    }

    /// The next piece; empty: there is no more.
    pub(super) fn piece<D: Device>(
        &mut self,
        device: &D,
        room: &[u8; FILE_MAX],
        piece: &mut [u8; PIECE_MAX],
    ) -> Result<usize, Status> {
        match self {
            Self::Kept { at, end } => {
                let len = (*end - *at).min(PIECE_MAX);
                piece[..len].copy_from_slice(&room[*at..*at + len]);
                *at += len;
                Ok(len)
            }
            Self::Events { first, last, at } => {
                let oldest = device.event_at_or_after(0).map(|record| record.seq);
                if first.is_some() && *first < oldest {
                    // What was begun cannot be ended: the event made room for a new one.
                    return Err(Status::Broken);
                }
                let mut window = Window::new(*at, piece);
                // A window takes everything and keeps its part.
                let _ = write_events(device, *first, *last, &mut window);
                let len = window.len();
                *at += len;
                Ok(len)
            }
        }
    }
}

fn write_events<D: Device>(
    device: &D,
    first: Option<u32>,
    last: u32,
    out: &mut dyn Write,
) -> fmt::Result {
    out.write_char('[')?;
    let mut next = first;
    while let Some(record) = next.and_then(|seq| device.event_at_or_after(seq))
        && record.seq <= last
    {
        if next != first {
            out.write_char(',')?;
        }
        http::Device::with_view(device, |view| {
            http::write_event_json(out, &record, view.wifi)
        })?;
        next = record.seq.checked_add(1);
    }
    out.write_char(']')
}

/// Takes text as long as all of it fits.
struct Whole<'a> {
    room: &'a mut [u8; FILE_MAX],
    len: usize,
}

impl Write for Whole<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.len + text.len();
        let room = self.room.get_mut(self.len..end).ok_or(fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}
