//! The file behind a flash. Every write goes to it at once and stays in the kernel's hands, so that
//! killing the process loses nothing.

use alloc::vec::Vec;
use core::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{FlashError, SECTOR_SIZE, Sector};

/// The name of the file.
pub const FLASH_FILE: &str = "flash.bin";
/// It holds passwords: for its owner alone.
const MODE: u32 = 0o600;

/// Why the file cannot be had.
#[derive(Debug)]
pub enum OpenError {
    /// Another process has it. End that one, or take another folder.
    InUse(PathBuf),
    /// It is larger than the flash: no flash of ours. Take another folder.
    WrongSize(PathBuf),
    /// It cannot be read or made.
    Io(PathBuf, io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse(path) => write!(
                f,
                "{} is in use by another process; end it, or take another folder",
                path.display()
            ),
            Self::WrongSize(path) => write!(
                f,
                "{} is larger than the flash; take another folder",
                path.display()
            ),
            Self::Io(path, error) => {
                write!(f, "{}: {error}; take another folder", path.display())
            }
        }
    }
}

impl core::error::Error for OpenError {}

#[derive(Debug)]
pub(super) struct Backing {
    file: File,
    path: PathBuf,
}

impl Backing {
    pub(super) fn open(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(FLASH_FILE);
        let file = match open_file(folder, &path) {
            Ok(file) => file,
            Err(error) => return Err(OpenError::Io(path, error)),
        };
        match file.try_lock() {
            Ok(()) => Ok(Self { file, path }),
            Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path)),
            Err(TryLockError::Error(error)) => Err(OpenError::Io(path, error)),
        }
    }

    /// Reads the flash. What the file lacks is erased: it is new, or its making was cut short.
    pub(super) fn load(&mut self, sectors: &mut [Arc<Sector>]) -> Result<(), OpenError> {
        let io = |error| OpenError::Io(self.path.clone(), error);
        let mut content = Vec::new();
        self.file.rewind().map_err(io)?;
        self.file.read_to_end(&mut content).map_err(io)?;
        let size = sectors.len() * SECTOR_SIZE;
        if content.len() > size {
            return Err(OpenError::WrongSize(self.path.clone()));
        }
        let present = content.len();
        content.resize(size, 0xff);
        self.file
            .write_all_at(&content[present..], present as u64)
            .map_err(io)?;
        for (sector, bytes) in sectors.iter_mut().zip(content.chunks_exact(SECTOR_SIZE)) {
            Arc::make_mut(sector).copy_from_slice(bytes);
        }
        Ok(())
    }

    pub(super) fn store(&self, sector: usize, start: usize, data: &[u8]) -> Result<(), FlashError> {
        let at = sector * SECTOR_SIZE + start;
        self.file
            .write_all_at(data, at as u64)
            .map_err(|_| FlashError::File)
    }
}

fn open_file(folder: &Path, path: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(MODE)
        .open(path)
}
