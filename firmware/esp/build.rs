//! Makes the board's constants out of its file in `boards/`, chosen by `LANDFALL_BOARD`, else the one that is named first for
//! the chip.

use std::path::PathBuf;
use std::{env, fs};

use serde::Deserialize;

/// The board of each chip where nobody chose.
const USUAL: &[(&str, &str)] = &[
    ("esp32", "esp32-devkitc"),
    ("esp32c3", "esp32-c3-devkitm-1"),
    ("esp32c6", "esp32-c6-devkitc-1"),
    ("esp32s3", "esp32-s3-devkitc-1"),
];

/// A board's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Board {
    name: String,
    chip: String,
    led: Option<Led>,
    button: Option<u8>,
}

/// Its LED.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Led {
    pin: u8,
    #[serde(default)]
    addressable: bool,
    #[serde(default)]
    active_low: bool,
}

fn main() {
    println!("cargo::rerun-if-changed=boards");
    println!("cargo::rerun-if-env-changed=LANDFALL_BOARD");
    println!("cargo::rustc-link-arg=-Tlinkall.x");
    let chip = chip();
    let board = board(chip);
    assert!(
        board.chip == chip,
        "the board {} has an {}, and the feature says {chip}",
        board.name,
        board.chip
    );
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("board.rs");
    fs::write(&out, source(&board)).expect("cargo's own folder takes a file");
}

/// The chip that is built for.
fn chip() -> &'static str {
    let is_chosen =
        |chip: &str| env::var_os(format!("CARGO_FEATURE_{}", chip.to_uppercase())).is_some();
    let mut chosen = USUAL.iter().filter(|(chip, _)| is_chosen(chip));
    match (chosen.next(), chosen.next()) {
        (Some((chip, _)), None) => chip,
        _ => panic!(
            "exactly one of the features esp32, esp32c3, esp32c6, esp32s3 says what chip it is"
        ),
    }
}

fn board(chip: &str) -> Board {
    let usual = USUAL.iter().find(|(usual, _)| *usual == chip);
    let name = match env::var("LANDFALL_BOARD") {
        Ok(name) if !name.is_empty() => name,
        _ => usual
            .map(|(_, board)| (*board).to_owned())
            .unwrap_or_default(),
    };
    let path = format!("boards/{name}.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    basic_toml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn source(board: &Board) -> String {
    let led = board.led.as_ref().map(|led| {
        let Led {
            pin,
            addressable,
            active_low,
        } = led;
        format!("LedPin {{ pin: {pin}, addressable: {addressable}, active_low: {active_low} }}")
    });
    let led = led.map_or("None".to_owned(), |led| format!("Some({led})"));
    let Board { name, button, .. } = board;
    format!("Board {{ name: {name:?}, led: {led}, button: {button:?} }}\n")
}
