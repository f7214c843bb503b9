//! Checking values against their schemas: what is sent before it is sent, what came on request.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::catalog::{Api, Operation};
use crate::fields::{Fields, Others};
use crate::finding::{Finding, FindingKind, Told};
use crate::nearest::{alternatives, nearest_names};
use crate::request::Location;
use crate::schema::{Additional, Property, Schema, SchemaKind, member_text};
use crate::search::{joined, quoted, shortened};
use crate::value::{Value, View};
use crate::version::VersionSet;

/// How deep a value is followed; deeper ones are nobody's body.
const DEPTH: usize = 64;
/// How many schemas are looked at for one value: they may be circular, and values from strangers.
const BUDGET: usize = 200_000;
/// How many findings are told.
const MOST: usize = 100;
/// What a walk through all versions counts as, and how many of its results are kept.
const WALK: usize = 100;
const KEPT: usize = 32;
/// How much of a text is shown.
const SHOWN: usize = 40;
/// How many allowed values are named.
const MEMBERS: usize = 12;

impl<'a> Operation<'a> {
    /// Checks a body against what the operation takes: unknown fields, wrong types, missing fields
    /// and values that are none of those allowed. Nothing is found in a body that is not JSON.
    ///
    /// `null` passes for anything, an empty text for a list of values, and a field of another
    /// version as long as it holds nothing: engines' own clients send them for what is not set. At
    /// most a hundred findings come back, and what lies deeper than 64 levels is not looked at.
    ///
    /// ```
    /// # fn demo(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// use std::collections::BTreeMap;
    ///
    /// use contajners_core::Pack;
    ///
    /// let create = Pack::open(bytes)?.api("v1.41")?.operation("ContainerCreate")?;
    /// let findings = create.check_body(&BTreeMap::from([("Imag", "busybox")]));
    /// assert_eq!(findings[0].to_string(), "unknown field `/Imag` of `ContainerCreate` in docker v1.41");
    /// assert_eq!(findings[0].nearest(), ["Image"]);
    /// # Ok(()) }
    /// ```
    pub fn check_body(&self, body: &dyn Value) -> Vec<Finding> {
        let Some(accepted) = self.body() else { return Vec::new() };
        let Some(schema) = accepted.json_schema() else { return Vec::new() };
        let root = Root { operation: *self, part: Part::Body };
        Checker::new(root).run(schema, body)
    }

    /// Checks the body of an answer against what is documented for its status.
    ///
    /// As [`check_body`](Self::check_body); nothing is found where no schema is documented.
    pub fn check_answer(&self, status: u16, body: &dyn Value) -> Vec<Finding> {
        let root = Root { operation: *self, part: Part::Answer(status) };
        match root.schema() {
            Some(schema) => Checker::new(root).run(schema, body),
            None => Vec::new(),
        }
    }

    /// Checks values of parameters for which only some are allowed. Types and names are for
    /// [`resolve`](Self::resolve), which refuses what does not fit.
    pub fn check_parameters(&self, values: &[(&str, &dyn Value)]) -> Vec<Finding> {
        let mut out = Vec::new();
        for (name, value) in values {
            let mut meant = self.parameters().filter(|parameter| parameter.is_named(name));
            let Some(first) = meant.next() else { continue };
            let parameter = core::iter::once(first)
                .chain(meant)
                .find(|parameter| parameter.location() == Location::Path)
                .unwrap_or(first);
            let schema = parameter.schema().resolved();
            let of = schema.items().map_or(schema, Schema::resolved);
            let root = Root { operation: *self, part: Part::Parameter(parameter.bare_name()) };
            let mut checker = Checker::new(root);
            let mut check = |value: &dyn Value| {
                // Numbers and booleans go as texts, too: what counts is how they are written.
                let text = match value.view() {
                    View::Text(text) => text.into_owned(),
                    View::Null | View::Array | View::Object => return true,
                    _ => value.to_json(),
                };
                checker.member(of, &text);
                checker.findings.len() < MOST
            };
            match value.view() {
                View::Array => value.items(&mut |item| check(item)),
                _ => {
                    check(*value);
                }
            }
            let location = parameter.location().name();
            out.extend(checker.findings.into_iter().map(|finding| Finding {
                pointer: format!("{location}.{}", parameter.bare_name()),
                ..finding
            }));
        }
        out
    }
}

