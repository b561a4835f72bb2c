//! Known networks: the list in a document, and the single network that a door is given.

use super::reader::{Found, Judge, Reader, Stop};
use super::reason::{Reason, SaveError};
use super::section::NETWORK_KEYS;
use super::values::{self, Parsed};
use super::{ConfigRef, KnownNetwork, Networks};
use crate::json::{self, Value};
use crate::net::{Bssid, Security, Ssid};

/// Reads one network as a door is given it: `{"ssid" or "ssid_hex", "password",
/// "enables_webrepl", "bssid", "hidden"}`. A mask in place of the password keeps the one of the
/// network of that name in `current`. Unknown members are passed over.
///
/// # Errors
/// Line and column of what is no JSON, or path and reason of the first wrong field.
pub fn parse_network(bytes: &[u8], current: ConfigRef<'_>) -> Result<KnownNetwork, SaveError> {
    let root = json::parse(bytes)?;
    let mut reader = Reader::new(Judge::Strict, Some(current));
    let network = reader.network(root);
    // A strict reader either stops or gives a network.
    network.ok().flatten().ok_or_else(|| reader.into_error())
}

impl Reader<'_> {
    /// The list of known networks.
    pub(super) fn networks(&mut self, root: Value<'_>, to: &mut Networks) -> Result<(), Stop> {
        const NAME: &str = "known_networks";
        to.clear();
        let list = match self.find(root, &[NAME])? {
            Found::Value(name, value) if self.settle(name, values::array(value))? => value,
            Found::Value(..) | Found::Wrong => return Ok(()),
            Found::Absent => return self.wrong_at(NAME, &Reason::Missing),
        };
        let mark = self.path.key(NAME);
        for (place, value) in list.elements().enumerate() {
            let mark = self.path.index(place);
            self.element(value, place, to)?;
            self.path.back(mark);
        }
        self.path.back(mark);
        Ok(())
    }

    /// Adds one element of the list, or sets it aside.
    fn element(
        &mut self,
        value: Value<'_>,
        place: usize,
        networks: &mut Networks,
    ) -> Result<(), Stop> {
        if networks.is_full() {
            self.wrong(&Reason::TooManyNetworks)?;
            return self.set_aside(place, value);
        }
        let Some(network) = self.network(value)? else {
            return self.set_aside(place, value);
        };
        self.strangers_of(&network.ssid, value)?;
        // There is room: that was the first question.
        let _ = networks.push(network);
        Ok(())
    }

    fn set_aside(&mut self, place: usize, value: Value<'_>) -> Result<(), Stop> {
        match self.extra.set_aside(place, value) {
            Ok(()) => {
                self.note(&Reason::SetAside);
                Ok(())
            }
            Err(_) => self.wrong(&Reason::NotKept),
        }
    }

    /// Keeps the members that have no meaning in a network.
    fn strangers_of(&mut self, ssid: &Ssid, object: Value<'_>) -> Result<(), Stop> {
        let unknown = |key: &json::Text<'_>| !NETWORK_KEYS.iter().any(|name| key.is(name));
        for (key, value) in object.members().filter(|(key, _)| unknown(key)) {
            let mark = self.path.stranger(key);
            match self.extra.keep_of_network(ssid, key, value) {
                Ok(()) => self.note(&Reason::Unknown),
                Err(_) => self.wrong(&Reason::NotKept)?,
            }
            self.path.back(mark);
        }
        Ok(())
    }

    /// One network; none where its name, password or BSSID is wrong: an open twin, or another of
    /// that name, must not be joined by mistake.
    fn network(&mut self, object: Value<'_>) -> Result<Option<KnownNetwork>, Stop> {
        if let Err(reason) = values::object(object) {
            return self.wrong(reason).map(|()| None);
        }
        let mut draft = Draft {
            ssid: None,
            security: Security::Open,
            bssid: None,
            hidden: false,
            enables_webrepl: false,
        };
        match values::ssid_under(object, &["ssid"], &mut draft.ssid) {
            Ok(()) if draft.ssid.is_some() => {}
            Ok(()) => self.wrong_at("ssid", &Reason::Missing)?,
            Err((name, reason)) => self.wrong_at(name, reason)?,
        }
        let mut is_sure = true;
        for member in MEMBERS {
            let right = match self.find(object, &[member.name])? {
                Found::Absent => true,
                Found::Wrong => false,
                Found::Value(name, value) => {
                    let read = (member.read)(value, &mut draft, self.current.as_ref());
                    self.settle(name, read)?
                }
            };
            is_sure &= right || !member.is_vital;
        }
        let Some(ssid) = draft.ssid.filter(|_| is_sure) else {
            return Ok(None);
        };
        let mut network = KnownNetwork::new(ssid, draft.security);
        network.bssid = draft.bssid;
        network.hidden = draft.hidden;
        network.enables_webrepl = draft.enables_webrepl;
        network.proven = self.is_proven(&network);
        Ok(Some(network))
    }

    /// Whether the same credentials gave an address before.
    fn is_proven(&self, network: &KnownNetwork) -> bool {
        let known = self.current.into_iter().flat_map(|c| &c.wifi.networks);
        known
            .filter(|known| known.ssid == network.ssid && known.security == network.security)
            .any(|known| known.proven)
    }
}

/// A network as far as it is read.
struct Draft {
    ssid: Option<Ssid>,
    security: Security,
    bssid: Option<Bssid>,
    hidden: bool,
    enables_webrepl: bool,
}

/// A member of a network beside its name.
struct Member {
    name: &'static str,
    /// Without it right, the network is not joined.
    is_vital: bool,
    read: fn(Value<'_>, &mut Draft, Option<&ConfigRef<'_>>) -> Parsed<()>,
}

const MEMBERS: &[Member] = &[
    Member {
        name: "bssid",
        is_vital: true,
        read: |v, to, _| values::bssid(v, &mut to.bssid),
    },
    Member {
        name: "password",
        is_vital: true,
        read: |v, to, current| {
            to.security = if values::is_mask(v) {
                let stored = current.and_then(|current| stored_security(*current, to));
                stored.ok_or(&Reason::NoStoredSecret)?
            } else {
                values::security(v)?
            };
            Ok(())
        },
    },
    Member {
        name: "enables_webrepl",
        is_vital: false,
        read: |v, to, _| values::boolean(v, &mut to.enables_webrepl),
    },
    Member {
        name: "hidden",
        is_vital: false,
        read: |v, to, _| values::boolean(v, &mut to.hidden),
    },
];

/// What a mask stands for: the key of the network of that name, first of the one that is pinned
/// alike, last of one that is set aside.
fn stored_security(current: ConfigRef<'_>, draft: &Draft) -> Option<Security> {
    let ssid = draft.ssid.as_ref()?;
    let mut found = None;
    for known in &current.wifi.networks {
        if known.ssid == *ssid && known.security.is_secure() {
            let is_pinned_alike = known.bssid == draft.bssid;
            if is_pinned_alike || found.is_none() {
                found = Some(&known.security);
            }
            if is_pinned_alike {
                break;
            }
        }
    }
    match found {
        Some(security) => Some(security.clone()),
        None => aside_security(current, ssid),
    }
}

fn aside_security(current: ConfigRef<'_>, ssid: &Ssid) -> Option<Security> {
    let mut aside = current.services.extra.aside();
    aside.find_map(|(_, object)| {
        let same = values::ssid_of(object).is_ok_and(|known| known == *ssid);
        let password = object.member("password").filter(|_| same)?;
        let security = values::security(password).ok()?;
        security.is_secure().then_some(security)
    })
}
