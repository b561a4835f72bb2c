//! Lists: printed row by row and, where a row is long, piece by piece, so that a small ring
//! between console and wire is enough.

use core::fmt::{self, Write};

use super::reply::{EOL, Rssi, write_key};
use super::table::{COMMANDS, CommandSpec, Verb};
use super::{CHUNK_MAX, Context};
use crate::event_text::EventRow;
use crate::qr::{Code, WifiText};
use crate::radio::ScanRow;
use crate::text::{self, Quoted};

/// Most rows of `NET:LIST`.
pub const SCAN_ROWS_MAX: usize = 20;

/// What is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What a port says at boot: no command's list, so without header and end.
    Banner,
    /// The table, closed by an empty line.
    Help,
    /// Between a header and an end, for the command of that verb and CID.
    Framed(Verb, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Header,
    Rows,
    End,
}

/// A list being printed.
#[derive(Debug)]
pub(super) struct Listing {
    kind: Kind,
    stage: Stage,
    /// The row that is next: its place, or of an event its number.
    cursor: u32,
    /// Where events that came after the question begin.
    end_seq: u32,
    rows: u32,
    /// How much of the row is printed already.
    offset: usize,
    /// Digest of the whole row, to see that it is still the same.
    digest: u32,
    code: Option<Code>,
}

impl Listing {
    /// Lists that from its beginning.
    pub(super) fn new(kind: Kind, context: &Context<'_>) -> Self {
        let draws_code = match kind {
            Kind::Banner => !has_joined(context),
            Kind::Framed(verb, _) => verb == Verb::Qr,
            Kind::Help => false,
        };
        Self {
            kind,
            stage: Stage::Header,
            cursor: 0,
            end_seq: context.history.next_seq(),
            rows: 0,
            offset: 0,
            digest: 0,
            code: draws_code.then(|| {
                let ap = context.manager.ap_target();
                Code::new(&WifiText::new(&ap.ssid, ap.key, ap.hidden))
            }),
        }
    }

    /// Prints at most [`CHUNK_MAX`] bytes and gives whether the list goes on.
    pub(super) fn poll(
        &mut self,
        context: &Context<'_>,
        sink: &mut dyn Write,
    ) -> Result<bool, fmt::Error> {
        match self.stage {
            Stage::Header => {
                self.stage = Stage::Rows;
                if let Kind::Framed(verb, cid) = self.kind {
                    write!(sink, "{} CID={cid}{EOL}", CommandSpec::of(verb).name)?;
                }
                Ok(true)
            }
            Stage::Rows => self.poll_row(context, sink).map(|()| true),
            Stage::End => {
                match self.kind {
                    Kind::Banner => {}
                    Kind::Help => sink.write_str(EOL)?,
                    Kind::Framed(verb, cid) => {
                        let name = CommandSpec::of(verb).name;
                        write!(sink, "{name} CID={cid} end={}{EOL}", self.rows)?;
                    }
                }
                Ok(false)
            }
        }
    }

    fn poll_row(&mut self, context: &Context<'_>, sink: &mut dyn Write) -> fmt::Result {
        let mut window = Window::new(sink, self.offset);
        let Some(next) = self.write_row(context, &mut window)? else {
            self.stage = Stage::End;
            return Ok(());
        };
        let (printed, total, digest) = (window.printed, window.total, window.digest);
        let is_torn = self.offset > 0 && digest != self.digest;
        if is_torn || self.offset + printed == total {
            // What changed while it was printed is printed again: the last row is whole.
            sink.write_str(EOL)?;
            self.rows += 1;
            self.offset = 0;
            if !is_torn {
                self.cursor = next;
            }
        } else {
            self.offset += printed;
            self.digest = digest;
        }
        Ok(())
    }

    /// Writes the row under the cursor and gives the next cursor; none: there is no such row.
    fn write_row(
        &self,
        context: &Context<'_>,
        out: &mut dyn Write,
    ) -> Result<Option<u32>, fmt::Error> {
        let n = self.cursor as usize;
        let next = Some(self.cursor + 1);
        let verb = match self.kind {
            Kind::Banner => return Ok(self.write_banner(context, out)?.and(next)),
            Kind::Help => Verb::Help,
            Kind::Framed(verb, _) => verb,
        };
        match verb {
            Verb::Help => {
                let Some(spec) = COMMANDS.get(n) else {
                    return Ok(None);
                };
                write!(out, "{spec}")?;
            }
            Verb::List => {
                let Some(row) = scan_row(context.manager.scan_rows(), n) else {
                    return Ok(None);
                };
                write_scan_row(row, out)?;
            }
            Verb::Known => {
                let Some(network) = context.manager.wifi().networks.get(n) else {
                    return Ok(None);
                };
                let (name, secure) = (
                    Quoted(network.ssid.as_bytes()),
                    network.security.is_secure(),
                );
                let (secure, webrepl) = (u8::from(secure), u8::from(network.enables_webrepl));
                write!(out, "{n} SSID={name} secure={secure} webrepl={webrepl}")?;
            }
            Verb::Clients => {
                let Some(client) = context.clients.get(n) else {
                    return Ok(None);
                };
                let (rssi, since_ms) = (Rssi(client.rssi), client.since.as_ms());
                write!(out, "MAC={} rssi={rssi} since_ms={since_ms}", client.mac)?;
            }
            Verb::Events => return self.write_event(context, out),
            Verb::Qr => return Ok(self.write_code_row(n, "", out)?.and(next)),
            Verb::Config if n == 0 => {
                (context.config_json)(context.manager.wifi(), context.services, out)?;
            }
            Verb::Config
            | Verb::Status
            | Verb::Set
            | Verb::Reset
            | Verb::Add
            | Verb::Del
            | Verb::Mode
            | Verb::Ap
            | Verb::SetB64
            | Verb::Fleet
            | Verb::Jitter
            | Verb::Echo
            | Verb::Reboot => return Ok(None),
        }
        Ok(next)
    }

