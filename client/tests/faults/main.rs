//! The fault table: answers that no sound engine gives, over every kind of connection. Each ends in
//! a result or in a defined error within its time-out and with little memory, leaves neither a task
//! nor a connection nor memory behind, however often it comes, and the client works afterwards. So
//! does the client that blocks.

#![cfg(all(unix, feature = "tls"))]

#[cfg(feature = "blocking")]
mod blocking;
mod cuts;
mod engine;
mod linear;
#[cfg(target_os = "linux")]
mod process;
mod resets;
mod row;
mod table;

use std::thread;
use std::time::{Duration, Instant};

use contajners::{Call, Client, Error, Unpack};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use engine::{Engine, HANG, Transport};
use row::{Row, Wanted, numbers};

/// What calls may take whose engines are not slow.
pub(crate) const AMPLE: Duration = Duration::from_secs(40);
/// The most bytes that are kept of an answer.
const ANSWER_LIMIT: usize = 1 << 20;
/// The largest body that is given as a whole.
const UPLOAD: usize = 8 << 20;

/// What comes of an empty list.
const EMPTY: &str = "a list of 0";
/// The most bytes that stay of all of these.
const KEPT: i64 = 4 << 10;

/// How many rows are tried at a time over each kind of connection.
const WORKERS: usize = 6;

/// Does what is wanted of a client, and says in a word what came of it.
pub(crate) async fn told(client: &Client, wanted: Wanted) -> Result<String, Error> {
    let archive = || client.invoke("ContainerArchive").param("id", "x").param("path", "/");
    let build = || client.invoke("ImageBuild");
    match wanted {
        Wanted::Value => Ok(found(client.invoke("ContainerList").await?)),
        Wanted::Numbers => {
            let list = client.invoke("ContainerList").await?;
            Ok(if list == json!(numbers()) { "all numbers" } else { "other numbers" }.to_owned())
        }
        Wanted::Head => {
            let call = client.invoke("ContainerArchiveInfo").param("id", "x").param("path", "/");
            let length = call.send().await?.bytes().await?.len();
            Ok(format!("{length} bytes"))
        }
        Wanted::Output => {
            let call = client.invoke("ContainerLogs").param("id", "x");
            let mut output = call.param("stdout", true).output().await?;
            let mut length = 0;
            while let Some(piece) = output.next().await {
                length += piece?.bytes.len();
            }
            Ok(format!("{length} bytes of output"))
        }
        Wanted::Documents => {
            let mut documents = client.invoke("SystemEvents").documents::<Value>().await?;
            let mut count = 0;
            while let Some(document) = documents.next().await {
                document?;
                count += 1;
            }
            Ok(format!("{count} documents"))
        }
        Wanted::Bytes => {
            let mut stream = archive().stream().await?;
            let mut length = 0;
            while let Some(piece) = stream.next().await {
                length += piece?.len();
            }
            Ok(format!("{length} bytes"))
        }
        Wanted::Slowly => {
            let mut stream = archive().stream().await?;
            while stream.next().await.transpose()?.is_some() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok("an end".to_owned())
        }
        Wanted::Unpacked => {
            let folder = tempfile::tempdir().unwrap();
            let into = Unpack::new(folder.path()).entries_limit(100).bytes_limit(1 << 20);
            let unpacked = archive().stream().await?.unpack_into(into).await?;
            Ok(format!("{} entries", unpacked.entries))
        }
        Wanted::Reader => sent(build().body_reader(tokio::io::repeat(b'x'))).await,
        Wanted::Upload => sent(build().body_bytes(vec![b'x'; UPLOAD])).await,
        Wanted::Socket => {
            let call = client.invoke("ContainerAttach").param("id", "x").param("stream", true);
            call.socket().await.map(|socket| format!("{:?}", socket.content()))
        }
        Wanted::SocketWith => {
            let call = client.request(contajners::Method::Post, "/session");
            let call = call.body_bytes(vec![b'x'; UPLOAD]);
            call.socket().await.map(|socket| format!("{:?}", socket.content()))
        }
    }
}

