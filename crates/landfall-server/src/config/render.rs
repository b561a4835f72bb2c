//! What a device is told: its layers, fleet and device and session, rendered into the
//! `configuration` of a heartbeat's answer. Pure.
//!
//! The session's values stand at the top, by the names of the firmware that came before; `settings`
//! holds the layers in the devices' own schema. A network of a roll-out stands first in
//! `settings.known_networks`, with the roll-out's id in its member `rollout` until the device gave
//! its verdict.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::template;
use super::values::Values;
use crate::fleet::SessionSettings;

/// Bytes of a rendered configuration's hash; twice as many digits on the wire.
const HASH_LEN: usize = 16;
/// Members of a layer that devices know under another name or not at all.
const SERVER_MEMBERS: &[&str] = &["ap_ssid", "ap_password"];

/// Everything that a device's configuration is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// The name by which the device goes outside sessions.
    pub own_id: &'a str,
    /// What an admin calls it.
    pub name: Option<&'a str>,
    /// Whether it is firmware that knows the seed's members alone.
    pub legacy: bool,
    /// The layer of all devices.
    pub fleet: &'a Values,
    /// The layer of this one.
    pub device: Option<&'a Values>,
    /// The session that it is in.
    pub session: Option<&'a SessionSettings>,
    /// What roll-outs gave it, the newest last.
    pub networks: &'a [RolloutNetwork],
}

/// A network that a roll-out gives to a device.
#[derive(Clone, PartialEq, Eq)]
pub struct RolloutNetwork {
    /// The roll-out.
    pub rollout: i64,
    /// The network's name.
    pub ssid: String,
    /// Its password; `""`: open.
    pub password: String,
    /// Whether the device has yet to say what became of it.
    pub awaited: bool,
}

impl std::fmt::Debug for RolloutNetwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RolloutNetwork({}, {:?}, ***)", self.rollout, self.ssid)
    }
}

/// The whole `configuration`.
pub fn configuration(sources: &Sources<'_>) -> Value {
    let base = merged(sources.fleet, sources.device);
    let mut told = match sources.session {
        Some(session) => active(session),
        None => standby(sources, &base),
    };
    if !sources.legacy {
        if let Some(session) = sources.session {
            told.insert("fence".into(), session.fence.into());
        }
        told.insert("settings".into(), settings(sources, base).into());
    }
    Value::Object(told)
}

/// What stands for a rendered configuration: opaque, 32 characters.
pub fn hash(configuration: &Value) -> String {
    let digest = Sha256::digest(configuration.to_string().as_bytes());
    let pairs = digest.iter().take(HASH_LEN);
    pairs.map(|byte| format!("{byte:02x}")).collect()
}

/// The layers of fleet and device, the device's over the fleet's: objects member by member,
/// everything else whole.
pub fn merged(fleet: &Values, device: Option<&Values>) -> Values {
    let mut base = fleet.clone();
    if let Some(device) = device {
        lay_over(&mut base, device);
    }
    base
}

fn lay_over(base: &mut Values, over: &Values) {
    for (name, value) in over {
        match (base.get_mut(name), value) {
            (Some(Value::Object(below)), Value::Object(above)) => lay_over(below, above),
            (_, value) => {
                base.insert(name.clone(), value.clone());
            }
        }
    }
}

/// The members of a session, as the firmware before knew them.
fn active(session: &SessionSettings) -> Map<String, Value> {
    let told = json!({
        "active_session": true,
        "course_code": session.course_code,
        "course_title": session.course_title,
        "session": session.session,
        "semester": session.semester,
        "device_id": session.device_id,
        "device_name": session.device_name,
        "location": session.location,
        "ssid": session.ssid,
        "password": session.password,
        "lecturer": session.lecturer,
        "session_id": session.session_id,
        "needs_code": session.needs_code,
    });
    object(told)
}

