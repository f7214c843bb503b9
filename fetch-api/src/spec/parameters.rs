//! Parameters and bodies.
//!
//! What is tolerated, and what it comes to:
//!
//! - a path parameter is always required, whatever is written;
//! - a template variable that no parameter declares is a required string (Incus);
//! - a parameter without `type` is what its `schema` says, else a string;
//! - an operation's own parameter replaces the path's of the same name and place;
//! - a body without `schema` may be anything; a body without `consumes` is
//!   `application/octet-stream` when its schema says bytes, else `application/json`;
//! - a form that consumes `multipart/form-data` and is not URL-encoded has a body of these media
//!   types beside its fields;
//! - a body without `schema` beside one that has it stands for raw bytes in its place (Incus).

use std::ops::Range;

use super::fault::At;
use super::reader::{MAX_REFERENCES, Reader, Table};
use super::swagger2;
use super::yaml::{Map, Node};
use crate::model::{Body, Encoding, Kind, ListStyle, Location, Parameter, Schema};

/// The most parameters that an operation may have, or variables that its path may have.
const MAX_PARAMETERS: usize = 1000;

/// The inputs declared at one level: of a path or of an operation.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs {
    parameters: Vec<Parameter>,
    pub(super) body: Option<Body>,
    /// Whether the body may be raw bytes instead.
    pub(super) is_raw: bool,
    is_first_raw: bool,
    /// What they take in the model.
    pub(super) bytes: usize,
}

/// A parameter that made faults.
#[derive(Debug)]
pub(super) struct FaultyParameter {
    pub(super) name: String,
    /// `None` for a place that is not supported.
    pub(super) location: Option<Location>,
    /// Those in the list of all.
    pub(super) faults: Range<usize>,
    /// How many of them keep an operation from being called.
    pub(super) broken: usize,
}

impl Inputs {
    /// Takes a body; `false` when there is one already, unless one of the two alone has a schema.
    fn add_body(&mut self, body: Body, is_raw: bool) -> bool {
        if self.body.is_none() {
            self.body = Some(body);
            self.is_first_raw = is_raw;
            return true;
        }
        if self.is_raw || self.is_first_raw == is_raw {
            return false;
        }
        self.is_raw = true;
        if self.is_first_raw {
            self.body = Some(body);
        }
        true
    }
}

impl<'t> Reader<'t> {
    /// Reads a list of parameters.
    pub(super) fn inputs(&mut self, list: &'t Node<'t>, at: &At<'_>) -> Inputs {
        let mut inputs = Inputs::default();
        let Some(items) = list.as_list() else {
            if *list != Node::Null {
                self.fault(at, format!("expected a list of parameters, found {}", list.sort()));
            }
            return inputs;
        };
        if items.len() > MAX_PARAMETERS {
            self.fault(at, format!("more than {MAX_PARAMETERS} parameters"));
            return inputs;
        }
        let before = self.left();
        for (index, node) in items.iter().enumerate() {
            let at = at.index(index);
            if self.is_done() {
                break;
            }
            let Some(map) = self.parameter_map(node, &at) else { continue };
            let Some(name) = map.text("name").filter(|name| !name.is_empty()) else {
                self.fault(&at, "the parameter has no name");
                continue;
            };
            let place = map.text("in").unwrap_or_default();
            let is_openapi3 = self.dialect.is_openapi3();
            let (first, broken) = (self.fault_count(), self.broken);
            let location = match place.as_ref() {
                "path" => Some(Location::Path),
                "query" => Some(Location::Query),
                "header" => Some(Location::Header),
                "formData" if !is_openapi3 => Some(Location::Form),
                "body" if !is_openapi3 => {
                    if !inputs.add_body(self.body(map, &at), swagger2::is_raw(map)) {
                        self.fault(&at, format!("`{name}` is a second body"));
                    }
                    continue;
                }
                _ => None,
            };
            match location {
                Some(location) => self.input(map, &name, location, &mut inputs, &at),
                None => self.unknown_place(&name, &place, &at),
            }
            let (faults, broken) = (first..self.fault_count(), self.broken - broken);
            if !faults.is_empty() {
                let name = name.into_owned();
                self.faulty_parameters.push(FaultyParameter { name, location, faults, broken });
            }
        }
        inputs.bytes = before - self.left();
        inputs
    }

