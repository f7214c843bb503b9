#![no_std]
//! Placeholder.

extern crate alloc;

mod request;

pub use request::{Answer, Encoding, ListStyle, Location, Method};
