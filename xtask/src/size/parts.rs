//! Whose the linked bytes are, by the map of `ld.lld`.
//!
//! Every function has a section of its own, named by its mangled path. What mentions a path of the
//! core is the core's, and belongs to the module mentioned first: so is generic code of other
//! crates that only a type of the core made necessary. Everything else belongs to the crate it was
//! written in. The program is linked whole before it is compiled, as a firmware is: what became part
//! of a function of the core is the core's, whoever wrote it. Texts and tables have no names; they
//! are the core's, and so is what the linker merged: nobody can tell whose that is.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

/// What marks the object of core and program in the map.
const OBJECT: &str = "landfall_size-";
/// What a path of the core begins with.
const CORE_PATH: &str = "landfall_core::";
/// The program that is measured in; it is no part of the core.
const PROBE_PATH: &str = "landfall_size::";
/// What it has without a path.
const PROBE_SECTIONS: &[&str] = &[
    "text._start",
    "rodata.LANDFALL_MANAGER_SIZE",
    "rodata.LANDFALL_IDENTITY_SIZE",
];
/// What the compiler calls pieces that it found in many functions.
const OUTLINED: &str = "text.OUTLINED_FUNCTION";
/// Where names end that are not mangled: memory routines, 64-bit divisions.
const BUILTINS: &str = "compiler_builtins";
/// Where bytes are counted of the core that nothing tells the part of.
const CONSTANTS: &str = "texts and tables";
const SHARED: &str = "pieces of many functions";

/// What the linker calls sections that it made of many.
const MERGED: &str = "<internal>";
/// The standard library's own, where a type without a path implements something.
const PRIMITIVES: &[&str] = &[
    "bool", "char", "i32", "i64", "i8", "str", "u16", "u32", "u64", "u8", "usize",
];

/// The parts of the core, and the modules that belong to each; those not named are the rest.
const PARTS: &[(&str, &[&str])] = &[
    (
        "machine",
        &["manager", "heard", "penalty", "standing", "rng"],
    ),
    ("console", &["console"]),
    ("configuration", &["config", "json", "trial"]),
    ("Improv", &["improv"]),
    ("fleet agent", &["agent"]),
];
const REST: &str = "events, QR code, values";

/// Bytes by what they are of.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// The core's own, by part.
    pub(super) core: BTreeMap<String, u64>,
    /// Of other crates, by crate.
    pub(super) foreign: BTreeMap<String, u64>,
}

/// Whose some bytes are.
enum Owner {
    Core(&'static str),
    Foreign(String),
    Probe,
}

impl Parts {
    /// Adds up the lines of the map: address, load address, size, alignment, then
    /// `archive(object):(section)`; numbers but the alignment are hexadecimal.
    pub(super) fn of_map(map: &str) -> Result<Self> {
        let mut parts = Self::default();
        for line in map.lines() {
            let Some((object, section, size)) = input_section(line) else {
                continue;
            };
            if !section.starts_with("text") && !section.starts_with("rodata") {
                continue;
            }
            let size =
                u64::from_str_radix(size, 16).with_context(|| format!("in the map: {line}"))?;
            match owner(object, section) {
                Owner::Core(part) => *parts.core.entry(part.to_owned()).or_default() += size,
                Owner::Foreign(of) => *parts.foreign.entry(of).or_default() += size,
                Owner::Probe => {}
            }
        }
        if parts.core.is_empty() {
            bail!("the linker's map names no code of the core");
        }
        Ok(parts)
    }

    /// The core's own bytes.
    pub(super) fn core_total(&self) -> u64 {
        self.core.values().sum()
    }

