//! Time-outs and limits.

use std::io::{Read as _, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use std::{io, thread};

use contajners::{Client, ErrorKind, Timeout};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};

use crate::{JSON, Script, Then, always, answer, block_on, shown};

const SHORT: Duration = Duration::from_millis(100);
/// Short for a test, and long for an engine that answers, however busy the machine is.
const AMPLE: Duration = Duration::from_secs(2);

/// An engine that takes requests and says nothing.
fn silent() -> Script {
    Script::with_head_only(|_| {
        thread::park();
        Then::Close
    })
}

#[test]
fn a_silent_engine_runs_into_every_limit() {
    let engine = silent();
    let list = |client: Client| block_on(async { client.invoke("ContainerList").await });
    let read = list(engine.builder().read_timeout(SHORT).build().unwrap()).unwrap_err();
    let whole = list(engine.builder().timeout(SHORT).build().unwrap()).unwrap_err();
    let client = Client::builder("docker").uri(engine.uri()).connect_timeout(SHORT);
    let connect = list(client.build().unwrap()).unwrap_err();
    for error in [&read, &whole, &connect] {
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    insta::assert_snapshot!(
        [read, whole, connect].map(|error| shown(&error, Some(&engine))).join("\n"),
        @r"
    error: nothing came from docker at unix:///…/engine.sock for 100ms
      code: timed-out
      hint: allow more with `read_timeout`
    error: docker at unix:///…/engine.sock was not done within 100ms
      code: timed-out
      hint: allow more with `timeout`
    error: docker at unix:///…/engine.sock did not answer within 100ms
      code: timed-out
      hint: allow more with `connect_timeout`
    "
    );
}

/// A wait may take what a list may not.
#[test]
fn a_call_has_every_limit_for_itself() {
    let engine = pensive(SHORT * 3);
    let builder = engine.builder().head_timeout(SHORT).write_timeout(SHORT);
    let client = builder.build().unwrap();
    block_on(async {
        let list = || client.invoke("ContainerList");
        assert_eq!(list().await.unwrap_err().timeout(), Some(Timeout::Head));
        list().head_timeout(None).await.unwrap();
        list().head_timeout(AMPLE).await.unwrap();
        let error = list().head_timeout(None).read_timeout(SHORT).await.unwrap_err();
        assert_eq!(error.timeout(), Some(Timeout::Read));
    });
    let stuck = Script::with_head_only(|_| {
        thread::park();
        Then::Close
    });
    let build = stuck.client().invoke("ImageBuild").body_reader(tokio::io::repeat(0));
    let error = block_on(async { build.write_timeout(SHORT).await.unwrap_err() });
    assert_eq!(error.timeout(), Some(Timeout::Write));
}

/// What was announced has been sent by then, and the engine is at work.
#[test]
fn a_reader_with_its_length_is_done_with_it() {
    let engine = Script::new(|_, _, _| {
        thread::park();
        Then::Close
    });
    let client = engine.builder().read_timeout(SHORT).write_timeout(SHORT * 3).build().unwrap();
    for length in ["5", "0"] {
        let call = client.request(contajners::Method::Post, "/x").header("Content-Length", length);
        let error = block_on(async { call.body_reader(&b"pieces"[..]).await.unwrap_err() });
        assert_eq!(error.timeout(), Some(Timeout::Read), "{length}: {error:?}");
    }
}

/// Those who wait until another call knows the version do not wait for their turn to find out.
#[test]
fn limits_hold_for_calls_that_wait_for_the_version() {
    let engine = silent();
    let client = Client::builder("docker").uri(engine.uri()).connect_timeout(SHORT);
    let client = client.build().unwrap();
    let list = || async { client.invoke("ContainerList").await.unwrap_err().kind() };
    let begin = std::time::Instant::now();
    let mut calls: Vec<_> = (0..200).map(|_| Box::pin(list())).collect();
    block_on(std::future::poll_fn(|context| {
        calls.retain_mut(|call| match call.as_mut().poll(context) {
            Poll::Ready(kind) => {
                assert_eq!(kind, ErrorKind::Timeout);
                false
            }
            Poll::Pending => true,
        });
        if calls.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    }));
    // Nor does one that waits for a state.
    let client = Client::builder("docker").uri(engine.uri()).connect_timeout(None).timeout(SHORT);
    let waiting = client.build().unwrap().wait("running").param("id", "x");
    let error = block_on(async { waiting.run().await }).unwrap_err();
    assert_eq!(error.hint(), Some("allow more with `timeout`"));
    // One after the other they would take two hundred times as long.
    assert!(begin.elapsed() < SHORT * 100);
}

/// An engine that says its version at once, and answers everything else after a while.
fn pensive(pause: Duration) -> Script {
    Script::new(move |_, asked, stream| {
        if asked.line().contains("_ping") {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK");
        } else {
            thread::sleep(pause);
            answer(stream, "200 OK", JSON, b"[]");
        }
        Then::GoOn
    })
}

/// Whoever asks for the version may be held by its owner and not go on.
#[test]
fn a_call_that_is_not_polled_holds_up_no_other() {
    let engine = pensive(Duration::ZERO);
    let client = Client::builder("docker").uri(engine.uri()).build().unwrap();
    block_on(async {
        let list = || client.invoke("ContainerList").send();
        let mut held = Box::pin(list());
        std::future::poll_fn(|context| {
            assert!(held.as_mut().poll(context).is_pending());
            Poll::Ready(())
        })
        .await;
        drop(list().await.unwrap());
        drop(held.await.unwrap());
    });
}

#[test]
fn the_whole_limit_holds_for_asking_for_the_version_alone() {
    let engine = silent();
    let client = Client::builder("docker").uri(engine.uri()).connect_timeout(None).timeout(SHORT);
    let client = client.build().unwrap();
    let error = block_on(async { client.api().await.map(|_| ()) }).unwrap_err();
    assert_eq!(error.hint(), Some("allow more with `timeout`"));
}

#[test]
fn a_call_has_limits_of_its_own() {
    let engine = pensive(AMPLE);
    let call = |client: &Client| client.invoke("ContainerList");
    let hint = |error: contajners::Error| error.hint().map(str::to_owned).unwrap();
    let (free, limited) = (engine.client(), engine.builder().timeout(SHORT).read_timeout(SHORT));
    let limited = limited.build().unwrap();
    block_on(async {
        // A connection that nobody timed so far is timed from then on.
        call(&free).await.unwrap();
        let error = call(&free).read_timeout(SHORT).await.unwrap_err();
        assert_eq!(hint(error), "allow more with `read_timeout`");
        let error = call(&free).timeout(SHORT).await.unwrap_err();
        assert_eq!(hint(error), "allow more with `timeout`");
        let attach = free.invoke("ContainerAttach").param("id", "x").param("stream", true);
        let error = attach.timeout(SHORT).socket().await.unwrap_err();
        assert_eq!(hint(error), "allow more with `timeout`");
        call(&limited).timeout(None).read_timeout(None).await.unwrap();
        assert_eq!(
            hint(call(&limited).timeout(None).await.unwrap_err()),
            "allow more with `read_timeout`"
        );
    });
}

#[test]
fn the_limit_of_the_head_is_not_that_of_the_body() {
    let engine = Script::new(|_, asked, stream| {
        if !asked.line().contains("/logs") {
            thread::park();
        }
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        thread::sleep(AMPLE * 3 / 2);
        let _ = stream.write_all(b"late");
        Then::Close
    });
    let client = engine.builder().head_timeout(AMPLE).build().unwrap();
    block_on(async {
        let logs = client.invoke("ContainerLogs").param("id", "x").param("stdout", true);
        assert_eq!(logs.bytes().await.unwrap(), "late");
        let attach = client.invoke("ContainerAttach").param("id", "x").param("stream", true);
        for error in
            [client.invoke("ContainerList").await.unwrap_err(), attach.socket().await.unwrap_err()]
        {
            assert_eq!(error.timeout(), Some(Timeout::Head));
        }
    });
}

#[test]
fn an_engine_that_takes_no_input_runs_into_the_write_limit() {
    let engine = silent();
    let client = engine.builder().write_timeout(SHORT).build().unwrap();
    let call = client.invoke("ImageBuild").body_reader(tokio::io::repeat(1));
    let error = block_on(async { call.await }).unwrap_err();
    assert_eq!(error.timeout(), Some(Timeout::Write));
    assert!(error.may_have_acted());
}

/// An engine that answers before it has the body, and takes none of that.
fn hasty() -> Script {
    Script::with_head_only(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        thread::park();
        Then::Close
    })
}

