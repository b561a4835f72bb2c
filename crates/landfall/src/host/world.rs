//! The air in our time: shared by all devices of a program, and driven by one thread.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::channel::Channel;
use landfall_core::net::Mac;
use landfall_core::radio::{RadioEvent, RadioOp};
use landfall_core::status::Internet;
use landfall_device::runtime::{Radio, Target};
use landfall_sim::air::access_point::InternetAccess;
use landfall_sim::air::file::AirFile;
use landfall_sim::air::{Air, DeviceId, Targets};
use landfall_sim::clock::ScaledClock;

/// Most events that wait for one device. A scan gives a row for each access point of the air.
const EVENTS_MAX: usize = 512;
/// How strongly a device hears the phone on its access point, in dBm: it is in the same room.
const PHONE_RSSI: i8 = -40;

type Events = Channel<CriticalSectionRawMutex, RadioEvent, EVENTS_MAX>;

/// The air, and who waits for what happens on it.
pub struct World {
    clock: ScaledClock,
    inside: Mutex<Inside>,
    /// Something was asked of the air: its next moment may be earlier now.
    asked: Condvar,
}

struct Inside {
    air: Air,
    listeners: Vec<(DeviceId, Arc<Events>)>,
}

impl World {
    /// The air of that file, running from now on.
    pub fn start(file: AirFile) -> Arc<Self> {
        let world = Arc::new(Self {
            clock: ScaledClock::start(file.speed),
            inside: Mutex::new(Inside {
                air: Air::new(file),
                listeners: Vec::new(),
            }),
            asked: Condvar::new(),
        });
        let driver = Arc::clone(&world);
        std::thread::spawn(move || driver.drive());
        world
    }

    /// Its clock.
    pub fn clock(&self) -> ScaledClock {
        self.clock
    }

    /// Puts a device on the air.
    pub fn join(self: &Arc<Self>, mac: Mac) -> SimRadio {
        let mut inside = self.lock();
        let id = inside.air.add_device(mac);
        let events = Arc::new(Events::new());
        inside.listeners.push((id, Arc::clone(&events)));
        SimRadio {
            world: Arc::clone(self),
            id,
            events,
        }
    }

    /// Changes or asks the air.
    pub fn with<T>(&self, change: impl FnOnce(&mut Air, u64) -> T) -> T {
        let now = self.clock.now_ms();
        let changed = change(&mut self.lock().air, now);
        self.asked.notify_all();
        changed
    }

    /// Hands out what happens, and waits for the next moment.
    fn drive(&self) {
        loop {
            self.deliver();
            let mut inside = self.lock();
            match inside.air.poll_timeout() {
                Some(at) => {
                    let wait = self.clock.wait_until(at);
                    drop(self.asked.wait_timeout(inside, wait));
                }
                None => drop(self.asked.wait(inside)),
            }
        }
    }

    /// Hands out what happened until now. A listener's queue has a lock of its own, under which a
    /// device may ask something of the air: so the air's is not held meanwhile.
    fn deliver(&self) {
        let now = self.clock.now_ms();
        loop {
            // A statement of its own: in the head of a loop the lock would be held through its body.
            let next = self.lock().next_event(now);
            let Some((events, event)) = next else { return };
            // A device that stopped listening misses events as a hung one would; the machine's
            // periodic look at the radio heals that.
            let _ = events.try_send(event);
        }
    }

    // A panic of one device's thread leaves the air as whole as it was between two calls.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    fn next_event(&mut self, now: u64) -> Option<(Arc<Events>, RadioEvent)> {
        let (device, event) = self.air.poll_event(now)?;
        let mut listeners = self.listeners.iter();
        let (_, events) = listeners.find(|(id, _)| *id == device)?;
        Some((Arc::clone(events), event))
    }
}

/// The radio of one device on the air.
pub struct SimRadio {
    world: Arc<World>,
    id: DeviceId,
    events: Arc<Events>,
}

impl SimRadio {
    /// Which device of the air it is.
    pub fn id(&self) -> DeviceId {
        self.id
    }

    /// What a probe for internet finds now.
    pub fn internet(&self) -> Internet {
        let found = self.world.with(|air, _| air.link(self.id)?.internet());
        match found {
            Some(InternetAccess::Yes) => Internet::Yes,
            Some(InternetAccess::Captive) => Internet::Captive,
            Some(InternetAccess::No) | None => Internet::No,
        }
    }

    /// Restarts it: link, access point and operation are gone, and so is what was not heard yet.
    pub fn restart(&self) {
        self.world.with(|air, now| air.power_off(self.id, now));
        self.events.clear();
    }
}

impl SimRadio {
    fn begin(&self, op: RadioOp, target: Target<'_>) {
        let mut targets = Targets::default();
        match target {
            Target::None => {}
            Target::Network(network) => targets.join = Some(network),
            Target::Ap(ap) => targets.ap = Some(ap),
        }
        self.world
            .with(|air, now| air.handle(self.id, op, targets, now));
    }

    fn send_away(&self, client: Mac) {
        self.world
            .with(|air, now| air.deauthenticate(self.id, client, now));
    }
}

impl Radio for SimRadio {
    fn start(&mut self, op: RadioOp, target: Target<'_>) {
        Lent(self).start(op, target);
    }

    async fn next(&mut self) -> RadioEvent {
        Lent(self).next().await
    }

    fn reset(&mut self) {
        Lent(self).reset();
    }

    fn let_go(&mut self, client: Mac) {
        Lent(self).let_go(client);
    }

    fn client_rssi(&self, client: Mac) -> Option<i8> {
        Lent(self).client_rssi(client)
    }
}

/// The radio lent to a runner, by whoever restarts the device itself. Nobody else can lend it: a
/// radio carries one device.
pub(super) struct Lent<'a>(pub(super) &'a SimRadio);

impl Radio for Lent<'_> {
    fn start(&mut self, op: RadioOp, target: Target<'_>) {
        self.0.begin(op, target);
    }

    async fn next(&mut self) -> RadioEvent {
        self.0.events.receive().await
    }

    fn reset(&mut self) {
        self.0.restart();
    }

    fn let_go(&mut self, client: Mac) {
        self.0.send_away(client);
    }

    fn client_rssi(&self, _client: Mac) -> Option<i8> {
        Some(PHONE_RSSI)
    }
}
