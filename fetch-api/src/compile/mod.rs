//! From the map of sources to packs on disk.
//!
//! Specs are fetched while others are read; each is turned into its model on one of several
//! threads and dropped at once. The thread that finishes an engine's last version merges them
//! and writes the pack, while the others go on with the next engine.
//!
//! A version and what became of it stay together from the beginning: results go into the slot
//! of their version, never into a list that could shift. A version that fails, or is not asked
//! for, is taken from the pack that is there. A pack loses a version only when the map does, in a
//! run that is about all versions and compiles one at least: else the map may be mistaken.

mod difference;
mod fetch;
mod pack_file;
mod report;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use contajners_core::{Pack, PackError};

pub use difference::{Differences, VersionDifference};
pub use fetch::{FetchError, Origin};
pub use pack_file::PackFileError;
pub use report::{Change, CompileError, EngineReport, Failure, Notes};

use fetch::Text;

use crate::annotations::{Annotations, AnnotationsError, Matches};
use crate::docs::Docs;
use crate::lower::is_same_version;
use crate::model::Model;
use crate::sources::{EngineSources, Source};
use crate::spec::{self, Faults, Prose, Read, SpecError};
use crate::{lift, lower};

/// What to do with the packs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Write those that change.
    Write,
    /// Only say what would change.
    Check,
}

/// What is to be compiled, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The engines, each with the numbers of the versions to compile.
    pub engines: Vec<(EngineSources, Vec<usize>)>,
    /// Whether the versions were picked out, so that all others stay in the pack.
    pub picked: bool,
    /// Where the specs come from.
    pub origin: Origin,
    /// The folder of the packs.
    pub out: PathBuf,
    /// Write or check.
    pub mode: Mode,
    /// What becomes of specs with faults.
    pub faults: Faults,
    /// Whether the prose goes into a file beside the pack.
    pub prose: Prose,
    /// How many threads read specs.
    pub threads: usize,
}

/// Is told how far the work has come; called from several threads.
pub trait Watch: Sync {
    /// A version has been read, or has failed.
    fn version_done(&self, engine: &str, version: &str);
}

impl Watch for () {
    fn version_done(&self, _engine: &str, _version: &str) {}
}

/// Compiles what the plan says and reports on each engine, in the plan's order.
///
/// One version's or engine's trouble does not keep the others from being written.
///
/// # Errors
///
/// Only what concerns all of them: the downloads cannot be set up.
pub fn compile(plan: &Plan, watch: &dyn Watch) -> Result<Vec<EngineReport>, FetchError> {
    let works: Vec<Work<'_>> =
        plan.engines.iter().map(|(sources, selected)| Work::new(sources, selected)).collect();
    let reports: Vec<Mutex<Option<EngineReport>>> =
        works.iter().map(|_| Mutex::new(None)).collect();
    let jobs: Vec<Job<'_>> = works
        .iter()
        .enumerate()
        // Rules that cannot be read make all the reading pointless.
        .filter_map(|(engine, work)| Some((engine, work, work.annotations.as_ref().ok()?)))
        .flat_map(|(engine, work, annotations)| {
            work.selected.iter().map(move |&version| Job { engine, version, annotations })
        })
        .collect();
    for (work, report) in works.iter().zip(&reports) {
        if work.left.load(Ordering::Relaxed) == 0 || work.annotations.is_err() {
            *lock(report) = Some(work.finish(plan));
        }
    }
    let source = |&Job { engine, version, .. }: &Job<'_>| {
        let sources: &EngineSources = works[engine].sources;
        (sources.engine.name.as_str(), &sources.versions[version])
    };
    fetch::with_each(&plan.origin, &jobs, source, plan.threads, |job, text| {
        let Job { engine, version, annotations } = *job;
        let work = &works[engine];
        let source = &work.sources.versions[version];
        let outcome =
            text.map_err(Failure::Fetch).and_then(|text| read(source, &text, annotations, plan));
        watch.version_done(&work.sources.engine.name, &source.version);
        *lock(&work.slots[version]) = Some(outcome);
        if work.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            *lock(&reports[engine]) = Some(work.finish(plan));
        }
    })?;
    // Every job ran, so every engine has been finished.
    Ok(reports.iter().filter_map(|report| lock(report).take()).collect())
}

