//! What NOR allows, what a cut leaves, and what a file keeps.

use alloc::vec::Vec;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};

use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use proptest::prelude::*;

use super::*;

const SECTORS: usize = 3;

/// Flash operations are done at once: the future is ready when it is first asked.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("a flash operation waits"),
    }
}

fn content(flash: &SimFlash) -> Vec<u8> {
    let mut bytes = vec![0; flash.size()];
    let mut flash = flash.clone();
    flash.power_on();
    flash.read_at(0, &mut bytes).unwrap();
    bytes
}

#[test]
fn writes_clear_bits_and_erases_set_them() {
    let mut flash = SimFlash::new(SECTORS, 1);
    assert!(flash.is_blank());
    now(flash.write(4092, &[0x0f; 8])).unwrap();
    now(flash.write(4092, &[0xf3; 4])).unwrap();
    let mut bytes = [0; 12];
    now(flash.read(4090, &mut bytes)).unwrap();
    assert_eq!(
        bytes,
        [0xff, 0xff, 3, 3, 3, 3, 0x0f, 0x0f, 0x0f, 0x0f, 0xff, 0xff]
    );
    assert!(!flash.is_blank());
    now(flash.erase(0, 8192)).unwrap();
    assert!(flash.is_blank());
    assert_eq!(flash.operations(), 4);
}

#[test]
fn places_outside_or_between_words_are_refused() {
    let mut flash = SimFlash::new(SECTORS, 1);
    let end = flash.size() as u32;
    for (result, expected) in [
        (flash.write_at(2, &[0; 4]), FlashError::NotAligned),
        (flash.write_at(0, &[0; 3]), FlashError::NotAligned),
        (flash.write_at(end, &[0; 4]), FlashError::OutOfBounds),
        (flash.write_at(u32::MAX, &[0; 4]), FlashError::OutOfBounds),
        (flash.erase_range(0, 100), FlashError::NotAligned),
        (flash.erase_range(4096, 0), FlashError::OutOfBounds),
        (flash.erase_range(0, end + 4096), FlashError::OutOfBounds),
        (flash.read_at(end - 1, &mut [0; 2]), FlashError::OutOfBounds),
    ] {
        assert_eq!(result, Err(expected));
    }
    assert!(flash.is_blank());
    assert_eq!(flash.operations(), 0);
}

#[test]
fn a_failing_flash_changes_nothing_and_may_recover() {
    let mut flash = SimFlash::new(SECTORS, 1);
    flash.set_plan(FlashPlan {
        fail_after: Some(1),
        power_cut_after: None,
    });
    flash.write_at(0, &[1; 4]).unwrap();
    assert_eq!(flash.write_at(4, &[2; 4]), Err(FlashError::Failing));
    assert_eq!(flash.erase_range(0, 4096), Err(FlashError::Failing));
    assert_eq!(content(&flash)[..8], [1, 1, 1, 1, 255, 255, 255, 255]);
    flash.set_failing(false);
    flash.write_at(4, &[2; 4]).unwrap();
    flash.set_failing(true);
    assert_eq!(flash.write_at(8, &[2; 4]), Err(FlashError::Failing));
}

#[test]
fn without_power_nothing_answers() {
    let mut flash = SimFlash::new(SECTORS, 1);
    flash.set_plan(FlashPlan {
        power_cut_after: Some(1),
        fail_after: None,
    });
    flash.write_at(0, &[1; 4]).unwrap();
    assert!(flash.is_powered());
    assert_eq!(flash.write_at(4, &[2; 4]), Err(FlashError::NoPower));
    assert!(!flash.is_powered());
    assert_eq!(flash.read_at(0, &mut [0; 4]), Err(FlashError::NoPower));
    assert_eq!(flash.erase_range(0, 4096), Err(FlashError::NoPower));
    flash.power_on();
    let mut bytes = [0; 4];
    flash.read_at(0, &mut bytes).unwrap();
    assert_eq!(bytes, [1; 4]);
}

