//! However a stream is cut, on its way through sockets, chunks and reads, the same comes out of it.

use std::sync::{Arc, Mutex};

use contajners::{Client, Credentials, Error, Output};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};

/// What a stream says, before anything is cut.
#[derive(Debug, Clone)]
enum Said {
    /// Frames: channel and content.
    Frames(Vec<(u8, Vec<u8>)>),
    /// The output of a terminal.
    Terminal(Vec<u8>),
    /// Documents, and what stands behind each.
    Documents(Vec<(Value, &'static str)>),
}

/// How an answer tells where its body ends.
#[derive(Debug, Clone)]
enum Framing {
    Length,
    Close,
    /// Chunks of these lengths, in turn.
    Chunks(Vec<usize>),
}

#[derive(Debug, Clone)]
struct Case {
    said: Said,
    framing: Framing,
    /// What is written at a time, in turn.
    writes: Vec<usize>,
    /// Where the stream ends before its end, as if that were all.
    ends: Option<Index>,
    /// Where the connection breaks.
    breaks: Option<Index>,
}

fn cases() -> impl Strategy<Value = Case> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..60);
    let frames = prop::collection::vec((0..3_u8, bytes()), 0..12).prop_map(Said::Frames);
    // What begins like a frame could be one.
    let terminal = bytes().prop_map(|mut bytes| {
        bytes.insert(0, b'$');
        Said::Terminal(bytes)
    });
    let value = prop_oneof![
        any::<String>().prop_map(|text| json!({ text.clone(): text })),
        any::<i64>().prop_map(|number| json!([number, { "a": { "b\"}": [null, "\\"] } }])),
        Just(json!({ "status": "…", "id": "é😀" })),
    ];
    let behind = prop::sample::select(vec!["\n", "\r\n", "", " \t\n\n", "\u{1e}"]);
    let documents = prop::collection::vec((value, behind), 0..8).prop_map(Said::Documents);
    let sizes = || prop::collection::vec(1..40_usize, 1..6);
    let framing = prop_oneof![
        1 => Just(Framing::Length),
        1 => Just(Framing::Close),
        3 => sizes().prop_map(Framing::Chunks),
    ];
    let place = || prop_oneof![2 => Just(None), 1 => any::<Index>().prop_map(Some)];
    let said = prop_oneof![2 => frames, 1 => terminal, 2 => documents];
    (said, framing, sizes(), place(), place()).prop_map(|(said, framing, writes, ends, breaks)| {
        Case { said, framing, writes, ends, breaks }
    })
}

/// What comes of a stream: bytes by channel, one after another, or documents; and how it ends.
#[derive(Debug, Default, PartialEq)]
struct Came {
    output: Vec<(u8, u8)>,
    documents: Vec<Value>,
    end: &'static str,
}

impl Said {
    fn content_type(&self) -> &'static str {
        match self {
            Self::Frames(_) => "application/vnd.docker.multiplexed-stream",
            Self::Terminal(_) => "application/vnd.docker.raw-stream",
            Self::Documents(_) => "application/json",
        }
    }

    fn written(&self) -> Vec<u8> {
        match self {
            Self::Frames(frames) => {
                let frame = |(channel, bytes): &(u8, Vec<u8>)| {
                    [&[*channel, 0, 0, 0, 0, 0, 0, bytes.len() as u8], &bytes[..]].concat()
                };
                frames.iter().flat_map(frame).collect()
            }
            Self::Terminal(bytes) => bytes.clone(),
            Self::Documents(all) => all
                .iter()
                .map(|(value, behind)| format!("{value}{behind}"))
                .collect::<String>()
                .into(),
        }
    }

    /// What comes of it when it ends after so many bytes.
    fn comes(&self, length: usize) -> Came {
        let mut came = Came { end: "done", ..Came::default() };
        let mut left = length;
        match self {
            Self::Frames(frames) => {
                for (channel, bytes) in frames {
                    let here = left.saturating_sub(8).min(bytes.len());
                    came.output.extend(bytes[..here].iter().map(|byte| (*channel, *byte)));
                    if left > 0 && left < 8 + bytes.len() {
                        came.end = "stream-cut";
                    }
                    left = left.saturating_sub(8 + bytes.len());
                }
            }
            Self::Terminal(bytes) => {
                came.output = bytes[..length].iter().map(|byte| (1, *byte)).collect();
            }
            Self::Documents(all) => {
                for (value, behind) in all {
                    let text = value.to_string().len();
                    match left {
                        0 => break,
                        _ if left < text => {
                            came.end = "stream-cut";
                            break;
                        }
                        _ => came.documents.push(value.clone()),
                    }
                    left = left.saturating_sub(text + behind.len());
                }
            }
        }
        came
    }
}

