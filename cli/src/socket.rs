//! `--as socket`: the terminal joined to a process, both ways.
//!
//! What a socket belongs to is looked up in the catalogue: of `/containers/{id}/attach` and
//! `/exec/{id}/start` the sibling `…/json` tells whether there is a terminal, `…/wait` and `…/json`
//! how the process ended, and `…/resize` sets the size of the terminal. The keys that detach are
//! looked for here, as docker's command does: of an exec dockerd takes them for its end, and podman
//! is stuck. Those that a call names are the engine's to see; they pass like any other.

mod siblings;

use std::cell::Cell;
use std::io::{self, IsTerminal, stdin};
use std::time::Duration;

use contajners::{Call, Client, DuplexInput, OutputStream};
use contajners_core::{Operation, boolean};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::call::Body;
use crate::failure::{Failure, Status};
use crate::output::{Output, remark};
use crate::sending;
use crate::socket::siblings::{Left, Siblings};
use crate::terminal;

/// ^D: the end of input on a terminal, which cannot be half-closed.
const END_OF_INPUT: u8 = 4;

/// What ends a line there; so does a carriage return, as a rule.
const LINE_END: u8 = b'\n';

/// ^P and ^Q: what is typed to leave a process that runs on.
const DETACH: [u8; 2] = [0x10, 0x11];

/// What engines call these keys.
const DETACH_NAME: &str = "ctrl-p,ctrl-q";

/// How long after the end of its output a process may take to be told as ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same where it may well run on.
const LITTLE_PATIENCE: Duration = Duration::from_secs(1);

/// What is known of the process at the other end.
struct Process {
    /// A program that an exec runs, rather than a container's own.
    is_exec: bool,
    has_terminal: bool,
    takes_input: bool,
    /// The end of input is its own end of input. Of a container of which it is not, dockerd ends the
    /// output instead.
    sees_end_of_input: bool,
    /// The keys that detach are not the usual ones, and known to the engine alone.
    has_own_keys: bool,
}

impl Process {
    /// Reads what `…/json` says: a container has a `Config`, an exec a `ProcessConfig`.
    fn new(inspected: &Value, operation: &Operation<'_>, values: &[(String, Value)]) -> Self {
        let is = |pointer: &str| inspected.pointer(pointer).and_then(Value::as_bool);
        let is_exec = inspected.get("ProcessConfig").is_some();
        // What engines do unasked is of use only where there is somebody to read it.
        let is_open = is("/Config/OpenStdin").unwrap_or(true);
        let asked = given(operation, values, "stdin")
            .map_or_else(|| is_open && is_usual(operation, "stdin"), is_true);
        // An exec was told of them when it was created.
        let keys = inspected.get("DetachKeys").and_then(Value::as_str);
        let are_own = keys.is_some_and(|keys| !keys.is_empty() && keys != DETACH_NAME);
        Self {
            is_exec,
            has_terminal: is("/ProcessConfig/tty").or(is("/Config/Tty")).unwrap_or(false),
            takes_input: if is_exec { is("/OpenStdin").unwrap_or(true) } else { asked },
            sees_end_of_input: is_exec || is("/Config/StdinOnce").unwrap_or(false),
            has_own_keys: are_own || given(operation, values, "detachKeys").is_some(),
        }
    }
}

/// Looks for the keys that detach among what is typed.
#[derive(Debug, Default)]
struct Keys {
    /// Whether the first of them was typed, and may be one of two.
    is_held: bool,
}

impl Keys {
    /// Adds to `rest` what goes on to the process, and tells whether the keys were among it:
    /// nothing goes on after them.
    fn pass(&mut self, typed: &[u8], rest: &mut Vec<u8>) -> bool {
        let [first, second] = DETACH;
        for &byte in typed {
            if self.is_held && byte == second {
                self.is_held = false;
                return true;
            }
            rest.extend(self.held());
            match byte == first {
                true => self.is_held = true,
                false => rest.push(byte),
            }
        }
        false
    }

    /// Returns what is held back, when nothing follows it that would detach.
    fn held(&mut self) -> Option<u8> {
        std::mem::take(&mut self.is_held).then_some(DETACH[0])
    }
}

/// How two that were joined came apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parted {
    /// The output has ended.
    Ended,
    /// The keys were typed.
    Detached,
}

