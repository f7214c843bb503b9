//! The command `fetch-api`: what is typed, what is printed.
//!
//! Progress and errors go to standard error; one line per engine goes to standard output.

use std::error::Error;
use std::fmt;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use contajners_core::{ApiVersion, nearest};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::compile::{self, Change, EngineReport, Failure, Mode, Notes, Origin, Plan, Watch};
use crate::download::Settings;
use crate::sources::{EngineSources, Sources, SourcesError};
use crate::spec::{Faults, Prose};

/// Compile the engines' published API specs into packs.
///
/// Downloads the specs that the map of sources lists, or reads them from a folder, and writes
/// one pack per engine. A version that fails, or is not selected, stays in the pack as it is.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Compile only this engine [may be repeated; default: all of the map]
    #[arg(long = "engine", value_name = "ENGINE")]
    pub engines: Vec<String>,

    /// Compile only this API version, such as v1.41 [may be repeated; default: all of the map]
    #[arg(long = "api-version", value_name = "VERSION")]
    pub api_versions: Vec<String>,

    /// Read DIR/ENGINE/VERSION.yaml (or .yml, .json) instead of downloading
    #[arg(long, value_name = "DIR")]
    pub from: Option<PathBuf>,

    /// Compile what there is of a spec with faults: operations at fault are left out, schemas at
    /// fault allow anything. What is wrong is told all the same
    #[arg(long)]
    pub keep_going: bool,

    /// Write nothing; fail and say what differs when a pack is not what the sources compile to
    #[arg(long)]
    pub check: bool,

    /// Download and read so many specs at once [default: 8 downloads, one reader per processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub jobs: Option<u16>,

    /// Keep downloads in DIR, and next time ask whether they have changed
    #[arg(long, value_name = "DIR", conflicts_with = "from")]
    pub cache: Option<PathBuf>,

    /// Also write the vendors' summaries and descriptions to ENGINE.docs beside each pack
    #[arg(long, conflicts_with = "check")]
    pub docs: bool,

    /// The map of sources [default: that of the clone that `cargo xtask fetch-api` runs in]
    #[arg(long, value_name = "FILE")]
    pub sources: Option<PathBuf>,

    /// The folder of the packs; `--sources` needs it [default: `resources` of that clone]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// What the arguments leave open, in a clone of the repository.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// The map of sources.
    pub sources: PathBuf,
    /// The folder of the packs.
    pub out: PathBuf,
}

/// Runs the command and says how it ended: 0 when all is well, 1 when a version failed or a
/// pack differs, 2 when the arguments or the map of sources cannot be used.
///
/// Without defaults the arguments have to name the map and the folder of the packs.
pub fn run(args: &Args, defaults: Option<&Defaults>) -> ExitCode {
    // A reader that has gone changes neither how the run ends nor what the other one is told.
    let (out, err) = (&mut Lenient(std::io::stdout()), &mut Lenient(std::io::stderr()));
    let plan = match plan(args, defaults) {
        Ok(plan) => plan,
        Err(refusal) => {
            let _ = write!(err, "{refusal}");
            return ExitCode::from(2);
        }
    };
    let progress = Progress::new(plan.engines.iter().map(|(_, selected)| selected.len()).sum());
    let outcome = compile::compile(&plan, &progress);
    progress.bar.finish_and_clear();
    match outcome {
        Ok(reports) => {
            let mut good = true;
            for report in &reports {
                good &= report.is_good();
                let _ = print(report, out, err);
            }
            if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            let _ = writeln!(err, "error: {error}");
            let _ = print_causes(&error, err);
            ExitCode::FAILURE
        }
    }
}

/// A stream whose reader may have gone.
struct Lenient<W>(W);

impl<W: Write> Write for Lenient<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let _ = self.0.write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let _ = self.0.flush();
        Ok(())
    }
}

/// Why a run does not even start.
#[derive(Debug, Default, PartialEq, Eq)]
struct Refusal {
    text: String,
    cause: Option<String>,
    hint: Option<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.text)?;
        self.cause.iter().try_for_each(|cause| writeln!(f, "  caused by: {cause}"))?;
        self.hint.iter().try_for_each(|hint| writeln!(f, "  hint: {hint}"))
    }
}

