//! The walk through a spec, as far as Swagger 2.0 and OpenAPI 3 have it in common: paths,
//! operations, references.
//!
//! What is a fault: a reference to what does not exist; an unknown place, type, method or
//! status; a path parameter that is not in its path; the same parameter twice in one place; a name
//! that cannot be sent; what belongs to another version of the format than the one that is
//! announced. What is tolerated instead is said at the functions that do so.
//!
//! <https://swagger.io/specification/v2/>, <https://spec.openapis.org/oas/v3.0.3>,
//! <https://spec.openapis.org/oas/v3.1.0>

use std::collections::{BTreeSet, HashMap, HashSet};

use super::fault::{At, SpecFault};
use super::found::Found;
use super::names;
use super::parameters::{FaultyParameter, Inputs};
use super::yaml::{Map, Node};
use super::{Context, Faults, Read, Rules, SpecError};
use crate::model::{Kind, Method, Model, Operation, Response, Schema};

/// How many references may lead to one another before what they are for must come.
pub(super) const MAX_REFERENCES: usize = 16;

/// The most bytes, about, that a model may take. Parameters and answers that operations share
/// are theirs alone in the model, so that a small spec made for the purpose could grow without
/// end; the search through what they share counts, too. The largest published one takes 2 MB.
const MAX_MODEL: usize = 64 << 20;

/// How often a mapping is searched for one of its keys, about, by each that refers to it.
const SEARCHES: usize = 16;

/// How many faults are listed; whoever makes more will find the others after these.
pub(super) const MAX_FAULTS: usize = 1000;

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

/// The format that a spec is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Swagger2,
    OpenApi30,
    OpenApi31,
}

impl Dialect {
    pub(super) fn is_openapi3(self) -> bool {
        self != Self::Swagger2
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Swagger2 => "Swagger 2.0",
            Self::OpenApi30 => "OpenAPI 3.0",
            Self::OpenApi31 => "OpenAPI 3.1",
        }
    }
}

/// What can be referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Schemas,
    Parameters,
    Responses,
    Bodies,
    Headers,
    PathItems,
}

impl Table {
    const ALL: [Self; 6] = [
        Self::Schemas,
        Self::Parameters,
        Self::Responses,
        Self::Bodies,
        Self::Headers,
        Self::PathItems,
    ];

    /// Where it stands in a document.
    pub(super) fn steps(self, dialect: Dialect) -> &'static [&'static str] {
        match (self, dialect.is_openapi3()) {
            (Self::Schemas, false) => &["definitions"],
            (Self::Parameters, false) => &["parameters"],
            (Self::Responses, false) => &["responses"],
            (_, false) => &[],
            (Self::Schemas, true) => &["components", "schemas"],
            (Self::Parameters, true) => &["components", "parameters"],
            (Self::Responses, true) => &["components", "responses"],
            (Self::Bodies, true) => &["components", "requestBodies"],
            (Self::Headers, true) => &["components", "headers"],
            (Self::PathItems, true) => &["components", "pathItems"],
        }
    }

    /// What a reference into it begins with (`#/components/schemas/`).
    pub(super) fn prefix(self, dialect: Dialect) -> String {
        format!("#/{}/", self.steps(dialect).join("/"))
    }
}

/// A walk through one document.
pub(super) struct Reader<'t> {
    pub(super) root: &'t Map<'t>,
    pub(super) dialect: Dialect,
    pub(super) context: &'t Context,
    /// Definitions that are referred to and not yet read.
    pub(super) wanted: Vec<String>,
    /// Definitions that are, or were, wanted.
    pub(super) seen: BTreeSet<String>,
    /// Definitions that do not exist and need not.
    pub(super) filled: BTreeSet<String>,
    tables: [HashMap<&'t str, &'t Node<'t>>; Table::ALL.len()],
    /// `consumes` and `produces` of the document: each operation without its own asks for them.
    pub(super) usual: [Option<&'t Node<'t>>; 2],
    /// What the model may still take, in bytes.
    left: usize,
    faults: Vec<SpecFault>,
    /// How many of the faults keep an operation from being called.
    pub(super) broken: usize,
    /// What is told of a spec that is sound.
    pub(super) notes: Vec<SpecFault>,
    /// Paths of servers that do not count, and were told of.
    pub(super) passed_over: HashSet<String>,
    /// Parameters of the list that was read last that made some.
    pub(super) faulty_parameters: Vec<FaultyParameter>,
}

