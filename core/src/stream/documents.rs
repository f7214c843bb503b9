use alloc::vec::Vec;

use super::{DecodeError, DecodeErrorKind};

/// Documents longer than this are taken for damage, unless told otherwise.
const DOCUMENT_LIMIT: usize = 16 << 20;

/// How many times its limit a document may take in memory when it is read as values. What engines
/// send takes less than 10 times its length; `{"":0}` takes 80 times as much.
const VALUES: usize = 16;

/// About how many bytes of memory a byte of JSON stands for that begins a value, besides those of
/// texts: as `serde_json` keeps them, a list has place for four values, an object for eleven
/// fields, and a field shares that with others.
fn weight(byte: u8) -> usize {
    match byte {
        b'{' => 640,
        b'[' => 128,
        b',' => 64,
        _ => 0,
    }
}

/// Tells whether JSON would take no more memory as values than a document of that limit may.
///
/// [`Documents`] looks at that by itself; this is for whoever reads a text at once.
///
/// ```
/// use contajners_core::stream::fits;
///
/// let bomb = format!("[{}0]", "{\"\":0},".repeat(1000));
/// assert!(fits(bomb.as_bytes(), 1 << 20));
/// assert!(!fits(bomb.as_bytes(), bomb.len()));
/// ```
pub fn fits(json: &[u8], limit: usize) -> bool {
    let most = limit.saturating_mul(VALUES);
    if json.len().saturating_mul(weight(b'{')) <= most {
        return true;
    }
    let (mut is_text, mut is_escaped, mut all) = (false, false, 0);
    for &byte in json {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = is_text,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            _ => all = usize::saturating_add(all, weight(byte)),
        }
    }
    all <= most
}

/// Cuts a stream into JSON documents without reading them.
///
/// Documents may stand on lines of their own, follow each other without anything between, or
/// carry the separator of `application/json-seq`; they may be cut anywhere. What is inside is
/// for a JSON reader to judge.
///
/// ```
/// use contajners_core::stream::Documents;
///
/// let mut documents = Documents::new();
/// documents.push(b"{\"a\":1}{\"b\"");
/// assert_eq!(documents.pop()?, Some(&b"{\"a\":1}"[..]));
/// assert_eq!(documents.pop()?, None);
/// documents.push(b":2}\n7");
/// assert_eq!(documents.pop()?, Some(&b"{\"b\":2}"[..]));
/// documents.finish();
/// assert_eq!(documents.pop()?, Some(&b"7"[..]));
/// # Ok::<(), contajners_core::stream::DecodeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Documents {
    buffer: Vec<u8>,
    /// Where the document at hand begins in the buffer.
    start: usize,
    /// How far the buffer has been looked at.
    seen: usize,
    state: State,
    depth: u32,
    /// What the document at hand would take as values, so far.
    weight: usize,
    /// Bytes that have left the buffer.
    gone: u64,
    limit: usize,
    finished: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between documents.
    Between,
    /// In an object or a list.
    Nested,
    /// In a text; what it is part of is told by the depth.
    Text,
    /// In a text, after a backslash.
    Escape,
    /// In a number or a word that stands alone.
    Bare,
}

impl Default for Documents {
    fn default() -> Self {
        Self::new()
    }
}

impl Documents {
    /// Starts with an empty stream and a limit of 16 MiB a document.
    pub fn new() -> Self {
        Self::with_limit(DOCUMENT_LIMIT)
    }

