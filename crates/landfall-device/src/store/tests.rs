//! The store against a flash that loses power at every operation, in every way, and against rubbish.

use std::collections::BTreeMap;
use std::vec::Vec;

use async_io::block_on;
use proptest::prelude::*;

use super::nor::{Nor, SECTOR_LEN, Tear};
use super::*;

const SECTORS: usize = SECTORS_MIN as usize;
/// A little more than the longest pieces of the configuration have.
const SETTINGS_MAX: usize = 3800;
const NETWORKS_MAX: usize = 1900;

type Flash = Nor;

async fn open<const READ: usize>(
    flash: Nor<SECTOR_LEN, READ>,
) -> (Store<Nor<SECTOR_LEN, READ>>, Condition) {
    let end = flash.bytes.len() as u32;
    Store::open(flash, 0..end).await.expect("a readable flash")
}

/// What is to be stored, in this order.
type Script = Vec<(Key, Vec<u8>)>;
/// A key that no script has.
const SAVED_AT_BOOT: Key = Key::Crashes;
type Items = BTreeMap<u8, Vec<u8>>;

/// Saves in turn until the power goes. Gives what was stored for certain, and the save under way.
async fn play<F: NorFlash>(
    store: &mut Store<F>,
    script: &Script,
) -> (Items, Option<(Key, Vec<u8>)>) {
    let mut items = Items::new();
    for (key, value) in script {
        if store.save(*key, value).await.is_err() {
            return (items, Some((*key, value.clone())));
        }
        items.insert(key.number(), value.clone());
    }
    (items, None)
}

async fn stored<F: NorFlash>(store: &mut Store<F>, script: &Script) -> Items {
    let mut items = Items::new();
    let mut buf = [0; VALUE_MAX];
    let keys: BTreeMap<u8, Key> = script.iter().map(|(key, _)| (key.number(), *key)).collect();
    for key in keys.into_values() {
        if let Some(value) = store.load(key, &mut buf).await.expect("readable") {
            items.insert(key.number(), value.to_vec());
        }
    }
    items
}

/// Each item is as it was before or after the save that the cut hit; all others are as saved.
fn assert_whole(now: &Items, before: &Items, under_way: Option<&(Key, Vec<u8>)>, what: &str) {
    let mut after = before.clone();
    if let Some((key, value)) = under_way {
        after.insert(key.number(), value.clone());
    }
    assert!(
        now == before || *now == after,
        "{what}: {:?} is neither {:?} nor {:?}",
        lens(now),
        lens(before),
        lens(&after)
    );
}

fn lens(items: &Items) -> Vec<(u8, usize)> {
    items
        .iter()
        .map(|(key, value)| (*key, value.len()))
        .collect()
}

/// Items like those of a device, scaled to the small pages, over three rounds of the partition.
fn device_script() -> Script {
    let mut script = Vec::new();
    for round in 0..16_u8 {
        script.push((Key::Boots, std::vec![round + 1, 0, 0, 0]));
        script.push((
            Key::Networks,
            std::vec![round + 1; 170 + usize::from(round)],
        ));
        if round % 4 == 0 {
            script.push((Key::OtherSettings, std::vec![round + 1; 300]));
            script.push((Key::Identity, std::vec![7; 12]));
        }
        script.push((Key::Settings, std::vec![round + 1; 40]));
    }
    script
}

#[test]
fn a_power_cut_at_every_operation_leaves_every_item_old_or_new() {
    block_on(async {
        let script = device_script();
        let (mut store, _) = open(Flash::new(SECTORS)).await;
        play(&mut store, &script).await;
        let Nor {
            operations,
            overwrites,
            ..
        } = store.close();
        assert_eq!(overwrites, 0, "no word is written twice between two erases");
        assert!(
            operations > 120,
            "{operations} operations go round the partition"
        );
        for tear in Tear::ALL {
            for cut in 0..operations {
                survives_cuts::<4>(&script, cut, tear).await;
                survives_cuts::<1>(&script, cut, tear).await;
            }
        }
    });
}

