//! What the driver is at, and what follows from what it hears: decisions alone, nothing is done here.
//!
//! ```text
//!          Scan           results
//!  Idle ─────────▶ Scanning ─────▶ Idle
//!       Join, AP elsewhere unknown     row          moved
//!  Idle ─────────▶ Seeking ─────▶ Moving ─────▶ Joining ─────▶ Idle, linked or not
//!       Join                                      ▲
//!  Idle ──────────────────────────────────────────┘
//!       Leave             down
//!  Idle ─────────▶ Leaving ─────▶ Idle
//! ```

use std::time::Instant;

use landfall_core::net::{Bssid, Channel};
use landfall_core::radio::{RadioEvent, Reason, ScanRow};

use crate::wpa::network::Network;
use crate::wpa::{Attempt, Event, Verdict};

/// What is under way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Work {
    #[default]
    Idle,
    /// The scan is ended at `due` with what it heard; `is_over` then, and only its end is waited for.
    Scanning {
        since: Instant,
        due: Instant,
        is_over: bool,
    },
    /// A network that may be on another channel than the access point is looked for: at 2.4 GHz, and
    /// then, `is_far`, at 5 GHz.
    Seeking {
        network: Network,
        since: Instant,
        is_far: bool,
    },
    /// The access point moves, and then the network is joined, if one is.
    Moving {
        to: Channel,
        due: Instant,
        then: Option<Network>,
    },
    Joining {
        network: Network,
        attempt: Attempt,
        since: Instant,
    },
    Leaving {
        due: Instant,
    },
}

/// What is to be done about something that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    /// The scan that began then is over.
    EndScan(Instant),
    /// The scan was refused, and is asked for again.
    ScanAgain,
    /// The look for the network is over.
    Sought,
    /// The join came to that.
    Judge(Verdict),
    /// The link that was to go is gone.
    Left,
    /// The link is gone, and nobody asked for it.
    Lose(Reason),
    /// The network moved to that frequency, in MHz.
    Follow(u16),
}

impl Work {
    /// When it has taken too long; none: it ends by what is said.
    pub(super) fn due(&self) -> Option<Instant> {
        match self {
            Self::Scanning { due, .. } | Self::Moving { due, .. } | Self::Leaving { due } => {
                Some(*due)
            }
            Self::Idle | Self::Seeking { .. } | Self::Joining { .. } => None,
        }
    }

    /// Takes what the station's program says. `is_linked`: a network was joined.
    pub(super) fn hear(&mut self, event: Event, is_linked: bool) -> Step {
        use Event as E;
        match (self, event) {
            (Self::Joining { attempt, .. }, event) => {
                attempt.handle(event).map_or(Step::Nothing, Step::Judge)
            }
            (Self::Scanning { since, .. }, E::ScanResults)
            | (
                Self::Scanning {
                    since,
                    is_over: true,
                    ..
                },
                E::ScanFailed,
            ) => Step::EndScan(*since),
            (Self::Scanning { .. }, E::ScanFailed) => Step::ScanAgain,
            (Self::Seeking { .. }, E::ScanResults | E::ScanFailed) => Step::Sought,
            (Self::Leaving { .. }, E::Disconnected { .. }) => Step::Left,
            (
                Self::Idle | Self::Scanning { .. } | Self::Seeking { .. } | Self::Moving { .. },
                E::Disconnected { reason, .. },
            ) if is_linked => Step::Lose(Reason::Code(reason)),
            // The one radio goes where the network went, unless it is on its way already.
            (Self::Idle, E::ChannelSwitch { frequency }) => Step::Follow(frequency),
            (
                Self::Scanning { .. }
                | Self::Seeking { .. }
                | Self::Moving { .. }
                | Self::Leaving { .. },
                E::ChannelSwitch { .. },
            ) => Step::Nothing,
            // Late: nobody waits for it any more.
            (
                Self::Idle | Self::Moving { .. } | Self::Leaving { .. },
                E::ScanResults | E::ScanFailed,
            )
            | (
                Self::Idle | Self::Scanning { .. } | Self::Seeking { .. } | Self::Moving { .. },
                E::Disconnected { .. },
            ) => Step::Nothing,
            // Of a join that was given up. What its interface does, the end of its link tells.
            (
                Self::Idle
                | Self::Scanning { .. }
                | Self::Seeking { .. }
                | Self::Moving { .. }
                | Self::Leaving { .. },
                E::Connected { .. }
                | E::AuthReject { .. }
                | E::AssocReject { .. }
                | E::NotFound
                | E::WrongKey
                | E::SetAside
                | E::InterfaceDown
                | E::Terminating
                | E::Other,
            ) => Step::Nothing,
        }
    }

