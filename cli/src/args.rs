//! The command line as it is typed.

mod examples;
mod tips;
mod wait;

use std::env;
use std::ffi::{OsStr, OsString};
use std::io::{Write as _, stdout};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{
    Args, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};

pub(crate) use wait::{Limit, Wait};

use crate::failure::{Failure, Status};

/// Any operation of any version of a container engine's API, by the vendor's name for it.
///
/// The catalogue commands (engines, versions, categories, ops, doc, explain, diff, resolve, check)
/// read what is built into the program: they need no engine and no network. `invoke`, `request`
/// and `wait` talk to an engine.
#[derive(Debug, Parser)]
#[command(name = "contajners", version, max_term_width = 100, after_help = examples::SHORT)]
#[command(after_long_help = examples::LONG, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads what is typed; where that is to end with help, or with what is wrong with it, says so and
    /// returns the exit status.
    pub(crate) fn typed() -> Result<Self, ExitCode> {
        let words: Vec<OsString> = env::args_os().collect();
        let matches = Self::command().color(colour_of(&words)).try_get_matches_from(&words);
        let typed = matches
            .map_err(|error| tips::add(error, &words))
            .and_then(|matches| Self::from_arg_matches(&matches));
        typed.map_err(|said| {
            let written = said.print().and_then(|()| stdout().flush());
            match written {
                // Whether anybody heard of it is no matter.
                _ if said.use_stderr() => ExitCode::from(Status::Usage as u8),
                Err(error) => Failure::from(error).tell(),
                Ok(()) => ExitCode::SUCCESS,
            }
        })
    }
}

/// What `--color` says, before anything else is read: help and errors of the command line have
/// colours, too.
fn colour_of(words: &[OsString]) -> ColorChoice {
    let mut words = words.iter().filter_map(|word| word.to_str()).take_while(|word| *word != "--");
    let mut choice = ColorChoice::Auto;
    while let Some(word) = words.next() {
        let Some(rest) = word.strip_prefix("--color") else { continue };
        let when = if rest.is_empty() { words.next() } else { rest.strip_prefix('=') };
        choice = match when {
            Some("always") => ColorChoice::Always,
            Some("never") => ColorChoice::Never,
            _ => choice,
        };
    }
    choice
}

/// Options that every command takes.
#[derive(Debug, Args)]
pub(crate) struct Global {
    /// API version, such as v1.41 [default: the newest known; `invoke` and `wait` agree on one with
    /// the engine]
    #[arg(long, value_name = "VERSION", global = true, help_heading = "Global options")]
    pub(crate) api_version: Option<String>,

    /// Where the engine listens: unix:///path, tcp://host:port … [default: its usual place]
    #[arg(long, value_name = "URI", global = true, help_heading = "Global options")]
    pub(crate) host: Option<String>,

    /// Docker context or Podman connection to use [default: the current one]
    #[arg(short, long, value_name = "NAME", global = true, help_heading = "Global options")]
    #[arg(conflicts_with = "host")]
    pub(crate) connection: Option<String>,

    #[command(flatten)]
    pub(crate) tls: Tls,

    /// Pack of an engine that is not built in, or to use in place of one that is [may be repeated]
    #[arg(long = "pack", value_name = "FILE", global = true, help_heading = "Global options")]
    pub(crate) packs: Vec<PathBuf>,

    /// Form of the output [default: json; on a terminal, table for lists and diff; text for
    /// doc, explain, where, resolve, check]
    #[arg(short, long, value_name = "FORM", global = true, help_heading = "Global options")]
    #[arg(hide_possible_values = true)]
    pub(crate) output: Option<FormName>,

    /// Colour: auto, always or never; auto honours NO_COLOR
    #[arg(long, value_name = "WHEN", global = true, help_heading = "Global options")]
    #[arg(default_value = "auto", hide_default_value = true, hide_possible_values = true)]
    pub(crate) color: When,

    /// Show the heads of all requests and answers on standard error; secrets are hidden in headers,
    /// but not in queries
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
}

/// How a connection is secured; what is not typed is as the environment, the context or the
/// connection says.
#[derive(Debug, Args)]
pub(crate) struct Tls {
    /// Use TLS for tcp:// addresses; for docker, and any engine whose pack looks at DOCKER_HOST, with
    /// the files of its context, or those that the Docker command uses: ca.pem, cert.pem and key.pem in
    /// DOCKER_CERT_PATH, DOCKER_CONFIG or ~/.docker; for others trusting what their connection names, or
    /// the system's CAs
    #[arg(long, alias = "tlsverify", global = true, help_heading = "TLS", hide_short_help = true)]
    pub(crate) tls: bool,

