//! Many small chunks made few large ones, before HTTP is read.
//!
//! dockerd sends each line of a log as a chunk of its own, and taking a chunk off costs hyper some
//! 0.7 µs whatever its size, so that a log of short lines arrives at a tenth of what the socket
//! gives. A chunk's border means nothing (RFC 9112, section 7.1). So small ones that came with one
//! read are made one, in the buffer where they lie. Nothing is held back, and the content stays.
//!
//! All else is hyper's to judge: heads, trailers, large chunks and whatever is malformed pass as
//! they came.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

use crate::transport::{Wire, writes_through};

/// Longer heads are not looked at; hyper has a limit of its own.
const LONGEST_HEAD: usize = 64 << 10;
/// More headers than this are not looked at, either.
const MOST_HEADERS: usize = 100;
/// Longer numbers before a chunk are left to hyper: nobody sends chunks of 256 TiB.
const MOST_DIGITS: u8 = 12;
/// Chunks that are larger on the average cost more to move than to take off.
const SMALL: usize = 4 << 10;
/// An answer that begins with less has most likely come to its end with it.
const SHORT: usize = 1 << 10;

/// Tells a connection that a request goes out, and whether its answer may have a body.
#[derive(Debug, Default)]
pub(crate) struct Announced(AtomicU8);

impl Announced {
    const NOTHING: u8 = 0;
    const HEAD_ALONE: u8 = 1;
    const BODY: u8 = 2;

    /// To be called before the request is sent. What answers `HEAD` has no body, whatever its head
    /// says.
    pub(crate) fn announce(&self, has_body: bool) {
        self.0.store(if has_body { Self::BODY } else { Self::HEAD_ALONE }, Ordering::Release);
    }

    /// What was announced since the last time: whether there may be a body.
    fn take(&self) -> Option<bool> {
        // There is something once in an answer, which may come in many pieces.
        if self.0.load(Ordering::Acquire) == Self::NOTHING {
            return None;
        }
        Some(self.0.swap(Self::NOTHING, Ordering::Acquire) == Self::BODY)
    }
}

/// A connection whose answers come in chunks that are not too small.
pub(crate) struct Joined<W> {
    wire: W,
    announced: Arc<Announced>,
    state: State,
}

enum State {
    /// What comes passes as it is, until an answer is announced.
    Passing,
    /// The head of an answer passes, and is kept to be looked at.
    Head(Head),
    /// The chunks of an answer, and where in them the next byte is.
    Chunks(Place),
}

/// The beginning of an answer.
#[derive(Default)]
struct Head {
    bytes: Vec<u8>,
    /// How many of them cannot be the end of it.
    looked_at: usize,
}

impl<W> Joined<W> {
    pub(crate) fn new(wire: W, announced: Arc<Announced>) -> Self {
        Self { wire, announced, state: State::Passing }
    }
}

impl<W: Wire> AsyncRead for Joined<W> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.wire).poll_read(context, buffer))?;
        match (this.announced.take(), &mut this.state) {
            (None, _) => {}
            (Some(true), State::Head(head)) => head.clear(),
            (Some(true), state) => *state = State::Head(Head::default()),
            (Some(false), state) => *state = State::Passing,
        }
        let mut begin = before;
        if let State::Head(head) = &mut this.state {
            let new = &buffer.filled()[before..];
            match head.add(new) {
                Body::Unknown => {}
                Body::Other => this.state = State::Passing,
                Body::Chunked(at) => {
                    let passed = head.bytes.len() - new.len();
                    begin += at.saturating_sub(passed);
                    let place =
                        head.bytes.get_mut(at..passed).map(|bytes| join(bytes, Place::BORDER).1);
                    this.state = match place {
                        None => State::Chunks(Place::BORDER),
                        Some(place) => place.map_or(State::Passing, State::Chunks),
                    };
                }
            }
        }
        if let State::Chunks(place) = &mut this.state {
            let (length, next) = join(&mut buffer.filled_mut()[begin..], *place);
            buffer.set_filled(begin + length);
            this.state = next.map_or(State::Passing, State::Chunks);
        }
        Poll::Ready(Ok(()))
    }
}

