//! What a table of routes is made of, how a request finds its line, and what a handler says.

use core::net::IpAddr;

use landfall_core::command::{Command, PortalUse};
use landfall_core::config::MAX_NETWORKS;

use super::answer::{Code, Response};
use super::head::{Head, Method};
use super::reply::Then;
use super::view::{Door, Service, Side, View};
use super::who::Access;
use crate::fleet::NewMark;

/// What a handler says.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "an answer holds its rows, and there is no heap"
)]
pub(crate) enum Answer {
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
pub(crate) enum Form {
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

/// A request that found its handler and may reach it; its body is still to be read.
#[derive(Clone, Copy)]
pub(crate) struct Call {
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

impl Call {
    /// Lets the handler speak.
    pub(crate) fn answer(&self, body: &[u8], view: &View<'_>) -> Answer {
        (self.route.handler)(self, body, view)
    }

    /// What the machine is told before the request is answered: that the page has shown the result,
    /// or, by every other `POST`, even one that is refused, that somebody is there. On the station's
    /// side it is told nothing.
    pub(crate) fn use_on_entry(&self) -> Option<PortalUse> {
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
    pub(crate) fn use_on_answer(&self, code: Code) -> Option<PortalUse> {
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