/// Reads the model out of a tree.
pub(super) fn model<'t>(
    root: &'t Map<'t>,
    dialect: Dialect,
    context: &'t Context,
    faults: Vec<SpecFault>,
    rules: &mut dyn Rules,
) -> Result<Read, SpecError> {
    let tables = Table::ALL.map(|table| {
        let mut map = Some(root);
        for step in table.steps(dialect) {
            map = map.and_then(|map| map.get(step)).and_then(Node::as_map);
        }
        match map {
            Some(map) if !table.steps(dialect).is_empty() => {
                map.iter().filter(|(_, node)| **node != Node::Skipped).collect()
            }
            _ => HashMap::new(),
        }
    });
    let mut reader = Reader {
        root,
        dialect,
        context,
        wanted: Vec::new(),
        seen: BTreeSet::new(),
        filled: BTreeSet::new(),
        tables,
        usual: ["consumes", "produces"].map(|key| root.get(key)),
        left: MAX_MODEL,
        faults,
        broken: 0,
        notes: Vec::new(),
        passed_over: HashSet::new(),
        faulty_parameters: Vec::new(),
    };
    reader.check_root();
    let prefix = reader.prefix();
    let mut found = reader.operations(&prefix);
    let definitions = reader.definitions();
    let went_wrong = reader.is_done();
    let told = reader.notes;
    let mut notes = reader.faults;
    if went_wrong {
        if notes.len() > MAX_FAULTS {
            notes.truncate(MAX_FAULTS);
            notes.push(At::ROOT.fault("there are more faults than these"));
        }
        return Err(SpecError::Faults(notes));
    }
    rules.name(&mut found.operations);
    let clashes = names::complete(&mut found.operations);
    let (operations, left_out) = found.sound(&mut notes, rules);
    if operations.is_empty() {
        return Err(SpecError::NoOperation(notes));
    }
    if !notes.is_empty() && context.faults == Faults::Refuse {
        return Err(SpecError::Faults(notes));
    }
    notes.extend(prefix.notes);
    notes.extend(told);
    notes.extend(clashes);
    let model = Model {
        version: context.version.clone(),
        prefix: prefix.common,
        doc_url: context.doc_url.clone(),
        namespaces: context.namespaces.clone(),
        operations,
        definitions,
        waiters: Default::default(),
    };
    Ok(Read { model, notes, filled: reader.filled, left_out })
}

/// What stands before the paths of a spec.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    /// Before all of them.
    pub(super) common: String,
    /// Before those that name no server of their own, beyond that.
    pub(super) usual: String,
    /// Whether the map of sources said so, and servers do not count.
    pub(super) given: bool,
    /// Whether it could not be read, so that what names no server of its own cannot be called.
    pub(super) is_broken: bool,
    /// What single servers have changed about it.
    pub(super) notes: Vec<SpecFault>,
}

impl<'t> Reader<'t> {
    /// Tells of something that keeps an operation from being called.
    pub(super) fn fault(&mut self, at: &At<'_>, what: impl Into<String>) {
        self.broken += 1;
        self.faults.push(at.fault(what));
    }

    /// Tells of something without which an operation can be called all the same.
    pub(super) fn slip(&mut self, at: &At<'_>, what: impl Into<String>) {
        self.faults.push(at.fault(what));
    }

    /// Tells of a name that no pack can hold, since names are shown on terminals; what has it is left
    /// out.
    pub(super) fn can_be_named(&mut self, what: &str, name: &str, at: &At<'_>) -> bool {
        let Some(character) = name.chars().find(|c| c.is_control()) else { return true };
        self.slip(at, format!("the {what} `{name}` contains {character:?}, which no name can"));
        false
    }

    /// Tells of something that belongs to another version of the format.
    pub(super) fn foreign(&mut self, at: &At<'_>, what: &str) {
        self.slip(at, format!("{what} in a spec of {}", self.dialect.name()));
    }

