//! The stored form: golden bytes, bounds, and whatever else may stand in the flash.

use proptest::prelude::*;

use super::round_trip::config;
use super::*;
use crate::command::Verdict;
use crate::config::stored::{
    Head, NETWORKS_MAX, PIECE_MAX, SETTINGS_MAX, Slot, Stored, VERSION, encode_networks,
    encode_settings,
};
use crate::manager::{LastGood, Record};
use crate::net::{Hostname, Mac};
use crate::radio::FailureClass;

fn record<'a>(networks: &'a Networks, candidate: &'a Ssid) -> Record<'a> {
    Record {
        networks,
        candidate: Some((candidate, Verdict::Failed(FailureClass::WrongPassword))),
        last_good: Some(LastGood {
            bssid: Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]),
            channel: Channel::new(6).unwrap(),
        }),
    }
}

/// Both pieces read back; the warnings, one per line.
fn read(settings: &[u8], networks: &[u8]) -> (Stored, String) {
    let mut warnings = String::new();
    let mut warn = |warning: &Warning<'_>| warnings += &format!("{warning}\n");
    let mut stored = Stored::new(&Defaults::default());
    stored.read_settings(settings, &mut warn);
    stored.read_networks(networks, &mut warn);
    (stored, warnings)
}

/// Sixteen bytes a line.
fn hex(bytes: &[u8]) -> String {
    bytes
        .chunks(16)
        .map(|line| line.iter().map(|b| format!("{b:02x}")).collect::<String>() + "\n")
        .collect()
}