/// Cuts the power at an operation, and again at each of the first operations after it is back.
async fn survives_cuts<const READ: usize>(script: &Script, cut: usize, tear: Tear) {
    let what = std::format!("{tear:?} at {cut}");
    let mut flash = Nor::<SECTOR_LEN, READ>::new(SECTORS);
    flash.cut = Some((cut, tear));
    let end = flash.bytes.len() as u32;
    let (before, under_way) = match Store::open(&mut flash, 0..end).await {
        Ok((mut store, _)) => play(&mut store, script).await,
        Err(_) => (Items::new(), None),
    };
    for second in 0..4 {
        let mut again = flash.power_up();
        again.cut = Some((second, Tear::ALL[(cut + second) % 6]));
        if let Ok((mut store, _)) = Store::open(&mut again, 0..end).await {
            // What every boot may write. The power goes again somewhere on the way.
            let _ = store.save(SAVED_AT_BOOT, &[1, 0, 0, 0]).await;
        }
        let (mut store, condition) = open(again.power_up()).await;
        let now = stored(&mut store, script).await;
        assert_whole(&now, &before, under_way.as_ref(), &what);
        assert!(
            before.is_empty() || condition == Condition::Sound,
            "{what}: {condition:?}"
        );
    }
    let (mut store, _) = open(flash.power_up()).await;
    let (_, stuck) = play(&mut store, script).await;
    assert!(stuck.is_none(), "{what}: usable afterwards");
}

#[test]
fn what_is_stored_already_is_not_written_again() {
    block_on(async {
        let (mut store, condition) = open(Flash::new(SECTORS)).await;
        assert_eq!(condition, Condition::New);
        assert_eq!(store.save(Key::Networks, b"one").await, Ok(Saved::Written));
        assert_eq!(store.remove(Key::Settings).await, Ok(Saved::Unchanged));
        let mut flash = store.close();
        let operations = flash.operations;
        flash.fails_from = Some(operations);
        let (mut store, condition) = open(flash).await;
        assert_eq!(condition, Condition::Sound);
        assert_eq!(
            store.save(Key::Networks, b"one").await,
            Ok(Saved::Unchanged)
        );
        assert_eq!(store.close().operations, operations);
    });
}

#[test]
fn a_flash_that_refuses_writes_still_gives_what_it_holds() {
    block_on(async {
        let (mut store, _) = open(Flash::new(SECTORS)).await;
        store.save(Key::Networks, b"one").await.expect("saved");
        let mut flash = store.close().power_up();
        flash.fails_from = Some(0);
        let (mut store, condition) = open(flash).await;
        assert_eq!(condition, Condition::Sound);
        assert_eq!(
            store.save(Key::Networks, b"two").await,
            Err(StoreError::Flash(NorFlashErrorKind::Other))
        );
        let mut buf = [0; 8];
        assert_eq!(
            store.load(Key::Networks, &mut buf).await,
            Ok(Some(&b"one"[..]))
        );
    });
}

#[test]
fn numbers_empty_values_and_bounds() {
    block_on(async {
        let (mut store, _) = open(Flash::new(SECTORS)).await;
        assert_eq!(store.load_number(Key::Boots).await, Ok(0));
        store.save_number(Key::Boots, 70_000).await.expect("saved");
        assert_eq!(store.load_number(Key::Boots).await, Ok(70_000));
        store.save(Key::Boots, b"no number").await.expect("saved");
        assert_eq!(store.load_number(Key::Boots).await, Ok(0));

        store.remove(Key::Boots).await.expect("removed");
        assert_eq!(store.load(Key::Boots, &mut [0; 16]).await, Ok(None));

        store.save(Key::Networks, &[1; 100]).await.expect("saved");
        assert_eq!(
            store.load(Key::Networks, &mut [0; 99]).await,
            Err(StoreError::TooLong)
        );
        for too_long in [2 * SECTOR_LEN, VALUE_MAX + 1] {
            assert_eq!(
                store.save(Key::Networks, &std::vec![1; too_long]).await,
                Err(StoreError::TooLong)
            );
        }
        assert_eq!(
            store.load(Key::Networks, &mut [0; 100]).await,
            Ok(Some(&[1; 100][..])),
            "a refused save changes nothing"
        );
        assert!(Key::mark(MARKS_MAX).is_none());
    });
}

