//! `cargo xtask windows`: the library compiles for Windows, where it speaks through named pipes.

use crate::Outcome;
use crate::cross::{Builder, builder};
use crate::packages::{MINGW, Missing, ensure};
use crate::steps;

/// Checks that contajners compiles for Windows. It is not run, and TLS is left out: its
/// cryptography needs a C compiler for Windows.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installs the target with rustup, or a compiler that can build it with apt-get.
    #[arg(long)]
    install: bool,
}

const TARGET: &str = "x86_64-pc-windows-gnu";

pub(crate) fn run(args: &Args) -> Outcome {
    let missing = Missing::from_flag(args.install);
    let builder = builder(TARGET, "std,panic_abort", missing)?;
    if matches!(builder, Builder::Distribution { .. }) {
        ensure(&[MINGW], missing)?;
    }
    let features =
        ["--no-default-features", "--features", "archives,credentials,docker,podman,ssh"];
    let words = [&["check", "-p", "contajners", "--target", TARGET], &features[..]].concat();
    // Flags of its own keep what is compiled for this machine as it is.
    steps::run(
        builder.cargo(&words).env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS", "-Dwarnings"),
    )
}
