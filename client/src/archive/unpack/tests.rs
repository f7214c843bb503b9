//! Archives made by hand, each with something that must not happen, and round trips.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::time::{Duration, UNIX_EPOCH};

use tar::{Builder, Header};
use tokio::io::AsyncReadExt as _;

use super::*;
use crate::archive::{Compression, Folder};

/// An entry of an archive that is made up: path, target and data are what they are.
struct Made<'a>(EntryType, &'a str, &'a str, &'a [u8]);

fn archive(entries: &[Made<'_>]) -> Vec<u8> {
    let mut tar = Builder::new(Vec::new());
    for Made(kind, path, target, data) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(0o4755);
        header.set_mtime(1_000_000_000);
        header.set_size(data.len() as u64);
        let gnu = header.as_gnu_mut().unwrap();
        gnu.name[..path.len()].copy_from_slice(path.as_bytes());
        gnu.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_cksum();
        tar.append(&header, *data).unwrap();
    }
    tar.into_inner().unwrap()
}

fn into(folder: &Path, bytes: &[u8]) -> Result<Unpacked, UnpackError> {
    unpack(&Unpack::new(folder), &mut &*bytes)
}

/// Unpacks into `in` of a folder that has `out` beside it, and sees that nothing got there.
#[track_caller]
fn refused(entries: &[Made<'_>], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("in");
    fs::create_dir(&root).unwrap();
    fs::create_dir(folder.path().join("out")).unwrap();
    fs::write(folder.path().join("out/secret"), "secret").unwrap();
    let error = into(&root, &archive(entries)).unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert!(matches!(error.code(), "archive-refused" | "entry-refused"));
    assert_eq!(fs::read(folder.path().join("out/secret")).unwrap(), b"secret");
    let beside = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!((beside, fs::read_dir(folder.path().join("out")).unwrap().count()), (2, 1));
}

use EntryType::{Block, Char, Directory, Fifo, Link, Regular, Symlink};

#[test]
fn paths_that_lead_out_are_refused() {
    for path in ["..", "/../out/x", "../out/x", "a/../../out/x", "./../out/x", "a/..", "a/../b"] {
        let expected = format!("the entry `{path}` has `..` in its path");
        refused(&[Made(Regular, path, "", b"x")], &expected);
        refused(&[Made(Directory, path, "", b"")], &expected);
    }
    refused(&[Made(Regular, ".", "", b"x")], "the entry `.` finds something else in its place");
    refused(&[Made(Symlink, "./", "a", b"")], "the entry `.` finds something else in its place");
}

#[test]
fn links_that_lead_out_are_refused() {
    for (path, target) in [
        ("l", "/out"),
        ("l", ".."),
        ("l", "../out"),
        ("a/l", "../../out"),
        ("a/l", ".././../out"),
        // Past `a/x`, which may be a link itself.
        ("l", "x/../../out"),
        ("l", "x/.."),
    ] {
        let expected = format!("the entry `{path}` is a link that leads out of the folder, or may");
        refused(&[Made(Symlink, path, target, b"")], &expected);
    }
    let a_way_up = [
        Made(Directory, "a", "", b""),
        Made(Symlink, "a/up", "..", b""),
        Made(Symlink, "l", "a/up/../out", b""),
    ];
    refused(&a_way_up, "the entry `l` is a link that leads out of the folder, or may");
    let leads_out = "the entry `l` is a link that leads out of the folder, or may";
    refused(&[Made(Link, "l", "../out/secret", b"")], leads_out);
    let no_file = "the entry `l` is a link to what is no file of the folder";
    refused(&[Made(Link, "l", "/out/secret", b"")], no_file);
    refused(&[Made(Link, "l", "missing", b"")], no_file);
    refused(&[Made(Link, "l", "no/file", b"")], no_file);
    refused(&[Made(Directory, "a", "", b""), Made(Link, "l", "a", b"")], no_file);
    // Another name of a link leads elsewhere from elsewhere.
    let deep = [Made(Symlink, "a/b/s", "../x", b""), Made(Link, "l", "a/b/s", b"")];
    refused(&deep, "the entry `l` is a link that leads out of the folder, or may");
    refused(&[Made(Link, "l", "l", b"")], no_file);
}

#[test]
fn devices_and_pipes_are_refused() {
    refused(&[Made(Char, "d", "", b"")], "the entry `d` is a device");
    refused(&[Made(Block, "d", "", b"")], "the entry `d` is a device");
    refused(&[Made(Fifo, "d", "", b"")], "the entry `d` is a pipe");
    refused(&[Made(EntryType::GNUSparse, "d", "", b"")], "the entry `d` is of an unknown kind");
    refused(&[Made(EntryType::new(b'V'), "d", "", b"")], "the entry `d` is of an unknown kind");
}

#[test]
fn nothing_is_written_through_a_link() {
    let through = "the entry `l/x` would be written through a link";
    refused(
        &[
            Made(Directory, "a", "", b""),
            Made(Symlink, "l", "a", b""),
            Made(Regular, "l/x", "", b"x"),
        ],
        through,
    );
    refused(&[Made(Symlink, "l", "a", b""), Made(Directory, "l/x", "", b"")], through);
    refused(
        &[Made(Symlink, "l", "a", b""), Made(Directory, "l", "", b"")],
        "the entry `l` would be written through a link",
    );
    refused(
        &[Made(Regular, "a/f", "", b""), Made(Symlink, "l", "a", b""), Made(Link, "h", "l/f", b"")],
        "the entry `h` would be written through a link",
    );
    // A file in the place of a folder, and the other way round.
    refused(
        &[Made(Regular, "f", "", b"x"), Made(Regular, "f/x", "", b"x")],
        "the entry `f/x` finds something else in its place",
    );
    refused(
        &[Made(Regular, "f/x", "", b"x"), Made(Symlink, "f", "x", b"")],
        "the entry `f` finds something else in its place",
    );
}

#[test]
fn links_that_are_there_are_replaced_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (root, secret) = (folder.path().join("in"), folder.path().join("secret"));
    fs::create_dir(&root).unwrap();
    fs::write(&secret, "secret").unwrap();
    symlink(&secret, root.join("f")).unwrap();
    symlink(folder.path(), root.join("d")).unwrap();
    into(&root, &archive(&[Made(Regular, "f", "", b"new")])).unwrap();
    assert_eq!(fs::read(root.join("f")).unwrap(), b"new");
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
    let error = into(&root, &archive(&[Made(Regular, "d/secret", "", b"new")])).unwrap_err();
    assert_eq!(error.to_string(), "the entry `d/secret` would be written through a link");
    assert_eq!(fs::read(&secret).unwrap(), b"secret");

    // A name more of a file outside is not written to, either.
    fs::hard_link(&secret, root.join("h")).unwrap();
    into(&root, &archive(&[Made(Regular, "h", "", b"new")])).unwrap();
    assert_eq!(fs::read(&secret).unwrap(), b"secret");
}

