//! The cookie of a login. Over TLS its name begins with `__Host-`, which browsers take over TLS for
//! this host alone.

use axum::http::{HeaderMap, HeaderValue, header};
use zeroize::Zeroizing;

use crate::people::logins::LASTS_MS;

const NAME_TLS: &str = "__Host-landfall";
const NAME_PLAIN: &str = "landfall_session";

fn name(is_tls: bool) -> &'static str {
    if is_tls { NAME_TLS } else { NAME_PLAIN }
}

/// The cookie's value in a request.
pub(super) fn read(headers: &HeaderMap, is_tls: bool) -> Option<Zeroizing<String>> {
    let name = name(is_tls);
    let lines = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok());
    let mut pairs = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.split_once('='));
    let found = pairs.find(|(key, _)| key.trim() == name);
    found.map(|(_, value)| Zeroizing::new(value.trim().to_owned()))
}

/// `Set-Cookie` of a new login.
pub(crate) fn set(value: &str, is_tls: bool) -> HeaderValue {
    write(value, LASTS_MS / 1000, is_tls)
}

/// `Set-Cookie` that ends it in the browser.
pub(crate) fn clear(is_tls: bool) -> HeaderValue {
    write("", 0, is_tls)
}

fn write(value: &str, seconds: i64, is_tls: bool) -> HeaderValue {
    let (name, secure) = (name(is_tls), if is_tls { "; Secure" } else { "" });
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    let mut header = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

    use super::{read, set};

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(
            COOKIE,
            HeaderValue::from_static("a=b; xlandfall_session=no"),
        );
        headers.append(
            COOKIE,
            HeaderValue::from_static("c; landfall_session=yes; d=e"),
        );
        assert_eq!(
            read(&headers, false).as_deref().map(String::as_str),
            Some("yes")
        );
        assert_eq!(read(&headers, true), None);
    }

    #[test]
    fn over_tls_it_is_bound_to_the_host() {
        let header = set("x", true);
        assert_eq!(
            header.to_str().unwrap(),
            "__Host-landfall=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=604800; Secure"
        );
    }
}
