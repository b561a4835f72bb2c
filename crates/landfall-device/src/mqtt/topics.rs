//! The topics of a device: `landfall/<hardware id>/…`, and where Home Assistant looks.

use core::fmt::{self, Write};

use heapless::String;
use landfall_protocol::hardware_id::{HARDWARE_ID_LEN, HardwareId};

/// Most bytes of a topic of ours.
pub const TOPIC_MAX: usize = 64;
/// What every topic of a device begins with, before its hardware id.
const ROOT: &str = "landfall/";
/// Where Home Assistant looks unless its owner says otherwise.
const DISCOVERY_ROOT: &str = "homeassistant";

const _: () = assert!(ROOT.len() + HARDWARE_ID_LEN + "/online".len() <= TOPIC_MAX);

/// The text of a topic.
pub(super) type TopicText = String<TOPIC_MAX>;

/// One of a device's topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// How the device stands, retained.
    State,
    /// What happens, one message each.
    Event,
    /// `online`, or `offline` as the last will; retained.
    Online,
    /// Lines for the console.
    Command,
    /// What the console prints, a line each.
    Reply,
}

impl Topic {
    /// What stands behind the hardware id.
    pub const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Event => "event",
            Self::Online => "online",
            Self::Command => "cmd",
            Self::Reply => "reply",
        }
    }

    /// The whole topic.
    pub(super) fn of(self, id: &HardwareId) -> TopicText {
        text(format_args!("{ROOT}{id}/{}", self.name()))
    }
}

/// Where Home Assistant is told of a component of that kind.
pub(super) fn discovery(kind: &str, id: &HardwareId, component: &str) -> TopicText {
    text(format_args!(
        "{DISCOVERY_ROOT}/{kind}/{id}/{component}/config"
    ))
}

fn text(topic: fmt::Arguments<'_>) -> TopicText {
    let mut text = TopicText::new();
    // Every topic of ours fits, as the tests see.
    let _ = text.write_fmt(topic);
    text
}