/// Tells whether a member, which is JSON, is this text. What JSON escapes is not judged.
fn is_member(json: &str, text: &str) -> bool {
    member_text(json) == text || json.contains('\\')
}

/// What a value belongs to.
#[derive(Clone, Copy)]
struct Root<'a> {
    operation: Operation<'a>,
    part: Part<'a>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Body,
    Answer(u16),
    Parameter(&'a str),
}

impl<'a> Root<'a> {
    fn schema(self) -> Option<Schema<'a>> {
        match self.part {
            Part::Body => self.operation.body()?.json_schema(),
            Part::Answer(status) => self.operation.response(status)?.schema(),
            Part::Parameter(name) => {
                let mut parameters = self.operation.parameters();
                let parameter = parameters.find(|parameter| parameter.bare_name() == name)?;
                Some(parameter.schema())
            }
        }
    }

    /// The same thing in another version, if that has it.
    fn in_version(self, api: Api<'a>) -> Option<Self> {
        Some(Self { operation: api.same_operation(&self.operation)?, ..self })
    }

    /// In which versions something at a place is so.
    fn history(self, steps: &[Step], is_so: &dyn Fn(Schema<'a>) -> bool) -> VersionSet<'a> {
        let pack = self.operation.api().pack();
        pack.versions_where(|api| {
            let there = self.in_version(api).and_then(Root::schema);
            there.and_then(|schema| follow(schema, steps)).is_some_and(is_so)
        })
    }
}

/// How to get from a schema to one inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(usize),
}

fn follow<'a>(schema: Schema<'a>, steps: &[Step]) -> Option<Schema<'a>> {
    let mut schema = schema;
    for step in steps {
        schema = match step {
            Step::Item(_) => within(schema, &mut 64, &|schema| schema.items())?,
            Step::Field(name) => match schema.property(name) {
                Some(property) => property.schema,
                None => values_of(schema)?,
            },
        };
    }
    Some(schema)
}

/// The values of a map.
pub(crate) fn values_of(schema: Schema<'_>) -> Option<Schema<'_>> {
    within(schema, &mut 64, &|schema| match schema.additional() {
        Additional::Schema(values) => Some(values),
        _ => None,
    })
}

/// Looks for a schema in one and in the parts it is made of.
pub(crate) fn within<'a>(
    schema: Schema<'a>,
    budget: &mut usize,
    look: &dyn Fn(Schema<'a>) -> Option<Schema<'a>>,
) -> Option<Schema<'a>> {
    *budget = budget.checked_sub(1)?;
    let schema = schema.resolved();
    look(schema).or_else(|| schema.parts().find_map(|part| within(part, budget, look)))
}

struct Checker<'a> {
    root: Root<'a>,
    path: Vec<Step>,
    findings: Vec<Finding>,
    budget: usize,
    /// How deep in the value and in the schema, which may be a part of itself.
    depth: usize,
    /// How deep in alternatives: there findings are counted and not worded.
    trials: usize,
    /// Fields of schemas that lack them, and whether other versions have them.
    elsewhere: Vec<(u32, String, bool)>,
}

impl<'a> Checker<'a> {
    fn new(root: Root<'a>) -> Self {
        Self {
            root,
            path: Vec::new(),
            findings: Vec::new(),
            budget: BUDGET,
            depth: 0,
            trials: 0,
            elsewhere: Vec::new(),
        }
    }

    fn run(mut self, schema: Schema<'a>, value: &dyn Value) -> Vec<Finding> {
        self.check(schema, value);
        self.findings
    }

    fn is_spent(&mut self) -> bool {
        self.budget = self.budget.saturating_sub(1);
        self.budget == 0 || self.findings.len() >= MOST || self.depth >= DEPTH
    }

    fn check(&mut self, schema: Schema<'a>, value: &dyn Value) {
        if self.is_spent() {
            return;
        }
        self.depth += 1;
        self.compare(schema, value);
        self.depth -= 1;
    }

