//! A small world walked through whole: every order of what radio, store, users and fate can do.
//!
//! Two networks with one access point each. Where a random world draws what happens next, the
//! walk takes every branch, down to a stated depth; states seen before with as much depth left
//! are not walked again. So what holds here holds for every short story, not for the likely ones.

use alloc::vec::Vec;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use landfall_core::command::{Command, Door, PortalUse, Reply, Ticket};
use landfall_core::config::{KnownNetwork, Networks, Security, Wifi};
use landfall_core::event::Event;
use landfall_core::manager::{Input, Manager, Output, StoreFailed};
use landfall_core::net::{Channel, Ipv4Net, Mac, Ssid};
use landfall_core::radio::{AuthMode, RadioEvent, RadioOp, Reason, ScanRow};
use landfall_core::time::Instant;

use super::invariants::{Violation, broken};
use super::store::Store;

/// Names, keys, hardware addresses and channels of the two access points.
const APS: [(&str, &str, u8, u8); 2] = [
    ("home", "correct-horse", 1, 6),
    ("work", "battery-staple", 2, 11),
];

/// What a join can fail of: one code for each class that has its own way on.
const FAILURES: [Reason; 7] = [
    Reason::Code(15),
    Reason::NOT_FOUND,
    Reason::Code(210),
    Reason::Code(212),
    Reason::Code(5),
    Reason::Code(203),
    Reason::Code(2),
];

/// What one step of a story is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The radio says something.
    Radio(RadioEvent),
    /// The scan ends, and heard these of the two.
    Heard([bool; 2]),
    /// The store ends its write, well or not.
    Stored(bool),
    /// Time passes until the machine's deadline.
    Wait,
    /// A user asks.
    Ask(Command),
    /// A user is at the portal.
    Portal(PortalUse),
    /// The power goes; a write under way was done, or not.
    PowerCut(bool),
}

/// What the walk found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Different states reached.
    pub states: usize,
    /// Steps taken.
    pub steps: u64,
    /// The depth walked to.
    pub depth: u8,
    /// The shortest story found that breaks an invariant.
    pub violation: Option<(Vec<Step>, Violation)>,
}

/// Walks through every story of that many steps.
pub fn walk(depth: u8) -> Report {
    let mut walker = Walker {
        seen: HashMap::new(),
        report: Report {
            depth,
            ..Report::default()
        },
    };
    let mut path = Vec::new();
    match Place::start() {
        Ok(place) => walker.descend(&place, depth, &mut path),
        Err(violation) => walker.report.violation = Some((path, violation)),
    }
    walker.report.states = walker.seen.len();
    walker.report
}

struct Walker {
    /// The depth that was left when a state was walked.
    seen: HashMap<u64, u8>,
    report: Report,
}

impl Walker {
    fn descend(&mut self, place: &Place, left: u8, path: &mut Vec<Step>) {
        let known = self.seen.entry(place.digest()).or_insert(0);
        if *known > left || (*known == left && left > 0) {
            return;
        }
        *known = left;
        if left == 0 {
            return;
        }
        for step in place.steps() {
            self.report.steps += 1;
            let mut next = place.clone();
            path.push(step.clone());
            match next.take(step) {
                Ok(()) => self.descend(&next, left - 1, path),
                Err(violation) => self.found(path, violation),
            }
            path.pop();
        }
    }

    fn found(&mut self, path: &[Step], violation: Violation) {
        let shortest = self
            .report
            .violation
            .as_ref()
            .is_none_or(|(old, _)| path.len() < old.len());
        if shortest {
            self.report.violation = Some((path.to_vec(), violation));
        }
    }
}

/// A state of the small world.
#[derive(Clone)]
struct Place {
    machine: Manager,
    now: Instant,
    deadline: Option<Instant>,
    store: Store,
    /// The exclusive operation under way.
    op: Option<RadioOp>,
    /// The machine cancelled it.
    cancelled: bool,
    associated: bool,
    addressed: bool,
    /// What a user had and did not give up.
    working: Networks,
    edit: bool,
    connected: i8,
    tickets: u32,
    restarting: bool,
}

