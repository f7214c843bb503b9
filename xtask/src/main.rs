//! Chores of the workspace: `cargo xtask help` lists them.
//!
//! One file per chore; this one only dispatches. What CI runs is `cargo xtask ci`, and each of its
//! steps can be run alone under the name it is printed with.

mod ci;
mod conformance;
mod cross;
mod demo;
mod fetch_api;
mod fuzz;
mod no_std;
mod packages;
mod steps;
mod test;
mod tidy;
mod wasm;
mod windows;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

/// How a chore ends. The message says what failed and what to do next.
type Outcome = Result<(), Box<dyn Error>>;

/// Chores of the contajners workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    Ci(ci::Args),
    Conformance(conformance::Args),
    Demo(demo::Args),
    #[command(disable_help_flag = true)]
    FetchApi(fetch_api::Args),
    Fuzz(fuzz::Args),
    NoStd(no_std::Args),
    Test(test::Args),
    Tidy(tidy::Args),
    Wasm(wasm::Args),
    Windows(windows::Args),
}

fn main() -> ExitCode {
    let outcome = match Chore::parse() {
        Chore::Ci(args) => ci::run(&args),
        Chore::Conformance(args) => conformance::run(&args),
        Chore::Demo(args) => demo::run(&args),
        Chore::FetchApi(args) => fetch_api::run(&args),
        Chore::Fuzz(args) => fuzz::run(&args),
        Chore::NoStd(args) => no_std::run(&args),
        Chore::Test(args) => test::run(&args),
        Chore::Tidy(args) => tidy::run(&args),
        Chore::Wasm(args) => wasm::run(&args),
        Chore::Windows(args) => windows::run(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
