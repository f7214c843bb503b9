//! Runs the examples against real engines: what they print is what they promise.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output};

use contajners::{Client, Credentials, Error};
use contajners_tests::registry::{PASSWORD, USER};
use contajners_tests::ssh::SshHost;
use contajners_tests::{PrivateEngine, Registry, RegistryError, image, skip};
use serde_json::{Value, json};

/// Runs an example with an engine as the one that is found, and returns what it prints.
#[track_caller]
fn example(engine: &PrivateEngine, name: &str, arguments: &[&str]) -> Vec<u8> {
    ran(engine, name, arguments).stdout
}

/// Does so, and returns what it says on stderr, too.
#[track_caller]
fn ran(engine: &PrivateEngine, name: &str, arguments: &[&str]) -> Output {
    let variables = [("DOCKER_HOST", engine.uri()), ("CONTAINER_HOST", engine.uri())];
    let output = run(name, arguments, &variables);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {}\n{said}", output.status);
    output
}

/// Runs an example in an environment that has nothing but these variables.
#[track_caller]
fn run(name: &str, arguments: &[&str], variables: &[(&str, String)]) -> Output {
    // Beside the folder of this test.
    let mut program =
        PathBuf::from(std::env::current_exe().expect("a path").parent().expect("deps"));
    program.pop();
    program.push("examples");
    program.push(name);
    assert!(
        program.is_file(),
        "{name} is not built: `cargo build -p contajners --examples` does, and so does \
         `cargo test -p contajners` without `--test`"
    );
    Command::new("timeout")
        .arg("60")
        .arg(&program)
        .args(arguments)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("timeout")
}

#[track_caller]
fn prints(engine: &PrivateEngine, name: &str, arguments: &[&str], expected: &str) {
    let printed = example(engine, name, arguments);
    assert_eq!(String::from_utf8_lossy(&printed), expected, "{name}");
}

async fn started(client: &Client, name: &str, script: &str) -> Result<String, Error> {
    let body = json!({ "Image": image::BUSYBOX, "Cmd": ["sh", "-c", script] });
    let created = client.invoke("ContainerCreate").param("name", name).body(body).await?;
    let id = created["Id"].as_str().expect("an id").to_owned();
    let key = if client.pack().engine() == "podman" { "name" } else { "id" };
    client.invoke("ContainerStart").param(key, &id).await?;
    Ok(id)
}

/// Loads the image and starts containers, by name and script.
fn prepare(engine: &PrivateEngine, kind: &str, containers: &[(&str, &str)]) -> Vec<String> {
    let prepared = block_on(async {
        let client = Client::builder(kind).uri(engine.uri()).build()?;
        let archive = image::busybox_archive().expect("an archive");
        client.invoke("ImageLoad").body_bytes(archive).data().await?;
        let mut ids = Vec::new();
        for (name, script) in containers {
            ids.push(started(&client, name, script).await?);
        }
        Ok::<_, Error>(ids)
    });
    prepared.expect("containers")
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().expect("a runtime").block_on(work)
}

