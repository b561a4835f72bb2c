//! Links, addresses and routes.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use landfall_core::net::{Ipv4Net, Mac};
use netlink_packet_core::{NLM_F_CREATE, NLM_F_DUMP, NLM_F_REPLACE};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteHeader, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::protocols::NETLINK_ROUTE;

use super::Netlink;

/// The metric of our default route: behind a cable's, as other managers of Wi-Fi have it.
const METRIC: u32 = 600;

/// The socket for links, addresses and routes.
pub struct Route(Netlink);

/// An interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub index: u32,
    /// Its hardware address.
    pub mac: Mac,
    /// Whether it is up.
    pub is_up: bool,
}

impl Route {
    /// Opens it.
    pub fn open() -> io::Result<Self> {
        Netlink::open(NETLINK_ROUTE).map(Self)
    }

    /// The interface of that name; none: there is none.
    pub fn link(&self, name: &str) -> io::Result<Option<Link>> {
        let mut found = None;
        let request = RouteNetlinkMessage::GetLink(LinkMessage::default());
        self.0.ask(request, NLM_F_DUMP, |answer| {
            if let RouteNetlinkMessage::NewLink(link) = answer {
                found = found.or_else(|| named(&link, name));
            }
        })?;
        Ok(found)
    }

    /// Takes an interface up or down.
    pub fn set_up(&self, index: u32, up: bool) -> io::Result<()> {
        let mut link = LinkMessage::default();
        link.header.index = index;
        link.header.flags = if up {
            LinkFlags::Up
        } else {
            LinkFlags::empty()
        };
        link.header.change_mask = LinkFlags::Up;
        self.0.order(RouteNetlinkMessage::SetLink(link), 0)
    }

    /// Gives an interface, which has to be down, another hardware address.
    pub fn set_mac(&self, index: u32, mac: Mac) -> io::Result<()> {
        let mut link = LinkMessage::default();
        link.header.index = index;
        link.attributes = vec![LinkAttribute::Address(mac.0.to_vec())];
        self.0.order(RouteNetlinkMessage::SetLink(link), 0)
    }

    /// The IPv4 addresses of an interface.
    pub fn addresses(&self, index: u32) -> io::Result<Vec<Ipv4Net>> {
        let mut request = AddressMessage::default();
        request.header.family = AddressFamily::Inet;
        let mut found = Vec::new();
        let request = RouteNetlinkMessage::GetAddress(request);
        self.0.ask(request, NLM_F_DUMP, |answer| {
            if let RouteNetlinkMessage::NewAddress(address) = answer
                && address.header.index == index
            {
                found.extend(net_of(&address));
            }
        })?;
        Ok(found)
    }

    /// Gives an interface an address; one that is there stays.
    pub fn add_address(&self, index: u32, net: Ipv4Net) -> io::Result<()> {
        let request = RouteNetlinkMessage::NewAddress(address_message(index, net));
        self.0.order(request, NLM_F_CREATE | NLM_F_REPLACE)
    }

    /// Takes an address from an interface, and with it the routes over it.
    pub fn remove_address(&self, index: u32, net: Ipv4Net) -> io::Result<()> {
        let request = RouteNetlinkMessage::DelAddress(address_message(index, net));
        self.0.order(request, 0)
    }

    /// Takes all IPv4 addresses from an interface.
    pub fn flush(&self, index: u32) -> io::Result<()> {
        for net in self.addresses(index)? {
            self.remove_address(index, net)?;
        }
        Ok(())
    }

    /// Sends what goes nowhere else to that router, over that interface.
    pub fn set_default_route(&self, index: u32, router: Ipv4Addr) -> io::Result<()> {
        let mut route = RouteMessage::default();
        route.header.address_family = AddressFamily::Inet;
        route.header.table = RouteHeader::RT_TABLE_MAIN;
        route.header.protocol = RouteProtocol::Dhcp;
        route.header.scope = RouteScope::Universe;
        route.header.kind = RouteType::Unicast;
        route.attributes = vec![
            RouteAttribute::Gateway(RouteAddress::Inet(router)),
            RouteAttribute::Oif(index),
            RouteAttribute::Priority(METRIC),
        ];
        let request = RouteNetlinkMessage::NewRoute(route);
        self.0.order(request, NLM_F_CREATE | NLM_F_REPLACE)
    }
}

fn named(link: &LinkMessage, name: &str) -> Option<Link> {
    let is_it =
        |attribute: &LinkAttribute| matches!(attribute, LinkAttribute::IfName(is) if is == name);
    if !link.attributes.iter().any(is_it) {
        return None;
    }
    let mac = link.attributes.iter().find_map(|attribute| {
        if let LinkAttribute::Address(bytes) = attribute {
            <[u8; 6]>::try_from(bytes.as_slice()).ok()
        } else {
            None
        }
    });
    Some(Link {
        index: link.header.index,
        mac: Mac(mac.unwrap_or_default()),
        is_up: link.header.flags.contains(LinkFlags::Up),
    })
}

fn net_of(address: &AddressMessage) -> Option<Ipv4Net> {
    // Our own end of a link stands in the local address.
    let local = address.attributes.iter().find_map(|attribute| {
        if let AddressAttribute::Local(IpAddr::V4(addr)) = attribute {
            Some(*addr)
        } else {
            None
        }
    });
    Some(Ipv4Net {
        addr: local?,
        prefix: address.header.prefix_len,
    })
}

fn address_message(index: u32, net: Ipv4Net) -> AddressMessage {
    let mut address = AddressMessage::default();
    address.header.family = AddressFamily::Inet;
    address.header.index = index;
    address.header.prefix_len = net.prefix;
    let broadcast = Ipv4Addr::from_bits(net.addr.to_bits() | !net.mask());
    address.attributes = vec![
        AddressAttribute::Local(IpAddr::V4(net.addr)),
        AddressAttribute::Address(IpAddr::V4(net.addr)),
        AddressAttribute::Broadcast(broadcast),
    ];
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_is_found_with_its_address() {
        let route = Route::open().unwrap();
        let lo = route.link("lo").unwrap().unwrap();
        assert!(lo.is_up && lo.mac == Mac([0; 6]));
        let addresses = route.addresses(lo.index).unwrap();
        let loopback = Ipv4Net {
            addr: Ipv4Addr::LOCALHOST,
            prefix: 8,
        };
        assert!(addresses.contains(&loopback), "{addresses:?}");
        assert_eq!(route.link("landfall-none").unwrap(), None);
    }
}
