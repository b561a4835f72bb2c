//! One function a route: reads the view and the body, and says what to answer or what to ask of
//! the device.

use landfall_core::command::Command;
use landfall_core::config::Security;

use super::answer::{Body, Failure, Fixed, Response};
use super::body::{ClientsBody, MetricsBody, NetworksBody, SessionText, StatusBody};
use super::call::{Answer, Call, Form};
use super::fields::{
    mode_of, network_of, object, security_from_bytes, security_of, ssid_from_bytes, ssid_from_hex,
    ssid_of,
};
use super::form;
use super::mark;
use super::mark_page::{MarkPage, Room};
use super::page::{NoticeBody, ResultBody};
use super::reply::Then;
use super::view::{Side, View};
use crate::fleet::Attended;

/// `GET /`: on the access point's side the attendance page, while a session runs.
pub(super) fn page(call: &Call, _: &[u8], view: &View<'_>) -> Answer {
    if call.door.side == Side::Ap && view.session.is_some() {
        ok(Body::Attendance)
    } else {
        ok(Body::Page)
    }
}

/// `GET /mark`.
pub(super) fn mark_page(_: &Call, _: &[u8], view: &View<'_>) -> Answer {
    ok(Body::MarkPage(MarkPage::of(view)))
}

/// `GET /room`.
pub(super) fn room(_: &Call, _: &[u8], view: &View<'_>) -> Answer {
    ok(Body::Room(Room::of(view)))
}

/// `GET /result`.
pub(super) fn result(_: &Call, _: &[u8], view: &View<'_>) -> Answer {
    ok(Body::Result(ResultBody::of(view)))
}

/// `GET /metrics`.
pub(super) fn metrics(_: &Call, _: &[u8], view: &View<'_>) -> Answer {
    ok(Body::Metrics(MetricsBody::of(view)))
}

/// `GET /api/status`.
pub(super) fn status(call: &Call, _: &[u8], view: &View<'_>) -> Answer {
    ok(Body::Status(StatusBody::of(view, call.door.side)))
}

/// `GET /api/session`.
pub(super) fn session(_: &Call, _: &[u8], view: &View<'_>) -> Answer {
    ok(Body::Session(view.session.map(SessionText::of)))
}

/// `GET /api/networks`.
pub(super) fn networks(_: &Call, _: &[u8], view: &View<'_>) -> Answer {
    ok(Body::Networks(NetworksBody::of(view)))
}

/// `GET /api/clients`.
pub(super) fn clients(_: &Call, _: &[u8], view: &View<'_>) -> Answer {
    ok(Body::Clients(ClientsBody::of(view)))
}

/// `GET /api/events`.
pub(super) fn events(_: &Call, _: &[u8], _: &View<'_>) -> Answer {
    Answer::Events
}

/// `GET /api/scan`: for the access point's users; the machine scans only where its rows are old.
pub(super) fn scan(call: &Call, _: &[u8], view: &View<'_>) -> Answer {
    if call.door.side == Side::Ap && view.status.ap_up {
        Answer::Ask(Command::Scan, Then::Scan)
    } else {
        Answer::Ready(super::reply::scan_ap_only())
    }
}

/// `POST /api/seen`.
pub(super) fn seen(_: &Call, _: &[u8], _: &View<'_>) -> Answer {
    Answer::Ready(Response::new(204, Fixed::Empty).into())
}

/// `POST /api/attendance`.
pub(super) fn attendance(call: &Call, body: &[u8], view: &View<'_>) -> Answer {
    if view.session.is_none() {
        return Answer::Ready(mark::answer(Attended::NoSession, Form::Json));
    }
    or_refuse(mark::of_json(body, call.peer).map(|mark| Answer::Mark(mark, Form::Json)))
}

/// `POST /attendance`, the form of the page without script.
pub(super) fn attendance_form(call: &Call, body: &[u8], view: &View<'_>) -> Answer {
    if view.session.is_none() {
        return Answer::Ready(mark::answer(Attended::NoSession, Form::Page));
    }
    match mark::of_form(body, call.peer) {
        Some(mark) => Answer::Mark(mark, Form::Page),
        None => notice(400, "invalid-matric"),
    }
}

