//! How soon a fresh process has an answer.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::build::{self, Program};
use crate::engine::Stage;
use crate::report::{Floor, Report, Row, Unit};
use crate::rounds::{Contender, in_turn};
use crate::{Args, Outcome};

const GROUP: &str = "fresh process";
const ROUNDS: usize = 25;

/// A whole process of `contajners resolve` may take so long.
pub(crate) const RESOLVE: Duration = Duration::from_millis(5);

/// Starts commands and programs that list the containers of the engine.
///
/// # Errors
///
/// If one of them fails.
pub(crate) fn run(stage: &Stage<'_>, args: &Args, report: &mut Report) -> Outcome {
    let rounds = if args.quick { 3 } else { ROUNDS };
    let address = stage.engine.uri();
    if args.wants(GROUP, "command: list") {
        let ours =
            ["invoke", "docker", "ContainerList", "all=true", "--host", &address, "-o", "json"];
        let its = ["--host", &address, "ps", "--all", "--quiet"];
        let contenders = vec![
            contender("contajners", &args.command, &ours),
            contender("docker", Path::new("docker"), &its),
        ];
        let floor = Floor { name: "docker", ratio: 1.0 };
        let times = in_turn(contenders, rounds)?;
        report.add(Row::new(GROUP, "command: list", Unit::Processes, times, &[floor]));
    }
    if args.wants(GROUP, "command: resolve") {
        let words = ["resolve", "docker@v1.41", "ContainerList", "all=true"];
        let times = in_turn(vec![contender("contajners", &args.command, &words)], rounds)?;
        let row = Row::new(GROUP, "command: resolve", Unit::Processes, times, &[]);
        report.add(row.at_most(RESOLVE));
    }
    if args.wants(GROUP, "program: ping and list") {
        let mut contenders = Vec::new();
        for program in Program::ALL {
            let file = build::quick(args, program)?;
            let address = match program {
                Program::Hyper => stage.socket().display().to_string(),
                _ => address.clone(),
            };
            contenders.push(contender(program.name(), &file, &[&address]));
        }
        let times = in_turn(contenders, rounds)?;
        report.add(Row::new(GROUP, "program: ping and list", Unit::Processes, times, &[]));
    }
    Ok(())
}

/// A command that runs to its end; its output is thrown away.
fn contender(name: &'static str, program: &Path, words: &[&str]) -> Contender<'static> {
    let program: PathBuf = program.to_owned();
    let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    Contender::new(name, move || {
        let mut command = Command::new(&program);
        command.args(&words).stdin(Stdio::null()).stdout(Stdio::null());
        let begin = Instant::now();
        let status = command.status();
        let status = status
            .map_err(|error| format!("`{}` cannot be started: {error}", program.display()))?;
        match status.success() {
            true => Ok(begin.elapsed()),
            false => Err(format!("`{}` failed ({status})", program.display()).into()),
        }
    })
}
