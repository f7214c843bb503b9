//! The decoder of frames, however the stream is cut, beside a plain one.
//!
//! Input: how to decode, the seed of the cuts, the stream.
#![no_main]

use contajners_core::stream::{DecodeErrorKind, Demultiplexer, Output};
use contajners_fuzz::pieces::pieces;
use libfuzzer_sys::fuzz_target;

/// What came on which channel, what came on the same one in a row as one; and how it ended.
type Decoded = (Vec<(Output, Vec<u8>)>, Option<(DecodeErrorKind, u64)>);

/// The decoder's limit.
const LONGEST: usize = 16 << 20;

fuzz_target!(|data: &[u8]| {
    let [how, seed, stream @ ..] = data else { return };
    let demultiplexer = match how % 3 {
        0 => Demultiplexer::framed(),
        1 => Demultiplexer::detecting(),
        _ => Demultiplexer::raw(),
    };
    let looks_framed = stream.len() >= 4 && stream[0] < 4 && stream[1..4] == [0; 3];
    let is_framed = how % 3 == 0 || how % 3 == 1 && looks_framed;
    let expected = if is_framed { plain(stream) } else { raw(stream) };
    assert_eq!(decode(demultiplexer.clone(), [stream].into_iter()), expected);
    assert_eq!(decode(demultiplexer, pieces(stream, *seed)), expected);
});

fn decode<'s>(mut decoder: Demultiplexer, pieces: impl Iterator<Item = &'s [u8]>) -> Decoded {
    let mut all = Vec::new();
    for mut piece in pieces {
        loop {
            match decoder.decode(&mut piece) {
                Ok(Some(chunk)) => keep(&mut all, chunk.output, chunk.bytes),
                Ok(None) => break,
                Err(error) => {
                    // Whoever goes on may learn anything, but comes to an end.
                    let _ = (decoder.decode(&mut piece).is_ok(), decoder.finish().is_ok());
                    return (all, Some((error.kind(), error.offset())));
                }
            }
        }
        assert!(piece.is_empty(), "all of a piece is taken");
    }
    match decoder.finish() {
        Ok(Some(chunk)) => keep(&mut all, chunk.output, chunk.bytes),
        Ok(None) => {}
        Err(error) => return (all, Some((error.kind(), error.offset()))),
    }
    (all, None)
}

fn keep(all: &mut Vec<(Output, Vec<u8>)>, output: Output, bytes: &[u8]) {
    assert!(!bytes.is_empty(), "pieces are never empty");
    match all.last_mut() {
        Some((last, kept)) if *last == output => kept.extend_from_slice(bytes),
        _ => all.push((output, bytes.to_vec())),
    }
}

fn raw(stream: &[u8]) -> Decoded {
    let mut all = Vec::new();
    if !stream.is_empty() {
        keep(&mut all, Output::Stdout, stream);
    }
    (all, None)
}

/// Frames the plain way, from a stream that is there as a whole.
fn plain(stream: &[u8]) -> Decoded {
    let (mut all, mut rest) = (Vec::new(), stream);
    while !rest.is_empty() {
        let at = (stream.len() - rest.len()) as u64;
        let Some((header, behind)) = rest.split_first_chunk::<8>() else {
            return (all, Some((DecodeErrorKind::Cut, stream.len() as u64)));
        };
        let output = match header[..4] {
            [0, 0, 0, 0] => Output::Stdin,
            [1, 0, 0, 0] => Output::Stdout,
            [2, 0, 0, 0] => Output::Stderr,
            [3, 0, 0, 0] => Output::EngineError,
            _ => return (all, Some((DecodeErrorKind::FrameHeader, at))),
        };
        let length = header[4..].iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        if length > LONGEST {
            return (all, Some((DecodeErrorKind::FrameTooLong, at)));
        }
        let (content, behind) = behind.split_at(length.min(behind.len()));
        if !content.is_empty() {
            keep(&mut all, output, content);
        }
        if content.len() < length {
            return (all, Some((DecodeErrorKind::Cut, stream.len() as u64)));
        }
        rest = behind;
    }
    (all, None)
}
