//! The interfaces of a board: found, prepared, and left as they were.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use landfall_core::net::Mac;

use crate::netlink::{Link, Radio, Route};

/// Longest name of an interface, in bytes (`IFNAMSIZ` less its end).
const NAME_MAX: usize = 15;
/// What the name of an interface that we make ends with.
const AP_ENDING: &str = "-ap";
/// The bit of a hardware address that says that it was made up here, and one that tells two such apart.
const LOCAL_BIT: u8 = 0x02;
const OTHER_BIT: u8 = 0x04;

/// Why a board cannot be used.
#[derive(Debug)]
pub enum BoardError {
    /// There is no interface of that name.
    NoInterface(String),
    /// The interface is no wireless one.
    NotWireless(String),
    /// The name is no name of an interface.
    BadName(String),
    /// Somebody has an interface of the name that the access point's is to have.
    Taken(String),
    /// The kernel refused something.
    Kernel(&'static str, io::Error),
}

impl fmt::Display for BoardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoInterface(name) => {
                write!(
                    f,
                    "{name}: there is no such interface; name one that `iw dev` shows"
                )
            }
            Self::NotWireless(name) => {
                write!(
                    f,
                    "{name}: it is not a Wi-Fi interface; name one that `iw dev` shows"
                )
            }
            Self::BadName(name) => write!(
                f,
                "{name:?}: it is no name of an interface; name another one"
            ),
            Self::Taken(name) => write!(
                f,
                "{name}: there is an interface of that name; remove it by `iw dev {name} del`, or have it \
                 used by --ap-interface"
            ),
            Self::Kernel(what, error) if error.kind() == io::ErrorKind::PermissionDenied => {
                write!(
                    f,
                    "{what}: {error}; run it as root or with CAP_NET_ADMIN and CAP_NET_RAW"
                )
            }
            Self::Kernel(what, error) => write!(f, "{what}: {error}; see what `dmesg` says"),
        }
    }
}

impl std::error::Error for BoardError {}

/// The interfaces, as they are used.
pub struct Board {
    /// What addresses are set by.
    pub route: Route,
    /// The station's.
    pub interface: String,
    /// The same, as the kernel has it. It may have been down when it was found.
    pub station: Link,
    /// The access point's; the station's own where the radio does one after the other.
    pub ap_interface: String,
    /// Its number.
    pub ap_index: u32,
    /// Whether station and access point are up at once.
    pub both: bool,
    radio: Radio,
    /// The note that the access point's interface was made by us.
    made: Option<PathBuf>,
    /// The radio's power was limited by us.
    is_limited: bool,
}

impl Board {
    /// Takes the interface, and makes one for the access point on the same radio, or takes the one
    /// named. A radio that cannot be station and access point at once does one after the other.
    ///
    /// # Errors
    /// As [`BoardError`] says.
    pub fn prepare(interface: &str, ap: Option<&str>, run: &Path) -> Result<Self, BoardError> {
        for name in [Some(interface), ap].into_iter().flatten() {
            check_name(name)?;
        }
        let kernel = |what| move |error| BoardError::Kernel(what, error);
        let route = Route::open().map_err(kernel("rtnetlink"))?;
        let station = link(&route, interface)?;
        let radio = Radio::of(station.index).map_err(kernel("nl80211"))?;
        let radio = radio.ok_or_else(|| BoardError::NotWireless(interface.to_owned()))?;
        let both = match ap {
            Some(name) => name != interface,
            None => radio.can_do_both().unwrap_or_else(|error| {
                tracing::warn!("the radio's interface combinations cannot be read: {error}");
                true
            }),
        };
        let mut board = Self {
            route,
            interface: interface.to_owned(),
            station,
            ap_interface: interface.to_owned(),
            ap_index: station.index,
            both,
            radio,
            made: None,
            is_limited: false,
        };
        match ap {
            Some(name) if both => {
                board.ap_index = link(&board.route, name)?.index;
                name.clone_into(&mut board.ap_interface);
            }
            None if both => board.make_interface(run)?,
            Some(_) | None => {
                tracing::info!("{interface} is station and access point in turn");
            }
        }
        Ok(board)
    }

