//! A socket that does not wait for ever: a broker that stops reading is given up.

use embassy_time::{Duration, Instant, with_deadline};
use embedded_io_async::{Error, ErrorKind, ErrorType, Read, Write};

/// Longest time in which nothing that is written gets any further.
const STALL: Duration = Duration::from_secs(10);

/// The socket, and since when it takes nothing.
///
/// The deadline outlives the call that met it: who asks again after something else happened goes
/// on waiting, and does not wait anew.
#[derive(Debug)]
pub(super) struct Patient<S> {
    socket: S,
    gives_up: Option<Instant>,
}

/// Why bytes came no further.
#[derive(Debug)]
pub(super) enum Stopped<E> {
    /// The socket failed.
    Socket(E),
    /// The other side takes nothing.
    Stalled,
}

impl<S> Patient<S> {
    pub(super) const fn new(socket: S) -> Self {
        Self {
            socket,
            gives_up: None,
        }
    }
}

impl<E: Error> core::fmt::Display for Stopped<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Socket(error) => write!(f, "{:?}", error.kind()),
            Self::Stalled => f.write_str("it takes nothing any more"),
        }
    }
}

impl<E: Error> core::error::Error for Stopped<E> {}

impl<E: Error> Error for Stopped<E> {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Socket(error) => error.kind(),
            Self::Stalled => ErrorKind::TimedOut,
        }
    }
}

impl<S: ErrorType> ErrorType for Patient<S> {
    type Error = Stopped<S::Error>;
}

impl<S: Read> Read for Patient<S> {
    async fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.socket.read(buf).await.map_err(Stopped::Socket)
    }
}

impl<S: Write> Write for Patient<S> {
    async fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        let Self { socket, gives_up } = self;
        bounded(gives_up, socket.write(buf)).await
    }

    async fn flush(&mut self) -> Result<(), Self::Error> {
        let Self { socket, gives_up } = self;
        bounded(gives_up, socket.flush()).await
    }
}

async fn bounded<T, E>(
    gives_up: &mut Option<Instant>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Stopped<E>> {
    let deadline = *gives_up.get_or_insert_with(|| Instant::now() + STALL);
    let done = with_deadline(deadline, work).await;
    *gives_up = None;
    match done {
        Ok(done) => done.map_err(Stopped::Socket),
        Err(_) => Err(Stopped::Stalled),
    }
}
