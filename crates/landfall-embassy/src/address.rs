//! Who has which address: the station by DHCP, the access point by configuration.

use core::net::Ipv4Addr;

use embassy_futures::select::{Either, select};
use embassy_net::{ConfigV4, DhcpConfig, Ipv4Cidr, Stack, StaticConfigV4};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_time::{Duration, Timer};
use landfall_core::net::{Hostname, Ipv4Net};
use landfall_core::radio::RadioEvent;
use landfall_device::runtime::{Device, Wifi};

use crate::EmbassyClock;

/// How often the address is compared with the one that was told: a lease may be renewed with
/// another address without one of the two being taken back.
const LOOK: Duration = Duration::from_secs(1);

/// The station's address, as a radio adapter tells of it: it begins where the station is
/// associated, and ends with that.
pub struct Lease<'d> {
    stack: Stack<'d>,
    told: Option<Ipv4Net>,
}

impl<'d> Lease<'d> {
    /// Of the station with that stack, which has no address yet.
    pub fn new(stack: Stack<'d>) -> Self {
        Self { stack, told: None }
    }

    /// The station is associated: asks the network for an address, under that name.
    pub fn begin(&mut self, name: &Hostname) {
        let mut config = DhcpConfig::default();
        // A longer name than embassy-net takes is left out.
        config.hostname = name.as_str().try_into().ok();
        self.told = None;
        self.stack.set_config_v4(ConfigV4::Dhcp(config));
    }

    /// The station is not associated any more. Nothing is told of it.
    pub fn end(&mut self) {
        self.told = None;
        self.stack.set_config_v4(ConfigV4::None);
    }

    /// The address, where there is one.
    pub fn address(&self) -> Option<Ipv4Net> {
        self.stack.config_v4().map(|config| net_of(config.address))
    }

    /// The next [`RadioEvent::Address`] or [`RadioEvent::AddressLost`]. Dropping the future loses
    /// nothing.
    pub async fn next(&mut self) -> RadioEvent {
        loop {
            let now = self.address();
            if now != self.told {
                self.told = now;
                return now.map_or(RadioEvent::AddressLost, RadioEvent::Address);
            }
            match now {
                None => self.stack.wait_config_up().await,
                Some(_) => match select(self.stack.wait_config_down(), Timer::after(LOOK)).await {
                    Either::First(()) | Either::Second(()) => {}
                },
            }
        }
    }
}

/// Gives the station's stack that address, where not DHCP but the radio knows it; none: takes it
/// away.
pub fn set_address(stack: Stack<'_>, address: Option<Ipv4Net>) {
    stack.set_config_v4(match address {
        None => ConfigV4::None,
        Some(net) => ConfigV4::Static(StaticConfigV4 {
            address: Ipv4Cidr::new(net.addr, net.prefix),
            gateway: None,
            dns_servers: Default::default(),
        }),
    });
}

/// Gives the access point's stack its address while the access point is up.
pub async fn follow_ap<M: RawMutex>(wifi: Wifi<EmbassyClock, M>, stack: Stack<'_>) -> ! {
    let mut has = None;
    loop {
        let wanted = wifi.shared().wait_for(|device| {
            let wanted = ap_address(device);
            (wanted != has).then_some(wanted)
        });
        has = wanted.await;
        set_address(stack, has);
    }
}

/// The access point's address, while that is up.
pub(crate) fn ap_address(device: &Device) -> Option<Ipv4Net> {
    let manager = device.manager();
    let status = manager.status();
    let prefix = manager.wifi().ap.address.prefix;
    status.ap_up.then_some(Ipv4Net {
        addr: status.ap_ip,
        prefix,
    })
}

fn net_of(cidr: Ipv4Cidr) -> Ipv4Net {
    let addr: Ipv4Addr = cidr.address();
    Ipv4Net {
        addr,
        prefix: cidr.prefix_len(),
    }
}
