//! A folder as it is given: what of it is sent, and how.

use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

use crate::archive::ignore::{self, Ignore};
use crate::archive::pack;
use crate::error::{Error, quoted};
use crate::pipe::{self, PipeReader};

/// The names that a build file has when none is given. Which of them counts, engines do not agree on.
const DOCKERFILES: [&str; 3] = ["Dockerfile", "dockerfile", "Containerfile"];
/// The names that an ignore file has; the first that is there counts.
const IGNORE_FILES: [&str; 2] = [".dockerignore", ".containerignore"];

/// A folder that becomes a tar while it is sent, in constant memory: see
/// [`Call::body_folder`](crate::Call::body_folder).
///
/// Entries come sorted by name, so that the same folder gives the same bytes. Files keep mode and
/// time (whole seconds) and belong to root, links stay links, holes are sent as zeros, a file with
/// several names is sent once for each. Sockets are left out, and what goes away while the folder is
/// read; a device is an error, as is whatever cannot be read, by its path. Of a file that grows as much is sent as it had when it was
/// opened; one that shrinks is an error.
///
/// ```no_run
/// # async fn demo(docker: contajners::Client) -> Result<(), contajners::Error> {
/// use contajners::{Compression, Folder};
///
/// let context = Folder::build_context("app").dockerfile("deploy/Dockerfile");
/// docker
///     .invoke("ImageBuild")
///     .param("t", "app:1")
///     .param("dockerfile", "deploy/Dockerfile")
///     .body_folder(context.compressed(Compression::Gzip))
///     .await?;
/// docker
///     .invoke("PutContainerArchive")
///     .param("id", "conny")
///     .param("path", "/srv")
///     .body_folder("site")
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "a folder is sent by `Call::body_folder`, or read with `open`"]
pub struct Folder {
    path: PathBuf,
    context: Option<BuildContext>,
    compression: Compression,
}

#[derive(Debug, Clone)]
struct BuildContext {
    dockerfiles: Vec<String>,
    /// Whether the engine has a build file that is not in the folder.
    has_other: bool,
    ignore_files: Vec<String>,
}

/// How an archive is compressed on its way out. Engines find out by themselves: the media type
/// stays `application/x-tar`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[default]
    Nothing,
    /// With gzip.
    Gzip,
    /// With zstd, which is faster and smaller. Podman 4 reads it; Docker 20.10 does not yet.
    #[cfg(feature = "zstd")]
    Zstd,
}

impl Folder {
    /// Takes all that is in a folder.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), context: None, compression: Compression::Nothing }
    }

    /// Takes what a build needs of a folder: all but what its ignore file leaves out.
    ///
    /// `<Dockerfile>.dockerignore` goes before `.dockerignore`, and that before
    /// `.containerignore`; the rules are Docker's. The build file and the ignore file themselves
    /// are always sent. Something taken in by `!` comes with the folders above it.
    ///
    /// Docker's `ImageBuild` uses its classic builder unless `version` is `"2"`. BuildKit tells its
    /// progress in messages of its own then, and what needs a session with the program that builds (secrets,
    /// forwarded keys) is not to be had through it. Podman's builds have neither limit.
    pub fn build_context(path: impl Into<PathBuf>) -> Self {
        let ignore_files = IGNORE_FILES.map(Into::into).to_vec();
        let context = BuildContext { dockerfiles: Vec::new(), has_other: false, ignore_files };
        Self { context: Some(context), ..Self::new(path) }
    }

    /// Names the build file by its path in the folder, where it is not `Dockerfile` or
    /// `Containerfile`; of these all are sent. Called again it names another one. A folder as it is has
    /// no use for it.
    ///
    /// The parameter of the call that says so to the engine is a matter of its own.
    pub fn dockerfile(mut self, path: impl Into<String>) -> Self {
        if let Some(context) = &mut self.context {
            context.dockerfiles.push(path.into());
        }
        self
    }

    /// Does without a build file in the folder: the engine gets it elsewhere, from an address. A folder
    /// as it is has no use for it.
    pub fn dockerfile_elsewhere(mut self) -> Self {
        if let Some(context) = &mut self.context {
            context.has_other = true;
        }
        self
    }

    /// Sets the names of ignore files; the first that is there counts. Podman looks for
    /// `.containerignore` before `.dockerignore`. A folder as it is has no use for it.
    pub fn ignore_files(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        if let Some(context) = &mut self.context {
            context.ignore_files = names.into_iter().map(Into::into).collect();
        }
        self
    }

    /// Sets how the archive is compressed.
    pub fn compressed(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Begins to read the folder as a tar, to do something else with it than to send it.
    ///
    /// It must be called on a tokio runtime.
    ///
    /// # Errors
    ///
    /// There is no such folder, it has no build file, or its ignore file cannot be read or has a
    /// pattern that is malformed: an [`Error`] of the kind [`Body`](crate::ErrorKind::Body).
    pub async fn open(self) -> Result<FolderReader, Error> {
        let shown = quoted(&self.path.to_string_lossy());
        let prepared = tokio::task::spawn_blocking(move || {
            let ignore = self.prepare()?;
            Ok((self, ignore))
        });
        let (folder, ignore) = prepared
            .await
            .unwrap_or_else(|error| Err(Error::unreadable(&shown, io::Error::other(error))))?;
        let work = move |writer| pack::pack(&folder.path, &ignore, folder.compression, writer);
        Ok(FolderReader(pipe::spawn(work)))
    }

    fn prepare(&self) -> Result<Ignore, Error> {
        let path = &self.path;
        let shown = quoted(&path.to_string_lossy());
        let unreadable = |error| Error::unreadable(&format!("the folder {shown}"), error);
        if !fs::metadata(path).map_err(unreadable)?.is_dir() {
            return Err(unreadable(io::Error::new(io::ErrorKind::NotADirectory, "it is a file")));
        }
        let Some(context) = &self.context else { return Ok(Ignore::default()) };
        let dockerfiles = context.dockerfiles_in(path)?;
        let own = dockerfiles.iter().flat_map(|dockerfile| {
            context.ignore_files.iter().map(move |name| format!("{dockerfile}{name}"))
        });
        for name in own.chain(context.ignore_files.iter().cloned()) {
            if let Some(mut ignore) = read_ignore_file(&path.join(&name))? {
                ignore.take_in(&name);
                dockerfiles.iter().for_each(|name| ignore.take_in(name));
                return Ok(ignore);
            }
        }
        Ok(Ignore::default())
    }
}

