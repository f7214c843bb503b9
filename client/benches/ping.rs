//! A ping through the client beside one through bare hyper, over the same kind of connection.
//!
//! `cargo bench -p contajners --bench ping`; the number to look at is the ratio.

use std::convert::Infallible;

use contajners::Client;
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

/// An engine that answers everything with `OK`.
fn engine() -> (TempDir, Runtime, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("engine.sock");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let guard = runtime.enter();
    let listener = UnixListener::bind(&path).expect("a socket");
    drop(guard);
    runtime.spawn(async move {
        let answer = |_: Request<Incoming>| async {
            let mut response = Response::new(Full::new(Bytes::from_static(b"OK")));
            let text = hyper::header::HeaderValue::from_static("text/plain");
            response.headers_mut().insert(hyper::header::CONTENT_TYPE, text);
            Ok::<_, Infallible>(response)
        };
        while let Ok((stream, _)) = listener.accept().await {
            let server = hyper::server::conn::http1::Builder::new();
            tokio::spawn(server.serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    });
    (folder, runtime, path.display().to_string())
}

#[divan::bench(sample_count = 2000)]
fn bare_hyper(bencher: divan::Bencher<'_, '_>) {
    let (_folder, runtime, path) = engine();
    let mut sender = runtime.block_on(async {
        let stream = UnixStream::connect(&path).await.expect("a connection");
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
        tokio::spawn(connection);
        sender
    });
    bencher.bench_local(|| {
        runtime.block_on(async {
            let request = Request::builder()
                .uri("/v1.41/_ping")
                .header("host", "localhost")
                .body(Empty::<Bytes>::new())
                .expect("a request");
            let response = sender.send_request(request).await.expect("an answer");
            let body = response.into_body().collect().await.expect("a body").to_bytes();
            sender.ready().await.expect("the connection");
            body
        })
    });
}

#[divan::bench(sample_count = 2000)]
fn client(bencher: divan::Bencher<'_, '_>) {
    let (_folder, runtime, path) = engine();
    let client =
        Client::builder("docker").uri(path).api_version("v1.41").build().expect("a client");
    bencher.bench_local(|| {
        runtime.block_on(async { client.invoke("SystemPing").text().await.expect("an answer") })
    });
}
