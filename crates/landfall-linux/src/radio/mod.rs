//! The radio of a board: what the runner holds of it, and the driver that does the work.

mod access_point;
mod address;
mod addressing;
mod beaconing;
mod driver;
mod joining;
mod station;
mod work;

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;

use async_channel::{Receiver, Sender};
use landfall_core::net::{Channel, Mac};
use landfall_core::radio::{RadioEvent, RadioOp};
use landfall_device::runtime::{Radio, Target};

use crate::hostapd::AccessPoint;
use crate::program;
use crate::wpa::network::Network;

pub use address::Dhcp;
pub use driver::{Driver, Fault, Settings};

/// Orders that wait for the driver. The machine asks for one operation at a time, and beside it for a
/// cancel and a look.
const ORDERS_MAX: usize = 16;
/// Events that wait for the runner: the rows of a scan, in the longest list there is.
const EVENTS_MAX: usize = 256;
/// Clients whose strength is known.
const CLIENTS_MAX: usize = landfall_core::config::AP_CLIENTS_MAX as usize;

/// What the driver is to do.
#[derive(Debug)]
enum Order {
    Scan,
    Join(Network),
    Leave,
    ApStart(AccessPoint, Channel),
    ApStop,
    ApMove(Channel),
    /// A client of the access point is to leave it.
    LetGo(Mac),
    /// The rules of that country are to be kept.
    Country(String),
    /// So many dBm are the most to send with.
    Power(u8),
    Cancel,
    Query,
    /// The device boots again; what happens from here on belongs to that boot.
    Reset(u32),
}

/// The runner's end.
pub struct LinuxRadio {
    orders: Sender<Order>,
    events: Receiver<(u32, RadioEvent)>,
    boot: Cell<u32>,
    clients: Clients,
}

/// How strongly the clients of the access point are heard.
type Clients = Rc<RefCell<Vec<(Mac, i8)>>>;

/// The driver's end.
struct Line {
    orders: Receiver<Order>,
    events: Sender<(u32, RadioEvent)>,
    boot: u32,
    clients: Clients,
}

/// Both ends.
fn line() -> (LinuxRadio, Line) {
    let (order, orders) = async_channel::bounded(ORDERS_MAX);
    let (event, events) = async_channel::bounded(EVENTS_MAX);
    let clients = Clients::default();
    let radio = LinuxRadio {
        orders: order,
        events,
        boot: Cell::new(0),
        clients: Rc::clone(&clients),
    };
    let line = Line {
        orders,
        events: event,
        boot: 0,
        clients,
    };
    (radio, line)
}

impl Line {
    /// Tells the machine.
    fn tell(&self, event: RadioEvent) {
        tracing::debug!("radio: {event:?}");
        // A runner that hangs misses events as it would on a chip; its periodic look heals that.
        let _ = self.events.try_send((self.boot, event));
    }

    /// Keeps how strongly a client is heard.
    fn heard(&self, client: Mac, rssi: i8) {
        let mut clients = self.clients.borrow_mut();
        clients.retain(|(known, _)| *known != client);
        clients.truncate(CLIENTS_MAX - 1);
        clients.insert(0, (client, rssi));
    }
}

impl LinuxRadio {
    /// Has the rules of that country kept, named by two letters as ISO 3166 has them, or `01` for the
    /// world: at once by the station, by the access point when it comes up next.
    pub fn keep_rules_of(&self, country: [u8; 2]) {
        // Linux names the world otherwise.
        let code = if country == *b"01" { *b"00" } else { country };
        let code = code.map(char::from).iter().collect();
        self.order(Order::Country(code));
    }

    /// Has the radio send with that power at most, in dBm, from now on.
    pub fn limit_power(&self, dbm: u8) {
        self.order(Order::Power(dbm));
    }

    fn order(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::error!("the radio's driver does not keep up");
        }
    }
}

/// Lent to a runner, by whoever restarts the device.
impl Radio for &LinuxRadio {
    fn start(&mut self, op: RadioOp, target: Target<'_>) {
        tracing::debug!("radio: {op:?}");
        let order = match op {
            RadioOp::Scan => Order::Scan,
            RadioOp::Join { bssid, channel } => {
                let Target::Network(network) = target else {
                    return;
                };
                Order::Join(Network {
                    ssid: *network.ssid,
                    security: network.security.clone(),
                    bssid,
                    channel,
                })
            }
            RadioOp::Leave => Order::Leave,
            RadioOp::ApStart { channel } => {
                let Some(ap) = AccessPoint::of(target) else {
                    return;
                };
                Order::ApStart(ap, channel)
            }
            RadioOp::ApStop => Order::ApStop,
            RadioOp::ApMove { channel } => Order::ApMove(channel),
            RadioOp::Cancel => Order::Cancel,
            RadioOp::Query => Order::Query,
        };
        self.order(order);
    }

    async fn next(&mut self) -> RadioEvent {
        loop {
            match self.events.recv().await {
                Ok((boot, event)) if boot == self.boot.get() => return event,
                // Of the boot before.
                Ok(_) => {}
                Err(_) => std::future::pending().await,
            }
        }
    }

    fn reset(&mut self) {
        self.boot.set(self.boot.get().wrapping_add(1));
        self.order(Order::Reset(self.boot.get()));
    }

    fn let_go(&mut self, client: Mac) {
        self.order(Order::LetGo(client));
    }

    fn client_rssi(&self, client: Mac) -> Option<i8> {
        let clients = self.clients.borrow();
        clients
            .iter()
            .find(|(known, _)| *known == client)
            .map(|(_, rssi)| *rssi)
    }
}

/// Ends the programs that an earlier run left behind.
pub async fn end_leftovers(run: &Path) {
    let [station, ap] = [station::SOCKETS, access_point::SOCKETS].map(|name| run.join(name));
    program::end_leftovers(&[&station, &ap], run).await;
}
