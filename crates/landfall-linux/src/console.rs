//! The console at a Unix socket: one serial line that several may listen on.
//!
//! Whoever connects hears everything from then on, as on a serial line that several terminals hang on;
//! the first one hears what was said before, too. What one types, the device takes as it comes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use async_executor::LocalExecutor;
use async_io::{Async, Timer};
use edge_nal::io::ErrorType;
use futures_lite::future;
use landfall_device::host::keep_last_lines;

/// Who may connect: its owner.
const MODE: u32 = 0o600;
/// How much is kept for whoever comes first, in bytes.
const KEPT_MAX: usize = 4096;
/// Most terminals at one time.
const TERMINALS_MAX: usize = 8;
/// Bytes that are read from a terminal at once.
const TYPED_MAX: usize = 256;
/// How soon another connection is waited for after one failed.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

/// The socket; its file goes with it.
pub struct ConsoleSocket {
    listener: Async<UnixListener>,
    path: PathBuf,
    terminals: RefCell<Vec<Rc<Async<UnixStream>>>>,
    /// What was said before anybody came; none: somebody did.
    kept: RefCell<Option<VecDeque<u8>>>,
    typed: (
        async_channel::Sender<Vec<u8>>,
        async_channel::Receiver<Vec<u8>>,
    ),
    /// What did not fit the reader's buffer.
    rest: RefCell<VecDeque<u8>>,
}

impl ConsoleSocket {
    /// Binds it there.
    ///
    /// # Errors
    /// The folder is not ours to write to.
    pub fn bind(path: &Path) -> io::Result<Self> {
        // One is left from a run that was killed; who runs now holds the lock on the store.
        let _ = fs::remove_file(path);
        let listener = Async::<UnixListener>::bind(path)?;
        fs::set_permissions(path, Permissions::from_mode(MODE))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            terminals: RefCell::default(),
            kept: RefCell::new(Some(VecDeque::new())),
            typed: async_channel::bounded(1),
            rest: RefCell::default(),
        })
    }

    /// Lets terminals in, and reads them. Never ends.
    pub async fn serve(&self, spawn: &LocalExecutor<'_>) -> Infallible {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    if let Some(stream) = self.admit(stream) {
                        let typed = self.typed.0.clone();
                        spawn.spawn(read(stream, typed)).detach();
                    }
                }
                Err(error) => {
                    tracing::warn!("the console's socket: {error}");
                    Timer::after(ACCEPT_RETRY).await;
                }
            }
        }
    }

    /// Takes a terminal among those that hear; none: there are as many as there can be.
    fn admit(&self, stream: Async<UnixStream>) -> Option<Rc<Async<UnixStream>>> {
        let stream = Rc::new(stream);
        self.forget_gone();
        let mut terminals = self.terminals.borrow_mut();
        if terminals.len() == TERMINALS_MAX {
            return None;
        }
        if let Some(kept) = self.kept.borrow_mut().take() {
            let kept: Vec<u8> = kept.into();
            // A new socket has room for more.
            let _ = stream.get_ref().write(&kept);
        }
        terminals.push(Rc::clone(&stream));
        Some(stream)
    }

    /// A terminal whose reader ended is held by nobody but us.
    fn forget_gone(&self) {
        self.terminals
            .borrow_mut()
            .retain(|terminal| Rc::strong_count(terminal) > 1);
    }

    fn print(&self, bytes: &[u8]) {
        self.forget_gone();
        if let Some(kept) = &mut *self.kept.borrow_mut() {
            kept.extend(bytes);
            keep_last_lines(kept, KEPT_MAX);
        }
        for terminal in &*self.terminals.borrow() {
            // One that does not read misses what does not fit; it never delays the device.
            let _ = terminal.get_ref().write(bytes);
        }
    }
}

impl Drop for ConsoleSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// Hands on what is typed at a terminal until it is closed.
async fn read(terminal: Rc<Async<UnixStream>>, typed: async_channel::Sender<Vec<u8>>) {
    let mut buffer = [0; TYPED_MAX];
    loop {
        let read = terminal
            .read_with(|mut stream| stream.read(&mut buffer))
            .await;
        match read {
            Ok(len @ 1..) if typed.send(buffer[..len].to_vec()).await.is_ok() => {}
            Ok(_) | Err(_) => return,
        }
    }
}

impl ErrorType for &ConsoleSocket {
    type Error = io::Error;
}

/// What is typed, at whichever terminal.
impl edge_nal::io::Read for &ConsoleSocket {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.rest.borrow().is_empty() {
            match self.typed.1.recv().await {
                Ok(typed) => self.rest.borrow_mut().extend(typed),
                // Its other end is held beside it.
                Err(_) => future::pending().await,
            }
        }
        Read::read(&mut *self.rest.borrow_mut(), buf)
    }
}

/// What is said, to all terminals.
impl edge_nal::io::Write for &ConsoleSocket {
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.print(buf);
        Ok(buf.len())
    }

    async fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_io::block_on;

    use super::*;

    #[test]
    fn terminals_hear_everything_and_the_device_hears_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("console");
        let socket = ConsoleSocket::bind(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, MODE);
        socket.print(b"CTRL:READY\r\n");
        let executor = LocalExecutor::new();
        let talk = async {
            let mut first = Async::<UnixStream>::connect(&path).await.unwrap();
            assert_eq!(heard(&mut first, 12).await, b"CTRL:READY\r\n");
            let mut second = Async::<UnixStream>::connect(&path).await.unwrap();
            write(&mut second, b"NET:STATUS\r").await;
            let mut typed = [0; 4];
            for expected in [&b"NET:"[..], b"STAT", b"US\r"] {
                let len = edge_nal::io::Read::read(&mut &socket, &mut typed).await;
                assert_eq!(&typed[..len.unwrap()], expected);
            }
            socket.print(b"OK\r\n");
            assert_eq!(heard(&mut first, 4).await, b"OK\r\n");
            assert_eq!(heard(&mut second, 4).await, b"OK\r\n");
        };
        let serve = async { match socket.serve(&executor).await {} };
        block_on(executor.run(future::or(talk, serve)));
        drop(socket);
        assert!(!path.exists());
    }

    async fn heard(terminal: &mut Async<UnixStream>, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        futures_lite::AsyncReadExt::read_exact(terminal, &mut bytes)
            .await
            .unwrap();
        bytes
    }

    async fn write(terminal: &mut Async<UnixStream>, bytes: &[u8]) {
        futures_lite::AsyncWriteExt::write_all(terminal, bytes)
            .await
            .unwrap();
    }
}