    fn compare(&mut self, schema: Schema<'a>, value: &dyn Value) {
        let schema = schema.resolved();
        let view = value.view();
        if view == View::Null {
            return;
        }
        let fits = match schema.kind() {
            SchemaKind::Any | SchemaKind::Ref | SchemaKind::File => true,
            SchemaKind::Array => {
                if view == View::Array
                    && let Some(items) = schema.items()
                {
                    self.items(items, value);
                }
                view == View::Array
            }
            SchemaKind::Object => {
                if view == View::Object {
                    self.object(schema, value);
                }
                view == View::Object
            }
            SchemaKind::AllOf => return self.all_of(schema, value, &view),
            SchemaKind::OneOf | SchemaKind::AnyOf => return self.one_of(schema, value, &view),
            kind => fits(kind, &view),
        };
        if !fits {
            return self.wrong_type(schema, &view);
        }
        match view {
            View::Text(text) => self.member(schema, &text),
            View::Integer(_) | View::Number(_) | View::Boolean(_) => {
                self.member(schema, &value.to_json());
            }
            _ => {}
        }
    }

    fn items(&mut self, schema: Schema<'a>, value: &dyn Value) {
        let mut index = 0;
        value.items(&mut |item| {
            self.path.push(Step::Item(index));
            self.check(schema, item);
            self.path.pop();
            index += 1;
            self.findings.len() < MOST
        });
    }

    fn all_of(&mut self, schema: Schema<'a>, value: &dyn Value, view: &View<'_>) {
        if *view == View::Object && self.object(schema, value) {
            return;
        }
        // What is wrong for one part is not told again for the next.
        let before = self.findings.len();
        for part in schema.parts() {
            self.check(part, value);
            if self.findings.len() > before {
                return;
            }
        }
    }

    /// Of the alternatives that are of the value's type, the one with the fewest findings is taken
    /// for the one that was meant.
    fn one_of(&mut self, schema: Schema<'a>, value: &dyn Value, view: &View<'_>) {
        let before = self.findings.len();
        // Of what is found under a place, only what is found there has a pointer as short.
        let here = self.pointer(None).len();
        let mut best: Option<Schema<'a>> = None;
        let mut fewest = usize::MAX;
        for part in schema.parts() {
            self.trials += 1;
            self.check(part, value);
            self.trials -= 1;
            let found = &self.findings[before..];
            let is_other = |finding: &Finding| {
                finding.kind == FindingKind::WrongType && finding.pointer.len() == here
            };
            let cost = if found.iter().any(is_other) { usize::MAX } else { found.len() };
            self.findings.truncate(before);
            if cost < fewest {
                (best, fewest) = (Some(part), cost);
            }
            if fewest == 0 {
                return;
            }
        }
        match best {
            Some(best) => self.check(best, value),
            None => self.wrong_type(schema, view),
        }
    }

    /// Returns `false` for what is no object in all of its parts.
    fn object(&mut self, schema: Schema<'a>, value: &dyn Value) -> bool {
        let mut budget = 256;
        // What is too much to be taken together is not judged.
        let Some(fields) = Fields::of(schema, &mut budget) else { return budget == 0 };
        // To take them together is work as well.
        self.budget = self.budget.saturating_sub(fields.looked_at / 8);
        let mut given: Vec<usize> = Vec::new();
        value.fields(&mut |name, value| {
            let declared = fields.position(name);
            if let Ok(at) = declared {
                given.push(at);
            }
            match (declared, &fields.others) {
                (Err(_), None) if !fields.is_cut() => {
                    self.unknown_field(schema, name, value, &fields);
                }
                (Err(_), None | Some(Others::Any)) => {}
                (Ok(_), _) | (Err(_), Some(Others::Schema(_))) => {
                    let schema = match (fields.get(name), &fields.others) {
                        (Some(property), _) => property.schema,
                        (None, Some(Others::Schema(values))) => *values,
                        _ => return true,
                    };
                    self.path.push(Step::Field(name.into()));
                    self.check(schema, value);
                    self.path.pop();
                }
            }
            self.findings.len() < MOST
        });
        for (at, property) in fields.declared.iter().enumerate() {
            if property.required && !given.contains(&at) && self.findings.len() < MOST {
                self.missing_field(property);
            }
        }
        true
    }

    fn member(&mut self, schema: Schema<'a>, text: &str) {
        // For what is not set, engines' own clients send an empty text.
        if text.is_empty() || schema.members().next().is_none() {
            return;
        }
        if schema.members().any(|member| is_member(member, text)) {
            return;
        }
        self.unknown_value(schema, text);
    }

