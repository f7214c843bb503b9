//! Measures contajners beside bare hyper, bollard, curl and the docker command: `cargo xtask bench`
//! at the root of the repository runs it.
//!
//! What is compared is measured in turn in one run, against one private dockerd, so that whatever
//! else the machine does meets all alike. A number that is to be read is a ratio.

mod build;
mod clients;
mod engine;
mod memory;
mod micro;
mod plot;
mod processes;
mod report;
mod tasks;

use std::cell::RefCell;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use contajners_bench_numbers::{Outcome, asked, rounds};
use contajners_tests::{Kind, PrivateEngine, Shown};

use crate::engine::Stage;
use crate::report::Report;

/// What can be asked for; `cargo xtask bench` passes it on.
#[derive(Parser)]
#[command(name = "cargo xtask bench")]
struct Args {
    /// A tenth of the work and three rounds: to see that everything runs, not to quote from.
    #[arg(long)]
    quick: bool,
    /// Measures only groups and tasks with this in their name; may be given again.
    #[arg(long, value_name = "WORD")]
    only: Vec<String>,
    /// Writes the table and the plots into this folder.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
    /// The contajners command, built with optimisation.
    #[arg(long, value_name = "FILE")]
    command: PathBuf,
    /// The root of the repository.
    #[arg(long, value_name = "DIR")]
    root: PathBuf,
    /// Everything that could be measured.
    #[arg(skip)]
    asked: RefCell<Vec<String>>,
    /// What a process of its own is to do, so that its memory can be told.
    #[command(subcommand)]
    worker: Option<memory::Worker>,
}

impl Args {
    /// Tells whether something is to be measured.
    fn wants(&self, group: &str, task: &str) -> bool {
        let name = format!("{group}/{task}");
        let wanted = self.only.is_empty() || self.only.iter().any(|word| name.contains(word));
        self.asked.borrow_mut().push(name);
        wanted
    }

    /// Fails for a word that nothing has in its name.
    fn all_were_there(&self) -> Outcome {
        let asked = self.asked.borrow();
        let stray = self.only.iter().find(|word| !asked.iter().any(|name| name.contains(*word)));
        stray.map_or(Ok(()), |word| {
            Err(format!("nothing is called `{word}`; there are {}", asked.join(", ")).into())
        })
    }
}

fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match &args.worker {
        Some(worker) => memory::work(worker),
        None => measure(&args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(args: &Args) -> Outcome {
    let mut report = Report::new(args)?;
    let engine = PrivateEngine::start_with_tls(Kind::Docker, Shown::Good)?;
    let stage = Stage::set(&engine, args)?;
    tasks::over_unix(&stage, args, &mut report)?;
    tasks::over_tls(&stage, args, &mut report)?;
    processes::run(&stage, args, &mut report)?;
    memory::run(&stage, args, &mut report)?;
    drop(stage);
    drop(engine);
    build::run(args, &mut report)?;
    micro::run(args, &mut report)?;
    report.finish(args)?;
    args.all_were_there()
}
