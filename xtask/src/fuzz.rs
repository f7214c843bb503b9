//! `cargo xtask fuzz`: the fuzz targets in `fuzz/`, for a short time or a long one.
//!
//! They are built by the toolchain in use: what libFuzzer needs of the compiler is a pass of LLVM
//! that any rustc has. Sanitizers are left out, since they want an unstable compiler and there is
//! no unsafe code here; the folders are laid out as cargo-fuzz has them, for whoever wants those.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::{fs, io, thread};

use crate::Outcome;
use crate::packages::{BUILD, FUZZ, Missing, ensure};
use crate::steps::{self, cargo, command, root};

/// Gives each fuzz target its corpus, and then inputs made of that for some time, two at a time.
///
/// A finding is an input in `fuzz/artifacts`; the error says how to repeat it.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The target; all of them when none is named.
    target: Option<String>,
    /// How long each target runs.
    #[arg(long, default_value_t = 8, value_name = "N")]
    seconds: u32,
    /// How many inputs each target is given, whatever time that takes.
    #[arg(long, conflicts_with = "seconds", value_name = "N")]
    runs: Option<u64>,
    /// Repeats this one input.
    #[arg(long, requires = "target", conflicts_with_all = ["seconds", "runs"], value_name = "FILE")]
    input: Option<PathBuf>,
    /// Keeps inputs that reached something new, in a corpus that is made as small as possible.
    #[arg(long, conflicts_with = "input")]
    keep: bool,
    /// Installs missing packages with apt-get first (Debian, Ubuntu).
    #[arg(long)]
    install: bool,
}

/// What makes rustc count which edges are taken and what is compared, as cargo-fuzz has it.
const INSTRUMENTS: &str = "--cfg fuzzing -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// The bounds of one input: time in seconds, memory of the whole process in MiB.
const BOUNDS: [&str; 2] = ["-timeout=10", "-rss_limit_mb=1024"];

pub(crate) fn run(args: &Args) -> Outcome {
    ensure(&[BUILD, FUZZ], Missing::from_flag(args.install))?;
    let all = targets(&fs::read_to_string(root().join("fuzz/Cargo.toml"))?);
    let chosen: Vec<&str> = match &args.target {
        None => all.iter().map(String::as_str).collect(),
        Some(name) if all.contains(name) => vec![name],
        Some(name) => {
            return Err(format!("no fuzz target `{name}`; there are {}", all.join(", ")).into());
        }
    };
    let folder = build(&chosen)?;
    let left = Mutex::new(chosen.into_iter());
    let next = || left.lock().expect("nobody panics with it").next();
    let work = || {
        let failed = std::iter::from_fn(next)
            .filter_map(|target| fuzz(&Target::new(target, &folder), args).err());
        failed.map(|error| error.to_string()).collect::<Vec<_>>()
    };
    // Each takes a single core.
    let failed = thread::scope(|scope| {
        let other = scope.spawn(work);
        let own = work();
        [own, other.join().expect("it does not panic")].concat()
    });
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
}

/// The names of the programs in a manifest.
fn targets(manifest: &str) -> Vec<String> {
    let sections = manifest.split("[[bin]]").skip(1);
    let names = sections.filter_map(|section| section.trim_start().strip_prefix("name = \""));
    names.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())).collect()
}

/// Builds targets and returns the folder they are in.
fn build(targets: &[&str]) -> Result<PathBuf, Box<dyn Error>> {
    let version = command("rustc", &["-vV"]).output()?;
    let version = String::from_utf8_lossy(&version.stdout).into_owned();
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    let host = host.ok_or("`rustc -vV` names no host")?;
    // With a target the instruments stay out of what runs while this is built.
    let mut build = cargo(&["build", "--release", "--locked", "--target", host]);
    build.args(["--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz"]);
    build.args(targets.iter().flat_map(|target| ["--bin", target]));
    build.env("RUSTFLAGS", INSTRUMENTS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    steps::run(&mut build)?;
    Ok(root().join("target/fuzz").join(host).join("release"))
}

/// Where a target's things are, relative to the root of the workspace.
struct Target<'t> {
    name: &'t str,
    program: PathBuf,
    corpus: String,
    artifacts: String,
    /// Inputs of this run that reached something new.
    found: String,
}

