//! A tar into a folder, trusting nothing it says.
//!
//! No entry is written through a link: the folders above it are looked at one by one, what
//! is in its place is removed rather than opened, and nothing but folders stays in place. A link
//! may only point to where its folder or one above leads, all within.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use bytes::{Buf as _, Bytes};
use tar::EntryType;
use tokio::sync::mpsc;

use crate::archive::entries::{Archive, CUT, Data, Entry, padding};
use crate::error::{Error, quoted};
use crate::stream::ByteStream;
use crate::trace;

/// How many pieces wait to be written.
const WAITING: usize = 2;

/// What is taken of a mode: an engine is not to say that anybody may write here.
const MODE: u32 = 0o775;

/// A folder that an archive is to be unpacked into: see [`ByteStream::unpack_into`].
///
/// Absolute paths begin at the folder. Refused are, each by its path: `..`, links that lead out of the
/// folder or may, devices and pipes, and whatever would be written through a link. What was unpacked
/// before stays.
/// Files get mode and time, and belong to the caller; of the mode neither set-user-id and its kin nor
/// that all others may write. Nobody else must be able to write into the folder meanwhile.
///
/// ```no_run
/// # async fn demo(docker: contajners::Client) -> Result<(), contajners::Error> {
/// use contajners::Unpack;
///
/// let call = docker.invoke("ContainerExport").param("id", "conny");
/// let root = Unpack::new("root").leave_out_refused().bytes_limit(1 << 30);
/// let unpacked = call.stream().await?.unpack_into(root).await?;
/// println!("{} entries, {} left out", unpacked.entries, unpacked.left_out);
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
#[must_use = "an archive is unpacked by `ByteStream::unpack_into`"]
pub struct Unpack {
    folder: PathBuf,
    entries_limit: u64,
    bytes_limit: u64,
    refused: Refused,
}

/// What becomes of links that lead out, and of devices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Error,
    LeftOut,
}

/// What came of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Unpacked {
    /// How many entries are in the folder now.
    pub entries: u64,
    /// How many were left out; none without [`Unpack::leave_out_refused`].
    pub left_out: u64,
    /// How many bytes the files have.
    pub bytes: u64,
}

impl Unpack {
    /// Names the folder. It is made, if it is not there.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            entries_limit: 4 << 20,
            bytes_limit: 1 << 40,
            refused: Refused::Error,
        }
    }

    /// Leaves out links that lead out of the folder, devices, pipes and what cannot be made or named on
    /// this system (on Windows all links), instead of ending with an error: the root of a container has
    /// such links as a rule. Paths that lead out stay an error.
    pub fn leave_out_refused(mut self) -> Self {
        self.refused = Refused::LeftOut;
        self
    }

    /// Sets how many entries an archive may have: 4 Mi by default.
    pub fn entries_limit(mut self, limit: u64) -> Self {
        self.entries_limit = limit;
        self
    }

    /// Sets how many bytes the files of an archive may have together: 1 TiB by default.
    pub fn bytes_limit(mut self, limit: u64) -> Self {
        self.bytes_limit = limit;
        self
    }
}

impl<P: Into<PathBuf>> From<P> for Unpack {
    fn from(folder: P) -> Self {
        Self::new(folder)
    }
}

impl ByteStream {
    /// Unpacks an answer that is a tar into a folder, in constant memory but for the folders' own
    /// modes and times, which are set at the end. See [`Unpack`].
    ///
    /// ```no_run
    /// # async fn demo(docker: contajners::Client) -> Result<(), contajners::Error> {
    /// let call = docker.invoke("ContainerArchive").param("id", "conny").param("path", "/srv");
    /// call.stream().await?.unpack_into("backup").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`ByteStream::next`]; of the kind [`Unpack`](crate::ErrorKind::Unpack) when the
    /// archive is no tar, ends too soon, is larger than allowed or has an entry that is refused,
    /// and when the folder cannot be written.
    pub async fn unpack_into(mut self, into: impl Into<Unpack>) -> Result<Unpacked, Error> {
        let (call, span) = (self.0.call.clone(), self.0.span.clone());
        let into = into.into();
        let (sender, pieces) = mpsc::channel(WAITING);
        let work = tokio::task::spawn_blocking(move || {
            unpack(&into, &mut Pieces { pieces, rest: Bytes::new() })
        });
        loop {
            match self.next().await {
                None => break,
                // What is wrong with the stream goes before what is wrong with the cut archive.
                Some(Err(error)) => {
                    drop(sender);
                    let _ = work.await;
                    return Err(error);
                }
                Some(Ok(piece)) => {
                    if sender.send(piece).await.is_err() {
                        break;
                    }
                }
            }
        }
        drop(sender);
        let done = work.await.map_err(|error| UnpackError::Stopped(io::Error::other(error)));
        let done = done.and_then(|unpacked| unpacked).map_err(|error| Error::unpack(&call, error));
        trace::ended(&span, &done);
        done
    }
}