#[test]
fn the_bytes_of_version_1() {
    let (mut config, _) = loaded(&FULL.replace("\"schema\":2", "\"schema\":2,\"x\":1"));
    config.wifi.networks[0].proven = true;
    let candidate = Ssid::new(b"Candidate").unwrap();
    let mut buffer = [0; PIECE_MAX];
    let networks = record(&config.wifi.networks, &candidate);
    let networks = encode_networks(&networks, &mut buffer).unwrap();
    expect![[r#"
        01020b486f6d654e6574776f726b0109
        50617373776f7264320000010102ff00
        0001246f2856789a010000010943616e
        6469646174651001246f2856789a06
    "#]]
    .assert_eq(&hex(networks));
    let mut buffer = [0; PIECE_MAX];
    let settings = encode_settings(config.as_ref(), &mut buffer).unwrap();
    expect![[r#"
        0101010f4d6963726f707974686f6e2d
        44657601085040353557307264010b01
        0901000a01000110a84606d836010f6c
        616e6466616c6c2d3536373839610b4c
        616220312c206c65667401010b6d6963
        726f707974686f6e010a6174206c6561
        73742038011568747470733a2f2f666c
        6565742e6578616d706c650a636c6169
        6d2d636f64650b2d2d2d2d2d42454749
        4e0a0d6d7174743a2f2f62726f6b6572
        026d6506736563726574012168747470
        3a2f2f70726f62652e6578616d706c65
        2f67656e65726174655f323034013031
        010f0102010104087b226178223a317d
    "#]]
    .assert_eq(&hex(settings));
    let (stored, warnings) = read(settings, networks);
    assert_eq!(warnings, "");
    assert_eq!(stored.config, config);
    assert_eq!(
        stored.candidate,
        Some((candidate, Verdict::Failed(FailureClass::WrongPassword)))
    );
    assert_eq!(stored.last_good.map(|last| last.channel.number()), Some(6));
}

#[test]
fn the_largest_pieces_fill_their_bounds() {
    let key = || Passphrase::new(&[b'~'; 63]).unwrap();
    let text = |len| "x".repeat(len);
    let mut config = Config::default();
    for n in 0..16 {
        let mut network =
            KnownNetwork::new(Ssid::new(&[n; 32]).unwrap(), Security::Personal(key()));
        network.bssid = Some(Mac([0xff; 6]));
        config.wifi.networks.push(network).unwrap();
    }
    config.wifi.ap.ssid = Ssid::new(&[1; 32]).ok();
    config.wifi.ap.security = ApSecurity::Key(key());
    config.wifi.ap.channel = Channel::new(13);
    config.wifi.station.connect_timeout_ms = 60_000;
    config.wifi.station.fallback_deadline_ms = 600_000;
    let extra = format!(r#"{{"a":"{}"}}"#, text(EXTRA_MAX - 8));
    config.services = Services {
        hostname: Hostname::new(&text(32)),
        device_name: text(64).as_str().try_into().unwrap(),
        config_server_password: Secret::new(&text(64)),
        webrepl_password: Secret::new(&text(64)),
        fleet_url: text(128).as_str().try_into().unwrap(),
        fleet_claim: Secret::new(&text(32)).unwrap(),
        fleet_ca_pem: text(2048).as_str().try_into().unwrap(),
        mqtt_url: text(128).as_str().try_into().unwrap(),
        mqtt_user: text(64).as_str().try_into().unwrap(),
        mqtt_password: Secret::new(&text(64)).unwrap(),
        internet_probe_url: text(128).as_str().try_into().unwrap(),
        country: Some(*b"DE"),
        tx_power_dbm: Some(20),
        led_pin: Some(48),
        led_active_low: Some(true),
        extra: Extra::from_text(&extra).unwrap(),
        ..Services::default()
    };
    let candidate = Ssid::new(&[2; 32]).unwrap();
    let mut buffer = [0; PIECE_MAX];
    let networks = encode_networks(&record(&config.wifi.networks, &candidate), &mut buffer);
    let networks = networks.unwrap().len();
    let mut buffer = [0; PIECE_MAX];
    let settings = encode_settings(config.as_ref(), &mut buffer).unwrap().len();
    expect!["networks 1773 of 1773, settings 3736 of 3740"].assert_eq(&format!(
        "networks {networks} of {NETWORKS_MAX}, settings {settings} of {SETTINGS_MAX}"
    ));
    assert!(encode_settings(config.as_ref(), &mut [0; 100]).is_err());
    assert!(encode_settings(config.as_ref(), &mut []).is_err());
}

#[test]
fn every_verdict_comes_back() {
    use FailureClass as C;
    let classes = [
        C::WrongPassword,
        C::NotFound,
        C::SecurityMismatch,
        C::WeakSignal,
        C::ApFull,
        C::ApComeback,
        C::NoAddress,
        C::Transient,
        C::OwnDoing,
    ];
    let others = [
        Verdict::Trying,
        Verdict::Ok,
        Verdict::Interrupted,
        Verdict::SaveFailed,
    ];
    let networks = Networks::new();
    let ssid = Ssid::new(b"A").unwrap();
    for verdict in classes.map(Verdict::Failed).into_iter().chain(others) {
        let record = Record {
            candidate: Some((&ssid, verdict)),
            ..record(&networks, &ssid)
        };
        let mut buffer = [0; PIECE_MAX];
        let (stored, _) = read(&[], encode_networks(&record, &mut buffer).unwrap());
        assert_eq!(stored.candidate, Some((ssid, verdict)));
    }
}

#[test]
fn an_unreadable_piece_leaves_the_default_with_a_warning() {
    let (stored, warnings) = read(&[9, 1, 2], &[]);
    expect![[r#"
        stored_settings: not readable, defaults are used
        stored_networks: not readable, defaults are used
    "#]]
    .assert_eq(&warnings);
    assert_eq!(stored, Stored::new(&Defaults::default()));
}

/// The mask of such a network overflowed once.
#[test]
fn a_prefix_over_32_is_no_network() {
    let mut config = Config::default();
    config.wifi.ap.address.prefix = 33;
    let mut buffer = [0; PIECE_MAX];
    let (stored, warnings) = read(encode_settings(config.as_ref(), &mut buffer).unwrap(), &[]);
    assert_eq!(stored.config, Config::default());
    assert!(
        warnings.starts_with("stored_settings.ap_address: "),
        "{warnings}"
    );
}

#[test]
fn the_head_says_which_slot_is_in_force() {
    for slot in [Slot::A, Slot::B] {
        for on_trial in [false, true] {
            let head = Head { slot, on_trial };
            assert_eq!(Head::decode(&head.encode()), Some(head));
        }
    }
    for wrong in [&[][..], &[1, 2, 0], &[1, 0, 2], &[2, 0, 0], &[1, 0, 0, 0]] {
        assert_eq!(Head::decode(wrong), None, "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn any_configuration_comes_back(config in config()) {
        let ssid = Ssid::new(b"A").unwrap();
        let (mut a, mut b) = ([0; PIECE_MAX], [0; PIECE_MAX]);
        let settings = encode_settings(config.as_ref(), &mut a).unwrap();
        let networks = encode_networks(&record(&config.wifi.networks, &ssid), &mut b).unwrap();
        prop_assert!(settings.len() <= SETTINGS_MAX && networks.len() <= NETWORKS_MAX);
        let (stored, warnings) = read(settings, networks);
        prop_assert_eq!(&warnings, "");
        prop_assert_eq!(stored.config, config);
    }

    #[test]
    fn any_bytes_are_read(mut bytes in prop::collection::vec(any::<u8>(), 0..300), version: bool) {
        if let (true, Some(first)) = (version, bytes.first_mut()) {
            *first = VERSION;
        }
        read(&bytes, &bytes);
    }

    /// A right piece with one byte changed still gives a configuration that can be written,
    /// loaded and stored again as it is.
    #[test]
    fn a_byte_that_flipped_does_no_harm(config in config(), at in any::<prop::sample::Index>(), to: u8) {
        let mut buffer = [0; PIECE_MAX];
        let len = encode_settings(config.as_ref(), &mut buffer).unwrap().len();
        buffer[at.index(len)] = to;
        let (stored, _) = read(&buffer[..len], &[]);
        let json = stored.config.as_ref().json(Secrets::Clear).to_string();
        prop_assert!(crate::json::parse(json.as_bytes()).is_ok());
        let mut again = [0; PIECE_MAX];
        let bytes = encode_settings(stored.config.as_ref(), &mut again).unwrap();
        prop_assert_eq!(read(bytes, &[]).0, stored);
    }
}
