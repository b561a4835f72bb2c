//! The portal's page as the build of `landfall-device` gzips it.

use std::io::BufReader;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;

/// What is built, and what its build script leaves.
const CRATE: &str = "landfall-device";
const PAGE: &str = "portal.html.gz";

/// Bytes of the page's body on the wire; none where the workspace builds no page.
pub(crate) fn wire_size(root: &Path) -> Result<Option<u64>> {
    if !root.join("crates").join(CRATE).exists() {
        return Ok(None);
    }
    let mut cargo = Command::new("cargo")
        .args([
            "check",
            "--quiet",
            "--package",
            CRATE,
            "--message-format=json",
        ])
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .context("starting cargo")?;
    let output = cargo.stdout.take().context("cargo's output")?;
    let mut size = None;
    for message in Message::parse_stream(BufReader::new(output)) {
        if let Message::BuildScriptExecuted(script) = message? {
            let page = script.out_dir.join(PAGE);
            if let Ok(file) = page.metadata() {
                size = Some(file.len());
            }
        }
    }
    ensure!(cargo.wait()?.success(), "{CRATE} does not build");
    Ok(size)
}
