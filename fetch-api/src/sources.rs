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
mod tests {
    use super::*;

    const GOOD: &str = "\
engine:
  addresses: [unix:///run/engine.sock]
  negotiate: { ping: /_ping, header: Api-Version }
  annotations: annotations/engine.yaml
  namespaces: [/a, /a/longer]
  sources:
    - url: https://example.org/{version}.yaml
      doc-url: https://example.org/{version}/#{operation}
      prefix: /{version}
      versions: [v1.0, v1.1]
    - url: https://example.org/new/{version}.yaml
      lists: multi
      versions: [v2.0]
";

    #[track_caller]
    fn check(from: &str, to: &str, expected: &str) {
        assert!(GOOD.contains(from), "nothing to replace");
        let error = Sources::parse(&GOOD.replacen(from, to, 1), Path::new("")).unwrap_err();
        assert_eq!(error.to_string(), format!("the map of sources is wrong: {expected}"));
    }

    #[test]
    fn reads_all_it_says() {
        let sources = Sources::parse(GOOD, Path::new("map")).unwrap();
        let engine = &sources.engines[0];
        assert_eq!(engine.engine.name, "engine");
        assert_eq!(engine.annotations.as_deref(), Some(Path::new("map/annotations/engine.yaml")));
        let urls: Vec<&str> = engine.versions.iter().map(|source| source.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://example.org/v1.0.yaml",
                "https://example.org/v1.1.yaml",
                "https://example.org/new/v2.0.yaml"
            ]
        );
        assert_eq!(engine.versions[0].context.namespaces, ["/a/longer", "/a"]);
        assert_eq!(engine.versions[0].context.lists, ListStyle::Csv);
        assert_eq!(engine.versions[2].context.lists, ListStyle::Multi);
        assert_eq!(engine.versions[2].context.prefix, None);
    }

    #[test]
    fn names_the_key_of_each_mistake() {
        check("v1.1]", "v1.0]", "`engine.sources[0].versions`: `v1.0` is listed twice");
        check("[v2.0]", "[v1.1]", "`engine.sources[1].versions`: `v1.1` is listed twice");
        let same = |one, other| {
            format!("`engine.sources[1].versions`: `{one}` and `{other}` are the same version")
        };
        check("[v2.0]", "[v2.0, '2.0']", &same("v2.0", "2.0"));
        check("[v2.0]", "[v2.0.0, v3, v2]", &same("v2.0.0", "v2"));
        check("[v2.0]", "[v2.0-rc1, 1.1]", &same("v1.1", "1.1"));
        let name = "an engine's name begins with a letter or a digit, and goes on with letters, \
                    digits, `.`, `-` and `_`";
        for wrong in ["-engine", "en/gine", ".engine"] {
            check("engine:", &format!("{wrong}:"), &format!("`{wrong}`: {name}"));
        }
        assert!(Sources::parse(&GOOD.replacen("engine", "7.en-gi_ne", 1), Path::new("")).is_ok());
        check("[v2.0]", "[]", "`engine.sources[1].versions`: the list is empty");
        check(
            "[v2.0]",
            "[../x]",
            "`engine.sources[1].versions`: `../x` is not a version such as `v1.41`",
        );
        check(
            "/{version}.yaml",
            "/{release}.yaml",
            "`engine.sources[0].url`: unknown placeholder `{release}`; known: `{version}`",
        );
        check(
            "https://example.org/{version}.yaml",
            "ftp://example.org/{version}.yaml",
            "`engine.sources[0].url`: `ftp://example.org/v1.0.yaml` is neither `http://` nor `https://`",
        );
        check(
            "https://example.org/{version}.yaml",
            "'{version}.yaml'",
            "`engine.sources[0].url`: `v1.0.yaml` is not a URL: relative URL without a base",
        );
        check(
            "https://example.org/{version}.yaml",
            "https://example.org/v1.yaml",
            "`engine.sources[0].url`: without `{version}` all versions would be the same file",
        );
        check(
            "#{operation}",
            "#{tag}",
            "`engine.sources[0].doc-url`: unknown placeholder `{tag}`; known: `{version}`, `{operation}`",
        );
        check(
            "/{version}\n",
            "v{version}/\n",
            "`engine.sources[0].prefix`: a prefix starts with `/` and does not end with it",
        );
        for wrong in ["/a b", "/a?b", "/é", "/{version}}"] {
            let what =
                "is not a plain path: of ASCII characters, without spaces, `?`, `#` and braces";
            let expected = format!("`engine.sources[0].prefix`: `{wrong}` {what}");
            check("/{version}\n", &format!("'{wrong}'\n"), &expected);
        }
        let line = "it holds a line break: YAML keeps the last one behind `>` and `|`, but not behind `>-`";
        let folded = ">\n        https://example.org/docs\n";
        check(
            "https://example.org/{version}/#{operation}\n",
            folded,
            &format!("`engine.sources[0].doc-url`: {line}"),
        );
        check(
            "/a,",
            "\"/a\\u007f\",",
            "`engine.sources[0].namespaces`: it holds the control character '\\u{7f}'",
        );
        check(
            "header: Api-Version",
            "header: Api Version",
            "`engine.negotiate.header`: `Api Version` is not the name of a header",
        );
        check(
            "/a,",
            "a,",
            "`engine.sources[0].namespaces`: `a` must start with `/` and not end with it",
        );
        check(
            "ping: /_ping",
            "ping: _ping",
            "`engine.negotiate.ping`: the path `_ping` does not start with `/`",
        );
        check(
            "lists: multi",
            "list: multi",
            "engine.sources[1]: unknown field `list`, expected one of `url`, `doc-url`, `prefix`, `namespaces`, `lists`, `versions` at line 12 column 7",
        );
        check(
            "lists: multi",
            "lists: tabs",
            "engine.sources[1].lists: unknown variant `tabs`, expected `multi` or `csv` at line 12 column 14",
        );
    }

