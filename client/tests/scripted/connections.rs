//! Which connection a call uses, and what becomes of it.

use std::future::{Future, IntoFuture as _, poll_fn};
use std::io::{Read, Write};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, mpsc};
use std::task::Poll;
use std::time::Duration;

use contajners::{Client, ErrorKind};
use tokio::io::AsyncWriteExt;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::{JSON, Script, Then, always, answer, block_on};

/// Whatever a test waits for by other means than the client.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn connections_are_used_again() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    block_on(async {
        for _ in 0..5 {
            client.clone().invoke("ContainerList").await.unwrap();
        }
    });
    assert_eq!((engine.connections(), engine.asked().len()), (1, 5));
}

#[test]
fn an_endpoint_that_was_found_can_be_used() {
    let engine = always("200 OK", JSON, b"[]");
    let found = engine.builder().discover().unwrap();
    let client = Client::builder("docker").endpoint(found.endpoint).api_version("v1.41").build();
    block_on(async { client.unwrap().invoke("ContainerList").await }).unwrap();
    let both =
        Client::builder("docker").endpoint(std::path::Path::new("/x")).connection("y").build();
    assert_eq!(both.unwrap_err().code(), "two-addresses");
}

/// All that the parts of the client say of themselves is an error of the client, too.
#[test]
fn errors_of_parts_are_errors_of_the_client() {
    let part = |result: Result<(), contajners::Error>| {
        let error = result.unwrap_err();
        (error.kind(), error.code(), error.hint().is_some())
    };
    let pack = contajners::pack("docker").unwrap();
    let resolve =
        || Ok(pack.newest().map(|api| api.operation("ContainerLst").map(drop)).unwrap()?);
    assert_eq!(part(resolve()), (ErrorKind::Resolve, "unknown-operation", true));
    let address = || Ok(contajners::Endpoint::parse("gopher://x").map(drop)?);
    assert_eq!(part(address()), (ErrorKind::Config, "unsupported-address", true));
    let open = || Ok(contajners_core::Pack::open(b"no pack").map(drop)?);
    assert_eq!(part(open()).0, ErrorKind::Config);
}

#[test]
fn an_answer_that_is_not_read_costs_its_connection() {
    let engine = always("200 OK", JSON, &vec![b' '; 1 << 20]);
    let client = engine.client();
    block_on(async {
        drop(client.invoke("ContainerList").send().await.unwrap());
        let mut stream = client.invoke("ContainerList").stream().await.unwrap();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        client.invoke("ContainerList").bytes().await.unwrap();
        client.invoke("ContainerList").bytes().await.unwrap();
    });
    assert_eq!(engine.connections(), 3);
}

/// Nobody moves the bytes of a connection but who waits for them: whoever that is at the time.
#[test]
fn an_answer_goes_from_one_task_to_another() {
    let (write, wait) = mpsc::channel::<&[u8]>();
    let wait = Mutex::new(wait);
    let engine = Script::new(move |_, _, stream| {
        let wait = wait.lock().unwrap();
        while let Ok(bytes) = wait.recv() {
            stream.write_all(bytes).unwrap();
        }
        Then::GoOn
    });
    let client = engine.client();
    write.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n").unwrap();
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut stream =
        runtime.block_on(client.invoke("ImageGet").param("name", "x").stream()).unwrap();
    for piece in [&b"one\n"[..], b"two\n"] {
        // Waits in vain here, and then for the rest of its life elsewhere.
        let vain = Duration::from_millis(20);
        let none = runtime.block_on(async { timeout(vain, stream.next()).await.is_err() });
        assert!(none);
        let (tell, told) = oneshot::channel();
        let elsewhere = runtime.spawn(async move {
            {
                let mut next = pin!(stream.next());
                let first = poll_fn(|context| Poll::Ready(next.as_mut().poll(context))).await;
                assert!(first.is_pending());
                tell.send(()).unwrap();
                assert_eq!(timeout(PATIENCE, next).await.unwrap().unwrap().unwrap(), piece);
            }
            stream
        });
        runtime.block_on(told).unwrap();
        write.send(piece).unwrap();
        stream = runtime.block_on(elsewhere).unwrap();
    }
    assert!(runtime.block_on(stream.next()).is_none());
    assert_eq!(engine.connections(), 1);
}

