//! `cargo xtask ci`: what CI runs, in its order.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::packages::{BUILD, Missing, ensure};
use crate::steps::{self, cargo};

/// Runs everything that CI runs; each step is printed and can be run alone.
///
/// A step that fails does not keep the next ones from running.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installs missing packages, targets and toolchains first.
    #[arg(long)]
    install: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    ensure(&[BUILD], Missing::from_flag(args.install))?;
    let (mut failed, mut times) = (Vec::new(), Vec::new());
    for mut step in steps(args.install) {
        let begin = Instant::now();
        if let Err(error) = run_step(&mut step) {
            failed.push(format!("  {error}"));
        }
        times.push((begin.elapsed(), steps::text(&step)));
    }
    eprintln!("{}", how_long(&times));
    if contajners_tests::shared_specs().is_none() {
        eprintln!(
            "note: PACKS ARE NOT COMPARED WITH THEIR SOURCES, since there is no ../shared/specs"
        );
    }
    match failed.len() {
        0 => Ok(()),
        1 => Err(format!("a step failed:\n{}", failed[0]).into()),
        count => Err(format!("{count} steps failed:\n{}", failed.join("\n")).into()),
    }
}

fn run_step(step: &mut Command) -> Outcome {
    steps::run(step).inspect_err(|error| eprintln!("error: {error}"))
}

/// What each step took, in the order they ran in.
fn how_long(times: &[(Duration, String)]) -> String {
    let all: Duration = times.iter().map(|(time, _)| *time).sum();
    let all = (all, "all steps".to_owned());
    let line = |(time, step): &(Duration, String)| {
        let seconds = time.as_secs();
        format!("{:>4} m {:02} s  {step}", seconds / 60, seconds % 60)
    };
    times.iter().chain([&all]).map(line).collect::<Vec<_>>().join("\n")
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
    // What is quick comes first.
    for words in [&["tidy"][..], &["typos"], &["unused"], &["deny"], &["public-api", "--check"]] {
        steps.push(chore(words, false));
    }
    steps.push(chore(&["bench", "--check"], false));
    for word in ["features", "package", "minimal-versions"] {
        steps.push(chore(&[word], false));
    }
    for word in ["msrv", "no-std", "windows"] {
        steps.push(chore(&[word], install));
    }
    // Too many for the repository; where they are, packs are compared.
    if let Some(specs) = contajners_tests::shared_specs() {
        let mut check = chore(&["fetch-api", "--check", "--from"], false);
        check.arg(specs);
        steps.push(check);
    }
    steps.push(chore(&["fuzz"], install));
    let mut test = chore(&["test"], install);
    // A test that is skipped fails there, whoever runs this.
    test.env("CI", "true");
    steps.push(test);
    steps
}

fn chore(words: &[&str], install: bool) -> Command {
    let mut command = cargo(&["xtask"]);
    command.args(words).args(install.then_some("--install"));
    command
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Chore;

    #[test]
    fn times_are_in_minutes_and_seconds_with_their_sum() {
        let times = [(83, "cargo xtask test"), (7, "cargo fmt")]
            .map(|(seconds, step)| (Duration::from_secs(seconds), step.to_owned()));
        assert_eq!(
            how_long(&times),
            "   1 m 23 s  cargo xtask test\n   0 m 07 s  cargo fmt\n   1 m 30 s  all steps"
        );
    }

    #[test]
    fn the_steps_are_chores_that_take_these_words() {
        let mut chores = 0;
        for step in [true, false].into_iter().flat_map(steps) {
            let words: Vec<_> = step.get_args().collect();
            if words[0] == "xtask" {
                chores += 1;
                Chore::try_parse_from(words).unwrap_or_else(|error| panic!("{step:?}: {error}"));
            }
        }
        assert!(chores > 20, "{chores}");
    }
}
