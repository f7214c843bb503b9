//! Colours on a terminal, which stay away when they are not wanted.

use std::process::{Command, Stdio};

use crate::Terminal;
use crate::command::contajners;

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
