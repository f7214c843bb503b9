//! What an observer is told, against what arrived.

use std::io::Write as _;
use std::sync::{Arc, Mutex};

use contajners::{Credentials, Head, Observer, RegistryAuth};
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use crate::{JSON, Script, Then, answer, block_on};

/// Keeps all of it, in order.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Told>>>);

#[derive(Debug, Clone, PartialEq)]
enum Told {
    Request(Vec<String>),
    Sent(usize),
    Answer(Vec<String>),
}

impl Kept {
    fn push(&self, told: Told) {
        self.0.lock().unwrap().push(told);
    }

    fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Kept {
    fn request(&self, head: &Head) {
        self.push(Told::Request(lines(head)));
    }

    fn body_sent(&self, bytes: usize) {
        self.push(Told::Sent(bytes));
    }

    fn answer(&self, head: &Head) {
        self.push(Told::Answer(lines(head)));
    }
}

fn lines(head: &Head) -> Vec<String> {
    let headers = head.headers().map(|(name, value)| format!("{name}: {value}"));
    std::iter::once(head.line().to_owned()).chain(headers).collect()
}

/// The heads that arrived, as they should have been told.
fn arrived(engine: &Script) -> Vec<Vec<String>> {
    let head = |head: &str| {
        let lines = head.lines().filter(|line| !line.is_empty());
        let lines = lines.map(|line| match line.split_once(": ") {
            Some((name @ ("x-registry-auth" | "x-registry-config"), _)) => {
                format!("{name}: (secret)")
            }
            _ => line.to_owned(),
        });
        lines.collect()
    };
    engine.asked().iter().map(|asked| head(&asked.head)).collect()
}

fn requests(told: &[Told]) -> Vec<Vec<String>> {
    let requests = told.iter().filter_map(|told| match told {
        Told::Request(lines) => Some(lines.clone()),
        _ => None,
    });
    requests.collect()
}

#[test]
fn heads_are_told_as_they_arrive_but_for_secrets() {
    let engine = Script::new(|_, asked, stream| {
        match asked.line().starts_with("HEAD /_ping") {
            true => stream.write_all(b"HTTP/1.1 200 Fine\r\nApi-Version: 1.41\r\n\r\n").unwrap(),
            false => answer(stream, "200 OK", JSON, b"{}"),
        }
        Then::GoOn
    });
    let kept = Kept::default();
    let config = tempfile::NamedTempFile::new().unwrap();
    // "me:geheim"
    std::fs::write(config.path(), r#"{"auths":{"r.x":{"auth":"bWU6Z2VoZWlt"}}}"#).unwrap();
    let builder = contajners::Client::builder("docker").uri(engine.uri()).observer(kept.clone());
    let client = builder.credentials(Credentials::file(config.path())).build().unwrap();
    block_on(async {
        client.invoke("ContainerList").await.unwrap();
        client.invoke("ImageCreate").param("fromImage", "r.x/a").await.unwrap();
        let given = RegistryAuth::password("me", "geheim");
        client
            .invoke("ImagePush")
            .param("name", "a")
            .param("X-Registry-Auth", given)
            .await
            .unwrap();
        client.invoke("ContainerCreate").body(json!({ "Image": "x" })).await.unwrap();
        let reader = tokio::io::repeat(0).take(100_000);
        client.invoke("ImageLoad").body_reader(reader).await.unwrap();
        client.invoke("ContainerAttach").param("id", "x").socket().await.unwrap_err();
    });
    let told = kept.take();
    assert_eq!(requests(&told), arrived(&engine));
    let secret = "x-registry-auth: (secret)".to_owned();
    let secrets = requests(&told).iter().filter(|lines| lines.contains(&secret)).count();
    assert_eq!(secrets, 2, "{told:?}");
    // The engine got what is kept from the observer: base64 of a JSON object.
    assert!(engine.asked()[2].header("x-registry-auth")[0].starts_with("eyJ"));
    assert!(!format!("{told:?}").contains("eyJ"), "{told:?}");

    assert_eq!(told[1], Told::Answer(vec!["HTTP/1.1 200 Fine".into(), "api-version: 1.41".into()]));
    let answers = told.iter().filter(|told| matches!(told, Told::Answer(_))).count();
    assert_eq!(answers, 7);
    let sent = told.iter().filter_map(|told| match told {
        Told::Sent(bytes) => Some(bytes),
        _ => None,
    });
    assert_eq!(sent.sum::<usize>(), 100_000);
}

#[test]
fn sockets_are_told_of() {
    let engine = Script::new(|_, _, stream| {
        stream.write_all(b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n").unwrap();
        Then::Close
    });
    let kept = Kept::default();
    let client = engine.builder().observer(kept.clone()).build().unwrap();
    block_on(async {
        let attach = client.invoke("ContainerAttach").param("id", "x").param("stream", true);
        drop(attach.socket().await.unwrap());
    });
    let told = kept.take();
    assert_eq!(requests(&told), arrived(&engine));
    let answer = vec!["HTTP/1.1 101 UPGRADED".into(), "Upgrade: tcp".into()];
    assert_eq!(told[1..], [Told::Answer(answer)]);
}

#[test]
fn debug_output_has_no_secrets() {
    struct Shown(Arc<Mutex<Vec<String>>>);
    impl Observer for Shown {
        fn request(&self, head: &Head) {
            self.0.lock().unwrap().push(format!("{head:?}"));
        }
    }
    let engine = Script::new(|_, _, stream| {
        let head = "HTTP/1.1 200 OK\r\nSet-Cookie: t=hunter2\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        Then::GoOn
    });
    let shown = Arc::new(Mutex::new(Vec::new()));
    let client = engine.builder().observer(Shown(shown.clone())).build().unwrap();
    let response = block_on(async {
        let build = client.invoke("ImageBuild").param("buildargs", json!({ "T": "hunter2" }));
        build.param("remote", "https://u:hunter2@far/x").send().await.unwrap()
    });
    let told = [shown.lock().unwrap().concat(), format!("{response:?} {client:?}")].concat();
    assert!(!told.contains("hunter2"), "{told}");
    assert!(told.contains("/v1.41/build?… HTTP/1.1"), "{told}");
}
