//! The log, as lines of the serial console that begin with `#`, between commands and never into a list. How much is logged
//! is the configuration's (`log_level`).
//!
//! A line is kept until a task prints it: whoever logs may hold the device, or be the radio's driver.

use core::cell::RefCell;
use core::fmt::Write;
use core::sync::atomic::Ordering;

use embassy_futures::select::select;
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
use embassy_sync::signal::Signal;
use embassy_time::Timer;
use heapless::{Deque, String};
use landfall_core::config::LogLevel;
use log::{Level, LevelFilter, Log, Metadata, Record};
use portable_atomic::AtomicUsize;

use crate::Wifi;

/// Longest line; what is longer is cut off.
const LINE_MAX: usize = 120;
/// Lines that wait to be printed; the oldest makes room.
const LINES_MAX: usize = 6;
/// How long a line waits for a list to end, in milliseconds.
const LIST_MS: u64 = 1_000;

type Line = String<LINE_MAX>;

struct Logger {
    lines: Mutex<CriticalSectionRawMutex, RefCell<Deque<Line, LINES_MAX>>>,
    more: Signal<CriticalSectionRawMutex, ()>,
}

static LOGGER: Logger = Logger {
    lines: Mutex::new(RefCell::new(Deque::new())),
    more: Signal::new(),
};

/// How much is logged, as a number of [`LevelFilter`].
static LEVEL: AtomicUsize = AtomicUsize::new(LevelFilter::Info as usize);

/// Takes what is logged from now on; nothing where the program has a log of its own.
pub(crate) fn init() {
    // SAFETY: on a processor without atomics nothing else may set a logger meanwhile; this is one thread, and does not wait.
    unsafe {
        if log::set_logger_racy(&LOGGER).is_ok() {
            // The level that counts is ours: this one could not be changed later.
            log::set_max_level_racy(LevelFilter::Trace);
        }
    }
}

/// Logs as much as that.
pub(crate) fn set_level(level: LogLevel) {
    let filter = match level {
        LogLevel::Error => LevelFilter::Error,
        LogLevel::Warn => LevelFilter::Warn,
        LogLevel::Info => LevelFilter::Info,
        LogLevel::Debug => LevelFilter::Debug,
        LogLevel::Trace => LevelFilter::Trace,
    };
    LEVEL.store(filter as usize, Ordering::Relaxed);
}

/// Prints the lines as they come.
pub(crate) async fn print(wifi: Wifi) -> ! {
    let shared = wifi.shared();
    loop {
        let next = LOGGER.lines.lock(|lines| lines.borrow_mut().pop_front());
        let Some(line) = next else {
            LOGGER.more.wait().await;
            continue;
        };
        let printed = shared.wait_for(|device| device.remark(&line).then_some(()));
        select(printed, Timer::after_millis(LIST_MS)).await;
        // The ports are told that there is something to print.
        shared.with(|_| ());
    }
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() as usize <= LEVEL.load(Ordering::Relaxed)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let word = match record.level() {
            Level::Error => "error",
            Level::Warn => "warning",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        };
        let mut line = Cut(Line::new());
        // What does not fit is cut off.
        let _ = write!(line, "{word}: {}", record.args());
        self.lines.lock(|lines| {
            let mut lines = lines.borrow_mut();
            if lines.is_full() {
                lines.pop_front();
            }
            // There is room now.
            let _ = lines.push_back(line.0);
        });
        self.more.signal(());
    }

    fn flush(&self) {}
}

/// Takes the beginning of a text, in one line.
struct Cut(Line);

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        for character in text.chars() {
            let shown = if character.is_control() {
                ' '
            } else {
                character
            };
            self.0.push(shown).map_err(|_| core::fmt::Error)?;
        }
        Ok(())
    }
}
