//! hostapd, as the access point of a board: its configuration, and what it says.

mod event;

pub use event::Event;

use std::fmt::Write;
use std::path::Path;

use landfall_core::net::{Channel, Ipv4Net, KeyMaterial, Passphrase, Ssid};
use landfall_device::runtime::Target;
use zeroize::Zeroizing;

use crate::wpa::bss::frequency;
use crate::wpa::text::hex;

/// Beacons that announce a move before it is made: half a second in which every phone hears one.
const MOVE_BEACONS: u8 = 5;
/// Bytes of the longest configuration, so that no copy of the key is left behind by its growing.
const CONFIG_MAX: usize = 1024;

/// An access point to be brought up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessPoint {
    /// Its name.
    pub ssid: Ssid,
    /// Its key; none: open.
    pub key: Option<Passphrase>,
    /// Whether it hides its name.
    pub hidden: bool,
    /// Most clients.
    pub max_clients: u8,
    /// Its address and network.
    pub address: Ipv4Net,
}

impl AccessPoint {
    /// What the machine wants to be brought up; none: this is no access point.
    pub fn of(target: Target<'_>) -> Option<Self> {
        let Target::Ap(ap) = target else {
            return None;
        };
        Some(Self {
            ssid: ap.ssid,
            key: ap.key.cloned(),
            hidden: ap.hidden,
            max_clients: ap.max_clients,
            address: ap.address,
        })
    }

    /// The configuration of hostapd for it, which holds its key.
    pub fn config(
        &self,
        interface: &str,
        control: &Path,
        channel: Channel,
        country: Option<&str>,
    ) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(CONFIG_MAX));
        // A String takes everything.
        let _ = self.write_config(&mut text, interface, control, channel, country);
        text
    }

    fn write_config(
        &self,
        text: &mut String,
        interface: &str,
        control: &Path,
        channel: Channel,
        country: Option<&str>,
    ) -> std::fmt::Result {
        writeln!(text, "interface={interface}\ndriver=nl80211")?;
        writeln!(text, "ctrl_interface={}", control.display())?;
        // The world is no country to hostapd: it does not start with one that is not of letters.
        let of_letters = |code: &&str| code.bytes().all(|byte| byte.is_ascii_alphabetic());
        if let Some(country) = country.filter(of_letters) {
            writeln!(text, "country_code={country}")?;
        }
        writeln!(text, "ssid2={}", hex(self.ssid.as_bytes()))?;
        writeln!(text, "ignore_broadcast_ssid={}", u8::from(self.hidden))?;
        // Of 5 GHz only where the station already is.
        let mode = if channel.number() > 14 { 'a' } else { 'g' };
        writeln!(text, "hw_mode={mode}\nchannel={}", channel.number())?;
        writeln!(text, "ieee80211n=1\nwmm_enabled=1")?;
        writeln!(text, "max_num_sta={}", self.max_clients)?;
        // One that went without a word is noticed within a minute.
        writeln!(text, "ap_max_inactivity=60")?;
        let Some(key) = &self.key else {
            return Ok(());
        };
        writeln!(text, "wpa=2\nwpa_key_mgmt=WPA-PSK\nrsn_pairwise=CCMP")?;
        match key.material() {
            KeyMaterial::Phrase(phrase) => writeln!(text, "wpa_passphrase={phrase}"),
            KeyMaterial::Raw(key) => writeln!(text, "wpa_psk={}", *Zeroizing::new(hex(key))),
        }
    }
}

/// Asks for a move to that channel, announced to the clients.
pub fn move_request(channel: Channel) -> String {
    format!("CHAN_SWITCH {MOVE_BEACONS} {} ht", frequency(channel))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn an_access_point_is_said() {
        let ap = AccessPoint {
            ssid: Ssid::new(b"Landfall-56789A").unwrap(),
            key: Some(Passphrase::new(b"ABCDEFGH2345").unwrap()),
            hidden: false,
            max_clients: 4,
            address: Ipv4Net::AP_DEFAULT,
        };
        let channel = Channel::new(11).unwrap();
        let text = ap.config(
            "ap0",
            Path::new("/run/landfall/hostapd"),
            channel,
            Some("DE"),
        );
        expect![[r#"
            interface=ap0
            driver=nl80211
            ctrl_interface=/run/landfall/hostapd
            country_code=DE
            ssid2=4c616e6466616c6c2d353637383941
            ignore_broadcast_ssid=0
            hw_mode=g
            channel=11
            ieee80211n=1
            wmm_enabled=1
            max_num_sta=4
            ap_max_inactivity=60
            wpa=2
            wpa_key_mgmt=WPA-PSK
            rsn_pairwise=CCMP
            wpa_passphrase=ABCDEFGH2345
        "#]]
        .assert_eq(&text);
        assert!(text.len() < CONFIG_MAX / 2);
        assert!(!format!("{ap:?}").contains("ABCDEFGH2345"));
        let open = AccessPoint {
            key: None,
            hidden: true,
            ..ap
        };
        let five = Channel::of_either_band(36).unwrap();
        let text = open.config("ap0", Path::new("/run/x"), five, None);
        assert!(text.contains("hw_mode=a\nchannel=36\n"));
        assert!(!text.contains("wpa") && text.contains("ignore_broadcast_ssid=1"));
        assert_eq!(move_request(channel), "CHAN_SWITCH 5 2462 ht");
    }
}
