//! Downloads the API specs of container engines and compiles them into packs.

pub mod annotations;
pub mod args;
pub mod compile;
pub mod docs;
pub mod download;
pub mod lift;
pub mod lower;
pub mod model;
pub mod sources;
pub mod spec;
