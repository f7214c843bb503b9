//! The table of an engine in `docs/conformance.md`: writing it, and comparing it with the file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::{env, fs};

use contajners_core::Api;
use contajners_tests::Kind;

use crate::send::Verdict;

/// `write` makes the tests write the file instead of comparing with it; with any value they fail
/// where an engine is missing.
const VARIABLE: &str = "CONTAJNERS_CONFORMANCE";

const PREFACE: &str = "\
# Conformance

Every operation of the version that an engine speaks, sent to the real one by the tests, with the
parameters and the body it needs. `cargo xtask conformance` makes this page; the tests compare it
with what they find.

**done**: the engine did it. **refused**: the engine has the operation and answered with an error of
its own; why is known. What counts as having no route is found out by asking the engine for routes
that do not exist. An answer in *italics* is not among those that the spec lists.
";

/// What came of an operation.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    /// Method and path.
    pub(crate) request: String,
    pub(crate) verdict: Verdict,
}

/// What came of all operations of an engine.
pub(crate) struct Section {
    pub(crate) kind: Kind,
    pub(crate) api: Api<'static>,
    pub(crate) release: String,
    /// Whether the engine speaks the version that the plan is made for.
    pub(crate) is_planned: bool,
    pub(crate) rows: Vec<Row>,
}

impl Section {
    /// Returns what is not as it has to be. Of a version that the plan is not made for only the
    /// routes are known.
    pub(crate) fn faults(&self) -> Vec<String> {
        let fault = |row: &Row| match &row.verdict {
            Verdict::Failed(why) if self.is_planned => Some(why.clone()),
            Verdict::Unrouted(why) => Some(why.clone()),
            _ => None,
        };
        let line = |row: &Row| Some(format!("`{}` {}: {}", row.id, row.request, fault(row)?));
        self.rows.iter().filter_map(line).collect()
    }

    fn text(&self) -> String {
        let count =
            |is: fn(&Verdict) -> bool| self.rows.iter().filter(|row| is(&row.verdict)).count();
        let mut text = format!(
            "\n## {} {}, API {}\n\n{} operations: {} done, {} refused, {} without a route, {} left out, {} not sent.\n\n\
             | operation | request | answer | |\n|---|---|---|---|\n",
            name(self.kind),
            self.release,
            self.api.version(),
            self.rows.len(),
            count(|verdict| matches!(verdict, Verdict::Done { .. })),
            count(|verdict| matches!(verdict, Verdict::Refused { .. })),
            count(|verdict| matches!(verdict, Verdict::NoRoute { .. })),
            count(|verdict| matches!(verdict, Verdict::LeftOut(_))),
            count(|verdict| matches!(verdict, Verdict::NotSent(_))),
        );
        for row in &self.rows {
            let answer = |status: u16, is_documented: bool| match is_documented {
                true => status.to_string(),
                false => format!("*{status}*"),
            };
            let (answer, verdict) = match &row.verdict {
                Verdict::Done { status, is_documented, but } => {
                    let but = but.as_ref().map_or_else(String::new, |but| format!("; {but}"));
                    (answer(*status, *is_documented), format!("done{but}"))
                }
                Verdict::Refused { status, is_documented, because } => {
                    (answer(*status, *is_documented), format!("refused: {because}"))
                }
                Verdict::NoRoute { status, because } => {
                    (status.to_string(), format!("no route: {because}"))
                }
                Verdict::LeftOut(because) => (String::new(), format!("left out: {because}")),
                Verdict::NotSent(because) => (String::new(), format!("not sent: {because}")),
                Verdict::Unrouted(why) | Verdict::Failed(why) => {
                    (String::new(), format!("failed: {why}"))
                }
            };
            let Row { id, request, .. } = row;
            text.push_str(&format!("| {id} | `{request}` | {answer} | {verdict} |\n"));
        }
        text
    }

