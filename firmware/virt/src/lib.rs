//! QEMU's riscv32 machine `virt` as a board: what the programs of this package have in common.
//!
//! A machine that every developer has stands in for the chips here, so that the code that has no
//! operating system below it is run on their instruction set (riscv32imac), and not only compiled.
#![no_std]

extern crate alloc;

pub mod machine;
pub mod radio;
