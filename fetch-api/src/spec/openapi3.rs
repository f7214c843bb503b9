//! What only OpenAPI 3 has: servers, request bodies by media type, styles of parameters.
//!
//! What is tolerated, and what it comes to:
//!
//! - of several servers the first counts, as far as its path goes; variables in it have their
//!   defaults, and the file of a socket is no path. Servers of a path or an operation go into the
//!   path where they differ, and one that is not below that of the spec shortens what stands before
//!   all paths, which is told;
//! - a range of statuses (`4XX`) is its first, since packs have no ranges;
//! - a media type that is a pattern is `text/plain` for `text/*`, `application/json` for what may be
//!   that and is no bytes, else `application/octet-stream`;
//! - the fields of a form are parameters, beside the body as a whole;
//! - a header parameter named `Accept`, `Content-Type` or `Authorization` is left out, as the
//!   specification says;
//! - of how a form is encoded `style` and `explode` of lists are read, where it is URL-encoded; the media
//!   types of its parts are not;
//! - `allowReserved`, `allowEmptyValue`, callbacks, links and security schemes say nothing about
//!   how an operation is called by name.
//!
//! Parameters in cookies, and the styles `label` and `matrix`, are not supported.

use std::collections::{HashMap, HashSet};

use super::answer::{self, MULTIPART, URLENCODED, form_of};
use super::fault::At;
use super::parameters::{Inputs, unsendable_name};
use super::reader::{
    Dialect, MAX_FAULTS, MAX_REFERENCES, Prefix, Reader, Table, is_binary, plain_path,
};
use super::schema::{is_one_sided, type_names};
use super::yaml::{Map, Node};
use crate::model::{Body, Encoding, Kind, ListStyle, Location, Operation, Parameter, Schema};

const BYTES: &str = "application/octet-stream";
const JSON: &str = "application/json";

/// What says of a schema that it is an object's, where it has no type.
const OBJECT: &[&str] = &["properties", "additionalProperties"];
/// What says of one of several parts what a value is.
const TELLING: &[&str] =
    &["type", "items", "properties", "additionalProperties", "allOf", "oneOf", "anyOf"];

/// How many parts of combined schemas are looked at to find what a value is.
const MAX_PARTS: usize = 64;

/// What a value is, as far as its way into a request goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    One,
    Array,
    Object,
}

impl<'t> Reader<'t> {
    pub(super) fn openapi3_operation(
        &mut self,
        map: &'t Map<'t>,
        shared: &Inputs,
        own: Inputs,
        operation: &mut Operation,
        at: &At<'_>,
    ) {
        self.check_keys(map, &["consumes", "produces"], at);
        operation.parameters = self.place(shared, own, &operation.path, at);
        if let Some(node) = map.get("requestBody") {
            self.request_body(node, operation, &at.key("requestBody"));
        }
        let mut produced: Vec<(u16, Vec<String>)> = Vec::new();
        operation.responses =
            self.responses(map, at, &mut |status, types| produced.push((status, types)));
        produced.sort_by_key(|(status, _)| *status);
        let is_success = |status: u16| (200..300).contains(&status);
        let none_succeeds = !operation.responses.iter().any(|response| is_success(response.status));
        let describing = produced.into_iter().find(|(status, types)| {
            !types.is_empty() && (is_success(*status) || none_succeeds && *status == 0)
        });
        operation.produces = describing.map(|(_, types)| types).unwrap_or_default();
        operation.answer = answer::derive(
            operation.method,
            &operation.responses,
            Some(&operation.produces),
            &operation.produces,
        );
    }

