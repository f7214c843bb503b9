//! The vendors' summaries, from the file that `cargo xtask fetch-api --docs` writes.
//!
//! `<engine>.docs` is a magic number and, in postcard's format, a list of entries. It is read
//! here anew rather than with the compiler's code, which brings a YAML reader and an HTTP client
//! along; a test reads what the compiler wrote. The file is an extra: when it is not there or
//! damaged, `doc` goes without.

use std::io;
use std::path::PathBuf;

use contajners_core::Operation;
use serde::Deserialize;

use crate::packs;
use crate::settings::set;

/// What the file begins with; the last byte is the format's version.
const MAGIC: &[u8; 8] = b"CJNRDOC\x01";

/// The prose of one operation in some versions.
#[derive(Debug, Deserialize)]
pub(crate) struct Prose {
    path: String,
    method: String,
    versions: Vec<String>,
    // Fields are read by position.
    #[expect(dead_code, reason = "part of the format")]
    id: String,
    /// The vendor's one-line summary; may be empty.
    pub(crate) summary: String,
    /// The first paragraph of the vendor's description; may be empty.
    pub(crate) description: String,
}

/// Why a file of prose cannot be used.
#[derive(Debug)]
pub(crate) struct Unusable {
    /// The file.
    pub(crate) path: PathBuf,
    /// What is wrong with it.
    pub(crate) reason: String,
}

/// Finds what the vendor says of an operation, in the first folder that has the engine's file.
pub(crate) fn find(operation: &Operation<'_>) -> Result<Option<Prose>, Unusable> {
    let file = format!("{}.docs", operation.api().engine());
    for folder in folders() {
        let path = folder.join(&file);
        return match packs::bytes(&path) {
            Ok(bytes) => entry(&bytes, operation)
                .map_err(|reason| Unusable { path, reason: reason.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => Err(Unusable { path, reason: error.to_string() }),
        };
    }
    Ok(None)
}

/// Where the files may lie. `CONTAJNERS_DOCS` is the only place when it is set.
fn folders() -> Vec<PathBuf> {
    if let Some(folder) = set("CONTAJNERS_DOCS") {
        return vec![folder.into()];
    }
    let data = packs::data().map(|data| data.join("contajners"));
    data.into_iter().chain(packs::folder()).collect()
}

fn entry(bytes: &[u8], operation: &Operation<'_>) -> Result<Option<Prose>, &'static str> {
    let rest = bytes.strip_prefix(MAGIC).ok_or("not written by `cargo xtask fetch-api --docs`")?;
    let (entries, []) = postcard::take_from_bytes::<Vec<Prose>>(rest).map_err(|_| "damaged")?
    else {
        return Err("damaged");
    };
    let version = operation.api().version();
    Ok(entries.into_iter().find(|entry| {
        entry.path == operation.path()
            && entry.method == operation.method().as_str()
            && entry.versions.iter().any(|own| own == version)
    }))
}

#[cfg(test)]
mod tests {
    use contajners_fetch_api::docs::{Docs, MAGIC as WRITTEN};
    use contajners_fetch_api::model::{Method, Model, Operation as Modelled};

    use super::*;

    fn written() -> Vec<u8> {
        let operation = |method, summary: &str| Modelled {
            id: "ContainerList".into(),
            method,
            path: "/containers/json".into(),
            summary: summary.into(),
            description: "More\n of it.\n\nNot this.".into(),
            parameters: Vec::new(),
            body: None,
            produces: Vec::new(),
            responses: Vec::new(),
            answer: Default::default(),
        };
        let model = |version: &str, summary: &str| Model {
            version: version.into(),
            operations: vec![
                operation(Method::Get, summary),
                operation(Method::Put, "Another method"),
            ],
            ..Model::default()
        };
        Docs::new(&[model("v1.40", "Old"), model("v1.41", "New")]).to_bytes()
    }

    fn operation(version: &str) -> Operation<'static> {
        let pack = contajners::pack("docker").unwrap();
        pack.api(version).unwrap().operation("ContainerList").unwrap()
    }

    #[test]
    fn reads_what_the_compiler_writes() {
        assert_eq!(MAGIC, WRITTEN);
        let bytes = written();
        let prose = entry(&bytes, &operation("v1.41")).unwrap().unwrap();
        assert_eq!((&*prose.summary, &*prose.description), ("New", "More of it."));
        let prose = entry(&bytes, &operation("v1.40")).unwrap().unwrap();
        assert_eq!(prose.summary, "Old");
        assert!(entry(&bytes, &operation("v1.42")).unwrap().is_none());
    }

    #[test]
    fn damage_is_an_error() {
        let (bytes, operation) = (written(), operation("v1.41"));
        assert!(entry(b"", &operation).is_err());
        assert!(entry(&[&bytes[..], b"x"].concat(), &operation).is_err());
        for end in 0..bytes.len() {
            assert!(entry(&bytes[..end], &operation).is_err());
        }
    }
}
