//! Packs of the user's own: files that are named, and a folder that holds some.
//!
//! A file that is named counts for more than what is built in, and must do. The folder never gets
//! in the way: it is looked at only for an engine that is not built in, and what cannot be used in
//! it is told and passed over.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use contajners_core::Pack;

use crate::failure::{Failure, Status};
use crate::settings::set;

/// The largest file that is read; all of Podman takes a tenth of a megabyte.
const MAX_BYTES: u64 = 16 << 20;

/// A pack that is not built in.
#[derive(Debug)]
pub(crate) struct Own {
    /// The engine's name.
    pub(crate) name: &'static str,
    /// The pack, for as long as the program runs.
    pub(crate) pack: Pack<'static>,
    /// Where it comes from.
    pub(crate) file: PathBuf,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The packs that can be used, in the order of their files.
    pub(crate) packs: Vec<Own>,
    /// What cannot be used, and why.
    pub(crate) passed_over: Vec<PassedOver>,
}

/// Something in the folder, or the folder itself, that cannot be used.
#[derive(Debug)]
pub(crate) struct PassedOver {
    /// The file, or the folder.
    pub(crate) file: PathBuf,
    /// Why, in a line.
    pub(crate) why: String,
}

impl PassedOver {
    /// Tells it in a line.
    pub(crate) fn line(&self) -> String {
        format!("{} is skipped: {}", self.file.display(), self.why)
    }
}

/// Reads the packs of files that are named.
pub(crate) fn named(files: &[PathBuf]) -> Result<Vec<Own>, Failure> {
    let mut packs: Vec<Own> = Vec::new();
    for file in files {
        let own = read(file).map_err(|unusable| {
            let text = format!("cannot use the file `{}`", file.display());
            Failure::new(unusable.status, text).with_hint(unusable.hint).because(unusable.why)
        })?;
        if let Some(other) = packs.iter().find(|other| other.name == own.name) {
            let text = format!("two packs of `{}` are given", own.name);
            let files = format!("{} and {}", other.file.display(), file.display());
            return Err(Failure::usage(text).with_hint(files));
        }
        packs.push(own);
    }
    Ok(packs)
}

/// Reads those packs of files that are named that can be used, and tells nothing.
pub(crate) fn usable(files: &[PathBuf]) -> Vec<Own> {
    files.iter().filter_map(|file| read(file).ok()).collect()
}

/// Returns the folder: `CONTAJNERS_PACKS`, else `contajners/packs` among the user's data.
pub(crate) fn folder() -> Option<PathBuf> {
    set("CONTAJNERS_PACKS").map(Into::into).or_else(|| Some(data()?.join("contajners/packs")))
}

/// Returns where the user's data lie, by the rules of XDG.
pub(crate) fn data() -> Option<PathBuf> {
    let typed = set("XDG_DATA_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    typed.or_else(|| Some(Path::new(&set("HOME")?).join(".local/share")))
}

/// Looks through the folder, if there is one.
pub(crate) fn found() -> Found {
    let Some(folder) = folder() else { return Found::default() };
    let mut found = Found::default();
    let entries = fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries = match entries {
        Ok(entries) => entries,
        Err(error) => {
            let is_usual = error.kind() == io::ErrorKind::NotFound;
            // A folder that was named should be there.
            if !is_usual || set("CONTAJNERS_PACKS").is_some() {
                found.passed_over.push(PassedOver { file: folder, why: error.to_string() });
            }
            return found;
        }
    };
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "postcard"));
    files.sort();
    for file in files {
        match read(&file) {
            Ok(own) if contajners::engines().any(|name| name == own.name) => {
                found.passed_over.push(PassedOver { why: built_in(own.name), file });
            }
            Ok(own) => match found.packs.iter().find(|other| other.name == own.name) {
                Some(other) => {
                    let other = other.file.display();
                    let why = format!("{other} is also a pack of `{}`", own.name);
                    found.passed_over.push(PassedOver { file, why });
                }
                None => found.packs.push(own),
            },
            Err(unusable) => found.passed_over.push(PassedOver { file, why: unusable.why }),
        }
    }
    found
}

/// Returns an engine's pack, named, built in or in the folder, and tells nothing.
pub(crate) fn find(engine: &str, named: &[Own]) -> Option<Pack<'static>> {
    let own = named.iter().find(|own| own.name == engine).map(|own| own.pack);
    own.or_else(|| contajners::pack(engine).ok())
        .or_else(|| found().packs.into_iter().find(|own| own.name == engine).map(|own| own.pack))
}

/// Returns the names of all engines that there are packs of, those of named files first.
pub(crate) fn names(named: &[Own]) -> Vec<&'static str> {
    let mut names: Vec<&str> = named.iter().map(|own| own.name).collect();
    for name in contajners::engines().chain(found().packs.into_iter().map(|own| own.name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Tells of a file in the folder that would be the engine's if it were not built in.
pub(crate) fn shadowed(engine: &str) -> Option<PassedOver> {
    let file = folder()?.join(format!("{engine}.postcard"));
    file.exists().then(|| PassedOver { why: built_in(engine), file })
}

fn built_in(engine: &str) -> String {
    format!("`{engine}` is built in, and only `--pack` can replace it")
}

/// Why a file cannot be used.
struct Unusable {
    status: Status,
    why: String,
    hint: String,
}

fn read(file: &Path) -> Result<Own, Unusable> {
    let hint = "a pack is what `fetch-api` writes; docs/adding-an-engine.md tells how";
    let unusable = |status, why: String, hint: &str| Unusable { status, why, hint: hint.into() };
    let bytes = bytes(file).map_err(|error| unusable(Status::Local, error.to_string(), hint))?;
    // Kept until the program ends, as those are that are built in; there are a few at most.
    let bytes: &'static [u8] = bytes.leak();
    let opened = Pack::open(bytes).and_then(|pack| pack.verify().map(|()| pack));
    let pack = opened.map_err(|error| unusable(Status::Usage, error.to_string(), error.hint()))?;
    let name = pack.engine();
    if !is_name(name) {
        let why = "the engine's name in it may have only letters, digits, `-`, `_` and `.`";
        return Err(unusable(Status::Usage, why.into(), hint));
    }
    Ok(Own { name, pack, file: file.to_owned() })
}

/// Reads a file of ours that a stranger may have put there: nothing but a file, and not more than is
/// bearable.
pub(crate) fn bytes(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Opening a pipe would wait for whoever writes into it.
    if !fs::metadata(file)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    File::open(file)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > MAX_BYTES {
        true => Err(io::Error::other(format!("it is larger than {} MiB", MAX_BYTES >> 20))),
        false => Ok(bytes),
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}
