//! Pages of several sectors that know whether they were erased to the end.
//!
//! Flash promises nothing about a page whose erase was cut off ([`NorFlash::erase`]): it may read as
//! any mixture, also as one that looks whole but has lost items. The map above would then repair
//! itself out of the damaged page. So each page begins with two marks of its own, and a page
//! whose marks are not right is erased again before the map sees it:
//!
//! ```text
//! | ready: READY once the erase is through | doomed: zeros just before the next erase | the map's part |
//! ```
//!
//! Each mark is written once between two erases, so any NOR flash will do.

use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

/// Sectors that make one page. The map finds room by emptying one page after the other into a fresh
/// one, and gives up when none left enough over. Were a page not much longer than the longest
/// value, a few small items on each would do that, however empty the partition.
pub(super) const SECTORS_PER_PAGE: u32 = 2;
/// What the ready mark reads as. Neither prefix nor suffix of it is part of an erased or a zeroed word.
const READY: u32 = 0x5a_a5_3c_69;
/// Bits of a mark that may have flipped since it was written.
const FLIPPED_BITS_MAX: u32 = 3;
/// Longest mark: one word of the widest flash that the map supports.
const MARK_LEN_MAX: usize = 32;

/// What the marks of a page say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// Erased to the end and not meant to be erased since.
    Whole,
    /// Never marked: the marks read as erased flash.
    New,
    /// An erase was meant or begun and its end not marked, or these are no marks at all.
    Undefined,
}

/// How the pages were found by [`PageGuard::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Pages that were whole.
    pub(super) whole: u32,
    /// Pages that read as never marked.
    pub(super) new: u32,
    /// Pages that were erased again.
    pub(super) undefined: u32,
}

/// Pages of [`SECTORS_PER_PAGE`] sectors of `flash` from `base` on, each without its marks. Its addresses begin at 0.
pub(super) struct PageGuard<F> {
    flash: F,
    base: u32,
    pages: u32,
}

impl<F: NorFlash> PageGuard<F> {
    /// Bytes of one mark: at least those of [`READY`], in whole words.
    const MARK_LEN: usize = {
        let word = if F::WRITE_SIZE > F::READ_SIZE {
            F::WRITE_SIZE
        } else {
            F::READ_SIZE
        };
        let len = size_of::<u32>().next_multiple_of(word);
        assert!(len <= MARK_LEN_MAX, "flash with words of at most 32 bytes");
        len
    };
    /// Bytes of a page in the flash, its marks included.
    pub(super) const PAGE_LEN: u32 = SECTORS_PER_PAGE * F::ERASE_SIZE as u32;
    /// Bytes of both marks.
    const HEAD_LEN: usize = 2 * Self::MARK_LEN;

    /// Guards `pages` pages from the address `base` on, which lies on a sector boundary.
    pub(super) fn new(flash: F, base: u32, pages: u32) -> Self {
        Self { flash, base, pages }
    }

    /// The flash back.
    pub(super) fn into_flash(self) -> F {
        self.flash
    }

    /// One past the last address of so many pages.
    pub(super) fn end_of(pages: u32) -> u32 {
        pages * <Self as NorFlash>::ERASE_SIZE as u32
    }

    /// Erases every page again that was not erased to the end. To be called before anything else.
    pub(super) async fn settle(&mut self) -> Result<Found, GuardError<F::Error>> {
        let mut found = Found {
            whole: 0,
            new: 0,
            undefined: 0,
        };
        for page in 0..self.pages {
            match self.look_at(page).await? {
                Page::Whole => found.whole += 1,
                Page::New => {
                    found.new += 1;
                    self.renew(page).await?;
                }
                Page::Undefined => {
                    found.undefined += 1;
                    self.renew(page).await?;
                }
            }
        }
        Ok(found)
    }

