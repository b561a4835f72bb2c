//! Request bodies: bounded, JSON whatever they call themselves, and refused with the path of what is
//! wrong.

use std::fmt::Display;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use futures_util::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::Problem;

/// The largest body of JSON, in bytes.
pub(crate) const JSON_MAX: usize = 256 * 1024;
/// How much of a body that is too large is read on, so that its sender hears why: a connection
/// closed on unread data loses the answer.
const DRAIN_MAX: usize = 32 * 1024 * 1024;

/// A body of JSON, an object that is a `T`. Unknown members are ignored.
#[derive(Clone, Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        parse(&read(request, JSON_MAX).await?).map(Self)
    }
}

/// The whole body, at most `max` bytes of it.
pub(crate) async fn read(request: Request, max: usize) -> Result<Bytes, Problem> {
    let mut chunks = request.into_body().into_data_stream();
    let (mut body, mut len) = (Vec::new(), 0_usize);
    while let Some(chunk) = chunks.next().await {
        let broken = |_| Problem::new(StatusCode::BAD_REQUEST, "the body did not arrive whole");
        let chunk = chunk.map_err(broken)?;
        len = len.saturating_add(chunk.len());
        if len <= max {
            body.extend_from_slice(&chunk);
        } else if len > DRAIN_MAX {
            break;
        }
    }
    if len > max {
        let detail = format!("the body is larger than {} KiB", max / 1024);
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    Ok(body.into())
}

/// Reads an object.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let not_json = |error: serde_json::Error| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            format!("the body is not JSON: {error}"),
        )
    };
    let value: Value = serde_json::from_slice(body).map_err(not_json)?;
    if !value.is_object() {
        return Err(Problem::wrong("", "the body has to be an object"));
    }
    refuse_nul(&value, &mut String::new())?;
    serde_path_to_error::deserialize(value).map_err(wrong)
}

/// The refusal of a value in a body or query, with the path of what is wrong.
pub(crate) fn wrong<E: Display>(error: serde_path_to_error::Error<E>) -> Problem {
    let path = match error.path().to_string().as_str() {
        "." => String::new(),
        path => path.to_owned(),
    };
    let message = error.into_inner().to_string();
    // A member that is missing is told of its parent; the member's own path says more.
    match message
        .strip_prefix("missing field `")
        .and_then(|rest| rest.strip_suffix('`'))
    {
        Some(field) if path.is_empty() => Problem::wrong(field, "it is missing"),
        Some(field) => Problem::wrong(format!("{path}.{field}"), "it is missing"),
        None => Problem::wrong(path, message),
    }
}

/// Refuses U+0000 in any text: PostgreSQL cannot keep it, and nobody types it.
fn refuse_nul(value: &Value, path: &mut String) -> Result<(), Problem> {
    let len = path.len();
    match value {
        Value::String(text) if text.contains('\0') => {
            return Err(Problem::wrong(
                path.clone(),
                "a text may not contain U+0000",
            ));
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push_str(&format!("[{at}]"));
                refuse_nul(item, path)?;
                path.truncate(len);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if name.contains('\0') {
                    return Err(Problem::wrong(
                        path.clone(),
                        "a name may not contain U+0000",
                    ));
                }
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(name);
                refuse_nul(member, path)?;
                path.truncate(len);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    Ok(())
}

/// For `PATCH`: tells a member that is there as `null` (`Some(None)`) from one that is not (`None`).
/// To be named in `#[serde(default, deserialize_with = "…")]`.
pub(crate) fn some<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: serde::Deserialize<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde::Deserialize;

    use super::parse;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the refusals are looked at")]
    struct Outer {
        name: String,
        #[serde(default)]
        inner: Vec<Inner>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only the refusals are looked at")]
    struct Inner {
        limit: u8,
    }

    fn check(body: &str, expected: Expect) {
        let told = match parse::<Outer>(body.as_bytes()) {
            Ok(_) => "taken".to_owned(),
            Err(problem) => format!("{} {}", problem.status().as_u16(), problem.detail()),
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn a_wrong_body_is_refused_with_the_path_of_what_is_wrong() {
        check(r#"{"name":"a","else":1}"#, expect!["taken"]);
        check(
            "",
            expect!["400 the body is not JSON: EOF while parsing a value at line 1 column 0"],
        );
        check("[]", expect!["422 the body has to be an object"]);
        check("{}", expect!["422 name: it is missing"]);
        check(
            r#"{"name":1}"#,
            expect!["422 name: invalid type: integer `1`, expected a string"],
        );
        check(
            r#"{"name":"a\u0000"}"#,
            expect!["422 name: a text may not contain U+0000"],
        );
        check(
            r#"{"name":"a","inner":[{"limit":1},{"limit":256}]}"#,
            expect!["422 inner[1].limit: invalid value: integer `256`, expected u8"],
        );
        check(
            r#"{"name":"a","inner":[{}]}"#,
            expect!["422 inner[0].limit: it is missing"],
        );
        check(
            r#"{"name":"a","inner":[{"limit":1,"x":{"y":"\u0000"}}]}"#,
            expect!["422 inner[0].x.y: a text may not contain U+0000"],
        );
    }
}
