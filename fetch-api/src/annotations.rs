//! Rules that mend what specs get wrong or leave out.
//!
//! A file of annotations is a YAML list of rules, applied in order to each version's model:
//!
//! ```yaml
//! - operation: "*"                  # a name, a list of names, or "*" for all
//!   parameter: filters              # a name or a list; without it, the operation is meant
//!   in: query                       # only there: path, query, header or form
//!   versions: v1.25..v1.36          # a version, a list, or a range; either end may be open
//!   set: { encoding: json }         # see below
//! - operation: ImageBuild
//!   body: { media-types: [application/x-tar] }
//! - operation: GET /vm.info         # a method and a path do for an id, wherever one is wanted
//!   set: { id: vmInfo }
//! - operation: ListInspect           # the engine reads it, and the specs do not have it
//!   parameter: X-Auth
//!   in: header
//!   missing: any
//!   set: { type: string }
//! - operation: ListCreate           # the engine has it elsewhere, with `name` in the path
//!   set: { path: "/lists/{name}" }
//! - operation: ListAdd              # the engine does not have it
//!   versions: v4.0.0..
//!   remove: true
//! - operation: ListAdd              # nobody needs it, and it cannot be read
//!   parameter: session
//!   remove: true
//! - definition: Backup              # the specs refer to it and do not have it
//!   missing: any
//! - definition: Mount
//!   fields: { destination: string, options: [string] }
//! - definition: VolumeCreate        # the engine does without, whatever the specs say
//!   optional: [Driver, Labels]
//! - operation: ListCreate           # the engine takes a text for a list of one
//!   body: { also: { Command: string } }
//! - waiter: healthy                 # a state to wait for
//!   operation: ContainerInspect
//!   every: 500ms
//!   ends:
//!     - done: { at: /State/Health/Status, is: healthy }
//! ```
//!
//! `set` takes for parameters `encoding` (`plain`, `json`, `json-base64`), `list` (`single`,
//! `multi`, `csv`, `ssv`, `tsv`, `pipes`), `type`, `format`, `required` and `default`, and for
//! operations `answer` (`nothing`, `json`, `json-lines`, `text`, `bytes`, `frames`, `upgrade`).
//! The default of a header is what is sent: a list is written as `list` says, and what is no plain
//! text is refused.
//! `missing: any` beside a `parameter`, which then says what it is `in`, adds it to operations that
//! lack it: it may be anything, is not required, and `set` says more.
//! `body` takes `media-types`, `required`, `fields` and `also`, and changes only bodies that are there;
//! `missing: any` before them adds one where the spec has none, of JSON that may be anything. Each
//! part of a rule does what it can: a rule changes nothing only if none of them does.
//!
//! `set: { path }` gives an operation another path; a parameter of the query that is named in it goes
//! there. It leaves the operation alone where another one has that method and path, or where a
//! placeholder has no parameter. `remove: true` leaves operations out, or beside a `parameter` that
//! parameter wherever it is but in the path. What is left out may be at fault in the spec.
//!
//! `fields` adds those that a spec leaves out of a body or a definition, and leaves alone what is
//! there, in a part or behind a reference, too: `string`, `integer`, `number`, `boolean`, `any`, or a
//! definition by its name, in brackets for a list of them. `A/B` is the field `B` of the object that
//! the field `A` is. In a version without a definition that it names, a rule does nothing. In a body
//! whose media types have a schema each, those of JSON are meant.
//!
//! `optional` lets fields of a definition be left out that a spec requires.
//!
//! `also` says of fields of a body or a definition that they may be something else, too. A body that
//! refers to a definition is written out for that, so that answers stay what they are.
//!
//! `set: { id }` names an operation, for those that the spec gives no id, or one that is another's
//! already; it stands alone in its rule, and comes before all other rules. `missing: any` lets
//! whatever refers to a missing definition be anything.
//!
//! `waiter` is another kind of rule: it adds a state to wait for to the versions that have its
//! operation, the first that there is of a list. The operation is asked again and again, `every` so
//! often and, when the caller says nothing else, `within` so long (without it for ever), until one of
//! `ends` holds: the first that does decides. `done` is the state, `failed` is one from which it is
//! not going to be reached, `because` of something that its user reads. Each looks at a `status`, one
//! or a list, or at what stands `at` a JSON pointer: it `is` a scalar or one of a list, or something is
//! `present`, or not (`null` is not). The pointer is one into a successful answer, or with a `status`
//! into one of that. An error that none of them looks at is one like that of any call. `tells` is the JSON pointer of what the state tells,
//! such as an exit status; `takes` gives parameters of the operation a name of the waiter's own, so
//! that engines can be waited for in the same words.
//!
//! A name in a rule that is in none of its versions is a mistake, and so is a rule that changes
//! nothing: it is wrong, or a spec was mended at last. A pointer of a waiter is a mistake if it leads to
//! no field in any of its versions, though all of them document the answer.
//! [`Annotations::unmatched`] tells once all versions have been seen.

