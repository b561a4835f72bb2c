//! What wpa_supplicant says without being asked.

use landfall_core::net::Bssid;

use super::text::{value, without_level};

/// One line of it, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The scan is over; what it heard may be asked for.
    ScanResults,
    /// The driver did not scan.
    ScanFailed,
    /// Associated, and the keys are in place.
    Connected {
        /// Whom.
        bssid: Bssid,
    },
    /// The link is down, or did not come up.
    Disconnected {
        /// The reason code of IEEE 802.11.
        reason: u16,
        /// We said it, not the access point.
        locally: bool,
    },
    /// Authentication was refused.
    AuthReject {
        /// The algorithm: 0 open, 3 SAE.
        algorithm: u16,
        /// The status code of IEEE 802.11.
        status: u16,
    },
    /// Association was refused.
    AssocReject {
        /// The status code of IEEE 802.11.
        status: u16,
        /// Nobody answered.
        timed_out: bool,
    },
    /// Nothing that was heard is the network to be joined.
    NotFound,
    /// The network was set aside because its key does not open it.
    WrongKey,
    /// The network was set aside after failures of another kind.
    SetAside,
    /// The access point moved to that frequency, in MHz, and the link with it.
    ChannelSwitch {
        /// In MHz.
        frequency: u16,
    },
    /// The interface is gone, or was taken down.
    InterfaceDown,
    /// It ends.
    Terminating,
    /// Something else.
    Other,
}

impl Event {
    /// Reads a line as it came, with or without its `<level>`.
    pub fn parse(line: &str) -> Self {
        let line = without_level(line);
        let number = |key| value(line, key).and_then(|text| text.parse::<u16>().ok());
        let first = line.split(' ').next().unwrap_or_default();
        match first {
            "CTRL-EVENT-SCAN-RESULTS" => Self::ScanResults,
            "CTRL-EVENT-SCAN-FAILED" => Self::ScanFailed,
            "CTRL-EVENT-CONNECTED" => match address_in(line) {
                Some(bssid) => Self::Connected { bssid },
                None => Self::Other,
            },
            "CTRL-EVENT-DISCONNECTED" => Self::Disconnected {
                reason: number("reason").unwrap_or(1),
                locally: value(line, "locally_generated") == Some("1"),
            },
            "CTRL-EVENT-AUTH-REJECT" => Self::AuthReject {
                algorithm: number("auth_type").unwrap_or(0),
                status: number("status_code").unwrap_or(1),
            },
            "CTRL-EVENT-ASSOC-REJECT" => Self::AssocReject {
                status: number("status_code").unwrap_or(1),
                timed_out: line.split(' ').any(|word| word.starts_with("timeout")),
            },
            "CTRL-EVENT-NETWORK-NOT-FOUND" => Self::NotFound,
            "CTRL-EVENT-SSID-TEMP-DISABLED" if value(line, "reason") == Some("WRONG_KEY") => {
                Self::WrongKey
            }
            "CTRL-EVENT-SSID-TEMP-DISABLED" => Self::SetAside,
            "CTRL-EVENT-CHANNEL-SWITCH" => match number("freq") {
                Some(frequency) => Self::ChannelSwitch { frequency },
                None => Self::Other,
            },
            "CTRL-EVENT-TERMINATING" => Self::Terminating,
            _ if line.starts_with("WPA: 4-Way Handshake failed") => Self::WrongKey,
            _ if line.ends_with(": Interface was disabled") || first == "INTERFACE_DISABLED" => {
                Self::InterfaceDown
            }
            _ => Self::Other,
        }
    }
}

/// The first hardware address among the words of a line.
fn address_in(line: &str) -> Option<Bssid> {
    line.split(' ')
        .find_map(|word| Bssid::parse(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(lines: &str, expected: Expect) {
        let read: Vec<_> = lines
            .lines()
            .map(|l| format!("{:?}", Event::parse(l)))
            .collect();
        expected.assert_eq(&(read.join("\n") + "\n"));
    }

    /// Lines of wpa_supplicant 2.10 beside hostapd 2.10 on simulated radios.
    #[test]
    fn lines_are_read() {
        check(
            "\
<3>CTRL-EVENT-SCAN-STARTED 
<3>CTRL-EVENT-SCAN-RESULTS 
<3>CTRL-EVENT-SCAN-FAILED ret=-16 retry=1
<3>CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:01:00 completed [id=0 id_str=]
<3>CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=15
<3>CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=4 locally_generated=1
<3>WPA: 4-Way Handshake failed - pre-shared key may be incorrect
<3>CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"HomeNet\" auth_failures=1 duration=10 reason=WRONG_KEY
<3>CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"HomeNet\" auth_failures=1 duration=10 reason=CONN_FAILED
<3>CTRL-EVENT-AUTH-REJECT 02:00:00:00:01:00 auth_type=3 auth_transaction=2 status_code=1
<3>CTRL-EVENT-AUTH-REJECT 02:00:00:00:01:00 auth_type=0 auth_transaction=2 status_code=17
<3>CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:01:00 status_code=17
<3>CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:01:00 status_code=16 timeout=assoc
<3>CTRL-EVENT-NETWORK-NOT-FOUND 
<3>CTRL-EVENT-CHANNEL-SWITCH freq=2462 ht_enabled=1 ch_offset=0 ch_width=20 MHz cf1=2462 cf2=0
<3>CTRL-EVENT-TERMINATING 
<3>CTRL-EVENT-CONNECTED - Connection to nobody",
            expect![[r#"
                Other
                ScanResults
                ScanFailed
                Connected { bssid: 02:00:00:00:01:00 }
                Disconnected { reason: 15, locally: false }
                Disconnected { reason: 4, locally: true }
                WrongKey
                WrongKey
                SetAside
                AuthReject { algorithm: 3, status: 1 }
                AuthReject { algorithm: 0, status: 17 }
                AssocReject { status: 17, timed_out: false }
                AssocReject { status: 16, timed_out: true }
                NotFound
                ChannelSwitch { frequency: 2462 }
                Terminating
                Other
            "#]],
        );
    }
}
