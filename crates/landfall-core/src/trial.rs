//! A whole new configuration on trial: it stays when somebody shows that the device can still be
//! reached under it, else the one before comes back.
//!
//! ```text
//!           stored            0.5 s               confirmed          stored
//!  Settled ────────▶ Announced ─────▶ Running ─┬─────────▶ Keeping ─────────▶ Settled
//!     ▲                  boot on trial ──▶     │ too late           stored
//!     │                                        └─────────▶ Returning ────────┐
//!     └──────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! The machine knows nothing of this. Whoever runs it asks [`Trial::poll`] what to do beside: which
//! configuration is in force is said by the head of the store
//! ([`stored::Head`](crate::config::stored::Head)), so every step is a write to it or a look at it,
//! and a restart finds the trial as it stood.

use crate::config::ConfigRef;
use crate::time::Instant;

/// Time for the answer to whoever sent the configuration, before the network goes.
pub const ANSWER_MS: u32 = 500;
/// Least time in which a configuration has to be confirmed.
pub const WINDOW_MIN_MS: u32 = 60_000;
/// Pause before the store is asked again that refused to end a trial.
const RETRY_MS: u32 = 5_000;

/// What confirms a configuration, and in which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Terms {
    window_ms: u32,
    /// Whether somebody has to ask the config server for something; else that the device can be
    /// reached is enough.
    needs_request: bool,
}

impl Terms {
    /// Of a configuration: the larger of 60 s and its `fallback_deadline_ms`, and a request where
    /// its config server runs.
    pub fn of(config: ConfigRef<'_>) -> Self {
        Self {
            window_ms: config.wifi.station.fallback_deadline_ms.max(WINDOW_MIN_MS),
            needs_request: config.services.config_server_runs(),
        }
    }

    /// The same, for a configuration that came by another way than the config server: an address,
    /// or the access point, is enough.
    #[must_use]
    pub fn without_request(self) -> Self {
        Self {
            needs_request: false,
            ..self
        }
    }
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing, until then or until something happens.
    Wait(Option<Instant>),
    /// Put what is stored in force, then say [`Trial::applied`].
    Apply,
    /// Have the store end the trial with the new configuration, then say [`Trial::ended`].
    Keep,
    /// Have the store end the trial with the configuration before, and put that in force where it
    /// did; then say [`Trial::ended`].
    Return,
}

/// How the configuration in force stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Trial {
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum State {
    Settled,
    Announced { terms: Terms, at: Instant },
    Running { terms: Terms, until: Instant },
    Keeping { from: Instant },
    Returning { from: Instant },
}

impl Trial {
    /// None: what is in force is there to stay.
    pub const fn new() -> Self {
        Self {
            state: State::Settled,
        }
    }

    /// The device booted with a configuration on trial: its time begins anew.
    pub fn resumed(terms: Terms, now: Instant) -> Self {
        let until = now.plus_ms(terms.window_ms);
        Self {
            state: State::Running { terms, until },
        }
    }

    /// The device crashed its way through the trial: the configuration before is to come back.
    pub const fn failed() -> Self {
        Self {
            state: State::Returning {
                from: Instant::BOOT,
            },
        }
    }

    /// Whether another configuration may be stored.
    pub fn is_settled(&self) -> bool {
        self.state == State::Settled
    }

    /// Whether a new configuration is stored that is not in force yet: what is changed now would
    /// be lost with the one that is.
    pub fn is_announced(&self) -> bool {
        matches!(self.state, State::Announced { .. })
    }

    /// A new configuration is stored.
    pub fn stored(&mut self, terms: Terms, now: Instant) {
        let at = now.plus_ms(ANSWER_MS);
        self.state = State::Announced { terms, at };
    }

    /// It is in force, and the network restarts with it; or it could not be read back, and the one
    /// before is to come back.
    pub fn applied(&mut self, ok: bool, now: Instant) {
        if let State::Announced { terms, .. } = self.state {
            *self = if ok {
                Self::resumed(terms, now)
            } else {
                Self::failed()
            };
        }
    }

    /// Somebody with the right password asked the config server for something.
    pub fn requested(&mut self, is_reachable: bool) {
        if is_reachable {
            self.changed();
        }
    }

    /// Somebody changes networks, mode or access point at another door: they are not locked out,
    /// and what they do must not go with the configuration.
    pub fn changed(&mut self) {
        if let State::Running { .. } = self.state {
            self.state = State::Keeping {
                from: Instant::BOOT,
            };
        }
    }

    /// What is to be done; the same again until it is said to be done. The device is reachable when
    /// it holds an address or has its access point up, as the configuration in force wants it.
    pub fn poll(&mut self, is_reachable: bool, now: Instant) -> Step {
        if let State::Running { terms, until } = self.state {
            // Reached at the very last moment is reached.
            if is_reachable && !terms.needs_request {
                self.changed();
            } else if now >= until {
                self.state = State::Returning {
                    from: Instant::BOOT,
                };
            }
        }
        match self.state {
            State::Settled => Step::Wait(None),
            State::Announced { at, .. } if now < at => Step::Wait(Some(at)),
            State::Announced { .. } => Step::Apply,
            State::Running { until, .. } => Step::Wait(Some(until)),
            State::Keeping { from } | State::Returning { from } if now < from => {
                Step::Wait(Some(from))
            }
            State::Keeping { .. } => Step::Keep,
            State::Returning { .. } => Step::Return,
        }
    }

