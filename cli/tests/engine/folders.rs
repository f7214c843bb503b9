//! Folders in place of archives, both ways.

use tempfile::TempDir;

use crate::command::told;
use crate::{DONE, Engine};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

/// Sends a folder, and returns the line of the request and what was in its tar.
#[track_caller]
fn sent(arguments: &[&str], context: &TempDir) -> (String, Vec<String>) {
    let engine = Engine::new(&[DONE]);
    let output = engine.command(arguments).arg("--context").arg(context.path()).output().unwrap();
    assert_eq!(told(&output), "--- status 0");
    let request = engine.requests();
    let (line, archive) = request.split_once("] ").unwrap();
    // Names are at the beginning of blocks; nothing in these archives but text has zeros.
    let blocks = archive.as_bytes().chunks(512);
    let is_header = |block: &&[u8]| block.get(257..262) == Some(b"ustar");
    let names = blocks.filter(is_header).map(|block| {
        let end = block.iter().position(|byte| *byte == 0).unwrap();
        String::from_utf8_lossy(&block[..end]).into_owned()
    });
    (format!("{line}]"), names.collect())
}

#[test]
fn a_build_context_goes_by_its_ignore_file() {
    let context = folder(&[
        ("Dockerfile", ""),
        ("deploy/Dockerfile", ""),
        (".dockerignore", "*\n!app"),
        (".containerignore", "app"),
        ("app/a", "a"),
        ("secret", "s"),
    ]);
    let (line, names) = sent(&["invoke", "docker@v1.41", "ImageBuild", "t=app"], &context);
    assert_eq!(line, "POST /v1.41/build?t=app [application/x-tar]");
    assert_eq!(names, [".dockerignore", "Dockerfile", "app/", "app/a"]);
    let call = ["invoke", "docker@v1.41", "ImageBuild", "dockerfile=deploy/Dockerfile"];
    let (line, names) = sent(&call, &context);
    assert_eq!(line, "POST /v1.41/build?dockerfile=deploy/Dockerfile [application/x-tar]");
    assert_eq!(names, [".dockerignore", "app/", "app/a", "deploy/", "deploy/Dockerfile"]);
    let (_, names) = sent(&["invoke", "podman@v4.3.1", "ImageBuild"], &context);
    assert!(names.contains(&"secret".into()) && !names.contains(&"app/a".into()), "{names:?}");
}

/// Also where JSON is what is documented first; nothing else is said of it.
#[test]
fn a_folder_is_of_the_type_of_an_archive() {
    let context = folder(&[("Dockerfile", ""), ("metadata.yaml", "")]);
    let call = ["invoke", "incus@v6.0.0", "images_post"];
    for more in [&[][..], &["--content-type", "application/octet-stream"]] {
        let (line, names) = sent(&[&call[..], more].concat(), &context);
        assert_eq!(line, "POST /1.0/images [application/octet-stream]");
        assert_eq!(names, ["Dockerfile", "metadata.yaml"]);
    }
    let build = ["invoke", "podman@v4.3.1", "ImageBuildLibpod", "--content-type"];
    let (line, _) = sent(&[&build[..], &["application/x-tar"]].concat(), &context);
    assert_eq!(line, "POST /v4.3.1/libpod/build [application/x-tar]");
}

#[test]
fn a_folder_that_is_not_built_goes_as_it_is() {
    let context = folder(&[(".dockerignore", "*"), ("a/b", "")]);
    let call = ["invoke", "docker@v1.41", "PutContainerArchive", "id=x", "path=/"];
    let (line, names) = sent(&call, &context);
    assert_eq!(line, "PUT /v1.41/containers/x/archive?path=/ [application/x-tar]");
    assert_eq!(names, [".dockerignore", "a/", "a/b"]);
}

#[test]
fn a_folder_is_compressed() {
    let context = folder(&[("a", &"a".repeat(100_000))]);
    for (how, begins) in [("gzip", "] \u{1f}\u{fffd}\u{8}"), ("zstd", "] (\u{fffd}/\u{fffd}")] {
        let engine = Engine::new(&[DONE]);
        let call = ["invoke", "docker@v1.41", "PutContainerArchive", "id=x", "path=/"];
        let mut command = engine.command(&[&call[..], &["--compress", how]].concat());
        command.arg("--context").arg(context.path());
        assert_eq!(told(&command.output().unwrap()), "--- status 0");
        let request = engine.requests();
        assert!(request.contains(begins) && request.len() < 2000, "{request:?}");
    }
}

