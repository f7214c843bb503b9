//! What a path of names leads to: in the body of an operation, in its answer, in a definition.

use alloc::borrow::{Cow, ToOwned};
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::catalog::{Api, Operation};
use crate::check::values_of;
use crate::history::SchemaHistory;
use crate::nearest::{alternatives, nearest};
use crate::schema::{Additional, Schema};
use crate::search::{joined, quoted};
use crate::version::VersionSet;

/// How many references and parts are gone through in search of a field.
const BUDGET: usize = 256;
/// How many lists within lists are gone through; some hold themselves.
const LISTS: usize = 16;
/// How many names of fields are compared with one that is not there.
const NAMES: usize = 4096;

/// What is at a path of names; made by [`Api::explain`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Explanation<'a> {
    /// The path with the root's name as the pack spells it.
    pub path: String,
    /// What stands there.
    pub schema: Schema<'a>,
    /// The same place in all versions in which the path leads somewhere.
    pub history: SchemaHistory<'a>,
}

/// Why a path leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplainError(Box<Nowhere>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Nowhere {
    kind: ExplainErrorKind,
    text: String,
    reached: String,
    nearest: Vec<String>,
    hint: Option<String>,
}

/// The kinds of [`ExplainError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExplainErrorKind {
    /// The path is empty.
    EmptyPath,
    /// It begins with no operation and no definition of the version.
    UnknownRoot,
    /// It begins with an operation that neither takes nor answers anything described.
    NoSchema,
    /// A name on the way is no field of what is there.
    UnknownField,
}

impl ExplainError {
    /// Returns what is wrong.
    pub fn kind(&self) -> ExplainErrorKind {
        self.0.kind
    }

    /// Returns the stable name that scripts and bindings match on.
    pub fn code(&self) -> &'static str {
        match self.0.kind {
            ExplainErrorKind::EmptyPath => "empty-path",
            ExplainErrorKind::UnknownRoot => "unknown-root",
            ExplainErrorKind::NoSchema => "no-schema",
            ExplainErrorKind::UnknownField => "unknown-field",
        }
    }

    /// Returns the beginning of the path that leads somewhere; empty if nothing of it does.
    pub fn reached(&self) -> &str {
        &self.0.reached
    }

    /// Returns the names that may have been meant, nearest first.
    pub fn nearest(&self) -> &[String] {
        &self.0.nearest
    }

    /// Returns what to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }
}

impl fmt::Display for ExplainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)
    }
}

impl core::error::Error for ExplainError {}

