//! What reading a long answer costs grows as its length does: a log of a terminal may go on for
//! megabytes without the end of a line.

use std::sync::Arc;

use contajners::{Client, Error};
use serde_json::Value;

use crate::engine::{Engine, Fault, Then, Transport};

const MB: usize = 1_000_000;

/// An answer of so many letters in small chunks, with something around them.
fn answer(content_type: &'static str, size: usize, around: [Vec<u8>; 2]) -> Fault {
    Arc::new(move |wire| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let letters = [b'x'; 1000];
        let pieces = std::iter::repeat_n(&letters[..], size / letters.len());
        let pieces = std::iter::once(&around[0][..]).chain(pieces).chain([&around[1][..]]);
        let mut is_taken = wire.write_all(head.as_bytes()).is_ok();
        for piece in pieces.filter(|piece| !piece.is_empty()) {
            let chunk = [format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat();
            is_taken = is_taken && wire.write_all(&chunk).is_ok();
        }
        let _ = wire.write_all(b"0\r\n\r\n");
        Then::GoOn
    })
}

/// Returns how many bytes the client allocates while it takes an answer, all of them counted.
fn allocated<F>(fault: &Fault, size: usize, take: fn(Client) -> F) -> u64
where
    F: Future<Output = Result<usize, Error>>,
{
    let engine = Engine::start(Transport::Unix, b"", fault);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = engine.builder().build().unwrap();
    let mut length = 0;
    let memory = allocation_counter::measure(|| {
        length = runtime.block_on(take(client)).unwrap();
    });
    assert_eq!(length, size);
    memory.bytes_total
}

/// The output of a terminal over a socket, in small pieces.
fn attached(size: usize) -> Fault {
    Arc::new(move |wire| {
        let head = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
        let mut is_taken = wire.write_all(head.as_bytes()).is_ok();
        for _ in 0..size / 1000 {
            is_taken = is_taken && wire.write_all(&[b'x'; 1000]).is_ok();
        }
        Then::Close
    })
}

#[track_caller]
fn check<F>(content_type: &'static str, around: fn(usize) -> [Vec<u8>; 2], take: fn(Client) -> F)
where
    F: Future<Output = Result<usize, Error>>,
{
    check_fault(content_type, |size| answer(content_type, size, around(size)), take);
}

#[track_caller]
fn check_fault<F>(content_type: &str, fault: impl Fn(usize) -> Fault, take: fn(Client) -> F)
where
    F: Future<Output = Result<usize, Error>>,
{
    let of = |size| allocated(&fault(size), size, take);
    let (one, nine) = (of(MB), of(9 * MB));
    println!("{content_type}: {one} bytes for 1 MB, {nine} bytes for 9 MB");
    // Buffers grow by doubling, which may be once more, and how small the pieces are that a kernel
    // hands out is its own business; what is looked at again and again would be 81 times as much.
    assert!(nine <= one.max(MB as u64) * 16, "{one} bytes became {nine}");
}

async fn output(client: Client) -> Result<usize, Error> {
    let call = client.invoke("ContainerLogs").param("id", "x").param("stdout", true);
    let mut output = call.output().await?;
    let mut length = 0;
    while let Some(piece) = output.next().await {
        length += piece?.bytes.len();
    }
    Ok(length)
}

async fn socket(client: Client) -> Result<usize, Error> {
    let call = client.invoke("ContainerAttach").param("id", "x").param("stream", true);
    let (mut output, _input) = call.socket().await?.split_raw();
    let mut length = 0;
    while let Some(piece) = output.next().await {
        length += piece?.bytes.len();
    }
    Ok(length)
}

async fn text(client: Client) -> Result<usize, Error> {
    let call = client.invoke("ContainerLogs").param("id", "x").param("stdout", true);
    Ok(call.send().await?.text().await?.len())
}

async fn value(client: Client) -> Result<usize, Error> {
    let list = client.invoke("ContainerList").await?;
    Ok(list[0].as_str().map_or(0, str::len))
}

async fn document(client: Client) -> Result<usize, Error> {
    let mut documents = client.invoke("SystemEvents").documents::<Value>().await?;
    let document = documents.next().await.transpose()?.unwrap_or_default();
    assert!(documents.next().await.is_none());
    Ok(document["a"].as_str().map_or(0, str::len))
}

#[test]
fn a_log_without_a_line_takes_time_as_its_length_does() {
    let nothing = |_| [Vec::new(), Vec::new()];
    let frame = |size| {
        let header = [&[1, 0, 0, 0][..], &u32::try_from(size).unwrap().to_be_bytes()].concat();
        [header, Vec::new()]
    };
    for content_type in ["application/vnd.docker.raw-stream", "application/octet-stream", ""] {
        check(content_type, nothing, output);
        check(content_type, nothing, text);
    }
    check("application/vnd.docker.multiplexed-stream", frame, output);
    check("application/vnd.docker.multiplexed-stream", frame, text);
    check_fault("a socket", attached, socket);
}

#[test]
fn pieces_of_a_log_are_not_copied() {
    for (content_type, header) in [
        ("application/vnd.docker.raw-stream", &b""[..]),
        ("application/vnd.docker.multiplexed-stream", b"\x01\0\0\0\0\x89\x54\x40"),
    ] {
        let fault = answer(content_type, 9 * MB, [header.to_vec(), Vec::new()]);
        let bytes = allocated(&fault, 9 * MB, output);
        assert!(bytes < 3 * MB as u64, "{content_type}: {bytes} bytes");
    }
}

#[test]
fn json_of_one_text_does_so_too() {
    check("application/json", |_| [b"[\"".to_vec(), b"\"]".to_vec()], value);
    check("application/json", |_| [b"{\"a\":\"".to_vec(), b"\"}\n".to_vec()], document);
}
