//! People: who they are, how they are known, and the record of what they did.

pub(crate) mod audit;
pub(crate) mod logins;
pub(crate) mod passwords;
pub(crate) mod reset;
pub(crate) mod secret;
pub(crate) mod tokens;
pub(crate) mod user;
pub(crate) mod users;