impl<'a> Api<'a> {
    /// Finds what a path of names leads to, such as `ContainerCreate.HostConfig.Mounts`.
    ///
    /// The first name is that of an operation, whose body is looked at first and then its
    /// successful answers, or of a definition. The others are fields, set apart by `.` or `/`.
    /// Items of lists and values of maps are gone into by themselves where a field of theirs is
    /// named, or by `*`, or an item by a number. A name may have dots of its own.
    ///
    /// ```
    /// # fn demo(bytes: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    /// use contajners_core::Pack;
    ///
    /// let api = Pack::open(bytes)?.api("v1.41")?;
    /// let mounts = api.explain("ContainerCreate.HostConfig.Mounts")?;
    /// assert_eq!(mounts.schema.label(), "array of Mount");
    /// println!("since {:?}", mounts.history.versions().since());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// If the path is empty, begins with a name that is neither an operation's nor a definition's,
    /// or with an operation without any schema, or if a name on the way is no field there.
    pub fn explain(&self, path: &str) -> Result<Explanation<'a>, ExplainError> {
        let names: Vec<&str> = path.split(['.', '/']).filter(|name| !name.is_empty()).collect();
        let [first, ..] = names[..] else {
            let mut error =
                ExplainError::new(ExplainErrorKind::EmptyPath, "the path is empty".into());
            error.0.hint = Some("begin with an operation or a definition".into());
            return Err(error);
        };
        let begin = longest(&names, &|root| !self.schemas_of(root).is_empty());
        let Some((root, width)) = begin else { return Err(self.unknown_root(first)) };
        let schemas = self.schemas_of(&root);
        let (root, fields) = (&*root, &names[width..]);
        let mut farthest: Option<Missing<'a>> = None;
        for schema in schemas {
            match schema.go(fields) {
                Ok(schema) => {
                    let history = self.path_history(root, fields);
                    return Ok(Explanation { path: joined(&names, "."), schema, history });
                }
                Err(missing) => {
                    // Where one gets farthest is what was meant.
                    if farthest.as_ref().is_none_or(|known| known.at < missing.at) {
                        farthest = Some(missing);
                    }
                }
            }
        }
        let Some(missing) = farthest else { return Err(self.unknown_root(root)) };
        Err(self.unknown_field(root, fields, &missing))
    }

    /// Returns the schemas that a path may begin in: those of an operation's body and of its
    /// successful answers, or that of a definition.
    pub fn schemas_of(&self, root: &str) -> Vec<Schema<'a>> {
        if let Some(operation) = self.find(root) {
            return of_operation(operation);
        }
        self.definitions().filter(|(name, _)| *name == root).map(|(_, schema)| schema).collect()
    }

    fn path_history(&self, root: &str, fields: &[&str]) -> SchemaHistory<'a> {
        SchemaHistory::of(self.pack(), |api| {
            api.schemas_of(root).into_iter().find_map(|schema| schema.follow(fields))
        })
    }

    fn unknown_root(&self, root: &str) -> ExplainError {
        let (engine, version) = (self.engine(), self.version());
        if self.find(root).is_some() {
            let text =
                format!("neither body nor answer of `{root}` has a schema in {engine} {version}");
            return ExplainError::new(ExplainErrorKind::NoSchema, text);
        }
        let elsewhere = self.path_history(root, &[]).versions();
        let ids = self.operations().map(|operation| operation.id());
        let near = nearest(root, ids.chain(self.definitions().map(|(name, _)| name)));
        let root = quoted(root);
        let text = format!("there is no operation and no definition {root} in {engine} {version}");
        ExplainError::new(ExplainErrorKind::UnknownRoot, text).or_else(&elsewhere, &near)
    }

    fn unknown_field(&self, root: &str, fields: &[&str], missing: &Missing<'_>) -> ExplainError {
        let before = joined(&[&[root], &fields[..missing.at]].concat(), ".");
        let name = fields[missing.at];
        let text = format!(
            "{} has no field {} in {} {}",
            quoted(&before),
            quoted(name),
            self.engine(),
            self.version()
        );
        let elsewhere = self.path_history(root, fields).versions();
        let mut error = ExplainError::new(ExplainErrorKind::UnknownField, text);
        error.0.reached = before;
        if let Some(leaf) = &missing.leaf {
            error.0.hint = Some(format!("it is {leaf}, and has no fields"));
        }
        error.or_else(&elsewhere, &missing.near)
    }
}

