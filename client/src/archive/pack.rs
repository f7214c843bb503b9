//! A folder into a tar.
//!
//! Only names are held: those of the folders above an entry, and of what lies beside each of them.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use flate2::GzBuilder;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};

use crate::archive::entries::padding;
use crate::archive::folder::Compression;
use crate::archive::ignore::{Ignore, Judged};
use crate::error::quoted;
use crate::pipe::PipeWriter;

/// The longest name that stands in a header; longer ones come before it, as GNU does.
const NAME_FIELD: usize = 100;

/// Writes a folder, without what is to be ignored.
pub(super) fn pack(
    folder: &Path,
    ignore: &Ignore,
    compression: Compression,
    writer: PipeWriter,
) -> io::Result<PipeWriter> {
    match compression {
        Compression::Nothing => pack_into(folder, ignore, writer),
        Compression::Gzip => {
            let gzip: GzEncoder<_> =
                GzBuilder::new().mtime(0).write(writer, flate2::Compression::default());
            pack_into(folder, ignore, gzip)?.finish()
        }
        #[cfg(feature = "zstd")]
        Compression::Zstd => {
            let zstd = zstd::Encoder::new(writer, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            pack_into(folder, ignore, zstd)?.finish()
        }
    }
}

/// An archive that is being written. Unlike `tar`'s it gets no end when writing fails: an engine
/// shall not take a part for the whole.
struct Tar<W> {
    writer: W,
    buffer: Vec<u8>,
}

impl<W: Write> Tar<W> {
    fn append(&mut self, header: &Header, mut data: impl Read) -> io::Result<()> {
        self.writer.write_all(header.as_bytes())?;
        let mut written = 0;
        loop {
            match data.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(read) => {
                    self.writer.write_all(&self.buffer[..read])?;
                    written += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.writer.write_all(&[0; 512][..padding(written) as usize])
    }

    fn finish(mut self) -> io::Result<W> {
        self.writer.write_all(&[0; 1024])?;
        Ok(self.writer)
    }
}

/// A folder that is being gone through.
struct Level {
    /// Where it is.
    path: PathBuf,
    /// Its path in the archive.
    name: PathBuf,
    rest: VecDeque<OsString>,
    judged: Judged,
    /// Not written yet: it is left out, but may hold something that is not.
    pending: Option<Metadata>,
}

impl Level {
    fn open(
        path: PathBuf,
        name: PathBuf,
        judged: Judged,
        pending: Option<Metadata>,
    ) -> io::Result<Self> {
        let names = fs::read_dir(&path)
            .and_then(|entries| entries.map(|entry| Ok(entry?.file_name())).collect());
        let mut rest: Vec<OsString> = names.map_err(|error| at(&path, &error))?;
        rest.sort_unstable();
        Ok(Self { path, name, rest: rest.into(), judged, pending })
    }
}

fn pack_into<W: Write>(folder: &Path, ignore: &Ignore, writer: W) -> io::Result<W> {
    let mut tar = Tar { writer, buffer: vec![0; 64 << 10] };
    let root = Level::open(folder.into(), PathBuf::new(), Judged::default(), None)?;
    let mut levels = vec![root];
    while let Some(level) = levels.last_mut() {
        let Some(entry) = level.rest.pop_front() else {
            levels.pop();
            continue;
        };
        let (path, name) = (level.path.join(&entry), level.name.join(&entry));
        let judged = ignore.judge(&in_archive(&name), &level.judged);
        let is_left_out = judged.is_left_out;
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if may_be_missed(&error, is_left_out) => continue,
            Err(error) => return Err(at(&path, &error)),
        };
        if metadata.is_dir() {
            if is_left_out && !ignore.may_take_in_below(&in_archive(&name)) {
                continue;
            }
            match Level::open(path, name, judged, Some(metadata)) {
                Ok(next) => levels.push(next),
                Err(error) if may_be_missed(&error, is_left_out) => continue,
                Err(error) => return Err(error),
            }
            if !is_left_out {
                write_pending(&mut tar, &mut levels)?;
            }
        } else if !is_left_out {
            write_pending(&mut tar, &mut levels)?;
            write_entry(&mut tar, &path, &name, &metadata)?;
        }
    }
    tar.finish()
}

/// Whether something may go without a word: it has gone since its folder was read, as what editors and
/// compilers make does, or nobody wants it.
fn may_be_missed(error: &io::Error, is_left_out: bool) -> bool {
    let is_shut = error.kind() == io::ErrorKind::PermissionDenied;
    error.kind() == io::ErrorKind::NotFound || is_left_out && is_shut
}

/// Writes the folders above what is about to be written.
fn write_pending(tar: &mut Tar<impl Write>, levels: &mut [Level]) -> io::Result<()> {
    for level in levels {
        let Some(metadata) = level.pending.take() else { continue };
        let mut name = bytes_of(&level.name);
        name.push(b'/');
        append(tar, header(EntryType::Directory, &metadata), &name, None, io::empty())?;
    }
    Ok(())
}

fn write_entry(
    tar: &mut Tar<impl Write>,
    path: &Path,
    name: &Path,
    metadata: &Metadata,
) -> io::Result<()> {
    let name = bytes_of(name);
    if metadata.is_symlink() {
        let target = match fs::read_link(path) {
            Ok(target) => target,
            Err(error) if may_be_missed(&error, false) => return Ok(()),
            Err(error) => return Err(at(path, &error)),
        };
        let header = header(EntryType::Symlink, metadata);
        return append(tar, header, &name, Some(&bytes_of(&target)), io::empty());
    }
    if metadata.is_file() {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if may_be_missed(&error, false) => return Ok(()),
            Err(error) => return Err(at(path, &error)),
        };
        let metadata = file.metadata().map_err(|error| at(path, &error))?;
        let mut header = header(EntryType::Regular, &metadata);
        header.set_size(metadata.len());
        let data = Exactly { file, left: metadata.len(), path };
        return append(tar, header, &name, None, data);
    }
    match special(metadata) {
        #[cfg(unix)]
        Special::Socket => Ok(()),
        #[cfg(unix)]
        Special::Fifo => append(tar, header(EntryType::Fifo, metadata), &name, None, io::empty()),
        Special::Device => {
            let text = "it is neither a file nor a folder nor a link";
            Err(at(path, &io::Error::new(io::ErrorKind::Unsupported, text)))
        }
    }
}

enum Special {
    #[cfg(unix)]
    Socket,
    #[cfg(unix)]
    Fifo,
    Device,
}

#[cfg(unix)]
fn special(metadata: &Metadata) -> Special {
    use std::os::unix::fs::FileTypeExt as _;

    let kind = metadata.file_type();
    if kind.is_socket() {
        Special::Socket
    } else if kind.is_fifo() {
        Special::Fifo
    } else {
        Special::Device
    }
}

#[cfg(not(unix))]
fn special(_: &Metadata) -> Special {
    Special::Device
}

fn header(kind: EntryType, metadata: &Metadata) -> Header {
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode(kind, metadata));
    header.set_mtime(modified.map_or(0, |since| since.as_secs()));
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    header
}

