//! The commands that need no engine: what they print, and how they end.

mod command;
mod lines;

use std::collections::BTreeSet;

use command::{contajners, told};
use lines::{check, run, words};
use serde_json::Value;

fn json(line: &str) -> Value {
    let output = run(line);
    assert!(output.status.success(), "{line}: {}", told(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Their names need not be text.
#[cfg(target_os = "linux")]
#[test]
fn a_body_is_read_from_any_file() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt as _;

    let folder = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"\xff.json");
    std::fs::write(folder.path().join(name), "{\"Imag\":1}").unwrap();
    let joined = |option: &str| [OsStr::new(option), name].join(OsStr::new("@"));
    for data in
        [vec![OsString::from("-d"), joined("")], vec![joined("-d")], vec![joined("--data=")]]
    {
        let mut command = contajners(&["check", "docker@v1.41", "ContainerCreate", "-o", "raw"]);
        let output = command.args(&data).current_dir(folder.path()).output().unwrap();
        assert!(told(&output).contains("/Imag"), "{data:?}: {}", told(&output));
    }
    let mut command = contajners(&["check", "docker@v1.41", "ContainerCreate", "-d"]);
    let output = command.arg(name).current_dir(folder.path()).output().unwrap();
    assert_eq!(
        told(&output),
        "--- standard error\nerror: invalid value '\u{fffd}.json' for '--data <DATA>': it is not UTF-8; \
         `@FILE` reads bytes from a file\n\nFor more information, try '--help'.\n--- status 2"
    );
}

/// As those of a body are, and once: a pipe has it only once.
#[test]
fn a_parameter_is_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
    write("f.json", b"{\"status\": [\"exited\"]}\n");
    write("two", b"{} {}");
    write("bytes", b"\xff");
    std::fs::File::create(folder.path().join("large")).unwrap().set_len(17 << 20).unwrap();
    std::fs::create_dir(folder.path().join("folder")).unwrap();
    let resolve = |value: &str| {
        let mut command = contajners(&["resolve", "docker@v1.41", "ContainerList", value]);
        told(&command.current_dir(folder.path()).output().unwrap())
    };
    let filters = "GET /v1.41/containers/json?filters=%7B%22status%22:%5B%22exited%22%5D%7D";
    assert_eq!(resolve("filters:=@f.json"), format!("{filters}\n--- status 0"));
    // A text is what it is.
    assert!(resolve("filters=@f.json").contains("?filters=@f.json\n"));
    assert!(resolve("filters=:=@f.json").contains("?filters=:%3D@f.json\n"));
    let check = |value: &str, error: &str, status: u8| {
        let expected = format!("--- standard error\nerror: {error}\n--- status {status}");
        assert_eq!(resolve(value), expected, "{value}");
    };
    let not_there =
        "cannot read the file `none`\n  caused by: No such file or directory (os error 2)";
    check("filters:=@none", not_there, 1);
    check(
        ":=@f.json",
        "`:=@f.json` names no parameter\n  hint: write `key=value`, or `key:=json`",
        2,
    );
    check("filters:=@", "the name of the file is missing after `@`", 2);
    let folder = "cannot read the file `folder`\n  caused by: Is a directory (os error 21)";
    check("filters:=@folder", folder, 1);
    let large = "cannot read the file `large`\n  caused by: it is larger than 16 MiB";
    check("filters:=@large", large, 1);
    let two = "the file `two` is not JSON\n  caused by: trailing characters at line 1 column 4";
    check("filters:=@two", two, 2);
    let bytes =
        "the file `bytes` is not JSON\n  caused by: invalid utf-8 sequence of 1 bytes from index 0";
    check("filters:=@bytes", bytes, 2);

    let sh = "printf '{\"a\":[\"b\"]}' | \"$0\" invoke docker ContainerList filters:=@/dev/stdin \
              --host unix:///none";
    let mut command = std::process::Command::new("sh");
    let piped = command.args(["-c", sh, env!("CARGO_BIN_EXE_contajners")]).env_clear().output();
    let piped = told(&piped.unwrap());
    assert!(piped.contains("cannot reach docker"), "{piped}");
}

#[test]
fn lists() {
    check(
        "lists",
        &[
            "engines -o table",
            "engines",
            "engines -o raw",
            "versions docker --api-version v1.25",
            "categories docker@v1.25 -o table",
            "categories podman@v4.3.1",
            "ops docker@v1.41 volumes -o table",
            "ops docker --api-version 1.41 volumes",
            "ops podman@v4.3.1 libpod/volumes -o raw",
            "wait docker@v1.41 -o table",
            "wait podman@v3.1.0 -o raw",
            "wait docker@v1.41 -o json",
            "wait incus",
        ],
    );
}

