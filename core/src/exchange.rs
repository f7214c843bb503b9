//! What the head of an answer says about the rest of it.
//!
//! Transports on every host ask here, so that status codes and content types mean the same
//! everywhere.

use crate::catalog::Operation;
use crate::media_type::{essence, is_only_json};
use crate::request::{Answer, Method, Request};

/// What the body of an answer is, or what becomes of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Nothing of interest.
    Nothing,
    /// JSON: one document as a rule, several in a row from some operations.
    Json,
    /// JSON documents one after another, while the engine works. They may tell of an error: see
    /// [`crate::engine_error::in_band`].
    JsonLines,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
    /// Output of a process in frames of stdout and stderr.
    Frames,
    /// Output of a process, in frames or raw: the engine does not say. Frames begin in a way
    /// that output hardly can, so [`crate::stream::Demultiplexer::detecting`] finds out.
    Output,
    /// After this head the connection carries raw bytes both ways.
    Duplex,
}

/// What came of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The engine did it; the body is that.
    Success(Content),
    /// The engine wants the request sent elsewhere. Clients do not follow: a redirected `POST`
    /// becomes a `GET`, and engines redirect only paths they find unclean.
    Redirect,
    /// The engine refused or failed; the body tells why: see
    /// `engine_error::message` (feature `serde_json`).
    Failure,
}

impl Request {
    /// Tells what an answer to this request is, from its status and `Content-Type`.
    ///
    /// 304 is a success without a body: engines answer it when a container runs or has stopped
    /// already. What the catalogue knows of the operation comes before a content type that a
    /// server may have guessed from the bytes.
    pub fn outcome(&self, status: u16, content_type: Option<&str>) -> Outcome {
        let content = match status {
            101 => Content::Duplex,
            204 | 205 | 304 => Content::Nothing,
            200..=299 if self.method() == Method::Head => Content::Nothing,
            // What no spec knows is what the engine says it is; if it says nothing, JSON.
            200..=299 if self.operation().is_none() && self.answer() == Answer::Json => {
                let expected = if content_type.is_some() { Answer::Nothing } else { Answer::Json };
                content(expected, content_type)
            }
            200..=299 => content(self.answer(), content_type),
            300..=399 => return Outcome::Redirect,
            _ => return Outcome::Failure,
        };
        Outcome::Success(content)
    }

    /// Tells whether an answer of this kind may tell of an error inside, after a status that says it
    /// went well: see [`crate::engine_error::in_band`].
    ///
    /// Of operations it is known which do. A request that no spec knows may be a pull or a build;
    /// what is only got may have fields of any name.
    pub fn may_fail_inside(&self, content: Content) -> bool {
        let is_unknown = self.operation().is_none() && !self.method().is_safe();
        content == Content::JsonLines || content == Content::Json && is_unknown
    }

    /// Tells whether the connection can become a socket, as far as the catalogue knows.
    pub fn may_open_socket(&self) -> bool {
        match self.operation() {
            None => self.method() != Method::Head,
            Some(_) => opens_socket(self.method(), self.answer()),
        }
    }

    /// Tells whether the request may be sent again when a connection fails before the answer.
    pub fn is_safe_to_repeat(&self) -> bool {
        self.method().is_safe()
    }
}

impl Operation<'_> {
    /// Tells whether its connection can become a socket: [`Request::may_open_socket`] before there is a
    /// request.
    pub fn may_open_socket(&self) -> bool {
        opens_socket(self.method(), self.answer())
    }
}

fn opens_socket(method: Method, answer: Answer) -> bool {
    method != Method::Head && matches!(answer, Answer::Upgrade | Answer::Frames)
}

/// Tells what the body of an answer with an error status is, where it is taken as an answer.
pub fn content_of_error(content_type: Option<&str>) -> Content {
    let media_type = essence(content_type.unwrap_or_default());
    if media_type.is_empty() || is_text(media_type) {
        Content::Text
    } else if is_only_json(media_type) {
        Content::Json
    } else {
        Content::Bytes
    }
}

