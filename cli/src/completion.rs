//! What a half-typed command line may go on with: from the packs and, for the names of connections,
//! from files; no engine is asked.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command, CommandFactory as _, ValueHint};
use contajners::{Source, System};
use contajners_core::{Additional, Api, Operation, Pack, Schema, SchemaKind};

use crate::args::Cli;
use crate::packs::{self, Own};
use crate::settings;

/// How many references and parts are gone through for the fields of a schema.
const BUDGET: usize = 256;

/// Something that may stand in the place of the word being typed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The whole word.
    pub(crate) text: String,
    /// What it is, in a few words; may be empty.
    pub(crate) about: String,
    /// Whether the word goes on after it.
    pub(crate) is_open: bool,
}

impl Candidate {
    fn new(text: impl Into<String>, about: impl Into<String>) -> Self {
        Self { text: text.into(), about: about.into(), is_open: false }
    }

    fn open(text: impl Into<String>, about: impl Into<String>) -> Self {
        Self { is_open: true, ..Self::new(text, about) }
    }
}

/// What the word being typed may become.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The words that are known.
    pub(crate) candidates: Vec<Candidate>,
    /// Whether it may be the name of a file as well, which the shell knows.
    pub(crate) may_be_file: bool,
}

/// Returns what the word being typed may become, after these words.
pub(crate) fn offer(before: &[String], current: &str) -> Offer {
    let mut root = Cli::command();
    root.build();
    let typed = Typed::new(&root, before);
    let (mut candidates, may_be_file) = match (typed.waiting, current.split_once('=')) {
        (Some(option), _) => (typed.values_of(option), takes_file(option)),
        (None, Some((dashed, _))) if dashed.starts_with("--") => {
            let option = typed.option(&dashed[2..]).filter(|option| takes_value(option));
            let mut values = option.map(|option| typed.values_of(option)).unwrap_or_default();
            for value in &mut values {
                value.text.insert_str(0, &format!("{dashed}="));
            }
            (values, option.is_some_and(takes_file))
        }
        (None, _) if current.starts_with('-') => (typed.options(), false),
        (None, _) => (typed.positional(current), true),
    };
    candidates.retain(|candidate| candidate.text.starts_with(current));
    Offer { candidates, may_be_file }
}

/// A command line as far as it is typed.
struct Typed<'c> {
    command: &'c Command,
    positional: Vec<String>,
    api_version: Option<String>,
    /// The packs of files that are named, as far as they can be used.
    named: Vec<Own>,
    /// The option whose value comes next.
    waiting: Option<&'c Arg>,
}

impl<'c> Typed<'c> {
    fn new(root: &'c Command, before: &[String]) -> Self {
        let mut typed = Self {
            command: root,
            positional: Vec::new(),
            api_version: None,
            named: Vec::new(),
            waiting: None,
        };
        let mut files = Vec::new();
        for word in before {
            if let Some(option) = typed.waiting.take() {
                match option.get_long() {
                    Some("api-version") => typed.api_version = Some(word.clone()),
                    Some("pack") => files.push(at_home(word)),
                    _ => {}
                }
                continue;
            }
            if let Some(long) = word.strip_prefix("--") {
                let (name, value) =
                    long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
                let option = typed.option(name);
                match value {
                    Some(value) if name == "api-version" => typed.api_version = Some(value.into()),
                    Some(value) if name == "pack" => files.push(value.into()),
                    Some(_) => {}
                    None => typed.waiting = option.filter(|own| takes_value(own)),
                }
            } else if let Some(short) = word.strip_prefix('-').filter(|short| !short.is_empty()) {
                typed.waiting = waiting_behind(typed.command, short);
            } else if std::ptr::eq(typed.command, root) {
                match root.find_subcommand(word) {
                    Some(command) => typed.command = command,
                    None => typed.positional.push(word.clone()),
                }
            } else {
                typed.positional.push(word.clone());
            }
        }
        typed.named = packs::usable(&files);
        typed
    }