#[test]
fn harmless_entries_are_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new/in");
    let entries = [
        Made(Directory, "./", "", b""),
        Made(Regular, "./a//f", "", b"1"),
        Made(Symlink, "a/up", "../b", b""),
        Made(Symlink, "a/root", "..", b""),
        Made(Symlink, "a/here", "./f", b""),
        Made(Link, "h", "a/f", b""),
        Made(Regular, "a/f", "", b"2"),
        Made(Regular, "old/", "", b""),
        // As engines have them, of a container's root.
        Made(Directory, "/", "", b""),
        Made(Regular, "/etc/x", "", b"3"),
        Made(Link, "/etc/y", "/etc/x", b""),
    ];
    let unpacked = into(&root, &archive(&entries)).unwrap();
    assert_eq!((unpacked.entries, unpacked.left_out, unpacked.bytes), (11, 0, 3));
    assert_eq!(fs::read(root.join("etc/y")).unwrap(), b"3");
    let read = |name: &str| fs::read(root.join(name)).unwrap();
    assert_eq!((read("a/f"), read("a/here"), read("h")), (b"2".into(), b"2".into(), b"1".into()));
    assert!(root.join("old").is_dir());
    let metadata = fs::metadata(root.join("a/f")).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.mtime()), (0o755, 1_000_000_000));
}

