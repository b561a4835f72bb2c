//! What survives a restart: named items in NOR flash, each wholly old or wholly new after a power cut
//! at any moment.
//!
//! The map of `sequential-storage` does the wear levelling: it appends items, checks each by its CRC,
//! and always keeps one page erased, so that a write finds room at once. `guard` below it
//! makes an erase that was cut off harmless. An item is bytes here; what they mean is said by the
//! stored forms of the configuration.
//!
//! ```text
//! flash | page | page | page | … |     a partition of whole pages, at least PAGES_MIN
//!         |
//!         marks, then items: key, value, CRC; the newest of a key counts
//! ```

#[cfg(feature = "std")]
mod file;
mod guard;
mod key;
#[cfg(any(test, fuzzing))]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the power is cut in tests alone")
)]
pub(crate) mod nor;
#[cfg(test)]
mod tests;

use core::ops::Range;

use embedded_storage_async::nor_flash::{NorFlash, NorFlashError, NorFlashErrorKind};
use heapless::Vec;
use sequential_storage::cache::{Cache, Uncached};
use sequential_storage::map::{MapConfig, MapStorage};
use zeroize::Zeroize;

use guard::{Found, PageGuard};

#[cfg(feature = "std")]
pub use file::FileItems;
pub use key::{Key, MARKS_MAX};

/// Sectors of flash that make one page: a partition begins on a sector and is a whole number of
/// pages long.
pub const SECTORS_PER_PAGE: u32 = guard::SECTORS_PER_PAGE;
/// Fewest pages of a partition, 48 KiB with sectors of 4 KiB: enough for every item at its longest
/// at the same time, 16 KiB, and the longest once more on top of what the fullest page keeps. Eight
/// pages wear better.
pub const PAGES_MIN: u32 = 6;
/// Fewest sectors of a partition.
pub const SECTORS_MIN: u32 = PAGES_MIN * SECTORS_PER_PAGE;
/// Longest value, in bytes: any piece of the configuration has less than 4 000.
pub const VALUE_MAX: usize = 4032;
/// Tries to write a value until it reads back as it should.
const WRITE_TRIES: u8 = 3;
/// Bytes of the working buffer: a value, its key, and the padding to the widest word.
const SCRATCH_LEN: usize = VALUE_MAX + 32;

/// Why the store did not do it. What was stored before is untouched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreError {
    /// The flash refused or lost it. Try again; a flash that keeps refusing is worn out.
    Flash(NorFlashErrorKind),
    /// The items do not fit the partition. Give it more pages.
    Full,
    /// The value is longer than [`VALUE_MAX`], than a page, or than the buffer it is to go to.
    TooLong,
    /// What the flash holds makes no sense. [`Store::format`] makes it usable, and empty.
    Corrupt,
    /// The partition does not begin on a sector, or is no whole number of pages, or has fewer than
    /// [`PAGES_MIN`].
    Partition,
}

/// In what condition a partition was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Everything is there.
    Sound,
    /// It was never used.
    New,
    /// It held what no store writes, and is empty now. Worth a warning: what was stored is gone.
    Reformatted,
}

/// What [`Store::save`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It wrote the value and read it back.
    Written,
    /// It wrote nothing: exactly that value was stored.
    Unchanged,
}

/// Items in a partition of a NOR flash.
pub struct Store<F: NorFlash> {
    map: MapStorage<u8, PageGuard<F>, Cache<Uncached, Uncached, Uncached, u8>>,
    scratch: Scratch,
}

/// Where in its flash a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Its first address.
    start: u32,
    pages: u32,
}

/// Some flash drivers want the bytes they write on a word boundary.
#[repr(align(4))]
struct Scratch(Vec<u8, SCRATCH_LEN>);

/// Named items, wherever they are kept: each is wholly old or wholly new after a power cut.
pub trait Items {
    /// The value of `key`, copied to the front of `buf`; none where nothing is stored.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] where `buf` is too short for it, else as the medium says.
    fn load<'b>(
        &mut self,
        key: Key,
        buf: &'b mut [u8],
    ) -> impl Future<Output = Result<Option<&'b [u8]>, StoreError>>;

    /// Shows the value of `key` where it is, without a copy; none where nothing is stored.
    ///
    /// # Errors
    /// As the medium says.
    fn show<T>(
        &mut self,
        key: Key,
        look: impl FnOnce(&[u8]) -> T,
    ) -> impl Future<Output = Result<Option<T>, StoreError>>;

    /// Stores `value` under `key`; an empty value is as good as none. Writes nothing where exactly
    /// that is stored. When it answers, the value outlives a power cut.
    ///
    /// # Errors
    /// As [`StoreError`] says; the value before it stands then.
    fn save(&mut self, key: Key, value: &[u8]) -> impl Future<Output = Result<Saved, StoreError>>;

    /// Forgets what is stored under `key`.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    fn remove(&mut self, key: Key) -> impl Future<Output = Result<Saved, StoreError>> {
        self.save(key, &[])
    }
}

