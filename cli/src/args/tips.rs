//! Tips beside errors of the command line: how is written here what other programs write otherwise,
//! and clap knows nothing of.

use std::ffi::OsString;

use clap::CommandFactory as _;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use contajners_core::{Operation, Pack, SchemaKind, is_secret_header};

use super::Cli;
use crate::settings;

const PARAMETERS: &str =
    "parameters are written `name=value`; `contajners doc ENGINE OPERATION` lists them";

/// Adds a tip to an error, where there is one to give.
pub(super) fn add(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    let typed = Typed::new(words);
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let tip = match error.kind() {
        ErrorKind::UnknownArgument => text(ContextKind::InvalidArg)
            .filter(|option| option.starts_with('-'))
            .and_then(|option| typed.of_option(option, text(ContextKind::SuggestedArg).is_some())),
        ErrorKind::InvalidSubcommand => text(ContextKind::InvalidSubcommand).map(of_command),
        ErrorKind::MissingRequiredArgument => typed.of_missing(error.get(ContextKind::InvalidArg)),
        _ => None,
    };
    let Some(tip) = tip else { return error };
    let is_engine = text(ContextKind::InvalidSubcommand).is_some_and(|word| pack(word).is_some());
    if error.remove(ContextKind::SuggestedArg).is_some() {
        // It shows what was suggested, too.
        let mut root = Cli::command();
        root.build();
        if let Some(own) = typed.command.and_then(|name| root.find_subcommand_mut(name)) {
            error.insert(ContextKind::Usage, ContextValue::StyledStr(own.render_usage()));
        }
    }
    if is_engine {
        // `doc` is like `docker`.
        error.remove(ContextKind::SuggestedSubcommand);
    }
    let tips = ContextValue::StyledStrs(vec![StyledStr::from(tip)]);
    error.insert(ContextKind::Suggested, tips);
    error
}

/// Of a command that there is not: the name of an engine, perhaps, or what its own tool has.
fn of_command(unknown: &str) -> String {
    let engine = pack(unknown).map(|_| unknown);
    let (called, listed) = (engine.unwrap_or("ENGINE"), engine.unwrap_or("docker"));
    format!(
        "operations are called with `contajners invoke {called} OPERATION`; `contajners ops {listed}` \
         lists them"
    )
}

/// A command line that is wrong, as far as it can be made out.
struct Typed<'w> {
    words: Vec<&'w str>,
    command: Option<&'w str>,
    engine: Option<&'w str>,
}

impl<'w> Typed<'w> {
    fn new(words: &'w [OsString]) -> Self {
        let words: Vec<&str> = words.iter().skip(1).filter_map(|word| word.to_str()).collect();
        let root = Cli::command();
        let is_command = |word: &&str| root.get_subcommands().any(|own| own.get_name() == *word);
        let command = words.iter().copied().find(is_command);
        let engine = words.iter().copied().find(|word| pack(word).is_some());
        Self { words, command, engine }
    }

    /// The words that are no options, the values of options among them.
    fn bare(&self) -> impl Iterator<Item = &'w str> {
        self.words.iter().copied().filter(|word| !word.starts_with('-'))
    }

    fn operation(&self) -> Option<Operation<'static>> {
        let engine = self.engine?;
        let pack = pack(engine)?;
        let api = match engine.split_once('@') {
            Some((_, version)) => pack.api(version).ok()?,
            None => pack.newest()?,
        };
        let mut behind = self.bare().skip_while(|word| *word != engine).skip(1);
        behind.find_map(|word| settings::operation(api, word).ok())
    }

    /// What seems to be the value of an option.
    fn value(&self, option: &str) -> Option<&'w str> {
        let at = self.words.iter().position(|word| word.split('=').next() == Some(option));
        let value = match at {
            Some(at) => match self.words[at].split_once('=') {
                Some((_, value)) => Some(value),
                None => self.words.get(at + 1).copied().filter(|next| !next.contains('=')),
            },
            // It stands right behind the letter.
            None if option.starts_with("--") => None,
            None => self.words.iter().find_map(|word| word.strip_prefix(option)),
        };
        value.filter(|value| !value.starts_with('-'))
    }

    /// Of an option that there is not.
    fn of_option(&self, option: &str, is_like_another: bool) -> Option<String> {
        let command = self.command?;
        let value = self.value(option);
        let takes_parameters = matches!(command, "invoke" | "resolve" | "check" | "wait");
        let takes_body = matches!(command, "invoke" | "resolve" | "check" | "request");
        let name = option.strip_prefix("--").filter(|_| takes_parameters);
        let written = |name: &str, value: &str| {
            let value = if is_secret_header(name) { "…" } else { value };
            format!("parameters are written `{name}={value}`")
        };
        let operation = if takes_parameters { self.operation() } else { None };
        let mut parameters = operation.into_iter().flat_map(|operation| operation.parameters());
        if let Some(name) = name
            && let Some(own) = parameters.find(|own| own.is_named(name))
        {
            let is_switch = own.schema().resolved().kind() == SchemaKind::Boolean;
            let value = value.filter(|value| !is_switch || matches!(*value, "false" | "0"));
            return Some(written(name, value.unwrap_or(if is_switch { "true" } else { "…" })));
        }
        match option {
            "--body" | "--json" | "--data-binary" | "--data-raw" if takes_body => {
                Some("a body is written `--data JSON`, `--data @file` or `--data -`".into())
            }
            "--input" | "--form" | "-F" if takes_body => {
                Some(format!("a file is sent with `--data @{}`", value.unwrap_or("file")))
            }
            "--context" if command != "invoke" => Some(format!(
                "a Docker context is named with `--connection {}`",
                value.unwrap_or("NAME")
            )),
            // So it is with the engines' own commands, in front of what to do.
            "-H" => Some("the address of the engine goes with `--host`".into()),
            "-X" | "--request" if command == "request" => {
                let (engine, method) = (self.engine.unwrap_or("ENGINE"), value.unwrap_or("METHOD"));
                let path = self.bare().find(|word| word.starts_with('/')).unwrap_or("/PATH");
                // A query may hold secrets.
                let path = path.split('?').next().unwrap_or_default();
                Some(format!(
                    "the method is a word of its own: `contajners request {engine} {method} {path}`"
                ))
            }
            "-i" | "--include" if command == "request" => {
                Some("`-v` shows the heads of requests and answers".into())
            }
            "-i" if command == "invoke" => {
                Some(format!("{PARAMETERS}; `-v` shows the heads of requests and answers"))
            }
            _ if is_like_another => None,
            _ => match name {
                Some(name) => Some(written(name, value.unwrap_or("true"))),
                // A letter may stand for any of them.
                None => takes_parameters.then(|| PARAMETERS.into()),
            },
        }
    }

    /// Of something that is left out: the engine, perhaps.
    fn of_missing(&self, missing: Option<&ContextValue>) -> Option<String> {
        let Some(ContextValue::Strings(missing)) = missing else { return None };
        let command = self.command?;
        if !missing.iter().any(|own| own == "<OPERATION>") {
            return None;
        }
        if let Some(engine) = self.engine {
            return Some(format!("`contajners ops {engine}` lists the operations"));
        }
        self.bare().find_map(|word| {
            let engine = settings::engine_with(word)?;
            Some(format!("the engine comes first: `contajners {command} {engine} {word}`"))
        })
    }
}

/// The built-in pack of an engine, which may be named with a version.
fn pack(engine: &str) -> Option<Pack<'static>> {
    contajners::pack(engine.split('@').next()?).ok()
}
