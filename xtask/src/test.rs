//! `cargo xtask test`: all tests, with what they need on the machine.

use std::thread;
use std::time::{Duration, Instant};

use contajners_tests::leftovers;

use crate::Outcome;
use crate::packages::{
    BUILD, DOCKER, DOCKER_PY, IMAGE, Missing, PODMAN, REGISTRY, SHELLS, SSH, TLS, ensure,
};
use crate::steps::{self, cargo};
use crate::wasm;

/// Runs all tests, doc tests too, and checks that their engines left nothing behind.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installs missing packages with apt-get first (Debian, Ubuntu).
    #[arg(long)]
    install: bool,
    /// Arguments for `cargo test`, such as `-p contajners -- --nocapture`.
    #[arg(last = true, value_name = "ARGS")]
    cargo: Vec<String>,
}

/// Engines end with the test process, but nobody waits for those that end last.
const LEAVING: Duration = Duration::from_secs(60);

pub(crate) fn run(args: &Args) -> Outcome {
    let missing = Missing::from_flag(args.install);
    let groups = [BUILD, DOCKER, PODMAN, IMAGE, REGISTRY, SSH, TLS, SHELLS, DOCKER_PY];
    ensure(&groups, missing)?;
    let has_own = |arg: &String| arg.ends_with("contajners-tests");
    if !names_packages(&args.cargo) || args.cargo.iter().any(has_own) {
        wasm::prepare(missing)?;
    }
    let tested = run_tests(&args.cargo);
    let clean = nothing_is_left();
    if let (Err(_), Err(left)) = (&tested, &clean) {
        eprintln!("error: {left}");
    }
    tested.and(clean)
}

fn run_tests(args: &[String]) -> Outcome {
    // One that fails does not hide the others.
    let mut words = vec!["test", "--no-fail-fast"];
    words.extend((!names_packages(args)).then_some("--workspace"));
    words.extend(args.iter().map(String::as_str));
    steps::run(&mut cargo(&words)).map_err(|error| {
        format!(
            "{error}; to repeat one test: \
             `cargo xtask test -- -p PACKAGE NAME -- --nocapture`"
        )
        .into()
    })
}

fn names_packages(args: &[String]) -> bool {
    args.iter().take_while(|arg| *arg != "--").any(|arg| {
        arg.starts_with("-p") || arg.starts_with("--package") || arg.starts_with("--manifest-path")
    })
}

fn nothing_is_left() -> Outcome {
    let limit = Instant::now() + LEAVING;
    loop {
        let left = leftovers::of_the_dead();
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > limit {
            return Err(format!(
                "the tests left something behind; end the processes, unmount, remove:\n{}",
                left.join("\n")
            )
            .into());
        }
        thread::sleep(Duration::from_millis(100));
    }
}
