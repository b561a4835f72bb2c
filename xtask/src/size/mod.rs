//! What the core costs a chip, against its budgets, with the peers' figures beside it.
//!
//! The program in `firmware/size` names everything that a device calls. It is linked for
//! riscv32imc, first with the machine alone, then with one door after the other; the linker's map
//! tells whose the bytes are ([`parts`]), the program itself what a `Manager` takes. Budgets are for
//! the core's own code and constants; what it pulls in beside them of other crates is told by crate.

mod parts;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSection, ObjectSymbol};
use serde_json::json;

use self::parts::Parts;
use crate::page;
use crate::riscv::{self, TARGET, Toolchain};

/// Most bytes of core code and constants, at `opt-level = "s"`, of what every device has: the
/// machine, and what it stores.
const BASE_MAX: u64 = 64 * 1024;
/// Most bytes of them with every door, so that what was reached is not lost.
const CODE_MAX: u64 = 102 * 1024;
/// What a firmware can have beside that, in the order in which they are added: a feature of the
/// program, and what it is.
const DOORS: &[(&str, &str)] = &[
    ("console", "with the console, its QR code too"),
    ("documents", "and whole configurations as JSON, in and out"),
    ("improv", "and Improv"),
    ("fleet", "and the fleet agent: everything"),
];
/// What a firmware can ask for in its `.cargo/config.toml` beside its profile: calls that the linker
/// makes short, as GCC does by default; pieces of many functions kept once; less inlining. The
/// budget is judged without.
const LEAN: &[&str] = &[
    "-Ctarget-feature=+relax",
    "-Cllvm-args=-enable-machine-outliner=always",
    "-Cllvm-args=-inline-threshold=5",
];
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

/// Bytes on the wire of the peers' portal pages, gzipped where they gzip.
const PEERS_PAGES: &[(&str, u64)] = &[
    ("ESPHome", 1_830),
    ("WiFiManager, not gzipped, about", 4_200),
    ("esp-hal-wifimanager", 19_797),
    ("tonyp7/esp32-wifi-manager", 22_231),
];

/// What was measured.
struct Sizes {
    /// Code and constants of the core, of what every device has, and with each of [`DOORS`] more.
    totals: Vec<u64>,
    /// Code and constants with all of them.
    parts: Parts,
    /// `size_of::<Manager>()`.
    state: u64,
    /// `size_of::<Identity>()`, held beside the manager and not counted as its state.
    identity: u64,
    /// The portal's page, gzipped; none where there is none.
    page: Option<u64>,
}

impl Sizes {
    fn fit(&self) -> bool {
        self.totals.first().is_some_and(|base| *base <= BASE_MAX)
            && self.parts.core_total() <= CODE_MAX
            && self.state <= STATE_MAX
            && self.page.is_none_or(|bytes| bytes <= PAGE_MAX)
    }
}

/// Measures and prints; an error where a budget is broken.
pub(crate) fn report(root: &Path, as_json: bool, lean: bool) -> Result<()> {
    let sizes = measure(root, lean)?;
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

fn measure(root: &Path, lean: bool) -> Result<Sizes> {
    let names: Vec<_> = DOORS.iter().map(|(feature, _)| *feature).collect();
    let mut totals = Vec::new();
    for count in 0..names.len() {
        let (_, parts) = link(root, lean, &names[..count])?;
        totals.push(parts.core_total());
    }
    let (program, parts) = link(root, lean, &names)?;
    totals.push(parts.core_total());
    let bytes =
        std::fs::read(&program).with_context(|| format!("reading {}", program.display()))?;
    let file = object::File::parse(&*bytes).context("the linked program")?;
    Ok(Sizes {
        totals,
        parts,
        state: constant(&file, STATE_SYMBOL)?,
        identity: constant(&file, IDENTITY_SYMBOL)?,
        page: page::wire_size(root)?,
    })
}

/// Links the program with those doors; gives its file, and whose its bytes are.
fn link(root: &Path, lean: bool, doors: &[&str]) -> Result<(PathBuf, Parts)> {
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
        .env("CARGO_ENCODED_RUSTFLAGS", flags(root, lean)?)
        .args(["rustc", "--quiet", "--release", "--features"])
        .arg(doors.join(","))
        .arg("--")
        .arg(format!("-Clink-arg=-Map={}", map.display()));
    crate::run(&mut cargo)?;
    let map =
        std::fs::read_to_string(&map).with_context(|| format!("reading {}", map.display()))?;
    Ok((program, Parts::of_map(&map)?))
}

/// What the program is compiled with.
fn flags(root: &Path, lean: bool) -> Result<String> {
    let lean = if lean { LEAN } else { &[] };
    let lean = lean.iter().map(|flag| (*flag).to_owned());
    let flags: Vec<String> = riscv::nameless(root)?.into_iter().chain(lean).collect();
    // What cargo puts between flags.
    Ok(flags.join("\u{1f}"))
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
    let parts = &sizes.parts;
    println!("core on {TARGET}, opt-level s");
    let names = DOORS.iter().map(|(_, name)| (*name).to_owned());
    let base = format!("code of the machine and what it stores, of {BASE_MAX}");
    for (bytes, name) in sizes.totals.iter().zip([base].into_iter().chain(names)) {
        print_row(*bytes, &name);
    }
    print_row(parts.core_total(), &format!("everything, of {CODE_MAX}:"));
    parts
        .core
        .iter()
        .for_each(|(name, bytes)| print_row(*bytes, &format!("  {name}")));
    print_row(parts.foreign_total(), "what it uses of other crates:");
    parts
        .foreign
        .iter()
        .for_each(|(name, bytes)| print_row(*bytes, &format!("  {name}")));
    print_row(parts.core_total() + parts.foreign_total(), "both");
    print_row(
        sizes.state,
        &format!("state, of {STATE_MAX} (size_of::<Manager>())"),
    );
    print_row(sizes.identity, "identity, which it refers to, beside that");
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

/// The core with each door more, by the door.
fn with_doors(sizes: &Sizes) -> serde_json::Map<String, serde_json::Value> {
    let doors = DOORS.iter().map(|(feature, _)| (*feature).to_owned());
    let totals = sizes.totals.iter().skip(1);
    doors.zip(totals.map(|bytes| json!(bytes))).collect()
}

fn to_json(sizes: &Sizes) -> serde_json::Value {
    let peers: serde_json::Map<_, _> = PEERS_PAGES
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), json!(bytes)))
        .collect();
    json!({
        "target": TARGET,
        "core": sizes.parts.core_total(),
        "core_max": CODE_MAX,
        "core_base": sizes.totals.first(),
        "core_base_max": BASE_MAX,
        "core_with": with_doors(sizes),
        "core_parts": sizes.parts.core,
        "linked": sizes.parts.core_total() + sizes.parts.foreign_total(),
        "foreign_parts": sizes.parts.foreign,
        "state": sizes.state,
        "state_max": STATE_MAX,
        "identity": sizes.identity,
        "page": sizes.page,
        "page_max": PAGE_MAX,
        "peers_pages": peers,
    })
}
