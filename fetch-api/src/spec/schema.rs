//! Schemas: definitions by name, and everything that has a `type`.
//!
//! What is tolerated, and what it comes to:
//!
//! - `$ref` with siblings: the reference wins. A definition that refers to itself alone says
//!   nothing by that; what stands beside the reference counts, and without any it is a schema
//!   that allows anything (podman v5.0.0's `AuthConfig`). So is a ring of such definitions.
//! - a list of types: any of them; `null` among them makes the schema nullable.
//! - no `type`, but `properties` or `additionalProperties`: an object; but `items`: an array.
//! - `required` naming a field that is declared nowhere, neither there nor by parts: left out.
//! - a `default` or `enum` member of another type than the schema's: kept as written;
//! - `oneOf` and `anyOf` with `null` among their parts: the others, nullable;
//! - `const`: an `enum` of one; `prefixItems`: any of them and of `items` may stand anywhere;
//! - `patternProperties`: what other fields may be, beside what `additionalProperties` says;
//! - `readOnly` and `writeOnly`: a field that goes one way is not required in the other, and so in
//!   neither;
//! - `discriminator`, `then`, `else`, `dependentSchemas`: fields that are not named may be there;
//! - in OpenAPI 3.1 what stands beside `$ref` counts, too;
//! - `false` in OpenAPI 3.1: anything;
//! - `not`, `if` and limits only narrow what is allowed, and are left out.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::fault::At;
use super::reader::{Dialect, Reader, Table, unescaped};
use super::yaml::{Map, Node};
use crate::model::{Additional, Kind, Object, Schema};

/// How far schemas may be nested in one another, counted in steps of the document.
const MAX_DEPTH: usize = 63;

impl<'t> Reader<'t> {
    /// Reads a schema, or anything else that has `type`, `format`, `items` and so on.
    pub(super) fn schema(&mut self, node: &'t Node<'t>, at: &At<'_>) -> Schema {
        if at.depth() > MAX_DEPTH {
            self.slip(at, "the schema is nested too deep");
            return Schema::any();
        }
        if self.is_done() {
            return Schema::any();
        }
        match self.searched(node, at) {
            Node::Map(map) => match map.get("$ref") {
                Some(reference) => {
                    let schema = self.schema_reference(reference, &at.key("$ref"));
                    match self.dialect == Dialect::OpenApi31 && has_siblings(map) {
                        true => self.with_siblings(schema, map, at),
                        false => schema,
                    }
                }
                None => self.schema_map(map, at),
            },
            Node::Bool(true) | Node::Null => Schema::any(),
            // Nothing fits; who sends it all the same hears of that from the engine.
            Node::Bool(false) if self.dialect == Dialect::OpenApi31 => Schema::any(),
            other => {
                self.slip(at, format!("expected a schema, found {}", other.sort()));
                Schema::any()
            }
        }
    }

    /// Reads every definition that is referred to, and those that they refer to in turn.
    pub(super) fn definitions(&mut self) -> BTreeMap<String, Schema> {
        let mut definitions = BTreeMap::new();
        while let Some(name) = self.wanted.pop() {
            if self.is_done() {
                break;
            }
            let (mut root, mut steps) = (At::ROOT, Table::Schemas.steps(self.dialect).iter());
            let parent = steps.next().map(|step| At::ROOT.key(step));
            if let Some(parent) = &parent {
                root = *parent;
            }
            let child = steps.next().map(|step| root.key(step));
            let at = child.as_ref().unwrap_or(&root).key(&name);
            let Some(node) = self.definition(&name, &at) else {
                // One that may be missing.
                definitions.insert(name, Schema::any());
                continue;
            };
            let own = node.as_map().and_then(|map| {
                let text = map.text("$ref")?;
                (self.definition_name(&text)? == name).then_some(map)
            });
            let schema = match own {
                Some(map) => self.schema_map(map, &at),
                None => self.schema(node, &at),
            };
            definitions.insert(name, schema);
        }
        open_rings(&mut definitions);
        definitions
    }

    /// Finds a definition by its name, which may go on into the definition (`A/properties/b`).
    fn definition(&mut self, name: &str, at: &At<'_>) -> Option<&'t Node<'t>> {
        if let Some(node) = self.named(Table::Schemas, name) {
            return Some(node);
        }
        let mut steps = name.split('/');
        let mut node = self.named(Table::Schemas, steps.next()?)?;
        // A key may hold slashes.
        let mut key = String::new();
        for step in steps {
            key.push_str(step);
            let found = match node {
                Node::Map(map) => {
                    // A small text may have many references into a large mapping.
                    self.spend(map.len(), at);
                    map.get(&key)
                }
                Node::List(items) => Some(items.get(key.parse::<usize>().ok()?)?),
                _ => return None,
            };
            match found {
                Some(found) => (node, key) = (found, String::new()),
                None => key.push('/'),
            }
        }
        key.is_empty().then_some(node)
    }