fn found(value: Value) -> String {
    match value {
        Value::Array(items) => format!("a list of {}", items.len()),
        other => other.to_string(),
    }
}

async fn sent(call: Call) -> Result<String, Error> {
    call.send().await.map(|answer| format!("status {}", answer.status()))
}

/// How a row ends.
#[derive(Default)]
struct Ended {
    /// A result in a word, or the code of an error.
    end: String,
    /// The most memory that was taken.
    memory: u64,
    /// What should not be.
    wrong: Vec<String>,
}

/// Runs a row over a kind of connection.
fn run(row: &Row, transport: Transport) -> Ended {
    let engine = Engine::start(transport, row.greeting, &row.fault);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = row.limits(engine.builder().answer_limit(ANSWER_LIMIT)).build().unwrap();
    let mut ended = Ended::default();
    // The client's tasks run on this thread, and the engine's do not.
    let memory = allocation_counter::measure(|| {
        ended.end = meet(row, &client, &runtime, &mut ended.wrong);
    });
    ended.memory = memory.bytes_max;
    if row.ends.contains(&&*ended.end) {
        ended.end = row.ends.join(" or ");
    }
    rest(row, &engine, &runtime);
    works(row, &client, &runtime, &mut ended.wrong);
    let mut asked = if row.greeting.is_empty() { 2..=2 } else { 1..=2 };
    if row.again() > 0 {
        let more = come_again(row, &client, &runtime, &engine, &mut ended);
        asked = asked.start() + more..=asked.end() + more;
    }
    // Of all that was asked, one connection may be left that is waiting for the next call.
    if !is_down_to(1, &runtime) || !engine.is_down_to(1) {
        ended.wrong.push("it leaves more than a connection while the client lives".to_owned());
    }
    drop(client);
    if !is_down_to(0, &runtime) {
        ended.wrong.push("it leaves tasks behind".to_owned());
    }
    if !engine.is_down_to(0) {
        ended.wrong.push("it leaves a connection behind".to_owned());
    }
    let heads = engine.heads();
    // Nothing is asked twice, here or elsewhere.
    if !asked.contains(&heads.len()) {
        ended.wrong.push(format!("{} requests came: {heads:?}", heads.len()));
    }
    if heads.iter().any(|head| head.to_lowercase().contains("\r\naccept-encoding")) {
        ended.wrong.push("it asks for a coding that it does not read".to_owned());
    }
    if ended.memory > row.memory {
        ended.wrong.push(format!("it takes {} bytes", ended.memory));
    }
    ended
}

/// Meets the fault, and says what came of it.
fn meet(row: &Row, client: &Client, runtime: &Runtime, wrong: &mut Vec<String>) -> String {
    let begun = Instant::now();
    let work = async { tokio::time::timeout(HANG, told(client, row.wanted)).await };
    let end = match runtime.block_on(work) {
        Ok(done) => done.unwrap_or_else(|error| error.code().to_owned()),
        Err(_) => "hangs".to_owned(),
    };
    if begun.elapsed() > row.patience() {
        wrong.push(format!("it took {:?}", begun.elapsed()));
    }
    end
}

/// Lets what comes late come now.
fn rest(row: &Row, engine: &Engine, runtime: &Runtime) {
    if !row.pause.is_zero() {
        engine.wait_until_sound();
        runtime.block_on(async { tokio::time::sleep(row.pause).await });
    }
}

