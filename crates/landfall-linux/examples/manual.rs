//! The daemon's manual page and completions, from the table that parses its command line.
//!
//! `manual FOLDER` writes them all into a folder, `manual` prints the page. They are made here and
//! not by the daemon, which would carry the makers around for nothing.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::{Shell, generate_to};
use clap_mangen::Man;
use landfall_linux::cli::Options;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        Man::new(Options::command()).render(&mut std::io::stdout())?;
        return Ok(());
    };
    fs::create_dir_all(folder.join("man"))?;
    clap_mangen::generate_to(Options::command(), folder.join("man"))?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        generate_to(shell, &mut Options::command(), "landfalld", &folder)?;
    }
    Ok(())
}