#[cfg(unix)]
fn mode(_: EntryType, metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;

    metadata.permissions().mode() & 0o7777
}

/// As docker does on Windows, where no file tells whether it is a program.
#[cfg(not(unix))]
fn mode(_: EntryType, _: &Metadata) -> u32 {
    0o755
}

fn append(
    tar: &mut Tar<impl Write>,
    mut header: Header,
    name: &[u8],
    target: Option<&[u8]>,
    data: impl Read,
) -> io::Result<()> {
    if let Some(target) = target {
        append_long(tar, EntryType::GNULongLink, target)?;
    }
    append_long(tar, EntryType::GNULongName, name)?;
    if let Some(gnu) = header.as_gnu_mut() {
        fill(&mut gnu.name, name);
        fill(&mut gnu.linkname, target.unwrap_or_default());
    }
    header.set_cksum();
    tar.append(&header, data)
}

/// Writes a name that a header has no room for.
fn append_long(tar: &mut Tar<impl Write>, kind: EntryType, name: &[u8]) -> io::Result<()> {
    if name.len() <= NAME_FIELD {
        return Ok(());
    }
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    if let Some(gnu) = header.as_gnu_mut() {
        fill(&mut gnu.name, b"././@LongLink");
    }
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(name.len() as u64 + 1);
    header.set_cksum();
    tar.append(&header, name.chain(&[0][..]))
}

fn fill(field: &mut [u8; NAME_FIELD], name: &[u8]) {
    let length = name.len().min(NAME_FIELD);
    field[..length].copy_from_slice(&name[..length]);
}

/// As much of a file as its header says.
struct Exactly<'a> {
    file: File,
    left: u64,
    path: &'a Path,
}

impl Read for Exactly<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if most == 0 {
            return Ok(0);
        }
        let read = self.file.read(&mut buffer[..most]).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => at(self.path, &error),
        })?;
        if read == 0 {
            let error = io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter");
            return Err(at(self.path, &error));
        }
        self.left -= read as u64;
        Ok(read)
    }
}

/// Names the file that an error is about.
fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", quoted(&path.to_string_lossy())))
}

/// A path as patterns see it.
fn in_archive(name: &Path) -> String {
    String::from_utf8_lossy(&bytes_of(name)).into_owned()
}

#[cfg(unix)]
fn bytes_of(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt as _;

    path.as_os_str().as_bytes().to_vec()
}

