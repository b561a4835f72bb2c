//! What stands on what, and what every crate has.
//!
//! The arrows of ARCHITECTURE.md as data, compared with the manifests as cargo reads them.

use std::path::Path;

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;

use super::{Finding, TextFile};

/// Which of our crates each of our crates may depend on. Nothing knows what stands below it, no
/// adapter knows another, and the server never sees a device adapter.
const MAY_USE: &[(&str, &[&str])] = &[
    ("landfall-core", &[]),
    ("landfall-protocol", &["landfall-core"]),
    ("landfall-device", &["landfall-core", "landfall-protocol"]),
    ("landfall-sim", &["landfall-core", "landfall-device"]),
    ("landfall-linux", &["landfall-core", "landfall-device"]),
    ("landfall-server", &["landfall-core", "landfall-protocol"]),
    ("landfall", EVERYTHING),
    (
        "landfalld",
        &["landfall-core", "landfall-device", "landfall-linux"],
    ),
    ("landfall-esp", CHIP),
    ("landfall-size", CHIP),
    ("landfall-fuzz", EVERYTHING),
    ("xtask", &[]),
];

/// What the tool that unites everything may use.
const EVERYTHING: &[&str] = &[
    "landfall-core",
    "landfall-protocol",
    "landfall-device",
    "landfall-sim",
    "landfall-linux",
    "landfall-server",
];

/// What runs on a chip.
const CHIP: &[&str] = &["landfall-core", "landfall-protocol", "landfall-device"];

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
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| is_manifest(&file.path)) {
        if let Some(one) = read(root, file)? {
            findings.extend(check_crate(&one));
        }
    }
    Ok(findings)
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

    use super::{Crate, MAY_USE, check_crate};

    fn check(change: impl FnOnce(&mut Crate), expected: Expect) {
        let mut one = Crate {
            manifest: "crates/landfall-server/Cargo.toml".into(),
            name: "landfall-server".into(),
            description: Some("The fleet server".into()),
            dependencies: vec!["axum".into(), "landfall-protocol".into()],
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
            |one| one.dependencies.push("landfall-device".into()),
            expect!["`landfall-server` may not know `landfall-device`"],
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
