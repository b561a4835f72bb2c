//! The machine: drivers for the devices of it that a Landfall device needs.
//!
//! Addresses and interrupt numbers are those of QEMU's `hw/riscv/virt.c`.

pub mod clint;
pub mod disk;
pub mod heap;
pub mod nic;
mod panic;
mod plic;
pub mod power;
mod register;
pub mod stack;
mod start;
pub mod uart;
pub mod virtio;

pub use start::start;
