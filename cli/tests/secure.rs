//! The command over TLS, found as the engines' own tools find it, and with secrets on its way:
//! none of them may come out again.

mod command;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use command::{contajners, told};
use contajners_tests::certs::KEY_PASSWORD;
use contajners_tests::registry::{PASSWORD, USER};
use contajners_tests::{
    Identity, Kind, PrivateEngine, Registry, RegistryError, image, skip, with_tls,
};
use serde_json::json;

/// `tester:s3cret pass` in base64.
const LOGIN: &str = "dGVzdGVyOnMzY3JldCBwYXNz";
/// A token for a header.
const TOKEN: &str = "planted-token";
/// The SHA-256 of `far`, which is the name of a context.
const FAR: &str = "512eea46ceb3921dff4363c7069d89d4964d1d9fccaa0f411851a7aa60a5c868";

/// Runs the command as talkative as it gets, expects a status, and looks for secrets.
#[track_caller]
fn run(engine: &PrivateEngine, variables: &[(&str, &str)], words: &[&str], status: i32) -> Output {
    let command = contajners(&[&["--verbose"], words].concat());
    // What hangs shall fail.
    let mut bounded = Command::new("timeout");
    bounded.arg("60").arg(command.get_program()).args(command.get_args()).env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            bounded.env(name, value);
        }
    }
    let bounded = bounded
        .envs(variables.iter().copied())
        .env("RUST_LOG", "trace")
        .env("RUST_BACKTRACE", "full")
        .stdin(Stdio::null())
        .output();
    let output = bounded.expect("the command");
    let all = told(&output);
    let keys = Identity::GOOD.map(|identity| engine.certs().client(identity).join("key.pem"));
    let keys = keys.map(|file| fs::read_to_string(file).expect("a key"));
    // The second line is the first one of the key itself.
    let keys = keys.iter().map(|key| key.lines().nth(1).expect("a key"));
    for secret in [KEY_PASSWORD, PASSWORD, LOGIN, TOKEN].into_iter().chain(keys) {
        assert!(!all.contains(secret), "a secret in what {words:?} says:\n{all}");
    }
    // Base64 of something that holds the password, wherever in it that stands.
    for piece in ["czNjcmV0IHBhc3", "MzY3JldCBwYXNz", "zM2NyZXQgcGFzc"] {
        assert!(!all.contains(piece), "the password in base64 in what {words:?} says:\n{all}");
    }
    assert_eq!(output.status.code(), Some(status), "{words:?}: {all}");
    output
}