    fn write_event(
        &self,
        context: &Context<'_>,
        out: &mut dyn Write,
    ) -> Result<Option<u32>, fmt::Error> {
        let Some(record) = context
            .history
            .at_or_after(self.cursor)
            .filter(|record| record.seq < self.end_seq)
        else {
            return Ok(None);
        };
        let wifi = context.manager.wifi();
        write!(out, "{}", EventRow { record, wifi })?;
        Ok(Some(record.seq.saturating_add(1)))
    }

    fn write_code_row(
        &self,
        n: usize,
        before: &str,
        out: &mut dyn Write,
    ) -> Result<Option<()>, fmt::Error> {
        let Some(code) = self.code.as_ref() else {
            return Ok(None);
        };
        match u8::try_from(n).ok().filter(|n| *n < code.rows()) {
            Some(n) => write!(out, "{before}{}", code.row(n)).map(Some),
            None => Ok(None),
        }
    }

    /// Who is here; and until the first network was joined, how a phone gets in.
    fn write_banner(
        &self,
        context: &Context<'_>,
        out: &mut dyn Write,
    ) -> Result<Option<()>, fmt::Error> {
        let ap = context.manager.ap_target();
        let ap_name = Quoted(ap.ssid.as_bytes());
        match self.cursor {
            0 => out.write_str("CTRL:READY Serial v1 — send HELP").map(Some),
            1 => write!(
                out,
                "ID MAC={} AP={ap_name}",
                context.manager.identity().mac
            )
            .map(Some),
            2 if self.code.is_some() => {
                write!(out, "# to set it up, join {ap_name}")?;
                if ap.key.is_none() {
                    return out.write_str(", which has no password").map(Some);
                }
                out.write_str(" with the password ")?;
                write_key(ap.key, out).map(Some)
            }
            n => self.write_code_row((n - 3.min(n)) as usize, "# ", out),
        }
    }
}

/// Whether a network was ever committed: its credentials gave an address.
fn has_joined(context: &Context<'_>) -> bool {
    let networks = &context.manager.wifi().networks;
    networks.iter().any(|network| network.proven)
}

/// Row `n` of what a user can choose from: names that are seen, each where it is strongest.
fn scan_row(rows: &[ScanRow], n: usize) -> Option<&ScanRow> {
    let first_of_its_name = |(at, row): &(usize, &ScanRow)| {
        row.ssid.is_some() && rows[..*at].iter().all(|other| other.ssid != row.ssid)
    };
    rows.iter()
        .enumerate()
        .filter(first_of_its_name)
        .map(|(_, row)| row)
        .take(SCAN_ROWS_MAX)
        .nth(n)
}

fn write_scan_row(row: &ScanRow, out: &mut dyn Write) -> fmt::Result {
    write!(
        out,
        "SSID={} rssi={} secure={} channel={}",
        Quoted(row.ssid.as_ref().map_or(&[], |ssid| ssid.as_bytes())),
        row.rssi,
        u8::from(row.auth.is_secure()),
        row.channel.number()
    )
}

/// Lets a piece of a text through: from `skip` on, at most [`CHUNK_MAX`] bytes, whole characters.
struct Window<'a> {
    sink: &'a mut dyn Write,
    skip: usize,
    printed: usize,
    total: usize,
    is_full: bool,
    digest: u32,
}

impl<'a> Window<'a> {
    fn new(sink: &'a mut dyn Write, skip: usize) -> Self {
        Self {
            sink,
            skip,
            printed: 0,
            total: 0,
            is_full: false,
            digest: 0,
        }
    }
}

impl Write for Window<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            // FNV-1a (RFC 9923): no secret depends on it.
            self.digest = (self.digest ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        let from = self.skip.saturating_sub(self.total).min(text.len());
        self.total += text.len();
        // Pieces end between characters, so only a text that changed can begin inside one.
        let wanted = text.get(from..).unwrap_or_default();
        if self.is_full || wanted.is_empty() {
            return Ok(());
        }
        let end = wanted.floor_char_boundary(CHUNK_MAX - EOL.len() - self.printed);
        let piece = wanted.get(..end).unwrap_or_default();
        self.is_full = piece.len() < wanted.len();
        self.printed += piece.len();
        self.sink.write_str(piece)
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        text::write_char(c, self)
    }
}
