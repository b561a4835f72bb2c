//! That nothing of Landfall needs a heap: only the radio's driver does.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use super::output;
use crate::riscv::TARGET;

/// What runs on a chip, and may not allocate.
const CRATES: &[&str] = &["landfall-core", "landfall-device", "landfall-embassy"];
/// The features by which a crate says that it allocates.
const FEATURES: &[&str] = &["alloc", "std"];

/// Looks for a feature of these among all that the crates depend on.
pub(super) fn check(root: &Path) -> Result<()> {
    for name in CRATES {
        let tree = output(
            Command::new("cargo")
                .current_dir(root)
                .args(["tree", "--locked", "--prefix", "none", "--package", name])
                .args([
                    "--edges",
                    "normal,no-proc-macro,features",
                    "--target",
                    TARGET,
                ]),
        )?;
        if let Some(line) = tree.lines().find(|line| allocates(line)) {
            bail!("{name} is to do without a heap, and depends on {line}");
        }
    }
    Ok(())
}

/// Of `bytes feature "alloc"`, with more behind it perhaps.
fn allocates(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let feature = words.by_ref().skip_while(|word| *word != "feature").nth(1);
    feature.is_some_and(|feature| FEATURES.contains(&feature.trim_matches('"')))
}

#[cfg(test)]
mod tests {
    use super::allocates;

    #[test]
    fn a_feature_that_allocates_is_seen() {
        assert!(allocates("serde feature \"alloc\""));
        assert!(allocates("bytes feature \"std\" (*)"));
        assert!(!allocates("alloc-no-stdlib feature \"default\""));
        assert!(!allocates("bytes v1.12.1"));
    }
}