#[test]
fn a_partition_is_whole_pages_and_enough_of_them() {
    block_on(async {
        let sector = SECTOR_LEN as u32;
        for bad in [
            0..10 * sector,
            0..13 * sector,
            4..4 + 12 * sector,
            0..12 * sector + 4,
            12 * sector..0,
        ] {
            let opened = Store::open(Flash::new(16), bad.clone()).await;
            assert_eq!(opened.err(), Some(StoreError::Partition), "{bad:?}");
        }
        let mut flash = Flash::new(16);
        flash.bytes[..SECTOR_LEN].fill(0x11);
        flash.bytes[13 * SECTOR_LEN..].fill(0x22);
        let around = flash.bytes.clone();
        let (mut store, _) = Store::open(flash, sector..13 * sector)
            .await
            .expect("opened");
        play(&mut store, &device_script()).await;
        let flash = store.close();
        assert_eq!(flash.bytes[..SECTOR_LEN], around[..SECTOR_LEN]);
        assert_eq!(flash.bytes[13 * SECTOR_LEN..], around[13 * SECTOR_LEN..]);
    });
}

/// Rubbish in place of a store: it opens, and works from then on.
fn opens_and_works(bytes: Vec<u8>) -> Condition {
    block_on(async {
        let (mut store, condition) = open(Flash::of(bytes)).await;
        store.save(Key::Networks, b"after").await.expect("usable");
        let (mut store, again) = open(store.close().power_up()).await;
        assert_eq!(again, Condition::Sound);
        let mut buf = [0; 8];
        assert_eq!(
            store.load(Key::Networks, &mut buf).await,
            Ok(Some(&b"after"[..]))
        );
        condition
    })
}

#[test]
fn a_flash_of_one_byte_repeated_opens() {
    for byte in 0..=0xff {
        let condition = opens_and_works(std::vec![byte; SECTORS * SECTOR_LEN]);
        let expected = if byte == 0xff {
            Condition::New
        } else {
            Condition::Reformatted
        };
        assert_eq!(condition, expected, "{byte:#04x}");
    }
}

fn any_key() -> impl Strategy<Value = Key> {
    let keys = Key::all().filter(|key| *key != SAVED_AT_BOOT);
    proptest::sample::select(keys.collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn a_flash_of_random_bytes_opens(
        bytes in proptest::collection::vec(any::<u8>(), SECTORS * SECTOR_LEN),
    ) {
        prop_assert_eq!(opens_and_works(bytes), Condition::Reformatted);
    }

    /// Pages with good marks and anything behind them: what a flash that forgets might hold.
    #[test]
    fn rubbish_behind_good_marks_opens(
        rubbish in proptest::collection::vec(any::<u8>(), 0..SECTORS * SECTOR_LEN),
        at in 0..SECTORS * SECTOR_LEN,
    ) {
        let mut bytes = block_on(async {
            let (mut store, _) = open(Flash::new(SECTORS)).await;
            play(&mut store, &device_script()).await;
            store.close().bytes
        });
        for (byte, bad) in bytes[at..].iter_mut().zip(rubbish) {
            *byte = bad;
        }
        opens_and_works(bytes);
    }

    #[test]
    fn random_saves_survive_a_random_cut(
        script in proptest::collection::vec(
            (any_key(), proptest::collection::vec(any::<u8>(), 1..24)), 1..60),
        cut in 0..200_usize,
        tear in proptest::sample::select(Tear::ALL.to_vec()),
    ) {
        block_on(survives_cuts::<4>(&script, cut, tear));
    }
}

/// Every item at its longest, saved in random order in the smallest partition of 4 KiB sectors.
#[test]
fn the_smallest_partition_holds_everything_at_its_longest() {
    block_on(async {
        let mut store = Store::open(Nor::<4096, 4>::new(SECTORS), 0..SECTORS_MIN * 4096)
            .await
            .expect("a partition")
            .0;
        let mut random = 12_345_u32;
        for n in 0..2000_u32 {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            let mark = Key::mark((random >> 8) as u8 % MARKS_MAX).expect("a place");
            let (key, len) = match random % 12 {
                0 => (Key::Settings, SETTINGS_MAX),
                1 => (Key::OtherSettings, SETTINGS_MAX),
                2 | 3 => (Key::Networks, NETWORKS_MAX),
                4 | 5 => (Key::OtherNetworks, NETWORKS_MAX),
                6 => (Key::Head, 3),
                7 => (Key::Boots, 4),
                8 => (Key::FleetKey, 128),
                _ => (mark, 160),
            };
            let value = std::vec![(n % 251) as u8 + 1; len];
            assert_eq!(
                store.save(key, &value).await,
                Ok(Saved::Written),
                "save {n}"
            );
        }
    });
}
