//! What the command line and the environment come to.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal, Read as _, stdout};
use std::path::{Path, PathBuf};

use contajners::{ClientBuilder, Discovered, Surroundings, System, Tls, discover};
use contajners_core::{Api, ApiVersion, Operation, Pack, ResolveErrorKind, nearest};

use crate::args::{self, Form, FormName, Global, When};
use crate::failure::Failure;
use crate::output::remark;
use crate::packs::{self, Own};
use crate::render::json::Layout;
use crate::render::{Paint, plain};

/// Lines of prose are not made longer than this, however wide the terminal.
const READABLE: usize = 100;

/// The options that hold for the whole run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// As typed; looked up in the engine's pack.
    api_version: Option<String>,
    /// Where the engine listens, when that is said.
    host: Option<String>,
    /// The context or the connection to use, when that is said.
    connection: Option<String>,
    tls: args::Tls,
    /// Packs that are named.
    packs: Vec<PathBuf>,
    /// The form of the output, when that is said.
    form: Option<Form>,
    /// Whether each item of a list is a line.
    has_lines: bool,
    /// Whether standard output is a terminal.
    pub(crate) is_terminal: bool,
    /// The width of the terminal; `None` in a pipe, where lines may be of any length.
    pub(crate) width: Option<usize>,
    /// How to colour.
    pub(crate) paint: Paint,
    /// Whether to tell what is sent and answered.
    pub(crate) verbose: bool,
}

impl Settings {
    /// Resolves the options with what the environment says.
    pub(crate) fn new(global: Global) -> Self {
        let is_terminal = stdout().is_terminal();
        let colours = match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                is_terminal
                    && set("NO_COLOR").is_none()
                    && env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        let columns = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let measured = || {
            is_terminal.then(|| {
                terminal_size::terminal_size_of(stdout())
                    .map_or(80, |(terminal_size::Width(width), _)| usize::from(width))
            })
        };
        Self {
            api_version: global.api_version,
            host: global.host,
            connection: global.connection,
            tls: global.tls,
            packs: global.packs,
            form: global.output.map(Form::from),
            has_lines: global.output == Some(FormName::Ndjson),
            is_terminal,
            width: columns.filter(|&columns: &usize| columns > 0).or_else(measured),
            paint: Paint::new(colours),
            verbose: global.verbose,
        }
    }

    /// Returns the form that was asked for.
    pub(crate) fn form(&self) -> Option<Form> {
        self.form
    }

    /// Returns how JSON is laid out, which is indented where people look at it.
    pub(crate) fn layout(&self, is_for_people: bool) -> Layout {
        match (self.has_lines, is_for_people) {
            (true, _) => Layout::Lines,
            (false, true) => Layout::Pretty,
            (false, false) => Layout::Compact,
        }
    }

    /// Returns the form of lists: tables for people, JSON for programs.
    pub(crate) fn form_of_list(&self) -> Form {
        self.form.unwrap_or(if self.is_terminal { Form::Table } else { Form::Json })
    }

    /// Returns the form of pages, which are read also through a pager.
    pub(crate) fn form_of_page(&self) -> Form {
        self.form.unwrap_or(Form::Table)
    }

    /// Returns the width of running text.
    pub(crate) fn text_width(&self) -> usize {
        self.width.unwrap_or(80).min(READABLE)
    }

    /// Begins to set up a client, as far as where the engine is goes.
    pub(crate) fn builder(&self, pack: Pack<'static>) -> Result<ClientBuilder, Failure> {
        const NAME: &str = concat!("contajners/", env!("CARGO_PKG_VERSION"));
        let mut builder = ClientBuilder::from_opened(pack).user_agent(NAME);
        if let Some(host) = &self.host {
            builder = builder.uri(host);
        }
        if let Some(name) = &self.connection {
            builder = builder.connection(name);
        }
        let is_dockers = pack.addresses().any(|address| address == "$DOCKER_HOST");
        let found = match &self.host {
            // As with its command the variables hold for an address that is typed, too.
            Some(_) if is_dockers => Tls::from_docker_variables(&System),
            Some(_) => None,
            // What cannot be found is told where the client is made.
            None if self.tls.is_typed() => builder.discover().ok().and_then(|found| found.tls),
            None => None,
        };
        let tls =
            if self.tls.is_typed() { Some(self.typed_tls(is_dockers, found)?) } else { found };
        Ok(match tls {
            Some(tls) => builder.tls(tls),
            None => builder,
        })
    }

