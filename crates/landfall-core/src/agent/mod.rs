//! The fleet agent: when a device asks its server, and what it makes of silence.
//!
//! Driven as [`Manager`](crate::manager::Manager) is: [`Agent::handle`] takes an input and the
//! time, then [`Agent::poll_output`] is drained until it gives [`Output::Wait`]. What is in a
//! request, and what an answer changes on the device, is the adapter's; here is decided when, how
//! often, and whether a network that was rolled out may stay.
//!
//! ```text
//!                 server set, address held          due, or a mark waits
//!        Idle ────────────────────────────▶ Resting ─────────────────────▶ Asking
//!         ▲                                  ▲   ▲                          │ │
//!         └──────── address lost ────────────┘   └── answered: server's beat┘ │
//!                                                └── no answer: full jitter ──┘
//! ```
//!
//! ```
//! use landfall_core::agent::{Agent, Credential, Input, Output, Request};
//! use landfall_core::time::Instant;
//!
//! let mut agent = Agent::new(3, 1);
//! agent.handle(Input::Credential(Credential::Key), Instant::BOOT);
//! agent.handle(Input::Online(true), Instant::BOOT);
//! let Output::Ask(Request::Beat { seq, .. }) = agent.poll_output() else { panic!() };
//! assert_eq!(seq, 3 << 32 | 1);
//! ```

mod answer;

use crate::rng::Rng;
use crate::time::Instant;

pub use answer::{Answer, Configuration, MarkAnswer, Network, Session, read_answer};

/// Time from beat to beat until the server says another one.
pub const BEAT_MS: u32 = 30_000;
/// Least and most that a server may ask for.
pub const BEAT_MIN_MS: u32 = 100;
/// See [`BEAT_MIN_MS`].
pub const BEAT_MAX_MS: u32 = 4 * 3_600_000;
/// Beats farther apart than this are a server's that has enough to do: nobody waits at it then.
const UNHURRIED_MS: u32 = 33_000;
/// Longest time a request may wait at the server for news.
const WAIT_MAX_S: u8 = 25;
/// Time after which a device that waits to be accepted asks again.
const PENDING_MS: u32 = 10_000;
/// First bound of the jitter after a request that failed; it doubles up to [`RETRY_MAX_MS`].
const RETRY_MS: u32 = 2_000;
/// Last bound of that jitter.
const RETRY_MAX_MS: u32 = 60_000;
/// The same while a network is on trial, which has not that much time.
const TRIAL_RETRY_MAX_MS: u32 = 8_000;
/// Least time between two requests.
const PAUSE_MS: u32 = 250;
/// Time in which the server has to be heard over a network that was rolled out.
const TRIAL_MS: u32 = 120_000;
/// Requests in a row without an answer that are told as an error: one may be lost.
const FAILURES_TOLD: u8 = 2;

/// What the device can show the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Credential {
    /// No server is set.
    None,
    /// No key yet: it is to enrol.
    Enrolling,
    /// A key that the server has accepted.
    Key,
}

/// What goes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The moment named by [`Output::Wait`] has come.
    Timeout,
    /// The station gained its address, or lost it.
    Online(bool),
    /// The server, or what the device can show it, changed.
    Credential(Credential),
    /// There is something that the server is to hear at once: a mark, or what became of a
    /// configuration.
    News,
    /// The server answered a heartbeat.
    Answered {
        /// When it wants the next one, in milliseconds; none: it did not say.
        next_ms: Option<u32>,
        /// Whether it sent a configuration or a key that is new here: it is to hear what became of
        /// that.
        changed: bool,
        /// Whether it answered at once because it was told something, and may be waited at now.
        took: bool,
    },
    /// It keeps the enrolment waiting for somebody to accept it.
    Pending,
    /// It did not do what was asked.
    Failed(Failure),
    /// A network that was rolled out gave an address.
    TrialBegins,
    /// That trial ended: the server was heard over it, or it was undone.
    TrialEnds,
}

/// Why a request came to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer, or one that makes no sense.
    NoAnswer,
    /// The server refuses the device.
    Refused,
    /// It has too much to do, and says for how long, in seconds.
    Busy(u16),
}