mod fields;
mod matches;
mod mend;
mod pointers;
mod text;
mod waiters;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use contajners_core::ApiVersion;

use self::fields::{FieldsText, add_fields, are_known, make_optional, take_also};
use self::matches::{Mark, RuleMatches};
pub use self::matches::{Matches, Unmatched, Why};
use self::pointers::{Lead, Pointer};
use self::text::{Names, RuleText};
use self::waiters::WaiterRule;
use crate::model::{Location, Method, Model, Operation, Schema};
use crate::spec::Rules;

/// Why rules add no fields.
const NO_FIELDS: &str = "its fields are there already, or have no object to go into";
const NO_DEFINITION: &str = "a definition that it names is not there";
const NONE_REQUIRED: &str = "none of its fields is required";
const TAKEN: &str = "its fields take that already, or are not there";
const SAME: &str = "what it says is already the case";
const NOT_SENT: &str = "with it, the default is no plain text, which a header has to be";

/// The rules of one engine.
#[derive(Debug, Clone, Default)]
pub struct Annotations {
    rules: Vec<Rule>,
}

/// Why a file of annotations cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum AnnotationsError {
    /// It is not YAML, or holds a key or value that no rule has.
    Syntax(yaml_serde::Error),
    /// A rule makes no sense.
    Rule {
        /// The line where the rule begins.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
}

impl AnnotationsError {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self {
            AnnotationsError::Syntax(_) => "annotations-syntax",
            AnnotationsError::Rule { .. } => "annotations-rule",
        }
    }
}

impl fmt::Display for AnnotationsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnnotationsError::Syntax(error) => write!(f, "the annotations are wrong: {error}"),
            AnnotationsError::Rule { line, what } => {
                write!(f, "the annotations are wrong: line {line}: {what}")
            }
        }
    }
}

impl std::error::Error for AnnotationsError {}

#[derive(Debug, Clone)]
struct Rule {
    line: usize,
    text: RuleText,
    versions: Vec<VersionRange>,
    waiter: Option<WaiterRule>,
}

/// Both ends belong to it; an open end has no limit.
#[derive(Debug, Clone, Copy)]
struct VersionRange {
    from: Option<ApiVersion>,
    to: Option<ApiVersion>,
}

