//! docs/errors.md beside the sources: every code that these can give has its row there, in the table of
//! its kind, and no other code has.
//!
//! The sources are read as text, since a code is a literal wherever it comes from. Nothing is called:
//! most errors take an engine, a certificate or a page to come about.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Types with codes that no [`contajners::Error`] takes over, and the tables of these.
const OTHERS: &[(&str, &str)] = &[
    ("ChangeKind", "Changes of `diff`"),
    ("ExplainError", "Explain"),
    ("Finding", "Findings of `check`"),
];

/// Of codes that may be of two kinds, by what the sources tell, those that are of both.
const OF_BOTH: &[(&str, &str)] = &[
    // TLS that cannot be set up at all.
    ("Config", "tls-failed"),
    // A client for a category that pins no version hears of it with the first call.
    ("Resolve", "unknown-category"),
];

/// The functions that make errors in JavaScript, and where they take kind and code.
const MAKERS: &[(&str, Taken, Taken)] = &[
    ("error", Taken::Argument(0), Taken::Argument(1)),
    ("wrong", Taken::ArgumentOr(3, "config"), Taken::ArgumentOr(2, "invalid-option")),
    ("text", Taken::ArgumentOr(3, "config"), Taken::Argument(2)),
    ("pairsOf", Taken::Argument(1), Taken::Argument(2)),
    ("invalid", Taken::Itself("config"), Taken::ArgumentOr(2, "invalid-address")),
    ("jsonOf", Taken::Itself("resolve"), Taken::Argument(1)),
    ("ofAnswer", Taken::Itself("decode"), Taken::Argument(1)),
];

/// Where a function takes something from.
enum Taken {
    /// An argument.
    Argument(usize),
    /// An argument, or else this.
    ArgumentOr(usize, &'static str),
    /// It is always this.
    Itself(&'static str),
}

impl Taken {
    /// Returns what is known of it.
    fn of<'t>(&self, arguments: &[&'t str]) -> Option<&'t str> {
        match *self {
            Self::Argument(number) => literal(arguments.get(number)?),
            Self::ArgumentOr(number, usual) => {
                arguments.get(number).map_or(Some(usual), |own| literal(own))
            }
            Self::Itself(always) => Some(always),
        }
    }
}

/// Words of JavaScript that look like codes: headers, kinds, and what answers are.
const NO_CODES: &[&str] =
    &["content-length", "content-type", "in-band", "json-lines", "no-store", "transfer-encoding"];

/// A table, which is that of a kind, and a code.
type Row = (String, String);

#[test]
fn every_code_has_its_row_and_every_row_its_code() {
    let faults = faults(&Page::read(&text_of(&root().join("docs/errors.md"))), &Sources::read());
    assert!(
        faults.is_empty(),
        "docs/errors.md is not what the sources say:\n{}",
        faults.join("\n")
    );
}

#[test]
fn a_row_that_is_missing_or_in_the_wrong_table_is_told() {
    let page = text_of(&root().join("docs/errors.md"));
    let sources = Sources::read();
    let rows = page.lines().filter(|line| line.starts_with("| `"));
    for line in rows.filter(|line| is_of_codes(&page, line)) {
        let without = page.replacen(&format!("{line}\n"), "", 1);
        assert!(!faults(&Page::read(&without), &sources).is_empty(), "nobody misses {line}");
    }
    let moved = page.replace("\n## Body\n", "\n").replace("\n## Connect\n", "\n## Body\n");
    let told = faults(&Page::read(&moved), &sources);
    assert!(told.contains(&"Connect: `not-tls` has no row".to_owned()), "{told:?}");
    let more = page.replace("| `not-tls` |", "| `not-tsl` |");
    let told = faults(&Page::read(&more), &sources);
    assert!(told.contains(&"Connect: nothing in Rust gives `not-tsl`".to_owned()), "{told:?}");
}

/// Tells whether a line is in one of the tables below the first heading.
fn is_of_codes(page: &str, line: &str) -> bool {
    page.find("\n## ").is_some_and(|begin| page[begin..].contains(line))
}

