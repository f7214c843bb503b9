//! Command lines as they are typed, and what they say.

use std::process::Output;

use crate::command::{contajners, told};

/// Splits at spaces outside of single quotes.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            c => words.last_mut().expect("there is a first").push(c),
        }
    }
    words
}

#[allow(dead_code, reason = "not every test binary runs a line as it is")]
pub(crate) fn run(line: &str) -> Output {
    contajners(&words(line)).output().unwrap()
}

/// Runs command lines and compares all they say with the snapshot of that name.
#[track_caller]
#[allow(dead_code, reason = "not every test binary has snapshots")]
pub(crate) fn check(name: &str, lines: &[&str]) {
    let runs = lines.iter().map(|line| format!("$ contajners {line}\n{}", told(&run(line))));
    let text = runs.collect::<Vec<_>>().join("\n\n");
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "../snapshots" }, {
        insta::assert_snapshot!(name, text);
    });
}
