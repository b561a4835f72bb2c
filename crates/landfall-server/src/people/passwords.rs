//! Passwords: kept as argon2id, compared in the time that a wrong one takes too.

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use serde::Deserialize;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::secret;

/// A password that a person may choose, in bytes. argon2 takes more; nobody types more.
pub(crate) const LEN: std::ops::RangeInclusive<usize> = 8..=256;
/// Letters and digits that are not taken for one another when read aloud.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a made password: 100 bits.
const MADE_LEN: usize = 20;

/// A password as a person sent it.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub(crate) struct Password(Zeroizing<String>);

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl std::ops::Deref for Password {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// argon2 takes 19 MiB and a core each time: more at once would only be slower.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A password nobody guesses, for a person to type once.
pub(crate) fn make() -> Zeroizing<String> {
    let bytes = Zeroizing::new(secret::random::<MADE_LEN>());
    let letters = bytes
        .iter()
        .map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    Zeroizing::new(letters.collect())
}

/// What is kept of a password: argon2id with the library's parameters, as a PHC string.
pub(crate) async fn hash(password: &str) -> String {
    let password = Zeroizing::new(password.to_owned());
    at_once(move || {
        let hash = Argon2::default().hash_password(password.as_bytes());
        // It fails for passwords of 4 GiB and parameters out of range alone; nothing matches "".
        hash.map_or_else(|_| String::new(), |hash| hash.to_string())
    })
    .await
}

/// Whether the password is the one that was kept. Without one (there is no such person) it takes
/// as long, and is false.
pub(crate) async fn verify(password: &str, kept: Option<String>) -> bool {
    /// Of no password: the time alone counts.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                          AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let password = Zeroizing::new(password.to_owned());
    at_once(move || {
        let known = kept.is_some();
        let kept = kept.unwrap_or_else(|| NOBODY.to_owned());
        let Ok(hash) = PasswordHash::new(&kept) else {
            return false;
        };
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
            && known
    })
    .await
}

/// Runs that on a thread that may block.
async fn at_once<T: Send + Default + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let _permit = AT_ONCE.acquire().await;
    tokio::task::spawn_blocking(work).await.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{hash, make, verify};

    #[tokio::test]
    async fn a_password_is_known_again() {
        let password = make();
        assert_eq!(password.len(), 20);
        let kept = hash(&password).await;
        assert!(kept.starts_with("$argon2id$"), "{kept}");
        assert!(verify(&password, Some(kept.clone())).await);
        assert!(!verify("another", Some(kept)).await);
        assert!(!verify("another", None).await);
        assert!(!verify("", Some(String::new())).await);
    }
}