fn faults(page: &Page, sources: &Sources) -> Vec<String> {
    let Sources { rust, either, javascript, words } = sources;
    let mut faults = page.faults.clone();
    for (table, code) in rust.iter().chain(javascript) {
        if !page.rows.contains_key(&(table.clone(), code.clone())) {
            faults.push(format!("{table}: `{code}` has no row"));
        }
    }
    for (code, kinds) in either {
        let has_row = |kind: &String| page.rows.contains_key(&(kind.clone(), code.clone()));
        if !kinds.iter().any(has_row) {
            faults.push(format!("{kinds:?}: `{code}` has no row in any of them"));
        }
    }
    for (row, is_javascripts) in &page.rows {
        let (table, code) = row;
        let may_be = either.get(code).is_some_and(|kinds| kinds.contains(table));
        match is_javascripts {
            true if rust.contains(row) => {
                faults.push(format!("{table}: `{code}` is Rust's, too: leave *JavaScript* out"));
            }
            true if !javascript.contains(row) => {
                faults.push(format!("{table}: nothing in JavaScript gives `{code}`"));
            }
            false if !rust.contains(row) && !may_be => {
                faults.push(format!("{table}: nothing in Rust gives `{code}`"));
            }
            _ => {}
        }
    }
    let codes: BTreeSet<&str> = page.rows.keys().map(|(_, code)| &**code).collect();
    for word in words.iter().filter(|word| !codes.contains(&***word)) {
        faults.push(format!("`{word}` in JavaScript has no row; if it is no code, see `NO_CODES`"));
    }
    for word in page.prose.iter().filter(|word| !codes.contains(&***word)) {
        faults.push(format!("`{word}` is named outside of the tables, and has no row"));
    }
    let in_rust: BTreeSet<&str> =
        { page.rows.iter() }.filter(|(_, own)| !**own).map(|((_, code), _)| &**code).collect();
    let alone: BTreeSet<&str> = codes.difference(&in_rust).copied().collect();
    if !page.alone.iter().map(|code| &**code).eq(alone.iter().copied()) {
        faults.push(format!("JavaScript alone has {alone:?}, not {:?}", page.alone));
    }
    faults
}

/// What the page says.
struct Page {
    /// The rows, and whether JavaScript alone has it.
    rows: BTreeMap<Row, bool>,
    /// The codes that it says JavaScript alone has.
    alone: BTreeSet<String>,
    /// What is named outside of the tables and looks like a code.
    prose: BTreeSet<String>,
    faults: Vec<String>,
}

impl Page {
    fn read(text: &str) -> Self {
        let (rows, faults) = (BTreeMap::new(), Vec::new());
        let mut page = Self { rows, alone: BTreeSet::new(), prose: BTreeSet::new(), faults };
        let mut table = None;
        for paragraph in text.split("\n\n") {
            if let Some(heading) = paragraph.strip_prefix("## ") {
                table = Some(heading.to_owned());
            } else if let (Some(table), true) = (&table, paragraph.starts_with('|')) {
                for line in paragraph.lines().skip(2) {
                    page.row(table, line);
                }
            } else if !paragraph.starts_with('|') {
                let named = paragraph.split('`').skip(1).step_by(2);
                if paragraph.starts_with("JavaScript alone has the codes ") {
                    page.alone.extend(named.clone().map(Into::into));
                }
                page.prose.extend(named.filter(|word| is_kebab(word)).map(Into::into));
            }
        }
        page
    }

    fn row(&mut self, table: &str, line: &str) {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let code = cells.get(1).and_then(|cell| cell.strip_prefix('`')?.strip_suffix('`'));
        let (Some(code), [_, _, when, _, ""]) = (code, &*cells) else {
            return self.faults.push(format!("{table}: no row of a code: {line}"));
        };
        let is_javascripts = when.starts_with("*JavaScript*: ");
        if self.rows.insert((table.to_owned(), code.to_owned()), is_javascripts).is_some() {
            self.faults.push(format!("{table}: `{code}` has two rows"));
        }
    }
}

/// What the sources say.
struct Sources {
    /// What Rust gives.
    rust: BTreeSet<Row>,
    /// What Rust gives as an error of one or more of some kinds: the sources do not tell which.
    either: BTreeMap<String, BTreeSet<String>>,
    /// What JavaScript gives by itself.
    javascript: BTreeSet<Row>,
    /// All that looks like a code in JavaScript.
    words: BTreeSet<String>,
}

