//! `cargo xtask bench`: contajners beside bare hyper, bollard, curl and the docker command.

use crate::Outcome;
use crate::packages::{BUILD, CURL, DOCKER, IMAGE, Missing, TLS, ensure};
use crate::steps::{self, cargo, root};

/// Measures this client beside others on a private Docker, and prints a table.
///
/// What is measured beside it has a workspace of its own, in bench/. A whole run takes some twenty
/// minutes, a quick one some five; numbers to quote come from a machine that does nothing else.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Does a tenth of the work in three rounds: to see that everything runs.
    #[arg(long, conflicts_with = "save")]
    quick: bool,
    /// Measures only what has this in its name, such as `ping`, `TLS/` or `build`; may be given again.
    #[arg(long, conflicts_with = "save", value_name = "WORD")]
    only: Vec<String>,
    /// Writes bench/RESULTS.md and the plots beside it, of a whole run.
    #[arg(long)]
    save: bool,
    /// Measures nothing: looks at the form of what measures, and runs its own tests.
    #[arg(long, conflicts_with_all = ["quick", "only", "save"])]
    check: bool,
    /// Installs missing packages with apt-get first (Debian, Ubuntu).
    #[arg(long)]
    install: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    if args.check {
        return check();
    }
    ensure(&[BUILD, DOCKER, IMAGE, TLS, CURL], Missing::from_flag(args.install))?;
    // Its own folder, so that no setting of this build moves the command elsewhere.
    let target = root().join("target/bench");
    let target = target.to_string_lossy();
    let build = ["build", "--release", "--package", "contajners-cli", "--target-dir", &*target];
    steps::run(&mut cargo(&build))?;
    let manifest = ["--manifest-path", "bench/Cargo.toml", "--target-dir", &*target];
    let mut bench = cargo(&["run", "--quiet", "--release", "--locked"]);
    bench.args(manifest).arg("--").arg("--root").arg(root());
    bench.arg("--command").arg(root().join("target/bench/release/contajners"));
    bench.args(args.quick.then_some("--quick"));
    bench.args(args.only.iter().flat_map(|word| ["--only", word]));
    if args.save {
        bench.arg("--save").arg(root().join("bench"));
    }
    steps::run(&mut bench)
}

fn check() -> Outcome {
    let manifest = ["--manifest-path", "bench/Cargo.toml"];
    steps::run(cargo(&["fmt", "--all", "--check"]).args(manifest))?;
    let target = ["--locked", "--target-dir", "target/bench"];
    let mut clippy = cargo(&["clippy", "--workspace", "--all-targets", "--all-features"]);
    steps::run(clippy.args(manifest).args(target).args(["--", "-D", "warnings"]))?;
    let mut test = cargo(&["test", "--quiet", "--package", "contajners-bench-numbers"]);
    steps::run(test.args(manifest).args(target))
}