impl Head {
    /// Begins with another answer.
    fn clear(&mut self) {
        self.bytes.clear();
        self.looked_at = 0;
    }

    /// Takes what came, and tells what follows. A short piece that comes first is looked at when
    /// there is more: nearly all small answers are done with it.
    fn add(&mut self, new: &[u8]) -> Body {
        let is_first = self.bytes.is_empty();
        if !is_first && self.looked_at == 0 && is_plain(&self.bytes) {
            return Body::Other;
        }
        self.bytes.extend_from_slice(new);
        if is_first && self.bytes.len() < SHORT {
            return Body::Unknown;
        }
        if is_first && is_plain(&self.bytes) {
            return Body::Other;
        }
        // Looked at once its end has come, not with each byte.
        let may_end = ends(&self.bytes[self.looked_at..]) || self.bytes.len() > LONGEST_HEAD;
        self.looked_at = self.bytes.len().saturating_sub(3);
        if may_end { body_after(&self.bytes) } else { Body::Unknown }
    }
}

/// What follows the head of an answer.
#[derive(Debug, PartialEq, Eq)]
enum Body {
    /// The head is not complete.
    Unknown,
    /// Chunks, from there on.
    Chunked(usize),
    /// Something else, or nothing.
    Other,
}

/// Whether these bytes are a head as most are, to its end, and say nothing of chunks: the cheap look
/// that spares nearly all answers the thorough one.
fn is_plain(bytes: &[u8]) -> bool {
    // Not one that another is to follow.
    if !bytes.starts_with(b"HTTP/1.1 ") || bytes.get(9) == Some(&b'1') {
        return false;
    }
    let mut rest = bytes;
    while let Some(end) = memchr::memchr(b'\n', rest) {
        rest = &rest[end + 1..];
        match rest.first() {
            Some(b'\r' | b'\n') => return true,
            Some(b't' | b'T') if announces_chunks(rest) => return false,
            _ => {}
        }
    }
    false
}

fn announces_chunks(line: &[u8]) -> bool {
    const NAME: &[u8] = b"transfer-encoding";
    line.get(..NAME.len()).is_some_and(|name| name.eq_ignore_ascii_case(NAME))
}

/// Whether a head may end there: with an empty line, of whatever line ends.
fn ends(bytes: &[u8]) -> bool {
    let is_empty_line = |at: usize| matches!(&bytes[at + 1..], [b'\n', ..] | [b'\r', b'\n', ..]);
    (0..bytes.len()).any(|at| bytes[at] == b'\n' && is_empty_line(at))
}

fn body_after(bytes: &[u8]) -> Body {
    let mut begin = 0;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let length = match head.parse(&bytes[begin..]) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) if bytes.len() <= LONGEST_HEAD => return Body::Unknown,
            _ => return Body::Other,
        };
        begin += length;
        match head.code {
            // The answer is still to come.
            Some(100 | 102..200) => continue,
            None | Some(101 | 204 | 304) => return Body::Other,
            Some(_) => {}
        }
        let mut codings = { head.headers.iter() }
            .filter(|header| header.name.eq_ignore_ascii_case("transfer-encoding"));
        let is_chunked = matches!((codings.next(), codings.next()), (Some(only), None)
            if only.value.trim_ascii().eq_ignore_ascii_case(b"chunked"));
        let has_length =
            head.headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-length"));
        return match is_chunked && !has_length && head.version == Some(1) {
            true => Body::Chunked(begin),
            false => Body::Other,
        };
    }
}

/// Where in a chunk a byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the line before it.
    Line { size: u64, digits: u8, is_ending: bool },
    /// In its content, of which so much is left.
    Content(u64),
    /// In the line's end behind it.
    End { is_ending: bool },
}

impl Place {
    const BORDER: Self = Self::Line { size: 0, digits: 0, is_ending: false };

