//! Compiles all specs and compares that with no more than parsing them: how long it takes as a
//! multiple, and how much memory it needs.
//!
//! Parsing here means what anyone would begin with, `yaml_serde::Value`, by the same YAML crate,
//! of the same files, on the same number of threads. Both are done in turns, so that a machine
//! that gets slower or faster does so for both. Memory is measured in a process of its own.
//!
//! `cargo bench -p contajners-fetch-api --bench compile`; the specs are those in
//! `CONTAJNERS_SPECS`, or else in `../shared/specs` seen from the workspace.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use contajners_fetch_api::compile::{Mode, Origin, Plan, compile, default_threads};
use contajners_fetch_api::sources::Sources;
use contajners_fetch_api::spec::Prose;
use contajners_tests::shared_specs;
use yaml_serde::Value;

/// How often each of both is done; the median counts.
const ROUNDS: usize = 7;

/// The most that compiling may take, as a multiple of parsing.
const RATIO: f64 = 1.3;

/// The most memory that compiling may take, in MiB.
const MEMORY: f64 = 600.0;

/// Asks this program to compile once and to print its own peak of memory.
const CHILD: &str = "--print-peak-memory";

fn main() {
    let asked = |what: &str| env::args().any(|argument| argument == what);
    // `cargo test` runs benches too, and says nothing; only `cargo bench` asks for it.
    if !asked("--bench") && !asked(CHILD) {
        return;
    }
    let Some(specs) = shared_specs() else {
        println!("skipped: no folder of specs beside the project (set CONTAJNERS_SPECS)");
        return;
    };
    if asked(CHILD) {
        compile_all(&specs);
        println!("{}", peak_memory().unwrap_or_default());
        return;
    }
    let files = files(&specs);
    let bytes: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|m| m.len()).sum();
    let megabytes = bytes as f64 / 1e6;
    println!("{} specs, {megabytes:.1} MB, {} threads", files.len(), default_threads());
    let memory = child_memory();
    let (mut parsing, mut compiling) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Who comes first takes turns as well.
        if round % 2 == 0 {
            parsing.push(time(|| parse_all(&files)));
        }
        compiling.push(time(|| compile_all(&specs)));
        if round % 2 == 1 {
            parsing.push(time(|| parse_all(&files)));
        }
    }
    let (parse, compile) = (median(parsing), median(compiling));
    let ratio = compile.as_secs_f64() / parse.as_secs_f64();
    println!("parse    {:>8.3} s  (median of {ROUNDS})", parse.as_secs_f64());
    println!("compile  {:>8.3} s  (median of {ROUNDS})", compile.as_secs_f64());
    println!("ratio    {ratio:>8.2}    at most {RATIO}: {}", verdict(ratio <= RATIO));
    match memory {
        Some(memory) => {
            println!("memory   {memory:>8.1} MiB  below {MEMORY}: {}", verdict(memory < MEMORY));
        }
        None => println!("memory   unknown on this system"),
    }
}

fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

/// The workspace's own map, which lists exactly the versions that are there.
fn compile_all(specs: &Path) {
    let sources = Sources::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sources.yaml"))
        .expect("the workspace's map of sources");
    let out = tempfile::tempdir().expect("a temporary folder");
    let all = |count: usize| (0..count).collect();
    let plan = Plan {
        engines: sources
            .engines
            .into_iter()
            .map(|engine| (all(engine.versions.len()), engine))
            .map(|(versions, engine)| (engine, versions))
            .collect(),
        picked: false,
        origin: Origin::Folder(specs.to_owned()),
        out: out.path().to_owned(),
        mode: Mode::Write,
        faults: Default::default(),
        prose: Prose::Skip,
        threads: default_threads(),
    };
    let reports = compile(&plan, &()).expect("a folder needs no downloads");
    for report in reports {
        assert!(report.is_good(), "{report:?}");
    }
}

fn parse_all(files: &[PathBuf]) {
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let bytes = std::fs::read(file).expect("a readable spec");
            let value: Value = yaml_serde::from_slice(&bytes).expect("a spec in YAML");
            std::hint::black_box(&value);
        }
    };
    thread::scope(|scope| {
        for _ in 1..default_threads() {
            scope.spawn(work);
        }
        work();
    });
}

/// The files that the compiler reads, in the order in which it does.
fn files(specs: &Path) -> Vec<PathBuf> {
    let sources = Sources::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join("sources.yaml"))
        .expect("the workspace's map of sources");
    let mut files = Vec::new();
    for engine in sources.engines {
        let folder = specs.join(&engine.engine.name);
        files
            .extend(engine.versions.iter().map(|own| folder.join(format!("{}.yaml", own.version))));
    }
    files
}

fn child_memory() -> Option<f64> {
    let program = env::current_exe().ok()?;
    let output = Command::new(program).arg(CHILD).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().parse().ok().filter(|memory| *memory > 0.0)
}

/// The most memory this process has had resident, in MiB, where the system tells.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes / 1024.0)
}

fn time(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
