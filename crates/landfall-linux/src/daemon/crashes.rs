//! The log of crashes, by which a daemon that panics again and again starts in safe mode.
//!
//! A panic leaves a file behind; the next start takes it for the reason of the one before it. The log
//! stands in a file of its own, with the boot of the system that it belongs to.

use std::fs;
use std::path::{Path, PathBuf};

use landfall_core::safe_mode::{CrashLog, LOG_LEN, ResetReason};
use rustix::time::{ClockId, clock_gettime};

/// Where the kernel says which boot of the system this is.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// Notes this start, and says whether it is to be in safe mode. From here on a panic is noted for the
/// next start.
pub(super) fn note_start(state: &Path) -> bool {
    let boot = fs::read(BOOT_ID).unwrap_or_default();
    let panicked = state.join("panicked");
    let safe = note(&state.join("crashes"), &panicked, &boot, boot_time_ms());
    watch(panicked);
    safe
}

fn note(log: &Path, panicked: &Path, boot: &[u8], now_ms: u64) -> bool {
    let stored = fs::read(log).unwrap_or_default();
    let (bytes, of_boot) = stored.split_at_checked(LOG_LEN).unwrap_or_default();
    let is_after_panic = fs::remove_file(panicked).is_ok();
    let reason = if of_boot != boot {
        ResetReason::PowerOn
    } else if is_after_panic {
        ResetReason::Panic
    } else {
        ResetReason::Other
    };
    let kept = <&[u8; LOG_LEN]>::try_from(bytes).map(CrashLog::from_bytes);
    let mut crashes = kept.unwrap_or_default();
    let safe = crashes.note_start(reason, now_ms);
    let stored = [&crashes.to_bytes()[..], boot].concat();
    if let Err(error) = fs::write(log, stored) {
        tracing::warn!("{}: {error}", log.display());
    }
    safe
}

/// Leaves that file behind where the program panics.
fn watch(panicked: PathBuf) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        // Without it the next start is one like any other.
        let _ = fs::write(&panicked, b"");
        before(panic);
    }));
}

/// Milliseconds since the system booted, those that it slept included.
fn boot_time_ms() -> u64 {
    let time = clock_gettime(ClockId::Boottime);
    let ms = time.tv_sec.saturating_mul(1000) + time.tv_nsec / 1_000_000;
    u64::try_from(ms).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Starts, each with the boot of the system it is in, its time in seconds, and whether the one
    /// before panicked; and which of them are in safe mode.
    fn check(starts: &[(&str, u64, bool)], expected: &[bool]) {
        let folder = tempfile::tempdir().unwrap();
        let (log, panicked) = (
            folder.path().join("crashes"),
            folder.path().join("panicked"),
        );
        let safe = starts.iter().map(|(boot, secs, after_panic)| {
            if *after_panic {
                fs::write(&panicked, b"").unwrap();
            }
            note(&log, &panicked, boot.as_bytes(), secs * 1000)
        });
        assert_eq!(safe.collect::<Vec<_>>(), expected, "{starts:?}");
        assert!(!panicked.exists());
    }

    #[test]
    fn three_panics_in_five_minutes_bring_safe_mode() {
        let (a, b) = ("boot-a", "boot-b");
        check(
            &[
                (a, 10, false),
                (a, 20, true),
                (a, 30, true),
                (a, 40, true),
                (a, 50, false),
            ],
            &[false, false, false, true, false],
        );
        check(
            &[(a, 10, false), (a, 20, true), (a, 30, true), (a, 400, true)],
            &[false; 4],
        );
        check(
            &[
                (a, 10, false),
                (a, 20, true),
                (a, 30, true),
                (b, 40, true),
                (b, 50, true),
            ],
            &[false; 5],
        );
    }
}
