//! Building the same small program on contajners, on bollard and on bare hyper.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{Usage, UsageWho, getrusage};

use crate::report::{Report, Table};
use crate::{Args, Outcome};

const GROUP: &str = "build";

/// A program that pings an engine and lists its containers.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Program {
    Contajners,
    Hyper,
    Bollard,
}

impl Program {
    pub(crate) const ALL: [Self; 3] = [Self::Contajners, Self::Hyper, Self::Bollard];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Contajners => "contajners",
            Self::Hyper => "hyper",
            Self::Bollard => "bollard",
        }
    }

    fn package(self) -> String {
        format!("minimal-{}", self.name())
    }
}

/// Builds a program for use here, where it is not built yet.
///
/// # Errors
///
/// If it does not compile.
pub(crate) fn quick(args: &Args, program: Program) -> Outcome<PathBuf> {
    build(args, program, false, &args.root.join("target/bench/programs"))
}

/// Builds from nothing, counts packages and looks at the size.
///
/// # Errors
///
/// If something does not compile.
pub(crate) fn run(args: &Args, report: &mut Report) -> Outcome {
    for (tls, title) in [(false, "build of a small program"), (true, "build of it with TLS")] {
        if !args.wants(GROUP, title) || (args.quick && tls) {
            continue;
        }
        let programs: &[Program] = match tls {
            false => &Program::ALL,
            true => &[Program::Contajners, Program::Bollard],
        };
        let names: Vec<&str> = programs.iter().map(|program| program.name()).collect();
        let mut table = Table::new(title, &names);
        let mut built = Vec::new();
        for program in programs {
            built.push(from_nothing(args, *program, tls)?);
        }
        let row = |of: &dyn Fn(&Built) -> String| built.iter().map(of).collect::<Vec<_>>();
        table.row("packages, with itself", row(&|built| built.packages.to_string()));
        table.row("CPU time in s", row(&|built| format!("{:.1}", built.cpu.as_secs_f64())));
        table.row("time in s", row(&|built| format!("{:.1}", built.time.as_secs_f64())));
        table.row("stripped binary in KiB", row(&|built| (built.size / 1024).to_string()));
        let (ours, its) = (&built[0], &built[built.len() - 1]);
        let cpu = ours.cpu.as_secs_f64() / its.cpu.as_secs_f64();
        let size = ours.size as f64 / its.size as f64;
        table.note(format!(
            "CPU time beside bollard: {cpu:.2} (at most 0.60: {})",
            said(cpu <= 0.6)
        ));
        table.note(format!(
            "binary beside bollard: {size:.2} (at most 0.75: {})",
            said(size <= 0.75)
        ));
        if !tls {
            let packages = ours.packages;
            table.note(format!("packages: {packages} (at most 50: {})", said(packages <= 50)));
        }
        report.table(table);
    }
    Ok(())
}

fn said(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

struct Built {
    packages: usize,
    cpu: Duration,
    time: Duration,
    size: u64,
}

fn from_nothing(args: &Args, program: Program, tls: bool) -> Outcome<Built> {
    let folder = args.root.join("target/bench/from-nothing");
    let _ = fs::remove_dir_all(&folder);
    // What a build script or a proc macro does is in it, too: all are children that ended.
    let (before, begin) = (children()?, Instant::now());
    let file = build(args, program, tls, &folder)?;
    let (time, cpu) = (begin.elapsed(), children()? - before);
    let size = fs::metadata(file)?.len();
    fs::remove_dir_all(&folder)?;
    Ok(Built { packages: packages(args, program, tls)?, cpu, time, size })
}

fn children() -> Outcome<Duration> {
    let usage: Usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = |seconds: i64, micros: i64| {
        Duration::from_secs(seconds.unsigned_abs()) + Duration::from_micros(micros.unsigned_abs())
    };
    let (user, system) = (usage.user_time(), usage.system_time());
    Ok(time(user.tv_sec(), user.tv_usec()) + time(system.tv_sec(), system.tv_usec()))
}

fn build(args: &Args, program: Program, tls: bool, folder: &Path) -> Outcome<PathBuf> {
    let mut command = cargo(args, "build", program, tls);
    command.args(["--profile", "minimal", "--target-dir"]).arg(folder);
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let output = command.output()?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} does not build:\n{text}", program.package()).into());
    }
    Ok(folder.join("minimal").join(program.package()))
}

fn packages(args: &Args, program: Program, tls: bool) -> Outcome<usize> {
    let mut command = cargo(args, "tree", program, tls);
    command.args(["--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    // Name and version; whatever follows is no part of it.
    let names: BTreeSet<String> = text
        .lines()
        .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
        .filter(|name| !name.is_empty())
        .collect();
    Ok(names.len())
}

fn cargo(args: &Args, what: &str, program: Program, tls: bool) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(args.root.join("bench")).args([what, "--locked", "--package"]);
    command.arg(program.package());
    if tls {
        command.args(["--features", "tls"]);
    }
    command
}
