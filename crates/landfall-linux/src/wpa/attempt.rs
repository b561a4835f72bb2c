//! From what is said during a join to one verdict on it.
//!
//! wpa_supplicant tries again by itself, for as long as it is let. Who decides about tries is the
//! machine: the first failure ends the attempt, and the network is taken away from wpa_supplicant.

use landfall_core::net::Bssid;
use landfall_core::radio::Reason;

use super::Event;

/// Looks that find nothing before the network counts as not there. One look of 100 ms at a channel
/// misses a beacon now and then.
const LOOKS_MAX: u8 = 2;
/// The algorithm number of SAE (IEEE 802.11 §9.4.1.1).
const SAE: u16 = 3;
/// The access point takes no more stations (IEEE 802.11 table 9-50).
const STATUS_FULL: u16 = 17;
/// We leave (IEEE 802.11 table 9-49).
const LEAVING: u16 = 3;
/// The confirmation was not what it should be.
const STATUS_CHALLENGE: u16 = 15;
/// Espressif's code for an access point of that name whose security is not that of the credentials.
pub const INCOMPATIBLE: Reason = Reason::Code(210);
/// The four-way handshake timed out, which is how a wrong key shows.
const WRONG_KEY: Reason = Reason::Code(15);

/// A join under way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Attempt {
    /// Looks that found nothing.
    misses: u8,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Associated, with that one.
    Joined(Bssid),
    /// Failed.
    Failed(Reason),
    /// Nobody of that name, or none whose security fits: which of both, the rows heard say.
    NotFound,
    /// Nobody was found; look once more.
    LookAgain,
}

impl Attempt {
    /// Takes an event; none: it goes on.
    pub fn handle(&mut self, event: Event) -> Option<Verdict> {
        let failed = |reason| Some(Verdict::Failed(reason));
        match event {
            Event::Connected { bssid } => Some(Verdict::Joined(bssid)),
            Event::WrongKey => failed(WRONG_KEY),
            Event::AuthReject { status, .. } if status == STATUS_FULL => {
                failed(Reason::AssocStatus(status))
            }
            Event::AuthReject { algorithm, status } if algorithm == SAE => failed(sae(status)),
            // Refused before any key was in play, or not answered: nothing is known of the key.
            Event::AuthReject { .. }
            | Event::AssocReject {
                timed_out: true, ..
            }
            | Event::SetAside
            | Event::InterfaceDown
            | Event::Terminating => failed(Reason::TIMED_OUT),
            Event::AssocReject { status, .. } => failed(association(status)),
            // What we said ourselves follows from something that was told, or will be.
            Event::Disconnected {
                locally: true,
                reason: LEAVING,
            } => None,
            Event::Disconnected { reason, .. } => failed(Reason::Code(reason)),
            Event::NotFound => {
                self.misses += 1;
                Some(if self.misses < LOOKS_MAX {
                    Verdict::LookAgain
                } else {
                    Verdict::NotFound
                })
            }
            Event::ScanResults | Event::ScanFailed | Event::ChannelSwitch { .. } | Event::Other => {
                None
            }
        }
    }
}

/// The status of a refused SAE authentication. A confirmation that does not fit is told as a failed
/// challenge by some, and means what an unspecified failure means: the password.
fn sae(status: u16) -> Reason {
    match status {
        STATUS_CHALLENGE => Reason::SaeStatus(1),
        other => Reason::SaeStatus(other),
    }
}

/// The status of a refused association. What says that ciphers or keys do not fit has a reason code of
/// the same meaning, which has its class.
fn association(status: u16) -> Reason {
    match status {
        30 => Reason::Code(208),
        40 => Reason::Code(13),
        41 => Reason::Code(18),
        42 => Reason::Code(19),
        43 => Reason::Code(20),
        44 => Reason::Code(21),
        45 => Reason::Code(22),
        46 => Reason::Code(24),
        other => Reason::AssocStatus(other),
    }
}

#[cfg(test)]
mod tests {
    use landfall_core::radio::FailureClass as C;

    use super::*;

    fn class(lines: &[&str]) -> Option<C> {
        let mut attempt = Attempt::default();
        let mut verdicts = lines
            .iter()
            .filter_map(|line| attempt.handle(Event::parse(line)));
        match verdicts.find(|verdict| *verdict != Verdict::LookAgain)? {
            Verdict::Failed(reason) => Some(reason.class(false)),
            Verdict::NotFound => Some(C::NotFound),
            Verdict::Joined(_) | Verdict::LookAgain => None,
        }
    }

    #[test]
    fn failures_fall_into_their_classes() {
        let check = |lines: &[&str], expected| assert_eq!(class(lines), expected, "{lines:?}");
        check(
            &["CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=15"],
            Some(C::WrongPassword),
        );
        check(
            &["WPA: 4-Way Handshake failed - pre-shared key may be incorrect"],
            Some(C::WrongPassword),
        );
        check(
            &[
                "CTRL-EVENT-AUTH-REJECT 02:00:00:00:01:00 auth_type=3 auth_transaction=2 status_code=1",
            ],
            Some(C::WrongPassword),
        );
        check(
            &[
                "CTRL-EVENT-AUTH-REJECT 02:00:00:00:01:00 auth_type=0 auth_transaction=2 status_code=17",
            ],
            Some(C::ApFull),
        );
        check(
            &[
                "CTRL-EVENT-AUTH-REJECT 02:00:00:00:01:00 auth_type=0 auth_transaction=2 status_code=1",
            ],
            Some(C::Transient),
        );
        check(
            &["CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:01:00 status_code=17"],
            Some(C::ApFull),
        );
        check(
            &["CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:01:00 status_code=43"],
            Some(C::SecurityMismatch),
        );
        check(
            &["CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:01:00 status_code=16 timeout=assoc"],
            Some(C::Transient),
        );
        check(&["CTRL-EVENT-NETWORK-NOT-FOUND "], None);
        check(
            &[
                "CTRL-EVENT-NETWORK-NOT-FOUND ",
                "CTRL-EVENT-NETWORK-NOT-FOUND ",
            ],
            Some(C::NotFound),
        );
        check(
            &["CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=3 locally_generated=1"],
            None,
        );
        check(
            &["CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:01:00 reason=5"],
            Some(C::ApFull),
        );
    }
}
