//! Writes that another site made a browser send: told by the token that only our pages can read, and
//! by what the browser itself says about where the request came from.

use axum::http::{HeaderMap, Method, header};
use subtle::ConstantTimeEq;

use crate::people::logins;
use crate::problem::Problem;

/// The header that carries the token.
const TOKEN_HEADER: &str = "x-csrf-token";

/// Refuses a write by cookie without the token, or from another site.
pub(super) fn guard(
    method: &Method,
    headers: &HeaderMap,
    cookie: &str,
    is_tls: bool,
) -> Result<(), Problem> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    guard_origin(headers, is_tls)?;
    let token = headers.get(TOKEN_HEADER).map(|value| value.as_bytes());
    let right = logins::csrf_token(cookie);
    if bool::from(token.unwrap_or_default().ct_eq(right.as_bytes())) {
        return Ok(());
    }
    Err(Problem::forbidden(
        "X-CSRF-Token is missing or wrong; it came with the login",
    ))
}

/// Refuses what a browser says another site made it send.
pub(crate) fn guard_origin(headers: &HeaderMap, is_tls: bool) -> Result<(), Problem> {
    if let Some(site) = headers.get("sec-fetch-site")
        && !matches!(site.as_bytes(), b"same-origin" | b"none")
    {
        return Err(Problem::forbidden(
            "the request comes from another site (Sec-Fetch-Site)",
        ));
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let own = || {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        Some(format!(
            "{}://{host}",
            if is_tls { "https" } else { "http" }
        ))
    };
    let is_own = own().is_some_and(|own| origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()));
    if is_own {
        return Ok(());
    }
    Err(Problem::forbidden(
        "the request comes from another site (Origin)",
    ))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    use super::guard_origin;

    fn check(headers: &[(&'static str, &'static str)], is_tls: bool, expected: bool) {
        let mut map = HeaderMap::new();
        map.insert("host", HeaderValue::from_static("fleet.example:8000"));
        for (name, value) in headers {
            map.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        assert_eq!(guard_origin(&map, is_tls).is_ok(), expected, "{headers:?}");
    }

    #[test]
    fn only_our_own_origin_passes() {
        check(&[], false, true);
        check(&[("origin", "http://fleet.example:8000")], false, true);
        check(&[("origin", "https://fleet.example:8000")], false, false);
        check(&[("origin", "https://fleet.example:8000")], true, true);
        check(&[("origin", "http://fleet.example")], false, false);
        check(&[("origin", "http://evil.example")], false, false);
        check(&[("origin", "null")], false, false);
        check(&[("sec-fetch-site", "same-origin")], false, true);
        check(&[("sec-fetch-site", "none")], false, true);
        check(&[("sec-fetch-site", "same-site")], false, false);
        check(&[("sec-fetch-site", "cross-site")], false, false);
    }
}
