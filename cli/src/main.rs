//! The `contajners` command: any container-engine API operation from the terminal.
//!
//! `args` is what is typed, `settings` what that and the environment come to; each command has
//! a file in `commands`, and `render` makes things readable. Results go to standard output,
//! all else to standard error; `failure` decides the exit status.

mod args;
mod call;
mod commands;
mod completion;
mod documents;
mod failure;
mod findings;
mod folder;
mod output;
mod packs;
mod progress;
mod prose;
mod render;
mod screen;
mod sending;
mod settings;
mod signals;
mod socket;
mod terminal;
mod upload;
mod wire;

use std::io::Write as _;
use std::process::ExitCode;

use crate::args::{Cli, Command};
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

fn main() -> ExitCode {
    let Cli { global, command } = match Cli::typed() {
        Ok(typed) => typed,
        Err(status) => return status,
    };
    let settings = Settings::new(global);
    let is_comparison = matches!(command, Command::Check { .. } | Command::Diff { .. });
    let mut output = Output::new();
    let result = commands::run(command, &settings, &mut output);
    let result = match (result, output.flush().map_err(Failure::from)) {
        // What was to be said by that status has not been said.
        (Err(Failure::Process(_)), Err(lost @ Failure::Told(_))) => Err(lost),
        (result, flushed) => result.and(flushed),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if is_comparison => failure.of_comparison().tell(),
        Err(failure) => failure.tell(),
    }
}