#[test]
fn doc() {
    check("doc_query", &["doc docker@v1.41 ContainerList --depth 1"]);
    check(
        "doc_body",
        &["doc docker@v1.44 container-exec", "doc docker@v1.41 VolumeDelete -o json --depth 0"],
    );
    // A parameter that came later, one that is encoded, and frames.
    check("doc_history", &["doc docker@v1.55 ContainerLogs", "doc docker@v1.46 ImagePush"]);
    check("doc_podman", &["doc podman@v3.1.0 libpodPutArchive --depth 0"]);
    // No category, and an answer for any other status; in the second a body has fields.
    check(
        "doc_other",
        &[
            "doc firecracker@v1.16.1 describeInstance",
            "doc firecracker@v1.16.1 getMachineConfiguration --depth 1",
        ],
    );
}

#[test]
fn resolve() {
    check(
        "resolve",
        &[
            "resolve docker@v1.41 ContainerList all=1 limit:=5 'filters:={\"label\":[\"a=b\"]}'",
            "resolve docker@v1.41 container-create name=conny -d '{\"Image\":\"busybox\",\"Cmd\":[]}'",
            "resolve docker@v1.41 ContainerCreate -d '{\"b\":1.0,\"a\":18446744073709551616}' -o json",
            "resolve docker@v1.41 ImageLoad -d @none.tar",
            "resolve docker@v1.41 ImageLoad -d - -o json",
            "resolve podman@v4.3.1 ContainersStatsAllLibpod containers=a containers=b -o json",
            "resolve docker@v1.41 ImageBuild cachefrom=a cachefrom=b",
            "resolve docker@v1.41 ContainerInspect id=a/b?c",
            "resolve podman@v5.0.0 ContainerLogsLibpod name=x since:=1700000000.123456789",
        ],
    );
    check(
        "curl",
        &[
            "resolve docker@v1.41 ContainerList --curl --host unix:///run/docker.sock",
            "resolve docker@v1.41 ContainerLogs id=x stdout=true --curl --host tcp://[::1]",
            "resolve docker@v1.41 ContainerCreate -d '{\"Image\": \"it is\"}' --curl --host /a/b",
            "resolve docker@v1.41 PutContainerArchive id=x path=/ -d @a.tar --curl --host h:99/p",
            "resolve docker@v1.41 ContainerArchiveInfo id=x path=/ --curl --host h:99",
            "resolve docker@v1.41 ContainerAttach id=x --curl --host h:99",
            "resolve docker@v1.41 ImagePush name=a --curl --host h:99",
            "resolve docker@v1.41 ImageLoad -d @. --curl --host h:99",
            "resolve docker ContainerList --curl --host h:99",
            "resolve docker ContainerList --curl --host h:99 --api-version v1.41",
            "resolve incus instances_get --curl --host h:99",
        ],
    );
}

#[test]
fn fields_are_explained() {
    check(
        "explain",
        &[
            "explain docker ContainerCreate.HostConfig.Mounts --depth 1",
            "explain docker ContainerCreate.HostConfig.Mounts.Type -o json",
            "explain docker ContainerCreate.NetworkingConfig.EndpointsConfig.any.DNSNames",
            "explain docker@v1.41 ContainerCreate.NetworkingConfig.EndpointsConfig.*.DNSNames",
            "explain docker@v1.41 ContainerInspect.State.Status -o json",
            "explain docker ContainerCreate.HostConfig.Mounts.Tpye",
            "explain docker ContainerCreate/HostConfig/Mounts/0/Type",
            "explain docker ContainerCreate/HostConfig/Mounts/0/zzzz",
            "explain docker@v1.41 ContainerCreate.HostConfig.zzzz",
            "explain docker ContainerCreate.Image.x",
            "explain docker ContainerCreat.Image",
            "explain docker SystemPing.x",
            "explain docker .",
        ],
    );
}