    /// Makes an interface for the access point.
    fn make_interface(&mut self, run: &Path) -> Result<(), BoardError> {
        let kernel = |what| move |error| BoardError::Kernel(what, error);
        let stem: String = self
            .interface
            .chars()
            .take(NAME_MAX - AP_ENDING.len())
            .collect();
        let name = format!("{stem}{AP_ENDING}");
        let note = run.join("ap-interface");
        let mac = address_beside(self.station.mac);
        if let Ok(Some(left)) = self.route.link(&name) {
            // One that an earlier run could not remove any more: it noted that it made it, in a folder
            // that may be gone by now, or gave it the address that nobody else would.
            let is_noted = fs::read_to_string(&note).is_ok_and(|made| made == name);
            if !is_noted && left.mac != mac {
                return Err(BoardError::Taken(name));
            }
            self.radio
                .remove_interface(left.index)
                .map_err(kernel("removing the old interface"))?;
        }
        self.radio
            .add_interface(&name, mac)
            .map_err(kernel("an interface for the access point"))?;
        self.made = Some(note.clone());
        let made = link(&self.route, &name)?;
        self.ap_interface = name;
        self.ap_index = made.index;
        if made.mac == self.station.mac {
            self.give_mac(made, mac);
        }
        if let Err(error) = fs::write(&note, &self.ap_interface) {
            tracing::warn!("{}: {error}", note.display());
        }
        Ok(())
    }

    /// Some drivers give both interfaces one address, by which a phone could not tell them apart.
    fn give_mac(&self, made: Link, mac: Mac) {
        if let Err(error) = self.route.set_mac(made.index, mac) {
            tracing::warn!(
                "{} has the address of {}: {error}",
                self.ap_interface,
                self.interface
            );
        }
    }

    /// Has the radio send with that power at most, in dBm.
    ///
    /// # Errors
    /// The driver refuses.
    pub fn limit_power(&mut self, dbm: u8) -> io::Result<()> {
        self.radio.limit_power(Some(dbm))?;
        self.is_limited = true;
        Ok(())
    }

    /// Leaves the interfaces as they were found.
    pub fn restore(&mut self) {
        let told = |what: &str, done: io::Result<()>| {
            if let Err(error) = done {
                tracing::warn!("{what}: {error}");
            }
        };
        if let Some(note) = self.made.take() {
            told(
                "removing the interface",
                self.radio.remove_interface(self.ap_index),
            );
            let _ = fs::remove_file(note);
        }
        if std::mem::take(&mut self.is_limited) {
            told("the radio's power", self.radio.limit_power(None));
        }
        told(
            "the interface's state",
            self.route.set_up(self.station.index, self.station.is_up),
        );
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        if self.made.is_some() || self.is_limited {
            self.restore();
        }
    }
}

/// A hardware address for the access point beside a station's, which nobody was sold.
fn address_beside(station: Mac) -> Mac {
    let mut mac = station;
    let is_local = mac.0[0] & LOCAL_BIT != 0;
    mac.0[0] ^= if is_local { OTHER_BIT } else { LOCAL_BIT };
    mac
}

fn link(route: &Route, name: &str) -> Result<Link, BoardError> {
    let found = route
        .link(name)
        .map_err(|error| BoardError::Kernel("rtnetlink", error))?;
    found.ok_or_else(|| BoardError::NoInterface(name.to_owned()))
}

/// Names go into paths and configurations: what the kernel would refuse is refused before.
fn check_name(name: &str) -> Result<(), BoardError> {
    let sound = (1..=NAME_MAX).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'/')
        && name != "."
        && name != "..";
    if sound {
        Ok(())
    } else {
        Err(BoardError::BadName(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_access_point_has_a_local_address_of_its_own() {
        let check =
            |station: [u8; 6], ap: [u8; 6]| assert_eq!(address_beside(Mac(station)), Mac(ap));
        check([0xb8, 0x27, 0xeb, 1, 2, 3], [0xba, 0x27, 0xeb, 1, 2, 3]);
        check([0x02, 0, 0, 0, 0, 0], [0x06, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn what_is_no_radio_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let check = |name: &str, expected: &str| {
            let refused = Board::prepare(name, None, folder.path()).err().unwrap();
            assert_eq!(refused.to_string(), expected);
        };
        check(
            "landfall-none",
            "landfall-none: there is no such interface; name one that `iw dev` shows",
        );
        check(
            "lo",
            "lo: it is not a Wi-Fi interface; name one that `iw dev` shows",
        );
        check(
            "../x",
            "\"../x\": it is no name of an interface; name another one",
        );
    }
}
