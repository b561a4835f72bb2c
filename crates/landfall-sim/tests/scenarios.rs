//! What the connection machine does, one behaviour a scenario: `scenarios/NAME.txt` says what
//! happens to a device, `scenarios/NAME.log` what comes of it, invariants checked at every step.
//! `UPDATE_EXPECT=1` writes the logs anew.
#![expect(
    clippy::unwrap_used,
    reason = "a scenario that cannot be read is a failed test"
)]

use std::fs;
use std::path::{Path, PathBuf};

use expect_test::expect_file;
use landfall_sim::world::World;
use landfall_sim::world::scenario::Scenario;

/// The least number of scenarios: a folder that was lost would pass every check.
const LEAST: usize = 140;

#[test]
fn every_scenario_goes_as_its_log_says() {
    let files = scenario_files();
    assert!(files.len() >= LEAST, "{} scenarios", files.len());
    for file in files {
        check(&file);
    }
}

fn scenario_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "txt"));
    files.sort();
    files
}

/// Plays a scenario and holds its journal against the log beside it.
fn check(file: &Path) {
    let world = play(file);
    expect_file![file.with_extension("log")].assert_eq(world.journal());
}

fn play(file: &Path) -> World {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).unwrap();
    let scenario = Scenario::parse(&name, &text).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut world = scenario.world();
    world.keep_journal();
    if let Err(violation) = scenario.play(&mut world) {
        panic!("{name}: {violation}\n{}", world.journal());
    }
    world
}
