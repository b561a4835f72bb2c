//! What a process used, as the kernel counts it.

use std::time::Duration;

/// A process that is watched.
#[derive(Debug)]
pub struct Process(pub u32);

/// Ticks a second in `/proc`: `USER_HZ`, which is 100 on every Linux that Rust runs on.
const TICKS_A_SECOND: u64 = 100;

impl Process {
    /// Its time on the processor since it began; none once it ended.
    pub fn cpu(&self) -> Option<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        ticks(&stat).map(|ticks| Duration::from_millis(ticks * 1000 / TICKS_A_SECOND))
    }

    /// The memory that it holds.
    pub fn rss_bytes(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0));
        rss(&status.unwrap_or_default()).unwrap_or(0)
    }
}

/// User and system time in a `stat` line: the name in it may hold anything, so fields are counted
/// from behind it (proc_pid_stat(5): fields 14 and 15, the name is field 2).
fn ticks(stat: &str) -> Option<u64> {
    let (_, behind) = stat.rsplit_once(')')?;
    let mut fields = behind.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn rss(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::{rss, ticks};

    #[test]
    fn the_kernels_lines_are_read() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 12 30 0 0 20 0 8 0 5 6 7";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("7 (a"), None);
        assert_eq!(rss("Name:\ta\nVmRSS:\t    1024 kB\n"), Some(1 << 20));
        assert_eq!(rss(""), None);
    }
}
