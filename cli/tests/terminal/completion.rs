//! What a tab makes of a line in an interactive shell: its editor decides what a candidate is put in
//! the place of, and only a terminal has it.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use contajners_tests::skip;

use crate::{PATIENCE, Terminal};

const BASH: &str = "/usr/bin/bash";
const ZSH: &str = "/usr/bin/zsh";

/// The command completes, and otherwise tells what it was given.
const TOLD: &str = r#"
contajners() {
    if [[ $1 == __complete ]]; then
        command contajners "$@"
    else
        printf '%s|' "$@" >> told
        echo >> told
    fi
}
"#;

/// What is typed, the tab left out, and what the command is given.
const LINES: [(&str, &str); 13] = [
    ("invoke docker@v1.41", "invoke|docker@v1.41|"),
    ("invoke docker@v1.55 SystemP", "invoke|docker@v1.55|SystemPing|"),
    ("invoke 'docker@v1.41", "invoke|docker@v1.41|"),
    ("invoke docker ContainerLogs follow=t", "invoke|docker|ContainerLogs|follow=true|"),
    ("invoke docker ContainerWait id=x:y cond", "invoke|docker|ContainerWait|id=x:y|condition=|"),
    ("wait podman libpod/ru", "wait|podman|libpod/running|"),
    ("invoke docker ContainerCreate -d @bo", "invoke|docker|ContainerCreate|-d|@body.json|"),
    (
        "invoke docker ContainerCreate --data=@bo",
        "invoke|docker|ContainerCreate|--data=@body.json|",
    ),
    ("ops docker --output=t", "ops|docker|--output=table|"),
    (
        "invoke docker ContainerList filters:=@bo",
        "invoke|docker|ContainerList|filters:=@body.json|",
    ),
    ("invoke docker ImageBuild --compress=g", "invoke|docker|ImageBuild|--compress=gzip|"),
    // A file is no connection.
    ("-c bo", "-c|bo|"),
    ("invoke docker ContainerCreate -d @fold", "invoke|docker|ContainerCreate|-d|@fold er/|"),
];

/// Presses tab after each of the lines, in a bash that is set so.
#[track_caller]
fn check(set: &str) {
    let set = format!("{set}\nsource <(contajners completion bash)");
    check_shell(BASH, &["--rcfile", ".zshrc", "-i"], &set, &LINES);
}

#[track_caller]
fn check_shell(shell: &str, options: &[&str], set: &str, lines: &[(&str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let told = folder.path().join("told");
    // The name that zsh has for it.
    fs::write(folder.path().join(".zshrc"), format!("{set}\n{TOLD}")).unwrap();
    fs::write(folder.path().join("body.json"), "{}").unwrap();
    fs::create_dir(folder.path().join("fold er")).unwrap();
    let programs = Path::new(env!("CARGO_BIN_EXE_contajners")).parent().unwrap();
    let terminal = Terminal::new(200, 50);
    let mut shell = Command::new(shell);
    shell.args(options).env_clear().current_dir(folder.path());
    shell.env("HOME", folder.path()).env("PATH", format!("{}:/usr/bin:/bin", programs.display()));
    shell.env("TERM", "xterm").env("INPUTRC", "/dev/null");
    shell.stdin(terminal.end()).stdout(terminal.end()).stderr(terminal.end());
    let mut shell = shell.spawn().unwrap();
    for (number, (typed, _)) in lines.iter().enumerate() {
        // To the end of the line, past a quote that is closed.
        let keys = format!("contajners {typed}\t\x05\r");
        (&terminal.keys).write_all(keys.as_bytes()).unwrap();
        let start = Instant::now();
        while fs::read_to_string(&told).unwrap_or_default().lines().count() <= number {
            assert!(start.elapsed() < PATIENCE, "{set}: {typed}: {}", terminal.screen().0);
            thread::sleep(Duration::from_millis(5));
        }
    }
    shell.kill().unwrap();
    shell.wait().unwrap();
    let expected: String = lines.iter().map(|(_, expected)| format!("{expected}\n")).collect();
    assert_eq!(fs::read_to_string(&told).unwrap(), expected, "{set}");
}

#[test]
fn a_tab_keeps_what_is_typed() {
    if !Path::new(BASH).exists() {
        return skip("there is no bash");
    }
    let version = "[ \"${BASH_VERSINFO[0]}\" -ge 5 ] && bind -v";
    let version = Command::new(BASH).args(["-c", version]).stderr(Stdio::null()).output().unwrap();
    if !version.status.success() {
        return skip("this bash is older than 5, or has no readline");
    }
    check("");
    check("shopt -u hostcomplete");
    for each in ["@", "=", ":", "[@=:]"] {
        check(&format!("COMP_WORDBREAKS=${{COMP_WORDBREAKS//{each}}}"));
    }
}

#[test]
fn a_tab_keeps_what_is_typed_in_zsh() {
    if !Path::new(ZSH).exists() {
        return skip("there is no zsh");
    }
    let set =
        "autoload -Uz compinit && compinit -u -D\nbindkey -e\nsource <(contajners completion zsh)";
    let more = [("ops docker --pack=bo", "ops|docker|--pack=body.json|")];
    // A quote stays open, and the slash of a folder goes with the end of the line.
    let other = |line: &str| line.contains('\'') || line.contains("fold");
    let lines: Vec<_> = LINES.into_iter().filter(|(line, _)| !other(line)).chain(more).collect();
    check_shell(ZSH, &["-i"], set, &lines);
}