impl<'t> Target<'t> {
    fn new(name: &'t str, folder: &Path) -> Self {
        Self {
            name,
            program: folder.join(name),
            corpus: format!("fuzz/corpus/{name}"),
            artifacts: format!("fuzz/artifacts/{name}/"),
            found: format!("target/fuzz/found/{name}"),
        }
    }

    /// Where the corpus is, and where it is while it is replaced.
    fn places(&self) -> (PathBuf, PathBuf) {
        (root().join(&self.corpus), root().join(format!("{}.old", self.found)))
    }

    fn command(&self) -> Command {
        let program = self.program.strip_prefix(root()).unwrap_or(&self.program);
        let mut command = command(format!("./{}", program.display()), &BOUNDS);
        command.arg(format!("-artifact_prefix={}", self.artifacts));
        command
    }
}

fn fuzz(target: &Target<'_>, args: &Args) -> Outcome {
    let folder = |name: &str| fs::create_dir_all(root().join(name));
    folder(&target.artifacts)?;
    let (corpus, aside) = target.places();
    restore(&corpus, &aside)?;
    folder(&target.corpus)?;
    let mut command = target.command();
    if let Some(input) = &args.input {
        // From here, or from the root, as it is told.
        let input = if input.exists() { std::path::absolute(input)? } else { root().join(input) };
        return steps::run(command.arg(input));
    }
    let _ = fs::remove_dir_all(root().join(&target.found));
    folder(&target.found)?;
    let before = inputs(&target.artifacts)?;
    command.args(["-print_final_stats=1", "-verbosity=0"]);
    command.arg(match args.runs {
        Some(runs) => format!("-runs={runs}"),
        None => format!("-max_total_time={}", args.seconds),
    });
    let dictionary = format!("fuzz/dictionaries/{}", target.name);
    if root().join(&dictionary).is_file() {
        command.arg(format!("-dict={dictionary}"));
    }
    if let Some(limit) = longest(target.name) {
        command.arg(format!("-max_len={limit}"));
    }
    command.args([&target.found, &target.corpus]);
    let log = root().join(format!("{}.log", target.found));
    let outcome = steps::run(command.stderr(fs::File::create(&log)?));
    let told = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if let Err(error) = outcome {
        // All but the words for a dictionary, of which libFuzzer has many.
        let lines: Vec<_> = told.lines().filter(|line| !line.starts_with('"')).collect();
        // In one piece, since another target may have something to say, too.
        eprintln!("{}:\n{}", target.name, lines.join("\n"));
        let mut text = error.to_string();
        let mut kept = inputs(&target.artifacts)?;
        kept.retain(|input| !before.contains(input));
        // Its own word for a SIGINT.
        if told.contains("libFuzzer: run interrupted") {
            text += "\n  it was interrupted; what it says above counts up to then";
        } else if kept.is_empty() {
            text += "\n  no input was kept: libFuzzer has no stack left to tell of a stack that is used up; \
                     a debugger shows where";
        }
        for input in &kept {
            let again = format!("cargo xtask fuzz {} --input {input}", target.name);
            text += &format!("\n  the input is {input}; to repeat it: `{again}`");
        }
        return Err(text.into());
    }
    let count = statistic(&told, "number_of_executed_units").unwrap_or("no");
    let new = statistic(&told, "new_units_added").unwrap_or("none");
    eprintln!("{}: {count} inputs, {new} reached something new", target.name);
    if args.keep { keep(target) } else { Ok(()) }
}

/// One of the numbers that libFuzzer prints at the end.
fn statistic<'t>(told: &'t str, name: &str) -> Option<&'t str> {
    let mut numbers = told.lines().filter_map(|line| line.strip_prefix("stat::")?.split_once(':'));
    numbers.find(|(own, _)| *own == name).map(|(_, number)| number.trim())
}

