//! What stands on what, and what every crate has.
//!
//! The arrows of ARCHITECTURE.md as data, compared with the manifests as cargo reads them.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use super::{Finding, TextFile};

/// Which of our crates each of our crates may depend on. Nothing knows what stands below it, and no
/// adapter would know another.
const MAY_USE: &[(&str, &[&str])] = &[
    ("landfall-core", &[]),
    ("landfall-protocol", &[]),
    ("landfall-device", &["landfall-core", "landfall-protocol"]),
    ("landfall-embassy", CHIP),
    ("landfall-server", &["landfall-core", "landfall-protocol"]),
    ("landfall-sim", CHIP),
    ("landfall-linux", CHIP),
    ("landfall", EVERYTHING),
    ("landfall-size", CHIP),
    ("landfall-virt", EMULATED),
    ("landfall-esp", BOARDS),
    ("landfall-fuzz", EVERYTHING),
    ("xtask", &[]),
];

/// What the program that unites everything may use.
const EVERYTHING: &[&str] = &[
    "landfall-core",
    "landfall-device",
    "landfall-protocol",
    "landfall-server",
    "landfall-sim",
];

/// What runs on a chip.
const CHIP: &[&str] = &["landfall-core", "landfall-device", "landfall-protocol"];

/// What runs on a chip's processor in a simulated world.
const EMULATED: &[&str] = &[
    "landfall-core",
    "landfall-device",
    "landfall-embassy",
    "landfall-protocol",
    "landfall-sim",
];

/// What runs on a chip with a radio.
const BOARDS: &[&str] = &[
    "landfall-core",
    "landfall-device",
    "landfall-embassy",
    "landfall-protocol",
];

/// The map, whose table has a row for the folder of every crate.
const MAP: &str = "ARCHITECTURE.md";

/// A crate, as far as the rules look at it.
#[derive(Clone)]
struct Crate {
    manifest: String,
    name: String,
    description: Option<String>,
    /// All of them: for tests and builds too.
    dependencies: Vec<String>,
    shares_lints: bool,
}

/// Checks every crate of the repository, those of other workspaces too.
pub(super) fn check(root: &Path, files: &[TextFile]) -> Result<Vec<Finding>> {
    let (mut findings, mut folders) = (Vec::new(), Vec::new());
    for file in files.iter().filter(|file| is_manifest(&file.path)) {
        if let Some(one) = read(root, file)? {
            findings.extend(check_crate(&one));
            folders.push(folder_of(&file.path).to_owned());
        }
    }
    let map = files.iter().find(|file| file.path == MAP);
    let exists = |folder: &str| root.join(folder).is_dir();
    findings.extend(check_map(map.map_or("", |map| &map.text), &folders, exists));
    Ok(findings)
}

fn folder_of(manifest: &str) -> &str {
    manifest.strip_suffix("/Cargo.toml").unwrap_or(".")
}

/// Compares the rows of the map, ``| `folder` | …``, with the folders of the crates.
fn check_map(map: &str, crates: &[String], exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut rows = Vec::new();
    for (at, line) in map.lines().enumerate() {
        let row = line.strip_prefix("| `").and_then(|row| row.split_once('`'));
        let Some((folder, _)) = row else {
            continue;
        };
        if !exists(folder) {
            findings.push(Finding::new(MAP, at + 1, format!("there is no {folder}")));
        }
        rows.push(folder);
    }
    for folder in crates
        .iter()
        .filter(|folder| !rows.contains(&folder.as_str()))
    {
        let what = format!("its table has no row for {folder}");
        findings.push(Finding::new(MAP, None, what));
    }
    findings
}

fn is_manifest(path: &str) -> bool {
    path == "Cargo.toml" || path.ends_with("/Cargo.toml")
}