fn plan(args: &Args, defaults: Option<&Defaults>) -> Result<Plan, Refusal> {
    let (file, out) = places(args, defaults)?;
    let sources = Sources::open(file).map_err(|error| Refusal {
        text: match &error {
            SourcesError::Unreadable { .. } => error.to_string(),
            error => format!("{}: {error}", file.display()),
        },
        cause: error.source().map(|cause| cause.to_string()),
        hint: None,
    })?;
    let origin = match &args.from {
        Some(folder) if !folder.is_dir() => {
            return Err(Refusal {
                text: format!("there is no folder {}", folder.display()),
                hint: Some("`--from` takes a folder with `<engine>/<version>.yaml` in it".into()),
                ..Refusal::default()
            });
        }
        Some(folder) => Origin::Folder(folder.clone()),
        None => Origin::Network {
            settings: Box::new(Settings { cache: args.cache.clone(), ..Settings::default() }),
            downloads: args.jobs.map(usize::from),
        },
    };
    Ok(Plan {
        engines: select(sources, &args.engines, &args.api_versions)?,
        picked: !args.api_versions.is_empty(),
        origin,
        out: out.clone(),
        mode: if args.check { Mode::Check } else { Mode::Write },
        faults: if args.keep_going { Faults::KeepGoing } else { Faults::Refuse },
        prose: if args.docs { Prose::Keep } else { Prose::Skip },
        threads: args.jobs.map_or_else(compile::default_threads, usize::from),
    })
}

/// The map of sources and the folder of the packs. Packs of a map of the user's own are not written
/// over those of the clone.
fn places<'a>(
    args: &'a Args,
    defaults: Option<&'a Defaults>,
) -> Result<(&'a PathBuf, &'a PathBuf), Refusal> {
    match (&args.sources, &args.out, defaults) {
        (Some(file), Some(out), _) => Ok((file, out)),
        (None, out, Some(own)) => Ok((&own.sources, out.as_ref().unwrap_or(&own.out))),
        (Some(file), None, _) => Err(Refusal {
            text: format!("no folder is given for the packs of {}", file.display()),
            hint: Some("name it with `--out DIR`".into()),
            ..Refusal::default()
        }),
        (None, _, None) => Err(Refusal {
            text: "no map of sources is given".into(),
            hint: Some(
                "`--sources FILE` names one, and `--out DIR` the folder of its packs; \
                 `cargo xtask fetch-api` has those of its clone"
                    .into(),
            ),
            ..Refusal::default()
        }),
    }
}

/// Picks engines and versions out of the map, all of them when none are named.
fn select(
    sources: Sources,
    engines: &[String],
    versions: &[String],
) -> Result<Vec<(EngineSources, Vec<usize>)>, Refusal> {
    let known: Vec<&str> =
        sources.engines.iter().map(|sources| sources.engine.name.as_str()).collect();
    for name in engines {
        if !known.contains(&name.as_str()) {
            let hint = match nearest(name, known.iter().copied()).as_slice() {
                [] => format!("the map has {}", known.join(", ")),
                names => format!("did you mean `{}`?", names.join("` or `")),
            };
            let text = format!("unknown engine `{name}`");
            return Err(Refusal { text, hint: Some(hint), ..Refusal::default() });
        }
    }
    let chosen: Vec<EngineSources> = sources
        .engines
        .into_iter()
        .filter(|sources| engines.is_empty() || engines.contains(&sources.engine.name))
        .collect();
    for version in versions {
        let all = || chosen.iter().flat_map(|sources| &sources.versions).map(|own| &*own.version);
        if !all().any(|own| is_version(own, version)) {
            let hint = match nearest(version, all()).as_slice() {
                [] => {
                    let names = chosen.iter().map(|sources| {
                        let first = sources.versions.first().map_or("", |own| &own.version);
                        let last = sources.versions.last().map_or("", |own| &own.version);
                        format!("{} has {first} to {last}", sources.engine.name)
                    });
                    names.collect::<Vec<_>>().join(", ")
                }
                names => format!("did you mean `{}`?", names.join("` or `")),
            };
            let text = format!("unknown API version `{version}`");
            return Err(Refusal { text, hint: Some(hint), ..Refusal::default() });
        }
    }
    let selected = chosen.into_iter().map(|sources| {
        let numbers: Vec<usize> = (0..sources.versions.len())
            .filter(|i| {
                let own = &sources.versions[*i].version;
                versions.is_empty() || versions.iter().any(|version| is_version(own, version))
            })
            .collect();
        (sources, numbers)
    });
    Ok(selected.filter(|(_, numbers)| !numbers.is_empty()).collect())
}

/// Tells whether a version is meant, with or without the leading `v`, as everywhere else.
fn is_version(own: &str, asked: &str) -> bool {
    let parsed = ApiVersion::parse(asked);
    own == asked || parsed.is_some() && ApiVersion::parse(own) == parsed
}

