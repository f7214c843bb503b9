//! What only Swagger 2.0 has: `consumes` and `produces`, bodies among the parameters.

use super::answer::{self, MULTIPART, URLENCODED, form_of};
use super::fault::At;
use super::openapi3::sendable;
use super::parameters::Inputs;
use super::reader::{Reader, is_binary};
use super::yaml::{Map, Node};
use crate::model::{Body, Kind, Location, Operation, Parameter, Schema};

const BYTES: &str = "application/octet-stream";

impl<'t> Reader<'t> {
    pub(super) fn swagger2_operation(
        &mut self,
        map: &'t Map<'t>,
        shared: &Inputs,
        own: Inputs,
        operation: &mut Operation,
        at: &At<'_>,
    ) {
        self.check_keys(map, &["requestBody", "servers"], at);
        let consumes = self.media_types(map, "consumes", self.usual[0], at);
        let is_raw = own.is_raw || own.body.is_none() && shared.is_raw;
        let (body, bytes) = match &own.body {
            Some(body) => (Some(body.clone()), own.bytes),
            None => (shared.body.clone(), shared.bytes),
        };
        operation.parameters = self.place(shared, own, &operation.path, at);
        let is_form = |parameter: &Parameter| parameter.location == Location::Form;
        let is_form = operation.parameters.iter().any(is_form);
        operation.body = match body {
            Some(body) => {
                if is_form {
                    self.fault(at, "a form and a body exclude each other");
                }
                if is_raw {
                    // Each of the media types gets the schema.
                    self.spend(bytes.saturating_mul(consumes.len()), at);
                }
                match self.is_done() {
                    true => None,
                    false => Some(with_media_types(body, consumes, is_raw)),
                }
            }
            None if is_form => multipart(&operation.parameters, consumes),
            None => None,
        };
        let said = map.get("produces").is_some();
        let produces = self.media_types(map, "produces", self.usual[1], at);
        operation.responses = self.responses(map, at, &mut |_, _| ());
        operation.answer = answer::derive(
            operation.method,
            &operation.responses,
            said.then_some(&produces),
            &produces,
        );
        operation.produces = produces;
    }

    /// Reads `consumes` or `produces`: the operation's own list, even an empty one, else the
    /// document's.
    fn media_types(
        &mut self,
        map: &'t Map<'t>,
        key: &str,
        usual: Option<&'t Node<'t>>,
        at: &At<'_>,
    ) -> Vec<String> {
        let (node, at) = match (map.get(key), usual) {
            (Some(node), _) => (node, at.key(key)),
            (None, Some(node)) => (node, At::ROOT.key(key)),
            (None, None) => return Vec::new(),
        };
        let names: Option<Vec<String>> = node.as_list().and_then(|items| {
            items.iter().map(|item| item.as_text().map(|text| text.into_owned())).collect()
        });
        if let Some(names) = &names {
            self.spend(names.iter().map(|name| size_of::<String>() + name.len()).sum(), &at);
        }
        let names = names.map(|mut names| {
            names.retain(|name| self.can_be_named("media type", name, &at));
            names
        });
        names.unwrap_or_else(|| {
            self.fault(&at, format!("expected a list of media types, found {}", node.sort()));
            Vec::new()
        })
    }
}

/// Makes a body of a form that has to be multipart, file or not, as OpenAPI 3 has it beside its
/// fields.
fn multipart(parameters: &[Parameter], consumes: Vec<String>) -> Option<Body> {
    let takes = |form: &str| consumes.iter().any(|name| form_of(name) == Some(form));
    if !takes(MULTIPART) || takes(URLENCODED) {
        return None;
    }
    let mut fields = parameters.iter().filter(|parameter| parameter.location == Location::Form);
    Some(Body {
        required: fields.any(|field| field.required),
        schema: Schema::any(),
        media_types: consumes.into_iter().map(|name| sendable(&name, &Schema::any())).collect(),
        schemas: Vec::new(),
    })
}

/// Gives a body its media types; one that may be raw bytes instead gets these beside them.
fn with_media_types(mut body: Body, consumes: Vec<String>, is_raw: bool) -> Body {
    for name in consumes {
        let name = sendable(&name, &body.schema);
        if !body.media_types.contains(&name) {
            body.media_types.push(name);
        }
    }
    if body.media_types.is_empty() {
        let media_type = if is_binary(&body.schema) { BYTES } else { "application/json" };
        body.media_types.push(media_type.to_owned());
    }
    if is_raw && !body.media_types.iter().any(|name| name == BYTES) {
        body.schemas = vec![body.schema.clone(); body.media_types.len()];
        let bytes = Schema { format: "binary".to_owned(), ..Schema::of(Kind::String) };
        body.schemas.push(bytes);
        body.media_types.push(BYTES.to_owned());
    }
    body
}

/// Tells whether a parameter that is a body says nothing about itself.
pub(super) fn is_raw(map: &Map<'_>) -> bool {
    map.get("schema").is_none_or(|node| *node == Node::Null)
}
