//! Answers that are cut, and calls that are given up. What else an engine may do wrong stands in the
//! fault table, `tests/faults/`.

use std::io::Write as _;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

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

/// How a call ends, in a word; the client must do for another one then.
fn end(client: &Client) -> String {
    block_on(async {
        let call = async { client.invoke("ContainerList").await };
        let ended = tokio::time::timeout(HANG, call).await.expect("it hangs");
        let after = client.invoke("ContainerList").await;
        assert_eq!(after.expect("the client does not work afterwards"), json!([]));
        match ended {
            Ok(Value::Array(items)) => format!("a list of {}", items.len()),
            Ok(other) => other.to_string(),
            Err(error) => error.code().to_owned(),
        }
    })
}

fn raw(bytes: impl AsRef<[u8]> + Send + Sync + 'static) -> Script {
    once(move |stream| drop(stream.write_all(bytes.as_ref())))
}

fn chunked(body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked";
    format!("{head}\r\n\r\n{body}").into_bytes()
}

fn with_length(length: &str, body: &str) -> Vec<u8> {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
    format!("{head}{length}\r\n\r\n{body}").into_bytes()
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
            assert_eq!(end(&client), expected, "after {length} bytes");
        }
    }
}

/// What the engine has said of its answer when a call is given up.
const SAID: [&str; 4] = [
    "",
    "HTTP/1.1 200 OK\r\nContent-Le",
    "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n",
];

/// Callers who give up leave nothing behind, neither a task nor a connection, and what carried their
/// calls carries no other one.
#[test]
fn calls_that_are_given_up_are_gone() {
    const CALLS: usize = 64;
    let begun = Arc::<AtomicUsize>::default();
    let script = Script::with_head_only({
        let begun = begun.clone();
        move |stream| {
            let call = begun.load(Ordering::SeqCst);
            if call == CALLS {
                answer(stream, "200 OK", JSON, b"[]");
                return Then::GoOn;
            }
            stream.write_all(SAID[call % SAID.len()].as_bytes()).unwrap();
            begun.fetch_add(1, Ordering::SeqCst);
            // Until the other end is closed.
            let _ = std::io::copy(stream, &mut std::io::sink());
            Then::Close
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = script.client();
    let pause = || tokio::time::sleep(Duration::from_millis(1));
    let until = async |what: &str, is_so: &dyn Fn() -> bool| {
        let begin = Instant::now();
        while !is_so() {
            assert!(begin.elapsed() < HANG, "{what}");
            pause().await;
        }
    };
    runtime.block_on(async {
        for number in 0..CALLS {
            let call = match number / SAID.len() % 2 {
                0 => client.invoke("ContainerList"),
                _ => client.invoke("ImageBuild").body_reader(tokio::io::repeat(b'x')),
            };
            let given_up = async {
                until("it never came", &|| begun.load(Ordering::SeqCst) > number).await;
                // What was said has been read by then, or has not.
                if number % 3 == 0 {
                    pause().await;
                }
            };
            tokio::select! {
                ended = async { call.await } => panic!("call {number} ended: {ended:?}"),
                () = given_up => {}
            }
            let what = format!("the connection of call {number} stays open");
            until(&what, &|| script.open() == 0).await;
        }
        assert_eq!(runtime.metrics().num_alive_tasks(), 0);
        assert_eq!(client.invoke("ContainerList").await.unwrap(), json!([]));
    });
    assert_eq!(script.connections(), CALLS + 1);
}