    fn option(&self, long: &str) -> Option<&'c Arg> {
        self.command.get_arguments().find(|own| own.get_long() == Some(long))
    }

    fn options(&self) -> Vec<Candidate> {
        let options = self.command.get_arguments().filter(|own| !own.is_hide_set());
        options
            .filter_map(|own| {
                let about = own.get_help().map(ToString::to_string).unwrap_or_default();
                Some(Candidate::new(format!("--{}", own.get_long()?), about))
            })
            .collect()
    }

    fn values_of(&self, option: &Arg) -> Vec<Candidate> {
        if option.get_long() == Some("api-version") {
            return self.pack().map(versions).unwrap_or_default();
        }
        if option.get_long() == Some("content-type") {
            let body = self.operation().and_then(|operation| operation.body());
            let types = body.into_iter().flat_map(|body| body.media_types());
            return types.map(|name| Candidate::new(name, "")).collect();
        }
        if option.get_long() == Some("connection") {
            return self.connections();
        }
        if option.get_long() == Some("answer") {
            let responses = self.operation().into_iter().flat_map(|own| own.responses());
            let statuses = responses.filter_map(|response| response.status());
            return statuses.map(|status| Candidate::new(status.to_string(), "")).collect();
        }
        let values = option.get_possible_values();
        let values = values.iter().filter(|value| !value.is_hide_set());
        values
            .map(|value| {
                let about = value.get_help().map(ToString::to_string).unwrap_or_default();
                Candidate::new(value.get_name(), about)
            })
            .collect()
    }

    /// Contexts and connections, of the engine that is named or of all that are built in.
    fn connections(&self) -> Vec<Candidate> {
        let packs: Vec<Pack<'static>> = match self.positional.is_empty() {
            true => contajners::engines().filter_map(|own| contajners::pack(own).ok()).collect(),
            false => self.pack().into_iter().collect(),
        };
        let all = packs.into_iter().flat_map(|pack| contajners::connections(pack, &System));
        let all = all.filter_map(|source| match source {
            Source::Context(name) => Some((name, "Docker context")),
            Source::Connection(name) => Some((name, "Podman connection")),
            _ => None,
        });
        let is_shown = |(name, _): &(String, _)| !name.contains(char::is_control);
        all.filter(is_shown).map(|(name, about)| Candidate::new(name, about)).collect()
    }

    fn positional(&self, current: &str) -> Vec<Candidate> {
        let is_first = self.positional.is_empty();
        match (self.command.get_name(), self.positional.len()) {
            // Help has the names of all commands below it.
            ("contajners" | "help", 0) => self
                .command
                .get_subcommands()
                .filter(|own| !own.is_hide_set())
                .map(|own| {
                    let about = own.get_about().map(ToString::to_string).unwrap_or_default();
                    Candidate::new(own.get_name(), about)
                })
                .collect(),
            // A folder is for the shell to complete.
            ("engines" | "contajners" | "man" | "help", _) => Vec::new(),
            ("completion", 0) => {
                ["bash", "fish", "zsh"].map(|shell| Candidate::new(shell, "")).into()
            }
            ("diff", number) => self.side(number, current),
            (_, _) if is_first => self.engines(current),
            ("ops", 1) => self.categories(),
            ("doc" | "resolve" | "invoke" | "check", 1) => self.operations(current),
            ("wait", 1) => self.states(),
            ("wait", _) => self.parameters_of_state(current),
            ("explain", 1) => self.fields(current),
            ("request", 1) => ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"]
                .map(|own| Candidate::new(own, ""))
                .into(),
            ("resolve" | "invoke" | "check", _) => self.parameters(current),
            _ => Vec::new(),
        }
    }

    /// A side of a comparison: an engine with or without its version, a version, an operation.
    fn side(&self, number: usize, current: &str) -> Vec<Candidate> {
        let with_version = self.positional.first().is_some_and(|first| first.contains('@'));
        match (number, with_version) {
            (0, _) => self.engines(current),
            (1, true) => {
                let mut all = self.engines(current);
                all.extend(self.pack().map(versions).unwrap_or_default());
                all
            }
            (1 | 2, false) => self.pack().map(versions).unwrap_or_default(),
            (2, true) | (3, false) => self.operations(current),
            _ => Vec::new(),
        }
    }

    /// Engines, or versions of the one that is typed.
    fn engines(&self, current: &str) -> Vec<Candidate> {
        if let Some((engine, _)) = current.split_once('@') {
            let all = packs::find(engine, &self.named).map(versions).unwrap_or_default();
            return all
                .into_iter()
                .map(|version| Candidate::new(format!("{engine}@{}", version.text), ""))
                .collect();
        }
        packs::names(&self.named).into_iter().map(|name| Candidate::new(name, "")).collect()
    }

    fn pack(&self) -> Option<Pack<'static>> {
        let engine = self.positional.first()?.split('@').next()?;
        packs::find(engine, &self.named)
    }

    fn api(&self) -> Option<Api<'static>> {
        let pack = self.pack()?;
        let own = self.positional.first().and_then(|engine| engine.split_once('@'));
        match own.map(|(_, version)| version).or(self.api_version.as_deref()) {
            Some(version) => pack.api(version).ok(),
            None => pack.newest(),
        }
    }

    fn operation(&self) -> Option<Operation<'static>> {
        settings::operation(self.api()?, self.positional.get(1)?).ok()
    }

    fn categories(&self) -> Vec<Candidate> {
        let all = self.api().map(|api| api.categories()).unwrap_or_default();
        all.into_iter().map(|name| Candidate::new(name, "")).collect()
    }

    /// Operations as the vendor spells them, or by their alias where that alone begins as the word
    /// does.
    fn operations(&self, current: &str) -> Vec<Candidate> {
        let Some(api) = self.api() else { return Vec::new() };
        let mut all: Vec<Candidate> = api
            .operations()
            .map(|operation| {
                let about = format!("{} {}", operation.method(), operation.path());
                match operation.id() {
                    id if id.starts_with(current) => Candidate::new(id, about),
                    id => Candidate::new(settings::alias(id), about),
                }
            })
            .collect();
        all.sort_by(|one, other| one.text.cmp(&other.text));
        all
    }

    fn states(&self) -> Vec<Candidate> {
        let waiters = self.api().into_iter().flat_map(|api| api.waiters());
        waiters.map(|waiter| Candidate::new(waiter.name(), waiter.operation_id())).collect()
    }

    /// Parameters by the names that the waiter of a state has for them, and their values.
    fn parameters_of_state(&self, current: &str) -> Vec<Candidate> {
        let name = self.positional.get(1).map_or("", |name| name);
        let waiter = self.api().and_then(|api| api.waiter(name).ok());
        let Some((waiter, operation)) = waiter.and_then(|own| Some((own, own.operation().ok()?)))
        else {
            return Vec::new();
        };
        if let Some((name, _)) = current.split_once('=') {
            let renamed = waiter.parameters().find(|(own, _)| *own == name);
            return values_for(operation, name, renamed.map_or(name, |(_, theirs)| theirs));
        }
        operation
            .parameters()
            .filter_map(|parameter| {
                let theirs = parameter.bare_name();
                let own = waiter.parameters().find(|(_, name)| *name == theirs);
                let name = own.map_or(theirs, |(own, _)| own);
                let about = format!("{} {}", parameter.location(), parameter.schema().label());
                (!self.is_given(name)).then(|| Candidate::open(format!("{name}="), about))
            })
            .collect()
    }

    /// Tells whether a parameter has been given.
    fn is_given(&self, name: &str) -> bool {
        self.positional
            .iter()
            .skip(2)
            .any(|word| word.split('=').next().is_some_and(|own| own.trim_end_matches(':') == name))
    }

    /// Parameters and, once one is named, its values.
    fn parameters(&self, current: &str) -> Vec<Candidate> {
        let Some(operation) = self.operation() else { return Vec::new() };
        if let Some((name, _)) = current.split_once('=') {
            let name = name.trim_end_matches(':');
            return values_for(operation, name, name);
        }
        operation
            .parameters()
            .filter(|parameter| {
                let schema = parameter.schema().resolved();
                schema.kind() == SchemaKind::Array || !self.is_given(parameter.bare_name())
            })
            .map(|parameter| {
                let about = format!("{} {}", parameter.location(), parameter.schema().label());
                Candidate::open(format!("{}=", parameter.bare_name()), about)
            })
            .collect()
    }

    /// The path of a field, as far as it is typed.
    fn fields(&self, current: &str) -> Vec<Candidate> {
        let Some(api) = self.api() else { return Vec::new() };
        let Some((before, _)) = current.rsplit_once('.') else {
            let mut all = self.operations(current);
            all.extend(api.definitions().map(|(name, _)| Candidate::new(name, "definition")));
            for candidate in &mut all {
                candidate.is_open = true;
            }
            return all;
        };
        let mut names = before.split('.');
        let Some(root) = names.next() else { return Vec::new() };
        let names: Vec<&str> = names.collect();
        let mut all: Vec<Candidate> = Vec::new();
        let id = settings::operation(api, root).map_or(root, |operation| operation.id());
        for schema in api.schemas_of(id) {
            let Some(inside) = schema.follow(&names) else { continue };
            properties(inside, &mut { BUDGET }, &mut |name, schema| {
                let text = format!("{before}.{name}");
                if !all.iter().any(|known| known.text == text) {
                    all.push(Candidate::new(text, schema.label()));
                }
            });
        }
        all
    }
}

