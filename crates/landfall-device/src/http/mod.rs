//! The device over HTTP: portal, API, captive detection.
//!
//! [`head`] parses, `route::open` finds who answers, a handler says what, [`Server`] carries it.
//! Handlers are pure functions of a [`View`] of the device and the request: they give a whole
//! answer, or a command and what becomes of its reply. Nothing here keeps a copy of an answer's
//! text: a [`Response`] owns what it tells, is measured for its `Content-Length`, and is written
//! piece by piece from the buffer that the request came in.
//!
//! Memory: one [`Buffer`] for each connection served at a time, and nothing that grows.

mod answer;
mod body;
mod call;
mod captive;
mod config;
mod event;
mod fields;
mod form;
mod handlers;
pub mod head;
mod json;
mod limiter;
mod mark;
mod mark_page;
mod names;
mod page;
pub(crate) mod receive;
mod reply;
mod route;
mod send;
mod serve;
mod server;
mod stream;
mod view;
mod who;

#[cfg(test)]
mod tests;

pub(crate) use answer::Window;
pub use answer::{Body, Code, Extra, Failure, Fixed, Response};
pub use body::{
    CLIENTS_BODY_MAX, COURSE_CODE_MAX, COURSE_TITLE_MAX, NETWORKS_BODY_MAX, SCAN_BODY_MAX,
    SCAN_ROWS_MAX, STATUS_BODY_MAX, StatusBody,
};
pub use config::{CONFIG_BODY_MAX, CONFIG_BUFFER_LEN};
pub use event::{EVENT_MAX, write_json as write_event_json};
pub use limiter::{LOGIN_ADDRESSES_MAX, LOGIN_FAILURES_MAX, LOGIN_WINDOW_MS, Limiter};
pub use page::RESULT_PAGE_MAX;
pub use reply::Then;
pub(crate) use send::{finish, send};
pub(crate) use serve::serve_either;
pub use server::{
    BUFFER_LEN, Buffer, KEEP_ALIVE_MS, REQUEST_MS, STREAMS_ON_CHIP, STREAMS_ON_HOST, Server,
    Shared, WRITE_MS,
};
pub use stream::STREAM_BEAT_MS;
pub use view::{Client, Device, Door, Service, Session, Side, Timer, Unsaved, View};
pub use who::{Caller, caller};
