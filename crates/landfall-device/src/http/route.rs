//! The table of everything that answers, and the order in which a request is looked at: for whom
//! it is (`Host`), whose page sent it (`Origin`), where it goes, who may, what the body is, how
//! large. Then the body is read, and the handler has its say: busy first, fields last.

use core::net::IpAddr;

use landfall_core::command::{Command, PortalUse};
use landfall_core::config::MAX_NETWORKS;

use super::answer::{Code, Extra, Fixed, Response};
use super::captive;
use super::handlers as h;
use super::head::{Head, Method};
use super::limiter::Limiter;
use super::names;
use super::reply::Then;
use super::view::{Door, Service, Side, View};
use super::who::{self, Access};
use crate::fleet::NewMark;

/// Most bytes of a body on the portal's port.
pub const BODY_MAX: usize = 4096;

/// What a handler says.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an answer holds its rows, and there is no heap"
)]
pub enum Answer {
    /// This.
    Ready(Response),
    /// Ask the device, then say what becomes of its reply.
    Ask(Command, Then),
    /// The event stream.
    Events,
    /// Take the body as the whole configuration.
    Configure,
    /// Take this mark, and tell in that form what came of it.
    Mark(NewMark, Form),
}

/// In what form somebody is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As JSON, for a program.
    Json,
    /// As a page, for a browser without script.
    Page,
}

/// What a body has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Json,
    Form,
    /// Whatever its type says.
    Anything,
}

/// Whether and how a request counts as use of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// It does not, unless it is a `POST`.
    None,
    /// The page is looked at.
    Touch,
    /// If it says that the page was touched of late.
    TouchIfActive,
    /// The page has shown the result.
    Seen,
}

pub(super) type Handler = fn(&Call, &[u8], &View<'_>) -> Answer;

/// One line of the table.
pub(super) struct Route {
    pub(super) method: Method,
    /// `<n>` at its end stands for a place in the list of networks.
    pub(super) path: &'static str,
    pub(super) access: Access,
    pub(super) takes: Takes,
    pub(super) uses: Use,
    pub(super) handler: Handler,
}

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

/// A request that found its handler and may reach it; its body is still to be read.
#[derive(Clone, Copy)]
pub struct Call {
    pub(super) route: &'static Route,
    /// The place in the list of networks that the path names.
    pub(crate) place: Option<u8>,
    /// Where it came in.
    pub(crate) door: Door,
    /// Whose it is.
    pub(crate) peer: IpAddr,
    /// What its query asks: that the page was touched of late, or that nothing be stored.
    pub(super) active: bool,
}

/// Finds the handler of a request, or the answer to it that needs none.
pub fn open(
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

pub(super) fn foreign_origin(reason: &'static str) -> Response<Fixed> {
    Response::error(403, "foreign-origin", "Origin", reason)
}

/// The refusal of a body that is too long.
fn too_large() -> Response<Fixed> {
    Response::error(413, "too-large", "body", "more than 4096 bytes")
}

/// Why no route was found.
pub(super) enum Missing {
    /// Nothing has that path.
    Path,
    /// What has it takes these methods.
    Method(&'static str),
}

pub(super) fn find(
    routes: &'static [Route],
    head: &Head<'_>,
) -> Result<(&'static Route, Option<u8>), Missing> {
    let method = if head.method.reads() {
        Method::Get
    } else {
        head.method
    };
    let mut allowed = Methods::default();
    for route in routes {
        let Some(place) = match_path(route.path, head.path) else {
            continue;
        };
        if route.method == method {
            return Ok((route, place));
        }
        allowed.add(route.method);
    }
    Err(allowed.text().map_or(Missing::Path, Missing::Method))
}

/// Whether the path is that of the pattern, and the place it names.
fn match_path(pattern: &str, path: &str) -> Option<Option<u8>> {
    let Some(stem) = pattern.strip_suffix("<n>") else {
        return (pattern == path).then_some(None);
    };
    let digits = path.strip_prefix(stem)?;
    let is_number = !digits.is_empty()
        && digits.bytes().all(|b| b.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'));
    let place = digits.parse::<u8>().ok();
    let place = place.filter(|n| is_number && usize::from(*n) < MAX_NETWORKS)?;
    Some(Some(place))
}

/// Which methods a path takes.
#[derive(Default)]
struct Methods {
    get: bool,
    post: bool,
    place: bool,
}

impl Methods {
    fn add(&mut self, method: Method) {
        match method {
            Method::Get | Method::Head => self.get = true,
            Method::Post => self.post = true,
            Method::Put | Method::Delete => self.place = true,
            Method::Other => {}
        }
    }

    /// The text of `Allow`; none: the path is not known.
    fn text(&self) -> Option<&'static str> {
        match (self.get, self.post, self.place) {
            (false, false, false) => None,
            (true, false, _) => Some("GET, HEAD"),
            (false, true, _) => Some("POST"),
            (true, true, _) => Some("GET, HEAD, POST"),
            (false, false, true) => Some("PUT, DELETE"),
        }
    }
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

impl Call {
    /// Lets the handler speak.
    pub fn answer(&self, body: &[u8], view: &View<'_>) -> Answer {
        (self.route.handler)(self, body, view)
    }

    /// What the machine is told before the request is answered: that the page has shown the result,
    /// or, by every other `POST`, even one that is refused, that somebody is there. On the station's
    /// side it is told nothing.
    pub fn use_on_entry(&self) -> Option<PortalUse> {
        if self.door.service == Service::Config {
            return None;
        }
        let touched = match self.route.uses {
            Use::None => self.route.method == Method::Post,
            Use::Touch => true,
            Use::TouchIfActive => self.active,
            Use::Seen => return Some(PortalUse::Seen).filter(|_| self.door.side == Side::Ap),
        };
        (touched && self.door.side == Side::Ap).then_some(PortalUse::Touched)
    }

    /// What the machine is told once it is answered with that code.
    pub fn use_on_answer(&self, code: Code) -> Option<PortalUse> {
        let is_post = self.route.method == Method::Post
            && self.route.uses != Use::Seen
            && self.door.service == Service::Portal;
        (is_post && code.is_accepted() && self.door.side == Side::Ap).then_some(PortalUse::Posted)
    }
}

impl core::fmt::Debug for Call {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?} {}", self.route.method, self.route.path)
    }
}
