//! Where secrets stand in a layer, in one walk: to mask them, and to put back what a mask stands
//! for.

use landfall_core::config::MASK;
use serde_json::{Map, Value};

/// The members of a layer.
type Members = Map<String, Value>;

/// The secrets outside the list of networks, by the names on their way.
const PLACES: &[&[&str]] = &[
    &["ap_password"],
    &["access_point", "config", "password"],
    &["access_point", "config", "key"],
    &["config_server", "password"],
    &["webrepl", "password"],
    &["mqtt", "password"],
];

/// Shows every secret with its path.
pub(super) fn each(values: &mut Members, mut visit: impl FnMut(&str, &mut Value)) {
    for place in PLACES {
        if let Some(secret) = at_mut(values, place) {
            visit(&place.join("."), secret);
        }
    }
    let networks = values
        .get_mut("known_networks")
        .and_then(Value::as_array_mut);
    for (at, network) in networks.into_iter().flatten().enumerate() {
        if let Some(secret) = network.get_mut("password") {
            visit(&format!("known_networks[{at}].password"), secret);
        }
    }
}

/// Puts the stored secret where a mask stands for it: at the same place, of a network that of the
/// same name.
///
/// # Errors
/// The path of a mask that no secret is stored for.
pub(super) fn unmask(values: &mut Members, stored: &Members) -> Result<(), String> {
    let mut missing = None;
    let names: Vec<Option<Value>> = networks(values).map(name_of).collect();
    each(values, |path, secret| {
        let of_network = path.starts_with("known_networks[");
        if !is_mask(secret) {
            return;
        }
        let kept = if of_network {
            index_of(path).and_then(|at| {
                let name = names.get(at).cloned().flatten()?;
                let mut same = networks(stored).filter(|one| name_of(one).as_ref() == Some(&name));
                same.find_map(|one| one.get("password").cloned())
            })
        } else {
            let place: Vec<&str> = path.split('.').collect();
            at(stored, &place).cloned()
        };
        match kept.filter(|kept| !is_mask(kept)) {
            Some(kept) => *secret = kept,
            None => missing = missing.take().or_else(|| Some(path.to_owned())),
        }
    });
    missing.map_or(Ok(()), Err)
}

/// Whether a mask stands in place of the secret.
fn is_mask(value: &Value) -> bool {
    value.as_str() == Some(MASK)
}

fn networks(values: &Members) -> impl Iterator<Item = &Value> {
    values
        .get("known_networks")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// What names a network: its SSID, as text or as digits.
fn name_of(network: &Value) -> Option<Value> {
    network
        .get("ssid")
        .or_else(|| network.get("ssid_hex"))
        .cloned()
}

/// The index in `known_networks[3].password`.
fn index_of(path: &str) -> Option<usize> {
    let (_, behind) = path.split_once('[')?;
    behind.split_once(']')?.0.parse().ok()
}

fn at<'a>(values: &'a Members, place: &[&str]) -> Option<&'a Value> {
    let (first, rest) = place.split_first()?;
    rest.iter()
        .try_fold(values.get(*first)?, |value, name| value.get(name))
}

fn at_mut<'a>(values: &'a mut Members, place: &[&str]) -> Option<&'a mut Value> {
    let (first, rest) = place.split_first()?;
    rest.iter()
        .try_fold(values.get_mut(*first)?, |value, name| value.get_mut(name))
}
