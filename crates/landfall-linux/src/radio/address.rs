//! The station's address: lent to our own client, or put there by the system's.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use async_io::Timer;
use landfall_core::net::{Hostname, Ipv4Net, Mac, Ssid};
use landfall_device::host::HostClock;

use crate::dhcp::{Lease, Lessee, News};
use crate::netlink::Route;

/// How often the system's client is looked after while there is no address, and while there is one.
const LOOK_FOR: Duration = Duration::from_millis(250);
const LOOK_AFTER: Duration = Duration::from_secs(5);

/// Who asks for the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Dhcp {
    /// Our own client.
    #[default]
    Own,
    /// The system's, that watches the interface; we only look.
    System,
}

/// The address of one link.
pub(super) enum Address {
    /// There is no link.
    None,
    /// Asked for by us.
    Own(Box<Lessee>, Option<Ipv4Net>),
    /// Looked for on the interface of that number.
    System(u32, Option<Ipv4Net>),
}

/// For whom an address is asked.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) interface: String,
    pub(super) index: u32,
    pub(super) mac: Mac,
    pub(super) hostname: Hostname,
    pub(super) clock: &'static HostClock,
    /// What it had last, and where: asked for first in the same network.
    pub(super) last: Option<(Ssid, Ipv4Addr)>,
}

impl Asker {
    /// Begins in that network.
    pub(super) fn begin(&self, dhcp: Dhcp, ssid: &Ssid) -> io::Result<Address> {
        if dhcp == Dhcp::System {
            return Ok(Address::System(self.index, None));
        }
        let wish = self.last.filter(|(of, _)| of == ssid).map(|(_, addr)| addr);
        let hostname = self.hostname.clone();
        let lessee = Lessee::begin(&self.interface, self.mac, hostname, wish, self.clock)?;
        Ok(Address::Own(Box::new(lessee), None))
    }
}

impl Address {
    /// The address that is held.
    pub(super) fn held(&self) -> Option<Ipv4Net> {
        match self {
            Self::None => None,
            Self::Own(_, held) | Self::System(_, held) => *held,
        }
    }

    /// Keeps what is held.
    pub(super) fn hold(&mut self, net: Option<Ipv4Net>) {
        match self {
            Self::None => {}
            Self::Own(_, held) | Self::System(_, held) => *held = net,
        }
    }

    /// The next news; never, while there is no link. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The interface is gone.
    pub(super) async fn next(&mut self, route: &Route) -> io::Result<News> {
        match self {
            Self::None => std::future::pending().await,
            Self::Own(lessee, _) => lessee.next().await,
            Self::System(index, held) => loop {
                Timer::after(if held.is_some() { LOOK_AFTER } else { LOOK_FOR }).await;
                let found = route.addresses(*index)?.first().copied();
                match found {
                    Some(net) if *held != Some(net) => return Ok(News::Bound(of_system(net))),
                    None if held.is_some() => return Ok(News::Lost),
                    Some(_) | None => {}
                }
            },
        }
    }
}

/// What the system's client was lent: routes and names are its own business.
fn of_system(net: Ipv4Net) -> Lease {
    Lease {
        net,
        router: None,
        names: Vec::new(),
        server: Ipv4Addr::UNSPECIFIED,
    }
}
