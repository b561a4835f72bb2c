//! A network, said to wpa_supplicant.

use landfall_core::net::{Bssid, Channel, KeyMaterial, Security, Ssid};
use zeroize::Zeroizing;

use super::Channels;
use super::bss::frequency;
use super::text::hex;

/// A network to be joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its name.
    pub ssid: Ssid,
    /// How it lets in.
    pub security: Security,
    /// The one access point to take; none: any of that name.
    pub bssid: Option<Bssid>,
    /// Where to look; none: on all channels.
    pub channel: Option<Channel>,
}

impl Network {
    /// Its variables and their values, in the order they are to be set. A value may hold the key, and
    /// is wiped. `all` is where a network is looked for that may be anywhere.
    pub fn variables(&self, all: &Channels) -> Vec<(&'static str, Zeroizing<String>)> {
        let mut set = Vec::new();
        let mut say = |name, value: String| set.push((name, Zeroizing::new(value)));
        say("ssid", hex(self.ssid.as_bytes()));
        // A directed probe finds a network that hides its name, and costs nothing where it does not.
        say("scan_ssid", "1".into());
        match &self.security {
            Security::Open => say("key_mgmt", "NONE".into()),
            Security::Personal(key) => match key.material() {
                KeyMaterial::Phrase(phrase) => {
                    say("key_mgmt", "WPA-PSK WPA-PSK-SHA256 SAE".into());
                    // A phrase has no control character, and quotes inside it are taken as they are.
                    say("psk", format!("\"{phrase}\""));
                }
                // SAE is made of the phrase, which nobody knows here.
                KeyMaterial::Raw(key) => {
                    say("key_mgmt", "WPA-PSK WPA-PSK-SHA256".into());
                    say("psk", hex(key));
                }
            },
        }
        if self.security.is_secure() {
            say("proto", "RSN".into());
            say("pairwise", "CCMP".into());
            say("group", "CCMP TKIP".into());
            // Management frames are protected where the access point can: WPA3 wants it.
            say("ieee80211w", "1".into());
        }
        if let Some(bssid) = self.bssid {
            say("bssid", bssid.to_string().to_lowercase());
        }
        let here = self.channel.map(|channel| frequency(channel).to_string());
        let here = here.unwrap_or_else(|| all.frequencies(" "));
        say("scan_freq", here.clone());
        say("freq_list", here);
        set
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(password: &str, bssid: Option<Bssid>, channel: Option<u8>, expected: Expect) {
        let network = Network {
            ssid: Ssid::new(b"Caf\xc3\xa9 \"1\"").unwrap(),
            security: Security::from_password(password.as_bytes()).unwrap(),
            bssid,
            channel: channel.and_then(Channel::new),
        };
        let set = network.variables(&Channels::default());
        let lines: Vec<_> = set
            .iter()
            .map(|(name, value)| format!("{name} {}\n", **value))
            .collect();
        expected.assert_eq(&lines.concat());
        assert!(password.is_empty() || !format!("{network:?}").contains(password));
    }

    #[test]
    fn networks_are_said() {
        check(
            "correct \"horse",
            Bssid::parse(b"02:00:00:00:01:0A"),
            Some(6),
            expect![[r#"
                ssid 436166c3a920223122
                scan_ssid 1
                key_mgmt WPA-PSK WPA-PSK-SHA256 SAE
                psk "correct "horse"
                proto RSN
                pairwise CCMP
                group CCMP TKIP
                ieee80211w 1
                bssid 02:00:00:00:01:0a
                scan_freq 2437
                freq_list 2437
            "#]],
        );
        check(
            "",
            None,
            None,
            expect![[r#"
                ssid 436166c3a920223122
                scan_ssid 1
                key_mgmt NONE
                scan_freq 2412 2437 2462 2472 2417 2422 2427 2432 2442 2447 2452 2457 2467 2484
                freq_list 2412 2437 2462 2472 2417 2422 2427 2432 2442 2447 2452 2457 2467 2484
            "#]],
        );
        check(
            &"0a".repeat(32),
            None,
            Some(11),
            expect![[r#"
                ssid 436166c3a920223122
                scan_ssid 1
                key_mgmt WPA-PSK WPA-PSK-SHA256
                psk 0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a
                proto RSN
                pairwise CCMP
                group CCMP TKIP
                ieee80211w 1
                scan_freq 2462
                freq_list 2462
            "#]],
        );
    }
}