impl Place {
    fn start() -> Result<Self, Violation> {
        let mut wifi = Wifi::default();
        for (ssid, key, ..) in APS {
            // Two fit in sixteen.
            let _ = wifi.networks.push(network(ssid, key));
        }
        let store = Store::new(wifi, None);
        let mut place = Self {
            machine: Manager::new(store.boot(super::identity(), 1)),
            now: Instant::BOOT,
            deadline: None,
            working: store.kept.wifi.networks.clone(),
            store,
            op: None,
            cancelled: false,
            associated: false,
            addressed: false,
            edit: false,
            connected: 0,
            tickets: 0,
            restarting: false,
        };
        place.feed(Input::Timeout)?;
        Ok(place)
    }

    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.machine.hash(&mut hasher);
        self.store.hash(&mut hasher);
        (self.op, self.cancelled, self.associated).hash(&mut hasher);
        (self.addressed, self.edit).hash(&mut hasher);
        hasher.finish()
    }

    /// Everything that can happen here.
    fn steps(&self) -> Vec<Step> {
        let mut steps = self.radio_steps();
        if self.store.due_ms().is_some() {
            steps.extend([true, false].map(Step::Stored));
            steps.extend([true, false].map(Step::PowerCut));
        } else {
            steps.push(Step::PowerCut(false));
            steps.extend(commands().map(Step::Ask));
        }
        steps.push(Step::Portal(PortalUse::Touched));
        if self.deadline.is_some() && self.may_wait() {
            steps.push(Step::Wait);
        }
        steps
    }

    /// Whether time may pass the deadline: the radio ends a cancelled operation, and everything
    /// but a scan or a join, before the machine gives it up.
    fn may_wait(&self) -> bool {
        match self.op {
            None => true,
            Some(RadioOp::Scan | RadioOp::Join { .. }) => !self.cancelled,
            Some(_) => false,
        }
    }

    fn radio_steps(&self) -> Vec<Step> {
        let mut steps = match self.op {
            None | Some(RadioOp::Cancel | RadioOp::Query) => Vec::new(),
            Some(RadioOp::Scan) => {
                let heard = [[false, false], [true, false], [true, true]].map(Step::Heard);
                let mut steps = Vec::from(heard);
                steps.push(Step::Radio(RadioEvent::ScanFailed));
                steps
            }
            Some(RadioOp::Join { bssid, .. }) => join_ends(bssid),
            Some(RadioOp::Leave) => vec![Step::Radio(RadioEvent::Left)],
            Some(RadioOp::ApStart { channel }) => vec![
                Step::Radio(RadioEvent::ApStarted { channel }),
                Step::Radio(RadioEvent::ApFailed {
                    reason: Reason::TIMED_OUT,
                }),
            ],
            Some(RadioOp::ApStop) => vec![Step::Radio(RadioEvent::ApStopped)],
            Some(RadioOp::ApMove { channel }) => vec![Step::Radio(RadioEvent::ApMoved { channel })],
        };
        if self.associated {
            if !self.addressed {
                steps.push(Step::Radio(RadioEvent::Address(address())));
            } else {
                steps.push(Step::Radio(RadioEvent::AddressLost));
            }
            steps.push(Step::Radio(RadioEvent::Lost {
                reason: Reason::Code(2),
            }));
        }
        steps
    }

    fn take(&mut self, step: Step) -> Result<(), Violation> {
        match step {
            Step::Radio(event) => self.on_radio(event),
            Step::Heard(which) => {
                for (ap, _) in APS.iter().zip(which).filter(|(_, heard)| *heard) {
                    self.feed(Input::Radio(RadioEvent::ScanRow(row(ap))))?;
                }
                self.on_radio(RadioEvent::ScanDone)
            }
            Step::Stored(ok) => {
                self.store.finish(ok);
                if ok {
                    self.check_kept()?;
                }
                self.feed(Input::Stored(if ok { Ok(()) } else { Err(StoreFailed) }))
            }
            Step::Wait => {
                self.now = self.now.max(self.deadline.unwrap_or(self.now));
                self.feed(Input::Timeout)
            }
            Step::Ask(command) => {
                self.edit = matches!(command, Command::Remove(_) | Command::ResetByButton);
                self.tickets += 1;
                let ticket = Ticket {
                    door: Door::Serial(0),
                    number: self.tickets,
                };
                self.feed(Input::Command(ticket, command))
            }
            Step::Portal(used) => self.feed(Input::Portal(used)),
            Step::PowerCut(written) => {
                // The whole of the write, or nothing of it.
                self.store.finish(written);
                self.reboot()
            }
        }
    }

    fn on_radio(&mut self, event: RadioEvent) -> Result<(), Violation> {
        match event {
            RadioEvent::Joined { .. } => (self.associated, self.op) = (true, None),
            RadioEvent::Address(_) => self.addressed = true,
            RadioEvent::AddressLost => self.addressed = false,
            RadioEvent::Lost { .. } => (self.associated, self.addressed) = (false, false),
            RadioEvent::Left => (self.associated, self.addressed, self.op) = (false, false, None),
            RadioEvent::ScanDone
            | RadioEvent::ScanFailed
            | RadioEvent::JoinFailed { .. }
            | RadioEvent::ApStarted { .. }
            | RadioEvent::ApFailed { .. }
            | RadioEvent::ApStopped
            | RadioEvent::ApMoved { .. } => self.op = None,
            RadioEvent::ScanRow(_)
            | RadioEvent::ClientJoined(_)
            | RadioEvent::ClientLeft(_)
            | RadioEvent::Report(_) => {}
        }
        self.feed(Input::Radio(event))
    }

    fn reboot(&mut self) -> Result<(), Violation> {
        self.machine = Manager::new(self.store.boot(super::identity(), 1));
        self.now = Instant::BOOT;
        (self.op, self.associated, self.addressed) = (None, false, false);
        (self.connected, self.restarting) = (0, false);
        self.check_kept()?;
        self.feed(Input::Timeout)
    }

    fn feed(&mut self, input: Input) -> Result<(), Violation> {
        self.machine.handle(input, self.now);
        loop {
            match self.machine.poll_output() {
                Output::Wait(deadline) => {
                    self.deadline = deadline;
                    break;
                }
                Output::Radio(RadioOp::Cancel) => self.cancelled = self.op.is_some(),
                Output::Radio(RadioOp::Query) | Output::ProbeInternet => {}
                Output::Radio(op) => {
                    self.cancelled = false;
                    if let Some(running) = self.op.replace(op) {
                        return broken("I4", format!("{op:?} asked for during {running:?}"));
                    }
                }
                Output::Store(op) => self.store.begin(op, &self.machine, 0),
                Output::Event(event) => self.tell(&event)?,
                Output::Reply(_, Reply::Known(_)) => {
                    self.working = self.machine.wifi().networks.clone();
                }
                Output::Reply(..) | Output::Failed(..) | Output::State(..) => {}
                Output::Restart => self.restarting = true,
            }
        }
        if self.restarting {
            self.working = self.store.kept.wifi.networks.clone();
            return self.reboot();
        }
        self.check()
    }

    fn tell(&mut self, event: &Event) -> Result<(), Violation> {
        match event {
            Event::Connected { .. } => self.connected += 1,
            Event::Disconnected { .. } => self.connected -= 1,
            Event::StaStart
            | Event::StaConnected { .. }
            | Event::StaDisconnected { .. }
            | Event::StaGotIp { .. }
            | Event::StaLostIp
            | Event::ApStart { .. }
            | Event::ApStop
            | Event::ApFailed { .. }
            | Event::ApStaConnected { .. }
            | Event::ApStaDisconnected { .. }
            | Event::ApStarted { .. }
            | Event::ConnectionFailed { .. }
            | Event::ConfigApplied { .. }
            | Event::ConfigReverted { .. }
            | Event::SessionStarted { .. }
            | Event::SessionEnded
            | Event::Crashed { .. } => {}
        }
        Ok(())
    }

    /// I5, and that the device is never stuck: something is under way, or a time is set.
    fn check(&self) -> Result<(), Violation> {
        let held = self.machine.status().station_ip.is_some();
        if i8::from(held) != self.connected {
            return broken(
                "I5",
                format!("address: {held}, connections: {}", self.connected),
            );
        }
        if self.deadline.is_none() {
            return broken("I2", "the machine waits for nothing");
        }
        Ok(())
    }

    /// I1.
    fn check_kept(&mut self) -> Result<(), Violation> {
        if self.edit {
            self.working = self.store.kept.wifi.networks.clone();
        }
        for known in &self.working {
            let kept = &self.store.kept.wifi.networks;
            let same = |network: &&KnownNetwork| network.ssid == known.ssid;
            let key_is_good =
                |network: &KnownNetwork| network.security == known.security || network.proven;
            if !kept.iter().find(same).is_some_and(key_is_good) {
                return broken("I1", format!("{} is lost", known.ssid));
            }
        }
        self.working = self.store.kept.wifi.networks.clone();
        Ok(())
    }
}

