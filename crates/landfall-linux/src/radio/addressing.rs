//! The driver's view of how things stand: the station's address, and the report on link, address and
//! access point.

use std::io;

use landfall_core::net::{Ipv4Net, Ssid};
use landfall_core::radio::{LinkReport, RadioEvent};

use super::address::{Address, Dhcp};
use super::driver::Driver;
use crate::dhcp::{Lease, News};
use crate::resolver;

impl Driver {
    /// Begins to ask for an address in the network just joined.
    pub(super) fn begin_address(&mut self, ssid: Ssid) {
        self.link = Some(ssid);
        self.address = match self.asker.begin(self.settings.dhcp, &ssid) {
            Ok(address) => address,
            Err(error) => {
                tracing::error!("no address can be asked for: {error}");
                Address::None
            }
        };
    }

    pub(super) fn take_address(&mut self, news: io::Result<News>) {
        match news {
            Ok(News::Bound(lease)) => {
                let before = self.address.held();
                self.address.hold(Some(lease.net));
                if let Some(ssid) = self.link {
                    self.asker.last = Some((ssid, lease.net.addr));
                }
                if self.settings.dhcp == Dhcp::Own {
                    self.set_address(&lease, before);
                }
                if before != Some(lease.net) {
                    tracing::info!("address {}", lease.net);
                    self.line.tell(RadioEvent::Address(lease.net));
                    self.give_way();
                }
            }
            Ok(News::Lost) => {
                self.address.hold(None);
                self.clear_address();
                self.line.tell(RadioEvent::AddressLost);
            }
            Err(error) => {
                // The interface went down under it: wpa_supplicant tells that the link is gone.
                tracing::warn!("the address cannot be looked after: {error}");
                self.address = Address::None;
            }
        }
    }

    /// Puts what was lent onto the interface.
    fn set_address(&self, lease: &Lease, before: Option<Ipv4Net>) {
        let (route, index) = (&self.board.route, self.board.station.index);
        let set = || {
            if before != Some(lease.net) {
                route.flush(index)?;
                route.add_address(index, lease.net)?;
            }
            match lease.router {
                Some(router) => route.set_default_route(index, router),
                None => Ok(()),
            }
        };
        if let Err(error) = set() {
            tracing::error!("{}: {error}", lease.net);
        }
        resolver::tell(&self.settings.run, &self.settings.interface, &lease.names);
    }

    fn clear_address(&self) {
        if self.settings.dhcp == Dhcp::Own {
            // An interface that went away took them along.
            let _ = self.board.route.flush(self.board.station.index);
            resolver::tell(&self.settings.run, &self.settings.interface, &[]);
        }
    }

    /// The link is gone, and its address.
    pub(super) fn unlink(&mut self) {
        if self.address.held().is_some() {
            self.clear_address();
        }
        self.address = Address::None;
    }

    /// Says how things stand.
    pub(super) async fn report(&mut self) {
        let is_linked = match &self.station {
            Some(station) if self.link.is_some() => match station.link().await {
                Ok(state) => {
                    self.rssi = state.and_then(|state| state.rssi).unwrap_or(self.rssi);
                    state.is_some()
                }
                // A busy machine: what is not known to have changed stands.
                Err(_) => true,
            },
            Some(_) | None => false,
        };
        if let Some(ap) = &self.ap {
            for client in &ap.clients {
                if let Some(rssi) = ap.rssi(*client).await {
                    self.line.heard(*client, rssi);
                }
            }
        }
        let address = self.address.held().filter(|net| self.is_set(*net));
        self.line.tell(RadioEvent::Report(LinkReport {
            rssi: is_linked.then_some(self.rssi),
            address,
            ap_up: self.ap.is_some() || self.paused.is_some(),
        }));
    }

    /// Whether the interface still has that address. Where the kernel does not say, it does.
    fn is_set(&self, net: Ipv4Net) -> bool {
        let found = self.board.route.addresses(self.board.station.index);
        found.is_ok_and(|found| found.contains(&net))
    }
}