    pub(super) fn fault_count(&self) -> usize {
        self.faults.len()
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

    /// Counts the search through what may be shared: each that refers to it searches it anew.
    pub(super) fn searched(&mut self, found: &'t Node<'t>, at: &At<'_>) -> &'t Node<'t> {
        if let Some(map) = found.as_map() {
            self.spend(SEARCHES * map.len(), at);
        }
        found
    }

    /// Finds keys of other versions of the format.
    fn check_root(&mut self) {
        let foreign: &[&str] = match self.dialect.is_openapi3() {
            true => &[
                "swagger",
                "basePath",
                "consumes",
                "produces",
                "definitions",
                "parameters",
                "responses",
            ],
            false => &["components", "servers"],
        };
        for key in foreign {
            if self.root.get(key).is_some() {
                self.foreign(&At::ROOT.key(key), &format!("the key `{key}`"));
            }
        }
    }

    fn prefix(&mut self) -> Prefix {
        if let Some(given) = &self.context.prefix {
            return Prefix { common: given.clone(), given: true, ..Prefix::default() };
        }
        if self.dialect.is_openapi3() {
            return self.prefix_of_servers();
        }
        match self.root.get("basePath").map_or_else(|| Ok(String::new()), base_path) {
            Ok(common) => Prefix { common, ..Prefix::default() },
            Err(what) => {
                self.fault(&At::ROOT.key("basePath"), what);
                Prefix { is_broken: true, ..Prefix::default() }
            }
        }
    }

    fn operations(&mut self, prefix: &Prefix) -> Found {
        let at = At::ROOT.key("paths");
        let Some(paths) = self.root.get("paths").and_then(Node::as_map) else {
            self.fault(&at, "the mapping `paths` is missing");
            return Found::default();
        };
        let mut found = Found::default();
        for (path, node) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
            let at = at.key(path);
            if self.is_done() {
                break;
            }
            if !path.starts_with('/') {
                self.fault(&at, format!("the path `{path}` does not start with `/`"));
                continue;
            }
            if let Some(character) = unsendable(path) {
                let what = format!("the path `{path}` contains {character:?}, which no path can");
                self.fault(&at, what);
                continue;
            }
            let Some(item) = self.path_item(node, &at) else { continue };
            let (first, first_fault, broken) =
                (found.operations.len(), self.faults.len(), self.broken);
            let shared = match item.get("parameters") {
                Some(list) => self.inputs(list, &at.key("parameters")),
                None => Inputs::default(),
            };
            let shared_faulty = std::mem::take(&mut self.faulty_parameters);
            let shared_broken = self.broken - broken;
            let broken = self.broken;
            let shared_server = self.own_server(item, &at, prefix);
            // Where those without a server of their own are is not known then.
            let is_server_broken =
                self.broken > broken || shared_server.is_none() && prefix.is_broken;
            let shared_faults = first_fault..self.faults.len();
            for (key, node) in item.iter() {
                let Some((_, method)) = METHODS.iter().find(|(name, _)| *name == key) else {
                    let known = matches!(key, "parameters" | "$ref")
                        || self.dialect.is_openapi3()
                            && matches!(key, "summary" | "description" | "servers");
                    if !known && !key.starts_with("x-") {
                        self.fault(&at.key(key), format!("unknown method `{key}`"));
                    }
                    continue;
                };
                let at = at.key(key);
                if self.is_done() {
                    break;
                }
                let Some(map) = node.as_map() else {
                    self.fault(&at, format!("expected an operation, found {}", node.sort()));
                    continue;
                };
                let (faults, broken) = (self.faults.len(), self.broken);
                let mut operation = self.operation(map, *method, path, &shared, &at);
                let own_server = self.own_server(map, &at, prefix);
                let number = found.operations.len();
                if is_server_broken && own_server.is_none() {
                    found.lost.insert(number);
                }
                let server = own_server.or(shared_server.clone());
                let before = server.as_deref().unwrap_or(&prefix.usual);
                self.spend(before.len(), &at);
                operation.path.insert_str(0, before);
                found.operations.push(operation);
                let (faults, broken) = (faults..self.faults.len(), self.broken - broken);
                let parameters = std::mem::take(&mut self.faulty_parameters);
                found.blame(faults, broken, parameters, number..number + 1);
            }
            let all = first..found.operations.len();
            found.blame(shared_faults, shared_broken, shared_faulty, all);
        }
        found
    }