    /// Writes the section into the file, or compares it with the one there.
    pub(crate) fn write_or_compare(&self) {
        // Both engines are in one file, and their tests run at the same time.
        static FILE: Mutex<()> = Mutex::new(());
        let _file = FILE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (name, version) = (name(self.kind), self.api.version());
        println!("{name} {}, API {version}: {} operations", self.release, self.rows.len());
        if !self.is_planned {
            let note = format!("docs/conformance.md is not about {name} {version}; not compared");
            assert!(!is_asked_for(), "{note}");
            // The print macros would be captured, and what nobody compares looks like a pass.
            let _ = writeln!(std::io::stderr(), "note: {note}");
            return;
        }
        let (old, new) = (read(), self.text());
        if is_written() {
            fs::write(path(), replaced(&old, self.kind, &new)).expect("docs/conformance.md");
            return;
        }
        if let Some(difference) = first_difference(section(&old, self.kind), &new) {
            panic!("docs/conformance.md is old: run `cargo xtask conformance`\n{difference}");
        }
    }
}

pub(crate) fn is_asked_for() -> bool {
    env::var_os(VARIABLE).is_some()
}

pub(crate) fn is_written() -> bool {
    env::var(VARIABLE).is_ok_and(|value| value == "write")
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Docker => "Docker",
        Kind::Podman => "Podman",
    }
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/conformance.md")
}

fn read() -> String {
    fs::read_to_string(path()).unwrap_or_default()
}

/// The section of an engine, from the empty line before its heading; empty when it has none.
fn section(text: &str, kind: Kind) -> &str {
    let Some(start) = text.find(&format!("\n## {} ", name(kind))) else { return "" };
    let end = text[start + 1..].find("\n## ").map_or(text.len(), |end| start + 1 + end);
    &text[start..end]
}

/// The file with another section of an engine, in a fixed order.
fn replaced(old: &str, kind: Kind, new: &str) -> String {
    let sections = [Kind::Docker, Kind::Podman].map(|other| match other == kind {
        true => new,
        false => section(old, other),
    });
    format!("{PREFACE}{}", sections.concat())
}

/// Returns the first lines that differ; what was expected comes from the file.
fn first_difference(old: &str, new: &str) -> Option<String> {
    let (mut old, mut new) = (old.lines(), new.lines());
    loop {
        match (old.next(), new.next()) {
            (None, None) => return None,
            (old, new) if old == new => {}
            (old, new) => {
                let line = |line: Option<&str>| line.unwrap_or("(nothing)").to_owned();
                return Some(format!("the page has: {}\nthe engine:   {}", line(old), line(new)));
            }
        }
    }
}

/// Returns the operations in the table of an engine, as they stand there.
pub(crate) fn operations_in_file(kind: Kind) -> Vec<String> {
    let text = read();
    let rows = section(&text, kind).lines().filter_map(|line| line.strip_prefix("| "));
    let named = rows.filter_map(|row| row.split_once(" | `")).map(|(id, _)| id.to_owned());
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_take_each_others_place_and_keep_their_order() {
        let one =
            replaced("", Kind::Podman, "\n## Podman 4, API v4\n\n| A | `GET /a` | 200 | done |\n");
        let both = replaced(&one, Kind::Docker, "\n## Docker 20, API v1\n\nold\n");
        let both = replaced(&both, Kind::Docker, "\n## Docker 20, API v1\n\nnew\n");
        assert!(both.starts_with(PREFACE));
        assert_eq!(
            &both[PREFACE.len()..],
            "\n## Docker 20, API v1\n\nnew\n\n## Podman 4, API v4\n\n| A | `GET /a` | 200 | done |\n"
        );
        assert_eq!(section(&both, Kind::Docker), "\n## Docker 20, API v1\n\nnew\n");
    }

    #[test]
    fn the_first_difference_is_told() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let told = first_difference("a\nb\n", "a\nc\n").expect("a difference");
        assert_eq!(told, "the page has: b\nthe engine:   c");
        assert!(first_difference("a\n", "a\nb\n").is_some());
    }
}
