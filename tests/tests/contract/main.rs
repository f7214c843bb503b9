//! The contract of a transport: one suite that each way to an engine passes, on each engine.
//!
//! `CASES` is the suite. A route leads over a front that counts connections, cuts them and slows
//! them down. It stands right before the socket or the port, so that of TLS and ssh it sees what
//! anybody on the network would. Where an engine differs, `DIFFERENCES` says so and why.

mod bodies;
mod calls;
mod cuts;
mod keeping;
mod many;
mod pieces;
mod route;
mod secrets;
mod sockets;
mod ssh;
mod streams;
mod tls;

use std::time::Duration;

use contajners::{Call, Client, Error};
use contajners_tests::Kind;
use serde_json::{Value, json};

use crate::route::{IMAGE, Route, Transport};

/// Longer than any case takes; what hangs shall fail.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// Makes a test of each case for each engine and each transport.
macro_rules! contract {
    ($($module:ident: $($case:ident),+;)+) => {
        /// The names of all cases.
        const CASES: &[&str] = &[$($(concat!(stringify!($module), "::", stringify!($case)),)+)+];

        contract!(@engine docker, Docker, $($module: $($case),+;)+);
        contract!(@engine podman, Podman, $($module: $($case),+;)+);
    };
    (@engine $engine:ident, $kind:ident, $($cases:tt)+) => {
        mod $engine {
            contract!(@transport unix, $kind, Unix, $($cases)+);
            contract!(@transport tcp, $kind, Tcp, $($cases)+);
            contract!(@transport tls, $kind, Tls, $($cases)+);
            contract!(@transport ssh, $kind, Ssh, $($cases)+);
        }
    };
    (@transport $name:ident, $kind:ident, $transport:ident,
     $($module:ident: $($case:ident),+;)+) => {
        mod $name {
            $(mod $module {
                $(#[test]
                fn $case() {
                    let (kind, transport) =
                        (contajners_tests::Kind::$kind, crate::route::Transport::$transport);
                    crate::check(kind, transport, crate::$module::$case);
                })+
            })+
        }
    };
}

contract! {
    calls: negotiation, json, error_status, wait_and_exit_codes, several_at_once;
    streams: frames, frames_that_follow, terminal, events, dropped;
    bodies: up_and_down, refused_on_the_way;
    sockets: attach, exec, exec_with_a_terminal, session, refused, dropped;
    keeping: used_again, not_used_again, gone_while_idle, gone_under_a_request;
    cuts: in_a_head, in_a_body, in_frames, in_frames_of_a_socket, in_an_upload;
    pieces: of_one_byte, with_pauses;
}

/// What is otherwise somewhere, and how. The cases hold the engines to what stands here.
struct Difference {
    case: &'static str,
    /// All engines if none.
    kind: Option<Kind>,
    /// All transports if none.
    transport: Option<Transport>,
    how: &'static str,
}

const DIFFERENCES: &[Difference] = &[
    Difference {
        case: "bodies::refused_on_the_way",
        kind: Some(Kind::Podman),
        transport: None,
        how: "a missing folder is a 500 with the words of its own broken pipe, not a 404",
    },
    Difference {
        case: "cuts::in_a_body",
        kind: None,
        transport: Some(Transport::Ssh),
        how: "`ssh` throws away what it has not passed on",
    },
    Difference {
        case: "cuts::in_frames",
        kind: None,
        transport: Some(Transport::Ssh),
        how: "`ssh` throws away what it has not passed on",
    },
    Difference {
        case: "cuts::in_frames_of_a_socket",
        kind: None,
        transport: Some(Transport::Tls),
        how: "TLS itself tells of the cut: `connection-broken`, not `stream-cut`",
    },
    Difference {
        case: "cuts::in_frames_of_a_socket",
        kind: None,
        transport: Some(Transport::Ssh),
        how: "`ssh` itself tells of the cut, and throws away what it has not passed on",
    },
    Difference {
        case: "sockets::session",
        kind: Some(Kind::Podman),
        transport: None,
        how: "it has no sessions: 404",
    },
    Difference {
        case: "sockets::dropped",
        kind: Some(Kind::Docker),
        transport: Some(Transport::Tls),
        how: "dockerd leaves its own side open when a socket has ended, until Go collects it",
    },
    Difference {
        case: "keeping::not_used_again",
        kind: Some(Kind::Docker),
        transport: Some(Transport::Tls),
        how: "dockerd leaves its own side open when a socket has ended, until Go collects it",
    },
    Difference {
        case: "pieces::of_one_byte",
        kind: Some(Kind::Podman),
        transport: Some(Transport::Tls),
        how: "64 bytes at a time to stunnel, which gives up after 1000 pieces of one record",
    },
];

