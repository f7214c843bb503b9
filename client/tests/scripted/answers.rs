//! What comes of an answer.

use std::io::Write;

use contajners::{Client, Content, Data, Error, ErrorKind, Method, Output};
use serde_json::{Value, json};

use crate::{JSON, Script, Then, always, block_on};

fn client_of(content_type: &'static str, body: &[u8]) -> (Script, Client) {
    let engine = always("200 OK", content_type, body);
    let client = engine.client();
    (engine, client)
}

#[track_caller]
fn check(operation: &str, content_type: &'static str, body: &[u8], expected: impl Into<Value>) {
    let (_engine, client) = client_of(content_type, body);
    let call = client.invoke(operation);
    let call = if operation == "ContainerLogs" { call.param("id", "x") } else { call };
    assert_eq!(block_on(async { call.await }).unwrap(), expected.into());
}

const FRAMES: &[u8] = b"\x01\0\0\0\0\0\0\x04out\n\x02\0\0\0\0\0\0\x04err\n";

#[test]
fn data_is_what_the_answer_is() {
    check("ContainerList", JSON, br#"[{"Id":"x"}]"#, json!([{ "Id": "x" }]));
    check("ContainerList", JSON, b"", Value::Null);
    check("ContainerList", JSON, b"null\n", Value::Null);
    check("ContainerList", JSON, b"1 2\n{}", json!([1, 2, {}]));
    check("SystemPing", "text/plain; charset=utf-8", b"42", json!("42"));
    // Some engines call what is documented as JSON text.
    check("SystemInfo", "text/plain", b"0\n", json!(0));
    check("SystemInfo", "text/plain", b"all is well", json!("all is well"));
    check("ContainerLogs", "application/octet-stream", FRAMES, json!("out\nerr\n"));
    check("ContainerLogs", "application/octet-stream", b"raw \xff", json!("raw \u{fffd}"));
    check(
        "ImageBuild",
        JSON,
        b"{\"stream\":\"a\"}\r\n{\"stream\":\"b\"}",
        json!([{ "stream": "a" }, { "stream": "b" }]),
    );
    let big = r#"{"Id":18446744073709551615,"f":0.1}"#;
    check("SystemInfo", JSON, big.as_bytes(), json!({ "Id": u64::MAX, "f": 0.1 }));
}

/// Engines send 200 where others send 204, and neither a body nor a type.
#[test]
fn an_empty_body_is_nothing() {
    let (_engine, client) = client_of("", b"");
    block_on(async {
        let resize =
            || client.invoke("ContainerResize").param("id", "x").param("h", 1).param("w", 1);
        assert_eq!(resize().await.unwrap(), Value::Null);
        assert!(matches!(resize().data().await.unwrap(), Data::Nothing));
        resize().json::<()>().await.unwrap();
        assert_eq!(resize().text().await.unwrap(), "");
        assert_eq!(client.request(Method::Post, "/x").await.unwrap(), Value::Null);
        // An archive of nothing is one all the same.
        let export = client.invoke("ContainerExport").param("id", "x");
        assert!(matches!(export.data().await.unwrap(), Data::Bytes(bytes) if bytes.is_empty()));
    });
}

#[test]
fn typed_answers() {
    let (_engine, client) = client_of(JSON, br#"{"stream":"only one"}"#);
    block_on(async {
        // One message alone still fills a list of messages.
        let list: Vec<Value> = client.invoke("ImageBuild").json().await.unwrap();
        assert_eq!(list.len(), 1);
        let one: Value = client.invoke("ImageBuild").json().await.unwrap();
        assert_eq!(one["stream"], "only one");
        let error = client.invoke("SystemInfo").json::<Vec<u8>>().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, "invalid-json"));
        assert_eq!(error.body(), br#"{"stream":"only one"}"#);
    });
}

#[test]
fn bytes_stay_bytes() {
    let (_engine, client) = client_of("application/x-tar", b"{}");
    block_on(async {
        let get = || client.invoke("ImageGet").param("name", "x");
        assert_eq!(get().data().await.unwrap(), Data::Bytes(b"{}"[..].into()));
        assert_eq!(&get().bytes().await.unwrap()[..], b"{}");
        let mut file = Vec::new();
        let mut stream = get().stream().await.unwrap();
        tokio::io::copy(&mut stream, &mut file).await.unwrap();
        assert_eq!(file, b"{}");
    });
}

#[test]
fn a_message_of_an_error_is_an_error() {
    let body = b"{\"status\":\"pulling\"}\n{\"errorDetail\":{\"message\":\"denied\"},\"error\":\"denied\"}\n";
    let (_engine, client) = client_of(JSON, body);
    block_on(async {
        let pull = || client.invoke("ImageCreate").param("fromImage", "x");
        let error = pull().await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::InBand, Some("denied")));

        let mut messages = pull().documents::<Value>().await.unwrap();
        assert_eq!(messages.next().await.unwrap().unwrap()["status"], "pulling");
        let error = messages.next().await.unwrap().unwrap_err();
        assert_eq!(error.code(), "in-band-error");
        assert!(messages.next().await.is_none());
        let error = pull().text().await.unwrap_err();
        assert_eq!((error.message(), error.status()), (Some("denied"), None));

        // A request that no spec knows may be a pull; what is got may have fields of any name.
        let raw = |method| client.request(method, "/v1.41/images/create?fromImage=x");
        let error = raw(Method::Post).await.unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::InBand, Some("denied")));
        assert_eq!(raw(Method::Post).text().await.unwrap_err().code(), "in-band-error");
        let typed = raw(Method::Post).json::<Vec<Value>>().await;
        assert_eq!(typed.unwrap_err().code(), "in-band-error");
        assert_eq!(raw(Method::Post).bytes().await.unwrap(), &body[..]);
        assert_eq!(raw(Method::Get).await.unwrap()[0]["status"], "pulling");
        assert_eq!(raw(Method::Get).text().await.unwrap().as_bytes(), body);
    });
    let (_engine, client) = client_of(JSON, br#"{"errorDetail":{"code":401}}"#);
    let error = block_on(client.invoke("ImagePush").param("name", "x").text()).unwrap_err();
    assert_eq!((error.message(), error.status()), (Some("no reason is given"), Some(401)));
    // A document alone may have a field of that name.
    check("SystemInfo", JSON, br#"{"error":"none"}"#, json!({ "error": "none" }));
}

#[test]
fn output_is_told_apart_wherever_it_is_cut() {
    let engine = Script::new(|_, _, stream| {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        for byte in FRAMES {
            stream.write_all(&[b'1', b'\r', b'\n', *byte, b'\r', b'\n']).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        Then::GoOn
    });
    let (mut out, mut err) = (Vec::new(), Vec::new());
    block_on(async {
        let call = engine.client().invoke("ContainerLogs").param("id", "x");
        let mut output = call.output().await.unwrap();
        while let Some(piece) = output.next().await {
            let piece = piece.unwrap();
            let all = if piece.output == Output::Stdout { &mut out } else { &mut err };
            all.extend_from_slice(&piece.bytes);
        }
    });
    assert_eq!((&*out, &*err), (&b"out\n"[..], &b"err\n"[..]));
}

/// Asks for the lines of a log that comes in pieces of a length; an error at its end is told as text.
fn lines_of(log: &[u8], length: usize) -> Vec<(Output, Vec<u8>, bool)> {
    let log = log.to_vec();
    let engine = Script::new(move |_, _, stream| {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        for piece in log.chunks(length) {
            let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
            stream.write_all(&chunk).unwrap();
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        Then::GoOn
    });
    block_on(async {
        let call = engine.client().invoke("ContainerLogs").param("id", "x");
        let (mut lines, mut all) = (call.output().await.unwrap().lines(), Vec::new());
        while let Some(line) = lines.next().await {
            all.push(match line {
                Ok(line) => (line.output, line.bytes.to_vec(), line.is_continued),
                Err(error) => {
                    (Output::EngineError, error.message().unwrap_or_default().into(), false)
                }
            });
        }
        assert!(lines.next().await.is_none());
        all
    })
}

fn frame(channel: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
    [&[channel, 0, 0, 0][..], &length, bytes].concat()
}

#[test]
fn output_comes_in_lines_wherever_it_is_cut() {
    let check = |frames: &[(u8, &[u8])], expected: &[(Output, &str)]| {
        let log = frames.iter().map(|(channel, bytes)| frame(*channel, bytes)).collect::<Vec<_>>();
        for length in [1, 3, 10, 4096] {
            let lines = lines_of(&log.concat(), length);
            let lines: Vec<(Output, &str)> = lines
                .iter()
                .map(|(output, bytes, _)| (*output, std::str::from_utf8(bytes).unwrap()))
                .collect();
            assert_eq!(lines, expected, "in pieces of {length}");
        }
    };
    let (out, err) = (Output::Stdout, Output::Stderr);
    check(&[], &[]);
    check(&[(1, b"\n\r\n")], &[(out, ""), (out, "")]);
    check(&[(1, b"a\nb\r\nc\rd")], &[(out, "a"), (out, "b"), (out, "c\rd")]);
    // Each channel has lines of its own, and the one that ends first comes first.
    check(
        &[(1, b"one "), (2, b"two\nthree"), (1, b"line\nfour")],
        &[(err, "two"), (out, "one line"), (out, "four"), (err, "three")],
    );
    check(
        &[(1, b"a\nb"), (3, b"no more")],
        &[(out, "a"), (out, "b"), (Output::EngineError, "no more")],
    );
}

#[test]
fn a_line_that_is_too_long_comes_in_parts() {
    const LONGEST: usize = 1 << 20;
    let check = |lines: &[usize], expected: &[(usize, bool)]| {
        let line = |length: &usize| [&vec![b'x'; *length][..], b"\n"].concat();
        let log = frame(1, &lines.iter().map(line).collect::<Vec<_>>().concat());
        // The second cuts between a line of the longest and its end.
        for length in [65_536, 8 + LONGEST, 8 + LONGEST + 1, 3 * LONGEST] {
            let lines = lines_of(&log, length);
            let lines: Vec<(usize, bool)> =
                lines.iter().map(|(_, bytes, is_continued)| (bytes.len(), *is_continued)).collect();
            assert_eq!(lines, expected, "in pieces of {length}");
        }
    };
    check(&[LONGEST, 0], &[(LONGEST, false), (0, false)]);
    check(&[LONGEST + 1, 2], &[(LONGEST, true), (1, false), (2, false)]);
    check(&[2 * LONGEST], &[(LONGEST, true), (LONGEST, false)]);
}

#[test]
fn the_engines_own_frame_is_an_error() {
    let (_engine, client) =
        client_of("application/vnd.docker.multiplexed-stream", b"\x03\0\0\0\0\0\0\x04oops");
    let error = block_on(async { client.invoke("ContainerLogs").param("id", "x").await });
    let error = error.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::InBand, Some("oops")));
}

#[test]
fn the_engines_own_frame_is_told_as_a_whole() {
    let check = |pieces: &'static [&'static [u8]], ends: &'static [u8], told: &str| {
        let engine = Script::new(move |_, _, stream| {
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            for piece in pieces {
                let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
                stream.write_all(&chunk).unwrap();
                // So that it is read on its own.
                std::thread::sleep(std::time::Duration::from_millis(30));
            }
            stream.write_all(ends).unwrap();
            Then::Close
        });
        let error = block_on(async {
            let call = engine.client().invoke("ContainerLogs").param("id", "x");
            let mut output = call.output().await.unwrap();
            let error = output.next().await.unwrap().unwrap_err();
            assert!(output.next().await.is_none());
            error
        });
        assert_eq!((error.kind(), error.message()), (ErrorKind::InBand, Some(told)));
    };
    check(&[b"\x03\0\0\0\0\0\0\x0cno su", b"ch file"], b"0\r\n\r\n", "no such file");
    // Its end may be the connection's.
    check(&[b"\x03\0\0\0\0\0\0\x0cno su", b"ch"], b"0\r\n\r\n", "no such");
    check(&[b"\x03\0\0\0\0\0\0\x0cno such"], b"", "no such");
}