/// An answer that begins before its request has gone out does not have to be read for the rest to
/// go out.
#[test]
fn the_rest_of_a_request_goes_out_while_its_answer_is_kept() {
    let (got, length) = mpsc::channel();
    let engine = Script::with_head_only(move |stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n").unwrap();
        let mut body = vec![0; 1_900_000];
        got.send(stream.read_exact(&mut body).is_ok()).unwrap();
        Then::Close
    });
    let client = engine.client();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (mut give, body) = tokio::io::duplex(1000);
    let load = client.invoke("ImageLoad").body_reader(body).send();
    let answer = runtime.block_on(load).unwrap();
    let given = runtime.spawn(async move { give.write_all(&vec![b'x'; 1_900_000]).await });
    runtime.block_on(given).unwrap().unwrap();
    // With what chunks bring along that is more than was read.
    assert!(length.recv_timeout(PATIENCE).unwrap());
    drop(answer);
}

/// An engine that reads no more may keep the connection open: nothing can be sent over it again.
#[test]
fn a_connection_that_takes_nothing_is_not_used_again() {
    let begun = AtomicUsize::new(0);
    let engine = Script::with_head_only(move |stream| {
        if begun.fetch_add(1, Ordering::SeqCst) > 0 {
            answer(stream, "200 OK", JSON, b"[]");
            return Then::GoOn;
        }
        stream.shutdown(std::net::Shutdown::Read).unwrap();
        answer(stream, "400 Bad Request", JSON, b"{}");
        std::thread::park();
        Then::Close
    });
    let client = engine.client();
    block_on(async {
        let put = client.invoke("PutContainerArchive").param("id", "x").param("path", "/");
        let error = put.body_bytes(vec![0; 20 << 20]).await.unwrap_err();
        assert_eq!(error.status(), Some(400));
        client.invoke("ContainerList").await.unwrap();
    });
    assert_eq!(engine.connections(), 2);
}

#[test]
fn answers_without_a_body_keep_the_connection() {
    let engine = always("204 No Content", "", b"");
    let client = engine.client();
    block_on(async {
        for _ in 0..3 {
            drop(client.invoke("ContainerStart").param("id", "x").send().await.unwrap());
        }
    });
    assert_eq!(engine.connections(), 1);
}

#[test]
fn a_safe_request_is_repeated_once_when_an_idle_connection_breaks() {
    // The first connection serves one request and hangs up at the second.
    let engine = Script::new(|connection, _, stream| {
        static SERVED: AtomicUsize = AtomicUsize::new(0);
        if connection == 0 && SERVED.fetch_add(1, Ordering::SeqCst) == 1 {
            return Then::Close;
        }
        answer(stream, "200 OK", JSON, b"[]");
        Then::GoOn
    });
    let client = engine.client();
    block_on(async {
        client.invoke("ContainerList").await.unwrap();
        client.invoke("ContainerList").await.unwrap();
    });
    assert_eq!((engine.connections(), engine.asked().len()), (2, 3));
}

#[test]
fn an_unsafe_request_is_never_repeated() {
    let engine = Script::new(|_, asked, stream| {
        if asked.line().starts_with("POST") {
            return Then::Close;
        }
        answer(stream, "200 OK", JSON, b"[]");
        Then::GoOn
    });
    let client = engine.client();
    block_on(async {
        client.invoke("ContainerList").await.unwrap();
        let error = client.invoke("ContainerStart").param("id", "x").await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Send, "connection-broken"));
        assert!(error.may_have_acted());
    });
    assert_eq!(engine.asked().len(), 2);
}

#[test]
fn a_safe_request_that_breaks_a_fresh_connection_is_an_error() {
    let engine = Script::new(|_, _, _| Then::Close);
    let error = block_on(async { engine.client().invoke("ContainerList").await }).unwrap_err();
    assert_eq!((error.code(), error.may_have_acted()), ("connection-broken", false));
    assert_eq!(engine.asked().len(), 1);
}

