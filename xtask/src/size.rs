//! What the core costs a chip, against its budgets, with the peers' figures beside it.
//!
//! The program in `firmware/size` names what a device calls. It is linked for riscv32imc; the
//! linker's map tells which bytes come from the core's object, the program itself what a
//! `Manager` takes. Generic code of other crates that the core instantiates counts as the core's;
//! formatting and memory routines of the standard library do not, and are told apart.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSection, ObjectSymbol};
use serde_json::json;

use crate::page;
use crate::riscv::{self, TARGET, Toolchain};

/// Most bytes of core code and constants, at `opt-level = "s"`.
const CODE_MAX: u64 = 64 * 1024;
/// Most bytes of core state, without history and queues.
const STATE_MAX: u64 = 4 * 1024;
/// Most bytes of the portal's page on the wire.
const PAGE_MAX: u64 = 4 * 1024;
/// Where the program is.
const PROBE: &str = "firmware/size";
const PROBE_NAME: &str = "landfall-size";
/// Its constants that hold the size of a `Manager`, and of the identity it refers to.
const STATE_SYMBOL: &str = "LANDFALL_MANAGER_SIZE";
const IDENTITY_SYMBOL: &str = "LANDFALL_IDENTITY_SIZE";
/// What marks the core's object in the linker's map.
const CORE_OBJECT: &str = "landfall_core-";
/// What marks a section made from the core's source, mangled. The compiler puts its smallest
/// functions into the object of the program that calls them.
const CORE_PATH: &str = "13landfall_core";

/// Bytes on the wire of the peers' portal pages, gzipped where they gzip.
const PEERS_PAGES: &[(&str, u64)] = &[
    ("ESPHome", 1_830),
    ("WiFiManager, not gzipped, about", 4_200),
    ("esp-hal-wifimanager", 19_797),
    ("tonyp7/esp32-wifi-manager", 22_231),
];

/// Bytes of code and constants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Code {
    text: u64,
    rodata: u64,
}

impl Code {
    const fn total(self) -> u64 {
        self.text + self.rodata
    }
}

/// What was measured.
struct Sizes {
    /// The core's own.
    core: Code,
    /// Everything that was linked, the core included.
    linked: Code,
    /// `size_of::<Manager>()`.
    state: u64,
    /// `size_of::<Identity>()`, held beside the manager and not counted as its state.
    identity: u64,
    /// The portal's page, gzipped; none where there is none.
    page: Option<u64>,
}

impl Sizes {
    fn fit(&self) -> bool {
        self.core.total() <= CODE_MAX
            && self.state <= STATE_MAX
            && self.page.is_none_or(|bytes| bytes <= PAGE_MAX)
    }
}

/// Measures and prints; an error where a budget is broken.
pub(crate) fn report(root: &Path, as_json: bool) -> Result<()> {
    let sizes = measure(root)?;
    if as_json {
        println!("{}", to_json(&sizes));
    } else {
        print_table(&sizes);
    }
    if !sizes.fit() {
        bail!("over budget");
    }
    Ok(())
}

fn measure(root: &Path) -> Result<Sizes> {
    let (program, map) = link(root)?;
    let bytes =
        std::fs::read(&program).with_context(|| format!("reading {}", program.display()))?;
    let file = object::File::parse(&*bytes).context("the linked program")?;
    let map =
        std::fs::read_to_string(&map).with_context(|| format!("reading {}", map.display()))?;
    Ok(Sizes {
        core: core_code(&map)?,
        linked: linked_code(&file),
        state: constant(&file, STATE_SYMBOL)?,
        identity: constant(&file, IDENTITY_SYMBOL)?,
        page: page::wire_size(root)?,
    })
}

/// Links the program; gives its file and the linker's map.
fn link(root: &Path) -> Result<(PathBuf, PathBuf)> {
    let probe = root.join(PROBE);
    let lock = probe.join("Cargo.lock");
    // The same versions as in the workspace; cargo drops what the program does not need.
    std::fs::copy(root.join("Cargo.lock"), &lock)
        .with_context(|| format!("copying the lock to {}", lock.display()))?;
    let release = riscv::target_folder(root).join(TARGET).join("release");
    let (program, map) = (release.join(PROBE_NAME), release.join("landfall-size.map"));
    let mut cargo = Toolchain::find(root)?.cargo(&probe)?;
    cargo
        .env("CARGO_TARGET_DIR", riscv::target_folder(root))
        .args(["rustc", "--quiet", "--release", "--"])
        .arg(format!("-Clink-arg=-Map={}", map.display()));
    riscv::run(&mut cargo)?;
    Ok((program, map))
}