fn cut(answer: &'static [u8]) -> Script {
    Script::new(move |_, _, stream| {
        let _ = stream.write_all(answer);
        Then::Close
    })
}

#[test]
fn a_cut_answer_is_an_error() {
    let check = |answer: &'static [u8], code: &str| {
        let engine = cut(answer);
        let error = block_on(async {
            engine.client().invoke("ContainerLogs").param("id", "x").text().await
        });
        let error: Error = error.unwrap_err();
        assert_eq!(error.code(), code, "{error:?}");
    };
    check(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "connection-broken");
    check(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "connection-broken");
    check(b"HTTP/1.1 200 OK\r\n", "connection-broken");
    check(b"\x15\x03\x01\0\x02\x02\x46\r\n\r\n", "not-http");
    // Without a length the end of the connection is the end, unless a frame is not.
    check(b"HTTP/1.1 200 OK\r\n\r\n\x01\0\0\0\0\0\0\x09out", "stream-cut");
}

#[test]
fn redirections_are_not_followed() {
    let engine = cut(b"HTTP/1.1 301 Moved Permanently\r\nLocation: /elsewhere?secret\r\nContent-Length: 0\r\n\r\n");
    let error = block_on(async { engine.client().request(Method::Post, "/a//b").await });
    let error = error.unwrap_err();
    assert_eq!((error.code(), error.status()), ("redirected", Some(301)));
    assert_eq!(error.to_string(), "docker answered 301 to `POST /a//b`: go to `/elsewhere`");
    assert_eq!(engine.asked().len(), 1);
}