    async fn look_at(&mut self, page: u32) -> Result<Page, GuardError<F::Error>> {
        let mut head = [0; 2 * MARK_LEN_MAX];
        let head = &mut head[..Self::HEAD_LEN];
        self.flash.read(self.start_of(page), head).await?;
        let (ready, doomed) = head.split_at(Self::MARK_LEN);
        let wrong_bits: u32 = ready
            .iter()
            .zip(mark(READY, Self::MARK_LEN))
            .map(|(is, ought)| (is ^ ought).count_ones())
            .sum();
        let doomed_bits: u32 = doomed.iter().map(|byte| byte.count_zeros()).sum();
        Ok(
            if wrong_bits <= FLIPPED_BITS_MAX && doomed_bits <= FLIPPED_BITS_MAX {
                Page::Whole
            } else if head.iter().all(|byte| *byte == 0xff) {
                Page::New
            } else {
                Page::Undefined
            },
        )
    }

    /// Erases a page and marks it ready.
    async fn renew(&mut self, page: u32) -> Result<(), GuardError<F::Error>> {
        let start = self.start_of(page);
        if self.look_at(page).await? == Page::Whole {
            let doomed = [0; MARK_LEN_MAX];
            self.flash
                .write(
                    start + Self::MARK_LEN as u32,
                    &Aligned(doomed).0[..Self::MARK_LEN],
                )
                .await?;
        }
        self.flash.erase(start, start + Self::PAGE_LEN).await?;
        let mut ready = Aligned([0; MARK_LEN_MAX]);
        for (byte, ought) in ready.0.iter_mut().zip(mark(READY, Self::MARK_LEN)) {
            *byte = ought;
        }
        self.flash.write(start, &ready.0[..Self::MARK_LEN]).await?;
        Ok(())
    }

    /// Where a page begins in the flash, its marks included.
    fn start_of(&self, page: u32) -> u32 {
        self.base + page * Self::PAGE_LEN
    }

    /// Where the `len` bytes at the address `offset` lie in the flash.
    fn locate(&self, offset: u32, len: usize) -> Result<u32, GuardError<F::Error>> {
        let page_len = <Self as NorFlash>::ERASE_SIZE as u32;
        let (page, within) = (offset / page_len, offset % page_len);
        if page >= self.pages || within as usize + len > page_len as usize {
            return Err(GuardError::OutOfBounds);
        }
        Ok(self.start_of(page) + Self::HEAD_LEN as u32 + within)
    }
}

/// Some flash drivers want the bytes they write on a word boundary.
#[repr(align(4))]
struct Aligned<T>(T);

/// The bytes of a mark, repeated to the length of a word.
fn mark(value: u32, len: usize) -> impl Iterator<Item = u8> {
    value.to_be_bytes().into_iter().cycle().take(len)
}

/// Why the guarded flash did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GuardError<E> {
    /// The flash says why.
    Flash(E),
    /// The bytes do not lie in one page.
    OutOfBounds,
    /// The erase is not of whole pages.
    NotAligned,
}

impl<E> From<E> for GuardError<E> {
    fn from(error: E) -> Self {
        Self::Flash(error)
    }
}

impl<E: NorFlashError> NorFlashError for GuardError<E> {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::Flash(error) => error.kind(),
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotAligned => NorFlashErrorKind::NotAligned,
        }
    }
}

impl<F: NorFlash> ErrorType for PageGuard<F> {
    type Error = GuardError<F::Error>;
}

impl<F: NorFlash> ReadNorFlash for PageGuard<F> {
    const READ_SIZE: usize = F::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), Self::Error> {
        let at = self.locate(offset, bytes.len())?;
        Ok(self.flash.read(at, bytes).await?)
    }

    fn capacity(&self) -> usize {
        Self::end_of(self.pages) as usize
    }
}

impl<F: NorFlash> NorFlash for PageGuard<F> {
    const WRITE_SIZE: usize = F::WRITE_SIZE;
    const ERASE_SIZE: usize = Self::PAGE_LEN as usize - Self::HEAD_LEN;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Self::Error> {
        let page_len = Self::ERASE_SIZE as u32;
        if !from.is_multiple_of(page_len) || !to.is_multiple_of(page_len) {
            return Err(GuardError::NotAligned);
        }
        if from > to || to > Self::end_of(self.pages) {
            return Err(GuardError::OutOfBounds);
        }
        for page in from / page_len..to / page_len {
            self.renew(page).await?;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Self::Error> {
        let at = self.locate(offset, bytes.len())?;
        Ok(self.flash.write(at, bytes).await?)
    }
}