/// What to ask of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Request {
    /// A key.
    Enroll,
    /// A heartbeat.
    Beat {
        /// Its number; only grows, over boots too.
        seq: u64,
        /// For how many seconds the server may wait for news before it answers; 0: not at all.
        wait_s: u8,
    },
}

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Nothing more; the next deadline, if there is one.
    Wait(Option<Instant>),
    /// Send this, and answer with what became of it. One at a time.
    Ask(Request),
    /// Give up the request under way; no answer is due for it.
    Abandon,
    /// The server was not heard over the network that was rolled out: go back to the one before.
    RollBack,
}

/// How the device stands with its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// No server is set.
    None,
    /// It has no key that was accepted.
    Pending,
    /// It was accepted, and is heard.
    Ok,
    /// The server refuses it, or does not answer.
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Phase {
    /// There is nobody to ask, or no way to them.
    Idle,
    /// The next request is due then.
    Resting { until: Instant },
    /// A request is to go out.
    Due(Request),
    /// A request is under way.
    Asking { since: Instant, request: Request },
}

/// The agent. See the [module](self) for how it is driven.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Agent {
    now: Instant,
    rng: Rng,
    seq: u64,
    phase: Phase,
    credential: Credential,
    online: bool,
    /// The request under way is to be dropped.
    abandon: bool,
    /// What the server is to hear did not fit the request under way.
    news: bool,
    refused: bool,
    failures: u8,
    next_ms: u32,
    /// When the network on trial has to have carried a heartbeat.
    trial_until: Option<Instant>,
    roll_back: bool,
}

impl Agent {
    /// The agent of the boot of that number, which only grows. The seed is the device's own, so that
    /// a fleet does not ask in step.
    pub fn new(boots: u32, seed: u64) -> Self {
        Self {
            now: Instant::BOOT,
            rng: Rng::new(seed),
            seq: u64::from(boots) << 32,
            phase: Phase::Idle,
            credential: Credential::None,
            online: false,
            abandon: false,
            news: false,
            refused: false,
            failures: 0,
            next_ms: BEAT_MS,
            trial_until: None,
            roll_back: false,
        }
    }

    /// Takes one input at that time, which never runs backwards.
    pub fn handle(&mut self, input: Input, now: Instant) {
        self.now = self.now.max(now);
        match input {
            Input::Timeout => {}
            Input::Online(online) => self.on_online(online),
            Input::Credential(credential) => self.on_credential(credential),
            Input::News => self.on_news(),
            Input::Answered {
                next_ms,
                changed,
                took,
            } => self.on_answered(next_ms, changed, took),
            Input::Pending => self.on_pending(),
            Input::Failed(failure) => self.on_failed(failure),
            Input::TrialBegins => self.trial_until = Some(self.now.plus_ms(TRIAL_MS)),
            Input::TrialEnds => self.trial_until = None,
        }
        self.run_timers();
    }

    /// Gives the next thing to do, [`Output::Wait`] last.
    pub fn poll_output(&mut self) -> Output {
        if core::mem::take(&mut self.abandon) {
            return Output::Abandon;
        }
        if core::mem::take(&mut self.roll_back) {
            return Output::RollBack;
        }
        if let Phase::Due(request) = self.phase {
            let since = self.now;
            self.phase = Phase::Asking { since, request };
            return Output::Ask(request);
        }
        Output::Wait(self.poll_timeout())
    }

    /// How the device stands with its server.
    pub fn standing(&self) -> Standing {
        match self.credential {
            Credential::None => Standing::None,
            Credential::Enrolling | Credential::Key if self.refused => Standing::Error,
            Credential::Enrolling | Credential::Key if self.failures >= FAILURES_TOLD => {
                Standing::Error
            }
            Credential::Enrolling => Standing::Pending,
            Credential::Key => Standing::Ok,
        }
    }

    /// Whether a network that was rolled out is on trial.
    pub fn is_on_trial(&self) -> bool {
        self.trial_until.is_some()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let due = match self.phase {
            Phase::Resting { until } => Some(until),
            Phase::Idle | Phase::Due(_) | Phase::Asking { .. } => None,
        };
        due.into_iter().chain(self.trial_until).min()
    }

    fn run_timers(&mut self) {
        if self.trial_until.is_some_and(|until| until <= self.now) {
            self.trial_until = None;
            self.roll_back = true;
        }
        match self.phase {
            Phase::Resting { until } if until <= self.now => self.ask(),
            Phase::Resting { .. } | Phase::Idle | Phase::Due(_) | Phase::Asking { .. } => {}
        }
    }