    /// The place of a field, or of what is being looked at.
    fn pointer(&self, field: Option<&str>) -> String {
        let mut out = String::new();
        for step in &self.path {
            match step {
                Step::Field(name) => push_segment(name, &mut out),
                Step::Item(index) => push_segment(&index.to_string(), &mut out),
            }
        }
        if let Some(field) = field {
            push_segment(field, &mut out);
        }
        out
    }

    fn shown(&self, pointer: &str) -> String {
        let operation = &self.root.operation;
        let api = operation.api();
        let of = format!("of `{}` in {} {}", operation.id(), api.engine(), api.version());
        match (self.root.part, pointer) {
            (Part::Parameter(name), _) => format!("parameter `{name}` {of}"),
            (Part::Body, "") => format!("the body {of}"),
            (Part::Answer(_), "") => format!("the answer {of}"),
            (_, pointer) => format!("field {} {of}", quoted(pointer)),
        }
    }

    fn find(
        &mut self,
        kind: FindingKind,
        pointer: String,
        worded: impl FnOnce(&Self, &str) -> Told,
    ) {
        let told = match self.trials {
            0 => worded(self, &pointer),
            _ => Told::default(),
        };
        self.findings.push(Finding { kind, pointer, told });
    }

    fn unknown_field(
        &mut self,
        schema: Schema<'a>,
        name: &str,
        value: &dyn Value,
        fields: &Fields<'a>,
    ) {
        // Clients that know a later version send its fields to all, as long as they say nothing.
        if is_empty(value) && self.is_elsewhere(schema, name) {
            return;
        }
        let pointer = self.pointer(Some(name));
        self.find(FindingKind::UnknownField, pointer, |checker, pointer| {
            let history = checker.history_of(name);
            let summary = format!("unknown {}", checker.shown(pointer));
            if checker.is_of_others(&history) {
                let hint = Some(checker.available(&history));
                return Told { summary, hint, ..Told::default() };
            }
            let names = fields.declared.iter().map(|property| property.name);
            Told { summary, nearest: nearest_names(name, names), ..Told::default() }
        });
    }

