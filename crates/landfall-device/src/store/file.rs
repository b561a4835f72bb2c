//! Items in a file: what a Linux board has in place of a partition.
//!
//! ```text
//! "landfall store 1\n", then items: key (1 byte), length (2 bytes, little endian), value
//! ```
//!
//! The file is replaced whole: a new one is written beside it, brought to the disk, and takes its
//! name; then the folder is brought to the disk. A power cut at any moment leaves the old file or the
//! new one. It holds passwords, and is for its owner alone.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::vec::Vec;

use embedded_storage_async::nor_flash::NorFlashErrorKind;
use zeroize::Zeroizing;

use super::{Condition, Items, Key, Saved, StoreError, VALUE_MAX};

/// What every such file begins with.
const HEAD: &[u8] = b"landfall store 1\n";
/// Who may read it.
const MODE: u32 = 0o600;
/// Most items: every key there can be.
const ITEMS_MAX: usize = 256;

/// See the module.
#[derive(Debug)]
pub struct FileItems {
    path: PathBuf,
    items: Contents,
}

/// What is stored, in the order of the file.
type Contents = Vec<(u8, Zeroizing<Vec<u8>>)>;

impl FileItems {
    /// Opens the file. One that is not there is made when there is something to keep; one that is no
    /// store is put aside under the same name and `.broken`.
    ///
    /// # Errors
    /// A file that cannot be read, or not be put aside.
    pub fn open(path: impl Into<PathBuf>) -> io::Result<(Self, Condition)> {
        let path = path.into();
        let (items, condition) = match fs::read(&path).map(Zeroizing::new) {
            Ok(bytes) => match parse(&bytes) {
                Some(items) => (items, Condition::Sound),
                None => {
                    fs::rename(&path, beside(&path, ".broken"))?;
                    (Vec::new(), Condition::Reformatted)
                }
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Vec::new(), Condition::New),
            Err(error) => return Err(error),
        };
        Ok((Self { path, items }, condition))
    }

    fn value(&self, key: Key) -> Option<&[u8]> {
        let stored = self.items.iter().find(|(found, _)| *found == key.number());
        stored.map(|(_, value)| value.as_slice())
    }

    /// What would be stored with that value under that key.
    fn changed(&self, key: Key, value: &[u8]) -> Contents {
        let mut items = self.items.clone();
        items.retain(|(found, _)| *found != key.number());
        if !value.is_empty() {
            items.push((key.number(), Zeroizing::new(value.to_vec())));
        }
        items
    }
}

impl Items for FileItems {
    async fn load<'b>(
        &mut self,
        key: Key,
        buf: &'b mut [u8],
    ) -> Result<Option<&'b [u8]>, StoreError> {
        let Some(value) = self.value(key) else {
            return Ok(None);
        };
        let out = buf.get_mut(..value.len()).ok_or(StoreError::TooLong)?;
        out.copy_from_slice(value);
        Ok(Some(out))
    }

    async fn show<T>(
        &mut self,
        key: Key,
        look: impl FnOnce(&[u8]) -> T,
    ) -> Result<Option<T>, StoreError> {
        Ok(self.value(key).map(look))
    }

    async fn save(&mut self, key: Key, value: &[u8]) -> Result<Saved, StoreError> {
        if value.len() > VALUE_MAX {
            return Err(StoreError::TooLong);
        }
        if self.value(key).unwrap_or_default() == value {
            return Ok(Saved::Unchanged);
        }
        let items = self.changed(key, value);
        let bytes = compose(&items);
        let path = self.path.clone();
        // A card takes its time to sync, and nobody else on this thread waits for it.
        let written = blocking::unblock(move || replace(&path, &bytes)).await;
        written.map_err(|_| StoreError::Flash(NorFlashErrorKind::Other))?;
        self.items = items;
        Ok(Saved::Written)
    }
}

