//! What a layer may say, judged before it is stored: the server's own members, and any part of a
//! device's configuration but `fleet`, which the configuration reader of the devices themselves
//! judges here.

use landfall_core::config::{Config, Defaults, MASK, SCHEMA, SaveError, parse_strict};
use serde_json::{Map, Value, json};

use super::secrets;
use super::template::{self, Template};

/// The members of one layer, secrets in clear.
pub type Values = Map<String, Value>;

/// Longest name and location of a device, in characters.
pub const TEXT_MAX: usize = 64;
/// Characters of a passphrase.
const PASSPHRASE: std::ops::RangeInclusive<usize> = 8..=63;
/// Most bytes of one layer, as JSON: a chip has to take what is rendered of it.
pub const VALUES_MAX: usize = 16 * 1024;

/// Members of the devices' own schema that a layer may have.
const SCHEMA_MEMBERS: &[&str] = &[
    "hostname",
    "mode",
    "known_networks",
    "access_point",
    "config_server",
    "webrepl",
    "portal",
    "station",
    "mqtt",
    "internet_probe_url",
    "radio",
    "led",
    "log_level",
];

/// Which layer is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// That of all devices.
    Fleet,
    /// That of one.
    Device,
}

/// A member that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Which, as `known_networks[0].password`.
    pub path: String,
    /// Why, and what it has to be.
    pub message: String,
}

impl Wrong {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// Judges the members somebody wants a layer to have; a mask stands for the secret that is stored
/// at the same place.
///
/// # Errors
/// Everything that is wrong; of the devices' own schema the first.
pub fn judge(layer: Layer, sent: &Value, stored: &Values) -> Result<Values, Vec<Wrong>> {
    let Some(sent) = sent.as_object() else {
        return Err(vec![Wrong::new("values", "expected an object")]);
    };
    let mut values = sent.clone();
    values.retain(|_, value| !value.is_null());
    let mut wrong = Vec::new();
    if let Err(path) = secrets::unmask(&mut values, stored) {
        wrong.push(Wrong::new(
            path,
            "masked, but no secret is stored for it; send the secret itself",
        ));
    }
    for (name, value) in &values {
        if let Err(message) = judge_member(layer, name, value) {
            wrong.push(Wrong::new(name, message));
        }
    }
    if wrong.is_empty() {
        wrong.extend(judge_schema(&values));
    }
    if wrong.is_empty() && Value::Object(values.clone()).to_string().len() > VALUES_MAX {
        wrong.push(Wrong::new("values", "longer than 16 KiB"));
    }
    // A device reads the number itself; the layers are all of one schema.
    values.remove("schema");
    if wrong.is_empty() {
        Ok(values)
    } else {
        Err(wrong)
    }
}

/// Judges a member of the server's own, and whether there is one of that name.
fn judge_member(layer: Layer, name: &str, value: &Value) -> Result<(), String> {
    if template::DEFAULTS.iter().any(|(known, _)| *known == name) {
        return match (layer, value.as_str()) {
            (Layer::Device, _) => Err("only the fleet has templates".into()),
            (Layer::Fleet, None) => Err("expected a text".into()),
            (Layer::Fleet, Some(text)) => {
                Template::parse(text).map(|_| ()).map_err(|e| e.to_string())
            }
        };
    }
    match name {
        "ap_ssid" => check_text(value, |text| {
            (1..=template::SSID_MAX)
                .contains(&text.len())
                .then_some(())
                .ok_or("expected 1 to 32 bytes")
        }),
        "ap_password" => check_text(value, check_passphrase),
        "device_name" => check_text(value, |text| check_length(text, 1)),
        "location" => check_text(value, |text| check_length(text, 0)),
        "schema" if value.as_i64() == Some(SCHEMA) => Ok(()),
        "schema" => Err("expected 2".into()),
        "fleet" => Err("a device's way to its server is set at the device alone".into()),
        _ if SCHEMA_MEMBERS.contains(&name) => Ok(()),
        _ => Err("there is no such value".into()),
    }
}

fn check_text(
    value: &Value,
    check: impl Fn(&str) -> Result<(), &'static str>,
) -> Result<(), String> {
    let text = value.as_str().ok_or("expected a text")?;
    check(text).map_err(str::to_owned)
}

/// A passphrase for an access point, or `""` for an open one.
///
/// # Errors
/// What it has to be.
pub fn check_passphrase(text: &str) -> Result<(), &'static str> {
    let printable = text.bytes().all(|b| (0x20..=0x7e).contains(&b));
    let fits = text.is_empty() || (PASSPHRASE.contains(&text.len()) && printable);
    if fits {
        Ok(())
    } else {
        Err("expected 8 to 63 printable ASCII characters, or \"\" for open")
    }
}

fn check_length(text: &str, min: usize) -> Result<(), &'static str> {
    let fits = (min..=TEXT_MAX).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err("expected at most 64 characters on one line")
    }
}