impl<F: NorFlash> Items for Store<F> {
    async fn load<'b>(
        &mut self,
        key: Key,
        buf: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, StoreError> {
        Self::load(self, key, buf).await
    }

    async fn show<T>(
        &mut self,
        key: Key,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        let shown = self.fetch(key).await.map(|value| value.map(look));
        self.scratch.0.as_mut_slice().zeroize();
        shown
    }

    async fn save(&mut self, key: Key, value: &[u8]) -> Result<Saved, StoreError> {
        Self::save(self, key, value).await
    }
}

impl<F: NorFlash> Store<F> {
    /// Opens the store in the addresses `partition`, and reformats it where it cannot be read.
    ///
    /// # Errors
    /// [`StoreError::Partition`]; [`StoreError::Flash`] where the flash does not even read.
    pub async fn open(flash: F, partition: Range<u32>) -> Result<(Self, Condition), StoreError> {
        let mut store = Self::new(flash, Self::layout(partition)?);
        let condition = store.settle().await?;
        Ok((store, condition))
    }

    /// Where a store of this flash is that has the addresses `partition`.
    ///
    /// # Errors
    /// [`StoreError::Partition`].
    pub fn layout(partition: Range<u32>) -> Result<Layout, StoreError> {
        let Range { start, end } = partition;
        let page_len = PageGuard::<F>::PAGE_LEN;
        let len = end.saturating_sub(start);
        let pages = len / page_len;
        let aligned = start.is_multiple_of(F::ERASE_SIZE as u32) && len.is_multiple_of(page_len);
        let end = PageGuard::<F>::end_of(pages);
        if !aligned || pages < PAGES_MIN || MapConfig::<PageGuard<F>>::try_new(0..end).is_err() {
            return Err(StoreError::Partition);
        }
        Ok(Layout { start, pages })
    }

    /// The store of that layout, to be [settled](Self::settle) before anything else. So it comes to be
    /// where it stays: a chip's stack has no room for it.
    #[inline(always)]
    pub fn new(flash: F, layout: Layout) -> Self {
        let guard = PageGuard::new(flash, layout.start, layout.pages);
        // Tried when the layout was made.
        let config = MapConfig::new(0..PageGuard::<F>::end_of(layout.pages));
        Self {
            map: MapStorage::new(guard, config, Cache::new_uncached()),
            scratch: Scratch(Vec::new()),
        }
    }

    /// Makes it usable, and reformats it where it cannot be read.
    ///
    /// # Errors
    /// [`StoreError::Flash`] where the flash does not even read.
    pub async fn settle(&mut self) -> Result<Condition, StoreError> {
        // It was empty so that nothing of it had to be put in place.
        let _ = self.scratch.0.resize(SCRATCH_LEN, 0);
        let settled = self.map.flash().settle().await;
        let found = settled.map_err(|e| StoreError::Flash(e.kind()))?;
        self.probe(found).await
    }

