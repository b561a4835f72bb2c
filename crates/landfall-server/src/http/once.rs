//! Creating once: the same `Idempotency-Key` and body within a day give the first answer again and
//! create nothing. The answer is kept in the transaction that creates, so neither is there alone.

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::auth::Identity;
use super::body::{self, JSON_MAX};
use crate::database::{DatabaseError, Tx};
use crate::problem::Problem;

/// How long an answer is kept, in milliseconds: a day.
const KEPT_MS: i64 = 24 * 3_600_000;
/// The longest key, in characters.
const KEY_MAX: usize = 255;

/// The body of a request that creates something, and the means to do so once.
#[derive(Debug)]
pub(crate) struct Create<T> {
    /// What is to be created.
    pub(crate) body: T,
    /// To be asked first in the job, and told what was created.
    pub(crate) once: Once,
}

/// Whether this was asked before.
#[derive(Debug)]
pub(crate) struct Once(Option<Asked>);

#[derive(Debug)]
struct Asked {
    owner: String,
    path: String,
    key: String,
    body_hash: Vec<u8>,
}

/// The answer 201 to a request that created, or had created, something.
#[derive(Debug)]
pub(crate) struct Created(Vec<u8>);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Create<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let asked = Asked::of(&request)?;
        let bytes = body::read(request, JSON_MAX).await?;
        let once = Once(asked.map(|asked| Asked {
            body_hash: Sha256::digest(&bytes).to_vec(),
            ..asked
        }));
        Ok(Self {
            body: body::parse(&bytes)?,
            once,
        })
    }
}

impl Asked {
    fn of(request: &Request) -> Result<Option<Self>, Problem> {
        let Some(key) = request.headers().get("idempotency-key") else {
            return Ok(None);
        };
        let wrong = || {
            let message = format!("it has to be 1..={KEY_MAX} visible characters");
            Problem::wrong("Idempotency-Key", message)
        };
        let key = key.to_str().map_err(|_| wrong())?;
        if key.is_empty() || key.len() > KEY_MAX {
            return Err(wrong());
        }
        let identity = request
            .extensions()
            .get::<Identity>()
            .ok_or_else(Problem::unknown)?;
        Ok(Some(Self {
            owner: identity.user.username.clone(),
            path: request.uri().path().to_owned(),
            key: key.to_owned(),
            body_hash: Vec::new(),
        }))
    }
}

impl Once {
    /// The first answer, where this was asked before.
    ///
    /// # Errors
    ///
    /// 422 where the key came with another body.
    pub(crate) async fn first_answer(
        &self,
        tx: &mut Tx,
        now_ms: i64,
    ) -> Result<Option<Created>, Problem> {
        let Some(Asked {
            owner,
            path,
            key,
            body_hash,
        }) = &self.0
        else {
            return Ok(None);
        };
        let old = sqlx::query("DELETE FROM idempotency WHERE at <= $1").bind(now_ms - KEPT_MS);
        old.execute(&mut **tx).await?;
        let sql = "SELECT body_hash, answer FROM idempotency \
                   WHERE owner = $1 AND path = $2 AND idempotency_key = $3";
        let query = sqlx::query_as(sql).bind(owner).bind(path).bind(key);
        let row: Option<(Vec<u8>, Vec<u8>)> = query.fetch_optional(&mut **tx).await?;
        match row {
            None => Ok(None),
            Some((hash, answer)) if hash == *body_hash => Ok(Some(Created(answer))),
            Some(_) => {
                let message = "the key was used with another body; take a new one";
                Err(Problem::wrong("Idempotency-Key", message))
            }
        }
    }

    /// Makes the answer to what was created, and keeps it where it may be asked for again.
    pub(crate) async fn created<T: Serialize>(
        &self,
        tx: &mut Tx,
        now_ms: i64,
        created: &T,
    ) -> Result<Created, Problem> {
        // Our wire types have no maps with keys that are not text: this does not fail.
        let answer = serde_json::to_vec(created).unwrap_or_default();
        if let Some(Asked {
            owner,
            path,
            key,
            body_hash,
        }) = &self.0
        {
            let sql = "INSERT INTO idempotency \
                       (owner, path, idempotency_key, body_hash, answer, at) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
            let insert = sqlx::query(sql)
                .bind(owner)
                .bind(path)
                .bind(key)
                .bind(body_hash)
                .bind(&answer)
                .bind(now_ms);
            insert
                .execute(&mut **tx)
                .await
                .map_err(|error| match error.into() {
                    DatabaseError::Taken => Problem::conflict(
                        "a request with this Idempotency-Key is under way; ask again",
                    ),
                    error @ (DatabaseError::Reference
                    | DatabaseError::Busy
                    | DatabaseError::Lost
                    | DatabaseError::Statement(_)) => Problem::from(error),
                })?;
        }
        Ok(Created(answer))
    }
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        (StatusCode::CREATED, json, self.0).into_response()
    }
}