    /// Reads what the paths of a spec begin with.
    pub(super) fn prefix_of_servers(&mut self) -> Prefix {
        let at = At::ROOT.key("servers");
        let mut is_broken = false;
        let usual = match self.root.get("servers").map(server_path) {
            None => String::new(),
            Some(Ok(path)) => path,
            Some(Err(what)) => {
                self.fault(&at, what);
                is_broken = true;
                String::new()
            }
        };
        let paths = At::ROOT.key("paths");
        let mut common = usual.clone();
        let mut notes = Vec::new();
        // Those that cannot be used are told of where they stand.
        let mut fit = |map: &Map<'_>, at: &At<'_>| {
            let Some(Ok(other)) = map.get("servers").map(server_path) else { return };
            let shared = shared_steps(&common, &other);
            if shared.len() < common.len() {
                let now = match shared {
                    "" => "none".to_owned(),
                    shared => format!("`{shared}`"),
                };
                let what = format!(
                    "this server is not below `{common}`: the prefix of all operations is {now}, and \
                     what is left of it goes into their paths"
                );
                notes.push(at.key("servers").fault(what));
                common.truncate(shared.len());
            }
        };
        for (path, item) in
            self.root.get("paths").and_then(Node::as_map).into_iter().flat_map(Map::iter)
        {
            let Some(item) = self.behind(item, Table::PathItems) else { continue };
            let at = paths.key(path);
            fit(item, &at);
            for (key, node) in item.iter() {
                if let Some(map) = node.as_map() {
                    fit(map, &at.key(key));
                }
            }
        }
        let usual = usual[common.len()..].to_owned();
        Prefix { common, usual, given: false, is_broken, notes }
    }

    /// Reads the server of a path or an operation: what stands before the path beyond what stands
    /// before all of them.
    pub(super) fn own_server(
        &mut self,
        map: &'t Map<'t>,
        at: &At<'_>,
        prefix: &Prefix,
    ) -> Option<String> {
        if !self.dialect.is_openapi3() {
            return None;
        }
        let servers = map.get("servers")?;
        if prefix.given {
            self.pass_over(servers, at, prefix);
            return None;
        }
        match server_path(servers) {
            Ok(path) => Some(path.strip_prefix(&*prefix.common).unwrap_or(&path).to_owned()),
            Err(what) => {
                self.fault(&at.key("servers"), what);
                None
            }
        }
    }

    /// Tells of a server whose path is not that of the spec, where a prefix is given for all.
    fn pass_over(&mut self, servers: &Node<'_>, at: &At<'_>, prefix: &Prefix) {
        let Ok(own) = server_path(servers) else { return };
        if self.passed_over.contains(&own) || own == prefix.common {
            return;
        }
        let usual = self.root.get("servers").and_then(|servers| server_path(servers).ok());
        // Both are read for each.
        self.spend(own.len() + usual.as_ref().map_or(0, String::len), at);
        if usual.as_ref() == Some(&own) {
            return;
        }
        // Once for each path is enough.
        if self.passed_over.len() < MAX_FAULTS && self.passed_over.insert(own) {
            let what = format!(
                "this server does not count: the prefix `{}`, which is given, stands before all paths",
                prefix.common
            );
            self.notes.push(at.key("servers").fault(what));
        }
    }

    /// Follows references of a kind to the mapping itself.
    fn followed(
        &mut self,
        node: &'t Node<'t>,
        table: Table,
        what: &str,
        at: &At<'_>,
    ) -> Option<&'t Map<'t>> {
        let mut node = node;
        for _ in 0..MAX_REFERENCES {
            let Some(map) = node.as_map() else {
                self.fault(at, format!("expected a {what}, found {}", node.sort()));
                return None;
            };
            let Some(reference) = map.get("$ref") else { return Some(map) };
            let text = reference.as_text().unwrap_or_default();
            match self.shared(&text, table) {
                Some(found) => node = self.searched(found, at),
                None => {
                    self.fault(&at.key("$ref"), format!("the {what} `{text}` does not exist"));
                    return None;
                }
            }
        }
        self.fault(at, format!("the reference leads to no {what}"));
        None
    }

