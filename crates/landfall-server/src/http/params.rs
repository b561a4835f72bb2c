//! Query parameters, refused with the name of the wrong one.

use axum::extract::FromRequestParts;
use axum::http::Uri;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::body;
use crate::problem::Problem;

/// The query as a `T`. Unknown parameters are ignored.
#[derive(Clone, Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse(&parts.uri).map(Self)
    }
}

/// Reads the query.
pub(crate) fn parse<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    parse_pairs(uri.query().unwrap_or_default().as_bytes())
}

/// Reads `name=value` pairs, of a query or of a form.
pub(crate) fn parse_pairs<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    if text.windows(3).any(|three| three == b"%00") || text.contains(&0) {
        // PostgreSQL cannot keep it, and nobody types it.
        return Err(Problem::wrong("", "a text may not contain U+0000"));
    }
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text));
    serde_path_to_error::deserialize(pairs).map_err(body::wrong)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::parse_pairs;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the refusals are looked at")]
    struct Query {
        matric: String,
        limit: Option<u8>,
    }

    #[test]
    fn a_wrong_query_is_refused_with_the_name_of_what_is_wrong() {
        for (query, told) in [
            ("", "matric: it is missing"),
            ("limit=1", "matric: it is missing"),
            ("matric=a&limit=x", "limit: invalid digit found in string"),
            ("matric=%00", "a text may not contain U+0000"),
        ] {
            let problem = parse_pairs::<Query>(query.as_bytes()).unwrap_err();
            assert_eq!(
                (problem.status().as_u16(), problem.detail()),
                (422, told),
                "{query}"
            );
        }
    }
}
