//! What a phone is shown in a session by the device itself: the attendance page for a browser without
//! script, and how many phones are here.

use core::fmt::{self, Write};

use super::body::SessionText;
use super::json::Html;
use super::page::HEAD;
use super::view::View;

/// `GET /mark`: the attendance page that the device writes itself, for a browser without script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkPage {
    session: Option<SessionText>,
    room: Room,
}

impl MarkPage {
    /// As things stand.
    pub fn of(view: &View<'_>) -> Self {
        Self {
            session: view.session.map(SessionText::of),
            room: Room::of(view),
        }
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        let referrer = "<meta name=referrer content=same-origin>";
        write!(
            out,
            "{HEAD}{referrer}<title>Attendance</title><h1>Attendance</h1>"
        )?;
        let Some(session) = &self.session else {
            return out.write_str("<p>No session is running. <a href=\"/mark\">Look again</a></p>");
        };
        let (code, title) = session.course();
        write!(
            out,
            "<p>{} {}</p><form action=/attendance method=post>\
             <p><label>Matric number <input name=matric required maxlength=20></label></p>",
            Html(code.as_bytes()),
            Html(title.as_bytes())
        )?;
        if session.needs_code() {
            out.write_str(
                "<p><label>Code from the lecturer\u{2019}s screen \
                 <input name=code inputmode=numeric required></label></p>",
            )?;
        }
        out.write_str("<p><button>Mark me present</button></p></form><p>")?;
        self.room.write(out)?;
        out.write_str("</p>")
    }
}

/// `GET /room`: how many phones are here and how many fit, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    here: usize,
    fit: u8,
}

impl Room {
    /// As things stand.
    pub fn of(view: &View<'_>) -> Self {
        Self {
            here: view.clients.len(),
            fit: view.wifi.ap.max_clients,
        }
    }

    pub(crate) fn write(&self, out: &mut dyn Write) -> fmt::Result {
        let Self { here, fit } = self;
        write!(
            out,
            "{here} of {fit} phones are on this Wi-Fi. Leave it once you are marked: others wait."
        )
    }
}
