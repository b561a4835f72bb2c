//! Which channels a radio is asked to look at, and in which order.
//!
//! The kernel refuses a look at channels of which it does not know one, so only what the radio has is
//! asked for. Both bands together take longer than a scan may: it begins with 2.4 GHz, where nearly
//! everybody is, and goes through 5 GHz as far as it comes.

use landfall_core::net::Channel;

use super::bss;

/// Asks for the channels that the radio has and the country allows.
pub const REQUEST: &str = "GET_CAPABILITY freq";

/// Those of 2.4 GHz, in the order in which they are looked at.
const OF_2_4_GHZ: [u8; 14] = [1, 6, 11, 13, 2, 3, 4, 5, 7, 8, 9, 10, 12, 14];
/// What stands behind one where radars come first: one may only listen there, three times as long.
const RADAR: &str = "(RADAR)";

/// Channels, in the order in which they are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels(Vec<Channel>);

impl Default for Channels {
    /// Those of 2.4 GHz: for a radio that does not say what it has.
    fn default() -> Self {
        Self(OF_2_4_GHZ.into_iter().filter_map(Channel::new).collect())
    }
}

impl Channels {
    /// Those of an answer to [`REQUEST`], ` 36 = 5180 MHz (NO_IR)` a line, that are ours to use.
    pub fn of(answer: &str) -> Self {
        let mut all: Vec<(bool, usize, Channel)> = answer.lines().filter_map(ranked).collect();
        // Those of 2.4 GHz are there once for each of its modes.
        all.sort();
        all.dedup();
        if all.is_empty() {
            return Self::default();
        }
        Self(all.into_iter().map(|(_, _, channel)| channel).collect())
    }

    /// The same, with so many of 5 GHz put behind the others of that band: what earlier scans came to.
    pub fn turned(mut self, by: usize) -> Self {
        let near = self.near_len();
        if let Some(far @ [_, ..]) = self.0.get_mut(near..) {
            far.rotate_left(by % far.len());
        }
        self
    }

    /// Those of 2.4 GHz, and those of 5 GHz where the radio has any.
    pub fn split(mut self) -> (Self, Option<Self>) {
        let far = self.0.split_off(self.near_len());
        (self, (!far.is_empty()).then_some(Self(far)))
    }

    fn near_len(&self) -> usize {
        let is_near = |channel: &Channel| Channel::new(channel.number()).is_some();
        self.0.iter().take_while(|channel| is_near(channel)).count()
    }

    /// Their frequencies in MHz.
    pub fn frequencies(&self, between: &str) -> String {
        let all = self.0.iter().map(|one| bss::frequency(*one).to_string());
        all.collect::<Vec<_>>().join(between)
    }
}

/// A line's channel, behind what it is sorted by.
fn ranked(line: &str) -> Option<(bool, usize, Channel)> {
    let (_, rest) = line.split_once(" = ")?;
    let (frequency, flags) = rest.split_once(" MHz")?;
    let channel = bss::channel(frequency.parse().ok()?)?;
    let place = OF_2_4_GHZ
        .iter()
        .position(|number| *number == channel.number());
    let place = place.unwrap_or(OF_2_4_GHZ.len());
    Some((flags.contains(RADAR), place, channel))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(answer: &str, expected: Expect) {
        let channels = Channels::of(answer);
        let turned = channels.clone().turned(7).frequencies(" ");
        let (near, far) = channels.clone().split();
        let far = far.map(|far| far.frequencies(" "));
        expected.assert_eq(&format!(
            "{}\n{turned}\n{} and {far:?}\n",
            channels.frequencies(","),
            near.frequencies(" ")
        ));
    }

    /// Lines of wpa_supplicant 2.10.
    #[test]
    fn channels_of_both_bands_are_ordered() {
        check(
            "Mode[G] Channels:\n 1 = 2412 MHz\n 2 = 2417 MHz\n 6 = 2437 MHz\n 12 = 2467 MHz (NO_IR)\n\
             Mode[A] Channels:\n 36 = 5180 MHz\n 52 = 5260 MHz (NO_IR) (RADAR)\n 149 = 5745 MHz (NO_IR)\n\
             Mode[B] Channels:\n 1 = 2412 MHz\n 6 = 2437 MHz\n\
             Mode[A] Channels:\n 1 = 5955 MHz\n",
            expect![[r#"
                2412,2437,2417,2467,5180,5745,5260
                2412 2437 2417 2467 5745 5260 5180
                2412 2437 2417 2467 and Some("5180 5745 5260")
            "#]],
        );
    }

    #[test]
    fn a_radio_that_does_not_say_has_the_usual_ones() {
        let usual = expect![[r#"
            2412,2437,2462,2472,2417,2422,2427,2432,2442,2447,2452,2457,2467,2484
            2412 2437 2462 2472 2417 2422 2427 2432 2442 2447 2452 2457 2467 2484
            2412 2437 2462 2472 2417 2422 2427 2432 2442 2447 2452 2457 2467 2484 and None
        "#]];
        check("FAIL\n", usual);
    }
}
