//! The daemon: from its options to the device that runs, and its end.

mod crashes;
mod doors;
mod failure;
mod life;
mod ready;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use async_executor::LocalExecutor;
use async_io::Async;
use futures_lite::future;
use landfall_core::net::Hostname;
use landfall_device::host::HostClock;
use rustix::fs::{FlockOperation, flock};

use crate::board::Board;
use crate::cli::Options;
use crate::console::ConsoleSocket;
use crate::radio::{Driver, Settings, end_leftovers};
use crate::{privileges, rivals};

pub use failure::Failure;
use life::Life;

/// Who may look into our folders.
const FOLDER_MODE: u32 = 0o700;

/// Runs the device until it is asked to end.
///
/// # Errors
/// A line that says what, where, and what to do.
pub fn run(options: &Options) -> Result<(), Failure> {
    privileges::drop_others().map_err(|e| Failure::new("capabilities", e, "start it as root"))?;
    if let Some(name) = privileges::missing() {
        let help = "start it as root, or by its unit of systemd";
        return Err(Failure::new(name, "it is missing", help));
    }
    let stop = stop_signal()?;
    make_folder(&options.run)?;
    make_folder(&options.state)?;
    let _lock = lock(&options.state)?;
    let safe_mode = crashes::note_start(&options.state);
    let executor = LocalExecutor::new();
    let serve = serve(options, safe_mode, stop, &executor);
    async_io::block_on(executor.run(serve))
}

async fn serve<'a>(
    options: &'a Options,
    safe_mode: bool,
    stop: Async<std::os::unix::net::UnixStream>,
    executor: &LocalExecutor<'a>,
) -> Result<(), Failure> {
    // Before anybody is taken for a rival.
    end_leftovers(&options.run).await;
    let board = board(options)?;
    let mac = board.station.mac;
    let clock: &'static HostClock = Box::leak(Box::new(HostClock::new()));
    let settings = Settings {
        interface: options.interface.clone(),
        country: options.country.clone(),
        run: options.run.clone(),
        dhcp: options.dhcp.into(),
        clock,
    };
    let ap_interface = board.ap_interface.clone();
    let started = Driver::start(settings, board, Hostname::of(mac)).await;
    let (mut driver, radio) = started
        .map_err(|e| Failure::new(&options.interface, e, "install wpasupplicant and hostapd"))?;
    let path = options.run.join("console");
    let console = ConsoleSocket::bind(&path)
        .map_err(|e| Failure::new(path.display(), e, "name another folder with --run"))?;
    let life = Life::new(
        options,
        mac,
        &ap_interface,
        clock,
        &radio,
        console,
        safe_mode,
    )?;
    // Box by box: together they are more than a thread's stack likes to move.
    let life = Box::pin(life.live(executor));
    let (end, ended) = async_channel::bounded::<()>(1);
    let driving = Box::pin(driver.run(async move {
        // Its other end goes when the device is to end.
        let _ = ended.recv().await;
    }));
    let lived = async {
        let asked = async {
            let _ = stop.readable().await;
            Ok(())
        };
        let lived = future::or(asked, life).await;
        drop(end);
        lived
    };
    let (lived, driven) = future::zip(lived, driving).await;
    lived?;
    driven.map_err(|e| Failure::new(&options.interface, e, "see the log, and `dmesg`"))
}

/// The interfaces, where nobody else manages them.
fn board(options: &Options) -> Result<Board, Failure> {
    let name = &options.interface;
    let link = crate::netlink::Route::open().and_then(|route| route.link(name));
    if let Ok(Some(link)) = link
        && let Some(rival) = rivals::find(Path::new("/"), name, link.index)
    {
        return Err(Failure::whole(rival));
    }
    Board::prepare(name, options.ap_interface.as_deref(), &options.run).map_err(Failure::whole)
}

/// Readable when the daemon is asked to end.
fn stop_signal() -> Result<Async<std::os::unix::net::UnixStream>, Failure> {
    let signals = || {
        let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
            signal_hook::low_level::pipe::register(signal, theirs.try_clone()?)?;
        }
        Async::new(ours)
    };
    signals().map_err(|e: io::Error| Failure::new("signals", e, "try again"))
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(path);
    made.map_err(|e| Failure::new(path.display(), e, "name a folder that can be written to"))
}

/// Takes the store for this process.
fn lock(state: &Path) -> Result<File, Failure> {
    let path = state.join("lock");
    let failed = |e: io::Error| Failure::new(path.display(), e, "name another folder with --state");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let file = options.open(&path).map_err(failed)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(file),
        Err(rustix::io::Errno::WOULDBLOCK) => {
            let help = "end the other landfalld, or name another folder with --state";
            Err(Failure::new(state.display(), "it is in use", help))
        }
        Err(error) => Err(failed(error.into())),
    }
}

/// Reads a file that the user named.
fn read(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path);
    text.map_err(|e| Failure::new(path.display(), e, "name a file that can be read"))
}
