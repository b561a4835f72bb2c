//! Whose the bytes of a firmware are, in flash and in RAM, by the map of `ld.lld` and the program itself.
//!
//! A program is linked whole, so code stands in the function that calls it last. What mentions a path of ours is ours, by the
//! innermost crate; the driver is in archives of its own.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection};

use crate::stack::{Deepest, MARGIN, deepest};

/// What is left of the RAM is the main stack's section.
const STACK: &str = ".stack";

/// The parts, and what a path of each mentions; the first that fits counts.
const PARTS: &[(&str, &[&str])] = &[
    ("landfall-core", &["landfall_core"]),
    ("landfall-device", &["landfall_device"]),
    ("landfall-protocol", &["landfall_protocol"]),
    ("landfall-embassy", &["landfall_embassy"]),
    ("firmware", &["landfall_esp", "8landfall"]),
    ("network stack", &["smoltcp", "embassy_net"]),
    (
        "cryptography",
        &[
            "sha2", "sha1", "chacha20", "poly1305", "hkdf", "hmac", "aead", "cipher",
        ],
    ),
    (
        "chip, scheduler, executor",
        &["esp_", "embassy_", "portable_atomic", "riscv"],
    ),
    (
        "MQTT, DNS, HTTP, WebSocket, JSON",
        &["minimq", "domain", "httparse", "edge_ws", "serde"],
    ),
];
/// The rest by what it is.
const DRIVER: &str = "radio's driver";
const TEXTS: &str = "texts and tables";
const OTHER: &str = "core library and others";

/// What a firmware takes.
pub(super) struct Memory {
    /// Bytes of flash by part.
    pub(super) flash: BTreeMap<&'static str, u64>,
    /// Bytes of RAM by part: code that runs from it, and what is there from the start.
    pub(super) ram: BTreeMap<&'static str, u64>,
    /// What is left of it.
    pub(super) stack: MainStack,
}

/// The main stack of a program, which takes what statics leave of the RAM.
pub(super) struct MainStack {
    /// Bytes that are left for it.
    pub(super) bytes: u64,
    /// What it is to hold at its deepest.
    pub(super) deepest: Deepest,
}

impl MainStack {
    /// Of a program.
    pub(super) fn of(program: &Path) -> Result<Self> {
        Ok(Self {
            bytes: section(program, STACK)?,
            deepest: deepest(program)?,
        })
    }

    /// Bytes that it has to have.
    pub(super) fn needed(&self) -> u64 {
        self.deepest.bytes + MARGIN
    }

    /// Whether it has them: a firmware with less could run over.
    pub(super) fn is_enough(&self) -> bool {
        self.bytes >= self.needed()
    }

    /// Bytes of RAM that nothing takes.
    pub(super) fn free(&self) -> u64 {
        self.bytes.saturating_sub(self.needed())
    }
}

impl Memory {
    /// Of a program and the linker's map of it.
    pub(super) fn of(program: &Path, map: &Path) -> Result<Self> {
        let map =
            std::fs::read_to_string(map).with_context(|| format!("reading {}", map.display()))?;
        let mut memory = Self {
            flash: BTreeMap::new(),
            ram: BTreeMap::new(),
            stack: MainStack::of(program)?,
        };
        for line in map.lines() {
            if let Some((object, name, bytes)) = input_section(line) {
                memory.add(object, name, bytes);
            }
        }
        Ok(memory)
    }

    fn add(&mut self, object: &str, section: &str, bytes: u64) {
        let part = part(object, section);
        let (in_flash, in_ram) = places(section);
        if in_flash {
            *self.flash.entry(part).or_default() += bytes;
        }
        if in_ram {
            *self.ram.entry(part).or_default() += bytes;
        }
    }
}

fn section(program: &Path, name: &str) -> Result<u64> {
    let bytes = std::fs::read(program).with_context(|| format!("reading {}", program.display()))?;
    let file = object::File::parse(&*bytes).context("the linked program")?;
    let section = file.section_by_name(name);
    Ok(section
        .with_context(|| format!("no {name} in the program"))?
        .size())
}

/// Object, section and size of a line that is of an object's section: address, load address, size and alignment stand first,
/// numbers but the last hexadecimal.
fn input_section(line: &str) -> Option<(&str, &str, u64)> {
    let (before, section) = line.split_once(":(.")?;
    let mut words = before.split_whitespace();
    let (size, object) = (words.nth(2)?, words.nth(1)?);
    let object = object.rsplit_once('/').map_or(object, |(_, name)| name);
    let size = u64::from_str_radix(size, 16).ok()?;
    Some((object, section.strip_suffix(')')?, size))
}

/// Whether a section is in flash, and whether it is in RAM: what runs from RAM is copied there, and so is what is not zero.
fn places(section: &str) -> (bool, bool) {
    let kind = section.split('.').next().unwrap_or_default();
    match kind {
        "text" | "rodata" | "srodata" | "literal" | "init" => (true, false),
        "bss" | "sbss" | "noinit" | "COMMON" => (false, true),
        "data" | "sdata" | "rwtext" | "trap" | "phyiram" | "iram1" | "dram1" => (true, true),
        _ if kind.starts_with("wifi") || kind.ends_with("iram") || kind.contains("_iram") => {
            (true, true)
        }
        // Debugging, and memory that is counted elsewhere.
        _ => (false, false),
    }
}

fn part(object: &str, section: &str) -> &'static str {
    let mentions = |(_, names): &&(&str, &[&str])| names.iter().any(|name| section.contains(name));
    let found = PARTS.iter().find(mentions).map(|(part, _)| *part);
    if object.contains(".a(") {
        return DRIVER;
    }
    match found {
        Some(part) => part,
        None if section.starts_with("rodata") => TEXTS,
        None => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::{input_section, part, places};

    #[test]
    fn a_line_of_the_map_has_its_owner_and_its_places() {
        let line = "3fc8 3fc8 1f 4 /a/libnet80211.a(wl_cnx.o):(.bss.g_cnxMgr)";
        let (object, section, bytes) = input_section(line).expect("a section");
        assert_eq!((part(object, section), bytes), ("radio's driver", 31));
        assert_eq!(places(section), (false, true));
        assert_eq!(
            part("x.o", "text._RNvNtCs7_13landfall_core7manager3new"),
            "landfall-core"
        );
        assert_eq!(part("x.o", "rodata..Lanon.1"), "texts and tables");
        assert_eq!(places("wifi0iram.17"), (true, true));
        assert_eq!(places("debug_info"), (false, false));
        assert!(input_section("  10000    10000       40     4 .rodata").is_none());
    }
}