/// What a parameter is set to, under any of its names.
fn given<'v>(
    operation: &Operation<'_>,
    values: &'v [(String, Value)],
    name: &str,
) -> Option<&'v Value> {
    let parameter = operation.parameters().find(|own| own.is_named(name))?;
    values.iter().find(|(name, _)| parameter.is_named(name)).map(|(_, value)| value)
}

/// Tells whether a value is sent as `true`.
fn is_true(value: &Value) -> bool {
    boolean(&contajners_core::Value::view(value)) == Some(true)
}

/// Tells whether the output goes on until the process ends, rather than to what it has said so far.
fn follows(operation: &Operation<'_>, values: &[(String, Value)]) -> bool {
    let mut parameters = operation.parameters();
    !parameters.any(|own| own.is_named("stream"))
        || given(operation, values, "stream").map_or_else(|| is_usual(operation, "stream"), is_true)
}

/// Tells whether engines take a parameter that is not given for `true`.
fn is_usual(operation: &Operation<'_>, name: &str) -> bool {
    let parameter = operation.parameters().find(|own| own.is_named(name));
    parameter.is_some_and(|own| own.schema().resolved().default() == Some("true"))
}

/// Tells why there is no process to join. Engines say it late or not at all: the output of a
/// container that has exited never ends, and dockerd has a success say that an exec ran before.
fn cannot_be_joined(
    operation: &Operation<'_>,
    inspected: &Value,
    values: &[(String, Value)],
) -> Option<Failure> {
    let id = operation.id();
    if let Some(status) = inspected.pointer("/State/Status").and_then(Value::as_str) {
        let hint = match status {
            "exited" | "dead" | "stopped" => {
                "start it first; `logs=true stream=false` shows its output so far"
            }
            "removing" => "create another one, and start it",
            _ => return None,
        };
        return follows(operation, values).then(|| {
            Failure::usage(format!("`{id}` needs a running container; this one is `{status}`"))
                .with_hint(hint)
        });
    }
    inspected.get("ProcessConfig")?;
    let is = |name: &str| inspected.get(name).and_then(Value::as_bool).unwrap_or(false);
    let number = |name: &str| inspected.get(name).and_then(Value::as_i64);
    // Before it runs, dockerd 20.10 has no exit code, and podman 4.3 a zero, no pid, and an exec
    // that cannot be removed. Afterwards dockerd still has the pid.
    let has_run = is("CanRemove")
        || number("ExitCode").is_some_and(|code| code != 0)
        || number("ExitCode").is_some() && number("Pid").is_some_and(|pid| pid != 0);
    let state = match (is("Running"), has_run) {
        (true, _) => "is already running",
        (false, true) => "has already run",
        (false, false) => return None,
    };
    Some(
        Failure::usage(format!("`{id}` starts an exec only once; this one {state}"))
            .with_hint("create another one: an exec cannot be joined later"),
    )
}

/// Tells what of the output of an exec nobody gets, since it was created so.
fn lost(inspected: &Value) -> Option<&'static str> {
    inspected.get("ProcessConfig")?;
    let is_lost = |name: &str| inspected.get(name).and_then(Value::as_bool) == Some(false);
    let has_terminal = inspected.pointer("/ProcessConfig/tty").and_then(Value::as_bool);
    // What has a terminal has one output.
    let has_one = has_terminal == Some(true);
    Some(match (is_lost("OpenStdout"), is_lost("OpenStderr")) {
        (true, _) if has_one => "its output is lost: the exec was created without `AttachStdout`",
        (true, true) => {
            "its output is lost: the exec was created without `AttachStdout` and `AttachStderr`"
        }
        (true, false) => "its standard output is lost: the exec was created without `AttachStdout`",
        (false, true) if !has_one => {
            "its standard error is lost: the exec was created without `AttachStderr`"
        }
        _ => return None,
    })
}

/// A field of a typed body, whose name engines take in any case.
fn field(body: &str, name: &str) -> Option<(String, Value)> {
    let fields = serde_json::from_str::<serde_json::Map<String, Value>>(body).ok()?;
    fields.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name))
}

/// What a body that was typed says about a terminal, if only by saying nothing.
fn says_terminal(body: &Body) -> Option<bool> {
    let Body::Text(text) = body else { return None };
    Some(field(text, "Tty").is_some_and(|(_, tty)| tty == Value::Bool(true)))
}