/// Has the devices' own reader judge what is theirs.
fn judge_schema(values: &Values) -> Option<Wrong> {
    let mut document = json!({"schema": SCHEMA, "known_networks": [], "access_point": {}});
    let members = document.as_object_mut()?;
    for (name, value) in values {
        if SCHEMA_MEMBERS.contains(&name.as_str()) {
            members.insert(name.clone(), value.clone());
        }
    }
    let nothing = Config::default();
    match parse_strict(
        document.to_string().as_bytes(),
        nothing.as_ref(),
        &Defaults::default(),
    ) {
        Ok(_) => None,
        Err(SaveError::Invalid(invalid)) => Some(Wrong::new(
            invalid.path.to_string(),
            invalid.reason.to_string(),
        )),
        Err(SaveError::Json(error)) => Some(Wrong::new("values", error.to_string())),
    }
}

/// What a layer shows: its secrets as masks.
pub fn masked(values: &Values) -> Values {
    let mut shown = values.clone();
    secrets::each(&mut shown, |_, secret| {
        if secret.as_str().is_some_and(|text| !text.is_empty()) {
            *secret = MASK.into();
        }
    });
    shown
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn object(value: Value) -> Values {
        value.as_object().cloned().unwrap_or_default()
    }

    fn check(layer: Layer, sent: Value, expected: Expect) {
        let stored = object(json!({
            "ap_password": "stored-secret",
            "known_networks": [{"ssid": "Home", "password": "Password2"}],
            "mqtt": {"password": "broker"},
        }));
        let told = match judge(layer, &sent, &stored) {
            Ok(values) => Value::Object(values).to_string(),
            Err(wrong) => wrong
                .iter()
                .map(|one| format!("{}: {}", one.path, one.message))
                .collect::<Vec<_>>()
                .join("\n"),
        };
        expected.assert_eq(&told);
    }

    #[test]
    fn a_mask_keeps_the_secret_that_is_stored() {
        check(
            Layer::Fleet,
            json!({"ap_password": MASK, "known_networks": [{"ssid": "New", "password": "Password3"},
                {"ssid": "Home", "password": MASK}], "mqtt": {"password": MASK}}),
            expect![[
                r#"{"ap_password":"stored-secret","known_networks":[{"password":"Password3","ssid":"New"},{"password":"Password2","ssid":"Home"}],"mqtt":{"password":"broker"}}"#
            ]],
        );
        check(
            Layer::Fleet,
            json!({"known_networks": [{"ssid": "New", "password": MASK}]}),
            expect![
                "known_networks[0].password: masked, but no secret is stored for it; send the secret itself"
            ],
        );
    }

    #[test]
    fn what_is_wrong_is_told_with_its_path() {
        for (sent, expected) in [
            (json!([]), expect!["values: expected an object"]),
            (
                json!({"ssid_template": "{course"}),
                expect![
                    "ssid_template: a lone brace; write {course}, {title}, {session} or {semester}, and no other braces"
                ],
            ),
            (
                json!({"ap_ssid": "", "ap_password": "short"}),
                expect![[r#"
                ap_password: expected 8 to 63 printable ASCII characters, or "" for open
                ap_ssid: expected 1 to 32 bytes"#]],
            ),
            (
                json!({"fleet": {"url": "http://elsewhere"}}),
                expect!["fleet: a device's way to its server is set at the device alone"],
            ),
            (
                json!({"device_nmae": "x"}),
                expect!["device_nmae: there is no such value"],
            ),
            (
                json!({"device_name": "", "location": 7}),
                expect![[r#"
                device_name: expected at most 64 characters on one line
                location: expected a text"#]],
            ),
            (
                json!({"known_networks": [{"ssid": "A"}, {"ssid": "B", "password": "1234567"}]}),
                expect![[
                    r#"known_networks[1].password: expected 8 to 63 printable ASCII characters, 64 hex digits, or "" for open"#
                ]],
            ),
            (
                json!({"station": {"max_retry": 51}}),
                expect!["station.max_retry: expected a whole number from 1 to 50"],
            ),
            (
                json!({"mode": "sta", "log_level": null}),
                expect![[r#"{"mode":"sta"}"#]],
            ),
            (json!({"schema": 3}), expect!["schema: expected 2"]),
        ] {
            check(Layer::Fleet, sent, expected);
        }
    }

    #[test]
    fn templates_are_the_fleets_alone() {
        check(
            Layer::Device,
            json!({"name_template": "{course}"}),
            expect!["name_template: only the fleet has templates"],
        );
    }

    #[test]
    fn what_is_shown_has_no_secrets() {
        let values = object(json!({
            "ap_password": "stored-secret", "webrepl": {"password": "Password4"},
            "known_networks": [{"ssid": "Home", "password": "Password2"}, {"ssid": "Open", "password": ""}],
            "access_point": {"config": {"key": "Password5", "essid": "Here"}},
        }));
        let shown = Value::Object(masked(&values)).to_string();
        expect![[r#"{"access_point":{"config":{"essid":"Here","key":"********"}},"ap_password":"********","known_networks":[{"password":"********","ssid":"Home"},{"password":"","ssid":"Open"}],"webrepl":{"password":"********"}}"#]].assert_eq(&shown);
    }
}
