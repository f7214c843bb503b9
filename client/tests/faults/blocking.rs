//! The same faults for a client that blocks, each on a thread of its own: one that hangs is told of.

use std::io::Read as _;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use contajners::blocking::{Call, Client};
use contajners::{Error, Method, Unpack};
use serde_json::{Value, json};

use crate::engine::{Engine, HANG, Transport};
use crate::row::{Row, Wanted, numbers};
use crate::{AMPLE, ANSWER_LIMIT, Ended, UPLOAD, found};

/// As the asynchronous one does it.
fn told(client: &Client, wanted: Wanted) -> Result<String, Error> {
    let archive = || client.invoke("ContainerArchive").param("id", "x").param("path", "/");
    let build = || client.invoke("ImageBuild");
    match wanted {
        Wanted::Value => Ok(found(client.invoke("ContainerList").call()?)),
        Wanted::Numbers => {
            let list = client.invoke("ContainerList").call()?;
            Ok(if list == json!(numbers()) { "all numbers" } else { "other numbers" }.to_owned())
        }
        Wanted::Head => {
            let call = client.invoke("ContainerArchiveInfo").param("id", "x").param("path", "/");
            Ok(format!("{} bytes", call.send()?.bytes()?.len()))
        }
        Wanted::Output => {
            let call = client.invoke("ContainerLogs").param("id", "x").param("stdout", true);
            let pieces = call.output()?.map(|piece| Ok(piece?.bytes.len()));
            Ok(format!("{} bytes of output", pieces.sum::<Result<usize, Error>>()?))
        }
        Wanted::Documents => {
            let documents = client.invoke("SystemEvents").documents::<Value>()?;
            let count = documents.map(|document| document.map(|_| 1));
            Ok(format!("{} documents", count.sum::<Result<usize, Error>>()?))
        }
        Wanted::Bytes => {
            let pieces = archive().stream()?.into_iter().map(|piece| Ok(piece?.len()));
            Ok(format!("{} bytes", pieces.sum::<Result<usize, Error>>()?))
        }
        Wanted::Slowly => {
            for piece in archive().stream()? {
                piece?;
                thread::sleep(Duration::from_millis(5));
            }
            Ok("an end".to_owned())
        }
        Wanted::Unpacked => {
            let folder = tempfile::tempdir().unwrap();
            let into = Unpack::new(folder.path()).entries_limit(100).bytes_limit(1 << 20);
            let unpacked = archive().stream()?.unpack_into(into)?;
            Ok(format!("{} entries", unpacked.entries))
        }
        Wanted::Reader => sent(build().body_reader(std::io::repeat(b'x').take(u64::MAX))),
        Wanted::Upload => sent(build().body_bytes(vec![b'x'; UPLOAD])),
        Wanted::Socket => {
            let call = client.invoke("ContainerAttach").param("id", "x").param("stream", true);
            call.socket().map(|socket| format!("{:?}", socket.content()))
        }
        Wanted::SocketWith => {
            let call = client.request(Method::Post, "/session").body_bytes(vec![b'x'; UPLOAD]);
            call.socket().map(|socket| format!("{:?}", socket.content()))
        }
    }
}

fn sent(call: Call) -> Result<String, Error> {
    call.send().map(|answer| format!("status {}", answer.status()))
}

/// Meets the fault of a row, and says what came of it.
pub(crate) fn run(row: &Row) -> Ended {
    let engine = Engine::start(Transport::Unix, row.greeting, &row.fault);
    let builder = row.limits(engine.builder().answer_limit(ANSWER_LIMIT));
    let client = builder.build_blocking().unwrap();
    let mut ended = Ended::default();
    let begun = Instant::now();
    let (done, result) = channel();
    let (wanted, asking) = (row.wanted, client.clone());
    thread::spawn(move || {
        let mut end = String::new();
        let memory = allocation_counter::measure(|| {
            end = told(&asking, wanted).unwrap_or_else(|error| error.code().to_owned());
        });
        drop(asking);
        // Whoever waited may have given up.
        let _ = done.send((end, memory.bytes_max));
    });
    (ended.end, ended.memory) = result.recv_timeout(HANG).unwrap_or(("hangs".to_owned(), 0));
    if row.ends.contains(&&*ended.end) {
        ended.end = row.ends.join(" or ");
    }
    if begun.elapsed() > row.patience() {
        ended.wrong.push(format!("it took {:?}", begun.elapsed()));
    }
    if ended.memory > row.memory {
        ended.wrong.push(format!("it takes {} bytes", ended.memory));
    }
    if !row.pause.is_zero() {
        engine.wait_until_sound();
        thread::sleep(row.pause);
    }
    let list = client.invoke("ContainerList").timeout(AMPLE * 3 / 4).read_timeout(None).call();
    if !matches!(&list, Ok(list) if *list == json!([])) {
        ended.wrong.push(format!("the client is of no use after: {list:?}"));
    }
    if !engine.is_down_to(1) {
        ended.wrong.push("it leaves more than a connection while the client lives".to_owned());
    }
    drop(client);
    if !engine.is_down_to(0) {
        ended.wrong.push("it leaves a connection behind".to_owned());
    }
    ended
}
