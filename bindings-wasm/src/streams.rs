//! Decoders of streams.

use alloc::string::String;
use alloc::vec::Vec;

use contajners_core::stream::{Chunk, DecodeError, Output};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::error;

/// Cuts a stream into JSON documents, without reading them.
#[wasm_bindgen]
#[derive(Default)]
pub struct Documents(contajners_core::stream::Documents);

#[wasm_bindgen]
impl Documents {
    /// Starts with an empty stream.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.0.push(bytes);
    }

    /// Tells that the stream has ended.
    pub fn finish(&mut self) {
        self.0.finish();
    }

    /// The text of the next whole document.
    pub fn pop(&mut self) -> Result<Option<String>, JsValue> {
        let document = self.0.pop().map_err(error::decode)?;
        Ok(document.map(|bytes| String::from_utf8_lossy(bytes).into_owned()))
    }
}

/// Takes the output of a process apart.
#[wasm_bindgen]
pub struct Demultiplexer {
    inner: contajners_core::stream::Demultiplexer,
    failed: Option<DecodeError>,
}

#[wasm_bindgen]
impl Demultiplexer {
    /// Starts with an empty stream of what `Request.outcome` calls it.
    #[wasm_bindgen(constructor)]
    pub fn new(content: &str) -> Self {
        use contajners_core::stream::Demultiplexer as Inner;
        let inner = match content {
            "frames" => Inner::framed(),
            "output" => Inner::detecting(),
            _ => Inner::raw(),
        };
        Self { inner, failed: None }
    }

    /// Finds the pieces of output in the next bytes of the stream: for each the channel, where it
    /// begins and where it ends in these bytes. What an engine says about an error comes with
    /// channel 3 as long as there is more of it, the last piece with 4. Bytes that were held back before have a negative
    /// beginning, minus their number, and are themselves in place of the end, the first lowest.
    ///
    /// Where the stream is damaged the channel is -1: [`failure`](Self::failure) tells of it.
    pub fn decode(&mut self, bytes: &[u8]) -> Vec<i32> {
        let mut input = bytes;
        let mut found = Vec::new();
        loop {
            let chunk = match self.inner.decode(&mut input) {
                Ok(Some(chunk)) => chunk,
                Ok(None) => return found,
                Err(error) => {
                    self.failed = Some(error);
                    found.extend([-1, 0, 0]);
                    return found;
                }
            };
            // The decoder hands out a few bytes of its own, too.
            let mut piece = if chunk.bytes.as_ptr_range().end == input.as_ptr() {
                let end = bytes.len() - input.len();
                [channel(&chunk), (end - chunk.bytes.len()) as i32, end as i32]
            } else {
                held_back(&chunk)
            };
            piece[0] += i32::from(piece[0] == 3 && self.inner.is_between_frames());
            found.extend(piece);
        }
    }

    /// Fails if the stream is damaged.
    pub fn failure(&self) -> Result<(), JsValue> {
        self.failed.map_or(Ok(()), |error| Err(error::decode(error)))
    }

    /// Tells that the stream has ended, and returns what was held back in the same form.
    pub fn finish(&mut self) -> Result<Vec<i32>, JsValue> {
        let chunk = self.inner.finish().map_err(error::decode)?;
        Ok(chunk.map_or_else(Vec::new, |chunk| held_back(&chunk).to_vec()))
    }
}

fn channel(chunk: &Chunk<'_>) -> i32 {
    match chunk.output {
        Output::Stdin => 0,
        Output::Stderr => 2,
        Output::EngineError => 3,
        _ => 1,
    }
}

fn held_back(chunk: &Chunk<'_>) -> [i32; 3] {
    let mut packed = [0; 4];
    packed[..chunk.bytes.len()].copy_from_slice(chunk.bytes);
    [channel(chunk), -(chunk.bytes.len() as i32), i32::from_le_bytes(packed)]
}
