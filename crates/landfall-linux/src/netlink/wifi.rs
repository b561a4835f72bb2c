//! Radios: which interfaces they carry, and whether station and access point fit on one at once.

use std::io;

use landfall_core::net::Mac;
use netlink_packet_core::{DefaultNla, NLM_F_ACK, NLM_F_DUMP};
use netlink_packet_generic::GenlMessage;
use netlink_packet_generic::ctrl::nlas::GenlCtrlAttrs;
use netlink_packet_generic::ctrl::{GenlCtrl, GenlCtrlCmd};
use netlink_sys::protocols::NETLINK_GENERIC;
use wl_nl80211::{
    Nl80211Attr, Nl80211Command, Nl80211IfaceComb, Nl80211IfaceCombAttribute,
    Nl80211IfaceCombLimitAttribute, Nl80211InterfaceType, Nl80211Message,
};

use super::Netlink;

/// `NL80211_ATTR_WIPHY_TX_POWER_SETTING` of linux/nl80211.h, which the library has no name for, and two of
/// its values (`enum nl80211_tx_power_setting`).
const POWER_SETTING: u16 = 97;
const POWER_AUTOMATIC: u32 = 0;
const POWER_LIMITED: u32 = 1;
/// What the kernel counts power in: hundredths of a decibel.
const MBM_PER_DBM: u32 = 100;

/// The radio behind an interface.
pub struct Radio {
    netlink: Netlink,
    family: u16,
    /// Its number.
    wiphy: u32,
}

impl Radio {
    /// The radio that carries the interface of that number; none: it is no wireless one.
    pub fn of(index: u32) -> io::Result<Option<Self>> {
        let netlink = Netlink::open(NETLINK_GENERIC)?;
        let Some(family) = family(&netlink)? else {
            return Ok(None);
        };
        let mut radio = Self {
            netlink,
            family,
            wiphy: 0,
        };
        let request = vec![Nl80211Attr::IfIndex(index)];
        let mut found = None;
        let asked = radio.ask(
            Nl80211Command::GetInterface,
            request,
            NLM_F_ACK,
            |attribute| {
                if let Nl80211Attr::Wiphy(wiphy) = attribute {
                    found = Some(wiphy);
                }
            },
        );
        // The kernel says so of an interface that is not wireless.
        if asked.is_err() {
            return Ok(None);
        }
        Ok(found.map(|wiphy| {
            radio.wiphy = wiphy;
            radio
        }))
    }

    /// Its number, `phy0` for 0.
    pub fn number(&self) -> u32 {
        self.wiphy
    }

    /// Whether it can be station and access point at once, as its interface combinations say.
    pub fn can_do_both(&self) -> io::Result<bool> {
        let request = vec![Nl80211Attr::SplitWiphyDump, Nl80211Attr::Wiphy(self.wiphy)];
        let mut can = false;
        self.ask(Nl80211Command::GetWiphy, request, NLM_F_DUMP, |attribute| {
            if let Nl80211Attr::InterfaceCombination(combinations) = attribute {
                can |= can_do_both(&combinations);
            }
        })?;
        Ok(can)
    }

    /// Makes an interface for the access point, with that hardware address where the driver lets one
    /// choose. hostapd turns it into an access point.
    pub fn add_interface(&self, name: &str, mac: Mac) -> io::Result<()> {
        let request = vec![
            Nl80211Attr::Wiphy(self.wiphy),
            Nl80211Attr::IfName(name.to_owned()),
            Nl80211Attr::IfType(Nl80211InterfaceType::Station),
            Nl80211Attr::Mac(mac.0),
        ];
        self.ask(Nl80211Command::NewInterface, request, NLM_F_ACK, |_| ())
    }

    /// Removes an interface that was made.
    pub fn remove_interface(&self, index: u32) -> io::Result<()> {
        let request = vec![Nl80211Attr::IfIndex(index)];
        self.ask(Nl80211Command::DelInterface, request, NLM_F_ACK, |_| ())
    }

