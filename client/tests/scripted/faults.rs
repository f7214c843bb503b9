//! The fault table: answers that no sound engine gives. Each ends in a result or in a defined error
//! within its time-out, and the client works afterwards.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contajners::Client;
use serde_json::{Value, json};

use crate::{JSON, Script, Then, answer, block_on};

/// What each call may take; nothing here is as slow as that.
const LIMIT: Duration = Duration::from_secs(5);
/// Nobody waits longer than this for a call with a limit.
const HANG: Duration = Duration::from_secs(30);

/// An engine that misbehaves once and is sound from then on.
fn once(fault: impl Fn(&mut UnixStream) + Send + Sync + 'static) -> Script {
    let is_sound = Arc::new(AtomicBool::new(false));
    Script::new(move |_, _, stream| {
        if is_sound.swap(true, Ordering::SeqCst) {
            answer(stream, "200 OK", JSON, b"[]");
            return Then::GoOn;
        }
        fault(stream);
        Then::Close
    })
}

/// What is asked for.
#[derive(Clone, Copy)]
enum Wanted {
    Value,
    Output,
    Documents,
}

/// How a call ends, in a word; the client must do for another one then.
fn end(client: &Client, wanted: Wanted) -> String {
    block_on(async {
        let work = async {
            match wanted {
                Wanted::Value => client.invoke("ContainerList").await.map(|value| told(&value)),
                Wanted::Output => {
                    let call = client.invoke("ContainerLogs").param("id", "x");
                    let mut output = call.param("stdout", true).output().await?;
                    let mut length = 0;
                    while let Some(piece) = output.next().await {
                        length += piece?.bytes.len();
                    }
                    Ok(format!("{length} bytes"))
                }
                Wanted::Documents => {
                    let mut documents = client.invoke("SystemEvents").documents::<Value>().await?;
                    let mut count = 0;
                    while let Some(document) = documents.next().await {
                        document?;
                        count += 1;
                    }
                    Ok(format!("{count} documents"))
                }
            }
        };
        let ended = tokio::time::timeout(HANG, work).await.expect("it hangs");
        let after = client.invoke("ContainerList").await;
        assert_eq!(after.expect("the client does not work afterwards"), json!([]));
        ended.unwrap_or_else(|error: contajners::Error| error.code().to_owned())
    })
}

fn told(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("a list of {}", items.len()),
        other => other.to_string(),
    }
}

