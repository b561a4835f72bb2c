//! A control socket of wpa_supplicant or hostapd: datagrams of text, a command and its reply.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_io::{Async, Timer};
use futures_lite::future;

/// Time for a reply. The programs answer at once; one that does not hangs.
const REPLY_TIMEOUT: Duration = Duration::from_secs(2);
/// Bytes of the longest reply.
const REPLY_MAX: usize = 8 * 1024;

/// Why a command was not done.
#[derive(Debug)]
pub enum ControlError {
    /// The program is gone, or was never there.
    Gone(io::Error),
    /// It did not answer in time.
    Silent,
    /// It said no; what it said.
    Refused(String),
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(error) => write!(f, "the program is gone: {error}"),
            Self::Silent => f.write_str("the program does not answer"),
            Self::Refused(said) => write!(f, "the program refused: {said}"),
        }
    }
}

impl std::error::Error for ControlError {}

/// One end of the socket; its file goes with it.
#[derive(Debug)]
pub struct Control {
    socket: Async<UnixDatagram>,
    own: PathBuf,
}

impl Control {
    /// Connects to the program's socket. Its own end is a file in `folder`, where replies go.
    ///
    /// # Errors
    /// Nobody listens there.
    pub fn connect(server: &Path, folder: &Path) -> io::Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let own = folder.join(format!("reply-{}-{number}", std::process::id()));
        // One of the same number is left from a program that was killed.
        let _ = fs::remove_file(&own);
        let socket = UnixDatagram::bind(&own)?;
        let control = Self {
            socket: Async::new(socket)?,
            own,
        };
        control.socket.get_ref().connect(server)?;
        Ok(control)
    }

    /// Asks, and gives the reply.
    ///
    /// # Errors
    /// The program is gone or silent.
    pub async fn ask(&self, command: &str) -> Result<String, ControlError> {
        let mut buffer = vec![0; REPLY_MAX];
        // What came after its time is not the reply to this.
        while self.socket.get_ref().recv(&mut buffer).is_ok() {}
        let exchange = async {
            self.socket.send(command.as_bytes()).await?;
            let len = self.socket.recv(&mut buffer).await?;
            Ok(String::from_utf8_lossy(&buffer[..len]).into_owned())
        };
        let silence = async {
            Timer::after(REPLY_TIMEOUT).await;
            Err(None)
        };
        let reply = future::or(async { exchange.await.map_err(Some) }, silence).await;
        reply.map_err(|error| error.map_or(ControlError::Silent, ControlError::Gone))
    }

    /// Has something done: a reply other than `OK` is a refusal.
    ///
    /// # Errors
    /// As [`ControlError`] says. What was refused is told without what follows the command's second word:
    /// it may be a key.
    pub async fn order(&self, command: &str) -> Result<(), ControlError> {
        let reply = self.ask(command).await?;
        if reply.trim_end() == "OK" {
            return Ok(());
        }
        let words: Vec<_> = command.split(' ').take(3).collect();
        let said = format!("{}: {}", words.join(" "), reply.trim_end());
        Err(ControlError::Refused(said))
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.own);
    }
}

/// What the program says without being asked.
#[derive(Debug)]
pub struct Events(Control);

impl Events {
    /// Listens from now on.
    ///
    /// # Errors
    /// The program is gone, silent, or refuses.
    pub async fn attach(server: &Path, folder: &Path) -> Result<Self, ControlError> {
        let control = Control::connect(server, folder).map_err(ControlError::Gone)?;
        control.order("ATTACH").await?;
        Ok(Self(control))
    }

    /// The next line. Dropping the future loses nothing.
    ///
    /// # Errors
    /// The socket is dead.
    pub async fn next(&self) -> io::Result<String> {
        let mut buffer = [0; REPLY_MAX];
        let len = self.0.socket.recv(&mut buffer).await?;
        Ok(String::from_utf8_lossy(&buffer[..len]).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use async_io::block_on;

    use super::*;

    /// A program that gives these replies in turn.
    fn program(path: &Path, replies: &[&'static str]) {
        let server = UnixDatagram::bind(path).unwrap();
        let replies = replies.to_vec();
        std::thread::spawn(move || {
            for reply in replies {
                let mut buffer = [0; 256];
                let (_, from) = server.recv_from(&mut buffer).unwrap();
                let to = from.as_pathname().unwrap();
                server.send_to(reply.as_bytes(), to).unwrap();
            }
        });
    }

    #[test]
    fn a_refusal_tells_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wlan0");
        program(&path, &["PONG\n", "OK\n", "FAIL\n"]);
        let control = Control::connect(&path, folder.path()).unwrap();
        assert_eq!(block_on(control.ask("PING")).unwrap(), "PONG\n");
        block_on(control.order("ADD_NETWORK")).unwrap();
        let refused = block_on(control.order("SET_NETWORK 0 psk \"correct horse\""));
        let said = refused.unwrap_err().to_string();
        assert_eq!(said, "the program refused: SET_NETWORK 0 psk: FAIL");
        drop(control);
        let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(left.len(), 1, "its own end is gone");
    }

    #[test]
    fn a_program_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let none = Control::connect(&folder.path().join("none"), folder.path());
        assert!(none.is_err());
    }
}