    /// CAs to trust, PEM [default: the system's; with --tls for docker, its ca.pem]
    #[arg(long, alias = "tlscacert", global = true, help_heading = "TLS", hide_short_help = true)]
    #[arg(value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,

    /// Certificate of the client, PEM
    #[arg(long, alias = "tlscert", global = true, help_heading = "TLS", hide_short_help = true)]
    #[arg(value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,

    /// Its key, PEM: PKCS#8, PKCS#1 or SEC1
    #[arg(long, alias = "tlskey", global = true, help_heading = "TLS", hide_short_help = true)]
    #[arg(value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,

    /// File with the password of the key, on its first line [default: ask on the terminal]
    #[arg(long, global = true, help_heading = "TLS", hide_short_help = true)]
    #[arg(value_name = "FILE")]
    pub(crate) tls_key_password: Option<PathBuf>,

    /// Accept any certificate: whoever is in between can read and change everything
    #[arg(long, global = true, help_heading = "TLS", hide_short_help = true)]
    pub(crate) tls_skip_verify: bool,
}

impl Tls {
    /// Tells whether any of it was typed.
    pub(crate) fn is_typed(&self) -> bool {
        let is_named = self.tls_ca.is_some() || self.tls_cert.is_some();
        self.tls || self.tls_skip_verify || is_named || self.tls_key_password.is_some()
    }
}

/// How results are written, as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FormName {
    /// The stable interface for scripts.
    Json,
    /// The same with a line for each item of a list.
    Ndjson,
    /// For people.
    Table,
    /// Bare names, one a line; for `invoke` and `request` the bytes as received.
    Raw,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// JSON, in whatever lines.
    Json,
    /// For people.
    Table,
    /// Bare names, or bytes.
    Raw,
}

impl From<FormName> for Form {
    fn from(name: FormName) -> Self {
        match name {
            FormName::Json | FormName::Ndjson => Self::Json,
            FormName::Table => Self::Table,
            FormName::Raw => Self::Raw,
        }
    }
}

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the engines
    #[command(after_help = examples::ENGINES)]
    Engines,

    /// List the API versions of an engine, oldest first
    #[command(after_help = examples::VERSIONS)]
    Versions {
        #[command(flatten)]
        engine: Engine,
    },

    /// Show where an engine is expected to listen, and why
    #[command(after_help = examples::WHERE)]
    Where {
        #[command(flatten)]
        engine: Engine,
    },

    /// List the categories of operations
    #[command(after_help = examples::CATEGORIES)]
    Categories {
        #[command(flatten)]
        engine: Engine,
    },

    /// List the operations, of one category or all
    #[command(after_help = examples::OPS)]
    Ops {
        #[command(flatten)]
        engine: Engine,

        /// Category, such as containers or libpod/containers
        category: Option<String>,
    },

    /// Explain an operation: parameters, body, answers, history
    #[command(after_help = examples::DOC)]
    Doc {
        #[command(flatten)]
        operation: Operation,

        /// Levels of fields of bodies and answers to show
        #[arg(long, value_name = "N", default_value_t = 3)]
        #[arg(value_parser = clap::value_parser!(u8).range(0..=16))]
        depth: u8,
    },

    /// Explain a field of a body or an answer, or a definition, by its path
    #[command(after_help = examples::EXPLAIN)]
    Explain {
        #[command(flatten)]
        engine: Engine,

        /// Operation or definition, and fields: ContainerCreate.HostConfig.Mounts
        path: String,

        /// Levels of fields to show
        #[arg(long, value_name = "N", default_value_t = 2)]
        #[arg(value_parser = clap::value_parser!(u8).range(0..=16))]
        depth: u8,
    },

    /// Show the differences between two versions, or in what two engines have in common
    #[command(after_help = examples::DIFF)]
    Diff {
        /// ENGINE FROM TO, or ENGINE@FROM ENGINE@TO; then perhaps an operation
        #[arg(value_name = "SIDE", required = true)]
        sides: Vec<String>,

        /// Only changes that may break a program, which are marked `!`
        #[arg(long)]
        breaking: bool,
    },

    /// Show the request that a call becomes, without sending it
    #[command(after_help = examples::RESOLVE)]
    Resolve {
        #[command(flatten)]
        call: Call,

        /// Write it as a curl command line, for the newest version unless one is named
        #[arg(long)]
        curl: bool,

        /// Show credentials in headers instead of a placeholder
        #[arg(long)]
        show_secrets: bool,
    },

    /// Check a body and values against what an operation takes, without sending them
    #[command(after_help = examples::CHECK)]
    Check {
        #[command(flatten)]
        call: Call,

        /// Check the answer with this status instead of a request's body
        #[arg(long, value_name = "STATUS", conflicts_with = "content_type")]
        answer: Option<u16>,

        /// Check against every version of the API
        #[arg(long)]
        all_versions: bool,
    },

    /// Call an operation of a running engine
    #[command(after_help = examples::INVOKE)]
    Invoke {
        #[command(flatten)]
        call: Call,

        #[command(flatten)]
        answers: Answers,

        #[command(flatten)]
        folders: Folders,

        #[command(flatten)]
        checks: Checks,

        #[command(flatten)]
        limits: Limits,
    },

    /// Send a raw request, whether or not it is in a spec
    #[command(after_help = examples::REQUEST)]
    Request(Request),

    /// Wait until a container is running, healthy, exited or removed
    #[command(after_help = wait::EXAMPLES)]
    Wait(Wait),

    /// Print the completion script of a shell
    #[command(alias = "completions", after_help = examples::COMPLETION)]
    Completion {
        /// bash, fish or zsh
        #[arg(value_name = "SHELL", hide_possible_values = true)]
        shell: Shell,
    },

    /// Write manual pages into a folder
    #[command(after_help = examples::MAN)]
    Man {
        /// The folder, such as ~/.local/share/man/man1
        #[arg(value_name = "DIR")]
        folder: PathBuf,
    },

    /// What the scripts ask for
    #[command(name = "__complete", hide = true)]
    Complete {
        shell: Shell,

        #[arg(allow_hyphen_values = true, trailing_var_arg = true)]
        words: Vec<String>,
    },
}