    fn request_body(&mut self, node: &'t Node<'t>, operation: &mut Operation, at: &At<'_>) {
        let Some(map) = self.followed(node, Table::Bodies, "request body", at) else { return };
        let content = self.content(map, at);
        if content.is_empty() {
            self.fault(at, "the request body has no media type");
            return;
        }
        // Where a body may be a form in two ways, fields are sent as parts.
        for form in [MULTIPART, URLENCODED] {
            let own = content.iter().find(|(name, _)| form_of(name) == Some(form));
            if let Some((name, Some(node))) = own {
                let encoding = map.get("content").and_then(Node::as_map);
                let encoding = encoding.and_then(|content| content.get(name)?.as_map());
                let encoding = encoding.and_then(|medium| medium.get("encoding")?.as_map());
                self.form_fields(node, encoding.filter(|_| form == URLENCODED), operation, at);
                break;
            }
        }
        let mut body = Body {
            required: matches!(map.get("required"), Some(Node::Bool(true))),
            schema: Schema::any(),
            media_types: Vec::new(),
            schemas: Vec::new(),
        };
        let content_at = at.key("content");
        let mut seen = HashSet::new();
        for (media_type, medium) in content {
            let at = content_at.key(&media_type);
            let schema = match medium {
                Some(node) => self.schema(node, &at.key("schema")),
                None => Schema::any(),
            };
            self.spend(size_of::<Schema>() + size_of::<String>() + media_type.len(), &at);
            let media_type = sendable(&media_type, &schema);
            if seen.insert(media_type.clone()) {
                body.media_types.push(media_type);
                body.schemas.push(schema);
            }
        }
        body.schema = body.schemas[0].clone();
        if body.schemas.iter().all(|schema| *schema == body.schema) {
            body.schemas.clear();
        }
        operation.body = Some(body);
    }