/// The crate of that manifest; none where it holds a workspace alone.
fn read(root: &Path, file: &TextFile) -> Result<Option<Crate>> {
    let path = root.join(&file.path);
    let metadata = MetadataCommand::new()
        .manifest_path(&path)
        .no_deps()
        .exec()
        .with_context(|| format!("asking cargo about {}", file.path))?;
    let here = |package: &&cargo_metadata::Package| package.manifest_path.as_std_path() == path;
    Ok(metadata.packages.iter().find(here).map(|package| Crate {
        manifest: file.path.clone(),
        name: package.name.to_string(),
        description: package.description.clone(),
        dependencies: package
            .dependencies
            .iter()
            .map(|d| d.name.clone())
            .collect(),
        shares_lints: file.text.contains("[lints]\nworkspace = true") || is_apart(&file.text),
    }))
}

/// Whether the manifest begins a workspace of its own, which has no lints to share.
fn is_apart(manifest: &str) -> bool {
    manifest.lines().any(|line| line == "[workspace]")
}

fn check_crate(one: &Crate) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |what: String| findings.push(Finding::new(&one.manifest, None, what));
    if one.description.as_deref().unwrap_or_default().is_empty() {
        find("no description; say in one line what the crate is for".into());
    }
    if !one.shares_lints {
        find("no `[lints]` with `workspace = true`".into());
    }
    let Some((_, allowed)) = MAY_USE.iter().find(|(name, _)| *name == one.name) else {
        find(format!(
            "`{}` has no place in xtask's table of who may use what",
            one.name
        ));
        return findings;
    };
    for dependency in &one.dependencies {
        let ours = MAY_USE.iter().any(|(name, _)| name == dependency);
        // A crate may name itself among its test dependencies, to switch features on.
        if ours && *dependency != one.name && !allowed.contains(&dependency.as_str()) {
            find(format!("`{}` may not know `{dependency}`", one.name));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::{Crate, MAY_USE, check_crate, check_map};

    fn check(change: impl FnOnce(&mut Crate), expected: Expect) {
        let mut one = Crate {
            manifest: "crates/landfall-device/Cargo.toml".into(),
            name: "landfall-device".into(),
            description: Some("The doors of a device".into()),
            dependencies: vec!["domain".into(), "landfall-core".into()],
            shares_lints: true,
        };
        change(&mut one);
        let lines: Vec<_> = check_crate(&one).iter().map(|f| f.what.clone()).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn edges_are_those_of_the_table() {
        check(|_| {}, expect![""]);
        check(
            |one| one.dependencies.push("landfall-sim".into()),
            expect!["`landfall-device` may not know `landfall-sim`"],
        );
        check(
            |one| one.name = "landfall-cloud".into(),
            expect!["`landfall-cloud` has no place in xtask's table of who may use what"],
        );
    }

    #[test]
    fn a_crate_has_a_description_and_the_lints() {
        check(
            |one| one.description = None,
            expect!["no description; say in one line what the crate is for"],
        );
        check(
            |one| one.shares_lints = false,
            expect!["no `[lints]` with `workspace = true`"],
        );
    }

    #[test]
    fn the_map_has_a_row_for_every_crate_and_no_other() {
        let map = "# Map\n\n| where | what |\n|---|---|\n| `crates/a` | a |\n| `crates/gone` | b |\n| `tests` | c |\n";
        let crates = ["crates/a", "xtask"].map(str::to_owned);
        let findings = check_map(map, &crates, |folder| folder != "crates/gone");
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        let expected = expect![[r#"
            ARCHITECTURE.md:6: there is no crates/gone
            ARCHITECTURE.md: its table has no row for xtask"#]];
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn the_table_has_no_circle() {
        for (name, uses) in MAY_USE {
            for used in *uses {
                let back = MAY_USE.iter().find(|(other, _)| other == used);
                let (_, back) = back.unwrap_or_else(|| panic!("{used} is not in the table"));
                assert!(!back.contains(name), "{name} and {used} use each other");
            }
        }
    }
}
