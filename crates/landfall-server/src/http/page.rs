//! Lists in pages: `?limit=` and `?cursor=`, answered with `items` and `next`.

use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::params;
use crate::people::secret::hex;
use crate::problem::Problem;

/// Items of a page where none are asked for.
const LIMIT_DEFAULT: u8 = 50;
/// The most that may be asked for.
const LIMIT_MAX: u8 = 200;

/// The two parameters, for the documentation of a handler: `params(PageParams)`.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageParams {
    /// How many items.
    #[param(minimum = 1, maximum = 200, default = 50)]
    limit: Option<u8>,
    /// Where to go on: `next` of the page before.
    cursor: Option<String>,
}

/// Which part of a list is asked for. Extracted by a handler that answers with a [`List`].
#[derive(Clone, Debug)]
pub(crate) struct Page {
    limit: u8,
    cursor: Option<String>,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct List<T> {
    /// The items, in the list's order.
    pub(crate) items: Vec<T>,
    /// The cursor of what follows; null at the end.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let PageParams { limit, cursor } = params::parse(&parts.uri)?;
        let limit = limit.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::wrong(
                "limit",
                format!("it has to be 1..={LIMIT_MAX}"),
            ));
        }
        Ok(Self { limit, cursor })
    }
}

impl Page {
    /// The key of the last item of the page before; none on the first page.
    ///
    /// # Errors
    ///
    /// 422 where the cursor is none of ours.
    pub(crate) fn after<K: FromStr>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        let key = unhex(cursor).and_then(|key| key.parse().ok());
        let wrong = || Problem::wrong("cursor", "it has to be `next` of the page before");
        key.map(Some).ok_or_else(wrong)
    }

    /// How many rows to read: one more than the page has, which tells whether more follow.
    pub(crate) fn rows(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Makes the page of [`rows`](Self::rows) rows. `key` is what [`after`](Self::after) gives to go on
    /// behind a row.
    pub(crate) fn list<R, K: ToString, T>(
        &self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
        item: impl FnMut(R) -> T,
    ) -> List<T> {
        let limit = usize::from(self.limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| hex(key(row).to_string().as_bytes()));
        List {
            items: rows.into_iter().map(item).collect(),
            next,
        }
    }
}

/// The text of that hex.
fn unhex(text: &str) -> Option<String> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(*high)? * 16 + digit(*low)?).ok());
    let text = String::from_utf8(bytes.collect::<Option<_>>()?).ok()?;
    (rest.is_empty() && !text.contains('\0')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::{Page, unhex};

    #[test]
    fn a_page_says_where_the_next_begins() {
        let mut page = Page {
            limit: 2,
            cursor: None,
        };
        assert_eq!(page.after::<i64>(), Ok(None));
        let list = page.list(vec![1_i64, 2, 3], |row| *row, |row| row);
        assert_eq!(list.items, [1, 2]);
        page.cursor = list.next;
        assert_eq!(page.after(), Ok(Some(2_i64)));
        assert_eq!(page.list(vec![3_i64], |row| *row, |row| row).next, None);
    }

    #[test]
    fn a_cursor_of_nobody_is_refused() {
        for cursor in ["", "zz", "3", "ff", "00"] {
            let page = Page {
                limit: 2,
                cursor: Some(cursor.into()),
            };
            assert!(page.after::<i64>().is_err(), "{cursor}");
        }
        assert_eq!(unhex("4a6f").as_deref(), Some("Jo"));
    }
}
