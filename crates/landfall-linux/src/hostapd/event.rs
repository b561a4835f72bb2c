//! What hostapd says without being asked.

use landfall_core::net::{Channel, Mac};

use crate::wpa::bss::channel;
use crate::wpa::text::{value, without_level};

/// One line of it, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is up.
    Enabled,
    /// It is down, or could not come up.
    Disabled,
    /// A client joined.
    Joined(Mac),
    /// A client left.
    Left(Mac),
    /// It moved to that channel; none: to one that is not ours to use.
    Moved(Option<Channel>),
    /// It ends.
    Terminating,
    /// Something else.
    Other,
}

impl Event {
    /// Reads a line as it came, with or without its `<level>`.
    pub fn parse(line: &str) -> Self {
        let line = without_level(line);
        let mut words = line.split(' ');
        let first = words.next().unwrap_or_default();
        let mac = words.next().and_then(|word| Mac::parse(word.as_bytes()));
        match (first, mac) {
            ("AP-ENABLED", _) => Self::Enabled,
            ("AP-DISABLED" | "INTERFACE-DISABLED", _) => Self::Disabled,
            ("AP-STA-CONNECTED", Some(mac)) => Self::Joined(mac),
            ("AP-STA-DISCONNECTED", Some(mac)) => Self::Left(mac),
            ("AP-CSA-FINISHED", _) => {
                let frequency = value(line, "freq").and_then(|text| text.parse().ok());
                Self::Moved(frequency.and_then(channel))
            }
            ("CTRL-EVENT-TERMINATING", _) => Self::Terminating,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    /// Lines of hostapd 2.10 on simulated radios.
    #[test]
    fn lines_are_read() {
        let lines = "\
<3>AP-ENABLED 
<3>AP-STA-CONNECTED 02:00:00:00:01:00
<3>AP-STA-DISCONNECTED 02:00:00:00:01:00
<3>AP-STA-CONNECTED nobody
<3>CTRL-EVENT-CHANNEL-SWITCH freq=2437 ht_enabled=1 ch_offset=0 ch_width=20 MHz cf1=2437 cf2=0
<3>AP-CSA-FINISHED freq=2437 dfs=0
<3>AP-DISABLED 
<3>CTRL-EVENT-TERMINATING ";
        let read: Vec<_> = lines
            .lines()
            .map(|l| format!("{:?}\n", Event::parse(l)))
            .collect();
        expect![[r#"
            Enabled
            Joined(02:00:00:00:01:00)
            Left(02:00:00:00:01:00)
            Other
            Other
            Moved(Some(Channel(6)))
            Disabled
            Terminating
        "#]]
        .assert_eq(&read.concat());
    }
}
