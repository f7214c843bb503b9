//! Archives made in memory: a small image for engines that reach no registry, and build contexts.
//!
//! The same input gives the same bytes: entries have no owner and no time.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, error, fmt, fs};

use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};

/// The name under which an engine knows the image after it loaded [`busybox_archive`].
pub const BUSYBOX: &str = "localhost/busybox:local";

/// Returns the root filesystem of a small Linux as a tar: a static busybox with its command names.
///
/// It is for `POST /images/create?fromSrc=-`, or for `ADD` in a build. The program is `/bin/busybox`
/// or what the environment variable `BUSYBOX` names. `/etc/greeting` says `hello from the image`.
///
/// # Errors
///
/// If there is no busybox, or it is not a static one, or it does not run.
pub fn busybox_filesystem() -> Result<&'static [u8], ImageError> {
    static MADE: OnceLock<Result<Vec<u8>, ImageError>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let program =
            env::var_os("BUSYBOX").map_or_else(|| PathBuf::from("/bin/busybox"), PathBuf::from);
        filesystem(&program).map_err(|source| ImageError(source.to_string()))
    });
    made.as_deref().map_err(Clone::clone)
}

/// Returns an archive for `docker load` (`ImageLoad`) with one image, named [`BUSYBOX`].
///
/// # Errors
///
/// As [`busybox_filesystem`].
pub fn busybox_archive() -> Result<&'static [u8], ImageError> {
    static MADE: OnceLock<Result<Vec<u8>, ImageError>> = OnceLock::new();
    let made = MADE.get_or_init(|| Ok(archive(busybox_filesystem()?, BUSYBOX)));
    made.as_deref().map_err(Clone::clone)
}

/// Returns a tar of plain files, such as a build context.
///
/// ```
/// let context = contajners_tests::image::tar_of([("Dockerfile", b"FROM scratch\nADD x /x\n".as_slice()), ("x", b"1")]);
/// assert_eq!(context.len() % 512, 0);
/// ```
///
/// # Panics
///
/// If a path does not fit into a tar.
pub fn tar_of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for (path, bytes) in files {
        add(&mut tar, path, EntryType::Regular, 0o644, bytes);
    }
    finish(tar)
}

fn filesystem(program: &Path) -> io::Result<Vec<u8>> {
    let named = |source: io::Error| {
        let program = program.display();
        io::Error::other(format!("`{program}`: {source} (package `busybox-static`)"))
    };
    let bytes = fs::read(program).map_err(named)?;
    if !is_static(&bytes) {
        return Err(named(io::Error::other("not a static program")));
    }
    let list = Command::new(program).arg("--list").output().map_err(named)?;
    let list = String::from_utf8(list.stdout).map_err(|error| named(io::Error::other(error)))?;
    let mut applets: Vec<&str> = list.lines().filter(|applet| *applet != "busybox").collect();
    applets.sort_unstable();
    if !applets.contains(&"sh") {
        return Err(named(io::Error::other("`--list` names no `sh`")));
    }

    let mut tar = Builder::new(Vec::new());
    for folder in ["bin", "dev", "etc", "home", "proc", "root", "sys", "var"] {
        add(&mut tar, folder, EntryType::Directory, 0o755, b"");
    }
    add(&mut tar, "tmp", EntryType::Directory, 0o1777, b"");
    for (path, text) in [
        ("etc/greeting", "hello from the image\n"),
        ("etc/group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n"),
        ("etc/passwd", "root:x:0:0::/root:/bin/sh\nuser:x:1000:1000::/home:/bin/sh\n"),
    ] {
        add(&mut tar, path, EntryType::Regular, 0o644, text.as_bytes());
    }
    add(&mut tar, "bin/busybox", EntryType::Regular, 0o755, &bytes);
    for applet in applets {
        let mut header = header(EntryType::Symlink, 0o777, 0);
        tar.append_link(&mut header, format!("bin/{applet}"), "busybox")?;
    }
    Ok(finish(tar))
}

fn archive(layer: &[u8], name: &str) -> Vec<u8> {
    let layer_digest = hex_sha256(layer);
    // Numbers and letters only, so that no escaping is due.
    let architecture = match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    let config = format!(
        r#"{{"architecture":"{architecture}","os":"linux","created":"1970-01-01T00:00:00Z","config":{{"Env":["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],"Cmd":["sh"],"Labels":{{"purpose":"test"}}}},"rootfs":{{"type":"layers","diff_ids":["sha256:{layer_digest}"]}},"history":[{{"created":"1970-01-01T00:00:00Z","created_by":"contajners-tests"}}]}}"#
    );
    let config_digest = hex_sha256(config.as_bytes());
    let manifest = format!(
        r#"[{{"Config":"{config_digest}.json","RepoTags":["{name}"],"Layers":["{layer_digest}/layer.tar"]}}]"#
    );
    tar_of([
        (&*format!("{config_digest}.json"), config.as_bytes()),
        (&*format!("{layer_digest}/layer.tar"), layer),
        ("manifest.json", manifest.as_bytes()),
    ])
}

/// A dynamic program names its loader near its beginning.
fn is_static(program: &[u8]) -> bool {
    let head = &program[..program.len().min(4096)];
    !head.windows(4).any(|bytes| bytes == b"/ld-")
}

fn hex_sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}

fn add(tar: &mut Builder<Vec<u8>>, path: &str, kind: EntryType, mode: u32, bytes: &[u8]) {
    let mut header = header(kind, mode, bytes.len() as u64);
    tar.append_data(&mut header, path, bytes).expect("the path fits into a tar");
}

fn finish(tar: Builder<Vec<u8>>) -> Vec<u8> {
    let mut bytes = tar.into_inner().expect("memory takes all");
    bytes.flush().expect("memory takes all");
    bytes
}

/// Why there is no image to load; see [`busybox_filesystem`].
#[derive(Clone, Debug)]
pub struct ImageError(String);

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no image from {}", self.0)
    }
}

impl error::Error for ImageError {}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_context_reads_back_and_is_the_same_each_time() {
        let files = [("Dockerfile", b"FROM scratch\n".as_slice()), ("a/b", b"\0\xff")];
        let context = tar_of(files);
        assert_eq!(context, tar_of(files));
        let mut tar = tar::Archive::new(&*context);
        let mut found = Vec::new();
        for entry in tar.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            found.push((entry.path().unwrap().display().to_string(), bytes));
        }
        let expected: Vec<_> =
            files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.to_vec())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn only_a_static_program_will_do() {
        let error = filesystem(Path::new("/nowhere/busybox")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`/nowhere/busybox`: No such file or directory (os error 2) (package `busybox-static`)"
        );
        let dynamic = env::current_exe().unwrap();
        let error = filesystem(&dynamic).unwrap_err();
        assert!(error.to_string().contains("not a static program"), "{error}");
    }
}
