//! Archives into and out of a container, byte for byte.

use std::io::Cursor;

use contajners::{Client, Error, ErrorKind};
use contajners_tests::image::tar_of;

use crate::{create, import, on, on_both, remove};

on_both!(round_trip, from_a_file_and_a_reader, a_missing_file_sends_nothing);

/// Every byte there is, more than one buffer of them.
fn content() -> Vec<u8> {
    (0..=255u8).cycle().take(300_000).collect()
}

#[track_caller]
fn file_of(archive: &[u8]) -> (&[u8], &[u8]) {
    let end = archive.iter().position(|byte| *byte == 0).expect("a name");
    let size = std::str::from_utf8(&archive[124..135]).expect("a size");
    let size = usize::from_str_radix(size.trim(), 8).expect("an octal size");
    (&archive[..end], &archive[512..512 + size])
}

async fn round_trip(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/archive").await?;
    let id = create(&engine, &image, "archive", "true").await?;
    let (name, content) = ("a b ü %2F?#.bin", content());
    let archive = tar_of([(name, &*content)]);
    on(&engine, "PutContainerArchive", &id).param("path", "/tmp").body_bytes(archive).await?;
    let path = format!("/tmp/{name}");
    let back = on(&engine, "ContainerArchive", &id).param("path", path).bytes().await?;
    let (found, bytes) = file_of(&back);
    // A name that is not ASCII comes in a header before.
    if found == name.as_bytes() {
        assert_eq!(bytes, content);
    } else {
        assert!(back.windows(content.len()).any(|window| window == content));
    }
    remove(&engine, &id).await
}

async fn from_a_file_and_a_reader(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/upload").await?;
    let id = create(&engine, &image, "upload", "true").await?;
    let put = || on(&engine, "PutContainerArchive", &id).param("path", "/tmp");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("one.tar");
    std::fs::write(&file, tar_of([("one", b"from a file".as_slice())])).expect("a file");
    put().body_file(&file).await?;
    put().body_reader(Cursor::new(tar_of([("two", b"from a reader".as_slice())]))).await?;
    for (name, expected) in [("one", "from a file"), ("two", "from a reader")] {
        let path = format!("/tmp/{name}");
        let back = on(&engine, "ContainerArchive", &id).param("path", path).bytes().await?;
        assert_eq!(file_of(&back), (name.as_bytes(), expected.as_bytes()));
    }
    remove(&engine, &id).await
}

async fn a_missing_file_sends_nothing(engine: Client) -> Result<(), Error> {
    let call = on(&engine, "PutContainerArchive", "nobody").param("path", "/tmp");
    let error = call.body_file("/no/such/file.tar").await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_acted()), (ErrorKind::Body, false));
    assert_eq!(error.to_string(), "cannot read the file `/no/such/file.tar`");
    Ok(())
}