    /// Reads one parameter of a list.
    fn input(
        &mut self,
        map: &'t Map<'t>,
        name: &str,
        location: Location,
        inputs: &mut Inputs,
        at: &At<'_>,
    ) {
        if let Some(what) = unsendable_name(name, location) {
            return self.fault(&at.key("name"), what);
        }
        if find(&inputs.parameters, name, location).is_some() {
            let place = map.text("in").unwrap_or_default();
            return self
                .fault(at, format!("the parameter `{name}` in `{place}` appears here twice"));
        }
        let parameter = match self.dialect.is_openapi3() {
            true => self.openapi3_parameter(map, name, location, at),
            false => Some(self.parameter(map, name, location, at)),
        };
        inputs.parameters.extend(parameter);
    }

    fn unknown_place(&mut self, name: &str, place: &str, at: &At<'_>) {
        let is_openapi3 = self.dialect.is_openapi3();
        let what = match (place, is_openapi3) {
            ("", _) => {
                let what = format!("the parameter `{name}` does not say where it goes");
                return self.fault(at, what);
            }
            ("cookie", true) => format!("the parameter `{name}` goes into a cookie: not supported"),
            ("body" | "formData", true) => {
                format!("the parameter `{name}` in `{place}` in a spec of {}", self.dialect.name())
            }
            _ => format!("the parameter `{name}` goes to an unknown place `{place}`"),
        };
        self.fault(&at.key("in"), what);
    }

    /// Merges the inputs of both levels and fits them to the path.
    pub(super) fn place(
        &mut self,
        shared: &Inputs,
        own: Inputs,
        path: &str,
        at: &At<'_>,
    ) -> Vec<Parameter> {
        self.spend(shared.bytes, at);
        let mut parameters: Vec<Parameter> = shared
            .parameters
            .iter()
            .filter(|theirs| find(&own.parameters, &theirs.name, theirs.location).is_none())
            .cloned()
            .collect();
        parameters.extend(own.parameters);
        let variables = match variables(path) {
            Some(variables) if variables.len() > MAX_PARAMETERS => {
                self.fault(at, format!("more than {MAX_PARAMETERS} variables in a path"));
                Vec::new()
            }
            Some(variables) => variables,
            None => {
                self.fault(at, format!("the braces of the path `{path}` do not match"));
                Vec::new()
            }
        };
        for parameter in &parameters {
            if parameter.location == Location::Path && !variables.contains(&parameter.name.as_str())
            {
                let name = &parameter.name;
                self.fault(at, format!("the path `{path}` has no place for `{name}`"));
            }
        }
        for name in variables {
            if find(&parameters, name, Location::Path).is_none() {
                self.spend(size_of::<Parameter>() + name.len(), at);
                parameters.push(Parameter {
                    name: name.to_owned(),
                    location: Location::Path,
                    required: true,
                    schema: Schema::of(Kind::String),
                    style: ListStyle::Single,
                    encoding: Encoding::Plain,
                    description: String::new(),
                });
            }
        }
        parameters
    }

    /// Follows references to the parameter itself.
    fn parameter_map(&mut self, node: &'t Node<'t>, at: &At<'_>) -> Option<&'t Map<'t>> {
        let mut node = node;
        for _ in 0..MAX_REFERENCES {
            let Some(map) = node.as_map() else {
                self.fault(at, format!("expected a parameter, found {}", node.sort()));
                return None;
            };
            let Some(reference) = map.get("$ref") else { return Some(map) };
            let text = reference.as_text().unwrap_or_default();
            match self.shared(&text, Table::Parameters) {
                Some(found) => node = self.searched(found, at),
                None => {
                    self.fault(&at.key("$ref"), format!("the parameter `{text}` does not exist"));
                    return None;
                }
            }
        }
        self.fault(at, "the reference leads to no parameter");
        None
    }

