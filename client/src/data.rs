//! What an answer is when all of it has been read.

use bytes::Bytes;
use contajners_core::stream::{DecodeErrorKind, Demultiplexer, Documents, Output, fits};
use contajners_core::{Content, engine_error};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{CallOf, Error};
use crate::stream::{InBand, read};

/// An answer as data.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Data {
    /// The answer had no body.
    Nothing,
    /// JSON; several documents in one body are a list.
    Json(Value),
    /// Text, or the output of a process, stdout and stderr in the order they came.
    Text(String),
    /// Anything else, such as an archive.
    Bytes(Bytes),
}

impl Data {
    /// Returns the data as JSON: `null` for nothing, a string for text. `None` for bytes.
    pub fn into_json(self) -> Option<Value> {
        match self {
            Self::Nothing => Some(Value::Null),
            Self::Json(value) => Some(value),
            Self::Text(text) => Some(Value::String(text)),
            Self::Bytes(_) => None,
        }
    }
}

/// Makes data of a whole body, of which so many bytes are kept.
pub(crate) fn of(
    content: Content,
    body: Bytes,
    limit: usize,
    call: &CallOf,
) -> Result<Data, Error> {
    match content {
        Content::Nothing => Ok(Data::Nothing),
        Content::Json | Content::JsonLines => {
            // One document is read where it lies; whatever else there is takes the longer way.
            if content == Content::Json
                && fits(&body, limit)
                && let Ok(one) = serde_json::from_slice(&body)
            {
                return Ok(Data::Json(one));
            }
            let mut all: Vec<Value> = documents(content, &body, limit, call)?;
            Ok(match all.len() {
                0 => Data::Nothing,
                1 => Data::Json(all.remove(0)),
                _ => Data::Json(Value::Array(all)),
            })
        }
        Content::Text => Ok(Data::Text(lossy(&body))),
        Content::Frames | Content::Output => output(content, &body, call).map(Data::Text),
        _ => Ok(Data::Bytes(body)),
    }
}

/// Reads a whole body as one `T`, or as a list of documents.
pub(crate) fn typed<T: DeserializeOwned>(
    content: Content,
    body: Bytes,
    limit: usize,
    call: &CallOf,
) -> Result<T, Error> {
    if content == Content::Json
        && fits(&body, limit)
        && let Ok(one) = serde_json::from_slice(&body)
    {
        return Ok(one);
    }
    let value = match of(content, body.clone(), limit, call)? {
        Data::Bytes(bytes) => return Err(Error::not_text(call, bytes)),
        other => other.into_json().unwrap_or_default(),
    };
    let is_one = content == Content::JsonLines && !value.is_array();
    match serde_json::from_value(value.clone()) {
        Ok(typed) => Ok(typed),
        // One message alone, where a list of messages is expected.
        Err(error) if is_one => {
            let list = if value.is_null() { Vec::new() } else { vec![value] };
            serde_json::from_value(Value::Array(list)).map_err(|_| Error::json(call, &error, body))
        }
        Err(error) => Err(Error::json(call, &error, body)),
    }
}

fn documents(
    content: Content,
    body: &[u8],
    limit: usize,
    call: &CallOf,
) -> Result<Vec<Value>, Error> {
    let errors = if content == Content::JsonLines { InBand::Looked } else { InBand::Ignored };
    let mut documents = Documents::with_limit(limit);
    documents.push(body);
    documents.finish();
    let mut all = Vec::new();
    loop {
        match documents.pop() {
            Ok(Some(document)) => all.push(read(document, call, errors)?),
            Ok(None) => return Ok(all),
            Err(error) if error.kind() == DecodeErrorKind::DocumentTooLong => {
                return Err(Error::too_large_as_values(call, limit));
            }
            // Whoever reads all of it is told what a JSON reader says about the end.
            Err(error) => {
                let rest = &body[usize::try_from(error.offset()).unwrap_or(0).min(body.len())..];
                return Err(match read::<Value>(rest, call, errors) {
                    Ok(_) => Error::decode(call, error),
                    Err(json) => json,
                });
            }
        }
    }
}

/// Returns a body as text: what a process wrote, without the frames around it.
pub(crate) fn text(content: Content, body: &Bytes, call: &CallOf) -> Result<String, Error> {
    match content {
        Content::Frames | Content::Output => output(content, body, call),
        Content::Bytes => match std::str::from_utf8(body) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(Error::not_text(call, body.clone())),
        },
        _ => Ok(lossy(body)),
    }
}

fn output(content: Content, body: &[u8], call: &CallOf) -> Result<String, Error> {
    let mut demultiplexer = demultiplexer(content);
    let mut input = body;
    let mut all = Vec::with_capacity(body.len());
    let decode = |error| Error::decode(call, error);
    while let Some(chunk) = demultiplexer.decode(&mut input).map_err(decode)? {
        if chunk.output == Output::EngineError {
            let message = engine_error::message(chunk.bytes);
            return Err(Error::in_band(call, message, Bytes::copy_from_slice(chunk.bytes)));
        }
        all.extend_from_slice(chunk.bytes);
    }
    if let Some(chunk) = demultiplexer.finish().map_err(decode)? {
        all.extend_from_slice(chunk.bytes);
    }
    Ok(lossy(&all))
}

/// Returns the decoder for a kind of content.
pub(crate) fn demultiplexer(content: Content) -> Demultiplexer {
    match content {
        Content::Frames => Demultiplexer::framed(),
        Content::Output => Demultiplexer::detecting(),
        _ => Demultiplexer::raw(),
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
