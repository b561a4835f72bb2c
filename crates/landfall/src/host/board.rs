//! A radio on an air of its own: a board for programs that use the library.

use std::sync::Arc;

use landfall_core::net::Mac;
use landfall_sim::air::file::{AirFile, AirFileError};

use super::{DeviceClock, SimRadio, World};
use crate::Builder;

/// Its hardware address.
const MAC: Mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);

/// A simulated board.
pub struct Board {
    /// Its radio.
    pub radio: SimRadio,
    /// The air it is on, to be changed by who wants to see what happens.
    pub world: Arc<World>,
}

impl Board {
    /// A board on the air that this TOML describes.
    pub fn on(air: &str) -> Result<Self, AirFileError> {
        let world = World::start(AirFile::parse("air", air)?);
        let radio = world.join(MAC);
        Ok(Self { radio, world })
    }

    /// Makes a device in the time of that air.
    pub fn builder(&self) -> Builder<DeviceClock> {
        Builder::with_clock(MAC, DeviceClock::new(self.world.clock()))
    }
}
