#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! Placeholder.

extern crate alloc;
#[cfg(test)]
extern crate std;

mod catalog;
mod encode;
pub mod engine_error;
mod error;
mod exchange;
mod form;
mod nearest;
mod negotiate;
mod pack;
mod request;
mod resolve;
mod schema;
pub mod stream;
mod value;
mod version;

pub use catalog::{Api, Operation, Parameter, RequestBody, Response};
pub use error::{ResolveError, ResolveErrorKind};
pub use exchange::{Content, Outcome};
pub use nearest::nearest;
pub use negotiate::{NegotiateError, Negotiation, NegotiationStep, negotiate};
#[cfg(feature = "write")]
pub use pack::write;
pub use pack::{FORMAT_VERSION, Pack, PackError};
pub use request::{
    Answer, Encoding, ListStyle, Location, Method, RawError, Request, RequestContent,
    is_secret_header,
};
pub use resolve::Body;
pub use schema::{Additional, Property, Schema, SchemaKind};
pub use value::{Value, View};
pub use version::{ApiVersion, VersionSet};
