//! A whole document, read twice differently: what was stored leniently, what is to be saved
//! strictly.
//!
//! One [`Reader`] walks the document either way.

use super::path::Path;
use super::reader::{Judge, Reader};
use super::reason::{Reason, SaveError, Warning};
use super::{Config, ConfigRef, Defaults};
use crate::json;

/// Reads a stored document: takes everything that is right, and `defaults` where something is
/// wrong or absent. A network whose name, password or BSSID is wrong is set aside: kept for
/// [`ConfigRef::json`], never tried. What is no JSON at all gives the defaults alone. (A file that
/// is not there is for the caller to warn of: [`Defaults::config`].)
pub fn load(bytes: &[u8], defaults: &Defaults, warn: &mut dyn FnMut(&Warning<'_>)) -> Config {
    let root = match json::parse(bytes) {
        Ok(root) => root,
        Err(error) => {
            let reason = Reason::NotJson(error);
            warn(&Warning {
                path: &Path::default(),
                reason,
            });
            return defaults.config();
        }
    };
    let mut config = defaults.config();
    // A lenient reader never stops.
    let _ = Reader::new(Judge::Lenient(warn), None).config(root, &mut config);
    config
}

/// Reads a document that is to be saved, or says what is wrong with it. Where it has a mask in
/// place of a secret ([`MASK`](super::MASK)), the secret of `current` under the same network name or key is
/// kept. `known_networks`, `access_point` and `schema` are required.
///
/// # Errors
/// Line and column of what is no JSON, or path and reason of the first wrong field.
pub fn parse_strict(
    bytes: &[u8],
    current: ConfigRef<'_>,
    defaults: &Defaults,
) -> Result<Config, SaveError> {
    let mut config = Config::default();
    parse_strict_into(bytes, current, defaults, &mut config)?;
    Ok(config)
}

/// The same, where it stays: `config` is [`Config::default`], and to be thrown away where it is refused.
///
/// # Errors
/// As [`parse_strict`].
pub fn parse_strict_into(
    bytes: &[u8],
    current: ConfigRef<'_>,
    defaults: &Defaults,
    config: &mut Config,
) -> Result<(), SaveError> {
    let root = json::parse(bytes)?;
    defaults.fill(config);
    let mut strict = Reader::new(Judge::Strict, Some(current));
    match strict.config(root, config) {
        Ok(()) => Ok(()),
        Err(_) => Err(strict.into_error()),
    }
}
