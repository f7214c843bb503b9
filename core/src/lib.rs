#![no_std]
//! Reads packs of container-engine APIs, resolves calls to requests, judges and decodes answers.
//!
//! This is the part of contajners that native programs and web pages share: `no_std`, without
//! I/O, clock or environment. Bytes and values go in, requests and decisions come out; moving
//! them is a transport's business.
//!
//! ```
//! # fn demo(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
//! use contajners_core::{Body, Content, Outcome, Pack};
//!
//! let pack = Pack::open(bytes)?;
//! let operation = pack.api("v1.41")?.operation("ContainerLogs")?;
//! let request = operation.resolve(&[("id", &"conny"), ("stdout", &true)], Body::Nothing)?;
//! assert_eq!(request.target(), "/v1.41/containers/conny/logs?stdout=true");
//!
//! // … a transport sends it, and asks what the answer is:
//! let outcome = request.outcome(200, Some("application/vnd.docker.multiplexed-stream"));
//! assert_eq!(outcome, Outcome::Success(Content::Frames));
//! # Ok(()) }
//! ```
//!
//! - [`Pack`], [`Api`], [`Operation`], [`Parameter`], [`Schema`]: the catalogue. All are
//!   references into the bytes of a pack, free to copy.
//! - [`Operation::resolve`] and [`Request`]: from a call to what goes over the wire.
//! - [`Operation::check_body`] and [`Finding`]: what a body has that its schema has not.
//! - [`SchemaHistory`]: in which versions a field or an allowed value exists.
//! - [`Api::diff`] and [`Change`]: what is different between versions, or between engines.
//! - [`Value`]: how core sees a caller's data.
//! - [`Request::outcome`], [`engine_error`], [`stream`]: from the answer's head to its content.
//! - [`Api::waiter`] and [`Waiter::judge`]: whether an answer tells that a state is reached.
//! - [`Negotiation`]: which API version to speak.
//!
//! Packs, answers and values are untrusted: whatever they hold, memory stays bounded and nothing
//! panics.
//!
//! # Features
//!
//! - `schemas`, on by default: what looks into schemas, that is checks ([`Operation::check_body`]),
//!   differences ([`Api::diff`]), explanations ([`Api::explain`]) and histories ([`SchemaHistory`]).
//! - `serde_json`: [`Value`] for `serde_json::Value`, and reading error bodies from bytes.
//! - `write`: writing packs (module `write`), for the compiler.

extern crate alloc;
#[cfg(test)]
extern crate std;

mod addresses;
mod catalog;
#[cfg(feature = "schemas")]
mod check;
#[cfg(feature = "schemas")]
mod diff;
mod encode;
pub mod engine_error;
mod error;
mod exchange;
#[cfg(feature = "schemas")]
mod explain;
#[cfg(feature = "schemas")]
mod fields;
mod finding;
mod form;
#[cfg(feature = "schemas")]
mod history;
mod media_type;
mod nearest;
mod negotiate;
mod pack;
mod pointer;
mod readings;
mod request;
mod resolve;
mod schema;
mod search;
pub mod stream;
mod value;
mod version;
mod waiter;
mod words;

pub use addresses::keeps_variables;
pub use catalog::{Api, Operation, Parameter, RequestBody, Response};
#[cfg(feature = "schemas")]
pub use diff::{Change, ChangeKind, Place};
pub use error::{ResolveError, ResolveErrorKind};
pub use exchange::{Content, Outcome, content_of_error};
#[cfg(feature = "schemas")]
pub use explain::{ExplainError, ExplainErrorKind, Explanation};
pub use finding::{Finding, FindingKind};
#[cfg(feature = "schemas")]
pub use history::SchemaHistory;
pub use media_type::is_json;
pub use nearest::nearest;
pub use negotiate::{NegotiateError, Negotiation, NegotiationStep, negotiate};
#[cfg(feature = "write")]
pub use pack::write;
pub use pack::{FORMAT_VERSION, Pack, PackError, VersionRule};
pub use readings::boolean;
pub use request::{
    Answer, Encoding, ListStyle, Location, Method, PathValueError, RawError, Request,
    RequestContent, is_header_name, is_secret_header,
};
pub use resolve::Body;
pub use schema::{Additional, Property, Schema, SchemaKind};
pub use search::quoted;
pub use value::{Value, View};
pub use version::{ApiVersion, VersionSet};
pub use waiter::{Condition, Sign, Verdict, Waiter};