/// A shell that completes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    /// GNU bash.
    Bash,
    /// fish.
    Fish,
    /// Z shell.
    Zsh,
}

/// What an answer is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TakenAs {
    /// JSON, indented on a terminal and in one line otherwise.
    Data,
    /// As it comes.
    Stream,
    /// Joined with the terminal, both ways: attach, exec.
    Socket,
}

/// What becomes of an answer.
#[derive(Debug, Args)]
pub(crate) struct Answers {
    /// data formats JSON; stream passes answers on as they arrive; socket connects the terminal to
    /// the process of an attach or an exec, and exits as it does; ^P ^Q leaves it running
    #[arg(long = "as", value_name = "KIND", default_value = "data")]
    #[arg(hide_possible_values = true)]
    pub(crate) taken_as: TakenAs,

    /// Write the body of an error to standard output, as of any answer; the exit status stays
    #[arg(long)]
    pub(crate) allow_error_status: bool,
}

/// A request as it goes over the wire.
#[derive(Debug, Args)]
pub(crate) struct Request {
    #[command(flatten)]
    pub(crate) engine: Engine,

    /// HTTP method
    pub(crate) method: String,

    /// Path and query, percent-encoded; an API version that is asked for is put in front, unless it
    /// is there
    pub(crate) path: String,

    /// Body: JSON text, @file, or - for standard input; other types need --content-type
    #[arg(short, long, value_name = "DATA", allow_hyphen_values = true, value_parser = data())]
    pub(crate) data: Option<Data>,

    /// Media type of the body [default: application/json]
    #[arg(long, value_name = "TYPE", requires = "data")]
    pub(crate) content_type: Option<String>,

    /// Header; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE")]
    pub(crate) headers: Vec<String>,

    /// data formats JSON; stream passes answers on as they arrive; socket connects standard input and
    /// output to the other end, and exits with 0 when that has said all
    #[arg(long = "as", value_name = "KIND", default_value = "data", hide_default_value = true)]
    #[arg(hide_possible_values = true)]
    pub(crate) taken_as: TakenAs,

    /// Write the body of an error to standard output, as of any answer; the exit status stays
    #[arg(long)]
    pub(crate) allow_error_status: bool,

    #[command(flatten)]
    pub(crate) limits: Limits,
}

