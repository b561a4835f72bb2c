//! What is kept over a restart in the RTC's memory: the last crashes, and where the last panic was.
//!
//! Power-on clears it. The program clears the panic when it has told it.

use core::panic::PanicInfo;
use core::sync::atomic::Ordering;

use embassy_time::Timer;
use esp_hal::peripherals::RTC_TIMER;
use esp_hal::ram;
use esp_hal::rtc_cntl::{Rtc, Rwdt, SocResetReason};
use landfall_core::event::{CrashCause, LABEL_MAX, Place};
use landfall_core::safe_mode::{CrashLog, LOG_LEN, ResetReason};
use portable_atomic::AtomicU8;

/// How long a program waits that gives up, in milliseconds.
const GIVE_UP_MS: u64 = 30_000;
/// Why the program ended, as it says itself before it does.
const NOTHING: u8 = 0;
const PANICKED: u8 = 0xa5;
const RESTARTED: u8 = 0x5a;

/// The crashes; atomics, since they need no `unsafe` to be changed.
#[ram(unstable(rtc_fast, persistent))]
static LOG: [AtomicU8; LOG_LEN] = [const { AtomicU8::new(0) }; LOG_LEN];
/// One of [`NOTHING`], [`PANICKED`], [`RESTARTED`].
#[ram(unstable(rtc_fast, persistent))]
static LAST_WORD: AtomicU8 = AtomicU8::new(0);
/// Where the panic was, ended by a zero where it is shorter.
#[ram(unstable(rtc_fast, persistent))]
static PLACE: [AtomicU8; LABEL_MAX] = [const { AtomicU8::new(0) }; LABEL_MAX];

/// How the program came to start.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// Whether it crashed so often that it is to start with its access point alone.
    pub safe_mode: bool,
    /// How the start before this one ended, if not as it was meant to.
    pub crash: Option<(CrashCause, Place)>,
}

/// Notes this start, and gives the watchdog that comes with the clock. To be called first of all, before anything that could
/// crash.
pub fn note_start(timer: RTC_TIMER<'_>) -> (Start, Rwdt) {
    let rtc = Rtc::new(timer);
    let clock_ms = rtc.time_since_power_up().as_millis();
    let reason = reason();
    let mut bytes = [0; LOG_LEN];
    read(&LOG, &mut bytes);
    let mut log = CrashLog::from_bytes(&bytes);
    let safe_mode = log.note_start(reason, clock_ms);
    write(&LOG, &log.to_bytes());
    let mut place = [0; LABEL_MAX];
    read(&PLACE, &mut place);
    let text = place.split(|byte| *byte == 0).next().unwrap_or_default();
    let place = Place::new(core::str::from_utf8(text).unwrap_or_default());
    write(&PLACE, &[0; LABEL_MAX]);
    LAST_WORD.store(NOTHING, Ordering::Relaxed);
    let crash = match reason {
        ResetReason::Panic => Some((CrashCause::Panic, place)),
        ResetReason::Watchdog => Some((CrashCause::Watchdog, Place::new(""))),
        ResetReason::PowerOn | ResetReason::Asked | ResetReason::Other => None,
    };
    (Start { safe_mode, crash }, rtc.rwdt)
}

/// By the program's last word, and where it had none by what the chip says.
fn reason() -> ResetReason {
    use SocResetReason as R;
    let soc = esp_hal::system::reset_reason();
    if soc == Some(R::ChipPowerOn) {
        return ResetReason::PowerOn;
    }
    match LAST_WORD.load(Ordering::Relaxed) {
        PANICKED => return ResetReason::Panic,
        RESTARTED => return ResetReason::Asked,
        _ => {}
    }
    match soc {
        Some(
            R::CoreMwdt0
            | R::CoreMwdt1
            | R::CoreRtcWdt
            | R::Cpu0Mwdt0
            | R::Cpu0Mwdt1
            | R::Cpu0RtcWdt
            | R::SysRtcWdt
            | R::SysSuperWdt,
        ) => ResetReason::Watchdog,
        // The reasons differ from chip to chip; of the rest none is a crash of ours.
        _ => ResetReason::Other,
    }
}

/// For the panic handler: keeps where it was, and restarts the chip.
pub fn restart_after(panic: &PanicInfo<'_>) -> ! {
    if let Some(location) = panic.location() {
        write_place(location.file(), location.line());
    }
    LAST_WORD.store(PANICKED, Ordering::Relaxed);
    esp_hal::system::software_reset()
}

/// For a program that cannot go on without what did not start: says why, and restarts the chip after a while. At once it
/// would do nothing but restart, and no crash is counted, for safe mode would not help.
pub async fn give_up(why: &impl core::fmt::Display) -> ! {
    log::error!("{why}");
    Timer::after_millis(GIVE_UP_MS).await;
    restart()
}

/// Restarts the chip as somebody asked for.
pub fn restart() -> ! {
    LAST_WORD.store(RESTARTED, Ordering::Relaxed);
    esp_hal::system::software_reset()
}

/// The end of `file:line`: what differs is there. Formats nothing, as the panic may have come from a formatter.
fn write_place(file: &str, line: u32) {
    const DIGITS: usize = 10;
    let mut number = [0; DIGITS];
    let mut rest = line;
    let mut begin = DIGITS;
    while begin > 0 && (rest > 0 || begin == DIGITS) {
        begin -= 1;
        number[begin] = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    let number = &number[begin..];
    let room = LABEL_MAX - 1 - number.len();
    let skipped = file.len().saturating_sub(room);
    let file = file.as_bytes().get(skipped..).unwrap_or_default();
    let text = file.iter().chain(b":").chain(number).copied();
    for (place, byte) in PLACE.iter().zip(text.chain(core::iter::repeat(0))) {
        place.store(byte, Ordering::Relaxed);
    }
}

fn read(from: &[AtomicU8], to: &mut [u8]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to = from.load(Ordering::Relaxed);
    }
}

fn write(to: &[AtomicU8], from: &[u8]) {
    for (to, from) in to.iter().zip(from) {
        to.store(*from, Ordering::Relaxed);
    }
}