#[test]
fn the_write_limit_holds_beyond_the_head() {
    let engine = hasty();
    let client = engine.builder().write_timeout(AMPLE).timeout(10 * AMPLE).build().unwrap();
    block_on(async {
        let call = client.invoke("ImageBuild").body_reader(tokio::io::repeat(1));
        let error = call.send().await.unwrap().bytes().await.unwrap_err();
        assert_eq!(error.timeout(), Some(Timeout::Write));
    });
}

/// An answer is waited for from when the request has been sent, however long that takes.
#[test]
fn the_limit_of_the_head_begins_behind_the_body() {
    const SIZE: usize = 20 << 20;
    let engine = Script::with_head_only(|stream| {
        thread::sleep(AMPLE + Duration::from_millis(500));
        io::copy(&mut stream.take(SIZE as u64), &mut io::sink()).unwrap();
        answer(stream, "200 OK", JSON, b"{}");
        Then::Close
    });
    let client = engine.builder().head_timeout(AMPLE).build().unwrap();
    let call = client.invoke("PutContainerArchive").param("id", "x").param("path", "/");
    block_on(async { call.body_bytes(vec![0; SIZE]).await }).unwrap();
}

/// More than a socket takes at once, all of which is taken after a while.
#[test]
fn the_limit_of_reading_begins_behind_the_body() {
    const SIZE: usize = 20 << 20;
    let engine = Script::with_head_only(|stream| {
        thread::sleep(SHORT);
        io::copy(&mut stream.take(SIZE as u64), &mut io::sink()).unwrap();
        thread::park();
        Then::Close
    });
    for builder in [engine.builder().read_timeout(AMPLE), engine.builder().head_timeout(AMPLE)] {
        // With the other limit it would not be told what is looked for here.
        let client = builder.timeout(10 * AMPLE).build().unwrap();
        let call = client.invoke("PutContainerArchive").param("id", "x").param("path", "/");
        let error = block_on(async { call.body_bytes(vec![0; SIZE]).await }).unwrap_err();
        assert!(matches!(error.timeout(), Some(Timeout::Read | Timeout::Head)), "{error}");
    }
}

