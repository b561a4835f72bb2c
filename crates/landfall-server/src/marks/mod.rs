//! Attendance: what becomes of a student's mark, who was there, and the files and answers about it.

pub(crate) mod attendance;
pub(crate) mod entries;
pub(crate) mod export;
mod intake;
mod judgement;
pub(crate) mod manual;
pub(crate) mod matric;
pub(crate) mod person;
pub(crate) mod purge;
pub(crate) mod sheet;

pub(crate) use intake::{Delivery, MarkResult, intake};
