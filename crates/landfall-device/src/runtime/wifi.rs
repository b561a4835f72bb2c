//! The handle that a program holds: small, copied freely, good for a `static`.

mod calls;

use core::net::Ipv4Addr;

use embassy_sync::blocking_mutex::raw::{CriticalSectionRawMutex, RawMutex};
use heapless::Vec;
use landfall_core::bus::{BadCapacity, CallbackId, TooManyCallbacks};
use landfall_core::config::{DOOR_PASSWORD_MAX, DOOR_PASSWORD_MIN, MAX_NETWORKS, Mode, Secret};
use landfall_core::event::{Attempted, Event};
use landfall_core::net::{Mac, Ssid};
use landfall_core::status::{State, Status};

use super::{Clients, Device, EventStream, Hook, ServerError, Shared};

pub use calls::SCAN_ROWS;

/// The handle on one device. Every call has its bound, and a dropped one leaves the device whole.
///
/// ```
/// use landfall_device::runtime::{Clock, Shared, Wifi};
/// # use landfall_core::time::Instant;
/// # struct ChipClock;
/// # impl Clock for ChipClock {
/// #     fn now(&self) -> Instant { Instant::BOOT }
/// #     async fn sleep_until(&self, _: Instant) {}
/// # }
/// static DEVICE: Shared<ChipClock> = Shared::new(ChipClock);
/// static WIFI: Wifi<ChipClock> = Wifi::of(&DEVICE);
///
/// assert!(!WIFI.sta_is_connected());
/// ```
pub struct Wifi<C: 'static, M: RawMutex + 'static = CriticalSectionRawMutex> {
    shared: &'static Shared<C, M>,
}

impl<C, M: RawMutex> Clone for Wifi<C, M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C, M: RawMutex> Copy for Wifi<C, M> {}

/// Whether callbacks for changes of the connection are told of it: the application level alone.
pub(super) fn is_connection_change(event: &Event) -> bool {
    match event {
        Event::Connected { .. }
        | Event::Disconnected { .. }
        | Event::ApStarted { .. }
        | Event::ConnectionFailed { .. } => true,
        Event::StaStart
        | Event::StaConnected { .. }
        | Event::StaDisconnected { .. }
        | Event::StaGotIp { .. }
        | Event::StaLostIp
        | Event::ApStart { .. }
        | Event::ApStop
        | Event::ApFailed { .. }
        | Event::ApStaConnected { .. }
        | Event::ApStaDisconnected { .. }
        | Event::ConfigApplied { .. }
        | Event::ConfigReverted { .. }
        | Event::SessionStarted { .. }
        | Event::SessionEnded
        | Event::Crashed { .. } => false,
    }
}

/// How a device stands that was not built.
fn nothing() -> Status {
    Status {
        state: State::Off,
        mode: Mode::Off,
        ssid: None,
        ip: Ipv4Addr::UNSPECIFIED,
        rssi: None,
        mac: Mac([0; 6]),
        ap_ssid: Ssid::new(b"-").unwrap_or_else(|_| unreachable!("one byte")),
        ap_ip: Ipv4Addr::UNSPECIFIED,
        ap_up: false,
        ap_channel: None,
        station_ip: None,
        retrying: false,
        candidate: None,
        internet: None,
        safe_mode: false,
    }
}

/// What can be read at once.
impl<C, M: RawMutex> Wifi<C, M> {
    /// The handle on that device, built already or later.
    pub const fn of(shared: &'static Shared<C, M>) -> Self {
        Self { shared }
    }

    /// What the handle stands on, for doors of the program's own.
    pub fn shared(&self) -> &'static Shared<C, M> {
        self.shared
    }

    /// How the device stands. One that was not built is off, and has no address.
    pub fn status(&self) -> Status {
        let status = self.shared.look(|device| device.manager.status());
        status.unwrap_or_else(nothing)
    }

    /// Which interfaces may be used.
    pub fn mode(&self) -> Mode {
        self.status().mode
    }

    /// Whether the station holds an address.
    pub fn sta_is_connected(&self) -> bool {
        self.sta_ip().is_some()
    }

    /// The station's address.
    pub fn sta_ip(&self) -> Option<Ipv4Addr> {
        self.status().station_ip
    }

    /// The access point's address, while it is up.
    pub fn ap_ip(&self) -> Option<Ipv4Addr> {
        let status = self.status();
        status.ap_up.then_some(status.ap_ip)
    }

    /// Who has joined the access point: hardware address, strength, since when.
    pub fn ap_clients(&self) -> Clients {
        let clients = self.shared.look(|device| device.clients.clone());
        clients.unwrap_or_default()
    }

    /// The number that the next event gets.
    fn next_seq(&self) -> u32 {
        let next = self.shared.look(|device| device.history.next_seq());
        next.unwrap_or(1)
    }

    /// The names of the networks that a failed round tried, in order.
    pub fn names(&self, attempted: &Attempted) -> Vec<Ssid, { MAX_NETWORKS }> {
        let names = |device: &mut Device| {
            let known = device.manager.wifi();
            let ids = attempted.ids().iter();
            ids.filter_map(|id| known.network_by_id(*id))
                .map(|network| network.ssid)
                .collect()
        };
        self.shared.look(names).unwrap_or_default()
    }

    /// Calls back on `connected`, `disconnected`, `ap_started` and `connection_failed`. The same
    /// callback again gets the id it has; at most eight are kept.
    pub fn on_connection_change(
        &self,
        callback: impl Into<Hook>,
    ) -> Result<CallbackId, TooManyCallbacks> {
        let hook = callback.into();
        self.shared.hooks(|hooks| hooks.callbacks.add(hook))
    }

    /// Forgets a callback; an unknown one is nothing. It may be the one being called.
    pub fn remove(&self, id: CallbackId) {
        self.shared.hooks(|hooks| hooks.callbacks.remove(id));
    }

    /// Follows the events from now on; at most `bound` wait for a slow subscriber
    /// ([`QUEUE_DEFAULT`](landfall_core::bus::QUEUE_DEFAULT) is the usual one), and no more than 64.
    pub fn subscribe(&self, bound: usize) -> Result<EventStream<C, M>, BadCapacity> {
        EventStream::new(self.shared, bound)
    }

    /// Enables the config server with that password, or with the one configured where it is `None`.
    /// Kept by [`save_config`](Self::save_config).
    pub fn start_config_server(&self, password: Option<&str>) -> Result<(), ServerError> {
        let secret = match password {
            None => None,
            Some(text) => Some(door_password(text)?),
        };
        let start = |device: &mut Device| {
            let services = &mut device.services;
            if secret.is_some() {
                services.config_server_password = secret;
            }
            if services.config_server_password.is_none() {
                return Err(ServerError::NoPassword);
            }
            services.config_server_enabled = true;
            Ok(())
        };
        let started = self.shared.with(start);
        self.shared.tell();
        started.unwrap_or(Err(ServerError::NotRunning))
    }

    /// Disables the config server.
    pub fn stop_config_server(&self) {
        self.shared
            .with(|device| device.services.config_server_enabled = false);
        self.shared.tell();
    }
}

/// A password for config server or WebREPL.
fn door_password(text: &str) -> Result<Secret<DOOR_PASSWORD_MAX>, ServerError> {
    if text.len() < DOOR_PASSWORD_MIN {
        return Err(ServerError::BadPassword);
    }
    Secret::new(text).ok_or(ServerError::BadPassword)
}
