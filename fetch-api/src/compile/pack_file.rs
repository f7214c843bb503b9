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
    source: Arc<io::Error>,
}

#[derive(Debug, Clone, Copy)]
enum Doing {
    Reading,
    Writing,
}

impl PackFileError {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self.doing {
            Doing::Reading => "file-unreadable",
            Doing::Writing => "file-unwritable",
        }
    }

    /// What has become of the file, where one may wonder.
    pub fn hint(&self) -> Option<&'static str> {
        match self.doing {
            Doing::Reading => None,
            Doing::Writing => Some("a pack that was there before is unchanged"),
        }
    }

    /// The file.
    pub fn file(&self) -> &Path {
        &self.file
    }
}

impl fmt::Display for PackFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing = match self.doing {
            Doing::Reading => "read",
            Doing::Writing => "write",
        };
        write!(f, "cannot {doing} {}", self.file.display())
    }
}

impl std::error::Error for PackFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
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
    PackFileError { file: file.to_owned(), doing, source: error.into() }
}