    /// Follows references to what stands at a path.
    fn path_item(&mut self, node: &'t Node<'t>, at: &At<'_>) -> Option<&'t Map<'t>> {
        let mut node = node;
        for _ in 0..MAX_REFERENCES {
            let Some(map) = node.as_map() else {
                self.fault(at, format!("expected a mapping of methods, found {}", node.sort()));
                return None;
            };
            let Some(reference) = map.get("$ref") else { return Some(map) };
            let is_told = |key: &str| key != "$ref" && !key.starts_with("x-");
            if self.dialect == Dialect::OpenApi31
                && map.iter().any(|(key, node)| is_told(key) && *node != Node::Skipped)
            {
                self.slip(at, "what stands beside the `$ref` of a path is not read");
            }
            let text = reference.as_text().unwrap_or_default();
            match self.shared(&text, Table::PathItems) {
                Some(found) => node = self.searched(found, at),
                None => {
                    let what = match self.dialect {
                        Dialect::OpenApi31 => format!("the path item `{text}` does not exist"),
                        _ => "paths that refer elsewhere are not read".to_owned(),
                    };
                    self.fault(&at.key("$ref"), what);
                    return None;
                }
            }
        }
        self.fault(at, "the reference leads to no path item");
        None
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
        let mut operation = Operation {
            id: map.text("operationId").unwrap_or_default().into_owned(),
            method,
            path: path.to_owned(),
            parameters: Vec::new(),
            body: None,
            produces: Vec::new(),
            responses: Vec::new(),
            answer: Default::default(),
            summary: map.text("summary").unwrap_or_default().into_owned(),
            description: map.text("description").unwrap_or_default().into_owned(),
        };
        if let Some(character) = operation.id.chars().find(|c| c.is_control()) {
            let what = format!("the id `{}` contains {character:?}, which no id can", operation.id);
            self.fault(&at.key("operationId"), what);
        }
        match self.dialect.is_openapi3() {
            true => self.openapi3_operation(map, shared, own, &mut operation, at),
            false => self.swagger2_operation(map, shared, own, &mut operation, at),
        }
        operation
    }

    /// Finds keys of an operation that belong to other versions of the format.
    pub(super) fn check_keys(&mut self, map: &'t Map<'t>, foreign: &[&str], at: &At<'_>) {
        for key in foreign {
            if map.get(key).is_some() {
                self.foreign(&at.key(key), &format!("the key `{key}`"));
            }
        }
    }

    pub(super) fn responses(
        &mut self,
        map: &'t Map<'t>,
        at: &At<'_>,
        produces: &mut dyn FnMut(u16, Vec<String>),
    ) -> Vec<Response> {
        let at = at.key("responses");
        let Some(responses) = map.get("responses") else {
            // Required by the letter, but an operation can be called without it.
            return Vec::new();
        };
        let Some(responses) = responses.as_map() else {
            self.slip(&at, format!("expected a mapping of answers, found {}", responses.sort()));
            return Vec::new();
        };
        let mut all: Vec<Response> = Vec::new();
        let mut ranges = Vec::new();
        for (key, node) in responses.iter().filter(|(key, _)| !key.starts_with("x-")) {
            let at = at.key(key);
            if self.is_done() {
                break;
            }
            let range = key.strip_suffix("XX").filter(|_| self.dialect.is_openapi3());
            let status = match (key, range) {
                ("default", _) => Some(0),
                (_, Some(hundreds)) => match hundreds.as_bytes() {
                    [digit @ b'1'..=b'5'] => Some(u16::from(digit - b'0') * 100),
                    _ => None,
                },
                // A number has other spellings, such as `+200`.
                _ if key.len() != 3 => None,
                _ => key.parse::<u16>().ok().filter(|status| (100..600).contains(status)),
            };
            match status {
                Some(status) => {
                    let (response, media_types) = self.response(status, node, &at);
                    match range {
                        Some(_) => ranges.push((response, media_types)),
                        None => {
                            produces(status, media_types);
                            all.push(response);
                        }
                    }
                }
                None => self.slip(&at, format!("`{key}` is not an HTTP status")),
            }
        }
        // A range of statuses stands as its first, unless that one is listed itself.
        ranges.retain(|(range, _)| all.iter().all(|response| response.status != range.status));
        for (range, media_types) in ranges {
            produces(range.status, media_types);
            all.push(range);
        }
        all.sort_by_key(|response| response.status);
        all
    }

