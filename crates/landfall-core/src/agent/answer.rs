//! What a server answers to a heartbeat, read where it stands: no copy, and nothing taken that is
//! not of its form.

use crate::json::{self, Text, Value};
use crate::net::{Security, Ssid};

/// The answer to a heartbeat.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// When the server wants the next heartbeat, in milliseconds.
    pub next_ms: Option<u32>,
    /// The number of the desired configuration.
    pub version: Option<u32>,
    /// What the server tells configurations apart by.
    pub hash: Option<Text<'a>>,
    /// The desired configuration; none: what the device has is that.
    pub configuration: Option<Configuration<'a>>,
    /// A key that takes the place of the device's: 64 hexadecimal digits.
    pub new_key: Option<Text<'a>>,
    marks: Option<Value<'a>>,
}

/// A desired configuration.
#[derive(Clone, Debug)]
pub struct Configuration<'a> {
    /// The session that the device runs; none: it stands by.
    pub session: Option<Session<'a>>,
    /// The name that the device goes by, for people and logs.
    pub device_id: Option<Text<'a>>,
    /// Members in the schema of the configuration, and what belongs to roll-outs; `{}` where there
    /// are none.
    pub settings: Value<'a>,
}

/// A session.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    /// Its number.
    pub id: u32,
    /// Short name of the course.
    pub course_code: Text<'a>,
    /// Title of the course.
    pub course_title: Option<Text<'a>>,
    /// Whether a mark takes the rotating code.
    pub needs_code: bool,
    /// The access point's name.
    pub ssid: Ssid,
    /// How the access point lets in: open by the session's own word alone.
    pub security: Security,
}

/// What the server made of a mark.
#[derive(Clone, Copy, Debug)]
pub struct MarkAnswer<'a> {
    /// The mark's id.
    pub id: Text<'a>,
    /// The word for it.
    pub result: Text<'a>,
}

/// A network that was rolled out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub ssid: Ssid,
    /// How it lets in.
    pub security: Security,
    /// Which roll-out it belongs to; none: it is known, without a proof.
    pub rollout: Option<u32>,
}

/// Reads an answer. None: it is not of the form of one, and nothing in it may be used.
pub fn read_answer(body: &[u8]) -> Option<Answer<'_>> {
    let root = json::parse(body).ok()?;
    let status = root.member("status")?.as_text()?;
    if !status.is("success") {
        return None;
    }
    let configuration = match root.member("configuration").filter(|v| !v.is_null()) {
        Some(value) => Some(read_configuration(value)?),
        None => None,
    };
    Some(Answer {
        next_ms: number(root, "next_heartbeat_ms"),
        version: number(root, "config_version"),
        hash: text(root, "config_hash"),
        configuration,
        new_key: text(root, "new_key"),
        marks: root.member("mark_results"),
    })
}

impl<'a> Answer<'a> {
    /// What the server made of the marks.
    pub fn marks(&self) -> impl Iterator<Item = MarkAnswer<'a>> {
        let results = self.marks.into_iter().flat_map(Value::elements);
        results.filter_map(|row| {
            Some(MarkAnswer {
                id: text(row, "id")?,
                result: text(row, "result")?,
            })
        })
    }
}

impl<'a> Configuration<'a> {
    /// The networks in the settings; those that are none are left out.
    pub fn networks(&self) -> impl Iterator<Item = Network> + use<'a> {
        let known = self.settings.member("known_networks");
        let rows = known.into_iter().flat_map(Value::elements);
        rows.filter_map(|row| {
            Some(Network {
                ssid: crate::config::ssid_of(row).ok()?,
                security: security(row)?,
                rollout: number(row, "rollout"),
            })
        })
    }
}

fn read_configuration(value: Value<'_>) -> Option<Configuration<'_>> {
    let session = match value.member("active_session")?.as_bool()? {
        true => Some(read_session(value)?),
        false => None,
    };
    let settings = value.member("settings").filter(|v| !v.is_null());
    Some(Configuration {
        session,
        device_id: text(value, "device_id"),
        settings: settings.unwrap_or(Value::EMPTY_OBJECT),
    })
}

fn read_session(value: Value<'_>) -> Option<Session<'_>> {
    Some(Session {
        id: number(value, "session_id").unwrap_or(0),
        course_code: text(value, "course_code")?,
        course_title: text(value, "course_title"),
        needs_code: value.member("needs_code").and_then(Value::as_bool) == Some(true),
        ssid: crate::config::ssid_of(value).ok()?,
        security: security(value)?,
    })
}

/// How something lets in, by its member `password`: absent or empty is open.
fn security(object: Value<'_>) -> Option<Security> {
    let Some(value) = object.member("password").filter(|value| !value.is_null()) else {
        return Some(Security::Open);
    };
    let text = crate::config::Secret::<64>::decode(value.as_text()?).ok()?;
    Security::from_password(text.expose().as_bytes()).ok()
}

fn text<'a>(object: Value<'a>, name: &str) -> Option<Text<'a>> {
    object.member(name)?.as_text()
}

fn number(object: Value<'_>, name: &str) -> Option<u32> {
    object.member(name)?.as_int()?.try_into().ok()
}