/// A folder as a tar, made while it is read: see [`Folder::open`].
///
/// Dropped, it stops the reading of the folder.
#[must_use = "nothing is read of a folder but what this is asked for"]
pub struct FolderReader(PipeReader);

impl AsyncRead for FolderReader {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl fmt::Debug for FolderReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FolderReader").finish_non_exhaustive()
    }
}

impl BuildContext {
    /// Returns the paths of the build files in the folder. Each that is named must be there.
    fn dockerfiles_in(&self, folder: &Path) -> Result<Vec<String>, Error> {
        let is_there = |name: &str| fs::symlink_metadata(folder.join(name)).is_ok();
        if self.dockerfiles.is_empty() {
            let mut found: Vec<String> = { DOCKERFILES.iter() }
                .filter(|name| is_there(name))
                .map(|name| (*name).into())
                .collect();
            // Whoever looks for its own ignore files first does so for build files.
            if self.ignore_files.first().is_some_and(|name| name == IGNORE_FILES[1]) {
                found.reverse();
            }
            return match found.is_empty() && !self.has_other {
                true => Err(Error::no_dockerfile(folder, DOCKERFILES[0])),
                false => Ok(found),
            };
        }
        let inside = self.dockerfiles.iter().map(|given| {
            // An engine reads it from the archive, where the folder is the root.
            let path = ignore::clean(&format!("/{given}"));
            let path = path.trim_start_matches('/');
            let is_inside = !given.split('/').any(|segment| segment == "..") && is_there(path);
            is_inside.then(|| path.to_owned()).ok_or_else(|| Error::no_dockerfile(folder, given))
        });
        inside.collect()
    }
}

fn read_ignore_file(path: &Path) -> Result<Option<Ignore>, Error> {
    let shown = quoted(&path.to_string_lossy());
    let unreadable = |error| Error::unreadable(&format!("the ignore file {shown}"), error);
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        // The folder may be anybody's, and opening a pipe would wait for whoever writes into it.
        Ok(found) if !found.is_file() => return Err(unreadable(io::Error::other("it is no file"))),
        _ => {}
    }
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    let most = ignore::LONGEST_FILE as u64 + 1;
    file.take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > ignore::LONGEST_FILE {
        let text = format!("it is longer than {} bytes", ignore::LONGEST_FILE);
        return Err(unreadable(io::Error::new(io::ErrorKind::FileTooLarge, text)));
    }
    let ignore = Ignore::parse(&String::from_utf8_lossy(&bytes));
    ignore.map(Some).map_err(|error| Error::ignore_file(&shown, error))
}

impl<P: Into<PathBuf>> From<P> for Folder {
    fn from(path: P) -> Self {
        Self::new(path)
    }
}
