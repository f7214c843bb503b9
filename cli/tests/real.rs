//! The command against real engines: what only a whole run shows.

mod command;

use std::io::Write;
use std::process::{Command, Output, Stdio};

use command::{contajners, told};
use contajners_tests::{PrivateEngine, image};

/// Runs the command with some input, and expects an exit status.
#[track_caller]
fn run(engine: &PrivateEngine, words: &[&str], input: &[u8], status: i32) -> Output {
    let uri = engine.uri();
    let command = contajners(&[&["--host", &uri], words].concat());
    // What hangs shall fail.
    let mut child = Command::new("timeout")
        .arg("60")
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
    let mut stdin = child.stdin.take().expect("an input");
    let input = input.to_vec();
    // What is not read is no failure of the test's.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("an end");
    writer.join().expect("a writer");
    assert_eq!(output.status.code(), Some(status), "{words:?}: {}", told(&output));
    output
}

#[track_caller]
fn id(output: &Output) -> String {
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    value["Id"].as_str().expect("an id").to_owned()
}

fn check(kind: &str, engine: Option<&PrivateEngine>) {
    let Some(engine) = engine else { return };
    // Podman calls `name` what Docker calls `id`.
    let named = |id: &str| if kind == "podman" { format!("name={id}") } else { format!("id={id}") };
    let invoke = |words: &[&str], input: &[u8], status: i32| {
        run(engine, &[&["invoke", kind], words].concat(), input, status)
    };

    let filesystem = image::busybox_filesystem().expect("a static busybox");
    let import = ["ImageCreate", "fromSrc=-", "repo=localhost/cli:local", "--data", "-"];
    invoke(&import, filesystem, 0);

    // Attached to a container that reads its input to the end.
    let body = r#"{"Image":"localhost/cli:local","Cmd":["cat"],"OpenStdin":true,"StdinOnce":true,
        "AttachStdin":true,"AttachStdout":true}"#;
    let container = id(&invoke(&["ContainerCreate", "name=cli", "--data", body], b"", 0));
    invoke(&["ContainerStart", &named(&container)], b"", 0);
    let attach = ["ContainerAttach", &named(&container), "stream=true", "stdin=true"];
    let attach = [&attach[..], &["stdout=true", "--as", "socket"]].concat();
    let attached = invoke(&attach, b"one\ntwo\n", 0);
    assert_eq!(String::from_utf8_lossy(&attached.stdout), "one\ntwo\n");
    // So it is by a request that no spec knows.
    invoke(&["ContainerStart", &named(&container)], b"", 0);
    let path = format!("/v1.40/containers/{container}/attach?stream=true&stdin=true&stdout=true");
    let raw = ["request", kind, "POST", &path, "--as", "socket"];
    assert_eq!(run(engine, &raw, b"three\n", 0).stdout, b"three\n");
    // Podman attaches to all of it unasked.
    if kind == "podman" {
        invoke(&["ContainerStart", &named(&container)], b"", 0);
        let all = ["ContainerAttachLibpod", &named(&container), "--as", "socket"];
        assert_eq!(invoke(&all, b"four\n", 0).stdout, b"four\n");
    }
    invoke(&["ContainerDelete", &named(&container), "force=true"], b"", 0);

    // What is gone at its end has told its exit status by then.
    let body = r#"{"Image":"localhost/cli:local","Cmd":["sh","-c","read a; exit $a"],
        "OpenStdin":true,"StdinOnce":true,"AttachStdin":true,"AttachStdout":true,
        "HostConfig":{"AutoRemove":true}}"#;
    let container = id(&invoke(&["ContainerCreate", "name=cli", "--data", body], b"", 0));
    invoke(&["ContainerStart", &named(&container)], b"", 0);
    let attach = ["ContainerAttach", &named(&container), "stream=true", "stdin=true"];
    let attach = [&attach[..], &["stdout=true", "--as", "socket"]].concat();
    invoke(&attach, b"7\n", 7);
    run(engine, &["wait", kind, "removed", &format!("id={container}")], b"", 0);

    // An exec ends as its process does.
    let body = r#"{"Image":"localhost/cli:local","Cmd":["sleep","100"]}"#;
    let container = id(&invoke(&["ContainerCreate", "name=cli", "--data", body], b"", 0));
    invoke(&["ContainerStart", &named(&container)], b"", 0);
    let body = r#"{"Cmd":["sh","-c","read a; echo got $a; echo bad >&2; exit 7"],
        "AttachStdin":true,"AttachStdout":true,"AttachStderr":true}"#;
    let exec = id(&invoke(&["ContainerExec", &named(&container), "--data", body], b"", 0));
    let ran = invoke(&["ExecStart", &format!("id={exec}"), "--as", "socket"], b"word\n", 7);
    assert_eq!(String::from_utf8_lossy(&ran.stdout), "got word\n");
    assert_eq!(String::from_utf8_lossy(&ran.stderr), "bad\n");
    // An exec is started once.
    let again = invoke(&["ExecStart", &format!("id={exec}"), "--as", "socket"], b"", 2);
    assert!(
        again.stdout.is_empty() && told(&again).contains("has already run"),
        "{}",
        told(&again)
    );

    // Where the start of an exec with a terminal does not speak of one, Docker frames its output.
    let body = r#"{"Cmd":["echo","framed"],"AttachStdout":true,"Tty":true}"#;
    let exec = id(&invoke(&["ContainerExec", &named(&container), "--data", body], b"", 0));
    let start = ["ExecStart", &format!("id={exec}"), "--as", "socket", "-d", "{\"detach\":false}"];
    assert_eq!(String::from_utf8_lossy(&invoke(&start, b"", 0).stdout), "framed\r\n");

    // Archives go through as they are.
    let tar = image::tar_of([("file", b"from the command".as_slice())]);
    let put = ["PutContainerArchive", &named(&container), "path=/tmp", "--data", "-"];
    invoke(&put, &tar, 0);
    let get = ["ContainerArchive", &named(&container), "path=/tmp/file"];
    let archive = invoke(&get, b"", 0).stdout;
    assert_eq!(&archive[512..528], b"from the command");
    // Those of folders become folders; in `/etc` dockerd has a link that leads out, `mtab`.
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let unpack = |path: &str, to: &str, more: &[&str], status: i32| {
        let get = ["ContainerArchive", &named(&container), path, "--unpack", &at(to)];
        told(&invoke(&[&get[..], more].concat(), b"", status))
    };
    unpack("path=/home", "backup", &[], 0);
    assert!(folder.path().join("backup/home").is_dir());
    if kind == "docker" {
        let refused = unpack("path=/etc", "refused", &[], 1);
        assert!(refused.contains("`--leave-out-refused` goes on"), "{refused}");
    }
    unpack("path=/etc", "etc", &["--leave-out-refused"], 0);
    let greeting = std::fs::read_to_string(at("etc/etc/greeting")).unwrap();
    assert_eq!(greeting, "hello from the image\n");

    // Waiting goes by the same words for both engines.
    let of_container = format!("id={container}");
    let wait =
        |words: &[&str], status: i32| run(engine, &[&["wait", kind], words].concat(), b"", status);
    let running = wait(&["running", &of_container], 0);
    assert!(running.stdout.is_empty() && running.stderr.is_empty(), "{}", told(&running));
    let unchecked = wait(&["healthy", &of_container, "--timeout", "30s"], 1);
    assert!(told(&unchecked).contains("the container has no health check"), "{}", told(&unchecked));
    let late = wait(&["exited", &of_container, "--timeout", "300ms", "--delay", "50ms"], 1);
    assert!(told(&late).contains("was not reached within 300ms"), "{}", told(&late));
    invoke(&["ContainerKill", &named(&container), "signal=KILL"], b"", 0);
    let exited = wait(&["exited", &of_container], 0);
    assert_eq!(String::from_utf8_lossy(&exited.stdout), "137\n");
    // Nobody is there to be attached to, and the output would never end.
    let attach = ["ContainerAttach", &named(&container), "stream=true", "stdout=true"];
    let refused = invoke(&[&attach[..], &["--as", "socket"]].concat(), b"", 2);
    assert!(told(&refused).contains("this one is `exited`"), "{}", told(&refused));

    invoke(&["ContainerDelete", &named(&container), "force=true"], b"", 0);
    wait(&["removed", &of_container], 0);
    let nobody = wait(&["running", &of_container], 4);
    assert!(told(&nobody).to_lowercase().contains("no such container"), "{}", told(&nobody));
    let gone = invoke(&["ContainerInspect", &named(&container)], b"", 4);
    assert!(String::from_utf8_lossy(&gone.stderr).to_lowercase().contains("no such container"));
    invoke(&["ContainerList", "all=maybe"], b"", 2);
    invoke(&["ContainerList", "--as", "socket"], b"", 2);
}

#[test]
fn docker() {
    check("docker", contajners_tests::docker());
}

#[test]
fn podman() {
    check("podman", contajners_tests::podman());
}
