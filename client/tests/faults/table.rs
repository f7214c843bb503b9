//! The rows of the fault table.

use std::io::Write as _;

use crate::engine::{Fault, answering, dripping, endless, kept, later, raw, silent, stuck};
use crate::row::{Limited, Row, SHORT, Wanted, numbers, row};

const OK: &str = "HTTP/1.1 200 OK\r\n";
const JSON: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
const FRAMES: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\n\r\n";
const EMPTY: &str = "Content-Length: 0\r\n\r\n";
/// What nobody has asked for.
const EXTRA: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 6\r\n\r\n\"evil\"";

fn chunked(body: &str) -> Fault {
    raw(format!("{CHUNKED}{body}"))
}

fn with_length(length: &str, body: &str) -> Fault {
    raw(format!("{JSON}Content-Length: {length}\r\n\r\n{body}"))
}

/// A JSON text as the whole answer.
fn json(body: &str) -> Fault {
    with_length(&body.len().to_string(), body)
}

/// Frames, and what more.
fn frames(bytes: &[u8]) -> Fault {
    let length = format!("Content-Length: {}\r\n\r\n", bytes.len());
    raw([FRAMES.trim_end().as_bytes(), b"\r\n", length.as_bytes(), bytes].concat())
}

fn headed(head: &str) -> Fault {
    raw(format!("{head}\r\n\r\n"))
}

fn and(answer: &str, extra: &[u8]) -> Vec<u8> {
    [answer.as_bytes(), extra].concat()
}

pub(crate) fn rows() -> Vec<Row> {
    [heads(), lengths(), chunks(), bodies(), streams(), splits(), slowness(), archives(), sockets()]
        .into_iter()
        .flatten()
        .collect()
}

