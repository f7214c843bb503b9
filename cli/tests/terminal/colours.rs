//! Colours on a terminal, which stay away when they are not wanted.

use std::process::{Command, Stdio};

use crate::command::contajners;
use crate::{Engine, Run, Terminal};

/// Runs the command with a terminal as its output, and tells whether that got any escape sequence.
fn has_colours(arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> bool {
    let terminal = Terminal::new(100, 40);
    let mut command = contajners(arguments);
    command.stdin(Stdio::null()).stdout(terminal.end()).stderr(terminal.end());
    prepare(command.env("TERM", "xterm"));
    assert!(command.status().unwrap().success(), "{arguments:?}");
    terminal.catch_up();
    let bytes = terminal.bytes();
    assert!(bytes.lines().count() > 1, "{bytes}");
    bytes.contains('\u{1b}')
}

#[test]
fn a_terminal_gets_colours_unless_the_environment_says_otherwise() {
    let calls = [&["engines"][..], &["doc", "docker", "ContainerList"], &["--help"]];
    for call in calls {
        let with = |name: &str, value: &str| {
            has_colours(call, |command| {
                command.env(name, value);
            })
        };
        assert!(has_colours(call, |_| {}), "{call:?}");
        assert!(!with("NO_COLOR", "1"), "{call:?}");
        // By the convention only what is not empty counts.
        assert!(with("NO_COLOR", ""), "{call:?}");
        assert!(!with("TERM", "dumb"), "{call:?}");
        let told = |when: &str| {
            has_colours(call, |command| {
                command.args(["--color", when]).env("NO_COLOR", "1");
            })
        };
        assert!(!told("auto") && told("always"), "{call:?}");
        let never = has_colours(call, |command| {
            command.args(["--color", "never"]);
        });
        assert!(!never, "{call:?}");
    }
}

#[test]
fn the_body_of_an_error_means_nothing_to_a_terminal() {
    let (mut engine, terminal) = (Engine::answering("500 Broken"), Terminal::new(70, 12));
    let words = ["request", "docker", "GET", "/x", "--allow-error-status", "--color", "never"];
    let run = Run::on(&terminal, engine.command(&words));
    engine.say_text("not JSON \u{1b}]52;c;aGk=\u{7}\u{0}");
    engine.end();
    assert_eq!(run.end(&terminal).0, Some(5));
    let bytes = terminal.bytes();
    assert!(bytes.starts_with("not JSON \\u{1b}]52;c;aGk="), "{bytes}");
    assert!(!bytes.contains(['\u{1b}', '\u{7}']), "{bytes}");
}
