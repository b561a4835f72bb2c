//! How the figures are printed.

use std::collections::BTreeMap;

use super::image::Image;
use super::memory::{MAIN_STACK, Memory};
use super::{FREE_AIM, IMAGE_MAX};

/// Prints what the whole firmware takes on a board.
pub(super) fn print(board: &str, chip: &str, memory: &Memory, image: &Image) {
    println!("{board} ({chip}): {}", image.path.display());
    row(image.bytes, &format!("image, of {IMAGE_MAX}"));
    println!("{:>9} {:>9}", "flash", "RAM");
    let empty = BTreeMap::new();
    let parts = memory.flash.iter().chain(memory.ram.iter()).chain(&empty);
    let names: BTreeMap<&str, ()> = parts.map(|(name, _)| (*name, ())).collect();
    for name in names.keys() {
        let of = |parts: &BTreeMap<&'static str, u64>| parts.get(name).copied().unwrap_or(0);
        println!("{:>9} {:>9}  {name}", of(&memory.flash), of(&memory.ram));
    }
    row(memory.stack, "left of the RAM for the main stack");
    row(memory.free(), &format!("free beside {MAIN_STACK} of it"));
}

/// Prints what an example takes.
pub(super) fn print_example(name: &str, image: &Image, stack: u64) {
    println!("example {name}: {}", image.path.display());
    row(image.bytes, "image");
    row(stack, "left of the RAM for the main stack");
    let free = stack.saturating_sub(MAIN_STACK);
    row(
        free,
        &format!("free beside {MAIN_STACK} of it, aim {FREE_AIM} with the portal"),
    );
}

fn row(bytes: u64, what: &str) {
    println!("{bytes:>9} B  {what}");
}
