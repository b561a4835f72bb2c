//! Attendance: what becomes of a student's mark, who was there, and the files and answers about it.

pub(crate) mod attendance;
pub(crate) mod entries;
pub(crate) mod export;
#[expect(dead_code, reason = "heartbeats bring marks once they are read")]
mod intake;
mod judgement;
pub(crate) mod manual;
pub(crate) mod matric;
pub(crate) mod person;
pub(crate) mod purge;
pub(crate) mod sheet;

#[expect(unused_imports, reason = "heartbeats bring marks once they are read")]
pub(crate) use intake::{Delivery, MarkResult, intake};
