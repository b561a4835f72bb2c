//! One function a route: reads the view and the body, and says what to answer or what to ask of
//! the device.

use landfall_core::command::Command;
use landfall_core::config::{KnownNetwork, Mode, Security};
use landfall_core::net::{Mac, Ssid};

use super::answer::{Body, Failure, Fixed, Response};
use super::body::{ClientsBody, MetricsBody, NetworksBody, SessionText, StatusBody};
use super::credentials::{
    security_from_bytes, security_of, ssid_from_bytes, ssid_from_hex, ssid_of,
};
use super::form;
use super::members::{NotAnObject, Value, pick};
use super::page::{NoticeBody, ResultBody};
use super::reply::Then;
use super::route::{Answer, Call};
use super::view::{Side, View};

/// `GET /`.
pub(super) fn page(_: &Call, _: &[u8], _: &View<'_>) -> Answer {
    ok(Body::Page)
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
pub(super) fn attendance(_: &Call, _: &[u8], _: &View<'_>) -> Answer {
    let none = Response::error(404, "no-active-session", "session", "none is running here");
    Answer::Ready(none.into())
}

/// `POST /api/wifi`.
pub(super) fn join(_: &Call, body: &[u8], view: &View<'_>) -> Answer {
    if view.busy {
        return Answer::Ready(super::reply::busy());
    }
    or_refuse(join_fields(body).map(|join| Answer::Ask(join, Then::Join)))
}

fn join_fields(body: &[u8]) -> Result<Command, Failure> {
    let [ssid, ssid_hex, pass] =
        pick(body, ["ssid", "ssid_hex", "pass"]).map_err(|NotAnObject| no_object())?;
    Ok(Command::Join {
        ssid: ssid_of(ssid, ssid_hex)?,
        security: security_of("pass", pass)?,
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

/// `POST /api/mode`: as in the configuration, by word or by number.
pub(super) fn mode(_: &Call, body: &[u8], _: &View<'_>) -> Answer {
    let invalid = |reason| Failure {
        code: "invalid-mode",
        path: "mode",
        reason,
    };
    let mode = pick(body, ["mode"])
        .map_err(|NotAnObject| no_object())
        .and_then(|[mode]| match mode {
            Some(Value::Text(text)) => text
                .decode(&mut [0; 8])
                .and_then(Mode::parse)
                .ok_or(invalid("not off, sta, ap or sta_ap")),
            Some(Value::Number(number)) => number
                .parse::<u8>()
                .ok()
                .and_then(|number| Mode::try_from(number).ok())
                .ok_or(invalid("not 0, 1, 2 or 3")),
            Some(Value::Bool(_) | Value::Null | Value::Nested) => Err(invalid("not a string")),
            None => Err(invalid("missing")),
        });
    or_refuse(mode.map(|mode| Answer::Ask(Command::SetMode(mode), Then::Mode(mode))))
}

/// `POST /api/networks`.
pub(super) fn add_network(_: &Call, body: &[u8], view: &View<'_>) -> Answer {
    or_refuse(
        network_fields(body, view)
            .map(|network| Answer::Ask(Command::Add(network), Then::Networks)),
    )
}

/// `PUT /api/networks/<n>`.
pub(super) fn put_network(call: &Call, body: &[u8], view: &View<'_>) -> Answer {
    match known_place(call, view) {
        None => Answer::Ready(super::reply::unknown_network()),
        Some(place) => or_refuse(
            network_fields(body, view)
                .map(|network| Answer::Ask(Command::Put(place, network), Then::Networks)),
        ),
    }
}

/// `DELETE /api/networks/<n>`.
pub(super) fn remove_network(call: &Call, _: &[u8], view: &View<'_>) -> Answer {
    match known_place(call, view) {
        None => Answer::Ready(super::reply::unknown_network()),
        Some(place) => Answer::Ask(Command::RemoveAt(place), Then::Networks),
    }
}

fn known_place(call: &Call, view: &View<'_>) -> Option<u8> {
    call.place
        .filter(|place| usize::from(*place) < view.wifi.networks.len())
}

/// A network of the configuration. One that is sent without its `password` keeps what is known of
/// that name: what was read here can be sent back, since passwords are never told.
fn network_fields(body: &[u8], view: &View<'_>) -> Result<KnownNetwork, Failure> {
    let names = [
        "ssid",
        "ssid_hex",
        "password",
        "enables_webrepl",
        "bssid",
        "hidden",
    ];
    let [ssid, ssid_hex, password, webrepl, bssid, hidden] =
        pick(body, names).map_err(|NotAnObject| no_object())?;
    let ssid = ssid_of(ssid, ssid_hex)?;
    let security = match password {
        None => known_security(&ssid, view),
        Some(_) => security_of("password", password)?,
    };
    Ok(KnownNetwork {
        enables_webrepl: flag("enables_webrepl", webrepl)?,
        bssid: bssid_of(bssid)?,
        hidden: flag("hidden", hidden)?,
        ..KnownNetwork::new(ssid, security)
    })
}

fn known_security(ssid: &Ssid, view: &View<'_>) -> Security {
    let known = view.wifi.networks.iter().find(|known| known.ssid == *ssid);
    known.map_or(Security::Open, |known| known.security.clone())
}

fn flag(path: &'static str, value: Option<Value<'_>>) -> Result<bool, Failure> {
    match value {
        None => Ok(false),
        Some(Value::Bool(on)) => Ok(on),
        Some(Value::Text(_) | Value::Number(_) | Value::Null | Value::Nested) => Err(Failure {
            code: "invalid-network",
            path,
            reason: "not true or false",
        }),
    }
}

fn bssid_of(value: Option<Value<'_>>) -> Result<Option<Mac>, Failure> {
    let invalid = Failure {
        code: "invalid-network",
        path: "bssid",
        reason: "not six pairs of hexadecimal digits",
    };
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => text
            .decode(&mut [0; 17])
            .and_then(|text| Mac::parse(text.as_bytes()))
            .map(Some)
            .ok_or(invalid),
        Some(Value::Bool(_) | Value::Number(_) | Value::Nested) => Err(invalid),
    }
}

fn no_object() -> Failure {
    Failure {
        code: "invalid-payload",
        path: "body",
        reason: "not a JSON object",
    }
}

fn ok(body: Body) -> Answer {
    Answer::Ready(Response::ok(body))
}

fn or_refuse(answer: Result<Answer, Failure>) -> Answer {
    answer.unwrap_or_else(|failure| Answer::Ready(Response::new(400, Fixed::Error(failure)).into()))
}