/// The number of threads to use when nothing else is said.
pub fn default_threads() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// A version to read, by the numbers of its engine and of its own.
struct Job<'w> {
    engine: usize,
    version: usize,
    annotations: &'w Annotations,
}

type Outcome = Result<(Model, Matches, Notes), Failure>;

/// One engine while it is worked on.
struct Work<'p> {
    sources: &'p EngineSources,
    selected: &'p [usize],
    annotations: Result<Annotations, CompileError>,
    /// One slot for each version of the map.
    slots: Vec<Mutex<Option<Outcome>>>,
    left: AtomicUsize,
}

impl<'p> Work<'p> {
    fn new(sources: &'p EngineSources, selected: &'p [usize]) -> Self {
        Self {
            sources,
            selected,
            annotations: read_annotations(sources),
            slots: sources.versions.iter().map(|_| Mutex::new(None)).collect(),
            left: AtomicUsize::new(selected.len()),
        }
    }

    fn finish(&self, plan: &Plan) -> EngineReport {
        let mut report = EngineReport::new(&self.sources.engine.name);
        report.result = self.assemble(plan, &mut report);
        report
    }

    fn assemble(&self, plan: &Plan, report: &mut EngineReport) -> Result<Change, CompileError> {
        let annotations = match &self.annotations {
            Ok(annotations) => annotations,
            Err(error) => return Err(error.clone()),
        };
        let mut models = Vec::new();
        let mut matches = annotations.matches();
        let mut wanted = Vec::new();
        for (source, slot) in self.sources.versions.iter().zip(&self.slots) {
            match lock(slot).take() {
                Some(Ok((model, matched, notes))) => {
                    matches.merge(&matched);
                    report.notes.push(notes);
                    report.compiled.push(source.version.clone());
                    models.push(model);
                }
                Some(Err(failure)) => {
                    report.failed.push((source.version.clone(), failure));
                    wanted.push(&source.version);
                }
                None => wanted.push(&source.version),
            }
        }
        // What one version lacks another may have: rules are judged when all were seen.
        let is_whole = report.notes.iter().all(|notes| notes.left_out.is_empty());
        if wanted.is_empty() && is_whole {
            let unmatched = annotations.unmatched(&matches);
            if !unmatched.is_empty() {
                let file = self.sources.annotations.clone().unwrap_or_default();
                return Err(CompileError::UnmatchedAnnotations { file, unmatched });
            }
        }
        let name = &self.sources.engine.name;
        let file = plan.out.join(format!("{name}.postcard"));
        let old_bytes = pack_file::read(&file).map_err(CompileError::PackFile)?;
        let old = match old_bytes.as_deref().map(open) {
            None => None,
            Some(Ok(pack)) => Some(pack),
            // Whatever is in it, all of it is made anew.
            Some(Err(error)) if wanted.is_empty() => {
                report.notices.push(format!("{} was not a usable pack: {error}", file.display()));
                None
            }
            Some(Err(source)) => return Err(CompileError::OldPack { file, source }),
        };
        if let Some(old) = &old {
            if old.engine() != name {
                return Err(CompileError::OtherEngine { file, found: old.engine().to_owned() });
            }
            let versions = &self.sources.versions;
            let is_listed =
                |version: &str| versions.iter().any(|own| is_same_version(&own.version, version));
            let drops = !plan.picked && !report.compiled.is_empty();
            let is_wanted = |version: &str| {
                wanted.iter().any(|own| is_same_version(own, version))
                    || !drops && !is_listed(version)
            };
            let kept = lift::models_of(old, is_wanted)
                .map_err(|source| CompileError::Lift { file: file.clone(), source })?;
            report.kept.extend(kept.iter().map(|model| model.version.clone()));
            models.extend(kept);
            if drops {
                let dropped = old.versions().filter(|own| !is_listed(own));
                report.dropped.extend(dropped.map(str::to_owned));
            }
        }
        if models.is_empty() {
            return Err(CompileError::NothingToWrite);
        }
        let bytes = lower::pack(&self.sources.engine, &models).map_err(CompileError::Lower)?;
        // Nothing is written, or called good, that nobody could use.
        let new =
            open(&bytes).map_err(|source| CompileError::Unusable { file: file.clone(), source })?;
        if plan.prose == Prose::Keep && plan.mode == Mode::Write {
            let file = plan.out.join(format!("{name}.docs"));
            let mut docs = Docs::new(&models);
            let old = pack_file::read(&file).map_err(CompileError::PackFile)?;
            match old.as_deref().map(Docs::open) {
                Some(Ok(old)) => docs.keep(&old, &report.kept),
                Some(Err(error)) if !report.kept.is_empty() => {
                    let versions = report.kept.join(", ");
                    let file = file.display();
                    report.notices.push(format!("{file}: {error}; no prose of {versions} is left"));
                }
                _ => {}
            }
            pack_file::write(&file, &docs.to_bytes()).map_err(CompileError::PackFile)?;
        }
        if old_bytes.as_deref() == Some(&bytes) {
            return Ok(Change::None);
        }
        match plan.mode {
            Mode::Write => {
                pack_file::write_over(&file, old_bytes.as_deref(), &bytes)
                    .map_err(CompileError::PackFile)?;
                Ok(Change::Written { file, bytes: bytes.len() })
            }
            Mode::Check => {
                // Both sides as they come out of a pack, so that only facts are compared.
                let facts = |pack: &Pack<'_>| match lift::models(pack) {
                    Ok(models) => Ok((lift::engine(pack), models)),
                    Err(source) => Err(CompileError::Lift { file: file.clone(), source }),
                };
                let old = old.as_ref().map(facts).transpose()?;
                let new = facts(&new)?;
                let old = old.as_ref().map(|(engine, models)| (engine, models.as_slice()));
                let differences = Differences::new(old, (&new.0, &new.1));
                Ok(Change::Differs { file, differences })
            }
        }
    }
}

