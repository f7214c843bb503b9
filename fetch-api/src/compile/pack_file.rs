//! Reads and replaces files; a reader sees the old content or the new, never a part.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a file could not be read or written; whatever was there is still there.
#[derive(Debug, Clone)]
pub struct PackFileError {
    file: PathBuf,
    doing: Doing,
    source: Option<Arc<io::Error>>,
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    Reading,
    Writing,
    /// Writing what another one has written meanwhile.
    Racing,
}

impl PackFileError {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self.doing {
            Doing::Reading => "file-unreadable",
            Doing::Writing => "file-unwritable",
            Doing::Racing => "file-changed",
        }
    }

    /// What has become of the file, where one may wonder.
    pub fn hint(&self) -> Option<&'static str> {
        match self.doing {
            Doing::Reading => None,
            Doing::Writing => Some("a pack that was there before is unchanged"),
            Doing::Racing => Some("run it again when the other one is done"),
        }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

impl fmt::Display for PackFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        match self.doing {
            Doing::Reading => write!(f, "cannot read {file}"),
            Doing::Writing => write!(f, "cannot write {file}"),
            Doing::Racing => write!(f, "another run has changed {file} meanwhile"),
        }
    }
}

impl std::error::Error for PackFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Reads a file; `None` when there is none.
pub(super) fn read(file: &Path) -> Result<Option<Vec<u8>>, PackFileError> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(file, Doing::Reading, error)),
    }
}

/// Replaces a file as a whole, if it still is what it was: a run that has put another version into it
/// meanwhile would have done so in vain.
pub(super) fn write_over(
    file: &Path,
    old: Option<&[u8]>,
    bytes: &[u8],
) -> Result<(), PackFileError> {
    if read(file)?.as_deref() != old {
        return Err(PackFileError { file: file.to_owned(), doing: Doing::Racing, source: None });
    }
    write(file, bytes)
}

/// Replaces a file as a whole.
pub(super) fn write(file: &Path, bytes: &[u8]) -> Result<(), PackFileError> {
    replace(file, bytes).map_err(|error| wrong(file, Doing::Writing, error))
}

fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".fetch-api-");
    // A pack is for everyone to read; left alone, temporary files are their owner's.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    temporary.persist(file)?;
    // The new name is safe once the folder is; not every file system can do that.
    #[cfg(unix)]
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

fn wrong(file: &Path, doing: Doing, error: io::Error) -> PackFileError {
    PackFileError { file: file.to_owned(), doing, source: Some(error.into()) }
}