#[test]
fn error_bodies_of_any_kind() {
    let check = |content_type: &'static str, body: &[u8], expected: &str| {
        let engine = always("500 Oops", content_type, body);
        let error = block_on(async { engine.client().invoke("ContainerList").await });
        let error = error.unwrap_err();
        assert_eq!((error.status(), error.message()), (Some(500), Some(expected)));
        assert_eq!(error.body(), &body[..body.len().min(1 << 20)]);
    };
    check(JSON, br#"{"message":"no such thing"}"#, "no such thing");
    check(JSON, br#"{"cause":"a","message":"b","response":500}"#, "b");
    check("text/plain", b"page not found\n", "page not found");
    check("text/html", b"<html><title>502 Bad Gateway</title>", "502 Bad Gateway");
    check(JSON, b"", "");
    let long = "x".repeat(2 << 20);
    check("text/plain", long.as_bytes(), &format!("{}…", "x".repeat(2000)));
}

/// It is that of somebody in between, such as a proxy that wants a login.
#[test]
fn a_page_is_no_json() {
    let (_engine, client) = client_of("text/html; charset=utf-8", b"<html>log in</html>");
    let error = block_on(async { client.invoke("ContainerList").await }).unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, "invalid-json"));
    let (_engine, client) = client_of("text/html", b"<html>log in</html>");
    let text = block_on(async { client.invoke("SystemPing").await }).unwrap();
    assert_eq!(text, "<html>log in</html>");
}