#[test]
fn what_a_slow_reader_gave_before_has_to_be_taken_in_time() {
    let engine = silent();
    let client = engine.builder().write_timeout(SHORT).timeout(10 * AMPLE).build().unwrap();
    // More than a socket takes, and less than where the reader would not be asked any more.
    let given = tokio::io::repeat(1).take(400 << 10);
    let reader = given.chain(Slow(vec![100 * AMPLE], None));
    let error = block_on(async { client.invoke("ImageBuild").body_reader(reader).await });
    assert_eq!(error.unwrap_err().timeout(), Some(Timeout::Write));
}

/// A pipe that nobody writes to cannot be opened.
#[test]
fn opening_a_body_counts() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let engine = always("200 OK", JSON, b"{}");
    let client = engine.builder().timeout(SHORT).build().unwrap();
    block_on(async {
        let error = client.invoke("ImageBuild").body_file(&pipe).await.unwrap_err();
        assert_eq!(error.hint(), Some("allow more with `timeout`"));
        assert!(!error.may_have_acted());
        // Whoever waits for it gets its end.
        drop(std::fs::File::options().write(true).open(&pipe).unwrap());
    });
}

/// A reader that takes its time.
struct Slow(Vec<Duration>, Option<Pin<Box<tokio::time::Sleep>>>);

