//! What devices are told: layers of values, templates, and the rendering of both.

pub mod render;
mod secrets;
pub mod template;
pub mod values;
