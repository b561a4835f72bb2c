//! Anything as the configuration, read leniently as what was stored, and strictly as what somebody
//! wants to save.

use std::string::{String, ToString};

use crate::config::{Config, ConfigRef, Defaults, MASK, Secrets, load, parse_strict};

/// What was stored is read whatever it is, and settles: written out and read again it is the same.
/// What is to be saved is refused, or taken and then kept as it is. Neither prints a secret.
pub fn config_json(bytes: &[u8]) {
    let stored = read(bytes);
    let again = read(written(&stored, Secrets::Clear).as_bytes());
    assert_eq!(again.wifi, stored.wifi);
    let (first, second) = (
        written(&stored, Secrets::Clear),
        written(&again, Secrets::Clear),
    );
    assert_eq!(first, second);
    save(bytes, &stored);
    save(bytes, &Config::default());
}

/// Saves over `current`.
fn save(bytes: &[u8], current: &Config) {
    let taken = match parse_strict(bytes, current.as_ref(), &Defaults::default()) {
        Ok(taken) => taken,
        Err(error) => {
            assert!(error.to_string().starts_with("Invalid "));
            return;
        }
    };
    // A mask where nothing stands behind it is a text like any other, and cannot come back.
    let masked = bytes
        .windows(MASK.len())
        .any(|window| window == MASK.as_bytes());
    if !masked {
        let clear = written(&taken, Secrets::Clear);
        let kept = parse_strict(
            clear.as_bytes(),
            Config::default().as_ref(),
            &Defaults::default(),
        );
        assert_eq!(kept.as_ref(), Ok(&taken));
        let shown = written(&taken, Secrets::Masked);
        let kept = parse_strict(shown.as_bytes(), taken.as_ref(), &Defaults::default());
        assert_eq!(
            kept.as_ref(),
            Ok(&taken),
            "secrets that were shown as a mask are kept"
        );
    }
    shows_no_key(&taken);
}

fn read(bytes: &[u8]) -> Config {
    load(bytes, &Defaults::default(), &mut |warning| {
        assert!(!warning.to_string().is_empty());
    })
}

fn written(config: &Config, secrets: Secrets) -> String {
    let Config { wifi, services } = config;
    ConfigRef { wifi, services }.json(secrets).to_string()
}

/// The debug form of a configuration names no key: it prints as it would with every key another.
fn shows_no_key(config: &Config) {
    let mut other = config.clone();
    for network in &mut other.wifi.networks {
        if let crate::net::Security::Personal(key) = &mut network.security {
            *key = crate::net::Passphrase::from_raw(&[7; 32]);
        }
    }
    assert_eq!(std::format!("{config:?}"), std::format!("{other:?}"));
}