    /// Reads the media types of a `content`, each with its schema if it has one.
    fn content(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Vec<(String, Option<&'t Node<'t>>)> {
        let at = at.key("content");
        match map.get("content") {
            None | Some(Node::Null) => Vec::new(),
            Some(Node::Map(content)) => {
                let mut all = Vec::new();
                for (name, node) in content.iter() {
                    if self.can_be_named("media type", name, &at.key(name)) {
                        let schema = node.as_map().and_then(|medium| medium.get("schema"));
                        all.push((name.to_owned(), schema));
                    }
                }
                all
            }
            Some(other) => {
                let what = format!("expected a mapping of media types, found {}", other.sort());
                self.fault(&at, what);
                Vec::new()
            }
        }
    }

    /// Reads the body of an answer: its schema, that of JSON before others, and its media types.
    pub(super) fn answer_content(
        &mut self,
        map: &'t Map<'t>,
        at: &At<'_>,
    ) -> (Option<Schema>, Vec<String>) {
        let broken = self.broken;
        let content = self.content(map, at);
        // An operation can be called whatever its answers are.
        self.broken = broken;
        let at = at.key("content");
        let chosen = content
            .iter()
            .position(|(name, _)| answer::is_json(name))
            .or((!content.is_empty()).then_some(0));
        let schema = chosen.map(|index| {
            let (name, medium) = &content[index];
            match medium {
                Some(node) => self.schema(node, &at.key(name).key("schema")),
                None => Schema::any(),
            }
        });
        self.spend(content.iter().map(|(name, _)| size_of::<String>() + name.len()).sum(), &at);
        (schema, content.into_iter().map(|(name, _)| name).collect())
    }

    /// Makes parameters of the fields of a form.
    fn form_fields(
        &mut self,
        node: &'t Node<'t>,
        encoded: Option<&'t Map<'t>>,
        operation: &mut Operation,
        at: &At<'_>,
    ) {
        let Some(map) = self.behind(node, Table::Schemas) else { return };
        let (fields, required) = self.fields_of_parts(map, at);
        let encoded: HashMap<&str, &Map<'t>> = encoded
            .into_iter()
            .flat_map(Map::iter)
            .filter_map(|(name, said)| Some((name, said.as_map()?)))
            .collect();
        for (name, node) in fields {
            let at = at.key("content");
            if let Some(what) = unsendable_name(name, Location::Form) {
                self.fault(&at.key(name), what);
                continue;
            }
            let mut schema = self.schema(node, &at.key(name));
            self.spend(size_of::<Parameter>() + name.len(), &at);
            let form = self.form_of(node, &at.key(name));
            let items = self.behind(node, Table::Schemas).and_then(|map| map.get("items"));
            if is_binary(&schema) || self.is_file(node) {
                schema.kind = Kind::File;
            } else if form == Form::Array && items.is_some_and(|items| self.is_file(items)) {
                schema.kind = Kind::Array(Box::new(Schema::of(Kind::File)));
            }
            let (mut style, encoding) = match form {
                Form::Array => (ListStyle::Multi, Encoding::Plain),
                Form::Object => (ListStyle::Single, Encoding::Json),
                Form::One => (ListStyle::Single, Encoding::Plain),
            };
            if let Some(said) = encoded.get(name)
                && ["style", "explode"].iter().any(|key| said.get(key).is_some())
            {
                let at = at.key(name);
                match (form, self.style(said, name, Location::Query, form, &at).0) {
                    (Form::Array, said) => style = said,
                    (Form::Object, _) => self.slip(
                        &at,
                        format!("an object in a form is sent as JSON, however `{name}` is encoded"),
                    ),
                    (Form::One, _) => {}
                }
            }
            operation.parameters.push(Parameter {
                name: name.to_owned(),
                location: Location::Form,
                required: required.contains(name) && !is_one_sided(node),
                schema,
                style,
                encoding,
                description: String::new(),
            });
        }
    }

    /// Tells whether a field is sent as a file: `binary`, or in OpenAPI 3.1 text of a media type that is
    /// not encoded.
    fn is_file(&self, node: &'t Node<'t>) -> bool {
        self.behind(node, Table::Schemas).is_some_and(|map| {
            let is_text = type_names(map).next().is_none_or(|name| name == "string");
            let is_medium = self.dialect == Dialect::OpenApi31
                && map.get("contentMediaType").is_some()
                && map.get("contentEncoding").is_none();
            is_text && (is_medium || map.text("format").as_deref() == Some("binary"))
        })
    }

    /// Reads the documented header of an answer.
    pub(super) fn header(&mut self, node: &'t Node<'t>, at: &At<'_>) -> Schema {
        let broken = self.broken;
        let Some(map) = self.followed(node, Table::Headers, "header", at) else {
            self.broken = broken;
            return Schema::any();
        };
        match map.get("schema") {
            Some(node) => self.schema(node, &at.key("schema")),
            None => Schema::any(),
        }
    }

    /// Reads a parameter; `None` for what the specification does not take for one.
    pub(super) fn openapi3_parameter(
        &mut self,
        map: &'t Map<'t>,
        name: &str,
        location: Location,
        at: &At<'_>,
    ) -> Option<Parameter> {
        let reserved = ["Accept", "Content-Type", "Authorization"];
        if location == Location::Header && reserved.iter().any(|own| own.eq_ignore_ascii_case(name))
        {
            return None;
        }
        self.spend(size_of::<Parameter>() + name.len(), at);
        self.check_keys(map, &["type", "collectionFormat"], at);
        let content = self.content(map, at);
        let (node, encoding) = match (map.get("schema"), content.as_slice()) {
            (Some(_), [_, ..]) => {
                self.fault(at, format!("the parameter `{name}` has both `schema` and `content`"));
                return None;
            }
            (Some(node), []) => (Some((node, at.key("schema"))), Encoding::Plain),
            (None, []) => (None, Encoding::Plain),
            (None, [(media_type, medium)]) => {
                let encoding = match answer::is_json(media_type) {
                    true => Encoding::Json,
                    false => Encoding::Plain,
                };
                (medium.map(|node| (node, at.key("content"))), encoding)
            }
            (None, _) => {
                let what = format!("the parameter `{name}` has more than one media type");
                self.fault(&at.key("content"), what);
                return None;
            }
        };
        let schema = match &node {
            Some((node, at)) => self.schema(node, at),
            None => Schema::of(Kind::String),
        };
        let form = node.map_or(Form::One, |(node, at)| self.form_of(node, &at));
        let (style, encoding) = match encoding {
            Encoding::Plain if content.is_empty() => self.style(map, name, location, form, at),
            other => (ListStyle::Single, other),
        };
        let mut parameter = Parameter {
            name: name.to_owned(),
            location,
            required: location == Location::Path
                || matches!(map.get("required"), Some(Node::Bool(true))),
            schema,
            style,
            encoding,
            description: map.text("description").unwrap_or_default().into_owned(),
        };
        self.check_default(&mut parameter, at);
        Some(parameter)
    }

    fn style(
        &mut self,
        map: &'t Map<'t>,
        name: &str,
        location: Location,
        form: Form,
        at: &At<'_>,
    ) -> (ListStyle, Encoding) {
        let usual = if location == Location::Query { "form" } else { "simple" };
        let style = map.text("style").unwrap_or(usual.into());
        let explode = match map.get("explode") {
            Some(Node::Bool(explode)) => *explode,
            _ => style == "form",
        };
        let list = match (location, &*style, form) {
            (
                Location::Query,
                "form" | "spaceDelimited" | "pipeDelimited" | "deepObject",
                Form::One,
            )
            | (Location::Path | Location::Header, "simple", Form::One) => ListStyle::Single,
            (Location::Path | Location::Header, "simple", Form::Array) => ListStyle::Csv,
            (Location::Query, "form" | "spaceDelimited" | "pipeDelimited", Form::Array)
                if explode =>
            {
                ListStyle::Multi
            }
            (Location::Query, "form", Form::Array) => ListStyle::Csv,
            (Location::Query, "spaceDelimited", Form::Array) => ListStyle::Ssv,
            (Location::Query, "pipeDelimited", Form::Array) => ListStyle::Pipes,
            (Location::Query, "deepObject", Form::Object) => ListStyle::Deep,
            (Location::Query, "form", Form::Object) if explode => ListStyle::Fields,
            _ => {
                let (place, form) = (
                    location.name(),
                    match form {
                        Form::One => "one value",
                        Form::Array => "a list",
                        Form::Object => "an object",
                    },
                );
                let what = format!(
                    "the style `{style}` (explode: {explode}) of `{name}`, {form} in `{place}`, \
                     is not supported"
                );
                self.fault(at, what);
                ListStyle::Single
            }
        };
        (list, Encoding::Plain)
    }

    /// Follows references to the mapping itself, without a word about those that lead nowhere.
    fn behind(&self, node: &'t Node<'t>, table: Table) -> Option<&'t Map<'t>> {
        let mut node = node;
        for _ in 0..MAX_REFERENCES {
            let map = node.as_map()?;
            let Some(reference) = map.get("$ref") else { return Some(map) };
            node = self.shared(&reference.as_text()?, table)?;
        }
        None
    }

    /// Finds what a value is. Of alternatives all must be the same, `null` aside; what may be a list or
    /// one value is a list.
    fn form_of(&mut self, node: &'t Node<'t>, at: &At<'_>) -> Form {
        let mut found = None;
        let mut open = vec![node];
        let mut left = MAX_PARTS;
        while let Some(node) = open.pop() {
            let Some(map) = self.behind(node, Table::Schemas) else { return Form::One };
            // It may be shared, and each that refers to it looks through its keys.
            self.spend(map.len(), at);
            // A list of types is what its first is, `null` aside.
            let kind = type_names(map).find(|name| *name != "null");
            let is_null = kind.is_none() && type_names(map).next().is_some()
                || map.get("const") == Some(&Node::Null);
            let parts = |key| map.get(key).and_then(Node::as_list).filter(|list| !list.is_empty());
            let form = match kind {
                _ if is_null => continue,
                Some("array") => Form::Array,
                Some("object") => Form::Object,
                None if OBJECT.iter().any(|key| map.get(key).is_some()) => Form::Object,
                None => match (parts("allOf"), parts("oneOf").or_else(|| parts("anyOf"))) {
                    (None, _) if map.get("items").is_some() => Form::Array,
                    (None, None) => Form::One,
                    (Some(all), _) => {
                        // Parts may hold one another.
                        if left == 0 {
                            return Form::One;
                        }
                        left -= 1;
                        self.spend(all.len(), at);
                        let tells = |part: &&Node<'t>| {
                            let map = self.behind(part, Table::Schemas);
                            map.is_some_and(|map| TELLING.iter().any(|key| map.get(key).is_some()))
                        };
                        open.push(all.iter().find(tells).unwrap_or(&all[0]));
                        continue;
                    }
                    (None, Some(alternatives)) => {
                        if alternatives.len() > left {
                            return Form::One;
                        }
                        left -= alternatives.len();
                        open.extend(alternatives);
                        continue;
                    }
                },
                Some(_) => Form::One,
            };
            found = match (found, form) {
                (None, form) => Some(form),
                // One value is a list of one.
                (Some(Form::Array | Form::One), Form::Array) | (Some(Form::Array), Form::One) => {
                    Some(Form::Array)
                }
                (Some(found), form) if found == form => Some(form),
                _ => return Form::One,
            };
        }
        found.unwrap_or(Form::One)
    }
}