#[test]
fn what_is_refused_can_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let entries = [
        Made(Char, "dev/null", "", b""),
        Made(Symlink, "etc/mtab", "/proc/mounts", b""),
        Made(EntryType::new(b'V'), "v", "", b"volume"),
        Made(Regular, "f", "", b"1"),
    ];
    let unpacked =
        unpack(&Unpack::new(folder.path()).leave_out_refused(), &mut &*archive(&entries));
    let unpacked = unpacked.unwrap();
    assert_eq!((unpacked.entries, unpacked.left_out, unpacked.bytes), (1, 3, 1));
    let out = [Made(Regular, "../x", "", b"1")];
    let error = unpack(&Unpack::new(folder.path()).leave_out_refused(), &mut &*archive(&out));
    assert_eq!(error.unwrap_err().code(), "archive-refused");
}

/// A link may have two names, as a file may.
#[test]
fn another_name_of_a_link_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let entries =
        [Made(Symlink, "a", "b", b""), Made(Link, "d/c", "a", b""), Made(Regular, "b", "", b"1")];
    into(folder.path(), &archive(&entries)).unwrap();
    for name in ["a", "d/c"] {
        assert_eq!(fs::read_link(folder.path().join(name)).unwrap(), Path::new("b"), "{name}");
    }
}

/// The rights of a folder hold from when it is made, however the archive ends.
#[test]
fn private_folders_are_private_when_it_ends_too_soon() {
    let private = |path: &str, mode| {
        let mut header = Header::new_gnu();
        header.set_entry_type(Directory);
        header.set_mode(mode);
        header.set_mtime(1);
        header.set_size(0);
        header.set_path(path).unwrap();
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("old")).unwrap();
    let made = [private("new", 0o700), private("old", 0o500), private("in/it", 0o750)].concat();
    let link = archive(&[Made(Symlink, "l", "/proc/mounts", b"")]);
    for rest in [&link[..], b""] {
        into(folder.path(), &[&made[..], rest].concat()).unwrap_err();
        let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().mode() & 0o777;
        assert_eq!((mode("new"), mode("old"), mode("in/it")), (0o700, 0o500, 0o750));
    }
    // While it goes on, too: what is asked for the next header sees it.
    struct Looking<'a>(&'a [u8], &'a Path, Vec<u32>);
    impl Read for Looking<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let modes = ["new", "old"].map(|name| fs::metadata(self.1.join(name)));
            self.2.extend(modes.into_iter().flatten().map(|found| found.mode() & 0o077));
            Read::read(&mut self.0, buffer)
        }
    }
    let other = tempfile::tempdir().unwrap();
    let mut looking = Looking(&made, other.path(), Vec::new());
    unpack(&Unpack::new(other.path()), &mut looking).unwrap_err();
    assert!(looking.2.len() > 2 && looking.2.iter().all(|others| *others == 0), "{:?}", looking.2);
}

#[test]
fn names_that_are_too_long_here_can_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(300);
    let named = |kind, path: &str| {
        let named = [path.as_bytes(), b"\0"].concat();
        archive(&[Made(EntryType::GNULongName, "n", "", &named), Made(kind, "f", "", b"")])
    };
    let cut = |bytes: Vec<u8>| bytes[..bytes.len() - 1024].to_vec();
    for kind in [Regular, Directory, Symlink] {
        for path in [long.clone(), format!("{long}/f"), format!("d/{long}/f")] {
            let bytes =
                [cut(named(kind, &path)), archive(&[Made(Regular, "f", "", b"1")])].concat();
            if kind != Symlink {
                let error = into(folder.path(), &bytes).unwrap_err();
                assert_eq!(error.code(), "entry-refused", "{error}");
            }
            let unpack_into = Unpack::new(folder.path()).leave_out_refused();
            let unpacked = unpack(&unpack_into, &mut &*bytes).unwrap();
            assert_eq!((unpacked.entries, unpacked.left_out), (1, 1));
        }
    }
}

