//! The table of everything that answers, and the order in which a request is looked at: for whom
//! it is (`Host`), whose page sent it (`Origin`), where it goes, who may, what the body is, how
//! large. Then the body is read, and the handler has its say: busy first, fields last.

use core::net::IpAddr;

use super::answer::{Extra, Fixed, Response};
use super::call::{Call, Handler, Missing, Route, Takes, Use, find};
use super::handlers as h;
use super::head::{Head, Method};
use super::limiter::Limiter;
use super::names::foreign_origin;
use super::view::{Door, Service, Side, View};
use super::who::{self, Access};
use super::{captive, names};

/// Most bytes of a body on the portal's port.
pub(super) const BODY_MAX: usize = 4096;

const fn get(path: &'static str, access: Access, uses: Use, handler: Handler) -> Route {
    Route {
        method: Method::Get,
        path,
        access,
        takes: Takes::Json,
        uses,
        handler,
    }
}

const fn write(method: Method, path: &'static str, handler: Handler) -> Route {
    Route {
        method,
        path,
        access: Access::Writes,
        takes: Takes::Json,
        uses: Use::None,
        handler,
    }
}

const ROUTES: &[Route] = &[
    get("/", Access::Anyone, Use::Touch, h::page),
    // Tells no more than the status, and whoever sent the form is led here.
    get("/result", Access::Anyone, Use::None, h::result),
    get("/metrics", Access::Tells, Use::None, h::metrics),
    get("/api/status", Access::Anyone, Use::TouchIfActive, h::status),
    get("/api/session", Access::Anyone, Use::None, h::session),
    get("/api/scan", Access::Tells, Use::Touch, h::scan),
    get("/api/networks", Access::Tells, Use::None, h::networks),
    get("/api/clients", Access::Tells, Use::None, h::clients),
    get("/api/events", Access::Tells, Use::None, h::events),
    Route {
        takes: Takes::Form,
        ..write(Method::Post, "/wifi", h::join_form)
    },
    write(Method::Post, "/api/wifi", h::join),
    write(Method::Post, "/api/reset", h::reset),
    write(Method::Post, "/api/mode", h::mode),
    write(Method::Post, "/api/networks", h::add_network),
    write(Method::Put, "/api/networks/<n>", h::put_network),
    write(Method::Delete, "/api/networks/<n>", h::remove_network),
    // Both change nothing of the device's own: whoever sees the page may send them.
    Route {
        access: Access::Anyone,
        uses: Use::Seen,
        ..write(Method::Post, "/api/seen", h::seen)
    },
    Route {
        access: Access::Anyone,
        ..write(Method::Post, "/api/attendance", h::attendance)
    },
    get("/mark", Access::Anyone, Use::None, h::mark_page),
    get("/room", Access::Anyone, Use::None, h::room),
    Route {
        access: Access::Anyone,
        takes: Takes::Form,
        ..write(Method::Post, "/attendance", h::attendance_form)
    },
];

/// Finds the handler of a request, or the answer to it that needs none.
pub(super) fn open(
    head: &Head<'_>,
    door: Door,
    peer: IpAddr,
    view: &View<'_>,
    limiter: &Limiter,
) -> Result<Call, Response<Fixed>> {
    if door.service == Service::Config {
        return super::config::open(head, door, peer, view, limiter);
    }
    check_names(head, door, peer, view)?;
    let (route, place) = find(ROUTES, head).map_err(|missing| match missing {
        Missing::Path => Response::error(404, "not-found", "path", "nothing is here"),
        Missing::Method(allow) => Response::error(405, "method-not-allowed", "method", "see Allow")
            .with(Extra::Allow(allow)),
    })?;
    who::check(route.access, head, door.side, peer, view, limiter)?;
    if route.takes == Takes::Form && head.origin.is_none() {
        return Err(foreign_origin("send the form from the portal's own page"));
    }
    if head.body_len > 0 && !head.method.reads() && !fits(route.takes, head.content_type) {
        return Err(Response::error(
            415,
            "unsupported-media-type",
            "Content-Type",
            match route.takes {
                Takes::Json | Takes::Anything => "send application/json",
                Takes::Form => "send application/x-www-form-urlencoded",
            },
        ));
    }
    if head.body_len > BODY_MAX as u64 {
        return Err(too_large());
    }
    Ok(Call {
        route,
        place,
        door,
        peer,
        active: head.query.split('&').any(|pair| pair == "active=1"),
    })
}

/// For whom the request is, and whose page sent it. Probes, and pages asked of strangers on the
/// access point's side, end here.
fn check_names(
    head: &Head<'_>,
    door: Door,
    peer: IpAddr,
    view: &View<'_>,
) -> Result<(), Response<Fixed>> {
    let own = head
        .host
        .is_some_and(|host| names::is_own(host, door, view));
    if door.side == Side::Ap
        && let Some(answer) = captive::answer(head, own, peer, view)
    {
        return Err(answer);
    }
    if !own {
        return Err(Response::error(
            421,
            "misdirected",
            "Host",
            "not a name of this device",
        ));
    }
    match head.origin {
        Some(origin) if !names::is_own_origin(origin, door, view) => {
            Err(foreign_origin("not a page of this device"))
        }
        Some(_) | None => Ok(()),
    }
}

/// The refusal of a body that is too long.
fn too_large() -> Response<Fixed> {
    Response::error(413, "too-large", "body", "more than 4096 bytes")
}

fn fits(takes: Takes, content_type: Option<&str>) -> bool {
    let wanted = match takes {
        Takes::Json => "application/json",
        Takes::Form => "application/x-www-form-urlencoded",
        Takes::Anything => return true,
    };
    let essence = content_type.and_then(|text| text.split(';').next());
    essence.is_some_and(|essence| essence.trim_ascii().eq_ignore_ascii_case(wanted))
}
