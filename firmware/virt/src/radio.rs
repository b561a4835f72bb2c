//! The radio: a virtual air, the one of the simulator, with this device alone on it. Packets go over
//! the machine's network cards; what the air decides is whether they may.

use alloc::rc::Rc;
use core::cell::RefCell;

use embassy_net::Stack;
use landfall_core::net::Mac;
use landfall_core::radio::{RadioEvent, RadioOp};
use landfall_core::time::Instant;
use landfall_device::runtime::{Clock, Radio, Target};
use landfall_embassy::EmbassyClock;
use landfall_embassy::address::set_address;
use landfall_sim::air::file::AirFile;
use landfall_sim::air::{Air, DeviceId, Targets};

/// How strongly the phone on our access point is heard, in dBm: it is in the same room.
const PHONE_RSSI: i8 = -40;

/// The air, shared by the radio and whoever asks about it.
#[derive(Clone)]
pub struct VirtualAir {
    air: Rc<RefCell<Air>>,
    device: DeviceId,
}

impl VirtualAir {
    /// The air of that file, with a device of that address on it.
    pub fn new(file: AirFile, mac: Mac) -> Self {
        let mut air = Air::new(file);
        let device = air.add_device(mac);
        Self {
            air: Rc::new(RefCell::new(air)),
            device,
        }
    }

    /// The radio of the device, whose station has that stack.
    pub fn radio(&self, station: Stack<'static>) -> VirtualRadio {
        VirtualRadio {
            air: self.clone(),
            station,
        }
    }
}

/// The device's radio.
pub struct VirtualRadio {
    air: VirtualAir,
    station: Stack<'static>,
}

impl VirtualRadio {
    /// The station's packets go where it has an address, and only then.
    fn follow(&self, event: &RadioEvent) {
        match event {
            RadioEvent::Address(net) => set_address(self.station, Some(*net)),
            RadioEvent::AddressLost | RadioEvent::Lost { .. } | RadioEvent::Left => {
                set_address(self.station, None);
            }
            RadioEvent::ScanRow(_)
            | RadioEvent::ScanDone
            | RadioEvent::ScanFailed
            | RadioEvent::Joined { .. }
            | RadioEvent::JoinFailed { .. }
            | RadioEvent::ApStarted { .. }
            | RadioEvent::ApFailed { .. }
            | RadioEvent::ApStopped
            | RadioEvent::ApMoved { .. }
            | RadioEvent::ClientJoined(_)
            | RadioEvent::ClientLeft(_)
            | RadioEvent::Report(_) => {}
        }
    }
}

impl Radio for VirtualRadio {
    fn start(&mut self, op: RadioOp, target: Target<'_>) {
        let mut targets = Targets::default();
        match target {
            Target::None => {}
            Target::Network(network) => targets.join = Some(network),
            Target::Ap(ap) => targets.ap = Some(ap),
        }
        let now = EmbassyClock.now().as_ms();
        let mut air = self.air.air.borrow_mut();
        air.handle(self.air.device, op, targets, now);
    }

    async fn next(&mut self) -> RadioEvent {
        loop {
            let now = EmbassyClock.now().as_ms();
            let happened = self.air.air.borrow_mut().poll_event(now);
            if let Some((_, event)) = happened {
                self.follow(&event);
                return event;
            }
            // The runner asks anew after each operation that it begins.
            let due = self.air.air.borrow_mut().poll_timeout();
            match due {
                Some(at) => EmbassyClock.sleep_until(Instant::from_ms(at)).await,
                None => core::future::pending().await,
            }
        }
    }

    fn client_rssi(&self, _: Mac) -> Option<i8> {
        Some(PHONE_RSSI)
    }
}