    /// Goes over bytes up to the next border of a chunk, and returns how many there are. There is
    /// no place behind what is for hyper alone: the last chunk, an extension, something malformed.
    fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            *self = match (*self, byte) {
                (Self::Content(left), _) => {
                    let here = usize::try_from(left)
                        .map_or(bytes.len(), |left| left)
                        .min(bytes.len() - at);
                    at += here;
                    *self = match left - here as u64 {
                        0 => Self::End { is_ending: false },
                        left => Self::Content(left),
                    };
                    continue;
                }
                (Self::End { is_ending: false }, b'\r') => Self::End { is_ending: true },
                (Self::End { is_ending: true }, b'\n') => Self::BORDER,
                (Self::Line { size: 1.., is_ending: true, .. }, b'\n') => {
                    let Self::Line { size, .. } = *self else { return None };
                    Self::Content(size)
                }
                (Self::Line { size, digits: digits @ 1.., is_ending: false }, b'\r') => {
                    Self::Line { size, digits, is_ending: true }
                }
                (Self::Line { size, digits: digits @ ..MOST_DIGITS, is_ending: false }, _) => {
                    let digit = char::from(byte).to_digit(16)?;
                    let size = size << 4 | u64::from(digit);
                    Self::Line { size, digits: digits + 1, is_ending: false }
                }
                _ => return None,
            };
            at += 1;
            if *self == Self::BORDER {
                break;
            }
        }
        Some(at)
    }
}

/// Makes small chunks one in the bytes that came, of which the first is at that place. Returns how
/// many bytes there are now, and at which place the next one will be.
fn join(bytes: &mut [u8], mut place: Place) -> (usize, Option<Place>) {
    let mut begin = 0;
    if place != Place::BORDER {
        match place.advance(bytes) {
            None => return (bytes.len(), None),
            Some(_) if place != Place::BORDER => return (bytes.len(), Some(place)),
            Some(length) => begin = length,
        }
    }
    // The whole chunks from there on.
    let (mut end, mut count, mut content) = (begin, 0, 0);
    let next = loop {
        let mut place = Place::BORDER;
        match place.advance(&bytes[end..]) {
            None => break None,
            Some(length) if length > 0 && place == Place::BORDER => {
                count += 1;
                content += size(&bytes[end..]).1;
                end += length;
            }
            Some(_) => break Some(place),
        }
    };
    if count < 2 || content / count > SMALL {
        return (bytes.len(), next);
    }
    let line = format!("{content:x}\r\n");
    let mut to = begin + line.len();
    let (mut from, mut length) = size(&bytes[begin..end]);
    from += begin;
    loop {
        // The line before the next chunk, before something is moved over it.
        let behind = from + length + 2;
        let next = (behind < end).then(|| size(&bytes[behind..end]));
        bytes.copy_within(from..from + length, to);
        to += length;
        let Some((line, more)) = next else { break };
        (from, length) = (behind + line, more);
    }
    bytes[begin..begin + line.len()].copy_from_slice(line.as_bytes());
    bytes[to..to + 2].copy_from_slice(b"\r\n");
    bytes.copy_within(end.., to + 2);
    (bytes.len() - (end - (to + 2)), next)
}

/// Tells whether a body in chunks has come to its end, with what follows the last chunk; one that is
/// not in chunks has no other.
pub(crate) fn is_ended(mut body: &[u8]) -> bool {
    loop {
        let (length, size) = match httparse::parse_chunk_size(body) {
            Ok(httparse::Status::Complete((length, size))) => (length, size),
            Ok(httparse::Status::Partial) => return false,
            Err(_) => return true,
        };
        if size == 0 {
            let behind = &body[length..];
            return behind.starts_with(b"\r\n")
                || behind.windows(4).any(|window| window == b"\r\n\r\n");
        }
        let chunk = usize::try_from(size).unwrap_or(usize::MAX).saturating_add(length + 2);
        match body.get(chunk..) {
            Some(rest) => body = rest,
            None => return false,
        }
    }
}

/// The length of a whole line before a chunk, and the chunk's size.
fn size(bytes: &[u8]) -> (usize, usize) {
    let digits = bytes.iter().position(|byte| *byte == b'\r').unwrap_or(0);
    let digit = |byte: &u8| char::from(*byte).to_digit(16).unwrap_or(0) as usize;
    (digits + 2, bytes[..digits].iter().fold(0, |size, byte| size << 4 | digit(byte)))
}

