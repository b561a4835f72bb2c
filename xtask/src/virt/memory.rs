//! What the device takes of RAM: from the program, and as the machine found it while it ran.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, ObjectSymbol, SectionKind};

/// The heap of the virtual air and the network cards, which no chip has.
const HEAP: &str = "LANDFALL_VIRT_HEAP";

/// Says how many bytes: to be called after a reset, at which the machine left its part in `folder`.
pub(super) fn measure(programs: &Path, folder: &Path) -> Result<String> {
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
    let told = fs::read_to_string(folder.join("memory")).context("the machine told nothing")?;
    let told: Vec<_> = told.lines().collect();
    Ok(format!(
        "statics {statics}, of them buffers of doors {rooms} and tasks {tasks}, {}",
        told.join(", ")
    ))
}
