//! The attendance page as it goes over the wire: one request, gzipped, style and script inline. What
//! the device serves at `/` on its access point's side while a session runs.
//!
//! The sources are the plain files in `attendance/`; `build.rs` puts them together as it does the
//! [portal](crate::portal)'s.

/// The page, gzipped.
pub static PAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/attendance.html.gz"));

include!(concat!(env!("OUT_DIR"), "/attendance.rs"));

const _: () = assert!(PAGE.len() <= crate::portal::PAGE_BYTES_MAX);
