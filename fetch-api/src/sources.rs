//! The map of sources: which engines there are, and where their specs come from.
//!
//! The map is a YAML file; adding an engine takes no more than lines in it. [`Sources::parse`]
//! checks all of it before anything is fetched. What an engine and a source both may say
//! (`prefix`, `doc-url`, `namespaces`, `lists`), the source decides.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use contajners_core::{ApiVersion, is_header_name, keeps_variables};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};

use crate::download::{shown, shown_in};
use crate::model::{Engine, ListStyle, Negotiation};
use crate::spec::{Context, plain_path};

/// Everything the map says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// The engines, in the order of the map.
    pub engines: Vec<EngineSources>,
}

/// What the map says of one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSources {
    /// What goes into the pack as it is.
    pub engine: Engine,
    /// The annotations file; relative paths start at the map's folder.
    pub annotations: Option<PathBuf>,
    /// All versions, in the order of the map.
    pub versions: Vec<Source>,
}

/// Where the spec of one version comes from, and how to read it.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// The version as the map spells it.
    pub version: String,
    /// Where to download the spec; may hold user info for the server.
    pub url: String,
    /// What the spec itself does not say. Its prose is skipped unless asked for.
    pub context: Context,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, url, context } = self;
        let mut this = f.debug_struct("Source");
        this.field("version", version).field("url", &shown(url)).field("context", context).finish()
    }
}

/// Why a map cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum SourcesError {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not YAML, or holds a key or value that no map has.
    Syntax(yaml_serde::Error),
    /// There is no engine in it.
    Empty,
    /// A value cannot be used.
    Value {
        /// Its key, from the engine down (`docker.sources[0].url`).
        key: String,
        /// What is wrong with it.
        what: String,
    },
}

impl SourcesError {
    /// A stable name for scripts to match on.
    pub fn code(&self) -> &'static str {
        match self {
            SourcesError::Unreadable { .. } => "sources-unreadable",
            SourcesError::Syntax(_) => "sources-syntax",
            SourcesError::Empty => "sources-empty",
            SourcesError::Value { .. } => "sources-value",
        }
    }
}

impl fmt::Display for SourcesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourcesError::Unreadable { file, .. } => {
                write!(f, "cannot read the map of sources {}", file.display())
            }
            SourcesError::Syntax(error) => {
                write!(f, "the map of sources is wrong: {}", shown_in(&error.to_string()))
            }
            SourcesError::Empty => f.write_str("the map of sources has no engine"),
            SourcesError::Value { key, what } => {
                write!(f, "the map of sources is wrong: `{key}`: {what}")
            }
        }
    }
}

impl std::error::Error for SourcesError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SourcesError::Unreadable { source, .. } => Some(source),
            _ => None,
        }
    }
}

impl Sources {
    /// Reads the map from a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or [`Sources::parse`] refuses it.
    pub fn open(file: &Path) -> Result<Self, SourcesError> {
        let text = fs::read_to_string(file)
            .map_err(|source| SourcesError::Unreadable { file: file.to_owned(), source })?;
        Self::parse(&text, file.parent().unwrap_or(Path::new("")))
    }

    /// Reads the map from its text; `folder` is where relative paths in it start.
    ///
    /// # Errors
    ///
    /// A key is unknown, missing or twice there; a version is listed twice, or two have the same
    /// number; a template has a placeholder that is not filled in, or lacks the one that tells its
    /// versions apart; an address is one that no client can use; there is no engine.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, SourcesError> {
        let map: Option<MapText> = yaml_serde::from_str(text).map_err(SourcesError::Syntax)?;
        let Some(map) = map.filter(|map| !map.0.is_empty()) else {
            return Err(SourcesError::Empty);
        };
        let engines = map
            .0
            .into_iter()
            .map(|(name, text)| engine(name, text, folder))
            .collect::<Result<_, _>>()?;
        Ok(Self { engines })
    }
}

