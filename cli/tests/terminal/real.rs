//! Progress as real engines tell it, and keys that leave a process running.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use contajners_tests::registry::{PASSWORD, USER};
use contajners_tests::{PrivateEngine, Registry, RegistryError, image, skip};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{contajners, told};
use crate::ending::{is_raw, wait};
use crate::{PATIENCE, Run, Terminal};

/// An engine, the registry in its network, and a folder with the password for it.
struct Place {
    kind: &'static str,
    engine: &'static PrivateEngine,
    registry: Registry,
    folder: TempDir,
}

impl Place {
    fn new(kind: &'static str, engine: &'static PrivateEngine) -> Option<Self> {
        let registry = match Registry::start(engine) {
            Ok(registry) => registry,
            Err(error @ RegistryError::NotInstalled { .. }) => {
                skip(&error.to_string());
                return None;
            }
            Err(error) => panic!("{error}"),
        };
        let folder = tempfile::tempdir().unwrap();
        let context = folder.path().join("context");
        std::fs::create_dir(&context).unwrap();
        std::fs::write(
            context.join("Dockerfile"),
            format!("FROM {}\nRUN echo in the build\n", image::BUSYBOX),
        )
        .unwrap();
        std::fs::write(folder.path().join("busybox.tar"), image::busybox_archive().unwrap())
            .unwrap();
        Some(Self { kind, engine, registry, folder })
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Has the file with credentials say this password.
    fn log_in(&self, password: &str) {
        let login = json!({ "username": USER, "password": password });
        let auths = json!({ "auths": { self.registry.address(): login } });
        std::fs::write(self.path("config.json"), auths.to_string()).unwrap();
    }

    fn command(&self, words: &[&str]) -> Command {
        let uri = self.engine.uri();
        let mut command = contajners(&[&["--host", &uri, "invoke", self.kind], words].concat());
        command
            .env("DOCKER_CONFIG", self.folder.path())
            .env("REGISTRY_AUTH_FILE", self.path("config.json"));
        command.stdin(Stdio::null());
        command
    }

    /// Runs to an exit status, and returns what was written to standard output.
    #[track_caller]
    fn run(&self, words: &[&str], status: i32) -> String {
        let output = self.command(words).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{words:?}: {}", told(&output));
        String::from_utf8(output.stdout).unwrap()
    }
}

/// Every line is an object.
#[track_caller]
fn documents(text: &str) -> Vec<Value> {
    let lines = text.lines().map(serde_json::from_str::<Value>);
    let documents: Vec<Value> = lines.collect::<Result<_, _>>().expect("JSON in each line");
    assert!(documents.iter().all(Value::is_object), "{text}");
    documents
}

/// The lines that tell of a layer: an id of twelve digits, a colon, a status.
fn layers(text: &str) -> Vec<(&str, &str)> {
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    let is_id = |id: &str| id.len() == 12 && id.chars().all(|c| c.is_ascii_hexdigit());
    lines.filter(|(id, _)| is_id(id)).collect()
}

fn check(place: &Place) {
    let Place { kind, registry, .. } = place;
    let loads = ["ImageLoad", "--data", &format!("@{}", place.path("busybox.tar"))];
    assert_eq!(place.run(&loads, 0), format!("Loaded image: {}\n", image::BUSYBOX));
    let loaded = documents(&place.run(&[&loads[..], &["-o", "json"]].concat(), 0));
    assert!(loaded.iter().any(|document| document["stream"].is_string()), "{loaded:?}");
    let terminal = Terminal::new(60, 16);
    let run = Run::on(&terminal, place.command(&[&loads[..], &["quiet=false"]].concat()));
    assert_eq!(run.end(&terminal).0, Some(0));
    let last = format!("Loaded image: {}", image::BUSYBOX);
    assert_eq!(terminal.screen().0.lines().last(), Some(&*last));

    // A build says what its programs do, and at the end which image it is.
    let tag = format!("{}/progress:one", registry.address());
    let name = format!("t={tag}");
    let context = place.path("context");
    let build = ["ImageBuild", &name, "--context", &context];
    let text = place.run(&build, 0);
    let image = place.run(&["ImageInspect", &format!("name={tag}")], 0);
    let image: Value = serde_json::from_str(&image).unwrap();
    let id = image["Id"].as_str().unwrap().trim_start_matches("sha256:");
    assert!(text.contains("\nin the build\n"), "{text}");
    assert!(text.ends_with(&format!("\nsha256:{id}\n")), "{id}: {text}");
    documents(&place.run(&[&build[..], &["-o", "json"]].concat(), 0));

    let push = ["ImagePush", &format!("name={}/progress", registry.address()), "tag=one"];
    let pull = ["ImageCreate", &format!("fromImage={tag}")];
    let forget = || {
        place.run(&["ImageDelete", &format!("name={tag}"), "force=true"], 0);
    };
    // Refused inside of what began as a success.
    place.log_in("wrong");
    place.run(&push, 5);
    place.log_in(PASSWORD);
    let pushed = place.run(&push, 0);
    assert!(pushed.starts_with("The push refers to repository"), "{pushed}");
    assert!(pushed.contains("\none: digest: sha256:"), "{pushed}");

    forget();
    place.run(&["ImageDelete", &format!("name={}", image::BUSYBOX), "force=true"], 0);
    let pulled = place.run(&pull, 0);
    let done = if *kind == "docker" { "Pull complete" } else { "Download complete" };
    let layers_of = layers(&pulled);
    assert!(layers_of.iter().any(|(_, status)| *status == "Pulling fs layer"), "{pulled}");
    assert_eq!(layers_of.last().map(|(_, status)| *status), Some(done), "{pulled}");
    documents(&place.run(&[&pull[..], &["-o", "json"]].concat(), 0));

    forget();
    let terminal = Terminal::new(60, 16);
    let run = Run::on(&terminal, place.command(&pull));
    assert_eq!(run.end(&terminal).0, Some(0));
    let (screen, _) = terminal.screen();
    let shown = layers(&screen);
    assert!(!shown.is_empty() && shown.iter().all(|(_, status)| *status == done), "{screen}");
    assert!(terminal.bytes().contains("A\r"), "nothing was redrawn: {:?}", terminal.bytes());

    // Nothing that is drawn is broken by a narrow terminal.
    forget();
    let terminal = Terminal::new(20, 16);
    let run = Run::on(&terminal, place.command(&pull));
    assert_eq!(run.end(&terminal).0, Some(0));
    let bytes = terminal.bytes();
    let drawn = bytes.split("\r\n").filter(|line| line.contains("\x1b[K"));
    for line in drawn {
        let text = line.trim_end_matches("\x1b[K").rsplit('\r').next().unwrap_or_default();
        assert!(text.trim_start_matches("\x1b[J").chars().count() < 20, "{line:?}");
    }
}

/// Podman's own half of the API has messages of its own.
fn check_libpod(place: &Place) {
    place.log_in(PASSWORD);
    place.run(&["ImageLoad", "--data", &format!("@{}", place.path("busybox.tar"))], 0);
    let tag = format!("{}/libpod:one", place.registry.address());
    let destination = format!("destination={tag}");
    let push = ["ImagePushLibpod", &format!("name={}", image::BUSYBOX), &destination];
    place.run(&push, 0);
    let pull = ["ImagePullLibpod", &format!("reference={tag}")];
    let text = place.run(&pull, 0);
    let image = place.run(&["ImageInspectLibpod", &format!("name={tag}")], 0);
    let image: Value = serde_json::from_str(&image).unwrap();
    let id = image["Id"].as_str().unwrap();
    assert!(text.starts_with("Trying to pull"), "{text}");
    assert!(text.ends_with(&format!("\n{id}\n")), "{text}");
    documents(&place.run(&[&pull[..], &["-o", "json"]].concat(), 0));
    place.log_in("wrong");
    place.run(&pull, 5);
}

/// An interrupted build ends at the engine, too.
fn check_interrupt(place: &Place) {
    let context = place.folder.path().join("endless");
    std::fs::create_dir(&context).unwrap();
    let endless = format!("FROM {}\nRUN echo it runs; sleep 1000\n", image::BUSYBOX);
    std::fs::write(context.join("Dockerfile"), endless).unwrap();
    place.run(&["ImageLoad", "--data", &format!("@{}", place.path("busybox.tar"))], 0);
    let running = || {
        let list: Value = serde_json::from_str(&place.run(&["ContainerList"], 0)).unwrap();
        list.as_array().unwrap().len()
    };
    let terminal = Terminal::new(60, 16);
    let build = ["ImageBuild", "--context", &context.display().to_string()];
    let run = Run::on(&terminal, place.command(&build));
    let wait = |what: &str, is_so: &dyn Fn() -> bool| {
        let start = Instant::now();
        while !is_so() {
            assert!(start.elapsed() < PATIENCE, "{what}: {}", terminal.screen().0);
            thread::sleep(Duration::from_millis(20));
        }
    };
    wait("the build runs", &|| terminal.screen().0.ends_with("\nit runs"));
    // It may say so before the engine lists it.
    wait("the container is listed", &|| running() == 1);
    run.signal("INT");
    assert_eq!(run.end(&terminal).0, Some(130));
    assert!(terminal.screen().0.ends_with("\nit runs"), "{}", terminal.screen().0);
    wait("the build ends", &|| running() == 0);
}

/// An exec, and a container that is attached to, go on when they are left by keys.
fn check_detaching(kind: &str, engine: &PrivateEngine) {
    let uri = engine.uri();
    let command = |words: &[&str]| contajners(&[&["--host", &uri, "invoke", kind], words].concat());
    let run = |words: &[&str]| -> Value {
        let output = command(words).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", told(&output));
        serde_json::from_slice(&output.stdout).unwrap_or_default()
    };
    let named = |id: &str| if kind == "podman" { format!("name={id}") } else { format!("id={id}") };
    let detach = |words: &[&str]| {
        let terminal = Terminal::new(60, 16);
        let mut command = command(&[words, &["--as", "socket"]].concat());
        command.stdin(terminal.end()).stdout(terminal.end()).stderr(terminal.end());
        let run = Run::new(command.spawn().unwrap());
        wait("the terminal is in raw mode", || is_raw(&terminal));
        (&terminal.keys).write_all(b"echo typed\r").unwrap();
        wait("the process answers", || terminal.screen().0.contains("\ntyped\n"));
        let start = Instant::now();
        (&terminal.keys).write_all(b"\x10\x11").unwrap();
        assert_eq!(run.end(&terminal).0, Some(0), "{}", terminal.screen().0);
        // The end of a process that was not left is waited for ten seconds.
        assert!(start.elapsed() < Duration::from_secs(8), "{words:?}");
        assert!(!is_raw(&terminal));
    };

    let archive = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(archive.path(), image::busybox_archive().unwrap()).unwrap();
    run(&["ImageLoad", "--data", &format!("@{}", archive.path().display())]);
    let create = json!({ "Image": image::BUSYBOX, "Cmd": ["sh"], "Tty": true, "OpenStdin": true });
    let container = run(&["ContainerCreate", "--data", &create.to_string()]);
    let name = named(container["Id"].as_str().unwrap());
    run(&["ContainerStart", &name]);

    let create = json!({
        "Cmd": ["sh"], "Tty": true,
        "AttachStdin": true, "AttachStdout": true, "AttachStderr": true
    });
    let exec = run(&["ContainerExec", &name, "--data", &create.to_string()]);
    let exec = format!("id={}", exec["Id"].as_str().unwrap());
    detach(&["ExecStart", &exec]);
    assert_eq!(run(&["ExecInspect", &exec])["Running"], true);

    // The end of input ends a process behind a line that is not whole, too.
    let create = json!({
        "Cmd": ["cat"], "Tty": true,
        "AttachStdin": true, "AttachStdout": true, "AttachStderr": true
    });
    let exec = run(&["ContainerExec", &name, "--data", &create.to_string()]);
    let exec = format!("id={}", exec["Id"].as_str().unwrap());
    let mut cat = command(&["ExecStart", &exec, "--as", "socket", "--timeout", "20s"]);
    let mut cat = cat.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    cat.stdin.take().unwrap().write_all(b"no newline").unwrap();
    let output = cat.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stdout.starts_with(b"no newline"));

    detach(&["ContainerAttach", &name, "stream=true", "stdin=true", "stdout=true"]);
    assert_eq!(run(&["ContainerInspect", &name])["State"]["Running"], true);
    run(&["ContainerDelete", &name, "force=true"]);
}

#[test]
fn docker() {
    let Some(engine) = contajners_tests::docker() else { return };
    check_detaching("docker", engine);
    if let Some(place) = Place::new("docker", engine) {
        check(&place);
        check_interrupt(&place);
    }
}

#[test]
fn podman() {
    let Some(engine) = contajners_tests::podman() else { return };
    check_detaching("podman", engine);
    if let Some(place) = Place::new("podman", engine) {
        check(&place);
        check_libpod(&place);
    }
}
