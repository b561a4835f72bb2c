//! A program that works for us: started, watched, and taken along when we go.

use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use async_io::{Async, Timer};
use futures_lite::future;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

/// Time for it to end by itself when it is asked to.
const END_TIMEOUT: Duration = Duration::from_secs(2);
/// Where programs for the system's own work are, which is not in everybody's path.
const FOLDERS: [&str; 3] = ["/usr/sbin", "/sbin", "/usr/local/sbin"];
/// Bytes of the longest line of its output that is logged.
const LINE_MAX: u64 = 1024;

/// A running program. Dropped, it is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    fd: Async<OwnedFd>,
}

/// Where the program of that name is; none: it is not installed.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(FOLDERS.map(PathBuf::from));
    folders
        .map(|folder| folder.join(name))
        .find(|path| path.is_file())
}

impl Process {
    /// Starts a program, whose output goes to our log.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(name: &'static str, command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::null()).current_dir("/");
        let mut child = command.spawn()?;
        if let Some(output) = child.stdout.take() {
            log(name, output);
        }
        match Self::watch(&child) {
            Ok(fd) => Ok(Self { child, fd }),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }

    fn watch(child: &Child) -> io::Result<Async<OwnedFd>> {
        Async::new(pidfd_open(Pid::from_child(child), PidfdFlags::empty())?)
    }

    /// Waits for its end. Dropping the future loses nothing.
    pub async fn ended(&self) {
        // One that cannot be watched any more counts as ended.
        let _ = self.fd.readable().await;
    }

    /// Asks it to end, waits, and kills it where it does not.
    pub async fn stop(mut self) {
        let _ = pidfd_send_signal(self.fd.get_ref(), Signal::TERM);
        let patience = Timer::after(END_TIMEOUT);
        future::or(self.ended(), async {
            let _ = patience.await;
        })
        .await;
        self.kill();
    }

    fn kill(&mut self) {
        // One that has ended cannot be killed, and only its number is given back.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Logs what it prints, line by line, on a thread that ends with it.
fn log(name: &'static str, output: impl Read + Send + 'static) {
    let read = move || {
        let mut reader = BufReader::new(output);
        let mut line = Vec::new();
        while let Ok(1..) = (&mut reader).take(LINE_MAX).read_until(b'\n', &mut line) {
            let text = String::from_utf8_lossy(&line);
            tracing::debug!("{name}: {}", text.trim_end());
            line.clear();
        }
    };
    // Without a thread its output fills the pipe, and it would wait for a reader: so it is closed then.
    let _ = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(read);
}

#[cfg(test)]
mod tests {
    use async_io::block_on;

    use super::*;

    #[test]
    fn a_program_is_started_watched_and_stopped() {
        let sleep = find("sleep").unwrap();
        let process = Process::start("sleep", Command::new(&sleep).arg("600")).unwrap();
        let id = process.child.id();
        assert!(block_on(future::poll_once(process.ended())).is_none());
        block_on(process.stop());
        assert!(!PathBuf::from(format!("/proc/{id}")).exists());
        let process = Process::start("true", &mut Command::new(find("true").unwrap())).unwrap();
        block_on(process.ended());
    }

    #[test]
    fn a_program_that_is_not_there_is_not_found() {
        assert_eq!(find("landfall-no-such-program"), None);
    }
}
