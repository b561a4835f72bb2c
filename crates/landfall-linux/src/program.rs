//! A program of the hostap project that works for us: started, asked at its control socket, heard there,
//! and ended.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use async_io::Timer;
use futures_lite::future;

use crate::control::{Control, Events};
use crate::process::{Process, find};

/// Time for it to answer after its start.
const START_TIMEOUT: Duration = Duration::from_secs(8);
/// How often it is asked meanwhile.
const START_RETRY: Duration = Duration::from_millis(20);

/// A running wpa_supplicant or hostapd.
#[derive(Debug)]
pub struct Program {
    process: Process,
    control: Control,
    events: Events,
}

impl Program {
    /// Starts the program of that name, and waits until it answers at `socket`. Our own ends of its
    /// sockets are files in `folder`.
    ///
    /// # Errors
    /// It is not installed (`NotFound`), ends at once, or does not answer.
    pub async fn start(
        name: &'static str,
        arguments: &[&OsStr],
        socket: &Path,
        folder: &Path,
    ) -> io::Result<Self> {
        let program = find(name).ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, format!("{name} is not installed"))
        })?;
        let process = Process::start(name, Command::new(program).args(arguments))?;
        let reached = async {
            let control = answering(&process, socket, folder).await?;
            let events = Events::attach(socket, folder).await;
            Ok((control, events.map_err(io::Error::other)?))
        };
        match reached.await {
            Ok((control, events)) => Ok(Self {
                process,
                control,
                events,
            }),
            Err(error) => {
                process.stop().await;
                Err(error)
            }
        }
    }

    /// Where it is asked.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The next line that it says unasked; none: it is gone. Dropping the future loses nothing.
    pub async fn next(&self) -> Option<String> {
        let said = async { self.events.next().await.ok() };
        let gone = async {
            self.process.ended().await;
            None
        };
        future::or(said, gone).await
    }

    /// Forgets what it said and nobody took yet.
    pub async fn forget_said(&self) {
        while let Some(Ok(_)) = future::poll_once(self.events.next()).await {}
    }

    /// Ends it.
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

/// Connects to the program's socket as soon as it answers there.
async fn answering(process: &Process, socket: &Path, folder: &Path) -> io::Result<Control> {
    let asked = async {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            if let Ok(control) = Control::connect(socket, folder)
                && let Ok(reply) = control.ask("PING").await
                && reply.starts_with("PONG")
            {
                return Ok(control);
            }
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Timer::after(START_RETRY).await;
        }
    };
    let ended = async {
        process.ended().await;
        Err(io::Error::other(
            "it ended at once; RUST_LOG=debug shows what it said",
        ))
    };
    future::or(asked, ended).await
}

/// Ends the programs that an earlier run left behind, which have their sockets in these folders. Our own
/// ends are files in `folder` again.
pub async fn end_leftovers(sockets: &[&Path], folder: &Path) {
    for sockets in sockets {
        let Ok(entries) = fs::read_dir(sockets) else {
            continue;
        };
        for socket in entries.flatten().map(|entry: fs::DirEntry| entry.path()) {
            end_leftover(&socket, folder).await;
        }
    }
}

async fn end_leftover(socket: &Path, folder: &Path) {
    if let Ok(control) = Control::connect(socket, folder)
        && control.order("TERMINATE").await.is_ok()
    {
        tracing::info!("ended what an earlier run left at {}", socket.display());
        let deadline = Instant::now() + START_TIMEOUT;
        while socket.exists() && Instant::now() < deadline {
            Timer::after(START_RETRY).await;
        }
    }
    // The socket of one that was killed.
    let _ = fs::remove_file(socket);
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::path::PathBuf;

    use async_io::block_on;

    use super::*;

    /// Answers the first command there, and takes the socket away as a program that ends does.
    fn left_over(path: PathBuf) -> std::thread::JoinHandle<String> {
        let server = UnixDatagram::bind(&path).unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 64];
            let (len, from) = server.recv_from(&mut buffer).unwrap();
            server
                .send_to(b"OK\n", from.as_pathname().unwrap())
                .unwrap();
            fs::remove_file(path).unwrap();
            String::from_utf8_lossy(&buffer[..len]).into_owned()
        })
    }

    #[test]
    fn leftovers_are_ended_and_their_sockets_gone() {
        let folder = tempfile::tempdir().unwrap();
        let sockets = folder.path().join("wpa");
        fs::create_dir(&sockets).unwrap();
        let alive = left_over(sockets.join("wlan0"));
        // Of one that was killed.
        drop(UnixDatagram::bind(sockets.join("wlan1")).unwrap());
        let none = folder.path().join("none");
        block_on(end_leftovers(&[&sockets, &none], folder.path()));
        assert_eq!(alive.join().unwrap(), "TERMINATE");
        assert_eq!(fs::read_dir(&sockets).unwrap().count(), 0);
    }

    #[test]
    fn a_program_that_ends_at_once_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("none");
        let start = Program::start("true", &[], &socket, folder.path());
        let error = block_on(start).unwrap_err();
        assert!(error.to_string().starts_with("it ended at once"), "{error}");
        let none = Program::start("landfall-none", &[], folder.path(), folder.path());
        let error = block_on(none).unwrap_err();
        assert_eq!(error.to_string(), "landfall-none is not installed");
    }
}
