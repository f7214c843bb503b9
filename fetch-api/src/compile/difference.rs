//! What is different between two packs of one engine, version by version.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::{Engine, Model, Operation};

/// How many names of one sort a line shows.
const NAMES: usize = 5;

/// The differences between a pack and what the sources compile to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Differences {
    /// What is different in what the map says of the engine as a whole.
    pub engine: Vec<&'static str>,
    /// Versions that only the sources have.
    pub gained: Vec<String>,
    /// Versions that only the pack has.
    pub lost: Vec<String>,
    /// Versions that both have, and whose facts differ.
    pub changed: Vec<VersionDifference>,
}

/// What is different in one version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VersionDifference {
    /// The version.
    pub version: String,
    /// Operations that only the sources have.
    pub gained: Vec<String>,
    /// Operations that only the pack has.
    pub lost: Vec<String>,
    /// Operations whose facts differ.
    pub changed: Vec<String>,
    /// Definitions that differ, or are on one side only.
    pub definitions: Vec<String>,
    /// Waiters that differ, or are on one side only.
    pub waiters: Vec<String>,
}

impl Differences {
    /// Compares what a pack says with what it should say; a pack that cannot be read says nothing.
    pub fn new(old: Option<(&Engine, &[Model])>, (engine, new): (&Engine, &[Model])) -> Self {
        let (own, old) = old.unwrap_or((engine, &[]));
        let parts = [
            ("addresses", own.addresses != engine.addresses),
            ("negotiation", own.negotiation != engine.negotiation),
            ("places of error messages", own.errors != engine.errors),
        ];
        let parts = parts.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what);
        let index = |models: &[Model]| -> BTreeSet<String> {
            models.iter().map(|model| model.version.clone()).collect()
        };
        let (old_versions, new_versions) = (index(old), index(new));
        let changed = new.iter().filter_map(|new| {
            let old = old.iter().find(|old| old.version == new.version)?;
            (old != new).then(|| VersionDifference::new(old, new))
        });
        Self {
            engine: parts.collect(),
            gained: new_versions.difference(&old_versions).cloned().collect(),
            lost: old_versions.difference(&new_versions).cloned().collect(),
            changed: changed.collect(),
        }
    }
}

impl VersionDifference {
    fn new(old: &Model, new: &Model) -> Self {
        let index = |model: &'_ Model| -> BTreeMap<String, Operation> {
            let key = |operation: &Operation| format!("{:?} {}", operation.method, operation.path);
            model.operations.iter().map(|operation| (key(operation), operation.clone())).collect()
        };
        let (old_operations, new_operations) = (index(old), index(new));
        let mut difference = Self { version: new.version.clone(), ..Self::default() };
        for (key, operation) in &new_operations {
            match old_operations.get(key) {
                None => difference.gained.push(operation.id.clone()),
                Some(old) if old != operation => difference.changed.push(operation.id.clone()),
                Some(_) => {}
            }
        }
        for (key, operation) in &old_operations {
            if !new_operations.contains_key(key) {
                difference.lost.push(operation.id.clone());
            }
        }
        let names: BTreeSet<&String> =
            old.definitions.keys().chain(new.definitions.keys()).collect();
        for name in names {
            if old.definitions.get(name) != new.definitions.get(name) {
                difference.definitions.push(name.clone());
            }
        }
        let names: BTreeSet<&String> = old.waiters.keys().chain(new.waiters.keys()).collect();
        let differs = |name: &&&String| old.waiters.get(**name) != new.waiters.get(**name);
        difference.waiters = names.iter().filter(differs).map(|name| (*name).clone()).collect();
        difference
    }
}

impl fmt::Display for Differences {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        if !self.engine.is_empty() {
            lines.push(format!("the engine's {} changed", self.engine.join(" and ")));
        }
        if !self.gained.is_empty() {
            lines.push(format!("versions missing: {}", names(&self.gained)));
        }
        if !self.lost.is_empty() {
            lines.push(format!("extra versions: {}", names(&self.lost)));
        }
        lines.extend(self.changed.iter().map(VersionDifference::to_string));
        if lines.is_empty() {
            lines.push("the facts are the same, their layout is not".to_owned());
        }
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for VersionDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            ("operations missing", &self.gained),
            ("extra operations", &self.lost),
            ("operations changed", &self.changed),
            ("definitions changed", &self.definitions),
            ("waiters changed", &self.waiters),
        ];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, list)| !list.is_empty())
            .map(|(what, list)| format!("{what}: {}", names(list)))
            .collect();
        let parts =
            if parts.is_empty() { "other facts changed".to_owned() } else { parts.join("; ") };
        write!(f, "{}: {parts}", self.version)
    }
}

fn names(list: &[String]) -> String {
    let shown = list.iter().take(NAMES).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    match list.len().saturating_sub(NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
