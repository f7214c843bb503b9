//! The client that blocks: from threads, on async runtimes, and when things are dropped.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, OnceLock, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use contajners::blocking::{ByteStream, Client, Duplex, DuplexInput, OutputLines, OutputStream};
use contajners::{Data, ErrorKind, Method, Observer, Output};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{JSON, Script, Then, always, answer, block_on};

const FRAMES: &str = "application/vnd.docker.multiplexed-stream";
const UPGRADED: &[u8] = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

fn client(engine: &Script) -> Client {
    engine.builder().build_blocking().expect("a client")
}

/// Whatever a test waits for by other means than the client.
const PATIENCE: Duration = Duration::from_secs(20);

#[test]
fn every_kind_of_answer() {
    let engine = always("200 OK", JSON, br#"[{"Id":"one"}]"#);
    let docker = client(&engine);
    let list = || docker.invoke("ContainerList").param("all", true);
    assert_eq!(list().call().unwrap(), json!([{ "Id": "one" }]));
    assert_eq!(list().data().unwrap(), Data::Json(json!([{ "Id": "one" }])));
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Container {
        id: String,
    }
    assert_eq!(list().json::<Vec<Container>>().unwrap()[0].id, "one");
    assert_eq!(list().text().unwrap(), r#"[{"Id":"one"}]"#);
    assert_eq!(list().bytes().unwrap().len(), 14);
    let mut text = String::new();
    // A reader's own `take`.
    list().stream().unwrap().take(5).read_to_string(&mut text).unwrap();
    assert_eq!(text, r#"[{"Id"#);
    let pieces: Result<Vec<_>, _> = list().stream().unwrap().into_iter().collect();
    assert_eq!(pieces.unwrap().concat(), br#"[{"Id":"one"}]"#);
    let typo = || docker.invoke("ContainerCreate").body(json!({ "Image": "x", "Imag": "y" }));
    assert_eq!(typo().check().unwrap()[0].pointer(), "/Imag");
    let response = typo().send().unwrap();
    assert_eq!(response.findings()[0].pointer(), "/Imag");
    response.bytes().unwrap();
    let response = list().send().unwrap();
    assert_eq!((response.status(), response.header("Content-Type")), (200, Some(JSON)));
    assert_eq!(response.json::<Value>().unwrap()[0]["Id"], "one");
    assert_eq!(engine.connections(), 1);
}

#[test]
fn what_is_not_read_of_a_piece_is_the_next_one() {
    let engine = always("200 OK", "application/x-tar", b"0123456789");
    let mut stream = client(&engine).invoke("ImageGet").param("name", "x").stream().unwrap();
    let mut two = [0; 2];
    stream.read_exact(&mut two).unwrap();
    let rest: Result<Vec<_>, _> = stream.into_iter().collect();
    assert_eq!((&two, &*rest.unwrap().concat()), (b"01", &b"23456789"[..]));
}

#[test]
fn output_and_documents_are_iterators() {
    let engine = always("200 OK", FRAMES, b"\x01\0\0\0\0\0\0\x03one\x02\0\0\0\0\0\0\x03two");
    let output = client(&engine).invoke("ContainerLogs").param("id", "x").output().unwrap();
    let pieces: Vec<_> = output.map(|piece| piece.unwrap()).collect();
    assert_eq!(pieces.iter().map(|piece| &*piece.bytes).collect::<Vec<_>>(), [b"one", b"two"]);
    assert_eq!(pieces[1].output, Output::Stderr);
    let output = client(&engine).invoke("ContainerLogs").param("id", "x").output().unwrap();
    let lines: Vec<_> = output.lines().map(|line| line.unwrap().text().into_owned()).collect();
    assert_eq!(lines, ["one", "two"]);

    let engine = always("200 OK", JSON, b"{\"status\":\"1\"}\n{\"error\":\"full\"}\n{}");
    let mut pull =
        client(&engine).invoke("ImageCreate").param("fromImage", "x").documents::<Value>().unwrap();
    assert_eq!(pull.next().unwrap().unwrap()["status"], "1");
    let error = pull.next().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::InBand, Some("full")));
    assert!(pull.next().is_none());
}

#[test]
fn every_kind_of_body() {
    let engine = always("200 OK", JSON, b"");
    let docker = client(&engine);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "of a file").unwrap();
    let load = || docker.invoke("ImageLoad");
    docker.invoke("ContainerCreate").body(json!({ "Image": "x" })).call().unwrap();
    load().body_bytes("bytes").data().unwrap();
    load().body_file(&file).data().unwrap();
    load().body_reader(io::Cursor::new(vec![b'x'; 200_000])).data().unwrap();
    docker.request(Method::Post, "/raw").content_type("text/plain").body_bytes("r").call().unwrap();
    let bodies: Vec<Vec<u8>> = engine.asked().into_iter().map(|asked| asked.body).collect();
    assert_eq!(bodies[0], br#"{"Image":"x"}"#);
    assert_eq!((&*bodies[1], &*bodies[2]), (&b"bytes"[..], &b"of a file"[..]));
    assert!(bodies[3] == vec![b'x'; 200_000]);
    assert_eq!(bodies[4], b"r");
}

#[cfg(feature = "archives")]
#[test]
fn a_folder_as_a_body() {
    let engine = always("200 OK", JSON, b"");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("file"), "of a file").unwrap();
    client(&engine).invoke("ImageLoad").body_folder(folder.path()).data().unwrap();
    let asked = engine.asked();
    assert!(asked[0].body.windows(9).any(|window| window == b"of a file"));
}

#[test]
fn a_reader_is_read_as_it_comes_and_only_for_a_call_that_is_made() {
    let (reached, arrived) = mpsc::channel();
    let engine = Script::with_head_only(move |stream| {
        // The first piece, while the reader has no second one: `5\r\nfirst\r\n`.
        let mut chunk = [0; 10];
        stream.read_exact(&mut chunk).unwrap();
        reached.send(chunk).unwrap();
        let mut rest = Vec::new();
        while !rest.ends_with(b"0\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            rest.push(byte[0]);
        }
        answer(stream, "200 OK", JSON, b"");
        Then::GoOn
    });
    let docker = client(&engine);
    let (mut writer, reader) = std::os::unix::net::UnixStream::pair().unwrap();
    let call = docker.invoke("ImageLoad").body_reader(reader);
    let sending = thread::spawn(move || call.data());
    writer.write_all(b"first").unwrap();
    assert_eq!(&arrived.recv_timeout(PATIENCE).unwrap(), b"5\r\nfirst\r\n");
    drop(writer);
    sending.join().unwrap().unwrap();

    struct Untouched;
    impl Read for Untouched {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("nobody asked");
        }
    }
    let call = docker.invoke("ImageLoad").param("no-such", 1).body_reader(Untouched);
    assert_eq!(call.data().unwrap_err().code(), "unknown-parameter");
}

