//! Chores of the workspace: `cargo xtask help` lists them.
//!
//! One file per chore; this one only dispatches. What CI runs is `cargo xtask ci`, and each of its
//! steps can be run alone under the name it is printed with.

mod bench;
mod ci;
mod conformance;
mod cross;
mod demo;
mod deny;
mod features;
mod fetch_api;
mod fuzz;
mod minimal_versions;
mod msrv;
mod no_std;
mod package;
mod packages;
mod public_api;
mod steps;
mod test;
mod tidy;
mod tools;
mod typos;
mod unused;
mod wasm;
mod windows;
mod workspace;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

/// How a chore ends. The message says what failed and what to do next.
type Outcome = Result<(), Box<dyn Error>>;

/// Chores of the contajners workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Chore {
    Bench(bench::Args),
    Ci(ci::Args),
    Conformance(conformance::Args),
    Demo(demo::Args),
    Deny(deny::Args),
    Features(features::Args),
    #[command(disable_help_flag = true)]
    FetchApi(fetch_api::Args),
    Fuzz(fuzz::Args),
    MinimalVersions(minimal_versions::Args),
    Msrv(msrv::Args),
    NoStd(no_std::Args),
    Package(package::Args),
    PublicApi(public_api::Args),
    Test(test::Args),
    Tidy(tidy::Args),
    Typos(typos::Args),
    Unused(unused::Args),
    Wasm(wasm::Args),
    Windows(windows::Args),
}

fn main() -> ExitCode {
    let outcome = match Chore::parse() {
        Chore::Bench(args) => bench::run(&args),
        Chore::Ci(args) => ci::run(&args),
        Chore::Conformance(args) => conformance::run(&args),
        Chore::Demo(args) => demo::run(&args),
        Chore::Deny(args) => deny::run(&args),
        Chore::Features(args) => features::run(&args),
        Chore::FetchApi(args) => fetch_api::run(&args),
        Chore::Fuzz(args) => fuzz::run(&args),
        Chore::MinimalVersions(args) => minimal_versions::run(&args),
        Chore::Msrv(args) => msrv::run(&args),
        Chore::NoStd(args) => no_std::run(&args),
        Chore::Package(args) => package::run(&args),
        Chore::PublicApi(args) => public_api::run(&args),
        Chore::Test(args) => test::run(&args),
        Chore::Tidy(args) => tidy::run(&args),
        Chore::Typos(args) => typos::run(&args),
        Chore::Unused(args) => unused::run(&args),
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
