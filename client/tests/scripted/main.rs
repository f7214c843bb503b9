//! The client against an engine that does as it is told: wire details, cut connections, time-outs.
//!
//! What real engines do is tested against real engines; here is what they do too rarely.

mod answers;
#[cfg(feature = "blocking")]
mod blocking;
mod checks;
mod connections;
mod credentials;
mod errors;
mod faults;
mod limits;
mod lines;
mod observed;
mod own_packs;
mod sockets;
mod traced;
mod waiting;
mod wire;

use std::future::Future;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use contajners::{Client, ClientBuilder, Credentials};
use tempfile::TempDir;

/// What arrived: a head with its lines as sent, and a body.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Asked {
    pub(crate) fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }
}

/// What becomes of the connection after an answer.
pub(crate) enum Then {
    GoOn,
    Close,
}

/// A listener that answers as a function says; the function gets the number of the connection.
pub(crate) struct Script {
    folder: TempDir,
    connections: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Script {
    pub(crate) fn new(
        answer: impl Fn(usize, &Asked, &mut UnixStream) -> Then + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |connection, head, stream, asked| {
            let Some(whole) = body_of(head, stream) else { return Then::Close };
            // Recorded before it is answered, so that the test finds it.
            asked.lock().expect("a list").push(whole.clone());
            answer(connection, &whole, stream)
        })
    }

    /// As [`Script::new`], but the function is called when the head of a request is there, and
    /// the body stays where it is.
    pub(crate) fn with_head_only(
        answer: impl Fn(&mut UnixStream) -> Then + Send + Sync + 'static,
    ) -> Self {
        Self::start(move |_, head, stream, asked| {
            asked.lock().expect("a list").push(head);
            answer(stream)
        })
    }

    fn start(
        serve: impl Fn(usize, Asked, &mut UnixStream, &Mutex<Vec<Asked>>) -> Then
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("engine.sock")).expect("a socket");
        let script = Self {
            folder,
            connections: Arc::default(),
            open: Arc::default(),
            asked: Arc::default(),
        };
        let (connections, asked) = (script.connections.clone(), script.asked.clone());
        let open = script.open.clone();
        let serve = Arc::new(serve);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { break };
                open.fetch_add(1, Ordering::SeqCst);
                let connection = connections.fetch_add(1, Ordering::SeqCst);
                let (serve, asked, open) = (serve.clone(), asked.clone(), open.clone());
                thread::spawn(move || {
                    while let Some(head) = head_of(&mut stream) {
                        if matches!(serve(connection, head, &mut stream, &asked), Then::Close) {
                            break;
                        }
                    }
                    drop(stream);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        script
    }

    pub(crate) fn uri(&self) -> String {
        format!("unix://{}", self.folder.path().join("engine.sock").display())
    }

    /// A client of Docker v1.41 that asks for no version, and knows nobody's credentials.
    pub(crate) fn builder(&self) -> ClientBuilder {
        let builder = Client::builder("docker").uri(self.uri()).api_version("v1.41");
        builder.credentials(Credentials::none())
    }

    pub(crate) fn client(&self) -> Client {
        self.builder().build().expect("a client")
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// How many connections neither side has closed, as far as the engine has seen.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("a list").clone()
    }
}

fn head_of(stream: &mut UnixStream) -> Option<Asked> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    Some(Asked { head: String::from_utf8(head).ok()?, body: Vec::new() })
}

/// Reads the body that belongs to a head.
fn body_of(mut asked: Asked, stream: &mut UnixStream) -> Option<Asked> {
    if let [length] = asked.header("content-length")[..] {
        asked.body = vec![0; length.parse().ok()?];
        stream.read_exact(&mut asked.body).ok()?;
    } else if !asked.header("transfer-encoding").is_empty() {
        loop {
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).ok()?;
                line.push(byte[0]);
            }
            let size = std::str::from_utf8(&line).ok()?.trim();
            let mut chunk = vec![0; usize::from_str_radix(size, 16).ok()? + 2];
            stream.read_exact(&mut chunk).ok()?;
            if chunk.len() == 2 {
                break;
            }
            asked.body.extend_from_slice(&chunk[..chunk.len() - 2]);
        }
    }
    Some(asked)
}

/// Writes an answer with a length.
pub(crate) fn answer(stream: &mut UnixStream, status: &str, content_type: &str, body: &[u8]) {
    let mut head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    if !content_type.is_empty() {
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
    }
    head.push_str("\r\n");
    let _ = stream.write_all(&[head.as_bytes(), body].concat());
}

pub(crate) const JSON: &str = "application/json";

/// An engine that answers everything with one answer.
pub(crate) fn always(status: &'static str, content_type: &'static str, body: &[u8]) -> Script {
    let body = body.to_vec();
    Script::new(move |_, _, stream| {
        answer(stream, status, content_type, &body);
        Then::GoOn
    })
}

/// Waits on a runtime of one thread.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(work)
}

/// An error as a person sees it, without what differs from run to run.
pub(crate) fn shown(error: &contajners::Error, script: Option<&Script>) -> String {
    let mut text = format!("error: {error}\n  code: {}", error.code());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!("\n  caused by: {error}"));
        cause = error.source();
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    match script {
        Some(script) => text.replace(&script.uri(), "unix:///…/engine.sock"),
        None => text,
    }
}