#[derive(Clone, Debug)]
enum Step {
    Write { word: u32, words: u8, value: u8 },
    Erase { sector: u32, sectors: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let words = (SECTORS * SECTOR_SIZE / WORD_SIZE) as u32;
    prop_oneof![
        3 => (0..words - 255, any::<u8>(), any::<u8>())
            .prop_map(|(word, words, value)| Step::Write { word, words, value }),
        1 => (0..SECTORS as u32, 0..=1_u32)
            .prop_map(|(sector, more)| Step::Erase { sector, sectors: 1 + more }),
    ]
}

fn apply(flash: &mut SimFlash, step: &Step) -> Result<(), FlashError> {
    match step {
        Step::Write { word, words, value } => {
            let data: Vec<u8> = (0..u32::from(*words) * 4)
                .map(|i| value.wrapping_mul(i as u8 | 1))
                .collect();
            flash.write_at(word * 4, &data)
        }
        Step::Erase { sector, sectors } => {
            let to = (sector + sectors).min(SECTORS as u32);
            flash.erase_range(sector * 4096, to * 4096)
        }
    }
}

/// Whether a byte may have become `torn` on its way from `old` to `new`: each bit is of either.
fn lies_between(old: u8, torn: u8, new: u8) -> bool {
    (torn ^ old) & (torn ^ new) == 0
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_cut_leaves_every_byte_old_new_or_torn_as_nor_allows(
        steps in proptest::collection::vec(step(), 1..12),
        cut in 0..12_u64,
        seed in any::<u64>(),
        bits in any::<bool>(),
    ) {
        let mut flash = SimFlash::new(SECTORS, seed);
        flash.set_tear(if bits { Tear::Bits } else { Tear::Bytes });
        flash.set_plan(FlashPlan { power_cut_after: Some(cut), fail_after: None });
        let mut whole = SimFlash::new(SECTORS, 0);
        for step in &steps {
            let old = content(&whole);
            apply(&mut whole, step).unwrap();
            let new = content(&whole);
            let result = apply(&mut flash, step);
            let seen = content(&flash);
            if result.is_ok() {
                prop_assert_eq!(&seen, &new);
                continue;
            }
            prop_assert_eq!(result, Err(FlashError::NoPower));
            for at in 0..seen.len() {
                prop_assert!(lies_between(old[at], seen[at], new[at]), "byte {}", at);
            }
            break;
        }
    }

    #[test]
    fn the_same_seed_tears_alike(seed in any::<u64>(), step in step()) {
        let torn = || {
            let mut flash = SimFlash::new(SECTORS, seed);
            flash.set_tear(Tear::Bits);
            flash.write_at(0, &[0x55; SECTOR_SIZE]).unwrap();
            flash.set_plan(FlashPlan { power_cut_after: Some(0), fail_after: None });
            let _ = apply(&mut flash, &step);
            content(&flash)
        };
        prop_assert_eq!(torn(), torn());
    }
}

#[test]
fn a_cut_tears_in_the_middle_now_and_then() {
    let torn = |seed| {
        let mut flash = SimFlash::new(1, seed);
        flash.set_plan(FlashPlan {
            power_cut_after: Some(0),
            fail_after: None,
        });
        flash.write_at(0, &[0; 16]).unwrap_err();
        content(&flash).iter().filter(|byte| **byte == 0).count()
    };
    let lengths: std::collections::BTreeSet<usize> = (0..200).map(torn).collect();
    assert_eq!(lengths, (0..=16).collect());
}

/// A folder of its own, gone at the end.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("landfall-flash-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_file_keeps_what_was_written_without_being_closed() {
    let folder = Folder::new();
    let mut flash = SimFlash::open(&folder.0, SECTORS, 1).unwrap();
    flash.write_at(4092, &[0x12; 8]).unwrap();
    flash.erase_range(4096, 8192).unwrap();
    flash.write_at(8192, &[0x34; 4]).unwrap();
    // What another process would read if this one were killed now.
    let file = std::fs::read(folder.0.join(FLASH_FILE)).unwrap();
    assert_eq!(file, content(&flash));
    drop(flash);
    let flash = SimFlash::open(&folder.0, SECTORS, 1).unwrap();
    assert_eq!(content(&flash), file);
}

#[test]
fn a_second_user_is_refused_and_a_strange_file_too() {
    let folder = Folder::new();
    let first = SimFlash::open(&folder.0, SECTORS, 1).unwrap();
    assert!(matches!(
        SimFlash::open(&folder.0, SECTORS, 1),
        Err(OpenError::InUse(_))
    ));
    drop(first);
    assert!(matches!(
        SimFlash::open(&folder.0, 1, 1),
        Err(OpenError::WrongSize(_))
    ));
}

#[test]
fn a_file_cut_short_at_its_making_counts_as_erased_there() {
    let folder = Folder::new();
    std::fs::create_dir_all(&folder.0).unwrap();
    std::fs::write(folder.0.join(FLASH_FILE), [0; 100]).unwrap();
    let flash = SimFlash::open(&folder.0, SECTORS, 1).unwrap();
    let mut expected = vec![0xff; SECTORS * SECTOR_SIZE];
    expected[..100].fill(0);
    assert_eq!(content(&flash), expected);
}
