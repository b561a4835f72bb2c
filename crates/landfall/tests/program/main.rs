//! The program from outside: what it prints on its doors, and how it ends.
#![expect(clippy::unwrap_used, reason = "a test fails by it")]

mod console;
mod host;
mod improv;
mod life;
mod mqtt;
mod provision;
mod serve;
mod webrepl;
mod words;