/// The pieces of an answer, for a thread that blocks.
struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    rest: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.rest = piece,
                None => return Ok(0),
            }
        }
        let taken = self.rest.len().min(buffer.len());
        self.rest.copy_to_slice(&mut buffer[..taken]);
        Ok(taken)
    }
}

fn unpack(into: &Unpack, archive: &mut impl Read) -> Result<Unpacked, UnpackError> {
    fs::create_dir_all(&into.folder).map_err(|error| UnpackError::write(&into.folder, error))?;
    let mut archive = Archive { reader: archive, offset: 0 };
    let mut unpacker = Unpacker { into, folders: BTreeMap::new(), checked: PathBuf::new() };
    let done = unpack_all(&mut archive, &mut unpacker);
    // What has been unpacked is as it should be, however it ends.
    let finished = unpacker.finish();
    let unpacked = done?;
    finished?;
    Ok(unpacked)
}

fn unpack_all(
    archive: &mut Archive<'_, impl Read>,
    unpacker: &mut Unpacker<'_>,
) -> Result<Unpacked, UnpackError> {
    let into = unpacker.into;
    let mut unpacked = Unpacked::default();
    while let Some(entry) = archive.next()? {
        if unpacked.entries + unpacked.left_out == into.entries_limit {
            return Err(UnpackError::TooLarge(format!("{} entries", into.entries_limit)));
        }
        let left = into.bytes_limit - unpacked.bytes;
        if entry.size > left {
            return Err(UnpackError::TooLarge(format!("{} bytes", into.bytes_limit)));
        }
        unpacked.bytes += entry.size;
        let mut data = Data { archive: &mut *archive, left: entry.size, is_cut: false };
        match unpacker.place(&entry, &mut data) {
            _ if data.is_cut => return Err(UnpackError::Malformed(archive.offset, CUT)),
            Ok(()) => unpacked.entries += 1,
            Err(UnpackError::Refused(_, what))
                if into.refused == Refused::LeftOut && what.may_be_left_out() =>
            {
                unpacked.bytes -= entry.size;
                unpacked.left_out += 1;
            }
            Err(error) => return Err(error),
        }
        // What is left out is read all the same.
        let unread = data.left;
        archive.skip(unread)?;
        archive.skip(padding(entry.size))?;
    }
    Ok(unpacked)
}

struct Unpacker<'a> {
    into: &'a Unpack,
    /// Folders, with what they get when all is in them. Each is there once, however often it is
    /// named: an archive may name one without an end.
    folders: BTreeMap<PathBuf, (u32, SystemTime)>,
    /// The folder that was looked at last: nothing of ours makes a link of it again.
    checked: PathBuf,
}