#[test]
fn secrets_are_hidden_unless_asked_for() {
    let line = "resolve docker@v1.41 ImagePush name=a 'X-Registry-Auth:={\"password\":\"geheim\"}'";
    check("secrets", &[line, &format!("{line} --curl --host h:99"), &format!("{line} -o json")]);
    let typed = run("resolve docker ContainerList -H 'X-A: b' -H 'Authorization: geheim'");
    assert!(told(&typed).ends_with("\nX-A: b\nAuthorization: (secret)\n--- status 0"));
    let secret = "eyJwYXNzd29yZCI6ImdlaGVpbSJ9";
    for form in ["", " -o json", " -o raw", " --curl", " -v"] {
        let hidden = told(&run(&format!("{line}{form}")));
        assert!(hidden.contains("(secret)"), "{hidden}");
        assert!(!hidden.contains(secret) && !hidden.contains("geheim"), "{hidden}");
        let shown = told(&run(&format!("{line}{form} --show-secrets")));
        assert!(shown.contains(secret), "{shown}");
    }
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    check(
        "mistakes",
        &[
            "ops docer",
            "ops kubernetes",
            "ops docker@v1.99",
            "ops docker@v1.41 --api-version v1.42",
            "ops docker@v1.41 contaners",
            "ops docker zzz",
            "ops firecracker@v1.13.1 zzz",
            "doc docker@v1.41 ContainerCreat",
            "doc docker@v1.25 container-prune-all",
            "doc docker ImageExport",
            "resolve docker@v1.41 Zzzz",
            "explain docker@v1.41 Zzzz",
            "doc podman@v3.1.0 generate-kube-libpod",
            "resolve docker@v1.41 ContainerList all=maybe",
            "resolve docker@v1.41 ContainerList limit=1 limit=2",
            "resolve docker@v1.41 ContainerList al=true",
            "resolve docker@v1.45 ImagePush name=a platform=x",
            "resolve docker@v1.41 ContainerInspect",
            "resolve docker@v1.41 ContainerInspect conny",
            "resolve docker@v1.41 ContainerInspect id",
            "resolve docker@v1.41 ContainerInspect =x",
            "resolve docker@v1.41 ContainerInspect id=../x",
            "resolve docker@v1.41 ContainerInspect id=/c1",
            "resolve docker@v1.41 ContainerInspect id=//c1",
            "invoke docker@v1.41 ContainerInspect id=/c1 --host unix:///none",
            "wait docker running id=/c1 --host unix:///none",
            "check docker@v1.41 ContainerInspect id=/c1",
            "resolve docker@v1.41 ContainerList filters:={",
            "resolve docker@v1.41 ContainerList -d {}",
            "resolve docker@v1.41 ContainerCreate",
            "resolve docker@v1.41 ContainerCreate {}",
            "resolve docker@v1.41 ContainerCreate -d '{\"a\": nope}'",
            "resolve docker@v1.41 ContainerCreate -d main.rs",
            "resolve docker@v1.41 ContainerCreate -d none.json",
            "resolve docker@v1.41 ContainerCreate -d @none.json",
            "resolve docker@v1.41 ContainerCreate -d @",
            "resolve docker@v1.41 ContainerList --all",
            "resolve docker@v1.41 ContainerCreate -d {} -H content-type:a/b",
            "invoke docker SystemPing -H 'a b: c' --host unix:///none",
            "check docker@v1.41 ContainerList -H secret",
            "invoke docker SystemPing -H unix:///none",
            "request docker GET /_ping -H tcp://me:geheim@none",
            "-H unix:///none invoke docker SystemPing",
            "invoke docker@v1.41 ContainerList --limit 5 --host unix:///none",
            "wait docker healthy --id=web --host unix:///none",
            "invoke docker ContainerCreate --body {} --host unix:///none",
            "request docker POST /containers/create --json @file",
            "invoke docker ContainerLogs id=c1 -f --host unix:///none",
            "invoke docker ContainerList --all",
            "invoke docker ContainerList --connect-timout 5s",
            "invoke docker ContainerList -i",
            "invoke docker ImageLoad --input f.tar",
            "invoke docker ImageBuild -F f.tar",
            "resolve docker ContainerList --context far",
            "where docker --context=far",
            "resolve docker ImagePush name=a --X-Registry-Auth geheim",
            "invoke docker SystemAuth --password geheim",
            "invoke docker SystemAuth '{\"password\":\"geheim\"}'",
            "request docker@v1.41 GET info --host unix:///none",
            "resolve docker ContainerList --curl -o json",
            "invoke docker ContainerArchive id=c path=/ --unpack d --as stream",
            "invoke podman ImageBuildLibpod --context . -H Content-Type:text/plain",
            "wait docker healthy --context far",
            "request docker -X POST '/x?a=b'",
            "request docker /x -XPOST",
            "request docker GET /x -i",
            "ops docker --all",
            "ops docker -f",
            "request docker PUT /x -d @main.rs --host unix:///none",
            "request docker PUT /x -d @none.tar --host unix:///none",
            "resolve docker@v1.41 ContainerList --curl --host ssh://h",
            "invoke docker ContainerList --context . --host unix:///none",
            "invoke docker ContainerCreate --context . --host unix:///none",
            "invoke podman ImageBuildLibpod --context . --content-type x/y --host unix:///none",
            "invoke podman ImageBuildLibpod --content-type x/y --host unix:///none",
            "invoke docker SystemPing --host tcp://h --tls-ca /none",
            "invoke docker SystemPing --host tcp://h --tls-key-password /none",
            "check docker@v1.41 ContainerInspect limit=1 --answer 200 -d {}",
            "check docker@v1.41 ContainerInspect limit=1 --answer 200 -d {} --all-versions",
            "check docker@v1.41 ContainerCreate -d @none.json",
            "diff docker v1.41 podman@v5.8.2",
            "diff docker v1.41 podman",
            "diff --pack none.postcard toy v1 v2",
        ],
    );
    check(
        "usage",
        &[
            "ops",
            "frobnicate",
            "docker ps",
            "podman@v5.0.0 ps",
            "invok docker ContainerList",
            "logs",
            "version",
            "invoke ContainerList",
            "doc container-list-libpod",
            "invoke ContainerList all=true",
            "invoke docker",
            "invoke nobody",
            "ops docker -o yaml",
        ],
    );
}