/// Heads of answers, and what is none.
fn heads() -> Vec<Row> {
    let wide = format!("{OK}{}\r\n", "A: b\r\n".repeat(10_000));
    let long = format!("{OK}A: {}\r\n\r\n", "b".repeat(1 << 20));
    let reason = format!("HTTP/1.1 200 {}\r\n\r\n", "b".repeat(1 << 20));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
    let redirect = |to: &str| raw(format!("HTTP/1.1 301 No\r\nLocation: {to}\r\n{EMPTY}"));
    vec![
        row("nothing at all", raw("")).repeated(),
        row("half a status line", raw("HTTP/1.1 2")).repeated(),
        row("another protocol", raw("220 mail.example ESMTP\r\n")),
        row("HTTP/0.9", raw("[]")),
        row("HTTP/1.0, until the connection ends", raw("HTTP/1.0 200 OK\r\n\r\n[]")),
        row("HTTP/1.0 with a length", kept("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]")),
        row(
            "HTTP/1.0 with chunks",
            raw("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ),
        row("HTTP/2 in a status line", raw("HTTP/2 200\r\n\r\n")),
        row("the preface of HTTP/2", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")),
        row(
            "frames of HTTP/2",
            raw(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80\0\x04\0\x01\0\0\0\x05\0\xff\xff\xff"),
        ),
        row("a status that is no number", headed("HTTP/1.1 two OK")),
        row("a status of two digits", headed("HTTP/1.1 20 OK")),
        row("a status of zeros", headed("HTTP/1.1 000 OK")),
        row("a status beyond all classes", headed("HTTP/1.1 999 OK\r\nContent-Length: 0")),
        row("lines without carriage returns", raw("HTTP/1.1 200 OK\nContent-Length: 2\n\n[]")),
        row("zero bytes in a header", headed("HTTP/1.1 200 OK\r\nA: \0")),
        row("a header without a colon", headed("HTTP/1.1 200 OK\r\nnothing")),
        row("a header without a name", headed("HTTP/1.1 200 OK\r\n: b")),
        row("a space before the colon", headed("HTTP/1.1 200 OK\r\nA : b")),
        row("a folded header", headed("HTTP/1.1 200 OK\r\nA: b\r\n c")),
        row(
            "bytes beyond ASCII in a header",
            raw(b"HTTP/1.1 200 OK\r\nA: \xff\r\nContent-Length: 2\r\n\r\n[]"),
        ),
        row("10,000 headers", raw(wide)),
        row("a header of a megabyte", raw(long)),
        row("a reason of a megabyte", raw(reason)),
        row("headers without an end", endless(OK, b"A: b\r\n")),
        row("a header without an end", endless("HTTP/1.1 200 OK\r\nA: ", b"b")),
        row("a status line without an end", endless("HTTP/1.1 200 ", b"b")),
        row("10,000 interim answers, and one", raw(interim + JSON + "Content-Length: 2\r\n\r\n[]")),
        row("interim answers without an end", endless("", b"HTTP/1.1 102 Processing\r\n\r\n"))
            .within(Limited::Short),
        row(
            "interim answers without an end, and only silence limited",
            endless("", b"HTTP/1.1 102 Processing\r\n\r\n"),
        )
        .within(Limited::Read),
        row(
            "interim answers with long heads",
            endless(
                "",
                &[&b"HTTP/1.1 103 Early\r\n"[..], &b"Link: <a>\r\n".repeat(90), b"\r\n"].concat(),
            ),
        )
        .within(Limited::Short),
        row("a redirection", redirect("/elsewhere")),
        row("a redirection to another host", redirect("http://169.254.169.254/latest?a=b")),
        row("a redirection to itself", redirect("/v1.41/containers/json")),
        row("a redirection to nowhere", headed("HTTP/1.1 302 No\r\nContent-Length: 0")),
        row("a redirection to what is no address", redirect("\u{1}://")),
        row(
            "a connection that becomes another",
            headed("HTTP/1.1 101 Switching Protocols\r\nUpgrade: tcp\r\nConnection: Upgrade"),
        ),
        row(
            "an error of a megabyte",
            raw(format!(
                "HTTP/1.1 500 No\r\nContent-Length: {}\r\n\r\n{}",
                1 << 20,
                "x".repeat(1 << 20)
            )),
        ),
        row("an error without an end", endless("HTTP/1.1 500 No\r\n\r\n", b"x")),
    ]
}

/// Bodies with a length, and without one where there is none.
fn lengths() -> Vec<Row> {
    vec![
        row("a length that is too long", with_length("3", "[]")),
        row("a length that is too short", with_length("2", "[]HTTP/1.1 200 OK\r\n\r\n{}")),
        row("a length that is no number", with_length("two", "[]")),
        row("a length below zero", with_length("-2", "[]")),
        row("a length with a sign", with_length("+2", "[]")),
        row("a length in two parts", with_length("2, 2", "[]")),
        row("a length beyond all memory", with_length("18446744073709551615", "[]")),
        row("a length of all memory, but one", with_length("18446744073709551613", "[]")),
        row("two lengths", with_length("2\r\nContent-Length: 3", "[] ")),
        row("a length twice", with_length("2\r\nContent-Length: 2", "[]")),
        row(
            "a length and chunks",
            with_length("2\r\nTransfer-Encoding: chunked", "2\r\n[]\r\n0\r\n\r\n"),
        ),
        row(
            "204 with a body",
            kept(and("HTTP/1.1 204 No\r\nContent-Length: 6\r\n\r\n", b"\"evil\"")),
        )
        .pause(),
        row(
            "304 with a body",
            kept(and("HTTP/1.1 304 No\r\nContent-Length: 6\r\n\r\n", b"\"evil\"")),
        )
        .pause(),
        row(
            "HEAD with a length",
            kept("HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551613\r\n\r\n"),
        )
        .of(Wanted::Head),
        row("HEAD with chunks", kept("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
            .of(Wanted::Head),
        row(
            "HEAD with a body",
            kept(and("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n", b"\"evil\"")),
        )
        .of(Wanted::Head)
        .pause(),
        row(
            "HEAD with an error and a body",
            kept(and("HTTP/1.1 404 No\r\nContent-Length: 6\r\n\r\n", b"\"evil\"")),
        )
        .of(Wanted::Head)
        .pause(),
    ]
}

/// Bodies in chunks.
fn chunks() -> Vec<Row> {
    let numbers = format!("{:?}", numbers());
    let tiny: String = numbers.chars().map(|letter| format!("1\r\n{letter}\r\n")).collect();
    let tiny = tiny + "0\r\n\r\n";
    let zeros = "0".repeat(1 << 20) + "2\r\n[]\r\n0\r\n\r\n";
    let extended = "1;a=b;c=\"d\"\r\n \r\n".repeat(10_000) + "2\r\n[]\r\n0\r\n\r\n";
    vec![
        row("a coding that nobody knows", raw(format!("{OK}Transfer-Encoding: rot13\r\n\r\n[]"))),
        row(
            "chunks inside of another coding",
            raw(format!("{OK}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n")),
        ),
        row(
            "chunks twice",
            raw(format!("{OK}Transfer-Encoding: chunked, chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n")),
        ),
        row("a chunk without a size", chunked("\r\n[]\r\n0\r\n\r\n")),
        row("a size that is no number", chunked("zz\r\n[]\r\n0\r\n\r\n")),
        row("a size below zero", chunked("-2\r\n[]\r\n0\r\n\r\n")),
        row("a size beyond all memory", chunked("fffffffffffffffff\r\n[]")),
        row("a size of all memory", chunked("ffffffffffffffff\r\n[]")),
        row("a size of a megabyte", chunked(&zeros)),
        row("a chunk that goes on", chunked("2\r\n[][]\r\n0\r\n\r\n")),
        row("chunks that stop", chunked("1\r\n[\r\n1\r\n]\r\n")),
        row("chunks without the last one", chunked("2\r\n[]\r\n0\r\n")),
        row("10,000 extensions", chunked(&extended)),
        row("an extension without an end", endless(format!("{CHUNKED}2;"), b"a=b;")),
        row("extensions without an end", endless(CHUNKED, b"1;a=b\r\n \r\n")),
        row("trailers", chunked("2\r\n[]\r\n0\r\nA: b\r\n\r\n")),
        row(
            "trailers that frame the next answer",
            chunked("2\r\n[]\r\n0\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ),
        row(
            "10,000 trailers",
            chunked(&format!("2\r\n[]\r\n0\r\n{}\r\n", "A: b\r\n".repeat(10_000))),
        ),
        row("trailers without an end", endless(format!("{CHUNKED}0\r\n"), b"A: b\r\n")),
        row("12,000 tiny chunks", chunked(&tiny)).of(Wanted::Numbers),
        row("tiny chunks without an end", endless(CHUNKED, b"1\r\n \r\n")),
    ]
}

/// Answers that are to be JSON.
fn bodies() -> Vec<Row> {
    let deep = "[".repeat(900_000);
    let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let keys = |name: &dyn Fn(usize) -> String, count: usize| {
        let fields: Vec<String> = (0..count).map(|at| format!("\"{}\":0", name(at))).collect();
        format!("[{{{}}}]", fields.join(","))
    };
    let small = format!("[{}{{}}]", "{\"\":0},".repeat(120_000));
    let lists = format!("[{}[]]", "[0],".repeat(250_000));
    let digits = "9".repeat(900_000);
    let escapes = "\\u0000".repeat(150_000);
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b' '; 64 << 20]).unwrap();
        encoder.finish().unwrap()
    };
    let gzipped = |head: &str| {
        and(
            &format!("{head}Content-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", gzip.len()),
            &gzip,
        )
    };
    vec![
        row("JSON that is none", json("[1,}")),
        row("JSON that is two", json("[][]")),
        row("JSON without text", json("  ")),
        row("JSON that is cut", json("[1,")),
        row("JSON 900,000 deep", json(&deep)),
        row("JSON 100,000 deep, and closed", json(&nested)),
        row("JSON with 100,000 keys", json(&keys(&|at| at.to_string(), 100_000))).values(),
        row("JSON with one key 100,000 times", json(&keys(&|_| "a".into(), 100_000))).values(),
        row("JSON of 120,000 small objects", json(&small)).values(),
        row(
            "an error of 120,000 small objects",
            raw(format!("HTTP/1.1 500 No\r\nContent-Length: {}\r\n\r\n{small}", small.len())),
        ),
        row("JSON of 250,000 small lists", json(&lists)).values(),
        row("150,000 small documents", json(&"{\"\":0}".repeat(150_000))).values(),
        row("a number that is too large", json("[1e999999999]")),
        row("a number of 900,000 digits", json(&format!("[{digits}]"))),
        row("a number of 900,000 places", json(&format!("[0.{digits}]"))),
        row("150,000 escapes", json(&format!("[\"{escapes}\"]"))).values(),
        row("half a surrogate", json("[\"\\ud800\"]")),
        row(
            "bytes that are not UTF-8",
            raw([JSON.as_bytes(), b"Content-Length: 5\r\n\r\n[\"\xff\"]"].concat()),
        ),
        row("zero bytes without an end", endless(format!("{JSON}\r\n"), b"\0")),
        row("an answer without an end", endless(format!("{JSON}\r\n\""), b"a")),
        row("spaces without an end", endless(format!("{JSON}\r\n"), b" ")),
        row("64 MiB in gzip", raw(gzipped(JSON))),
        row("64 MiB in gzip, as a document", raw(gzipped(JSON))).of(Wanted::Documents),
    ]
}

/// Answers that are read as they come.
fn streams() -> Vec<Row> {
    let events = "1\r\n{\r\n1\r\n}\r\n1\r\n\n\r\n".repeat(3_000) + "0\r\n\r\n";
    let small = format!("[{}{{}}]", "{\"\":0},".repeat(2_000_000));
    vec![
        row("3,000 documents in pieces", chunked(&events)).of(Wanted::Documents),
        row("documents without an end", endless(format!("{JSON}\r\n"), b"{}\n"))
            .of(Wanted::Documents)
            .within(Limited::Short),
        row("a document without an end", endless(format!("{JSON}\r\n\""), b"aaaaaaaaaaaaaaaa"))
            .of(Wanted::Documents),
        row("a document of 2,000,000 small objects", json(&small)).of(Wanted::Documents).values(),
        row("a document that is cut", json("{}{\"a\":")).of(Wanted::Documents),
        row("a document that is none", json("{}\n}\n{}")).of(Wanted::Documents),
        row("a document without end in depth", endless(format!("{JSON}\r\n"), b"["))
            .of(Wanted::Documents),
        row("space between documents without an end", endless(format!("{JSON}\r\n"), b"\n"))
            .of(Wanted::Documents)
            .within(Limited::Short),
        row("frames of no channel", frames(b"\x7f\0\0\0\0\0\0\x01a")).of(Wanted::Output),
        row("frames with something in between", frames(b"\x01\0\0\x01\0\0\0\x01a"))
            .of(Wanted::Output),
        row("a frame of 4 GB", frames(b"\x01\0\0\0\xff\xff\xff\xffa")).of(Wanted::Output),
        row("a frame that stops", frames(b"\x01\0\0\0\0\0\0\x09abc")).of(Wanted::Output),
        row("a frame that stops in its header", frames(b"\x01\0\0\0\0")).of(Wanted::Output),
        row("an engine's own words", frames(b"\x03\0\0\0\0\0\0\x02no")).of(Wanted::Output),
        row("empty frames without an end", endless(FRAMES, b"\x01\0\0\0\0\0\0\0"))
            .of(Wanted::Output)
            .within(Limited::Short),
        row("frames without an end", endless(FRAMES, b"\x01\0\0\0\0\0\0\x04abcd"))
            .of(Wanted::Output)
            .within(Limited::Short),
        row("output without an end, of a terminal", endless(format!("{OK}\r\n"), b"line\r\n"))
            .of(Wanted::Output)
            .within(Limited::Short),
        row("bytes without an end", endless(format!("{OK}\r\n"), b"x"))
            .of(Wanted::Bytes)
            .within(Limited::Short),
        row("bytes that stop", raw(format!("{OK}Content-Length: 5\r\n\r\nabc"))).of(Wanted::Bytes),
    ]
}

/// What nobody has asked for is the answer to nothing.
fn splits() -> Vec<Row> {
    let answer = format!("{JSON}Content-Length: 2\r\n\r\n[]");
    let in_chunks = format!("{CHUNKED}2\r\n[]\r\n0\r\n\r\n");
    vec![
        row("an answer before the question", kept(""))
            .greeting(EXTRA, &["\"evil\"", "connection-broken"]),
        row("half an answer before the question", silent(b""))
            .greeting(b"HTTP/1.1 200 OK\r\nContent-Le", &["timed-out", "connection-broken"])
            .within(Limited::Short),
        row("a timeout before the question", raw("")).greeting(
            b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            &["engine-error", "connection-broken"],
        ),
        row("an answer behind the answer", kept(and(&answer, EXTRA))),
        row("an answer behind the answer, after a rest", kept(and(&answer, EXTRA))).pause(),
        row("an answer behind the answer in chunks", kept(and(&in_chunks, EXTRA))),
        row(
            "an answer behind an error",
            kept(and("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\n{}", EXTRA)),
        ),
        row("an answer that comes later", later(answer.clone().into_bytes(), EXTRA)).pause(),
        row("an answer in chunks, and one later", later(in_chunks.into_bytes(), EXTRA)).pause(),
        row(
            "half an answer that comes later",
            later(answer.clone().into_bytes(), b"HTTP/1.1 200 OK\r\n"),
        )
        .pause(),
        row("a line's end behind the answer", kept(and(&answer, b"\r\n"))).pause(),
        row(
            "an interim answer behind the answer",
            kept(and(&answer, b"HTTP/1.1 100 Continue\r\n\r\n")),
        )
        .pause(),
        row(
            "an answer that says it is the last",
            kept(format!("{JSON}Connection: close\r\nContent-Length: 2\r\n\r\n[]")),
        ),
    ]
}

/// Engines that take their time.
fn slowness() -> Vec<Row> {
    const HEAD: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n";
    vec![
        row("no answer", silent(b"")).within(Limited::Short),
        row("no answer, and only silence limited", silent(b"")).within(Limited::Read),
        row("half a head", silent(b"HTTP/1.1 200 OK\r\nConte")).within(Limited::Short),
        row("half a head, and only silence limited", silent(b"HTTP/1.1 200 OK\r\nConte"))
            .within(Limited::Read),
        row("no body", silent(HEAD)).within(Limited::Read),
        row(
            "a head byte by byte",
            dripping(b"", b"HTTP/1.1 200 OK\r\nA: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        )
        .within(Limited::Short),
        row("interim answers byte by byte", dripping(b"", b"HTTP/1.1 102 P\r\n\r\n"))
            .within(Limited::Short),
        row("a body byte by byte", dripping(HEAD, b" ")).within(Limited::Short),
        row("chunks byte by byte", dripping(CHUNKED.as_bytes(), b"1\r\n \r\n"))
            .within(Limited::Short),
        row("documents byte by byte", dripping(CHUNKED.as_bytes(), b"3\r\n{}\n\r\n"))
            .of(Wanted::Documents)
            .within(Limited::Short),
        row("frames byte by byte", dripping(FRAMES.as_bytes(), b"\x01\0\0\0\0\0\0\x01a"))
            .of(Wanted::Output)
            .within(Limited::Short),
        row(
            "an error byte by byte",
            dripping(b"HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n", b"x"),
        )
        .within(Limited::Short),
        row(
            "an error byte by byte, and nothing limited",
            dripping(b"HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n", b"x"),
        )
        .within(Limited::Nothing),
        row("an upload that nobody reads", stuck(SHORT)).of(Wanted::Reader).within(Limited::Short),
        row("an upload that nobody reads, and only writing limited", stuck(SHORT))
            .of(Wanted::Reader)
            .within(Limited::Write),
        row("an upload without an end that is taken", silent(b""))
            .of(Wanted::Reader)
            .within(Limited::Short),
        row("a given body that nobody reads", stuck(SHORT))
            .of(Wanted::Upload)
            .within(Limited::Short),
        row("a given body that nobody reads, and only writing limited", stuck(SHORT))
            .of(Wanted::Upload)
            .within(Limited::Write),
        row(
            "an upload that is refused at once",
            silent(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno"),
        )
        .of(Wanted::Reader),
        row(
            "a socket that is refused before its body is taken",
            answering(b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno", SHORT),
        )
        .of(Wanted::SocketWith),
        row(
            "a socket that is refused and cut",
            raw("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno"),
        )
        .of(Wanted::SocketWith),
        row(
            "a socket that comes before its body is taken",
            answering(b"HTTP/1.1 101 Yes\r\n\r\n", SHORT),
        )
        .of(Wanted::SocketWith)
        .within(Limited::Write),
        row("an upload that is cut", raw("")).of(Wanted::Reader),
        row(
            "an answer in the middle of a given body",
            answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", SHORT),
        )
        .of(Wanted::Upload),
        row("a reader that is slower than the engine", endless(format!("{OK}\r\n"), b"x"))
            .of(Wanted::Slowly)
            .within(Limited::Short),
        row(
            "an answer in the middle of an upload",
            silent(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        )
        .of(Wanted::Reader)
        .within(Limited::Short),
    ]
}

/// The header of an entry, with a size that nothing need come of.
fn entry(name: &str, kind: u8, size: u64, link: &str) -> Vec<u8> {
    let mut block = vec![0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[100..107].copy_from_slice(b"0000644");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[136..147].copy_from_slice(b"00000000000");
    block[156] = kind;
    block[157..157 + link.len()].copy_from_slice(link.as_bytes());
    block[257..265].copy_from_slice(b"ustar\x0000");
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block
}

/// Archives that are unpacked.
pub(crate) fn archives() -> Vec<Row> {
    let head = format!("{OK}Content-Type: application/x-tar\r\n\r\n");
    let tar = |entries: &[Vec<u8>]| {
        let bytes = entries.concat();
        raw(and(&format!("{OK}Content-Length: {}\r\n\r\n", bytes.len()), &bytes))
    };
    let repeated = |begin: &[Vec<u8>], block: &[u8]| endless(and(&head, &begin.concat()), block);
    let rows = vec![
        row("an archive that is none", tar(&[vec![b'x'; 2000]])),
        row("an archive in gzip", tar(&[vec![0x1f, 0x8b, 8, 0], vec![7; 600]])),
        row("an empty archive", tar(&[])),
        row(
            "an archive that is cut in a file",
            tar(&[entry("a", b'0', 5000, ""), vec![b'x'; 700]]),
        ),
        row("zeros without an end behind an archive", repeated(&[entry("a", b'0', 0, "")], b"\0")),
        row("a file of 8 GiB", tar(&[entry("a", b'0', (8 << 30) - 1, "")])),
        row("a file without an end", repeated(&[entry("a", b'0', (8 << 30) - 1, "")], b"x")),
        row("files without an end", repeated(&[], &entry("a", b'0', 0, ""))),
        row("folders without an end", repeated(&[], &entry("a", b'5', 0, ""))),
        row("a long name of 8 GiB", tar(&[entry("a", b'L', (8 << 30) - 1, "")])),
        row("a long name without an end", repeated(&[entry("a", b'L', (8 << 30) - 1, "")], b"b")),
        row(
            "an extension of a header without an end",
            repeated(&[entry("a", b'x', (8 << 30) - 1, "")], b"8589934591 path=b"),
        ),
        row(
            "long names without an end",
            repeated(&[], &[entry("a", b'L', 3, ""), vec![b'b'; 3], vec![0; 509]].concat()),
        )
        .within(Limited::Short),
        row(
            "extensions of headers without an end",
            repeated(
                &[],
                &[entry("a", b'x', 11, ""), b"11 path=ab\n".to_vec(), vec![0; 501]].concat(),
            ),
        )
        .within(Limited::Short),
        row("a sparse file", tar(&[entry("a", b'S', 0, "")])),
        row("a link that leads out", tar(&[entry("a", b'2', 0, "../../etc")])),
        row("a file through a link", tar(&[entry("a", b'2', 0, "b"), entry("a/c", b'0', 0, "")])),
        row("a file beside the folder", tar(&[entry("../a", b'0', 0, "")])),
        row("a device", tar(&[entry("a", b'3', 0, "")])),
        row("an archive byte by byte", dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x"))
            .within(Limited::Short),
    ];
    rows.into_iter().map(|row| row.of(Wanted::Unpacked)).collect()
}

/// Connections that are to become sockets.
fn sockets() -> Vec<Row> {
    let refused =
        |body: &str| format!("HTTP/1.1 409 No\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let rows = vec![
        row("an upgrade that is refused", raw(refused("no"))),
        row("an upgrade that is not made", raw(format!("{JSON}Content-Length: 2\r\n\r\n[]"))),
        row("an upgrade in chunks", chunked("2\r\n[]\r\n0\r\n\r\n")),
        row(
            "an upgrade elsewhere",
            raw(format!("HTTP/1.1 307 No\r\nLocation: http://elsewhere/\r\n{EMPTY}")),
        ),
        row("no upgrade at all", raw("")),
        row("an upgrade that is no HTTP", raw("SSH-2.0-x\r\n")),
        row("an upgrade with headers without an end", endless("HTTP/1.1 101 Yes\r\n", b"A: b\r\n")),
        row("an upgrade with a header without an end", endless("HTTP/1.1 101 Yes\r\nA: ", b"b")),
        row(
            "an upgrade after interim answers without an end",
            endless("", b"HTTP/1.1 102 P\r\n\r\n"),
        )
        .within(Limited::Short),
        row(
            "an upgrade after interim answers without an end, and only silence limited",
            endless("", b"HTTP/1.1 102 P\r\n\r\n"),
        )
        .within(Limited::Read),
        row("an upgrade that never comes", silent(b"")).within(Limited::Short),
        row("an upgrade that never comes, and only silence limited", silent(b""))
            .within(Limited::Read),
        row("an upgrade byte by byte", dripping(b"", b"HTTP/1.1 101 Yes\r\nA: bbbbbbbbbbbbbbbb"))
            .within(Limited::Short),
        row("a refusal without an end", endless("HTTP/1.1 409 No\r\n\r\n", b"x")),
        row(
            "a refusal in chunks without an end",
            endless("HTTP/1.1 409 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        ),
        row(
            "a refusal byte by byte, and nothing limited",
            dripping(b"HTTP/1.1 409 No\r\n\r\n", b"x"),
        )
        .within(Limited::Nothing),
    ];
    let mut rows: Vec<Row> = rows.into_iter().map(|row| row.of(Wanted::Socket)).collect();
    rows.extend([
        row("a body before a socket that nobody reads", stuck(SHORT))
            .of(Wanted::SocketWith)
            .within(Limited::Short),
        row("a body before a socket that nobody reads, and only writing limited", stuck(SHORT))
            .of(Wanted::SocketWith)
            .within(Limited::Write),
    ]);
    rows
}
