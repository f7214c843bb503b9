//! The command `fetch-api`, which `cargo xtask fetch-api` runs, too.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};
use contajners_fetch_api::args::{Args, Defaults, run};

/// Set by `cargo xtask fetch-api` to the root of the clone that it runs in. Where the command was
/// built is nothing to go by: it may have been installed, and the clone be gone.
const WORKSPACE: &str = "CONTAJNERS_WORKSPACE";

/// Compiles the engines' published API specs into packs.
#[derive(Parser)]
#[command(name = "fetch-api", bin_name = "fetch-api")]
struct Command {
    #[command(flatten)]
    args: Args,
}

fn main() -> ExitCode {
    let root = env::var_os(WORKSPACE);
    let name = if root.is_some() { "cargo xtask fetch-api" } else { "fetch-api" };
    let command = Command::command().name(name).bin_name(name);
    let parsed = Command::from_arg_matches(&command.get_matches());
    let Command { args } = parsed.unwrap_or_else(|error| error.exit());
    let defaults = root.map(|root| Defaults::of_workspace(Path::new(&root)));
    run(&args, defaults.as_ref())
}