    /// Has it send with that power at most, in dBm, on all its interfaces; none: as driver and country
    /// have it.
    pub fn limit_power(&self, dbm: Option<u8>) -> io::Result<()> {
        let setting = if dbm.is_some() {
            POWER_LIMITED
        } else {
            POWER_AUTOMATIC
        };
        let setting = DefaultNla::new(POWER_SETTING, setting.to_ne_bytes().to_vec());
        let mut request = vec![Nl80211Attr::Wiphy(self.wiphy), Nl80211Attr::Other(setting)];
        request.extend(dbm.map(|dbm| Nl80211Attr::WiphyTxPowerLevel(u32::from(dbm) * MBM_PER_DBM)));
        self.ask(Nl80211Command::SetWiphy, request, NLM_F_ACK, |_| ())
    }

    fn ask(
        &self,
        cmd: Nl80211Command,
        attributes: Vec<Nl80211Attr>,
        flags: u16,
        mut each: impl FnMut(Nl80211Attr),
    ) -> io::Result<()> {
        let message = Nl80211Message { cmd, attributes };
        let mut message = GenlMessage::from_payload(message);
        message.set_resolved_family_id(self.family);
        self.netlink
            .ask(message, flags, |answer: GenlMessage<Nl80211Message>| {
                answer.payload.attributes.into_iter().for_each(&mut each);
            })
    }
}

/// The number that the kernel gave nl80211; none: it has no Wi-Fi.
fn family(netlink: &Netlink) -> io::Result<Option<u16>> {
    let mut found = None;
    let request = GenlMessage::from_payload(GenlCtrl {
        cmd: GenlCtrlCmd::GetFamily,
        nlas: vec![GenlCtrlAttrs::FamilyName("nl80211".to_owned())],
    });
    let asked = netlink.ask(request, NLM_F_ACK, |answer: GenlMessage<GenlCtrl>| {
        found = found.or(answer.payload.nlas.iter().find_map(|attribute| {
            if let GenlCtrlAttrs::FamilyId(id) = attribute {
                Some(*id)
            } else {
                None
            }
        }));
    });
    match asked {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(()) => Ok(found),
    }
}

/// Whether one of the combinations holds a station and an access point: each has a place of its own
/// among the limits, and the combination takes two interfaces.
pub fn can_do_both(combinations: &[Nl80211IfaceComb]) -> bool {
    combinations.iter().any(|combination| {
        let mut limits: Vec<(u32, bool, bool)> = Vec::new();
        let mut most = 0;
        for attribute in &combination.attributes {
            if let Nl80211IfaceCombAttribute::Maxnum(number) = attribute {
                most = *number;
            } else if let Nl80211IfaceCombAttribute::Limits(all) = attribute {
                limits.extend(all.iter().map(|limit| places(&limit.attributes)));
            }
        }
        most >= 2 && fits(&limits)
    })
}

/// How many places a limit has, and whether a station and an access point may take one.
fn places(limit: &[Nl80211IfaceCombLimitAttribute]) -> (u32, bool, bool) {
    let (mut most, mut station, mut ap) = (0, false, false);
    for attribute in limit {
        if let Nl80211IfaceCombLimitAttribute::Max(number) = attribute {
            most = *number;
        } else if let Nl80211IfaceCombLimitAttribute::Iftypes(types) = attribute {
            station = types.contains(&Nl80211InterfaceType::Station);
            ap = types.contains(&Nl80211InterfaceType::Ap);
        }
    }
    (most, station, ap)
}

fn fits(limits: &[(u32, bool, bool)]) -> bool {
    limits.iter().enumerate().any(|(at, (most, station, ap))| {
        let alone = *most >= 2 && *station && *ap;
        let beside = limits
            .iter()
            .enumerate()
            .any(|(other, (_, _, ap))| other != at && *ap);
        *station && (alone || beside)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combinations_are_judged() {
        let check = |limits: &[(u32, bool, bool)], expected| {
            assert_eq!(fits(limits), expected, "{limits:?}")
        };
        // { managed } <= 1, { AP } <= 1
        check(&[(1, true, false), (1, false, true)], true);
        // { managed, AP } <= 2
        check(&[(2, true, true)], true);
        // { managed, AP } <= 1
        check(&[(1, true, true)], false);
        // { managed } <= 1, { P2P-GO } <= 1
        check(&[(1, true, false), (1, false, false)], false);
        check(&[], false);
    }

    #[test]
    fn the_loopback_is_no_radio() {
        let lo = super::super::Route::open().unwrap().link("lo").unwrap();
        assert!(Radio::of(lo.unwrap().index).unwrap().is_none());
    }
}
