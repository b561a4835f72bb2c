//! Why a network was not joined, in words.

use crate::cli::Failure;

/// The failure of that class, as every door of a Landfall names it, with what to do.
pub(super) fn failure(ssid: &str, class: &str) -> Failure {
    let (why, help) = WORDS
        .iter()
        .find_map(|(name, why, help)| (*name == class).then_some((*why, *help)))
        .unwrap_or((class, "try again"));
    Failure::new(ssid, why, help)
}

/// Every class, what it means, and what to do.
const WORDS: &[(&str, &str, &str)] = &[
    ("wrong_password", "the password is wrong", "type it again"),
    (
        "not_found",
        "no network of that name answers",
        "see that it is on and in range, and how its name is written",
    ),
    (
        "security_mismatch",
        "the network wants another kind of security",
        "see whether it has a password, and whether it is WPA2 or WPA3 personal",
    ),
    (
        "weak_signal",
        "the network is heard too weakly",
        "bring the device nearer",
    ),
    (
        "ap_full",
        "the access point takes no more clients",
        "take another device off it",
    ),
    (
        "ap_comeback",
        "the access point said to come back later",
        "try again in a minute",
    ),
    (
        "no_address",
        "the network gives no address",
        "look at the router's DHCP server",
    ),
    ("transient", "the network did not let it in", "try again"),
    ("own_doing", "the device ended it by itself", "try again"),
    (
        "interrupted",
        "the device restarted meanwhile",
        "see to its power, and try again",
    ),
    (
        "save_failed",
        "the device could not keep it",
        "look at its flash",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use landfall_core::command::Verdict;
    use landfall_core::radio::FailureClass as C;

    #[test]
    fn every_verdict_has_its_words() {
        let classes = [
            C::WrongPassword,
            C::NotFound,
            C::SecurityMismatch,
            C::WeakSignal,
            C::ApFull,
            C::ApComeback,
            C::NoAddress,
            C::Transient,
            C::OwnDoing,
        ];
        let verdicts = classes.map(Verdict::Failed);
        for verdict in [Verdict::Interrupted, Verdict::SaveFailed]
            .into_iter()
            .chain(verdicts)
        {
            let told = failure("home", verdict.name()).to_string();
            assert!(!told.contains(verdict.name()), "{told}");
        }
    }
}