    /// The station's program ended: what goes on without it, and what is told of what does not.
    pub(super) fn interrupt(self) -> (Self, Option<RadioEvent>) {
        match self {
            Self::Idle => (Self::Idle, None),
            Self::Scanning { .. } => (Self::Idle, Some(RadioEvent::ScanFailed)),
            Self::Seeking { .. } | Self::Joining { .. } | Self::Moving { then: Some(_), .. } => {
                (Self::Idle, Some(failed(Reason::TIMED_OUT)))
            }
            moving @ Self::Moving { then: None, .. } => (moving, None),
            Self::Leaving { .. } => (Self::Idle, Some(RadioEvent::Left)),
        }
    }

    /// Ends a move, where one is under way: where to, and what is to be joined there.
    pub(super) fn take_move(&mut self) -> Option<(Channel, Option<Network>)> {
        match std::mem::take(self) {
            Self::Moving { to, then, .. } => Some((to, then)),
            other @ (Self::Idle
            | Self::Scanning { .. }
            | Self::Seeking { .. }
            | Self::Joining { .. }
            | Self::Leaving { .. }) => {
                *self = other;
                None
            }
        }
    }
}

/// Tells that a join failed.
pub(super) fn failed(reason: Reason) -> RadioEvent {
    RadioEvent::JoinFailed {
        reason,
        comeback_ms: None,
    }
}

/// Where a network was found that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is given back.
    Nowhere(Network),
    /// Where it can be joined at once.
    Here(Network),
    /// On another channel than the access point, which has to go there first.
    Elsewhere(Channel, Network),
}

/// Judges what was heard, strongest first, of a network that was looked for, beside an access point on
/// that channel.
pub(super) fn found(network: Network, rows: &[ScanRow], ap: Option<Channel>) -> Found {
    let wanted = |bssid: Bssid| network.bssid.is_none_or(|pinned| pinned == bssid);
    let is_it = |row: &&ScanRow| row.ssid == Some(network.ssid) && wanted(row.bssid);
    let Some(row) = rows.iter().find(is_it) else {
        return Found::Nowhere(network);
    };
    let to = row.channel;
    let network = Network {
        bssid: Some(row.bssid),
        channel: Some(to),
        ..network
    };
    match ap {
        Some(channel) if channel != to => Found::Elsewhere(to, network),
        Some(_) | None => Found::Here(network),
    }
}

#[cfg(test)]
mod tests {
    use landfall_core::net::{Mac, Security, Ssid};
    use landfall_core::radio::AuthMode;

    use super::*;

    const THERE: Bssid = Mac([2, 0, 0, 0, 1, 0]);
    const BEHIND: Bssid = Mac([2, 0, 0, 0, 2, 0]);

    fn channel(number: u8) -> Channel {
        Channel::new(number).unwrap()
    }

    fn network(bssid: Option<Bssid>) -> Network {
        Network {
            ssid: Ssid::new(b"home").unwrap(),
            security: Security::Open,
            bssid,
            channel: None,
        }
    }

    /// Every kind of work, by its name.
    fn work(name: &str, at: Instant) -> Work {
        let (since, due) = (at, at);
        let scanning = |is_over| Work::Scanning {
            since,
            due,
            is_over,
        };
        let moving = |then| Work::Moving {
            to: channel(11),
            due,
            then,
        };
        match name {
            "idle" => Work::Idle,
            "scanning" => scanning(false),
            "cut" => scanning(true),
            "seeking" => Work::Seeking {
                network: network(None),
                since,
                is_far: false,
            },
            "moving" => moving(None),
            "moving to join" => moving(Some(network(None))),
            "joining" => Work::Joining {
                network: network(None),
                attempt: Attempt::default(),
                since,
            },
            "leaving" => Work::Leaving { due },
            other => unreachable!("{other}"),
        }
    }

    const ALL: [&str; 8] = [
        "idle",
        "scanning",
        "cut",
        "seeking",
        "moving",
        "moving to join",
        "joining",
        "leaving",
    ];

