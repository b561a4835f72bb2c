//! What becomes of the device's reply.

use landfall_core::command::{Refusal, Reply};
use landfall_core::config::Mode;

use super::answer::{Body, Extra, Failure, Fixed, Response};
use super::body::{NetworksBody, ResetBody, ScanBody};
use super::page::NoticeBody;
use super::view::{Door, View};

/// What was asked, as far as the answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// `POST /api/wifi`.
    Join,
    /// `POST /wifi`.
    JoinForm,
    /// `POST /api/reset`.
    Reset,
    /// `POST /api/mode`.
    Mode(Mode),
    /// What changes the list of networks.
    Networks,
    /// `GET /api/scan`.
    Scan,
}

impl Then {
    /// The answer to that reply; `view` is the device after it.
    pub fn answer(self, reply: Reply, door: Door, view: &View<'_>) -> Response {
        let refusal = match reply {
            Reply::Refused(refusal) => refusal,
            Reply::Accepted | Reply::Known(_) | Reply::Done | Reply::Scanned => {
                return self.done(door, view);
            }
        };
        let (code, failure) = refused(refusal);
        let body = match self {
            Self::JoinForm => Fixed::Notice(NoticeBody { why: failure.code }),
            Self::Join | Self::Reset | Self::Mode(_) | Self::Networks | Self::Scan => {
                Fixed::Error(failure)
            }
        };
        Response::new(code, body).into()
    }

    fn done(self, door: Door, view: &View<'_>) -> Response {
        Response::ok(match self {
            Self::Join => Body::Connecting,
            Self::JoinForm => {
                return Response::new(303, Fixed::Empty)
                    .with(Extra::Path("/result"))
                    .into();
            }
            Self::Reset => Body::Reset(ResetBody::after_reset(view, door.side)),
            Self::Mode(mode) => Body::Mode(mode),
            Self::Networks => Body::Networks(NetworksBody::of(view)),
            Self::Scan => Body::Scan(ScanBody::of(view)),
        })
    }
}

/// 409 `busy`.
pub(crate) fn busy() -> Response {
    response(Refusal::Busy)
}

/// 409 `scan-ap-only`.
pub(crate) fn scan_ap_only() -> Response {
    response(Refusal::ScanApOnly)
}

/// 404 for a place in the list where no network stands.
pub(crate) fn unknown_network() -> Response {
    response(Refusal::UnknownNetwork)
}

fn response(refusal: Refusal) -> Response {
    let (code, failure) = refused(refusal);
    Response::new(code, Fixed::Error(failure)).into()
}

fn refused(refusal: Refusal) -> (u16, Failure) {
    let (status, code, path, reason) = match refusal {
        Refusal::Busy => (
            409,
            "busy",
            "wifi",
            "credentials are being tried, ask again",
        ),
        Refusal::ListFull => (409, "list-full", "networks", "16 others are known"),
        Refusal::SaveFailed => (500, "persist-failed", "store", "the flash did not take it"),
        Refusal::UnknownNetwork => (404, "not-found", "n", "no such network"),
        Refusal::ScanApOnly => (409, "scan-ap-only", "scan", "for the access point's users"),
        Refusal::ScanFailed => (503, "scan-failed", "scan", "the radio could not, ask again"),
        Refusal::TooManyAskers => (503, "too-many-askers", "scan", "ask again in a moment"),
        Refusal::Forbidden => (
            409,
            "forbidden",
            "mode",
            "it does not allow that, change it first",
        ),
    };
    let failure = Failure { code, path, reason };
    (status, failure)
}