#[test]
fn a_reader_that_fails_is_the_callers_fault() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("no more"))
        }
    }
    let engine = always("200 OK", JSON, b"");
    let error = client(&engine).invoke("ImageLoad").body_reader(Failing).data().unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Body, "body-unreadable"), "{error:?}");
}

#[test]
fn an_answer_can_be_the_body_of_another_call() {
    let engine = Script::new(|_, asked, stream| {
        let image = vec![b'i'; 1 << 20];
        match asked.line().starts_with("GET") {
            true => answer(stream, "200 OK", "application/x-tar", &image),
            false => answer(stream, "200 OK", JSON, b""),
        }
        Then::GoOn
    });
    let docker = client(&engine);
    let image = docker.invoke("ImageGet").param("name", "x").stream().unwrap();
    docker.invoke("ImageLoad").body_reader(image).data().unwrap();
    assert!(engine.asked()[1].body == vec![b'i'; 1 << 20]);
}

/// An engine that answers no call before so many have arrived.
fn together(count: usize) -> Script {
    let barrier = Barrier::new(count);
    Script::new(move |_, _, stream| {
        barrier.wait();
        answer(stream, "200 OK", JSON, b"[]");
        Then::GoOn
    })
}

#[test]
fn threads_share_a_client() {
    let engine = together(8);
    let docker = client(&engine);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..5 {
                    docker.invoke("ContainerList").call().unwrap();
                }
            });
        }
    });
    assert_eq!((engine.connections(), engine.asked().len()), (8, 40));

    fn for_threads<T: Send + Sync>() {}
    fn for_a_thread<T: Send>() {}
    for_threads::<Client>();
    for_threads::<(contajners::OutputStream, contajners::Duplex, contajners::DuplexInput)>();
    for_threads::<contajners::OutputLines>();
    for_a_thread::<(ByteStream, OutputStream, OutputLines, Duplex, DuplexInput)>();
    for_a_thread::<(contajners::blocking::Call, contajners::blocking::Response)>();
}

/// Reads to the end in small pieces, and returns how many bytes there were.
fn read_through(mut reader: impl Read) -> usize {
    let mut buffer = [0; 1000];
    let mut total = 0;
    loop {
        match reader.read(&mut buffer).unwrap() {
            0 => return total,
            length => total += length,
        }
    }
}

