//! A way in for the fuzz target of ignore files.

use super::ignore::{Ignore, Judged};

/// What an ignore file does to a path: for each folder above it and for the path itself, whether
/// it is left out and whether something below it may be taken in.
///
/// # Errors
///
/// The text of the error of a line that is no pattern.
pub fn ignored(file: &str, path: &str) -> Result<Vec<(bool, bool)>, String> {
    let ignore = Ignore::parse(file).map_err(|error| error.to_string())?;
    let mut judged = Judged::default();
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    let each = ends.map(|end| {
        judged = ignore.judge(&path[..end], &judged);
        (judged.is_left_out, ignore.may_take_in_below(&path[..end]))
    });
    Ok(each.collect())
}