/// `POST /api/wifi`.
pub(super) fn join(_: &Call, body: &[u8], view: &View<'_>) -> Answer {
    if view.busy {
        return Answer::Ready(super::reply::busy());
    }
    or_refuse(join_fields(body).map(|join| Answer::Ask(join, Then::Join)))
}

fn join_fields(body: &[u8]) -> Result<Command, Failure> {
    let object = object(body)?;
    Ok(Command::Join {
        ssid: ssid_of(object)?,
        security: security_of(object, "pass")?,
    })
}

/// `POST /wifi`, the form of the page without script: refused in words, on a page.
pub(super) fn join_form(_: &Call, body: &[u8], view: &View<'_>) -> Answer {
    if view.busy {
        return notice(409, "busy");
    }
    match form_fields(body) {
        Ok(join) => Answer::Ask(join, Then::JoinForm),
        Err(failure) => notice(400, failure.code),
    }
}

fn form_fields(body: &[u8]) -> Result<Command, Failure> {
    let hex = form::value(body, "ssid_hex").filter(|hex| !hex.bytes().is_empty());
    let ssid = match hex {
        Some(hex) => ssid_from_hex(hex.bytes())?,
        None => match form::value(body, "ssid") {
            Some(ssid) => ssid_from_bytes(ssid.bytes())?,
            None => ssid_from_bytes(b"")?,
        },
    };
    let security = match form::value(body, "pass") {
        Some(pass) => security_from_bytes("pass", pass.bytes())?,
        None => Security::Open,
    };
    Ok(Command::Join { ssid, security })
}

/// A refusal of the form, as a page.
fn notice(code: u16, why: &'static str) -> Answer {
    Answer::Ready(Response::new(code, Fixed::Notice(NoticeBody { why })).into())
}

/// `POST /api/reset`.
pub(super) fn reset(_: &Call, _: &[u8], view: &View<'_>) -> Answer {
    if view.busy {
        return Answer::Ready(super::reply::busy());
    }
    Answer::Ask(Command::Reset, Then::Reset)
}

/// `POST /api/mode`.
pub(super) fn mode(_: &Call, body: &[u8], view: &View<'_>) -> Answer {
    if view.proving {
        return Answer::Ready(super::reply::busy());
    }
    let mode = object(body).and_then(mode_of);
    or_refuse(mode.map(|mode| Answer::Ask(Command::SetMode(mode), Then::Mode(mode))))
}

/// `POST /api/networks`.
pub(super) fn add_network(_: &Call, body: &[u8], view: &View<'_>) -> Answer {
    if view.proving {
        return Answer::Ready(super::reply::busy());
    }
    let network = object(body).and_then(|object| network_of(object, &view.wifi.networks));
    or_refuse(network.map(|network| Answer::Ask(Command::Add(network), Then::Networks)))
}

/// `PUT /api/networks/<n>`.
pub(super) fn put_network(call: &Call, body: &[u8], view: &View<'_>) -> Answer {
    if view.proving {
        return Answer::Ready(super::reply::busy());
    }
    let Some(place) = known_place(call, view) else {
        return Answer::Ready(super::reply::unknown_network());
    };
    let network = object(body).and_then(|object| network_of(object, &view.wifi.networks));
    or_refuse(network.map(|network| Answer::Ask(Command::Put(place, network), Then::Networks)))
}

/// `DELETE /api/networks/<n>`.
pub(super) fn remove_network(call: &Call, _: &[u8], view: &View<'_>) -> Answer {
    if view.proving {
        return Answer::Ready(super::reply::busy());
    }
    match known_place(call, view) {
        None => Answer::Ready(super::reply::unknown_network()),
        Some(place) => Answer::Ask(Command::RemoveAt(place), Then::Networks),
    }
}

fn known_place(call: &Call, view: &View<'_>) -> Option<u8> {
    call.place
        .filter(|place| usize::from(*place) < view.wifi.networks.len())
}

fn ok(body: Body) -> Answer {
    Answer::Ready(Response::ok(body))
}

fn or_refuse(answer: Result<Answer, Failure>) -> Answer {
    answer.unwrap_or_else(|failure| Answer::Ready(Response::new(400, Fixed::Error(failure)).into()))
}