    #[test]
    fn no_mistake_shows_the_user_info_of_an_address() {
        let url = "https://example.org/{version}.yaml";
        for wrong in [
            "ftp://me:t0ken@host/{version}.yaml",
            "me:t0ken@host/{version}.yaml",
            "https://me:t0/ken@host/{version}.yaml",
            "https://me:t0ken@host/{version",
            "https://me:{t0ken@host/{version}.yaml",
            "https://me:t0ken@host/v1.yaml",
        ] {
            let text = GOOD.replacen(url, &format!("'{wrong}'"), 1);
            let error = Sources::parse(&text, Path::new("")).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("t0"), "{error}");
        }
        let text = GOOD.replacen("lists: multi", "lists: https://me:t0ken@host", 1);
        let error = Sources::parse(&text, Path::new("")).unwrap_err().to_string();
        assert!(error.contains("…@host") && !error.contains("t0"), "{error}");
        let text = GOOD.replacen(url, "https://me:t0ken@host/{version}.yaml", 1);
        let sources = Sources::parse(&text, Path::new("")).unwrap();
        assert!(sources.engines[0].versions[0].url.starts_with("https://me:t0ken@host/"));
        assert!(!format!("{sources:?}").contains("t0"), "{sources:?}");
    }

    #[test]
    fn addresses_are_those_that_a_client_can_use() {
        for (address, what) in [
            ("engine.sock", "is not an address"),
            ("/run/engine.sock", "is not an address"),
            ("socket:///run/x.sock", "is of an unknown kind"),
            ("fd://3", "is of an unknown kind"),
            ("context://podman", "is of an unknown kind"),
            ("unix://", "names no socket"),
            ("tcp://", "names no host"),
            ("https:///path", "names no host"),
            ("ssh://me@", "names no host"),
            ("npipe://engine", "names no pipe"),
            ("$", "has a `$` without the name of a variable behind it"),
            ("${ENGINE_HOST}", "has a `$` without the name of a variable behind it"),
            ("unix://$/x.sock", "has a `$` without the name of a variable behind it"),
            ("http://engine.example/$TOKEN", "would tell another machine what a variable holds"),
            ("$ENGINE-HOST", "has a variable whose name is not of letters, digits and `_`"),
        ] {
            let expected = format!("`engine.addresses[0]`: `{address}` {what}; {ADDRESSES}");
            check("unix:///run/engine.sock", &format!("'{address}'"), &expected);
        }
        for address in [
            "$ENGINE_HOST",
            "$ENGINE_DIR/x.sock",
            "unix://$XDG_RUNTIME_DIR/podman/podman.sock",
            "http+unix://%2Frun%2Fx.sock",
            "tcp://$HOST:2375",
            "tcp://[::1]:2375/prefix",
            "https://engine.example",
            "ssh://engine.example/run/x.sock",
            "npipe:////./pipe/engine",
            "context://docker",
            "connection://podman",
            "default-connection://podman",
        ] {
            assert_eq!(check_address(address), Ok(()), "{address}");
        }
    }

    #[test]
    fn the_map_of_the_workspace_is_sound() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("sources.yaml");
        assert_eq!(Sources::open(&file).unwrap().engines.len(), 5);
    }

    #[test]
    fn the_version_is_found_in_one_of_four_ways() {
        let text = |negotiate: &str| {
            GOOD.replace("negotiate: { ping: /_ping, header: Api-Version }", negotiate)
        };
        let way = |negotiate: &str| {
            let sources = Sources::parse(&text(negotiate), Path::new("")).unwrap();
            sources.engines[0].engine.negotiation.clone()
        };
        assert_eq!(way("errors: [/message, '']"), Negotiation::Newest);
        assert_eq!(way("negotiate: { fixed: v1.1 }"), Negotiation::Fixed("v1.1".into()));
        let (ping, pointer) = ("/?x=1".into(), "/a/b".into());
        let json = way("negotiate: { ping: '/?x=1', json: /a/b }");
        assert_eq!(json, Negotiation::Json { ping, pointer });

        let whole = "negotiate: { ping: /_ping, header: Api-Version }";
        let neither = "`engine.negotiate`: it has `ping` and `header`, or `ping` and `json`, or \
                       `fixed` alone";
        check(whole, "negotiate: {}", neither);
        check(whole, "negotiate: { fixed: v1.0, ping: /x }", neither);
        check(
            whole,
            "negotiate: { fixed: v9.9 }",
            "`engine.negotiate.fixed`: `v9.9` is not one of the versions",
        );
        check(
            whole,
            "negotiate: { ping: /x, json: version }",
            "`engine.negotiate.json`: `version` is not a JSON pointer such as `/message`",
        );
        check(
            whole,
            "negotiate: { ping: '/a b', header: X }",
            "`engine.negotiate.ping`: the path `/a b` is not percent-encoded",
        );
        check(
            whole,
            "errors: [message]",
            "`engine.errors[0]`: `message` is not a JSON pointer such as `/message`",
        );
    }

    #[test]
    fn one_file_does_for_one_version() {
        let one = GOOD.replacen("new/{version}.yaml", "new.yaml", 1);
        assert!(Sources::parse(&one, Path::new("")).is_ok());
    }

    #[test]
    fn refuses_a_map_without_engines() {
        for text in ["", "# Nothing yet.\n", "{}"] {
            let error = Sources::parse(text, Path::new("")).unwrap_err();
            assert_eq!(error.to_string(), "the map of sources has no engine");
        }
    }

    #[test]
    fn refuses_an_engine_that_stands_twice() {
        let error = Sources::parse(&format!("{GOOD}{GOOD}"), Path::new("")).unwrap_err();
        assert!(error.to_string().contains("engine `engine` appears twice"), "{error}");
    }
}
