//! Rounds in turn, and what their times are asked.
//!
//! Apart from what is measured, so that its tests compile none of that.

pub mod asked;
pub mod rounds;

use std::error::Error;

/// What a measurement ends with.
pub type Outcome<T = ()> = Result<T, Box<dyn Error>>;
