//! A whole configuration against power cuts at every operation of the flash: what boots after one is
//! the configuration before or the new one, each whole, and a reset lets nothing come back.

use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use async_io::block_on;
use landfall_core::config::{Identity, KnownNetwork, Security};
use landfall_core::manager::{Boot, Manager};
use landfall_core::net::{Mac, Ssid};

use super::*;
use crate::store::SECTORS_MIN;
use crate::store::nor::{Nor, Tear};

/// Bytes of a sector, as chips have them.
const SECTOR_LEN: usize = 4096;
const FLASH_LEN: usize = SECTOR_LEN * SECTORS_MIN as usize;

type Flash = Nor<SECTOR_LEN, 4>;

/// A configuration that differs from another in both of its pieces.
fn config(name: &str) -> Config {
    let mut config = Config::default();
    let ssid = Ssid::new(name.as_bytes()).expect("a short name");
    let security = Security::from_password(b"Password2").expect("a good key");
    let networks = &mut config.wifi.networks;
    networks
        .push(KnownNetwork::new(ssid, security))
        .expect("one fits");
    config.services.mqtt_user = name.try_into().expect("it fits");
    config
}

fn manager(config: &Config) -> Manager {
    static IDENTITY: std::sync::LazyLock<Identity> = std::sync::LazyLock::new(|| Identity {
        mac: Mac([2, 0, 0, 0, 0, 1]),
        ap_secret: Passphrase::new(b"ABCDEFGHJKLM").expect("12 letters"),
        ap_prefix: "Landfall-".try_into().expect("it fits"),
    });
    Manager::new(Boot::new(config.wifi.clone(), &IDENTITY))
}

/// What a device does with its store, a step each. The old configuration is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Save,
    Load,
    Keep,
    Return,
    Reset,
    /// The machine writes what it holds: the configuration loaded last.
    Own,
}

async fn open(flash: Flash) -> FlashStorage<Flash> {
    FlashStorage::open(flash, 0..FLASH_LEN as u32, Defaults::built_in())
        .await
        .unwrap_or_else(|error| panic!("a readable flash: {error:?}"))
}

/// Does the steps; false where the power went.
async fn play(storage: &mut FlashStorage<Flash>, steps: &[Do]) -> bool {
    let mut loaded = config("old");
    for step in steps {
        let manager = manager(&loaded);
        let services = &loaded.services;
        let source = Source {
            manager: &manager,
            services,
        };
        let done = match step {
            Do::Save => {
                let taken = storage.take_config(config("new").as_ref(), source);
                taken.is_ok() && storage.commit().await.is_ok()
            }
            Do::Load => match storage.load(&mut |w| panic!("{w}")).await {
                Ok(stored) => {
                    loaded = stored.pieces.config.clone();
                    true
                }
                Err(_) => false,
            },
            Do::Keep => storage.end_trial(true).await.is_ok(),
            Do::Return => storage.end_trial(false).await.is_ok(),
            Do::Reset => {
                storage.take(StoreOp::Reset, source).is_ok() && storage.commit().await.is_ok()
            }
            Do::Own => {
                storage.take(StoreOp::Networks, source).is_ok() && storage.commit().await.is_ok()
            }
        };
        if !done {
            return false;
        }
    }
    true
}

/// What a boot finds: the name in both pieces, and whether it is on trial.
async fn found(flash: Flash) -> String {
    let mut storage = open(flash).await;
    let stored = storage.load(&mut |w| panic!("{w}")).await;
    let stored = stored.unwrap_or_else(|error| panic!("readable: {error:?}"));
    let config = &stored.pieces.config;
    let networks = &config.wifi.networks;
    let names: Vec<String> = networks.iter().map(|n| n.ssid.to_string()).collect();
    let trial = if stored.on_trial { " on trial" } else { "" };
    let user = &config.services.mqtt_user;
    std::format!("{}/{user}{trial}", names.join(" "))
}

/// A flash with the old configuration in it.
async fn seeded() -> Flash {
    let mut storage = open(Flash::of(vec![0xff; FLASH_LEN])).await;
    let seeded = storage.seed(&config("old")).await;
    assert_eq!(seeded, Ok(()));
    storage.into_flash().power_up()
}

/// Plays the steps, the power going at each operation in each way. Whatever is found then is one of
/// these, and at the end the last.
fn check(steps: &[Do], allowed: &[&str]) {
    block_on(async {
        let blank = seeded().await;
        let mut storage = open(blank.power_up()).await;
        assert!(play(&mut storage, steps).await, "{steps:?}");
        let flash = storage.into_flash();
        let operations = flash.operations;
        let end = allowed.last().copied();
        assert_eq!(Some(found(flash.power_up()).await.as_str()), end);
        assert!(operations > 0);
        for cut in 0..operations {
            for tear in Tear::ALL {
                let mut flash = blank.power_up();
                flash.cut = Some((cut, tear));
                let mut storage = open(flash).await;
                play(&mut storage, steps).await;
                let now = found(storage.into_flash().power_up()).await;
                let what = std::format!("{steps:?}, cut {cut} {tear:?}: {now}");
                assert!(allowed.contains(&now.as_str()), "{what}");
            }
        }
    });
}

const OLD: &str = "old/old";
const NEW: &str = "new/new";
const TRIAL: &str = "new/new on trial";

#[test]
fn a_configuration_is_whole_before_it_is_in_force() {
    check(&[Do::Save], &[OLD, TRIAL]);
}

#[test]
fn one_that_is_confirmed_stays_and_one_that_is_not_goes() {
    check(&[Do::Save, Do::Load, Do::Keep], &[OLD, TRIAL, NEW]);
    check(&[Do::Save, Do::Load, Do::Return], &[TRIAL, OLD]);
    check(
        &[Do::Save, Do::Load, Do::Keep, Do::Save, Do::Load, Do::Return],
        &[OLD, TRIAL, NEW],
    );
}

#[test]
fn what_the_machine_writes_goes_where_it_came_from() {
    // Written between the save and its taking force, it is the old configuration's.
    check(
        &[Do::Save, Do::Own, Do::Load, Do::Own, Do::Return],
        &[TRIAL, OLD],
    );
}

#[test]
fn nothing_comes_back_after_a_reset() {
    check(&[Do::Save, Do::Load, Do::Reset], &[OLD, TRIAL, NEW, "/new"]);
    block_on(async {
        let mut storage = open(seeded().await).await;
        let steps = [Do::Save, Do::Load, Do::Reset, Do::Load, Do::Return];
        assert!(play(&mut storage, &steps).await);
        for key in [Key::Networks, Key::Settings] {
            let mut buffer = [0; VALUE_MAX];
            let other = storage.store().load(key, &mut buffer).await;
            assert_eq!(other, Ok(None), "the passwords of before are gone");
        }
        assert_eq!(found(storage.into_flash().power_up()).await, "/new");
    });
}

#[test]
fn a_store_that_is_seeded_anew_is_on_trial_no_more() {
    block_on(async {
        let mut storage = open(seeded().await).await;
        assert!(play(&mut storage, &[Do::Save]).await);
        assert_eq!(storage.seed(&config("seed")).await, Ok(()));
        assert_eq!(found(storage.into_flash().power_up()).await, "seed/seed");
    });
}