/// Opens a pack that is whole.
fn open(bytes: &[u8]) -> Result<Pack<'_>, PackError> {
    let pack = Pack::open(bytes)?;
    pack.verify()?;
    Ok(pack)
}

fn read(source: &Source, text: &Text, annotations: &Annotations, plan: &Plan) -> Outcome {
    let mut matches = annotations.matches();
    let context = spec::Context {
        prose: plan.prose,
        faults: plan.faults,
        missing: annotations.missing(&source.version),
        ..source.context.clone()
    };
    let read =
        spec::read_with(&text.bytes, &context, &mut annotations.of(&source.version, &mut matches));
    let failure = |source| Failure::Spec { origin: text.origin.clone(), source };
    let Read { mut model, notes, filled, left_out } = read.map_err(failure)?;
    annotations.note_missing(&source.version, &filled, &mut matches);
    annotations.apply(&mut model, &mut matches);
    model.write_defaults();
    if model.operations.is_empty() {
        return Err(failure(SpecError::NoOperation(notes)));
    }
    let (version, origin) = (source.version.clone(), text.origin.clone());
    Ok((model, matches, Notes { version, origin, faults: notes, left_out }))
}

fn read_annotations(sources: &EngineSources) -> Result<Annotations, CompileError> {
    let Some(file) = &sources.annotations else { return Ok(Annotations::default()) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        CompileError::UnreadableAnnotations { file: file.clone(), source: error.into() }
    })?;
    Annotations::parse(&text).map_err(|source: AnnotationsError| CompileError::Annotations {
        file: file.clone(),
        source: source.into(),
    })
}

/// Locks; what a thread that panicked left behind is whole, since slots are written in one go.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
