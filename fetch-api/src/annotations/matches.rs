//! What rules have done, and what is told of those that did nothing.

use std::collections::BTreeSet;
use std::fmt;

use contajners_core::{ApiVersion, nearest};

use super::pointers::Lead;
use super::text::Names;
use super::{Rule, is_meant};
use crate::model::{Model, Parameter};

/// Which names of which rules have matched so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches {
    pub(super) rules: Vec<RuleMatches>,
    /// The ids of all operations.
    pub(super) ids: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RuleMatches {
    /// Of operations, or of definitions.
    pub(super) names: Vec<Mark>,
    pub(super) parameters: Vec<Mark>,
    pub(super) versions: Vec<Mark>,
    /// Of a waiter.
    pub(super) pointers: Vec<Lead>,
}

/// What became of a name in a rule; what comes later counts more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mark {
    /// It is in no version that the rule is for.
    Nowhere,
    /// It is there, and nothing was to change; why, if that is known.
    Idle(&'static str),
    Matched,
}

impl Mark {
    pub(super) fn note(&mut self, other: Self) {
        *self = (*self).max(other);
    }

    pub(super) fn note_if(&mut self, matched: bool) {
        if matched {
            *self = Self::Matched;
        }
    }
}

/// A rule, or a name in one, that did nothing in any version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmatched {
    /// The line in the file where the rule begins.
    pub line: usize,
    /// The name that matched nothing, or those of a rule that changed nothing.
    pub name: String,
    /// What is the matter.
    pub why: Why,
}

/// What is the matter with a rule that did nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// No version that it is for has the name; some have those that are like it.
    Nowhere(Vec<String>),
    /// It is a pointer that leads to no field of the answer in any version; there are some like it.
    NoField(Vec<String>),
    /// It changed nothing; the reason is empty where it is not known.
    Idle(&'static str),
    /// It changed nothing in these of its versions.
    IdleIn(String),
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, name, why } = self;
        match why {
            Why::Nowhere(nearest) | Why::NoField(nearest) => {
                let what = match why {
                    Why::NoField(_) => "leads to no field of the answer",
                    _ => "matches nothing",
                };
                write!(f, "line {line}: `{name}` {what} in any version")?;
                match nearest.as_slice() {
                    [] => Ok(()),
                    names => write!(f, " (did you mean `{}`?)", names.join("` or `")),
                }
            }
            Why::Idle(reason) => {
                write!(f, "line {line}: the rule for `{name}` changes nothing in any version")?;
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            }
            Why::IdleIn(versions) => {
                write!(f, "line {line}: the rule for `{name}` changes nothing in `{versions}`")
            }
        }
    }
}

impl Matches {
    /// Adds what matched elsewhere, with the same rules.
    pub fn merge(&mut self, other: &Matches) {
        fn or(mine: &mut [Mark], theirs: &[Mark]) {
            for (mine, theirs) in mine.iter_mut().zip(theirs) {
                mine.note(*theirs);
            }
        }
        self.ids.extend(other.ids.iter().cloned());
        for (mine, theirs) in self.rules.iter_mut().zip(&other.rules) {
            or(&mut mine.names, &theirs.names);
            or(&mut mine.parameters, &theirs.parameters);
            or(&mut mine.versions, &theirs.versions);
            for (mine, theirs) in mine.pointers.iter_mut().zip(&theirs.pointers) {
                mine.note(theirs.clone());
            }
        }
    }
}