    fn response(
        &mut self,
        status: u16,
        node: &'t Node<'t>,
        at: &At<'_>,
    ) -> (Response, Vec<String>) {
        let nothing = Response { status, schema: None, headers: Vec::new() };
        let mut node = node;
        for _ in 0..MAX_REFERENCES {
            let Some(map) = node.as_map() else {
                // `200:` with nothing behind it is an answer without anything to say.
                if *node != Node::Null {
                    self.slip(at, format!("expected an answer, found {}", node.sort()));
                }
                return (nothing, Vec::new());
            };
            let Some(reference) = map.get("$ref") else {
                return self.response_map(status, map, at);
            };
            let at = at.key("$ref");
            let text = reference.as_text().unwrap_or_default();
            // Incus answers with a definition where an answer belongs: it is the body's schema.
            if self.dialect == Dialect::Swagger2 && text.starts_with("#/definitions/") {
                let schema = self.schema_reference(reference, &at);
                return (Response { schema: Some(schema), ..nothing }, Vec::new());
            }
            match self.shared(&text, Table::Responses) {
                Some(found) => node = self.searched(found, &at),
                None => {
                    self.slip(&at, format!("the answer `{text}` does not exist"));
                    return (nothing, Vec::new());
                }
            }
        }
        self.slip(at, "the reference leads to no answer");
        (nothing, Vec::new())
    }

    fn response_map(
        &mut self,
        status: u16,
        map: &'t Map<'t>,
        at: &At<'_>,
    ) -> (Response, Vec<String>) {
        self.spend(size_of::<Response>(), at);
        let (schema, media_types) = match self.dialect.is_openapi3() {
            true => {
                self.check_keys(map, &["schema"], at);
                self.answer_content(map, at)
            }
            false => {
                self.check_keys(map, &["content"], at);
                let schema = map.get("schema").map(|node| self.schema(node, &at.key("schema")));
                (schema, Vec::new())
            }
        };
        let mut headers = Vec::new();
        if let Some(Node::Map(map)) = map.get("headers") {
            let at = at.key("headers");
            for (name, node) in map.iter() {
                self.spend(size_of::<String>() + name.len(), &at);
                let at = at.key(name);
                if !self.can_be_named("header", name, &at) {
                    continue;
                }
                let schema = match self.dialect.is_openapi3() {
                    true => self.header(node, &at),
                    false => self.schema(node, &at),
                };
                headers.push((name.to_owned(), schema));
            }
        }
        (Response { status, schema, headers }, media_types)
    }

    /// Finds what a reference such as `#/parameters/Name` refers to.
    pub(super) fn shared(&self, reference: &str, table: Table) -> Option<&'t Node<'t>> {
        if table.steps(self.dialect).is_empty() {
            return None;
        }
        let name = reference.strip_prefix(&table.prefix(self.dialect))?;
        self.named(table, &unescaped(name))
    }

    /// Finds a name in one of the tables.
    pub(super) fn named(&self, table: Table, name: &str) -> Option<&'t Node<'t>> {
        self.tables[table as usize].get(name).copied()
    }
}

/// Reads a step of a JSON pointer in a URI fragment.
pub(super) fn unescaped(step: &str) -> String {
    let mut bytes = Vec::with_capacity(step.len());
    let mut rest = step.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        // What parses numbers takes a sign, too.
        let digits = behind.get(..2).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        match (byte, digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(decoded)) => {
                bytes.push(decoded);
                rest = &behind[2..];
            }
            _ => {
                bytes.push(byte);
                rest = behind;
            }
        }
    }
    // Whatever is no text afterwards was no name of anything.
    let text = String::from_utf8(bytes).unwrap_or_else(|_| step.to_owned());
    text.replace("~1", "/").replace("~0", "~")
}

/// The first character of a path that would end it, or its line. Within braces it would be in the
/// name of a parameter, where only the line counts.
fn unsendable(path: &str) -> Option<char> {
    let mut depth = 0usize;
    path.chars().find(|c| {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c => return c.is_control() || depth == 0 && *c == '#',
        }
        false
    })
}

/// Reads the base path of a spec of Swagger 2.0. `/` means what none means.
fn base_path(node: &Node<'_>) -> Result<String, String> {
    let base = match node {
        Node::Null => "",
        Node::Text(base) => base,
        other => return Err(format!("expected a path, found {}", other.sort())),
    };
    if !base.is_empty() && !base.starts_with('/') {
        return Err(format!("the base path `{base}` does not start with `/`"));
    }
    plain_path(base).ok_or_else(|| format!("the base path `{base}` is not a plain path"))
}

/// What may stand before every path, without slashes at its end.
pub(crate) fn plain_path(path: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_graphic() && !"?#{}".contains(c);
    path.chars().all(is_plain).then(|| path.trim_end_matches('/').to_owned())
}

/// Tells whether a schema is bytes of any kind, as far as it says so itself.
pub(super) fn is_binary(schema: &Schema) -> bool {
    schema.kind == Kind::File || schema.kind == Kind::String && schema.format == "binary"
}