fn parse(bytes: &[u8]) -> Option<Contents> {
    let mut rest = bytes.strip_prefix(HEAD)?;
    let mut items = Contents::new();
    while let Some(([key, low, high], after)) = rest.split_first_chunk() {
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        let (value, after) = after.split_at_checked(len)?;
        let is_new = items.iter().all(|(found, _)| found != key);
        if len > VALUE_MAX || items.len() == ITEMS_MAX || !is_new {
            return None;
        }
        items.push((*key, Zeroizing::new(value.to_vec())));
        rest = after;
    }
    rest.is_empty().then_some(items)
}

fn compose(items: &Contents) -> Zeroizing<Vec<u8>> {
    let len = |(_, value): &(u8, Zeroizing<Vec<u8>>)| 3 + value.len();
    // Made in its full length, so that no piece with a secret is left behind by its growing.
    let whole = HEAD.len() + items.iter().map(len).sum::<usize>();
    let mut bytes = Zeroizing::new(Vec::with_capacity(whole));
    bytes.extend_from_slice(HEAD);
    for (key, value) in items {
        bytes.push(*key);
        // A value has at most VALUE_MAX bytes.
        bytes.extend_from_slice(&(value.len() as u16).to_le_bytes());
        bytes.extend_from_slice(value);
    }
    bytes
}

/// The file of the same name with that behind it.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Puts the content in place of the file's, all of it or nothing, also when the power goes.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(MODE);
    let mut file = options.open(&new)?;
    // One that was left over may have been made otherwise.
    file.set_permissions(Permissions::from_mode(MODE))?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    let folder = path.parent().filter(|name| !name.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use async_io::block_on;

    use super::*;

    fn load(items: &mut FileItems, key: Key) -> Option<Vec<u8>> {
        let mut buf = [0; VALUE_MAX];
        block_on(items.load(key, &mut buf))
            .unwrap()
            .map(<[u8]>::to_vec)
    }

    /// A folder that goes with its guard.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = std::format!("landfall-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn what_was_saved_is_there_after_a_restart() {
        let folder = Folder::new("store");
        let path = folder.0.join("store");
        let (mut items, condition) = FileItems::open(&path).unwrap();
        assert_eq!(condition, Condition::New);
        for (key, value) in [
            (Key::Networks, b"one".as_slice()),
            (Key::Settings, b"two"),
            (Key::Networks, b"three"),
            (Key::Settings, b""),
            (Key::Identity, b"four"),
        ] {
            assert_eq!(block_on(items.save(key, value)), Ok(Saved::Written));
        }
        let unchanged = block_on(items.save(Key::Identity, b"four"));
        assert_eq!(unchanged, Ok(Saved::Unchanged));
        let (mut items, condition) = FileItems::open(&path).unwrap();
        assert_eq!(condition, Condition::Sound);
        assert_eq!(load(&mut items, Key::Networks), Some(b"three".to_vec()));
        assert_eq!(load(&mut items, Key::Settings), None);
        assert_eq!(load(&mut items, Key::Identity), Some(b"four".to_vec()));
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE);
    }

    #[test]
    fn a_file_that_is_no_store_is_put_aside() {
        let folder = Folder::new("broken");
        let path = folder.0.join("store");
        for broken in [
            &b"{}"[..],
            b"landfall store 1\n\x01",
            b"landfall store 1\n\x01\x02\x00x",
            b"landfall store 1\n\x01\x01\x00x\x01\x01\x00y",
        ] {
            fs::write(&path, broken).unwrap();
            let (mut items, condition) = FileItems::open(&path).unwrap();
            assert_eq!(condition, Condition::Reformatted, "{broken:?}");
            assert_eq!(load(&mut items, Key::Networks), None);
            assert_eq!(fs::read(folder.0.join("store.broken")).unwrap(), broken);
        }
    }

    #[test]
    fn a_store_that_cannot_be_written_says_so_and_keeps_what_it_had() {
        let folder = Folder::new("unwritable");
        let path = folder.0.join("none").join("store");
        let (mut items, _) = FileItems::open(&path).unwrap();
        assert!(block_on(items.save(Key::Networks, b"one")).is_err());
        assert_eq!(load(&mut items, Key::Networks), None);
    }
}