/// Of a sparse file, which is refused, all is passed over.
#[test]
fn a_sparse_file_hides_nothing_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::GNUSparse);
    header.set_path("sparse").unwrap();
    header.set_mode(0o644);
    header.set_mtime(1);
    header.set_size(3);
    header.as_gnu_mut().unwrap().isextended[0] = 1;
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    // Two more blocks of its map, of which the second is the last.
    for goes_on in [1, 0] {
        let mut block = [b'7'; 512];
        block[504] = goes_on;
        bytes.extend(block);
    }
    bytes.extend(b"abc");
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes.extend(archive(&[Made(Regular, "f", "", b"1")]));
    let unpacked = unpack(&Unpack::new(folder.path()).leave_out_refused(), &mut &*bytes).unwrap();
    assert_eq!((unpacked.entries, unpacked.left_out), (1, 1));
    assert_eq!(fs::read(folder.path().join("f")).unwrap(), b"1");
    bytes[512 + 504] = 1;
    let without_end = [&bytes[..512], &[1; 512].repeat(3000)].concat();
    malformed(&without_end, "at byte 1049088: a sparse file has too many pieces");
}

#[test]
fn times_may_be_before_1970_and_have_fractions() {
    let check = |mtime: &str, expected: (i64, i64)| {
        let folder = tempfile::tempdir().unwrap();
        let record = format!(" mtime={mtime}\n");
        let length =
            (2..99).find(|digits| record.len() + digits.to_string().len() == *digits).unwrap();
        let records = format!("{length}{record}");
        let entries =
            [Made(EntryType::XHeader, "x", "", records.as_bytes()), Made(Regular, "f", "", b"1")];
        into(folder.path(), &archive(&entries)).unwrap();
        let found = fs::metadata(folder.path().join("f")).unwrap();
        assert_eq!((found.mtime(), found.mtime_nsec()), expected, "{mtime}");
    };
    check("1700000000.123456789", (1_700_000_000, 123_456_789));
    check("1700000000.1234567899", (1_700_000_000, 123_456_789));
    check("-157680000", (-157_680_000, 0));
    check("-1.25", (-2, 750_000_000));
    check("-0.5", (-1, 500_000_000));
    check("7.", (7, 0));
    for wrong in ["NaN", "1.x", "", "inf", "1e9"] {
        assert_eq!(super::super::entries::time_of(wrong), None, "{wrong}");
    }
    // A field that holds no text: -100000.
    let mut bytes = archive(&[Made(Regular, "f", "", b"1")]);
    bytes[136..148].copy_from_slice(&[[255; 4].as_slice(), &(-100_000_i64).to_be_bytes()].concat());
    with_sums(&mut bytes, &[0]);
    let folder = tempfile::tempdir().unwrap();
    into(folder.path(), &bytes).unwrap();
    assert_eq!(fs::metadata(folder.path().join("f")).unwrap().mtime(), -100_000);
}

#[test]
fn numbers_that_are_not_written_are_none() {
    for field in [100..108, 124..136, 136..148] {
        for blank in [0, b' '] {
            let mut bytes = archive(&[Made(Directory, "d", "", b"")]);
            bytes[field.clone()].fill(blank);
            with_sums(&mut bytes, &[0]);
            let folder = tempfile::tempdir().unwrap();
            assert_eq!(into(folder.path(), &bytes).unwrap().entries, 1, "{field:?}");
        }
    }
}

#[track_caller]
fn malformed(bytes: &[u8], expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(into(folder.path(), bytes).unwrap_err().to_string(), expected);
}