    /// Returns what the options say about TLS, and for the rest what was found.
    fn typed_tls(&self, is_dockers: bool, found: Option<Tls>) -> Result<Tls, Failure> {
        let typed = &self.tls;
        // A context has its own.
        let found = found.unwrap_or_else(|| match typed.tls && is_dockers {
            true => Tls::from_docker_files(&System),
            false => Tls::new(),
        });
        let mut tls = Tls::new();
        if let Some(file) = typed.tls_ca.as_deref().or(found.ca_path()) {
            tls = tls.ca_file(file);
        }
        let identity = typed.tls_cert.as_deref().zip(typed.tls_key.as_deref());
        if let Some((certificate, key)) = identity.or(found.identity_paths()) {
            tls = tls.identity_files(certificate, key);
        }
        if let Some(file) = &typed.tls_key_password {
            tls = tls.key_password(first_line(file)?);
        }
        // Whoever names whom to trust, or asks for TLS, wants it looked at.
        let is_as_found = !typed.tls && typed.tls_ca.is_none();
        let is_skipped = typed.tls_skip_verify || is_as_found && !found.is_verified();
        Ok(if is_skipped { tls.skip_verify() } else { tls })
    }

    /// Finds where an engine would be called, for showing: nothing is sent, and an environment
    /// that makes no sense is told and passed over.
    pub(crate) fn place_to_show(&self, pack: Pack<'static>) -> Result<Discovered, Failure> {
        match self.builder(pack)?.discover() {
            Err(error) if self.host.is_none() && self.connection.is_none() => {
                let place = discover(pack, &Bare)?;
                let why = Failure::from(error).line();
                remark(format_args!("note: showing the default address, because {why}"));
                Ok(place)
            }
            found => Ok(found?),
        }
    }

    /// Returns the packs that are named.
    pub(crate) fn named_packs(&self) -> Result<Vec<Own>, Failure> {
        packs::named(&self.packs)
    }

    /// Finds an engine's pack: among those that are named, that are built in, and of the user's
    /// folder.
    fn pack(&self, engine: &str) -> Result<Pack<'static>, Failure> {
        let named = self.named_packs()?;
        let is_built_in = contajners::engines().any(|name| name == engine);
        if let Some(own) = named.iter().find(|own| own.name == engine) {
            if is_built_in {
                let file = own.file.display();
                remark(format_args!("note: `{engine}` is {file} here, not the built-in pack"));
            }
            return Ok(own.pack);
        }
        if is_built_in {
            if let Some(shadowed) = packs::shadowed(engine) {
                remark(format_args!("note: {}", plain(&shadowed.line())));
            }
            return Ok(contajners::pack(engine)?);
        }
        let found = packs::found();
        if let Some(own) = found.packs.iter().find(|own| own.name == engine) {
            return Ok(own.pack);
        }
        let own = named.iter().chain(&found.packs).map(|own| own.name);
        // A pack that is named may take a built-in one's place.
        let known: BTreeSet<&str> = contajners::engines().chain(own).collect();
        let known: Vec<&str> = known.into_iter().collect();
        let mut failure = Failure::usage(format!("unknown engine `{engine}`"));
        for passed_over in &found.passed_over {
            failure = failure.because(passed_over.line());
        }
        Err(failure.with_hint(match nearest(engine, known.iter().copied()).as_slice() {
            [] => match engine_with(engine) {
                Some(own) => format!("the engine comes first: `{own} {engine}`"),
                None => format!("the engines are `{}`", known.join("`, `")),
            },
            near => format!("did you mean `{}`?", near.join("` or `")),
        }))
    }

    /// Finds the engine's pack and the API version asked for, if one is.
    pub(crate) fn engine(&self, typed: &args::Engine) -> Result<Chosen, Failure> {
        let (name, own) = match typed.engine.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (&*typed.engine, None),
        };
        let pack = self.pack(name)?;
        let version = match (own, self.api_version.as_deref()) {
            (Some(own), Some(option)) if !is_same_version(own, option) => {
                return Err(Failure::usage(format!("two API versions: `{own}` and `{option}`"))
                    .with_hint("give `ENGINE@VERSION` or `--api-version`, not both"));
            }
            (own, option) => own.or(option),
        };
        let pinned = version.map(|version| pack.api(version)).transpose()?;
        Ok(Chosen { pack, pinned })
    }
}