#[test]
fn a_connection_that_the_engine_closes_is_not_used_again() {
    let engine = Script::new(|_, _, stream| {
        let head =
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n\r\n[]";
        let _ = stream.write_all(head.as_bytes());
        Then::Close
    });
    let client = engine.client();
    block_on(async {
        client.invoke("ContainerList").await.unwrap();
        client.invoke("ContainerStart").param("id", "x").await.unwrap();
    });
    assert_eq!(engine.connections(), 2);
}

/// An engine whose first connection ends after an answer, once it is told to, and says when it has.
fn ending() -> (Script, mpsc::Sender<()>, mpsc::Receiver<()>) {
    let (close, wait) = mpsc::channel();
    let (closed, told) = mpsc::channel();
    let wait = Mutex::new(wait);
    let engine = Script::new(move |connection, _, stream| {
        answer(stream, "200 OK", JSON, b"[]");
        if connection > 0 {
            return Then::GoOn;
        }
        wait.lock().unwrap().recv().unwrap();
        stream.shutdown(std::net::Shutdown::Both).unwrap();
        closed.send(()).unwrap();
        Then::Close
    });
    (engine, close, told)
}

/// What cannot be repeated can still be sent when not a byte of it has gone out.
#[test]
fn an_upload_takes_a_new_connection_when_the_idle_one_was_closed() {
    let (engine, close, told) = ending();
    let client = engine.client();
    block_on(async {
        client.invoke("ContainerList").await.unwrap();
        close.send(()).unwrap();
        told.recv_timeout(PATIENCE).unwrap();
        // The runtime hears of it.
        tokio::time::sleep(Duration::from_millis(20)).await;
        client.invoke("ImageLoad").body_reader(&b"an archive"[..]).await.unwrap();
    });
    assert_eq!((engine.connections(), engine.asked().len()), (2, 2));
}

/// The runtime has not heard of the end yet, since the thread did something else.
#[test]
fn what_went_into_a_closed_connection_is_sent_once_more() {
    let (engine, close, told) = ending();
    let client = engine.client();
    block_on(async {
        client.invoke("ContainerList").await.unwrap();
        close.send(()).unwrap();
        told.recv_timeout(PATIENCE).unwrap();
        client.invoke("ContainerStart").param("id", "x").await.unwrap();
    });
    assert_eq!((engine.connections(), engine.asked().len()), (2, 2));
}

#[test]
fn each_runtime_has_connections_of_its_own() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    let list = || async { client.invoke("ContainerList").await.unwrap() };
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let (one, two) = (runtime(), runtime());
    one.block_on(list());
    // Nobody drives the first one now: what is idle there stays where it is.
    two.block_on(list());
    one.block_on(list());
    two.block_on(list());
    assert_eq!(engine.connections(), 2);
}

#[test]
fn a_connection_goes_back_to_the_runtime_that_it_was_opened_on() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let (one, two) = (runtime(), runtime());
    let response = one.block_on(client.invoke("ContainerList").send()).unwrap();
    // It has come by then; of another one nothing would be heard here.
    assert_eq!(two.block_on(response.bytes()).unwrap(), &b"[]"[..]);
    two.block_on(async {
        let list = client.invoke("ContainerList").into_future();
        timeout(PATIENCE, list).await.expect("an answer").unwrap();
    });
    assert_eq!(engine.connections(), 2);
}

#[test]
fn a_call_that_cannot_be_made_costs_no_connection() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    block_on(async {
        client.invoke("ContainerList").await.unwrap();
        let large = client.invoke("ContainerList").param("filters", "x".repeat(70_000));
        let error = large.await.unwrap_err();
        assert_eq!(error.code(), "target-too-long");
        assert!(error.to_string().ends_with("bytes long; 65534 can be sent"), "{error}");
        client.invoke("ContainerList").await.unwrap();
    });
    assert_eq!((engine.connections(), engine.asked().len()), (1, 2));
}

