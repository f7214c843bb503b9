//! The command as it is run: exit statuses, and what it leaves on the disk.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const SPEC: &str = "swagger: '2.0'\npaths:\n  /a:\n    get: { operationId: A }\n";

/// A folder with a map of two versions, their specs and their pack.
struct Room {
    folder: TempDir,
}

impl Room {
    fn new() -> Self {
        let room = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(room.path("specs/toy")).unwrap();
        // Nothing listens at port 9 (discard) any more.
        let map = "toy:\n  sources:\n    - url: http://127.0.0.1:9/{version}.yaml\n      \
                   versions: [v1.0, v1.1]\n";
        fs::write(room.path("sources.yaml"), map).unwrap();
        room.spec("v1.0", SPEC);
        room.spec("v1.1", SPEC);
        room
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn spec(&self, version: &str, text: &str) {
        fs::write(self.path(&format!("specs/toy/{version}.yaml")), text).unwrap();
    }

    fn pack(&self) -> Vec<u8> {
        fs::read(self.path("packs/toy.postcard")).unwrap()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        for name in ["HTTP_PROXY", "http_proxy", "CONTAJNERS_WORKSPACE"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the command with these arguments, and gives its status and what it printed.
    #[track_caller]
    fn run(&self, arguments: &[&str], status: i32) -> String {
        let mut command = self.command(env!("CARGO_BIN_EXE_fetch-api"));
        command.args(["--sources", "sources.yaml", "--out", "packs"]).args(arguments);
        finished(command.output().unwrap(), status)
    }
}

#[track_caller]
fn finished(output: Output, status: i32) -> String {
    let text = [output.stderr, output.stdout].concat();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(output.status.code(), Some(status), "{text}");
    text
}

#[test]
fn exit_statuses_tell_how_it_ended() {
    let room = Room::new();
    assert!(room.run(&["--from", "specs", "--check"], 1).contains("versions missing"));
    assert!(room.run(&["--from", "specs"], 0).contains("toy: 2 versions compiled, packs"));
    assert_eq!(
        room.run(&["--from", "specs", "--check"], 0),
        "toy: 2 versions compiled, no change\n"
    );
    room.spec(
        "v1.1",
        "swagger: '2.0'\npaths:\n  /a:\n    fetch: {}\n    put: { operationId: P }\n",
    );
    assert_eq!(
        room.run(&["--from", "specs"], 1),
        "toy v1.1: unknown method `fetch` (at #/paths/~1a/fetch)\n  \
         in specs/toy/v1.1.yaml\n\
         toy: failed and kept as the pack has them: v1.1\n  \
         hint: `--keep-going` compiles what is sound\n\
         toy: 1 version compiled, no change\n"
    );
    assert_eq!(
        room.run(&["--from", "specs", "--keep-going", "--check"], 1),
        "toy v1.1: unknown method `fetch` (at #/paths/~1a/fetch)\n  \
         in specs/toy/v1.1.yaml\n\
         toy: packs/toy.postcard is not what the sources compile to\n  \
         v1.1: operations missing: `P`; extra operations: `A`\n  \
         hint: the same without `--check` rebuilds it\n"
    );
    for arguments in [&["--engine", "tov"][..], &["--from", "nowhere"], &["--jobs", "0"]] {
        assert!(room.run(arguments, 2).starts_with("error: "));
    }
}

#[test]
fn an_installed_command_knows_of_no_clone() {
    let room = Room::new();
    let run = |arguments: &[&str], status| {
        let mut command = room.command(env!("CARGO_BIN_EXE_fetch-api"));
        finished(command.args(arguments).output().unwrap(), status)
    };
    assert!(run(&["--help"], 0).contains("Usage: fetch-api [OPTIONS]\n"));
    assert!(run(&["--from", "specs"], 2).starts_with("error: no map of sources is given\n"));
    let text = run(&["--sources", "sources.yaml", "--from", "specs"], 2);
    assert!(
        text.starts_with("error: no folder is given for the packs of sources.yaml\n"),
        "{text}"
    );
    // In a clone it is told whose map and packs are meant.
    fs::create_dir(room.path("fetch-api")).unwrap();
    fs::rename(room.path("sources.yaml"), room.path("fetch-api/sources.yaml")).unwrap();
    let run = |arguments: &[&str], status| {
        let mut command = room.command(env!("CARGO_BIN_EXE_fetch-api"));
        command.env("CONTAJNERS_WORKSPACE", room.folder.path());
        finished(command.args(arguments).output().unwrap(), status)
    };
    assert!(run(&["--help"], 0).contains("Usage: cargo xtask fetch-api [OPTIONS]\n"));
    run(&["--from", "specs"], 0);
    assert!(room.path("resources/toy.postcard").is_file());
}

#[test]
fn without_a_network_the_packs_stay() {
    let room = Room::new();
    room.run(&["--from", "specs"], 0);
    let before = room.pack();
    let start = Instant::now();
    let text = room.run(&[], 1);
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    for version in ["v1.0", "v1.1"] {
        let expected =
            format!("toy {version}: cannot download http://127.0.0.1:9/{version}.yaml\n");
        assert!(text.contains(&expected), "{text}");
    }
    assert!(text.contains("  hint: a proxy is taken from `HTTPS_PROXY`"), "{text}");
    assert!(!text.contains('\u{1b}'), "nothing is drawn where no terminal is: {text:?}");
    assert_eq!(room.pack(), before);
}

/// What is printed is lost where the disk is full, or where nobody reads it any more.
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_does_not_change_the_status() {
    let room = Room::new();
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = room.command(env!("CARGO_BIN_EXE_fetch-api"));
        command.args(["--out", "packs"]).args(arguments);
        let output = command.stderr(full()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(run(&["--sources", "nowhere.yaml"]), (Some(2), String::new()));
    let own = ["--sources", "sources.yaml"];
    let status = |more: &[&str]| run(&[&own[..], more].concat());
    assert_eq!(status(&["--cache", "sources.yaml"]).0, Some(1));
    // The other stream gets what is its own.
    room.spec("v1.1", "swagger: '2.0'\npaths: {}\n");
    let (ended, text) = status(&["--from", "specs"]);
    assert_eq!(ended, Some(1));
    assert!(text.starts_with("toy: 1 version compiled, "), "{text}");
    let mut command = room.command(env!("CARGO_BIN_EXE_fetch-api"));
    command.args(own).args(["--out", "packs", "--from", "specs", "--api-version", "v1.0"]);
    assert_eq!(command.stdout(full()).status().unwrap().code(), Some(0));
}

/// The limit on the size of files is the full disk that every user can have.
#[cfg(unix)]
#[test]
fn a_full_disk_keeps_the_pack() {
    let room = Room::new();
    room.run(&["--from", "specs"], 0);
    let before = room.pack();
    room.spec("v1.1", &SPEC.replace("/a", "/b"));
    let script = "trap '' XFSZ; ulimit -f 0; exec \"$@\"";
    let mut command = room.command("sh");
    command.args(["-c", script, "sh", env!("CARGO_BIN_EXE_fetch-api")]);
    command.args(["--sources", "sources.yaml", "--out", "packs", "--from", "specs"]);
    let text = finished(command.output().unwrap(), 1);
    assert!(
        text.starts_with("error: toy: cannot write packs/toy.postcard\n  caused by: "),
        "{text}"
    );
    assert!(text.ends_with("  hint: a pack that was there before is unchanged\n"), "{text}");
    assert_eq!(room.pack(), before);
    let files: Vec<_> = fs::read_dir(room.path("packs")).unwrap().collect();
    assert_eq!(files.len(), 1, "no temporary file is left");
    room.run(&["--from", "specs"], 0);
    assert_ne!(room.pack(), before);
}

/// Killed a hundred times at random points between its start and its end, it leaves of each pack the
/// old one or the new one.
#[test]
fn an_interrupted_run_leaves_whole_packs() {
    const ENGINES: [&str; 3] = ["first", "second", "third"];
    const COUNT: usize = 500;
    let room = Room::new();
    let source = |engine: &str| {
        format!(
            "{engine}:\n  sources:\n    - url: http://127.0.0.1:9/{{version}}.yaml\n      \
             versions: [v1.0]\n"
        )
    };
    fs::write(room.path("sources.yaml"), ENGINES.map(source).concat()).unwrap();
    for engine in ENGINES {
        fs::create_dir_all(room.path(&format!("specs/{engine}"))).unwrap();
    }
    let write_specs = |count: usize| {
        let paths: String = (0..count)
            .map(|at| format!("  /a{at}:\n    get: {{ operationId: A{at} }}\n"))
            .collect();
        let spec = format!("swagger: '2.0'\npaths:\n{paths}");
        for engine in ENGINES {
            fs::write(room.path(&format!("specs/{engine}/v1.0.yaml")), &spec).unwrap();
        }
    };
    let packs =
        || ENGINES.map(|name| fs::read(room.path(&format!("packs/{name}.postcard"))).unwrap());
    let packs_of = |count: usize| {
        write_specs(count);
        room.run(&["--from", "specs"], 0);
        packs()
    };
    let [old, new] = [packs_of(COUNT), packs_of(COUNT + 1)];
    let start = Instant::now();
    packs_of(COUNT);
    // However busy the machine gets, about half of the runs end by themselves.
    let mut longest = start.elapsed();
    let random = std::collections::hash_map::RandomState::new();
    let (mut killed, mut changed, mut mixed, mut before) = (0, 0, 0, packs());
    for round in 0_u64.. {
        let part = std::hash::BuildHasher::hash_one(&random, round) % 1000;
        let point = longest * part as u32 / 1000;
        write_specs(COUNT + usize::from(before == old));
        let mut command = room.command(env!("CARGO_BIN_EXE_fetch-api"));
        command.args(["--sources", "sources.yaml", "--out", "packs", "--from", "specs"]);
        let mut child = command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(point);
        let is_killed = child.try_wait().unwrap().is_none();
        killed += usize::from(is_killed);
        longest = longest.mul_f64(if is_killed { 1.05 } else { 0.95 });
        child.kill().unwrap();
        child.wait().unwrap();
        let after = packs();
        for (at, pack) in after.iter().enumerate() {
            let is_whole = *pack == old[at] || *pack == new[at];
            assert!(is_whole, "{}, round {round}, killed after {point:?}", ENGINES[at]);
        }
        changed += usize::from(after != before);
        mixed += usize::from(after != old && after != new);
        before = after;
        if killed >= 100 && changed > 0 {
            break;
        }
        assert!(round < 1000, "{killed} of {round} were killed, {changed} changed the packs");
    }
    println!("{killed} killed, {changed} changed packs, {mixed} were left between two packs");
    // What killed runs have left is nobody's trouble.
    assert_eq!(packs_of(COUNT + 1), new);
}
