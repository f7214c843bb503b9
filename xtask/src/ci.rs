//! `cargo xtask ci`: what CI runs, in its order.

use std::process::Command;

use crate::Outcome;
use crate::packages::{BUILD, Missing, ensure};
use crate::steps::{self, cargo, root};

/// Runs everything that CI runs; each step is printed and can be run alone.
///
/// A step that fails does not keep the next ones from running.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installs missing packages and targets first.
    #[arg(long)]
    install: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    ensure(&[BUILD], Missing::from_flag(args.install))?;
    let failed: Vec<String> = steps(args.install)
        .iter_mut()
        .filter_map(|step| run_step(step).err())
        .map(|error| format!("  {error}"))
        .collect();
    match failed.len() {
        0 => Ok(()),
        1 => Err(format!("a step failed:\n{}", failed[0]).into()),
        count => Err(format!("{count} steps failed:\n{}", failed.join("\n")).into()),
    }
}

fn run_step(step: &mut Command) -> Outcome {
    steps::run(step).inspect_err(|error| eprintln!("error: {error}"))
}

fn steps(install: bool) -> Vec<Command> {
    let mut steps = vec![
        cargo(&["fmt", "--all", "--check"]),
        cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]),
        cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--all-features",
            "--",
            "-D",
            "warnings",
        ]),
    ];
    let mut doc = cargo(&["doc", "--workspace", "--no-deps", "--all-features"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    steps.push(doc);
    steps.push(chore(&["tidy"], false));
    steps.push(chore(&["no-std"], install));
    steps.push(chore(&["windows"], install));
    // The published specs are too many for the repository; where they are, packs are compared.
    if root().join("../shared/specs").is_dir() {
        steps.push(chore(&["fetch-api", "--check", "--from", "../shared/specs"], false));
    }
    steps.push(chore(&["fuzz"], install));
    steps.push(chore(&["test"], install));
    steps
}

fn chore(words: &[&str], install: bool) -> Command {
    let mut command = cargo(&["xtask"]);
    command.args(words).args(install.then_some("--install"));
    command
}
