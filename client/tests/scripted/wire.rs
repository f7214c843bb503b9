//! What goes over the wire.

use std::future::IntoFuture;

use contajners::Method;
use serde_json::json;

use crate::{JSON, always, block_on};

#[test]
fn a_call_is_sent_as_the_engines_like_it() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    block_on(async {
        client.invoke("ContainerList").param("all", true).await.unwrap();
        client.invoke("ContainerStart").param("id", "a/b").await.unwrap();
        client.invoke("ContainerCreate").body(json!({ "Image": "x" })).await.unwrap();
        client.request(Method::Post, "/v1.41/x?y=z").header("X-One", "1").await.unwrap();
        let raw = client.request(Method::Get, "/v1.41/x/{id}/{y}?a=1").param("id", "a/b c");
        let raw = raw.param("filters", json!({ "status": ["exited"] })).param("t", ["b&c", "{id}"]);
        raw.param("n", 1).param("all", true).param("none", None::<&str>).await.unwrap();
        let push = client.request(Method::Post, "/v1.41/images/x/push");
        push.param("X-Registry-Auth", json!({ "a": 1 })).await.unwrap();
    });
    let asked = engine.asked();
    // The same as `base64` says.
    assert_eq!(asked[5].header("x-registry-auth"), ["eyJhIjoxfQ=="]);
    let lines: Vec<&str> = asked.iter().map(|one| one.line()).collect();
    assert_eq!(
        lines,
        [
            "GET /v1.41/containers/json?all=true HTTP/1.1",
            "POST /v1.41/containers/a%2Fb/start HTTP/1.1",
            "POST /v1.41/containers/create HTTP/1.1",
            "POST /v1.41/x?y=z HTTP/1.1",
            "GET /v1.41/x/a%2Fb%20c/{y}?a=1&filters=%7B%22status%22:%5B%22exited%22%5D%7D\
             &t=b%26c&t=%7Bid%7D&n=1&all=true HTTP/1.1",
            "POST /v1.41/images/x/push HTTP/1.1",
        ]
    );
    for one in &asked {
        assert_eq!(one.header("host"), ["localhost"]);
        assert!(one.header("user-agent").is_empty());
        assert!(one.header("transfer-encoding").is_empty());
    }
    let lengths: Vec<_> = asked.iter().map(|one| one.header("content-length")).collect();
    assert_eq!(lengths, [vec![], vec!["0"], vec!["13"], vec!["0"], vec![], vec!["0"]]);
    let types: Vec<_> = asked.iter().map(|one| one.header("content-type")).collect();
    assert_eq!(types, [vec![], vec![], vec!["application/json"], vec![], vec![], vec![]]);
    assert_eq!(asked[2].body, br#"{"Image":"x"}"#);
    assert_eq!(asked[3].header("x-one"), ["1"]);
}

#[test]
fn a_media_type_is_sent_without_a_body_too() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    block_on(async {
        client.invoke("SystemInfo").await.unwrap();
        client.invoke("SystemInfo").content_type("a/b").await.unwrap();
        client.request(Method::Get, "/x").content_type("a/b").await.unwrap();
        client.invoke("SystemInfo").await.unwrap();
    });
    let types: Vec<_> =
        { engine.asked().into_iter() }.map(|one| one.header("content-type").concat()).collect();
    assert_eq!(types, ["", "a/b", "a/b", ""]);
    let wrong = client.request(Method::Get, "/x").content_type("a\n").into_future();
    assert_eq!(block_on(wrong).unwrap_err().code(), "invalid-header");
}

