//! The names of the items. Their numbers are the stored format: never given to anything else.

/// Most marks that wait in the store for the fleet server, one item each.
pub const MARKS_MAX: u8 = 32;
/// Number of the first mark; [`MARKS_MAX`] numbers from here on are theirs.
const MARKS_FROM: u8 = 0x40;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// Known networks, candidate with its verdict, and last good access point, in one piece.
    Networks,
    /// Mode, access point, timing of the station, and what the doors need, in one piece.
    Settings,
    /// Which slot of networks and settings is in force, where there are two: while a new
    /// configuration waits to be confirmed, the one before can come back.
    Head,
    /// The networks of the second slot.
    OtherNetworks,
    /// The settings of the second slot.
    OtherSettings,
    /// What was made at the first boot: the secret of the access point.
    Identity,
    /// The log of the last crashes, where nothing else outlives a reset; decides about safe mode.
    Crashes,
    /// Boots so far, a number.
    Boots,
    /// What the fleet server gave: the device's credential.
    FleetKey,
    /// What the fleet server has put in force, and what was before.
    Fleet,
    /// What the device's owner had set where the fleet server has laid its settings over it.
    OwnSettings,
    /// An attendance mark that the fleet server has not acknowledged, by its place in the queue,
    /// below [`MARKS_MAX`].
    Mark(MarkPlace),
}

/// A place in the queue of marks, below [`MARKS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MarkPlace(u8);

impl Key {
    /// The key of the mark at that place; none from [`MARKS_MAX`] on.
    pub fn mark(place: u8) -> Option<Self> {
        (place < MARKS_MAX).then_some(Self::Mark(MarkPlace(place)))
    }

    /// Every key there is.
    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = Self> {
        [
            Self::Networks,
            Self::Settings,
            Self::Head,
            Self::OtherNetworks,
            Self::OtherSettings,
            Self::Identity,
            Self::Crashes,
            Self::Boots,
            Self::FleetKey,
            Self::Fleet,
            Self::OwnSettings,
        ]
        .into_iter()
        .chain((0..MARKS_MAX).map(|place| Self::Mark(MarkPlace(place))))
    }

    /// The number that stands for it in the flash.
    pub const fn number(self) -> u8 {
        match self {
            Self::Networks => 1,
            Self::Settings => 2,
            Self::Head => 3,
            Self::Identity => 4,
            Self::Crashes => 5,
            Self::Boots => 6,
            Self::FleetKey => 7,
            Self::OtherNetworks => 8,
            Self::OtherSettings => 9,
            Self::Fleet => 10,
            Self::OwnSettings => 11,
            Self::Mark(MarkPlace(place)) => MARKS_FROM + place,
        }
    }
}
