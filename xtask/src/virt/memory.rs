//! What the device takes of RAM: from the program, and as the machine found it while it ran.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};

use crate::stack::{self, MARGIN};

/// The heap of the virtual air and the network cards, which no chip has.
const HEAP: &str = "LANDFALL_VIRT_HEAP";
/// Where the machine tells what it found, in its folder.
const TOLD: &str = "memory";
/// The checks after which the stack is told, and what the device did until then.
const MOMENTS: &[(&str, &str)] = &[
    ("console", "boot"),
    ("onboarding", "portal"),
    ("clients", "config save"),
    ("fleet", "fleet"),
];
/// Some of the machine's own looks at its stack.
const LOOKS: Duration = Duration::from_millis(500);

/// How deep the stack was at some moments.
#[derive(Default)]
pub(super) struct Marks(Vec<(&'static str, u64)>);

impl Marks {
    /// Notes it after that check.
    pub(super) fn note(&mut self, check: &str, folder: &Path) {
        let Some((_, moment)) = MOMENTS.iter().find(|(name, _)| *name == check) else {
            return;
        };
        sleep(LOOKS);
        // The machine may be writing it: then the next moment tells.
        if let Some(bytes) = used(folder) {
            self.0.push((moment, bytes));
        }
    }
}

/// Bytes of the stack that were ever used; none where the machine has not told.
fn used(folder: &Path) -> Option<u64> {
    let told = fs::read_to_string(folder.join(TOLD)).ok()?;
    let line = told.lines().find_map(|line| line.strip_prefix("stack "));
    line?.parse().ok()
}

/// Says how many bytes.
///
/// # Errors
/// More of the stack was used than the program says that it can be.
pub(super) fn measure(programs: &Path, folder: &Path, marks: &Marks) -> Result<String> {
    let program = programs.join("device");
    let bytes = fs::read(&program).with_context(|| format!("reading {}", program.display()))?;
    let file = object::File::parse(&*bytes).context("the program")?;
    let is_heap = |name: &str| name.contains(HEAP);
    let of = |keep: &dyn Fn(&str) -> bool| {
        let symbols = file
            .symbols()
            .filter(|symbol| symbol.name().is_ok_and(keep));
        symbols.map(|symbol| symbol.size()).sum::<u64>()
    };
    let ram = file.sections().filter(|section| {
        // The stack is a section without content, too.
        let kind = matches!(
            section.kind(),
            SectionKind::Data | SectionKind::UninitializedData
        );
        kind && section
            .name()
            .is_ok_and(|name| name != ".stack" && name != ".heap")
    });
    let statics = ram.map(|section| section.size()).sum::<u64>() - of(&is_heap);
    let (rooms, tasks) = (
        of(&|name| name.contains("ROOM")),
        of(&|name| name.contains("POOL")),
    );
    let summed = stack::deepest(&program)?.bytes;
    let used = used(folder).context("the machine told nothing")?;
    let mut said = format!(
        "statics {statics}, of them buffers of doors {rooms} and tasks {tasks}; stack {used} at most, of {summed} by its \
         frames with a margin of {MARGIN}"
    );
    for (moment, bytes) in &marks.0 {
        write!(said, ", {bytes} after {moment}")?;
    }
    ensure!(used <= summed + MARGIN, "the margin is too small: {said}");
    Ok(said)
}