    /// The value of `key`, copied to the front of `buf`; none where nothing is stored.
    ///
    /// # Errors
    /// [`StoreError::TooLong`] where `buf` is too short for it, else as the flash says.
    pub async fn load<'b>(
        &mut self,
        key: Key,
        buf: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, StoreError> {
        let loaded = match self.fetch(key).await {
            Ok(Some(value)) => match buf.get_mut(..value.len()) {
                Some(out) => {
                    out.copy_from_slice(value);
                    Ok(Some(&*out))
                }
                None => Err(StoreError::TooLong),
            },
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        self.scratch.0.as_mut_slice().zeroize();
        loaded
    }

    /// Stores `value` under `key`; an empty value is as good as none. Writes nothing where exactly
    /// that is stored. When it answers, the value is in the flash and was read back.
    ///
    /// # Errors
    /// As [`StoreError`] says; the value before it stands then.
    pub async fn save(&mut self, key: Key, value: &[u8]) -> Result<Saved, StoreError> {
        let saved = self.save_changed(key, value).await;
        self.scratch.0.as_mut_slice().zeroize();
        saved
    }

    /// Forgets what is stored under `key`.
    ///
    /// # Errors
    /// As [`Store::save`].
    pub async fn remove(&mut self, key: Key) -> Result<Saved, StoreError> {
        self.save(key, &[]).await
    }

    /// The little-endian number under `key`; 0 where nothing of that form is stored.
    ///
    /// # Errors
    /// As [`Store::load`].
    pub async fn load_number(&mut self, key: Key) -> Result<u32, StoreError> {
        let mut bytes = [0; 4];
        match self.load(key, &mut bytes).await {
            Ok(Some(stored)) if stored.len() == 4 => Ok(u32::from_le_bytes(bytes)),
            Ok(_) | Err(StoreError::TooLong) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Stores a number under `key`.
    ///
    /// # Errors
    /// As [`Store::save`].
    pub async fn save_number(&mut self, key: Key, number: u32) -> Result<Saved, StoreError> {
        self.save(key, &number.to_le_bytes()).await
    }

    /// Forgets everything, the identity too.
    ///
    /// # Errors
    /// [`StoreError::Flash`].
    pub async fn format(&mut self) -> Result<(), StoreError> {
        self.map.erase_all().await.map_err(from_map)
    }

    /// The flash back, for whoever goes on with it.
    pub fn close(self) -> F {
        self.map.destroy().0.into_flash()
    }

    /// Reads every item once, and reformats where that cannot be done.
    async fn probe(&mut self, found: Found) -> Result<Condition, StoreError> {
        match self.read_through().await {
            Ok(()) => {}
            Err(StoreError::Flash(kind)) => return Err(StoreError::Flash(kind)),
            Err(
                StoreError::Corrupt
                | StoreError::TooLong
                | StoreError::Full
                | StoreError::Partition,
            ) => {
                self.format().await?;
                return Ok(Condition::Reformatted);
            }
        }
        Ok(match found {
            Found { whole: 1.., .. } => Condition::Sound,
            Found { undefined: 1.., .. } => Condition::Reformatted,
            Found { .. } => Condition::New,
        })
    }

    async fn read_through(&mut self) -> Result<(), StoreError> {
        let scratch = self.scratch.0.as_mut_slice();
        let mut items = self.map.fetch_all_items(scratch).await.map_err(from_map)?;
        while let Some((_, value)) = items.next::<&[u8]>(scratch).await.map_err(from_map)? {
            debug_assert!(value.len() <= VALUE_MAX);
        }
        scratch.zeroize();
        Ok(())
    }

    async fn save_changed(&mut self, key: Key, value: &[u8]) -> Result<Saved, StoreError> {
        if value.len() > VALUE_MAX {
            return Err(StoreError::TooLong);
        }
        if self.fetch(key).await?.unwrap_or_default() == value {
            return Ok(Saved::Unchanged);
        }
        for _ in 0..WRITE_TRIES {
            self.map
                .store_item(&mut self.scratch.0, &key.number(), &value)
                .await
                .map_err(from_map)?;
            // A worn cell takes a write without a word and reads as something else. The next try
            // goes behind it.
            if self.fetch(key).await?.unwrap_or_default() == value {
                return Ok(Saved::Written);
            }
        }
        Err(StoreError::Flash(NorFlashErrorKind::Other))
    }

    /// The value of `key` in the working buffer.
    async fn fetch(&mut self, key: Key) -> Result<Option<&[u8]>, StoreError> {
        self.map
            .fetch_item::<&[u8]>(&mut self.scratch.0, &key.number())
            .await
            .map(|value| value.filter(|value| !value.is_empty()))
            .map_err(from_map)
    }
}

/// The map's errors in the words of the store.
fn from_map<E: NorFlashError>(error: sequential_storage::Error<E>) -> StoreError {
    use sequential_storage::Error;
    match error {
        Error::Storage { value, .. } => StoreError::Flash(value.kind()),
        Error::FullStorage => StoreError::Full,
        Error::ItemTooBig => StoreError::TooLong,
        // A stored item that is longer than any of ours, or a key that is none, was not written
        // by this store.
        Error::Corrupted { .. }
        | Error::LogicBug { .. }
        | Error::BufferTooBig
        | Error::BufferTooSmall(_)
        | Error::SerializationError(_)
        | _ => StoreError::Corrupt,
    }
}
