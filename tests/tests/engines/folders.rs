//! Folders that are built from, put into a container, and taken out of one again.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use contajners::{Client, Compression, Error, ErrorKind, Folder, Unpack};

use crate::{create, import, on, on_both, remove};

on_both!(
    a_build_without_what_is_ignored,
    a_folder_goes_in_and_comes_out,
    a_whole_container_comes_out,
    a_file_in_the_place_of_the_folder_sends_nothing,
    a_refusal_in_the_middle_is_heard,
    what_cannot_be_read_is_named,
);

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
}

/// What is in a folder: paths, and what is there.
fn listing(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(path) = folders.pop() {
        for entry in fs::read_dir(&path).expect("a folder") {
            let path = entry.expect("an entry").path();
            let metadata = fs::symlink_metadata(&path).expect("metadata");
            let mode = metadata.permissions().mode() & 0o777;
            let what = if metadata.is_dir() {
                folders.push(path.clone());
                format!("{mode:o}/")
            } else if metadata.is_symlink() {
                format!("-> {}", fs::read_link(&path).expect("a link").display())
            } else {
                format!("{mode:o} {:?}", fs::read_to_string(&path).expect("a text"))
            };
            lines.push(format!("{} {what}", path.strip_prefix(folder).expect("inside").display()));
        }
    }
    lines.sort();
    lines
}

async fn a_build_without_what_is_ignored(engine: Client) -> Result<(), Error> {
    let context = tempfile::tempdir().expect("a folder");
    let long = format!("app/{}/{}", "d".repeat(120), "n".repeat(180));
    write(
        context.path(),
        &[
            ("build/Dockerfile", "FROM scratch\nCOPY . /all/\n"),
            (".dockerignore", "# all but\n*\n!app\napp/**/*.o\n!app/keep.o\n"),
            ("app/main", "main"),
            ("app/main.o", "object"),
            ("app/keep.o", "kept"),
            (&long, "long"),
            ("secret", "secret"),
        ],
    );
    symlink("main", context.path().join("app/link")).expect("a link");
    fs::set_permissions(context.path().join("app/main"), Permissions::from_mode(0o750))
        .expect("a mode");
    let ours = || Folder::build_context(context.path()).dockerfile("build/Dockerfile");
    let mut folders = vec![ours(), ours().compressed(Compression::Gzip)];
    if engine.pack().engine() == "podman" {
        // Docker 20.10 takes it for a tar that is broken.
        folders.push(ours().compressed(Compression::Zstd));
        // Sent as a whole, Podman goes by the ignore file itself, and comes to the same.
        folders.push(Folder::new(context.path()));
    }
    for (number, folder) in folders.into_iter().enumerate() {
        let name = format!("localhost/tests/folder:{number}");
        engine
            .invoke("ImageBuild")
            .param("t", &name)
            .param("dockerfile", "build/Dockerfile")
            .body_folder(folder)
            .await?;
        let id = create(&engine, &name, "folder", "true").await?;
        let out = tempfile::tempdir().expect("a folder");
        let archive = on(&engine, "ContainerArchive", &id).param("path", "/all");
        archive.stream().await?.unpack_into(out.path()).await?;
        let found = listing(&out.path().join("all/app"));
        assert_eq!(found, listing_of_app(&long));
        // What is always sent the engines leave out by themselves when they have read it.
        assert!(!out.path().join("all/secret").exists());
        remove(&engine, &id).await?;
    }
    Ok(())
}

/// Podman goes by the ignore file itself when it is sent all: both must come to the same.
///
/// But for what Podman 4.3 has otherwise than the docker command 28.2: a `/` after a space at the
/// beginning of a line, `**.o` (there a whole segment), and `a/b` with `!a` after it (there taken
/// in).
#[test]
fn podman_ignores_the_same() {
    crate::run("podman", contajners_tests::podman(), ignores_the_same);
}

