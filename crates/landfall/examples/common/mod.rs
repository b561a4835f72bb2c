//! What the examples have in common: a simulated board, and a configuration that knows its home.

use std::error::Error;
use std::fs;

use landfall::Builder;
use landfall::host::{Board, DeviceClock};
use tempfile::TempDir;

/// A home, and an open network beside it, thirty times as fast as real ones.
const AIR: &str = r#"
speed = 30.0

[[ap]]
name = "home"
ssid = "HomeNetwork"
password = "Password2"

[[ap]]
name = "cafe"
ssid = "CafeFree"
rssi = -70
"#;

/// What a device knows that was set up.
const KNOWS_HOME: &str = r#"{
  "schema": 2,
  "known_networks": [{"ssid": "HomeNetwork", "password": "Password2"}],
  "access_point": {"config": {"essid": "Landfall-Example", "password": "P@55W0rd"}}
}"#;

/// A board, and how its device is made.
pub(crate) struct Bench {
    pub(crate) board: Board,
    pub(crate) builder: Builder<DeviceClock>,
    _folder: TempDir,
}

impl Bench {
    /// A device that knows its home, or nothing.
    pub(crate) fn new(knows_home: bool) -> Result<Self, Box<dyn Error>> {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("networks.json");
        if knows_home {
            fs::write(&file, KNOWS_HOME)?;
        }
        let board = Board::on(AIR)?;
        let builder = board.builder().config_file(file);
        Ok(Self {
            board,
            builder,
            _folder: folder,
        })
    }
}
