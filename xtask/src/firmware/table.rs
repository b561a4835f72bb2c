//! How the figures are printed.

use std::collections::BTreeMap;

use super::image::Image;
use super::memory::{MainStack, Memory};
use super::{Chip, FREE_AIM};
use crate::stack::MARGIN;

/// Least frame of a function that is named.
const NAMED_MIN: u64 = 512;

/// Prints what the whole firmware takes on a board.
pub(super) fn print(board: &str, chip: &Chip, memory: &Memory, image: &Image) {
    println!("{board} ({}): {}", chip.name, image.path.display());
    row(image.bytes, &format!("image, of {}", chip.image_max));
    println!("{:>9} {:>9}", "flash", "RAM");
    let empty = BTreeMap::new();
    let parts = memory.flash.iter().chain(memory.ram.iter()).chain(&empty);
    let names: BTreeMap<&str, ()> = parts.map(|(name, _)| (*name, ())).collect();
    for name in names.keys() {
        let of = |parts: &BTreeMap<&'static str, u64>| parts.get(name).copied().unwrap_or(0);
        println!("{:>9} {:>9}  {name}", of(&memory.flash), of(&memory.ram));
    }
    print_stack(&memory.stack);
    for (name, frame) in &memory.stack.deepest.way {
        if *frame >= NAMED_MIN {
            row(*frame, &format!("  of it {name}"));
        }
    }
}

/// Prints what an example takes.
pub(super) fn print_example(name: &str, image: &Image, stack: &MainStack) {
    println!("example {name}: {}", image.path.display());
    row(image.bytes, "image");
    print_stack(stack);
}

fn print_stack(stack: &MainStack) {
    row(stack.bytes, "left of the RAM for the main stack");
    row(
        stack.free(),
        &format!("free of that, aim {FREE_AIM} with the portal"),
    );
    row(
        stack.needed(),
        &format!("needed of it, a margin of {MARGIN} with that"),
    );
}

fn row(bytes: u64, what: &str) {
    println!("{bytes:>9} B  {what}");
}
