//! Courses, who teaches and who takes them, and sessions: which devices one takes, and until when.

pub(crate) mod assignments;
pub(crate) mod code;
pub(crate) mod courses;
pub(crate) mod end;
pub(crate) mod enrolments;
pub(crate) mod fleet;
pub(crate) mod import;
mod leases;
pub(crate) mod roster;
pub(crate) mod selection;
pub(crate) mod start;
pub(crate) mod store;
pub(crate) mod watch;

pub(crate) use store::settings_of;