/// A call that no version takes is refused before an engine is looked for.
#[test]
fn nothing_is_sent_when_the_call_is_wrong() {
    check(
        "nothing_sent",
        &[
            "invoke docker ContainerLis --host unix:///none",
            "invoke docker ContainerList all=maybe --host unix:///none",
            "invoke docker ContainerCreate -d { --host unix:///none",
            "invoke docker ContainerList --host gopher://x",
            "request docker FETCH /_ping --host unix:///none",
            "request docker GET _ping --host unix:///none",
            "request docker GET '/x?token=geheim a' --host unix:///none",
            "request docker GET /_ping -H 'Authorization Bearer geheim' --host unix:///none",
            "request docker GET /_ping -H 'Authorization Bearer geheim:x' --host unix:///none",
            "request docker GET /_ping -H 'X-Test: a\u{1}' --host unix:///none",
            "request docker POST /x -d { --host unix:///none",
        ],
    );
}

#[test]
fn no_engine_is_a_local_failure() {
    check(
        "no_engine",
        &[
            "invoke docker ContainerList --host unix:///none",
            "request docker GET /_ping --host unix:///none",
        ],
    );
}

/// What scripts build on: exactly these fields, in all versions of all engines.
#[test]
fn the_json_of_ops_has_its_shape() {
    for engine in json("engines -o json").as_array().unwrap() {
        let engine = engine["name"].as_str().unwrap();
        let versions = json(&format!("versions {engine} -o json"));
        let versions = versions.as_array().unwrap();
        // Each version takes a moment: the ends and some between.
        for version in versions.iter().step_by(10).chain(versions.last()) {
            let line = format!("ops {engine}@{} -o json", version.as_str().unwrap());
            let operations = json(&line);
            assert!(!operations.as_array().unwrap().is_empty(), "{line}");
            operations.as_array().unwrap().iter().for_each(check_operation);
        }
    }
}