impl AsyncRead for Slow {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(pause) = self.0.last().copied() else { return Poll::Ready(Ok(())) };
        let timer = self.1.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
        std::task::ready!(Future::poll(timer.as_mut(), context));
        self.1 = None;
        self.0.pop();
        buffer.put_slice(b"piece");
        Poll::Ready(Ok(()))
    }
}

#[test]
fn the_callers_own_time_does_not_count() {
    let engine = always("200 OK", JSON, b"{}");
    let limits = engine.builder().write_timeout(AMPLE).read_timeout(AMPLE);
    let client = limits.build().unwrap();
    let reader = Slow(vec![Duration::ZERO, AMPLE * 3 / 2], None);
    block_on(async { client.invoke("ImageBuild").body_reader(reader).await }).unwrap();
    assert_eq!(engine.asked()[0].body, b"piecepiece");
}

#[test]
fn a_stream_that_stalls_runs_into_the_read_limit() {
    let engine = Script::new(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nfirst");
        thread::park();
        Then::Close
    });
    let client = engine.builder().read_timeout(AMPLE).build().unwrap();
    block_on(async {
        let call = client.invoke("ContainerExport").param("id", "x");
        let mut stream = call.stream().await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap(), "first");
        let error = stream.next().await.unwrap().unwrap_err();
        assert_eq!(error.code(), "timed-out");
        assert!(stream.next().await.is_none());
    });
}

#[test]
fn large_answers_are_for_streams() {
    let engine = always("200 OK", "application/x-tar", &[0; 5000]);
    let client = engine.builder().answer_limit(4999).build().unwrap();
    let get = || client.invoke("ImageGet").param("name", "x");
    block_on(async {
        let error = get().bytes().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Decode, "answer-too-large"));
        let mut stream = get().stream().await.unwrap();
        let mut length = 0;
        while let Some(piece) = stream.next().await {
            length += piece.unwrap().len();
        }
        assert_eq!(length, 5000);
    });
}

#[test]
fn an_error_without_an_end_is_an_error_all_the_same() {
    let engine = Script::new(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\n\r\nno such container");
        thread::park();
        Then::Close
    });
    let client = engine.client();
    let error = block_on(async { client.invoke("ContainerAttach").param("id", "x").await });
    assert_eq!(error.unwrap_err().status(), Some(404));
}

struct Failing;

impl AsyncRead for Failing {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::Error::other("the disk is gone")))
    }
}

#[test]
fn a_reader_that_fails_is_the_callers_fault() {
    let engine = Script::new(|_, _, stream| {
        answer(stream, "200 OK", JSON, b"{}");
        Then::GoOn
    });
    let call = engine.client().invoke("ImageBuild").body_reader(Failing);
    let error = block_on(async { call.await }).unwrap_err();
    insta::assert_snapshot!(shown(&error, None), @r"
    error: cannot read the body
      code: body-unreadable
      caused by: the disk is gone
    ");
    // It is no other when the engine has begun to answer.
    let engine = hasty();
    let late = block_on(async {
        let (reader, mut writer) = tokio::io::simplex(64);
        writer.write_all(b"piece").await.unwrap();
        let call = engine.client().invoke("ImageBuild").body_reader(reader.chain(Failing));
        let answer = call.send().await.unwrap();
        writer.shutdown().await.unwrap();
        answer.bytes().await.unwrap_err()
    });
    assert_eq!(shown(&late, None), shown(&error, None));
}
