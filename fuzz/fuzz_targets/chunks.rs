//! Chunks that are joined before hyper reads them: a plain reader of chunks finds the same content
//! and the same bytes behind it, however they come.
//!
//! Input: the head, the seed of the cuts, the room of the buffer, the body.
#![no_main]

use contajners::fuzzing::joined;
use contajners_fuzz::pieces::pieces;
use libfuzzer_sys::fuzz_target;

const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const AFTER_OTHERS: &[u8] =
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\nA: b\r\ntransfer-encoding:Chunked\r\n\r\n";
const LENGTH: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";

fuzz_target!(|data: &[u8]| {
    let [head, seed, room, body @ ..] = data else { return };
    let (head, is_chunked, announced) = match head % 5 {
        0 => (CHUNKED, true, true),
        1 => (AFTER_OTHERS, true, true),
        2 => (LENGTH, false, true),
        3 => (CHUNKED, false, false),
        // The input is the head, too.
        _ => (&b""[..], false, true),
    };
    let sent = [head, body].concat();
    let room = 1 + usize::from(*room) * 8;
    let got = joined(pieces(&sent, *seed), room, announced);
    assert!(got.len() <= sent.len(), "nothing grows");
    if is_chunked {
        assert!(got.starts_with(head));
        assert_eq!(apart(&got[head.len()..]), apart(body));
    } else if !head.is_empty() || !names_chunks(&sent) {
        assert_eq!(got, sent);
    }
});

/// Takes chunks apart the plain way: their content, and the bytes from the first on that is the
/// last one, malformed or cut.
fn apart(mut bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut content = Vec::new();
    let mut more = || {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let digits = std::str::from_utf8(&bytes[..end]).ok()?;
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let size = is_plain.then(|| u32::from_str_radix(digits, 16).ok())??;
        let size = usize::try_from(size).ok().filter(|size| *size > 0)?;
        let chunk = bytes.get(end + 2..)?.get(..size)?;
        bytes = bytes[end + 2 + size..].strip_prefix(b"\r\n")?;
        content.extend_from_slice(chunk);
        Some(())
    };
    while more().is_some() {}
    (content, bytes.to_vec())
}

fn names_chunks(bytes: &[u8]) -> bool {
    bytes.to_ascii_lowercase().windows(7).any(|word| word == b"chunked")
}