writes_through!(Joined);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What is handed on of bytes that come in pieces of these lengths, in turn.
    fn joined(bytes: &[u8], cuts: &[usize], room: usize, announced: bool) -> Vec<u8> {
        let mut cuts = cuts.iter().cycle();
        let mut rest = bytes;
        let pieces = std::iter::from_fn(|| {
            let cut = *cuts.next().filter(|_| !rest.is_empty())?;
            let (piece, more) = rest.split_at(cut.clamp(1, rest.len()));
            rest = more;
            Some(piece)
        });
        crate::fuzzing::joined(pieces, room, announced)
    }

    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    fn chunked(chunks: &[Vec<u8>], end: &str) -> Vec<u8> {
        let mut all = HEAD.to_vec();
        for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
            all.extend(format!("{:X}\r\n", chunk.len()).into_bytes());
            all.extend(chunk);
            all.extend(b"\r\n");
        }
        all.extend(end.as_bytes());
        all
    }

    /// Takes chunks apart the plain way: the content, how many chunks, and what is behind them.
    fn apart(mut bytes: &[u8]) -> (Vec<u8>, usize, Vec<u8>) {
        let (mut content, mut count) = (Vec::new(), 0);
        loop {
            let end = bytes.windows(2).position(|two| two == b"\r\n").unwrap();
            let size = std::str::from_utf8(&bytes[..end]).unwrap();
            let size = usize::from_str_radix(size, 16).unwrap();
            if size == 0 {
                return (content, count, bytes.to_vec());
            }
            content.extend_from_slice(&bytes[end + 2..end + 2 + size]);
            assert_eq!(&bytes[end + 2 + size..end + 4 + size], b"\r\n");
            bytes = &bytes[end + 4 + size..];
            count += 1;
        }
    }

    proptest! {
        #[test]
        fn a_body_has_ended_with_its_last_byte_and_not_before(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..10),
            trailers in prop::sample::select(vec!["0\r\n\r\n", "00;x=y\r\n\r\n", "0\r\nA: b\r\nC: d\r\n\r\n"]),
        ) {
            let mut chunks = chunks;
            // What looks like the end is none inside of a chunk.
            chunks.push(b"0\r\n\r\n".to_vec());
            let all = chunked(&chunks, trailers);
            let body = &all[HEAD.len()..];
            prop_assert!(is_ended(body));
            for end in 0..body.len() {
                prop_assert!(!is_ended(&body[..end]), "{}", end);
            }
        }

        #[test]
        fn content_and_trailers_stay_however_they_are_cut(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..40),
            cuts in prop::collection::vec(1_usize..400, 1..8),
            room in 1_usize..5000,
            trailers in prop::sample::select(vec!["0\r\n\r\n", "000\r\n\r\n", "0\r\nA: b\r\n\r\n"]),
        ) {
            let next = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            let mut bytes = chunked(&chunks, trailers);
            bytes.extend(next);
            let out = joined(&bytes, &cuts, room, true);
            prop_assert!(out.starts_with(HEAD));
            let (content, _, behind) = apart(&out[HEAD.len()..]);
            prop_assert_eq!(content, chunks.concat());
            prop_assert_eq!(behind, [trailers.as_bytes(), next].concat());
        }

        #[test]
        fn anything_else_passes_as_it_came(
            bytes in prop::collection::vec(any::<u8>(), 0..300),
            cuts in prop::collection::vec(1_usize..100, 1..8),
            room in 1_usize..500,
            announced in any::<bool>(),
        ) {
            prop_assert_eq!(joined(&bytes, &cuts, room, announced), bytes);
        }
    }

    #[test]
    fn small_chunks_of_one_read_become_one() {
        let chunks = vec![b"a line of a log\n".to_vec(); 1000];
        let bytes = chunked(&chunks, "0\r\n\r\n");
        let (content, count, _) = apart(&joined(&bytes, &[1 << 20], 1 << 20, true)[HEAD.len()..]);
        assert!(content == chunks.concat());
        assert_eq!(count, 1);
    }

    #[test]
    fn what_follows_a_short_beginning_becomes_one() {
        let chunks = vec![b"a line\n".to_vec(); 9];
        let bytes = chunked(&chunks, "0\r\n\r\n");
        // In the middle of the second chunk, of whose answer nothing was known by then.
        let first = HEAD.len() + 12 + 5;
        let out = joined(&bytes, &[first, 1 << 10], 4096, true);
        let (content, count, _) = apart(&out[HEAD.len()..]);
        assert!(content == chunks.concat());
        assert_eq!(count, 3);
        // All of it at once is not looked at.
        assert_eq!(joined(&bytes, &[1 << 10], 4096, true), bytes);
    }

    #[tokio::test]
    async fn another_answer_is_not_taken_for_more_of_the_one_before() {
        for has_body in [true, false] {
            let (mut engine, wire) = tokio::io::duplex(1 << 10);
            let announced = Arc::<Announced>::default();
            let mut joined = Joined::new(wire, announced.clone());
            announced.announce(true);
            let mut came = [0; 1 << 10];
            for (sent, expected) in [
                (HEAD, HEAD),
                (b"1\r\na\r\n1\r\nb\r\n", b"2\r\nab\r\n"),
                (b"", b""),
                (b"1\r\na\r\n1\r\nb\r\n", b"1\r\na\r\n1\r\nb\r\n"),
            ] as [(&[u8], &[u8]); 4]
            {
                if sent.is_empty() {
                    announced.announce(has_body);
                    continue;
                }
                engine.write_all(sent).await.unwrap();
                let length = joined.read(&mut came).await.unwrap();
                assert_eq!(&came[..length], expected);
            }
        }
    }

    #[test]
    fn only_announced_chunks_of_http_1_1_are_joined() {
        let body = "1\r\na\r\n1\r\nb\r\n0\r\n\r\n";
        let check = |head: &str, announced: bool, expected: bool| {
            let bytes = format!("{head}\r\n\r\n{body}").into_bytes();
            let out = joined(&bytes, &[7, 300], 4096, announced);
            assert_eq!(out != bytes, expected, "{head}");
        };
        check("HTTP/1.1 200 OK\r\ntransfer-encoding:  Chunked ", true, true);
        check(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nTransfer-Encoding: chunked",
            true,
            true,
        );
        // What answers HEAD has no body.
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", false, false);
        check("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked", true, false);
        check("HTTP/1.1 204 No\r\nTransfer-Encoding: chunked", true, false);
        check("HTTP/1.1 101 Yes\r\nTransfer-Encoding: chunked", true, false);
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked", true, false);
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 3", true, false);
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            true,
            false,
        );
    }

    #[test]
    fn what_is_malformed_stays_so() {
        for (body, expected) in [
            ("5\r\nab", "5\r\nab"),
            ("1\r\na\r\n1\r\nb\r\n5\r\nab", "2\r\nab\r\n5\r\nab"),
            ("1\r\na\r\n1\r\nb\r\n2\r\nabX\r\n", "2\r\nab\r\n2\r\nabX\r\n"),
            ("1\r\na\r\n1\r\nb\r\n2\r\nab\rX", "2\r\nab\r\n2\r\nab\rX"),
            ("1\r\na\r\n1\r\nb\r\nx\r\n", "2\r\nab\r\nx\r\n"),
            ("2;a=b\r\nab\r\n0\r\n\r\n", "2;a=b\r\nab\r\n0\r\n\r\n"),
            ("0000000000002\r\nab\r\n", "0000000000002\r\nab\r\n"),
            ("ffffffffffffffffff\r\n", "ffffffffffffffffff\r\n"),
            ("\r\n", "\r\n"),
            ("-1\r\n", "-1\r\n"),
            ("2\nab", "2\nab"),
        ] {
            let bytes = [HEAD, body.as_bytes()].concat();
            let out = joined(&bytes, &[HEAD.len(), 1 << 10], 4096, true);
            assert_eq!(String::from_utf8_lossy(&out[HEAD.len()..]), expected, "{body:?}");
        }
    }

    #[test]
    fn a_head_without_an_end_takes_no_more_memory_than_its_limit() {
        let bytes = [b"HTTP/1.1 200 OK\r\nA: ".to_vec(), vec![b'x'; 300 << 10]].concat();
        assert_eq!(joined(&bytes, &[1000], 8192, true), bytes);
    }
}
