//! Who may do what: by the side a request comes from, and by password where that is not enough.

use core::net::IpAddr;

use base64ct::{Base64, Encoding};
use heapless::Vec;
use landfall_core::config::DOOR_PASSWORD_MAX;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::answer::{Extra, Fixed, Response};
use super::head::Head;
use super::limiter::Limiter;
use super::view::{Side, View};

/// The one user.
const USER: &str = "admin:";
/// Longest `user:password` that is looked at.
const CREDENTIALS_MAX: usize = USER.len() + DOOR_PASSWORD_MAX;

/// What a path asks of the one who calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Anyone,
    /// Reads what not everybody on an open access point may see.
    Tells,
    /// Changes the device.
    Writes,
}

/// Whom the credentials of a request show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// They were not sent: no failure.
    Unnamed,
    /// The device's owner.
    Admin,
    /// Somebody else.
    Wrong,
    /// Not asked: too many failures of late, for so many seconds more.
    Shut(u32),
}

/// Whether that caller may, and the refusal if not.
pub(crate) fn check(
    access: Access,
    head: &Head<'_>,
    side: Side,
    peer: IpAddr,
    view: &View<'_>,
    limiter: &Limiter,
) -> Result<(), Response<Fixed>> {
    let free = match (side, access) {
        (_, Access::Anyone) => true,
        (Side::Ap, Access::Tells | Access::Writes) => !view.ap_is_locked(),
        (Side::Station, Access::Tells) => true,
        (Side::Station, Access::Writes) => view.services.station_writes,
    };
    if free {
        return Ok(());
    }
    match caller(head, peer, view, limiter) {
        Caller::Admin => Ok(()),
        Caller::Shut(seconds) => Err(shut(seconds)),
        Caller::Unnamed => Err(refusal(side, "Authentication required")),
        Caller::Wrong => Err(refusal(side, "Invalid credentials")),
    }
}

/// Looks at the credentials, and remembers wrong ones.
pub fn caller(head: &Head<'_>, peer: IpAddr, view: &View<'_>, limiter: &Limiter) -> Caller {
    if let Some(seconds) = limiter.shut_for_s(peer, view.now) {
        return Caller::Shut(seconds);
    }
    let Some(field) = head.authorization else {
        return Caller::Unnamed;
    };
    if is_admin(field, view) {
        Caller::Admin
    } else {
        limiter.failed(peer, view.now);
        log::warn!("http: wrong password from {peer}");
        Caller::Wrong
    }
}

/// Whether `Basic <base64 of user:password>` is the owner's. The password is that of the config
/// server, or the access point's key where that has none.
fn is_admin(field: &str, view: &View<'_>) -> bool {
    let Some((scheme, encoded)) = field.split_once(' ') else {
        return false;
    };
    let mut room = Zeroizing::new([0; CREDENTIALS_MAX]);
    let Ok(given) = Base64::decode(encoded.trim_ascii(), &mut *room) else {
        return false;
    };
    let mut expected = Vec::<u8, CREDENTIALS_MAX>::new();
    let password = match &view.services.config_server_password {
        Some(password) => password.clone(),
        None => view.ap_key(),
    };
    // Both parts fit: the capacity is the sum of their bounds.
    let _ = expected.extend_from_slice(USER.as_bytes());
    let _ = expected.extend_from_slice(password.expose().as_bytes());
    // The whole string at once: the length alone may show in the time taken.
    let same = bool::from(given.ct_eq(&expected));
    expected.as_mut_slice().zeroize();
    same && scheme.eq_ignore_ascii_case("basic")
}

/// Over the air of an open access point a browser is not asked for a password; over the network
/// joined it is.
fn refusal(side: Side, reason: &'static str) -> Response<Fixed> {
    match side {
        Side::Ap => Response::error(403, "session-locked", "Authorization", reason),
        Side::Station => {
            Response::error(401, "unauthorized", "Authorization", reason).with(Extra::Authenticate)
        }
    }
}

fn shut(seconds: u32) -> Response<Fixed> {
    Response::error(
        429,
        "too-many-failures",
        "Authorization",
        "too many wrong passwords, wait a minute",
    )
    .with(Extra::RetryAfter(seconds))
}
