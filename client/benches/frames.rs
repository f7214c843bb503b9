//! Logs decoded into frames beside the same bytes read by bare hyper.
//!
//! `cargo bench -p contajners --bench frames`; the number to look at is the ratio. Both sides read
//! in turn, so that what else the machine does meets both.

use std::time::{Duration, Instant};

use contajners::Client;
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::{Builder, Runtime};

/// The bytes of an answer.
const SIZE: usize = 200 << 20;
const ROUNDS: usize = 9;
const PATH: &str = "/v1.41/containers/x/logs?stdout=true";

fn main() {
    println!("{:<44} {:>10} {:>10} {:>6}", "200 MiB of logs", "hyper", "client", "ratio");
    // Podman writes frames of up to 8 KiB, and dockerd of up to 32 KiB to those who attach; of
    // logs dockerd makes a chunk of each line.
    for (name, frame, per_chunk) in [
        ("frames of 32 KiB, one a chunk", 32 << 10, 1),
        ("frames of 8 KiB, one a chunk", 8 << 10, 1),
        ("lines of 1000 bytes, one a chunk", 1000, 1),
        ("lines of 100 bytes, one a chunk", 100, 1),
        ("lines of 100 bytes, 80 a chunk", 100, 80),
    ] {
        let engine = Engine::new(frame, per_chunk);
        let mut times: Vec<(Duration, Duration)> =
            (0..ROUNDS).map(|_| (engine.bare(), engine.decoded())).collect();
        let mut ratios: Vec<f64> =
            times.iter().map(|(bare, client)| bare.as_secs_f64() / client.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        times.sort();
        let rate = |time: Duration| SIZE as f64 / time.as_secs_f64() / 1e6;
        let bare = rate(times[ROUNDS / 2].0);
        times.sort_by_key(|(_, client)| *client);
        let client = rate(times[ROUNDS / 2].1);
        println!("{name:<44} {bare:>5.0} MB/s {client:>5.0} MB/s {:>6.2}", ratios[ROUNDS / 2]);
    }
}

/// An engine that has nothing but logs, on a thread of its own.
struct Engine {
    _folder: TempDir,
    _server: Runtime,
    runtime: Runtime,
    path: String,
}

impl Engine {
    fn new(frame: usize, per_chunk: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("engine.sock");
        let server = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let server = server.expect("a runtime");
        let guard = server.enter();
        let listener = UnixListener::bind(&path).expect("a socket");
        drop(guard);
        let (block, times) = block(frame, per_chunk);
        server.spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        break;
                    }
                }
                let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\
                    Content-Type: application/vnd.docker.multiplexed-stream\r\n\
                    Transfer-Encoding: chunked\r\n\r\n";
                let _ = stream.write_all(answer).await;
                for _ in 0..times {
                    let _ = stream.write_all(&block).await;
                }
                let _ = stream.write_all(b"0\r\n\r\n").await;
            }
        });
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { _folder: folder, _server: server, runtime, path: path.display().to_string() }
    }

    /// Reads the pieces of the body, as hyper gives them.
    fn bare(&self) -> Duration {
        self.runtime.block_on(async {
            let begin = Instant::now();
            let stream = UnixStream::connect(&self.path).await.expect("a connection");
            let (mut sender, connection) =
                hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("hyper");
            let connection = tokio::spawn(connection);
            let request = Request::builder().uri(PATH).header("host", "localhost");
            let request = request.body(Empty::<Bytes>::new()).expect("a request");
            let mut body = sender.send_request(request).await.expect("an answer").into_body();
            let mut length = 0;
            while let Some(frame) = body.frame().await {
                length += frame.expect("a piece").data_ref().map_or(0, Bytes::len);
            }
            assert!(length >= SIZE, "{length} bytes came");
            connection.abort();
            begin.elapsed()
        })
    }

    /// Reads frames.
    fn decoded(&self) -> Duration {
        self.runtime.block_on(async {
            let begin = Instant::now();
            let builder = Client::builder("docker").uri(&self.path).api_version("v1.41");
            let client = builder.build().expect("a client");
            let call = client.invoke("ContainerLogs").param("id", "x").param("stdout", true);
            let mut output = call.output().await.expect("an answer");
            let mut length = 0;
            while let Some(piece) = output.next().await {
                length += piece.expect("a piece").bytes.len();
            }
            assert!(length > SIZE / 2, "{length} bytes came");
            begin.elapsed()
        })
    }
}

/// Makes a block of chunks, and says how often it makes up an answer.
fn block(frame: usize, per_chunk: usize) -> (Vec<u8>, usize) {
    let mut chunk = Vec::new();
    for _ in 0..per_chunk {
        chunk.extend([1, 0, 0, 0]);
        chunk.extend((frame as u32).to_be_bytes());
        chunk.resize(chunk.len() + frame, b'x');
    }
    let bytes = chunk.len();
    let mut whole = format!("{bytes:x}\r\n").into_bytes();
    whole.extend(chunk);
    whole.extend(b"\r\n");
    let times = (1 << 20) / whole.len() + 1;
    (whole.repeat(times), SIZE.div_ceil(bytes * times))
}
