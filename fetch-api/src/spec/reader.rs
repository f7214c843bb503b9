//! Swagger 2.0.
//!
//! What is a fault: no `operationId`, or one that two operations share; a reference to what
//! does not exist; an unknown place, type, method or status; a path parameter that is not in
//! its path; the same parameter twice in one place; two bodies. What is tolerated instead is
//! said at the functions that do so.
//!
//! <https://swagger.io/specification/v2/>

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::fault::{At, SpecFault};
use super::parameters::Inputs;
use super::yaml::{Map, Node};
use super::{Context, answer};
use crate::model::{Kind, Method, Model, Operation, Response, Schema};

/// How many references may lead to one another before what they are for must come.
pub(super) const MAX_REFERENCES: usize = 16;

/// The most bytes, about, that a model may take. Parameters and answers that operations share
/// are theirs alone in the model, so that a small spec made for the purpose could grow without
/// end. The largest published one takes 1 MB.
const MAX_MODEL: usize = 64 << 20;

/// How many faults are listed; whoever makes more will find the others after these.
const MAX_FAULTS: usize = 1000;

const METHODS: [(&str, Method); 8] = [
    ("get", Method::Get),
    ("head", Method::Head),
    ("post", Method::Post),
    ("put", Method::Put),
    ("patch", Method::Patch),
    ("delete", Method::Delete),
    ("options", Method::Options),
    ("trace", Method::Trace),
];

/// A walk through one document.
pub(super) struct Reader<'t> {
    pub(super) root: &'t Map<'t>,
    pub(super) context: &'t Context,
    /// Definitions that are referred to and not yet read.
    pub(super) wanted: Vec<String>,
    /// Definitions that are, or were, wanted.
    pub(super) seen: BTreeSet<String>,
    /// What `#/definitions/`, `#/parameters/` and `#/responses/` lead to.
    tables: [HashMap<&'t str, &'t Node<'t>>; TABLES.len()],
    /// What the model may still take, in bytes.
    left: usize,
    faults: Vec<SpecFault>,
}

pub(super) const TABLES: [&str; 3] = ["definitions", "parameters", "responses"];

/// Reads the model out of a tree.
pub(super) fn model<'t>(
    root: &'t Map<'t>,
    context: &'t Context,
    faults: Vec<SpecFault>,
) -> Result<Model, Vec<SpecFault>> {
    let tables = TABLES.map(|name| match root.get(name).and_then(Node::as_map) {
        Some(map) => map.iter().filter(|(_, node)| **node != Node::Skipped).collect(),
        None => HashMap::new(),
    });
    let mut reader = Reader {
        root,
        context,
        wanted: Vec::new(),
        seen: BTreeSet::new(),
        tables,
        left: MAX_MODEL,
        faults,
    };
    let operations = reader.operations();
    let definitions = reader.definitions();
    if !reader.faults.is_empty() {
        if reader.faults.len() > MAX_FAULTS {
            reader.faults.truncate(MAX_FAULTS);
            reader.faults.push(At::ROOT.fault("there are more faults than these"));
        }
        return Err(reader.faults);
    }
    // `/` as base path means what none means.
    let base = root.text("basePath").unwrap_or_default();
    let prefix = context.prefix.clone().unwrap_or_else(|| base.trim_end_matches('/').to_owned());
    Ok(Model {
        version: context.version.clone(),
        prefix,
        doc_url: context.doc_url.clone(),
        namespaces: context.namespaces.clone(),
        operations,
        definitions,
    })
}

impl<'t> Reader<'t> {
    pub(super) fn fault(&mut self, at: &At<'_>, what: impl Into<String>) {
        self.faults.push(at.fault(what));
    }