    fn history_of(&self, name: &str) -> VersionSet<'a> {
        self.root.history(&self.path, &|schema| schema.property(name).is_some())
    }

    /// Whether other versions have a field that this schema lacks. Items of a list have the same
    /// ones as a rule, so what was found last is kept: it takes a walk through all versions.
    fn is_elsewhere(&mut self, schema: Schema<'a>, name: &str) -> bool {
        let node = schema.node();
        let known = { self.elsewhere.iter() }.find(|(at, of, _)| *at == node && of == name);
        if let Some((_, _, found)) = known {
            return *found;
        }
        self.budget = self.budget.saturating_sub(WALK);
        let found = !self.history_of(name).is_empty();
        if self.elsewhere.len() == KEPT {
            self.elsewhere.remove(0);
        }
        self.elsewhere.push((node, name.into(), found));
        found
    }

    fn missing_field(&mut self, property: &Property<'a>) {
        let pointer = self.pointer(Some(property.name));
        self.find(FindingKind::MissingField, pointer, |checker, pointer| {
            let summary = format!("missing {}", checker.shown(pointer));
            let expected = with_article(property.schema);
            let hint = Some(format!("it is {expected}"));
            Told { summary, expected: Some(expected.into()), hint, ..Told::default() }
        });
    }

    fn wrong_type(&mut self, schema: Schema<'a>, view: &View<'_>) {
        let found = view.type_name();
        let pointer = self.pointer(None);
        self.find(FindingKind::WrongType, pointer, |checker, pointer| {
            let expected = with_article(schema);
            let summary = format!("{} is {expected}; {found} was given", checker.shown(pointer));
            let history = checker.root.history(&checker.path, &|schema| {
                within(schema, &mut 64, &|schema| fits(schema.kind(), view).then_some(schema))
                    .is_some()
            });
            let hint = checker
                .is_of_others(&history)
                .then(|| format!("{found} is taken in {history}; {}", checker.speaks()));
            Told { summary, expected: Some(expected.into()), hint, ..Told::default() }
        });
    }

    fn unknown_value(&mut self, schema: Schema<'a>, text: &str) {
        let pointer = self.pointer(None);
        self.find(FindingKind::UnknownValue, pointer, |checker, pointer| {
            let members: Vec<&str> = schema.members().map(member_text).collect();
            let named: Vec<&str> =
                members.iter().copied().filter(|name| !name.is_empty()).take(MEMBERS).collect();
            let expected = match members.len() > MEMBERS {
                true => format!("one of `{}` …", joined(&named, "`, `")),
                false => alternatives(&named),
            };
            let place = checker.shown(pointer);
            let told = Told {
                summary: format!("{place} has a value that is none of those allowed"),
                text: Some(format!(
                    "{place} does not allow the value `{}`",
                    shortened(text, SHOWN)
                )),
                ..Told::default()
            };
            let history = checker.root.history(&checker.path, &|schema| {
                within(schema, &mut 64, &|schema| {
                    let schema = schema.items().map_or(schema, Schema::resolved);
                    schema.members().any(|member| is_member(member, text)).then_some(schema)
                })
                .is_some()
            });
            if checker.is_of_others(&history) {
                let hint = Some(checker.available(&history));
                return Told { hint, expected: Some(expected), ..told };
            }
            let nearest = nearest_names(text, members.iter().copied());
            let hint = nearest.is_empty().then(|| format!("it is {expected}"));
            Told { nearest, hint, expected: Some(expected), ..told }
        });
    }

    /// Whether something is so in other versions alone: alternatives may have it that are not meant.
    fn is_of_others(&self, history: &VersionSet<'_>) -> bool {
        !history.is_empty() && !history.contains(self.root.operation.api().version())
    }

    fn available(&self, history: &VersionSet<'_>) -> String {
        match history.since() {
            Some(since) => format!("available from {since}; {}", self.speaks()),
            None => format!("available in {history}; {}", self.speaks()),
        }
    }

    fn speaks(&self) -> String {
        format!("this call speaks {}", self.root.operation.api().version())
    }
}

/// Tells whether a value says nothing: what Go has for things that are not set.
fn is_empty(value: &dyn Value) -> bool {
    let mut has_content = false;
    match value.view() {
        View::Null | View::Boolean(false) | View::Integer(0) => {}
        View::Text(text) => has_content = !text.is_empty(),
        View::Array => value.items(&mut |_| {
            has_content = true;
            false
        }),
        View::Object => value.fields(&mut |_, _| {
            has_content = true;
            false
        }),
        View::Boolean(true) | View::Integer(_) | View::Number(_) => has_content = true,
    }
    !has_content
}

/// Tells whether a type takes a value at all.
fn fits(kind: SchemaKind, view: &View<'_>) -> bool {
    match kind {
        SchemaKind::String => matches!(view, View::Text(_)),
        SchemaKind::Boolean => matches!(view, View::Boolean(_)),
        SchemaKind::Number => matches!(view, View::Integer(_) | View::Number(_)),
        SchemaKind::Integer => match view {
            View::Integer(_) => true,
            // Whole numbers that a host language keeps as fractions, or writes as 1e3.
            View::Number(number) => number % 1.0 == 0.0,
            _ => false,
        },
        SchemaKind::Array => *view == View::Array,
        SchemaKind::Object => *view == View::Object,
        _ => false,
    }
}

fn with_article(schema: Schema<'_>) -> Cow<'static, str> {
    match schema.kind() {
        SchemaKind::String => "text".into(),
        SchemaKind::Integer => "an integer".into(),
        SchemaKind::Number => "a number".into(),
        SchemaKind::Boolean => "a boolean".into(),
        SchemaKind::Array => match schema.items() {
            Some(items) => format!("a list of {}", items.label()).into(),
            None => "a list".into(),
        },
        SchemaKind::Object if schema.properties().next().is_none() => match schema.additional() {
            Additional::Schema(values) => format!("an object of {}", values.label()).into(),
            _ => "an object".into(),
        },
        SchemaKind::Object => "an object".into(),
        _ => schema.label(),
    }
}

pub(crate) fn push_segment(name: &str, out: &mut String) {
    out.push('/');
    for c in name.chars() {
        match c {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            c => out.push(c),
        }
    }
}
