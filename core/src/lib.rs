#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]
//! Placeholder.

extern crate alloc;
#[cfg(test)]
extern crate std;

mod catalog;
mod error;
mod nearest;
mod pack;
mod request;
mod schema;
mod value;
mod version;

pub use catalog::{Api, Operation, Parameter, RequestBody, Response};
pub use error::{ResolveError, ResolveErrorKind};
pub use nearest::nearest;
#[cfg(feature = "write")]
pub use pack::write;
pub use pack::{FORMAT_VERSION, Pack, PackError};
pub use request::{Answer, Encoding, ListStyle, Location, Method};
pub use schema::{Additional, Property, Schema, SchemaKind};
pub use value::{Value, View};
pub use version::{ApiVersion, VersionSet};