    /// Tells whether it makes no sense to go on.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0 || self.faults.len() > MAX_FAULTS
    }

    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Counts what goes into the model; the first that does not fit is a fault.
    pub(super) fn spend(&mut self, bytes: usize, at: &At<'_>) {
        if self.left > 0 {
            self.left = self.left.saturating_sub(bytes);
            if self.left == 0 {
                let what =
                    format!("with its references the spec unfolds to more than {MAX_MODEL} bytes");
                self.fault(at, what);
            }
        }
    }

    fn operations(&mut self) -> Vec<Operation> {
        let at = At::ROOT.key("paths");
        let Some(paths) = self.root.get("paths").and_then(Node::as_map) else {
            self.fault(&at, "the mapping `paths` is missing");
            return Vec::new();
        };
        let mut operations: Vec<Operation> = Vec::new();
        let mut owners: BTreeMap<String, String> = BTreeMap::new();
        for (path, node) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
            let at = at.key(path);
            if self.is_done() {
                break;
            }
            if !path.starts_with('/') {
                self.fault(&at, format!("the path `{path}` does not start with `/`"));
                continue;
            }
            let Some(item) = node.as_map() else {
                self.fault(&at, format!("expected a mapping of methods, found {}", node.sort()));
                continue;
            };
            if item.get("$ref").is_some() {
                self.fault(&at.key("$ref"), "paths that refer elsewhere are not read");
            }
            let shared = match item.get("parameters") {
                Some(list) => self.inputs(list, &at.key("parameters")),
                None => Inputs::default(),
            };
            for (key, node) in item.iter() {
                let Some((_, method)) = METHODS.iter().find(|(name, _)| *name == key) else {
                    if !matches!(key, "parameters" | "$ref") && !key.starts_with("x-") {
                        self.fault(&at.key(key), format!("unknown method `{key}`"));
                    }
                    continue;
                };
                let at = at.key(key);
                if self.is_done() {
                    break;
                }
                let name = format!("{} {path}", key.to_ascii_uppercase());
                let Some(map) = node.as_map() else {
                    self.fault(&at, format!("expected an operation, found {}", node.sort()));
                    continue;
                };
                let operation = self.operation(map, *method, path, &shared, &at);
                if operation.id.is_empty() {
                    self.fault(&at, format!("`{name}` has no operationId"));
                } else if let Some(owner) = owners.get(&operation.id) {
                    let what =
                        format!("`{name}` and `{owner}` share the operationId `{}`", operation.id);
                    self.fault(&at.key("operationId"), what);
                } else {
                    owners.insert(operation.id.clone(), name);
                }
                operations.push(operation);
            }
        }
        operations
    }

    fn operation(
        &mut self,
        map: &'t Map<'t>,
        method: Method,
        path: &str,
        shared: &Inputs,
        at: &At<'_>,
    ) -> Operation {
        self.spend(size_of::<Operation>() + path.len(), at);
        let own = match map.get("parameters") {
            Some(list) => self.inputs(list, &at.key("parameters")),
            None => Inputs::default(),
        };
        let consumes = self.media_types(map, "consumes", at);
        let (parameters, body) = self.place(shared, own, path, consumes, at);
        let said = map.get("produces").is_some();
        let produces = self.media_types(map, "produces", at);
        let responses = self.responses(map, at);
        let answer = answer::derive(method, &responses, said.then_some(&produces), &produces);
        Operation {
            id: map.text("operationId").unwrap_or_default().into_owned(),
            method,
            path: path.to_owned(),
            parameters,
            body,
            produces,
            responses,
            answer,
            summary: map.text("summary").unwrap_or_default().into_owned(),
            description: map.text("description").unwrap_or_default().into_owned(),
        }
    }

    /// Reads `consumes` or `produces`: the operation's own list, even an empty one, else the
    /// document's.
    fn media_types(&mut self, map: &'t Map<'t>, key: &str, at: &At<'_>) -> Vec<String> {
        let (node, at) = match (map.get(key), self.root.get(key)) {
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
        names.unwrap_or_else(|| {
            self.fault(&at, format!("expected a list of media types, found {}", node.sort()));
            Vec::new()
        })
    }

    fn responses(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Vec<Response> {
        let at = at.key("responses");
        let Some(responses) = map.get("responses") else {
            // Required by the letter, but an operation can be called without it.
            return Vec::new();
        };
        let Some(responses) = responses.as_map() else {
            self.fault(&at, format!("expected a mapping of answers, found {}", responses.sort()));
            return Vec::new();
        };
        let mut all = Vec::new();
        for (key, node) in responses.iter().filter(|(key, _)| !key.starts_with("x-")) {
            let at = at.key(key);
            if self.is_done() {
                break;
            }
            let status = match key {
                "default" => Some(0),
                _ => key.parse::<u16>().ok().filter(|status| (100..600).contains(status)),
            };
            match status {
                Some(status) => all.push(self.response(status, node, &at)),
                None => self.fault(&at, format!("`{key}` is not an HTTP status")),
            }
        }
        all.sort_by_key(|response| response.status);
        all
    }

    fn response(&mut self, status: u16, node: &'t Node<'t>, at: &At<'_>) -> Response {
        let nothing = Response { status, schema: None, headers: Vec::new() };
        let mut node = node;
        for _ in 0..MAX_REFERENCES {
            let Some(map) = node.as_map() else {
                // `200:` with nothing behind it is an answer without anything to say.
                if *node != Node::Null {
                    self.fault(at, format!("expected an answer, found {}", node.sort()));
                }
                return nothing;
            };
            let Some(reference) = map.get("$ref") else {
                return self.response_map(status, map, at);
            };
            let at = at.key("$ref");
            let text = reference.as_text().unwrap_or_default();
            // Incus answers with a definition where an answer belongs: it is the body's schema.
            if text.starts_with("#/definitions/") {
                let schema = self.schema_reference(reference, &at);
                return Response { schema: Some(schema), ..nothing };
            }
            match self.shared(&text, "responses") {
                Some(found) => node = found,
                None => {
                    self.fault(&at, format!("the answer `{text}` does not exist"));
                    return nothing;
                }
            }
        }
        self.fault(at, "the reference leads to no answer");
        nothing
    }

    fn response_map(&mut self, status: u16, map: &'t Map<'t>, at: &At<'_>) -> Response {
        self.spend(size_of::<Response>(), at);
        let schema = map.get("schema").map(|node| self.schema(node, &at.key("schema")));
        let mut headers = Vec::new();
        if let Some(Node::Map(map)) = map.get("headers") {
            let at = at.key("headers");
            for (name, node) in map.iter() {
                self.spend(size_of::<String>() + name.len(), &at);
                headers.push((name.to_owned(), self.schema(node, &at.key(name))));
            }
        }
        Response { status, schema, headers }
    }

    /// Finds what `#/parameters/Name` or `#/responses/Name` refers to.
    pub(super) fn shared(&self, reference: &str, table: &str) -> Option<&'t Node<'t>> {
        let name = reference.strip_prefix("#/")?.strip_prefix(table)?.strip_prefix('/')?;
        self.named(table, &name.replace("~1", "/").replace("~0", "~"))
    }

    /// Finds a name in one of the tables.
    pub(super) fn named(&self, table: &str, name: &str) -> Option<&'t Node<'t>> {
        let index = TABLES.iter().position(|own| *own == table)?;
        self.tables[index].get(name).copied()
    }
}

/// Tells whether a schema is bytes of any kind, as far as it says so itself.
pub(super) fn is_binary(schema: &Schema) -> bool {
    schema.kind == Kind::File || schema.kind == Kind::String && schema.format == "binary"
}