/// Sees that the client works.
fn works(row: &Row, client: &Client, runtime: &Runtime, wrong: &mut Vec<String>) {
    let begun = Instant::now();
    // It is sound, so that what limits the fault need not hold for it.
    let call = client.invoke("ContainerList").timeout(AMPLE * 3 / 4);
    let call = call.read_timeout(None);
    let after = runtime.block_on(async { call.await });
    if begun.elapsed() > row.patience() {
        wrong.push(format!("the next call took {:?}", begun.elapsed()));
    }
    if !matches!(&after, Ok(list) if *list == json!([])) {
        wrong.push(format!("the client is of no use after: {after:?}"));
    }
}

/// Waits until the runtime has no more than so many tasks.
fn is_down_to(tasks: usize, runtime: &Runtime) -> bool {
    let begun = Instant::now();
    runtime.block_on(async {
        while runtime.metrics().num_alive_tasks() > tasks && begun.elapsed() < AMPLE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    runtime.metrics().num_alive_tasks() <= tasks
}

/// Meets the fault again and again: it ends as before, and what it took is given back. Returns how
/// many requests that is.
fn come_again(
    row: &Row,
    client: &Client,
    runtime: &Runtime,
    engine: &Engine,
    ended: &mut Ended,
) -> usize {
    let expected = if row.is_repeated { EMPTY } else { &ended.end };
    let mut once = || {
        engine.arm();
        let end = meet(row, client, runtime, &mut ended.wrong);
        if end != expected {
            ended.wrong.push(format!("when it comes again it ends with {end}"));
        }
        works(row, client, runtime, &mut ended.wrong);
    };
    // The first one makes what is kept for the next ones.
    once();
    let memory = allocation_counter::measure(|| (0..row.again()).for_each(|_| once()));
    // What another thread puts away does not count here.
    if memory.bytes_current > KEPT && row.memory < u64::MAX {
        ended.wrong.push(format!("{} times keep {} bytes", row.again(), memory.bytes_current));
    }
    (2 + usize::from(row.is_repeated)) * (1 + row.again())
}

/// How one client meets each fault.
type Meeting = (&'static str, fn(&Row) -> Ended);

const MEETINGS: &[Meeting] = &[
    ("unix", |row| run(row, Transport::Unix)),
    ("tcp", |row| run(row, Transport::Tcp)),
    ("tls", |row| run(row, Transport::Tls)),
    #[cfg(feature = "blocking")]
    ("unix, blocking", blocking::run),
];

#[test]
fn every_fault_has_its_end() {
    let rows = table::rows();
    // Most rows only wait.
    let met: Vec<Vec<Ended>> = thread::scope(|scope| {
        let rows = &rows;
        let over = |&(_, meet): &Meeting| {
            let worker = |worker| {
                let mine = rows.iter().skip(worker).step_by(WORKERS);
                scope.spawn(move || mine.map(meet).collect::<Vec<_>>())
            };
            (0..WORKERS).map(worker).collect::<Vec<_>>()
        };
        let all: Vec<_> = MEETINGS.iter().map(over).collect();
        let joined = all.into_iter().map(|workers| {
            let join = |worker: thread::ScopedJoinHandle<'_, Vec<Ended>>| {
                let ended = worker.join();
                ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic)).into_iter()
            };
            let mut all: Vec<_> = workers.into_iter().map(join).collect();
            // In turn, as they were dealt.
            (0..rows.len()).filter_map(|at| all[at % WORKERS].next()).collect()
        });
        joined.collect()
    });
    let (mut table, mut wrong) = (String::new(), String::new());
    for (at, row) in rows.iter().enumerate() {
        let usual = &met[0][at].end;
        table.push_str(&format!("{}: {usual}", row.name));
        for ((name, _), all) in MEETINGS.iter().zip(&met) {
            if all[at].end != *usual {
                table.push_str(&format!("; over {name} {}", all[at].end));
            }
            for problem in &all[at].wrong {
                wrong.push_str(&format!("{} over {name}: {problem}\n", row.name));
            }
        }
        table.push('\n');
    }
    assert!(wrong.is_empty(), "{wrong}{table}");
    insta::assert_snapshot!(table);
}