impl Rule {
    /// Marks what there is of its names in one of its versions.
    pub(super) fn look(
        &self,
        version: Option<ApiVersion>,
        model: &Model,
        matches: &mut RuleMatches,
    ) {
        let is_there = |found: bool| if found { Mark::Idle("") } else { Mark::Nowhere };
        for (range, mark) in self.versions.iter().zip(&mut matches.versions) {
            mark.note(is_there(version.is_some_and(|version| range.contains(version))));
        }
        let definitions = self.text.definition.as_ref().map_or(&[][..], Names::list);
        let reason = if self.text.missing.is_some() { "the specs have it" } else { "" };
        for (name, mark) in definitions.iter().zip(&mut matches.names) {
            if model.definitions.contains_key(name) {
                mark.note(Mark::Idle(reason));
            }
        }
        let is_waiter = self.waiter.is_some();
        let names = self.text.operation.as_ref().map_or(&[][..], Names::list);
        for operation in &model.operations {
            let mut any = false;
            for (name, mark) in names.iter().zip(&mut matches.names) {
                let is_it = is_meant(name, operation);
                mark.note(is_there(is_it));
                any |= is_it;
            }
            if !any {
                continue;
            }
            for (name, mark) in self.parameters().iter().zip(&mut matches.parameters) {
                let is_it =
                    |own: &str| own == name || is_waiter && own.split(':').next() == Some(name);
                let has = |own: &Parameter| is_it(&own.name);
                mark.note(is_there(operation.parameters.iter().any(has)));
            }
        }
    }

    /// Tells what it did not do: names that are nowhere, or else that it changed nothing.
    pub(super) fn judge(
        &self,
        matches: &RuleMatches,
        ids: &BTreeSet<String>,
        all: &mut Vec<Unmatched>,
    ) {
        let list = |names: Option<&Names>| names.map_or(&[][..], Names::list).to_vec();
        let (names, versions) = (list(self.text.names()), list(self.text.versions.as_ref()));
        let marked = |names: &[String], marks: &[Mark], is_it: fn(&Mark) -> bool| -> Vec<String> {
            let found = names.iter().zip(marks).filter(|(_, mark)| is_it(mark));
            found.map(|(name, _)| name.clone()).collect()
        };
        let is_nowhere: fn(&Mark) -> bool = |mark| *mark == Mark::Nowhere;
        let is_idle: fn(&Mark) -> bool = |mark| matches!(mark, Mark::Idle(_));
        let before = all.len();
        let mut tell = |name: String, why| all.push(Unmatched { line: self.line, name, why });
        for name in marked(&versions, &matches.versions, is_nowhere) {
            tell(name, Why::Nowhere(Vec::new()));
        }
        // What no version is looked at for is not known to be nowhere.
        if !versions.is_empty() && matches.versions.iter().all(is_nowhere) {
            return;
        }
        for name in marked(&names, &matches.names, is_nowhere) {
            let like = match self.text.operation {
                Some(_) if !name.contains(" /") => nearest(&name, ids.iter().map(String::as_str)),
                _ => Vec::new(),
            };
            let like = like.into_iter().map(str::to_owned).collect();
            tell(name, Why::Nowhere(like));
        }
        if matches.names.iter().all(is_nowhere) {
            return;
        }
        let parameters = self.parameters();
        for name in marked(&parameters, &matches.parameters, is_nowhere) {
            tell(name, Why::Nowhere(Vec::new()));
        }
        for (pointer, lead) in self.pointers().iter().zip(&matches.pointers) {
            if let Lead::Nowhere(like) = lead {
                tell(pointer.text.clone(), Why::NoField(like.iter().cloned().collect()));
            }
        }
        if all.len() > before {
            return;
        }
        for (names, marks) in [(&names, &matches.names), (&parameters, &matches.parameters)] {
            let idle = marked(names, marks, is_idle);
            let reason = marks.iter().find_map(|mark| match mark {
                Mark::Idle(reason) => Some(*reason),
                _ => None,
            });
            if let Some(reason) = reason {
                let (line, name) = (self.line, idle.join("`, `"));
                return all.push(Unmatched { line, name, why: Why::Idle(reason) });
            }
        }
        let idle = marked(&versions, &matches.versions, is_idle);
        if !idle.is_empty() {
            let (line, name) = (self.line, names.join("`, `"));
            all.push(Unmatched { line, name, why: Why::IdleIn(idle.join("`, `")) });
        }
    }
}
