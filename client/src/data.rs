//! What an answer is when all of it has been read.

use bytes::Bytes;
use contajners_core::stream::{Demultiplexer, Documents, Output, fits};
use contajners_core::{Answer, Content, engine_error};
use serde_core::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{CallOf, Error};
use crate::stream::{InBand, look, read};

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

/// A body that has been read to its end.
pub(crate) struct Kept {
    pub(crate) content: Content,
    /// Whether it may tell of an error.
    pub(crate) errors: InBand,
    pub(crate) body: Bytes,
    /// The most that is kept.
    pub(crate) limit: usize,
    /// What is documented, whatever the engine calls it.
    pub(crate) answer: Answer,
}

impl Kept {
    /// Reads one document where it lies, if there is nothing else to be done.
    fn one<T: DeserializeOwned>(&self) -> Option<T> {
        let is_one = self.content == Content::Json && self.errors == InBand::Ignored;
        (is_one && fits(&self.body, self.limit))
            .then(|| serde_json::from_slice(&self.body).ok())
            .flatten()
    }

    /// Reads text that is JSON where JSON is documented: some engines call numbers text.
    fn documented(&self) -> Option<Value> {
        let is_small = self.answer == Answer::Json && fits(&self.body, self.limit);
        is_small.then(|| serde_json::from_slice(&self.body).ok()).flatten()
    }
}

/// Makes data of a whole body.
pub(crate) fn of(kept: Kept, call: &CallOf) -> Result<Data, Error> {
    match kept.content {
        Content::Nothing => Ok(Data::Nothing),
        Content::Json | Content::JsonLines => {
            // Whatever else there is takes the longer way.
            if let Some(one) = kept.one() {
                return Ok(Data::Json(one));
            }
            let mut all: Vec<Value> = documents(&kept, call)?;
            Ok(match all.len() {
                0 => Data::Nothing,
                1 => Data::Json(all.remove(0)),
                _ => Data::Json(Value::Array(all)),
            })
        }
        Content::Text => Ok(match kept.documented() {
            Some(value) => Data::Json(value),
            None => Data::Text(lossy(&kept.body)),
        }),
        Content::Frames | Content::Output => output(kept.content, &kept.body, call).map(Data::Text),
        // An archive may be empty; what says nothing has no body.
        _ if kept.body.is_empty() && kept.answer != Answer::Bytes => Ok(Data::Nothing),
        _ => Ok(Data::Bytes(kept.body)),
    }
}

/// Reads a whole body as one `T`, or as a list of documents.
pub(crate) fn typed<T: DeserializeOwned>(kept: Kept, call: &CallOf) -> Result<T, Error> {
    if let Some(one) = kept.one() {
        return Ok(one);
    }
    let (content, body) = (kept.content, kept.body.clone());
    let value = match of(kept, call)? {
        Data::Bytes(bytes) => return Err(Error::not_text(call, bytes)),
        other => other.into_json().unwrap_or_default(),
    };
    let is_one = content == Content::JsonLines && !value.is_array();
    match T::deserialize(&value) {
        Ok(typed) => Ok(typed),
        // One message alone, where a list of messages is expected.
        Err(error) if is_one => {
            let list = if value.is_null() { Vec::new() } else { vec![value] };
            serde_json::from_value(Value::Array(list)).map_err(|_| Error::json(call, &error, body))
        }
        Err(error) => {
            // Read where it lies once more, it is known where in it that is.
            let again = serde_json::from_slice::<T>(&body).err();
            Err(Error::json(call, &again.filter(|again| again.is_data()).unwrap_or(error), body))
        }
    }
}

fn documents(kept: &Kept, call: &CallOf) -> Result<Vec<Value>, Error> {
    let Kept { errors, body, limit, .. } = kept;
    // Each may fit where all of them together do not.
    if !fits(body, *limit) {
        return Err(Error::too_large_as_values(call, *limit));
    }
    let mut documents = Documents::with_limit(*limit);
    documents.push(body);
    documents.finish();
    let mut all = Vec::new();
    loop {
        match documents.pop() {
            Ok(Some(document)) => all.push(read(document, call, *errors)?),
            Ok(None) => return Ok(all),
            // Whoever reads all of it is told what a JSON reader says about the end.
            Err(error) => {
                let rest = &body[usize::try_from(error.offset()).unwrap_or(0).min(body.len())..];
                return Err(match read::<Value>(rest, call, *errors) {
                    Ok(_) => Error::decode(call, error),
                    Err(json) => json,
                });
            }
        }
    }
}

/// Returns a body as text: what a process wrote, without the frames around it.
pub(crate) fn text(kept: Kept, call: &CallOf) -> Result<String, Error> {
    let Kept { content, errors, body, limit, .. } = kept;
    match content {
        Content::Frames | Content::Output => output(content, &body, call),
        Content::Bytes => match std::str::from_utf8(&body) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(Error::not_text(call, body)),
        },
        _ => {
            if errors == InBand::Looked {
                look_for_error(&body, limit, call)?;
            }
            Ok(lossy(&body))
        }
    }
}

/// Tells of an error in documents that are not read otherwise; what is none of them is passed over.
fn look_for_error(body: &[u8], limit: usize, call: &CallOf) -> Result<(), Error> {
    let mut documents = Documents::with_limit(limit);
    documents.push(body);
    documents.finish();
    while let Ok(Some(document)) = documents.pop() {
        if let Ok(value) = serde_json::from_slice(document) {
            look(&value, call, document)?;
        }
    }
    Ok(())
}

fn output(content: Content, body: &[u8], call: &CallOf) -> Result<String, Error> {
    let mut demultiplexer = demultiplexer(content);
    let mut input = body;
    let mut all = Vec::with_capacity(body.len());
    let decode = |error| Error::decode(call, error);
    while let Some(chunk) = demultiplexer.decode(&mut input).map_err(decode)? {
        if chunk.output == Output::EngineError {
            let message = engine_error::message(chunk.bytes);
            return Err(Error::in_band(call, message, None, Bytes::copy_from_slice(chunk.bytes)));
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