impl Unpacker<'_> {
    fn place(&mut self, entry: &Entry, data: &mut impl Read) -> Result<(), UnpackError> {
        let refuse = |what| UnpackError::refused(&entry.path, what);
        let place = inside(&entry.path).map_err(refuse)?;
        let Some(parent) = place.parent() else {
            // The folder itself, which is the caller's.
            return match entry.kind {
                EntryType::Directory => Ok(()),
                _ => Err(refuse(What::InTheWay)),
            };
        };
        let path = self.into.folder.join(&place);
        let written = |error| UnpackError::of_entry(entry, &path, error);
        match entry.kind {
            EntryType::Directory => {
                self.enter(entry, parent)?;
                self.make(entry, &place, &path)?;
                // The last word counts.
                self.folders.insert(path, (entry.mode & MODE, entry.modified));
                Ok(())
            }
            EntryType::Regular | EntryType::Continuous => {
                self.enter(entry, parent)?;
                self.clear(entry, &path)?;
                let file = write(&path, data).map_err(written)?;
                finish(&file, entry.mode & MODE, entry.modified).map_err(written)
            }
            EntryType::Symlink => {
                if cfg!(not(unix)) {
                    return Err(refuse(What::LinkNotHere));
                }
                let target = link(&entry.target, parent).map_err(refuse)?;
                self.enter(entry, parent)?;
                self.clear(entry, &path)?;
                symlink(target, &path).map_err(|error| UnpackError::of_link(entry, &path, error))
            }
            EntryType::Link => {
                let target = inside(&entry.target).map_err(|_| refuse(What::LinkLeadsOut))?;
                self.check(entry, target.parent().ok_or_else(|| refuse(What::LinkToNoFile))?)?;
                let target = self.into.folder.join(target);
                let of_link = |error| UnpackError::of_link(entry, &path, error);
                let kind = fs::symlink_metadata(&target).map(|found| found.file_type());
                match kind {
                    Ok(kind) if kind.is_file() && target != path => {
                        self.enter(entry, parent)?;
                        self.clear(entry, &path)?;
                        fs::hard_link(&target, &path).map_err(of_link)
                    }
                    // Another name of a link leads where that does, from where it is itself.
                    Ok(kind) if kind.is_symlink() && target != path => {
                        let leads = fs::read_link(&target).map_err(of_link)?;
                        let leads =
                            link(leads.as_os_str().as_encoded_bytes(), parent).map_err(refuse)?;
                        self.enter(entry, parent)?;
                        self.clear(entry, &path)?;
                        symlink(leads, &path).map_err(of_link)
                    }
                    _ => Err(refuse(What::LinkToNoFile)),
                }
            }
            EntryType::Char | EntryType::Block => Err(refuse(What::Device)),
            EntryType::Fifo => Err(refuse(What::Pipe)),
            _ => Err(refuse(What::Unknown)),
        }
    }

    /// Makes a folder that is an entry, and from the first moment with no more rights than it is to
    /// have but the owner's: whoever unpacks may be stopped at any time.
    fn make(&mut self, entry: &Entry, place: &Path, path: &Path) -> Result<(), UnpackError> {
        let mode = entry.mode & MODE | 0o700;
        let mut is_new = false;
        self.go(entry, place, |path| {
            is_new = true;
            create_folder(path, mode).map_err(|error| UnpackError::of_entry(entry, path, error))
        })?;
        if is_new {
            return Ok(());
        }
        set_mode(path, mode).map_err(|error| UnpackError::write(path, error))
    }

    /// Makes a folder and those above, none of them through a link.
    fn enter(&mut self, entry: &Entry, folder: &Path) -> Result<(), UnpackError> {
        self.go(entry, folder, |path| {
            fs::create_dir(path).map_err(|error| UnpackError::of_entry(entry, path, error))
        })
    }

    /// Looks whether a folder is there, with none of its path a link.
    fn check(&mut self, entry: &Entry, folder: &Path) -> Result<(), UnpackError> {
        let missing = UnpackError::refused(&entry.path, What::LinkToNoFile);
        let mut missing = Some(missing);
        self.go(entry, folder, |_| missing.take().map_or(Ok(()), Err))
    }

    fn go(
        &mut self,
        entry: &Entry,
        folder: &Path,
        mut when_missing: impl FnMut(&Path) -> Result<(), UnpackError>,
    ) -> Result<(), UnpackError> {
        if folder == self.checked {
            return Ok(());
        }
        let mut path = self.into.folder.clone();
        for segment in folder {
            path.push(segment);
            match fs::symlink_metadata(&path) {
                Ok(found) if found.is_dir() => {}
                Ok(found) if found.is_symlink() => {
                    return Err(UnpackError::refused(&entry.path, What::ThroughLink));
                }
                Ok(_) => return Err(UnpackError::refused(&entry.path, What::InTheWay)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => when_missing(&path)?,
                Err(error) => return Err(UnpackError::of_entry(entry, &path, error)),
            }
        }
        self.checked = folder.into();
        Ok(())
    }

    /// Removes a file or a link that is in an entry's place.
    fn clear(&self, entry: &Entry, path: &Path) -> Result<(), UnpackError> {
        match fs::symlink_metadata(path) {
            Ok(found) if found.is_dir() => Err(UnpackError::refused(&entry.path, What::InTheWay)),
            Ok(_) => fs::remove_file(path).map_err(|error| UnpackError::write(path, error)),
            Err(_) => Ok(()),
        }
    }

    /// Gives the folders their modes and times, those inside before those around them.
    fn finish(self) -> Result<(), UnpackError> {
        for (path, (mode, modified)) in self.folders.iter().rev() {
            // One that was there before may be shut.
            let _ = set_mode(path, 0o700);
            let done = File::open(path).and_then(|folder| finish(&folder, *mode, *modified));
            done.map_err(|error| UnpackError::write(path, error))?;
        }
        Ok(())
    }
}