    /// Reads the `$ref` of a schema and remembers that its definition is needed.
    pub(super) fn schema_reference(&mut self, reference: &Node<'t>, at: &At<'_>) -> Schema {
        let Some(text) = reference.as_text() else {
            self.slip(at, format!("expected a reference, found {}", reference.sort()));
            return Schema::any();
        };
        let Some(name) = self.definition_name(&text) else {
            let into = Table::Schemas.prefix(self.dialect);
            self.slip(at, format!("`{text}` is not a reference into `{into}`"));
            return Schema::any();
        };
        if !self.can_be_named("definition", &name, at) {
            return Schema::any();
        }
        if self.definition(&name, at).is_none() {
            if !self.context.missing.contains(&name) {
                self.slip(at, format!("the definition `{name}` does not exist"));
                return Schema::any();
            }
            self.filled.insert(name.clone());
        }
        if self.seen.insert(name.clone()) {
            self.wanted.push(name.clone());
        }
        self.spend(size_of::<Schema>() + name.len(), at);
        Schema::of(Kind::Ref(name))
    }

    pub(super) fn schema_map(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Schema {
        self.spend(size_of::<Schema>(), at);
        let mut schema = Schema { kind: self.kind(map, at), ..Schema::default() };
        if let Some(format) = map.text("format")
            && self.can_be_named("format", &format, &at.key("format"))
        {
            schema.format = format.into_owned();
        }
        if map.get("$dynamicRef").is_some() {
            self.slip(&at.key("$dynamicRef"), "dynamic references are not supported");
        }
        self.check_version(map, at);
        if let Some(constant) = map.get("const") {
            schema.members = vec![constant.to_json()];
            if schema.kind == Kind::Any {
                schema.kind = kind_of(constant);
            }
        }
        match map.get("enum") {
            None => {}
            Some(Node::List(items)) => schema.members = items.iter().map(Node::to_json).collect(),
            Some(other) => {
                let what = format!("expected a list of values, found {}", other.sort());
                self.slip(&at.key("enum"), what);
            }
        }
        schema.default = map.get("default").map(Node::to_json);
        let said = |key| matches!(map.get(key), Some(Node::Bool(true)));
        schema.nullable = said("x-nullable")
            || said("nullable")
            || type_names(map).any(|name| name == "null") && schema.kind != Kind::Null;
        open_null(&mut schema);
        let members = schema.members.iter().map(|text| size_of::<String>() + text.len());
        let text = schema.format.len() + schema.default.as_ref().map_or(0, String::len);
        self.spend(text + members.sum::<usize>(), at);
        schema
    }

    /// Finds what another version of OpenAPI would say.
    fn check_version(&mut self, map: &'t Map<'t>, at: &At<'_>) {
        match self.dialect {
            Dialect::Swagger2 => {}
            Dialect::OpenApi30 => {
                if matches!(map.get("type"), Some(Node::List(_))) {
                    self.foreign(&at.key("type"), "a list of types");
                }
                self.check_keys(map, &["const", "prefixItems", "patternProperties", "$defs"], at);
            }
            Dialect::OpenApi31 => self.check_keys(map, &["nullable"], at),
        }
    }

    /// Finds the fields of an object, and the names of those that must be there: its own first, then
    /// those of the parts that it is made of. The first of a name counts.
    pub(super) fn fields_of_parts(
        &mut self,
        map: &'t Map<'t>,
        at: &At<'_>,
    ) -> (Vec<(&'t str, &'t Node<'t>)>, HashSet<Cow<'t, str>>) {
        let (mut fields, mut required) = (Vec::new(), HashSet::new());
        let mut known = HashSet::new();
        let mut open = vec![map];
        // Parts may hold one another.
        let mut seen: HashSet<*const Map<'t>> = HashSet::new();
        while let Some(map) = open.pop() {
            // What is shared is looked through by each that refers to it.
            self.spend(map.len(), at);
            if self.is_done() || !seen.insert(map) {
                continue;
            }
            let reference = map.get("$ref").and_then(Node::as_text);
            if reference.is_none() || self.dialect == Dialect::OpenApi31 {
                let own = map.get("properties").and_then(Node::as_map);
                let names = map.get("required").and_then(Node::as_list).unwrap_or_default();
                let parts = map.get("allOf").and_then(Node::as_list).unwrap_or_default();
                self.spend(own.map_or(0, Map::len) + names.len() + parts.len(), at);
                let own = own.into_iter().flat_map(Map::iter);
                fields.extend(own.filter(|(name, _)| known.insert(*name)));
                required.extend(names.iter().filter_map(Node::as_text));
                open.extend(parts.iter().rev().filter_map(Node::as_map));
            }
            let target = reference.and_then(|text| self.shared(&text, Table::Schemas));
            open.extend(target.and_then(Node::as_map));
        }
        (fields, required)
    }

    /// Makes a part of the fields that are declared by one part and required by another, or beside
    /// all of them.
    fn required_of_parts(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Option<Schema> {
        let parts = map.get("allOf").and_then(Node::as_list).unwrap_or_default();
        let own = parts.iter().filter_map(Node::as_map).filter(|part| part.get("$ref").is_none());
        let mut elsewhere = HashSet::new();
        for part in own.chain([map]) {
            let declared = part.get("properties").and_then(Node::as_map);
            let names = part.get("required").and_then(Node::as_list).unwrap_or_default();
            self.spend(names.len(), at);
            self.spend(declared.map_or(0, Map::len), at);
            let declared: HashSet<&str> = match names {
                [] => HashSet::new(),
                _ => declared.into_iter().flat_map(Map::iter).map(|(name, _)| name).collect(),
            };
            elsewhere.extend(
                { names.iter() }
                    .filter_map(Node::as_text)
                    .filter(|name| !declared.contains(&**name)),
            );
        }
        if elsewhere.is_empty() {
            return None;
        }
        let (fields, _) = self.fields_of_parts(map, at);
        let mut properties = BTreeMap::new();
        for (name, node) in fields {
            let is_required = elsewhere.contains(name) && !is_one_sided(node);
            if is_required && self.can_be_named("field", name, &at.key(name)) {
                let schema = self.schema(node, &at.key("properties").key(name));
                self.spend(size_of::<String>() + name.len(), at);
                properties.insert(name.to_owned(), (schema, true));
            }
        }
        let object = Object { properties, additional: Additional::Unsaid };
        (!object.properties.is_empty()).then(|| Schema::of(Kind::Object(object)))
    }

    /// Adds what stands beside a reference.
    fn with_siblings(&mut self, reference: Schema, map: &'t Map<'t>, at: &At<'_>) -> Schema {
        let mut beside = self.schema_map(map, at);
        let required = self.required_of_parts(map, at);
        if beside.kind == Kind::Any && beside.members.is_empty() && beside.format.is_empty() {
            beside.kind = match required {
                Some(required) => Kind::AllOf(vec![reference, required]),
                None => reference.kind,
            };
            return beside;
        }
        let default = beside.default.take();
        let parts = [reference, beside].into_iter().chain(required).collect();
        Schema { default, ..Schema::of(Kind::AllOf(parts)) }
    }

    /// Reads the name out of `#/definitions/Name` or `#/components/schemas/Name`.
    fn definition_name(&self, reference: &str) -> Option<String> {
        Some(unescaped(reference.strip_prefix(&Table::Schemas.prefix(self.dialect))?))
    }

    fn kind(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Kind {
        let mut parts = Vec::new();
        for (key, combine) in [
            ("allOf", Kind::AllOf as fn(Vec<Schema>) -> Kind),
            ("oneOf", Kind::OneOf),
            ("anyOf", Kind::AnyOf),
        ] {
            let Some(node) = map.get(key) else { continue };
            let at = at.key(key);
            let Some(items) = node.as_list() else {
                self.slip(&at, format!("expected a list of schemas, found {}", node.sort()));
                continue;
            };
            let schemas: Vec<Schema> =
                items.iter().enumerate().map(|(i, item)| self.schema(item, &at.index(i))).collect();
            if !schemas.is_empty() {
                parts.push(combine(schemas));
            }
        }
        // Beside a reference it is asked for there.
        if map.get("allOf").is_some() && map.get("$ref").is_none() {
            parts.extend(self.required_of_parts(map, at).map(|part| Kind::AllOf(vec![part])));
        }
        let plain = ["properties", "additionalProperties", "items"];
        if parts.is_empty() {
            return self.plain_kind(map, at);
        }
        if plain.into_iter().any(|key| map.get(key).is_some()) {
            parts.push(Kind::AllOf(vec![Schema::of(self.plain_kind(map, at))]));
        }
        if parts.len() == 1 {
            return parts.swap_remove(0);
        }
        // Several combinations stand for all of them at once; an `allOf` melts into that.
        let all = parts.into_iter().flat_map(|kind| match kind {
            Kind::AllOf(schemas) => schemas,
            other => vec![Schema::of(other)],
        });
        Kind::AllOf(all.collect())
    }

    fn plain_kind(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Kind {
        let names: Vec<&str> = match map.get("type") {
            None | Some(Node::Text(_) | Node::Null) => type_names(map).collect(),
            Some(Node::List(items)) => {
                let names: Vec<&str> = type_names(map).collect();
                if names.len() < items.len() {
                    self.slip(&at.key("type"), "expected the name of a type");
                }
                names
            }
            Some(other) => {
                let what = format!("expected the name of a type, found {}", other.sort());
                self.slip(&at.key("type"), what);
                return Kind::Any;
            }
        };
        let shaped = |name: &&str| *name != "null";
        let mut kinds: Vec<Kind> = Vec::new();
        for name in names.iter().copied().filter(shaped) {
            kinds.push(self.typed(name, map, at));
        }
        match kinds.len() {
            0 if names.contains(&"null") => Kind::Null,
            0 if map.get("properties").is_some() || map.get("additionalProperties").is_some() => {
                self.typed("object", map, at)
            }
            0 if map.get("items").is_some() => self.typed("array", map, at),
            0 => Kind::Any,
            1 => kinds.swap_remove(0),
            _ => Kind::AnyOf(kinds.into_iter().map(Schema::of).collect()),
        }
    }

    fn typed(&mut self, name: &str, map: &'t Map<'t>, at: &At<'_>) -> Kind {
        match name {
            "string" => Kind::String,
            "integer" => Kind::Integer,
            "number" => Kind::Number,
            "boolean" => Kind::Boolean,
            "file" => Kind::File,
            "array" => Kind::Array(Box::new(self.items(map, at))),
            "object" => Kind::Object(self.object(map, at)),
            _ => {
                self.slip(&at.key("type"), format!("unknown type `{name}`"));
                Kind::Any
            }
        }
    }

    fn items(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Schema {
        if let Some(Node::List(first)) = map.get("prefixItems") {
            let at_first = at.key("prefixItems");
            let mut all: Vec<Schema> = first
                .iter()
                .enumerate()
                .map(|(i, item)| self.schema(item, &at_first.index(i)))
                .collect();
            if let Some(node) = map.get("items").filter(|node| **node != Node::Bool(false)) {
                all.push(self.schema(node, &at.key("items")));
            }
            return Schema::of(Kind::AnyOf(all));
        }
        match map.get("items") {
            None => Schema::any(),
            // JSON schema's tuples: any of the members may stand anywhere.
            Some(Node::List(items)) => {
                let at = at.key("items");
                let schemas =
                    items.iter().enumerate().map(|(i, item)| self.schema(item, &at.index(i)));
                Schema::of(Kind::AnyOf(schemas.collect()))
            }
            Some(node) => self.schema(node, &at.key("items")),
        }
    }

    fn object(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Object {
        let required: BTreeSet<Cow<'_, str>> = match map.get("required") {
            Some(Node::List(names)) => names.iter().filter_map(Node::as_text).collect(),
            // A boolean is what older drafts wrote at the field itself.
            _ => BTreeSet::new(),
        };
        let mut properties = BTreeMap::new();
        match map.get("properties") {
            None | Some(Node::Null) => {}
            Some(Node::Map(fields)) => {
                let at = at.key("properties");
                for (name, node) in fields.iter() {
                    if !self.can_be_named("field", name, &at.key(name)) {
                        continue;
                    }
                    let schema = self.schema(node, &at.key(name));
                    self.spend(size_of::<String>() + name.len(), &at);
                    let is_required = required.contains(name) && !is_one_sided(node);
                    properties.insert(name.to_owned(), (schema, is_required));
                }
            }
            Some(other) => {
                let what = format!("expected a mapping of fields, found {}", other.sort());
                self.slip(&at.key("properties"), what);
            }
        }
        Object { properties, additional: self.additional(map, at) }
    }

    /// Finds what fields may be that are not named.
    fn additional(&mut self, map: &'t Map<'t>, at: &At<'_>) -> Additional {
        let patterns = map.get("patternProperties").and_then(Node::as_map);
        let patterns = patterns.filter(|patterns| patterns.len() > 0);
        let others = match (map.get("additionalProperties"), patterns) {
            // Conditions and kinds of the same thing have fields of their own.
            (None | Some(Node::Null), None) => {
                let is_open = map.iter().any(|(key, _)| OPENING.contains(&key));
                return if is_open { Additional::Any } else { Additional::Unsaid };
            }
            (None | Some(Node::Null), Some(_)) => return Additional::Any,
            (Some(Node::Bool(false)), None) => return Additional::Forbidden,
            (Some(Node::Bool(false)), Some(_)) => None,
            (Some(node), _) => Some(self.schema(node, &at.key("additionalProperties"))),
        };
        if others == Some(Schema::any()) {
            return Additional::Any;
        }
        let at = at.key("patternProperties");
        let patterns = patterns.into_iter().flat_map(Map::iter);
        let mut all: Vec<Schema> =
            patterns.map(|(name, node)| self.schema(node, &at.key(name))).collect();
        all.extend(others);
        Additional::Schema(Box::new(match all.len() {
            1 => all.swap_remove(0),
            _ => Schema::of(Kind::AnyOf(all)),
        }))
    }
}

/// What says of fields that there may be others.
const OPENING: &[&str] = &["discriminator", "then", "else", "dependentSchemas"];

/// Tells whether a field is sent one way only, so that it has to be there in that way only.
pub(super) fn is_one_sided(node: &Node<'_>) -> bool {
    let said = |key| matches!(node.as_map().and_then(|map| map.get(key)), Some(Node::Bool(true)));
    said("readOnly") || said("writeOnly")
}

pub(super) fn type_names<'m>(map: &'m Map<'_>) -> impl Iterator<Item = &'m str> {
    let (one, many) = match map.get("type") {
        Some(Node::Text(name)) => (Some(name.as_ref()), &[][..]),
        Some(Node::List(items)) => (None, items.as_slice()),
        _ => (None, &[][..]),
    };
    one.into_iter().chain(many.iter().filter_map(|node| match node {
        Node::Text(name) => Some(name.as_ref()),
        Node::Null => Some("null"),
        _ => None,
    }))
}

/// Tells whether something that is looked at stands beside a `$ref`.
fn has_siblings(map: &Map<'_>) -> bool {
    map.iter().any(|(key, node)| key != "$ref" && *node != Node::Skipped)
}

/// Takes `null` out of the parts of a combination, and lets a single part stand alone.
fn open_null(schema: &mut Schema) {
    let (Kind::OneOf(parts) | Kind::AnyOf(parts)) = &mut schema.kind else { return };
    let before = parts.len();
    parts.retain(|part| part.kind != Kind::Null);
    if parts.len() == before {
        return;
    }
    match parts.as_mut_slice() {
        [] => schema.kind = Kind::Null,
        [only] => {
            let only = std::mem::take(only);
            // What the part says of itself must not get lost under what stands around it.
            if schema.members.is_empty() && schema.format.is_empty() {
                let default = schema.default.take().or(only.default.clone());
                *schema = Schema { default, nullable: true, ..only };
            } else {
                schema.kind = Kind::AllOf(vec![only]);
                schema.nullable = true;
            }
        }
        _ => schema.nullable = true,
    }
}

/// The type of a constant.
fn kind_of(constant: &Node<'_>) -> Kind {
    match constant {
        Node::Text(_) => Kind::String,
        Node::Bool(_) => Kind::Boolean,
        Node::Number(number) if number.is_f64() => Kind::Number,
        Node::Number(_) => Kind::Integer,
        Node::Null => Kind::Null,
        _ => Kind::Any,
    }
}

/// Turns definitions that stand for nothing but each other into ones that allow anything, and
/// leaves every chain of references with an end.
fn open_rings(definitions: &mut BTreeMap<String, Schema>) {
    fn next<'d>(definitions: &'d BTreeMap<String, Schema>, name: &str) -> Option<&'d str> {
        match &definitions.get(name)?.kind {
            Kind::Ref(name) => Some(name),
            _ => None,
        }
    }
    let mut rings = Vec::new();
    // From which start each was first come by: nothing is walked twice, however long the chains.
    let mut walked: HashMap<&str, usize> = HashMap::new();
    for (walk, start) in definitions.keys().enumerate() {
        let mut at = Some(start.as_str());
        while let Some(name) = at {
            match walked.get(name) {
                None => {
                    walked.insert(name, walk);
                    at = next(definitions, name);
                }
                // This walk has come back to itself.
                Some(own) if *own == walk => {
                    let mut member = name;
                    loop {
                        rings.push(member.to_owned());
                        match next(definitions, member) {
                            Some(behind) if behind != name => member = behind,
                            _ => break,
                        }
                    }
                    break;
                }
                Some(_) => break,
            }
        }
    }
    for name in rings {
        definitions.insert(name, Schema::any());
    }
}
