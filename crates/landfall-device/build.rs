//! Builds the pages of portal, attendance, config server and terminal: the plain files of a folder, and the style
//! that all have in common, become one minified, gzipped document in `OUT_DIR/<folder>.html.gz`, and `OUT_DIR/<folder>.rs` holds the
//! Content-Security-Policy that lets exactly its own style and script run. The build fails when a
//! page outgrows its budget.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use base64ct::{Base64, Encoding as _};
use sha2::{Digest as _, Sha256};

#[path = "build/minify.rs"]
mod minify;

/// The folders, one for each page.
const PAGES: [&str; 4] = ["portal", "attendance", "editor", "terminal"];

/// The most bytes that a page may take on the wire.
const PAGE_BYTES_MAX: usize = 4096;

/// What stands in front of each page's own style.
const BASE_STYLE: &str = "base.css";

/// What `index.html` says where the styles belong, and the script.
const STYLE_LINKS: &str = r#"<link rel="stylesheet" href="../base.css">
<link rel="stylesheet" href="style.css">"#;
const SCRIPT_LINK: &str = r#"<script src="script.js"></script>"#;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed={BASE_STYLE}");
    for folder in PAGES {
        println!("cargo::rerun-if-changed={folder}");
        build(folder)?;
    }
    Ok(())
}

fn build(folder: &str) -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let styles = source("", BASE_STYLE)? + &source(folder, "style.css")?;
    let style = minify::style(&styles);
    let script = minify::script(&source(folder, "script.js")?);
    let page = inline(&source(folder, "index.html")?, &style, &script)?;
    let wire = gzip(page.as_bytes())?;
    if wire.len() > PAGE_BYTES_MAX {
        let over = format!(
            "the page of {folder} takes {} bytes, of {PAGE_BYTES_MAX}",
            wire.len()
        );
        return Err(over.into());
    }
    fs::write(out.join(format!("{folder}.html.gz")), wire)?;
    fs::write(out.join(format!("{folder}.rs")), constants(&style, &script))?;
    Ok(())
}

fn source(folder: &str, name: &str) -> Result<String, Box<dyn Error>> {
    let path = Path::new(&env::var("CARGO_MANIFEST_DIR")?)
        .join(folder)
        .join(name);
    fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// One document out of three. The links stay in the source, so that it opens in a browser as it is.
fn inline(html: &str, style: &str, script: &str) -> Result<String, Box<dyn Error>> {
    let (before, rest) = html
        .split_once(STYLE_LINKS)
        .ok_or("index.html: no links to the styles")?;
    let (between, after) = rest
        .split_once(SCRIPT_LINK)
        .ok_or("index.html: no script element")?;
    let [before, between, after] = [before, between, after].map(minify::markup);
    Ok(format!(
        "{before}<style>{style}</style>{between}<script>{script}</script>{after}"
    ))
}

fn gzip(page: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut wire = Vec::new();
    zopfli::compress(
        zopfli::Options::default(),
        zopfli::Format::Gzip,
        page,
        &mut wire,
    )?;
    Ok(wire)
}

/// The generated constants. A browser hashes the text between the tags, byte for byte.
fn constants(style: &str, script: &str) -> String {
    let [style, script] = [style, script].map(|text| {
        format!(
            "'sha256-{}'",
            Base64::encode_string(&Sha256::digest(text.as_bytes()))
        )
    });
    format!(
        "/// The page's `style-src`: the hash of its one style element.
pub const STYLE_HASH: &str = \"{style}\";
/// The page's `script-src`: the hash of its one script element.
pub const SCRIPT_HASH: &str = \"{script}\";
/// The whole `Content-Security-Policy` of the page: its own style and script, its own API and form.
pub const CONTENT_SECURITY_POLICY: &str = \"default-src 'none'; style-src {style}; \\
    script-src {script}; connect-src 'self'; form-action 'self'; img-src data:; \\
    base-uri 'none'; frame-ancestors 'none'\";
"
    )
}
