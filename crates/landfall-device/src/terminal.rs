//! WebREPL's own terminal as it goes over the wire: one request, gzipped, style and script inline.
//!
//! The sources are the plain files in `terminal/`; `build.rs` puts them together, as those of the
//! [`portal`](crate::portal).

/// The most bytes that the page may take on the wire; the build fails above.
pub const PAGE_BYTES_MAX: usize = 4096;

/// The page, gzipped. There is no other form of it: every browser takes gzip.
pub static PAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/terminal.html.gz"));

include!(concat!(env!("OUT_DIR"), "/terminal.rs"));

const _: () = assert!(PAGE.len() <= PAGE_BYTES_MAX);