    /// The store ended the trial as asked, or refused; then it is asked again in a while.
    pub fn ended(&mut self, ok: bool, now: Instant) {
        let from = now.plus_ms(RETRY_MS);
        self.state = match self.state {
            State::Keeping { .. } if !ok => State::Keeping { from },
            State::Returning { .. } if !ok => State::Returning { from },
            State::Keeping { .. } | State::Returning { .. } => State::Settled,
            State::Settled | State::Announced { .. } | State::Running { .. } => self.state,
        };
    }
}

impl Default for Trial {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::string::String;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::config::{Config, Secret};

    /// Plays a script, a word each: milliseconds that pass, what happens, `?` for a look.
    fn play(config: &Config, trial: Trial, script: &str) -> String {
        let (mut trial, mut now, mut is_reachable) = (trial, Instant::BOOT, false);
        let mut told = String::new();
        for word in script.split_whitespace() {
            match word {
                "store" => trial.stored(Terms::of(config.as_ref()), now),
                "put" => trial.stored(Terms::of(config.as_ref()).without_request(), now),
                "apply" => trial.applied(true, now),
                "unreadable" => trial.applied(false, now),
                "up" => is_reachable = true,
                "down" => is_reachable = false,
                "request" => trial.requested(is_reachable),
                "change" => trial.changed(),
                "end" => trial.ended(true, now),
                "refuse" => trial.ended(false, now),
                "?" => _ = writeln!(told, "{now:?}: {:?}", trial.poll(is_reachable, now)),
                ms => now = now.plus_ms(ms.parse().expect("a word or milliseconds")),
            }
        }
        told
    }

    fn serving() -> Config {
        let mut config = Config::default();
        config.services.config_server_enabled = true;
        config.services.config_server_password = Secret::new("password");
        config
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a snapshot is written in place"
    )]
    fn check(script: &str, expect: Expect) {
        expect.assert_eq(&play(&serving(), Trial::new(), script));
    }

    #[test]
    fn a_request_to_a_device_that_can_be_reached_confirms() {
        check(
            "? store ? 500 ? apply ? request ? up ? request ? end ?",
            expect![[r#"
                0 ms: Wait(None)
                0 ms: Wait(Some(500 ms))
                500 ms: Apply
                500 ms: Wait(Some(60500 ms))
                500 ms: Wait(Some(60500 ms))
                500 ms: Wait(Some(60500 ms))
                500 ms: Keep
                500 ms: Wait(None)
            "#]],
        );
    }

    #[test]
    fn without_one_the_configuration_before_returns() {
        check(
            "store 500 apply up 59999 ? 1 ? request ? refuse ? 5000 ? end ?",
            expect![[r#"
                60499 ms: Wait(Some(60500 ms))
                60500 ms: Return
                60500 ms: Return
                60500 ms: Wait(Some(65500 ms))
                65500 ms: Return
                65500 ms: Wait(None)
            "#]],
        );
    }

    #[test]
    fn a_store_that_refuses_is_asked_again_and_a_change_elsewhere_confirms() {
        check(
            "store 500 apply change ? refuse 4999 ? 1 ? end ? change ?",
            expect![[r#"
                500 ms: Keep
                5499 ms: Wait(Some(5500 ms))
                5500 ms: Keep
                5500 ms: Wait(None)
                5500 ms: Wait(None)
            "#]],
        );
    }

    #[test]
    fn one_that_cannot_be_read_back_returns_at_once() {
        check(
            "store 500 ? unreadable ? end ?",
            expect![[r#"
                500 ms: Apply
                500 ms: Return
                500 ms: Wait(None)
            "#]],
        );
    }

    #[test]
    fn a_request_before_it_is_in_force_says_nothing() {
        check(
            "up store request change ? 500 apply 60000 ?",
            expect![[r#"
                0 ms: Wait(Some(500 ms))
                60500 ms: Return
            "#]],
        );
    }

    #[test]
    fn a_configuration_without_config_server_is_confirmed_by_an_address_alone() {
        let mut config = serving();
        config.services.config_server_enabled = false;
        config.wifi.station.fallback_deadline_ms = 90_000;
        let told = play(&config, Trial::new(), "store 500 apply ? 90000 up ?");
        expect![[r#"
            500 ms: Wait(Some(90500 ms))
            90500 ms: Keep
        "#]]
        .assert_eq(&told);
        let told = play(&serving(), Trial::new(), "put 500 apply up ?");
        expect![[r#"
            500 ms: Keep
        "#]]
        .assert_eq(&told);
    }

    #[test]
    fn a_boot_begins_the_time_anew_and_crashes_end_it() {
        let terms = Terms::of(serving().as_ref());
        let resumed = Trial::resumed(terms, Instant::BOOT);
        let told = play(&serving(), resumed, "? up 60000 ?");
        expect![[r#"
            0 ms: Wait(Some(60000 ms))
            60000 ms: Return
        "#]]
        .assert_eq(&told);
        let told = play(&serving(), Trial::failed(), "up request ? end ?");
        expect![[r#"
            0 ms: Return
            0 ms: Wait(None)
        "#]]
        .assert_eq(&told);
    }
}
