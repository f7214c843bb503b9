//! `contajners diff ENGINE FROM TO [OPERATION]`, `contajners diff ENGINE@FROM ENGINE@TO [OPERATION]`

use contajners_core::{Api, Change, ChangeKind, Place};
use serde::Serialize;

use crate::args::Form;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::{self, Settings};

/// The exit status when there are differences, as that of `diff` and its kin.
const DIFFERENT: u8 = 1;

/// A difference in the stable JSON.
#[derive(Serialize)]
struct Told<'c> {
    operation: &'c str,
    method: &'static str,
    path: &'c str,
    #[serde(flatten)]
    place: Where<'c>,
    change: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'c str>,
    breaking: bool,
}

#[derive(Serialize)]
#[serde(tag = "in", rename_all = "lowercase")]
enum Where<'c> {
    Operation,
    Parameter { location: &'static str, name: &'c str },
    Body { pointer: &'c str },
    Answer { status: Option<u16>, pointer: &'c str },
}

impl<'c> Told<'c> {
    fn new(change: &'c Change) -> Self {
        let (from, to, value) = match &change.kind {
            ChangeKind::Renamed { from, to }
            | ChangeKind::Moved { from, to }
            | ChangeKind::Type { from, to }
            | ChangeKind::Format { from, to } => (Some(&**from), Some(&**to), None),
            ChangeKind::Default { from, to } => (from.as_deref(), to.as_deref(), None),
            ChangeKind::ValueAdded(value) | ChangeKind::ValueRemoved(value) => {
                (None, None, Some(&**value))
            }
            _ => (None, None, None),
        };
        let place = match &change.place {
            Place::Parameter { location, name } => {
                Where::Parameter { location: location.name(), name }
            }
            Place::Body { pointer } => Where::Body { pointer },
            Place::Answer { status, pointer } => Where::Answer { status: *status, pointer },
            _ => Where::Operation,
        };
        Self {
            operation: &change.operation,
            method: change.method.as_str(),
            path: &change.path,
            place,
            change: change.kind.code(),
            from,
            to,
            value,
            breaking: change.is_breaking(),
        }
    }
}

/// Shows what is different.
pub(crate) fn run(
    words: &[String],
    breaking: bool,
    settings: &Settings,
    output: &mut Output,
) -> Result<(), Failure> {
    let (from, to, operation) = sides(words, settings)?;
    let mut changes = match operation {
        None => from.diff(to),
        Some(name) => of_operation(from, to, name)?,
    };
    if breaking {
        changes.retain(Change::is_breaking);
    }
    let written = match settings.form_of_list() {
        Form::Json => output.json(&changes.iter().map(Told::new).collect::<Vec<_>>(), settings),
        Form::Raw => output.lines(changes.iter().map(|change| {
            let Change { operation, place, kind, .. } = change;
            format!("{operation}\t{place}\t{}", kind.code())
        })),
        Form::Table => output.lines(tree(&changes, settings)),
    };
    Failure::unless_reader_gone(written)?;
    if changes.is_empty() { Ok(()) } else { Err(Failure::Process(DIFFERENT)) }
}

/// Finds the two versions, and the operation when there is one.
fn sides<'w>(
    words: &'w [String],
    settings: &Settings,
) -> Result<(Api<'static>, Api<'static>, Option<&'w str>), Failure> {
    let first = &words[0];
    let (from, to, rest) = match first.split_once('@') {
        Some((engine, _)) => {
            let Some(second) = words.get(1) else { return Err(one_side(first)) };
            let second = match second.contains('@') {
                true => second.clone(),
                false => format!("{engine}@{second}"),
            };
            (first.clone(), second, &words[2..])
        }
        None => {
            let [engine, from, to, ..] = words else { return Err(one_side(first)) };
            (format!("{engine}@{from}"), format!("{engine}@{to}"), &words[3..])
        }
    };
    if let Some(more) = rest.get(1) {
        return Err(Failure::usage(format!("one argument too many: `{more}`")));
    }
    let api = |side: String| {
        let chosen = settings.engine(&crate::args::Engine { engine: side })?;
        chosen.api()
    };
    let (one, two) = (api(from.clone())?, api(to.clone()));
    let two = two.map_err(|failure| match to.split_once('@') {
        // Two engines are meant.
        Some((_, other)) if api(other.to_owned()).is_ok() => {
            let version = if other.contains('@') { "" } else { "@VERSION" };
            failure.with_hint(format!("write `{from} {other}{version}`"))
        }
        _ => failure,
    });
    Ok((one, two?, rest.first().map(|name| &**name)))
}

fn one_side(first: &str) -> Failure {
    Failure::usage("a comparison needs two versions")
        .with_hint(format!("write `{first} FROM TO`, or `{first}@FROM ENGINE@TO`"))
}

fn of_operation(from: Api<'static>, to: Api<'static>, name: &str) -> Result<Vec<Change>, Failure> {
    // The name may be an alias of one.
    let found = settings::operation(from, name).or_else(|_| settings::operation(to, name))?;
    Ok(from.diff_of(to, found.id())?)
}

/// Lays the changes out by operation: `+` for what is new, `-` for what is gone, `~` for what is
/// otherwise; `!` marks what may break a program.
fn tree(changes: &[Change], settings: &Settings) -> Vec<String> {
    let paint = settings.paint;
    let mut lines = Vec::new();
    let mut last: Option<(&str, &str)> = None;
    for change in changes {
        let of = (&*change.path, change.method.as_str());
        let name = format!("{}  {} {}", change.operation, of.1, of.0);
        if change.place == Place::Operation {
            let line = match &change.kind {
                ChangeKind::Added { .. } => format!("+ {name}"),
                ChangeKind::Removed => format!("- {name}  {}", paint.alarm("!")),
                kind => format!("~ {name}  {kind}{}", mark(change, settings)),
            };
            lines.push(line);
            last = Some(of);
            continue;
        }
        if last != Some(of) {
            lines.push(format!("~ {name}"));
            last = Some(of);
        }
        let sign = match &change.kind {
            ChangeKind::Added { .. } | ChangeKind::ValueAdded(_) => '+',
            ChangeKind::Removed | ChangeKind::ValueRemoved(_) => '-',
            _ => '~',
        };
        let told = match &change.kind {
            ChangeKind::Added { required: false } | ChangeKind::Removed => String::new(),
            kind => format!("  {kind}"),
        };
        lines.push(format!("    {sign} {}{told}{}", change.place, mark(change, settings)));
    }
    lines
}

fn mark(change: &Change, settings: &Settings) -> String {
    match change.is_breaking() {
        true => format!("  {}", settings.paint.alarm("!")),
        false => String::new(),
    }
}
