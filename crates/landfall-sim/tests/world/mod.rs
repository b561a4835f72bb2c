//! Machines on an air, driven as an adapter drives them, in virtual time. Their stores take
//! everything at once.
#![expect(
    clippy::unwrap_used,
    reason = "what is unwrapped is written in the tests themselves"
)]

use landfall_core::config::{Identity, KnownNetwork, Wifi};
use landfall_core::event::Event;
use landfall_core::manager::{Boot, Input, Manager, Output};
use landfall_core::net::{Mac, Passphrase, Security, Ssid};
use landfall_core::time::Instant;
use landfall_sim::air::{Air, DeviceId, Targets, file::AirFile};
use landfall_sim::rng::device_seed;

/// An air and the machines on it.
pub(crate) struct World {
    /// The air.
    pub(crate) air: Air,
    /// The devices, in the order of their coming.
    pub(crate) devices: Vec<Device>,
    /// How often a machine was asked or told something.
    pub(crate) steps: u64,
    now_ms: u64,
}

/// One device.
pub(crate) struct Device {
    /// Its machine.
    pub(crate) manager: Manager,
    /// What happened, with the moment.
    pub(crate) events: Vec<(u64, Event)>,
    id: DeviceId,
    deadline_ms: Option<u64>,
}

impl World {
    /// So many devices that know these networks (`""` is open), on the air of that file.
    pub(crate) fn new(file: &str, devices: u8, known: &[(&str, &str)]) -> Self {
        let file = AirFile::parse("air.toml", file).unwrap();
        let seed = file.seed;
        let mut world = Self {
            air: Air::new(file),
            devices: Vec::new(),
            steps: 0,
            now_ms: 0,
        };
        for number in 1..=devices {
            let mac = Mac([0x24, 0x6f, 0x28, 0, 0, number]);
            let id = world.air.add_device(mac);
            let boot = Boot {
                seed: device_seed(seed, mac),
                ..Boot::new(wifi(known), identity(mac))
            };
            world.devices.push(Device {
                manager: Manager::new(boot),
                events: Vec::new(),
                id,
                deadline_ms: None,
            });
            world.tell(usize::from(number) - 1, Input::Timeout);
        }
        world
    }

    /// Lets time pass up to that moment.
    pub(crate) fn run_until(&mut self, end_ms: u64) {
        loop {
            while let Some((id, event)) = self.air.poll_event(self.now_ms) {
                self.tell(id.index(), Input::Radio(event));
            }
            for place in 0..self.devices.len() {
                if self.devices[place]
                    .deadline_ms
                    .is_some_and(|d| d <= self.now_ms)
                {
                    self.tell(place, Input::Timeout);
                }
            }
            let deadlines = self.devices.iter().filter_map(|device| device.deadline_ms);
            let next_ms = deadlines.chain(self.air.poll_timeout()).min();
            match next_ms.filter(|next_ms| *next_ms <= end_ms) {
                Some(next_ms) => self.now_ms = self.now_ms.max(next_ms),
                None => break,
            }
        }
        self.now_ms = end_ms;
    }

    fn tell(&mut self, place: usize, input: Input) {
        let device = &mut self.devices[place];
        let now = Instant::from_ms(self.now_ms);
        device.manager.handle(input, now);
        self.steps += 1;
        loop {
            match device.manager.poll_output() {
                Output::Wait(deadline) => {
                    device.deadline_ms = deadline.map(Instant::as_ms);
                    break;
                }
                Output::Radio(op) => {
                    let targets = Targets::of(&device.manager);
                    self.air.handle(device.id, op, targets, self.now_ms);
                }
                Output::Store(_) => device.manager.handle(Input::Stored(Ok(())), now),
                Output::Event(event) => device.events.push((self.now_ms, event)),
                Output::Reply(..)
                | Output::Failed(..)
                | Output::State(..)
                | Output::ProbeInternet
                | Output::Restart => {}
            }
        }
    }
}

fn wifi(known: &[(&str, &str)]) -> Wifi {
    let mut wifi = Wifi::default();
    for (ssid, password) in known {
        let ssid = Ssid::new(ssid.as_bytes()).unwrap();
        let security = Security::from_password(password.as_bytes()).unwrap();
        wifi.networks
            .push(KnownNetwork::new(ssid, security))
            .unwrap();
    }
    wifi
}

fn identity(mac: Mac) -> &'static Identity {
    Box::leak(Box::new(Identity {
        mac,
        ap_secret: Passphrase::new(b"ABCDEFGHJKLM").unwrap(),
        ap_prefix: "Landfall-".try_into().unwrap(),
    }))
}