/// Podman closes after five seconds what only seems to be in use.
#[test]
fn a_call_that_cannot_be_made_makes_a_connection_no_younger() {
    let engine = always("200 OK", JSON, b"[]");
    let client = engine.client();
    block_on(async {
        client.invoke("ContainerList").await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        let large = client.invoke("ContainerList").param("filters", "x".repeat(70_000));
        assert_eq!(large.await.unwrap_err().code(), "target-too-long");
        tokio::time::sleep(Duration::from_secs(2)).await;
        client.invoke("ContainerList").await.unwrap();
    });
    assert_eq!(engine.connections(), 2);
}

/// Linux lets no more in for the moment than the listener asked for.
#[cfg(target_os = "linux")]
#[test]
fn a_socket_that_is_busy_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("busy.sock");
    block_on(async {
        let socket = tokio::net::UnixSocket::new_stream().unwrap();
        socket.bind(&path).unwrap();
        let listener = socket.listen(0).unwrap();
        let uri = format!("unix://{}", path.display());
        let client = Client::builder("docker").uri(uri).api_version("v1.41").build().unwrap();
        let calls: Vec<_> =
            (0..4).map(|_| tokio::spawn(client.invoke("SystemPing").text())).collect();
        // By then all of them have come, and most were not let in.
        tokio::time::sleep(Duration::from_millis(100)).await;
        let engine = tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK";
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
                // Its end is the client's.
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            }
        });
        for call in calls {
            assert_eq!(timeout(PATIENCE, call).await.expect("an answer").unwrap().unwrap(), "OK");
        }
        engine.abort();
    });
}

#[test]
fn an_early_answer_ends_an_upload() {
    let engine = Script::with_head_only(|stream| {
        answer(stream, "413 Too Large", JSON, br#"{"message":"too much"}"#);
        Then::Close
    });
    // Often enough to meet the pipe broken before the answer has been read.
    for _ in 0..50 {
        let client = engine.client();
        let error = block_on(async {
            client.invoke("ImageBuild").body_reader(tokio::io::repeat(7)).await.unwrap_err()
        });
        assert_eq!(error.status(), Some(413), "{error:?}");
        assert_eq!(error.message(), Some("too much"));
    }
}

#[test]
fn a_version_is_negotiated_once() {
    let engine = Script::new(|_, asked, stream| {
        if asked.line().starts_with("HEAD /_ping ") {
            // As engines before 18.09: no HEAD.
            answer(stream, "404 Not Found", "", b"");
        } else if asked.line().starts_with("GET /_ping ") {
            let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.30\r\nContent-Length: 2\r\n\r\nOK";
            let _ = stream.write_all(head.as_bytes());
        } else {
            answer(stream, "200 OK", JSON, b"[]");
        }
        Then::GoOn
    });
    let client = Client::builder("docker").uri(engine.uri()).build().unwrap();
    block_on(async {
        let list = || async { client.invoke("ContainerList").await };
        let (one, two, three) = tokio::join!(list(), list(), list());
        one.and(two).and(three).unwrap();
        assert_eq!(client.api().await.unwrap().version(), "v1.30");
        let error = client.invoke("ImageBuild").param("platform", "x").await.unwrap_err();
        assert_eq!(error.code(), "unknown-parameter");
        assert!(error.hint().is_some_and(|hint| hint.contains("v1.34")), "{error:?}");
    });
    let pings = engine.asked().iter().filter(|asked| asked.line().contains("_ping")).count();
    assert_eq!(pings, 2);
}

/// tokio gives a task so much to do at once; whatever is left of that, an answer is heard of.
#[test]
fn a_task_that_has_done_much_hears_of_its_answer() {
    // Longer than what is read at once, so that nothing more comes once the head is there.
    let engine = always("200 OK", JSON, format!("[{:9000}]", 1).as_bytes());
    let client = engine.client();
    for done in (100..128).chain([0]) {
        block_on(async {
            let mut call = pin!(client.invoke("ContainerList").into_future());
            let busy = poll_fn(|context| {
                for _ in 0..done {
                    let _ = pin!(tokio::task::coop::consume_budget()).poll(context);
                }
                call.as_mut().poll(context)
            });
            let answer = timeout(PATIENCE, busy).await;
            assert!(answer.is_ok_and(|answer| answer.is_ok()), "{done}");
        });
    }
}
