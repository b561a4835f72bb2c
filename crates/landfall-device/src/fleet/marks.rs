//! The queue of marks: each waits here until the server has answered it, and in flash as soon as
//! that takes longer than a student wants to stand there.

use core::net::IpAddr;

use heapless::{String, Vec};
use landfall_core::config::stored::bytes::{Cursor, Writer};
use landfall_core::net::Mac;
use landfall_protocol::message::MarkResult;

use crate::store::MARKS_MAX;

/// Longest student's number, in characters.
pub const MATRIC_MAX: usize = 20;
/// Shortest one.
const MATRIC_MIN: usize = 5;
/// Longest code that is looked at, in characters. Real ones have six digits.
pub const CODE_MAX: usize = 12;
/// Longest id of a mark: boot and number in decimal digits, and what stands between them.
pub(crate) const ID_MAX: usize = 21;
/// Bytes of a mark in flash.
pub(crate) const MARK_LEN_MAX: usize = 96;

/// What a student sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMark {
    /// The number, as typed but for spaces around it.
    pub matric: String<MATRIC_MAX>,
    /// The code, as typed; empty: none.
    pub code: String<CODE_MAX>,
    /// From where.
    pub peer: IpAddr,
}

/// What the student is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attended {
    /// The server has judged.
    Judged(MarkResult),
    /// It is kept, and will be sent.
    Kept,
    /// No session runs.
    NoSession,
    /// Too many wait already.
    Full,
    /// The server did not answer, and the flash did not take it.
    Lost,
}

/// The marks that the server has not acknowledged.
#[derive(Debug)]
pub(crate) struct Marks {
    /// As many as were ever taken at once.
    places: Vec<Option<Waiting>, { MARKS_MAX as usize }>,
    next: u32,
    boot: u32,
}

/// What somebody holds who stands there for a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    place: u8,
    number: u32,
}

/// A mark that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) boot: u32,
    pub(crate) number: u32,
    pub(crate) session_id: u32,
    pub(crate) matric: String<MATRIC_MAX>,
    pub(crate) code: String<CODE_MAX>,
    pub(crate) taken_ms: u64,
    pub(crate) station: Option<Mac>,
    /// What the server said; its asker has not fetched it yet.
    pub(crate) result: Option<MarkResult>,
    /// Whether flash was told of it, and needs not be told again.
    pub(crate) kept: bool,
    /// Whether flash did not take it.
    pub(crate) lost: bool,
    /// Whether somebody stands there for the result.
    pub(crate) awaited: bool,
}

