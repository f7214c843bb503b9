//! `cargo xtask fetch-api`: specs into packs, by the command of `fetch-api/`.

use std::process::{Command, exit};

use crate::Outcome;
use crate::steps::{program, root};

/// Compiles the engines' published API specs into packs (see `fetch-api --help`).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Arguments of the command, such as `--engine docker` or `--help`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    arguments: Vec<String>,
}

pub(crate) fn run(args: &Args) -> Outcome {
    let mut command = Command::new(program("fetch-api")?);
    // Where it was typed: paths that are given begin there.
    command.args(&args.arguments);
    // By this it knows how it is called, and whose map and packs are meant.
    command.env("CONTAJNERS_WORKSPACE", root());
    let status = command.status().map_err(|error| format!("cannot run `fetch-api`: {error}"))?;
    match status.code() {
        Some(0) => Ok(()),
        // The command has said what is wrong, and its statuses mean something.
        Some(code) => exit(code),
        None => Err(format!("`fetch-api` was ended by a signal: {status}").into()),
    }
}
