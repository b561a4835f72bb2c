//! What devices are told: layers of values, templates, and the rendering of both.

pub mod render;
pub(crate) mod rollouts;
pub(crate) mod scopes;
mod secrets;
pub mod template;
pub mod values;
