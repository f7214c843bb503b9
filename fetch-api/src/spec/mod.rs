//! From a vendor's file to a [`Model`].
//!
//! [`read`] takes the text of a spec and gives its model, or everything that is wrong with it
//! in one go. It reads Swagger 2.0, in YAML or JSON.

mod answer;
mod fault;
mod parameters;
mod schema;
mod reader;
#[cfg(test)]
pub(crate) mod tests;
mod yaml;

pub use fault::{SpecError, SpecFault};
pub use yaml::{MAX_BYTES, Prose};

use crate::model::{ListStyle, Model};
use fault::At;

/// What the sources map says of a spec, which the spec itself does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context {
    /// The version as the map spells it.
    pub version: String,
    /// The template of what stands before every path; `None` leaves it to the spec.
    pub prefix: Option<String>,
    /// The template of an operation's documentation address.
    pub doc_url: String,
    /// What makes a namespace of its own, longest first.
    pub namespaces: Vec<String>,
    /// How arrays are written whose parameter does not say.
    pub lists: ListStyle,
    /// Whether prose is kept.
    pub prose: Prose,
}

/// Reads a spec into a model.
///
/// # Errors
///
/// [`SpecError`] tells when the text is no spec at all; [`SpecError::Faults`] lists each mistake
/// of one that is, with its place.
pub fn read(text: &[u8], context: &Context) -> Result<Model, SpecError> {
    let root = yaml::read(text, context.prose)?;
    let Some(map) = root.as_map() else {
        return Err(SpecError::NotASpec(format!("expected a spec, found {}", root.sort())));
    };
    if let Some(version) = map.text("openapi") {
        return Err(SpecError::NotASpec(format!(
            "OpenAPI {} is not read yet",
            fault::printable(&version)
        )));
    }
    match map.text("swagger") {
        Some(version) if version == "2.0" => {}
        Some(version) => {
            return Err(SpecError::NotASpec(format!(
                "expected Swagger 2.0, found `{}`",
                fault::printable(&version)
            )));
        }
        None => return Err(SpecError::NotASpec("the key `swagger` is missing".to_owned())),
    }
    let mut faults = Vec::new();
    yaml::find_duplicates(&root, At::ROOT, &mut faults);
    reader::model(map, context, faults).map_err(SpecError::Faults)
}