/// Prints what became of an engine.
pub(crate) fn print(
    report: &EngineReport,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> std::io::Result<()> {
    let engine = &report.engine;
    for (version, failure) in &report.failed {
        match failure {
            Failure::Spec { origin, source } => {
                for line in source.lines() {
                    writeln!(err, "{engine} {version}: {line}")?;
                }
                writeln!(err, "  in {origin}")?;
            }
            other => {
                writeln!(err, "{engine} {version}: {other}")?;
                print_causes(other, err)?;
            }
        }
    }
    for Notes { version, origin, faults, left_out } in &report.notes {
        for fault in faults {
            writeln!(err, "{engine} {version}: {fault}")?;
        }
        if !left_out.is_empty() {
            writeln!(err, "{engine} {version}: left out: `{}`", left_out.join("`, `"))?;
        }
        if !faults.is_empty() {
            writeln!(err, "  in {origin}")?;
        }
    }
    for notice in &report.notices {
        writeln!(err, "{engine}: {notice}")?;
    }
    // A check tells of them among what differs.
    if !report.dropped.is_empty() && matches!(report.result, Ok(Change::Written { .. })) {
        let versions = report.dropped.join(", ");
        writeln!(err, "{engine}: dropped {versions}: no longer in the map of sources")?;
    }
    if !report.failed.is_empty() {
        let kept = |version: &String| report.kept.contains(version);
        let (kept, missing): (Vec<_>, Vec<_>) =
            report.failed.iter().map(|(version, _)| version).partition(|version| kept(version));
        for (versions, what) in
            [(kept, "kept as the pack has them"), (missing, "missing in the pack")]
        {
            if !versions.is_empty() {
                let versions: Vec<&str> = versions.into_iter().map(String::as_str).collect();
                writeln!(err, "{engine}: failed and {what}: {}", versions.join(", "))?;
            }
        }
    }
    let mut hints: Vec<&str> = Vec::new();
    for hint in report.failed.iter().filter_map(|(_, failure)| failure.hint()) {
        // What helps one version helps all that failed alike.
        if !hints.contains(&hint) {
            writeln!(err, "  hint: {hint}")?;
            hints.push(hint);
        }
    }
    let count = report.compiled.len();
    let versions = if count == 1 { "version" } else { "versions" };
    match &report.result {
        Ok(Change::None) => writeln!(out, "{engine}: {count} {versions} compiled, no change"),
        Ok(Change::Written { file, bytes }) => {
            let file = file.display();
            writeln!(out, "{engine}: {count} {versions} compiled, {file} written ({bytes} bytes)")
        }
        Ok(Change::Differs { file, differences }) => {
            writeln!(err, "{engine}: {} is not what the sources compile to", file.display())?;
            for line in differences.to_string().lines() {
                writeln!(err, "  {line}")?;
            }
            writeln!(err, "  hint: the same without `--check` rebuilds it")
        }
        Err(error) => {
            writeln!(err, "error: {engine}: {error}")?;
            print_causes(error, err)?;
            match error.hint() {
                Some(hint) => writeln!(err, "  hint: {hint}"),
                None => Ok(()),
            }
        }
    }
}

fn print_causes(error: &dyn Error, err: &mut dyn Write) -> std::io::Result<()> {
    let mut cause = error.source();
    while let Some(error) = cause {
        writeln!(err, "  caused by: {error}")?;
        cause = error.source();
    }
    Ok(())
}

/// A bar that is there only on a terminal.
struct Progress {
    bar: ProgressBar,
}

impl Progress {
    fn new(versions: usize) -> Self {
        let target = match std::io::stderr().is_terminal() {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        Self::on(target, versions)
    }

    fn on(target: ProgressDrawTarget, versions: usize) -> Self {
        let bar = ProgressBar::with_draw_target(Some(versions as u64), target);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
            bar.set_style(style);
        }
        Self { bar }
    }
}

impl Watch for Progress {
    fn version_done(&self, engine: &str, version: &str) {
        self.bar.set_message(format!("{engine} {version}"));
        self.bar.inc(1);
    }
}

/// Where things lie in a checkout of the workspace.
impl Defaults {
    /// The map and the packs of the workspace in this folder.
    pub fn of_workspace(root: &Path) -> Self {
        Self { sources: root.join("fetch-api/sources.yaml"), out: root.join("resources") }
    }
}

#[cfg(test)]
mod tests;
