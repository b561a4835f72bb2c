//! A new password for who has lost theirs, from the machine that the database is on.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::users::{self, ChangeError, UserChange};
use super::{audit, passwords};
use crate::change::Bus;
use crate::clock::Clock;
use crate::database::{Database, DatabaseError, OpenError};

/// Why a password was not reset.
#[derive(Debug)]
pub enum ResetError {
    /// The database does not open.
    Open(OpenError),
    /// There is no such user.
    Unknown,
    /// The database.
    Database(DatabaseError),
}

/// Gives a user a new password, which is returned, and ends the logins made with the old one. A
/// server may run on the database meanwhile.
///
/// # Errors
///
/// Where there is no such user, or the database does not open.
pub async fn reset_password(url: &str, username: &str) -> Result<Zeroizing<String>, ResetError> {
    let bus = Arc::new(Bus::new());
    let database = Database::open_existing(url, bus)
        .await
        .map_err(ResetError::Open)?;
    let password = passwords::make();
    let change = UserChange {
        password_hash: Some(passwords::hash(&password).await),
        ..UserChange::default()
    };
    let (username, now) = (username.to_owned(), Clock::system().now_ms());
    let changed = database.write(async move |mut tx| {
        users::change(&mut tx, &username, &change).await?;
        let deed = (
            "user.changed",
            username.as_str(),
            "password, from the command line",
        );
        audit::note(&mut tx, now, "landfall", deed).await?;
        Ok(())
    });
    let changed = changed.await;
    database.close().await;
    match changed {
        Ok(()) => Ok(password),
        // A password takes nobody's role.
        Err(ChangeError::Unknown | ChangeError::LastAdmin) => Err(ResetError::Unknown),
        Err(ChangeError::Database(error)) => Err(ResetError::Database(error)),
    }
}

impl std::fmt::Display for ResetError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(error) => write!(f, "{error}"),
            Self::Unknown => f.write_str("there is no such user"),
            Self::Database(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for ResetError {}