/// The option that waits for its value behind these letters: the first that takes one takes all that
/// stands behind it, if anything does.
fn waiting_behind<'c>(command: &'c Command, letters: &str) -> Option<&'c Arg> {
    let mut letters = letters.chars();
    let option = letters.find_map(|letter| {
        let mut options = command.get_arguments();
        options.find(|own| own.get_short() == Some(letter) && takes_value(own))
    })?;
    letters.as_str().is_empty().then_some(option)
}

fn takes_value(option: &Arg) -> bool {
    matches!(option.get_action(), ArgAction::Set | ArgAction::Append)
}

/// Tells whether a file or a folder is a value of an option, or may stand behind the `@` of one.
fn takes_file(option: &Arg) -> bool {
    option.get_value_hint() == ValueHint::AnyPath || option.get_long() == Some("data")
}

/// The file that a shell makes of a word: one in the user's home, perhaps.
fn at_home(word: &str) -> PathBuf {
    match (word.strip_prefix("~/"), settings::set("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => word.into(),
    }
}

/// The versions of a pack, newest first.
fn versions(pack: Pack<'static>) -> Vec<Candidate> {
    pack.versions().rev().map(|version| Candidate::new(version, "")).collect()
}

/// What may be typed for a parameter, which the operation has by a name of its own.
fn values_for(operation: Operation<'_>, typed: &str, name: &str) -> Vec<Candidate> {
    let parameter = operation.parameters().find(|parameter| parameter.is_named(name));
    let values = parameter.map(|parameter| values(parameter.schema())).unwrap_or_default();
    values.into_iter().map(|value| Candidate::new(format!("{typed}={value}"), "")).collect()
}

/// The values that a parameter may have, where that is known.
fn values(schema: Schema<'_>) -> Vec<String> {
    let schema = schema.resolved();
    let schema = schema.items().map_or(schema, Schema::resolved);
    if schema.kind() == SchemaKind::Boolean {
        return vec!["true".into(), "false".into()];
    }
    schema.members().map(|member| member.trim_matches('"').to_owned()).collect()
}

/// The fields of a schema, those of its parts, of items and of a map's values among them.
fn properties<'a>(
    schema: Schema<'a>,
    budget: &mut usize,
    tell: &mut impl FnMut(&'a str, Schema<'a>),
) {
    let Some(left) = budget.checked_sub(1) else { return };
    *budget = left;
    let schema = schema.resolved();
    schema.properties().for_each(|property| tell(property.name, property.schema));
    for part in schema.parts().chain(schema.items()) {
        properties(part, budget, tell);
    }
    if let Additional::Schema(values) = schema.additional() {
        properties(values, budget, tell);
    }
}