    /// A kind of work, and what is to be done in it that began then.
    type Wanted<'a> = (&'a str, fn(Instant) -> Step);

    /// What follows from that line, in every kind of work where something does, with a link.
    #[track_caller]
    fn check(line: &str, expected: &[Wanted<'_>]) {
        let at = Instant::now();
        let event = Event::parse(line);
        for name in ALL {
            let step = work(name, at).hear(event, true);
            let wanted = expected.iter().find(|(of, _)| *of == name);
            let wanted = wanted.map_or(Step::Nothing, |(_, step)| step(at));
            assert_eq!(step, wanted, "{name}: {line}");
        }
    }

    #[test]
    fn the_end_of_a_scan_is_for_who_asked() {
        check(
            "CTRL-EVENT-SCAN-RESULTS ",
            &[
                ("scanning", Step::EndScan),
                ("cut", Step::EndScan),
                ("seeking", |_| Step::Sought),
            ],
        );
        check(
            "CTRL-EVENT-SCAN-FAILED ret=-16",
            &[
                ("scanning", |_| Step::ScanAgain),
                ("cut", Step::EndScan),
                ("seeking", |_| Step::Sought),
            ],
        );
    }

    #[test]
    fn a_loss_is_told_whatever_is_under_way() {
        let lost = |_| Step::Lose(Reason::Code(4));
        check(
            "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=4",
            &[
                ("idle", lost),
                ("scanning", lost),
                ("cut", lost),
                ("seeking", lost),
                ("moving", lost),
                ("moving to join", lost),
                ("joining", |_| Step::Judge(Verdict::Failed(Reason::Code(4)))),
                ("leaving", |_| Step::Left),
            ],
        );
        let event = Event::parse("CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=4");
        assert_eq!(Work::Idle.hear(event, false), Step::Nothing);
    }

    #[test]
    fn what_only_a_join_waits_for_moves_nothing_else() {
        check(
            "CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:01:00 completed",
            &[("joining", |_| Step::Judge(Verdict::Joined(THERE)))],
        );
        check(
            "CTRL-EVENT-SSID-TEMP-DISABLED id=0 reason=WRONG_KEY",
            &[("joining", |_| {
                Step::Judge(Verdict::Failed(Reason::Code(15)))
            })],
        );
        check(
            "CTRL-EVENT-TERMINATING ",
            &[("joining", |_| {
                Step::Judge(Verdict::Failed(Reason::TIMED_OUT))
            })],
        );
        check("CTRL-EVENT-SCAN-STARTED ", &[]);
    }

    #[test]
    fn a_network_that_moves_is_followed_when_nothing_else_is_done() {
        let line = "CTRL-EVENT-CHANNEL-SWITCH freq=2462 ht_enabled=1";
        check(line, &[("idle", |_| Step::Follow(2462))]);
    }

    #[test]
    fn without_its_program_only_a_move_goes_on() {
        let at = Instant::now();
        let told = ALL.map(|name| match work(name, at).interrupt() {
            (Work::Idle, told) => format!("{name}: {told:?}"),
            (other, told) => {
                assert_eq!(other, work(name, at));
                format!("{name}: goes on, {told:?}")
            }
        });
        expect_test::expect![[r#"
            idle: None
            scanning: Some(ScanFailed)
            cut: Some(ScanFailed)
            seeking: Some(JoinFailed { reason: Code(205), comeback_ms: None })
            moving: goes on, None
            moving to join: Some(JoinFailed { reason: Code(205), comeback_ms: None })
            joining: Some(JoinFailed { reason: Code(205), comeback_ms: None })
            leaving: Some(Left)"#]]
        .assert_eq(&told.join("\n"));
    }

    #[test]
    fn a_move_is_ended_and_nothing_else() {
        let at = Instant::now();
        for name in ALL {
            let mut work = work(name, at);
            let before = work.clone();
            match work.take_move() {
                Some((to, _)) => assert!(to == channel(11) && work == Work::Idle, "{name}"),
                None => assert_eq!(work, before, "{name}"),
            }
            assert!(!matches!(work, Work::Moving { .. }));
        }
    }

    #[test]
    fn a_network_is_found_here_elsewhere_or_nowhere() {
        let row = |bssid, number| ScanRow {
            ssid: Ssid::new(b"home").ok(),
            bssid,
            channel: channel(number),
            rssi: -50,
            auth: AuthMode::Open,
        };
        let rows = [row(THERE, 6), row(BEHIND, 11)];
        let at = |bssid, number| Network {
            bssid: Some(bssid),
            channel: Some(channel(number)),
            ..network(None)
        };
        let check = |pinned, ap: Option<u8>, expected| {
            let ap = ap.map(channel);
            assert_eq!(found(network(pinned), &rows, ap), expected);
        };
        check(None, Some(6), Found::Here(at(THERE, 6)));
        check(None, None, Found::Here(at(THERE, 6)));
        check(None, Some(1), Found::Elsewhere(channel(6), at(THERE, 6)));
        let behind = Found::Elsewhere(channel(11), at(BEHIND, 11));
        check(Some(BEHIND), Some(6), behind);
        let away = Some(Mac([2, 0, 0, 0, 3, 0]));
        check(away, Some(6), Found::Nowhere(network(away)));
    }
}