#[test]
fn text_that_should_be_json_may_be_why_an_engine_refuses() {
    let engine =
        always("500 Internal Server Error", JSON, br#"{"message":"invalid character 's'"}"#);
    let client = engine.client();
    let error = |filters: &'static str| {
        let call = client.invoke("ContainerList").param("filters", filters);
        block_on(async { call.await }).unwrap_err()
    };
    let hint = "`filters` takes JSON, and the text that was given is none";
    // Said again when it is asked again.
    for _ in 0..2 {
        assert_eq!(error("status=running").hint(), Some(hint));
    }
    assert_eq!(error(r#"{"status":["running"]}"#).hint(), None);
}

#[test]
fn an_error_status_can_be_an_answer() {
    let engine = always("409 Conflict", JSON, br#"{"message":"in use"}"#);
    let client = engine.client();
    block_on(async {
        let call = client.invoke("ContainerDelete").param("id", "x").allow_error_status();
        let answer = call.send().await.unwrap();
        assert_eq!((answer.status(), answer.is_success()), (409, false));
        assert_eq!(answer.content(), Content::Json);
        assert_eq!(answer.header("Content-Type"), Some(JSON));
        assert_eq!(answer.data().await.unwrap(), Data::Json(json!({ "message": "in use" })));
    });
}

/// What an engine answered may be a secret, and is told by nothing that is printed.
#[test]
fn why_json_is_not_what_was_asked_for_tells_no_value() {
    let engine = always("200 OK", JSON, br#"{"Spec":"hunter2"}"#);
    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code)]
    struct Secret {
        #[serde(rename = "Spec")]
        spec: u32,
    }
    let client = engine.client();
    let call = client.invoke("SecretInspect").param("id", "x");
    let error = block_on(async { call.json::<Secret>().await }).unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "something else than u32 at line 1 column 17");
    assert!(!format!("{error:?}").contains("hunter2"));
}

#[test]
fn what_is_not_read_of_a_piece_is_the_next_one() {
    use tokio::io::AsyncReadExt as _;

    let engine = always("200 OK", "application/x-tar", b"0123456789");
    let client = engine.client();
    block_on(async {
        let mut stream = client.invoke("ImageGet").param("name", "x").stream().await.unwrap();
        let mut two = [0; 2];
        stream.read_exact(&mut two).await.unwrap();
        let rest = stream.next().await.unwrap().unwrap();
        assert_eq!((&two, &*rest), (b"01", &b"23456789"[..]));
        assert!(stream.next().await.is_none());
    });
}
