//! A user: who somebody is, and what they may do.

/// What a user may do. A device is none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    Admin,
    /// Sessions of the courses assigned.
    Lecturer,
    /// The own attendance.
    Student,
}

impl Role {
    /// The word it is kept and shown by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Lecturer => "lecturer",
            Self::Student => "student",
        }
    }

    /// The role of that word.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Admin, Self::Lecturer, Self::Student]
            .into_iter()
            .find(|role| role.name() == name)
    }
}

/// A user, without the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) role: Role,
    pub(crate) name: String,
    pub(crate) matric: Option<String>,
    pub(crate) enabled: bool,
    pub(crate) created_at: i64,
}

/// A row of the columns that [`COLUMNS`] names.
type Row = (i64, String, String, String, Option<String>, i64, i64);

/// What becomes a [`User`].
macro_rules! select_user {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.username, u.role, u.name, u.matric, u.enabled, u.created_at \
             FROM users u ",
            $rest
        )
    };
}
pub(crate) use select_user;

impl User {
    /// The user of a row of [`select_user!`].
    pub(crate) fn from_row((id, username, role, name, matric, enabled, created_at): Row) -> Self {
        // A role that no program of ours wrote may do the least.
        let role = Role::of(&role).unwrap_or(Role::Student);
        Self {
            id,
            username,
            role,
            name,
            matric,
            enabled: enabled != 0,
            created_at,
        }
    }
}
