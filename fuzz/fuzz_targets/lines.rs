//! The decoder of JSON documents, however the stream is cut, beside serde_json's.
//!
//! Input: the limit of a document (0 stands for the usual one), the seed of the cuts, the stream.
#![no_main]

use contajners_core::stream::{DecodeErrorKind, Documents};
use contajners_fuzz::pieces::pieces;
use libfuzzer_sys::fuzz_target;
use serde_json::de::{Deserializer, SliceRead};

type Decoded = (Vec<Vec<u8>>, Option<(DecodeErrorKind, u64)>);

fuzz_target!(|data: &[u8]| {
    let [limit, seed, stream @ ..] = data else { return };
    let documents = match limit {
        0 => Documents::new(),
        limit => Documents::with_limit(usize::from(*limit)),
    };
    let whole = decode(documents.clone(), [stream].into_iter(), *limit);
    assert_eq!(decode(documents, pieces(stream, *seed), *limit), whole);
    if let (0, Some(expected)) = (*limit, by_serde(stream)) {
        assert_eq!(whole, (expected, None));
    }
});

fn decode<'s>(
    mut documents: Documents,
    pieces: impl Iterator<Item = &'s [u8]>,
    limit: u8,
) -> Decoded {
    let mut all = Vec::new();
    for piece in pieces.map(Some).chain([None]) {
        match piece {
            Some(piece) => documents.push(piece),
            None => documents.finish(),
        }
        loop {
            match documents.pop() {
                Ok(Some(document)) => {
                    assert!(!document.is_empty());
                    assert!(limit == 0 || document.len() <= usize::from(limit));
                    all.push(document.to_vec());
                }
                Ok(None) => break,
                Err(error) => {
                    // Whoever goes on may learn anything, but comes to an end.
                    documents.push(b"]}\" 1 ");
                    let _ = (documents.pop().is_ok(), documents.offset());
                    return (all, Some((error.kind(), error.offset())));
                }
            }
        }
    }
    (all, None)
}

/// The texts of the documents; `None` where serde_json finds a mistake.
fn by_serde(stream: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut documents =
        Deserializer::new(SliceRead::new(stream)).into_iter::<serde::de::IgnoredAny>();
    let (mut all, mut begin) = (Vec::new(), 0);
    while let Some(document) = documents.next() {
        document.ok()?;
        let end = documents.byte_offset();
        all.push(stream[begin..end].trim_ascii_start().to_vec());
        begin = end;
    }
    Some(all)
}