/// Adds up the core's lines of the map of `ld.lld`: address, load address, size, alignment, then
/// `archive(object):(section)`; numbers but the alignment are hexadecimal.
fn core_code(map: &str) -> Result<Code> {
    let mut code = Code::default();
    for line in map.lines() {
        let Some((before, section)) = line.split_once(":(.") else {
            continue;
        };
        let words: Vec<_> = before.split_whitespace().collect();
        let [_, _, size, _, object] = words[..] else {
            continue;
        };
        let object = object.rsplit_once('/').map_or(object, |(_, name)| name);
        if !object.contains(CORE_OBJECT) && !section.contains(CORE_PATH) {
            continue;
        }
        let size = u64::from_str_radix(size, 16).with_context(|| format!("in the map: {line}"))?;
        if section.starts_with("text") {
            code.text += size;
        } else if section.starts_with("rodata") {
            code.rodata += size;
        }
    }
    if code.text == 0 {
        bail!("the linker's map names no code of the core");
    }
    Ok(code)
}

fn linked_code(file: &object::File<'_>) -> Code {
    let size = |name| {
        file.section_by_name(name)
            .map_or(0, |section| section.size())
    };
    Code {
        text: size(".text"),
        rodata: size(".rodata"),
    }
}

/// Reads a constant that the program keeps for us.
fn constant(file: &object::File<'_>, name: &str) -> Result<u64> {
    let symbol = file
        .symbols()
        .find(|symbol| symbol.name() == Ok(name))
        .with_context(|| format!("no {name} in the program"))?;
    let section = symbol.section_index().context("it has no section")?;
    let data = file
        .section_by_index(section)?
        .data_range(symbol.address(), symbol.size())?
        .context("it has no content")?;
    let bytes = data.try_into().context("it is not four bytes")?;
    Ok(u64::from(u32::from_le_bytes(bytes)))
}

fn print_table(sizes: &Sizes) {
    let Code { text, rodata } = sizes.core;
    println!("core on {TARGET}, opt-level s");
    print_row(
        sizes.core.total(),
        &format!("code, of {CODE_MAX} (.text {text}, .rodata {rodata})"),
    );
    print_row(
        sizes.state,
        &format!("state, of {STATE_MAX} (size_of::<Manager>())"),
    );
    print_row(sizes.identity, "identity, which it refers to, beside that");
    print_row(
        sizes.linked.total(),
        "linked in all, with what it uses of the standard library",
    );
    println!("portal page on the wire");
    if let Some(bytes) = sizes.page {
        print_row(bytes, &format!("ours, of {PAGE_MAX}"));
    }
    for (name, bytes) in PEERS_PAGES {
        print_row(*bytes, name);
    }
}

fn print_row(bytes: u64, what: &str) {
    println!("{bytes:>8} B  {what}");
}

fn to_json(sizes: &Sizes) -> serde_json::Value {
    let code =
        |code: Code| json!({"text": code.text, "rodata": code.rodata, "total": code.total()});
    let peers: serde_json::Map<_, _> = PEERS_PAGES
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), json!(bytes)))
        .collect();
    json!({
        "target": TARGET,
        "core": code(sizes.core),
        "core_max": CODE_MAX,
        "linked": code(sizes.linked),
        "state": sizes.state,
        "state_max": STATE_MAX,
        "identity": sizes.identity,
        "page": sizes.page,
        "page_max": PAGE_MAX,
        "peers_pages": peers,
    })
}

#[cfg(test)]
mod tests {
    use super::{Code, core_code};

    #[test]
    fn only_the_lines_of_the_core_count() {
        let map = "\
     VMA      LMA     Size Align Out     In      Symbol
   10000    10000       40     4 .rodata
   10000    10000       30     4         /d/liblandfall_core-1.rlib(landfall_core-1.a.o):(.rodata..Lanon.1)
   10030    10030       10     4         /d/libcore-1.rlib(core-1.a.o):(.rodata.x)
   11000    11000      118     2 .text
   11000    11000      100     2         /d/liblandfall_core-1.rlib(landfall_core-1.a.o):(.text._ZN1aE)
   11000    11000      100     2                 a
   11100    11100       10     2         /landfall_core-x/main-1.a.o:(.text._start)
   11110    11110        8     2         /landfall_core-x/main-1.a.o:(.text._RNvMNtCs_13landfall_core1bE)
   11118    11118        8     2         /d/liblandfall_core-1.rlib(landfall_core-1.a.o):(.eh_frame)
";
        let expected = Code {
            text: 0x108,
            rodata: 0x30,
        };
        assert_eq!(core_code(map).expect("a map"), expected);
        assert!(core_code("").is_err());
    }
}