    fn body(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Body {
        let schema = match map.get("schema") {
            Some(node) => self.schema(node, &at.key("schema")),
            None => Schema::any(),
        };
        Body {
            required: is_true(map.get("required")),
            schema,
            media_types: Vec::new(),
            schemas: Vec::new(),
        }
    }

    fn parameter(
        &mut self,
        map: &'t Map<'t>,
        name: &str,
        location: Location,
        at: &At<'_>,
    ) -> Parameter {
        self.spend(size_of::<Parameter>() + name.len(), at);
        self.check_keys(map, &["content", "style", "explode"], at);
        let mut schema = match (map.get("type"), map.get("schema")) {
            (None, Some(node)) => self.schema(node, &at.key("schema")),
            _ => self.schema_map(map, at),
        };
        if schema.kind == Kind::Any {
            schema.kind = Kind::String;
        }
        let style = match (&schema.kind, map.text("collectionFormat").as_deref()) {
            (Kind::Array(_), Some("csv")) => ListStyle::Csv,
            (Kind::Array(_), Some("ssv")) => ListStyle::Ssv,
            (Kind::Array(_), Some("tsv")) => ListStyle::Tsv,
            (Kind::Array(_), Some("pipes")) => ListStyle::Pipes,
            (Kind::Array(_), Some("multi")) => ListStyle::Multi,
            (Kind::Array(_), Some(other)) => {
                self.fault(
                    &at.key("collectionFormat"),
                    format!("unknown format `{other}` of the list `{name}`"),
                );
                ListStyle::Csv
            }
            // A path or header cannot be repeated.
            (Kind::Array(_), None) if matches!(location, Location::Path | Location::Header) => {
                ListStyle::Csv
            }
            (Kind::Array(_), None) => self.context.lists,
            _ => ListStyle::Single,
        };
        let encoding = match schema.kind {
            Kind::Object(_) | Kind::Ref(_) | Kind::AllOf(_) => Encoding::Json,
            Kind::String if schema.format == "json" => Encoding::Json,
            _ => Encoding::Plain,
        };
        let mut parameter = Parameter {
            name: name.to_owned(),
            location,
            required: location == Location::Path || is_true(map.get("required")),
            schema,
            style,
            encoding,
            description: map.text("description").unwrap_or_default().into_owned(),
        };
        self.check_default(&mut parameter, at);
        parameter
    }

    /// Takes the default away from a header that cannot have it.
    pub(super) fn check_default(&mut self, parameter: &mut Parameter, at: &At<'_>) {
        if parameter.location == Location::Header && parameter.sent_default().is_err() {
            self.slip(&at.key("default"), "this default is not sent: it is no plain text");
            parameter.schema.default = None;
        }
    }
}

/// What keeps a parameter from having a name, if anything does: packs with such names are refused
/// by those that read them.
pub(super) fn unsendable_name(name: &str, location: Location) -> Option<String> {
    if let Some(character) = name.chars().find(|c| c.is_control()) {
        return Some(format!("the parameter `{name}` contains {character:?}, which no name can"));
    }
    (location == Location::Header && !contajners_core::is_header_name(name))
        .then(|| format!("the parameter `{name}` has a name that no header can have"))
}

fn is_true(node: Option<&Node<'_>>) -> bool {
    matches!(node, Some(Node::Bool(true)))
}

fn find<'p>(all: &'p [Parameter], name: &str, location: Location) -> Option<&'p Parameter> {
    all.iter().find(|parameter| parameter.name == name && parameter.location == location)
}

/// The variables of a path template in order, `name:.*` among them as it is written. `None`
/// when the braces do not match; braces within a variable belong to its pattern.
pub(super) fn variables(path: &str) -> Option<Vec<&str>> {
    let mut variables = Vec::new();
    let (mut depth, mut start) = (0usize, 0usize);
    for (position, byte) in path.bytes().enumerate() {
        match byte {
            b'{' => {
                if depth == 0 {
                    start = position + 1;
                }
                depth += 1;
            }
            b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    variables.push(&path[start..position]);
                }
            }
            _ => {}
        }
    }
    (depth == 0).then_some(variables)
}
