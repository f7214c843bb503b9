//! A socket before an engine's that writes down what is sent.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) body: Vec<u8>,
}

impl Sent {
    pub(crate) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }
}

/// All bytes of a connection to the engine.
type Bytes = Arc<Mutex<Vec<u8>>>;

pub(crate) struct Recorder {
    folder: TempDir,
    connections: Arc<Mutex<Vec<Bytes>>>,
}

impl Recorder {
    pub(crate) fn new(engine: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join("s")).expect("a socket");
        let connections: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let (list, engine): (_, PathBuf) = (connections.clone(), engine.into());
        thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(engine)) = (client, UnixStream::connect(&engine)) else {
                    return;
                };
                let bytes = Bytes::default();
                list.lock().expect("connections").push(bytes.clone());
                let (from, to) = (client.try_clone(), engine.try_clone());
                thread::spawn(move || pass(client, engine, Some(&bytes)));
                if let (Ok(to), Ok(from)) = (from, to) {
                    thread::spawn(move || pass(from, to, None));
                }
            }
        });
        Self { folder, connections }
    }

    pub(crate) fn uri(&self) -> String {
        format!("unix://{}/s", self.folder.path().display())
    }

    /// Returns the requests of all connections; what follows one that takes its connection over is
    /// left out.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        let connections = self.connections.lock().expect("connections");
        connections.iter().flat_map(|bytes| requests(&bytes.lock().expect("bytes"))).collect()
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream, record: Option<&Bytes>) {
    let mut buffer = vec![0; 64 << 10];
    while let Ok(read) = from.read(&mut buffer) {
        // Before it goes on: once it is answered, what was sent may be asked for.
        if let Some(record) = record {
            record.lock().expect("bytes").extend_from_slice(&buffer[..read]);
        }
        if read == 0 || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

fn requests(mut bytes: &[u8]) -> Vec<Sent> {
    let mut all = Vec::new();
    while let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        bytes = &bytes[end + 4..];
        let mut lines = head.lines();
        let mut first = lines.next().unwrap_or_default().split(' ');
        let (Some(method), Some(target)) = (first.next(), first.next()) else { break };
        let header = |name: &str| {
            let mut pairs = head.lines().skip(1).filter_map(|line| line.split_once(": "));
            pairs.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
        };
        let mut sent = Sent { method: method.into(), target: target.into(), body: Vec::new() };
        if header("Transfer-Encoding").is_some() {
            while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
                let size = String::from_utf8_lossy(&bytes[..end]).into_owned();
                let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
                bytes = &bytes[end + 2..];
                let size = size.min(bytes.len());
                sent.body.extend_from_slice(&bytes[..size]);
                bytes = bytes.get(size + 2..).unwrap_or_default();
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = header("Content-Length").and_then(|text| text.parse().ok()) {
            let (body, rest) = bytes.split_at(bytes.len().min(length));
            sent.body = body.to_vec();
            bytes = rest;
        }
        let is_taken_over = header("Upgrade").is_some();
        all.push(sent);
        if is_taken_over {
            break;
        }
    }
    all
}