impl Annotations {
    /// Reads a file's text.
    ///
    /// # Errors
    ///
    /// A key or a value is unknown, a version cannot be read, or a rule sets what it cannot.
    pub fn parse(text: &str) -> Result<Self, AnnotationsError> {
        let texts: Vec<RuleText> = match yaml_serde::from_str(text) {
            Ok(Some(texts)) => texts,
            Ok(None) => Vec::new(),
            Err(error) => return Err(AnnotationsError::Syntax(error)),
        };
        // The reader does not say where an item begins. In block style a dash does, as far in as the
        // first one; else all of it is told of where it begins.
        let begin = |line: &str| match line.trim_start().split(' ').next() {
            Some("-") => Some(line.len() - line.trim_start().len()),
            _ => None,
        };
        let first = text.lines().find_map(begin);
        let dashes = text.lines().enumerate().filter(|(_, line)| begin(line) == first);
        let mut lines = dashes.map(|(i, _)| i + 1).filter(|_| first.is_some());
        let is_content = |line: &str| !matches!(line.trim().bytes().next(), None | Some(b'#'));
        let top = text.lines().position(is_content).unwrap_or_default() + 1;
        let rules = texts
            .into_iter()
            .map(|text| Rule::new(lines.next().unwrap_or(top), text))
            .collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// Returns a record of nothing having matched yet.
    pub fn matches(&self) -> Matches {
        let none = |names: Option<&Names>| {
            vec![Mark::Nowhere; names.map_or(0, |names| names.list().len())]
        };
        let rules = self.rules.iter().map(|rule| RuleMatches {
            names: none(rule.text.names()),
            parameters: vec![Mark::Nowhere; rule.parameters().len()],
            versions: none(rule.text.versions.as_ref()),
            pointers: vec![Lead::Unknown; rule.pointers().len()],
        });
        Matches { rules: rules.collect(), ids: BTreeSet::new() }
    }

    /// Returns the definitions that a version may lack.
    pub fn missing(&self, version: &str) -> BTreeSet<String> {
        let version = ApiVersion::parse(version);
        let rules = self.rules.iter().filter(|rule| rule.is_for(version));
        let rules = rules.filter(|rule| rule.text.missing.is_some());
        let names = rules.filter_map(|rule| rule.text.definition.as_ref()).flat_map(Names::list);
        names.cloned().collect()
    }

    /// Records which definitions a version lacked.
    pub fn note_missing(&self, version: &str, lacked: &BTreeSet<String>, matches: &mut Matches) {
        let version = ApiVersion::parse(version);
        for (rule, matches) in self.rules.iter().zip(&mut matches.rules) {
            let lacks = rule.is_for(version) && rule.text.missing.is_some();
            let Some(names) = rule.text.definition.as_ref().filter(|_| lacks) else { continue };
            let mut any = false;
            for (name, matched) in names.list().iter().zip(&mut matches.names) {
                let lacks = lacked.contains(name);
                matched.note_if(lacks);
                any |= lacks;
            }
            rule.note_version(version, any, matches);
        }
    }

    /// Sets the ids of operations, before those without one get theirs.
    pub fn name(&self, version: &str, operations: &mut [Operation], matches: &mut Matches) {
        let version = ApiVersion::parse(version);
        for (rule, matches) in self.rules.iter().zip(&mut matches.rules) {
            let Some(id) = rule.text.set.as_ref().and_then(|set| set.id.as_ref()) else { continue };
            if !rule.is_for(version) {
                continue;
            }
            let names = rule.text.names().map_or(&[][..], Names::list);
            let meant = operations
                .iter_mut()
                .find(|operation| names.first().is_some_and(|name| is_meant(name, operation)));
            let any = meant.as_ref().is_some_and(|operation| operation.id != *id);
            if let Some(operation) = meant {
                operation.id.clone_from(id);
                for mark in &mut matches.names {
                    mark.note(if any { Mark::Matched } else { Mark::Idle(SAME) });
                }
            }
            rule.note_version(version, any, matches);
        }
    }

    /// Returns what the rules decide while the spec of a version is read; what matches is recorded.
    pub fn of<'a>(&'a self, version: &'a str, matches: &'a mut Matches) -> impl Rules + 'a {
        Reading { annotations: self, version, matches }
    }

    fn removes(
        &self,
        version: &str,
        operation: &Operation,
        parameter: Option<(&str, Option<Location>)>,
        matches: &mut Matches,
    ) -> bool {
        let version = ApiVersion::parse(version);
        let mut any = false;
        for (rule, matches) in self.rules.iter().zip(&mut matches.rules) {
            any |= rule.removes(version, operation, parameter, matches);
        }
        any
    }

    /// Mends a model and records what matched.
    pub fn apply(&self, model: &mut Model, matches: &mut Matches) {
        let version = ApiVersion::parse(&model.version);
        matches.ids.extend(model.operations.iter().map(|operation| operation.id.clone()));
        for (rule, matches) in self.rules.iter().zip(&mut matches.rules) {
            if rule.is_for(version) {
                rule.look(version, model, matches);
                rule.apply(version, model, matches);
            }
        }
        // Last, when all fields are there.
        for (rule, matches) in self.rules.iter().zip(&mut matches.rules) {
            if let Some(waiter) = rule.waiter.as_ref().filter(|_| rule.is_for(version)) {
                let names = rule.text.operation.as_ref().map_or(&[][..], Names::list);
                waiter.look(names, model, matches);
            }
        }
    }

    /// Returns the rules that did nothing, by the names that are not there if there are any, when
    /// all versions have been seen.
    pub fn unmatched(&self, matches: &Matches) -> Vec<Unmatched> {
        let mut all = Vec::new();
        for (rule, own) in self.rules.iter().zip(&matches.rules) {
            rule.judge(own, &matches.ids, &mut all);
        }
        all
    }
}