fn keys(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[track_caller]
fn check_operation(operation: &Value) {
    let fields = ["category", "method", "operation", "parameters", "path", "request_body"];
    assert_eq!(keys(operation), fields.into());
    assert!(
        ["category", "method", "operation", "path"].iter().all(|key| operation[key].is_string())
    );
    assert!(operation["request_body"].is_boolean());
    for parameter in operation["parameters"].as_array().unwrap() {
        let mut found = keys(parameter);
        if found.remove("enum") {
            assert!(!parameter["enum"].as_array().unwrap().is_empty());
        }
        found.remove("default");
        assert_eq!(found, ["in", "name", "required", "type"].into());
        assert!(["in", "name", "type"].iter().all(|key| parameter[key].is_string()));
        assert!(parameter["required"].is_boolean());
    }
}

#[test]
fn a_broken_environment_does_not_matter() {
    let broken = [
        ("DOCKER_HOST", "gopher://"),
        ("DOCKER_API_VERSION", "v0"),
        ("COLUMNS", "-1"),
        ("CONTAJNERS_DOCS", "/none"),
        ("TERM", "\u{1b}"),
    ];
    for line in [
        "engines",
        "ops docker",
        "doc docker ContainerList",
        "resolve docker@v1.41 ContainerList --curl",
    ] {
        let output = contajners(&words(line)).envs(broken).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        let expected = match line.ends_with("--curl") {
            // It names another engine than a call would reach.
            true => {
                "note: showing the default address, because `DOCKER_HOST`: address `gopher://` is of an \
                 unknown kind\n"
            }
            false => "",
        };
        assert!(output.status.success() && said == expected, "{}", told(&output));
    }
}

#[test]
fn summaries_are_shown_where_they_are_found() {
    use contajners_fetch_api::{docs::Docs, model};
    let operation = model::Operation {
        id: "VolumeList".into(),
        method: model::Method::Get,
        path: "/volumes".into(),
        parameters: Vec::new(),
        body: None,
        produces: Vec::new(),
        responses: Vec::new(),
        answer: model::Answer::Json,
        summary: "List volumes".into(),
        description: "Every \u{1b}[2Jone of them.".into(),
    };
    let model = model::Model {
        version: "v1.41".into(),
        operations: vec![operation],
        ..model::Model::default()
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("docker.docs");
    std::fs::write(&file, Docs::new(&[model]).to_bytes()).unwrap();
    let doc = |line: &str| {
        let output =
            contajners(&words(line)).env("CONTAJNERS_DOCS", folder.path()).output().unwrap();
        told(&output)
    };
    let page = doc("doc docker@v1.41 VolumeList");
    assert!(page.contains("\n\nList volumes\n\nEvery \\u{1b}[2Jone of them.\n\n"), "{page}");
    let object = doc("doc docker@v1.41 VolumeList -o json");
    assert!(object.contains("\"summary\":\"List volumes\",\"description\":\"Every"), "{object}");
    assert!(!doc("doc docker@v1.42 VolumeList").contains("List volumes"));

    std::fs::write(&file, b"CJNRDOC\x01\xff\xff\xff\xff\x0f").unwrap();
    let page = doc("doc docker@v1.41 VolumeList");
    assert!(page.contains("\nnote: no summaries: ") && page.ends_with(": damaged\n--- status 0"));
}

/// What is no file, or too large, is not waited for; and what a folder holds that somebody happens to
/// be in is nothing to go by.
#[test]
fn summaries_are_read_with_care() {
    let room = tempfile::tempdir().unwrap();
    let folder = room.path().join("resources");
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("docker.docs");
    let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
    assert!(made.success());
    let doc = |docs: Option<&str>| {
        let mut command = contajners(&["doc", "docker@v1.41", "VolumeList", "--depth", "0"]);
        command.current_dir(room.path()).env_remove("CONTAJNERS_DOCS").env("HOME", room.path());
        told(&command.envs(docs.map(|docs| ("CONTAJNERS_DOCS", docs))).output().unwrap())
    };
    assert!(!doc(None).contains("note"));
    let note = |why: &str| {
        format!(
            "--- standard error\nnote: no summaries: resources/docker.docs: {why}\n--- status 0"
        )
    };
    let page = doc(Some("resources"));
    assert!(page.ends_with(&note("it is not a file")), "{page}");
    std::fs::remove_file(&file).unwrap();
    std::fs::File::create(&file).unwrap().set_len(17 << 20).unwrap();
    let page = doc(Some("resources"));
    assert!(page.ends_with(&note("it is larger than 16 MiB")), "{page}");
}

#[test]
fn where_an_engine_listens_is_told() {
    let at = |words: &[&str], variables: &[(&str, &str)]| {
        let mut command = contajners(words);
        command.envs(variables.iter().copied());
        told(&command.output().unwrap())
    };
    let box_host = ("DOCKER_HOST", "tcp://box:2375");
    let verify = ("DOCKER_TLS_VERIFY", "1");
    let certificates = ("DOCKER_CERT_PATH", "/certificates");
    let runs = [
        at(&["where", "docker"], &[box_host]),
        at(&["where", "docker", "-o", "json"], &[box_host]),
        at(&["where", "docker", "--host", "/run/x.sock"], &[box_host]),
        at(&["where", "podman", "-o", "raw"], &[("CONTAINER_HOST", "unix:///x")]),
        at(&["where", "docker"], &[("DOCKER_HOST", "what://")]),
        at(&["where", "docker"], &[("DOCKER_CONTEXT", "nope"), ("DOCKER_CONFIG", "/no/such")]),
        at(&["where", "docker", "--connection", "nope"], &[box_host]),
        at(&["where", "podman", "-c", "nope"], &[("CONTAINER_HOST", "unix:///x")]),
        at(&["where", "docker", "-c", "default"], &[box_host]),
        at(&["where", "docker", "-c", "a", "--host", "b"], &[]),
        // The variables of the Docker command hold for an address that is typed, too.
        at(&["where", "docker", "--host", "tcp://box"], &[verify, certificates]),
        at(&["where", "docker", "--host", "tcp://box"], &[("DOCKER_TLS", "1"), certificates]),
        at(&["where", "docker", "--host", "tcp://box", "--tls"], &[certificates]),
        at(
            &["where", "docker", "--host", "tcp://box", "--tls"],
            &[("DOCKER_CONFIG", "/no/such"), ("HOME", "/home")],
        ),
        at(
            &["where", "docker", "--host", "tcp://box", "--tls"],
            &[("DOCKER_TLS", "1"), certificates],
        ),
        at(&["where", "docker", "--host", "tcp://box", "--tls"], &[("HOME", "/no/such")]),
        // Others have nothing to do with its files.
        at(&["where", "podman", "--host", "tcp://box", "--tls"], &[certificates]),
        at(&["where", "incus", "--host", "tcp://box", "--tls"], &[certificates]),
        // What is typed adds to what they say.
        at(
            &["where", "docker", "--tls-key-password", "/dev/null"],
            &[box_host, verify, certificates],
        ),
        at(
            &["where", "docker", "--host", "tcp://box", "--tls-ca", "ca"],
            &[("DOCKER_TLS", "1"), certificates],
        ),
        at(
            &["where", "docker", "--host", "tcp://box", "--tls-skip-verify"],
            &[verify, certificates],
        ),
        at(&["where", "docker", "--host", "http://box"], &[verify, certificates]),
        at(&["where", "docker", "--host", "unix:///x"], &[verify, certificates]),
        at(
            &[
                "where",
                "podman",
                "--host",
                "tcp://box",
                "-o",
                "json",
                "--tls-ca",
                "ca",
                "--tls-cert",
                "cert",
                "--tls-key",
                "key",
            ],
            &[verify],
        ),
        at(&["where", "podman", "--host", "tcp://box", "--tls-skip-verify"], &[]),
        at(&["where", "podman", "--host", "tcp://box", "--tls-cert", "x"], &[]),
        at(&["where", "docker", "--tls-key-password", "/no/such"], &[box_host]),
    ];
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("where", runs.join("\n\n"));
    });
}