#[cfg(not(unix))]
fn bytes_of(path: &Path) -> Vec<u8> {
    path.to_string_lossy().replace('\\', "/").into_bytes()
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::net::UnixListener;

    use tokio::io::AsyncReadExt as _;

    use crate::archive::Folder;

    use super::*;

    fn context(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    async fn paths(folder: Folder) -> Vec<String> {
        let mut bytes = Vec::new();
        folder.open().await.unwrap().read_to_end(&mut bytes).await.unwrap();
        let mut tar = tar::Archive::new(&*bytes);
        let entries = tar.entries().unwrap();
        entries.map(|entry| entry.unwrap().path().unwrap().display().to_string()).collect()
    }

    #[track_caller]
    fn refused(error: &crate::Error, code: &str, text: &str, folder: &tempfile::TempDir) {
        let found = error.to_string().replace(&folder.path().display().to_string(), "DIR");
        assert_eq!((error.code(), &*found), (code, text));
    }

    #[tokio::test]
    async fn entries_are_sorted_and_folders_come_before_what_is_in_them() {
        let folder = context(&[("b/x", ""), ("b/a/x", ""), ("a", ""), ("b.x", ""), (".a", "")]);
        let expected = [".a", "a", "b/", "b/a/", "b/a/x", "b/x", "b.x"];
        assert_eq!(paths(Folder::new(folder.path())).await, expected);
    }

    #[tokio::test]
    async fn an_ignore_file_leaves_out() {
        let folder = context(&[
            ("Dockerfile", ""),
            (".dockerignore", "*\n!keep\n!deep/er/*.c\n"),
            ("keep/x", ""),
            ("deep/er/a.c", ""),
            ("deep/er/a.h", ""),
            ("deep/x", ""),
            ("other/x", ""),
        ]);
        let expected =
            [".dockerignore", "Dockerfile", "deep/", "deep/er/", "deep/er/a.c", "keep/", "keep/x"];
        assert_eq!(paths(Folder::build_context(folder.path())).await, expected);
        // As it is, all is sent.
        assert_eq!(paths(Folder::new(folder.path())).await.len(), 11);
    }

    /// What is listed may have gone when its turn comes; the rest of the folder is there.
    #[tokio::test]
    async fn what_goes_away_is_left_out() {
        let large = "x".repeat(8 << 20);
        let files = [("a", &*large), ("b", ""), ("c/d", ""), ("e", ""), ("l", "")];
        let folder = context(&files);
        let at = |name: &str| folder.path().join(name);
        fs::remove_file(at("l")).unwrap();
        std::os::unix::fs::symlink("e", at("l")).unwrap();
        let mut reader = Folder::new(folder.path()).open().await.unwrap();
        // The first file is on its way, so that all names have been read.
        let mut bytes = vec![0; 1 << 10];
        reader.read_exact(&mut bytes).await.unwrap();
        fs::remove_file(at("b")).unwrap();
        fs::remove_dir_all(at("c")).unwrap();
        fs::remove_file(at("l")).unwrap();
        reader.read_to_end(&mut bytes).await.unwrap();
        let mut tar = tar::Archive::new(&*bytes);
        let names = tar.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().into_owned());
        assert_eq!(names.collect::<Vec<_>>(), [Path::new("a"), Path::new("e")]);
    }

    #[tokio::test]
    async fn every_build_file_that_may_be_meant_is_sent() {
        let files =
            [("Containerfile", ""), ("Dockerfile", ""), (".containerignore", "*"), ("x", "")];
        let folder = context(&files);
        let all = [".containerignore", "Containerfile", "Dockerfile"];
        assert_eq!(paths(Folder::build_context(folder.path())).await, all);
        // The ignore file of the one that counts goes before the others.
        fs::write(folder.path().join("Containerfile.containerignore"), "x\n").unwrap();
        fs::write(folder.path().join("Dockerfile.containerignore"), "y\n").unwrap();
        let [podman, docker] = [".containerignore", ".dockerignore"];
        for (names, is_sent) in [([podman, docker], false), ([docker, podman], true)] {
            let context = Folder::build_context(folder.path()).ignore_files(names);
            let sent = paths(context).await;
            assert_eq!(sent.contains(&"x".to_owned()), is_sent, "{names:?}: {sent:?}");
        }
        let bare = context_without();
        let error = Folder::build_context(bare.path()).open().await.unwrap_err();
        refused(&error, "no-dockerfile", "no `Dockerfile` in `DIR`", &bare);
        assert_eq!(paths(Folder::build_context(bare.path()).dockerfile_elsewhere()).await, ["x"]);
    }

    fn context_without() -> tempfile::TempDir {
        context(&[("x", "")])
    }

    #[tokio::test]
    async fn which_ignore_file_counts() {
        let folder = context(&[
            ("Dockerfile", ""),
            ("sub/Other", ""),
            ("sub/Other.dockerignore", "*"),
            (".dockerignore", "a"),
            (".containerignore", "b"),
            ("a", ""),
            ("b", ""),
        ]);
        let context = || Folder::build_context(folder.path());
        let has = |paths: &[String], name: &str| paths.iter().any(|path| path == name);
        let found = paths(context()).await;
        assert_eq!((has(&found, "a"), has(&found, "b")), (false, true));
        let podman = paths(context().ignore_files([".containerignore", ".dockerignore"])).await;
        assert_eq!((has(&podman, "a"), has(&podman, "b")), (true, false));
        let own = paths(context().dockerfile("./sub/Other")).await;
        assert_eq!(own, ["sub/", "sub/Other", "sub/Other.dockerignore"]);
        let none = paths(context().ignore_files([] as [&str; 0])).await;
        assert_eq!((has(&none, "a"), has(&none, "b")), (true, true));
    }

    #[tokio::test]
    async fn what_is_wrong_shows_before_anything_is_sent() {
        let folder = context(&[(".dockerignore", "a\n[\n")]);
        let open = |context: Folder| async { context.open().await.unwrap_err() };
        let context = || Folder::build_context(folder.path());
        refused(&open(context()).await, "no-dockerfile", "no `Dockerfile` in `DIR`", &folder);
        for name in ["x", "../x", "a/../.dockerignore"] {
            let error = open(context().dockerfile(name)).await;
            refused(&error, "no-dockerfile", &format!("no `{name}` in `DIR`"), &folder);
        }
        fs::write(folder.path().join("Containerfile"), "").unwrap();
        let error = open(context()).await;
        let text = "the ignore file `DIR/.dockerignore` is malformed";
        refused(&error, "invalid-ignore-file", text, &folder);
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "line 2: the pattern `[` is malformed");

        let error = open(Folder::new(folder.path().join("none"))).await;
        refused(&error, "body-unreadable", "cannot read the folder `DIR/none`", &folder);
        let error = open(Folder::new(folder.path().join("Containerfile"))).await;
        refused(&error, "body-unreadable", "cannot read the folder `DIR/Containerfile`", &folder);

        fs::write(folder.path().join(".dockerignore"), "a\n".repeat(1 << 20)).unwrap();
        let error = open(context()).await;
        let text = "cannot read the ignore file `DIR/.dockerignore`";
        refused(&error, "body-unreadable", text, &folder);

        // A pipe that nobody writes into.
        fs::remove_file(folder.path().join(".dockerignore")).unwrap();
        let pipe = folder.path().join(".dockerignore");
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        let error = open(context()).await;
        refused(&error, "body-unreadable", text, &folder);
    }

    #[tokio::test]
    async fn sockets_are_left_out_and_pipes_are_not() {
        let folder = context(&[("a", "")]);
        let _socket = UnixListener::bind(folder.path().join("s")).unwrap();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("p")).status();
        assert!(made.unwrap().success());
        assert_eq!(paths(Folder::new(folder.path())).await, ["a", "p"]);
    }

    #[test]
    fn a_file_is_as_long_as_its_header_says() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "12345").unwrap();
        let read = |left| {
            let file_of = File::open(file.path()).unwrap();
            let mut text = String::new();
            let mut exactly = Exactly { file: file_of, left, path: Path::new("x") };
            exactly.read_to_string(&mut text).map(|_| text)
        };
        assert_eq!(read(3).unwrap(), "123");
        assert_eq!(read(6).unwrap_err().to_string(), "`x`: it became shorter");
    }

    /// What is read of a folder waits until it is wanted, and stops when nobody wants it.
    #[tokio::test]
    async fn a_reader_that_is_dropped_stops_the_reading() {
        let folder = context(&[("a", &*"x".repeat(1 << 20)), ("b", "")]);
        let mut reader = Folder::new(folder.path()).open().await.unwrap();
        reader.read_exact(&mut [0; 512]).await.unwrap();
        drop(reader);
        // The runtime waits for its threads when it ends.
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_named() {
        let folder = context(&[("a", "")]);
        let reader = Folder::new(folder.path());
        // A name that leads to itself can be listed and not be read.
        let gone = folder.path().join("a");
        fs::remove_file(&gone).unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join("l")).unwrap();
        assert_eq!(paths(reader).await, ["l"]);
        let error = pack_into(&gone, &Ignore::default(), io::sink()).unwrap_err();
        assert!(error.to_string().ends_with("/a`: No such file or directory (os error 2)"));
        let error = pack_into(Path::new("/dev/null"), &Ignore::default(), io::sink());
        assert_eq!(error.unwrap_err().to_string(), "`/dev/null`: Not a directory (os error 20)");
    }
}
