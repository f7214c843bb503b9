//! What the READMEs show of the command, typed on a terminal as it stands there.

use std::path::Path;
use std::process::Command;

use crate::page::{blocks, commands};
use crate::{Run, Terminal};

/// Runs each command that the page shows an answer of: none of these needs an engine.
#[track_caller]
fn check(page: &'static str, at_least: usize) {
    let room = tempfile::tempdir().unwrap();
    let bin = Path::new(env!("CARGO_BIN_EXE_contajners")).parent().unwrap();
    let shown = blocks(page).into_iter().filter(|(info, _)| *info == "console");
    let shown = shown.flat_map(|(_, lines)| commands(lines));
    let mut number = 0;
    for (line, said) in shown.filter(|(_, said)| !said.is_empty()) {
        let terminal = Terminal::new(100, 40);
        let mut command = Command::new("sh");
        command.args(["-c", line]).current_dir(room.path()).env_clear();
        command.env("PATH", format!("{}:/usr/bin:/bin", bin.display())).env("HOME", room.path());
        Run::on(&terminal, command).end(&terminal);
        assert_eq!(terminal.screen().0, said.trim_end(), "$ {line}");
        number += 1;
    }
    assert!(number >= at_least, "{number} commands");
}

#[test]
fn what_the_readmes_show_is_true() {
    check(include_str!("../../../README.md"), 4);
    check(include_str!("../../README.md"), 1);
}