/// How long a call may take.
#[derive(Debug, Args)]
pub(crate) struct Limits {
    /// How long the call may take, to the end of its answer: 30s, 5m, never [default: never]
    #[arg(long, value_name = "TIME")]
    pub(crate) timeout: Option<Limit>,

    #[command(flatten)]
    pub(crate) connecting: Connecting,
}

impl Limits {
    /// Returns the limit of the whole call, if there is one.
    pub(crate) fn whole(&self) -> Option<Duration> {
        self.timeout.and_then(|Limit(limit)| limit)
    }
}

/// How long it may take until the engine can be called.
#[derive(Debug, Args)]
pub(crate) struct Connecting {
    /// How long connecting may take, and agreeing on the API version [default: 10s; 2m over ssh on a
    /// terminal, where it may ask for a password]
    #[arg(long, value_name = "TIME")]
    pub(crate) connect_timeout: Option<Limit>,
}

/// The engine that a command is about.
#[derive(Debug, Args)]
pub(crate) struct Engine {
    /// Engine, such as docker or podman@v4.3.1
    #[arg(value_name = "ENGINE")]
    pub(crate) engine: String,
}

/// The operation that a command is about.
#[derive(Debug, Args)]
pub(crate) struct Operation {
    #[command(flatten)]
    pub(crate) engine: Engine,

    /// Operation as the vendor spells it (ContainerList), or container-list
    #[arg(value_name = "OPERATION")]
    pub(crate) operation: String,
}

/// An operation with values.
#[derive(Debug, Args)]
pub(crate) struct Call {
    #[command(flatten)]
    pub(crate) operation: Operation,

    /// Parameters: key=text, key:=JSON, key:=@file with JSON; a repeated key makes a list
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) values: Vec<String>,

    /// Body: JSON text, @file, or - for standard input
    #[arg(short, long, value_name = "DATA", allow_hyphen_values = true, value_parser = data())]
    pub(crate) data: Option<Data>,

    /// Media type of the body, where the operation takes several [default: the first]
    #[arg(long, value_name = "TYPE", requires = "data")]
    pub(crate) content_type: Option<String>,

    /// Header that is no parameter; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE")]
    pub(crate) headers: Vec<String>,
}

/// What becomes of a call that is not as the spec has it: by default it is sent with a warning.
#[derive(Debug, Args)]
pub(crate) struct Checks {
    /// Send nothing when the body or a value does not match the spec
    #[arg(long, conflicts_with = "no_check")]
    pub(crate) strict: bool,

    /// Leave bodies and values unchecked
    #[arg(long)]
    pub(crate) no_check: bool,
}

/// Folders in place of archives.
#[derive(Debug, Args)]
pub(crate) struct Folders {
    /// Body: a folder, sent as a tar; for a build without what its .dockerignore leaves out
    #[arg(long, value_name = "DIR", conflicts_with = "data")]
    pub(crate) context: Option<PathBuf>,

    /// Compress the folder while it is sent: gzip, or zstd where the engine supports it
    #[arg(long, value_name = "HOW", requires = "context", hide_possible_values = true)]
    pub(crate) compress: Option<Compress>,

    /// Unpack the answer, a tar, into a folder
    #[arg(long, value_name = "DIR")]
    pub(crate) unpack: Option<PathBuf>,

    /// Leave out links that lead out of the folder, and devices, instead of stopping there
    #[arg(long, requires = "unpack")]
    pub(crate) leave_out_refused: bool,
}

/// How a folder is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compress {
    /// With gzip.
    Gzip,
    /// With zstd.
    Zstd,
}

/// Where a body comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    /// The argument itself.
    Inline(String),
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl TryFrom<OsString> for Data {
    type Error = &'static str;

    fn try_from(argument: OsString) -> Result<Self, Self::Error> {
        // The name of a file is whatever its system takes for one.
        match argument.as_bytes() {
            b"-" | b"@-" => Ok(Self::Stdin),
            b"@" => Err("the name of the file is missing after `@`"),
            [b'@', path @ ..] => Ok(Self::File(OsStr::from_bytes(path).into())),
            _ => match argument.into_string() {
                Ok(text) => Ok(Self::Inline(text)),
                Err(_) => Err("it is not UTF-8; `@FILE` reads bytes from a file"),
            },
        }
    }
}

/// Reads what `--data` says.
fn data() -> impl TypedValueParser<Value = Data> {
    OsStringValueParser::new().try_map(Data::try_from)
}