    /// The bytes of other crates.
    pub(super) fn foreign_total(&self) -> u64 {
        self.foreign.values().sum()
    }
}

/// Object, section and size of a line that is of an object's section.
fn input_section(line: &str) -> Option<(&str, &str, &str)> {
    let (before, section) = line.split_once(":(.")?;
    let mut words = before.split_whitespace();
    let (size, object) = (words.nth(2)?, words.nth(1)?);
    let object = object.rsplit_once('/').map_or(object, |(_, name)| name);
    Some((object, section.strip_suffix(')')?, size))
}

fn owner(object: &str, section: &str) -> Owner {
    // `text._RNv…` and `rodata._RNv…`, and tables made of a `match` as `rodata..Lswitch.table._RNv…`.
    let mangled = section.find("_R").map(|at| &section[at..]);
    let Some(mangled) = mangled else {
        return unnamed(object, section);
    };
    let path = format!("{:#}", rustc_demangle::demangle(mangled));
    if let Some(at) = path.find(CORE_PATH) {
        return Owner::Core(part(&path[at + CORE_PATH.len()..]));
    }
    if path.contains(PROBE_PATH) {
        return Owner::Probe;
    }
    Owner::Foreign(crate_of(&path).to_owned())
}

/// Whose constants and functions without a path are.
fn unnamed(object: &str, section: &str) -> Owner {
    let name = first_name(object.strip_prefix("lib").unwrap_or(object));
    let is_ours = object.starts_with(OBJECT);
    if PROBE_SECTIONS.contains(&section) {
        Owner::Probe
    } else if is_ours && section.starts_with(OUTLINED) {
        Owner::Core(SHARED)
    } else if object == MERGED || is_ours && section.starts_with("rodata") {
        Owner::Core(CONSTANTS)
    } else if section.starts_with("text") {
        Owner::Foreign(BUILTINS.to_owned())
    } else {
        Owner::Foreign(name.to_owned())
    }
}

/// The crate of a path: `core` of `<&mut dyn core::fmt::Write as core::fmt::Debug>::fmt`.
fn crate_of(path: &str) -> &str {
    let words = path.split(|c: char| !c.is_alphanumeric() && c != '_');
    let mut names =
        words.filter(|word| !word.is_empty() && !["mut", "dyn", "const"].contains(word));
    match names.next() {
        Some(name) if PRIMITIVES.contains(&name) => "core",
        Some(name) => name,
        None => "core",
    }
}

fn part(path: &str) -> &'static str {
    let module = first_name(path);
    let of_module = |(_, modules): &&(&str, &[&str])| modules.contains(&module);
    PARTS.iter().find(of_module).map_or(REST, |(part, _)| part)
}

/// A name up to what cannot be in one.
fn first_name(path: &str) -> &str {
    let end = path.find(|c: char| !c.is_alphanumeric() && c != '_');
    &path[..end.unwrap_or(path.len())]
}

#[cfg(test)]
mod tests {
    use super::Parts;

    const MAP: &str = "\
     VMA      LMA     Size Align Out     In      Symbol
   10000    10000       40     4 .rodata
   10000    10000       30     4         /d/landfall_size-1.a.o:(.rodata..Lanon.1)
   10030    10030       10     4         /d/libcore-1.rlib(core-1.a.o):(.rodata..Lanon.2)
   10040    10040        4     4         /d/landfall_size-1.a.o:(.rodata.LANDFALL_MANAGER_SIZE)
   11000    11000      118     2 .text
   11000    11000      100     2         /d/landfall_size-1.a.o:(.text._RNvNtCs7_13landfall_core7manager3new)
   11000    11000      100     2                 a
   11100    11100       10     2         /landfall_core-x/landfall_size-1.a.o:(.text._start)
   11110    11110        8     2         /landfall_core-x/landfall_size-1.a.o:(.text._RNvNtNtCs7_13landfall_core6config4json3get)
   11118    11118        4     2         /d/landfall_size-1.a.o:(.text._RNvNtCs8_4core3fmt5write)
   11118    11118        2     2         /d/libcore-1.rlib(core-1.a.o):(.text._RNvMs_NtCs8_4core3numm3powB5_)
   11120    11120        2     1         <internal>:(.rodata.str1.1)
   1111c    1111c        4     2         /d/libcompiler_builtins-1.rlib(x.o):(.text.memcpy)
   11120    11120        6     2         /d/landfall_size-1.a.o:(.text.OUTLINED_FUNCTION_0)
   11120    11120        8     2         /d/landfall_size-1.a.o:(.eh_frame)
";

    #[test]
    fn bytes_belong_to_who_wrote_them() {
        let parts = Parts::of_map(MAP).expect("a map");
        expect_test::expect![[r#"
            Parts {
                core: {
                    "configuration": 8,
                    "machine": 256,
                    "pieces of many functions": 6,
                    "texts and tables": 50,
                },
                foreign: {
                    "compiler_builtins": 4,
                    "core": 22,
                },
            }
        "#]]
        .assert_debug_eq(&parts);
        assert!(Parts::of_map("").is_err());
    }
}