impl Difference {
    fn is_about(&self, case: &str, route: &Route) -> bool {
        self.case == case
            && self.kind.is_none_or(|kind| kind == route.kind())
            && self.transport.is_none_or(|transport| transport == route.transport())
    }
}

/// Tells whether a case is otherwise on a route.
fn differs(case: &str, route: &Route) -> bool {
    assert!(CASES.contains(&case), "no case {case}");
    DIFFERENCES.iter().any(|difference| difference.is_about(case, route))
}

/// Runs a case over one route, unless there is none, which has been said then.
#[track_caller]
fn check<F>(kind: Kind, transport: Transport, case: F)
where
    F: AsyncFnOnce(&Route) -> Result<(), Error>,
{
    let Some(route) = Route::new(kind, transport) else { return };
    on_route(&route, case);
}

/// Runs something over a route, within bounds of time, and looks for secrets in what it says.
#[track_caller]
fn on_route<F>(route: &Route, case: F)
where
    F: AsyncFnOnce(&Route) -> Result<(), Error>,
{
    secrets::listen();
    let outcome = runtime().block_on(async {
        tokio::time::timeout(PATIENCE, case(route)).await.expect("an end within the time")
    });
    if let Err(error) = outcome {
        panic!("{}\n{}", chain(&error), route.engine().log_tail());
    }
    secrets::none_was_told();
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// An error with its code, its causes and its hint; what differs from run to run is left out.
fn chain(error: &Error) -> String {
    secrets::check_error(error);
    let mut text = format!("error: {error}\n  code: {}", error.code());
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!("\n  caused by: {error}"));
        cause = error.source();
    }
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\n  hint: {hint}"));
    }
    text
}

/// Begins a call about a container. Podman calls `name` what Docker calls `id`.
fn on(client: &Client, operation: &str, id: &str) -> Call {
    let name = if client.pack().engine() == "podman" { "name" } else { "id" };
    client.invoke(operation).param(name, id)
}

/// Creates a container that is to run a shell script, and returns its id.
async fn create(client: &Client, script: &str, more: Value) -> Result<String, Error> {
    let mut body = json!({ "Image": IMAGE, "Cmd": ["/bin/sh", "-c", script] });
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    Ok(text(&client.invoke("ContainerCreate").body(body).await?, "/Id"))
}

/// Creates and starts a container that runs a shell script, and returns its id.
async fn start(client: &Client, script: &str) -> Result<String, Error> {
    let id = create(client, script, json!({})).await?;
    on(client, "ContainerStart", &id).await?;
    Ok(id)
}

/// Removes a container, whatever it does.
async fn remove(client: &Client, id: &str) -> Result<(), Error> {
    on(client, "ContainerDelete", id).param("force", true).await?;
    Ok(())
}

/// The text at a JSON pointer.
#[track_caller]
fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        Some(Value::String(text)) => text.clone(),
        _ => panic!("no text at {pointer} of {value}"),
    }
}

/// The name and the content of the one file in an archive.
#[track_caller]
fn file_of(archive: &[u8]) -> (&str, &[u8]) {
    let end = archive.iter().position(|byte| *byte == 0).expect("a name");
    let name = std::str::from_utf8(&archive[..end]).expect("a name that is text");
    let size = std::str::from_utf8(&archive[124..135]).expect("a size");
    let size = usize::from_str_radix(size.trim(), 8).expect("an octal size");
    (name, &archive[512..512 + size])
}

/// Bytes that are found at their place only.
fn pattern(length: usize) -> Vec<u8> {
    (0..length as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// The suite as a table: what stands for each engine and each transport.
#[test]
fn the_table() {
    let mut text = String::new();
    for case in CASES {
        text.push_str(&format!("{case}\n"));
        for of in DIFFERENCES.iter().filter(|of| of.case == *case) {
            let kind = of.kind.map_or("any engine", Kind::name);
            let transport = of.transport.map_or("any transport", Transport::name);
            text.push_str(&format!("    {kind} over {transport}: {}\n", of.how));
        }
    }
    assert!(DIFFERENCES.iter().all(|of| CASES.contains(&of.case)));
    insta::assert_snapshot!(text);
}