/// Another length than the body has would cut it.
#[test]
fn a_length_that_is_not_the_bodys_is_refused() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    let send = |length: &str| {
        let call = client.request(Method::Post, "/x").header("Content-Length", length);
        block_on(async { call.body_bytes("abcdefgh").await })
    };
    let error = send("3").unwrap_err();
    assert_eq!((error.kind(), error.code()), (contajners::ErrorKind::Resolve, "invalid-header"));
    assert!(!error.may_have_acted());
    send("8").unwrap();
    let reader = client.request(Method::Post, "/x").header("Content-Length", "5");
    block_on(async { reader.body_reader(&b"piece"[..]).await }).unwrap();
    let bodies: Vec<_> = engine.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(bodies, [&b"abcdefgh"[..], b"piece"]);
    for length in ["", "x", "-1", "+8", "8, 8", "99999999999999999999"] {
        assert_eq!(send(length).unwrap_err().code(), "invalid-header", "{length}");
    }
    // Where there is no body, an engine would wait for one.
    let get = |length| client.request(Method::Get, "/x").header("Content-Length", length);
    block_on(async {
        assert_eq!(get("5").await.unwrap_err().code(), "invalid-header");
        get("0").await.unwrap();
    });
}

/// A length that the caller knows is as good as one that is found out.
#[test]
fn a_reader_may_come_with_its_length() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    let send = async |length: &str, text: &'static [u8]| {
        let call = client.request(Method::Post, "/x").header("Content-Length", length);
        call.body_reader(text).await
    };
    let error = block_on(async {
        send("5", b"piece").await.unwrap();
        send("5", b"piece of more").await.unwrap();
        send("0", b"more").await.unwrap();
        assert_eq!(engine.connections(), 1);
        send("5", b"pie").await.unwrap_err()
    });
    assert_eq!(error.kind(), contajners::ErrorKind::Body);
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    assert_eq!(cause.as_deref(), Some("it is shorter than announced"));
    let bodies: Vec<_> = engine.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(bodies, [&b"piece"[..], b"piece", b""]);
}

#[test]
fn a_reader_is_sent_with_any_method() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    for method in [Method::Get, Method::Head, Method::Delete, Method::Post] {
        let call = client.request(method, "/x").body_reader(&b"piece"[..]);
        block_on(async { call.bytes().await }).unwrap();
    }
    for asked in engine.asked() {
        assert_eq!(asked.header("transfer-encoding"), ["chunked"], "{}", asked.line());
        assert_eq!(asked.body, b"piece", "{}", asked.line());
    }
}