/// The members of standby: the device's own settings.
fn standby(sources: &Sources<'_>, base: &Values) -> Map<String, Value> {
    let mut told = object(json!({
        "active_session": false,
        "message": "No active session - device in standby mode",
        "device_id": sources.own_id,
        "device_name": own_name(sources, base),
        "location": location(base),
    }));
    if let Some(ssid) = ap_ssid(base) {
        told.insert("ssid".into(), ssid.into());
    }
    if let Some(password) = ap_member(base, "ap_password", &["password", "key"]) {
        told.insert("password".into(), password.into());
    }
    told
}

/// The layers in the schema of the devices, with the networks of roll-outs.
fn settings(sources: &Sources<'_>, base: Values) -> Values {
    let mut settings = base.clone();
    for (name, _) in template::DEFAULTS {
        settings.remove(name);
    }
    for name in SERVER_MEMBERS {
        settings.remove(*name);
    }
    let mut ap = Map::new();
    for (member, name) in [("ap_ssid", "essid"), ("ap_password", "password")] {
        if let Some(value) = base.get(member) {
            ap.insert(name.into(), value.clone());
        }
    }
    if !ap.is_empty() {
        forget_other_names(&mut settings, &ap);
        let layer = object(json!({"access_point": {"config": ap}}));
        lay_over(&mut settings, &layer);
    }
    let (name, place) = match sources.session {
        Some(session) => (session.device_name.as_str(), session.location.as_str()),
        None => (own_name(sources, &base), location(&base)),
    };
    settings.insert("device_name".into(), name.into());
    settings.insert("location".into(), place.into());
    if !sources.networks.is_empty() {
        let networks = networks(sources.networks, base.get("known_networks"));
        settings.insert("known_networks".into(), networks);
    }
    settings
}

/// Takes away what a layer says of the access point under another name of the same member: said
/// twice, the devices refuse it.
fn forget_other_names(settings: &mut Values, ap: &Values) {
    let config = settings
        .get_mut("access_point")
        .and_then(|section| section.get_mut("config"))
        .and_then(Value::as_object_mut);
    let Some(config) = config else { return };
    if ap.contains_key("essid") {
        config.retain(|name, _| !matches!(name.as_str(), "ssid" | "ssid_hex"));
    }
    if ap.contains_key("password") {
        config.remove("key");
    }
}

/// The networks of roll-outs, the newest first, then those of the layers that none of them
/// replaces.
fn networks(rolled_out: &[RolloutNetwork], layered: Option<&Value>) -> Value {
    let mut list: Vec<Value> = Vec::new();
    let has = |list: &[Value], ssid: &Value| list.iter().any(|one| one.get("ssid") == Some(ssid));
    for network in rolled_out.iter().rev() {
        let ssid = Value::from(network.ssid.as_str());
        if has(&list, &ssid) {
            continue;
        }
        let mut one = object(json!({"ssid": ssid, "password": network.password}));
        if network.awaited {
            one.insert("rollout".into(), network.rollout.into());
        }
        list.push(one.into());
    }
    for network in layered.and_then(Value::as_array).into_iter().flatten() {
        let replaced = network.get("ssid").is_some_and(|ssid| has(&list, ssid));
        if !replaced {
            list.push(network.clone());
        }
    }
    list.into()
}

/// What people call the device outside sessions.
pub fn own_name<'a>(sources: &Sources<'a>, base: &'a Values) -> &'a str {
    let layered = base.get("device_name").and_then(Value::as_str);
    layered.or(sources.name).unwrap_or(sources.own_id)
}

/// Where the device is outside sessions.
pub fn location(base: &Values) -> &str {
    base.get("location")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// The access point's name outside sessions, where a layer says one.
pub fn ap_ssid(base: &Values) -> Option<&str> {
    ap_member(base, "ap_ssid", &["essid", "ssid"])
}

fn ap_member<'a>(base: &'a Values, own: &str, schema: &[&str]) -> Option<&'a str> {
    let config = || base.get("access_point")?.get("config");
    let in_schema = || {
        schema
            .iter()
            .find_map(|name| config()?.get(*name)?.as_str())
    };
    base.get(own).and_then(Value::as_str).or_else(in_schema)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Map::new()
        }
    }
}

#[cfg(test)]
mod tests;