/// What `cargo xtask demo` runs: the output follows, and nothing is left.
fn demo(engine: &PrivateEngine, kind: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("busybox.tar");
    fs::write(&archive, image::busybox_filesystem().expect("an archive")).expect("a file");
    let archive = archive.display().to_string();
    let output = run("demo", &[&archive, kind, &engine.uri()], &[]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");

    let client = Client::builder(kind).uri(engine.uri()).build().expect("a client");
    let version = block_on(async { client.api().await.map(|api| api.version().to_owned()) });
    let (_, name) = printed.split_once("contajners-demo-").expect("a name");
    let digits = name.find(|c: char| !c.is_ascii_digit()).expect("more than the name");
    let name = format!("contajners-demo-{}", &name[..digits]);
    let expected = format!(
        "{kind} answers at {} and speaks API {}\n\
         ImageCreate: imported {archive} as localhost/{name}:latest\n\
         ContainerCreate, ContainerStart: {name} runs; ContainerLogs follows its output\n  \
         stdout | hello number 1 from Linux\n  \
         stdout | hello number 2 from Linux\n  \
         stdout | hello number 3 from Linux\n  \
         stderr | and a word on stderr\n\
         ContainerWait: exit status 0\n\
         ContainerDelete, ImageDelete: nothing is left\n",
        engine.uri(),
        version.expect("a version"),
    );
    assert_eq!(printed, expected);
    for list in ["ContainerList", "ImageList"] {
        let left = block_on(async { client.invoke(list).param("all", true).text().await });
        let left = left.expect("a list");
        assert!(!left.contains(&name), "{list}: {left}");
    }
}

#[test]
fn the_demo_tells_what_it_misses() {
    let without_engine = run("demo", &["none.tar", "docker", "unix:///none"], &[]);
    let printed = String::from_utf8_lossy(&without_engine.stdout);
    assert_eq!(without_engine.status.code(), Some(3), "{without_engine:?}");
    assert!(printed.starts_with("cannot reach docker at unix:///none"), "{printed}");
    let without_image = run("demo", &[], &[]);
    assert_eq!(without_image.status.code(), Some(2), "{without_image:?}");
}

#[test]
fn on_docker() {
    let Some(engine) = contajners_tests::docker() else { return };
    let talker = "echo one; sleep 1; echo two >&2; sleep 1; printf three";
    let ids = prepare(engine, "docker", &[("talker", talker), ("sleeper", "sleep 1000")]);

    prints(engine, "create_and_start", &[image::BUSYBOX], "it ended with 3\n");
    let healthy = "it is \"healthy\"\nit ended with 3\n";
    prints(engine, "wait_healthy", &[image::BUSYBOX], healthy);
    prints(engine, "stream_logs", &[&ids[0]], "stdout: one\nstderr: two\nstdout: three\n");
    prints(engine, "attach_stdin", &[image::BUSYBOX], "got hello\n");
    // Which of two channels comes first is the engine's chance.
    let output = ran(engine, "exec", &["sleeper"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(printed, "one\nit ended with 3\ngo\r\n30 100\r\n");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "two\n");
    prints(engine, "create_network", &[], "example-network (bridge)\n");

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("files.tar");
    fs::write(&file, image::tar_of([("words", b"byte for byte".as_slice())])).expect("a file");
    let file = file.display().to_string();
    prints(engine, "put_archive", &["sleeper", "/tmp", &file], "");
    let context = folder.path().join("context");
    fs::create_dir(&context).expect("a folder");
    fs::write(context.join("Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n").expect("a file");
    let context = context.display().to_string();
    prints(engine, "put_archive", &["sleeper", "/tmp", &context], "");
    let archive = example(engine, "get_archive", &["sleeper", "/tmp"]);
    for words in ["byte for byte", "FROM scratch"] {
        assert!(archive.windows(words.len()).any(|window| window == words.as_bytes()), "{words}");
    }
    assert_eq!(archive.len() % 512, 0);
    let back = folder.path().join("back");
    let into = back.display().to_string();
    let printed = "13 bytes in 1 entries\n";
    prints(engine, "get_archive", &["sleeper", "/tmp/words", &into], printed);
    assert_eq!(fs::read(back.join("words")).expect("a file"), b"byte for byte");

    prints(engine, "build_image", &[&context, "localhost/built:1"], "built localhost/built:1\n");
    let images = example(engine, "several_values", &[image::BUSYBOX, "localhost/built:1"]);
    for name in [image::BUSYBOX, "localhost/built:1"] {
        let tag = format!("\"RepoTags\":[\"{name}\"]").into_bytes();
        assert!(images.windows(tag.len()).any(|window| window == tag), "{name}");
    }
    #[cfg(feature = "blocking")]
    prints(engine, "blocking", &[image::BUSYBOX], "one\ntwo\n");

    let printed = example(engine, "error_body", &[]);
    let printed = String::from_utf8_lossy(&printed);
    let mut lines = printed.lines();
    assert_eq!(lines.next(), Some("Some(404): No such container: no-such"));
    assert_eq!(lines.next(), Some("404"));
    let body: Value = serde_json::from_str(lines.next().expect("a body")).expect("JSON");
    assert_eq!(body["message"], "No such container: no-such");

    // Checkpoints take an experimental daemon, which this one is not.
    let printed = example(engine, "undocumented", &["sleeper"]);
    assert!(printed.starts_with(b"501: "), "{}", String::from_utf8_lossy(&printed));
    demo(engine, "docker");
}

#[test]
fn on_podman() {
    let Some(engine) = contajners_tests::podman() else { return };
    prepare(engine, "podman", &[("stats-one", "sleep 1000"), ("stats-two", "sleep 1000")]);
    let printed = example(engine, "podman_stats", &["stats-one", "stats-two"]);
    let printed = String::from_utf8_lossy(&printed);
    let mut names: Vec<&str> = printed.lines().filter_map(|line| line.split(':').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["\"stats-one\"", "\"stats-two\""], "{printed}");
    demo(engine, "podman");
}

#[test]
fn with_a_registry() {
    let Some(engine) = contajners_tests::docker() else { return };
    let registry = match Registry::start(engine) {
        Ok(registry) => registry,
        Err(error @ RegistryError::NotInstalled { .. }) => return skip(&error.to_string()),
        Err(error) => panic!("{error}"),
    };
    // What `docker login` leaves behind.
    let folder = tempfile::tempdir().expect("a folder");
    let login = json!({ "username": USER, "password": PASSWORD });
    let auths = json!({ "auths": { registry.address(): login } }).to_string();
    let config = folder.path().join("config.json");
    fs::write(&config, auths).expect("a file");
    let image = format!("{}/examples/one:1", registry.address());
    let client = Client::builder("docker").uri(engine.uri()).credentials(Credentials::file(config));
    let client = client.build().expect("a client");
    let remove = || block_on(async { client.invoke("ImageDelete").param("name", &image).await });
    block_on(async {
        let file = image::tar_of([("file", b"one".as_slice())]);
        let import = client.invoke("ImageCreate").param("fromSrc", "-").param("repo", &image);
        import.body_bytes(file).await?;
        client.invoke("ImagePush").param("name", &image).await
    })
    .expect("an image in the registry");
    remove().expect("it was there");

    let pulled = format!("pulled {image}\n");
    let host = ("DOCKER_HOST", engine.uri());
    let known = ("DOCKER_CONFIG", folder.path().display().to_string());
    let output = run("pull_image", &[&image], &[host.clone(), known]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), pulled, "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("Download complete"), "{output:?}");
    remove().expect("it was pulled");
    // Nobody has logged in there.
    let stranger = run("pull_image", &[&image], std::slice::from_ref(&host));
    assert_eq!(stranger.status.code(), Some(1), "{stranger:?}");

    let given = |password: &str| {
        let password = ("REGISTRY_PASSWORD", password.to_owned());
        run("pull_with_credentials", &[&image, USER], &[host.clone(), password])
    };
    let output = given(PASSWORD);
    assert_eq!(String::from_utf8_lossy(&output.stdout), pulled, "{output:?}");
    remove().expect("it was pulled");
    let wrong = given("geheim");
    assert_eq!(wrong.status.code(), Some(1), "{wrong:?}");
    assert!(!String::from_utf8_lossy(&wrong.stderr).contains("geheim"), "{wrong:?}");
}

#[test]
fn over_ssh() {
    let Some(engine) = contajners_tests::docker() else { return };
    let Some(host) = SshHost::new().expect("keys for ssh") else {
        return skip("there is no ssh and sshd (packages openssh-client and openssh-server)");
    };
    // The user's own `ssh`, which knows the host.
    let folder = tempfile::tempdir().expect("a folder");
    let program = folder.path().join("ssh");
    let script = format!("#!/bin/sh\nexec {} \"$@\"\n", host.command().join(" "));
    fs::write(&program, script).expect("a file");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
    let path = ("PATH", format!("{}:/usr/bin:/bin", folder.path().display()));
    let address = format!("ssh://engine{}", engine.socket().display());
    let output = run("over_ssh", &[&address], &[path]);
    let client = Client::builder("docker").uri(engine.uri()).build().expect("a client");
    let version = block_on(async { client.invoke("SystemVersion").await }).expect("a version");
    let expected = format!("{} on \"linux\"\n", version["Version"]);
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{output:?}");
}

#[cfg(feature = "tls")]
#[test]
fn with_certificates_on_both_sides() {
    use contajners_tests::{Identity, Kind};

    let Some(engine) = contajners_tests::with_tls(Kind::Docker) else { return };
    let address = format!("tcp://{}", engine.tls_address());
    let ping = |identity| {
        let folder = engine.certs().client(identity);
        run("ping_mtls", &[&address, &folder.display().to_string()], &[])
    };
    let output = ping(Identity::Pkcs8);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "OK\n", "{output:?}");
    let refused = ping(Identity::Foreign);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
}