/// Expects that an engine is found and answers over TLS, and returns what `where` says.
#[track_caller]
fn check_found(engine: &PrivateEngine, variables: &[(&str, &str)]) -> String {
    let name = engine.kind().name();
    let answer = run(engine, variables, &["invoke", name, "SystemPing"], 0);
    assert_eq!(String::from_utf8_lossy(&answer.stdout), "OK");
    let said = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(said.contains(&format!("{name} at https://{}", engine.tls_address())), "{said}");
    String::from_utf8(run(engine, variables, &["where", name], 0).stdout).expect("text")
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn host(engine: &PrivateEngine) -> String {
    format!("tcp://{}", engine.tls_address())
}

#[test]
fn docker_by_its_variables() {
    let Some(engine) = with_tls(Kind::Docker) else { return };
    let (host, own) = (host(engine), text(&engine.certs().client(Identity::Pkcs1)));
    let variables =
        [("DOCKER_HOST", &*host), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", &own)];
    assert!(check_found(engine, &variables).contains("DOCKER_HOST"));
    // Any certificate of the engine will do, but not none of the client's.
    let variables = [("DOCKER_HOST", &*host), ("DOCKER_TLS", "1"), ("DOCKER_CERT_PATH", &own)];
    check_found(engine, &variables);

    let ping = ["invoke", "docker", "SystemPing"];
    let failure = |identity: Identity| {
        let own = text(&engine.certs().client(identity));
        let variables =
            [("DOCKER_HOST", &*host), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", &own)];
        String::from_utf8(run(engine, &variables, &ping, 1).stderr).expect("text")
    };
    let said = failure(Identity::Expired);
    assert!(said.contains("refuses the certificate of the client"), "{said}");
    let plain = [("DOCKER_HOST", &*host)];
    let said = String::from_utf8(run(engine, &plain, &ping, 1).stderr).expect("text");
    assert!(said.contains("speaks TLS, and the address does not say so"), "{said}");

    // The options are told that name what is missing.
    let ca = text(&engine.certs().client(Identity::Pkcs1).join("ca.pem"));
    let with = |options: &[&str]| {
        let words = [&ping[..], &["--host", &host], options].concat();
        String::from_utf8(run(engine, &[], &words, 1).stderr).expect("text")
    };
    let said = with(&["--tls-ca", &ca]);
    assert!(said.contains("and its key: `--tls-cert` and `--tls-key`"), "{said}");
    let said = with(&["--tls"]);
    assert!(said.contains("`--tls-ca`"), "{said}");
}

#[test]
fn docker_by_a_context() {
    let Some(engine) = with_tls(Kind::Docker) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let meta = folder.path().join("contexts/meta").join(FAR);
    let files = folder.path().join("contexts/tls").join(FAR).join("docker");
    for folder in [&meta, &files] {
        fs::create_dir_all(folder).expect("a folder");
    }
    let endpoint = json!({ "Host": host(engine), "SkipTLSVerify": false });
    let context = json!({ "Name": "far", "Endpoints": { "docker": endpoint } });
    fs::write(meta.join("meta.json"), context.to_string()).expect("a context");
    for file in ["ca.pem", "cert.pem", "key.pem"] {
        let from = engine.certs().client(Identity::Sec1).join(file);
        fs::copy(from, files.join(file)).expect("a copy");
    }
    let config = text(folder.path());
    let named = [("DOCKER_CONFIG", &*config), ("DOCKER_CONTEXT", "far")];
    assert!(check_found(engine, &named).contains("far"));

    let settings = json!({ "currentContext": "far" });
    fs::write(folder.path().join("config.json"), settings.to_string()).expect("a file");
    assert!(check_found(engine, &[("DOCKER_CONFIG", &config)]).contains("far"));
    // What is asked of TLS takes nothing from it that it has; there are no files elsewhere.
    for words in [&["-c", "far", "--tls"][..], &["--tls"]] {
        let words = [&["invoke", "docker", "SystemPing"], words].concat();
        run(engine, &[("DOCKER_CONFIG", &config)], &words, 0);
    }
}

#[test]
fn podman_by_a_connection() {
    let Some(engine) = with_tls(Kind::Podman) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let own = engine.certs().client(Identity::RsaPkcs8);
    let connection = json!({
        "URI": host(engine),
        "TLSCA": own.join("ca.pem"),
        "TLSCert": own.join("cert.pem"),
        "TLSKey": own.join("key.pem"),
    });
    let all = json!({ "Connection": { "Default": "far", "Connections": { "far": connection } } });
    let file = folder.path().join("podman-connections.json");
    fs::write(&file, all.to_string()).expect("a file");
    let file = text(&file);
    assert!(check_found(engine, &[("PODMAN_CONNECTIONS_CONF", &file)]).contains("far"));
    let named = [("PODMAN_CONNECTIONS_CONF", &*file), ("CONTAINER_CONNECTION", "far")];
    assert!(check_found(engine, &named).contains("far"));
}

/// With credentials for a registry, of a file and by hand, in all that takes them.
fn check_secrets(kind: Kind) {
    let Some(engine) = with_tls(kind) else { return };
    let registry = match Registry::start(engine) {
        Ok(registry) => registry,
        Err(error @ RegistryError::NotInstalled { .. }) => return skip(&error.to_string()),
        Err(error) => panic!("{error}"),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let login = json!({ registry.address(): { "auth": LOGIN } });
    let config = folder.path().join("config.json");
    fs::write(&config, json!({ "auths": login }).to_string()).expect("a file");
    let (config, file) = (text(folder.path()), text(&config));
    let variables = [("DOCKER_CONFIG", &*config), ("REGISTRY_AUTH_FILE", &file)];
    let (uri, name) = (engine.uri(), kind.name());
    let call = |words: &[&str], status| {
        run(engine, &variables, &[&["--host", &uri], words].concat(), status)
    };

    let tar = folder.path().join("image.tar");
    fs::write(&tar, image::busybox_filesystem().expect("a static busybox")).expect("a file");
    let repository = format!("{}/secrets", registry.address());
    let reference = format!("{repository}:one");
    let import =
        [&*format!("repo={reference}"), "fromSrc=-", "--data", &format!("@{}", text(&tar))];
    call(&[&["invoke", name, "ImageCreate"], &import[..]].concat(), 0);
    let image = format!("name={repository}");
    call(&["invoke", name, "ImagePush", &image, "tag=one"], 0);
    let from = format!("fromImage={reference}");
    call(&["invoke", name, "ImageCreate", &from], 0);

    // By hand; the engine refuses the one that is wrong.
    let by_hand = |password: &str| {
        let login = json!({ "username": USER, "password": password });
        format!("X-Registry-Auth:={login}")
    };
    let right = by_hand(PASSWORD);
    call(&["invoke", name, "ImageCreate", &from, &right], 0);
    let wrong = by_hand(&format!("{PASSWORD} not"));
    let refused = run_any(engine, &uri, &["invoke", name, "ImageCreate", &from, &wrong]);
    assert_ne!(refused, Some(0));
    call(&["resolve", name, "ImageCreate", &from, &right], 0);
    call(&["resolve", "--curl", name, "ImageCreate", &from, &right], 0);

    let header = format!("Authorization: Bearer {TOKEN}");
    call(&["request", name, "GET", "/_ping", "-H", &header], 0);
    call(&["request", name, "GET", "/no/such/place", "-H", &header], 4);
    let nowhere = ["--host", "unix:///no/such.sock", "request", name, "GET", "/_ping", "-H"];
    run(engine, &variables, &[&nowhere[..], &[&header]].concat(), 1);
}

/// Runs it like [`run`], whatever its status is.
#[track_caller]
fn run_any(engine: &PrivateEngine, uri: &str, words: &[&str]) -> Option<i32> {
    let words = [&["--host", uri], words].concat();
    let found = contajners(&words).stdin(Stdio::null()).output().expect("the command");
    let status = found.status.code();
    run(engine, &[], &words, status.expect("a status"));
    status
}

#[test]
fn secrets_of_docker() {
    check_secrets(Kind::Docker);
}

#[test]
fn secrets_of_podman() {
    check_secrets(Kind::Podman);
}
