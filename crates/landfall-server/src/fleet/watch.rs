//! Who goes offline next: a queue by the moment at which each device that is there will have been silent
//! for too long.
//!
//! A heartbeat moves that moment, and the queue is not told: when the old one comes the device is looked
//! at and put back by the new one. So a second costs as much as there are devices whose moment comes in
//! it, not as much as there are devices.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::device::Device;
use super::presence::{Moment, Timeout};

/// The queue.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    due: BinaryHeap<Reverse<Due>>,
    /// The timeout that the moments were counted by.
    timeout: Option<Timeout>,
}

/// A device, and when it is looked at, by the monotonic clock.
#[derive(Debug)]
struct Due {
    at: Moment,
    device: Arc<Device>,
}

impl Watch {
    /// Looks at devices that were heard since the last look, and at those whose moment came. Returns
    /// those that came and went meanwhile; `all` gives every device, where the timeout is another one.
    pub(crate) fn look(
        &mut self,
        heard: Vec<Arc<Device>>,
        all: impl FnOnce() -> Vec<Arc<Device>>,
        timeout: Timeout,
        now: i64,
    ) -> Vec<Arc<Device>> {
        let mut changed = Vec::new();
        let heard = if self.timeout.replace(timeout) == Some(timeout) {
            heard
        } else {
            all()
        };
        for device in heard {
            self.queue(device, timeout, now, &mut changed);
        }
        while let Some(Reverse(first)) = self.due.peek()
            && first.at <= Moment(now)
            && let Some(Reverse(Due { at, device })) = self.due.pop()
        {
            let mut presence = device.presence();
            let is_newest = presence.looked_at == at;
            if is_newest {
                presence.looked_at = Moment::NEVER;
            }
            drop(presence);
            if is_newest {
                self.queue(device, timeout, now, &mut changed);
            }
        }
        changed
    }

    /// Whether anybody is there.
    pub(crate) fn is_anybody_online(&self) -> bool {
        !self.due.is_empty()
    }

    /// Puts a device in the queue, unless it is there already by an earlier moment.
    fn queue(
        &mut self,
        device: Arc<Device>,
        timeout: Timeout,
        now: i64,
        changed: &mut Vec<Arc<Device>>,
    ) {
        let mut presence = device.presence();
        let goes = presence.goes_offline_at(timeout).filter(|at| *at > now);
        if std::mem::replace(&mut presence.was_online, goes.is_some()) != goes.is_some() {
            changed.push(device.clone());
        }
        let Some(at) = goes.map(Moment) else { return };
        if at < presence.looked_at {
            presence.looked_at = at;
            drop(presence);
            self.due.push(Reverse(Due { at, device }));
        }
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Due {}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::fleet::device::{Desired, Enrolment, Record};

    fn device(name: &str) -> Arc<Device> {
        Arc::new(Device::new(Record {
            hardware_id: name.into(),
            own_id: name.into(),
            name: None,
            labels: Vec::new(),
            room: None,
            legacy: false,
            enrolment: Enrolment::Accepted,
            enabled: true,
            keys: Vec::new(),
            alerts: Vec::new(),
            desired: Desired::default(),
        }))
    }

    /// Plays lines of `SECOND: WORD…`: a letter is a device's heartbeat, `within=N` the timeout, and
    /// writes down who came or went at the look that ends each line.
    fn check(script: &str, expected: Expect) {
        let devices = ["a", "b"].map(device);
        let mut watch = Watch::default();
        let mut within = 10;
        let mut seen = String::new();
        for line in script.lines().map(str::trim) {
            let (second, words) = line.split_once(':').unwrap();
            let now = second.parse::<i64>().unwrap() * 1000;
            let mut heard = Vec::new();
            for word in words.split_whitespace() {
                match word.strip_prefix("within=") {
                    Some(seconds) => within = seconds.parse().unwrap(),
                    None => {
                        let device = &devices[usize::from(word == "b")];
                        device.presence().heard(now, now, 1000);
                        heard.push(device.clone());
                    }
                }
            }
            let timeout = Timeout {
                online_within_ms: within * 1000,
            };
            let changed = watch.look(heard, || devices.to_vec(), timeout, now);
            let told = changed.iter().map(|device| {
                let online = device.presence().was_online;
                let sign = if online { '+' } else { '-' };
                format!(" {sign}{}", device.record().hardware_id)
            });
            let told: String = told.collect();
            seen += &format!("{line} ->{told} {}\n", watch.is_anybody_online());
        }
        expected.assert_eq(&seen);
    }

    #[test]
    fn who_is_silent_for_too_long_goes() {
        check(
            "1: a
             5: a b
             11:
             15:
             16:
             17: b
             40:",
            expect![[r#"
                1: a -> +a true
                5: a b -> +b true
                11: -> true
                15: -> true
                16: -> -b -a false
                17: b -> +b true
                40: -> -b false
            "#]],
        );
    }

    #[test]
    fn another_timeout_is_in_force_at_once() {
        check(
            "1: a b
             5: within=3
             6: b
             7: within=100
             40: within=10",
            expect![[r#"
                1: a b -> +a +b true
                5: within=3 -> -a -b true
                6: b -> +b true
                7: within=100 -> +a true
                40: within=10 -> -a -b false
            "#]],
        );
    }
}
