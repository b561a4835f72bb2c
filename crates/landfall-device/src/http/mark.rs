//! Attendance: a student's mark out of JSON or a form, and what the student is told.

use core::net::IpAddr;

use landfall_core::json::Value;
use landfall_protocol::message::MarkResult;

use super::answer::{Body, Extra, Failure, Fixed, Response};
use super::call::Form;
use super::fields::object;
use super::form;
use super::page::NoticeBody;
use super::server::Server;
use super::view::{Device, Timer};
use crate::fleet::{self, Attended, NewMark};

/// When somebody is to try again whom the device had no room for, in seconds.
const FULL_S: u32 = 10;
/// Longest text of a field that is looked at, in bytes.
const TYPED_MAX: usize = 64;

impl<D: Device, T: Timer> Server<'_, D, T> {
    /// Takes a mark. Who sends wrong codes again and again has to wait.
    pub(super) async fn attend(&self, mark: NewMark, form: Form) -> Response {
        let (peer, codes) = (mark.peer, &self.shared.codes);
        let now = self.device.with_view(|view| view.now);
        if let Some(seconds) = codes.shut_for_s(peer, now) {
            return too_many(seconds, form);
        }
        let attended = self.device.attend(mark).await;
        if attended == Attended::Judged(MarkResult::WrongCode) {
            codes.failed(peer, now);
        }
        answer(attended, form)
    }
}

/// The mark in a JSON body.
pub(super) fn of_json(body: &[u8], peer: IpAddr) -> Result<NewMark, Failure> {
    let object = object(body)?;
    let matric = typed(object, "matric").and_then(|text| fleet::matric(&text));
    Ok(NewMark {
        matric: matric.ok_or(BAD_MATRIC)?,
        code: fleet::code(&typed(object, "code").unwrap_or_default()),
        peer,
    })
}

/// The mark in a form; none: its number is none.
pub(super) fn of_form(body: &[u8], peer: IpAddr) -> Option<NewMark> {
    let field = |name| form::value(body, name);
    let matric = field("matric")?;
    let code = field("code");
    let code = code.as_ref().map_or(&[][..], |code| code.bytes());
    Some(NewMark {
        matric: fleet::matric(core::str::from_utf8(matric.bytes()).ok()?)?,
        code: fleet::code(core::str::from_utf8(code).unwrap_or_default()),
        peer,
    })
}

fn typed(object: Value<'_>, name: &str) -> Option<heapless::String<TYPED_MAX>> {
    object.member(name)?.as_text()?.decode().ok()
}

const BAD_MATRIC: Failure = Failure {
    code: "invalid-matric",
    path: "matric",
    reason: "5 to 20 letters, digits, or / . _ -",
};

/// What the student is told.
pub(super) fn answer(attended: Attended, form: Form) -> Response {
    let (status, result) = match attended {
        Attended::Judged(MarkResult::Recorded) => (200, Ok("recorded")),
        Attended::Judged(MarkResult::AlreadyRecorded) => (200, Ok("already_recorded")),
        Attended::Kept => (200, Ok("kept")),
        Attended::Judged(MarkResult::Invalid) => (400, Err(BAD_MATRIC)),
        Attended::Judged(MarkResult::WrongCode) => (
            403,
            refuse("wrong-code", "code", "type the one that is shown now"),
        ),
        Attended::Judged(MarkResult::NoActiveSession) | Attended::NoSession => (
            404,
            refuse("no-active-session", "session", "none is running here"),
        ),
        Attended::Judged(MarkResult::NotEnrolled) => (
            409,
            refuse("not-enrolled", "matric", "on no list of this course"),
        ),
        Attended::Lost => (
            500,
            refuse("persist-failed", "store", "the flash did not take it"),
        ),
        Attended::Full => return too_many(FULL_S, form),
    };
    match (form, result) {
        (Form::Json, Ok(word)) => Response::ok(Body::Marked(word)),
        (Form::Json, Err(failure)) => Response::new(status, Fixed::Error(failure)).into(),
        (Form::Page, Ok(why)) => Response::new(status, Fixed::Notice(NoticeBody { why })).into(),
        (Form::Page, Err(Failure { code: why, .. })) => {
            Response::new(status, Fixed::Notice(NoticeBody { why })).into()
        }
    }
}

fn refuse<T>(code: &'static str, path: &'static str, reason: &'static str) -> Result<T, Failure> {
    Err(Failure { code, path, reason })
}

fn too_many(seconds: u32, form: Form) -> Response {
    let why = "too-many-marks";
    let refused = match form {
        Form::Json => Response::error(429, why, "marks", "try again in a moment"),
        Form::Page => Response::new(429, Fixed::Notice(NoticeBody { why })),
    };
    refused.with(Extra::RetryAfter(seconds)).into()
}