/// Makes a path within a folder of what an archive calls an entry. Engines call those of the root by
/// absolute paths, which begin at the folder, as `tar` has them.
fn inside(path: &[u8]) -> Result<PathBuf, What> {
    let mut inside = PathBuf::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => return Err(What::LeadsOut),
            segment => inside.push(name(segment).ok_or(What::NoName)?),
        }
    }
    Ok(inside)
}

/// Looks where a link leads. After `..` at its beginning it may only go down: past another link
/// `..` leads elsewhere than it seems.
fn link<'a>(target: &'a [u8], folder: &Path) -> Result<&'a Path, What> {
    if target.starts_with(b"/") {
        return Err(What::LinkLeadsOut);
    }
    let mut above = folder.components().count();
    let mut is_down = false;
    for segment in target.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." if is_down || above == 0 => return Err(What::LinkLeadsOut),
            b".." => above -= 1,
            segment => {
                name(segment).ok_or(What::NoName)?;
                is_down = true;
            }
        }
    }
    path_of(target).filter(|target| !target.as_os_str().is_empty()).ok_or(What::NoName)
}

/// A segment of a path, unless it means something else here.
fn name(segment: &[u8]) -> Option<&OsStr> {
    let path = path_of(segment)?;
    let is_name = !segment.contains(&0) && path.file_name() == Some(path.as_os_str());
    is_name.then_some(path.as_os_str())
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> Option<&Path> {
    use std::os::unix::ffi::OsStrExt as _;

    Some(Path::new(OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> Option<&Path> {
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains(['\\', ':'])).then_some(Path::new(text))
}

/// Writes a file that is not there; what comes of it when it cannot be written is removed.
fn write(path: &Path, data: &mut impl Read) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let mut buffer = vec![0; 64 << 10];
    let written = loop {
        match data.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(read) => {
                if let Err(error) = file.write_all(&buffer[..read]) {
                    break Err(error);
                }
            }
            Err(error) => break Err(error),
        }
    };
    if let Err(error) = written {
        let _ = fs::remove_file(path);
        return Err(error);
    }
    Ok(file)
}

#[cfg(unix)]
fn finish(file: &File, mode: u32, modified: SystemTime) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    file.set_modified(modified)?;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn finish(file: &File, _: u32, modified: SystemTime) -> io::Result<()> {
    // Folders cannot be opened for writing, and go without.
    let _ = file.set_modified(modified);
    Ok(())
}

#[cfg(unix)]
fn set_mode(folder: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;

    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn create_folder(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;

    fs::DirBuilder::new().mode(mode).create(path)
}

#[cfg(not(unix))]
fn create_folder(path: &Path, _: u32) -> io::Result<()> {
    fs::create_dir(path)
}

#[cfg(unix)]
fn symlink(target: &Path, path: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, path)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "links cannot be made here"))
}

