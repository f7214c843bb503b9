//! The command line as it is typed.

mod wait;

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue};
use clap::{
    Args, ColorChoice, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};

pub(crate) use wait::{Limit, Wait};

/// Any operation of any version of a container engine's API, by the vendor's name for it.
///
/// The catalogue commands (engines, versions, categories, ops, doc, explain, diff, resolve, check)
/// read what is built into the program: they need no engine and no network. `invoke`, `request`
/// and `wait` talk to an engine.
#[derive(Debug, Parser)]
#[command(name = "contajners", version, max_term_width = 100, after_help = EXAMPLES)]
#[command(after_long_help = LONG_EXAMPLES, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

impl Cli {
    /// Reads what is typed; ends the process with help or with what is wrong with it.
    pub(crate) fn typed() -> Self {
        let words: Vec<OsString> = env::args_os().collect();
        let matches = Self::command().color(colour_of(&words)).try_get_matches_from(&words);
        let matches = matches.unwrap_or_else(|error| with_parameter(error, &words).exit());
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// Of an option that there is not, where parameters are taken, says how they are written.
fn with_parameter(mut error: clap::Error, words: &[OsString]) -> clap::Error {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else {
        return error;
    };
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    let takes_parameters =
        words.iter().any(|word| matches!(*word, "invoke" | "resolve" | "check" | "wait"));
    // clap's own advice is to hand it over as it is, which leads nowhere.
    let is_advised = error.get(ContextKind::Suggested).is_some();
    let Some(name) = option.strip_prefix("--").filter(|_| takes_parameters && is_advised) else {
        return error;
    };
    let at = words.iter().position(|word| word.split('=').next() == Some(option));
    let value = at.and_then(|at| match words[at].split_once('=') {
        Some((_, value)) => Some(value),
        None => words.get(at + 1).copied().filter(|next| !next.contains('=')),
    });
    let value = value.filter(|value| !value.starts_with('-')).unwrap_or("true");
    let advice = format!("parameters are written `{name}={value}`");
    let advice = ContextValue::StyledStrs(vec![StyledStr::from(advice)]);
    error.insert(ContextKind::Suggested, advice);
    error
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
    /// API version, such as v1.41 [default: the newest known; calls negotiate]
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
    pub(crate) output: Option<Form>,

    /// Colour: auto, always or never; auto honours NO_COLOR
    #[arg(long, value_name = "WHEN", global = true, help_heading = "Global options")]
    #[arg(default_value = "auto", hide_default_value = true, hide_possible_values = true)]
    pub(crate) color: When,

    /// Show the heads of all requests and answers on standard error; secrets are hidden in headers,
    /// but not in queries
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub(crate) verbose: bool,
}

/// How a connection is secured, beyond what the address, the context or the connection says.
#[derive(Debug, Args)]
pub(crate) struct Tls {
    /// Use TLS for tcp:// addresses, with the files that the Docker command uses: ca.pem, cert.pem
    /// and key.pem in DOCKER_CERT_PATH or ~/.docker
    #[arg(long, alias = "tlsverify", global = true, help_heading = "TLS", hide_short_help = true)]
    pub(crate) tls: bool,

    /// CAs to trust, PEM [default: the system's]
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

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// The stable interface for scripts.
    Json,
    /// For people.
    Table,
    /// Bare names, one a line; for `invoke` and `request` the bytes as received.
    Raw,
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
    #[command(after_help = ENGINES)]
    Engines,

    /// List the API versions of an engine, oldest first
    #[command(after_help = VERSIONS)]
    Versions {
        #[command(flatten)]
        engine: Engine,
    },

    /// Show where an engine is expected to listen, and why
    #[command(after_help = WHERE)]
    Where {
        #[command(flatten)]
        engine: Engine,
    },

    /// List the categories of operations
    #[command(after_help = CATEGORIES)]
    Categories {
        #[command(flatten)]
        engine: Engine,
    },

    /// List the operations, of one category or all
    #[command(after_help = OPS)]
    Ops {
        #[command(flatten)]
        engine: Engine,

        /// Category, such as containers or libpod/containers
        category: Option<String>,
    },

    /// Explain an operation: parameters, body, answers, history
    #[command(after_help = DOC)]
    Doc {
        #[command(flatten)]
        operation: Operation,

        /// Levels of fields of bodies and answers to show
        #[arg(long, value_name = "N", default_value_t = 3)]
        #[arg(value_parser = clap::value_parser!(u8).range(0..=16))]
        depth: u8,
    },

    /// Explain a field of a body or an answer, or a definition, by its path
    #[command(after_help = EXPLAIN)]
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
    #[command(after_help = DIFF)]
    Diff {
        /// ENGINE FROM TO, or ENGINE@FROM ENGINE@TO; then perhaps an operation
        #[arg(value_name = "SIDE", required = true)]
        sides: Vec<String>,

        /// Only what may break a program: `!`
        #[arg(long)]
        breaking: bool,
    },

    /// Show the request that a call becomes, without sending it
    #[command(after_help = RESOLVE)]
    Resolve {
        #[command(flatten)]
        call: Call,

        /// Write it as a curl command line
        #[arg(long)]
        curl: bool,

        /// Show credentials in headers instead of a placeholder
        #[arg(long)]
        show_secrets: bool,
    },

    /// Check a body and values against what an operation takes, without sending them
    #[command(after_help = CHECK)]
    Check {
        #[command(flatten)]
        call: Call,

        /// Check the answer with this status instead of a request's body
        #[arg(long, value_name = "STATUS")]
        answer: Option<u16>,

        /// Check against every version of the API
        #[arg(long)]
        all_versions: bool,
    },

    /// Call an operation of a running engine
    #[command(after_help = INVOKE)]
    Invoke {
        #[command(flatten)]
        call: Call,

        #[command(flatten)]
        answers: Answers,

        #[command(flatten)]
        folders: Folders,

        #[command(flatten)]
        checks: Checks,
    },

    /// Send a raw request, whether or not it is in a spec
    #[command(after_help = REQUEST)]
    Request(Request),

    /// Wait until a container is running, healthy, exited or removed
    #[command(after_help = wait::EXAMPLES)]
    Wait(Wait),

    /// Print the completion script of a shell
    #[command(alias = "completions", after_help = COMPLETION)]
    Completion {
        /// bash, fish or zsh
        #[arg(value_name = "SHELL", hide_possible_values = true)]
        shell: Shell,
    },

    /// Write manual pages into a folder
    #[command(after_help = MAN)]
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

    /// Path and query, percent-encoded; an API version that is asked for is put in front
    pub(crate) path: String,

    /// Body: JSON text, @file, or - for standard input; other types need --content-type
    #[arg(short, long, value_name = "DATA", allow_hyphen_values = true)]
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

    /// Parameters: key=text, key:=JSON; a repeated key makes a list
    #[arg(value_name = "KEY=VALUE")]
    pub(crate) values: Vec<String>,

    /// Body: JSON text, @file, or - for standard input
    #[arg(short, long, value_name = "DATA", allow_hyphen_values = true)]
    pub(crate) data: Option<Data>,

    /// Media type of the body, where the operation takes several [default: the first]
    #[arg(long, value_name = "TYPE", requires = "data")]
    pub(crate) content_type: Option<String>,
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

impl FromStr for Data {
    type Err = &'static str;

    fn from_str(argument: &str) -> Result<Self, Self::Err> {
        match argument.strip_prefix('@') {
            _ if argument == "-" => Ok(Self::Stdin),
            Some("-") => Ok(Self::Stdin),
            Some("") => Err("the name of the file is missing after `@`"),
            Some(path) => Ok(Self::File(path.into())),
            None => Ok(Self::Inline(argument.into())),
        }
    }
}

const EXAMPLES: &str = "\
Examples:
  contajners ops docker containers
  contajners doc podman ContainerCreateLibpod
  contajners resolve docker ContainerLogs id=conny stdout=true --curl
  contajners invoke docker ContainerList all=true

`--help` tells more than `-h`: the forms of output, exit statuses, environment.";

const LONG_EXAMPLES: &str = "\
Examples:
  contajners ops docker containers
  contajners doc podman@v4.3.1 ContainerCreateLibpod
  contajners resolve docker ContainerLogs id=conny stdout=true --curl
  contajners invoke docker ContainerList all=true
  contajners request podman GET /v5.0.0/libpod/info

Forms of output (-o):
  table  for people; lines are fitted to the terminal, or to COLUMNS
  json   a stable interface:
           engines     array of {name, versions: {oldest, newest, count}}, and
                       `pack`, the file, where it is not built in
           versions    array of strings, oldest first
           where       {address, source, tls, considered}; tls is null or {ca,
                       certificate, key, verified}; considered is an array of
                       {source, passed_over}
           categories  array of strings
           ops         array of {category, operation, method, path, parameters,
                       request_body}; parameters are {name, in, type, required}
                       and `default` and `enum` where there are any;
                       request_body is true or false
           doc         {engine, version, category, operation, method, path, url,
                       versions, ids, parameters, request_body, answer,
                       produces, answers}, and `summary` and `description`
                       where they are found; parameters are as those of `ops`
                       with schema and versions; request_body is null or
                       {required, media_types, schema}, and `schemas` where
                       they depend on the media type
           resolve     {method, target, headers, body}
           diff        array of {operation, method, path, in, change, breaking};
                       `in` is operation, parameter (then location and name),
                       body (then pointer) or answer (then status and pointer);
                       from, to and value where there are any
           explain     {path, type, schema, versions}; in a schema, `versions`
                       of a field and `enumVersions` of values where not as
                       those of what they belong to
           check       array of {code, pointer, text, hint, versions}; versions
                       is an array of strings; pointer is empty where versions
                       do not take the call, and where something is missing
           invoke      the answer; text as a string, streams as they arrive,
                       one document per line
           wait        what the state tells, an exit status, or nothing; the
                       list of states is an array of {state, operation,
                       parameters, every, within, tells, ends}; every and
                       within are seconds; ends is an array of {outcome,
                       because, status, at, is, present}, whichever it has
         Errors are text on standard error in every form.
         Fields may be added to objects of `doc`, `engines` and `resolve`.
  raw    bare names, one per line; of `invoke` and `request` the bytes received

Exit statuses:
  0    done
  1    local failure: no connection, an unreadable file …; something found by
       `check`, something different for `diff`, a state not reached for `wait`
  2    the call is wrong, and nothing was sent; `check` or `diff` could not run
  4    the engine refused (4xx)
  5    the engine failed (5xx, or an error inside a stream)
  130  interrupted; 143 when terminated
       `--as socket` ends with the status of the process it joins.

Environment:
  DOCKER_HOST, DOCKER_CONTEXT, DOCKER_CONFIG
                   where docker listens, without --host (see `where`)
  DOCKER_TLS_VERIFY, DOCKER_TLS, DOCKER_CERT_PATH
                   whether to use TLS there, and with which files
  CONTAINER_CONNECTION, CONTAINER_HOST, CONTAINER_SSHKEY,
  PODMAN_CONNECTIONS_CONF, CONTAINERS_CONF,
  CONTAINERS_CONF_OVERRIDE
                   where podman does
  DOCKER_API_VERSION, PODMAN_API_VERSION
                   the version that `invoke`, `request` and `wait` speak,
                   without --api-version; other commands ignore it
  NO_COLOR         no colour unless --color=always
  COLUMNS          width of tables and text
  CONTAJNERS_PACKS folder whose *.postcard are packs of your own engines; else
                   contajners/packs in XDG_DATA_HOME (~/.local/share)
  CONTAJNERS_DOCS  folder with ENGINE.docs, the vendors' summaries for `doc`;
                   else contajners/ in XDG_DATA_HOME (~/.local/share), else
                   the folder of packs. `cargo xtask fetch-api --docs` writes
                   them; in a checkout of contajners they lie in resources/.";

const ENGINES: &str = "\
Examples:
  contajners engines
  contajners engines -o json
  contajners engines --pack toy.postcard

Packs of your own are found in a folder, too: `contajners --help`.";

const VERSIONS: &str = "\
Examples:
  contajners versions docker
  contajners versions podman -o raw";

const WHERE: &str = "\
Examples:
  contajners where docker
  contajners where docker --connection far
  contajners where podman -o json";

const CATEGORIES: &str = "\
Examples:
  contajners categories docker
  contajners categories podman@v4.3.1";

const OPS: &str = "\
Examples:
  contajners ops docker
  contajners ops podman libpod/containers
  contajners ops docker@v1.41 -o json";

const DOC: &str = "\
Examples:
  contajners doc docker ContainerCreate
  contajners doc docker container-create --depth 1
  contajners doc docker ImagePush --api-version v1.41

The vendor's summary is shown when ENGINE.docs is found: `contajners --help`.";

const EXPLAIN: &str = "\
Examples:
  contajners explain docker ContainerCreate.HostConfig.Mounts
  contajners explain docker ContainerInspect.State.Health
  contajners explain podman SpecGenerator.portmappings --depth 1";

const DIFF: &str = "\
Examples:
  contajners diff docker v1.41 v1.55
  contajners diff docker v1.41 v1.55 ContainerCreate
  contajners diff docker@v1.41 podman@v5.8.2
  contajners diff podman v5.0.0 v6.0.0 --breaking -o json

`+` is new, `-` is gone, `~` has changed, `!` may break a program. Fields are
JSON pointers, in which `*` stands for any item. Exit statuses: 0 the same, 1 different, 2 error.";

const RESOLVE: &str = "\
Examples:
  contajners resolve docker ContainerList all=true limit=5
  contajners resolve docker ContainerList 'filters:={\"label\":[\"a=b\"]}'
  contajners resolve docker ContainerCreate name=conny -d '{\"Image\":\"busybox\"}'
  contajners resolve podman ContainersStatsAllLibpod containers=a containers=b

A name that is in both path and query means the one in the path; `query.name=…`
means the other.";

const CHECK: &str = "\
Examples:
  contajners check docker ContainerCreate -d @body.json
  contajners check docker@v1.41 ContainerCreate -d '{\"HostConfig\":{\"Memroy\":1}}'
  contajners check docker ContainerCreate -d @body.json --all-versions
  contajners check docker ContainerInspect --answer 200 -d @answer.json

Something required that is missing is a finding, too; with --all-versions so is
a version that does not accept the call.
Exit statuses: 0 nothing found, 1 something found, 2 it cannot be checked, or no
version accepts it.";

const INVOKE: &str = "\
Examples:
  contajners invoke docker ContainerList all=true
  contajners invoke docker ContainerCreate name=conny -d '{\"Image\":\"busybox\"}'
  contajners invoke docker ContainerLogs id=conny stdout=true follow=true
  contajners invoke docker ImageBuild t=app --context . --compress gzip
  contajners invoke docker ContainerArchive id=conny path=/home --unpack backup
  contajners invoke podman ImageExportLibpod name=busybox > busybox.tar
  contajners invoke incus images_post -d @image.tar.xz \\
    --content-type application/octet-stream

Logs, events and other streams are written as they arrive, whatever --as says:
one JSON document per line, a process's standard error to standard error.
Pulls, pushes, builds and loads are shown to people: bars on a terminal, lines
in a pipe. With -o json or --as stream they are documents, too.

An error is reported on standard error in the engine's own words;
--allow-error-status shows its whole body.

--unpack stops at a link that leads out of the folder, such as /etc/mtab, which
Docker puts into every container; --leave-out-refused goes on without it.";

const COMPLETION: &str = "\
Examples:
  source <(contajners completion bash)        # in ~/.bashrc
  source <(contajners completion zsh)         # in ~/.zshrc, after compinit
  contajners completion fish | source         # in ~/.config/fish/config.fish

Engines, versions, operations, parameters, their values and fields of bodies are
completed from the packs; no engine is asked.";

const MAN: &str = "\
Examples:
  contajners man ~/.local/share/man/man1
  man contajners-invoke";

const REQUEST: &str = "\
Examples:
  contajners request docker GET /_ping
  contajners request docker@v1.41 POST /containers/conny/checkpoints \\
    --data '{\"CheckpointID\":\"one\"}'
  contajners request podman PUT /v5.0.0/libpod/containers/conny/archive?path=/ \\
    --content-type application/x-tar -d @files.tar
  echo date | contajners request docker POST --as socket \\
    '/containers/conny/attach?stream=true&stdin=true&stdout=true'";