impl Sources {
    fn read() -> Self {
        let (javascript, words) = of_javascript();
        let mut sources =
            Self { rust: BTreeSet::new(), either: BTreeMap::new(), javascript, words };
        let mut kinds_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let types = types_with_codes();
        for file in [root().join("client/src/error.rs"), root().join("client/src/error/timeout.rs")]
        {
            sources.of_error(&text_of(&file), &types, &mut kinds_of);
        }
        for (name, codes) in types {
            let other = OTHERS.iter().find(|(own, _)| *own == name);
            let kinds = match other {
                Some((_, table)) => BTreeSet::from([(*table).to_owned()]),
                None => kinds_of.remove(&name).unwrap_or_default(),
            };
            assert!(!kinds.is_empty(), "no `Error` is made of `{name}`, nor is it in `OTHERS`");
            sources.add(&kinds, codes);
        }
        sources.add(&kinds_of_tls(), literals_in("client/src/tls"));
        for &(kind, code) in OF_BOTH {
            let kinds = sources.either.get(code);
            assert!(kinds.is_some_and(|kinds| kinds.contains(kind)), "{kind}: {code}");
            sources.rust.insert((kind.into(), code.into()));
        }
        sources
    }

    fn add(&mut self, kinds: &BTreeSet<String>, codes: BTreeSet<String>) {
        for code in codes {
            match kinds.first().filter(|_| kinds.len() == 1) {
                Some(kind) => drop(self.rust.insert((kind.clone(), code))),
                None => self.either.entry(code).or_default().extend(kinds.iter().cloned()),
            }
        }
    }

    /// Reads the functions that make an `Error`: with a literal, or of an error that has a code.
    fn of_error(
        &mut self,
        text: &str,
        types: &BTreeMap<String, BTreeSet<String>>,
        kinds_of: &mut BTreeMap<String, BTreeSet<String>>,
    ) {
        for function in text.split("fn ") {
            let head = function.split('{').next().unwrap_or_default();
            let mut words = head.split(|c: char| !c.is_alphanumeric());
            let made_of = words.find(|word| types.contains_key(*word));
            for call in function.split("Self::new(").skip(1) {
                let mut arguments = call.split(',').map(str::trim);
                let kind = arguments.next().and_then(|kind| kind.strip_prefix("ErrorKind::"));
                let code = arguments.next().unwrap_or_default();
                match (kind, literal(code), made_of) {
                    (Some(kind), Some(code), _) => {
                        self.rust.insert((kind.into(), code.into()));
                    }
                    (Some(kind), None, Some(name)) => {
                        kinds_of.entry(name.into()).or_default().insert(kind.into());
                    }
                    _ => assert!(head.contains("Fault"), "where do its codes come from? {head}"),
                }
            }
        }
    }
}

/// The types in `core` and `client` that tell a code, and the codes.
fn types_with_codes() -> BTreeMap<String, BTreeSet<String>> {
    let mut types = BTreeMap::new();
    for file in files("core/src", "rs").into_iter().chain(files("client/src", "rs")) {
        let text = text_of(&file);
        for (at, _) in text.match_indices("fn code(&self)") {
            let owner = text[..at].rsplit("\nimpl ").next().unwrap_or_default();
            let owner = owner.split(' ').next().unwrap_or_default().to_owned();
            // To the end of the function, as it is formatted.
            let body = text[at..].split("\n    }\n").next().unwrap_or_default();
            let pieces: Vec<&str> = body.split('"').collect();
            let literals = pieces.chunks_exact(2).filter(|own| !own[0].ends_with("feature = "));
            let codes: BTreeSet<String> = literals.map(|own| own[1].into()).collect();
            // That of the client's own error has been given it.
            if !codes.is_empty() {
                types.insert(owner, codes);
            }
        }
    }
    types
}

/// The kinds that faults of TLS are made errors of.
fn kinds_of_tls() -> BTreeSet<String> {
    let mut kinds = BTreeSet::new();
    for file in files("client/src", "rs") {
        for call in text_of(&file).split("Error::tls(ErrorKind::").skip(1) {
            kinds.extend(call.split(',').next().map(Into::into));
        }
    }
    kinds
}

