//! Images that can be flashed, by Espressif's own tool, and the slots they have to fit.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::output;
use crate::riscv;

/// The tool, of a version that is known to make what the boot loader takes.
const TOOL: &str = "esptool==5.6.0";
/// How the flash of the boards is read.
const FLASH: &[&str] = &[
    "--flash-mode",
    "dio",
    "--flash-freq",
    "80m",
    "--flash-size",
    "4MB",
];
/// Bytes of flash on the boards.
const FLASH_LEN: u64 = 4 << 20;
/// Where the partition table ends, and partitions begin.
const TABLE_END: u64 = 0x9000;
/// The boot loader maps programs by pages of that many bytes.
const APP_ALIGN: u64 = 0x1_0000;
const DATA_ALIGN: u64 = 0x1000;

/// An image.
pub(super) struct Image {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
}

/// Where the tool is; installed into the target folder where it is not there yet.
pub(super) fn tool(root: &Path) -> Result<PathBuf> {
    let folder = riscv::target_folder(root).join("esptool");
    let tool = folder.join("bin/esptool");
    if !tool.exists() {
        crate::run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            .context("esptool needs Python's venv (Debian: apt-get install python3-venv)")?;
        let pip = folder.join("bin/pip");
        crate::run(Command::new(pip).args(["install", "--quiet", TOOL]))?;
    }
    Ok(tool)
}

/// Makes the image of a program, and lets the tool judge it.
pub(super) fn make(tool: &Path, chip: &str, program: &Path, image: &Path) -> Result<Image> {
    output(
        Command::new(tool)
            .args(["--chip", chip, "elf2image"])
            .args(FLASH)
            .arg("-o")
            .args([image, program]),
    )?;
    let judged = output(
        Command::new(tool)
            .args(["--chip", chip, "image-info"])
            .arg(image),
    )?;
    for good in ["Checksum: ", "Validation hash: "] {
        let line = judged.lines().find(|line| line.starts_with(good));
        let valid = line.is_some_and(|line| line.ends_with("(valid)"));
        ensure!(
            valid,
            "esptool does not take {}:\n{judged}",
            image.display()
        );
    }
    let bytes = std::fs::metadata(image)
        .with_context(|| format!("reading {}", image.display()))?
        .len();
    Ok(Image {
        path: image.to_owned(),
        bytes,
    })
}

/// A line of the partition table.
#[derive(Debug, PartialEq, Eq)]
struct Partition {
    name: String,
    kind: String,
    from: u64,
    bytes: u64,
}

/// Sees that the table is one, and that each of its slots takes the image.
pub(super) fn fits_slot(table: &Path, image: u64) -> Result<()> {
    let text =
        std::fs::read_to_string(table).with_context(|| format!("reading {}", table.display()))?;
    let partitions = parse(&text)?;
    let slots: Vec<&Partition> = partitions.iter().filter(|p| p.kind == "app").collect();
    ensure!(
        slots.len() == 2,
        "two slots for programs, not {}",
        slots.len()
    );
    for slot in slots {
        ensure!(
            image <= slot.bytes,
            "the image has {image} bytes, and {} takes {}",
            slot.name,
            slot.bytes
        );
    }
    Ok(())
}

fn parse(text: &str) -> Result<Vec<Partition>> {
    let lines = text.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut partitions = Vec::new();
    let mut end = TABLE_END;
    for line in lines {
        let partition = partition(line).with_context(|| format!("partition table: {line}"))?;
        let align = if partition.kind == "app" {
            APP_ALIGN
        } else {
            DATA_ALIGN
        };
        ensure!(partition.from >= end, "{line}: it begins before {end:#x}");
        ensure!(
            partition.from.is_multiple_of(align),
            "{line}: not on {align:#x}"
        );
        end = partition.from + partition.bytes;
        ensure!(end <= FLASH_LEN, "{line}: it ends beyond the flash");
        partitions.push(partition);
    }
    Ok(partitions)
}

fn partition(line: &str) -> Result<Partition> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [name, kind, _, from, bytes] = fields[..] else {
        anyhow::bail!("five fields");
    };
    Ok(Partition {
        name: name.to_owned(),
        kind: kind.to_owned(),
        from: hex(from)?,
        bytes: hex(bytes)?,
    })
}

fn hex(text: &str) -> Result<u64> {
    let digits = text.strip_prefix("0x").context("a number 0x…")?;
    u64::from_str_radix(digits, 16).context("a number 0x…")
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(table: &str, expected: &str) {
        let told = match parse(table) {
            Ok(partitions) => format!("{} partitions", partitions.len()),
            Err(error) => format!("{error:#}"),
        };
        assert_eq!(told, expected);
    }

    #[test]
    fn a_table_that_overlaps_or_is_not_aligned_is_none() {
        check("# Name\nnvs, data, nvs, 0x9000, 0x1000\n", "1 partitions");
        check(
            "a, data, nvs, 0x9000, 0x2000\nb, app, ota_0, 0xa000, 0x1000",
            "b, app, ota_0, 0xa000, 0x1000: it begins before 0xb000",
        );
        check(
            "b, app, ota_0, 0xa000, 0x1000",
            "b, app, ota_0, 0xa000, 0x1000: not on 0x10000",
        );
        check(
            "b, app, ota_0, 0x10000, 0x400000",
            "b, app, ota_0, 0x10000, 0x400000: it ends beyond the flash",
        );
    }

    #[test]
    fn the_firmwares_own_table_is_one() {
        check(
            include_str!("../../../firmware/esp/partitions.csv"),
            "5 partitions",
        );
    }
}
