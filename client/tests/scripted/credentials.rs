//! Credentials for registries: which calls get them, and that nothing shows them.

use std::path::PathBuf;

use contajners::{Client, ClientBuilder, Credentials, ErrorKind, RegistryAuth};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lines::Lines;
use crate::{Asked, JSON, Script, always, block_on, shown};

/// `me:hunter2>>>???`, whose JSON needs both of the characters in which the alphabets differ.
const CONFIG: &str = r#"{"auths": {
    "r.x:5000": {"auth": "bWU6aHVudGVyMj4+Pj8/Pw=="},
    "https://index.docker.io/v1/": {"username": "hub", "password": "hunter2"},
    "bad.x": {"auth": "hunter2!"}
}}"#;

fn config(text: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(&file, text).unwrap();
    (folder, file)
}

/// Reads a header as an engine does: base64url with padding, then JSON.
fn decoded(asked: &Asked, header: &str) -> Value {
    let [text] = asked.header(header)[..] else { return Value::Null };
    assert_eq!(text.len() % 4, 0, "{text}");
    let (mut bits, mut held, mut bytes) = (0u32, 0, Vec::new());
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            other => panic!("{} is not of base64url", char::from(other)),
        };
        (bits, held) = (bits << 6 | u32::from(digit), held + 6);
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    serde_json::from_slice(&bytes).unwrap()
}

fn podman(engine: &Script, credentials: Credentials) -> Client {
    let builder = Client::builder("podman").uri(engine.uri()).api_version("v5.8.2");
    builder.credentials(credentials).build().unwrap()
}

fn mine() -> Value {
    json!({ "username": "me", "password": "hunter2>>>???", "serveraddress": "r.x:5000" })
}

