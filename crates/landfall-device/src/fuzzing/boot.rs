//! Anything as what a device finds in its flash when it boots.

use core::cell::Cell;
use std::boxed::Box;
use std::collections::VecDeque;
use std::vec;

use embassy_futures::block_on;
use landfall_core::config::{Defaults, Mode, StartPolicy};
use landfall_core::net::Mac;
use landfall_core::radio::{RadioEvent, RadioOp, Reason};
use landfall_core::time::Instant;

use crate::runtime::{Builder, Clock, FlashStorage, Radio, Shared, Target};
use crate::store::nor::Nor;
use crate::store::{Key, SECTORS_MIN, Saved, Store};

/// Bytes of a sector, as chips have them.
pub(super) const SECTOR_LEN: usize = 4096;
/// Bytes of the smallest partition.
pub(super) const FLASH_LEN: usize = SECTOR_LEN * SECTORS_MIN as usize;
const MAC: Mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
/// Within this time a device that joins nothing has its access point up: its longest deadline
/// for that, and what the radio takes.
const REACHABLE_MS: u64 = 700_000;
const STEP_MS: u64 = 1_000;
/// Steps in which a device does all that can be done without waiting.
const STEPS: usize = 16;

type Flash = Nor<SECTOR_LEN, 4>;

/// The store opens, and works afterwards; the device boots, and can be reached by its access point,
/// unless what it found says in so many words that it has none. The rest of the flash is blank.
pub fn flash_contents(bytes: &[u8]) {
    let mut flash = vec![0xff; FLASH_LEN];
    for (cell, byte) in flash.iter_mut().zip(bytes) {
        *cell = *byte;
    }
    keeps_what_it_is_given(Flash::of(flash.clone()));
    boots(Flash::of(flash));
}

fn keeps_what_it_is_given(flash: Flash) {
    block_on(async {
        let (mut store, _) = open(flash).await;
        let value = b"as it was given";
        let saved = store.save(Key::FleetKey, value).await;
        assert!(
            matches!(saved, Ok(Saved::Written | Saved::Unchanged)),
            "{saved:?}"
        );
        let (mut store, _) = open(store.close().power_up()).await;
        let mut buffer = [0; 32];
        assert_eq!(
            store.load(Key::FleetKey, &mut buffer).await,
            Ok(Some(&value[..]))
        );
    });
}

async fn open(flash: Flash) -> (Store<Flash>, crate::store::Condition) {
    let opened = Store::open(flash, 0..FLASH_LEN as u32).await;
    opened.unwrap_or_else(|error| panic!("a readable flash: {error:?}"))
}

fn boots(flash: Flash) {
    std::thread_local! {
        // A device lives as long as its program: one place for all that boot here.
        static PLACE: &'static Shared<Watch> = Box::leak(Box::new(Shared::new(Watch::default())));
    }
    let shared = PLACE.with(|place| *place);
    shared.clock().0.set(0);
    let mut runner = block_on(async {
        let storage = FlashStorage::open(flash, 0..FLASH_LEN as u32, Defaults::built_in()).await;
        let storage = storage.unwrap_or_else(|error| panic!("a readable flash: {error:?}"));
        let builder = Builder::new(MAC, [7; 16]).storage(storage);
        let built = builder.build(shared, Nobody::default(), &mut |_| {}).await;
        built.unwrap_or_else(|error| panic!("it boots: {error:?}"))
    });
    while shared.clock().0.get() < REACHABLE_MS {
        for _ in 0..STEPS {
            assert!(runner.step().is_none(), "it restarts by itself");
        }
        if runner.wifi().ap_ip().is_some() || is_told_to_hide(shared) {
            return;
        }
        shared.clock().0.set(shared.clock().0.get() + STEP_MS);
    }
    panic!("nobody reaches it");
}

/// Whether it found a whole configuration that has no access point.
fn is_told_to_hide(shared: &Shared<Watch>) -> bool {
    let told = shared.with(|device| {
        let wifi = device.manager().wifi();
        (wifi.mode, wifi.ap.start_policy)
    });
    match told {
        Some((Mode::Off | Mode::Sta, _) | (Mode::StaAp, StartPolicy::Never)) => true,
        Some((Mode::Ap | Mode::StaAp, _)) | None => false,
    }
}

/// Time that passes when the test says so.
#[derive(Default)]
struct Watch(Cell<u64>);

impl Clock for Watch {
    fn now(&self) -> Instant {
        Instant::from_ms(self.0.get())
    }

    async fn sleep_until(&self, at: Instant) {
        if self.now() < at {
            core::future::pending::<()>().await;
        }
    }
}

/// A radio where nobody is on the air.
#[derive(Default)]
struct Nobody(VecDeque<RadioEvent>);

impl Radio for Nobody {
    fn start(&mut self, op: RadioOp, _: Target<'_>) {
        self.0.extend(match op {
            RadioOp::Scan => Some(RadioEvent::ScanDone),
            RadioOp::Join { .. } => Some(RadioEvent::JoinFailed {
                reason: Reason::NOT_FOUND,
                comeback_ms: None,
            }),
            RadioOp::Leave => Some(RadioEvent::Left),
            RadioOp::ApStart { channel } => Some(RadioEvent::ApStarted { channel }),
            RadioOp::ApStop => Some(RadioEvent::ApStopped),
            RadioOp::ApMove { channel } => Some(RadioEvent::ApMoved { channel }),
            RadioOp::Cancel | RadioOp::Query => None,
        });
    }

    async fn next(&mut self) -> RadioEvent {
        match self.0.pop_front() {
            Some(event) => event,
            None => core::future::pending().await,
        }
    }
}