/// Rules while the spec of a version is read.
struct Reading<'a> {
    annotations: &'a Annotations,
    version: &'a str,
    matches: &'a mut Matches,
}

impl Rules for Reading<'_> {
    fn name(&mut self, operations: &mut [Operation]) {
        self.annotations.name(self.version, operations, self.matches);
    }

    fn removes(&mut self, operation: &Operation) -> bool {
        self.annotations.removes(self.version, operation, None, self.matches)
    }

    fn removes_parameter(
        &mut self,
        operation: &Operation,
        name: &str,
        location: Option<Location>,
    ) -> bool {
        let parameter = Some((name, location));
        self.annotations.removes(self.version, operation, parameter, self.matches)
    }
}

impl Rule {
    fn new(line: usize, mut text: RuleText) -> Result<Self, AnnotationsError> {
        let wrong = |what: String| AnnotationsError::Rule { line, what };
        text.check_lists().map_err(wrong)?;
        let waiter = WaiterRule::take(&mut text).map_err(wrong)?;
        if waiter.is_none() {
            text.check().map_err(wrong)?;
        }
        let versions = text.versions.as_ref().map_or(&[][..], Names::list);
        let versions = versions
            .iter()
            .map(|text| {
                VersionRange::parse(text)
                    .ok_or_else(|| wrong(format!("`{text}` is neither a version nor a range")))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { line, text, versions, waiter })
    }

    /// The names of parameters, as the operations have them.
    fn parameters(&self) -> Vec<String> {
        match &self.waiter {
            Some(waiter) => waiter.parameters(),
            None => self.text.parameter.as_ref().map_or(&[][..], Names::list).to_vec(),
        }
    }

    fn pointers(&self) -> &[Pointer] {
        self.waiter.as_ref().map_or(&[], WaiterRule::pointers)
    }

    /// Tells whether it leaves out an operation, or a parameter of one.
    fn removes(
        &self,
        version: Option<ApiVersion>,
        operation: &Operation,
        parameter: Option<(&str, Option<Location>)>,
        matches: &mut RuleMatches,
    ) -> bool {
        if self.text.remove != Some(true) || !self.is_for(version) {
            return false;
        }
        let names = self.text.operation.as_ref().map_or(&[][..], Names::list);
        if !names.iter().any(|name| is_meant(name, operation)) {
            return false;
        }
        match (&self.text.parameter, parameter) {
            (None, None) => {}
            (Some(names), Some((name, location))) => {
                let place = self.text.location.map(Location::from);
                let is_there =
                    location != Some(Location::Path) && (place.is_none() || place == location);
                let found = names.list().iter().position(|own| own == name);
                let Some(found) = found.filter(|_| is_there) else { return false };
                matches.parameters[found] = Mark::Matched;
            }
            _ => return false,
        }
        for (name, matched) in names.iter().zip(&mut matches.names) {
            matched.note_if(is_meant(name, operation));
        }
        self.note_version(version, true, matches);
        true
    }

    fn apply(&self, version: Option<ApiVersion>, model: &mut Model, matches: &mut RuleMatches) {
        type Mend = fn(&mut Schema, &FieldsText, &BTreeMap<String, Schema>) -> bool;
        let mends = [
            (&self.text.fields, add_fields as Mend, NO_FIELDS),
            (&self.text.also, take_also as Mend, TAKEN),
        ];
        for (fields, mend, idle) in mends {
            let (Some(names), Some(fields)) = (&self.text.definition, fields) else { continue };
            let mut any = false;
            let is_known = are_known(fields, &model.definitions);
            for (name, matched) in names.list().iter().zip(&mut matches.names) {
                // Out of the others for a while, which it may be made of.
                let Some(found) = model.definitions.get_mut(name) else { continue };
                let mut own = std::mem::take(found);
                let mends = is_known && mend(&mut own, fields, &model.definitions);
                model.definitions.insert(name.clone(), own);
                matched.note(match (mends, is_known) {
                    (true, _) => Mark::Matched,
                    (false, true) => Mark::Idle(idle),
                    (false, false) => Mark::Idle(NO_DEFINITION),
                });
                any |= mends;
            }
            return self.note_version(version, any, matches);
        }
        if let (Some(names), Some(fields)) = (&self.text.definition, &self.text.optional) {
            let mut any = false;
            for (name, matched) in names.list().iter().zip(&mut matches.names) {
                let Some(found) = model.definitions.get_mut(name) else { continue };
                let frees = make_optional(found, fields);
                matched.note(if frees { Mark::Matched } else { Mark::Idle(NONE_REQUIRED) });
                any |= frees;
            }
            return self.note_version(version, any, matches);
        }
        if let Some(waiter) = &self.waiter {
            let names = self.text.operation.as_ref().map_or(&[][..], Names::list);
            let any = waiter.add(names, model, matches);
            return self.note_version(version, any, matches);
        }
        let is_named = self.text.set.as_ref().is_some_and(|set| set.id.is_some());
        let Some(names) = self.text.operation.as_ref().filter(|_| !is_named) else { return };
        let body = self.text.body.as_ref();
        let mut fields = body.into_iter().flat_map(|body| body.fields.iter().chain(&body.also));
        if fields.any(|fields| !are_known(fields, &model.definitions)) {
            for matched in matches.names.iter_mut().filter(|mark| **mark != Mark::Nowhere) {
                matched.note(Mark::Idle(NO_DEFINITION));
            }
            return;
        }
        let mut any = false;
        if self.text.remove == Some(true) && self.text.parameter.is_none() {
            model.operations.retain(|operation| {
                let mut goes = false;
                for (name, matched) in names.list().iter().zip(&mut matches.names) {
                    let is_meant = is_meant(name, operation);
                    matched.note_if(is_meant);
                    goes |= is_meant;
                }
                any |= goes;
                !goes
            });
            return self.note_version(version, any, matches);
        }
        let path = self.text.set.as_ref().and_then(|set| set.path.as_deref());
        let mut taken: Vec<Method> = { model.operations.iter() }
            .filter(|operation| Some(&*operation.path) == path)
            .map(|operation| operation.method)
            .collect();
        for operation in &mut model.operations {
            let is_named: Vec<bool> =
                names.list().iter().map(|name| is_meant(name, operation)).collect();
            if !is_named.contains(&true) {
                continue;
            }
            let mended = match path.is_none() || !taken.contains(&operation.method) {
                true => self.mend(operation, &model.definitions, &mut matches.parameters),
                false => Err("the path is taken"),
            };
            if path.is_some() && mended.is_ok() {
                taken.push(operation.method);
            }
            for (matched, _) in matches.names.iter_mut().zip(is_named).filter(|(_, is_it)| *is_it) {
                matched.note(mended.map_or_else(Mark::Idle, |()| Mark::Matched));
            }
            any |= mended.is_ok();
        }
        self.note_version(version, any, matches);
    }

    /// Tells whether it holds for a version.
    fn is_for(&self, version: Option<ApiVersion>) -> bool {
        let fits = |range: &VersionRange| version.is_some_and(|version| range.contains(version));
        self.versions.is_empty() || self.versions.iter().any(fits)
    }

    fn note_version(&self, version: Option<ApiVersion>, any: bool, matches: &mut RuleMatches) {
        for (range, matched) in self.versions.iter().zip(&mut matches.versions) {
            matched.note_if(any && version.is_some_and(|version| range.contains(version)));
        }
    }
}

/// Tells whether a name in a rule is an operation's: its id, its method and path, or all.
fn is_meant(name: &str, operation: &Operation) -> bool {
    name == "*"
        || name == operation.id
        || name.split_once(' ').is_some_and(|(method, path)| {
            method == operation.method.as_str() && path == operation.path
        })
}

impl VersionRange {
    fn parse(text: &str) -> Option<Self> {
        let end = |text: &str| match text {
            "" => Some(None),
            text => ApiVersion::parse(text).map(Some),
        };
        match text.split_once("..") {
            Some((from, to)) => Some(Self { from: end(from)?, to: end(to)? }),
            None => {
                let version = Some(ApiVersion::parse(text)?);
                Some(Self { from: version, to: version })
            }
        }
    }

    fn contains(self, version: ApiVersion) -> bool {
        self.from.is_none_or(|from| from <= version) && self.to.is_none_or(|to| version <= to)
    }
}

#[cfg(test)]
mod tests;
