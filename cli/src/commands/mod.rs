//! The commands, one a file.

mod categories;
mod check;
mod completion;
mod diff;
mod doc;
mod engines;
mod explain;
mod invoke;
mod man;
mod ops;
mod place;
mod request;
mod resolve;
mod versions;
mod wait;

use crate::args::Command;
use crate::call;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Settings;

/// Runs a command.
pub(crate) fn run(
    mut command: Command,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    match &mut command {
        Command::Resolve { call, .. }
        | Command::Check { call, .. }
        | Command::Invoke { call, .. } => call::with_files(&mut call.values)?,
        Command::Wait(typed) => call::with_files(&mut typed.values)?,
        _ => {}
    }
    match command {
        Command::Engines => engines::run(settings, output),
        Command::Where { engine } => place::run(&engine, settings, output),
        Command::Versions { engine } => versions::run(&engine, settings, output),
        Command::Categories { engine } => categories::run(&engine, settings, output),
        Command::Ops { engine, category } => {
            ops::run(&engine, category.as_deref(), settings, output)
        }
        Command::Doc { operation, depth } => doc::run(&operation, depth.into(), settings, output),
        Command::Resolve { call, curl, show_secrets } => {
            let form = if curl { resolve::Line::Curl } else { resolve::Line::Request };
            let secrets =
                if show_secrets { resolve::Secrets::Shown } else { resolve::Secrets::Hidden };
            resolve::run(&call, form, secrets, settings, output)
        }
        Command::Diff { sides, breaking } => diff::run(&sides, breaking, settings, output),
        Command::Explain { engine, path, depth } => {
            explain::run(&engine, &path, depth.into(), settings, output)
        }
        Command::Check { call, answer, all_versions } => {
            check::run(&call, answer, all_versions, settings, output)
        }
        Command::Invoke { call, answers, folders, checks, limits } => {
            invoke::run(&call, &answers, &folders, &checks, &limits, settings, output)
        }
        Command::Request(typed) => request::run(&typed, settings, output),
        Command::Wait(typed) => wait::run(&typed, settings, output),
        Command::Man { folder } => man::run(&folder),
        Command::Completion { shell } => completion::run(shell, output),
        Command::Complete { shell, words } => completion::complete(shell, &words, output),
    }
}
