//! `cargo xtask conformance`: what real engines answer to every operation, as a page.

use crate::Outcome;
use crate::packages::{BUILD, DOCKER, IMAGE, Missing, PODMAN, ensure};
use crate::steps::{self, cargo};

/// Sends every operation to a real Docker and a real Podman and writes docs/conformance.md.
///
/// The engines are private ones and gone afterwards; the work is done by a test, which compares the
/// page each time it runs.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Compares the page with what the engines answer, instead of writing it.
    #[arg(long)]
    check: bool,
    /// Installs missing packages with apt-get first (Debian, Ubuntu).
    #[arg(long)]
    install: bool,
}

pub(crate) fn run(args: &Args) -> Outcome {
    ensure(&[BUILD, DOCKER, PODMAN, IMAGE], Missing::from_flag(args.install))?;
    let mut command =
        cargo(&["test", "--quiet", "-p", "contajners-tests", "--test", "conformance"]);
    command.env("CONTAJNERS_CONFORMANCE", if args.check { "check" } else { "write" });
    steps::run(&mut command)
}