#[test]
fn what_is_no_archive_is_an_error_with_its_place() {
    let whole = archive(&[Made(Regular, "f", "", b"123")]);
    malformed(b"", "at byte 0: the archive ends too soon");
    malformed(&whole[..100], "at byte 100: the archive ends too soon");
    malformed(&whole[..514], "at byte 514: the archive ends too soon");
    malformed(&whole[..1000], "at byte 1000: the archive ends too soon");
    malformed(&whole[..1024], "at byte 1024: the archive ends too soon");
    malformed(&[b'x'; 2048], "at byte 0: that is no header of a tar");
    let mut wrong = whole;
    wrong[0] = b'g';
    malformed(&wrong, "at byte 0: that is no header of a tar");

    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::GNULongName);
    header.set_size(1 << 32);
    header.set_cksum();
    malformed(header.as_bytes(), "at byte 512: a name is too long");
    for records in ["x", "5 a=b", "99 path=a\n", "11 size=x1\n", "1 \n", "0 a=b\n"] {
        let bytes = archive(&[Made(EntryType::XHeader, "x", "", records.as_bytes())]);
        malformed(&bytes, "at byte 0: its records are malformed");
    }
}

#[test]
fn limits_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = archive(&[Made(Regular, "a", "", b"123"), Made(Regular, "b", "", b"456")]);
    let limited = |unpack: Unpack| super::unpack(&unpack, &mut &*bytes).map(drop);
    let new = || Unpack::new(folder.path());
    limited(new().entries_limit(2).bytes_limit(6)).unwrap();
    let error = limited(new().entries_limit(1)).unwrap_err();
    assert_eq!(error.to_string(), "it has more than the 1 entries that are allowed");
    let error = limited(new().bytes_limit(5)).unwrap_err();
    assert_eq!(error.to_string(), "it has more than the 5 bytes that are allowed");
    assert_eq!(error.code(), "archive-too-large");
}

#[test]
fn extended_headers_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let records = b"12 path=a\nb\n20 mtime=1234567890\n13 other=1\n2\n9 size=2\n";
    let entries = [Made(EntryType::XHeader, "x", "", records), Made(Regular, "f", "", b"12")];
    into(folder.path(), &archive(&entries)).unwrap();
    let file = folder.path().join("a\nb");
    assert_eq!(fs::read(&file).unwrap(), b"12");
    assert_eq!(fs::metadata(file).unwrap().mtime(), 1_234_567_890);
    let records = b"21 path=../../../out\n";
    let entries = [Made(EntryType::XHeader, "x", "", records), Made(Regular, "f", "", b"12")];
    let error = into(folder.path(), &archive(&entries)).unwrap_err();
    assert_eq!(error.to_string(), "the entry `../../../out` has `..` in its path");
}

/// All there is to know of a folder, as text.
fn listing(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(path) = folders.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            let metadata = fs::symlink_metadata(&path).unwrap();
            let what = if metadata.is_dir() {
                folders.push(path.clone());
                format!("{:o} {}", metadata.mode(), metadata.mtime())
            } else if metadata.is_symlink() {
                format!("-> {:?}", fs::read_link(&path).unwrap())
            } else {
                let (mode, time) = (metadata.mode(), metadata.mtime());
                format!("{mode:o} {time} {:?}", fs::read(&path).unwrap())
            };
            lines.push(format!("{:?} {what}", path.strip_prefix(folder).unwrap()));
        }
    }
    lines.sort();
    lines
}

async fn packed(folder: Folder) -> Vec<u8> {
    let mut bytes = Vec::new();
    folder.open().await.unwrap().read_to_end(&mut bytes).await.unwrap();
    bytes
}