#[test]
fn a_context_that_leads_nowhere_is_named() {
    // The SHA-256 of `far`.
    const FAR: &str = "512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868";
    let folder = tempfile::tempdir().unwrap();
    let meta = folder.path().join("contexts/meta").join(FAR);
    std::fs::create_dir_all(&meta).unwrap();
    let context = r#"{"Endpoints":{"docker":{"Host":"unix:///nope.sock"}}}"#;
    std::fs::write(meta.join("meta.json"), context).unwrap();
    let at = |words: &[&str], variable: &str| {
        let mut command = contajners(words);
        command.env("DOCKER_CONFIG", folder.path()).env(variable, "far");
        told(&command.output().unwrap())
    };
    let where_docker = at(&["where", "docker"], "DOCKER_CONTEXT");
    assert!(
        where_docker.contains("because  Docker context `far`, which `DOCKER_CONTEXT` names\n"),
        "{where_docker}"
    );
    let json = at(&["where", "docker", "-o", "json"], "DOCKER_CONTEXT");
    assert!(json.contains(r#""named_by":"DOCKER_CONTEXT""#), "{json}");
    let ping = at(&["invoke", "docker", "SystemPing"], "DOCKER_CONTEXT");
    assert!(
        ping.contains(
            "start docker, or change Docker context `far`, which `DOCKER_CONTEXT` names\n"
        ),
        "{ping}"
    );
    let ping = at(&["invoke", "docker", "SystemPing", "-c", "far"], "X");
    assert!(ping.contains("start docker, or choose another than Docker context `far`\n"), "{ping}");
}