/// The map as it is written; engines in order.
struct MapText(Vec<(String, EngineText)>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct EngineText {
    #[serde(default)]
    addresses: Vec<String>,
    negotiate: Option<NegotiateText>,
    #[serde(default)]
    errors: Vec<String>,
    annotations: Option<PathBuf>,
    prefix: Option<String>,
    doc_url: Option<String>,
    namespaces: Option<Vec<String>>,
    lists: Option<ListsText>,
    sources: Vec<SourceText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NegotiateText {
    ping: Option<String>,
    header: Option<String>,
    json: Option<String>,
    fixed: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct SourceText {
    url: String,
    doc_url: Option<String>,
    prefix: Option<String>,
    namespaces: Option<Vec<String>>,
    lists: Option<ListsText>,
    versions: Vec<String>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum ListsText {
    Multi,
    Csv,
}

fn engine(name: String, text: EngineText, folder: &Path) -> Result<EngineSources, SourcesError> {
    if !is_name(&name) {
        let what = "an engine's name begins with a letter or a digit, and goes on with letters, \
                    digits, `.`, `-` and `_`";
        return Err(wrong(&name, what));
    }
    for (index, address) in text.addresses.iter().enumerate() {
        let key = format!("{name}.addresses[{index}]");
        check_line(&key, address)?;
        if let Err(what) = check_address(address) {
            return Err(wrong(&key, format!("`{address}` {what}; {ADDRESSES}")));
        }
    }
    let negotiation = match text.negotiate {
        Some(text) => negotiation(&name, text)?,
        None => Negotiation::Newest,
    };
    for (index, pointer) in text.errors.iter().enumerate() {
        check_pointer(&format!("{name}.errors[{index}]"), pointer)?;
    }
    let mut versions = Vec::new();
    let mut seen = BTreeSet::new();
    let mut numbers: BTreeMap<ApiVersion, String> = BTreeMap::new();
    for (index, source) in text.sources.into_iter().enumerate() {
        let key = |part: &str| format!("{name}.sources[{index}].{part}");
        let prefix = source.prefix.or_else(|| text.prefix.clone());
        if let Some(prefix) = &prefix {
            check_template(&key("prefix"), prefix, &["version"])?;
            if !prefix.is_empty() && !prefix.starts_with('/') || prefix.ends_with('/') {
                let what = "a prefix starts with `/` and does not end with it";
                return Err(wrong(&key("prefix"), what));
            }
            if plain_path(&prefix.replace("{version}", "v1")).is_none() {
                let what = format!(
                    "`{prefix}` is not a plain path: of ASCII characters, without spaces, `?`, `#` and braces"
                );
                return Err(wrong(&key("prefix"), what));
            }
        }
        let doc_url = source.doc_url.or_else(|| text.doc_url.clone()).unwrap_or_default();
        check_line(&key("doc-url"), &doc_url)?;
        check_template(&key("doc-url"), &doc_url, &["version", "operation"])?;
        if !doc_url.is_empty() {
            check_url(&key("doc-url"), &doc_url.replace(['{', '}'], ""))?;
        }
        check_template(&key("url"), &source.url, &["version"])?;
        let mut namespaces =
            source.namespaces.or_else(|| text.namespaces.clone()).unwrap_or_default();
        for namespace in &namespaces {
            check_line(&key("namespaces"), namespace)?;
            if !namespace.starts_with('/') || namespace.ends_with('/') {
                let what = format!("`{namespace}` must start with `/` and not end with it");
                return Err(wrong(&key("namespaces"), what));
            }
        }
        // Longest first: the first that fits is then the one that is meant.
        namespaces.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        let lists = match source.lists.or(text.lists) {
            Some(ListsText::Multi) => ListStyle::Multi,
            Some(ListsText::Csv) | None => ListStyle::Csv,
        };
        if source.versions.is_empty() {
            return Err(wrong(&key("versions"), "the list is empty"));
        }
        if source.versions.len() > 1 && !source.url.contains("{version}") {
            let what = "without `{version}` all versions would be the same file";
            return Err(wrong(&key("url"), what));
        }
        for version in source.versions {
            if !is_name(&version) {
                let what = format!("`{version}` is not a version such as `v1.41`");
                return Err(wrong(&key("versions"), what));
            }
            let url = source.url.replace("{version}", &version);
            check_url(&key("url"), &url)?;
            if !seen.insert(version.clone()) {
                return Err(wrong(&key("versions"), format!("`{version}` is listed twice")));
            }
            // Engines and callers are asked for numbers, however they are written.
            if let Some(number) = ApiVersion::parse(&version)
                && let Some(other) = numbers.insert(number, version.clone())
            {
                let what = format!("`{other}` and `{version}` are the same version");
                return Err(wrong(&key("versions"), what));
            }
            let context = Context {
                prefix: prefix.clone(),
                doc_url: doc_url.clone(),
                namespaces: namespaces.clone(),
                lists,
                ..Context::new(&*version)
            };
            versions.push(Source { version, url, context });
        }
    }
    if versions.is_empty() {
        return Err(wrong(&format!("{name}.sources"), "the list is empty"));
    }
    if let Negotiation::Fixed(version) = &negotiation
        && !seen.contains(version)
    {
        let what = format!("`{version}` is not one of the versions");
        return Err(wrong(&format!("{name}.negotiate.fixed"), what));
    }
    Ok(EngineSources {
        engine: Engine { name, addresses: text.addresses, negotiation, errors: text.errors },
        annotations: text.annotations.map(|file| folder.join(file)),
        versions,
    })
}

fn negotiation(engine: &str, text: NegotiateText) -> Result<Negotiation, SourcesError> {
    let key = |part: &str| format!("{engine}.negotiate{part}");
    let (ping, rule) = match (text.ping, text.header, text.json, text.fixed) {
        (None, None, None, Some(version)) => return Ok(Negotiation::Fixed(version)),
        (Some(ping), Some(header), None, None) => {
            if !is_header_name(&header) {
                return Err(wrong(
                    &key(".header"),
                    format!("`{header}` is not the name of a header"),
                ));
            }
            (ping.clone(), Negotiation::Header { ping, header })
        }
        (Some(ping), None, Some(pointer), None) => {
            check_pointer(&key(".json"), &pointer)?;
            (ping.clone(), Negotiation::Json { ping, pointer })
        }
        _ => {
            let what = "it has `ping` and `header`, or `ping` and `json`, or `fixed` alone";
            return Err(wrong(&key(""), what));
        }
    };
    if !ping.starts_with('/') {
        let what = format!("the path `{ping}` does not start with `/`");
        return Err(wrong(&key(".ping"), what));
    }
    if !ping.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(wrong(&key(".ping"), format!("the path `{ping}` is not percent-encoded")));
    }
    Ok(rule)
}

/// What stands in `addresses`, as errors tell it.
const ADDRESSES: &str = "an address is `$VARIABLE`, `unix:///path/to.sock`, \
                         `npipe:////./pipe/name`, `tcp://host:port`, `http://host`, \
                         `https://host`, `ssh://user@host`, `context://docker`, \
                         `connection://podman` or `default-connection://podman`";

/// Tells what is wrong with an address that no client could use, whatever its variables are.
fn check_address(address: &str) -> Result<(), String> {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if address.split('$').skip(1).any(|behind| !behind.starts_with(is_in_name)) {
        return Err("has a `$` without the name of a variable behind it".into());
    }
    if let Some(rest) = address.strip_prefix('$') {
        // What it stands for may be followed by a path or a port.
        let rest = rest.trim_start_matches(is_in_name);
        if !rest.is_empty() && !rest.starts_with(['/', ':']) {
            return Err("has a variable whose name is not of letters, digits and `_`".into());
        }
    }
    if !keeps_variables(address) {
        return Err("would tell another machine what a variable holds".into());
    }
    if address.starts_with('$') {
        return Ok(());
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        return Err("is not an address".into());
    };
    let host = rest.split('/').next().unwrap_or_default();
    match (&*scheme.to_ascii_lowercase(), rest) {
        ("context", "docker") | ("connection" | "default-connection", "podman") => Ok(()),
        ("unix" | "http+unix", "") => Err("names no socket".into()),
        ("unix" | "http+unix", _) => Ok(()),
        ("tcp" | "http" | "https", _) if host.is_empty() => Err("names no host".into()),
        ("ssh", _) if host.is_empty() || host.ends_with('@') => Err("names no host".into()),
        ("tcp" | "http" | "https" | "ssh", _) => Ok(()),
        ("npipe", _) => {
            let path = rest.replace('\\', "/");
            let pipe = path.strip_prefix("//").and_then(|path| path.split_once("/pipe/"));
            match pipe.is_some_and(|(machine, name)| !machine.is_empty() && !name.is_empty()) {
                true => Ok(()),
                false => Err("names no pipe".into()),
            }
        }
        _ => Err("is of an unknown kind".into()),
    }
}

fn check_pointer(key: &str, pointer: &str) -> Result<(), SourcesError> {
    check_line(key, pointer)?;
    match pointer.is_empty() || pointer.starts_with('/') {
        true => Ok(()),
        false => Err(wrong(key, format!("`{pointer}` is not a JSON pointer such as `/message`"))),
    }
}

/// What goes into the pack is shown on terminals, and may hold no control characters.
fn check_line(key: &str, text: &str) -> Result<(), SourcesError> {
    let Some(control) = text.chars().find(|c| c.is_control()) else { return Ok(()) };
    let what = match control {
        '\n' => {
            "it holds a line break: YAML keeps the last one behind `>` and `|`, but not behind `>-`"
                .to_owned()
        }
        other => format!("it holds the control character {other:?}"),
    };
    Err(wrong(key, what))
}

fn wrong(key: &str, what: impl Into<String>) -> SourcesError {
    SourcesError::Value { key: key.to_owned(), what: what.into() }
}

/// Names become file names, so nothing that means something in a path is in them.
fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

fn check_template(key: &str, template: &str, known: &[&str]) -> Result<(), SourcesError> {
    let mut rest = template;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            return Err(wrong(key, format!("a brace of `{}` is not closed", shown(template))));
        };
        if !known.contains(&name) {
            let known: Vec<String> = known.iter().map(|name| format!("`{{{name}}}`")).collect();
            let what =
                format!("unknown placeholder `{{{}}}`; known: {}", shown(name), known.join(", "));
            return Err(wrong(key, what));
        }
        rest = after;
    }
    Ok(())
}

fn check_url(key: &str, url: &str) -> Result<(), SourcesError> {
    match reqwest::Url::parse(url) {
        Ok(parsed) if matches!(parsed.scheme(), "http" | "https") => Ok(()),
        Ok(_) => Err(wrong(key, format!("`{}` is neither `http://` nor `https://`", shown(url)))),
        Err(error) => Err(wrong(key, format!("`{}` is not a URL: {error}", shown(url)))),
    }
}

impl<'de> Deserialize<'de> for MapText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Engines;
        impl<'de> Visitor<'de> for Engines {
            type Value = MapText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of engines")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<MapText, A::Error> {
                let mut engines: Vec<(String, EngineText)> = Vec::new();
                while let Some(name) = access.next_key::<String>()? {
                    if engines.iter().any(|(own, _)| *own == name) {
                        return Err(A::Error::custom(format_args!(
                            "engine `{name}` appears twice"
                        )));
                    }
                    engines.push((name, access.next_value()?));
                }
                Ok(MapText(engines))
            }
        }
        deserializer.deserialize_map(Engines)
    }
}

#[cfg(test)]
mod tests;
