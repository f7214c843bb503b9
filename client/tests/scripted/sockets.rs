//! Connections that become sockets, and those that do not.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use contajners::{Call, Client, Content, Duplex, Error, Output};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{JSON, Script, Then, answer, block_on, shown};

const UPGRADED: &str = "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
/// Whatever a test waits for.
const PATIENCE: Duration = Duration::from_secs(20);
const HIJACKED: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";

fn attach(client: &Client) -> Call {
    client.invoke("ContainerAttach").param("id", "x").param("stream", true)
}

/// Its body goes out as it is, whatever else is said of it.
#[test]
fn a_request_for_a_socket_has_no_chunks() {
    let engine = echo(UPGRADED);
    let start = engine.client().invoke("ExecStart").param("id", "x").body(json!({ "Tty": true }));
    drop(block_on(start.header("Transfer-Encoding", "chunked").socket()).unwrap());
    let asked = &engine.asked()[0];
    assert!(asked.header("transfer-encoding").is_empty());
    assert_eq!(asked.body, br#"{"Tty":true}"#);
}

/// An engine that answers with a head and then echoes input until its end.
fn echo(head: &'static str) -> Script {
    Script::new(move |_, _, stream| {
        stream.write_all(head.as_bytes()).unwrap();
        let mut input = Vec::new();
        stream.read_to_end(&mut input).unwrap();
        let frame = [&[1, 0, 0, 0, 0, 0, 0, input.len() as u8][..], &input].concat();
        stream.write_all(&frame).unwrap();
        Then::Close
    })
}

#[test]
fn both_ways_after_101_and_after_200() {
    for head in [UPGRADED, HIJACKED] {
        let engine = echo(head);
        block_on(async {
            let socket = attach(&engine.client()).socket().await.unwrap();
            assert_eq!(socket.content(), Content::Output);
            let (mut output, mut input) = socket.split();
            input.write_all(b"hello").await.unwrap();
            input.shutdown().await.unwrap();
            let piece = output.next().await.unwrap().unwrap();
            assert_eq!((piece.output, &*piece.bytes), (Output::Stdout, &b"hello"[..]));
            assert!(output.next().await.is_none());
        });
        let asked = &engine.asked()[0];
        assert_eq!(asked.header("connection"), ["Upgrade"]);
        assert_eq!(asked.header("upgrade"), ["tcp"]);
        assert_eq!(asked.header("content-length"), ["0"]);
    }
}

#[test]
fn what_comes_with_the_head_is_output() {
    let engine = Script::new(|_, asked, stream| {
        assert_eq!(asked.body, br#"{"Detach":false}"#);
        let frames = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\r\n\x02\0\0\0\0\0\0\x04oh";
        // One byte at a time, so that every boundary is met.
        for byte in frames.as_bytes() {
            stream.write_all(&[*byte]).unwrap();
        }
        stream.write_all(b"no").unwrap();
        Then::Close
    });
    block_on(async {
        let start = engine.client().invoke("ExecStart").param("id", "x");
        let socket = start.body(json!({ "Detach": false })).socket().await.unwrap();
        assert_eq!(socket.content(), Content::Frames);
        let (mut output, _input) = socket.split();
        let mut all = Vec::new();
        while let Some(piece) = output.next().await {
            let piece = piece.unwrap();
            assert_eq!(piece.output, Output::Stderr);
            all.extend_from_slice(&piece.bytes);
        }
        assert_eq!(all, b"ohno");
    });
}

#[test]
fn nothing_is_guessed_of_a_terminal() {
    let engine = Script::new(|_, _, stream| {
        stream.write_all(&[UPGRADED.as_bytes(), b"\x01\0\0\0\0\0\0\x01$ "].concat()).unwrap();
        Then::Close
    });
    block_on(async {
        let socket: Duplex = attach(&engine.client()).socket().await.unwrap();
        let (mut output, _input) = socket.split_raw();
        let mut all = Vec::new();
        while let Some(piece) = output.next().await {
            all.extend_from_slice(&piece.unwrap().bytes);
        }
        assert_eq!(all, b"\x01\0\0\0\0\0\0\x01$ ");

        let mut socket = attach(&engine.client()).socket().await.unwrap();
        let mut all = Vec::new();
        socket.read_to_end(&mut all).await.unwrap();
        assert_eq!(all, b"\x01\0\0\0\0\0\0\x01$ ");
    });
}

#[track_caller]
fn refused(reply: impl Fn(&mut UnixStream) + Send + Sync + 'static) -> String {
    let engine = Script::new(move |_, _, stream| {
        reply(stream);
        Then::Close
    });
    let error: Error = block_on(async {
        let client = engine.builder().read_timeout(Duration::from_millis(1500)).build().unwrap();
        attach(&client).socket().await.unwrap_err()
    });
    shown(&error, Some(&engine))
}

fn says(text: &'static str) -> impl Fn(&mut UnixStream) {
    move |stream| {
        let _ = stream.write_all(text.as_bytes());
    }
}

#[test]
fn sockets_that_are_not_made() {
    let messages = [
        refused(|stream| {
            answer(stream, "404 Not Found", JSON, br#"{"message":"no such container"}"#);
        }),
        // As dockerd does at an attach: no length, and the type of a stream.
        refused(says(
            "HTTP/1.1 404 Not Found\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nNo such container: x\r\n",
        )),
        refused(says(
            "HTTP/1.1 409 Conflict\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n{\"messa\r\n12\r\nge\":\"not running\"}\r\n0\r\n\r\n",
        )),
        // Of two lengths the chunks count.
        refused(says(
            "HTTP/1.1 409 Conflict\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbusy\r\n0\r\n\r\n",
        )),
        refused(says("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")),
        refused(says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")),
        refused(says("HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n")),
        refused(says("HTTP/1.1 101 Upg")),
        refused(says("\x15\x03\x01")),
        refused(|_| std::thread::park_timeout(Duration::from_secs(5))),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

#[test]
fn a_head_without_an_end_is_cut_off() {
    let text = refused(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 101 UPGRADED\r\nX: ");
        while stream.write_all(&[b'x'; 1000]).is_ok() {}
    });
    assert!(text.contains("does not speak HTTP"), "{text}");
    assert!(text.contains("the head of the answer has no end"), "{text}");
}

/// A program in place of `ssh`, which answers a greeting, makes a socket, says one raw word and
/// ends.
async fn over_ssh(end: &str) -> Option<Result<contajners::OutputPiece, Error>> {
    let script = format!(
        "head() {{ while read -r line && [ ${{#line}} -gt 1 ]; do :; done; }}
         head; printf 'HTTP/1.1 200 OK\\r\\n\\r\\n'
         head; printf 'HTTP/1.1 101 UPGRADED\\r\\n\\r\\nword'
         {end}"
    );
    let client = Client::builder("docker")
        .uri("ssh://far")
        .ssh_command(["sh", "-c", &script])
        .api_version("v1.41")
        .build()
        .unwrap();
    let (mut output, _input) = attach(&client).socket().await.unwrap().split_raw();
    let first = output.next().await.unwrap().unwrap();
    assert_eq!(&*first.bytes, b"word");
    output.next().await
}

/// Whoever keeps lines of a socket keeps them alone.
#[test]
fn short_pieces_hold_no_more_than_they_are() {
    const PIECES: usize = 500;
    let engine = Script::new(|_, _, stream| {
        stream.write_all(UPGRADED.as_bytes()).unwrap();
        for _ in 0..PIECES {
            // One after the other, as a terminal's output comes.
            let mut go = [0];
            if stream.write_all(b"x").and_then(|()| stream.read_exact(&mut go)).is_err() {
                break;
            }
        }
        Then::Close
    });
    let memory = allocation_counter::measure(|| {
        block_on(async {
            let socket = attach(&engine.client()).socket().await.unwrap();
            let (mut output, mut input) = socket.split_raw();
            let mut kept = Vec::new();
            while let Some(piece) = output.next().await {
                kept.push(piece.unwrap().bytes);
                if kept.len() < PIECES {
                    input.write_all(b"y").await.unwrap();
                } else {
                    break;
                }
            }
            assert_eq!(kept.len(), PIECES);
        });
    });
    assert!(memory.bytes_max < 1 << 20, "{memory:?}");
}

/// A program in place of `ssh`.
fn far(script: &str, limit: Option<Duration>) -> Client {
    Client::builder("docker")
        .uri("ssh://far")
        .ssh_command(["sh", "-c", script])
        .api_version("v1.41")
        .connect_timeout(limit)
        .build()
        .unwrap()
}

#[test]
fn what_ssh_has_started_does_not_keep_its_words_back() {
    // A helper of its own goes on and holds the pipe.
    let client = far("sleep 25 <&- >&- & echo 'far: no route to host' >&2; exit 255", None);
    let call = client.invoke("SystemPing").text();
    let ended = block_on(async { tokio::time::timeout(PATIENCE, call).await });
    let error = ended.expect("an end").unwrap_err();
    let told = shown(&error, None);
    assert!(told.contains("far: no route to host"), "{told}");
}

/// Four logins go on at a time; whoever waits behind them waits no longer than they.
#[test]
fn the_limit_of_connecting_holds_in_a_queue_of_logins() {
    let client = far("exec sleep 25", Some(Duration::from_millis(500)));
    block_on(async {
        let calls = (0..240).map(|_| tokio::spawn(client.invoke("SystemPing").text()));
        let calls: Vec<_> = calls.collect();
        let all = async {
            for call in calls {
                assert_eq!(call.await.unwrap().unwrap_err().code(), "timed-out");
            }
        };
        // One after another, four at a time, they would take 30 s.
        tokio::time::timeout(Duration::from_secs(15), all).await.expect("an end");
    });
}

/// Whoever waits for a turn waits as long as others get theirs.
#[test]
fn a_queue_of_logins_that_moves_is_waited_in() {
    let login = "head() { while read -r line && [ ${#line} -gt 1 ]; do :; done; }
         sleep 0.6; head; printf 'HTTP/1.1 200 OK\\r\\n\\r\\n'
         head; printf 'HTTP/1.1 101 UPGRADED\\r\\n\\r\\n'; exec sleep 25";
    // Four at a time they take 3.6 s at least.
    let client = far(login, Some(Duration::from_secs(2)));
    block_on(async {
        let sockets = (0..24).map(|_| tokio::spawn(attach(&client).socket()));
        let sockets: Vec<_> = sockets.collect();
        for socket in sockets {
            drop(socket.await.unwrap().unwrap());
        }
    });
}

/// Not all engines know a ping.
#[test]
fn an_engine_over_ssh_may_refuse_the_greeting() {
    let refuses = "head() { while read -r line && [ ${#line} -gt 1 ]; do :; done; }
         head; printf 'HTTP/1.1 400 Bad Request\\r\\nContent-Length: 4\\r\\n\\r\\nnope'
         head; printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nOK'; exec sleep 25";
    let call = far(refuses, None).invoke("SystemPing").text();
    let ended = block_on(async { tokio::time::timeout(PATIENCE, call).await });
    assert_eq!(ended.expect("an end").unwrap(), "OK");
}

/// A connection that comes free while one waits for a turn may have gone, as any other may.
#[test]
fn connections_over_ssh_may_go_after_each_answer() {
    let once = "head() { while read -r line && [ ${#line} -gt 1 ]; do :; done; }
         head; printf 'HTTP/1.1 200 OK\\r\\n\\r\\n'
         head; printf 'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nOK'";
    let client = far(once, None);
    block_on(async {
        let pings = (0..40).map(|_| tokio::spawn(client.invoke("SystemPing").text()));
        let pings: Vec<_> = pings.collect();
        for ping in pings {
            assert_eq!(ping.await.unwrap().unwrap(), "OK");
        }
    });
}

#[test]
fn what_is_no_engine_over_ssh_is_told() {
    let more = "printf 'HTTP/1.1 403 No\\r\\nContent-Length: 3\\r\\n\\r\\nnope'; exec sleep 25";
    let junk = "head -c 100000 /dev/zero | tr '\\0' x; exec sleep 25";
    let long =
        "printf 'HTTP/1.1 200 OK\\r\\nX: '; head -c 100000 /dev/zero | tr '\\0' x; exec sleep 25";
    for script in [more, junk, long] {
        let call = far(script, None).invoke("SystemPing").text();
        let ended = block_on(async { tokio::time::timeout(PATIENCE, call).await });
        let told = shown(&ended.expect("an end").unwrap_err(), None);
        assert!(told.contains("what answers there is no engine"), "{script}: {told}");
    }
}

#[test]
fn a_broken_connection_of_ssh_is_no_end() {
    block_on(async {
        for end in ["exit 0", "exit 1"] {
            let end = over_ssh(end).await;
            assert!(end.is_none(), "{end:?}");
        }
        let broken = over_ssh("echo 'far closed the connection' >&2; exit 255").await;
        let killed = over_ssh("kill -9 $$").await;
        let messages =
            [broken, killed].map(|error| shown(&error.expect("an error").unwrap_err(), None));
        insta::assert_snapshot!(messages.join("\n"));
    });
}
