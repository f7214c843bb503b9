//! From a vendor's file to a [`Model`].
//!
//! [`read`] takes the text of a spec and gives its model, or everything that is wrong with it
//! in one go. It reads Swagger 2.0, OpenAPI 3.0 and OpenAPI 3.1, in YAML or JSON.

mod answer;
#[cfg(test)]
mod bounds_tests;
mod fault;
mod found;
mod names;
mod openapi3;
#[cfg(test)]
mod openapi3_tests;
mod parameters;
#[cfg(test)]
mod rare_tests;
mod reader;
mod schema;
mod swagger2;
#[cfg(test)]
pub(crate) mod tests;
mod yaml;

use std::collections::BTreeSet;

pub use fault::{SpecError, SpecFault};
pub(crate) use reader::plain_path;
pub use yaml::{MAX_BYTES, Prose};

use crate::model::{ListStyle, Location, Model, Operation};
use fault::At;
use reader::Dialect;
use yaml::{Map, Node};

/// What the map of sources says of a spec, which the spec itself does not.
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
    /// How arrays are written whose parameter does not say; OpenAPI 3 always says.
    pub lists: ListStyle,
    /// Whether prose is kept.
    pub prose: Prose,
    /// What becomes of a spec with faults.
    pub faults: Faults,
    /// Definitions that may be missing: whatever refers to them allows anything.
    pub missing: BTreeSet<String>,
}

impl Context {
    /// Returns that of a version of which the map says nothing else: arrays are written with commas,
    /// prose is skipped, a spec with faults is refused.
    pub fn new(version: impl Into<String>) -> Self {
        Self {
            version: version.into(),
            prefix: None,
            doc_url: String::new(),
            namespaces: Vec::new(),
            lists: ListStyle::Csv,
            prose: Prose::Skip,
            faults: Faults::Refuse,
            missing: BTreeSet::new(),
        }
    }
}

/// What becomes of a spec with faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Faults {
    /// It is refused.
    #[default]
    Refuse,
    /// An operation at fault is left out, a schema at fault allows anything; the rest is read.
    KeepGoing,
}

/// A spec that was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// What it says.
    pub model: Model,
    /// What was decided where it leaves a choice, and with [`Faults::KeepGoing`] its faults.
    pub notes: Vec<SpecFault>,
    /// Those of [`Context::missing`] that were needed.
    pub filled: BTreeSet<String>,
    /// The operations that were left out with [`Faults::KeepGoing`], by method and path.
    pub left_out: Vec<String>,
}

/// What rules decide while a spec is read. Whatever they remove is at fault for nobody.
pub trait Rules {
    /// Sets ids of operations, before those without one get theirs.
    fn name(&mut self, operations: &mut [Operation]) {
        let _ = operations;
    }

    /// Tells whether an operation with faults is left out.
    fn removes(&mut self, operation: &Operation) -> bool {
        let _ = operation;
        false
    }

    /// Tells whether a parameter with faults is left out of an operation; its place is `None` where
    /// it is not a supported one.
    fn removes_parameter(
        &mut self,
        operation: &Operation,
        name: &str,
        location: Option<Location>,
    ) -> bool {
        let _ = (operation, name, location);
        false
    }
}

struct NoRules;

impl Rules for NoRules {}

/// Reads a spec into a model.
///
/// # Errors
///
/// [`SpecError`] tells when the text is no spec at all; [`SpecError::Faults`] lists each mistake
/// of one that is, with its place. One without operations is refused whatever becomes of faults.
pub fn read(text: &[u8], context: &Context) -> Result<Read, SpecError> {
    let mut read = read_with(text, context, &mut NoRules)?;
    read.model.write_defaults();
    Ok(read)
}

/// Reads a spec into a model, with rules that count while it is read. The defaults of headers are
/// as they are written, for rules that count later; [`Model::write_defaults`] comes last.
///
/// # Errors
///
/// Those of [`read`].
pub fn read_with(text: &[u8], context: &Context, rules: &mut dyn Rules) -> Result<Read, SpecError> {
    let root = yaml::read(text, context.prose)?;
    let Some(map) = root.as_map() else {
        return Err(SpecError::NotASpec(format!("expected a spec, found {}", root.sort())));
    };
    let dialect = dialect(map)?;
    let mut faults = Vec::new();
    yaml::find_duplicates(&root, At::ROOT, &mut faults);
    reader::model(map, dialect, context, faults, rules)
}

fn dialect(map: &Map<'_>) -> Result<Dialect, SpecError> {
    let known = "Swagger 2.0, OpenAPI 3.0 or OpenAPI 3.1";
    let other = |name: &str, version: &str| {
        let version = fault::printable(version);
        SpecError::NotASpec(format!("expected {known}, found {name} `{version}`"))
    };
    let text = |key| map.get(key).map(|node: &Node<'_>| node.as_text().unwrap_or_default());
    match (text("swagger"), text("openapi")) {
        // Whichever is meant, the other is a fault; see `Reader::check_root`.
        (_, Some(version)) => match version.split('.').collect::<Vec<_>>().as_slice() {
            ["3", "0", ..] => Ok(Dialect::OpenApi30),
            ["3", "1", ..] => Ok(Dialect::OpenApi31),
            _ => Err(other("OpenAPI", &version)),
        },
        (Some(version), None) if version == "2.0" => Ok(Dialect::Swagger2),
        (Some(version), None) => Err(other("Swagger", &version)),
        (None, None) => {
            Err(SpecError::NotASpec("the key `swagger` or `openapi` is missing".to_owned()))
        }
    }
}