fn content(answer: Answer, content_type: Option<&str>) -> Content {
    let media_type = essence(content_type.unwrap_or_default());
    let is = |name: &str| media_type.eq_ignore_ascii_case(name);
    if is("application/vnd.docker.multiplexed-stream") {
        return Content::Frames;
    }
    match answer {
        Answer::Bytes => return Content::Bytes,
        Answer::Frames | Answer::Upgrade => return Content::Output,
        _ => {}
    }
    if is("application/vnd.docker.raw-stream") {
        return Content::Output;
    }
    if ["application/x-ndjson", "application/jsonl", "application/json-seq"].into_iter().any(is) {
        return Content::JsonLines;
    }
    if is_only_json(media_type) {
        return if answer == Answer::JsonLines { Content::JsonLines } else { Content::Json };
    }
    // A page in place of JSON is that of somebody in between, and no answer.
    let is_page = answer == Answer::Json && is("text/html");
    if is_text(media_type) && answer != Answer::JsonLines && !is_page {
        return Content::Text;
    }
    match answer {
        Answer::Json => Content::Json,
        Answer::JsonLines => Content::JsonLines,
        Answer::Text => Content::Text,
        _ => Content::Bytes,
    }
}

fn is_text(media_type: &str) -> bool {
    let begin = media_type.as_bytes().get(..5);
    begin.is_some_and(|begin| begin.eq_ignore_ascii_case(b"text/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: Answer, status: u16, content_type: &str, expected: Outcome) {
        let mut request = Request::raw(Method::Post, "/x").unwrap();
        request.set_answer(answer);
        let content_type = Some(content_type).filter(|text| !text.is_empty());
        assert_eq!(request.outcome(status, content_type), expected);
    }

    #[test]
    fn bodies_of_errors_are_what_their_type_says() {
        for (content_type, expected) in [
            (None, Content::Text),
            (Some("text/plain; charset=utf-8"), Content::Text),
            (Some("Application/JSON"), Content::Json),
            (Some("application/problem+json; a=b"), Content::Json),
            (Some("application/x-tar"), Content::Bytes),
            (Some("*/*"), Content::Bytes),
            (Some("TEXT/html"), Content::Text),
        ] {
            assert_eq!(content_of_error(content_type), expected, "{content_type:?}");
        }
    }

    #[test]
    fn what_may_fail_inside_is_looked_into() {
        let may = |method, content| Request::raw(method, "/x").unwrap().may_fail_inside(content);
        assert!(may(Method::Post, Content::Json) && may(Method::Get, Content::JsonLines));
        assert!(!may(Method::Get, Content::Json) && !may(Method::Post, Content::Text));
    }

    #[test]
    fn a_page_is_no_answer_where_json_is_documented() {
        let page = Some("Text/HTML; charset=utf-8");
        assert_eq!(content(Answer::Json, page), Content::Json);
        assert_eq!(content(Answer::Text, page), Content::Text);
        assert_eq!(content(Answer::Nothing, page), Content::Text);
    }

    #[test]
    fn the_catalogue_comes_before_a_guessed_content_type() {
        use Outcome::Success;
        let json = "application/json; charset=utf-8";
        check(Answer::Json, 200, json, Success(Content::Json));
        check(Answer::JsonLines, 200, json, Success(Content::JsonLines));
        check(Answer::JsonLines, 200, "text/plain", Success(Content::JsonLines));
        check(Answer::Json, 200, "text/plain", Success(Content::Text));
        check(Answer::Json, 200, "", Success(Content::Json));
        check(Answer::Json, 200, "application/x-tar", Success(Content::Bytes));
        check(Answer::Bytes, 200, "*/*", Success(Content::Bytes));
        check(Answer::JsonLines, 200, "*/*", Success(Content::JsonLines));
        check(Answer::Text, 200, "*/*", Success(Content::Text));
        check(Answer::Bytes, 200, "text/plain; charset=utf-8", Success(Content::Bytes));
        check(Answer::Nothing, 201, json, Success(Content::Json));
        check(Answer::Frames, 200, "application/octet-stream", Success(Content::Output));
        let framed = "application/vnd.docker.multiplexed-stream";
        check(Answer::Frames, 200, framed, Success(Content::Frames));
        check(Answer::Upgrade, 101, "", Success(Content::Duplex));
        check(Answer::Nothing, 304, "", Success(Content::Nothing));
        check(Answer::Nothing, 301, "", Outcome::Redirect);
        check(Answer::Json, 409, json, Outcome::Failure);
    }
}
