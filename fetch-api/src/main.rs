//! The command behind `cargo xtask fetch-api`.

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use contajners_fetch_api::args::{Args, Defaults, run};

/// Compiles the engines' published API specs into packs.
#[derive(Parser)]
#[command(name = "cargo xtask fetch-api", bin_name = "cargo xtask fetch-api")]
struct Command {
    #[command(flatten)]
    args: Args,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    run(&Command::parse().args, &Defaults::of_workspace(root))
}