/// All literals in a folder that look like codes.
fn literals_in(folder: &str) -> BTreeSet<String> {
    let texts = files(folder, "rs").into_iter().map(|file| text_of(&file));
    texts.flat_map(|text| kebabs(&text)).collect()
}

/// What JavaScript gives by itself, and all that looks like a code in it.
fn of_javascript() -> (BTreeSet<Row>, BTreeSet<String>) {
    let (mut rows, mut words) = (BTreeSet::new(), BTreeSet::new());
    for file in files("bindings-wasm/js", "js") {
        let text = text_of(&file);
        let own: BTreeSet<Row> = MAKERS.iter().flat_map(|maker| made(&text, maker)).collect();
        let all = { kebabs(&text).into_iter() }.filter(|word| !NO_CODES.contains(&&**word));
        let all: BTreeSet<String> = all.collect();
        // What is not given where an error is made stands in a list there: these are of connections.
        if file.ends_with("node-errors.js") {
            let is_given = |word: &&String| own.iter().any(|(_, code)| code == *word);
            let listed = all.iter().filter(|word| !is_given(word));
            rows.extend(listed.map(|code| ("Connect".to_owned(), code.clone())));
        }
        rows.extend(own);
        words.extend(all);
    }
    // Of what the core is not asked.
    for file in files("bindings-wasm/src", "rs") {
        let text = text_of(&file);
        let codes = text.split("config(\"").skip(1).filter_map(|rest| rest.split('"').next());
        rows.extend(codes.map(|code| ("Config".to_owned(), code.to_owned())));
    }
    (rows, words)
}

/// The kinds and codes in the calls of a function that makes errors; none where they come from
/// elsewhere.
fn made(text: &str, (name, kind, code): &(&str, Taken, Taken)) -> BTreeSet<Row> {
    let call = format!("{name}(");
    let calls = text.match_indices(&call).filter(|(at, _)| {
        let before = &text[..*at];
        !before.ends_with(|c: char| c.is_alphanumeric() || ".#_$".contains(c))
            && !before.ends_with("function ")
    });
    let row = |(at, _): (usize, &str)| {
        let arguments = arguments(&text[at + call.len()..]);
        Some((table_of(kind.of(&arguments)?), code.of(&arguments)?.to_owned()))
    };
    calls.filter_map(row).collect()
}

/// What stands between the commas up to the parenthesis that closes.
fn arguments(text: &str) -> Vec<&str> {
    let (mut all, mut begin) = (Vec::new(), 0);
    // What is open, by what closes it.
    let mut open: Vec<char> = Vec::new();
    let mut is_escaped = false;
    for (at, c) in text.char_indices() {
        let is_text = open.last().is_some_and(|close| "\"'`".contains(*close));
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_text => is_escaped = true,
            _ if open.last() == Some(&c) => drop(open.pop()),
            '{' if open.last() == Some(&'`') && text[..at].ends_with('$') => open.push('}'),
            _ if is_text => {}
            '"' | '\'' | '`' => open.push(c),
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ',' | ')' if open.is_empty() => {
                all.push(text[begin..at].trim());
                begin = at + 1;
                if c == ')' {
                    break;
                }
            }
            _ => {}
        }
    }
    all
}

/// The table of a kind as JavaScript spells it: `InBand` of `in-band`.
fn table_of(kind: &str) -> String {
    kind.split('-').map(|part| part[..1].to_uppercase() + &part[1..]).collect()
}

/// What stands in quotes, if it is no more than that.
fn literal(text: &str) -> Option<&str> {
    text.strip_prefix('"')?.strip_suffix('"').filter(|text| !text.contains('"'))
}

/// The literals that are words with dashes.
fn kebabs(text: &str) -> BTreeSet<String> {
    text.split('"').filter(|word| is_kebab(word)).map(Into::into).collect()
}

fn is_kebab(word: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    word.contains('-') && word.split('-').all(is_part)
}

/// A source without its tests.
fn text_of(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    let tests = ["\n#[cfg(test)]", "\n#[cfg(all(test"].iter().filter_map(|mark| text.find(mark));
    text[..tests.min().unwrap_or(text.len())].to_owned()
}

/// The files in a folder and below it that end like that, but for tests.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![root().join(folder)]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}")) {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(own) if own == ending && !path.ends_with("tests.rs") => found.push(path),
                _ => {}
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}