#[test]
fn it_works_on_async_runtimes_too() {
    let engine = Script::new(|_, asked, stream| {
        let raw = vec![b'x'; 1 << 20];
        if asked.line().starts_with("GET") {
            answer(stream, "200 OK", "application/x-tar", &raw);
            return Then::GoOn;
        }
        let _ = stream.write_all(&[UPGRADED, &raw].concat());
        Then::Close
    });
    let work = {
        let engine = engine.builder();
        move || {
            let docker = engine.clone().build_blocking().unwrap();
            let export = docker.invoke("ImageGet").param("name", "x").stream().unwrap();
            let socket = docker.invoke("ContainerAttach").param("id", "x").socket().unwrap();
            // More than a task of tokio may do before it has to give way.
            read_through(export) + read_through(socket)
            // Here the client and its thread end.
        }
    };
    let (done, waited) = mpsc::channel();
    thread::spawn(move || {
        let of_one_thread = block_on(async { work() });
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
        let task = runtime.block_on(runtime.spawn({
            let work = work.clone();
            async move { work() }
        }));
        let blocking = runtime.block_on(runtime.spawn_blocking(work));
        done.send([of_one_thread, task.unwrap(), blocking.unwrap()]).unwrap();
    });
    assert_eq!(waited.recv_timeout(PATIENCE).unwrap(), [2 << 20; 3]);
}

/// Calls its own client when it is told that a piece of a body went out.
#[derive(Default, Clone)]
struct Caller {
    client: Arc<OnceLock<Client>>,
    pieces: Arc<AtomicUsize>,
}

impl Observer for Caller {
    fn body_sent(&self, _: usize) {
        self.pieces.fetch_add(1, Ordering::SeqCst);
        self.client.get().expect("a client").invoke("SystemPing").call().unwrap();
    }
}

#[test]
fn an_observer_may_call_its_own_client() {
    let engine = always("200 OK", JSON, b"");
    let caller = Caller::default();
    let docker = engine.builder().observer(caller.clone()).build_blocking().unwrap();
    caller.client.set(docker.clone()).unwrap();
    let load = docker.invoke("ImageLoad").body_reader(io::Cursor::new("image"));
    assert_eq!(load.data().unwrap(), Data::Nothing);
    assert_eq!(caller.pieces.load(Ordering::SeqCst), 1);
}

/// The rest of a body that is answered before its end goes out on the client's own thread.
#[test]
fn an_observer_on_the_clients_thread_does_not_wait_for_ever() {
    let (go_on, wait) = mpsc::channel::<()>();
    struct Late(mpsc::Receiver<()>);
    impl Read for Late {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            // Until the answer is there.
            let _ = self.0.recv();
            buffer[0] = b'x';
            Ok(1)
        }
    }
    let engine = Script::with_head_only(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n").unwrap();
        let _ = stream.read_to_end(&mut Vec::new());
        Then::Close
    });
    let caller = Caller::default();
    let docker = engine.builder().observer(caller.clone()).build_blocking().unwrap();
    caller.client.set(docker.clone()).unwrap();
    let (done, waited) = mpsc::channel();
    thread::spawn(move || {
        let answer = docker.invoke("ImageLoad").body_reader(Late(wait)).send().unwrap();
        go_on.send(()).unwrap();
        done.send(answer.bytes().map_err(|error| error.code())).unwrap();
    });
    assert_eq!(waited.recv_timeout(PATIENCE).unwrap(), Err("connection-broken"));
    assert_eq!(caller.pieces.load(Ordering::SeqCst), 1);
}

#[test]
fn sockets_are_read_and_written_and_half_closed() {
    let engine = Script::new(|_, _, stream| {
        stream.write_all(UPGRADED).unwrap();
        // An echo as it comes, then the count when the input has ended.
        let (mut count, mut buffer) = (0, [0; 4096]);
        loop {
            match stream.read(&mut buffer).unwrap() {
                0 => break,
                length => {
                    count += length;
                    stream.write_all(&buffer[..length]).unwrap();
                }
            }
        }
        stream.write_all(format!("\n{count}").as_bytes()).unwrap();
        Then::Close
    });
    let docker = client(&engine);
    let attach = || docker.invoke("ContainerAttach").param("id", "x").param("stream", true);

    let mut socket = attach().socket().unwrap();
    socket.write_all(b"hello").unwrap();
    socket.flush().unwrap();
    socket.shutdown().unwrap();
    let mut output = String::new();
    socket.read_to_string(&mut output).unwrap();
    assert_eq!(output, "hello\n5");

    // More than fits between the two of them, so that each thread has to do its part.
    let (output, mut input) = attach().socket().unwrap().split_raw();
    let writing = thread::spawn(move || {
        input.write_all(&vec![b'x'; 4 << 20]).unwrap();
        input.shutdown().unwrap();
    });
    let bytes: usize = output.map(|piece| piece.unwrap().bytes.len()).sum();
    writing.join().unwrap();
    assert_eq!(bytes, (4 << 20) + "\n4194304".len());
}