/// What two paths begin with alike, by whole steps.
fn shared_steps<'p>(one: &'p str, other: &str) -> &'p str {
    let same = one.split('/').zip(other.split('/')).take_while(|(one, other)| one == other);
    let steps: usize = same.map(|(step, _)| step.len() + 1).sum();
    &one[..steps.saturating_sub(1)]
}

/// Reads the path of the first server of a list.
fn server_path(servers: &Node<'_>) -> Result<String, String> {
    let Some(servers) = servers.as_list() else {
        return Err(format!("expected a list of servers, found {}", servers.sort()));
    };
    let Some(server) = servers.first() else { return Ok(String::new()) };
    let server = server.as_map();
    let Some(url) = server.and_then(|server| server.text("url")) else {
        return Err("the server has no `url`".to_owned());
    };
    let variables = server.and_then(|server| server.get("variables")).and_then(Node::as_map);
    let mut filled = String::new();
    let mut rest = &*url;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return Err(format!("a brace of the server `{url}` is not closed"));
        };
        let variable = variables.and_then(|variables| variables.get(name)).and_then(Node::as_map);
        let Some(default) = variable.and_then(|variable| variable.text("default")) else {
            return Err(format!("the variable `{name}` of the server `{url}` has no default"));
        };
        filled.push_str(before);
        filled.push_str(&default);
        rest = after;
    }
    filled.push_str(rest);
    let path = match filled.split_once("://") {
        // What stands there is a file.
        Some(("unix" | "npipe", _)) => "",
        Some((_, behind)) => behind_host(behind),
        None if filled.starts_with("//") => behind_host(&filled[2..]),
        None if filled.is_empty() || filled.starts_with('/') => &filled,
        None => return Err(format!("the server `{url}` is relative to where the spec lies")),
    };
    plain_path(path).ok_or_else(|| format!("the path of the server `{url}` is not a plain one"))
}

/// What follows the host of an address.
fn behind_host(text: &str) -> &str {
    text.find(['/', '?', '#']).map_or("", |from| &text[from..])
}

/// Makes a media type of a pattern for media types; forms have one spelling.
pub(super) fn sendable(media_type: &str, schema: &Schema) -> String {
    if let Some(form) = form_of(media_type) {
        return form.to_owned();
    }
    match media_type {
        "text/*" => "text/plain",
        _ if !media_type.contains('*') => media_type,
        "*/*" | "application/*" if !is_binary(schema) => JSON,
        _ => BYTES,
    }
    .to_owned()
}