async fn ignores_the_same(engine: Client) -> Result<(), Error> {
    let context = tempfile::tempdir().expect("a folder");
    for path in ["a.o", "b.c", "abc", "a/a.o", "a/b.c", "a/b/abc", "a/b/a.o", "docs/README.md"] {
        write(context.path(), &[(path, path)]);
    }
    for path in ["docs/x.md", "docs/deep/y.md", "x y/z", "[b]", "☺/☺", "#c", "!d"] {
        write(context.path(), &[(path, path)]);
    }
    write(context.path(), &[("Dockerfile", "FROM scratch\nCOPY . /all/\n")]);
    let mut differences = Vec::new();
    for patterns in [
        "*.o",
        "**/*.o",
        "a\n!a/b/*.o",
        "*\n!docs\ndocs/*\n!docs/README.md",
        "**\n!**/*.md",
        "a/*\n!a/b\n",
        "?.[c-o]\n[^x]bc",
        "docs/../a/ \n#a.o\n\\#c\n\\!d",
        "a/**\n!**/abc",
        "☺/?\n\\[b\\]\nx y",
        "docs/**/*.md",
        "*/*\n!*/b*",
    ] {
        write(context.path(), &[(".dockerignore", patterns)]);
        let mut found = Vec::new();
        for folder in [Folder::build_context(context.path()), Folder::new(context.path())] {
            let name = "localhost/tests/ignored:1";
            engine.invoke("ImageBuild").param("t", name).body_folder(folder).await?;
            let id = create(&engine, name, "ignored", "true").await?;
            let out = tempfile::tempdir().expect("a folder");
            let archive = on(&engine, "ContainerArchive", &id).param("path", "/all");
            archive.stream().await?.unpack_into(out.path()).await?;
            // Folders that are empty but for what is left out are made or not, as an engine likes.
            let mut files = listing(&out.path().join("all"));
            files.retain(|line| !line.ends_with('/') && !line.starts_with("Dockerfile "));
            found.push(files);
            remove(&engine, &id).await?;
        }
        if found[0] != found[1] {
            differences.push((patterns, found));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    Ok(())
}

fn listing_of_app(long: &str) -> Vec<String> {
    let long = long.strip_prefix("app/").expect("inside");
    let (folder, _) = long.split_once('/').expect("a folder");
    let mut lines = vec![
        format!("{folder} 755/"),
        format!("{long} 644 \"long\""),
        "keep.o 644 \"kept\"".into(),
        "link -> main".into(),
        "main 750 \"main\"".into(),
    ];
    lines.sort();
    lines
}

async fn a_folder_goes_in_and_comes_out(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/folders").await?;
    let id = create(&engine, &image, "folders", "true").await?;
    let source = tempfile::tempdir().expect("a folder");
    write(
        source.path(),
        &[
            ("files/a b ü ☺", "1"),
            ("files/sub/program", "2"),
            (&format!("files/{0}/{0}", "ü".repeat(80)), "3"),
            ("files/.dockerignore", "*"),
        ],
    );
    let files = source.path().join("files");
    fs::create_dir(files.join("empty")).expect("a folder");
    fs::set_permissions(files.join("sub/program"), Permissions::from_mode(0o751)).expect("a mode");
    symlink("../a b ü ☺", files.join("sub/link")).expect("a link");
    symlink("l".repeat(150), files.join("long link")).expect("a link");

    let folder = Folder::new(source.path()).compressed(Compression::Gzip);
    on(&engine, "PutContainerArchive", &id).param("path", "/tmp").body_folder(folder).await?;
    let target = tempfile::tempdir().expect("a folder");
    let archive = on(&engine, "ContainerArchive", &id).param("path", "/tmp/files");
    let unpacked = archive.stream().await?.unpack_into(target.path()).await?;
    assert_eq!(listing(&target.path().join("files")), listing(&files));
    assert_eq!((unpacked.entries, unpacked.left_out), (10, 0));
    remove(&engine, &id).await
}

async fn a_whole_container_comes_out(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/export").await?;
    let id = create(&engine, &image, "export", "true").await?;
    let target = tempfile::tempdir().expect("a folder");
    let export = on(&engine, "ContainerExport", &id).stream().await?;
    export.unpack_into(Unpack::new(target.path()).leave_out_refused()).await?;
    let greeting = fs::read_to_string(target.path().join("etc/greeting")).expect("a file");
    assert_eq!(greeting, "hello from the image\n");
    let shell = fs::read_link(target.path().join("bin/sh")).expect("a link");
    assert_eq!(shell, Path::new("busybox"));

    // Absolute links are what an export of many a container has.
    let links = tempfile::tempdir().expect("a folder");
    symlink("/etc/greeting", links.path().join("absolute")).expect("a link");
    on(&engine, "PutContainerArchive", &id).param("path", "/tmp").body_folder(links.path()).await?;
    let archive = || on(&engine, "ContainerArchive", &id).param("path", "/tmp");
    let error = archive().stream().await?.unpack_into(target.path()).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Unpack, "entry-refused"));
    let rest = Unpack::new(target.path()).leave_out_refused();
    let unpacked = archive().stream().await?.unpack_into(rest).await?;
    assert_eq!(unpacked.left_out, 1);
    remove(&engine, &id).await
}

async fn a_file_in_the_place_of_the_folder_sends_nothing(engine: Client) -> Result<(), Error> {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let call = on(&engine, "PutContainerArchive", "nobody").param("path", "/tmp");
    let error = call.body_folder(file.path()).await.unwrap_err();
    assert_eq!((error.kind(), error.may_have_acted()), (ErrorKind::Body, false));
    Ok(())
}

async fn a_refusal_in_the_middle_is_heard(engine: Client) -> Result<(), Error> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = fs::File::create(folder.path().join("large")).expect("a file");
    file.set_len(256 << 20).expect("a hole");
    let call = on(&engine, "PutContainerArchive", "nobody").param("path", "/tmp");
    let error = call.body_folder(folder.path()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Status, Some(404)));
    Ok(())
}

async fn what_cannot_be_read_is_named(engine: Client) -> Result<(), Error> {
    let image = import(&engine, "localhost/tests/unreadable").await?;
    let id = create(&engine, &image, "unreadable", "true").await?;
    let call = on(&engine, "PutContainerArchive", &id).param("path", "/tmp");
    let error = call.body_folder("/dev").await.unwrap_err();
    assert_eq!((error.kind(), &*error.to_string()), (ErrorKind::Body, "cannot read the body"));
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.starts_with("`/dev/"), "{cause}");
    assert!(cause.ends_with("`: it is neither a file nor a folder nor a link"), "{cause}");
    remove(&engine, &id).await
}
