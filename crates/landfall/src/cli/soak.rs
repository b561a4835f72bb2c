//! `landfall soak`: random worlds, checked after every step.

use clap::Args;

use super::{Ended, Failure};

/// Run random worlds and check the machine's invariants after every step
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  landfall soak", hide = true)]
pub(super) struct Soak {}

impl Soak {
    pub(super) fn run(self) -> Ended {
        Err(Failure::new(
            "soak",
            "not in this build",
            "run `cargo test -p landfall-sim`",
        ))
    }
}