/// Reads the first line of a file that holds a password.
fn first_line(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    read.map_err(|error| Failure::unreadable(file, &error))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

/// How much is read of a file that holds a password.
const LONGEST: u64 = 64 << 10;

/// A machine on which nothing is set and nothing is there.
struct Bare;

impl Surroundings for Bare {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }

    fn exists(&self, _: &Path) -> bool {
        false
    }

    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

/// An engine, and the API version asked for.
#[derive(Debug)]
pub(crate) struct Chosen {
    /// The engine's pack.
    pub(crate) pack: Pack<'static>,
    /// The version, when one is asked for.
    pub(crate) pinned: Option<Api<'static>>,
}

impl Chosen {
    /// Returns the version asked for, or the newest.
    pub(crate) fn api(&self) -> Result<Api<'static>, Failure> {
        self.pinned
            .or_else(|| self.pack.newest())
            .ok_or_else(|| Failure::usage(format!("{} has no API versions", self.pack.engine())))
    }
}

/// Returns a variable of the environment that is set; one that is empty is not.
pub(crate) fn set(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// Finds an operation by the vendor's name, or by its alias for the command line:
/// `container-list` for `ContainerList`.
pub(crate) fn operation<'a>(api: Api<'a>, typed: &str) -> Result<Operation<'a>, Failure> {
    let error = match api.operation(typed) {
        Ok(operation) => return Ok(operation),
        Err(error) => error,
    };
    if error.kind() == ResolveErrorKind::UnknownOperation {
        let mut aliased = api.operations().filter(|operation| alias(operation.id()) == typed);
        if let (Some(operation), None) = (aliased.next(), aliased.next()) {
            return Ok(operation);
        }
        // An alias from another version: its name has a history to tell.
        if let Some(id) = api.pack().operation_ids().find(|id| alias(id) == typed)
            && let Err(error) = api.operation(id)
        {
            return Err(error.into());
        }
    }
    Err(Failure::from(error)
        .with_usage_hint(&format!("`contajners ops {}` lists them", typed_as(api))))
}

/// Returns the first of the built-in engines that has an operation of this name.
pub(crate) fn engine_with(operation: &str) -> Option<&'static str> {
    contajners::engines().find(|engine| {
        let newest = contajners::pack(engine).ok().and_then(|pack| pack.newest());
        newest.is_some_and(|api| self::operation(api, operation).is_ok())
    })
}

/// How a version is typed: `docker` for the newest, `docker@v1.41` for another.
pub(crate) fn typed_as(api: Api<'_>) -> String {
    let is_newest = api.pack().newest().is_some_and(|newest| newest.version() == api.version());
    match is_newest {
        true => api.engine().to_owned(),
        false => format!("{}@{}", api.engine(), api.version()),
    }
}

/// The name of an operation in lower case, with dashes between its words.
pub(crate) fn alias(id: &str) -> String {
    let mut out = String::with_capacity(id.len() + 4);
    let chars: Vec<char> = id.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|before| chars[before]);
        let begins_word = c.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_ascii_digit()
                    || before.is_uppercase()
                        && chars.get(at + 1).is_some_and(|after| after.is_lowercase())
            });
        if begins_word {
            out.push('-');
        }
        match c {
            '_' | ' ' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

fn is_same_version(a: &str, b: &str) -> bool {
    a == b || ApiVersion::parse(a).is_some_and(|a| Some(a) == ApiVersion::parse(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_are_words_with_dashes() {
        let check = |id: &str, expected: &str| assert_eq!(alias(id), expected);
        check("ContainerList", "container-list");
        check("ContainersStatsAllLibpod", "containers-stats-all-libpod");
        check("createVM", "create-vm");
        check("VMCreate", "vm-create");
        check("server_get", "server-get");
        check("", "");
    }

    #[test]
    fn no_alias_stands_for_two_operations() {
        for engine in contajners::engines() {
            for api in contajners::pack(engine).unwrap().apis() {
                let mut aliases: Vec<_> = api.operations().map(|op| alias(op.id())).collect();
                let count = aliases.len();
                aliases.sort_unstable();
                aliases.dedup();
                assert_eq!(aliases.len(), count, "{api:?}");
            }
        }
    }
}
