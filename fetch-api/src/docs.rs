//! The prose of an engine's specs: summaries and descriptions, in a file of their own.
//!
//! Vendors' prose stays out of the packs; `fetch-api --docs` writes it to `<engine>.docs` beside
//! the pack, for the user's own machine. The file is [`MAGIC`] and then, in postcard's format, a
//! sorted list of [`Entry`]. Equal texts of several versions are one entry.

use std::collections::BTreeMap;
use std::fmt;

use contajners_core::ApiVersion;
use serde::{Deserialize, Serialize};

use crate::model::Model;

/// What a file of prose begins with; the last byte is the format's version.
pub const MAGIC: &[u8; 8] = b"CJNRDOC\x01";

/// The prose of one operation in some versions.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Entry {
    /// The path template as the vendor writes it.
    pub path: String,
    /// The HTTP method, in capitals.
    pub method: String,
    /// The versions, as the map of sources spells them, oldest first.
    pub versions: Vec<String>,
    /// The operation's id in the newest of these versions.
    pub id: String,
    /// The vendor's one-line summary; may be empty.
    pub summary: String,
    /// The first paragraph of the vendor's description; may be empty.
    pub description: String,
}

/// The prose of all operations of an engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Docs {
    entries: Vec<Entry>,
}

/// Why bytes are not a file of prose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DocsError {
    /// The bytes do not begin as such a file does.
    Foreign,
    /// The file is truncated or damaged.
    Damaged,
}

impl fmt::Display for DocsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DocsError::Foreign => "not a file of prose written by `fetch-api --docs`",
            DocsError::Damaged => "the file of prose is damaged",
        })
    }
}

impl std::error::Error for DocsError {}

impl Docs {
    /// Gathers the prose of models that were read with it.
    pub fn new(models: &[Model]) -> Self {
        type Text<'m> = (&'m str, &'m str, &'m str, &'m str);
        let mut models: Vec<&Model> = models.iter().collect();
        models.sort_by_key(|model| (ApiVersion::parse(&model.version), model.version.as_str()));
        let mut entries: BTreeMap<Text<'_>, (Vec<String>, &str)> = BTreeMap::new();
        for model in models {
            for operation in &model.operations {
                let description = first_paragraph(&operation.description);
                let summary = operation.summary.trim();
                if summary.is_empty() && description.is_empty() {
                    continue;
                }
                let key = (&*operation.path, operation.method.as_str(), summary, description);
                let entry = entries.entry(key).or_default();
                entry.0.push(model.version.clone());
                entry.1 = &operation.id;
            }
        }
        let mut entries: Vec<Entry> = entries
            .into_iter()
            .map(|((path, method, summary, description), (versions, id))| Entry {
                path: path.to_owned(),
                method: method.to_owned(),
                versions,
                id: id.to_owned(),
                summary: summary.to_owned(),
                description: description.split_whitespace().collect::<Vec<_>>().join(" "),
            })
            .collect();
        entries.sort();
        Self { entries }
    }

    /// Takes over what older prose says of some versions.
    pub fn keep(&mut self, old: &Self, versions: &[String]) {
        for entry in &old.entries {
            let kept: Vec<String> =
                entry.versions.iter().filter(|own| versions.contains(own)).cloned().collect();
            if kept.is_empty() {
                continue;
            }
            let same = self.entries.iter_mut().find(|own| {
                (&own.path, &own.method, &own.summary, &own.description)
                    == (&entry.path, &entry.method, &entry.summary, &entry.description)
            });
            match same {
                Some(own) => {
                    own.versions.extend(kept);
                    own.versions
                        .sort_by_key(|version| (ApiVersion::parse(version), version.clone()));
                    own.versions.dedup();
                }
                None => self.entries.push(Entry { versions: kept, ..entry.clone() }),
            }
        }
        self.entries.sort();
    }

    /// Reads a file's bytes.
    ///
    /// # Errors
    ///
    /// The bytes are of another kind, of another version of the format, or damaged.
    pub fn open(bytes: &[u8]) -> Result<Self, DocsError> {
        let rest = bytes.strip_prefix(MAGIC).ok_or(DocsError::Foreign)?;
        match postcard::take_from_bytes(rest) {
            Ok((entries, [])) => Ok(Self { entries }),
            _ => Err(DocsError::Damaged),
        }
    }

    /// Writes the file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Texts and lists of them can always be written.
        let body = postcard::to_allocvec(&self.entries).unwrap_or_default();
        [MAGIC.as_slice(), &body].concat()
    }

    /// All entries, sorted by path and method.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    #[cfg(test)]
    pub(crate) fn find(&self, method: &str, path: &str, version: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| {
            (&*entry.method, &*entry.path) == (method, path)
                && entry.versions.iter().any(|own| own == version)
        })
    }
}

fn first_paragraph(text: &str) -> &str {
    let text = text.trim();
    let end = text.match_indices('\n').map(|(position, _)| position).find(|&position| {
        text[position + 1..].lines().next().is_some_and(|line| line.trim().is_empty())
    });
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Prose, read, tests::context};

    fn model(version: &str, summary: &str) -> Model {
        let text = format!(
            "swagger: '2.0'\npaths:\n  /a:\n    get:\n      operationId: A\n      summary: {summary}\n      \
             description: \"One  line\\nand more.\\n \\nNot this.\"\n"
        );
        let mut context = context();
        context.version = version.to_owned();
        context.prose = Prose::Keep;
        read(text.as_bytes(), &context).unwrap().model
    }

    #[test]
    fn equal_texts_are_one_entry() {
        let models = [model("v1.10", "Old"), model("v1.9", "Old"), model("v2.0", "New")];
        let docs = Docs::new(&models);
        let docs = Docs::open(&docs.to_bytes()).unwrap();
        assert_eq!(docs.entries().len(), 2);
        let old = docs.find("GET", "/a", "v1.9").unwrap();
        assert_eq!(old.versions, ["v1.9", "v1.10"]);
        assert_eq!((&*old.summary, &*old.description), ("Old", "One line and more."));
        assert_eq!(docs.find("GET", "/a", "v2.0").unwrap().summary, "New");
        assert_eq!(docs.find("POST", "/a", "v2.0"), None);
        assert_eq!(docs.find("GET", "/a", "v3.0"), None);
    }

    #[test]
    fn damage_is_an_error() {
        let bytes = Docs::new(&[model("v1.0", "One")]).to_bytes();
        assert_eq!(Docs::open(b"something"), Err(DocsError::Foreign));
        assert_eq!(Docs::open(&[&bytes[..], b"x"].concat()), Err(DocsError::Damaged));
        for end in MAGIC.len()..bytes.len() {
            assert_eq!(Docs::open(&bytes[..end]), Err(DocsError::Damaged));
        }
    }
}