#[test]
fn what_is_dropped_closes_its_connection() {
    let (gone, seen) = mpsc::channel();
    let engine = Script::new(move |_, _, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\nx";
        stream.write_all(head.as_bytes()).unwrap();
        gone.send(stream.read(&mut [0]).map_err(|error| error.kind())).unwrap();
        Then::Close
    });
    let docker = client(&engine);
    let logs = || docker.invoke("ContainerLogs").param("id", "x").stream().unwrap();
    let mut one = logs().into_iter();
    assert_eq!(one.next().unwrap().unwrap(), "x");
    drop(one);
    assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), Ok(0));

    // An answer outlives the client that made the call.
    let mut two = logs();
    drop(docker);
    let mut byte = [0];
    two.read_exact(&mut byte).unwrap();
    drop(two);
    assert_eq!((byte, seen.recv_timeout(PATIENCE).unwrap()), ([b'x'], Ok(0)));
}

#[test]
fn time_outs_end_a_wait() {
    let engine = Script::new(|_, _, stream| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nx";
        let _ = stream.write_all(head.as_bytes());
        // Until the client hangs up.
        let _ = stream.read(&mut [0]);
        Then::Close
    });
    let limit = Duration::from_secs(1);
    let docker = engine.builder().read_timeout(limit).build_blocking().unwrap();
    let began = Instant::now();
    let mut stream = docker.invoke("ContainerLogs").param("id", "x").stream().unwrap();
    let error = io::copy(&mut stream, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    let inner = error.into_inner().unwrap().downcast::<contajners::Error>().unwrap();
    assert_eq!(inner.code(), "timed-out");
    assert!(began.elapsed() >= limit);
}

/// What comes faster than it is read is never waited for, nor is what is taken faster than it is
/// given; time passes all the same.
#[test]
fn time_outs_end_floods() {
    // Over TCP, which may bring hundreds of KiB at a time.
    let client = |serve: fn(TcpStream)| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let uri = format!("tcp://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream));
            }
        });
        let builder = contajners::Client::builder("docker").uri(uri).api_version("v1.41");
        builder.timeout(Duration::from_secs(1)).build_blocking().unwrap()
    };
    let docker = client(|mut stream| {
        // What comes before a request is another fault.
        let _ = stream.read(&mut [0; 1024]);
        let flood = b"HTTP/1.1 102 Processing\r\n\r\n".repeat(100_000);
        while stream.write_all(&flood).is_ok() {}
    });
    let list = docker.invoke("ContainerList").call().map(|_| ());
    let attach = docker.invoke("ContainerAttach").param("id", "x").socket().map(|_| ());
    let docker = client(|mut stream| {
        let _ = io::copy(&mut stream, &mut io::sink());
    });
    let load = docker.invoke("ImageLoad").body_reader(io::repeat(b'x')).call().map(|_| ());
    let far = contajners::Client::builder("docker").uri("ssh://far").api_version("v1.41");
    let far = far.ssh_command(["sh", "-c", "exec yes >&2"]).connect_timeout(Duration::from_secs(1));
    let ping = far.build_blocking().unwrap().invoke("SystemPing").call().map(|_| ());
    for (name, flooded) in [("list", list), ("attach", attach), ("load", load), ("ping", ping)] {
        assert_eq!(flooded.unwrap_err().code(), "timed-out", "{name}");
    }
}

#[test]
fn clients_of_both_kinds_share_version_and_settings() {
    let engine = Script::new(|_, asked, stream| {
        if asked.line().contains("/_ping") {
            let head = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 0\r\n\r\n";
            let _ = stream.write_all(head.as_bytes());
        } else {
            answer(stream, "200 OK", JSON, b"[]");
        }
        Then::GoOn
    });
    let asynchronous = contajners::Client::builder("docker").uri(engine.uri()).build().unwrap();
    let docker = Client::new(asynchronous.clone()).unwrap();
    assert_eq!(docker.api().unwrap().version(), "v1.41");
    let clone = docker.clone();
    thread::spawn(move || clone.invoke("ContainerList").call()).join().unwrap().unwrap();
    block_on(async { asynchronous.invoke("ContainerList").await }).unwrap();
    assert_eq!(engine.asked().len(), 3);
    assert_eq!(docker.pack().engine(), "docker");
    assert_eq!(docker.discovered().endpoint.to_string(), engine.uri());
    assert_eq!(format!("{docker:?}"), format!("{asynchronous:?}"));
}
