//! The socket by which people change a running air: one line in, the answer out.

use std::fs::{self, DirBuilder, Permissions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Longest command, in bytes.
const COMMAND_MAX: u64 = 4096;
/// How long a client may take to say what it wants.
const CLIENT_TIMEOUT: Duration = Duration::from_secs(5);

/// A Unix socket for this user alone; its file goes with it.
#[derive(Debug)]
pub struct AirSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl AirSocket {
    /// Binds `air-<pid>.sock` in `$XDG_RUNTIME_DIR/landfall`, or in a folder of the temporary one
    /// where that cannot be had.
    pub fn bind() -> io::Result<Self> {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let uid = rustix::process::getuid().as_raw();
        let fallback = std::env::temp_dir().join(format!("landfall-{uid}"));
        let wanted = runtime.map(|dir| dir.join("landfall"));
        let mut last = None;
        for folder in wanted.into_iter().chain([fallback]) {
            match Self::bind_in(&folder) {
                Ok(socket) => return Ok(socket),
                Err(error) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| io::ErrorKind::NotFound.into()))
    }

    fn bind_in(folder: &Path) -> io::Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)?;
        // Another user's folder of that name in the temporary one is not ours to use.
        let metadata = fs::metadata(folder)?;
        let owner = std::os::unix::fs::MetadataExt::uid(&metadata);
        if owner != rustix::process::getuid().as_raw() {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let path = folder.join(format!("air-{}.sock", std::process::id()));
        // One of the same number is left from a program that was killed.
        let _ = fs::remove_file(&path);
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Answers one client after another, on a thread of its own. The answer of `answer` is sent
    /// whole, then the connection ends.
    pub fn serve(&self, answer: impl Fn(&str) -> String + Send + 'static) -> io::Result<()> {
        let listener = self.listener.try_clone()?;
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client that went away needs no answer.
                let _ = attend(client, &answer);
            }
        });
        Ok(())
    }
}

impl Drop for AirSocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn attend(mut client: UnixStream, answer: impl Fn(&str) -> String) -> io::Result<()> {
    client.set_read_timeout(Some(CLIENT_TIMEOUT))?;
    client.set_write_timeout(Some(CLIENT_TIMEOUT))?;
    let mut line = String::new();
    BufReader::new(&client)
        .take(COMMAND_MAX)
        .read_line(&mut line)?;
    client.write_all(answer(line.trim_end_matches(['\r', '\n'])).as_bytes())
}

/// Sends one command to a running air and gives its answer.
pub fn ask(path: &Path, command: &str) -> io::Result<String> {
    let mut client = UnixStream::connect(path)?;
    client.write_all(command.as_bytes())?;
    client.write_all(b"\n")?;
    client.shutdown(std::net::Shutdown::Write)?;
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_answered_and_the_file_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let socket = AirSocket::bind_in(folder.path()).unwrap();
        socket.serve(|line| format!("<{line}>")).unwrap();
        let mode = fs::metadata(socket.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(ask(socket.path(), "ap home off").unwrap(), "<ap home off>");
        let path = socket.path().to_owned();
        drop(socket);
        assert!(!path.exists());
    }
}
