//! Creating once: the same `Idempotency-Key` and body within a day give the first answer again and
//! create nothing. The answer is kept in the transaction that creates, so neither is there alone.

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chacha20poly1305::ChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::auth::{Credential, Identity};
use super::body::{self, JSON_MAX};
use crate::database::{DatabaseError, Tx};
use crate::people::secret;
use crate::problem::Problem;

/// How long an answer is kept, in milliseconds: a day.
const KEPT_MS: i64 = 24 * 3_600_000;
/// The longest key, in characters.
const KEY_MAX: usize = 255;

/// Bytes of the cipher's nonce.
const NONCE_LEN: usize = 12;

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
    seal: Seal,
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
            seal: Seal::of(&identity.by),
        }))
    }
}

impl Once {
    /// The first answer, where this was asked before.
    ///
    /// # Errors
    ///
    /// 422 where the key came with another body, 409 where the answer has a secret in it and is another
    /// login's or token's.
    pub(crate) async fn first_answer(
        &self,
        tx: &mut Tx,
        now_ms: i64,
    ) -> Result<Option<Created>, Problem> {
        let Some(asked) = &self.0 else {
            return Ok(None);
        };
        let old = sqlx::query("DELETE FROM idempotency WHERE at <= $1").bind(now_ms - KEPT_MS);
        old.execute(&mut **tx).await?;
        let sql = "SELECT body_hash, sealed, answer FROM idempotency \
                   WHERE owner = $1 AND path = $2 AND idempotency_key = $3";
        let query = sqlx::query_as(sql)
            .bind(&asked.owner)
            .bind(&asked.path)
            .bind(&asked.key);
        let row: Option<(Vec<u8>, i64, Vec<u8>)> = query.fetch_optional(&mut **tx).await?;
        let Some((body_hash, sealed, answer)) = row else {
            return Ok(None);
        };
        if body_hash != asked.body_hash {
            let message = "the key was used with another body; take a new one";
            return Err(Problem::wrong("Idempotency-Key", message));
        }
        if sealed == 0 {
            return Ok(Some(Created(answer)));
        }
        let another = || {
            Problem::conflict(
                "it was created, and its secret was shown to the login or token that asked",
            )
        };
        asked
            .seal
            .open(&answer)
            .map(|answer| Some(Created(answer)))
            .ok_or_else(another)
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
        if let Some(asked) = &self.0 {
            asked.keep(tx, now_ms, 0, &answer).await?;
        }
        Ok(Created(answer))
    }

    /// The same for an answer with a secret in it: what is kept opens for the asking login or token
    /// alone, and is worth nothing to who reads the database.
    pub(crate) async fn created_secret<T: Serialize>(
        &self,
        tx: &mut Tx,
        now_ms: i64,
        created: &T,
    ) -> Result<Created, Problem> {
        let answer = serde_json::to_vec(created).unwrap_or_default();
        if let Some(asked) = &self.0 {
            asked
                .keep(tx, now_ms, 1, &asked.seal.close(&answer))
                .await?;
        }
        Ok(Created(answer))
    }
}

impl Asked {
    async fn keep(
        &self,
        tx: &mut Tx,
        now_ms: i64,
        sealed: i64,
        answer: &[u8],
    ) -> Result<(), Problem> {
        let sql = "INSERT INTO idempotency \
                   (owner, path, idempotency_key, body_hash, sealed, answer, at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let insert = sqlx::query(sql)
            .bind(&self.owner)
            .bind(&self.path)
            .bind(&self.key)
            .bind(&self.body_hash)
            .bind(sealed)
            .bind(answer)
            .bind(now_ms);
        match insert.execute(&mut **tx).await.map_err(DatabaseError::from) {
            Ok(_) => Ok(()),
            // Another process was faster.
            Err(DatabaseError::Taken) => Err(Problem::conflict(
                "a request with this Idempotency-Key is under way; ask again",
            )),
            Err(error) => Err(error.into()),
        }
    }
}

impl IntoResponse for Created {
    fn into_response(self) -> Response {
        let json = [(header::CONTENT_TYPE, "application/json")];
        (StatusCode::CREATED, json, self.0).into_response()
    }
}

/// A key that follows from what the request was authenticated with, of which the database has a hash
/// alone.
struct Seal(Zeroizing<[u8; 32]>);

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl Seal {
    fn of(credential: &Credential) -> Self {
        let (Credential::Cookie(secret) | Credential::Token(secret)) = credential;
        let hash = Sha256::new_with_prefix("landfall kept answer|");
        Self(Zeroizing::new(
            hash.chain_update(secret.as_bytes()).finalize().into(),
        ))
    }

    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(&(*self.0).into())
    }

    /// The text behind a nonce, sealed. Empty where it is longer than the cipher takes.
    fn close(&self, text: &[u8]) -> Vec<u8> {
        let nonce = secret::random::<NONCE_LEN>();
        let sealed = self
            .cipher()
            .encrypt(&nonce.into(), text)
            .unwrap_or_default();
        [nonce.as_slice(), &sealed].concat()
    }

    fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        self.cipher().decrypt(&(*nonce).into(), sealed).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{Credential, Seal};

    #[test]
    fn a_kept_secret_opens_for_who_asked_alone() {
        let seal = |secret: &str| Seal::of(&Credential::Token(secret.to_owned().into()));
        let kept = seal("mine").close(b"secret");
        assert!(!kept.windows(6).any(|window| window == b"secret"));
        assert_eq!(
            seal("mine").open(&kept).as_deref(),
            Some(b"secret".as_slice())
        );
        assert_eq!(seal("other").open(&kept), None);
        assert_eq!(seal("mine").open(&[]), None);
    }
}