/// Refuses what would run and let nobody join.
pub(crate) fn refuse_detached(operation: &Operation<'_>, body: &Body) -> Result<(), Failure> {
    let Body::Text(text) = body else { return Ok(()) };
    match field(text, "Detach") {
        Some((name, Value::Bool(true))) => {
            let text = format!("`{}` with `{name}` makes no socket", operation.id());
            Err(Failure::usage(text).with_hint(format!("leave out `--as socket`, or `{name}`")))
        }
        _ => Ok(()),
    }
}

/// Opens the socket that a call asks for, joins it with standard input and output, and ends as the process does.
pub(crate) async fn run(
    client: &Client,
    operation: &Operation<'_>,
    values: &[(String, Value)],
    (call, body): (Call, Body),
    output: &mut Output,
) -> Result<(), Failure> {
    if !operation.may_open_socket() {
        // Nothing is sent; what its sibling tells would be beside the point.
        return sending::with_body(call, body).socket().await.map(drop).map_err(Failure::from);
    }
    let siblings = Siblings::new(client, operation.api(), operation, values);
    let inspected = siblings.inspect().await?;
    if let Some(failure) = cannot_be_joined(operation, &inspected, values) {
        return Err(failure);
    }
    let process = Process::new(&inspected, operation, values);
    if let Some(lost) = lost(&inspected) {
        remark(format_args!("note: {lost}"));
    }
    let follows = follows(operation, values);
    // Docker frames the output of an exec with a terminal whose start does not speak of one.
    let is_raw = process.has_terminal && says_terminal(&body) != Some(false);
    let call = match body {
        // Engines refuse an exec without a body; what belongs there has been said at its creation.
        Body::Nothing if process.is_exec => {
            call.body(json!({ "Detach": false, "Tty": process.has_terminal }))
        }
        body => sending::with_body(call, body),
    };
    let watch = if follows { siblings.watch(&inspected).await } else { None };
    let socket = call.socket().await?;
    let (from, to) = if is_raw { socket.split_raw() } else { socket.split() };

    let is_typed = process.has_terminal && process.takes_input && stdin().is_terminal();
    let raw_mode = is_typed.then(terminal::raw_mode).transpose().map_err(|error| {
        Failure::new(Status::Local, "cannot set up the terminal").with_cause(&error)
    })?;
    let keys = (is_typed && !process.has_own_keys).then(Keys::default);
    let no_more_input = Cell::new(false);
    let joined = join(&siblings, &process, keys, &no_more_input, (from, to), output).await;
    drop(raw_mode);
    match joined {
        Ok(Parted::Detached) => return Ok(()),
        Ok(Parted::Ended) => {}
        // Podman resets the connection of a process that has not read all of its input.
        Err(failure) if process.is_exec && failure.is_broken_connection() => {
            return siblings.ended(LITTLE_PATIENCE).await.unwrap_or(Err(failure));
        }
        Err(failure) => return Err(failure.of_process()),
    }
    let may_be_left = process.takes_input
        && (process.has_own_keys || no_more_input.get() && !process.sees_end_of_input);
    let (patience, left) = match (follows, may_be_left) {
        (false, _) => (Duration::ZERO, Left::Perhaps),
        (true, true) => (LITTLE_PATIENCE, Left::Perhaps),
        (true, false) => (PATIENCE, Left::No),
    };
    siblings.end(watch, patience, left).await
}

/// Opens a socket that no spec knows, and joins it with standard input and output until its other
/// end has said all. Nothing tells what is there: keys are as the terminal has them, and there is no
/// status but that it went well.
pub(crate) async fn join_raw(call: Call, output: &mut Output) -> Result<(), Failure> {
    let (from, to) = call.socket().await?.split();
    let process = Process {
        is_exec: false,
        has_terminal: false,
        takes_input: true,
        sees_end_of_input: true,
        has_own_keys: true,
    };
    let no_more_input = Cell::new(false);
    let input = async {
        // That nobody reads it is no failure; the output goes on.
        let _ = send_input(to, &process, None, &no_more_input).await;
        std::future::pending().await
    };
    tokio::select! {
        done = sending::frames(from, output) => done.map_err(Failure::of_process),
        never = input => never,
    }
}

