//! The owner's settings that the fleet has laid its own over: kept until the fleet takes its own away,
//! then they stand again.
//!
//! They are in flash alone, and looked at when a configuration is applied: a chip has no room for a
//! third configuration beside the one in force and the one that is to be.

use core::fmt;

use landfall_core::config::stored::{Stored, encode_settings};
use landfall_core::config::{self, Config, ConfigRef, Defaults, Invalid, MemberSet};
use landfall_core::json::Value;
use zeroize::{Zeroize, ZeroizeOnDrop};

use super::item::ITEM_MAX;

/// Bytes of the set of members.
const SET_LEN: usize = 8;

/// What is kept of the owner's settings.
pub(super) struct Owners {
    /// Until the machine has what it is told: a cut of the power in between leaves what the fleet laid
    /// over before, or lays over now.
    pub(super) until_told: OwnSettings,
    /// Once it has.
    pub(super) then: OwnSettings,
}

/// Why settings are not laid over the owner's.
pub(super) enum LayError {
    /// A member is wrong; the admin corrects it.
    Invalid(Invalid),
    /// What the owner has in their place is longer than what is kept.
    TooLong,
}

impl fmt::Display for LayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(invalid) => write!(f, ".{invalid}"),
            Self::TooLong => f.write_str(": too many"),
        }
    }
}

impl Owners {
    /// Where nothing else is laid over.
    pub(super) fn unchanged(own: OwnSettings) -> Self {
        Self {
            until_told: own.clone(),
            then: own,
        }
    }

    /// Lays settings over what the owner has, in place of those that were laid over it before, which are
    /// these. A mask in place of a secret stands for that which is in force now. Where it fails nothing is
    /// kept, and the configuration is to be thrown away.
    pub(super) fn lay_over(
        &mut self,
        settings: Value<'_>,
        config: &mut Config,
        now: ConfigRef<'_>,
    ) -> Result<(), LayError> {
        self.then.restore(config);
        let laid = MemberSet::named_in(settings);
        let keep = |members| OwnSettings::keep(members, config.as_ref()).ok_or(LayError::TooLong);
        let until_told = keep(laid.with(self.then.members()))?;
        let then = keep(laid)?;
        config::overlay(settings, now, config).map_err(LayError::Invalid)?;
        *self = Self { until_told, then };
        Ok(())
    }
}

/// Which members the fleet has laid over, and what the owner had there, as the flash keeps it. It holds
/// passwords.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub(super) struct OwnSettings {
    bytes: [u8; ITEM_MAX],
    len: usize,
}

impl OwnSettings {
    /// What was kept; a device that keeps nothing has nothing laid over it.
    pub(super) fn of(kept: &[u8]) -> Self {
        let mut own = Self {
            bytes: [0; ITEM_MAX],
            len: 0,
        };
        if let Some(place) = own.bytes.get_mut(..kept.len()) {
            place.copy_from_slice(kept);
            own.len = kept.len();
        }
        own
    }

    /// Keeps these members of what the owner has. None: they do not fit.
    #[inline(never)]
    pub(super) fn keep(members: MemberSet, owners: ConfigRef<'_>) -> Option<Self> {
        let mut own = Self::of(&[]);
        if members.is_empty() {
            return Some(own);
        }
        // Of everything else the defaults, which are short.
        let mut kept = Config::default();
        members.copy(owners, &mut kept);
        let (set, rest) = own.bytes.split_at_mut_checked(SET_LEN)?;
        set.copy_from_slice(&members.to_bytes());
        let len = encode_settings(kept.as_ref(), rest).ok()?.len();
        own.len = SET_LEN + len;
        Some(own)
    }

    /// The members that are laid over.
    pub(super) fn members(&self) -> MemberSet {
        let set = self.bytes().first_chunk::<SET_LEN>();
        set.map_or(MemberSet::default(), |set| MemberSet::from_bytes(*set))
    }

    /// Makes a configuration what the owner has: these members are as they were.
    #[inline(never)]
    pub(super) fn restore(&self, config: &mut Config) {
        let Some(settings) = self.bytes().get(SET_LEN..) else {
            return;
        };
        let mut kept = Stored::default();
        Defaults::default().fill(&mut kept.config);
        // It was written by this program; what another version cannot read is at its default.
        kept.read_settings(settings, &mut |_| {});
        self.members().copy(kept.config.as_ref(), config);
    }

    /// As the flash keeps it.
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use landfall_core::config::{ApSecurity, Secret};
    use landfall_core::net::{Hostname, Passphrase, Ssid};

    use super::*;

    /// Everything that may be laid over.
    const EVERYTHING: MemberSet = MemberSet::from_bytes([0xff; SET_LEN]);

    /// An owner's configuration, each text as long as it may be.
    fn longest() -> Config {
        fn long<const N: usize>() -> heapless::String<N> {
            "x".repeat(N).as_str().try_into().unwrap()
        }
        let mut config = Config::default();
        let services = &mut config.services;
        services.hostname = Hostname::new(&long::<32>());
        services.device_name = long();
        services.config_server_password = Secret::new(&long::<64>());
        services.webrepl_password = Secret::new(&long::<64>());
        services.mqtt_url = long();
        services.mqtt_user = long();
        services.mqtt_password = Secret::new(&long::<64>()).unwrap();
        services.internet_probe_url = long();
        services.country = Some(*b"DE");
        services.tx_power_dbm = Some(20);
        services.led_pin = Some(48);
        services.led_active_low = Some(true);
        let ap = &mut config.wifi.ap;
        ap.ssid = Ssid::new(&[b's'; 32]).ok();
        ap.security = ApSecurity::Key(Passphrase::new(&[b'p'; 63]).unwrap());
        config.wifi.station.fallback_deadline_ms = 600_000;
        config
    }

    #[test]
    fn the_longest_fits_an_item_and_comes_back() {
        for owners in [Config::default(), longest()] {
            let own = OwnSettings::keep(EVERYTHING, owners.as_ref()).expect("it fits");
            let read = OwnSettings::of(own.bytes());
            assert_eq!(read.members(), EVERYTHING);
            let mut config = Config::default();
            read.restore(&mut config);
            assert_eq!(config, owners);
        }
    }

    #[test]
    fn nothing_kept_restores_nothing() {
        for kept in [&[][..], &[1, 2, 3]] {
            let mut config = longest();
            OwnSettings::of(kept).restore(&mut config);
            assert_eq!(config, longest());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_path() {
        let settings = br#"{"station":{"max_retry":51}}"#;
        let settings = landfall_core::json::parse(settings).unwrap();
        let mut owners = Owners::unchanged(OwnSettings::of(&[]));
        let now = Config::default();
        let laid = owners.lay_over(settings, &mut Config::default(), now.as_ref());
        let error = laid.err();
        let told = std::format!("settings{}", error.unwrap());
        assert_eq!(
            told,
            "settings.station.max_retry: expected a whole number from 1 to 50"
        );
    }
}