#[tokio::test]
async fn a_folder_comes_back_as_it_was() {
    let source = tempfile::tempdir().unwrap();
    let root = source.path();
    let long = format!("{}/{}", "d".repeat(150), "ü".repeat(100));
    for folder in ["empty", "shut", "a/b/c", &*"d".repeat(150)] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    let data: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    for (path, mode) in [
        ("a/b/c/big", 0o644),
        ("a b ü ☺ 'x' \\ \n", 0o600),
        (".hidden", 0o755),
        (&*long, 0o640),
        ("shut/in", 0o400),
    ] {
        fs::write(root.join(path), &data[..path.len() * 300]).unwrap();
        fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
    fs::write(root.join("empty-file"), "").unwrap();
    for (path, target) in
        [("link", "a/b"), ("a/up", "../a//b/./c"), ("dangling", "no"), ("long", &*long)]
    {
        symlink(target, root.join(path)).unwrap();
    }
    let time = UNIX_EPOCH + Duration::from_secs(1_234_567_890);
    for path in ["shut", ".hidden", "a/b"] {
        File::open(root.join(path)).unwrap().set_modified(time).unwrap();
    }
    fs::set_permissions(root.join("shut"), fs::Permissions::from_mode(0o555)).unwrap();

    let bytes = packed(Folder::new(root)).await;
    assert_eq!(bytes, packed(Folder::new(root)).await);
    let target = tempfile::tempdir().unwrap();
    let unpacked = into(target.path(), &bytes).unwrap();
    assert_eq!(listing(target.path()), listing(root));
    // And once more, over what is there.
    assert_eq!(into(target.path(), &bytes).unwrap(), unpacked);
    assert_eq!(listing(target.path()), listing(root));

    let gzip = packed(Folder::new(root).compressed(Compression::Gzip)).await;
    assert_eq!(gzip, packed(Folder::new(root).compressed(Compression::Gzip)).await);
    let mut plain = Vec::new();
    flate2::read::GzDecoder::new(&*gzip).read_to_end(&mut plain).unwrap();
    assert_eq!(plain, bytes);

    // GNU's tar reads the same.
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), &bytes).unwrap();
    let target = tempfile::tempdir().unwrap();
    let mut tar = std::process::Command::new("tar");
    tar.args(["--extract", "--preserve-permissions", "--file"]).arg(file.path());
    if tar.arg("-C").arg(target.path()).status().is_ok_and(|status| status.success()) {
        assert_eq!(listing(target.path()), listing(root));
    }
}

/// Sets the sum of each header that is where one was.
fn with_sums(bytes: &mut [u8], headers: &[usize]) {
    for &at in headers {
        let block = &mut bytes[at..at + 512];
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(200))]

    /// Whatever an archive says, nothing beside the folder changes and nothing panics.
    #[test]
    fn a_damaged_archive_does_no_harm(
        changes in proptest::collection::vec((0..3584usize, proptest::prelude::any::<u8>()), 0..12),
        length in 0..=5120usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("in");
        fs::write(folder.path().join("secret"), "secret").unwrap();
        let mut bytes = archive(&[
            Made(Directory, "a", "", b""),
            Made(Symlink, "a/l", "../b", b""),
            Made(EntryType::XHeader, "x", "", b"13 path=a/f/g\n"),
            Made(Regular, "a/f", "", b"12345"),
            Made(Link, "h", "a/f", b""),
        ]);
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        with_sums(&mut bytes, &[0, 512, 1024, 2048, 3072]);
        bytes.truncate(length);
        let _ = unpack(&Unpack::new(&root).leave_out_refused(), &mut &*bytes);
        let beside = fs::read_dir(folder.path()).unwrap().count();
        proptest::prop_assert!(beside <= 2);
        proptest::prop_assert_eq!(fs::read(folder.path().join("secret")).unwrap(), b"secret");
    }
}

#[test]
fn the_last_word_about_a_folder_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    let mut tar = Builder::new(&mut bytes);
    for (path, mode) in [("a/b", 0o500), ("a", 0o500), ("a/b", 0o1777), ("a", 0o705)] {
        let mut header = Header::new_gnu();
        header.set_entry_type(Directory);
        header.set_mode(mode);
        header.set_size(0);
        header.set_mtime(1);
        tar.append_data(&mut header, path, io::empty()).unwrap();
    }
    drop(tar);
    into(folder.path(), &bytes).unwrap();
    let mode = |path: &str| fs::metadata(folder.path().join(path)).unwrap().mode() & 0o777;
    assert_eq!((mode("a"), mode("a/b")), (0o705, 0o775));
}