impl Marks {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self {
            places: Vec::new(),
            next: 1,
            boot: 0,
        }
    }

    /// The number of this boot: marks are told apart by it.
    pub(crate) fn begin(&mut self, boot: u32) {
        self.boot = boot;
    }

    /// Adds a mark and gives its place. The same student's that waits already stands for it; none:
    /// too many wait.
    pub(crate) fn add(
        &mut self,
        mark: &NewMark,
        session_id: u32,
        station: Option<Mac>,
        taken_ms: u64,
    ) -> Option<Ticket> {
        let is_same = |waiting: &Waiting| {
            waiting.session_id == session_id
                && waiting.matric.eq_ignore_ascii_case(&mark.matric)
                && waiting.code == mark.code
        };
        let same = self
            .places
            .iter()
            .position(|p| p.as_ref().is_some_and(is_same));
        if let Some(place) = same {
            let waiting = self.places[place].as_mut()?;
            waiting.awaited = true;
            return Some(Ticket {
                place: place as u8,
                number: waiting.number,
            });
        }
        let free = self.places.iter().position(Option::is_none);
        let place = free.unwrap_or(self.places.len());
        self.restore(
            place as u8,
            Waiting {
                boot: self.boot,
                number: self.next,
                session_id,
                matric: mark.matric.clone(),
                code: mark.code.clone(),
                taken_ms,
                station,
                result: None,
                kept: false,
                lost: false,
                awaited: true,
            },
        )?;
        let ticket = Ticket {
            place: place as u8,
            number: self.next,
        };
        self.next = self.next.wrapping_add(1);
        Some(ticket)
    }

    /// Puts a mark in its place, as when it was kept over a restart; none: there is no such place.
    pub(crate) fn restore(&mut self, place: u8, waiting: Waiting) -> Option<()> {
        let place = usize::from(place);
        while self.places.len() <= place {
            self.places.push(None).ok()?;
        }
        *self.places.get_mut(place)? = Some(waiting);
        Some(())
    }

    /// A mark that somebody stands there for; none: it is not here any more.
    pub(crate) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut Waiting> {
        let waiting = self.places.get_mut(usize::from(ticket.place))?.as_mut();
        waiting.filter(|waiting| waiting.number == ticket.number)
    }

    /// Those that the server has not answered, with their places.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = (u8, &Waiting)> {
        let places = self.places.iter().enumerate();
        let waiting = places.filter_map(|(at, place)| Some((at as u8, place.as_ref()?)));
        waiting.filter(|(_, waiting)| waiting.result.is_none())
    }

    /// The server has answered the mark of that id.
    pub(crate) fn answered(&mut self, id: &str, result: MarkResult) {
        for place in &mut self.places {
            if let Some(waiting) = place.as_mut().filter(|w| w.id().as_str() == id) {
                waiting.result = Some(result);
                if !waiting.awaited && !waiting.kept {
                    *place = None;
                }
            }
        }
    }

    /// The result that somebody stands there for; its place is free then, unless flash still has it.
    pub(crate) fn take_result(&mut self, ticket: Ticket) -> Option<MarkResult> {
        let waiting = self.get_mut(ticket)?;
        let result = waiting.result?;
        waiting.awaited = false;
        if !waiting.kept {
            self.places[usize::from(ticket.place)] = None;
        }
        Some(result)
    }

    /// Nobody stands there any more.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        if let Some(waiting) = self.get_mut(ticket) {
            waiting.awaited = false;
        }
    }

    /// The next mark whose place in flash is not as it should be: one that nobody waits at any more
    /// is written, one that was answered is taken out.
    pub(crate) fn next_change(&self) -> Option<(u8, Option<&Waiting>)> {
        self.places.iter().enumerate().find_map(|(at, place)| {
            let waiting = place.as_ref()?;
            let at = at as u8;
            match (waiting.result.is_some(), waiting.kept) {
                (true, true) => Some((at, None)),
                (false, false) if !waiting.awaited => Some((at, Some(waiting))),
                (true, false) | (false, true | false) => None,
            }
        })
    }

    /// The flash is as it should be at that place; or does not take it: the mark is lost with the
    /// next restart then, and one that was answered is sent once more.
    pub(crate) fn changed(&mut self, place: u8, well: bool) {
        let Some(slot) = self.places.get_mut(usize::from(place)) else {
            return;
        };
        if let Some(waiting) = slot {
            waiting.kept = waiting.result.is_none();
            waiting.lost = !well;
            if waiting.result.is_some() && !waiting.awaited {
                *slot = None;
            }
        }
    }

    /// Changes with every mark that is added.
    pub(crate) fn added(&self) -> u32 {
        self.next
    }
}

impl Waiting {
    /// `3-17`: unique in the device.
    pub(crate) fn id(&self) -> String<ID_MAX> {
        let mut id = String::new();
        // Two numbers of ten digits and a dash fit.
        let _ = core::fmt::write(&mut id, format_args!("{}-{}", self.boot, self.number));
        id
    }

    /// Writes it as the flash keeps it.
    pub(crate) fn encode<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let mut w = Writer::new(buffer);
        w.number(self.boot);
        w.number(self.number);
        w.number(self.session_id);
        w.text(&self.matric);
        w.text(&self.code);
        w.raw(&self.taken_ms.to_le_bytes());
        w.some_raw(self.station.as_ref().map(|station| station.0.as_slice()));
        w.finish().ok()
    }

    /// Reads it; none where it is none.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut r = Cursor::new(bytes);
        let waiting = Self {
            boot: r.number(),
            number: r.number(),
            session_id: r.number(),
            matric: String::try_from(r.text()).ok()?,
            code: String::try_from(r.text()).ok()?,
            taken_ms: u64::from_le_bytes(r.array()),
            station: r.flag().then(|| Mac(r.array())),
            result: None,
            kept: true,
            lost: false,
            awaited: false,
        };
        r.is_whole().then_some(waiting)
    }
}

/// The number as it is taken: trimmed, 5 to 20 of letters, digits, `/`, `.`, `_` and `-`.
pub(crate) fn matric(typed: &str) -> Option<String<MATRIC_MAX>> {
    let typed = typed.trim();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'_' | b'-');
    let fits = (MATRIC_MIN..=MATRIC_MAX).contains(&typed.len()) && typed.bytes().all(allowed);
    String::try_from(typed).ok().filter(|_| fits)
}

/// The code as it is sent: without spaces, and what is too long to be one cut off.
pub(crate) fn code(typed: &str) -> String<CODE_MAX> {
    let mut code = String::new();
    for character in typed.chars().filter(|c| !c.is_whitespace()) {
        if code.push(character).is_err() {
            break;
        }
    }
    code
}