    /// Starts with an empty stream and a limit of so many bytes a document. One that would take
    /// more than 16 times as many as values counts as too long, too.
    pub fn with_limit(limit: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            seen: 0,
            state: State::Between,
            depth: 0,
            weight: 0,
            gone: 0,
            limit,
            finished: false,
        }
    }

    /// Takes the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.gone += self.start as u64;
            self.seen -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Tells that the stream has ended, so that a number or a word at its end is whole.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Returns the next whole document; `None` until more bytes come, or at the end.
    ///
    /// # Errors
    ///
    /// [`DecodeErrorKind::DocumentTooLong`]; [`DecodeErrorKind::Cut`] when the stream has ended
    /// inside a document. The offset is that of the document's beginning.
    pub fn pop(&mut self) -> Result<Option<&[u8]>, DecodeError> {
        while let Some(&byte) = self.buffer.get(self.seen) {
            if self.state == State::Between {
                self.start = self.seen;
            }
            self.seen += 1;
            match self.state {
                State::Between => match byte {
                    // 0x1e is the separator of RFC 7464.
                    b' ' | b'\t' | b'\r' | b'\n' | 0x1e => self.start = self.seen,
                    b'{' | b'[' => {
                        self.state = State::Nested;
                        self.depth = 1;
                        self.weight = weight(byte);
                    }
                    b'"' => self.state = State::Text,
                    _ => self.state = State::Bare,
                },
                State::Nested => match byte {
                    b'{' | b'[' => {
                        self.depth = self.depth.saturating_add(1);
                        self.weight = self.weight.saturating_add(weight(byte));
                    }
                    b'}' | b']' => {
                        self.depth -= 1;
                        if self.depth == 0 {
                            return self.document(self.seen).map(Some);
                        }
                    }
                    b'"' => self.state = State::Text,
                    b',' => self.weight = self.weight.saturating_add(weight(byte)),
                    _ => {}
                },
                State::Text => match byte {
                    b'\\' => self.state = State::Escape,
                    b'"' if self.depth == 0 => return self.document(self.seen).map(Some),
                    b'"' => self.state = State::Nested,
                    _ => {}
                },
                State::Escape => self.state = State::Text,
                State::Bare => {
                    if matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x1e | b'{' | b'[' | b'"') {
                        self.seen -= 1;
                        return self.document(self.seen).map(Some);
                    }
                }
            }
        }
        let at = self.gone + self.start as u64;
        if self.is_too_long(self.start, self.seen) {
            return Err(DecodeError::new(DecodeErrorKind::DocumentTooLong, at));
        }
        match self.state {
            _ if !self.finished => Ok(None),
            State::Between => Ok(None),
            State::Bare => self.document(self.seen).map(Some),
            _ => Err(DecodeError::new(DecodeErrorKind::Cut, at)),
        }
    }

    /// Returns where in the stream the document handed out last ended.
    pub fn offset(&self) -> u64 {
        self.gone + self.start as u64
    }

    fn document(&mut self, end: usize) -> Result<&[u8], DecodeError> {
        let start = core::mem::replace(&mut self.start, end);
        self.state = State::Between;
        self.depth = 0;
        let is_too_long = self.is_too_long(start, end);
        self.weight = 0;
        if is_too_long {
            let at = self.gone + start as u64;
            return Err(DecodeError::new(DecodeErrorKind::DocumentTooLong, at));
        }
        Ok(&self.buffer[start..end])
    }

    fn is_too_long(&self, start: usize, end: usize) -> bool {
        end - start > self.limit || self.weight > self.limit.saturating_mul(VALUES)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[&[u8]]) -> (Vec<String>, Option<DecodeError>) {
        let mut documents = Documents::with_limit(64);
        let mut out = Vec::new();
        for i in 0..=pieces.len() {
            match pieces.get(i) {
                Some(piece) => documents.push(piece),
                None => documents.finish(),
            }
            loop {
                match documents.pop() {
                    Ok(Some(document)) => out.push(String::from_utf8_lossy(document).into_owned()),
                    Ok(None) => break,
                    Err(error) => return (out, Some(error)),
                }
            }
        }
        (out, None)
    }

    #[test]
    fn documents_may_touch_or_stand_on_lines() {
        let text = b"{\"a\":\"}\\\"{\"}[1,[2]]\r\n\x1e\"x\\\\\"true\n 1 2{}";
        let expected = ["{\"a\":\"}\\\"{\"}", "[1,[2]]", "\"x\\\\\"", "true", "1", "2", "{}"];
        assert_eq!(cut(&[text]), (expected.map(String::from).to_vec(), None));
    }

    #[test]
    fn damage_has_a_place() {
        let (out, error) = cut(&[b"{} ", b"{\"a\":"]);
        assert_eq!((out.len(), error), (1, Some(DecodeError::new(DecodeErrorKind::Cut, 3))));
        let (out, error) = cut(&[b"{}\n", &[b'['; 100]]);
        let too_long = DecodeError::new(DecodeErrorKind::DocumentTooLong, 3);
        assert_eq!((out.len(), error), (1, Some(too_long)));
        assert_eq!(cut(&[b"]]"]).0, ["]]"]);
    }

    #[test]
    fn a_document_that_is_large_as_values_is_too_long() {
        let bomb = |count| alloc::format!("[{}0]", "{\"\":0},".repeat(count));
        // A limit of 64 bytes stands for 1024 of values.
        assert_eq!(cut(&[bomb(1).as_bytes()]).1, None);
        let (out, error) = cut(&[b"1 ", bomb(2).as_bytes(), b" 2"]);
        let too_long = DecodeError::new(DecodeErrorKind::DocumentTooLong, 2);
        assert_eq!((out.len(), error), (1, Some(too_long)));
        // What comes after it is judged by itself.
        let mut documents = Documents::with_limit(64);
        documents.push(alloc::format!("{} 2 ", bomb(2)).as_bytes());
        assert_eq!(
            documents.pop().map(|_| ()),
            Err(DecodeError::new(DecodeErrorKind::DocumentTooLong, 0))
        );
        assert_eq!(documents.pop(), Ok(Some(&b"2"[..])));
        assert_eq!(documents.pop(), Ok(None));
        // Commas and braces of a text are text.
        assert_eq!(cut(&[b"[\"{{{{[[[[,,,,\\\"{{{{\"]"]).1, None);
        // Each document begins anew.
        assert_eq!(cut(&[bomb(1).repeat(20).as_bytes()]).0.len(), 20);
    }

    #[test]
    fn texts_are_judged_as_documents_are() {
        let bomb = |count| alloc::format!("[{}0]", "{\"\":0},".repeat(count));
        assert!(fits(bomb(1).as_bytes(), 64));
        assert!(!fits(bomb(2).as_bytes(), 64));
        assert!(fits(b"[\"{{{{[[[[,,,,\\\"{{{{\"]", 16));
        assert!(fits(b"", 0));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_documents(
            text in "[\\[\\]{}\"\\\\a1 \n]{0,60}",
            at in any::<prop::sample::Index>(),
        ) {
            let bytes = text.as_bytes();
            let at = at.index(bytes.len() + 1);
            prop_assert_eq!(cut(&[&bytes[..at], &bytes[at..]]), cut(&[bytes]));
        }
    }
}
