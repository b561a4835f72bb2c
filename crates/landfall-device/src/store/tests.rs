//! The store against a flash that loses power at every operation, in every way, and against rubbish.

use std::collections::BTreeMap;
use std::vec::Vec;

use async_io::block_on;
use proptest::prelude::*;

use super::nor::{Nor, PAGE_LEN, Tear};
use super::*;

const PAGES: usize = 4;

async fn open(flash: Nor) -> (Store<Nor>, Condition) {
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

async fn stored(store: &mut Store<Nor>) -> Items {
    let mut items = Items::new();
    let mut buf = [0; VALUE_MAX];
    for key in Key::all() {
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
    for round in 0..12_u8 {
        script.push((Key::Boots, std::vec![round + 1, 0, 0, 0]));
        script.push((
            Key::Networks,
            std::vec![round + 1; 170 + usize::from(round)],
        ));
        if round % 4 == 0 {
            script.push((Key::Services, std::vec![round + 1; 300]));
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
        let (mut store, _) = open(Nor::new(PAGES)).await;
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
                survives_cuts(&script, cut, tear).await;
            }
        }
    });
}

/// Cuts the power at an operation, and again at each of the first operations after it is back.
async fn survives_cuts(script: &Script, cut: usize, tear: Tear) {
    let what = std::format!("{tear:?} at {cut}");
    let mut flash = Nor::new(PAGES);
    flash.cut = Some((cut, tear));
    let end = flash.bytes.len() as u32;
    let (before, under_way) = match Store::open(&mut flash, 0..end).await {
        Ok((mut store, _)) => play(&mut store, script).await,
        Err(_) => (Items::new(), None),
    };
    for second in 0..6 {
        let mut again = flash.power_up();
        again.cut = Some((second, Tear::ALL[(cut + second) % 6]));
        if let Ok((mut store, _)) = Store::open(&mut again, 0..end).await {
            // What every boot may write. The power goes again somewhere on the way.
            let _ = store.save(SAVED_AT_BOOT, &[1, 0, 0, 0]).await;
        }
        let (mut store, condition) = open(again.power_up()).await;
        let mut now = stored(&mut store).await;
        now.remove(&SAVED_AT_BOOT.number());
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
        let (mut store, condition) = open(Nor::new(PAGES)).await;
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
        let (mut store, _) = open(Nor::new(PAGES)).await;
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
        let (mut store, _) = open(Nor::new(PAGES)).await;
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
        for too_long in [PAGE_LEN, VALUE_MAX + 1] {
            assert_eq!(
                store.save(Key::Networks, &std::vec![1; too_long]).await,
                Err(StoreError::TooLong)
            );
        }
        assert_eq!(
            stored(&mut store).await.len(),
            1,
            "a refused save changes nothing"
        );
        assert!(Key::mark(MARKS_MAX).is_none());
    });
}

#[test]
fn a_partition_is_whole_pages_and_enough_of_them() {
    block_on(async {
        let page = PAGE_LEN as u32;
        for bad in [
            0..3 * page,
            4..4 + 4 * page,
            0..4 * page + 4,
            8 * page..4 * page,
        ] {
            let opened = Store::open(Nor::new(8), bad.clone()).await;
            assert_eq!(opened.err(), Some(StoreError::Partition), "{bad:?}");
        }
        let mut flash = Nor::new(8);
        flash.bytes[..PAGE_LEN].fill(0x11);
        flash.bytes[6 * PAGE_LEN..].fill(0x22);
        let around = flash.bytes.clone();
        let (mut store, _) = Store::open(flash, page..6 * page).await.expect("opened");
        play(&mut store, &device_script()).await;
        let flash = store.close();
        assert_eq!(flash.bytes[..PAGE_LEN], around[..PAGE_LEN]);
        assert_eq!(flash.bytes[6 * PAGE_LEN..], around[6 * PAGE_LEN..]);
    });
}

/// Rubbish in place of a store: it opens, and works from then on.
fn opens_and_works(bytes: Vec<u8>) -> Condition {
    block_on(async {
        let (mut store, condition) = open(Nor::of(bytes)).await;
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
        let condition = opens_and_works(std::vec![byte; PAGES * PAGE_LEN]);
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
        bytes in proptest::collection::vec(any::<u8>(), PAGES * PAGE_LEN),
    ) {
        prop_assert_eq!(opens_and_works(bytes), Condition::Reformatted);
    }

    /// Pages with good marks and anything behind them: what a flash that forgets might hold.
    #[test]
    fn rubbish_behind_good_marks_opens(
        rubbish in proptest::collection::vec(any::<u8>(), 0..PAGES * PAGE_LEN),
        at in 0..PAGES * PAGE_LEN,
    ) {
        let mut bytes = block_on(async {
            let (mut store, _) = open(Nor::new(PAGES)).await;
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
        block_on(survives_cuts(&script, cut, tear));
    }
}