    fn on_online(&mut self, online: bool) {
        if online == self.online {
            return;
        }
        self.online = online;
        if online {
            // After a cut of the power all of them are back at once.
            let spread = if self.failures > 0 { self.jitter() } else { 0 };
            self.rest(spread);
        } else {
            self.stop_asking();
            self.phase = Phase::Idle;
        }
    }

    fn on_credential(&mut self, credential: Credential) {
        self.credential = credential;
        self.refused = false;
        self.failures = 0;
        self.stop_asking();
        self.rest(0);
    }

    fn on_news(&mut self) {
        match self.phase {
            Phase::Resting { .. } if self.failures == 0 && self.credential == Credential::Key => {
                self.rest(0);
            }
            Phase::Asking {
                request: Request::Beat { wait_s: 1.., .. },
                ..
            } => {
                self.stop_asking();
                self.rest(0);
            }
            Phase::Asking { .. } => self.news = true,
            Phase::Idle | Phase::Due(_) | Phase::Resting { .. } => {}
        }
    }

    fn on_answered(&mut self, next_ms: Option<u32>, changed: bool, took: bool) {
        let Phase::Asking { since, request } = self.phase else {
            return;
        };
        self.next_ms = next_ms.unwrap_or(BEAT_MS).clamp(BEAT_MIN_MS, BEAT_MAX_MS);
        self.failures = 0;
        self.refused = false;
        let asked_ms = self.now.ms_since(since);
        let waited = match request {
            Request::Beat { wait_s, .. } => wait_s > 0 && asked_ms >= u64::from(wait_s) * 1000,
            Request::Enroll => false,
        };
        let rest_ms = u64::from(self.next_ms).saturating_sub(asked_ms);
        let waits = took && self.wait_s() > 0;
        if core::mem::take(&mut self.news) || changed || waits {
            self.rest(PAUSE_MS.min(self.next_ms));
        } else if waited {
            self.rest(0);
        } else {
            self.rest(rest_ms as u32);
        }
    }

    fn on_pending(&mut self) {
        self.failures = 0;
        self.refused = false;
        self.rest(PENDING_MS);
    }

    fn on_failed(&mut self, failure: Failure) {
        let Phase::Asking { .. } = self.phase else {
            return;
        };
        self.failures = self.failures.saturating_add(1);
        self.refused = failure == Failure::Refused;
        self.news = false;
        let least = match failure {
            Failure::Busy(seconds) => u32::from(seconds) * 1000,
            Failure::NoAnswer | Failure::Refused => PAUSE_MS,
        };
        let spread = self.jitter();
        self.rest(least.saturating_add(spread));
    }

    /// Full jitter: anything from nothing to a bound that doubles with each failure.
    fn jitter(&mut self) -> u32 {
        let most = match self.trial_until {
            Some(_) => TRIAL_RETRY_MAX_MS,
            None => RETRY_MAX_MS,
        };
        let doublings = u32::from(self.failures.saturating_sub(1)).min(16);
        let bound = RETRY_MS.saturating_mul(1 << doublings).min(most);
        self.rng.below(bound)
    }

    fn rest(&mut self, ms: u32) {
        self.phase = if self.online && self.credential != Credential::None {
            Phase::Resting {
                until: self.now.plus_ms(ms),
            }
        } else {
            Phase::Idle
        };
    }

    fn stop_asking(&mut self) {
        if let Phase::Asking { .. } = self.phase {
            self.abandon = true;
        }
    }

    fn ask(&mut self) {
        self.news = false;
        self.phase = Phase::Due(match self.credential {
            Credential::None => {
                self.phase = Phase::Idle;
                return;
            }
            Credential::Enrolling => Request::Enroll,
            Credential::Key => {
                self.seq = self.seq.saturating_add(1);
                Request::Beat {
                    seq: self.seq,
                    wait_s: self.wait_s(),
                }
            }
        });
    }

    /// For how long the server may wait for news: as long as a beat, unless it has enough to do, or
    /// was not heard of late.
    fn wait_s(&self) -> u8 {
        let on_trial = self.trial_until.is_some();
        if self.failures > 0 || on_trial || self.next_ms > UNHURRIED_MS {
            return 0;
        }
        (self.next_ms / 1000).min(u32::from(WAIT_MAX_S)) as u8
    }
}

#[cfg(test)]
mod tests;