/// Carries bytes both ways until the output ends, or the keys are typed.
async fn join(
    siblings: &Siblings<'_>,
    process: &Process,
    keys: Option<Keys>,
    no_more_input: &Cell<bool>,
    (from, to): (OutputStream, DuplexInput),
    output: &mut Output,
) -> Result<Parted, Failure> {
    let input = async {
        // That the process reads no more is no failure; its output goes on.
        if process.takes_input && send_input(to, process, keys, no_more_input).await.is_ok() {
            return;
        }
        std::future::pending::<()>().await;
    };
    let sizes = async {
        use tokio::signal::unix::{SignalKind, signal};
        if process.has_terminal
            && let Ok(mut changes) = signal(SignalKind::window_change())
        {
            siblings.resize().await;
            while changes.recv().await.is_some() {
                siblings.resize().await;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        done = sending::frames(from, output) => done.map(|()| Parted::Ended),
        () = input => Ok(Parted::Detached),
        () = sizes => Ok(Parted::Ended),
    }
}

/// Sends standard input; ends well when the keys that detach are typed, and otherwise never.
async fn send_input(
    mut to: DuplexInput,
    process: &Process,
    mut keys: Option<Keys>,
    no_more_input: &Cell<bool>,
) -> io::Result<()> {
    let mut stdin = tokio::io::stdin();
    let mut piece = vec![0; 16 << 10];
    let mut passed = Vec::new();
    let mut last = LINE_END;
    loop {
        let length = stdin.read(&mut piece).await.unwrap_or_else(|error| {
            remark(format_args!("warning: cannot read standard input: {error}"));
            0
        });
        let typed = &piece[..length];
        let Some(keys) = &mut keys else {
            let Some(&end) = typed.last() else { break };
            last = end;
            to.write_all(typed).await?;
            to.flush().await?;
            continue;
        };
        passed.clear();
        let are_typed = keys.pass(typed, &mut passed);
        if length == 0 {
            passed.extend(keys.held());
        }
        last = passed.last().copied().unwrap_or(last);
        to.write_all(&passed).await?;
        to.flush().await?;
        if are_typed {
            return Ok(());
        }
        if length == 0 {
            break;
        }
    }
    if process.has_terminal {
        // Behind a line that is not whole it only hands that over.
        let is_whole = matches!(last, LINE_END | b'\r' | END_OF_INPUT);
        to.write_all(&[END_OF_INPUT; 2][usize::from(is_whole)..]).await?;
    } else {
        no_more_input.set(true);
        to.shutdown().await?;
    }
    // The output still holds the connection; so does this, until it ends.
    std::future::pending().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(engine: &str, id: &str, inspected: &Value, values: &[(&str, Value)], is_joined: bool) {
        let api = contajners::pack(engine).unwrap().api(if engine == "docker" {
            "v1.41"
        } else {
            "v4.3.1"
        });
        let operation = api.unwrap().operation(id).unwrap();
        let values: Vec<(String, Value)> =
            values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let refused = cannot_be_joined(&operation, inspected, &values);
        assert_eq!(refused.is_none(), is_joined, "{engine} {id} {inspected}: {refused:?}");
    }

    #[test]
    fn the_keys_that_detach_are_found() {
        let check = |reads: &[&[u8]], expected: &[u8], is_detached: bool| {
            let (mut keys, mut rest) = (Keys::default(), Vec::new());
            let found = reads.iter().any(|read| keys.pass(read, &mut rest));
            rest.extend(keys.held());
            assert_eq!((&*rest, found), (expected, is_detached), "{reads:?}");
        };
        check(&[b"ls\r"], b"ls\r", false);
        check(&[b"\x10\x11"], b"", true);
        check(&[b"\x10", b"\x11"], b"", true);
        check(&[b"a\x10", b"", b"\x11b"], b"a", true);
        check(&[b"a\x10\x11b", b"c"], b"a", true);
        check(&[b"\x10\x10\x11"], b"\x10", true);
        check(&[b"\x10", b"\x10", b"\x11"], b"\x10", true);
        check(&[b"\x10a\x11"], b"\x10a\x11", false);
        check(&[b"\x10", b"a", b"\x11"], b"\x10a\x11", false);
        check(&[b"\x11\x10"], b"\x11\x10", false);
        check(&[b"\x10", b"b\x10"], b"\x10b\x10", false);
    }

    #[test]
    fn keys_that_a_call_names_are_the_engines() {
        let api = contajners::pack("docker").unwrap().api("v1.41").unwrap();
        let check = |inspected: Value, values: &[(&str, &str)], expected: bool| {
            let is_exec = inspected.get("ProcessConfig").is_some();
            let operation = api.operation(if is_exec { "ExecStart" } else { "ContainerAttach" });
            let values: Vec<(String, Value)> =
                values.iter().map(|&(name, value)| (name.to_owned(), json!(value))).collect();
            let process = Process::new(&inspected, &operation.unwrap(), &values);
            assert_eq!(process.has_own_keys, expected, "{inspected} {values:?}");
        };
        let container = json!({ "Config": { "Tty": true } });
        check(container.clone(), &[("stdin", "true")], false);
        check(container.clone(), &[("detachKeys", "ctrl-x")], true);
        check(container, &[("query.detachKeys", "ctrl-x")], true);
        let exec = |keys: &str| json!({ "ProcessConfig": {}, "DetachKeys": keys });
        check(json!({ "ProcessConfig": {} }), &[], false);
        check(exec(""), &[], false);
        check(exec(DETACH_NAME), &[], false);
        // As dockerd has `ctrl-x`.
        check(exec("GA=="), &[], true);
    }

    /// As the engine reads it, under each of its names.
    #[test]
    fn input_is_taken_when_it_is_asked_for() {
        let api = contajners::pack("docker").unwrap().api("v1.41").unwrap();
        let attach = api.operation("ContainerAttach").unwrap();
        let inspected = json!({ "Config": {} });
        let check = |name: &str, value: Value, expected: bool| {
            let values = [(name.to_owned(), value)];
            let process = Process::new(&inspected, &attach, &values);
            assert_eq!(process.takes_input, expected, "{values:?}");
        };
        for value in [json!(true), json!(1), json!("1"), json!("true"), json!("True")] {
            check("stdin", value.clone(), true);
            check("query.stdin", value.clone(), true);
            check("stdout", value, false);
        }
        for value in [json!(false), json!(0), json!("0"), json!("FALSE"), json!(null)] {
            check("stdin", value, false);
        }
    }

    #[test]
    fn a_container_that_has_ended_is_not_attached_to() {
        let state = |status: &str| json!({ "State": { "Status": status } });
        let stream = [("stream", json!("true"))];
        for status in ["created", "running", "paused", "restarting"] {
            check("docker", "ContainerAttach", &state(status), &stream, true);
        }
        for status in ["exited", "dead", "removing"] {
            check("docker", "ContainerAttach", &state(status), &stream, false);
            check("podman", "ContainerAttach", &state(status), &[], false);
        }
        // What it has said comes to an end.
        let logs = [("logs", json!("true"))];
        check("docker", "ContainerAttach", &state("exited"), &logs, true);
        let logs = [("logs", json!(true)), ("stream", json!(false))];
        check("podman", "ContainerAttachLibpod", &state("exited"), &logs, true);
    }

    /// As dockerd 20.10 and podman 4.3 tell of them.
    #[test]
    fn an_exec_is_started_once() {
        let docker = |running: bool, code: Value, pid: u32| {
            json!({
                "ProcessConfig": {}, "Running": running, "ExitCode": code, "Pid": pid,
                "CanRemove": false
            })
        };
        check("docker", "ExecStart", &docker(false, Value::Null, 0), &[], true);
        check("docker", "ExecStart", &docker(true, Value::Null, 196), &[], false);
        check("docker", "ExecStart", &docker(false, json!(0), 196), &[], false);
        check("docker", "ExecStart", &docker(false, json!(127), 0), &[], false);
        let podman = |running: bool, pid: u32, can_remove: bool| {
            json!({
                "ProcessConfig": {}, "Running": running, "ExitCode": 0, "Pid": pid,
                "CanRemove": can_remove
            })
        };
        check("podman", "ExecStartLibpod", &podman(false, 0, false), &[], true);
        check("podman", "ExecStartLibpod", &podman(true, 111, false), &[], false);
        check("podman", "ExecStartLibpod", &podman(false, 0, true), &[], false);
    }
}
