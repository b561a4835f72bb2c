//! The config server: the whole configuration in an editor, behind a password.
//!
//! Every request is the owner's or refused, so that every answer but a refusal confirms the
//! configuration that is on trial. `POST /config?validate=1` judges a configuration and stores
//! nothing.

use core::fmt::Write;
use core::net::IpAddr;

use embedded_io_async::Write as Sink;
use landfall_core::config::Secrets;

use super::answer::{Body, Count, Extra, Fixed, Response, Window};
use super::call::{Answer, Call, Handler, Missing, Route, Takes, Use, find};
use super::head::{Head, Method};
use super::limiter::Limiter;
use super::names::foreign_origin;
use super::server::Server;
use super::view::{Device, Door, Timer, Unsaved, View};
use super::who::{self, Access, Caller};
use super::{captive, names};
use crate::runtime::judge;

/// Most bytes of a configuration that is sent.
pub const CONFIG_BODY_MAX: usize = 8192;
/// Bytes of the buffer of one of its connections: a whole body.
pub const CONFIG_BUFFER_LEN: usize = CONFIG_BODY_MAX;

const fn route(method: Method, path: &'static str, handler: Handler) -> Route {
    Route {
        method,
        path,
        access: Access::Writes,
        takes: Takes::Anything,
        uses: Use::None,
        handler,
    }
}

const ROUTES: &[Route] = &[
    route(Method::Get, "/", editor),
    route(Method::Get, "/index", editor),
    route(Method::Get, "/index.html", editor),
    route(Method::Get, "/config", config),
    route(Method::Post, "/config", configure),
];

/// Finds the handler of a request, or the answer to it that needs none: for whom it is, whose page
/// sent it, who sent it, where it goes, how large it is.
pub(super) fn open(
    head: &Head<'_>,
    door: Door,
    peer: IpAddr,
    view: &View<'_>,
    limiter: &Limiter,
) -> Result<Call, Response<Fixed>> {
    check_names(head, door, view)?;
    match who::caller(head, peer, view, limiter) {
        Caller::Admin => {}
        Caller::Unnamed => return Err(unauthorized("Authentication required")),
        Caller::Wrong => return Err(unauthorized("Invalid credentials")),
        Caller::Shut(seconds) => {
            let words = "Too many wrong passwords, wait a minute";
            return Err(text(429, words).with(Extra::RetryAfter(seconds)));
        }
    }
    let (route, place) = find(ROUTES, head).map_err(|missing| match missing {
        Missing::Path => text(404, "Not found"),
        Missing::Method(allow) => text(405, "Method not allowed").with(Extra::Allow(allow)),
    })?;
    if head.body_len > CONFIG_BODY_MAX as u64 {
        return Err(text(413, "More than 8192 bytes"));
    }
    Ok(Call {
        route,
        place,
        door,
        peer,
        active: head.query.split('&').any(|pair| pair == "validate=1"),
    })
}

/// Whether a request came as far as only its owner's do.
pub(super) fn is_owners(opened: &Result<Call, Response<Fixed>>) -> bool {
    match opened {
        Ok(_) => true,
        Err(refusal) => matches!(refusal.code.0, 404 | 405 | 413),
    }
}

fn text(code: u16, words: &'static str) -> Response<Fixed> {
    Response::new(code, Fixed::Text(words))
}

fn unauthorized(words: &'static str) -> Response<Fixed> {
    text(401, words).with(Extra::Authenticate)
}

fn check_names(head: &Head<'_>, door: Door, view: &View<'_>) -> Result<(), Response<Fixed>> {
    let is_own = |host| names::is_own(host, door, view);
    if !head.host.is_some_and(is_own) {
        let led = captive::lead_home(head, door.side, view);
        return Err(led.unwrap_or(text(421, "Not a name of this device")));
    }
    match head.origin {
        Some(origin) if !names::is_own_origin(origin, door, view) => {
            Err(foreign_origin("not a page of this device"))
        }
        Some(_) | None => Ok(()),
    }
}

/// `GET /`.
fn editor(_: &Call, _: &[u8], _: &View<'_>) -> Answer {
    Answer::Ready(Response::ok(Body::Editor))
}

/// `GET /config`.
fn config(_: &Call, _: &[u8], _: &View<'_>) -> Answer {
    Answer::Ready(Response::ok(Body::Config))
}

/// `POST /config`.
fn configure(call: &Call, body: &[u8], view: &View<'_>) -> Answer {
    if body.is_empty() {
        return Answer::Ready(text(400, "No request body").into());
    }
    if !call.active {
        return Answer::Configure;
    }
    // For the editor's own button: nothing is stored.
    Answer::Ready(match judge(body, view.config()) {
        Ok(_) => text(200, "Configuration is valid").into(),
        Err(error) => saved(Err(Unsaved::Invalid(error))),
    })
}

/// What became of a configuration that was sent.
pub(super) fn saved(saved: Result<(), Unsaved>) -> Response {
    let why = match saved {
        Ok(()) => return text(200, "Configuration updated successfully").into(),
        Err(why) => why,
    };
    let code = match why {
        Unsaved::Busy => 409,
        Unsaved::Invalid(_) => 400,
        Unsaved::StoreFailed => 500,
    };
    Response::new(code, Body::Unsaved(why))
}

impl<D: Device, T: Timer> Server<'_, D, T> {
    /// Writes the configuration, as much at a time as fits `window`. False where it did not all go
    /// out: also where it changed on the way, so that nobody reads half of one and half of another.
    pub(super) async fn send_config<S: Sink>(
        &self,
        io: &mut S,
        response: &Response,
        is_head: bool,
        keep_alive: bool,
        window: &mut [u8],
    ) -> bool {
        let mut sent = 0;
        let mut whole_len = None;
        loop {
            let (len, body_len) = self.device.with_view(|view| {
                let mut piece = Window::new(sent, window);
                let json = view.config().json(Secrets::Masked);
                let mut count = Count(0);
                // Counting takes everything, and so does a window, which keeps its part.
                let _ = write!(count, "{json}");
                let _ = response.write_head_for(count.0, &mut piece, keep_alive);
                if !is_head {
                    let _ = write!(piece, "{json}");
                }
                (piece.len(), count.0)
            });
            let same = *whole_len.get_or_insert(body_len) == body_len;
            if !same || io.write_all(&window[..len]).await.is_err() {
                return false;
            }
            sent += len;
            if len < window.len() {
                return io.flush().await.is_ok();
            }
        }
    }
}