fn answer(case: &Case, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {}\r\n", case.said.content_type());
    let mut all = head.into_bytes();
    match &case.framing {
        Framing::Close => all.extend_from_slice(b"Connection: close\r\n\r\n"),
        Framing::Length => all.extend(format!("Content-Length: {}\r\n\r\n", body.len()).bytes()),
        Framing::Chunks(sizes) => {
            all.extend_from_slice(b"Transfer-Encoding: chunked\r\n\r\n");
            for piece in cut(body, sizes) {
                all.extend(format!("{:x}\r\n", piece.len()).bytes());
                all.extend_from_slice(piece);
                all.extend_from_slice(b"\r\n");
            }
            all.extend_from_slice(b"0\r\n\r\n");
            return all;
        }
    }
    all.extend_from_slice(body);
    all
}

/// Pieces of these lengths, in turn.
fn cut<'b>(mut bytes: &'b [u8], sizes: &[usize]) -> Vec<&'b [u8]> {
    let mut pieces = Vec::new();
    for size in sizes.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at((*size).min(bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// What the next answer is: pieces, and whether the connection ends with it.
type Plan = (Vec<Vec<u8>>, bool);

async fn serve(mut stream: UnixStream, plan: Arc<Mutex<Plan>>) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let (pieces, is_last) = plan.lock().unwrap().clone();
        for piece in pieces {
            if stream.write_all(&piece).await.is_err() {
                return;
            }
            // Whoever reads gets its turn.
            tokio::task::yield_now().await;
        }
        if is_last {
            return;
        }
    }
}

async fn read(client: &Client, said: &Said) -> Came {
    let mut came = Came::default();
    let done: Result<(), Error> = async {
        if let Said::Documents(_) = said {
            let mut documents = client.invoke("SystemEvents").documents::<Value>().await?;
            while let Some(document) = documents.next().await {
                came.documents.push(document?);
            }
            return Ok(());
        }
        let call = client.invoke("ContainerLogs").param("id", "x").param("stdout", true);
        let mut output = call.output().await?;
        while let Some(piece) = output.next().await {
            let piece = piece?;
            let channel = match piece.output {
                Output::Stdin => 0,
                Output::Stderr => 2,
                _ => 1,
            };
            came.output.extend(piece.bytes.iter().map(|byte| (channel, *byte)));
        }
        Ok(())
    }
    .await;
    came.end = done.map_or_else(|error| error.code(), |()| "done");
    came
}

#[test]
fn any_cut_of_a_stream_gives_the_same() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.sock");
    let plan: Arc<Mutex<Plan>> = Arc::default();
    let served = plan.clone();
    let listener = {
        let _guard = runtime.enter();
        UnixListener::bind(&path).unwrap()
    };
    runtime.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, served.clone()));
        }
    });
    let builder = Client::builder("docker").uri(format!("unix://{}", path.display()));
    let client = builder.api_version("v1.41").credentials(Credentials::none()).build().unwrap();

    let config = Config { cases: 1500, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&cases(), |case| {
            let whole = case.said.written();
            let length = case.ends.map_or(whole.len(), |at| at.index(whole.len() + 1));
            let answer = answer(&case, &whole[..length]);
            let sent = case.breaks.map_or(answer.len(), |at| at.index(answer.len()));
            let pieces = cut(&answer[..sent], &case.writes);
            let pieces = pieces.into_iter().map(<[u8]>::to_vec).collect();
            let is_last = matches!(case.framing, Framing::Close) || sent < answer.len();
            *plan.lock().unwrap() = (pieces, is_last);
            let came = runtime.block_on(read(&client, &case.said));
            let expected = case.said.comes(length);
            if sent == answer.len() {
                prop_assert_eq!(came, expected);
                return Ok(());
            }
            // A connection that breaks where it may end anyway is a stream that ended there.
            let ends = ["connection-broken", "stream-cut", "done"];
            let is_end = match case.framing {
                Framing::Close => ends.contains(&came.end),
                Framing::Length | Framing::Chunks(_) => came.end == ends[0],
            };
            prop_assert!(is_end, "{}", came.end);
            prop_assert!(expected.output.starts_with(&came.output));
            prop_assert!(expected.documents.starts_with(&came.documents));
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

/// Whoever is fast enough could send the next request before the connection is known to have more
/// to say; on several threads there are many orders.
#[test]
fn an_answer_behind_an_answer_is_never_the_next_one() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("engine.sock");
    let evil =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n\"evil\"";
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let answers = [
        format!("{head}Content-Length: 2\r\n\r\n[]{evil}"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n{evil}"),
    ];
    runtime.block_on(async {
        let listener = UnixListener::bind(&path).unwrap();
        let plan: Arc<Mutex<Plan>> = Arc::default();
        let served = plan.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, served.clone()));
            }
        });
        let builder = Client::builder("docker").uri(format!("unix://{}", path.display()));
        let builder = builder.api_version("v1.41").credentials(Credentials::none());
        let client = builder.build().unwrap();
        for answer in answers {
            *plan.lock().unwrap() = (vec![answer.into_bytes()], false);
            for call in 0..500 {
                let list = client.invoke("ContainerList").await;
                assert_eq!(list.unwrap(), json!([]), "call {call}");
            }
        }
    });
}