#[track_caller]
fn refused(arguments: &[&str], folder: &TempDir, expected: &str) {
    let engine = Engine::new(&[DONE]);
    let output = engine.command(arguments).current_dir(folder.path()).output().unwrap();
    assert_eq!(told(&output), format!("--- standard error\n{expected}"));
    assert_eq!(engine.requests(), "");
}

#[test]
fn folders_that_cannot_be_sent_are_refused_before() {
    let context = folder(&[("sub/Dockerfile", ""), ("sub/.dockerignore", "a[")]);
    let build = ["invoke", "docker@v1.41", "ImageBuild", "--context"];
    refused(
        &[&build[..], &["none"]].concat(),
        &context,
        "error: cannot read the folder `none`\n  \
         caused by: No such file or directory (os error 2)\n--- status 1",
    );
    refused(
        &[&build[..], &["."]].concat(),
        &context,
        "error: no `Dockerfile` in `.`\n  \
         hint: `dockerfile=PATH` names it by its path in the folder\n--- status 1",
    );
    refused(
        &[&build[..], &["sub"]].concat(),
        &context,
        "error: the ignore file `sub/.dockerignore` is malformed\n  \
         caused by: line 1: the pattern `a[` is malformed\n--- status 1",
    );
    refused(
        &["invoke", "docker@v1.41", "ContainerCreate", "--context", "."],
        &context,
        "error: the body of `ContainerCreate` is not an archive\n  \
         hint: give it with `--data`\n--- status 2",
    );
    refused(
        &["invoke", "docker@v1.41", "ContainerList", "--unpack", "."],
        &context,
        "error: the answer to `ContainerList` is not an archive\n  \
         hint: leave out `--unpack`\n--- status 2",
    );
}

/// An answer that is a tar of one entry.
fn answer(kind: char, name: &str, target: &str, text: &str) -> &'static str {
    let size = text.len();
    let mut header = format!(
        "{name:\0<100}0000644\00000000\00000000\0{size:011o}\000000000000\0        \
         {kind}{target:\0<100}ustar\x0000"
    );
    let sum: u32 = header.bytes().map(u32::from).sum();
    header.replace_range(148..156, &format!("{sum:06o}\0 "));
    let text = if size == 0 { String::new() } else { format!("{text:\0<512}") };
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/x-tar\r\nConnection: close\r\n\r\n\
         {header:\0<512}{text}{:\0<1024}",
        ""
    )
    .leak()
}

#[track_caller]
fn unpacked(answer: &'static str, arguments: &[&str], target: &TempDir, expected: &str) {
    let engine = Engine::new(&[answer]);
    let call = ["invoke", "docker@v1.41", "ContainerArchive", "id=x", "path=/y", "--unpack", "in"];
    let mut command = engine.command(&[&call[..], arguments].concat());
    let output = command.current_dir(target.path()).output().unwrap();
    assert_eq!(told(&output), expected);
    assert_eq!(engine.requests(), "GET /v1.41/containers/x/archive?path=/y");
}

#[test]
fn an_archive_is_unpacked() {
    let target = tempfile::tempdir().unwrap();
    unpacked(answer('0', "y/z", "", "text"), &[], &target, "--- status 0");
    assert_eq!(std::fs::read_to_string(target.path().join("in/y/z")).unwrap(), "text");
}

#[test]
fn an_archive_that_leads_out_is_refused() {
    let target = tempfile::tempdir().unwrap();
    let cannot = "--- standard error\nerror: cannot unpack the answer to `ContainerArchive` \
                  (GET /v1.41/containers/x/archive)\n  caused by: ";
    unpacked(
        answer('0', "../z", "", "text"),
        &["--leave-out-refused"],
        &target,
        &format!(
            "{cannot}the entry `../z` has `..` in its path\n  \
             hint: what came before it is in the folder\n--- status 1"
        ),
    );
    let link = answer('2', "l", "/etc", "");
    unpacked(
        link,
        &[],
        &target,
        &format!(
            "{cannot}the entry `l` is a link that leads out of the folder, or may\n  \
             hint: what came before it is in the folder; `--leave-out-refused` goes on without \
             it\n--- status 1"
        ),
    );
    unpacked(
        link,
        &["--leave-out-refused"],
        &target,
        "--- standard error\nnote: 1 entry was left out\n--- status 0",
    );
    unpacked(
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nno tar",
        &[],
        &target,
        &format!(
            "{cannot}at byte 6: the archive ends too soon\n  \
             hint: redirect it to see what it is: `… > FILE`\n--- status 1"
        ),
    );
    assert!(!target.path().join("z").exists());
}
