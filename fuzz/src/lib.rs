//! What the fuzz targets have in common.
//!
//! A target reads its input by plain rules (a byte or two decide, the rest is content), so that
//! inputs of the corpus can be written and read by people.

pub mod catalogue;
pub mod pieces;
pub mod specs;

/// A text that is shown to people: something, on one line, without control characters.
///
/// # Panics
///
/// If it is not.
pub fn one_line(text: &str) {
    assert!(!text.is_empty(), "says nothing");
    assert!(!text.chars().any(char::is_control), "not one line: {text:?}");
}
