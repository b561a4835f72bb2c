//! The serial port of a simulated device: a pseudo-terminal.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_io::{Async, Timer};
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use landfall_device::host::keep_last_lines;
use rustix::pty::OpenptFlags;
use rustix::termios::OptionalActions;

/// How much is kept for a reader that opens the port late, beyond what the kernel keeps.
const KEPT_MAX: usize = 4096;

/// A pseudo-terminal, raw as a serial line is. Its slave end is held open, so that readers come and
/// go without the device noticing.
pub struct Pty {
    master: Async<File>,
    _slave: OwnedFd,
    path: PathBuf,
    kept: RefCell<VecDeque<u8>>,
    /// Something is kept that the kernel had no room for.
    full: Signal<CriticalSectionRawMutex, ()>,
}

impl Pty {
    /// Opens a new one.
    pub fn open() -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = rustix::pty::openpt(flags)?;
        rustix::pty::grantpt(&master)?;
        rustix::pty::unlockpt(&master)?;
        let name = rustix::pty::ptsname(&master, Vec::new())?;
        let path = PathBuf::from(name.to_string_lossy().into_owned());
        let slave = rustix::pty::ioctl_tiocgptpeer(&master, flags)?;
        let mut termios = rustix::termios::tcgetattr(&slave)?;
        termios.make_raw();
        rustix::termios::tcsetattr(&slave, OptionalActions::Now, &termios)?;
        Ok(Self {
            master: Async::new(File::from(master))?,
            _slave: slave,
            path,
            kept: RefCell::default(),
            full: Signal::new(),
        })
    }

    /// Where people open it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Prints. Never waits: what nobody reads is kept, and beyond the bound its oldest lines go.
    pub fn print(&self, bytes: &[u8]) {
        let mut kept = self.kept.borrow_mut();
        kept.extend(bytes);
        self.write_kept(&mut kept);
        if !kept.is_empty() {
            keep_last_lines(&mut kept, KEPT_MAX);
            self.full.signal(());
        }
    }

    /// Goes on printing what was kept, as people read. Never ends.
    pub async fn pump(&self) -> io::Result<Infallible> {
        loop {
            self.full.wait().await;
            while !self.kept.borrow().is_empty() {
                self.master.writable().await?;
                self.write_kept(&mut self.kept.borrow_mut());
                // A pseudo-terminal may say that it is writable and take nothing.
                Timer::after(RETRY).await;
            }
        }
    }

    fn write_kept(&self, kept: &mut VecDeque<u8>) {
        while !kept.is_empty() {
            let (front, _) = kept.as_slices();
            match self.master.get_ref().write(front) {
                Ok(written) if written > 0 => drop(kept.drain(..written)),
                // Full, or the far end is in trouble: it is tried again.
                Ok(_) | Err(_) => break,
            }
        }
    }
}

impl edge_nal::io::ErrorType for &Pty {
    type Error = io::Error;
}

/// Reads what people typed.
impl edge_nal::io::Read for &Pty {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.master.read_with(|mut file| file.read(buf)).await
    }
}

/// Never waits, as [`Pty::print`].
impl edge_nal::io::Write for &Pty {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.print(bytes);
        Ok(bytes.len())
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How soon a full port is tried again.
const RETRY: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_reader_gets_what_was_printed() {
        let pty = Pty::open().unwrap();
        pty.print(b"CTRL:READY\r\n");
        let mut reader = File::open(pty.path()).unwrap();
        let mut buf = [0; 64];
        let got = reader.read(&mut buf).unwrap();
        assert_eq!(&buf[..got], b"CTRL:READY\r\n");
    }

    #[test]
    fn nobody_reading_stops_nobody_and_the_last_lines_are_kept() {
        let pty = Pty::open().unwrap();
        for n in 0..20_000 {
            pty.print(format!("line {n}\r\n").as_bytes());
        }
        let kept = pty.kept.borrow();
        let kept: Vec<u8> = kept.iter().copied().collect();
        assert!(kept.len() <= KEPT_MAX && kept.starts_with(b"line "));
        assert!(kept.ends_with(b"line 19999\r\n"));
    }
}