/// The most bytes of an input, where libFuzzer's own choice (the longest of the corpus, at least
/// 4096) is not the best: short inputs are many.
fn longest(target: &str) -> Option<u32> {
    match target {
        "dockerignore" => Some(128),
        "encode" | "frames" | "lines" => Some(512),
        _ => None,
    }
}

/// Makes a corpus of the old one and of what was found, with one input for each thing reached.
fn keep(target: &Target<'_>) -> Outcome {
    let merged = format!("{}.merged", target.found);
    let _ = fs::remove_dir_all(root().join(&merged));
    fs::create_dir_all(root().join(&merged))?;
    let mut command = target.command();
    command.args(["-set_cover_merge=1", "-verbosity=0", &merged, &target.corpus, &target.found]);
    steps::run(&mut command)?;
    let (corpus, aside) = target.places();
    replace(&corpus, &root().join(&merged), &aside)?;
    Ok(())
}

/// Puts a new folder into the place of another, which is there or aside whenever this is cut short.
fn replace(place: &Path, new: &Path, aside: &Path) -> io::Result<()> {
    if aside.exists() {
        fs::remove_dir_all(aside)?;
    }
    fs::rename(place, aside)?;
    fs::rename(new, place)?;
    fs::remove_dir_all(aside)
}

/// Puts a folder back that a replacement left aside.
fn restore(place: &Path, aside: &Path) -> io::Result<()> {
    match aside.exists() && !place.exists() {
        true => fs::rename(aside, place),
        false => Ok(()),
    }
}

/// The files of a folder, with it before their names.
fn inputs(folder: &str) -> Result<Vec<String>, Box<dyn Error>> {
    let folder = folder.trim_end_matches('/');
    let mut all = Vec::new();
    for entry in fs::read_dir(root().join(folder))? {
        all.push(format!("{folder}/{}", entry?.file_name().to_string_lossy()));
    }
    all.sort();
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_target_is_built_and_has_a_corpus() {
        let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
        let mut known: Vec<String> =
            targets(&manifest).iter().map(|name| format!("fuzz/fuzz_targets/{name}.rs")).collect();
        known.sort();
        assert_eq!(known, inputs("fuzz/fuzz_targets").unwrap());
        let mut size = 0;
        for target in targets(&manifest) {
            let corpus = inputs(&format!("fuzz/corpus/{target}")).unwrap();
            assert!(!corpus.is_empty(), "{target}");
            size += corpus
                .iter()
                .map(|input| fs::metadata(root().join(input)).unwrap().len())
                .sum::<u64>();
        }
        assert!(
            size < 400_000,
            "a corpus is for what is reached, not for all that was found: {size}"
        );
    }

    #[test]
    fn a_corpus_is_replaced_or_kept() {
        let folder = tempfile::tempdir().unwrap();
        let [place, new, aside] = ["place", "new", "aside"].map(|name| folder.path().join(name));
        let make = |path: &Path, input: &str| {
            fs::create_dir(path).unwrap();
            fs::write(path.join(input), "").unwrap();
        };
        make(&place, "old");
        make(&new, "new");
        make(&aside, "older");
        replace(&place, &new, &aside).unwrap();
        assert!(place.join("new").exists() && !new.exists() && !aside.exists());
        // Nothing to put there, as when it was cut short.
        replace(&place, &new, &aside).unwrap_err();
        assert!(!place.exists());
        restore(&place, &aside).unwrap();
        restore(&place, &aside).unwrap();
        assert!(place.join("new").exists() && !aside.exists());
    }

    #[test]
    fn targets_are_the_programs_of_the_manifest() {
        let manifest = r#"
[package]
name = "x"

[[bin]]
name = "a"
path = "a.rs"

[[bin]]
name = "b"
"#;
        assert_eq!(targets(manifest), ["a", "b"]);
    }

    #[test]
    fn numbers_stand_at_the_end() {
        let told = "INFO\nstat::number_of_executed_units: 12\nstat::new_units_added:          3\n";
        assert_eq!(statistic(told, "new_units_added"), Some("3"));
        assert_eq!(statistic(told, "peak_rss_mb"), None);
    }
}
