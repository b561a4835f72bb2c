//! The words of the program, what each takes, and how it ends.

mod admin;
mod air;
mod backup;
mod bench;
mod console;
mod demo;
mod exchange;
mod fleet;
mod manual;
mod provision;
mod qr;
mod secret;
mod serve;
mod sim;
mod soak;
mod webrepl;

use std::fmt;
use std::path::Path;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

/// Wi-Fi onboarding and connection management: simulated devices, their air, and their consoles.
///
/// Without a word it runs the demo: simulated devices on an air of their own.
#[derive(Debug, Parser)]
#[command(name = "landfall", version, after_help = EXAMPLE, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    word: Option<Word>,
    #[command(flatten)]
    demo: demo::Demo,
    /// Log more: once for what happens, twice for how. RUST_LOG says it in detail.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,
}

const EXAMPLE: &str = "\
Examples:
  landfall                              five simulated devices
  landfall sim --air air.toml           one simulated device
  landfall serve                        the fleet server
  landfall console /dev/pts/5           its serial console
  landfall provision /dev/pts/5         take it onto a network";

#[derive(Debug, Subcommand)]
enum Word {
    Demo(demo::Demo),
    Sim(sim::Sim),
    Serve(serve::Serve),
    Air(air::AirWord),
    Console(console::Console),
    Provision(provision::Provision),
    Qr(qr::Qr),
    Admin(admin::Admin),
    Backup(backup::Backup),
    Restore(backup::Restore),
    Fleet(fleet::Fleet),
    Soak(soak::Soak),
    Bench(bench::Bench),
    #[command(name = "webrepl")]
    WebRepl(webrepl::WebRepl),
    Completions(Completions),
    Manual(manual::Manual),
}

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  landfall completions bash > ~/.local/share/bash-completion/completions/landfall"
)]
struct Completions {
    /// Which shell
    shell: Shell,
}

/// Why a word failed: one line that says what, where, and what to do.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    /// A failure of `what`, because of `why`, with what can be done about it.
    fn new(what: impl fmt::Display, why: impl fmt::Display, help: impl fmt::Display) -> Self {
        let line = format!("{what}: {why}; {help}");
        // A cause of several lines (a TOML error with its excerpt) is told on one.
        Self(line.split_whitespace().collect::<Vec<_>>().join(" "))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a word ends: done, or with that status.
type Ended = Result<ExitCode, Failure>;

impl Cli {
    /// Does what was asked. Exit status 0: done; 1: failed, and a line on stderr says why; 2: wrong
    /// usage (clap's own).
    pub(crate) fn run(self) -> ExitCode {
        // A server is watched by its log: what people do is said without being asked for.
        let is_server = matches!(self.word, Some(Word::Serve(_)));
        start_logging(self.verbose.saturating_add(u8::from(is_server)));
        let ended = match self.word {
            None => self.demo.run(),
            Some(Word::Demo(word)) => word.run(),
            Some(Word::Sim(word)) => word.run(),
            Some(Word::Serve(word)) => word.run(),
            Some(Word::Air(word)) => word.run(),
            Some(Word::Console(word)) => word.run(),
            Some(Word::Provision(word)) => word.run(),
            Some(Word::Qr(word)) => word.run(),
            Some(Word::Admin(word)) => word.run(),
            Some(Word::Backup(word)) => word.run(),
            Some(Word::Restore(word)) => word.run(),
            Some(Word::Fleet(word)) => word.run(),
            Some(Word::Soak(word)) => word.run(),
            Some(Word::Bench(word)) => word.run(),
            Some(Word::WebRepl(word)) => word.run(),
            Some(Word::Completions(word)) => word.run(),
            Some(Word::Manual(word)) => word.run(),
        };
        ended.unwrap_or_else(|failure| {
            eprintln!("landfall: {failure}");
            ExitCode::FAILURE
        })
    }
}

impl Completions {
    fn run(self) -> Ended {
        let mut command = Cli::command();
        clap_complete::generate(self.shell, &mut command, "landfall", &mut std::io::stdout());
        Ok(ExitCode::SUCCESS)
    }
}

/// Logs go to stderr: data has stdout for itself.
fn start_logging(verbose: u8) {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;

    let level = match verbose {
        0 => "warn",
        1 => "info",
        2 => "debug",
        _ => "trace",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let coloured = std::io::stderr().is_terminal() && may_colour();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(coloured)
        .with_writer(std::io::stderr)
        .init();
}

/// Whether nobody asked for plain text: an empty `NO_COLOR` asks for nothing (no-color.org).
fn may_colour() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|word| word.is_empty())
}

/// Runs a future of the server's on a runtime of its own.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    #[expect(
        clippy::expect_used,
        reason = "a system without threads runs nothing of ours"
    )]
    let runtime = runtime.expect("a runtime");
    runtime.block_on(future)
}

/// Says what is wrong with the words after that one, with its usage, and ends with status 2.
fn end_as_wrong_usage(word: &str, kind: ErrorKind, why: impl fmt::Display) -> ! {
    let mut program = Cli::command();
    // Tells each word how it is called.
    program.build();
    let word = program.find_subcommand(word).cloned();
    word.unwrap_or(program).error(kind, why).exit()
}

/// Reads a file that the user named.
fn read(path: &Path) -> Result<String, Failure> {
    let text = std::fs::read_to_string(path);
    text.map_err(|e| Failure::new(path.display(), e, "name a file that can be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_word_has_an_example() {
        let check = |word: &clap::Command| {
            let help = word.get_after_help().map(ToString::to_string);
            let shows_one = help.is_some_and(|help| help.contains("Example"));
            assert!(shows_one, "{}", word.get_name());
        };
        for word in Cli::command().get_subcommands() {
            check(word);
            word.get_subcommands().for_each(check);
        }
    }
}
