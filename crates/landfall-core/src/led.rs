//! What the LED shows: patterns as data, so that a board may replace the table, and the clockwork
//! that turns a pattern into on and off.

use crate::status::State;
use crate::time::Instant;

/// How the LED lights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// Never.
    Dark,
    /// Always.
    Solid,
    /// On and off for this long each, beginning with on.
    Blink {
        /// Milliseconds on, and milliseconds off; 0 is as good as always on.
        half_period_ms: u16,
    },
}

/// Which pattern tells which state. [`Default`] is the table of the firmware; a board may bring
/// its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Patterns {
    /// For [`State::Off`].
    pub off: Pattern,
    /// For [`State::ApActive`].
    pub ap_active: Pattern,
    /// For [`State::Connecting`].
    pub connecting: Pattern,
    /// For [`State::Connected`].
    pub connected: Pattern,
}

impl Patterns {
    /// Fast blink: come and set me up. Slow blink: looking. Solid: on the network.
    pub const DEFAULT: Self = Self {
        off: Pattern::Dark,
        ap_active: Pattern::Blink {
            half_period_ms: 125,
        },
        connecting: Pattern::Blink {
            half_period_ms: 400,
        },
        connected: Pattern::Solid,
    };

    /// The pattern of that state.
    pub const fn of(&self, state: State) -> Pattern {
        match state {
            State::Off => self.off,
            State::ApActive => self.ap_active,
            State::Connecting => self.connecting,
            State::Connected => self.connected,
        }
    }
}

impl Default for Patterns {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Turns a pattern into on and off. The adapter sets the pin to [`Blinker::is_on`] whenever the
/// pattern changes and at every [`Blinker::next_edge`].
#[derive(Clone, Copy, Debug)]
pub struct Blinker {
    pattern: Pattern,
    since: Instant,
}

impl Blinker {
    /// A dark LED.
    pub const fn new() -> Self {
        Self {
            pattern: Pattern::Dark,
            since: Instant::BOOT,
        }
    }

    /// Shows this pattern from now on, beginning with the LED on. The pattern already shown goes
    /// on undisturbed.
    pub fn show(&mut self, pattern: Pattern, now: Instant) {
        if pattern != self.pattern {
            *self = Self {
                pattern,
                since: now,
            };
        }
    }

    /// The pattern shown.
    pub const fn pattern(&self) -> Pattern {
        self.pattern
    }

    /// Whether the LED is lit at that time.
    pub fn is_on(&self, now: Instant) -> bool {
        match self.pattern {
            Pattern::Dark => false,
            Pattern::Solid | Pattern::Blink { half_period_ms: 0 } => true,
            Pattern::Blink { half_period_ms } => {
                (now.ms_since(self.since) / u64::from(half_period_ms)).is_multiple_of(2)
            }
        }
    }

    /// The first moment after `now` at which it turns on or off; none: it stays as it is.
    pub fn next_edge(&self, now: Instant) -> Option<Instant> {
        match self.pattern {
            Pattern::Dark | Pattern::Solid | Pattern::Blink { half_period_ms: 0 } => None,
            Pattern::Blink { half_period_ms } => {
                let half = u64::from(half_period_ms);
                let edges = now.ms_since(self.since) / half + 1;
                Some(Instant::from_ms(
                    self.since.as_ms().saturating_add(edges * half),
                ))
            }
        }
    }
}

impl Default for Blinker {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;
    use std::string::String;

    /// Follows the LED through `(ms, state)` changes up to `end`: each edge as `ms+` or `ms-`.
    fn check(changes: &[(u64, State)], end: u64, expected: expect_test::Expect) {
        let mut blinker = Blinker::new();
        let mut seen = String::new();
        let mut lit = false;
        for (n, &(at, state)) in changes.iter().enumerate() {
            let until = changes.get(n + 1).map_or(end, |next| next.0);
            let mut now = Instant::from_ms(at);
            blinker.show(Patterns::DEFAULT.of(state), now);
            loop {
                if blinker.is_on(now) != lit || now.as_ms() == at {
                    lit = blinker.is_on(now);
                    write!(seen, "{}{} ", now.as_ms(), if lit { '+' } else { '-' }).unwrap();
                }
                match blinker.next_edge(now).filter(|edge| edge.as_ms() < until) {
                    Some(edge) => now = edge,
                    None => break,
                }
            }
        }
        expected.assert_eq(seen.trim_end());
    }

    #[test]
    fn each_state_has_its_pattern_and_a_change_starts_lit() {
        use State::{ApActive, Connected, Connecting, Off};
        let story = [
            (10, Connecting),
            (1000, ApActive),
            (1300, Connected),
            (9000, Off),
        ];
        check(
            &story,
            10_000,
            expect_test::expect!["10+ 410- 810+ 1000+ 1125- 1250+ 1300+ 9000-"],
        );
    }

    #[test]
    fn a_pattern_told_again_does_not_begin_again() {
        let story = [(0, State::ApActive), (100, State::ApActive)];
        check(&story, 300, expect_test::expect!["0+ 100+ 125- 250+"]);
    }

    #[test]
    fn a_half_period_of_zero_divides_nothing() {
        let mut blinker = Blinker::new();
        blinker.show(Pattern::Blink { half_period_ms: 0 }, Instant::BOOT);
        assert!(blinker.is_on(Instant::BOOT));
        assert_eq!(blinker.next_edge(Instant::BOOT), None);
    }
}