#[test]
fn a_call_that_is_made_again_is_the_same() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    block_on(async {
        let list = || client.invoke("ContainerList");
        for _ in 0..3 {
            list().param("all", true).await.unwrap();
        }
        list().param("all", false).await.unwrap();
        list().param("all", true).header("X-One", "1").await.unwrap();
        list().param("all", true).await.unwrap();
        list().await.unwrap();
        list().param("filters", json!({ "status": ["running"] })).await.unwrap();
        // What is wrong with a call is told each time.
        for _ in 0..3 {
            let error = list().param("al", true).await.unwrap_err();
            assert_eq!(error.code(), "unknown-parameter");
            let start =
                || client.invoke("ContainerWait").param("id", "a").param("condition", "now");
            assert_eq!(start().send().await.unwrap().findings().len(), 1);
        }
    });
    let asked = engine.asked();
    let lines: Vec<&str> =
        asked.iter().map(|one| one.line().split_whitespace().nth(1).unwrap()).collect();
    let list = "/v1.41/containers/json";
    let (all, not_all) = (format!("{list}?all=true"), format!("{list}?all=false"));
    let running = format!("{list}?filters=%7B%22status%22:%5B%22running%22%5D%7D");
    let wait = "/v1.41/containers/a/wait?condition=now";
    let expected = [&*all, &all, &all, &not_all, &all, &all, list, &running, wait, wait, wait];
    assert_eq!(lines, expected);
    let told: Vec<usize> = asked.iter().map(|one| one.header("x-one").len()).collect();
    assert_eq!(told, [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
}

#[test]
fn a_program_names_itself_if_it_likes() {
    let engine = always("200 OK", JSON, b"[]");
    let builder = || contajners::Client::builder("docker").uri(engine.uri()).api_version("v1.41");
    let client = builder().user_agent("backups/1.2").build().unwrap();
    block_on(async {
        client.invoke("ContainerList").await.unwrap();
        client.invoke("ContainerList").header("User-Agent", "own").await.unwrap();
    });
    let asked = engine.asked();
    let told: Vec<_> = asked.iter().map(|one| one.header("user-agent")).collect();
    assert_eq!(told, [vec!["backups/1.2"], vec!["own"]]);
    let error = builder().user_agent("a\r\nEvil: x").build().unwrap_err();
    assert_eq!((error.kind(), error.code()), (contajners::ErrorKind::Config, "invalid-user-agent"));
    assert!(!error.to_string().contains("Evil"), "{error}");
}

#[test]
fn bodies_of_every_kind() {
    let engine = always("200 OK", JSON, b"");
    let client = engine.client();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("context.tar");
    std::fs::write(&file, b"from a file").unwrap();
    let empty = folder.path().join("empty");
    std::fs::write(&empty, b"").unwrap();
    block_on(async {
        let build = || client.invoke("ImageBuild");
        build().body_bytes(&b"bytes"[..]).send().await.unwrap().bytes().await.unwrap();
        build().body_file(&file).send().await.unwrap().bytes().await.unwrap();
        build().body_file(&empty).send().await.unwrap().bytes().await.unwrap();
        let large: Vec<u8> = (0..=255).cycle().take(200_000).collect();
        let reader = std::io::Cursor::new(large);
        build().body_reader(reader).content_type("application/gzip").await.unwrap();
    });
    let asked = engine.asked();
    assert_eq!((&*asked[0].body, &*asked[1].body), (&b"bytes"[..], &b"from a file"[..]));
    assert_eq!(asked[1].header("content-length"), ["11"]);
    assert_eq!(asked[2].header("content-length"), ["0"]);
    assert_eq!(asked[3].header("transfer-encoding"), ["chunked"]);
    assert_eq!(asked[3].body.len(), 200_000);
    assert_eq!(asked[3].body[199_999], (199_999 % 256) as u8);
    let types: Vec<_> = asked.iter().map(|one| one.header("content-type")).collect();
    let tar = vec!["application/x-tar"];
    assert_eq!(types, [tar.clone(), tar.clone(), tar, vec!["application/gzip"]]);
}

/// Files that the system makes as they are read say that they are empty.
#[test]
#[cfg(target_os = "linux")]
fn a_file_that_is_made_as_it_is_read() {
    let engine = always("200 OK", JSON, b"");
    let build = || async { engine.client().invoke("ImageBuild").body_file("/proc/version").await };
    block_on(build()).unwrap();
    let asked = engine.asked();
    assert_eq!(asked[0].header("transfer-encoding"), ["chunked"]);
    assert_eq!(asked[0].body, std::fs::read("/proc/version").unwrap());
}

#[test]
fn secrets_are_sent_and_never_shown() {
    let engine = always("500 Oops", JSON, br#"{"message":"no"}"#);
    let client = engine.client();
    let call = client
        .invoke("ImageCreate")
        .param("fromImage", "x")
        .param("X-Registry-Auth", json!({ "username": "me", "password": "hunter2" }))
        .header("Authorization", "Bearer hunter3");
    let shown = format!("{call:?} {client:?}");
    let error = block_on(call.into_future()).unwrap_err();
    let shown = format!("{shown} {error:?} {error}");
    for secret in ["hunter", "aHVudGVy", "eyJwYXNzd29yZCI6"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let asked = &engine.asked()[0];
    assert_eq!(asked.header("authorization"), ["Bearer hunter3"]);
    assert!(asked.header("x-registry-auth")[0].starts_with("eyJwYXNzd29yZCI6"));

    // Build arguments travel in the query, which errors leave out of their text.
    let call = client
        .invoke("ImageBuild")
        .param("buildargs", json!({ "TOKEN": "hunter4" }))
        .body_bytes(&b"x"[..]);
    let error = block_on(call.into_future()).unwrap_err();
    assert!(!format!("{error:?} {error}").contains("hunter"), "{error:?}");
    assert!(error.target().unwrap().1.contains("hunter4"));
}