fn of_operation(operation: Operation<'_>) -> Vec<Schema<'_>> {
    let body = operation.body();
    // As JSON first: that is what fields are of.
    let json = body.and_then(|body| body.json_schema());
    let others = body.into_iter().flat_map(|body| body.schemas().map(|(_, own)| own));
    let body = json.or(body.map(|body| body.schema())).into_iter().chain(others);
    let answers = operation
        .responses()
        .filter(|answer| answer.status().is_some_and(|status| (200..300).contains(&status)))
        .filter_map(|answer| answer.schema());
    body.chain(answers).collect()
}

impl ExplainError {
    fn new(kind: ExplainErrorKind, text: String) -> Self {
        let (reached, nearest) = (String::new(), Vec::new());
        Self(Box::new(Nowhere { kind, text, reached, nearest, hint: None }))
    }

    /// Adds what to do: to use another version, if one has it, or another name.
    fn or_else(mut self, elsewhere: &VersionSet<'_>, near: &[&str]) -> Self {
        if !elsewhere.is_empty() {
            self.0.hint = Some(format!("it exists in {elsewhere}"));
        } else if !near.is_empty() {
            self.0.hint = Some(format!("did you mean {}?", alternatives(near)));
        }
        self.0.nearest = near.iter().map(|name| (*name).to_owned()).collect();
        self
    }
}

/// The most names that one with dots in it is made of.
const DOTS: usize = 4;

/// Finds the longest name that names begin with once they are joined, and of how many it is.
fn longest(names: &[&str], is_there: &dyn Fn(&str) -> bool) -> Option<(String, usize)> {
    (1..=names.len().min(DOTS)).rev().find_map(|width| {
        let name = joined(&names[..width], ".");
        is_there(&name).then_some((name, width))
    })
}

/// A field that is not there, and the names nearest to it.
struct Missing<'a> {
    at: usize,
    near: Vec<&'a str>,
    /// The type of what it would be a field of, when that has none at all.
    leaf: Option<Cow<'static, str>>,
}

impl<'a> Schema<'a> {
    /// Returns what is at a path of fields under this schema; `None` where there is nothing. Items
    /// of lists and values of maps are gone into by themselves, or by `*`.
    pub fn follow(self, fields: &[&str]) -> Option<Self> {
        self.go(fields).ok()
    }

    fn go(self, fields: &[&str]) -> Result<Self, Missing<'a>> {
        let mut schema = self;
        let mut at = 0;
        while let Some(name) = fields.get(at) {
            if let Some((name, width)) =
                longest(&fields[at..], &|name| schema.property(name).is_some())
                && let Some(property) = schema.property(&name)
            {
                (schema, at) = (property.schema, at + width);
                continue;
            }
            let mut inner = schema;
            let mut lists = 0..LISTS;
            let found = loop {
                if *name == "*" {
                    break inside(inner, &mut { BUDGET });
                }
                if let Some(property) = inner.property(name) {
                    break Some(property.schema);
                }
                // As pointers of findings have it; a number may be the key of a map, too.
                if inner.node() == schema.node()
                    && name.bytes().all(|byte| byte.is_ascii_digit())
                    && let Some(items) = inner.resolved().items()
                {
                    break Some(items);
                }
                // Any name is one of a map's, once nothing else is meant.
                match inside(inner, &mut { BUDGET }) {
                    Some(next)
                        if (next.property(name).is_some() || next.resolved().items().is_some())
                            && lists.next().is_some() =>
                    {
                        inner = next;
                    }
                    other => break other.filter(|_| inner.resolved().items().is_none()),
                }
            };
            // Where nothing that a map holds has it, it is one of the map's keys.
            schema = match found.or_else(|| values_of(schema)) {
                Some(found) => found,
                None => {
                    let mut names = Vec::new();
                    gather(schema, &mut names, &mut { BUDGET });
                    let leaf = names.is_empty().then(|| schema.label());
                    return Err(Missing { at, near: nearest(name, names), leaf });
                }
            };
            at += 1;
        }
        Ok(schema)
    }
}

/// The items of a list or the values of a map.
fn inside<'a>(schema: Schema<'a>, budget: &mut usize) -> Option<Schema<'a>> {
    *budget = budget.checked_sub(1)?;
    let schema = schema.resolved();
    match schema.additional() {
        Additional::Schema(values) => Some(values),
        _ => schema.items().or_else(|| schema.parts().find_map(|part| inside(part, budget))),
    }
}

/// The names of the fields, those of items too.
fn gather<'a>(schema: Schema<'a>, names: &mut Vec<&'a str>, budget: &mut usize) {
    let Some(left) = budget.checked_sub(1) else { return };
    *budget = left;
    let schema = schema.resolved();
    let room = NAMES.saturating_sub(names.len());
    names.extend(schema.properties().take(room).map(|property| property.name));
    schema.parts().chain(schema.items()).for_each(|part| gather(part, names, budget));
}