/// Why an archive is not in the folder.
#[derive(Debug)]
pub(crate) enum UnpackError {
    /// At this place the archive is wrong.
    Malformed(u64, &'static str),
    /// It has more than this.
    TooLarge(String),
    /// This entry is refused.
    Refused(String, What),
    /// This cannot be written.
    Write(String, io::Error),
    /// Reading came to an end otherwise.
    Stopped(io::Error),
}

/// Why an entry is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    LeadsOut,
    NoName,
    LinkLeadsOut,
    LinkToNoFile,
    LinkNotHere,
    ThroughLink,
    InTheWay,
    Device,
    Pipe,
    Unknown,
}

impl What {
    fn may_be_left_out(self) -> bool {
        matches!(
            self,
            Self::NoName
                | Self::LinkLeadsOut
                | Self::LinkToNoFile
                | Self::LinkNotHere
                | Self::Device
                | Self::Pipe
                | Self::Unknown
        )
    }

    fn text(self) -> &'static str {
        match self {
            Self::LeadsOut => "has `..` in its path",
            Self::NoName => "has a path that cannot be one here",
            Self::LinkLeadsOut => "is a link that leads out of the folder, or may",
            Self::LinkNotHere => "is a link, which cannot be made on this system",
            Self::LinkToNoFile => "is a link to what is no file of the folder",
            Self::ThroughLink => "would be written through a link",
            Self::InTheWay => "finds something else in its place",
            Self::Device => "is a device",
            Self::Pipe => "is a pipe",
            Self::Unknown => "is of an unknown kind",
        }
    }
}

impl UnpackError {
    fn refused(path: &[u8], what: What) -> Self {
        Self::Refused(quoted(&String::from_utf8_lossy(path)), what)
    }

    /// Makes the error of an entry that cannot be made, which may be for its name.
    fn of_entry(entry: &Entry, path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::InvalidFilename => Self::refused(&entry.path, What::NoName),
            _ => Self::write(path, error),
        }
    }

    /// The same of a link, which not every file system has.
    fn of_link(entry: &Entry, path: &Path, error: io::Error) -> Self {
        /// "Operation not permitted", which is no lack of rights, here.
        const EPERM: Option<i32> = if cfg!(unix) { Some(1) } else { None };
        match error.kind() {
            io::ErrorKind::Unsupported | io::ErrorKind::CrossesDevices => {
                Self::refused(&entry.path, What::LinkNotHere)
            }
            _ if EPERM.is_some() && error.raw_os_error() == EPERM => {
                Self::refused(&entry.path, What::LinkNotHere)
            }
            _ => Self::of_entry(entry, path, error),
        }
    }

    fn write(path: &Path, error: io::Error) -> Self {
        Self::Write(quoted(&path.to_string_lossy()), error)
    }

    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Malformed(..) => "archive-malformed",
            Self::TooLarge(_) => "archive-too-large",
            Self::Refused(_, what) if what.may_be_left_out() => "entry-refused",
            Self::Refused(..) => "archive-refused",
            Self::Write(..) | Self::Stopped(_) => "cannot-write",
        }
    }

    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Malformed(..) => "take it with `stream` to see what it is",
            Self::TooLarge(_) => "allow more with `Unpack`",
            Self::Refused(_, what) if what.may_be_left_out() => {
                "what came before it is in the folder; `Unpack::leave_out_refused` goes on without it"
            }
            Self::Refused(..) => "what came before it is in the folder",
            Self::Write(..) | Self::Stopped(_) => "what came before is in the folder",
        }
    }
}

impl fmt::Display for UnpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(offset, what) => write!(f, "at byte {offset}: {what}"),
            Self::TooLarge(limit) => write!(f, "it has more than the {limit} that are allowed"),
            Self::Refused(path, what) => write!(f, "the entry {path} {}", what.text()),
            Self::Write(path, _) => write!(f, "cannot write {path}"),
            Self::Stopped(_) => f.write_str("it was not unpacked to its end"),
        }
    }
}

impl StdError for UnpackError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Write(_, error) | Self::Stopped(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(all(test, unix))]
mod tests;
