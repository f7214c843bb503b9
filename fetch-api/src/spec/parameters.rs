//! Parameters and bodies.
//!
//! What is tolerated, and what it comes to:
//!
//! - a path parameter is always required, whatever is written;
//! - a template variable that no parameter declares is a required string (Incus);
//! - a parameter without `type` is what its `schema` says, else a string;
//! - an operation's own parameter replaces the path's of the same name and place;
//! - a body without `schema` may be anything; a body without `consumes` is
//!   `application/octet-stream` when its schema says bytes, else `application/json`.

use super::fault::At;
use super::reader::{MAX_REFERENCES, Reader, is_binary};
use super::yaml::{Map, Node};
use crate::model::{Body, Encoding, Kind, ListStyle, Location, Parameter, Schema};

/// The most parameters that an operation may have, or variables that its path may have.
const MAX_PARAMETERS: usize = 1000;

/// The inputs declared at one level: of a path or of an operation.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs {
    parameters: Vec<Parameter>,
    body: Option<Body>,
    /// What they take in the model.
    bytes: usize,
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
            let location = match place.as_ref() {
                "path" => Location::Path,
                "query" => Location::Query,
                "header" => Location::Header,
                "formData" => Location::Form,
                "body" => {
                    let body = self.body(map, &at);
                    if inputs.body.replace(body).is_some() {
                        self.fault(&at, format!("`{name}` is a second body"));
                    }
                    continue;
                }
                "" => {
                    self.fault(&at, format!("the parameter `{name}` does not say where it goes"));
                    continue;
                }
                other => {
                    self.fault(
                        &at.key("in"),
                        format!("the parameter `{name}` goes to an unknown place `{other}`"),
                    );
                    continue;
                }
            };
            if find(&inputs.parameters, &name, location).is_some() {
                self.fault(&at, format!("the parameter `{name}` in `{place}` stands here twice"));
                continue;
            }
            let parameter = self.parameter(map, &name, location, &at);
            inputs.parameters.push(parameter);
        }
        inputs.bytes = before - self.left();
        inputs
    }

    /// Merges the inputs of both levels and fits them to the path.
    pub(super) fn place(
        &mut self,
        shared: &Inputs,
        own: Inputs,
        path: &str,
        consumes: Vec<String>,
        at: &At<'_>,
    ) -> (Vec<Parameter>, Option<Body>) {
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
        let mut body = own.body.or_else(|| shared.body.clone());
        if let Some(body) = &mut body {
            if parameters.iter().any(|parameter| parameter.location == Location::Form) {
                self.fault(at, "a form and a body exclude each other");
            }
            body.media_types = consumes;
            if body.media_types.is_empty() {
                let media_type = match is_binary(&body.schema) {
                    true => "application/octet-stream",
                    false => "application/json",
                };
                body.media_types.push(media_type.to_owned());
            }
        }
        (parameters, body)
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
            match self.shared(&text, "parameters") {
                Some(found) => node = found,
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
        Body { required: is_true(map.get("required")), schema, media_types: Vec::new() }
    }

    fn parameter(
        &mut self,
        map: &'t Map<'t>,
        name: &str,
        location: Location,
        at: &At<'_>,
    ) -> Parameter {
        self.spend(size_of::<Parameter>() + name.len(), at);
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
        Parameter {
            name: name.to_owned(),
            location,
            required: location == Location::Path || is_true(map.get("required")),
            schema,
            style,
            encoding,
            description: map.text("description").unwrap_or_default().into_owned(),
        }
    }
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
