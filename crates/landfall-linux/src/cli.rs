//! What `landfalld` is told on its command line.

use std::path::PathBuf;

use clap::{ArgAction, Parser, ValueEnum};

use crate::button::Line;
use crate::radio::Dhcp;

/// Wi-Fi onboarding and connection management for a Linux board
///
/// Joins known networks, falls back to an access point with a captive portal, and tells what happens: on
/// a console at RUN/console, over HTTP, WebREPL and MQTT, and to a fleet server. It starts wpa_supplicant
/// and hostapd itself and needs an interface that nobody else manages. Ends at SIGTERM or SIGINT with
/// status 0 and the interfaces as they were found; 1: it failed, and a line says why; 2: wrong usage.
#[derive(Clone, Debug, Parser)]
#[command(name = "landfalld", version, after_help = EXAMPLE)]
pub struct Options {
    /// The Wi-Fi interface to use
    #[arg(long, value_name = "NAME")]
    pub interface: String,
    /// The interface of the access point; without it one is made on the same radio, and removed at the
    /// end. The same as --interface: station and access point in turn
    #[arg(long, value_name = "NAME")]
    pub ap_interface: Option<String>,
    /// The configuration that a blank store is given, in JSON
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The folder of the store
    #[arg(long, value_name = "DIR", default_value = "/var/lib/landfall")]
    pub state: PathBuf,
    /// The folder of the console and of what else is there only while it runs
    #[arg(long, value_name = "DIR", default_value = "/run/landfall")]
    pub run: PathBuf,
    /// Who asks for the station's address: our own client, or the system's, which watches the interface
    #[arg(long, value_name = "WHO", default_value = "own")]
    pub dhcp: DhcpBy,
    /// The LED that tells the state, as named in /sys/class/leds
    #[arg(long, value_name = "NAME")]
    pub led: Option<String>,
    /// The button that resets when it is held for 5 s: a line of a GPIO chip that it pulls low, as
    /// gpiochip0:17
    #[arg(long, value_name = "CHIP:LINE")]
    pub button: Option<Line>,
    /// The country whose rules for radios are kept, two letters; without it the configuration's, or as the
    /// system has it
    #[arg(long, value_name = "CC", value_parser = country)]
    pub country: Option<String>,
    /// Print where everything is as one line of JSON, when it listens
    #[arg(long)]
    pub json: bool,
    /// Log more: once for what happens, twice for how. RUST_LOG says it in detail
    #[arg(short, long, action = ArgAction::Count)]
    pub verbose: u8,
}

const EXAMPLE: &str = "\
Examples:
  landfalld --interface wlan0 --country DE
  landfalld --interface wlan0 --config networks.json --led ACT --button gpiochip0:17
  landfall console /run/landfall/console";

/// Who asks for the station's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DhcpBy {
    /// Our own client
    Own,
    /// The system's
    System,
}

impl From<DhcpBy> for Dhcp {
    fn from(by: DhcpBy) -> Self {
        match by {
            DhcpBy::Own => Self::Own,
            DhcpBy::System => Self::System,
        }
    }
}

fn country(text: &str) -> Result<String, &'static str> {
    let sound = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if sound {
        Ok(text.to_ascii_uppercase())
    } else {
        Err("two letters, as ISO 3166 has them")
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_options_are_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn options_are_read() {
        let read = |line: &str| Options::try_parse_from(line.split(' '));
        let options = read("landfalld --interface wlan0 --country de --button gpiochip0:17");
        let options = options.unwrap();
        assert_eq!(options.country.as_deref(), Some("DE"));
        assert_eq!(options.button.unwrap().to_string(), "/dev/gpiochip0:17");
        assert_eq!(options.run, PathBuf::from("/run/landfall"));
        for wrong in [
            "landfalld",
            "landfalld --interface wlan0 --country Germany",
            "landfalld --interface wlan0 --button 17",
            "landfalld --interface wlan0 --dhcp none",
        ] {
            assert_eq!(read(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