fn network(ssid: &str, key: &str) -> KnownNetwork {
    let security = Security::from_password(key.as_bytes()).unwrap_or(Security::Open);
    KnownNetwork::new(name(ssid), security)
}

fn name(ssid: &str) -> Ssid {
    Ssid::new(ssid.as_bytes()).unwrap_or_else(|_| unreachable!("a short name"))
}

fn address() -> Ipv4Net {
    Ipv4Net {
        addr: [10, 0, 0, 2].into(),
        prefix: 24,
    }
}

fn row((ssid, _, mac, channel): &(&str, &str, u8, u8)) -> ScanRow {
    ScanRow {
        ssid: Some(name(ssid)),
        bssid: Mac([2, 0, 0, 0, 0, *mac]),
        channel: Channel::new(*channel).unwrap_or(Channel::ONE),
        rssi: -50,
        auth: AuthMode::Wpa2,
    }
}

/// What users ask in the small world: other keys, right and wrong, and to forget.
fn commands() -> [Command; 4] {
    let join = |ssid: &str, key: &str| {
        let KnownNetwork { ssid, security, .. } = network(ssid, key);
        Command::Join { ssid, security }
    };
    [
        join("home", "another-key"),
        join("work", "battery-staple"),
        Command::Remove(name("work")),
        Command::ResetByButton,
    ]
}

fn join_ends(bssid: Option<Mac>) -> Vec<Step> {
    let joined = APS
        .iter()
        .map(row)
        .find(|row| bssid.is_none_or(|bssid| bssid == row.bssid));
    let joined = joined.map(|row| RadioEvent::Joined {
        bssid: row.bssid,
        channel: row.channel,
        rssi: row.rssi,
    });
    let failed = FAILURES.map(|reason| RadioEvent::JoinFailed {
        reason,
        comeback_ms: None,
    });
    joined.into_iter().chain(failed).map(Step::Radio).collect()
}

#[cfg(test)]
mod tests {
    use super::walk;

    #[test]
    fn no_story_of_six_steps_breaks_an_invariant() {
        let report = walk(6);
        assert_eq!(report.violation, None);
        assert!(report.states > 1000, "{report:?}");
    }
}
