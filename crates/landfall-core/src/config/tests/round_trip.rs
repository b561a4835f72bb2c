//! What is written is read back, whatever it is; and no bytes bring the reader down.

use proptest::prelude::*;

use super::*;
use crate::net::{Hostname, Mac};

pub(super) fn security() -> impl Strategy<Value = Security> {
    prop_oneof![
        Just(Security::Open),
        "[ -~]{8,63}"
            .prop_filter("the mask is no password", |text| text != MASK)
            .prop_map(|text| Security::Personal(Passphrase::new(text.as_bytes()).unwrap())),
        any::<[u8; 32]>().prop_map(|key| Security::Personal(Passphrase::from_raw(&key))),
    ]
}

fn ssid() -> impl Strategy<Value = Ssid> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 1..=32),
        "[a-z\"\\\\\u{e4}]{1,8}".prop_map(String::into_bytes),
    ]
    .prop_map(|bytes| Ssid::new(&bytes).unwrap())
}

prop_compose! {
    fn network()(
        ssid in ssid(),
        security in security(),
        bssid in any::<Option<[u8; 6]>>(),
        hidden: bool,
        enables_webrepl: bool,
    ) -> KnownNetwork {
        let mut network = KnownNetwork::new(ssid, security);
        network.bssid = bssid.map(Mac);
        network.hidden = hidden;
        network.enables_webrepl = enables_webrepl;
        network
    }
}

prop_compose! {
    fn ap()(
        ssid in prop::option::of(ssid()),
        security in security(),
        own: bool,
        channel in prop::option::of(1_u8..=13),
        hidden: bool,
        max_clients in 1..=AP_CLIENTS_MAX,
        policy in 0_usize..3,
    ) -> ApSettings {
        ApSettings {
            ssid,
            security: match security {
                Security::Personal(key) if matches!(key.material(), crate::net::KeyMaterial::Phrase(_)) => ApSecurity::Key(key),
                Security::Open if own => ApSecurity::Open,
                Security::Open | Security::Personal(_) => ApSecurity::DeviceSecret,
            },
            channel: channel.and_then(Channel::new),
            hidden,
            max_clients,
            start_policy: StartPolicy::ALL[policy],
            ..ApSettings::default()
        }
    }
}

prop_compose! {
    fn services()(
        hostname in prop::option::of("[a-z]{1,32}"),
        password in prop::option::of("[ -~]{9,64}"),
        claim in "[a-z]{0,32}",
        ca_pem in "[ -~\n\u{e4}]{0,200}",
        tx_power_dbm in prop::option::of(2_u8..=20),
        country in prop::option::of(Just(*b"DE")),
        level in 0_usize..5,
    ) -> Services {
        Services {
            hostname: hostname.and_then(|text| Hostname::new(&text)),
            config_server_password: password.and_then(|text| Secret::new(&text)),
            fleet_claim: Secret::new(&claim).unwrap(),
            fleet_ca_pem: ca_pem.as_str().try_into().unwrap(),
            tx_power_dbm,
            country,
            log_level: LogLevel::ALL[level],
            ..Services::default()
        }
    }
}

prop_compose! {
    /// Any configuration whose networks have different names.
    pub(super) fn config()(
        mode in 0_u8..4,
        networks in prop::collection::vec(network(), 0..=MAX_NETWORKS),
        ap in ap(),
        max_retry in 1_u8..=50,
        services in services(),
    ) -> Config {
        let mut config = Config { services, ..Config::default() };
        config.wifi.mode = Mode::try_from(mode).unwrap();
        for network in networks {
            if config.wifi.networks.iter().all(|known| known.ssid != network.ssid) {
                let _ = config.wifi.networks.push(network);
            }
        }
        config.wifi.ap = ap;
        config.wifi.station.max_retry = max_retry;
        config
    }
}

proptest! {
    #[test]
    fn any_configuration_comes_back(config in config()) {
        let clear = config.as_ref().json(Secrets::Clear).to_string();
        let (back, warnings) = loaded(&clear);
        prop_assert_eq!(&warnings, "");
        prop_assert_eq!(&back, &config);
        let masked = config.as_ref().json(Secrets::Masked).to_string();
        let kept = parse_strict(masked.as_bytes(), config.as_ref(), &Defaults::default());
        prop_assert_eq!(kept, Ok(config));
    }

    #[test]
    fn any_bytes_are_loaded_and_judged(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let nothing = Config::default();
        load(&bytes, &Defaults::default(), &mut |_| {});
        let _ = parse_strict(&bytes, nothing.as_ref(), &Defaults::default());
        let _ = parse_network(&bytes, nothing.as_ref());
    }

    /// A document with a piece of it replaced by another, or by anything: what was loaded from it
    /// is written and loaded again as the same.
    #[test]
    fn a_mangled_document_settles(
        from in 0..FULL.len(),
        len in 0_usize..40,
        with in r#"null|""|"short"|\{"a":1\}|\[\]|-1|"ssid":"|[ -~]{0,12}"#,
    ) {
        let mut document = String::from(FULL);
        document.replace_range(from..FULL.len().min(from + len), &with);
        let (once, _) = loaded(&document);
        let written = once.as_ref().json(Secrets::Clear).to_string();
        let (twice, _) = loaded(&written);
        prop_assert_eq!(&twice.wifi, &once.wifi);
        prop_assert_eq!(twice.as_ref().json(Secrets::Clear).to_string(), written);
    }
}
