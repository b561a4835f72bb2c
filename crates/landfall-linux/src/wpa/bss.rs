//! What wpa_supplicant heard, as rows of a scan.

use landfall_core::net::{Bssid, Channel, Ssid};
use landfall_core::radio::{AuthMode, ScanRow};

use super::text::{decode, line};

/// Which fields of a row are asked for: id, BSSID, frequency, level, age, flags, SSID, and a line
/// between the rows (`WPA_BSS_MASK_…`).
const MASK: u32 = 1 | 1 << 1 | 1 << 2 | 1 << 7 | 1 << 9 | 1 << 11 | 1 << 12 | 1 << 17;
/// The line between two rows.
const DELIMITER: &str = "====";

/// One access point that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its place in wpa_supplicant's list.
    pub id: u32,
    /// Seconds since it was heard last.
    pub age_s: u32,
    /// What was heard; none: on a channel that is not ours to use.
    pub row: Option<ScanRow>,
}

/// Asks for the rows from that place on: an answer holds some thirty of them.
pub fn request(from: u32) -> String {
    format!("BSS RANGE={from}- MASK=0x{MASK:x}")
}

/// The rows of an answer. One that is cut off at its end is left out.
pub fn rows(answer: &str) -> impl Iterator<Item = Row> {
    answer.split(DELIMITER).filter_map(row)
}

fn row(text: &str) -> Option<Row> {
    let id = line(text, "id")?.parse().ok()?;
    let age_s = line(text, "age").and_then(|age| age.parse().ok());
    Some(Row {
        id,
        age_s: age_s.unwrap_or(0),
        row: heard(text),
    })
}

fn heard(text: &str) -> Option<ScanRow> {
    let channel = channel(line(text, "freq")?.parse().ok()?)?;
    let level: i32 = line(text, "level")?.parse().ok()?;
    let name = decode(line(text, "ssid")?);
    // An access point that hides its name sends none, or as many zeros as it has bytes.
    let hidden = name.iter().all(|byte| *byte == 0);
    Some(ScanRow {
        ssid: if hidden {
            None
        } else {
            Some(Ssid::new(&name).ok()?)
        },
        bssid: Bssid::parse(line(text, "bssid")?.as_bytes())?,
        channel,
        rssi: level.clamp(-127, 0) as i8,
        auth: auth(line(text, "flags").unwrap_or_default()),
    })
}

/// How it lets in, from flags like `[WPA2-PSK+SAE-CCMP][ESS]`.
fn auth(flags: &str) -> AuthMode {
    let groups = || flags.split(['[', ']']).filter(|group| !group.is_empty());
    let suites = |group: &str| -> Option<(bool, bool, bool)> {
        let suites = group.strip_prefix("WPA2-").or(group.strip_prefix("RSN-"))?;
        Some((
            suites.contains("PSK"),
            suites.contains("SAE"),
            suites.contains("EAP"),
        ))
    };
    match groups().find_map(suites) {
        Some((true, true, _)) => AuthMode::Wpa2Wpa3,
        Some((true, false, _)) => AuthMode::Wpa2,
        Some((false, true, _)) => AuthMode::Wpa3,
        Some((false, false, true)) => AuthMode::Enterprise,
        Some((false, false, false)) => AuthMode::Other,
        None if groups().any(|group| group.starts_with("WPA-") && group.contains("EAP")) => {
            AuthMode::Enterprise
        }
        None if groups().any(|group| group.starts_with("WPA-") || group == "WEP") => {
            AuthMode::Other
        }
        None => AuthMode::Open,
    }
}

/// The channel of a frequency in MHz; none outside the bands of 2.4 and 5 GHz.
pub fn channel(frequency: u16) -> Option<Channel> {
    let number = match frequency {
        2484 => 14,
        2412..=2472 if (frequency - 2407).is_multiple_of(5) => (frequency - 2407) / 5,
        5180..=5885 if frequency.is_multiple_of(5) => (frequency - 5000) / 5,
        _ => return None,
    };
    Channel::of_either_band(u8::try_from(number).ok()?)
}

/// The frequency of a channel, in MHz.
pub fn frequency(channel: Channel) -> u16 {
    match channel.number() {
        14 => 2484,
        number @ ..14 => 2407 + 5 * u16::from(number),
        number => 5000 + 5 * u16::from(number),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    fn check(answer: &str, expected: Expect) {
        let text: Vec<_> = rows(answer)
            .map(|Row { id, age_s, row }| match row {
                Some(row) => format!(
                    "{id} {age_s} s: {:?} {} {} {} dBm {:?}\n",
                    row.ssid.map(|ssid| ssid.to_string()),
                    row.bssid,
                    row.channel.number(),
                    row.rssi,
                    row.auth
                ),
                None => format!("{id} {age_s} s: not ours\n"),
            })
            .collect();
        expected.assert_eq(&text.concat());
    }

    #[test]
    fn rows_are_read() {
        check(
            "\
id=0\nbssid=02:00:00:00:01:00\nfreq=2437\nlevel=-30\nage=2\nflags=[WPA2-PSK-CCMP][ESS]\nssid=HomeNet\n====\n\
id=1\nbssid=02:00:00:00:02:00\nfreq=2412\nlevel=-61\nage=0\nflags=[WPA2-PSK+SAE-CCMP][SAE-H2E][ESS]\nssid=Caf\\xc3\\xa9\n====\n\
id=2\nbssid=02:00:00:00:03:00\nfreq=2462\nlevel=-80\nage=9\nflags=[WPA2-SAE-CCMP][ESS]\nssid=\n====\n\
id=3\nbssid=02:00:00:00:04:00\nfreq=5180\nlevel=-40\nage=0\nflags=[ESS]\nssid=five\n====\n\
id=4\nbssid=02:00:00:00:05:00\nfreq=2484\nlevel=-40\nage=0\nflags=[ESS]\nssid=CafeFree\n====\n\
id=5\nbssid=02:00:00:00:06:00\nfreq=2472\nlevel=-40\nage=0\nflags=[WPA-EAP-TKIP][WPA2-EAP-CCMP][ESS]\nssid=\\x00\\x00\n====\n\
id=6\nbssid=02:00:00:00:07:00\nfreq=2472\nlevel=-40\nage=0\nflags=[WPA-PSK-TKIP][ESS]\nssid=old\n====\n\
id=7\nbssid=02:00:00:00:07",
            expect![[r#"
                0 2 s: Some("HomeNet") 02:00:00:00:01:00 6 -30 dBm Wpa2
                1 0 s: Some("Café") 02:00:00:00:02:00 1 -61 dBm Wpa2Wpa3
                2 9 s: None 02:00:00:00:03:00 11 -80 dBm Wpa3
                3 0 s: Some("five") 02:00:00:00:04:00 36 -40 dBm Open
                4 0 s: Some("CafeFree") 02:00:00:00:05:00 14 -40 dBm Open
                5 0 s: None 02:00:00:00:06:00 13 -40 dBm Enterprise
                6 0 s: Some("old") 02:00:00:00:07:00 13 -40 dBm Other
                7 0 s: not ours
            "#]],
        );
    }

    #[test]
    fn channels_and_frequencies_are_one() {
        for known in (1..=255).filter_map(Channel::of_either_band) {
            assert_eq!(channel(frequency(known)), Some(known));
        }
        assert_eq!(channel(5180), Channel::of_either_band(36));
        assert_eq!(channel(5885), Channel::of_either_band(177));
        assert_eq!(channel(5955), None);
        assert_eq!(channel(2413), None);
        assert_eq!(channel(2477), None);
    }
}