fn raw(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Script {
    once(move |stream| drop(stream.write_all(bytes.as_ref())))
}

/// Repeats something until the client has had enough of it.
fn endless(begin: &'static str, more: &'static [u8]) -> Script {
    let block = more.repeat(1 + (16 << 10) / more.len());
    once(move |stream| {
        let mut is_taken = stream.write_all(begin.as_bytes()).is_ok();
        while is_taken {
            is_taken = stream.write_all(&block).is_ok();
        }
    })
}

fn chunked(body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked";
    format!("{head}\r\n\r\n{body}").into_bytes()
}

fn with_length(length: &str, body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
    format!("{head}{length}\r\n\r\n{body}").into_bytes()
}

#[test]
fn every_fault_has_its_end() {
    use Wanted::{Documents, Output, Value};
    let ok = "HTTP/1.1 200 OK\r\n";
    let of_json = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let tiny = "1\r\na\r\n".repeat(10_000) + "0\r\n\r\n";
    let events = "1\r\n{\r\n1\r\n}\r\n1\r\n\n\r\n".repeat(3_000) + "0\r\n\r\n";
    let deep = "[".repeat(2_000_000);
    let wide = format!("{ok}{}\r\n", "A: b\r\n".repeat(10_000));
    let long = format!("{ok}A: {}\r\n\r\n", "b".repeat(1 << 20));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
    let faults: Vec<(&str, Script, Wanted)> = vec![
        ("nothing at all", raw(""), Value),
        ("half a status line", raw("HTTP/1.1 2"), Value),
        ("another protocol", raw("220 mail.example ESMTP\r\n"), Value),
        ("a status that is no number", raw("HTTP/1.1 two OK\r\n\r\n"), Value),
        ("HTTP/2 in clear", raw("HTTP/2 200\r\n\r\n"), Value),
        ("HTTP/1.0, until the connection ends", raw("HTTP/1.0 200 OK\r\n\r\n[]"), Value),
        ("HTTP/1.0 with chunks", raw("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), Value),
        ("zero bytes in a header", raw("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n"), Value),
        ("a header without a colon", raw("HTTP/1.1 200 OK\r\nnothing\r\n\r\n"), Value),
        ("10,000 headers", raw(wide), Value),
        ("a header of a megabyte", raw(long), Value),
        ("headers without an end", endless("HTTP/1.1 200 OK\r\n", b"A: b\r\n"), Value),
        ("10,000 interim answers, and one", raw(interim + of_json + "Content-Length: 2\r\n\r\n[]"), Value),
        ("interim answers without an end", endless("", b"HTTP/1.1 102 Processing\r\n\r\n"), Value),
        ("a length that is too long", raw(with_length("3", "[]")), Value),
        ("a length that is too short", raw(with_length("2", "[]HTTP/1.1 200 OK\r\n\r\n{}")), Value),
        ("a length that is no number", raw(with_length("two", "[]")), Value),
        ("a length below zero", raw(with_length("-2", "[]")), Value),
        ("a length beyond all memory", raw(with_length("18446744073709551615", "[]")), Value),
        ("two lengths", raw(with_length("2\r\nContent-Length: 3", "[] ")), Value),
        ("a length and chunks", raw(with_length("2\r\nTransfer-Encoding: chunked", "2\r\n[]\r\n0\r\n\r\n")), Value),
        ("a coding that nobody knows", raw(format!("{ok}Transfer-Encoding: rot13\r\n\r\n[]")), Value),
        ("a chunk without a size", raw(chunked("\r\n[]\r\n0\r\n\r\n")), Value),
        ("a size that is no number", raw(chunked("zz\r\n[]\r\n0\r\n\r\n")), Value),
        ("a size below zero", raw(chunked("-2\r\n[]\r\n0\r\n\r\n")), Value),
        ("a size beyond all memory", raw(chunked("fffffffffffffffff\r\n[]")), Value),
        ("a chunk that goes on", raw(chunked("2\r\n[][]\r\n0\r\n\r\n")), Value),
        ("chunks that stop", raw(chunked("1\r\n[\r\n1\r\n]\r\n")), Value),
        ("an extension without an end", endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;", b"a=b;"), Value),
        ("trailers without an end", endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"), Value),
        ("10,000 tiny chunks", raw([ok.as_bytes(), b"Transfer-Encoding: chunked\r\n\r\n", tiny.as_bytes()].concat()), Value),
        ("3,000 documents in pieces", raw(chunked(&events)), Documents),
        ("a redirection", raw("HTTP/1.1 301 No\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"), Value),
        ("a connection that becomes another", raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade\r\n\r\n"), Value),
        ("JSON that is none", raw(with_length("4", "[1,}")), Value),
        ("JSON 2,000,000 deep", raw(with_length(&deep.len().to_string(), &deep)), Value),
        ("an answer without an end", endless("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\"", b"aaaaaaaaaaaaaaaa"), Value),
        ("a document without an end", endless("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n\"", b"aaaaaaaaaaaaaaaa"), Documents),
        ("frames of no channel", raw(format!("{ok}Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n\u{7f}\0\0\0\0\0\0\u{1}a")), Output),
        ("a frame of 4 GB", raw([ok.as_bytes(), b"Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n\x01\0\0\0\xff\xff\xff\xffa"].concat()), Output),
        ("a frame that stops", raw([ok.as_bytes(), b"Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n\x01\0\0\0\0\0\0\x09abc"].concat()), Output),
        ("an error of a megabyte", raw(format!("HTTP/1.1 500 No\r\nContent-Length: {}\r\n\r\n{}", 1 << 20, "x".repeat(1 << 20))), Value),
    ];
    let mut table = String::new();
    for (fault, script, wanted) in faults {
        let client = script.builder().timeout(LIMIT).answer_limit(8 << 20).build().unwrap();
        writeln!(table, "{fault}: {}", end(&client, wanted)).unwrap();
    }
    insta::assert_snapshot!(table);
}

/// A good answer of each framing, cut off after each of its bytes.
#[test]
fn an_answer_may_be_cut_anywhere() {
    let answers = [
        with_length("13", r#"["a","b","c"]"#),
        chunked("5\r\n[\"a\",\r\n4\r\n\"b\",\r\n4\r\n\"c\"]\r\n0\r\n\r\n"),
    ];
    for answer in answers {
        // Whether what came is the answer, or the end of the connection is missing.
        let is_whole = |length: usize| length == answer.len();
        for length in 0..=answer.len() {
            let script = raw(answer[..length].to_vec());
            let client = script.builder().timeout(LIMIT).build().unwrap();
            let expected = if is_whole(length) { "a list of 3" } else { "connection-broken" };
            assert_eq!(end(&client, Wanted::Value), expected, "after {length} bytes");
        }
    }
}

/// Callers who give up leave nothing behind: neither a task nor a connection.
#[test]
fn calls_that_are_given_up_are_gone() {
    let script = Script::with_head_only(|stream| {
        // Until the other end is closed.
        let mut byte = [0];
        let _ = std::io::Read::read(stream, &mut byte);
        Then::Close
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = script.builder().build().unwrap();
        for _ in 0..50 {
            let call = async { client.invoke("ContainerList").await };
            assert!(tokio::time::timeout(Duration::from_millis(5), call).await.is_err());
        }
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        for _ in 0..200 {
            if tasks() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(tasks(), 0);
    });
}