#[test]
fn a_call_that_is_made_again_gets_what_the_file_says_by_then() {
    let engine = always("200 OK", "", b"");
    let (_folder, file) = config(r#"{"auths": {}}"#);
    let client = podman(&engine, Credentials::file(&file));
    let pull = || client.invoke("ImagePullLibpod").param("reference", "r.x:5000/a");
    block_on(async {
        pull().send().await.unwrap().bytes().await.unwrap();
        pull().header("X-Registry-Auth", "own").send().await.unwrap().bytes().await.unwrap();
        pull().send().await.unwrap().bytes().await.unwrap();
        std::fs::write(&file, CONFIG).unwrap();
        pull().send().await.unwrap().bytes().await.unwrap();
    });
    let asked = engine.asked();
    let told: Vec<usize> = asked.iter().map(|one| one.header("x-registry-auth").len()).collect();
    assert_eq!(told, [0, 1, 0, 1]);
    assert_eq!(decoded(&asked[3], "x-registry-auth"), mine());
}

#[test]
fn calls_that_name_a_registry_get_its_credentials() {
    let engine = always("200 OK", "", b"");
    let (_folder, file) = config(CONFIG);
    let docker = engine.builder().credentials(Credentials::file(&file)).build().unwrap();
    let podman = podman(&engine, Credentials::file(&file));
    let hub = json!({
        "username": "hub", "password": "hunter2", "serveraddress": "https://index.docker.io/v1/"
    });
    let compat_hub = json!({
        "username": "hub", "password": "hunter2", "serveraddress": "docker.io"
    });
    let push = |client: &Client| client.invoke("ImagePush");
    let pull = |name: &str| podman.invoke("ImagePullLibpod").param("reference", name);
    let cases = [
        (docker.invoke("ImageCreate").param("fromImage", "r.x:5000/a/b:c"), mine()),
        (docker.invoke("ImageCreate").param("fromImage", "busybox"), hub),
        (docker.invoke("ImageCreate").param("fromSrc", "-").body_bytes(&b"x"[..]), Value::Null),
        (push(&docker).param("name", "r.x:5000/a"), mine()),
        // The engine wants the header in any case: nobody's credentials.
        (push(&docker).param("name", "other.x/a"), json!({})),
        (push(&podman).param("name", "local").param("destination", "r.x:5000/a"), mine()),
        (push(&podman).param("path.name", "r.x:5000/a"), mine()),
        (
            docker
                .invoke("PluginPull")
                .param("remote", "r.x:5000/plugin")
                .param("name", "mine")
                .body(json!([])),
            mine(),
        ),
        (podman.invoke("ImageCreate").param("fromImage", "busybox"), compat_hub),
        (podman.invoke("ArtifactPullLibpod").param("name", "r.x:5000/a"), mine()),
        (pull("docker://r.x:5000/a/b"), mine()),
        // Any registry could be meant.
        (pull("busybox"), Value::Null),
        (pull("dir:/tmp/x"), Value::Null),
    ];
    block_on(async {
        for (number, (call, expected)) in cases.into_iter().enumerate() {
            let what = format!("{call:?}");
            call.send().await.unwrap().bytes().await.unwrap();
            let asked = engine.asked();
            assert_eq!(asked.len(), number + 1);
            assert_eq!(decoded(&asked[number], "x-registry-auth"), expected, "{what}");
        }
    });
}

#[test]
fn builds_get_all_that_are_known() {
    let engine = always("200 OK", "", b"");
    let (_folder, file) = config(CONFIG);
    // For as long as it takes.
    let credentials = Credentials::file(&file).helper_timeout(std::time::Duration::MAX);
    let docker = engine.builder().credentials(credentials).build().unwrap();
    let build = || docker.invoke("ImageBuild").body_bytes(&b"tar"[..]);
    block_on(async {
        build().send().await.unwrap().bytes().await.unwrap();
        let given = build().param("X-Registry-Config", json!({ "s.x": {} }));
        given.send().await.unwrap().bytes().await.unwrap();
    });
    let asked = engine.asked();
    let all = decoded(&asked[0], "x-registry-config");
    assert_eq!(all["r.x:5000"], mine());
    let mut keys: Vec<&String> = all.as_object().unwrap().keys().collect();
    keys.sort();
    assert_eq!(keys, ["https://index.docker.io/v1/", "r.x:5000"]);
    assert_eq!(decoded(&asked[1], "x-registry-config"), json!({ "s.x": {} }));
    assert!(asked.iter().all(|asked| asked.header("x-registry-auth").is_empty()));
}

#[test]
fn what_the_caller_gives_stands() {
    let engine = always("200 OK", JSON, b"");
    let (_folder, file) = config(CONFIG);
    let docker = engine.builder().credentials(Credentials::file(&file)).build().unwrap();
    let none = engine.client();
    let pull = |client: &Client| client.invoke("ImageCreate").param("fromImage", "r.x:5000/a");
    let auth = RegistryAuth::password("you", "hunter3").server_address("r.x:5000");
    let lower = json!({ "username": "lower" });
    block_on(async {
        pull(&docker).param("X-Registry-Auth", auth).await.unwrap();
        pull(&docker).param("x-registry-auth", lower).await.unwrap();
        pull(&docker).header("x-registry-auth", "e30=").await.unwrap();
        pull(&docker).param("X-Registry-Auth", "").await.unwrap();
        pull(&none).await.unwrap();
        // Nothing is asked for by these, so that no file is read.
        let lost = Credentials::file("/no/such/file");
        let lost = engine.builder().credentials(lost).build().unwrap();
        lost.invoke("ImageList").await.unwrap();
    });
    let sent: Vec<Value> =
        engine.asked().iter().map(|asked| decoded(asked, "x-registry-auth")).collect();
    let first = json!({ "username": "you", "password": "hunter3", "serveraddress": "r.x:5000" });
    let second = json!({ "username": "lower" });
    let null = Value::Null;
    assert_eq!(sent, [first, second, json!({}), null.clone(), null.clone(), null]);
}

#[test]
fn calls_whose_credentials_cannot_be_had() {
    let engine = always("200 OK", JSON, b"");
    let (folder, file) = config(CONFIG);
    let (other, damaged) = config("{\"auths\": hunter2");
    let check = |builder: ClientBuilder, image: &str| {
        let call = builder.build().unwrap().invoke("ImageCreate").param("fromImage", image);
        let error = block_on(async { call.await }).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(!error.may_have_acted());
        assert!(!format!("{error:?}").contains("hunter"), "{error:?}");
        shown(&error, None)
            .replace(&folder.path().display().to_string(), "/…")
            .replace(&other.path().display().to_string(), "/…")
    };
    let of = |file: PathBuf| engine.builder().credentials(Credentials::file(file));
    let messages = [
        check(of(file), "bad.x/a"),
        check(of(damaged), "other.x/a"),
        check(of("/no/such/file".into()), "other.x/a"),
    ];
    insta::assert_snapshot!(messages.join("\n"));
    assert!(engine.asked().is_empty());
}

#[test]
fn no_trace_shows_a_secret() {
    let engine = always("500 Oops", JSON, br#"{"message":"no"}"#);
    let (_folder, file) = config(CONFIG);
    let credentials = Credentials::file(&file);
    let docker = engine.builder().credentials(credentials.clone()).build().unwrap();
    let (error, lines) = Lines::told(|| {
        block_on(async {
            let pull = docker.invoke("ImageCreate").param("fromImage", "r.x:5000/a");
            let error = pull.await.unwrap_err();
            let build = docker.invoke("ImageBuild").body_bytes(&b"tar"[..]);
            build.await.unwrap_err();
            error
        })
    });
    // The registry and the damaged entry are told.
    assert!(lines.contains("registry=r.x:5000") && lines.contains("auths.bad.x"), "{lines}");
    let all = format!("{lines} {error} {error:?} {docker:?} {credentials:?}");
    for secret in ["hunter", "aHVudGVy", "bWU6", "eyJ", "\"me\"", "=me"] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
    assert_eq!(decoded(&engine.asked()[0], "x-registry-auth"), mine());
}
