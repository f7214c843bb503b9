//! The most memory that a process had, with each client doing one task in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use clap::Subcommand;
use nix::sys::resource::{UsageWho, getrusage};
use tokio::runtime::Builder;

use crate::clients::{Bare, Bollard, Contajners, Side, curl};
use crate::engine::Stage;
use crate::report::{Report, Table};
use crate::{Args, Outcome};

const GROUP: &str = "peak memory";
/// How often short calls are made.
const TIMES: usize = 100;

/// What a process of its own does.
#[derive(Subcommand)]
pub(crate) enum Worker {
    /// Does a task with a client and prints the peak of this process in KiB.
    Task { client: String, socket: PathBuf, task: String, what: String },
    /// Runs a command and prints its peak in KiB.
    #[command(trailing_var_arg = true, allow_hyphen_values = true)]
    Command { words: Vec<String> },
}

/// Measures all tasks.
///
/// # Errors
///
/// If one of the processes fails.
pub(crate) fn run(stage: &Stage<'_>, args: &Args, report: &mut Report) -> Outcome {
    let names = [Contajners::NAME, Bare::NAME, Bollard::NAME, curl::NAME];
    let mut table = Table::new("peak memory in MiB", &names);
    let socket = stage.socket().display().to_string();
    for task in ["ping", "list", "logs", "export", "load"] {
        if !args.wants(GROUP, task) {
            continue;
        }
        let what = match task {
            "logs" => stage.logged()?.to_owned(),
            "export" => stage.exported()?.to_owned(),
            "load" => stage.archive()?.display().to_string(),
            _ => TIMES.to_string(),
        };
        let mut cells = Vec::new();
        for client in &names[..3] {
            cells.push(peak(args, &["task", client, &socket, task, &what])?);
        }
        let mut command = curl::curl(stage.socket());
        match task {
            "ping" => curl::get(&mut command, "/v1.41/_ping", TIMES),
            "list" => curl::get(&mut command, "/v1.41/containers/json?all=true", TIMES),
            "logs" => {
                let target = format!("/v1.41/containers/{what}/logs?stdout=true&stderr=true");
                curl::get(&mut command, &target, 1);
            }
            "export" => curl::get(&mut command, &format!("/v1.41/containers/{what}/export"), 1),
            _ => curl::post(&mut command, "/v1.41/images/load", Path::new(&what)),
        }
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        let mut all = vec!["command", "curl"];
        all.extend(words.iter().map(|word| &**word));
        cells.push(peak(args, &all)?);
        table.row(task, cells.iter().map(|kib| format!("{:.1}", *kib as f64 / 1024.0)).collect());
    }
    report.table(table);
    let mut commands = Table::new("peak memory of commands in MiB", &["contajners", "docker"]);
    if args.wants(GROUP, "commands") {
        let address = stage.engine.uri();
        let command = args.command.display().to_string();
        let ours = ["command", &command, "invoke", "docker@v1.41", "ContainerList", "all=true"];
        let ours = [&ours[..], &["--host", &address, "-o", "json"]].concat();
        let its = ["command", "docker", "--host", &address, "ps", "--all", "--quiet"];
        let cells = [peak(args, &ours)?, peak(args, &its)?];
        commands
            .row("list", cells.iter().map(|kib| format!("{:.1}", *kib as f64 / 1024.0)).collect());
    }
    report.table(commands);
    Ok(())
}

/// Runs a worker and reads what it prints.
fn peak(args: &Args, words: &[&str]) -> Outcome<u64> {
    let mut command = Command::new(env::current_exe()?);
    command.arg("--command").arg(&args.command).arg("--root").arg(&args.root).args(words);
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim().parse() {
        Ok(number) if output.status.success() => Ok(number),
        _ => Err(format!("`{}` failed ({})", words.join(" "), output.status).into()),
    }
}

/// What a worker does.
///
/// # Errors
///
/// With what went wrong in the task.
pub(crate) fn work(worker: &Worker) -> Outcome {
    let peak = match worker {
        Worker::Command { words } => {
            let status =
                Command::new(&words[0]).args(&words[1..]).stdout(Stdio::null()).status()?;
            if !status.success() {
                return Err(format!("`{}` failed ({status})", words.join(" ")).into());
            }
            // In KiB on Linux.
            getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss().unsigned_abs()
        }
        Worker::Task { client, socket, task, what } => {
            match client.as_str() {
                Contajners::NAME => once::<Contajners>(socket, task, what)?,
                Bare::NAME => once::<Bare>(socket, task, what)?,
                _ => once::<Bollard>(socket, task, what)?,
            }
            own_peak()?
        }
    };
    println!("{peak}");
    Ok(())
}

/// What `getrusage` says of a process begins with what the one that started it had.
fn own_peak() -> Outcome<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or("no peak of memory is known here")?.parse()?)
}

fn once<S: Side>(socket: &Path, task: &str, what: &str) -> Outcome {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let side = S::over_unix(socket).await?;
        let times = || what.parse::<usize>();
        match task {
            "ping" => {
                for _ in 0..times()? {
                    side.ping().await?;
                }
            }
            "list" => {
                for _ in 0..times()? {
                    side.list().await?;
                }
            }
            "logs" => drop(side.logs(what).await?),
            "export" => drop(side.export(what).await?),
            _ => side.load(Path::new(what)).await?,
        }
        Ok(())
    })
}
