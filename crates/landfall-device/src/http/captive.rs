//! What the operating systems of phones and laptops ask to learn whether they are behind a
//! portal, and what they take for freedom.

use core::net::IpAddr;

use super::answer::{Extra, Fixed, Response};
use super::head::Head;
use super::view::{Side, View};

/// What an operating system takes for success.
enum Success {
    /// 204 without a body.
    NoContent,
    Text(&'static str),
    Html(&'static str),
    /// Nothing: people come here by themselves, and want the portal.
    Portal,
    /// There never is such a thing.
    NotFound,
}

struct Probe {
    path: &'static str,
    success: Success,
}

const APPLE: Success =
    Success::Html("<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>");

/// Whatever `Host` they come with.
const PROBES: &[Probe] = &[
    // Android, ChromeOS.
    Probe {
        path: "/generate_204",
        success: Success::NoContent,
    },
    Probe {
        path: "/gen_204",
        success: Success::NoContent,
    },
    // iOS, macOS.
    Probe {
        path: "/hotspot-detect.html",
        success: APPLE,
    },
    Probe {
        path: "/library/test/success.html",
        success: APPLE,
    },
    // Windows; `/redirect` is what it opens for the user, and a proxy script is what it looks for.
    Probe {
        path: "/connecttest.txt",
        success: Success::Text("Microsoft Connect Test"),
    },
    Probe {
        path: "/ncsi.txt",
        success: Success::Text("Microsoft NCSI"),
    },
    Probe {
        path: "/redirect",
        success: Success::Portal,
    },
    Probe {
        path: "/wpad.dat",
        success: Success::NotFound,
    },
    // Firefox compares the whole of it.
    Probe {
        path: "/canonical.html",
        success: Success::Html(
            "<meta http-equiv=\"refresh\" \
             content=\"0;url=https://support.mozilla.org/kb/captive-portal\"/>",
        ),
    },
    Probe {
        path: "/success.txt",
        success: Success::Text("success\n"),
    },
    // NetworkManager.
    Probe {
        path: "/check_network_status.txt",
        success: Success::Text("NetworkManager is online\n"),
    },
    // Kindle looks for this number.
    Probe {
        path: "/kindle-wifi/wifistub.html",
        success: Success::Html(
            "<html><head><title>Kindle Reachability Probe Page</title></head>\
             <body>81ce4465-7167-4dcb-835b-dcc9e44c112a</body></html>",
        ),
    },
];

/// Answers a probe, or a page asked of a stranger, on the access point's side; none: neither.
/// `own` is whether the request names this device.
pub(crate) fn answer(
    head: &Head<'_>,
    own: bool,
    peer: IpAddr,
    view: &View<'_>,
) -> Option<Response<Fixed>> {
    if !head.method.reads() || is_api(head.path) {
        return None;
    }
    let to_portal = || redirect(view);
    let Some(probe) = PROBES.iter().find(|probe| probe.path == head.path) else {
        return (!own).then(to_portal);
    };
    if let Success::NotFound = probe.success {
        return Some(Response::error(404, "not-found", "path", "no proxy here"));
    }
    if !view.lets_go(peer) {
        return Some(to_portal());
    }
    Some(match probe.success {
        Success::NoContent => Response::new(204, Fixed::Empty),
        Success::Text(text) => Response::new(200, Fixed::Text(text)),
        Success::Html(text) => Response::new(200, Fixed::Html(text)),
        Success::Portal | Success::NotFound => to_portal(),
    })
}

/// Leads who asks a stranger for a page to the portal, on the access point's side; none: it is
/// something else.
pub(crate) fn lead_home(head: &Head<'_>, side: Side, view: &View<'_>) -> Option<Response<Fixed>> {
    (side == Side::Ap && head.method.reads()).then(|| redirect(view))
}

/// Whether that path belongs to programs, who are never redirected.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

fn redirect(view: &View<'_>) -> Response<Fixed> {
    let portal = view.status.ap_ip;
    Response::new(302, Fixed::Redirect(portal)).with(Extra::Portal(portal))
}
